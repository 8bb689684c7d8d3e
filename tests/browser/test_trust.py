"""Nothing that a contact sends, or that the page keeps, gets anywhere."""

import pytest
from django.contrib.sessions.models import Session
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
          // What htmx may do with an answer is not enough to run anything.
          const html = `<img src="data:," onerror="document.title = 'owned'">`;
          document.body.append(new DOMParser().parseFromString(html, "text/html").body.firstChild);
        }).then(() => true)"""
    )

    expect(page).not_to_have_title("owned")
    assert [text for text in complaints.heard if "Security" in text]


# Ways in which a script could make something that runs, or that looks like ours, out of text.
SINKS = """{
  html: (text) => { document.body.innerHTML = text; },
  beside: (text) => document.body.insertAdjacentHTML("beforeend", text),
  fragment: (text) => document.createRange().createContextualFragment(text),
  frame: (text) => { document.createElement("iframe").srcdoc = text; },
  address: (text) => { document.createElement("script").src = text; },
  script: (text) => { document.createElement("script").textContent = text; },
  code: (text) => new Function(text),
  another: () => trustedTypes.createPolicy("another", {}),
  instead: () => trustedTypes.createPolicy("default", { createHTML: (text) => text }),
  parsed: (text) => new DOMParser().parseFromString(text, "text/html"),
}"""


def test_no_script_makes_elements_or_code_of_text(
    page: Page, inbox: str, complaints: Complaints
) -> None:
    complaints.expect("Trusted", "policy", "Policy", "Content Security")
    page.goto(inbox)
    page.locator("[data-conversation-id]").first.click()  # what htmx does goes on
    expect(page.locator("[data-thread] article").first).to_be_attached()

    outcomes = page.evaluate(
        f"""() => Object.fromEntries(Object.entries({SINKS}).map(([name, use]) => {{
          try {{
            use("<b id=made>made</b>");
            return [name, "taken"];
          }} catch {{
            return [name, "refused"];
          }}
        }}))"""
    )

    # htmx parses what this site has answered into a document of no effect.
    taken = [name for name, outcome in outcomes.items() if outcome == "taken"]
    assert taken == ["parsed"]
    expect(page.locator("#made")).to_have_count(0)


def test_nothing_comes_back_after_signing_out(page: Page, inbox: str) -> None:
    page.goto(inbox)
    page.locator("[data-conversation-id]").first.click()
    expect(page.locator("[data-thread]")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_title("Sign in")

    page.go_back()

    expect(page).to_have_title("Sign in")
    expect(page.locator("[data-conversation-id], [data-thread]")).to_have_count(0)


def test_page_kept_aside_by_the_browser_is_asked_for_again(page: Page, inbox: str) -> None:
    page.goto(inbox)
    expect(page.locator("[data-conversation-id]").first).to_be_visible()
    Session.objects.all().delete()

    with page.expect_navigation():
        page.evaluate(
            """() => {
              dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
              if (document.documentElement.checkVisibility()) throw new Error("it still shows");
            }"""
        )

    expect(page).to_have_title("Sign in")
    expect(page.locator("[data-conversation-id]")).to_have_count(0)
