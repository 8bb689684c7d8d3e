"""Listening to calls and reading along: by mouse, by keyboard, without a script."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import caches
from playwright.sync_api import Page, expect

from conversations_ui.sandbox import Answer, Sandbox
from tests.browser.conftest import Complaints, follow
from tests.pages import answer_thread, row

HEARD = "([id, from, to]) => { const a = document.querySelector(`[data-recording='${id}']`);"
HEARD += " return !a.paused && a.currentTime > from && a.currentTime < to; }"

# A test that comes late for a place that is being played would never see it.
SLOWLY = """(audio) => {
  audio.playbackRate = audio.defaultPlaybackRate = 0.1;
  for (const name of ["playbackRate", "defaultPlaybackRate"]) {
    Object.defineProperty(audio, name, { get: () => 0.1, set: () => {} });
  }
}"""


class Call:
    """A call's card in an open thread."""

    def __init__(self, page: Page, message_id: str) -> None:
        self.page, self.id = page, message_id
        self.card = page.locator(f'[data-message-id="{message_id}"]')
        self.audio = self.card.locator("audio")
        self.play = self.card.locator("[data-play]")
        self.position = self.card.get_by_role("slider", name="Position")
        self.sentences = self.card.locator("[data-sentence]")
        self.note = self.card.locator(".player__note")

    def at(self) -> float:
        at: float = self.audio.evaluate("(audio) => audio.currentTime")
        return at

    def heard(self, after: float, before: float = 1e6) -> None:
        """Wait until it plays, somewhere between these seconds."""
        self.page.wait_for_function(HEARD, arg=[self.id, after, before])

    def slowly(self) -> None:
        """Let it play at a tenth of its speed from now on, whatever is chosen."""
        self.audio.evaluate(SLOWLY)

    def silent(self) -> None:
        expect(self.play).to_have_accessible_name("Play")
        assert self.audio.evaluate("(audio) => audio.paused")

    def open_transcript(self) -> None:
        self.card.locator(".strip > summary").click()
        expect(self.sentences.first).to_be_visible()

    def start(self, number: int) -> float:
        return float(self.sentences.nth(number).get_attribute("data-start") or "nan")


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A machine on which nobody has listened to anything yet."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    caches["upstream"].clear()
    yield
    caches["upstream"].clear()


@pytest.fixture
def thread(inbox: str, sandbox: Sandbox) -> str:
    return f"{inbox}{sandbox.world.call_conversation_id}/"


def opened(page: Page, thread: str, sandbox: Sandbox, label: str = "recorded_array") -> Call:
    page.goto(thread)
    call = Call(page, sandbox.world.showcase[label])
    call.card.scroll_into_view_if_needed()
    sandbox.clear()
    return call


def asked(sandbox: Sandbox, word: str) -> int:
    return len([seen for seen in sandbox.requests if seen.path.endswith(word)])


@pytest.mark.parametrize(
    "label", ["recorded_array", "recorded_sentences", "recorded_transcriptions"]
)
def test_one_listens_and_jumps_about(page: Page, thread: str, sandbox: Sandbox, label: str) -> None:
    # One of each: 8 bit, two channels of 16 bit, mu-law.
    call = opened(page, thread, sandbox, label)
    expect(call.audio).to_be_hidden()
    assert asked(sandbox, "/recording") == 0
    call.play.click()
    call.heard(0.2)
    call.slowly()
    expect(call.play).to_have_accessible_name("Pause")
    length = sandbox.world.recordings[call.id].seconds
    expect(call.card.locator("[data-total]")).to_have_text(f"{length // 60}:{length % 60:02d}")
    for target in (40, 5, 44):
        call.position.fill(str(target))
        call.heard(target - 1, target + 4)
        expect(call.position).to_have_attribute(
            "aria-valuetext", re.compile(rf"0:\d\d of {length // 60}:{length % 60:02d}")
        )
    assert call.audio.evaluate("(audio) => audio.seekable.end(0)") > 40
    call.play.click()
    call.silent()
    # However often one jumps, and though the API knows nothing of parts.
    assert asked(sandbox, "/recording") == 1
    assert len(sandbox.requests) == 1


