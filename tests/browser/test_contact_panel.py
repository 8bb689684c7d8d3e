"""Beside and inside the thread: the contact panel, names, lenses and folded activities."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import caches
from playwright.sync_api import BrowserContext, Page, ViewportSize, expect

from conversations_ui.sandbox import Answer, Sandbox
from tests.browser.conftest import Complaints, clipboard
from tests.pages import answer_thread, row

WIDE: ViewportSize = {"width": 1440, "height": 900}
NARROW: ViewportSize = {"width": 800, "height": 800}


@pytest.fixture(autouse=True)
def nobody_known() -> Iterator[None]:
    caches["upstream"].clear()
    yield
    caches["upstream"].clear()


@pytest.fixture
def showcase(inbox: str, sandbox: Sandbox) -> str:
    return f"{inbox}{sandbox.world.showcase_conversation_id}/"


def panels(asked: list[str]) -> int:
    """Count the requests for a contact panel."""
    return len([url for url in asked if "/contact/" in url])


# The contact panel


def test_the_panel_stands_beside_the_thread_where_there_is_room(page: Page, showcase: str) -> None:
    page.set_viewport_size(WIDE)
    page.goto(showcase)
    expect(page.locator("#contact .contact__id strong")).to_have_text("Jonas Lindqvist")
    expect(page.get_by_role("button", name="Contact details")).to_be_hidden()
    thread, panel = page.locator(".feed"), page.locator("#contact")
    inner, outer = thread.bounding_box(), panel.bounding_box()
    assert inner and outer
    assert inner["x"] + inner["width"] <= outer["x"]
    assert outer["x"] + outer["width"] == WIDE["width"]


def test_elsewhere_it_is_a_sheet_that_loads_when_it_is_opened(page: Page, showcase: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_viewport_size(NARROW)
    page.goto(showcase)
    expect(page.locator("#contact")).to_be_hidden()
    expect(page.locator("[data-conversation-id]").first).to_be_attached()
    assert panels(asked) == 0
    page.get_by_role("button", name="Contact details").click()
    expect(page.locator("#contact .contact__id strong")).to_have_text("Jonas Lindqvist")
    assert panels(asked) == 1
    page.keyboard.press("Escape")
    expect(page.locator("#contact")).to_be_hidden()
    page.get_by_role("button", name="Contact details").click()
    expect(page.locator("#contact .contact__id strong")).to_be_visible()
    assert panels(asked) == 1


def test_a_number_is_copied_as_it_is_read(
    page: Page, context: BrowserContext, showcase: str
) -> None:
    context.grant_permissions(["clipboard-write"])
    page.set_viewport_size(WIDE)
    page.goto(showcase)
    number = page.locator(".pairs [data-copy]", has_text="+44")
    number.locator("xpath=following-sibling::button").click()
    expect(page.locator("[data-announce]")).to_have_text("Copied")
    assert clipboard(page) == "+44 7700 900123"


def test_a_panel_that_fails_leaves_the_thread_alone_and_can_be_tried_again(
    page: Page, showcase: str, sandbox: Sandbox, complaints: Complaints
) -> None:
    complaints.expect("502")
    page.set_viewport_size(NARROW)
    refusal = {"statusCode": 401, "message": "The token is not authorized for this scope."}
    sandbox.script(re.compile("/contacts/"), Answer(401, refusal), times=None)
    page.goto(showcase)
    page.get_by_role("button", name="Contact details").click()
    expect(page.locator("#contact [role=alert]")).to_have_attribute("data-error", "scope")
    expect(page.locator(".feed [data-message-id]")).to_have_count(50)
    sandbox.unscript()
    page.locator("#contact [data-retry]").click()
    expect(page.locator("#contact .contact__id strong")).to_have_text("Jonas Lindqvist")


def test_without_a_connection_the_panel_says_so_in_its_place(
    page: Page, showcase: str, complaints: Complaints
) -> None:
    complaints.expect("ERR_FAILED", "sendError", "Failed to load", "afterRequest")
    page.set_viewport_size(NARROW)
    page.goto(showcase)
    page.route(re.compile("/contact/"), lambda route: route.abort())
    page.get_by_role("button", name="Contact details").click()
    expect(page.locator("#contact [role=alert]")).to_be_visible()
    page.unroute(re.compile("/contact/"))
    page.locator("#contact [data-retry]").click()
    expect(page.locator("#contact .contact__id strong")).to_have_text("Jonas Lindqvist")


def test_without_javascript_the_panel_is_a_page(plain_page: Page, showcase: str) -> None:
    plain_page.set_viewport_size(WIDE)
    plain_page.goto(showcase)
    plain_page.locator("#contact").get_by_role("link", name="Contact details").click()
    expect(plain_page.locator("#contact-body .contact__id strong")).to_have_text("Jonas Lindqvist")
    plain_page.get_by_role("link", name="Back to the messages").click()
    expect(plain_page.locator("[data-thread]")).to_be_visible()


# Names


def test_names_take_the_places_of_ids(page: Page, inbox: str, sandbox: Sandbox) -> None:
    user_id, user = next(iter(sandbox.world.users.items()))
    sent = row(1, direction="outbound", userId=user_id)
    answer_thread(sandbox, sandbox.world.long_conversation_id, sent)
    page.goto(f"{inbox}{sandbox.world.long_conversation_id}/")
    expect(page.locator("#m-m001 .message__head b")).to_have_text(user["name"])
    expect(page.locator(".names")).to_have_count(0)


# Lenses


def test_a_lens_is_pressed_and_stays_while_older_messages_come(
    page: Page, long_thread: str
) -> None:
    page.goto(long_thread)
    lens = page.locator("[data-lens=people]")
    lens.focus()
    page.keyboard.press("Space")
    expect(lens).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_url(re.compile(r"\?people=1$"))
    hidden = page.locator("[data-hidden]")
    shown = page.locator("[data-thread] [data-message-id]")
    loaded = shown.count()
    first = int(hidden.get_attribute("data-hidden") or 0)
    assert loaded + first == 50
    page.locator("[data-load-older]").evaluate("(link) => link.click()")
    expect(page.locator("[data-announce]")).to_have_text(re.compile("older messages? loaded"))
    total = shown.count() + int(hidden.get_attribute("data-hidden") or 0)
    assert total == 100
    expect(hidden).to_have_text(re.compile("hidden by filters"))
    expect(page.locator('[data-source="automation"], [data-kind="activity"]')).to_have_count(0)


def test_failures_are_counted_on_and_lead_to_themselves(
    page: Page, inbox: str, sandbox: Sandbox
) -> None:
    conversation_id = sandbox.world.long_conversation_id
    answer_thread(sandbox, conversation_id, row(9), last="m009", more=True)
    older = [row(8), row(7, status="failed"), row(6, status="undelivered")]
    answer_thread(sandbox, conversation_id, *older)
    page.set_viewport_size({"width": 1440, "height": 400})
    page.goto(f"{inbox}{conversation_id}/")
    expect(page.locator("[data-failures]")).to_have_text("2 of 4 SMS failed")
    answer_thread(sandbox, conversation_id, row(7, status="failed"))
    page.locator("[data-failures]").click()
    expect(page.locator("[data-lens=failed]")).to_have_attribute("aria-pressed", "true")


# Runs


def happened(number: int) -> Any:
    return row(
        number,
        messageType="TYPE_ACTIVITY_CONTACT",
        activity={"type": "changed", "title": f"Tag {number}", "data": {}},
    )


def test_a_run_opens_without_pushing_its_line_away(
    page: Page, inbox: str, sandbox: Sandbox
) -> None:
    conversation_id = sandbox.world.long_conversation_id
    rows = [row(n) for n in range(40, 30, -1)]
    rows += [happened(n) for n in range(30, 25, -1)]
    rows += [row(n) for n in range(25, 1, -1)]
    answer_thread(sandbox, conversation_id, *rows)
    page.goto(f"{inbox}{conversation_id}/")
    summary = page.locator(".run > summary")
    summary.scroll_into_view_if_needed()
    expect(page.locator("#m-m027")).to_be_hidden()
    before = summary.bounding_box()
    summary.click()
    expect(page.locator("#m-m027")).to_be_visible()
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    after = summary.bounding_box()
    assert before and after
    assert abs(before["y"] - after["y"]) <= 1


def test_runs_meet_at_the_seam_of_two_pages_in_their_order(
    page: Page, inbox: str, sandbox: Sandbox
) -> None:
    conversation_id = sandbox.world.long_conversation_id
    newer = [row(20), *(happened(n) for n in (19, 18, 17))]
    older = [*(happened(n) for n in (17, 16, 15, 14, 13)), row(12)]
    answer_thread(sandbox, conversation_id, *newer, last="m017", more=True)
    answer_thread(sandbox, conversation_id, *older)
    page.goto(f"{inbox}{conversation_id}/")
    messages = page.locator("[data-thread] [data-message-id]")
    expect(messages).to_have_count(9)
    ids = messages.evaluate_all("(all) => all.map((one) => one.dataset.messageId)")
    assert ids == [f"m{n:03d}" for n in (12, 13, 14, 15, 16, 17, 18, 19, 20)]
    runs = page.locator(".run")
    expect(runs).to_have_count(2)
    expect(page.locator(".day")).to_have_count(1)
    assert [text.split()[0] for text in runs.locator("> summary").all_inner_texts()] == ["4", "3"]


# Details


def test_the_details_copy_the_link_and_the_json(
    page: Page, context: BrowserContext, showcase: str, sandbox: Sandbox
) -> None:
    context.grant_permissions(["clipboard-write"])
    page.goto(showcase)
    key = sandbox.world.showcase["last"]
    message = page.locator(f"#m-{key}")
    message.hover()
    message.locator(".facts > summary").click()
    message.locator("[data-copy-link] + button").click()
    expect(page.locator("[data-announce]")).to_have_text("Copied")
    assert clipboard(page).endswith(f"{showcase}{key}/#m-{key}")
    page.locator("[data-announce]").evaluate("(status) => { status.textContent = ''; }")
    message.locator("pre.raw + button").click()
    expect(page.locator("[data-announce]")).to_have_text("Copied")
    assert clipboard(page).startswith("{")
    message.locator("[data-copy-link]").click()
    expect(page).to_have_url(re.compile(f"{key}/#m-{key}$"))
    expect(page.locator(f"#m-{key}")).to_be_in_viewport()
