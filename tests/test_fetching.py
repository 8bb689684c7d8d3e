"""The guarded fetcher: where it does not go, what it does not take, and what goes along."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from conversations_ui.sandbox import Answer, Sandbox
from conversations_ui.services import fetching
from conversations_ui.services.destinations import is_public
from conversations_ui.services.fetching import MB, Refused, open_media, picture
from conversations_ui.services.ranges import Range
from tests.foreign import PNG, PUBLIC, PUBLIC_TOO, Web, answer, drip, foreign_web

HOSTS = ("media.example",)
FILE = "https://media.example/a/picture.png"
MP3 = b"ID3\x04" + bytes(range(256)) * 40


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[Web]:
    settings.HIGHLEVEL_API_URL = "https://services.leadconnectorhq.com"
    with foreign_web(tmp_path, monkeypatch) as web:
        yield web


def why(ask: Callable[[], object]) -> str:
    """Say why something was refused."""
    with pytest.raises(Refused) as refused:
        ask()
    return refused.value.reason


def whole(url: str = FILE, part: Range | None = None) -> bytes:
    with open_media(url, hosts=HOSTS, part=part) as stream:
        return b"".join(stream)


@pytest.mark.parametrize("address", [PUBLIC, PUBLIC_TOO, "8.8.8.8", "64:ff9b::808:808", "1.1.1.1"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


def test_a_listed_host_may_be_written_in_capitals(web: Web) -> None:
    assert whole("https://MEDIA.Example:443/a.png") == PNG


def test_files_are_not_fetched_without_encryption(web: Web) -> None:
    assert why(lambda: whole("http://media.example/a.png")) == "address"
    assert picture("http://media.example/a.png").body == PNG
    assert web.connections == [(PUBLIC, 80)]


def test_the_address_that_was_checked_is_the_one_connected_to(web: Web) -> None:
    web.names["media.example"] = [[PUBLIC], ["127.0.0.1"]]
    assert picture(FILE).body == PNG
    assert web.lookups == ["media.example"]
    assert web.connections == [(PUBLIC, 443)]
    assert web.server_names == ["media.example"]
    assert web.header("Host") == "media.example"


def test_a_file_that_says_it_moved_is_still_that_file(web: Web) -> None:
    where = "http://127.0.0.1/"
    web.talk = answer(Location=where, Content_Location=where, Refresh=f"0; url={where}")
    assert picture(FILE).body == whole() == PNG
    assert web.connections == [(PUBLIC, 443)] * 2


def test_a_name_may_have_newer_addresses_alone(web: Web) -> None:
    web.names["media.example"] = [[PUBLIC_TOO]]
    assert picture(FILE).body == whole() == PNG
    assert web.connections == [(PUBLIC_TOO, 443)] * 2


def test_a_certificate_must_be_the_names(web: Web) -> None:
    web.names["other.example"] = [[PUBLIC]]
    web.names["third.example"] = [[PUBLIC_TOO]]  # the certificate is good for this address
    assert why(lambda: picture("https://other.example/a.png")) == "unreachable"
    assert why(lambda: picture("https://third.example/a.png")) == "unreachable"
    assert web.server_names == ["other.example", "third.example"]
    assert web.requests == []


def test_a_name_that_nobody_has_is_unreachable(web: Web) -> None:
    assert why(lambda: picture("https://nobody.example/a.png")) == "unreachable"


def test_another_address_of_the_name_is_tried(web: Web) -> None:
    web.names["media.example"] = [[PUBLIC_TOO, PUBLIC]]
    web.unreachable = {PUBLIC_TOO}
    assert picture(FILE).body == PNG
    web.unreachable = {PUBLIC_TOO, PUBLIC}
    assert why(lambda: picture(FILE)) == "unreachable"


def test_nothing_of_ours_goes_along(
    web: Web, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine media.example login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:3128")
    web.talk = answer(Set_Cookie="seen=1; Path=/")
    picture(FILE)
    picture(FILE)
    whole()
    assert web.connections == [(PUBLIC, 443)] * 3
    for request in web.requests:
        names = {line.partition(":")[0].lower() for line in request.split("\r\n")[1:] if line}
        assert names == {"host", "accept", "accept-encoding", "user-agent", "connection"}


def test_what_stands_in_the_path_cannot_change_the_request(web: Web) -> None:
    picture("https://media.example/plan (final) \u2013 \u00fc%0d%0aX: 1.png?x=1 2&y=\u00e9#part")
    assert web.requests[-1].split("\r\n")[0] == (
        "GET /plan%20(final)%20%E2%80%93%20%C3%BC%0D%0AX:%201.png?x=1%202&y=%C3%A9 HTTP/1.1"
    )


@pytest.mark.parametrize(
    "status",
    ["300 Choose", "301 Moved", "302 Found", "303 See", "305 Proxy", "307 Again", "308 Again"],
)
@pytest.mark.parametrize(
    "where",
    [
        *("http://127.0.0.1/", "https://media.example/b.png", "//169.254.169.254/", "/b.png"),
        *("http://[::1]/", "http://2130706433/", "file:///etc/passwd", "gopher://10.0.0.1:70/_x"),
    ],
)
def test_a_redirect_is_not_followed(web: Web, status: str, where: str) -> None:
    web.talk = answer(status=status, Location=where, Refresh=f"0; url={where}")
    assert why(lambda: picture(FILE)) == "status"
    assert why(whole) == "status"
    assert len(web.connections) == 2


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        *(("403 Forbidden", "gone"), ("404 Not Found", "gone"), ("410 Gone", "gone")),
        *(("500 Oh", "status"), ("204 No Content", "status"), ("206 Partial Content", "status")),
        *(("401 Unauthorized", "status"), ("429 Too Many", "status"), ("299 Odd", "status")),
    ],
)
def test_an_answer_without_a_file_says_why(web: Web, status: str, reason: str) -> None:
    web.talk = answer(status=status)
    assert why(lambda: picture(FILE)) == reason
    assert why(whole) == reason


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0" + b"x" * 60, "image/jpeg"),
        (b"GIF89a" + b"x" * 60, "image/gif"),
        (b"GIF87a" + b"x" * 60, "image/gif"),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 " + b"x" * 60, "image/webp"),
    ],
)
def test_a_picture_is_known_by_its_first_bytes(web: Web, start: bytes, kind: str) -> None:
    web.talk = answer(start, Content_Type="text/html")
    assert picture(FILE) == fetching.Fetched(kind, start)


@pytest.mark.parametrize(
    "body",
    [
        *(
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"<html><script>1</script>",
            b"",
            b"\x89PN",
        ),
        *(
            b"%PDF-1.7",
            b"RIFF\x24\x00\x00\x00WAVEfmt ",
            b"BM\x00\x00",
            b"II*\x00",
            b"\x00\x00\x01\x00",
        ),
        *(b"\x00\x00\x00\x20ftypavif", b"\x00\x00\x00\x20ftypheic", b" " + PNG, b"<!--" + PNG),
    ],
)
def test_what_is_no_picture_is_not_taken_for_one(web: Web, body: bytes) -> None:
    web.talk = answer(body, Content_Type="image/png")
    assert why(lambda: picture(FILE)) == "type"


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        *((PNG, "image/png"), (MP3, "audio/mpeg"), (b"\xff\xfb\x90\x00" + b"x" * 60, "audio/mpeg")),
        *((b"RIFF\x24\x00\x00\x00WAVEfmt ", "audio/wav"), (b"OggS\x00\x02", "audio/ogg")),
        *(
            (b"\x00\x00\x00\x20ftypisom\x00", "video/mp4"),
            (b"\x00\x00\x00\x20ftypM4A ", "audio/mp4"),
        ),
        *((b"%PDF-1.7\n", "application/pdf"), (b"<svg xmlns=''/>", "application/octet-stream")),
        *((b"<html>", "application/octet-stream"), (b"PK\x03\x04", "application/octet-stream")),
        *(
            (b"\x00\x00\x00\x20ftypheic", "application/octet-stream"),
            (b"", "application/octet-stream"),
        ),
    ],
)
def test_a_file_is_known_by_its_first_bytes(web: Web, start: bytes, kind: str) -> None:
    web.talk = answer(start, Content_Type="text/html; charset=utf-8")
    with open_media(FILE, hosts=HOSTS) as stream:
        assert stream.content_type == kind
        assert (stream.status, stream.length) == (200, len(start) or None)
        assert b"".join(stream) == start


def test_a_packed_answer_is_refused(web: Web) -> None:
    web.talk = answer(Content_Encoding="gzip")
    assert why(lambda: picture(FILE)) == why(whole) == "type"


def test_a_large_file_is_refused_before_it_comes(web: Web) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
    web.talk = drip(head % (5 * MB + 1) + PNG, b"x" * 1000)
    assert why(lambda: picture(FILE)) == "size"
    web.talk = drip(head % (25 * MB + 1) + PNG * 600, b"x" * 1000)
    assert why(whole) == "size"
    web.talk = drip(head % (100 * MB + 1) + MP3 * 9, b"x" * 1000)
    assert why(whole) == "size"


def test_sound_may_be_larger_than_other_files(web: Web) -> None:
    web.talk = drip(
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (99 * MB) + MP3 * 9, b"x" * 99
    )
    with open_media(FILE, hosts=HOSTS) as stream:
        assert stream.length == 99 * MB


def test_a_file_that_does_not_say_its_size_ends_at_the_bound(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "PICTURE_MAX", 200_000)
    monkeypatch.setattr(fetching, "FILE_MAX", 200_000)
    web.talk = answer(PNG + b"x" * 300_000, length=False)
    assert why(lambda: picture(FILE)) == "size"
    assert why(whole) == "size"
    web.talk = answer(PNG + b"x" * 100_000, length=False)
    assert len(picture(FILE).body) == len(whole()) == len(PNG) + 100_000


@pytest.mark.parametrize(
    "talk",
    [
        drip(b"", b"H"),
        drip(b"HTTP/1.1 200 OK\r\n", b"X-Header: x\r\n"),
        drip(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
        drip(b"HTTP/1.1 200 OK\r\n\r\n" + PNG, b"x"),
        drip(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n" + PNG[:8], b"\r\n1\r\nx"
        ),
        drip(b"HTTP/1.1 100 Continue\r\n\r\n", b""),
    ],
    ids=["status line", "headers", "one header", "body", "chunks", "silence"],
)
def test_a_server_that_drips_is_left(
    web: Web, monkeypatch: pytest.MonkeyPatch, talk: Callable[..., None]
) -> None:
    monkeypatch.setattr(fetching, "_PICTURE_SECONDS", 0.3)
    monkeypatch.setattr(fetching, "_MEDIA_SECONDS", 0.3)
    web.talk = talk
    # A hundred headers are the most there may be.
    assert why(lambda: picture(FILE)) in ("timeout", "unreachable")
    assert why(whole) in ("timeout", "unreachable")


def test_a_lookup_that_hangs_is_left(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()
    monkeypatch.setattr("socket.getaddrinfo", lambda *_args, **_more: answered.wait(30) and [])
    monkeypatch.setattr(fetching, "_CONNECT_SECONDS", 0.1)
    assert why(lambda: picture(FILE)) == "timeout"
    answered.set()


def test_a_file_that_breaks_off_is_no_whole_file(web: Web) -> None:
    web.talk = answer(PNG, length=False, Content_Length=str(len(PNG) + 5))
    assert why(lambda: picture(FILE)) == "unreachable"
    assert why(whole) == "unreachable"


@pytest.mark.parametrize(
    "garbage",
    [b"", b"no http\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"x" * 70_000],
)
def test_what_is_no_answer_is_unreachable(web: Web, garbage: bytes) -> None:
    web.talk = lambda connection, _request: connection.sendall(garbage)
    assert why(lambda: picture(FILE)) in ("unreachable", "status", "type")


def test_so_many_at_a_time(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_QUEUE_SECONDS", 0)
    held = [open_media(FILE, hosts=HOSTS) for _ in range(4)]
    assert why(whole) == "busy"
    assert picture(FILE).body == PNG  # pictures of mails have places of their own
    held[0].close()
    held[0].close()
    assert whole() == PNG  # read to its end: its place is free again
    held.append(open_media(FILE, hosts=HOSTS))
    assert why(whole) == "busy"
    for stream in held:
        stream.close()
    web.talk = answer(status="404 Not Found")
    for _ in range(6):
        assert why(whole) == "gone"
        assert why(lambda: picture(FILE)) == "gone"


def ranged(connection: object, request: str) -> None:
    """Answer as a server that knows ranges."""
    asked = request.partition("Range: bytes=")[2].partition("\r\n")[0]
    if not asked:
        return answer(MP3)(connection, request)  # type: ignore[arg-type]
    first, _, last = asked.partition("-")
    start = int(first) if first else len(MP3) - int(last)
    end = int(last) if first and last else len(MP3) - 1
    part = MP3[start : end + 1]
    stated = f"bytes {start}-{start + len(part) - 1}/{len(MP3)}"
    return answer(part, "206 Partial Content", Content_Range=stated)(connection, request)  # type: ignore[arg-type]


@pytest.mark.parametrize("talk", [ranged, answer(MP3)], ids=["knows ranges", "ignores them"])
@pytest.mark.parametrize(
    ("part", "first", "last"),
    [
        *(((0, None), 0, 10243), ((0, 1), 0, 1), ((5000, None), 5000, 10243)),
        *(((5000, 5009), 5000, 5009), ((10243, None), 10243, 10243), ((None, 100), 10144, 10243)),
    ],
)
def test_a_part_of_a_file(
    web: Web, talk: Callable[..., None], part: Range, first: int, last: int
) -> None:
    web.talk = talk
    with open_media(FILE, hosts=HOSTS, part=part) as stream:
        assert stream.status == 206
        assert stream.content_range == f"bytes {first}-{last}/10244"
        assert stream.length == last - first + 1
        assert stream.content_type == "audio/mpeg"  # known by the beginning of the whole
        assert b"".join(stream) == MP3[first : last + 1]


def test_a_name_that_changes_while_a_file_is_read_is_looked_at_again(web: Web) -> None:
    web.talk = ranged
    web.names["media.example"] = [[PUBLIC], ["10.0.0.1"]]
    # What kind of file it is takes one more request, for its beginning.
    assert why(lambda: whole(part=(5000, 5009))) == "address"
    assert web.lookups == ["media.example"] * 2
    assert web.connections == [(PUBLIC, 443)]


def test_a_part_beyond_the_end(web: Web) -> None:
    web.talk = answer(MP3)
    with pytest.raises(Refused) as refused:
        whole(part=(20_000, None))
    assert (refused.value.reason, refused.value.total) == ("range", 10244)
    web.talk = answer(b"", "416 Range Not Satisfiable", Content_Range="bytes */10244")
    with pytest.raises(Refused) as refused:
        whole(part=(20_000, None))
    assert (refused.value.reason, refused.value.total) == ("range", 10244)


@pytest.mark.parametrize(
    "stated", ["", "bytes 5-9/10", "bytes 0-9/5", "bytes 9-0/10", "bytes 0-9/*", "lines 0-9/10"]
)
def test_a_part_that_was_not_asked_for_is_refused(web: Web, stated: str) -> None:
    web.talk = answer(MP3[:10], "206 Partial Content", Content_Range=stated)
    assert why(lambda: whole(part=(0, 9))) == "status"


def test_the_bound_holds_for_the_whole_of_which_a_part_is_asked(web: Web) -> None:
    stated = f"bytes 0-9/{101 * MB}"
    web.talk = answer(MP3[:10], "206 Partial Content", Content_Range=stated)
    assert why(lambda: whole(part=(0, 9))) == "size"


def test_the_log_names_hosts_alone(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    picture("https://media.example/secret-path.png?token=secret-token")
    assert "media.example" in caplog.text
    assert "secret" not in caplog.text


def sample(sandbox: Sandbox, kind: str = "png") -> str:
    """Give the path of a file the sandbox serves."""
    return next(path for path, file in sandbox.world.attachments.items() if file.kind == kind)


def test_the_sandboxs_own_files_are_fetched_from_this_machine(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}{sample(sandbox)}"
    assert picture(url).content_type == "image/png"
    with open_media(url, hosts=()) as stream:
        assert b"".join(stream) == picture(url).body


@pytest.mark.parametrize(
    "change",
    [
        ("127.0.0.1", "localhost"),
        ("127.0.0.1", "127.0.0.2"),
        ("127.0.0.1", "127.1"),
        ("127.0.0.1", "2130706433"),
        ("127.0.0.1", "user@127.0.0.1"),
        ("127.0.0.1", "[::1]"),
        ("http://", "https://"),
        ("PORT", "9"),
        (":PORT", ""),
    ],
)
def test_nothing_else_on_this_machine_is(sandbox: Sandbox, change: tuple[str, str]) -> None:
    port = sandbox.url.rpartition(":")[2]
    old, new = (text.replace("PORT", port) for text in change)
    url = f"{sandbox.url}{sample(sandbox)}".replace(old, new)
    sandbox.clear()
    assert why(lambda: picture(url)) == "address"
    assert why(lambda: open_media(url, hosts=("127.0.0.1", "localhost"))) == "address"
    assert sandbox.requests == []


@pytest.mark.parametrize(
    "api",
    ["https://services.leadconnectorhq.com", "https://127.0.0.1:PORT", "http://10.0.0.1:PORT"],
)
def test_without_the_sandbox_this_machine_is_private(
    sandbox: Sandbox, settings: Settings, api: str
) -> None:
    settings.HIGHLEVEL_API_URL = api.replace("PORT", sandbox.url.rpartition(":")[2])
    sandbox.clear()
    assert why(lambda: picture(f"{sandbox.url}{sample(sandbox)}")) == "address"
    assert sandbox.requests == []


def test_the_sandbox_redirects_nobody_either(sandbox: Sandbox) -> None:
    path = sample(sandbox)
    sandbox.script(path, Answer(302, headers={"Location": "http://127.0.0.1:9/"}))
    assert why(lambda: picture(f"{sandbox.url}{path}")) == "status"
