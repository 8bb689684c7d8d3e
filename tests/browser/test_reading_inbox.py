"""The inbox beside the thread: opening, paging, searching, going back."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from conversations_ui.sandbox import Answer, Sandbox
from tests.browser.conftest import Complaints

PAGE = 25  # rows


@pytest.fixture
def rows(page: Page) -> Locator:
    return page.locator("#inbox [data-conversation-id]")


def row(page: Page, conversation_id: str) -> Locator:
    return page.locator(f'#inbox [data-conversation-id="{conversation_id}"]')


def query(page: Page) -> dict[str, list[str]]:
    """Give the query of the page's address."""
    return parse_qs(urlsplit(page.url).query)


def name_of(sandbox: Sandbox, conversation_id: str) -> str:
    name: str = sandbox.world.conversations[conversation_id]["contactName"]
    return name


def test_row_opens_its_thread_beside_the_inbox(
    page: Page, inbox: str, rows: Locator, sandbox: Sandbox
) -> None:
    world = sandbox.world
    page.goto(inbox)
    expect(page).to_have_title("Inbox · Sample")
    expect(page.locator('.row[aria-current="page"]')).to_have_count(0)
    page.evaluate("document.querySelector('#inbox').marked = true")

    for conversation_id in (world.showcase_conversation_id, world.rtl_conversation_id):
        row(page, conversation_id).click()
        thread = page.locator(f'[data-thread="{conversation_id}"]')
        expect(thread.locator("[data-message-id]").last).to_be_in_viewport()
        expect(page).to_have_url(re.compile(rf"{inbox}{conversation_id}/$"))
        expect(page).to_have_title(f"{name_of(sandbox, conversation_id)} · Sample")
        expect(page.locator('.row[aria-current="page"]')).to_have_count(1)
        expect(row(page, conversation_id)).to_have_attribute("aria-current", "page")
    assert page.evaluate("document.querySelector('#inbox').marked")
    expect(rows).to_have_count(PAGE)


def test_back_button_returns_through_conversations_to_the_inbox(
    page: Page, inbox: str, sandbox: Sandbox
) -> None:
    world = sandbox.world
    first, second = world.showcase_conversation_id, world.rtl_conversation_id
    page.goto(f"{inbox}?sort=asc")
    page.goto(f"{inbox}?direction=inbound")
    opened = page.locator("#inbox [data-conversation-id]").evaluate_all(
        "(all) => all.slice(0, 2).map((one) => one.dataset.conversationId)"
    )
    first, second = opened
    row(page, first).click()
    expect(page.locator(f'[data-thread="{first}"]')).to_be_visible()
    row(page, second).click()
    expect(page.locator(f'[data-thread="{second}"]')).to_be_visible()

    page.go_back()
    expect(page.locator(f'[data-thread="{first}"]')).to_be_visible()
    expect(page).to_have_url(re.compile(rf"{inbox}{first}/$"))
    expect(row(page, first)).to_have_attribute("aria-current", "page")

    page.go_back()
    expect(page).to_have_url(re.compile(r"\?direction=inbound$"))
    expect(page.get_by_role("heading", name="Pick a conversation")).to_be_visible()
    expect(page.locator("#inbox-direction")).to_have_value("inbound")
    shown = page.locator("#inbox [data-conversation-id]")
    expect(shown).to_have_count(PAGE)
    assert shown.first.get_attribute("data-conversation-id") == first

    page.go_forward()
    expect(page.locator(f'[data-thread="{first}"]')).to_be_visible()


def test_reload_keeps_the_conversation(page: Page, inbox: str, sandbox: Sandbox) -> None:
    page.goto(inbox)
    conversation_id = sandbox.world.showcase_conversation_id
    row(page, conversation_id).click()
    thread = page.locator(f'[data-thread="{conversation_id}"]')
    expect(thread).to_be_visible()

    page.reload()

    expect(thread.locator("[data-message-id]").last).to_be_in_viewport()
    expect(row(page, conversation_id)).to_have_attribute("aria-current", "page")


