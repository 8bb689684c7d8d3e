"""Where things stand in a thread: in the middle, beside their words, apart from each other."""

from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from conversations_ui.sandbox import Sandbox
from tests.browser.conftest import NewContext
from tests.pages import answer_thread, row

# Left and right edge of what an element holds, whatever room it takes itself.
EDGES = """(element) => {
  const range = document.createRange();
  range.selectNodeContents(element);
  const { left, right } = range.getBoundingClientRect();
  return [left, right];
}"""
BOXES = "(all) => all.map((element) => element.getBoundingClientRect().toJSON())"
COLOUR = "(element) => getComputedStyle(element).color"
# Left edges of the first and the last character of a link.
ENDS = """(link) => [0, link.textContent.length - 1].map((place) => {
  const range = document.createRange();
  range.setStart(link.firstChild, place);
  range.setEnd(link.firstChild, place + 1);
  return range.getBoundingClientRect().left;
})"""


@pytest.fixture
def touched(new_context: NewContext, session: Any) -> Page:
    """A page of the reader's on a phone."""
    context = new_context(has_touch=True, is_mobile=True, viewport={"width": 375, "height": 667})
    context.add_cookies([session])
    return context.new_page()


def happened(number: int, title: str) -> Any:
    return row(
        number,
        direction="outbound",
        messageType="TYPE_ACTIVITY_CONTACT",
        activity={"type": "changed", "title": title, "data": {}},
    )


def read(page: Page, inbox: str, sandbox: Sandbox, *messages: Any) -> None:
    """Open a thread that holds these messages, given oldest first."""
    answer_thread(sandbox, sandbox.world.long_conversation_id, *reversed(messages))
    page.goto(f"{inbox}{sandbox.world.long_conversation_id}/")
    expect(page.locator("[data-thread] [data-message-id]")).to_have_count(len(messages))


def middle(found: Locator) -> float:
    edges: list[float] = found.evaluate(EDGES)
    return sum(edges) / 2


@pytest.mark.parametrize("width", [375, 1440])
def test_activities_stand_in_the_middle_folded_or_not(
    page: Page, inbox: str, sandbox: Sandbox, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    folded = [happened(n, f"Tag {n} added") for n in (3, 4, 5)]
    read(page, inbox, sandbox, happened(1, "A tag was added"), row(2), *folded)
    day = middle(page.locator(".day__label > time"))
    alone, first, *_others = page.locator(".activity").all()
    assert middle(alone) == pytest.approx(day, abs=2)
    run = page.locator(".run > summary").bounding_box()
    assert run
    assert run["x"] + run["width"] / 2 == pytest.approx(day, abs=2)
    page.locator(".run > summary").click()
    assert middle(first) == pytest.approx(day, abs=2)


def test_the_glyph_of_an_unused_conversation_stands_beside_its_words(
    page: Page, inbox: str, sandbox: Sandbox
) -> None:
    read(page, inbox, sandbox, row(1, messageType="TYPE_NO_SHOW", body=None))
    line = page.locator('[data-kind="placeholder"]')
    glyph = line.locator(".activity > .icon").bounding_box()
    assert glyph
    start, _end = line.locator(".activity > span").evaluate(EDGES)
    assert 0 <= start - (glyph["x"] + glyph["width"]) < 20


def test_fingers_tell_the_dots_of_folded_activities_apart(
    touched: Page, inbox: str, sandbox: Sandbox
) -> None:
    read(touched, inbox, sandbox, *(happened(n, f"Tag {n} added") for n in (1, 2, 3)))
    touched.locator(".run > summary").tap()
    dots = touched.locator(".run .facts > summary")
    expect(dots.last).to_be_visible()
    boxes = dots.evaluate_all(BOXES)  # all at once: opening may still scroll
    assert len(boxes) == 3
    for above, below in pairwise(boxes):
        assert above["bottom"] <= below["top"]


def test_a_comments_time_stays_beside_its_head(touched: Page, inbox: str, sandbox: Sandbox) -> None:
    comment = row(1, messageType="TYPE_INTERNAL_COMMENT", direction="outbound")
    read(touched, inbox, sandbox, comment)
    head, time = touched.locator(".note__head"), touched.locator(".note time")
    glyph, stamp = head.locator(".icon").first.bounding_box(), time.bounding_box()
    assert glyph and stamp
    assert abs(glyph["y"] + glyph["height"] / 2 - stamp["y"] - stamp["height"] / 2) <= 2
    words = head.locator("> span").first.evaluate(EDGES)
    assert words[1] <= stamp["x"]


def test_red_is_for_failures_alone(page: Page, long_thread: str, sandbox: Sandbox) -> None:
    rows = sandbox.world.threads[sandbox.world.long_conversation_id]
    page.goto(f"{long_thread}{rows[1234]['id']}/")
    newest = page.get_by_role("link", name="go to the newest")
    accent = page.locator(".pane__foot .button--plain").evaluate(COLOUR)
    assert newest.evaluate(COLOUR) == accent


def test_a_linked_message_is_tinted_and_not_framed(
    page: Page, long_thread: str, sandbox: Sandbox
) -> None:
    rows = sandbox.world.threads[sandbox.world.long_conversation_id]
    message_id = rows[-10]["id"]
    page.goto(f"{long_thread}{message_id}/#m-{message_id}")
    linked = page.locator(f"#m-{message_id}")
    expect(linked).to_be_focused()
    assert linked.evaluate("(it) => getComputedStyle(it).outlineStyle") == "none"


def test_a_number_keeps_its_plus_in_front_among_hebrew(
    page: Page, inbox: str, sandbox: Sandbox
) -> None:
    read(page, inbox, sandbox, row(1, body="הטלפון שלנו +13125550100 תודה"))
    link = page.locator('a[href^="tel:"]')
    plus, last = link.evaluate(ENDS)
    assert plus < last
