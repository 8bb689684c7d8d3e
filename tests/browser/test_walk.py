"""Reading the longest conversation back to its start."""

from collections import Counter
from itertools import pairwise
from typing import Any

from playwright.sync_api import Page, expect
from pytest_django import Settings

from conversations_ui.sandbox import Sandbox
from tests.browser.conftest import PATIENCE, WALK

STEP = 2500  # pixels: some screens, as with a strong turn of the wheel
MESSAGES = """() => [...document.querySelectorAll("[data-thread] article")].map((article) => ({
  id: article.dataset.messageId,
  type: article.dataset.messageType,
  time: article.querySelector("time")?.dateTime,
  day: article.closest("[data-day]").dataset.day,
}))"""
DAYS = """() => [...document.querySelectorAll("[data-thread] h2 time")]
  .map((time) => time.dateTime)"""
CHIPS = """() => Object.fromEntries([...document.querySelectorAll("[data-type-chip] [data-count]")]
  .map((count) => [count.dataset.count, Number(count.textContent)]))"""


def walk(page: Page, **how: int) -> Any:
    """Scroll up page by page; gives the arrivals and the jumps."""
    report = page.evaluate(WALK, {"step": STEP} | how)
    assert not report["stalled"]
    return report


def in_order(messages: list[dict[str, str]]) -> bool:
    """Say whether no message is older than the one above it."""
    return all(one["time"] <= other["time"] for one, other in pairwise(messages))


def test_longest_conversation_is_read_to_its_start(
    page: Page, long_thread: str, sandbox: Sandbox, settings: Settings
) -> None:
    settings.PAGE_SIZE = 100
    rows = sandbox.world.threads[sandbox.world.long_conversation_id]
    page.goto(long_thread)

    report = walk(page)

    assert report == {"arrivals": len(rows) / 100 - 1, "jumps": [], "stalled": False}
    messages = page.evaluate(MESSAGES)
    assert len(messages) == len(rows) == 5000
    assert {message["id"] for message in messages} == {row["id"] for row in rows}
    assert in_order(messages)
    days = page.evaluate(DAYS)
    assert days == list(dict.fromkeys(message["time"][:10] for message in messages))
    assert all(message["day"] == message["time"][:10] for message in messages)
    counts = Counter(message["type"] for message in messages) | {"": 5000}
    chips = page.evaluate(CHIPS)
    assert chips == {name: counts.get(name, 0) for name in chips}
    assert sum(count > 0 for count in chips.values()) > 15
    expect(page.locator(".coverage [data-count]")).to_have_text("5000")
    expect(page.locator(".coverage time")).to_have_attribute("datetime", messages[0]["time"])
    expect(page.locator("[data-thread-start]")).to_be_in_viewport()
    expect(page.locator("[data-load-older]")).to_have_count(0)


def test_pages_arrive_without_a_jump_in_small_steps(
    page: Page, long_thread: str, settings: Settings
) -> None:
    settings.PAGE_SIZE = 50
    page.goto(long_thread)

    report = walk(page, step=90, pages=4)

    assert report == {"arrivals": 4, "jumps": [], "stalled": False}
    messages = page.evaluate(MESSAGES)
    assert len({message["id"] for message in messages}) == len(messages) == 250
    assert in_order(messages)


def test_wheel_reaches_older_pages(page: Page, long_thread: str, settings: Settings) -> None:
    settings.PAGE_SIZE = 20
    page.goto(long_thread)
    newest = page.locator("[data-message-id]").last
    expect(newest).to_be_in_viewport()
    page.locator(".thread .pane__scroll").hover()

    for loaded in (40, 60, 80):
        while page.locator("[data-message-id]").count() < loaded:
            top = "document.querySelector('.thread .pane__scroll').scrollTop"
            before = page.evaluate(top)
            page.mouse.wheel(0, -300)
            page.wait_for_function(
                f"""([top, loaded]) => {top} < top
                    || document.querySelectorAll('[data-message-id]').length >= loaded""",
                arg=[before, loaded],
                timeout=PATIENCE,
            )

    assert in_order(page.evaluate(MESSAGES))
    expect(newest).not_to_be_in_viewport()
