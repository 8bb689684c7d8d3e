"""Every way the API is known to fail, over real HTTP: named, in time, and seldom asked again."""

from __future__ import annotations

import gzip
import json
import re
import socket
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client
from pytest_django import Settings

from conversations_ui.accounts.models import SubAccount
from conversations_ui.highlevel import retries
from conversations_ui.sandbox import Answer, Sandbox
from conversations_ui.services import changes, upstream
from tests.pages import (
    Response,
    alert,
    asked_for_messages,
    fragment,
    inbox_path,
    message_ids,
    one,
    page,
    rows,
    thread_path,
    value,
)

BUDGET = 1.0  # seconds of a page whose answer does not come
MARGIN = 20.0  # for all that is not waiting, on a machine with much other work
SIZE = 5  # messages of a page
MEGABYTE = 1024 * 1024
MEMORY = 32 * MEGABYTE  # an answer may be 8; the large ones here are 50 and 100

UNAUTHORIZED, SCOPE, FORBIDDEN = ("unauthorized", 502), ("scope", 502), ("forbidden", 502)
NOT_FOUND, BAD_ANSWER = ("not-found", 404), ("bad-answer", 502)
RATE_LIMITED, UNAVAILABLE = ("rate-limited", 503), ("unavailable", 503)


@dataclass(frozen=True)
class Fault:
    """What the API does, the code and status people get for it, and how often it is asked.

    One that is `slow` lasts until the page's time is over.
    """

    answer: Answer = field(repr=False)
    shown: tuple[str, int]
    attempts: int = 1
    slow: bool = False


