"""From a narrow phone to a wide screen: nothing sticks out, and fingers hit what they aim at."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from conversations_ui.accounts.models import SubAccount
from conversations_ui.sandbox import Sandbox
from tests.browser.conftest import Complaints, NewContext

WIDTHS = (320, 375, 1024, 1440)
THREADS = ("showcase", "hostile", "rtl", "cjk", "long")
# Whatever can be scrolled sideways, the page included, but for what is meant to.
SIDEWAYS = """() => [...document.querySelectorAll("*")]
  .filter((element) => {
    const { overflowX } = getComputedStyle(element);
    const scrolls = ["auto", "scroll"].includes(overflowX) || element === document.scrollingElement;
    return scrolls && element.scrollWidth > element.clientWidth
      && !element.matches(".chips__scroll, .raw");
  })
  .map((element) => `${element.tagName} ${element.className}: ${element.scrollWidth}`)"""
CONTROLS = (
    "button, summary, select, input:not([type=hidden], .visually-hidden), [role=button], "
    ".button, .row, .tabs > a, .switcher"
)
SIZES = """(all) => all.filter((element) => element.checkVisibility()).map((element) => {
  const { width, height } = element.getBoundingClientRect();
  return [`${element.className} ${element.ariaLabel ?? element.textContent}`, width, height];
})"""


def resize(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 720})


def assert_nothing_sticks_out(page: Page) -> None:
    """Check at every width that there is nothing to scroll to at the sides."""
    for width in WIDTHS:
        resize(page, width)
        assert page.evaluate("[innerWidth, document.documentElement.scrollWidth]") == [width] * 2
        assert page.evaluate(SIDEWAYS) == [], width


def box(found: Locator) -> Any:
    given = found.bounding_box()
    assert given
    return given


def too_small(found: Locator, least: float) -> list[str]:
    """Name the visible ones that are smaller than that, in CSS pixels."""
    sizes: list[tuple[str, float, float]] = found.evaluate_all(SIZES)
    assert sizes
    return [f"{name}: {size}" for name, *size in sizes if min(size) < least]


@pytest.fixture
def touched(new_context: NewContext, session: Any) -> Page:
    """A page of the reader's on a phone."""
    context = new_context(has_touch=True, is_mobile=True, viewport={"width": 375, "height": 667})
    context.add_cookies([session])
    return context.new_page()


def test_inbox_fits_every_width(page: Page, inbox: str) -> None:
    page.goto(inbox)
    expect(page.locator("[data-conversation-id]").first).to_be_visible()
    page.locator(".filters").evaluate("(filters) => (filters.open = true)")
    assert_nothing_sticks_out(page)


@pytest.mark.parametrize("name", THREADS)
def test_threads_fit_every_width(page: Page, inbox: str, sandbox: Sandbox, name: str) -> None:
    page.goto(f"{inbox}{getattr(sandbox.world, f'{name}_conversation_id')}/")
    expect(page.locator("[data-conversation-id]").first).to_be_attached()
    expect(page.locator(".day:not([data-settled])")).to_have_count(0)
    page.locator(".facts").evaluate_all("(all) => all.forEach((facts) => (facts.open = true))")
    assert_nothing_sticks_out(page)


def test_pages_beside_the_inbox_fit_every_width(
    page: Page, stranger: Page, complaints: Complaints
) -> None:
    complaints.expect("status of 404")
    for visited, path, heading in (
        (stranger, "/login/", "Sign in"),
        (page, "/sub-accounts/", "Sub-accounts"),
        (page, "/password/", "Choose a password"),
        (page, f"/inbox/{'no-such-place-' * 4}/", "There is nothing here for you"),
    ):
        visited.goto(path)
        expect(visited.get_by_role("heading", name=heading)).to_be_visible()
        assert_nothing_sticks_out(visited)


@pytest.mark.parametrize("width", [320, 375])
def test_narrow_windows_show_one_pane(page: Page, inbox: str, width: int) -> None:
    resize(page, width)
    page.goto(inbox)
    listed, thread = page.locator("#inbox"), page.locator("#thread")
    expect(page.get_by_role("heading", name="Sample")).to_be_visible()
    expect(thread).to_be_hidden()
    assert box(listed)["width"] == width
    row = page.locator("[data-conversation-id]").first
    name = row.locator(".row__name").inner_text()

    row.click()

    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text(name)
    expect(heading).to_be_in_viewport()
    expect(listed).to_be_hidden()
    expect(page.locator("article").last).to_be_in_viewport()
    assert box(thread)["width"] == width

    page.get_by_role("link", name="Back to the inbox").click()

    expect(page).to_have_url(re.compile(rf"{inbox}$"))
    expect(page.get_by_role("heading", name="Sample")).to_be_visible()
    expect(page.locator(".row__name").first).to_have_text(name)
    expect(thread).to_be_hidden()


@pytest.mark.parametrize("width", [1024, 1440])
def test_wide_windows_show_inbox_and_thread_side_by_side(
    page: Page, inbox: str, width: int
) -> None:
    resize(page, width)
    page.goto(inbox)
    row = page.locator("[data-conversation-id]").first
    for shown in (page.get_by_role("heading", name="Pick a conversation"), page.locator("article")):
        expect(shown.last).to_be_in_viewport()
        expect(row).to_be_in_viewport()
        left, right = box(page.locator("#inbox")), box(page.locator("#thread"))
        assert left["x"] == 0
        assert left["x"] + left["width"] == right["x"]
        assert right["x"] + right["width"] == width
        assert right["width"] > left["width"]
        expect(page.get_by_role("link", name="Back to the inbox")).to_have_count(0)
        row.click()


def test_fingers_hit_what_they_aim_at_in_the_inbox(touched: Page, inbox: str) -> None:
    touched.goto(inbox)
    assert touched.evaluate("matchMedia('(pointer: coarse)').matches")
    expect(touched.locator("[data-conversation-id]").first).to_be_visible()
    touched.locator(".filters > summary").tap()
    expect(touched.get_by_role("button", name="Apply")).to_be_visible()

    assert too_small(touched.locator(CONTROLS), 24) == []
    assert too_small(touched.locator(".row, .button, .icon-button, .filters > summary"), 44) == []


def test_fingers_hit_what_they_aim_at_in_a_thread(
    touched: Page, inbox: str, sandbox: Sandbox
) -> None:
    touched.goto(f"{inbox}{sandbox.world.showcase_conversation_id}/")
    touched.locator(".facts > summary").last.tap()
    expect(touched.get_by_role("button", name="Copy").first).to_be_visible()

    assert too_small(touched.locator(CONTROLS), 24) == []
    assert too_small(touched.locator("[data-type-chip]"), 32) == []
    assert too_small(touched.locator(".button, .icon-button"), 44) == []


def test_fingers_hit_what_they_aim_at_beside_the_inbox(
    touched: Page, sub_account: SubAccount
) -> None:
    for path in ("/sub-accounts/", "/password/"):
        touched.goto(path)
        assert too_small(touched.locator(f"{CONTROLS}, .gate__list a"), 44) == []