def test_load_more_appends_rows_to_the_end(
    page: Page, inbox: str, rows: Locator, sandbox: Sandbox
) -> None:
    page.goto(inbox)
    total = PAGE
    while page.locator("[data-load-more]").count():
        expect(rows).to_have_count(total)
        last = rows.nth(total - 1)
        page.locator("[data-load-more]").focus()
        page.keyboard.press("Enter")
        expect(rows.nth(total)).to_be_attached()
        expect(rows.nth(total)).to_be_focused()
        expect(last).to_be_attached()
        total = rows.count()
        if total >= 4 * PAGE:
            break

    ids = rows.evaluate_all("(all) => all.map((one) => one.dataset.conversationId)")
    assert len(set(ids)) == len(ids) == 4 * PAGE
    dates = [sandbox.world.conversations[one]["lastMessageDate"] for one in ids]
    assert dates == sorted(dates, reverse=True)
    assert query(page) == {}


def test_failed_load_more_keeps_the_rows(
    page: Page, inbox: str, rows: Locator, sandbox: Sandbox, complaints: Complaints
) -> None:
    complaints.expect("503")
    page.goto(inbox)
    sandbox.script("/conversations/search", Answer(500, {"message": "Service unavailable"}))

    page.locator("[data-load-more]").click()

    alert = page.locator("#more [role=alert]")
    expect(alert).to_have_attribute("data-error", "unavailable")
    expect(rows).to_have_count(PAGE)
    alert.get_by_role("link", name="Try again").click()
    expect(rows).to_have_count(2 * PAGE)
    expect(alert).to_have_count(0)


def test_tabs_search_and_filters_narrow_and_stand_in_the_address(
    page: Page, inbox: str, rows: Locator, sandbox: Sandbox
) -> None:
    page.goto(inbox)
    tabs = page.get_by_role("navigation", name="Status")

    tabs.get_by_role("link", name="Unread").click()
    expect(tabs.get_by_role("link", name="Unread")).to_have_attribute("aria-current", "true")
    expect(page).to_have_url(re.compile(r"\?status=unread$"))
    expect(page.locator("#inbox .row:not(.row--unread)")).to_have_count(0)
    expect(rows.first).to_be_visible()

    page.locator(".filters > summary").click()
    page.locator("#inbox-direction").select_option("inbound")
    page.locator("#inbox-channel").select_option("TYPE_SMS")
    page.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile("channel=TYPE_SMS"))
    assert query(page) == {
        "status": ["unread"],
        "direction": ["inbound"],
        "channel": ["TYPE_SMS"],
    }
    expect(page.locator(".filters > summary")).to_contain_text("SMS")
    ids = rows.evaluate_all("(all) => all.map((one) => one.dataset.conversationId)")
    world = sandbox.world
    assert ids
    assert {world.conversations[one]["lastMessageType"] for one in ids} == {"TYPE_SMS"}
    assert all(world.conversations[one]["unreadCount"] for one in ids)

    page.reload()
    expect(page.locator("#inbox-channel")).to_have_value("TYPE_SMS")
    assert rows.evaluate_all("(all) => all.map((one) => one.dataset.conversationId)") == ids

    page.locator(".filters > summary").click()
    page.get_by_role("link", name="Clear", exact=True).click()
    expect(page).to_have_url(re.compile(rf"{inbox}$"))
    expect(rows).to_have_count(PAGE)


def test_search_finds_people_and_says_when_nobody_is_found(
    page: Page, inbox: str, rows: Locator, sandbox: Sandbox
) -> None:
    page.goto(inbox)
    search = page.get_by_role("searchbox", name="Search conversations")

    search.fill("Jonas Lindqvist")
    search.press("Enter")
    expect(page).to_have_url(re.compile(r"\?q=Jonas\+Lindqvist$"))
    expect(row(page, sandbox.world.showcase_conversation_id)).to_be_visible()
    expect(search).to_have_value("Jonas Lindqvist")
    expect(rows).not_to_have_count(PAGE)

    search.fill("nobody is called this <b>")
    search.press("Enter")
    expect(page.locator("#inbox")).to_contain_text("nobody is called this <b>")
    expect(rows).to_have_count(0)
    page.get_by_role("link", name="Clear filters").click()
    expect(rows).to_have_count(PAGE)


