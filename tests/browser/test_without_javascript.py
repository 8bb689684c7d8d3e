"""Everything once more in a browser without JavaScript."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from conversations_ui.accounts.models import User
from conversations_ui.sandbox import Sandbox
from tests.browser.conftest import NewContext, follow


@pytest.fixture
def messages(plain_page: Page) -> Locator:
    return plain_page.locator("[data-thread] [data-message-id]")


def test_signing_in_and_out(new_context: NewContext, reader: User, inbox: str) -> None:
    page = new_context(java_script_enabled=False).new_page()
    page.goto(inbox)
    expect(page).to_have_url(re.compile(r"/login/\?next="))

    page.get_by_label("Username").fill("reader")
    page.get_by_label("Password").fill("a-password-for-tests")
    page.get_by_role("button", name="Sign in").click()

    expect(page).to_have_url(re.compile(rf"{inbox}$"))
    expect(page.locator("[data-conversation-id]")).to_have_count(25)
    page.get_by_role("button", name="Sign out reader").click()
    expect(page).to_have_url(re.compile(r"/login/"))
    page.goto(inbox)
    expect(page).to_have_url(re.compile(r"/login/\?next="))


def test_inbox_leads_to_more_rows_tabs_and_search(
    plain_page: Page, inbox: str, sandbox: Sandbox
) -> None:
    page = plain_page
    rows = page.locator("[data-conversation-id]")
    page.goto(inbox)
    first = rows.evaluate_all("(all) => all.map((one) => one.dataset.conversationId)")

    follow(page, page.locator("[data-load-more]"))
    expect(page).to_have_url(re.compile(r"\?after="))
    second = rows.evaluate_all("(all) => all.map((one) => one.dataset.conversationId)")
    assert len(second) == 25
    assert not set(first) & set(second)

    follow(page, page.get_by_role("link", name="Starred", exact=True))
    expect(page).to_have_url(re.compile(r"\?status=starred$"))

    page.get_by_role("link", name="All", exact=True).click()
    search = page.get_by_role("searchbox", name="Search conversations")
    search.fill("Jonas Lindqvist")
    search.press("Enter")
    expect(page).to_have_url(re.compile(r"q=Jonas\+Lindqvist"))
    expect(
        page.locator(f'[data-conversation-id="{sandbox.world.showcase_conversation_id}"]')
    ).to_be_visible()

    page.locator(".filters > summary").click()
    page.locator("#inbox-direction").select_option("inbound")
    page.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile(r"direction=inbound"))


def test_row_opens_the_thread_at_its_newest_message(
    plain_page: Page, inbox: str, messages: Locator, sandbox: Sandbox
) -> None:
    page, world = plain_page, sandbox.world
    page.goto(inbox)

    page.locator(f'[data-conversation-id="{world.showcase_conversation_id}"]').click()

    expect(page).to_have_url(re.compile(rf"{inbox}{world.showcase_conversation_id}/$"))
    newest = world.threads[world.showcase_conversation_id][-1]["id"]
    expect(messages.last).to_have_attribute("data-message-id", newest)
    expect(messages.last).to_be_in_viewport(ratio=1)
    page.get_by_role("link", name="Show the inbox").click()
    expect(page).to_have_url(re.compile(rf"{inbox}$"))


def test_older_page_and_back_to_the_newest(
    plain_page: Page, long_thread: str, messages: Locator, sandbox: Sandbox
) -> None:
    page = plain_page
    rows = sandbox.world.threads[sandbox.world.long_conversation_id]
    page.goto(long_thread)
    expect(messages.last).to_have_attribute("data-message-id", rows[-1]["id"])

    follow(page, page.locator("[data-load-older]"))
    expect(page).to_have_url(re.compile(r"\?before="))
    ids = messages.evaluate_all("(all) => all.map((one) => one.dataset.messageId)")
    assert set(ids) == {row["id"] for row in rows[-100:-50]}
    expect(messages.last).to_be_in_viewport()

    page.get_by_role("link", name="go to the newest").click()
    expect(page).to_have_url(re.compile(rf"{long_thread}$"))
    expect(messages.last).to_have_attribute("data-message-id", rows[-1]["id"])


def test_chips_select_and_clear(plain_page: Page, long_thread: str, messages: Locator) -> None:
    page = plain_page
    page.goto(long_thread)

    follow(page, page.locator('[data-type-chip="TYPE_CALL"]'))
    expect(page).to_have_url(re.compile(r"\?type=TYPE_CALL$"))
    follow(page, page.locator('[data-type-chip="TYPE_EMAIL"]'))
    expect(page).to_have_url(re.compile(r"\?type=TYPE_CALL,TYPE_EMAIL$"))
    expect(page.locator('[data-type-chip][aria-pressed="true"]')).to_have_count(2)
    types = messages.evaluate_all("(all) => all.map((one) => one.dataset.messageType)")
    assert set(types) == {"TYPE_CALL", "TYPE_EMAIL"}

    follow(page, page.locator("[data-load-older]"))
    expect(page).to_have_url(re.compile(r"\?type=TYPE_CALL,TYPE_EMAIL&before="))
    older = messages.evaluate_all("(all) => all.map((one) => one.dataset.messageType)")
    assert set(older) == {"TYPE_CALL", "TYPE_EMAIL"}

    page.locator('[data-type-chip=""]').click()
    expect(page).to_have_url(re.compile(rf"{long_thread}$"))


def test_permalink_opens_the_page_that_ends_with_the_message(
    plain_page: Page, long_thread: str, messages: Locator, sandbox: Sandbox
) -> None:
    page = plain_page
    row = sandbox.world.threads[sandbox.world.long_conversation_id][1234]

    page.goto(f"{long_thread}{row['id']}/")

    expect(messages.last).to_have_attribute("data-message-id", row["id"])
    expect(messages.last).to_have_attribute("aria-current", "true")
    expect(messages.last).to_be_in_viewport(ratio=1)


def test_permalink_on_the_newest_page_is_in_view(
    plain_page: Page, long_thread: str, sandbox: Sandbox
) -> None:
    row = sandbox.world.threads[sandbox.world.long_conversation_id][-30]

    plain_page.goto(f"{long_thread}{row['id']}/")

    current = plain_page.locator('.message[aria-current="true"]')
    expect(current).to_have_attribute("data-message-id", row["id"])
    expect(current).to_be_in_viewport()


def test_details_open(plain_page: Page, long_thread: str, messages: Locator) -> None:
    plain_page.goto(long_thread)
    last = messages.last
    last.hover()

    last.locator(".facts > summary").click()

    expect(last.locator(".facts__list")).to_be_visible()
    expect(plain_page.get_by_role("button", name="Copy")).to_have_count(0)
