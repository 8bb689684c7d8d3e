"""Recordings: handed out in parts, fetched once, to those who may hear them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from django.core.cache import caches
from django.http import HttpResponseBase
from django.test import Client
from pytest_django import Settings

from conversations_ui.accounts.models import SubAccount, User
from conversations_ui.sandbox import Answer, Sandbox
from conversations_ui.sandbox.media import recording as sample
from conversations_ui.services import recordings
from conversations_ui.services.spool import Spool, private_folder
from tests.conftest import signed_in
from tests.pages import HTMX, INERT, alert, one, page, policy, thread_path, words


class Calls:
    """A reader who listens to the sample calls."""

    def __init__(self, client: Client, account: SubAccount, sandbox: Sandbox) -> None:
        self.client, self.account, self.sandbox = client, account, sandbox
        self.conversation = sandbox.world.call_conversation_id
        self.answers: list[Any] = []

    def id(self, label: str) -> str:
        return self.sandbox.world.showcase[label]

    def path(self, label: str = "recorded_array") -> str:
        location_id = self.account.location_id
        return f"/recording/{location_id}/{self.conversation}/{self.id(label)}/"

    def get(self, label: str = "recorded_array", query: str = "", **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append(self.client.get(self.path(label) + query, headers=named))
        return self.answers[-1]

    def whole(self, label: str = "recorded_array") -> bytes:
        """What the API has."""
        message_id = self.id(label)
        return sample(self.sandbox.world.recordings[message_id], message_id)

    def script(self, *answers: Answer, label: str = "recorded_array") -> None:
        place = f"/conversations/messages/{self.id(label)}/locations/"
        self.sandbox.script(place, *answers)

    def asked(self) -> list[str]:
        """The upstream calls since the thread was opened, by the last step of their paths."""
        return [seen.path.rpartition("/")[2] for seen in self.sandbox.requests]


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A machine on which nobody has listened to anything yet."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    caches["upstream"].clear()
    yield
    caches["upstream"].clear()


@pytest.fixture
def calls(reader_client: Client, sub_account: SubAccount, sandbox: Sandbox) -> Iterator[Calls]:
    reader_client.get(thread_path(sub_account, sandbox.world.call_conversation_id))
    sandbox.clear()
    calls = Calls(reader_client, sub_account, sandbox)
    yield calls
    for answer in calls.answers:
        answer.close()  # as every server does


def body(answer: HttpResponseBase) -> bytes:
    assert answer.streaming
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]


# Parts


def test_the_whole_recording(calls: Calls) -> None:
    answer = calls.get()
    assert answer.status_code == 200
    assert body(answer) == calls.whole()
    assert answer["Content-Length"] == str(len(calls.whole()))
    assert answer["Content-Type"] == "audio/wav"
    assert answer["Accept-Ranges"] == "bytes"
    assert "Content-Range" not in answer


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-", 0, -1),
        ("bytes=0-0", 0, 0),
        ("bytes=1000-1999", 1000, 1999),
        ("bytes=300000-", 300_000, -1),
        ("bytes=-1", -1, -1),
        ("bytes=-70000", -70_000, -1),
        ("bytes=100-99999999", 100, -1),
        ("bytes=-99999999", 0, -1),
        (" bytes=5-9 ", 5, 9),
    ],
)
def test_a_part_of_it(calls: Calls, asked: str, first: int, last: int) -> None:
    whole = calls.whole()
    first, last = first % len(whole), last % len(whole)
    answer = calls.get(Range=asked)
    assert answer.status_code == 206
    assert answer["Content-Range"] == f"bytes {first}-{last}/{len(whole)}"
    assert answer["Content-Length"] == str(last - first + 1)
    assert body(answer) == whole[first : last + 1]


@pytest.mark.parametrize(
    "asked",
    ["", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=9-5", "bytes=0-1,5-9", "lines=0-5"]
    + ["bytes=--5", "bytes=0x0-5", "bytes=1-5-9", "bytes=" + "9" * 5000 + "-"],
)
def test_what_is_no_part_is_answered_with_the_whole(calls: Calls, asked: str) -> None:
    answer = calls.get(Range=asked)
    assert answer.status_code == 200
    assert body(answer) == calls.whole()


@pytest.mark.parametrize("asked", ["bytes=384044-", "bytes=999999999-", "bytes=-0"])
def test_a_part_beyond_its_end(calls: Calls, asked: str) -> None:
    assert len(calls.whole()) == 384_044
    answer = calls.get(Range=asked)
    assert answer.status_code == 416
    assert answer["Content-Range"] == "bytes */384044"
    assert answer.content == b""


def test_a_part_of_another_version_is_the_whole(calls: Calls) -> None:
    answer = calls.get(Range="bytes=0-9", If_Range='"once"')
    assert answer.status_code == 200
    assert len(body(answer)) == len(calls.whole())


def test_it_is_never_packed(calls: Calls) -> None:
    answer = calls.get(Accept_Encoding="gzip", Range="bytes=0-9999")
    assert answer["Content-Length"] == "10000"
    assert len(body(answer)) == 10_000


def test_it_can_only_be_read(calls: Calls) -> None:
    head = calls.client.head(calls.path(), headers={"Range": "bytes=0-9"})
    assert (head.status_code, head["Content-Length"], head["Accept-Ranges"]) == (206, "10", "bytes")
    assert body(head) == b""
    calls.sandbox.clear()
    for method in ("post", "put", "delete", "options"):
        assert getattr(calls.client, method)(calls.path()).status_code == 405
    assert calls.asked() == []


# What it is shown as


@pytest.mark.parametrize(
    ("start", "content_type", "ending"),
    [
        (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav", "wav"),
        (b"ID3\x04", "audio/mpeg", "mp3"),
        (b"\xff\xfb\x90\x00", "audio/mpeg", "mp3"),
        (b"\xff\xf3\x40\xc0", "audio/mpeg", "mp3"),
        (b"\xff\xf1\x50\x80", "audio/aac", "aac"),
        (b"OggS\x00", "audio/ogg", "ogg"),
        (b"fLaC", "audio/flac", "flac"),
        (b"\0\0\0\x20ftypM4A ", "audio/mp4", "m4a"),
        (b"\x1aE\xdf\xa3", "audio/webm", "webm"),
    ],
)
def test_what_it_begins_with_decides_what_it_is(
    calls: Calls, start: bytes, content_type: str, ending: str
) -> None:
    for said in ("audio/x-wav", "text/html", ""):
        caches["upstream"].clear()
        headers = {"Content-Type": said}
        calls.script(Answer(200, start + b"\0" * 400, headers=headers))
        answer = calls.get()
        assert answer["Content-Type"] == content_type
        assert answer["Content-Disposition"].startswith('inline; filename="call-20')
        assert answer["Content-Disposition"].endswith(f'.{ending}"')
        assert body(answer)[:4] == start[:4]


@pytest.mark.parametrize(
    "content",
    [b"<html><script>alert(1)</script>", b"RIFF\0\0\0\0AVI ", b"%PDF-1.4", b"\xff\xd8\xff\xe0"]
    + [b"\0", b"\xff", b"<svg/>", b"WAVE"],
)
def test_anything_else_can_only_be_taken_away(calls: Calls, content: bytes) -> None:
    calls.script(Answer(200, content, headers={"Content-Type": "text/html"}))
    answer = calls.get()
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment; ")
    assert body(answer) == content


def test_nothing_else_can_be_made_of_it(calls: Calls) -> None:
    for label, query in (("recorded_array", ""), ("recorded_array", "?download=1")):
        answer = calls.get(label, query)
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert policy(answer) == INERT
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "no-store" in answer["Cache-Control"]


def test_it_is_taken_away_under_a_name_that_tells_what_it_is(
    calls: Calls, sub_account: SubAccount
) -> None:
    sub_account.time_zone = "America/Chicago"
    sub_account.save()
    raw = calls.sandbox.world.messages[calls.id("recorded_array")]
    caches["upstream"].clear()
    for status, kind in (("completed", "call"), ("voicemail", "voicemail")):
        caches["upstream"].clear()
        call = {"meta": {"call": {"status": status}}, "dateAdded": "2026-07-01T03:04:05.000Z"}
        place = f"/conversations/messages/{raw['id']}"
        calls.sandbox.script(place, Answer(200, {"message": raw | call}))
        answer = calls.get(query="?download=1")
        name = f"{kind}-2026-06-30-2204.wav"
        assert answer["Content-Disposition"] == f'attachment; filename="{name}"'


# What it costs


def test_opening_a_thread_with_calls_asks_for_no_recording(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    sandbox.clear()
    reader_client.get(thread_path(sub_account, sandbox.world.call_conversation_id))
    paths = [seen.path for seen in sandbox.requests]
    assert len([path for path in paths if path.endswith("/messages")]) == 1
    assert not any("recording" in path or "transcription" in path for path in paths)


def test_however_much_is_heard_it_is_asked_for_once(calls: Calls) -> None:
    for asked in ("bytes=0-", "bytes=1000-", "bytes=-5", ""):
        calls.get(Range=asked)
    calls.get(query="?download=1")
    assert calls.asked() == ["recording"]


def test_a_call_that_is_not_known_costs_one_call_more(calls: Calls) -> None:
    caches["upstream"].clear()
    calls.get()
    assert calls.asked() == [calls.id("recorded_array"), "recording"]
    calls.get()
    assert len(calls.asked()) == 2


def test_a_missing_recording_is_not_asked_for_again_at_once(calls: Calls) -> None:
    for _ in range(3):
        assert calls.get("unrecorded").status_code == 404
    assert calls.asked() == ["recording"]


def test_a_failure_is_not_kept(calls: Calls) -> None:
    calls.script(Answer(500), Answer(200, b"RIFF\0\0\0\0WAVE", headers={}))
    assert calls.get().status_code == 503
    assert calls.get().status_code == 200


def test_a_recording_that_breaks_off_is_not_kept(calls: Calls, tmp_path: Path) -> None:
    calls.script(Answer(cut=0.5))
    assert calls.get().status_code == 503
    assert [path for path in tmp_path.rglob("*") if path.suffix in (".kept", ".part")] == []
    assert body(calls.get()) == calls.whole()


# Who may hear it


def test_it_is_of_its_own_conversation_only(calls: Calls) -> None:
    calls.get()
    for known in (True, False):
        if not known:
            caches["upstream"].clear()
        calls.sandbox.clear()
        calls.conversation = calls.sandbox.world.long_conversation_id
        answer = calls.get()
        assert answer.status_code == 404
        assert alert(page(answer))["data-error"] == "not-found"
        assert "recording" not in calls.asked()


def test_a_message_of_another_sub_account_is_not_found(calls: Calls) -> None:
    world = calls.sandbox.world
    foreign = world.threads[world.foreign_conversation_id][0]["id"]
    path = f"/recording/{calls.account.location_id}/{world.foreign_conversation_id}/{foreign}/"
    assert calls.client.get(path).status_code == 404
    assert "recording" not in calls.asked()


def test_access_is_asked_for_each_time(calls: Calls, reader: User) -> None:
    calls.get()
    calls.sandbox.clear()
    reader.grants.all().delete()
    assert calls.get(Range="bytes=0-9").status_code == 404
    stranger = signed_in(User.objects.create_user("stranger"))
    assert stranger.get(calls.path()).status_code == 404
    assert Client().get(calls.path()).status_code == 302
    assert calls.asked() == []


# What is not there


def test_no_recording_is_said_calmly(calls: Calls) -> None:
    answer = calls.get("unrecorded")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.decode() == "HighLevel has no recording of this call."
    part = calls.get("unrecorded", **HTMX)
    assert part.status_code == 200
    shown = one(page(part), f"#note-{calls.id('unrecorded')}.player__note")
    assert "No recording" in words(shown)
    assert shown.select("[role=alert], [data-error]") == []


@pytest.mark.parametrize(
    "answer",
    [
        Answer(404, {"message": "Message not found"}),
        Answer(200, b""),
        Answer(422, {"message": ["Message does not have recording"]}),
    ],
)
def test_other_ways_of_having_none(calls: Calls, answer: Answer) -> None:
    calls.script(answer)
    found = calls.get()
    assert found.status_code == 404
    assert b"no recording" in found.content


@pytest.mark.parametrize(
    ("answer", "code", "status"),
    [
        (Answer(500, {"message": "no"}), "unavailable", 503),
        (Answer(reset=True), "unavailable", 503),
        (Answer(401, {"message": "The token is not authorized for this scope."}), "scope", 502),
        (Answer(200, {"error": "no"}), "bad-answer", 502),
        (Answer(302, "", headers={"Location": "https://files.example/x"}), "bad-answer", 502),
        (Answer(429, {"message": "Too Many Requests"}), "rate-limited", 503),
    ],
)
def test_a_failure_is_an_alert(calls: Calls, answer: Answer, code: str, status: int) -> None:
    calls.script(*[answer] * 6)
    failed = calls.get()
    assert failed.status_code == status
    assert alert(page(failed))["data-error"] == code
    part = calls.get(**HTMX)
    assert part.status_code == status
    shown = one(page(part), f"#note-{calls.id('recorded_array')}")
    assert alert(shown)["data-error"] == code
    retry = one(shown, "[data-retry]")
    assert (retry["href"], retry["hx-target"]) == (calls.path(), f"#{shown['id']}")


def test_why_it_did_not_play_is_told(calls: Calls) -> None:
    assert "did not play" in words(page(calls.get(**HTMX)))
    calls.script(Answer(200, b"MZ"), label="recorded_data")
    assert "browsers do not play" in words(page(calls.get("recorded_data", **HTMX)))


def test_a_machine_that_cannot_keep_it_says_so(
    calls: Calls, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / f"conversations-recordings-{os.getuid()}").mkdir(mode=0o755)
    answer = calls.get()
    assert answer.status_code == 503
    assert alert(page(answer))["data-error"] == "unavailable"
    assert "PermissionError" in caplog.text
    assert str(tmp_path) not in caplog.text


def test_a_lost_cache_costs_calls_only(calls: Calls, settings: Settings) -> None:
    settings.CACHES = settings.CACHES | {
        "upstream": {
            "BACKEND": "conversations_ui.cache.SharedOrOwnCache",
            "LOCATION": "redis://127.0.0.1:9/0",
        }
    }
    assert calls.get().status_code == 200


# The spool


def written(content: bytes) -> Any:
    def fetch(file: BinaryIO) -> None:
        file.write(content)

    return fetch


def never(file: BinaryIO) -> None:
    raise AssertionError("fetched again")


def read(spool: Spool, key: str, fetch: Any = never) -> bytes:
    with spool.open(key, fetch) as file:
        return file.read()


def test_many_who_ask_at_once_are_served_by_one_fetch(tmp_path: Path) -> None:
    spool, together, fetched = Spool(tmp_path / "spool", 1000, 60), threading.Barrier(8), []

    def fetch(file: BinaryIO) -> None:
        fetched.append(1)
        file.write(b"sound")

    def ask(_: int) -> bytes:
        together.wait(10)
        return read(spool, "call", fetch)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == [b"sound"] * 8
    assert len(fetched) == 1


def test_other_processes_share_it_and_its_locks(tmp_path: Path) -> None:
    script = """