def test_search_beside_a_thread_leaves_it_open(
    page: Page, long_thread: str, rows: Locator, sandbox: Sandbox
) -> None:
    page.goto(long_thread)
    expect(rows).to_have_count(PAGE)
    search = page.get_by_role("searchbox", name="Search conversations")

    search.fill("Jonas")
    search.press("Enter")

    expect(rows).not_to_have_count(PAGE)
    expect(row(page, sandbox.world.showcase_conversation_id)).to_be_visible()
    expect(page.locator("[data-thread] [data-message-id]")).to_have_count(50)
    expect(page).to_have_url(re.compile(rf"{long_thread}$"))


def test_failed_inbox_change_keeps_the_rows(
    page: Page, inbox: str, rows: Locator, sandbox: Sandbox, complaints: Complaints
) -> None:
    complaints.expect("503")
    page.goto(inbox)
    sandbox.script("/conversations/search", Answer(500, {"message": "Service unavailable"}))

    page.get_by_role("link", name="Starred", exact=True).click()

    alert = page.locator("#inbox-alerts [role=alert]")
    expect(alert).to_have_attribute("data-error", "unavailable")
    expect(rows).to_have_count(PAGE)
    expect(page).to_have_url(re.compile(rf"{inbox}$"))
    alert.get_by_role("link", name="Try again").click()
    expect(page).to_have_url(re.compile(r"\?status=starred$"))
    expect(alert).to_have_count(0)


def test_thread_that_fails_says_so_and_opens_on_a_retry(
    page: Page, inbox: str, sandbox: Sandbox, complaints: Complaints
) -> None:
    complaints.expect("503")
    page.goto(inbox)
    conversation_id = sandbox.world.showcase_conversation_id
    sandbox.script(
        re.compile(rf"/conversations/{conversation_id}/messages"),
        Answer(500, {"message": "Service unavailable"}),
    )

    row(page, conversation_id).click()

    alert = page.locator("#thread [role=alert]")
    expect(alert).to_have_attribute("data-error", "unavailable")
    expect(page.locator("#thread h1")).to_contain_text(name_of(sandbox, conversation_id))
    alert.get_by_role("link", name="Try again").click()
    expect(page.locator("[data-thread] [data-message-id]")).to_have_count(50)
    expect(page).to_have_url(re.compile(rf"{inbox}{conversation_id}/$"))


def test_thread_without_a_connection_keeps_the_one_that_is_open(
    page: Page, inbox: str, sandbox: Sandbox, complaints: Complaints
) -> None:
    complaints.expect("ERR_INTERNET_DISCONNECTED", "htmx:sendError", "htmx:afterRequest")
    world = sandbox.world
    open_one, other = world.showcase_conversation_id, world.rtl_conversation_id
    page.goto(f"{inbox}{open_one}/")
    expect(row(page, other)).to_be_visible()
    page.context.set_offline(True)

    row(page, other).click()

    alert = page.locator("#thread-alerts [role=alert]")
    expect(alert).to_contain_text("No answer from the dashboard")
    expect(page.locator(f'[data-thread="{open_one}"]')).to_be_visible()
    expect(row(page, open_one)).to_have_attribute("aria-current", "page")
    expect(page).to_have_url(re.compile(rf"{open_one}/$"))
    page.context.set_offline(False)
    alert.get_by_role("link", name="Try again").click()
    expect(page.locator(f'[data-thread="{other}"]')).to_be_visible()
    expect(page).to_have_url(re.compile(rf"{other}/$"))
