"""The client over real HTTP: what it sends, what it makes of any answer, what it never tells."""

import gzip
import json
import logging
import socket
import socketserver
import threading
import time
import traceback
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import conversations_ui
from conversations_ui.highlevel.addresses import checked_base_url
from conversations_ui.highlevel.client import (
    MAX_ANSWER,
    Client,
)
from conversations_ui.highlevel.errors import (
    AgencyToken,
    BadAnswer,
    Forbidden,
    ForeignLocation,
    HighLevelError,
    HipaaMode,
    MissingScope,
    NotFound,
    RateLimited,
    Unauthorized,
    Unavailable,
    WrongVersion,
)
from conversations_ui.highlevel.transport import new_session

TOKEN = "pit-0f3c9d1e-5a7b-4c2d-8e6f-1b2a3c4d5e6f"
TRACE = "6c1c0f9a-2f5e-4e39-9a37-0d0c5f0a7f11"


@dataclass(frozen=True)
class Seen:
    method: str
    target: str
    headers: Mapping[str, str]


class Wire:
    """A server on this machine that answers every request with the bytes it was given."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.connections = 0
        self.hung_up = threading.Event()
        self.stopped = threading.Event()
        self.reply: Callable[[Callable[[bytes], object]], object] = lambda send: None
        wire = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                wire.connections += 1
                try:
                    while wire.read_request(self.rfile) and wire.reply(self.send) is None:
                        pass
                except OSError:
                    wire.hung_up.set()

            def send(self, data: bytes) -> None:
                self.wfile.write(data)
                self.wfile.flush()

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"http://{self.host}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def read_request(self, file: Any) -> bool:
        first = file.readline().decode("latin-1").split()
        headers = {}
        while (line := file.readline().decode("latin-1").strip()) != "":
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        if len(first) == 3:
            self.seen.append(Seen(first[0], first[1], headers))
        return len(first) == 3

    def answer(self, status: int, body: object = b"", **headers: str) -> None:
        """Answer from now on with a status, a body (bytes, or a value to send as JSON), headers."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        head = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {named[name]}" for name in named)]
        head.append(f"content-length: {len(data)}")
        self.reply = lambda send: send("\r\n".join([*head, "", ""]).encode() + data)

    def answer_bytes(self, data: bytes) -> None:
        """Answer from now on with these bytes, then close the connection."""

        def reply(send: Callable[[bytes], object]) -> bool:
            send(data)
            return False

        self.reply = reply

    def drip(self, start: bytes, drop: bytes) -> None:
        """Answer with `start` at once and then one `drop` after the other, up to a thousand."""

        def reply(send: Callable[[bytes], object]) -> bool:
            send(start)
            for _ in range(1000):
                send(drop)
                self.stopped.wait(0.02)
            return False

        self.reply = reply

    def stop(self) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def wire() -> Iterator[Wire]:
    wire = Wire()
    yield wire
    wire.stop()


@pytest.fixture
def elsewhere() -> Iterator[Wire]:
    wire = Wire()
    yield wire
    wire.stop()


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with new_session() as session:
        yield session


@pytest.fixture
def client(wire: Wire, session: requests.Session) -> Client:
    return Client(TOKEN, base_url=wire.url, session=session)


def ask_everything(client: Client) -> None:
    client.messages("v1", limit=50, last_message_id="m9", types=("TYPE_SMS", "TYPE_CALL"))
    client.search("l1", query="Ann")
    client.conversation("v1")
    client.message("m1")
    client.contact("c1")
    client.user("u1")
    client.location("l1")


EVERYTHING = {"id": "x1", "messages": [], "conversations": [], "traceId": TRACE}
PAGE: dict[str, object] = {"messages": [], "nextPage": False, "lastMessageId": "m1"}


# What it sends


