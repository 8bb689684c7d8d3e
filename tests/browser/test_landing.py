"""Where a thread opens: at its newest message, or at the one a link names."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect
from pytest_django import Settings

from conversations_ui.sandbox import Sandbox
from conversations_ui.sandbox.world import Raw
from tests.browser.conftest import Complaints

# How far the current message stands below the top of the pane, as a share of the pane.
PLACE = """() => {
  const pane = document.querySelector(".thread .pane__scroll").getBoundingClientRect();
  const message = document.querySelector(".message[aria-current]").getBoundingClientRect();
  return (message.top - pane.top) / pane.height;
}"""
TINT = """() => getComputedStyle(
  document.querySelector(".message[aria-current]"), "::before").backgroundColor"""


@pytest.fixture
def messages(page: Page) -> Locator:
    return page.locator("[data-thread] [data-message-id]")


def long_rows(sandbox: Sandbox) -> list[Raw]:
    """Give the rows of the long conversation, oldest first."""
    return sandbox.world.threads[sandbox.world.long_conversation_id]


def open_at(page: Page, address: str, row: Raw) -> Locator:
    """Follow a link to a message; gives the message, once it is marked."""
    page.goto(f"{address}{row['id']}/")
    current = page.locator('.message[aria-current="true"]')
    expect(current).to_have_attribute("data-message-id", row["id"])
    expect(current).to_be_in_viewport()
    return current


@pytest.mark.parametrize("name", ["long", "showcase", "rtl", "cjk", "email", "call", "media"])
def test_thread_opens_at_its_newest_message(
    page: Page,
    inbox: str,
    messages: Locator,
    sandbox: Sandbox,
    complaints: Complaints,
    name: str,
) -> None:
    conversation_id = getattr(sandbox.world, f"{name}_conversation_id")
    if name == "media":
        complaints.expect("status of 404")  # one of its pictures is gone

    page.goto(f"{inbox}{conversation_id}/")

    newest = sandbox.world.threads[conversation_id][-1]["id"]
    expect(messages.last).to_have_attribute("data-message-id", newest)
    expect(messages.last).to_be_in_viewport()
    hidden = "({ bottom }) => bottom - document.querySelector('.pane__foot').offsetTop"
    assert messages.last.evaluate(f"(it) => ({hidden})(it.getBoundingClientRect())") < 0


def test_stamp_leads_to_the_message(page: Page, long_thread: str, messages: Locator) -> None:
    page.goto(long_thread)
    message = messages.nth(25)
    message_id = message.get_attribute("data-message-id")

    message.locator("time").locator("..").click()

    expect(page).to_have_url(re.compile(rf"{long_thread}{message_id}/#m-{message_id}$"))
    current = page.locator('.message[aria-current="true"]')
    expect(current).to_have_attribute("data-message-id", message_id or "")
    expect(current).to_be_in_viewport(ratio=1)
    expect(current).to_be_focused()
    assert page.evaluate(PLACE) == pytest.approx(0.25, abs=0.1)
    assert page.evaluate(TINT) != "rgba(0, 0, 0, 0)"
    expect(messages).to_have_count(50)


def test_newest_message_is_placed_as_near_as_it_can_be(
    page: Page, long_thread: str, sandbox: Sandbox
) -> None:
    current = open_at(page, long_thread, long_rows(sandbox)[-1])

    expect(current).to_be_in_viewport(ratio=1)


def test_old_message_is_found_beyond_the_newest_page(
    page: Page, long_thread: str, messages: Locator, sandbox: Sandbox
) -> None:
    rows = long_rows(sandbox)
    row = rows[1234]

    current = open_at(page, long_thread, row)

    expect(current).to_be_in_viewport(ratio=1)
    assert page.evaluate(TINT) != "rgba(0, 0, 0, 0)"
    ids = messages.evaluate_all("(all) => all.map((one) => one.dataset.messageId)")
    assert set(ids) == {row["id"] for row in rows[1184:1235]}

    page.locator(".coverage").get_by_role("link", name="go to the newest").click()
    expect(messages.last).to_have_attribute("data-message-id", rows[-1]["id"])
    expect(messages.last).to_be_in_viewport()
    expect(page).to_have_url(re.compile(rf"{long_thread}$"))
    expect(page.locator("[aria-current].message")).to_have_count(0)


def test_older_messages_load_above_a_linked_one(
    page: Page, long_thread: str, messages: Locator, sandbox: Sandbox
) -> None:
    rows = long_rows(sandbox)
    current = open_at(page, long_thread, rows[2000])
    place = page.evaluate(PLACE)

    page.locator("[data-load-older]").dispatch_event("click")

    expect(messages).to_have_count(101)
    expect(current).to_be_in_viewport()
    assert page.evaluate(PLACE) == pytest.approx(place, abs=0.005)


def test_very_first_message_can_be_linked(
    page: Page, long_thread: str, sandbox: Sandbox, settings: Settings
) -> None:
    settings.PAGE_SIZE = 20

    open_at(page, long_thread, long_rows(sandbox)[0])

    expect(page.locator("[data-thread-start]")).to_be_in_viewport()