def test_the_keyboard_does_it_too(page: Page, thread: str, sandbox: Sandbox) -> None:
    call = opened(page, thread, sandbox)
    call.play.focus()
    page.keyboard.press("Space")
    call.heard(0)
    page.keyboard.press("Space")
    call.silent()
    page.keyboard.press("Tab")
    expect(call.position).to_be_focused()
    before = call.at()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    expect(call.card.locator("[data-elapsed]")).to_have_text(re.compile("0:1[0-9]"))
    assert before + 8 < call.at() < before + 12
    page.keyboard.press("Home")
    assert call.at() == 0
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert call.audio.evaluate("(audio) => audio.playbackRate") == 1.25
    page.keyboard.press("Tab")
    expect(call.card.get_by_role("link", name="Download recording")).to_be_focused()


def test_one_jumps_before_it_has_loaded(page: Page, thread: str, sandbox: Sandbox) -> None:
    call = opened(page, thread, sandbox)
    call.position.fill("20")
    expect(call.card.locator("[data-elapsed]")).to_have_text("0:20")
    assert asked(sandbox, "/recording") == 0
    call.slowly()
    call.play.click()
    call.heard(20, 25)


def test_speed_is_one_to_two_for_all_recordings(page: Page, thread: str, sandbox: Sandbox) -> None:
    call = opened(page, thread, sandbox)
    other = Call(page, sandbox.world.showcase["recorded_data"])
    speed = call.card.locator("[data-speed]")
    call.play.click()
    call.heard(0)
    for rate in ("1.25", "1.5", "1.75", "2", "1", "1.25", "1.5"):
        speed.click()
        expect(speed).to_have_accessible_name(f"{rate}×, playback speed")
        assert call.audio.evaluate("(audio) => audio.playbackRate") == float(rate)
    other.play.click()
    other.heard(0)
    assert other.audio.evaluate("(audio) => audio.playbackRate") == 1.5
    expect(other.card.locator("[data-speed]")).to_have_accessible_name("1.5×, playback speed")


def test_players_that_come_later_tell_the_same_speed(
    page: Page, inbox: str, sandbox: Sandbox
) -> None:
    conversation_id = sandbox.world.long_conversation_id
    meta = {"call": {"duration": 60, "status": "completed"}}
    old, new = (row(number, messageType="TYPE_CALL", meta=meta) for number in (1, 49))
    between = map(row, range(48, 8, -1))
    answer_thread(sandbox, conversation_id, new, *between, last="m009", more=True)
    page.goto(f"{inbox}{conversation_id}/")
    page.locator('[data-message-id="m049"] [data-speed]').click()
    answer_thread(sandbox, conversation_id, old, last="m001")
    page.locator("[data-load-older]").scroll_into_view_if_needed()
    later = page.locator('[data-message-id="m001"] [data-speed]')
    expect(later).to_have_accessible_name("1.25×, playback speed")
    expect(later).to_have_text("1.25×")


def test_one_recording_plays_at_a_time(page: Page, thread: str, sandbox: Sandbox) -> None:
    call = opened(page, thread, sandbox)
    other = Call(page, sandbox.world.showcase["recorded_data"])
    call.play.click()
    call.heard(0)
    other.play.click()
    other.heard(0)
    call.silent()


