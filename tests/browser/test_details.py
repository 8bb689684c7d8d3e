"""Everything the API said of a message, one click away."""

import json
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from pytest_django import Settings

from conversations_ui.sandbox import Sandbox
from tests.browser.conftest import clipboard

FACTS = """(message) => Object.fromEntries([...message.querySelectorAll(".facts__list > div")]
  .map((fact) => [fact.querySelector("dt").textContent, fact.querySelector("dd").textContent]))"""
TOP = "(element) => element.getBoundingClientRect().top"


@pytest.fixture
def messages(page: Page) -> Locator:
    return page.locator("[data-thread] [data-message-id]")


def summary(message: Locator) -> Locator:
    return message.locator(".facts > summary")


def test_every_field_of_every_message_is_there(
    page: Page, inbox: str, messages: Locator, sandbox: Sandbox, settings: Settings
) -> None:
    settings.PAGE_SIZE = 100
    world = sandbox.world
    page.goto(f"{inbox}{world.showcase_conversation_id}/")

    for message in messages.all():
        row = world.messages[message.get_attribute("data-message-id") or ""]
        facts = message.evaluate(FACTS)
        for name, value in row.items():
            if value in (None, "", [], {}):
                continue
            if name == "body" and name not in facts:
                # Shown above, in the message itself.
                assert message.locator("[dir=auto]").first.text_content()
                continue
            if (name, row["messageType"]) == ("activity", "TYPE_ACTIVITY_OPPORTUNITY"):
                continue  # the API's list leaves it out
            assert name in facts
            assert same(facts[name], value, sandbox), (name, facts[name], value)


def same(shown: str, value: Any, sandbox: Sandbox) -> bool:
    """Say whether a fact shows a value: text as it is, anything else as JSON."""
    packed = json.dumps(value, ensure_ascii=False).replace("sandbox://here", sandbox.url)
    return shown == value if isinstance(value, str) else json.loads(shown) == json.loads(packed)


def test_opening_at_the_end_of_the_thread_keeps_the_message_in_its_place(
    page: Page, long_thread: str, messages: Locator
) -> None:
    page.goto(long_thread)
    last = messages.last
    expect(last).to_be_in_viewport()
    before = last.evaluate(TOP)

    summary(last).dispatch_event("click")

    expect(last.locator(".facts__list")).to_be_in_viewport()
    page.evaluate("() => new Promise(requestAnimationFrame)")
    assert last.evaluate(TOP) == pytest.approx(before, abs=2)


def test_opening_within_the_thread_keeps_the_message_in_its_place(
    page: Page, long_thread: str, messages: Locator
) -> None:
    page.goto(long_thread)
    message = messages.nth(30)
    message.scroll_into_view_if_needed()
    summary(message).focus()
    before = message.evaluate(TOP)

    page.keyboard.press("Enter")

    expect(message.locator(".facts__list")).to_be_in_viewport()
    page.evaluate("() => new Promise(requestAnimationFrame)")
    assert message.evaluate(TOP) == pytest.approx(before, abs=2)
    page.keyboard.press("Enter")
    expect(message.locator(".facts__list")).to_be_hidden()


def test_copy_button_copies(page: Page, long_thread: str, messages: Locator) -> None:
    page.context.grant_permissions(["clipboard-write"])
    page.goto(long_thread)
    message = messages.last
    message.hover()
    summary(message).click()
    fact = message.locator(".facts__list > div", has=page.get_by_text("id", exact=True)).first

    fact.get_by_role("button", name="Copy").click()

    expect(page.locator("[data-announce]")).to_have_text("Copied")
    assert clipboard(page) == message.get_attribute("data-message-id")
    summary(message).click()
    summary(message).click()
    expect(fact.get_by_role("button", name="Copy")).to_have_count(1)