def said(status: int, message: str | list[str], **headers: str) -> Answer:
    """A refusal in the API's form."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(status, {"statusCode": status, "message": message}, named)


def raw(head: str, body: bytes = b"", **how: Any) -> Answer:
    """Bytes put on the wire as they stand."""
    return Answer(raw=head.replace("\n", "\r\n").encode() + b"\r\n" + body, **how)


def deep(levels: int) -> bytes:
    return b'{"messages":' * levels + b"[]" + b"}" * levels


def packed(size: int, times: int = 1) -> bytes:
    """So many spaces, packed."""
    data = b" " * size
    for _time in range(times):
        data = gzip.compress(data, 1)
    return data


OK = "HTTP/1.1 200 OK\ncontent-type: application/json\n"
PAGE = b'{"messages":{"lastMessageId":"","nextPage":false,"messages":[]},"conversations":[]}'
HTML = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"

# The statuses and sentences of the API's description, and others it might use.
STATUSES: dict[str, Fault] = {
    "400 contact": Fault(said(400, "Contact not found"), NOT_FOUND),
    "400 slow search": Fault(said(400, "Request Timeout after 30000ms"), UNAVAILABLE, 3),
    "400 wrong id": Fault(said(400, "This is an email send message id"), BAD_ANSWER),
    "401 jwt": Fault(said(401, "Invalid JWT"), UNAUTHORIZED),
    "401 pit": Fault(said(401, "Invalid Private Integration token"), UNAUTHORIZED),
    "401 token": Fault(said(401, "Invalid token: access token is invalid"), UNAUTHORIZED),
    "401 scope": Fault(said(401, "The token is not authorized for this scope."), SCOPE),
    "401 no version": Fault(said(401, "version header was not found."), BAD_ANSWER),
    "401 version": Fault(said(401, "version header is invalid"), BAD_ANSWER),
    "401 hipaa": Fault(said(401, "This location is in HIPAA mode"), FORBIDDEN),
    "401 agency": Fault(said(401, "This AuthClass is not yet supported"), UNAUTHORIZED),
    "403 location": Fault(said(403, "The token does not have access to this location."), FORBIDDEN),
    "403 html": Fault(Answer(403, HTML.format("Attention Required!")), FORBIDDEN),
    "404 path": Fault(said(404, "Cannot GET /conversations"), NOT_FOUND),
    "408": Fault(said(408, "Request Timeout"), UNAVAILABLE, 3),
    "422 parameter": Fault(said(422, ["property x should not exist"]), BAD_ANSWER),
    "422 recording": Fault(said(422, "Message does not have recording"), NOT_FOUND),
    "429": Fault(said(429, "Too Many Requests"), RATE_LIMITED),
    "429 empty": Fault(Answer(429, b""), RATE_LIMITED),
    "429 a moment": Fault(said(429, "Too Many Requests", retry_after="0.05"), RATE_LIMITED, 3),
    "429 a burst": Fault(
        said(429, "Too Many Requests", x_ratelimit_interval_milliseconds="10000"), RATE_LIMITED
    ),
    "429 for hours": Fault(said(429, "Too Many Requests", retry_after="7200"), RATE_LIMITED),
    "429 for today": Fault(
        said(429, "Too Many", retry_after="0.05", x_ratelimit_daily_remaining="0"), RATE_LIMITED
    ),
    "500": Fault(said(500, "Search infrastructure is temporarily overloaded"), UNAVAILABLE),
    "502": Fault(Answer(502, HTML.format("502 Bad Gateway")), UNAVAILABLE, 3),
    "503": Fault(Answer(503, b""), UNAVAILABLE, 3),
    "503 for hours": Fault(said(503, "Maintenance", retry_after="7200"), UNAVAILABLE),
    "504": Fault(said(504, "Gateway Timeout"), UNAVAILABLE, 3),
    "520": Fault(Answer(520, HTML.format("Web server returns an unknown error")), UNAVAILABLE),
    **{
        str(status): Fault(Answer(status, b""), BAD_ANSWER)
        for status in (204, 205, 300, 304, 402, 405, 410, 451)
    },
}

# The answer is no answer, or only a part of one.
WIRE: dict[str, Fault] = {
    "reset before the headers": Fault(Answer(reset=True), UNAVAILABLE, 3),
    "reset after the headers": Fault(Answer(reset=True, cut=0), UNAVAILABLE, 3),
    "reset inside the body": Fault(Answer(reset=True, cut=0.5), UNAVAILABLE, 3),
    "hung up at once": Fault(Answer(raw=b""), UNAVAILABLE, 3),
    "hung up in the headers": Fault(Answer(raw=b"HTTP/1.1 200 OK\r\ncont"), UNAVAILABLE, 3),
    "truncated": Fault(Answer(cut=0.5), UNAVAILABLE, 3),
    "length too long": Fault(raw(f"{OK}content-length: 5000\n", PAGE), UNAVAILABLE, 3),
    "length too short": Fault(Answer(headers={"content-length": "40"}), BAD_ANSWER),
    "two lengths": Fault(raw(f"{OK}content-length: 3, 5\n", PAGE), UNAVAILABLE, 3),
    "chunks cut short": Fault(
        raw(f"{OK}transfer-encoding: chunked\n", b"ff\r\n" + PAGE), UNAVAILABLE, 3
    ),
    "chunks of no size": Fault(
        raw(f"{OK}transfer-encoding: chunked\n", b"many\r\n" + PAGE), UNAVAILABLE, 3
    ),
    "no HTTP": Fault(Answer(raw=b"SSH-2.0-OpenSSH_9.6\r\n"), UNAVAILABLE, 3),
    "too many headers": Fault(raw(OK + "x-more: 1\n" * 500, PAGE), UNAVAILABLE, 3),
    "a header too long": Fault(raw(f"{OK}x-long: {'x' * 70_000}\n", PAGE), UNAVAILABLE, 3),
}

# An answer, but none to be used.
BODIES: dict[str, Fault] = {
    "html": Fault(Answer(200, HTML.format("Sign in")), BAD_ANSWER),
    "empty": Fault(Answer(200, b""), BAD_ANSWER),
    "invalid json": Fault(Answer(200, '{"messages":{"nextPage":tru'), BAD_ANSWER),
    "two answers": Fault(Answer(200, PAGE + PAGE), BAD_ANSWER),
    "wrong shape": Fault(Answer(200, {"messages": "none", "conversations": 5}), BAD_ANSWER),
    "a list": Fault(Answer(200, [1, None, "x"]), BAD_ANSWER),
    "null": Fault(Answer(200, "null"), BAD_ANSWER),
    "an error with 200": Fault(Answer(200, {"statusCode": 500, "message": "x"}), BAD_ANSWER),
    "10,000 levels deep": Fault(Answer(200, deep(10_000)), BAD_ANSWER),
    "100 levels deep": Fault(Answer(200, deep(100)), BAD_ANSWER),
    "10,000 lists deep": Fault(Answer(200, b"[" * 10_000), BAD_ANSWER),
    "invalid utf-8": Fault(Answer(200, PAGE.replace(b'""', b'"\xff\xfe"')), BAD_ANSWER),
    "utf-16": Fault(Answer(200, PAGE.decode().encode("utf-16")), BAD_ANSWER),
    "packed, it says": Fault(Answer(200, PAGE, {"content-encoding": "gzip"}), BAD_ANSWER),
    "packed by nobody": Fault(Answer(200, b"\0", {"content-encoding": "x"}), BAD_ANSWER),
}

# The time of the page is used up by the first attempt.
SLOW: dict[str, Fault] = {
    "slow first byte": Fault(Answer(delay=4.0), UNAVAILABLE, slow=True),
    "slow refusal": Fault(Answer(503, delay=4.0), UNAVAILABLE, slow=True),
    "dripping headers": Fault(raw(OK, PAGE, drip=0.1), UNAVAILABLE, slow=True),
    "dripping body": Fault(Answer(drip=0.02), UNAVAILABLE, slow=True),
    "dripping sizes": Fault(
        raw(f"{OK}transfer-encoding: chunked\n", b"0" * 4000, drip=0.005), UNAVAILABLE, slow=True
    ),
    "no length, no end": Fault(Answer(headers={"content-length": "x"}), UNAVAILABLE, slow=True),
}

FAULTS = STATUSES | WIRE | BODIES | SLOW
# Whether what was read before is shown in place of the failure.
WITH_A_COPY = {
    "400 contact": False,
    "401 jwt": False,
    "401 scope": False,
    "401 hipaa": False,
    "404 path": False,
    "429 for hours": True,
    "500": True,
    "503": True,
    "truncated": True,
    "reset inside the body": True,
    "html": True,
    "empty": True,
    "10,000 levels deep": True,
    "slow first byte": True,
    "dripping body": True,
}


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """Small pages, all further tries there and quick, no token known to have worked."""
    monkeypatch.setattr(upstream, "_retries", retries.Allowance())
    monkeypatch.setattr(retries, "BASE", 0.01)
    upstream._worked.clear()
    settings.PAGE_SIZE = SIZE


@pytest.fixture
def thread(sandbox: Sandbox) -> str:
    return sandbox.world.long_conversation_id


@dataclass(frozen=True)
class Place:
    """Where a fault is met: the path it is scripted at, and how the page is asked for."""

    upstream: str
    ask: Callable[[Client, SubAccount, str], Response]


def _older(client: Client, account: SubAccount, thread: str) -> Response:
    return fragment(client, f"{thread_path(account, thread)}?before=m1", "older")


PLACES = {
    "older": Place("/messages", _older),
    "thread": Place("/messages", lambda client, *of: client.get(thread_path(*of))),
    "inbox": Place("/search", lambda client, account, _: client.get(inbox_path(account))),
}


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_has_its_code_in_time_and_is_seldom_asked_again(
    reader_client: Client,
    sub_account: SubAccount,
    sandbox: Sandbox,
    thread: str,
    settings: Settings,
    name: str,
    where: str,
) -> None:
    fault, place = FAULTS[name], PLACES[where]
    settings.PAGE_SECONDS = BUDGET if fault.slow else 30.0
    sandbox.script(re.compile(rf"{place.upstream}\b"), fault.answer, times=None)
    started = time.monotonic()
    response = place.ask(reader_client, sub_account, thread)
    taken = time.monotonic() - started
    assert taken < BUDGET + MARGIN
    found = alert(page(response))
    assert (found["data-error"], response.status_code) == fault.shown
    asked = [seen for seen in sandbox.requests if seen.path.endswith(place.upstream)]
    # Beside the page of messages the token may just have worked.
    beside = where == "thread" and fault.shown == UNAUTHORIZED
    assert len(asked) in {fault.attempts, fault.attempts + beside}
    assert sandbox.token not in response.content.decode()


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_on_the_page_stays_and_the_retry_link_leads_on(
    reader_client: Client,
    sub_account: SubAccount,
    sandbox: Sandbox,
    thread: str,
    settings: Settings,
    name: str,
) -> None:
    fault = FAULTS[name]
    path = thread_path(sub_account, thread)
    shown = page(fragment(reader_client, path, "messages"))
    older = value(one(shown, "a[data-load-older]"), "hx-get")
    settings.PAGE_SECONDS = BUDGET if fault.slow else 30.0
    sandbox.script(re.compile(r"/messages\b"), fault.answer, times=None)
    failed = fragment(reader_client, older, "older")
    assert "HX-Retarget" not in failed
    edge = page(failed)
    # Nothing but the edge is replaced.
    assert [tag["id"] for tag in edge.find_all(recursive=False)] == ["older"]
    assert message_ids(edge) == []

    sandbox.unscript()
    settings.PAGE_SECONDS = 30.0
    caches["upstream"].clear()  # what the API asked to wait is over
    retry = value(one(edge, "a[data-retry]"), "hx-get")
    again = message_ids(page(fragment(reader_client, retry, "older")))
    held = [row["id"] for row in sandbox.world.threads[thread]]
    # Some share one moment: the API and the page may see them in another order.
    assert sorted(again) == sorted(held[-2 * SIZE : -SIZE])


@pytest.mark.parametrize("name", WITH_A_COPY)
def test_what_was_read_before_stands_in_where_nothing_new_is_known(
    reader_client: Client,
    sub_account: SubAccount,
    sandbox: Sandbox,
    thread: str,
    settings: Settings,
    name: str,
) -> None:
    fault = FAULTS[name]
    path, inbox = thread_path(sub_account, thread), inbox_path(sub_account)
    messages = message_ids(page(fragment(reader_client, path, "messages")))
    conversations = rows(page(fragment(reader_client, inbox, "inbox")))
    changes.anything(sub_account.location_id)
    upstream._worked.clear()
    settings.PAGE_SECONDS = BUDGET if fault.slow else 30.0
    sandbox.script(re.compile(r"/(messages|search)\b"), fault.answer, times=None)
    for address, target, shown, kept in (
        (path, "messages", message_ids, messages),
        (inbox, "inbox", rows, conversations),
    ):
        started = time.monotonic()
        response = fragment(reader_client, address, target)
        assert time.monotonic() - started < BUDGET + MARGIN
        assert response.status_code == (200 if WITH_A_COPY[name] else fault.shown[1])
        assert shown(page(response)) == (kept if WITH_A_COPY[name] else [])


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault.attempts > 1])
def test_a_fault_that_passes_is_not_seen(
    reader_client: Client,
    sub_account: SubAccount,
    sandbox: Sandbox,
    thread: str,
    name: str,
    times: int,
) -> None:
    sandbox.script(re.compile(r"/messages\b"), FAULTS[name].answer, times=times)
    shown = page(fragment(reader_client, thread_path(sub_account, thread), "messages"))
    assert len(message_ids(shown)) == SIZE
    assert len(asked_for_messages(sandbox)) == times + 1


@pytest.mark.parametrize(
    ("sentence", "attempts"),
    [("Invalid JWT", 2), ("The token is not authorized for this scope.", 1)],
)
def test_a_token_that_has_just_worked_is_tried_once_more(
    reader_client: Client,
    sub_account: SubAccount,
    sandbox: Sandbox,
    thread: str,
    sentence: str,
    attempts: int,
) -> None:
    reader_client.get(inbox_path(sub_account))
    sandbox.script(re.compile(r"/messages\b"), said(401, sentence), times=None)
    response = fragment(reader_client, thread_path(sub_account, thread), "messages")
    assert response.status_code == 502
    assert len(asked_for_messages(sandbox)) == attempts


def test_one_refusal_by_mistake_is_not_seen(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, thread: str
) -> None:
    reader_client.get(inbox_path(sub_account))
    sandbox.script(re.compile(r"/messages\b"), said(401, "Invalid JWT"))
    response = fragment(reader_client, thread_path(sub_account, thread), "messages")
    assert len(message_ids(page(response))) == SIZE


def test_headers_that_cannot_be_read_are_not_written_to_the_log(
    reader_client: Client,
    sub_account: SubAccount,
    sandbox: Sandbox,
    caplog: pytest.LogCaptureFixture,
) -> None:
    odd = raw(f"{OK}content-length: {len(PAGE)}\n(312) 555-0134\n", PAGE)
    sandbox.script("/conversations/search", odd, times=None)
    response = reader_client.get(f"{inbox_path(sub_account)}?q=sesame")
    assert response.status_code == 200
    assert "GET /conversations/search 200" in caplog.text
    assert "sesame" not in caplog.text
    assert "555-0134" not in caplog.text


# Elsewhere


@pytest.fixture
def elsewhere() -> Iterator[socket.socket]:
    """Another host: it listens, and what comes can be asked for later."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("form", ["http://{}/", "//{}/steal", "http://user@{}/"])
