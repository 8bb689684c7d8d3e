"""Recordings over real HTTP: streamed, bounded, and told from what is none."""

import gzip
import logging
import traceback
from collections.abc import Callable, Iterator

import pytest

from conversations_ui.highlevel import client as client_module
from conversations_ui.highlevel.client import Client
from conversations_ui.highlevel.errors import (
    BadAnswer,
    HighLevelError,
    NoRecording,
    NotFound,
    Unavailable,
)
from conversations_ui.highlevel.streams import Stream
from tests.test_client import TOKEN, TRACE, Wire

WAV = b"RIFF\x24\x00\x00\x00WAVE" + bytes(range(256)) * 1000


@pytest.fixture
def wire() -> Iterator[Wire]:
    wire = Wire()
    yield wire
    wire.stop()


@pytest.fixture
def client(wire: Wire) -> Client:
    return Client(TOKEN, base_url=wire.url, timeout=(1, 0.2))


def heard(client: Client) -> bytes:
    with client.recording("m1", "l1") as stream:
        return b"".join(stream.chunks)


def test_a_recording_is_asked_for_by_its_path(wire: Wire, client: Client) -> None:
    wire.answer(200, WAV, content_type="audio/x-wav; charset=binary")
    with client.recording("m/1", "l1", index=1) as stream:
        assert (stream.content_type, stream.length) == ("audio/x-wav", len(WAV))
        assert b"".join(stream.chunks) == WAV
    (seen,) = wire.seen
    assert seen.target == "/conversations/messages/m%2F1/locations/l1/recording?index=1"
    assert seen.headers["version"] == "2021-04-15"
    assert seen.headers["accept"] == "audio/*"
    assert seen.headers["authorization"] == f"Bearer {TOKEN}"
    assert heard(client) == WAV
    assert wire.seen[1].target.endswith("/recording")


def test_a_transcript_is_asked_for_by_its_path(wire: Wire, client: Client) -> None:
    wire.answer(200, [{"transcript": "Hello", "startTime": "1000", "endTime": "1500"}])
    (said,) = client.transcription("l1", "m1", duration=2).sentences
    assert (said.text, said.start) == ("Hello", 1.0)
    (seen,) = wire.seen
    # The ids stand the other way round here.
    assert seen.target == "/conversations/locations/l1/messages/m1/transcription"
    assert seen.headers["version"] == "2021-04-15"


def test_it_comes_in_pieces(wire: Wire, client: Client) -> None:
    wire.answer(200, WAV)
    with client.recording("m1", "l1") as stream:
        pieces = list(stream.chunks)
    assert len(pieces) > 2
    assert max(map(len, pieces)) <= 65_536
    assert b"".join(pieces) == WAV


def test_a_packed_recording_is_unpacked_and_has_no_length(wire: Wire, client: Client) -> None:
    wire.answer(200, gzip.compress(WAV), content_encoding="gzip")
    with client.recording("m1", "l1") as stream:
        assert stream.length is None
        assert b"".join(stream.chunks) == WAV


def test_who_stops_listening_hangs_up(wire: Wire, client: Client) -> None:
    wire.drip(b"HTTP/1.1 200 OK\r\n\r\n" + WAV, b" ")
    with client.recording("m1", "l1") as stream:
        assert next(stream.chunks)
    assert wire.hung_up.wait(10)


def test_no_recording_is_an_answer_of_its_own(wire: Wire, client: Client) -> None:
    wire.answer(422, {"message": "Message does not have recording", "traceId": TRACE})
    with pytest.raises(NoRecording) as caught:
        heard(client)
    assert isinstance(caught.value, NotFound)
    assert (caught.value.code, caught.value.status) == ("not-found", 422)


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        (401, HighLevelError, "unauthorized"),
        (403, HighLevelError, "forbidden"),
        (404, NotFound, "not-found"),
        (422, BadAnswer, "bad-answer"),
        (429, HighLevelError, "rate-limited"),
        (302, BadAnswer, "bad-answer"),
        (503, Unavailable, "unavailable"),
    ],
)
def test_a_refusal_is_the_error_it_is_elsewhere(
    wire: Wire, client: Client, status: int, error: type[HighLevelError], code: str
) -> None:
    wire.answer(status, {"message": "no", "traceId": TRACE}, location=f"{wire.url}/elsewhere")
    with pytest.raises(error) as caught:
        heard(client)
    assert caught.value.code == code
    assert caught.value.trace_id == TRACE
    assert len(wire.seen) == 1


def test_more_than_may_be_is_cut_off(
    wire: Wire, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "MAX_RECORDING", 100_000)
    wire.answer(200, WAV[:100_000])
    assert len(heard(client)) == 100_000
    wire.answer_bytes(b"HTTP/1.1 200 OK\r\n\r\n" + WAV[:100_001])
    with pytest.raises(BadAnswer):
        heard(client)


def test_a_recording_has_a_clock_of_its_own(wire: Wire, client: Client) -> None:
    drops = [b"HTTP/1.1 200 OK\r\ncontent-length: 30\r\n\r\n", *[b"x"] * 30]

    def slowly(send: Callable[[bytes], object]) -> bool:
        for drop in drops:
            send(drop)
            wire.stopped.wait(0.02)  # in all, three times what a page of messages may take
        return False

    wire.reply = slowly
    assert heard(client) == b"x" * 30


def test_a_dripping_recording_is_unavailable(
    wire: Wire, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "RECORDING_SECONDS", 0.2)
    wire.drip(b"HTTP/1.1 200 OK\r\n\r\n", b" ")
    with pytest.raises(Unavailable):
        heard(client)
    assert wire.hung_up.wait(10)


def half(wire: Wire) -> None:
    wire.answer_bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nRIFF")


def broken_gzip(wire: Wire) -> None:
    wire.answer(200, b"\x1f\x8b no gzip", content_encoding="gzip")


def nothing(wire: Wire) -> None:
    wire.answer_bytes(b"")


def echo(wire: Wire) -> None:
    wire.answer(403, {"message": f"bad Bearer {TOKEN}", "traceId": TOKEN})


@pytest.mark.parametrize("fault", [half, broken_gzip, nothing, echo])
def test_the_token_shows_nowhere(
    wire: Wire, client: Client, caplog: pytest.LogCaptureFixture, fault: Callable[[Wire], None]
) -> None:
    fault(wire)
    caplog.set_level(logging.DEBUG)
    with pytest.raises(HighLevelError) as caught:
        heard(client)
    error = caught.value
    assert error.__context__ is None
    assert error.__cause__ is None
    told = traceback.TracebackException.from_exception(error, capture_locals=True).format()
    shown = [*told, repr(error), str(error), repr(vars(error)), caplog.text]
    assert TOKEN in repr(wire.seen)
    assert [text for text in shown if TOKEN in text] == []


def test_what_is_said_does_not_show_in_a_log(wire: Wire, client: Client) -> None:
    wire.answer(200, WAV, content_type="audio/wav")
    with client.recording("m1", "l1") as stream:
        assert repr(stream) == f"Stream(content_type='audio/wav', length={len(WAV)})"
        assert isinstance(stream, Stream)


def test_a_call_is_logged_in_one_line(
    wire: Wire, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="conversations_ui.highlevel")
    wire.answer(200, WAV)
    heard(client)
    nothing(wire)
    with pytest.raises(Unavailable):
        heard(client)
    path = "GET /conversations/messages/m1/locations/l1/recording"
    first, second = (record.getMessage() for record in caplog.records)
    assert first.startswith(f"{path} 200 ")
    assert second.startswith(f"{path} ConnectionError ")
