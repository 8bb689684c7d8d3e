"""Pages that stay open: what is new comes by itself and moves nobody."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import caches
from playwright.sync_api import Locator, Page, expect
from pytest_django import Settings

from conversations_ui.sandbox import Answer, Sandbox
from conversations_ui.services import live
from tests.browser.conftest import Complaints

Tops = Callable[[], dict[str, float]]
PIXEL = 1  # browsers scroll by whole ones
DOWN = Answer(503, {"statusCode": 503, "message": "Service unavailable"})

TOPS = """() => Object.fromEntries([...document.querySelectorAll("[data-thread] .message")]
  .map((each) => [each.id, each.getBoundingClientRect()])
  .filter(([, {bottom, top}]) => bottom > 0 && top < innerHeight)
  .map(([id, {top}]) => [id, top]))"""


@pytest.fixture(autouse=True)
def lively(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages that ask often, of a server that looks as often."""
    settings.LIVE_SECONDS = 0.2
    monkeypatch.setattr(live, "EVERY", 0.1)


@pytest.fixture
def messages(page: Page) -> Locator:
    return page.locator("[data-thread] [data-message-id]")


@pytest.fixture
def pill(page: Page) -> Locator:
    return page.locator("[data-show]")


@pytest.fixture
def tops(page: Page) -> Tops:
    """Where each message in view begins, in pixels."""
    return lambda: page.evaluate(TOPS)


def scroll(page: Page, by: int) -> None:
    """Scroll the messages and wait until the browser has painted them there."""
    page.evaluate(
        """(by) => new Promise((done) => {
          document.querySelector(".thread .pane__scroll").scrollBy(0, by);
          requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done)));
        })""",
        by,
    )


def next_poll(page: Page, of: str = "live-thread", times: int = 1) -> None:
    """Wait until the page has asked again and been answered."""
    for _ in range(times):
        with page.expect_response(lambda answer: of in answer.request.headers.get("hx-target", "")):
            pass


def in_steady(page: Page, url: str) -> None:
    """Open a thread and wait until its first news has been dealt with."""
    page.goto(url)
    next_poll(page, times=2)


def message(page: Page, ident: str) -> Locator:
    return page.locator(f"#m-{ident}")


def test_a_new_message_slides_in_at_the_end(
    page: Page, long_thread: str, messages: Locator, sandbox: Sandbox
) -> None:
    in_steady(page, long_thread)
    before = page.locator('.chip[aria-pressed="true"] [data-count=""]').inner_text()

    new = sandbox.receive(sandbox.world.long_conversation_id, "Are you still open?")

    expect(messages.last).to_have_id(f"m-{new}")
    expect(messages.last).to_contain_text("Are you still open?")
    expect(messages.last).to_be_in_viewport(ratio=1)
    expect(messages).to_have_count(51)
    expect(page.locator("[data-announce]")).to_have_text("1 new message")
    expect(page.locator('.chip[aria-pressed="true"] [data-count=""]')).to_have_text(
        str(int(before) + 1)
    )
    expect(page.locator("[data-show]")).to_be_hidden()


@pytest.mark.parametrize(("wish", "seconds"), [("no-preference", "0.22s"), ("reduce", "0.001s")])
def test_nothing_slides_for_who_wants_no_motion(
    page: Page, long_thread: str, messages: Locator, sandbox: Sandbox, wish: Any, seconds: str
) -> None:
    page.emulate_media(reduced_motion=wish)
    in_steady(page, long_thread)
    new = sandbox.receive(sandbox.world.long_conversation_id)
    expect(messages.last).to_have_id(f"m-{new}")
    expect(messages.last).to_have_css("animation-name", "arrive")
    expect(messages.last).to_have_css("animation-duration", seconds)


def test_several_come_in_order_each_once(
    page: Page, long_thread: str, messages: Locator, sandbox: Sandbox
) -> None:
    in_steady(page, long_thread)
    new = [sandbox.receive(sandbox.world.long_conversation_id, f"Part {n}") for n in range(4)]

    expect(messages).to_have_count(54)
    next_poll(page, times=2)
    ids = messages.evaluate_all("(all) => all.map((each) => each.dataset.messageId)")
    assert ids[-4:] == new
    assert len(set(ids)) == len(ids) == 54
    # They belong together, as when the thread is loaded at once.
    shown = messages.evaluate_all(
        "(all) => all.slice(-4).map((each) => each.classList.contains('message--follow'))"
    )
    page.reload()
    assert shown == messages.evaluate_all(
        "(all) => all.slice(-4).map((each) => each.classList.contains('message--follow'))"
    )


