"""The type chips: what they select, and all that stays while they do."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect
from pytest_django import Settings

from conversations_ui.sandbox import Answer, Sandbox
from tests.browser.conftest import Complaints, scroll_to

# What must be the same nodes after a swap of the messages: marked, and looked for again.
MARK = """() => {
  for (const part of document.querySelectorAll(".inbox, .inbox .row, .thread, .thread__head")) {
    part.marked = true;
  }
}"""
MARKED = """() => ["#inbox", "#inbox .row", "#thread", ".thread__head"]
  .every((place) => document.querySelector(place).marked)"""


@pytest.fixture
def messages(page: Page) -> Locator:
    return page.locator("[data-thread] [data-message-id]")


def chip(page: Page, value: str) -> Locator:
    return page.locator(f'[data-type-chip="{value}"]')


def order(page: Page) -> list[str]:
    """Give the chips as they stand."""
    found: list[str] = page.locator("[data-type-chip]").evaluate_all(
        "(all) => all.map((one) => one.dataset.typeChip)"
    )
    return found


def types(messages: Locator) -> set[str]:
    """Give the types of all messages shown."""
    return set(messages.evaluate_all("(all) => all.map((one) => one.dataset.messageType)"))


def opened(page: Page, address: str) -> None:
    """Open a thread and wait for the inbox beside it."""
    page.goto(address)
    expect(page.locator("#inbox .row").first).to_be_attached()


def test_chips_add_up_in_the_address_and_keep_the_frame(
    page: Page, long_thread: str, messages: Locator
) -> None:
    opened(page, long_thread)
    before = order(page)
    page.evaluate(MARK)

    chip(page, "TYPE_CALL").click()
    expect(page).to_have_url(re.compile(r"\?type=TYPE_CALL$"))
    expect(chip(page, "TYPE_CALL")).to_have_attribute("aria-pressed", "true")
    expect(chip(page, "")).to_have_attribute("aria-pressed", "false")
    assert types(messages) == {"TYPE_CALL"}

    chip(page, "TYPE_WHATSAPP").click()
    expect(page).to_have_url(re.compile(r"\?type=TYPE_CALL,TYPE_WHATSAPP$"))
    expect(chip(page, "TYPE_WHATSAPP")).to_have_attribute("aria-pressed", "true")
    assert types(messages) == {"TYPE_CALL", "TYPE_WHATSAPP"}
    after = order(page)
    assert after == [value for value in before if value in after]
    assert len(after) > 15
    assert page.evaluate(MARKED)
    expect(messages.last).to_be_in_viewport()

    chip(page, "TYPE_CALL").click()
    expect(page).to_have_url(re.compile(r"\?type=TYPE_WHATSAPP$"))
    expect(chip(page, "TYPE_CALL")).to_have_attribute("aria-pressed", "false")
    assert types(messages) == {"TYPE_WHATSAPP"}

    chip(page, "").click()
    expect(page).to_have_url(re.compile(rf"{long_thread}$"))
    expect(chip(page, "")).to_have_attribute("aria-pressed", "true")
    expect(page.locator('[data-type-chip][aria-pressed="true"]')).to_have_count(1)
    expect(messages).to_have_count(50)
    assert page.evaluate(MARKED)


def test_space_and_enter_press_a_chip_and_leave_the_focus_on_it(
    page: Page, long_thread: str, messages: Locator
) -> None:
    opened(page, long_thread)
    sms = chip(page, "TYPE_SMS")
    sms.focus()

    page.keyboard.press("Space")
    expect(sms).to_have_attribute("aria-pressed", "true")
    expect(sms).to_be_focused()
    assert types(messages) == {"TYPE_SMS"}

    page.keyboard.press("Enter")
    expect(sms).to_have_attribute("aria-pressed", "false")
    expect(sms).to_be_focused()


def test_back_button_takes_a_filter_back(page: Page, long_thread: str, messages: Locator) -> None:
    opened(page, long_thread)
    chip(page, "TYPE_CALL").click()
    expect(chip(page, "TYPE_CALL")).to_have_attribute("aria-pressed", "true")

    page.go_back()

    expect(page).to_have_url(re.compile(rf"{long_thread}$"))
    expect(chip(page, "TYPE_CALL")).to_have_attribute("aria-pressed", "false")
    expect(messages).to_have_count(50)
    assert len(types(messages)) > 1


def test_filter_survives_loading_older(page: Page, long_thread: str, messages: Locator) -> None:
    opened(page, f"{long_thread}?type=TYPE_WHATSAPP")
    expect(messages).to_have_count(50)
    expect(page.locator(".coverage [data-count]")).to_have_text("50")

    scroll_to(page, 300)

    expect(messages).to_have_count(100)
    assert types(messages) == {"TYPE_WHATSAPP"}
    expect(page).to_have_url(re.compile(r"\?type=TYPE_WHATSAPP$"))
    expect(chip(page, "TYPE_WHATSAPP").locator("[data-count]")).to_have_text("100")
    expect(page.locator(".coverage [data-count]")).to_have_text("100")


def test_local_chip_sifts_what_the_api_cannot_filter(
    page: Page, inbox: str, messages: Locator, sandbox: Sandbox, settings: Settings
) -> None:
    settings.PAGE_SIZE = 100
    world = sandbox.world
    opened(page, f"{inbox}{world.showcase_conversation_id}/")
    review = chip(page, "TYPE_REVIEW")
    expect(review).to_have_attribute("data-local", "")
    expect(review).to_have_css("border-top-style", "dashed")

    review.click()

    expect(page).to_have_url(re.compile(r"\?type=TYPE_REVIEW$"))
    expect(review).to_have_attribute("aria-pressed", "true")
    assert types(messages) == {"TYPE_REVIEW"}
    shown = messages.evaluate_all("(all) => all.map((one) => one.dataset.messageId)")
    rows = world.threads[world.showcase_conversation_id]
    assert set(shown) <= {row["id"] for row in rows if row["messageType"] == "TYPE_REVIEW"}


def test_empty_filter_says_so_and_leads_back(
    page: Page, inbox: str, messages: Locator, sandbox: Sandbox
) -> None:
    opened(page, f"{inbox}{sandbox.world.rtl_conversation_id}/?type=TYPE_TIKTOK")
    expect(messages).to_have_count(0)

    page.locator("[data-thread-start]").get_by_role("link").click()

    expect(messages.first).to_be_attached()
    expect(chip(page, "")).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_url(re.compile(rf"{sandbox.world.rtl_conversation_id}/$"))


def test_failing_filter_keeps_the_messages_and_can_be_repeated(
    page: Page, long_thread: str, messages: Locator, sandbox: Sandbox, complaints: Complaints
) -> None:
    complaints.expect("503")
    opened(page, long_thread)
    sandbox.script(
        re.compile(r"/messages\?.*type=TYPE_CALL"), Answer(500, {"message": "Service unavailable"})
    )

    chip(page, "TYPE_CALL").click()

    alert = page.locator("#thread-alerts [role=alert]")
    expect(alert).to_have_attribute("data-error", "unavailable")
    expect(messages).to_have_count(50)
    expect(page).to_have_url(re.compile(rf"{long_thread}$"))
    expect(chip(page, "TYPE_CALL")).to_have_attribute("aria-pressed", "false")

    alert.get_by_role("link", name="Try again").click()

    expect(chip(page, "TYPE_CALL")).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_url(re.compile(r"\?type=TYPE_CALL$"))
    expect(alert).to_have_count(0)
    assert types(messages) == {"TYPE_CALL"}


def test_filter_without_a_connection_keeps_the_messages(
    page: Page, long_thread: str, messages: Locator, complaints: Complaints
) -> None:
    complaints.expect("ERR_INTERNET_DISCONNECTED", "htmx:sendError", "htmx:afterRequest")
    opened(page, long_thread)
    page.context.set_offline(True)

    chip(page, "TYPE_CALL").click()

    alert = page.locator("#thread-alerts [role=alert]")
    expect(alert).to_contain_text("No answer from the dashboard")
    expect(messages).to_have_count(50)
    expect(page).to_have_url(re.compile(rf"{long_thread}$"))
    page.context.set_offline(False)
    alert.get_by_role("link", name="Try again").click()
    expect(chip(page, "TYPE_CALL")).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_url(re.compile(r"\?type=TYPE_CALL$"))
    expect(alert).to_have_count(0)
