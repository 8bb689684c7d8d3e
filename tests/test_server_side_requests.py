"""Whom this server asks itself, with what, and whom never: seen at the sockets it opens."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from bs4 import BeautifulSoup
from django.test import Client as Browser
from pytest_django import Settings

from conversations_ui.accounts.access import sub_account_or_404
from conversations_ui.accounts.models import SubAccount, User
from conversations_ui.highlevel.client import Client
from conversations_ui.highlevel.errors import HighLevelError, Unavailable
from conversations_ui.highlevel.oauth import App
from conversations_ui.sandbox import Answer, Sandbox
from conversations_ui.services import mail
from conversations_ui.services.fetching import Refused, open_media, picture
from tests.foreign import PUBLIC, foreign_web
from tests.hostile_addresses import FORMS, Form
from tests.pages import Row, row

API = "https://services.leadconnectorhq.com"
_connect, _getaddrinfo = socket.socket.connect, socket.getaddrinfo


EVERY = pytest.mark.parametrize("form", FORMS, ids=str)


class Every(frozenset[str]):
    """A list of hosts that lets all of them in."""

    def __contains__(self, _host: object) -> bool:
        return True


class Wire:
    """What this process asks of the system: names to look up, machines to connect to.

    Nobody is connected to but those in `real`. A name has one list of addresses a lookup.
    """

    def __init__(self) -> None:
        self.names: dict[str, list[list[str]]] = {}
        self.real: set[tuple[str, int]] = set()
        self.lookups: list[str] = []
        self.connections: list[tuple[str, int]] = []

    def getaddrinfo(self, host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        """Look a name up; what is an address already is nobody's business."""
        with suppress(ValueError):
            ipaddress.ip_address(host)
            return _getaddrinfo(host, port, *args, **kwargs)
        self.lookups.append(host)
        if host not in self.names:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        known = self.names[host]
        found = known.pop(0) if len(known) > 1 else known[0]
        kinds = [socket.AF_INET6 if ":" in address else socket.AF_INET for address in found]
        return [
            (kind, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port))
            for kind, address in zip(kinds, found, strict=True)
        ]

    def connect(self, own: socket.socket, address: Any) -> None:
        """Note whom a socket is to be connected to."""
        if address[:2] in self.real:
            return _connect(own, address)
        self.connections.append(address[:2])
        raise ConnectionRefusedError


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    wire = Wire()
    monkeypatch.setattr(socket, "getaddrinfo", wire.getaddrinfo)
    for way in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(
            socket.socket, way, lambda own, *args: wire.connect(own, args[-1]), raising=True
        )
    return wire


@pytest.fixture
def without_sandbox(settings: Settings) -> None:
    settings.HIGHLEVEL_API_URL = API


def resolving(wire: Wire, form: Form) -> None:
    """Let the name in an address lead where the form says."""
    if form.addresses:
        host = (urlsplit(form.url).hostname or "").encode("idna").decode()
        wire.names = {host: [list(form.addresses)]}


def why(ask: Callable[[], object]) -> str:
    """Say why something was refused."""
    with pytest.raises(Refused) as refused:
        ask()
    return refused.value.reason


@EVERY
def test_nobody_is_connected_to(wire: Wire, without_sandbox: None, form: Form) -> None:
    resolving(wire, form)
    asked = len(wire.names)
    for ask in (picture, lambda url: open_media(url, hosts=Every())):
        assert why(lambda ask=ask: ask(form.url)) == "address"  # type: ignore[misc]
    assert (len(wire.lookups), wire.connections) == (2 * asked, [])


def test_the_wire_does_see_connections(wire: Wire, without_sandbox: None) -> None:
    wire.names["media.example"] = [[PUBLIC]]
    assert why(lambda: picture("https://media.example/a.png")) == "unreachable"
    assert why(lambda: open_media("https://media.example/a.png", hosts=Every())) == "unreachable"
    assert wire.connections == [(PUBLIC, 443)] * 2


def test_only_hosts_of_the_list_are_looked_up_for_files(wire: Wire, without_sandbox: None) -> None:
    for host in (
        *("evil.example", "a.media.example", "media.example.evil.example", "xmedia.example"),
        *("media.exampl", "media.examples", "media-example.example", "m\u0435dia.example"),
    ):
        url = f"https://{host}/a.png"
        assert why(lambda url=url: open_media(url, hosts=("media.example",))) == "host"  # type: ignore[misc]
    assert (wire.lookups, wire.connections) == ([], [])


def test_a_name_that_changes_is_asked_where_it_was_looked_at(
    wire: Wire, without_sandbox: None
) -> None:
    for within in ("127.0.0.1", "169.254.169.254", "10.0.0.1"):
        wire.names["media.example"] = [[PUBLIC], [within]]
        assert why(lambda: picture("http://media.example/a.png")) == "unreachable"
        assert wire.connections == [(PUBLIC, 80)]
        # It has changed by now: the next fetch looks again, and goes nowhere.
        assert why(lambda: picture("http://media.example/a.png")) == "address"
        assert wire.connections.pop() == (PUBLIC, 80)


