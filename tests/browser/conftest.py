"""Signed-in browsers that let nothing pass: what a page complains about fails its test."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, expect
from pytest_django.live_server_helper import LiveServer

from conversations_ui.accounts.models import SubAccount, User
from conversations_ui.sandbox import Sandbox

NewContext = Callable[..., BrowserContext]

PATIENCE = 20_000  # milliseconds a slow machine may take for any one thing
WALK = (Path(__file__).parent / "walk.js").read_text()
# htmx keeps the address of the page there, nothing of its content.
STORED = {"htmx-current-path-for-history"}

expect.set_options(timeout=PATIENCE)


@dataclass(slots=True)
class Complaints:
    """What went wrong in pages, and what of it a test says it expects."""

    heard: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def expect(self, *patterns: str) -> None:
        """Take complaints in which one of the patterns is found for part of the test."""
        self.expected += patterns

    def unexpected(self) -> list[str]:
        """Give the complaints that no pattern accounts for."""
        return [text for text in self.heard if not any(re.search(p, text) for p in self.expected)]

    def listen(self, context: BrowserContext, site: str) -> None:
        """Hear every page of a context: errors, refusals of the policy, dialogs, foreign hosts."""

        def console(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                self.heard.append(f"{message.type}: {message.text}")

        def request(request: Request) -> None:
            if not request.url.startswith((f"{site}/", "data:")):
                self.heard.append(f"foreign: {request.url}")

        def dialog(shown: Any) -> None:
            self.heard.append(f"dialog: {shown.message}")
            shown.dismiss()

        context.on("console", console)
        context.on("weberror", lambda error: self.heard.append(f"exception: {error.error}"))
        context.on("request", request)
        context.on("dialog", dialog)


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """Fail a test whose pages complained of something it did not expect."""
    complaints = Complaints()
    yield complaints
    assert complaints.unexpected() == []


@pytest.fixture
def new_context(
    new_context: NewContext, complaints: Complaints, live_server: LiveServer
) -> Iterator[NewContext]:
    """Make browsers that are watched, and look at the end for what they kept."""
    made: list[BrowserContext] = []

    def make(**options: Any) -> BrowserContext:
        context = new_context(base_url=live_server.url, **options)
        context.set_default_timeout(PATIENCE)
        complaints.listen(context, live_server.url)
        if options.get("java_script_enabled", True):
            made.append(context)
        return context

    yield make
    pages = [page for context in made for page in context.pages if page.url != "about:blank"]
    assert set().union(*map(stored, pages)) <= STORED


def stored(page: Page) -> set[str]:
    """Give the names under which a page keeps anything in the browser."""
    names = page.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]")
    return set(names)


@pytest.fixture
def session(reader_client: Client, live_server: LiveServer) -> dict[str, str]:
    """The cookie of someone who has signed in."""
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": reader_client.cookies[name].value, "url": live_server.url}


@pytest.fixture
def context(new_context: NewContext, session: Any) -> BrowserContext:
    """A browser in which the reader has signed in."""
    context = new_context()
    context.add_cookies([session])
    return context


@pytest.fixture
def plain_page(new_context: NewContext, session: Any) -> Page:
    """A page of the reader's in a browser without JavaScript."""
    context = new_context(java_script_enabled=False)
    context.add_cookies([session])
    return context.new_page()


@pytest.fixture
def stranger(new_context: NewContext, reader: User) -> Page:
    """A page of the reader's before signing in."""
    return new_context().new_page()


@pytest.fixture
def inbox(sub_account: SubAccount) -> str:
    """The address of the inbox; a conversation's id and a slash lead on to its thread."""
    return f"/inbox/{sub_account.location_id}/"


@pytest.fixture
def long_thread(inbox: str, sandbox: Sandbox) -> str:
    """The address of the conversation of 5,000 messages."""
    return f"{inbox}{sandbox.world.long_conversation_id}/"


def scroll_to(page: Page, above: int) -> None:
    """Scroll until the link to older messages is that many pixels above the view."""
    page.evaluate(
        """(above) => {
          const pane = document.querySelector(".thread .pane__scroll");
          const gap = pane.getBoundingClientRect().top
            - document.querySelector("[data-load-older]").getBoundingClientRect().bottom;
          pane.scrollBy(0, above - gap);
        }""",
        above,
    )