import pathlib, sys
from conversations_ui.services.spool import Spool

def fetch(file):
    with open(sys.argv[2], "a") as note:
        note.write("x")
    file.write(b"sound")

with Spool(pathlib.Path(sys.argv[1]), 1000, 60).open("call", fetch) as file:
    sys.exit(file.read() != b"sound")
"""
    fetched = tmp_path / "fetched"
    command = [sys.executable, "-c", script, str(tmp_path / "spool"), str(fetched)]
    children = [subprocess.Popen(command) for _ in range(4)]
    assert [child.wait(60) for child in children] == [0] * 4
    assert fetched.read_text() == "x"


def test_what_was_used_least_recently_goes_first(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 250, 60)
    for key in ("one", "two"):
        read(spool, key, written(b"x" * 100))
    assert read(spool, "one")
    read(spool, "three", written(b"x" * 100))
    assert read(spool, "one")
    assert read(spool, "three")
    assert read(spool, "two", written(b"again")) == b"again"
    assert sum(path.stat().st_size for path in tmp_path.glob("*.kept")) <= 250


def test_what_is_read_is_read_to_its_end_though_it_goes(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 150, 60)
    with spool.open("one", written(b"a" * 100)) as file:
        read(spool, "two", written(b"b" * 100))
        assert len(list(tmp_path.glob("*.kept"))) == 1
        assert file.read() == b"a" * 100


def test_nothing_grows_old(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 1000, 60)
    read(spool, "one", written(b"old"))
    abandoned = tmp_path / "left.part"
    abandoned.touch()
    for path in (*tmp_path.glob("*.kept"), abandoned):
        os.utime(path, (time.time(), time.time() - 61))
    assert read(spool, "one", written(b"new")) == b"new"
    assert not abandoned.exists()


def test_what_is_too_old_goes_though_nobody_asks_again(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", 1000, 0.05)
    assert read(spool, "one", written(b"old")) == b"old"
    deadline = time.monotonic() + 20
    while list(spool.folder.glob("*.kept")):
        assert time.monotonic() < deadline
        threading.Event().wait(0.02)


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 1000, 60)

    def fetch(file: BinaryIO) -> None:
        file.write(b"half")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        spool.open("one", fetch)
    assert [path for path in tmp_path.iterdir() if path.suffix in (".kept", ".part")] == []
    assert read(spool, "one", written(b"whole")) == b"whole"


def test_nobody_else_can_read_it(calls: Calls, tmp_path: Path) -> None:
    calls.get()
    folder = private_folder("conversations-recordings")
    assert folder.parent == tmp_path
    assert folder.stat().st_mode & 0o777 == 0o700
    kept = list(folder.glob("*.kept"))
    assert [path.stat().st_mode & 0o777 for path in kept] == [0o600]
    assert calls.id("recorded_array") not in str(kept)


def test_a_folder_of_someone_elses_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / f"mine-{os.getuid()}").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PermissionError):
        private_folder("mine")


def test_few_are_fetched_at_a_time(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recordings, "PATIENCE", 0.01)
    monkeypatch.setattr(recordings, "_turns", threading.BoundedSemaphore(1))
    with recordings._turns:
        answer = calls.get()
        assert answer.status_code == 503
        assert answer["Retry-After"] == "5"
        assert calls.asked() == []
    assert calls.get().status_code == 200