def test_of_many_addresses_a_few_are_tried(wire: Wire, without_sandbox: None) -> None:
    wire.names["media.example"] = [[f"93.184.{i // 250}.{i % 250}" for i in range(1000)]]
    assert why(lambda: picture("https://media.example/a.png")) == "unreachable"
    assert len(wire.connections) == 3


def beside(wire: Wire, sandbox: Sandbox) -> None:
    """Let the sandbox be what it is."""
    parts = urlsplit(sandbox.url)
    wire.real = {(str(parts.hostname), int(parts.port or 0))}


def test_a_message_whose_files_lead_within_says_so(
    wire: Wire,
    reader_client: Browser,
    sub_account: SubAccount,
    sandbox: Sandbox,
    settings: Settings,
) -> None:
    beside(wire, sandbox)
    settings.MEDIA_HOSTS = Every()
    conversation_id = sandbox.world.media_conversation_id
    forms = [form for form in FORMS[::9] if form.url.strip() and form.url.isprintable()]
    message = row(1, body=None, attachments=[form.url for form in forms])
    inner = {"lastMessageId": "", "nextPage": False, "messages": [message]}
    sandbox.script(f"/conversations/{conversation_id}/messages", Answer(200, {"messages": inner}))
    shown = reader_client.get(f"/inbox/{sub_account.location_id}/{conversation_id}/")
    assert shown.status_code == 200
    assert wire.connections == []
    for index, form in enumerate(forms):
        resolving(wire, form)
        media = f"/media/{conversation_id}/m001/{index}/?in={sub_account.location_id}"
        answer = reader_client.get(media)
        assert answer.status_code == 404
        assert "Not an address on the open web." in answer.content.decode(), form
    assert wire.connections == []


def test_a_mails_pictures_that_lead_within_are_refused(
    wire: Wire,
    reader: User,
    reader_client: Browser,
    sub_account: SubAccount,
    without_sandbox: None,
) -> None:
    opened = sub_account_or_404(reader, sub_account.location_id)
    ours = mail.picture_addresses(opened, "c1", "e1")
    for form in FORMS[::9]:
        resolving(wire, form)
        answer = reader_client.get(ours(form.url))
        assert (answer.status_code, answer.content) == (502, b"address"), form
    assert wire.connections == []


# The token


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
@pytest.mark.parametrize("form", ["http://{}/", "//{}/", "https://{}/users/u1", "http://x@{}/"])
def test_no_redirect_takes_a_token_or_a_secret_along(
    wire: Wire, sandbox: Sandbox, status: int, form: str
) -> None:
    beside(wire, sandbox)
    app = App("app-1", "a-secret-of-the-app", base_url=sandbox.url)
    client = Client(sandbox.token, base_url=sandbox.url)
    calls: tuple[Callable[[], object], ...] = (
        lambda: app.exchange("a-code", redirect_uri="https://site.example/", verifier="v" * 64),
        lambda: app.refresh("a-refresh-token"),
        lambda: app.location_token("an-agencys-token", "c1", "l1"),
        lambda: app.installed_locations("an-agencys-token", "c1"),
        lambda: client.location(sandbox.locations[0]),
        lambda: client.recording("m1", sandbox.locations[0]).__enter__(),
    )
    for call in calls:
        for elsewhere in ("169.254.169.254", "evil.example"):
            moved = Answer(status, b"", {"Location": form.format(elsewhere)})
            sandbox.clear()
            sandbox.script("/", moved)
            with pytest.raises(HighLevelError) as refused:
                call()
            assert refused.value.status == status
            assert len(sandbox.requests) == 1
    assert (wire.lookups, wire.connections) == ([], [])


