"""Mails in the browser: asked for as they come into view, opened, folded, their pictures shown."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, FrameLocator, Locator, Page, Request, Route, expect

from conversations_ui.sandbox import Answer, Sandbox
from tests.browser.conftest import Complaints, Gate, until
from tests.pages import answer_thread, row

WAITING = "a[data-open-mail]"
AT_ONCE = 4
RUNNING = f"{WAITING}.htmx-request"
MAILS = "/mail/"

# Presses the newest mail of the last row in the moment in which it opens.
PRESS_THE_NEWEST = """addEventListener("htmx:load", () => {
  const row = [...document.querySelectorAll("[data-mails]")].at(-1);
  const opened = row?.querySelector("details[open]:not([data-pressed])");
  if (!opened) return;
  opened.dataset.pressed = "";
  opened.querySelector("summary").click();
})"""


@pytest.fixture
def thread(inbox: str, sandbox: Sandbox) -> str:
    """The address of the conversation of mails."""
    return f"{inbox}{sandbox.world.email_conversation_id}/"


def asked(sandbox: Sandbox) -> list[str]:
    """List the mails that were asked for."""
    return [
        seen.path.rpartition("/")[2] for seen in sandbox.requests if "/messages/email/" in seen.path
    ]


def ids(sandbox: Sandbox, holds: str = "") -> list[str]:
    """List the mails of the conversation, the oldest first."""
    conversation_id = sandbox.world.email_conversation_id
    found = [
        mail
        for mail in sandbox.world.emails.values()
        if mail["conversationId"] == conversation_id and holds in mail["body"]
    ]
    return [mail["id"] for mail in sorted(found, key=lambda mail: mail["dateAdded"])]


def height_of(place: Locator) -> float:
    box = place.bounding_box()
    assert box
    return box["height"]


def body(page: Page, email_id: str) -> FrameLocator:
    return page.frame_locator(f'iframe[data-mail="{email_id}"]')


def up_to(page: Page, email_id: str) -> Locator:
    """Bring a mail into view."""
    item = page.locator(f"#mail-{email_id}")
    item.evaluate("(item) => item.closest('.message').scrollIntoView({ block: 'center' })")
    return item


def test_mails_are_asked_for_as_they_come_into_view(
    page: Page, thread: str, sandbox: Sandbox
) -> None:
    all_ids = ids(sandbox)
    sandbox.clear()
    page.goto(thread)
    newest = page.locator("[data-mails]").last
    expect(newest.locator("details[open] iframe")).to_be_visible()
    expect(newest.locator(WAITING)).to_have_count(0)
    assert 0 < len(asked(sandbox)) < len(all_ids)
    assert all_ids[0] not in asked(sandbox)

    up_to(page, all_ids[0])
    expect(page.locator(f'iframe[data-mail="{all_ids[0]}"]')).to_be_visible()
    assert len(asked(sandbox)) == len(set(asked(sandbox)))


def test_mails_of_a_row_stand_by_date_and_the_newest_is_open(
    page: Page, thread: str, sandbox: Sandbox
) -> None:
    world = sandbox.world
    (listed,) = [
        r["meta"]["email"]["messageIds"]
        for r in world.threads[world.email_conversation_id]
        if len(r.get("meta", {}).get("email", {}).get("messageIds", ())) == 5
    ]
    by_date = sorted(listed, key=lambda one: world.emails[one]["dateAdded"])
    assert by_date == listed[::-1]  # the API had them the other way round
    page.goto(thread)
    up_to(page, by_date[0])
    items = page.locator("[data-mails]", has=page.locator(f"#mail-{by_date[0]}")).locator("details")
    expect(items.locator("iframe")).to_have_count(5)
    expect(page.locator(f"#mail-{by_date[-1]}")).to_have_attribute("open", "")
    shown = items.evaluate_all("(all) => all.map(({ id, open }) => [id, open])")
    own = [[f"mail-{one}", one == by_date[-1]] for one in by_date]
    assert [pair for pair in shown if str(pair[0]).startswith("mail-")] == own


def test_four_at_a_time(
    page: Page, thread: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"e{number}" for number in range(9)]
    for name in names:
        found = {"id": name, "body": name, "contentType": "text/plain"}
        monkeypatch.setitem(sandbox.world.emails, name, found)
    held: list[Route] = []
    page.route(re.compile(r"/mail/.*/e\d/$"), lambda route: held.append(route))

    def check_held(due: int) -> None:
        until(page, lambda: len(held) >= due)
        assert len(held) == due

    mail = row(1, messageType="TYPE_EMAIL", meta={"email": {"messageIds": names}}, body=None)
    answer_thread(sandbox, sandbox.world.email_conversation_id, mail)
    page.goto(thread)
    expect(page.locator(RUNNING)).to_have_count(AT_ONCE)
    check_held(AT_ONCE)
    for answered in range(1, len(names) + 1):
        held[answered - 1].continue_()
        left = len(names) - answered
        expect(page.locator(WAITING)).to_have_count(left)
        expect(page.locator(RUNNING)).to_have_count(min(left, AT_ONCE))
        check_held(min(len(names), answered + AT_ONCE))


def test_a_click_opens_a_mail_and_only_closed_ones_can_be_opened(
    page: Page, thread: str, sandbox: Sandbox
) -> None:
    page.goto(thread)
    mails = page.locator("[data-mails]").last
    # Until all are there, any of them may turn out to be the newest, which opens by itself.
    expect(mails.locator("details[open]")).to_have_count(1)
    expect(mails.locator(WAITING)).to_have_count(0)
    closed = mails.locator("summary[data-open-mail]").first
    email_id = closed.get_attribute("data-open-mail")
    assert email_id
    opener = page.locator(f'[data-open-mail="{email_id}"]')
    opener.press("Enter")
    expect(page.locator(f'iframe[data-mail="{email_id}"]')).to_be_visible()
    expect(opener).to_have_count(0)
    page.locator(f"#mail-{email_id} > summary").click()
    expect(opener).to_have_count(1)
    expect(page.locator(f'iframe[data-mail="{email_id}"]')).to_be_hidden()


def test_who_presses_a_mail_just_as_it_opens_by_itself_does_not_close_it(
    page: Page, thread: str, sandbox: Sandbox
) -> None:
    page.add_init_script(PRESS_THE_NEWEST)
    page.goto(thread)
    mails = page.locator("[data-mails]").last
    expect(mails.locator("[data-pressed]")).to_have_count(1)
    expect(mails.locator(WAITING)).to_have_count(0)
    newest = page.locator(f"#mail-{ids(sandbox)[-1]}")
    expect(newest).to_have_attribute("open", "")
    expect(newest).to_have_attribute("data-pressed", "")


def test_what_is_asked_for_by_hand_opens_though_it_is_not_the_newest(
    page: Page, thread: str, sandbox: Sandbox
) -> None:
    gate = Gate(page, MAILS)
    page.goto(thread)
    first = page.locator("[data-mails]").last.locator(WAITING).first
    email_id = first.get_attribute("data-open-mail")
    expect(page.locator(RUNNING)).not_to_have_count(0)
    first.dispatch_event("click")
    gate.open()
    expect(page.locator(f"#mail-{email_id}")).to_have_attribute("open", "")


def test_nothing_in_view_moves_when_mails_come_in(
    page: Page, thread: str, sandbox: Sandbox
) -> None:
    page.set_viewport_size({"width": 1280, "height": 1000})
    gate = Gate(page, MAILS)
    page.goto(thread)
    expect(page.locator(RUNNING)).not_to_have_count(0)
    card = page.locator("[data-mails]").last
    before = card.bounding_box()
    gate.open()
    expect(card.locator(WAITING)).to_have_count(0)
    expect(card.locator("details[open] iframe")).to_be_visible()
    assert card.bounding_box() == before


def test_show_all_enlarges_the_frame(page: Page, thread: str, sandbox: Sandbox) -> None:
    page.goto(thread)
    item = page.locator(f"#mail-{ids(sandbox)[-1]}[open]")
    frame = item.locator("iframe")
    expect(frame).to_be_visible()
    before = height_of(frame)
    assert before >= 240
    item.get_by_text("Show all").click()
    item.get_by_text("Show less").wait_for()
    assert height_of(frame) > before + 100
    item.get_by_text("Show less").click()
    item.get_by_text("Show all").wait_for()
    assert height_of(frame) == before


def test_quoted_text_opens_without_a_script(page: Page, thread: str, sandbox: Sandbox) -> None:
    email_id = next(one for one in ids(sandbox, "gmail_quote"))
    page.goto(f"{thread.replace('/inbox/', '/mail/')}{email_id}/")
    quoted = body(page, email_id).get_by_text("Dear Ahmed", exact=False).first
    expect(quoted).to_be_hidden()
    body(page, email_id).get_by_text("Show quoted text").click()
    expect(quoted).to_be_visible()


def test_pictures_on_demand(page: Page, thread: str, sandbox: Sandbox) -> None:
    (email_id, *_) = ids(sandbox, "smile.jpg")
    page.goto(thread)
    item = up_to(page, email_id)
    expect(item.locator(".email__bar")).to_contain_text("Blocked: 3 remote pictures")
    expect(body(page, email_id).locator(".gap")).to_have_count(2)  # the third has no words
    expect(body(page, email_id).locator("img")).to_have_count(0)
    sandbox.clear()
    height = height_of(item)

    with page.expect_response("**/picture/**") as first:
        page.locator(f'[data-show-pictures="{email_id}"]').click()
    assert first.value.request.header_value("cookie") is None
    expect(item.locator(".email__bar")).to_contain_text("Remote pictures are shown")
    smile = body(page, email_id).get_by_alt_text("A smiling woman")
    expect(smile).to_have_js_property("complete", True)
    expect(smile).not_to_have_js_property("naturalWidth", 0)
    assert asked(sandbox) == []
    assert height_of(item) == height


def test_links_open_apart_without_a_trace(
    context: BrowserContext, page: Page, thread: str, sandbox: Sandbox, complaints: Complaints
) -> None:
    complaints.expect("^foreign: https://go.example/")
    reached: list[Request] = []

    def answer(route: Route) -> None:
        reached.append(route.request)
        route.fulfill(body="<title>there</title>", content_type="text/html")

    context.route("https://go.example/**", answer)
    (email_id, *_) = ids(sandbox, "Book now")
    page.goto(f"{thread.replace('/inbox/', '/mail/')}{email_id}/")
    with context.expect_page() as opened:
        body(page, email_id).get_by_text("Book now").click()
    opened.value.wait_for_load_state()
    assert opened.value.title() == "there"
    assert opened.value.evaluate("window.opener") is None
    assert opened.value.evaluate("document.referrer") == ""
    assert "referer" not in reached[0].headers
    assert page.url.endswith(f"{email_id}/")
    expect(body(page, email_id).locator(".host").first).to_have_text("(go.example)")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_paper_is_light(page: Page, thread: str, sandbox: Sandbox, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(thread)
    newest = ids(sandbox)[-1]
    paper = page.locator(f"#mail-{newest} .email__paper")
    expect(paper.locator("iframe")).to_be_visible()
    colour = paper.evaluate("(paper) => getComputedStyle(paper).backgroundColor")
    lightest = [int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]
    assert min(lightest) >= 235
    inside = body(page, newest).locator("body")
    ink = inside.evaluate("(body) => getComputedStyle(body).color")
    assert ink == "rgb(27, 27, 31)"


def test_a_failed_mail_can_be_asked_for_again(
    page: Page, thread: str, sandbox: Sandbox, complaints: Complaints
) -> None:
    complaints.expect("503")
    email_id = ids(sandbox)[-1]
    path = f"/conversations/messages/email/{email_id}"
    sandbox.script(path, Answer(500, {"message": "No"}), times=1)
    page.goto(thread)
    item = page.locator(f"#mail-{email_id}")
    expect(item.locator("[role=alert]")).to_have_attribute("data-error", "unavailable")
    item.locator("[data-retry]").click()
    expect(item.locator("iframe")).to_be_visible()


def test_the_focus_stays_with_the_mail(page: Page, thread: str, sandbox: Sandbox) -> None:
    (email_id, *_) = ids(sandbox, "smile.jpg")
    page.goto(thread)
    item = up_to(page, email_id)
    expect(item).to_have_attribute("open", "")
    item.locator("[data-show-pictures]").press("Enter")
    expect(item.locator(".email__bar")).to_contain_text("Remote pictures are shown")
    expect(item.locator("summary").first).to_be_focused()


def test_without_javascript_a_mail_has_its_page(
    plain_page: Page, thread: str, sandbox: Sandbox
) -> None:
    (email_id, *_) = ids(sandbox, "smile.jpg")
    plain_page.goto(thread)
    plain_page.locator(f'[data-open-mail="{email_id}"]').click()
    expect(plain_page.locator(f'iframe[data-mail="{email_id}"]')).to_be_visible()
    expect(plain_page.locator(".email__rest")).to_have_count(0)
    plain_page.locator(f'[data-show-pictures="{email_id}"]').click()
    expect(plain_page.locator(".email__bar")).to_contain_text("Remote pictures are shown")
    smile = body(plain_page, email_id).get_by_alt_text("A smiling woman")
    expect(smile).not_to_have_js_property("naturalWidth", 0)
    plain_page.get_by_role("link", name="Back to the conversation").click()
    expect(plain_page.locator("[data-thread]")).to_be_visible()