def test_every_endpoint_is_asked_by_its_path_query_and_documented_version(
    wire: Wire, client: Client
) -> None:
    wire.answer(200, EVERYTHING)
    ask_everything(client)
    assert [(seen.target, seen.headers["version"]) for seen in wire.seen] == [
        (
            "/conversations/v1/messages?limit=50&lastMessageId=m9&type=TYPE_SMS%2CTYPE_CALL",
            "2021-04-15",
        ),
        (
            "/conversations/search?locationId=l1&limit=20&query=Ann&sort=desc"
            "&sortBy=last_message_date",
            "2021-04-15",
        ),
        ("/conversations/v1", "2021-04-15"),
        ("/conversations/messages/m1", "2021-04-15"),
        ("/contacts/c1", "2021-07-28"),
        ("/users/u1", "2021-07-28"),
        ("/locations/l1", "2021-07-28"),
    ]


def test_it_can_only_get(wire: Wire, client: Client) -> None:
    wire.answer(200, EVERYTHING)
    ask_everything(client)
    assert {seen.method for seen in wire.seen} == {"GET"}
    public = {name for name in dir(Client) if not name.startswith("_")}
    assert public == {
        "contact",
        "conversation",
        "email",
        "location",
        "message",
        "messages",
        "recording",
        "search",
        "transcription",
        "user",
    }


def test_headers_name_the_token_the_form_and_the_product(wire: Wire, client: Client) -> None:
    wire.answer(200, EVERYTHING)
    client.user("u1")
    headers = wire.seen[0].headers
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert headers["accept"] == "application/json"
    assert headers["user-agent"] == f"conversations-ui/{conversations_ui.__version__}"


def test_a_forced_version_is_sent_everywhere(wire: Wire, session: requests.Session) -> None:
    wire.answer(200, EVERYTHING)
    ask_everything(Client(TOKEN, base_url=wire.url, version="v3", session=session))
    assert {seen.headers["version"] for seen in wire.seen} == {"v3"}


def test_all_search_terms_are_sent_and_empty_ones_are_not(wire: Wire, client: Client) -> None:
    wire.answer(200, EVERYTHING)
    client.search(
        "l1",
        limit=100,
        query="a&b=ü",
        status="unread",
        last_message_type="TYPE_SMS",
        last_message_direction="inbound",
        assigned_to="u1",
        sort="asc",
        sort_by="last_manual_message_date",
        start_after_date=1784283629850,
    )
    client.search("l1", query="\ud800", sort="", sort_by="", start_after_date=0)
    client.messages("v1", last_message_id="", types=[])
    assert [seen.target for seen in wire.seen] == [
        "/conversations/search?locationId=l1&limit=100&query=a%26b%3D%C3%BC&status=unread"
        "&lastMessageType=TYPE_SMS&lastMessageDirection=inbound&assignedTo=u1&sort=asc"
        "&sortBy=last_manual_message_date&startAfterDate=1784283629850",
        "/conversations/search?locationId=l1&limit=20&query=%3F&startAfterDate=0",
        "/conversations/v1/messages?limit=20",
    ]


@pytest.mark.parametrize(
    ("ident", "segment"),
    [
        ("a/b", "a%2Fb"),
        ("a?b#c", "a%3Fb%23c"),
        ("../users", "..%2Fusers"),
        ("{0}", "%7B0%7D"),
        ("a b\r\nX: y", "a%20b%0D%0AX%3A%20y"),
        ("@evil.example", "%40evil.example"),
        ("é\ud800", "%C3%A9%3F"),
        ("...", "..."),
        ("%2e%2e", "%252e%252e"),
    ],
)
def test_an_id_stays_one_step_of_the_path(
    wire: Wire, client: Client, ident: str, segment: str
) -> None:
    wire.answer(200, EVERYTHING)
    client.messages(ident)
    client.contact(ident)
    assert [seen.target for seen in wire.seen] == [
        f"/conversations/{segment}/messages?limit=20",
        f"/contacts/{segment}",
    ]


@pytest.mark.parametrize("ident", ["", ".", ".."])
def test_an_id_that_would_change_the_path_is_not_found_without_a_call(
    wire: Wire, client: Client, ident: str
) -> None:
    wire.answer(200, EVERYTHING)
    with pytest.raises(NotFound):
        client.contact(ident)
    assert wire.seen == []


def test_a_path_in_the_base_url_is_kept(wire: Wire, session: requests.Session) -> None:
    wire.answer(200, EVERYTHING)
    Client(TOKEN, base_url=f"{wire.url}/proxy/", session=session).user("u1")
    assert wire.seen[0].target == "/proxy/users/u1"


