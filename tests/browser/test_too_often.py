"""What a page does when it is told that it asks too often; the way to an export."""

from django.core.cache import cache
from playwright.sync_api import Page, expect
from pytest_django import Settings

from conversations_ui.accounts.models import Grant
from tests.browser.conftest import Complaints


def test_a_poll_that_is_refused_touches_nothing_and_asks_again(
    page: Page, long_thread: str, settings: Settings, complaints: Complaints
) -> None:
    settings.LIVE_SECONDS = 0.2
    complaints.expect("429")
    page.goto(long_thread)
    messages = page.locator("[data-thread] [data-message-id]")
    expect(messages).to_have_count(50)
    settings.REQUEST_RATES = 0.000001
    try:
        # The second one shows that the first did not end them.
        for _time in range(2):
            with page.expect_response(lambda answer: answer.status == 429):
                pass
        expect(messages).to_have_count(50)
        expect(page.locator("main [role=alert]")).to_have_count(0)
    finally:
        settings.REQUEST_RATES = 0
        cache.clear()
    # And it goes on where it was.
    with page.expect_response(lambda answer: "/live/" in answer.url and answer.status < 400):
        pass


def test_a_lead_finds_the_export_and_saves_it(
    page: Page, long_thread: str, settings: Settings
) -> None:
    Grant.objects.update(role="lead")
    settings.EXPORT_MESSAGES = 60
    page.set_viewport_size({"width": 375, "height": 800})
    page.goto(long_thread)
    page.get_by_role("link", name="Export this conversation").click()
    expect(page.get_by_role("heading", name="Export this conversation")).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Export").click()
    name = saved.value.suggested_filename
    assert name.startswith("conversation-")
    assert name.endswith("-incomplete.txt")
    assert saved.value.path().read_text().count("INCOMPLETE: 60 messages.") == 2
