"""Pictures, sound and contacts of a thread, as a person at a screen meets them."""

from __future__ import annotations

import re

import pytest
from django.core.cache import caches
from playwright.sync_api import Locator, Page, expect

from conversations_ui.sandbox import Answer, Sandbox
from tests.browser.conftest import Complaints, Gate

BOX = "(element) => JSON.stringify(element.getBoundingClientRect())"
SOUGHT = """async (audio) => {
  const happens = (name) => new Promise((resolve) => audio.addEventListener(name, resolve));
  const known = happens("loadedmetadata");
  audio.preload = "metadata";
  audio.load();
  await known;
  const sought = happens("seeked");
  audio.currentTime = audio.duration - 1;
  await sought;
  return [Math.round(audio.duration), Math.round(audio.currentTime), audio.seekable.length];
}"""


@pytest.fixture(autouse=True)
def one_picture_is_gone(complaints: Complaints) -> None:
    caches["upstream"].clear()
    complaints.expect("404 ")


@pytest.fixture
def album(inbox: str, sandbox: Sandbox) -> str:
    """The address of the conversation with files of every kind."""
    return f"{inbox}{sandbox.world.media_conversation_id}/"


def pictures(page: Page) -> Locator:
    return page.locator("[data-picture]")


def wait_until_shown(image: Locator) -> None:
    image.scroll_into_view_if_needed()
    expect(image).to_have_js_property("complete", True)
    expect(image).not_to_have_js_property("naturalWidth", 0)


def test_a_picture_takes_no_more_room_than_was_kept_for_it(page: Page, album: str) -> None:
    gate = Gate(page, "/media/")
    page.goto(album, wait_until="domcontentloaded")
    last = pictures(page).last
    last.scroll_into_view_if_needed()
    expect(last).to_be_in_viewport()
    expect(page.locator(".day:not([data-settled])")).to_have_count(0)
    before = last.evaluate(BOX)
    gate.open()
    wait_until_shown(last.locator("img"))
    assert last.evaluate(BOX) == before


def test_the_lightbox_walks_through_all_pictures_by_keyboard(page: Page, album: str) -> None:
    page.goto(album)
    links = pictures(page)
    box = page.get_by_role("dialog", name="Picture")
    shown = box.get_by_role("img")
    expect(box).to_be_hidden()
    first, second = links.nth(0), links.nth(1)
    first.focus()
    page.keyboard.press("Enter")
    expect(box).to_be_visible()
    expect(box.get_by_role("status")).to_have_text(re.compile(r"^1 of \d+$"))
    expect(shown).to_have_js_property("src", first.evaluate("(link) => link.href"))
    wait_until_shown(shown)
    expect(box.get_by_role("button", name="Previous picture")).to_be_hidden()
    page.keyboard.press("ArrowLeft")
    expect(box.get_by_role("status")).to_have_text(re.compile(r"^1 of \d+$"))
    page.keyboard.press("ArrowRight")
    expect(box.get_by_role("status")).to_have_text(re.compile(r"^2 of \d+$"))
    expect(shown).to_have_js_property("src", second.evaluate("(link) => link.href"))
    save = box.get_by_role("link", name="Download")
    assert str(save.get_attribute("href")).endswith("&download=1")
    box.get_by_role("button", name="Next picture").click()
    expect(box.get_by_role("status")).to_have_text(re.compile(r"^3 of \d+$"))
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    expect(second).to_be_focused()


def test_a_click_beside_the_picture_closes_the_lightbox(page: Page, album: str) -> None:
    page.goto(album)
    last = pictures(page).last
    last.click()
    box = page.get_by_role("dialog", name="Picture")
    expect(box).to_be_visible()
    box.click(position={"x": 700, "y": 650})
    expect(box).to_be_hidden()


def test_a_picture_that_is_gone_says_why_in_its_place(
    page: Page, album: str, sandbox: Sandbox
) -> None:
    rows = sandbox.world.threads[sandbox.world.media_conversation_id]
    gone = next(
        row["id"]
        for row in rows
        for address in row["attachments"]
        if (file := sandbox.world.attachments.get(address.replace("sandbox://here", "")))
        and file.gone
    )
    page.goto(album)
    message = page.locator(f"#m-{gone}")
    place = message.locator(".picture")
    size = place.evaluate("(element) => element.offsetHeight")
    message.scroll_into_view_if_needed()
    expect(message).to_contain_text("No longer at the provider.")
    expect(message.locator("img")).to_have_count(0)
    assert place.evaluate("(element) => element.offsetHeight") == size
    # The lightbox passes it by.
    expect(pictures(page)).to_have_count(page.locator(".picture").count() - 1)


def test_a_picture_that_is_none_says_that_it_failed(
    page: Page, album: str, sandbox: Sandbox
) -> None:
    sandbox.script("/attachments/", Answer(200, body=b"<html>sign in</html>"), times=None)
    page.goto(album)
    last = page.locator(".picture").last
    last.scroll_into_view_if_needed()
    expect(last).to_contain_text("Loading failed.")


def test_sound_can_be_sought_in(page: Page, album: str) -> None:
    page.goto(album)
    duration, now, ranges = page.locator("audio").evaluate(SOUGHT)
    assert (duration, now, ranges) == (6, 5, 1)


def test_nothing_is_fetched_of_sound_until_it_is_played(page: Page, album: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(album)
    page.locator("audio").scroll_into_view_if_needed()
    source = page.locator("audio").get_attribute("src")
    assert source
    assert not [url for url in asked if url.endswith(source)]


def test_a_contact_opens_in_its_place(page: Page, album: str) -> None:
    page.goto(album)
    card = page.locator(".vcard")
    card.locator("summary").click()
    expect(card.get_by_role("link", name="+13125550148")).to_be_visible()
    expect(card).to_contain_text("Maya Okafor")


def test_without_javascript_a_picture_is_a_link_to_it(
    plain_page: Page, album: str, complaints: Complaints
) -> None:
    complaints.expect("inline style")  # the browser's own page around a picture
    plain_page.goto(album)
    link = pictures(plain_page).last
    assert link.locator("img").get_attribute("alt")
    with plain_page.context.expect_page() as opened:
        link.click()
    opened.value.wait_for_load_state()
    expect(opened.value.locator("img")).to_have_count(1)


def test_without_javascript_a_contact_is_a_page(plain_page: Page, album: str) -> None:
    plain_page.goto(album)
    plain_page.locator(".vcard summary").click()
    plain_page.get_by_role("link", name="Show the contact").click()
    expect(plain_page.get_by_role("main")).to_contain_text("Maya Okafor")


def test_without_javascript_a_file_that_is_gone_has_a_page_that_says_why(
    plain_page: Page, album: str, sandbox: Sandbox
) -> None:
    sandbox.script("/attachments/", Answer(404), times=None)
    plain_page.goto(album)
    address = pictures(plain_page).last.get_attribute("href")
    plain_page.goto(str(address))
    expect(plain_page.get_by_role("alert")).to_contain_text("No longer at the provider.")
