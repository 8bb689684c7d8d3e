"""Loading older messages: by itself, by hand, and when it fails."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from conversations_ui.sandbox import Answer, Sandbox
from tests.browser.conftest import Complaints, Gate, scroll_to, until

OLDER = re.compile(r"/messages\?.*lastMessageId=")
FAILED = Answer(500, {"statusCode": 500, "message": "Service unavailable", "traceId": "trace-503"})


@pytest.fixture
def messages(page: Page) -> Locator:
    return page.locator("[data-thread] [data-message-id]")


@pytest.fixture
def older(page: Page) -> Locator:
    return page.locator("[data-load-older]")


@pytest.fixture
def gate(page: Page) -> Gate:
    """Older pages wait at the door until the test lets them in."""
    return Gate(page, "before=")


def test_nothing_is_asked_for_while_the_reader_stays(
    page: Page, long_thread: str, messages: Locator, sandbox: Sandbox
) -> None:
    page.goto(long_thread)
    expect(page.locator("[data-conversation-id]").first).to_be_attached()
    scroll_to(page, 2000)
    page.evaluate("() => new Promise((next) => requestAnimationFrame(() => setTimeout(next)))")

    expect(messages).to_have_count(50)
    assert not [seen for seen in sandbox.requests if "lastMessageId" in seen.query]


def test_older_messages_come_before_the_top_is_in_view(
    page: Page, long_thread: str, messages: Locator, older: Locator, gate: Gate
) -> None:
    page.goto(long_thread)
    thread = page.locator("[data-thread]")
    expect(thread).not_to_have_attribute("aria-busy", "true")

    scroll_to(page, 700)

    expect(thread).to_have_attribute("aria-busy", "true")
    expect(older).not_to_be_in_viewport()
    skeleton = page.locator("#older .skeleton")
    expect(skeleton).to_be_visible()
    gate.open()
    expect(messages).to_have_count(100)
    expect(thread).not_to_have_attribute("aria-busy", "true")
    expect(skeleton).to_be_hidden()
    expect(page.locator("[data-announce]")).to_have_text("50 older messages loaded")


def test_skeleton_stands_in_while_the_api_takes_its_time(
    page: Page, long_thread: str, messages: Locator, older: Locator, gate: Gate
) -> None:
    page.goto(long_thread)

    older.dispatch_event("click")

    expect(page.locator("#older .skeleton")).to_be_visible()
    expect(messages).to_have_count(50)
    gate.open()
    expect(messages).to_have_count(100)
    expect(page.locator("#older .skeleton")).to_be_hidden()


def test_click_keeps_the_focus_in_the_thread(
    page: Page, long_thread: str, messages: Locator, older: Locator
) -> None:
    page.goto(long_thread)
    first = messages.first.get_attribute("data-message-id")
    older.focus()

    page.keyboard.press("Enter")

    expect(messages).to_have_count(100)
    expect(messages.nth(50)).to_have_attribute("data-message-id", first or "")
    assert page.evaluate("document.activeElement.closest('.thread .pane__scroll') !== null")


def test_focus_on_a_message_survives_an_older_page(
    page: Page, long_thread: str, messages: Locator
) -> None:
    page.goto(long_thread)
    stamp = messages.nth(20).locator("time").locator("..")
    stamp.focus()

    scroll_to(page, 500)

    expect(messages).to_have_count(100)
    expect(messages.nth(70).locator("time").locator("..")).to_be_focused()


def test_failed_load_keeps_everything_and_can_be_repeated(
    page: Page,
    long_thread: str,
    messages: Locator,
    older: Locator,
    sandbox: Sandbox,
    complaints: Complaints,
) -> None:
    complaints.expect("503")
    sandbox.script(OLDER, FAILED)
    page.goto(long_thread)
    ids = messages.evaluate_all("(all) => all.map((one) => one.dataset.messageId)")

    scroll_to(page, 300)

    alert = page.locator("#older [role=alert]")
    expect(alert).to_have_attribute("data-error", "unavailable")
    expect(alert).to_contain_text("trace-503")
    assert messages.evaluate_all("(all) => all.map((one) => one.dataset.messageId)") == ids
    expect(page.locator("[data-thread]")).not_to_have_attribute("aria-busy", "true")

    alert.get_by_role("link", name="Try again").click()

    expect(messages).to_have_count(100)
    expect(alert).to_have_count(0)
    expect(older).to_have_count(1)
    assert messages.evaluate_all("(all) => all.map((one) => one.dataset.messageId)")[50:] == ids


def test_offline_browser_says_so_and_goes_on_when_back(
    page: Page, long_thread: str, messages: Locator, older: Locator, complaints: Complaints
) -> None:
    complaints.expect("ERR_INTERNET_DISCONNECTED", "htmx:sendError", "htmx:afterRequest")
    page.goto(long_thread)
    expect(page.locator("[data-conversation-id]").first).to_be_attached()
    page.context.set_offline(True)

    scroll_to(page, 300)

    alert = page.locator("#older [role=alert]")
    expect(alert).to_contain_text("No answer from the dashboard")
    expect(messages).to_have_count(50)
    with page.expect_event("requestfailed"):
        alert.get_by_role("link", name="Try again").click()
    expect(alert).to_contain_text("No answer from the dashboard")
    page.context.set_offline(False)
    alert.get_by_role("link", name="Try again").click()
    expect(messages).to_have_count(100)
    expect(alert).to_have_count(0)


def test_seam_within_a_day_is_joined(page: Page, long_thread: str, messages: Locator) -> None:
    page.goto(long_thread)
    for loaded in (100, 150, 200):
        scroll_to(page, 200)
        expect(messages).to_have_count(loaded)

    days = page.locator("[data-day]").evaluate_all("(all) => all.map((one) => one.dataset.day)")
    assert days == sorted(set(days))
    headings = page.locator("[data-thread] h2")
    expect(headings).to_have_count(len(days))


def test_names_that_come_after_older_messages_are_put_in(
    page: Page, long_thread: str, messages: Locator
) -> None:
    staff = Gate(page, "/staff/")
    page.goto(long_thread)
    expect(page.locator("[data-user]").first).to_be_attached()
    ids = page.locator("[data-user]").evaluate_all("(all) => all.map((one) => one.dataset.user)")
    scroll_to(page, 200)
    expect(messages).to_have_count(100)

    until(page, lambda: bool(staff.held))
    staff.open()

    expect(page.locator(".names")).to_have_count(0)
    for ident in set(ids):
        expect(page.locator(f'[data-user="{ident}"]').first).not_to_have_text(ident)