def test_a_reader_who_scrolled_up_is_told_and_never_moved(
    page: Page, long_thread: str, messages: Locator, pill: Locator, tops: Tops, sandbox: Sandbox
) -> None:
    in_steady(page, long_thread)
    scroll(page, -900)
    before = tops()
    assert before

    for n in range(3):
        new = sandbox.receive(sandbox.world.long_conversation_id, f"Part {n}")

    expect(pill).to_have_text("3 new")
    assert tops() == pytest.approx(before, abs=PIXEL)
    expect(messages).to_have_count(50)
    next_poll(page, times=2)
    assert tops() == pytest.approx(before, abs=PIXEL)

    pill.focus()
    page.keyboard.press("Enter")

    expect(message(page, new)).to_be_in_viewport(ratio=1)
    expect(pill).to_be_hidden()
    expect(messages).to_have_count(53)
    expect(messages.nth(50)).to_be_focused()


def test_the_button_is_in_reach_where_the_whole_thread_scrolls(
    page: Page, long_thread: str, pill: Locator, tops: Tops, sandbox: Sandbox
) -> None:
    page.set_viewport_size({"width": 900, "height": 420})
    in_steady(page, long_thread)
    page.evaluate("document.querySelector('.thread').scrollBy(0, -600)")
    before = tops()
    new = sandbox.receive(sandbox.world.long_conversation_id)
    expect(pill).to_have_text("1 new")
    expect(pill).to_be_in_viewport(ratio=1)
    assert tops() == before
    pill.click()
    expect(message(page, new)).to_be_in_viewport(ratio=1)


def test_reaching_the_end_lets_them_in_without_a_jump(
    page: Page, long_thread: str, messages: Locator, pill: Locator, tops: Tops, sandbox: Sandbox
) -> None:
    in_steady(page, long_thread)
    scroll(page, -900)
    for n in range(5):
        sandbox.receive(sandbox.world.long_conversation_id, f"Part {n}")
    expect(pill).to_have_text("5 new")
    scroll(page, 800)
    before = tops()

    scroll(page, 65)

    expect(messages).to_have_count(55)
    expect(pill).to_be_hidden()
    after = tops()
    moved = {round(before[ident] - after[ident]) for ident in before.keys() & after.keys()}
    assert moved == {65}


@pytest.mark.parametrize("height", [800, 400])
def test_a_changed_status_moves_nothing(
    page: Page, long_thread: str, tops: Tops, sandbox: Sandbox, height: int
) -> None:
    sent = [
        sandbox.receive(
            sandbox.world.long_conversation_id, f"Part {n}", direction="outbound", status="sent"
        )
        for n in range(40)
    ]
    page.set_viewport_size({"width": 1280, "height": height})
    in_steady(page, long_thread)
    page.evaluate(
        """() => document.querySelectorAll(".thread, .thread .pane__scroll")
          .forEach((each) => each.scrollBy(0, -700))"""
    )
    scroll(page, 0)
    before = tops()
    seen = [ident for ident in sent if f"m-{ident}" in before]
    below = sent[-1]
    assert len(seen) > 3
    assert f"m-{below}" not in before

    sandbox.change(below, status="failed", error="30003: Unreachable destination handset")
    caches["upstream"].clear()  # the time of the slow look has come

    expect(message(page, below)).to_have_attribute("data-status", "failed")
    assert tops() == pytest.approx(before, abs=PIXEL)
    sandbox.change(seen[1], status="read")
    caches["upstream"].clear()
    expect(message(page, seen[1]).locator(".tick")).to_have_attribute("title", re.compile("Read"))
    assert tops() == pytest.approx(before, abs=PIXEL)