def test_a_redirect_to_another_host_is_not_followed(
    reader_client: Client,
    sub_account: SubAccount,
    sandbox: Sandbox,
    thread: str,
    elsewhere: socket.socket,
    status: int,
    form: str,
) -> None:
    location = form.format(f"127.0.0.1:{elsewhere.getsockname()[1]}")
    sandbox.script("/", Answer(status, b"", {"location": location}), times=None)
    call = f"recording/{sub_account.location_id}/{thread}/m1/"
    for path, target in (
        (thread_path(sub_account, thread), ""),
        (f"{thread_path(sub_account, thread)}?before=m1", "older"),
        (inbox_path(sub_account), ""),
        (f"/{call}", ""),
        (f"/{call.replace('recording', 'transcript')}", ""),
    ):
        ask = fragment(reader_client, path, target) if target else reader_client.get(path)
        assert ask.status_code == 502, path
    with pytest.raises(BlockingIOError):
        elsewhere.accept()
    assert all(seen.authorization for seen in sandbox.requests)


# Too much


LARGE = {
    "50 MB": lambda: Answer(200, PAGE + b" " * 50 * MEGABYTE),
    "50 MB of one word": lambda: Answer(200, b'{"messages":"' + b"x" * 50 * MEGABYTE),
    "50 MB of a refusal": lambda: Answer(500, b"x" * 50 * MEGABYTE),
    "50 MB of a redirect": lambda: Answer(302, b"x" * 50 * MEGABYTE, {"location": "/"}),
    "a bomb": lambda: Answer(200, packed(100 * MEGABYTE), {"content-encoding": "gzip"}),
    "a bomb in a bomb": lambda: Answer(
        200, packed(100 * MEGABYTE, 2), {"content-encoding": "gzip, gzip"}
    ),
    "a bomb of a refusal": lambda: Answer(
        500, packed(100 * MEGABYTE), {"content-encoding": "gzip"}
    ),
}


@pytest.mark.parametrize("name", LARGE)
def test_a_large_answer_is_not_taken_in_whole(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, thread: str, name: str
) -> None:
    code, status = UNAVAILABLE if "refusal" in name else BAD_ANSWER
    sandbox.script(re.compile(r"/messages\b"), LARGE[name](), times=None)
    path = f"{thread_path(sub_account, thread)}?before=m1"
    tracemalloc.start()
    try:
        started = time.monotonic()
        response = fragment(reader_client, path, "older")
        taken = time.monotonic() - started
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (alert(page(response))["data-error"], response.status_code) == (code, status)
    assert peak < MEMORY
    assert taken < 8.0 + MARGIN
    assert len(asked_for_messages(sandbox)) == 1


def test_an_answer_as_large_as_may_be_is_read(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, thread: str
) -> None:
    sent = json.dumps({"messages": {"messages": [], "nextPage": False}}).encode()
    sandbox.script(re.compile(r"/messages\b"), Answer(200, sent + b" " * 7 * MEGABYTE))
    path = f"{thread_path(sub_account, thread)}?before=m1"
    assert fragment(reader_client, path, "older").status_code == 200