@pytest.fixture
def proxy() -> Iterator[tuple[str, list[str]]]:
    """A proxy that lets nobody through; its address, and what it was told."""
    told: list[str] = []

    def serve(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _from = listener.accept()
                with connection, connection.makefile("rb") as file:
                    told.append("".join(line.decode() for line in iter(file.readline, b"\r\n")))
                    connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", told
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def test_a_proxy_of_the_environment_is_asked_to_connect_and_told_no_token(
    proxy: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, told = proxy
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, address)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    app = App("app-1", "a-secret-of-the-app", base_url=API)
    for call in (lambda: Client("the-token", base_url=API).user("u1"), lambda: app.refresh("old")):
        with pytest.raises(Unavailable):
            call()
        assert told.pop().startswith("CONNECT services.leadconnectorhq.com:443 HTTP/1.")
        assert told == []


# All of it together


def writing(host: str) -> str:
    """Give HTML that would have something fetched from a host in all ways but as a picture."""
    url = f"https://{host}/a"
    return (
        f"<link rel=stylesheet href='{url}.css'><style>@import '{url}.css'</style>"
        f"<table background='{url}.png'><td style=\"background:url('{url}.png')\">x</table>"
        f"<iframe src='{url}'></iframe><object data='{url}'></object><video src='{url}'></video>"
        f"<a href='{url}'>{url}</a><img srcset='{url}.png 1x' src='x'><script src='{url}'></script>"
    )


def written(sandbox: Sandbox, conversation_id: str) -> list[str]:
    """Let each field of a conversation name a host; gives the ids of its messages."""
    pictures = "".join(
        f"<img src='{url}'>"
        for url in ("http://pictures.example/1.png", "//pictures.example/2.png")
    )
    within = "<img src='https://within.example/3.png'><img src='http://169.254.169.254/4.png'>"
    sandbox.world.emails["asks"] = {
        "id": "asks",
        "conversationId": conversation_id,
        "locationId": sandbox.world.main_location_id,
        "contentType": "text/html",
        "body": pictures + within + writing("mails.example"),
        "attachments": ["https://media.example/b.png", "https://files.example/c.png"],
        **dict.fromkeys(("subject", "from", "to", "replyTo"), "x https://mails.example/"),
    }
    elsewhere = {"url": "https://calls.example/r.mp3", "recordingUrl": "https://calls.example/r"}
    call = {"duration": 9, "status": "completed", **elsewhere}
    files = ["https://files.example/d.png", "http://127.0.0.1/e.png", "http://media.example/f.png"]
    text = f"https://texts.example/ {writing('texts.example')}"
    rows: tuple[Row, ...] = (
        {"attachments": ["https://media.example/a.png", *files], "body": text},
        {"messageType": "TYPE_CALL", "status": "completed", "meta": {"call": call}, **elsewhere},
        {"messageType": "TYPE_WEBCHAT", "body": text, "contentType": "text/html"},
        {"messageType": "TYPE_REVIEW", "body": text, "meta": {"review": {"url": text}}},
        {"messageType": "TYPE_EMAIL", "meta": {"email": {"messageIds": ["asks"]}}, "body": text},
    )
    return [sandbox.receive(conversation_id, **fields) for fields in rows]


def asked_by(browser: Browser, *starts: str) -> set[str]:
    """Follow every link of our own that leads on within a conversation; gives all of them."""
    waiting, seen = deque(starts), set(starts)
    within = starts[0].rstrip("/").rpartition("/")[2]
    while waiting:
        path = waiting.popleft()
        answer = browser.get(path)
        content = answer.getvalue().decode("utf-8", "replace")
        if answer["Content-Type"].startswith("text/html"):
            for tag in BeautifulSoup(content, "html.parser").select("[href], [src], [hx-get]"):
                for name in {"href", "src", "hx-get"} & tag.attrs.keys():
                    link = urlsplit(urljoin(f"http://testserver{path}", str(tag[name])))
                    again = link._replace(scheme="", netloc="", fragment="").geturl()
                    ours = link.netloc == "testserver" and within in link.path
                    # Chips can be combined in more ways than need to be gone through.
                    if ours and again not in seen and "type=" not in link.query:
                        seen.add(again)
                        waiting.append(again)
    return seen


def test_nobody_else_is_asked_for_anything_a_page_holds(
    wire: Wire,
    reader_client: Browser,
    sub_account: SubAccount,
    sandbox: Sandbox,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    beside(wire, sandbox)
    settings.MEDIA_HOSTS = ["media.example"]
    conversation_id = sandbox.world.empty_conversation_id
    contact = {
        "name": "Eve",
        "profilePhoto": "https://photos.example/p.png",
        "website": "x.example",
    }
    sandbox.script("/contacts/", Answer(200, {"contact": contact}), times=None)
    first, talk, *_others = written(sandbox, conversation_id)
    place = f"{sub_account.location_id}/{conversation_id}/"
    starts = [f"/{what}/{place}" for what in ("inbox", "contact", "live", "staff")]
    starts += [f"/{what}/{place}{talk}/" for what in ("recording", "transcript")]
    starts.append(f"/mail/{place}asks/?pictures=1")
    for index in range(4):
        starts.append(f"/media/{conversation_id}/{first}/{index}/?in={sub_account.location_id}")
    sandbox.clear()
    try:
        with foreign_web(tmp_path, monkeypatch) as web:
            for host in ("pictures.example", "files.example", "calls.example", "photos.example"):
                web.names[host] = [[PUBLIC]]
            web.names["within.example"] = [["10.0.0.1"]]
            web.real = {"127.0.0.1"}
            followed = asked_by(reader_client, *starts)
    finally:
        del sandbox.world.emails["asks"]
    assert len(followed) > 20
    # Files of the list, and pictures that a reader asked for: without a token or anything of ours.
    assert set(web.lookups) == {"media.example", "pictures.example", "within.example"}
    assert set(web.connections) == {(PUBLIC, 443), (PUBLIC, 80)}
    hosts = {"media.example", "pictures.example"}
    told = [line for request in web.requests for line in request.split("\r\n")[1:] if line]
    assert {line.partition(": ")[2] for line in told if line.startswith("Host: ")} == hosts
    names = {line.partition(":")[0].lower() for line in told}
    assert names <= {"host", "accept", "accept-encoding", "user-agent", "connection", "range"}
    # The API with its token, and on no other road to any machine.
    assert {seen.authorization for seen in sandbox.requests} == {"main"}
    assert {seen.method for seen in sandbox.requests} == {"GET"}
    assert wire.connections == []