def test_what_is_open_and_focused_in_a_message_stays(
    page: Page, long_thread: str, sandbox: Sandbox
) -> None:
    world = sandbox.world
    row = next(
        row
        for row in reversed(world.threads[world.long_conversation_id])
        if row.get("direction") == "outbound" and row["messageType"] == "TYPE_SMS"
    )
    in_steady(page, long_thread)
    shown = message(page, row["id"])
    summary = shown.locator(".facts > summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(shown.locator(".facts__list")).to_be_visible()

    sandbox.change(row["id"], status="undelivered")
    caches["upstream"].clear()

    expect(shown).to_have_attribute("data-status", "failed")
    expect(shown.locator(".facts__list")).to_contain_text("undelivered")
    expect(summary).to_be_focused()
    page.evaluate("document.activeElement.blur()")
    sandbox.change(row["id"], status="read")
    caches["upstream"].clear()
    expect(shown).not_to_have_attribute("data-status", "failed")
    expect(shown.locator(".facts__list")).to_be_visible()


def test_a_filter_hides_news_of_other_types(
    page: Page, long_thread: str, messages: Locator, sandbox: Sandbox
) -> None:
    in_steady(page, f"{long_thread}?type=TYPE_SMS")
    count = messages.count()
    conversation = sandbox.world.long_conversation_id
    sandbox.receive(conversation, "on another way", messageType="TYPE_WHATSAPP")
    new = sandbox.receive(conversation, "a text")

    expect(messages.last).to_have_id(f"m-{new}")
    expect(messages).to_have_count(count + 1)
    next_poll(page, times=2)
    expect(messages).to_have_count(count + 1)
    page.locator('[data-type-chip="TYPE_SMS"]').click()
    expect(page.get_by_text("on another way", exact=True)).to_be_visible()
    new = sandbox.receive(conversation, "now of all types", messageType="TYPE_WHATSAPP")
    expect(messages.last).to_have_id(f"m-{new}")


def test_the_first_message_of_an_unused_conversation_comes(
    page: Page, inbox: str, messages: Locator, sandbox: Sandbox
) -> None:
    world = sandbox.world
    page.goto(f"{inbox}{world.empty_conversation_id}/")
    next_poll(page)
    new = sandbox.receive(world.empty_conversation_id, "Hello?")
    expect(messages.last).to_have_id(f"m-{new}")
    expect(messages.last).to_be_in_viewport()


def test_more_than_a_page_holds_is_loaded_anew(
    page: Page, long_thread: str, messages: Locator, sandbox: Sandbox
) -> None:
    in_steady(page, long_thread)
    with sandbox.world.lock:
        for n in range(60):
            new = sandbox.receive(sandbox.world.long_conversation_id, f"Part {n}")
    link = page.locator("[data-anew]")
    expect(link).to_be_visible()
    expect(messages).to_have_count(50)

    link.click()

    expect(messages.last).to_have_id(f"m-{new}")
    expect(messages).to_have_count(50)
    expect(link).to_be_hidden()


def test_an_activity_joins_the_run_before_it(
    page: Page, inbox: str, messages: Locator, sandbox: Sandbox
) -> None:
    conversation = sandbox.world.rtl_conversation_id
    fields: dict[str, Any] = {"messageType": "TYPE_ACTIVITY_CONTACT", "direction": "outbound"}
    for n in range(3):
        sandbox.receive(conversation, f"Contact updated {n}", **fields)
    in_steady(page, f"{inbox}{conversation}/")
    run = page.locator(".run").last
    expect(run.locator("[data-run]")).to_have_text("3")

    new = sandbox.receive(conversation, "Contact updated again", **fields)

    expect(run.locator("[data-run]")).to_have_text("4")
    expect(run.locator(".message").last).to_have_id(f"m-{new}")
    plain = sandbox.receive(conversation, "And a text")
    expect(messages.last).to_have_id(f"m-{plain}")
    expect(messages.last).to_be_visible()  # not folded with them


def test_nothing_new_costs_no_messages_and_no_swap(
    page: Page, long_thread: str, sandbox: Sandbox
) -> None:
    in_steady(page, long_thread)
    page.evaluate("document.getElementById('live-thread').dataset.same = ''")
    sandbox.clear()
    next_poll(page, times=4)
    assert not [seen for seen in sandbox.requests if seen.path.endswith("/messages")]
    expect(page.locator("#live-thread[data-same]")).to_have_count(1)


def test_a_hidden_page_asks_when_it_is_looked_at_again(
    page: Page, long_thread: str, settings: Settings
) -> None:
    settings.LIVE_SECONDS = 50
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(long_thread)
    expect(page.locator("#live-inbox")).to_be_attached()
    assert not [address for address in asked if "/live/" in address]
    with page.expect_request(re.compile("/live/")):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_it_asks_less_often_when_nobody_is_there_and_least_when_hidden(
    page: Page, long_thread: str, settings: Settings
) -> None:
    settings.LIVE_SECONDS = 5
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.install()
    page.goto(long_thread)
    page.clock.pause_at(page.evaluate("Date.now() / 1000 + 1"))

    def asks_in(minutes: int) -> int:
        expect(page.locator("[data-poll].htmx-request")).to_have_count(0)
        asked.clear()
        for _ in range(minutes * 12):
            page.clock.run_for(5000)
            expect(page.locator("[data-poll].htmx-request")).to_have_count(0)
        return len([url for url in asked if url.partition("?")[0].endswith(live_path)])

    live_path = long_thread.replace("/inbox/", "/live/")
    page.mouse.move(300, 300)
    assert asks_in(minutes=1) == 12
    page.clock.fast_forward(120_000)
    assert asks_in(minutes=1) == 4
    page.evaluate("Object.defineProperty(document, 'hidden', { value: true })")
    page.clock.fast_forward(60_000)
    assert asks_in(minutes=2) == 2


def test_signed_out_stops_asking_and_says_so(
    page: Page, long_thread: str, messages: Locator
) -> None:
    in_steady(page, long_thread)
    Session.objects.all().delete()

    note = page.locator("[data-signed-out]")
    expect(note).to_contain_text("You have been signed out")
    expect(page.locator("[data-poll]")).to_have_count(0)
    expect(messages).to_have_count(50)
    note.get_by_role("link", name="Sign in again").click()
    expect(page).to_have_url(re.compile(rf"/login/\?next={long_thread}$"))


def test_a_failing_poll_leaves_the_page_alone(
    page: Page, long_thread: str, messages: Locator, complaints: Complaints, sandbox: Sandbox
) -> None:
    complaints.expect("500", "ERR_FAILED", "htmx:(afterRequest|sendError)")
    in_steady(page, long_thread)
    page.route("**/live/**", lambda route: route.fulfill(status=500, body="<p role=alert>oh</p>"))
    next_poll(page, times=2)
    page.unroute("**/live/**")
    page.route("**/live/**", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        pass
    page.unroute("**/live/**")
    expect(page.get_by_role("alert")).to_have_count(0)
    new = sandbox.receive(sandbox.world.long_conversation_id)
    expect(messages.last).to_have_id(f"m-{new}")


def test_a_copy_says_of_when_it_is_until_it_is_new_again(
    page: Page, long_thread: str, sandbox: Sandbox
) -> None:
    in_steady(page, long_thread)
    sandbox.script("/conversations/", DOWN, times=None)

    note = page.locator("#thread-as-of")
    expect(note).to_contain_text(re.compile(r"As of \d\d:\d\d – HighLevel cannot be reached"))
    expect(page.locator("#inbox-as-of")).to_contain_text("As of")
    next_poll(page, times=3)
    expect(note).to_contain_text("As of")
    sandbox.unscript()
    caches["upstream"].clear()  # the breaker has waited long enough
    expect(note).to_have_text("")


@pytest.mark.parametrize("height", [800, 420])
def test_the_note_is_in_view_and_moves_nothing_as_it_comes_and_goes(
    page: Page, long_thread: str, tops: Tops, sandbox: Sandbox, height: int
) -> None:
    page.set_viewport_size({"width": 1280, "height": height})
    in_steady(page, long_thread)
    page.evaluate("document.querySelector('.thread').scrollBy(0, -600)")
    scroll(page, -600)
    row = page.locator("#inbox [data-conversation-id]").nth(2)
    place, before = row.bounding_box(), tops()
    assert place
    assert before
    sandbox.script("/conversations/", DOWN, times=None)

    for note in ("#thread-as-of", "#inbox-as-of"):
        expect(page.locator(f"{note} > [data-as-of]")).to_be_in_viewport(ratio=1)
    scroll(page, 0)
    assert tops() == pytest.approx(before, abs=PIXEL)
    assert row.bounding_box() == place
    sandbox.unscript()
    caches["upstream"].clear()
    for note in ("#thread-as-of", "#inbox-as-of"):
        expect(page.locator(note)).to_have_text("")
    scroll(page, 0)
    assert tops() == pytest.approx(before, abs=PIXEL)
    assert row.bounding_box() == place


# The inbox


@pytest.fixture
def rows(page: Page) -> Locator:
    return page.locator("#inbox [data-conversation-id]")


def ids(rows: Locator) -> list[str]:
    found: list[str] = rows.evaluate_all("(all) => all.map((row) => row.dataset.conversationId)")
    return found


def test_a_conversation_comes_to_the_top_with_what_was_said(
    page: Page, inbox: str, rows: Locator, sandbox: Sandbox
) -> None:
    page.goto(inbox)
    before = ids(rows)
    page.mouse.move(900, 400)
    moved = before[10]

    sandbox.receive(moved, "It is me again")

    expect(rows.first).to_have_attribute("data-conversation-id", moved)
    expect(rows.first).to_contain_text("It is me again")
    assert ids(rows) == [moved, *before[:10], *before[11:]]


def test_further_rows_stay_behind_the_first(
    page: Page, inbox: str, rows: Locator, sandbox: Sandbox
) -> None:
    page.goto(inbox)
    page.locator("[data-load-more]").click()
    expect(rows).to_have_count(50)
    page.mouse.move(900, 400)
    before = ids(rows)

    sandbox.receive(before[40], "From far below")

    expect(rows.first).to_contain_text("From far below")
    assert ids(rows) == [before[40], *before[:40], *before[41:]]


def test_nothing_moves_under_the_pointer(
    page: Page, inbox: str, rows: Locator, sandbox: Sandbox
) -> None:
    page.goto(inbox)
    before = ids(rows)
    rows.nth(3).hover()

    sandbox.receive(before[5], "Look here")

    expect(rows.nth(5)).to_contain_text("Look here")
    next_poll(page, "live-inbox", times=2)
    assert ids(rows) == before
    page.mouse.move(900, 400)
    expect(rows.first).to_contain_text("Look here")


def test_the_focus_and_the_open_row_are_kept(
    page: Page, inbox: str, rows: Locator, sandbox: Sandbox
) -> None:
    page.goto(inbox)
    before = ids(rows)
    page.locator("#inbox-q").focus()
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('[data-conversation-id]')"):
            break
    expect(rows.first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("[data-thread]")).to_be_visible()

    sandbox.receive(before[4], "New order, later")
    sandbox.receive(before[0], "Even newer")

    expect(rows.first).to_contain_text("Even newer")
    expect(rows.first).to_be_focused()
    expect(rows.first).to_have_attribute("aria-current", "page")
    assert ids(rows) == before
    page.evaluate("document.activeElement.blur()")
    expect(rows.nth(1)).to_contain_text("New order, later")
    expect(rows.first).to_have_attribute("aria-current", "page")


def test_a_scrolled_inbox_does_not_move(
    page: Page, inbox: str, rows: Locator, sandbox: Sandbox
) -> None:
    page.goto(inbox)
    before = ids(rows)
    page.mouse.move(900, 400)
    page.evaluate("document.querySelector('[data-rows]').scrollTop = 300")
    row = page.locator(f'[data-conversation-id="{before[8]}"]')
    top = row.bounding_box()

    sandbox.receive(before[20], "From far below")

    expect(rows.first).to_contain_text("From far below")
    now = row.bounding_box()
    assert top and now
    assert now["y"] == pytest.approx(top["y"], abs=PIXEL)


def test_a_row_that_fits_no_longer_goes(
    page: Page, inbox: str, rows: Locator, sandbox: Sandbox
) -> None:
    page.goto(f"{inbox}?status=unread")
    page.mouse.move(900, 400)
    count = rows.count()
    new = sandbox.world.rtl_conversation_id
    sandbox.receive(new, "Unread now")
    expect(rows.first).to_have_attribute("data-conversation-id", new)
    expect(rows).to_have_count(count + 1)
    next_poll(page, "live-inbox", times=2)

    sandbox.restore()

    expect(rows).to_have_count(count)
    expect(page.locator(f'[data-conversation-id="{new}"]')).to_have_count(0)


def test_an_empty_list_fills_and_empties(
    page: Page, inbox: str, rows: Locator, sandbox: Sandbox
) -> None:
    page.goto(f"{inbox}?q=zebra+crossing")
    expect(page.get_by_text("No conversations match")).to_be_visible()
    page.locator("#inbox-q").fill("typed meanwhile")
    new = sandbox.world.rtl_conversation_id
    sandbox.receive(new, "At the zebra crossing")
    expect(rows).to_have_count(1)
    expect(page.locator("#inbox-q")).to_have_value("typed meanwhile")
    next_poll(page, "live-inbox", times=2)
    sandbox.restore()
    expect(page.get_by_text("No conversations match")).to_be_visible()


# Waiting for a retry


def test_a_failure_counts_down_and_tries_again(
    page: Page, inbox: str, rows: Locator, complaints: Complaints, sandbox: Sandbox
) -> None:
    complaints.expect("503")
    slow = Answer(429, {"statusCode": 429, "message": "Too many"}, headers={"retry-after": "60"})
    sandbox.script("/conversations/search", slow)
    page.clock.install()
    page.goto(inbox)
    alert = page.get_by_role("alert")
    expect(alert.locator("[data-retry]")).to_have_text(re.compile(r"Try again in \d\d s"))
    expect(alert.get_by_role("link", name="Try again", exact=True)).to_be_visible()
    caches["upstream"].clear()
    page.clock.fast_forward(60_000)
    expect(rows).to_have_count(25)


def test_without_javascript_there_is_none_of_it(plain_page: Page, long_thread: str) -> None:
    plain_page.goto(long_thread)
    expect(plain_page.locator("[data-show]")).to_be_hidden()
    expect(plain_page.locator("[data-anew]")).to_be_hidden()
    expect(plain_page.get_by_role("status").filter(has_text=re.compile(r"\S"))).to_have_count(0)