def test_a_sentence_leads_to_its_place_and_is_marked(
    page: Page, thread: str, sandbox: Sandbox
) -> None:
    call = opened(page, thread, sandbox)
    call.open_transcript()
    call.slowly()
    marked = call.card.locator('[data-sentence][aria-current="true"]')
    expect(marked).to_have_count(0)
    for number in (4, 9, 1):
        start = call.start(number)
        call.sentences.nth(number).click()
        call.heard(start - 0.01, start + 3)
        expect(call.sentences.nth(number)).to_have_attribute("aria-current", "true")
        expect(marked).to_have_count(1)
    # It goes along with what is heard, however one got there.
    call.position.fill(str(int(call.start(7)) + 1))
    expect(call.sentences.nth(7)).to_have_attribute("aria-current", "true")
    call.sentences.nth(2).focus()
    page.keyboard.press("Space")
    call.heard(call.start(2) - 0.01, call.start(2) + 3)
    assert page.url.endswith(thread)
    assert asked(sandbox, "/recording") == 1


def test_the_marked_sentence_is_shown_without_moving_the_thread(
    page: Page, thread: str, sandbox: Sandbox
) -> None:
    call = opened(page, thread, sandbox)
    call.open_transcript()
    box = call.card.locator("[data-sentences]")
    box.evaluate("(list) => { list.style.maxBlockSize = '6rem'; }")
    top = call.card.evaluate("(card) => card.getBoundingClientRect().top")
    call.slowly()
    call.play.click()
    call.heard(0)
    for number in (11, 0, 6):
        call.audio.evaluate("(audio, at) => { audio.currentTime = at; }", call.start(number) + 0.1)
        expect(call.sentences.nth(number)).to_have_attribute("aria-current", "true")
        line, frame = call.sentences.nth(number).bounding_box(), box.bounding_box()
        assert line and frame
        assert frame["y"] - 1 <= line["y"] <= frame["y"] + frame["height"] - line["height"] + 1
    assert call.card.evaluate("(card) => card.getBoundingClientRect().top") == pytest.approx(top)


def test_a_transcript_is_asked_for_once_and_moves_nothing_above(
    page: Page, thread: str, sandbox: Sandbox
) -> None:
    call = opened(page, thread, sandbox, "recorded_data")
    summary = call.card.locator(".strip > summary")

    def top() -> float:
        found: float = call.card.evaluate("(card) => card.getBoundingClientRect().top")
        return found

    before = top()
    summary.focus()
    page.keyboard.press("Enter")
    expect(call.sentences.first).to_be_visible()
    assert abs(top() - before) <= 2
    for _ in range(4):
        page.keyboard.press("Enter")
    assert asked(sandbox, "/transcription") == 1
    assert asked(sandbox, "/recording") == 0


def test_words_are_found_in_a_transcript(page: Page, thread: str, sandbox: Sandbox) -> None:
    call = opened(page, thread, sandbox)
    call.open_transcript()
    texts = call.card.locator("[data-words]").all_inner_texts()
    wanted = "YOU"
    fitting = [text for text in texts if wanted.lower() in text.lower()]
    assert 0 < len(fitting) < len(texts)
    box = call.card.locator("[data-sentences]")
    height = box.evaluate("(list) => list.offsetHeight")
    field = call.card.get_by_role("searchbox", name="Find in the transcript")
    field.press_sequentially(wanted)
    shown = call.card.locator("[data-sentence]:visible [data-words]")
    expect(shown).to_have_text(fitting)
    expect(call.card.locator("output")).to_have_text(f"{len(fitting)} of {len(texts)}")
    marks = call.card.locator("mark").all_inner_texts()
    assert {mark.lower() for mark in marks} == {wanted.lower()}
    assert box.evaluate("(list) => list.offsetHeight") == height
    for odd in ("(", "[a-z", "\\", "..", "$", "no such words"):
        field.fill(odd)
        hits = len([text for text in texts if odd in text])
        expect(call.card.locator("output")).to_have_text(f"{hits} of {len(texts)}")
    field.fill("")
    expect(call.card.locator("[data-sentence]:visible")).to_have_count(len(texts))
    expect(call.card.locator("output")).to_have_text("")
    assert call.card.locator("[data-words]").all_inner_texts() == texts