def test_all_addresses_of_a_host_share_the_time_to_connect(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("", 0), backlog=0) as silent:
        address = ("127.0.0.1", silent.getsockname()[1])
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:  # more than it has room for: from here on nothing answers
            each.setblocking(False)
            each.connect_ex(address)
        found = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{last}", address[1]))
            for last in (1, 2, 3, 4, 5, 6)
        ]
        resolved = socket.getaddrinfo
        monkeypatch.setattr(
            socket,
            "getaddrinfo",
            lambda host, *rest, **named: (
                found if host == "localhost" else resolved("127.0.0.1", *rest, **named)
            ),
        )
        started = time.monotonic()
        client = Client(TOKEN, base_url=f"http://localhost:{address[1]}", timeout=(2.0, 5.0))
        with pytest.raises(Unavailable):
            client.location("loc")
        assert time.monotonic() - started < 10  # each by itself would make 12
        for each in waiting:
            each.close()


def test_an_address_that_does_not_answer_leaves_time_for_the_next(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire.answer(200, {"location": {"id": "loc"}})
    port = int(wire.host.partition(":")[2])
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))
        for host in ("127.0.0.9", "127.0.0.1")
    ]
    resolved = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *rest, **named: (
            found if host == "localhost" else resolved(host, *rest, **named)
        ),
    )
    client = Client(TOKEN, base_url=f"http://localhost:{port}")
    assert client.location("loc").id == "loc"


def test_connections_are_kept_and_used_again(wire: Wire, client: Client) -> None:
    wire.answer(200, EVERYTHING)
    client.user("u1")
    wire.answer(404, {"message": "no"})
    with pytest.raises(NotFound):
        client.user("u1")
    wire.answer(200, gzip.compress(json.dumps(EVERYTHING).encode()), content_encoding="gzip")
    client.user("u1")
    chunks = b'b\r\n{"id": "u1"\r\n1\r\n}\r\n0\r\n\r\n'
    start = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    wire.reply = lambda send: send(start + chunks)
    assert client.user("u1").id == "u1"
    assert client.user("u1").id == "u1"
    assert (len(wire.seen), wire.connections) == (5, 1)


# Where the token goes


def test_a_redirect_is_not_followed(wire: Wire, elsewhere: Wire, client: Client) -> None:
    elsewhere.answer(200, EVERYTHING)
    for status in (301, 302, 303, 307, 308):
        wire.answer(status, b"moved", location=f"{elsewhere.url}/users/u1")
        with pytest.raises(BadAnswer) as caught:
            client.user("u1")
        assert caught.value.status == status
    assert elsewhere.seen == []
    assert len(wire.seen) == 5


@pytest.mark.parametrize("location", ["http://[", "//", "ftp://x", "/users/u1", "", "\xff"])
def test_a_redirect_to_nowhere_is_a_bad_answer(wire: Wire, client: Client, location: str) -> None:
    wire.answer(302, b"", location=location)
    with pytest.raises(BadAnswer):
        client.user("u1")
    assert len(wire.seen) == 1


def test_a_call_that_would_leave_the_host_is_not_made(wire: Wire, elsewhere: Wire) -> None:
    class Astray(requests.Session):
        def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
            prepared = super().prepare_request(request)
            prepared.url = f"{elsewhere.url}/users/u1"
            return prepared

    elsewhere.answer(200, EVERYTHING)
    with Astray() as session, pytest.raises(BadAnswer):
        Client(TOKEN, base_url=wire.url, session=session).user("u1")
    assert wire.seen == elsewhere.seen == []


