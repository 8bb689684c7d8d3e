"""A session that ends while its pages are open."""

import re

from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from conversations_ui.sandbox import Sandbox
from tests.browser.conftest import Complaints

PASSWORD = "a-password-for-tests"


def end_all_sessions() -> None:
    """Forget who has signed in."""
    gone, _ = Session.objects.all().delete()
    assert gone


def sign_in(page: Page, password: str = PASSWORD) -> None:
    """Fill in and send the form."""
    page.get_by_label("Username").fill("reader")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def at(path: str) -> re.Pattern[str]:
    """Match a whole address by what stands behind the host."""
    return re.compile(rf"//[^/]+{re.escape(path)}$")


def test_a_click_on_a_row_leads_to_the_sign_in_and_back(page: Page, inbox: str) -> None:
    page.goto(f"{inbox}?status=unread")
    rows = page.locator("[data-conversation-id]")
    before = rows.evaluate_all("(rows) => rows.map((row) => row.dataset.conversationId)")
    assert before
    end_all_sessions()

    rows.first.click()

    expect(page).to_have_url(at(f"/login/?next={inbox}%3Fstatus%3Dunread"))
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(rows).to_have_count(0)  # the form is the page, not a part of it
    sign_in(page)
    expect(page).to_have_url(at(f"{inbox}?status=unread"))
    expect(rows).to_have_count(len(before))


def test_a_click_on_a_chip_leads_to_the_sign_in_and_back_to_the_filter(
    page: Page, inbox: str, sandbox: Sandbox
) -> None:
    thread = f"{inbox}{sandbox.world.call_conversation_id}/"
    page.goto(f"{thread}?type=TYPE_CALL")
    expect(page.locator("[data-conversation-id]").first).to_be_visible()  # it comes by itself
    end_all_sessions()

    page.locator('[data-type-chip="TYPE_SMS"]').click()

    expect(page).to_have_url(at(f"/login/?next={thread}%3Ftype%3DTYPE_CALL"))
    sign_in(page)
    expect(page).to_have_url(at(f"{thread}?type=TYPE_CALL"))
    expect(page.locator('[data-type-chip="TYPE_CALL"]')).to_have_attribute("aria-pressed", "true")
    expect(page.locator("article").last).to_be_in_viewport()


def test_older_messages_coming_by_themselves_lead_to_the_sign_in_and_back(
    page: Page, long_thread: str
) -> None:
    page.goto(long_thread)
    expect(page.locator("[data-conversation-id]").first).to_be_visible()
    end_all_sessions()

    page.locator("[data-load-older]").scroll_into_view_if_needed()

    expect(page).to_have_url(at(f"/login/?next={long_thread}"))
    sign_in(page)
    expect(page).to_have_url(at(long_thread))
    expect(page.locator("article").last).to_be_in_viewport()


def test_without_javascript_one_lands_where_the_link_led(
    plain_page: Page, inbox: str, complaints: Complaints
) -> None:
    complaints.expect("status of 422")
    plain_page.goto(inbox)
    row = plain_page.locator("[data-conversation-id]").first
    wanted = row.get_attribute("href")
    assert wanted
    end_all_sessions()

    row.click()

    expect(plain_page).to_have_url(at(f"/login/?next={wanted}"))
    sign_in(plain_page, password="not-it")  # the way back outlives a mistake
    expect(plain_page.get_by_role("alert")).to_be_visible()
    sign_in(plain_page)
    expect(plain_page).to_have_url(at(wanted))
    expect(plain_page.locator("[data-thread]")).to_be_visible()
