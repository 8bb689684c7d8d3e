"""Transcripts: every form they come in, and what the reader gets of them."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from django.core.cache import caches
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversations_ui.accounts.models import SubAccount
from conversations_ui.highlevel.transcripts import Transcript, is_transcript
from conversations_ui.highlevel.values import parse
from conversations_ui.sandbox import Answer, Sandbox
from tests.pages import alert, fragment, one, page, thread_path, value, words

SAID = (
    (0.0, 2.4, "Good morning, Northside Dental."),
    (2.9, 6.0, "Hi, I need to move my cleaning."),
    (61.25, 63.0, "Sure."),
)
Raw = dict[str, Any]


def rows(unit: int = 1, spell: Any = float) -> list[Raw]:
    """Write the sentences as the API might: in seconds or milliseconds, as numbers or strings."""
    return [
        {
            "mediaChannel": spell(1 + place % 2),
            "sentenceIndex": spell(place),
            "startTime": spell(start * unit),
            "endTime": spell(end * unit),
            "transcript": text,
            "confidence": spell(0.9),
        }
        for place, (start, end, text) in enumerate(SAID)
    ]


def starts(raw: object, duration: float | None = None) -> list[float | None]:
    found = Transcript.from_api(raw, duration=duration)
    return [sentence.start for sentence in found.sentences]


SECONDS, MILLISECONDS = 1, 1000
WRAPPERS = [None, "sentences", "transcriptions", "transcription", "data", "transcript"]


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("unit", [SECONDS, MILLISECONDS])
@pytest.mark.parametrize("spell", [float, str], ids=["numbers", "strings"])
@pytest.mark.parametrize("duration", [None, 0, 66, 3600])
def test_every_form_is_the_same_transcript(
    wrapper: str | None, unit: int, spell: Any, duration: float | None
) -> None:
    raw: object = rows(unit, spell)
    if wrapper:
        raw = {wrapper: raw, "traceId": "t"}
    found = Transcript.from_api(raw, duration=duration)
    assert is_transcript(raw)
    assert [(said.start, said.end, said.text) for said in found.sentences] == list(SAID)
    assert {said.confidence for said in found.sentences} == {0.9}


@pytest.mark.parametrize("unit", [SECONDS, MILLISECONDS])
@pytest.mark.parametrize("duration", [None, 7.0, 3600.0])
def test_a_single_sentence_is_a_transcript(unit: int, duration: float | None) -> None:
    raw = rows(unit, str)[1]
    assert is_transcript(raw)
    assert starts(raw, duration) == [2.9]


def test_a_whole_second_is_a_second() -> None:
    raw = [{"startTime": 30, "endTime": 34, "transcript": "Please call me back today."}]
    assert starts(raw, 34) == [30]
    assert starts(raw) == [30]


def test_without_ends_the_reach_of_the_times_tells_the_unit() -> None:
    raw = [{"startTime": start * 1000, "transcript": text} for start, _end, text in SAID]
    assert starts(raw) == [start for start, _end, _text in SAID]


def test_a_wait_on_hold_does_not_change_the_unit() -> None:
    raw = [{"startTime": 600, "endTime": 601, "transcript": "Hello?"}]
    assert starts(raw, 620) == [600]
    assert starts(raw) == [600]


def test_wrappers_within_wrappers_are_opened() -> None:
    assert starts({"data": {"sentences": rows()}}) == [0.0, 2.9, 61.25]
    assert starts({"transcription": rows()[1]}) == [2.9]


def test_sentences_come_in_the_order_they_were_said() -> None:
    assert starts(rows()[::-1]) == [0.0, 2.9, 61.25]
    each_on_its_own = [row | {"sentenceIndex": 0} for row in rows()[::-1]]
    assert starts(each_on_its_own) == [0.0, 2.9, 61.25]
    untimed = [{"sentenceIndex": "1", "text": "b"}, {"sentenceIndex": "0", "text": "a"}]
    assert [said.text for said in Transcript.from_api(untimed).sentences] == ["a", "b"]


@pytest.mark.parametrize("raw", ["All of it", ["All of it"], {"transcription": "All of it"}])
def test_a_bare_text_is_one_sentence(raw: object) -> None:
    (said,) = Transcript.from_api(raw).sentences
    assert (said.text, said.start, said.speaker) == ("All of it", None, "")


@pytest.mark.parametrize("field", ["startTime", "endTime", "confidence", "speaker", "mediaChannel"])
@pytest.mark.parametrize("odd", [None, "", "soon", -1, True, [], {}, 10**400])
def test_an_odd_field_is_unknown_and_loses_no_words(field: str, odd: object) -> None:
    (said,) = Transcript.from_api({"transcript": "Hello", field: odd}).sentences
    assert said.text == "Hello"
    assert said.start is None
    assert said.end is None
    assert said.confidence is None


def test_a_sentence_without_words_is_left_out() -> None:
    assert starts([{"startTime": 1, "transcript": " "}, {"startTime": 2}, None, 7]) == []


@pytest.mark.parametrize(
    ("raw", "is_one"),
    [
        ([], True),
        ({}, True),
        ({"traceId": "t"}, True),
        ({"sentences": []}, True),
        ({"data": None}, True),
        ({"message": "no"}, False),
        ("text", False),
        (None, False),
        (7, False),
    ],
)
def test_what_is_no_transcript_is_told_from_an_empty_one(raw: object, is_one: bool) -> None:
    assert is_transcript(raw) is is_one
    if is_one:
        assert starts(raw) == []


ANYTHING = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
NAMES = [
    "sentences",
    "transcriptions",
    "transcription",
    "data",
    "transcript",
    "text",
    "startTime",
    "endTime",
]
NAMES += ["confidence", "speaker", "mediaChannel", "sentenceIndex", "traceId"]
ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**400)
    | st.floats()
    | st.text()
    | st.sampled_from(["1", "0.5", "1e308", "-1"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=3), inner, max_size=5)
    ),
    max_leaves=25,
)


@ANYTHING
@given(raw=ANY_JSON, duration=st.none() | st.floats(0, 1e9))
def test_no_json_value_makes_it_raise(raw: object, duration: float | None) -> None:
    found = Transcript.from_api(raw, duration=duration)
    assert is_transcript(raw) in (True, False)
    for said in found.sentences:
        assert said.text.strip()
        assert all(at is None or (at >= 0 and math.isfinite(at)) for at in (said.start, said.end))
        assert said.confidence is None or 0 <= said.confidence <= 1


@ANYTHING
@given(raw=ANY_JSON)
def test_nor_does_it_as_read_from_the_wire(raw: object) -> None:
    Transcript.from_api(parse(json.dumps(raw).encode()))


@ANYTHING
@given(
    lengths=st.lists(st.tuples(st.floats(0, 30), st.integers(1, 60)), min_size=1, max_size=12),
    pace=st.floats(0.04, 0.5),
    told=st.booleans(),
    spell=st.sampled_from([float, str]),
)
def test_the_unit_is_told_by_how_people_speak(
    lengths: list[tuple[float, int]], pace: float, told: bool, spell: Any
) -> None:
    at, said = 0.0, []
    for pause, letters in lengths:
        said.append((at + pause, at + pause + letters * pace, "x" * letters))
        at = said[-1][1]
    for unit in (SECONDS, MILLISECONDS):
        raw = [
            {"startTime": spell(start * unit), "endTime": spell(end * unit), "transcript": text}
            for start, end, text in said
        ]
        assert starts(raw, at if told else None) == pytest.approx([start for start, *_ in said])


# What the reader gets


class Calls:
    """A reader in front of the sample calls."""

    def __init__(self, client: Client, account: SubAccount, sandbox: Sandbox) -> None:
        self.client, self.account, self.sandbox = client, account, sandbox
        self.conversation = sandbox.world.call_conversation_id

    def path(self, message_id: str) -> str:
        return f"/transcript/{self.account.location_id}/{self.conversation}/{message_id}/"

    def id(self, label: str) -> str:
        return self.sandbox.world.showcase[label]

    def part(self, label: str) -> Tag:
        answer = fragment(self.client, self.path(self.id(label)))
        assert answer.status_code == 200
        return one(page(answer), f"#transcript-{self.id(label)}")

    def lasts(self, label: str, seconds: object) -> None:
        """Let a call have lasted that long."""
        raw = self.sandbox.world.messages[self.id(label)]
        call = {"call": {"duration": seconds, "status": "completed"}}
        caches["upstream"].clear()
        place = f"/conversations/messages/{self.id(label)}"
        self.sandbox.script(place, Answer(200, {"message": raw | {"meta": call}}))

    def script(self, label: str, *answers: Answer) -> None:
        place = f"/conversations/locations/{self.account.location_id}/messages/{self.id(label)}"
        self.sandbox.script(place, *answers)


@pytest.fixture
def calls(reader_client: Client, sub_account: SubAccount, sandbox: Sandbox) -> Calls:
    caches["upstream"].clear()
    reader_client.get(thread_path(sub_account, sandbox.world.call_conversation_id))
    sandbox.clear()
    return Calls(reader_client, sub_account, sandbox)


def sentences(part: Tag) -> list[tuple[float, str, str]]:
    return [
        (
            float(value(said, "data-start")),
            words(one(said, "time")),
            words(one(said, "[data-words]")),
        )
        for said in part.select("[data-sentence]")
    ]


FORMS = ("array", "sentences", "transcriptions", "data", "documented")


@pytest.mark.parametrize("form", FORMS)
def test_all_sample_forms_are_read(calls: Calls, sandbox: Sandbox, form: str) -> None:
    found = sandbox.world.transcripts[calls.id(f"recorded_{form}")]
    shown = sentences(calls.part(f"recorded_{form}"))
    assert [start for start, _clock, _text in shown] == [part.start for part in found.sentences]
    assert [text for _start, _clock, text in shown] == [
        " ".join(part.text.split()) for part in found.sentences
    ]
    assert len(sandbox.requests) == 1


def test_speakers_are_named(calls: Calls) -> None:
    for form in ("array", "documented"):
        shown = calls.part(f"recorded_{form}")
        assert {words(name) for name in shown.select("b")} == {"Speaker 1", "Speaker 2"}


@pytest.mark.parametrize("channels", [(1, 2), ("1", "2"), (1.0, 2.0), ("1.0", "2.0")])
def test_a_channel_is_a_number_in_any_form(calls: Calls, channels: tuple[object, object]) -> None:
    raw = [
        {"startTime": place, "transcript": "Hello there", "mediaChannel": channel}
        for place, channel in enumerate(channels)
    ]
    calls.script("recorded_array", Answer(200, list(raw)))
    named = [words(name) for name in calls.part("recorded_array").select("b")]
    assert named == ["Speaker 1", "Speaker 2"]


def test_a_lone_speaker_is_not(calls: Calls) -> None:
    shown = calls.part("recorded_object")
    assert len(shown.select("[data-sentence]")) == 1
    assert shown.select("b") == []


@pytest.mark.parametrize(
    ("start", "clock"),
    [(0, "0:00"), (59.99, "0:59"), (61.25, "1:01"), (3600, "1:00:00"), (20_000, "5:33:20")],
)
def test_times_are_readable(calls: Calls, start: float, clock: str) -> None:
    raw = [{"startTime": start, "endTime": start + 1, "transcript": "Hello there"}]
    calls.lasts("recorded_array", 21_000)
    calls.script("recorded_array", Answer(200, {"sentences": raw}))
    (said,) = calls.part("recorded_array").select("[data-sentence]")
    time = one(said, "time")
    assert (words(time), value(said, "data-start")) == (clock, f"{start:g}")
    assert value(time, "datetime") == f"PT{start:g}S"


def test_a_sentence_without_a_time_is_shown(calls: Calls) -> None:
    calls.script("recorded_array", Answer(200, ["Only words"]))
    (said,) = calls.part("recorded_array").select("[data-sentence]")
    assert value(said, "data-start") == ""
    assert said.select("time") == []
    assert words(said) == "Only words"


@pytest.mark.parametrize(
    ("confidence", "unsure"),
    [(0.59, True), ("0.2", True), (0, True), (0.6, False), (1, False), (None, False), (7, False)],
)
def test_what_was_not_heard_clearly_is_marked(
    calls: Calls, confidence: object, unsure: bool
) -> None:
    raw = [{"startTime": 1, "transcript": "Oakwood", "confidence": confidence}]
    calls.script("recorded_array", Answer(200, list(raw)))
    shown = calls.part("recorded_array")
    assert len(shown.select(".unsure[title]")) == unsure
    assert ("not heard clearly" in words(shown)) is unsure


def test_what_was_said_is_text(calls: Calls) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    raw = [{"startTime": 1, "transcript": hostile, "speaker": hostile}]
    calls.script("recorded_array", Answer(200, [*raw, {"transcript": "b", "speaker": "b"}]))
    shown = calls.part("recorded_array")
    assert shown.select("img") == []
    assert words(shown).count(hostile) == 2


def test_a_transcript_that_is_not_there_is_no_failure(calls: Calls) -> None:
    shown = calls.part("unrecorded")
    assert "No transcript" in words(shown)
    assert shown.select("[role=alert], [data-sentence], input") == []
    for empty in (Answer(200, []), Answer(200, {"sentences": []}), Answer(200, {"traceId": "t"})):
        calls.script("recorded_array", empty)
        assert "No transcript" in words(calls.part("recorded_array"))


@pytest.mark.parametrize(
    ("answer", "code", "status"),
    [
        (Answer(500, {"message": "no"}), "unavailable", 503),
        (Answer(401, {"message": "The token is not authorized for this scope."}), "scope", 502),
        (Answer(200, {"message": "no"}), "bad-answer", 502),
        (Answer(429, {"message": "Too Many Requests"}), "rate-limited", 503),
    ],
)
def test_a_failure_is_shown_in_its_place(
    calls: Calls, answer: Answer, code: str, status: int
) -> None:
    message_id = calls.id("recorded_array")
    for ask in (fragment, Client.get):
        calls.script("recorded_array", answer)
        failed = ask(calls.client, calls.path(message_id))
        assert failed.status_code == status
        shown = one(page(failed), f"#transcript-{message_id}")
        assert alert(shown)["data-error"] == code
        retry = one(shown, "[data-retry]")
        assert value(retry, "href") == calls.path(message_id)
        assert value(retry, "hx-target") == f"#transcript-{message_id}"


def test_the_page_holds_the_sound_and_the_words(calls: Calls) -> None:
    message_id = calls.id("recorded_array")
    answer = calls.client.get(f"{calls.path(message_id)}?at=12.5")
    shown = page(answer)
    assert answer.content.lstrip().startswith(b"<!doctype html>")
    audio = one(shown, f'audio[data-recording="{message_id}"][controls][preload="none"]')
    recording = calls.path(message_id).replace("/transcript/", "/recording/")
    assert value(audio, "src") == f"{recording}#t=12.5"
    assert words(one(shown, f"#transcript-{message_id}")) == words(calls.part("recorded_array"))
    # Without a script a sentence is a link to the same page, where the recording starts there.
    second = shown.select("[data-sentence]")[1]
    again = calls.client.get(value(second, "href"))
    assert f"#t={value(second, 'data-start')}" in value(one(page(again), "audio"), "src")
    assert thread_path(calls.account, calls.conversation, message_id) in {
        link["href"] for link in shown.select("a[href]")
    }


def test_it_is_taken_away_as_text(calls: Calls) -> None:
    raw = [
        {"startTime": 1.5, "endTime": 3, "transcript": "Hello\nthere", "speaker": "Anna"},
        {"startTime": 3700, "endTime": 3702, "transcript": "Ciao, à demain", "mediaChannel": 2},
        {"startTime": 3703, "endTime": 3704, "transcript": "Nobody knows who"},
    ]
    calls.lasts("recorded_array", 3710)
    calls.script("recorded_array", Answer(200, list(raw)))
    answer = calls.client.get(f"{calls.path(calls.id('recorded_array'))}?download=1")
    assert answer.content.decode() == (
        "00:01 Anna: Hello there\n1:01:40 Speaker 2: Ciao, à demain\n1:01:43 Nobody knows who\n"
    )
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"].startswith('attachment; filename="call-20')
    assert answer["Content-Disposition"].endswith('.txt"')


def test_a_call_that_is_not_known_costs_one_call_more(calls: Calls, sandbox: Sandbox) -> None:
    caches["upstream"].clear()
    calls.part("recorded_transcriptions")
    assert [seen.path.rpartition("/")[2] for seen in sandbox.requests] == [
        calls.id("recorded_transcriptions"),
        "transcription",
    ]


def test_another_conversations_call_is_not_found(
    calls: Calls, sandbox: Sandbox, sub_account: SubAccount
) -> None:
    calls.conversation = sandbox.world.long_conversation_id
    for known in (True, False):
        if not known:
            caches["upstream"].clear()
        answer = fragment(calls.client, calls.path(calls.id("recorded_array")))
        assert answer.status_code == 404
        assert not any("transcription" in seen.path for seen in sandbox.requests)


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/transcript/LOC/CONV/a.b/", "message"),
        ("/transcript/LOC/a.b/m1/", "conversation"),
        ("/transcript/LOC/CONV/m1/?at=soon", "at"),
        ("/transcript/LOC/CONV/m1/?download=2", "download"),
        ("/recording/LOC/CONV/a.b/", "message"),
        ("/recording/LOC/CONV/m1/?download=yes", "download"),
    ],
)
def test_a_wrong_address_names_what_is_wrong(calls: Calls, path: str, field: str) -> None:
    path = path.replace("LOC", calls.account.location_id).replace("CONV", calls.conversation)
    answer = calls.client.get(path)
    assert answer.status_code == 400
    shown: BeautifulSoup = page(answer)
    assert one(shown, "[role=alert] li")["data-field"] == field
    assert calls.sandbox.requests == []