def test_a_netrc_file_does_not_replace_the_token(
    wire: Wire, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    wire.answer(200, EVERYTHING)
    client.user("u1")
    assert wire.seen[0].headers["authorization"] == f"Bearer {TOKEN}"


def test_a_proxy_never_sees_calls_to_this_machine(
    wire: Wire, elsewhere: Wire, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, elsewhere.url)
    wire.answer(200, EVERYTHING)
    elsewhere.answer(200, EVERYTHING)
    client.user("u1")
    assert (len(wire.seen), elsewhere.seen) == (1, [])


@pytest.mark.parametrize("make_session", [new_session, requests.Session])
def test_clients_share_a_session_without_sharing_tokens_or_cookies(
    wire: Wire, make_session: Callable[[], requests.Session]
) -> None:
    wire.answer(200, EVERYTHING, set_cookie="who=me; Path=/")
    with make_session() as session:
        one = Client("token-one", base_url=wire.url, session=session)
        two = Client("token-two", base_url=wire.url, session=session)
        for client in (one, two, one):
            client.user("u1")
        kept = repr(vars(session)) + repr(dict(session.headers))
        assert "token-one" not in kept
        assert len(session.cookies) == 0
    sent = [seen.headers["authorization"] for seen in wire.seen]
    assert sent == ["Bearer token-one", "Bearer token-two", "Bearer token-one"]
    assert all("cookie" not in seen.headers for seen in wire.seen)


@pytest.mark.parametrize("token", ["", "  ", "two words", "line\nbreak", "größe", "a\0b"])
def test_an_unusable_token_is_unauthorized_without_a_call(
    wire: Wire, session: requests.Session, token: str
) -> None:
    with pytest.raises(Unauthorized) as caught:
        Client(token, base_url=wire.url, session=session).user("u1")
    assert not token.strip() or token not in str(caught.value)
    assert wire.seen == []


def test_space_around_a_pasted_token_is_ignored(wire: Wire, session: requests.Session) -> None:
    wire.answer(200, EVERYTHING)
    Client(f" {TOKEN}\r\n", base_url=wire.url, session=session).user("u1")
    assert wire.seen[0].headers["authorization"] == f"Bearer {TOKEN}"


def echo(wire: Wire) -> None:
    wire.answer(401, {"message": f"bad Bearer {TOKEN}", "traceId": TOKEN})


def echo_in_html(wire: Wire) -> None:
    wire.answer(502, f"<p>Bearer <b>{TOKEN}</b></p>".encode())


def echo_in_success(wire: Wire) -> None:
    wire.answer(200, {"message": TOKEN, "traceId": TOKEN})


def no_answer(wire: Wire) -> None:
    wire.answer_bytes(b"")


def half_an_answer(wire: Wire) -> None:
    wire.answer_bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{")


def not_json(wire: Wire) -> None:
    wire.answer(200, TOKEN.encode())


@pytest.mark.parametrize(
    "fault", [echo, echo_in_html, echo_in_success, no_answer, half_an_answer, not_json]
)
def test_the_token_shows_nowhere(
    wire: Wire,
    client: Client,
    caplog: pytest.LogCaptureFixture,
    fault: Callable[[Wire], None],
) -> None:
    fault(wire)
    caplog.set_level(logging.DEBUG)
    with pytest.raises(HighLevelError) as caught:
        client.user("u1")
    error = caught.value
    assert error.__context__ is None
    assert error.__cause__ is None
    told = traceback.TracebackException.from_exception(error, capture_locals=True).format()
    shown = [*told, repr(error), str(error), repr(error.args), repr(vars(error)), caplog.text]
    shown += [repr(client), str(client), repr(vars(client))]
    assert TOKEN in repr(wire.seen)
    assert [text for text in shown if TOKEN in text] == []


def test_repr_shows_the_address_only(wire: Wire, client: Client) -> None:
    assert repr(client) == f"Client('{wire.url}')"


def test_a_call_is_logged_in_one_line_without_its_query(
    wire: Wire, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="conversations_ui.highlevel")
    wire.answer(200, EVERYTHING)
    client.search("l1", query="+15550100")
    wire.answer(404, {"message": "Cannot GET", "traceId": TRACE})
    with pytest.raises(NotFound):
        client.messages("v1", last_message_id="m9")
    no_answer(wire)
    with pytest.raises(Unavailable):
        client.user("a\nb")
    lines = [record.getMessage() for record in caplog.records]
    starts = [
        "GET /conversations/search 200 ",
        "GET /conversations/v1/messages 404 ",
        "GET /users/a%0Ab ConnectionError ",
    ]
    assert len(lines) == 3
    assert all(line.startswith(start) for line, start in zip(lines, starts, strict=True))
    assert lines[0].endswith(f" ms {TRACE}")
    assert lines[1].endswith(f" ms {TRACE}")
    assert "15550100" not in caplog.text


# The base URL


@pytest.mark.parametrize(
    ("url", "checked"),
    [
        ("https://services.leadconnectorhq.com", "https://services.leadconnectorhq.com"),
        ("https://services.leadconnectorhq.com/", "https://services.leadconnectorhq.com"),
        ("https://api.example:8443/v1/", "https://api.example:8443/v1"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://127.8.9.1", "http://127.8.9.1"),
        ("http://localhost:1/", "http://localhost:1"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_good_base_urls_lose_their_last_slash(url: str, checked: str) -> None:
    assert checked_base_url(url) == checked


@pytest.mark.parametrize(
    "url",
    [
        "",
        "services.leadconnectorhq.com",
        "//services.leadconnectorhq.com",
        "ftp://services.leadconnectorhq.com",
        "http://services.leadconnectorhq.com",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "http://127.0.0.1@evil.example",
        "http://evil.example#@127.0.0.1",
        "http://0.0.0.0",
        "http://10.0.0.1",
        "https://",
        "https://:443",
        "https://.example",
        "https://user:secret@api.example",
        "https://api.example?x=1",
        "https://api.example/#top",
        "https://api.example\\@evil.example",
        "https://api.example:99999",
        "https://api.example:0",
        "https://api.example:x",
        "https://api.exa mple",
        "https://api.example/\n",
        "https://[::1",
        "https://ap\u0131.example",
    ],
)
def test_bad_base_urls_are_refused_in_a_sentence(url: str) -> None:
    with pytest.raises(ValueError, match=r"^The API's address .*\.$") as caught:
        checked_base_url(url)
    assert "secret" not in str(caught.value)
    with pytest.raises(ValueError, match=r"^The API's address"):
        Client(TOKEN, base_url=url)


def test_a_version_that_is_no_word_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^The API's version"):
        Client(TOKEN, base_url="https://api.example", version="v3\r\nX: y")


# Answers


def test_both_envelopes_of_messages_are_read(wire: Wire, client: Client) -> None:
    rows = [{"id": "m2", "messageType": "TYPE_SMS"}, {"id": "m1"}]
    page = {"lastMessageId": "m1", "nextPage": True, "messages": rows}
    for body in (page, {"messages": page, "traceId": TRACE}):
        wire.answer(200, body)
        answer = client.messages("v1")
        assert [message.id for message in answer.messages] == ["m2", "m1"]
        assert (answer.last_message_id, answer.next_page) == ("m1", True)


def test_a_search_is_read(wire: Wire, client: Client) -> None:
    wire.answer(200, {"conversations": [{"id": "v1", "sort": [5]}], "total": 7})
    page = client.search("l1")
    assert [(row.id, row.sort) for row in page.conversations] == [("v1", 5)]
    assert page.total == 7


@pytest.mark.parametrize("name", ["conversation", "message", "contact", "user", "location"])
def test_single_objects_are_read_wrapped_and_flat(wire: Wire, client: Client, name: str) -> None:
    for body in ({name: {"id": "x1"}, "traceId": TRACE}, {"id": "x1", "traceId": TRACE}):
        wire.answer(200, body)
        assert getattr(client, name)("x1").id == "x1"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"<html><body>Hello</body></html>",
        b"[]",
        b"null",
        b'"text"',
        b"{}",
        b'{"traceId": "x"}',
        b'{"messages": null}',
        b'{"messages": "none"}',
        b'{"messages": {}}',
        b'{"messages": {"messages": {"messages": []}}}',
        b'{"messages": {"messages": null}}',
        b'{"conversations": {}, "messages": 1}',
        b'{"statusCode": 401, "message": "Invalid JWT"}',
        b'{"message": ["x"], "contact": [], "user": 1, "location": null}',
        b'{"messages": [], "conversations": [], "id": "x"',
        b'{"messages": [], "conversations": [], "id": "\xff"}',
        '{"messages": [], "conversations": [], "id": "x"}'.encode("utf-16"),
        b'{"messages": [], "conversations": [], "id": ' + b"9" * 5000 + b"}",
        b'{"messages": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
        b'{"messages": [], "conversations": [], "id": "x", "deep": '
        + b'{"a":[' * 100
        + b"]}" * 100
        + b"}",
    ],
)
def test_what_is_not_the_promised_json_is_a_bad_answer(
    wire: Wire, client: Client, body: bytes
) -> None:
    wire.answer(200, body)
    asks: list[Callable[[str], object]] = [
        client.messages,
        client.search,
        client.conversation,
        client.message,
        client.contact,
        client.user,
        client.location,
    ]
    for ask in asks:
        with pytest.raises(BadAnswer) as caught:
            ask("x1")
        assert (caught.value.code, caught.value.status) == ("bad-answer", 200)


def test_a_bad_answer_has_the_trace_id(wire: Wire, client: Client) -> None:
    wire.answer(200, {"messages": None, "traceId": TRACE})
    with pytest.raises(BadAnswer) as caught:
        client.messages("v1")
    assert caught.value.trace_id == TRACE


def test_numbers_beyond_json_are_unknown(wire: Wire, client: Client) -> None:
    row = b'{"id": "v1", "unreadCount": NaN, "dateAdded": 1e999, "lastMessageDate": -Infinity}'
    wire.answer(200, row)
    conversation = client.conversation("v1")
    assert conversation.unread_count == 0
    assert conversation.raw["unreadCount"] is None
    assert conversation.date_added is conversation.last_message_date is None


def test_all_strings_can_be_encoded_again(wire: Wire, client: Client) -> None:
    body = rb'"body": "a\ud800b\u0000c \ud83d\ude00", "meta": {"\uDC00": ["\ud8ff"]}'
    wire.answer(200, b'{"id": "m1", ' + body + b"}")
    message = client.message("m1")
    assert message.body == "a\ufffdbc \U0001f600"
    assert message.meta == {"\ufffd": ["\ufffd"]}
    assert json.dumps(message.raw, ensure_ascii=False).encode()


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_packed_answers_are_unpacked(wire: Wire, client: Client, encoding: str) -> None:
    body = json.dumps(PAGE).encode()
    packed = {"gzip": gzip.compress(body), "deflate": zlib.compress(body)}
    wire.answer(200, packed[encoding], content_encoding=encoding)
    assert client.messages("v1").last_message_id == "m1"


def test_an_answer_of_just_8_mib_is_read_and_one_byte_more_is_not(
    wire: Wire, client: Client
) -> None:
    body = json.dumps(PAGE).encode().ljust(MAX_ANSWER)
    wire.answer(200, body)
    assert client.messages("v1").last_message_id == "m1"
    wire.answer(200, body + b" ")
    with pytest.raises(BadAnswer):
        client.messages("v1")


def test_an_endless_answer_is_cut_off(wire: Wire, client: Client) -> None:
    block = b" " * 65_536

    def reply(send: Callable[[bytes], object]) -> bool:
        send(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(4096):
            send(block)
        return False

    wire.reply = reply
    with pytest.raises(BadAnswer):
        client.messages("v1")
    assert wire.hung_up.wait(10)


def test_a_packed_bomb_is_not_unpacked_whole(wire: Wire, client: Client) -> None:
    wire.answer(200, gzip.compress(b" " * 200 * 1024 * 1024, 1), content_encoding="gzip")
    with pytest.raises(BadAnswer):
        client.messages("v1")


@pytest.mark.parametrize("status", [302, 404, 500])
def test_an_endless_refusal_is_still_that_refusal(wire: Wire, client: Client, status: int) -> None:
    def reply(send: Callable[[bytes], object]) -> bool:
        send(b"HTTP/1.1 %d No\r\nlocation: /users/u2\r\n\r\n<p>Go away</p>" % status)
        for _ in range(4096):
            send(b" " * 65_536)
        return False

    wire.reply = reply
    with pytest.raises(HighLevelError) as caught:
        client.messages("v1")
    assert (caught.value.status, caught.value.sentence) == (status, "Go away")
    assert wire.hung_up.wait(10)


# Faults of transport

CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
LONG = b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n"
# A packed body of nothing: unpacked, it never gives a reader a byte to look at the clock for.
GZIP_HEAD, EMPTY_BLOCK = gzip.compress(b"", mtime=0)[:10], b"\x00\x00\x00\xff\xff"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 9999 No\r\n\r\n{}",
        LONG + b'{"id": "x"}',
        CHUNKED + b'b\r\n{"id": "x"}\r\n',
        CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n",
        CHUNKED + b"-5\r\n{}\r\n0\r\n\r\n",
        CHUNKED + b"ff\r\n{}",
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 200 + b'\r\n{"id": "x"}',
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 100_000 + b'\r\n\r\n{"id": "x"}',
    ],
)
def test_a_broken_answer_is_unavailable(wire: Wire, client: Client, data: bytes) -> None:
    wire.answer_bytes(data)
    with pytest.raises(Unavailable) as caught:
        client.user("u1")
    assert (caught.value.code, caught.value.status) == ("unavailable", None)


def test_an_answer_that_cannot_be_unpacked_is_a_bad_answer(wire: Wire, client: Client) -> None:
    wire.answer(200, b"not gzip at all", content_encoding="gzip")
    with pytest.raises(BadAnswer):
        client.user("u1")


def test_a_closed_port_is_unavailable(session: requests.Session) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unavailable):
        Client(TOKEN, base_url=f"http://127.0.0.1:{port}", session=session).user("u1")


def test_a_server_without_tls_is_unavailable(wire: Wire, session: requests.Session) -> None:
    wire.answer(200, EVERYTHING)
    with pytest.raises(Unavailable):
        Client(TOKEN, base_url=f"https://{wire.host}", timeout=(0.2, 0.2), session=session).user(
            "u1"
        )
    assert TOKEN not in repr(wire.seen)


def test_a_missing_ca_bundle_is_unavailable(
    wire: Wire, session: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")
    with pytest.raises(Unavailable):
        Client(TOKEN, base_url=f"https://{wire.host}", session=session).user("u1")


def test_silence_is_unavailable(wire: Wire, session: requests.Session) -> None:
    wire.reply = lambda send: wire.stopped.wait(30)
    with pytest.raises(Unavailable):
        Client(TOKEN, base_url=wire.url, timeout=(1, 0.2), session=session).user("u1")


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        (b"HTTP/1.1 ", b"2"),
        (b"HTTP/1.1 200 OK\r\nx: ", b"y"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b" "),
        (LONG, b" "),
        (CHUNKED, b"1\r\n \r\n"),
        (CHUNKED + b"1;", b"x"),
        (CHUNKED + b'b\r\n{"id": "x"}\r\n0\r\n', b"x: y\r\n"),
        (b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n" + GZIP_HEAD, EMPTY_BLOCK),
        (b"HTTP/1.1 500 No\r\n\r\n", b" "),
    ],
)
def test_a_dripping_answer_is_unavailable(
    wire: Wire, session: requests.Session, start: bytes, drop: bytes
) -> None:
    wire.drip(start, drop)
    client = Client(TOKEN, base_url=wire.url, timeout=(1, 0.2), session=session)
    with pytest.raises(Unavailable):
        client.user("u1")
    assert wire.hung_up.wait(10)


@pytest.mark.parametrize("start", [LONG, b"HTTP/1.1 200 OK\r\n\r\n", CHUNKED])
def test_a_dripping_body_is_unavailable_with_any_session(wire: Wire, start: bytes) -> None:
    wire.drip(start, b"1\r\n \r\n" if start is CHUNKED else b" ")
    with requests.Session() as session, pytest.raises(Unavailable):
        Client(TOKEN, base_url=wire.url, timeout=(0.1, 0.2), session=session).user("u1")
    assert wire.hung_up.wait(10)


def test_nothing_is_asked_twice(wire: Wire, client: Client) -> None:
    for status in (429, 500, 502, 503, 504):
        wire.answer(status, {"message": "later"}, retry_after="0")
        with pytest.raises(HighLevelError):
            client.user("u1")
    assert len(wire.seen) == 5


# Errors

REFUSALS: list[tuple[int, object, type[HighLevelError], str]] = [
    (401, "The token is not authorized for this scope.", MissingScope, "scope"),
    (401, "version header was not found.", WrongVersion, "bad-answer"),
    (401, "version header is invalid", WrongVersion, "bad-answer"),
    (401, "Location has HIPAA mode enabled", HipaaMode, "forbidden"),
    (
        401,
        "This AuthClass is not yet supported for this endpoint",
        AgencyToken,
        "unauthorized",
    ),
    (401, "Invalid JWT", Unauthorized, "unauthorized"),
    (401, "Invalid Private Integration token", Unauthorized, "unauthorized"),
    (401, "Invalid token: access token is invalid", Unauthorized, "unauthorized"),
    (401, "", Unauthorized, "unauthorized"),
    (
        403,
        "The token does not have access to this location.",
        ForeignLocation,
        "forbidden",
    ),
    (403, "Forbidden resource", Forbidden, "forbidden"),
    (403, "The token is not authorized for this scope.", MissingScope, "scope"),
    (404, "Cannot GET /conversations/v1/messages", NotFound, "not-found"),
    (404, "", NotFound, "not-found"),
    (400, "Contact not found", NotFound, "not-found"),
    (400, "Conversation with id v1 not found", NotFound, "not-found"),
    (400, "Request Timeout after 30000ms", Unavailable, "unavailable"),
    (408, "Request Timeout after 30000ms", Unavailable, "unavailable"),
    (408, "", Unavailable, "unavailable"),
    (400, "limit must be a number", BadAnswer, "bad-answer"),
    (422, ["property X should not exist"], BadAnswer, "bad-answer"),
    (405, "", BadAnswer, "bad-answer"),
    (418, "", BadAnswer, "bad-answer"),
    (429, "Too Many Requests", RateLimited, "rate-limited"),
    (500, "Search infrastructure is temporarily overloaded", Unavailable, "unavailable"),
    (502, "", Unavailable, "unavailable"),
    (503, "", Unavailable, "unavailable"),
    (504, "", Unavailable, "unavailable"),
    (599, "", Unavailable, "unavailable"),
    (300, "", BadAnswer, "bad-answer"),
    (304, "", BadAnswer, "bad-answer"),
    (600, "", BadAnswer, "bad-answer"),
]


@pytest.mark.parametrize(("status", "message", "error", "code"), REFUSALS)
def test_every_refusal_has_its_error(
    wire: Wire,
    client: Client,
    status: int,
    message: object,
    error: type[HighLevelError],
    code: str,
) -> None:
    wire.answer(status, {"statusCode": status, "message": message, "traceId": TRACE})
    with pytest.raises(HighLevelError) as caught:
        client.user("u1")
    assert type(caught.value) is error
    assert (caught.value.code, caught.value.status) == (code, status)
    if status != 304:  # which has no body
        assert caught.value.sentence == (message if isinstance(message, str) else message[0])  # type: ignore[index]
        assert caught.value.trace_id == TRACE


def test_a_rate_limit_tells_how_long_to_wait(wire: Wire, client: Client) -> None:
    wire.answer(
        429,
        b"",
        **{
            "x-ratelimit-interval-milliseconds": "10000",
            "x-ratelimit-daily-remaining": "0",
            "x-ratelimit-daily-reset": "3600000",
        },
    )
    with pytest.raises(RateLimited) as caught:
        client.user("u1")
    assert (caught.value.daily, caught.value.retry_after) == (True, 3600.0)


# Anything at all

ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["x", "not found", "2026-07-17T10:58:09.966Z"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["messages", "conversations", "id", "message", "contact", "error", "traceId"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)
ANYTHING = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@ANYTHING
@given(
    status=st.sampled_from([200, 201, 400, 401, 403, 404, 422, 429, 500, 503]),
    body=st.binary(max_size=200)
    | ANY_JSON.map(lambda value: json.dumps(value).encode())
    | st.text(alphabet="<>!-[]&;/abc 'title'=script\n").map(str.encode),
)
def test_any_answer_is_a_record_or_a_named_error(
    wire: Wire, client: Client, status: int, body: bytes
) -> None:
    wire.answer(status, body)
    asks: list[Callable[[str], object]] = [client.messages, client.search, client.contact]
    for ask in asks:
        try:
            ask("x1")
        except HighLevelError as error:
            assert error.code
        else:
            assert status < 300