def test_no_recording_is_said_calmly(
    page: Page, thread: str, sandbox: Sandbox, complaints: Complaints
) -> None:
    complaints.expect("status of 404")
    page.goto(thread)
    rows = sandbox.world.threads[sandbox.world.call_conversation_id]
    call = Call(page, rows[-1]["id"])
    assert call.id not in sandbox.world.recordings
    sandbox.clear()
    call.play.click()
    expect(call.note).to_contain_text("No recording")
    expect(call.card.get_by_role("alert")).to_have_count(0)
    call.silent()
    expect(call.play).to_have_attribute("aria-busy", "false")
    assert asked(sandbox, "/recording") == 1


def test_a_failure_says_so_and_can_be_tried_again(
    page: Page, thread: str, sandbox: Sandbox, complaints: Complaints
) -> None:
    complaints.expect("status of 503", "Response Status Error Code 503")
    call = opened(page, thread, sandbox)
    sandbox.script(f"/conversations/messages/{call.id}/", Answer(500), times=2)
    call.play.click()
    expect(call.card.get_by_role("alert")).to_have_attribute("data-error", "unavailable")
    call.card.get_by_role("link", name="Try again").click()
    expect(call.card.get_by_role("alert")).to_have_count(0)
    expect(call.note).to_contain_text("did not play")
    call.play.click()
    call.heard(0)
    expect(call.note).to_be_empty()


def test_a_failed_transcript_can_be_tried_again(
    page: Page, thread: str, sandbox: Sandbox, complaints: Complaints
) -> None:
    complaints.expect("status of 503", "Response Status Error Code 503")
    call = opened(page, thread, sandbox)
    sandbox.script(f"/conversations/locations/{sandbox.locations[0]}/", Answer(500))
    call.card.locator(".strip > summary").click()
    expect(call.card.get_by_role("alert")).to_have_attribute("data-error", "unavailable")
    call.card.get_by_role("link", name="Try again").click()
    expect(call.sentences).to_have_count(12)
    expect(call.card.get_by_role("alert")).to_have_count(0)


def test_a_recording_is_taken_away(page: Page, thread: str, sandbox: Sandbox) -> None:
    call = opened(page, thread, sandbox)
    with page.expect_download() as taken:
        call.card.get_by_role("link", name="Download recording").click()
    assert re.fullmatch(r"call-\d{4}-\d\d-\d\d-\d{4}\.wav", taken.value.suggested_filename)
    assert Path(taken.value.path()).read_bytes()[:4] == b"RIFF"


def test_a_link_to_a_sentence_starts_there(page: Page, thread: str, sandbox: Sandbox) -> None:
    call = opened(page, thread, sandbox)
    page.goto(f"{thread.replace('/inbox/', '/transcript/')}{call.id}/?at=20")
    page.locator("audio").evaluate(SLOWLY)
    page.get_by_role("button", name="Play", exact=True).click()
    call.heard(19.9, 25)
    expect(page.locator('[data-sentence][aria-current="true"]')).to_have_count(1)


def test_without_a_script_there_are_the_browsers_controls_and_links(
    plain_page: Page, thread: str, sandbox: Sandbox
) -> None:
    plain_page.goto(thread)
    call = Call(plain_page, sandbox.world.showcase["recorded_array"])
    expect(call.audio).to_be_visible()
    expect(call.play).to_be_hidden()
    call.card.locator(".strip > summary").click()
    follow(plain_page, call.card.get_by_role("link", name="Show the transcript"))
    audio = plain_page.locator(f'audio[data-recording="{call.id}"]')
    expect(audio).to_be_visible()
    expect(plain_page.get_by_role("searchbox", name="Find in the transcript")).to_be_hidden()
    third = plain_page.locator("[data-sentence]").nth(2)
    start = third.get_attribute("data-start")
    follow(plain_page, third)
    expect(audio).to_have_attribute("src", re.compile(rf"#t={start}$"))
    follow(plain_page, plain_page.get_by_role("link", name="Back to the conversation"))
    expect(plain_page).to_have_url(re.compile(rf"{thread}{call.id}/$"))
