"""Signed-in browsers that let nothing pass: what a page complains about fails its test."""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configuration
from django.test import Client
from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    Route,
    expect,
)
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from conversations_ui.accounts.models import SubAccount, User
from conversations_ui.sandbox import Sandbox
from conversations_ui.services import fetching, live, upstream

NewContext = Callable[..., BrowserContext]

PATIENCE = 30_000  # milliseconds a slow machine may take for any one thing
WALK = (Path(__file__).parent / "walk.js").read_text()
DEADLINES = {
    fetching: ("_CONNECT_SECONDS", "_PICTURE_SECONDS", "_QUEUE_SECONDS"),
    live: ("SECONDS",),
    upstream: ("CONNECT_SECONDS",),
}
# htmx keeps the address of the page there, nothing of its content.
STORED = {"htmx-current-path-for-history"}

expect.set_options(timeout=PATIENCE)


class Gate:
    """Holds the requests for some addresses until they are let through."""

    def __init__(self, page: Page, addresses: str) -> None:
        self.held: list[Route] = []
        self._open = False
        page.route(re.compile(addresses), self._pass)

    def _pass(self, route: Route) -> None:
        if self._open:
            route.continue_()
        else:
            self.held.append(route)

    def open(self) -> None:
        """Let through what is held, and what is to come."""
        self._open = True
        for route in self.held:
            route.continue_()


def until(page: Page, holds: Callable[[], bool]) -> None:
    """Wait for what a test hears of a page itself: a request is heard of after it shows."""
    end = time.monotonic() + PATIENCE / 1000
    while not holds():
        assert time.monotonic() < end, "it has not come"
        page.evaluate("() => new Promise((done) => setTimeout(done, 20))")


def follow(page: Page, link: Locator) -> None:
    """Click a link or a button, and wait for the whole page it leads to."""
    with page.expect_navigation():
        link.click()


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


@pytest.fixture(autouse=True)
def patient(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the server as long: a loaded machine must not look like an API that fails."""
    seconds = PATIENCE / 1000
    settings.PAGE_SECONDS = seconds
    for module, names in DEADLINES.items():
        for name in names:
            monkeypatch.setattr(module, name, seconds)


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """Fail a test whose pages complained of something it did not expect."""
    complaints = Complaints()
    yield complaints
    assert complaints.unexpected() == []


@pytest.fixture
def new_context(
    new_context: NewContext, complaints: Complaints, live_server: LiveServer, sandbox: Sandbox
) -> Iterator[NewContext]:
    """Make browsers that are watched, and look at the end for what they kept.

    They are closed before the sandbox is restored: pages would ask for what is no longer there.
    """
    made: list[BrowserContext] = []
    scripted: list[BrowserContext] = []

    def make(**options: Any) -> BrowserContext:
        context = new_context(base_url=live_server.url, **options)
        context.set_default_timeout(PATIENCE)
        complaints.listen(context, live_server.url)
        made.append(context)
        if options.get("java_script_enabled", True):
            scripted.append(context)
        return context

    yield make
    kept = set().union(*map(stored, scripted))
    for context in made:
        context.close()
    assert kept <= STORED


def stored(context: BrowserContext) -> set[str]:
    """Give the names under which pages keep anything in a browser."""
    names = "() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)]"
    pages = [page for page in context.pages if page.url != "about:blank"]
    # Waiting for it, unlike asking, outlasts a page that is just being left.
    return {name for page in pages for name in page.wait_for_function(names).json_value()}


@pytest.fixture
def session(reader_client: Client, live_server: LiveServer) -> dict[str, str]:
    """The cookie of someone who has signed in."""
    name = configuration.SESSION_COOKIE_NAME
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


def clipboard(page: Page) -> str:
    """Read what was copied by pasting it, since pages of ours may not read it."""
    page.evaluate(
        """() => {
          const place = document.createElement("textarea");
          place.dataset.pasted = "";
          document.body.append(place);
          place.focus();
        }"""
    )
    page.keyboard.press("ControlOrMeta+v")
    place = page.locator("[data-pasted]")
    expect(place).not_to_have_value("")
    pasted = place.input_value()
    place.evaluate("(place) => place.remove()")
    return pasted
