"""Nothing that a contact sends, or that the page keeps, gets anywhere."""

import pytest
from playwright.sync_api import Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from conversations_ui.sandbox import Sandbox
from tests.browser.conftest import Complaints

SPECIAL = ("showcase", "media", "email", "call", "rtl", "cjk", "deleted_contact")


@pytest.fixture
def abroad(page: Page, live_server: LiveServer) -> list[str]:
    """The addresses of other hosts that pages asked for; none is let through."""
    asked: list[str] = []

    def stop(route: Route) -> None:
        asked.append(route.request.url)
        route.abort()

    page.context.route(lambda url: not url.startswith(f"{live_server.url}/"), stop)
    return asked


@pytest.mark.parametrize("name", SPECIAL)
def test_sample_conversations_run_nothing_and_ask_nobody(
    page: Page,
    inbox: str,
    sandbox: Sandbox,
    complaints: Complaints,
    abroad: list[str],
    name: str,
) -> None:
    conversation_id = getattr(sandbox.world, f"{name}_conversation_id")
    if name == "media":
        complaints.expect("status of 404")  # one of its pictures is gone

    page.goto(f"{inbox}{conversation_id}/")
    page.locator("details.facts").evaluate_all("(all) => all.forEach((one) => (one.open = true))")
    page.wait_for_load_state("networkidle")

    expect(page.locator("[data-thread] [data-message-id]").first).to_be_attached()
    expect(page).not_to_have_title("owned")
    assert abroad == []
    assert page.locator("main script, main img[onerror], [data-thread] style").count() == 0
    links = page.locator("[data-thread] a").evaluate_all("(all) => all.map((one) => one.protocol)")
    assert set(links) <= {"http:", "https:", "mailto:", "tel:"}
    assert page.locator("[data-thread]").count() == 1


def test_inbox_runs_nothing_and_asks_nobody(page: Page, inbox: str, abroad: list[str]) -> None:
    page.goto(inbox)
    for total in (50, 75, 100):
        page.locator("[data-load-more]").click()
        expect(page.locator("[data-conversation-id]")).to_have_count(total)

    expect(page).to_have_title("Inbox · Sample")
    assert abroad == []


def test_watch_hears_what_the_policy_refuses(
    page: Page, inbox: str, complaints: Complaints
) -> None:
    complaints.expect("Content Security Policy", "Content-Security-Policy")
    page.goto(inbox)

    page.evaluate(
        """() => new Promise((refused) => {
          document.addEventListener("securitypolicyviolation", refused, { once: true });
          const script = document.createElement("script");
          script.textContent = "document.title = 'owned'";
          document.body.append(script);
        }).then(() => true)"""
    )

    expect(page).not_to_have_title("owned")
    assert [text for text in complaints.heard if "Security" in text]
