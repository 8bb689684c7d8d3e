"""Refusals: what the API says, cleaned for showing, and how long it asks to wait."""

import json
import pickle
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations_ui.highlevel import errors
from conversations_ui.highlevel.errors import HighLevelError, RateLimited, Unavailable
from conversations_ui.highlevel.refusals import refused

ANYTHING = settings(max_examples=200, deadline=None)


def sentence(body: bytes, secret: str = "") -> str:
    return refused(400, {}, body, secret=secret).sentence


def said(**answer: object) -> bytes:
    return json.dumps(answer).encode()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (said(message="Contact not found"), "Contact not found"),
        (said(message=["limit must be", "a number"]), "limit must be; a number"),
        (said(message=["a", None, 3, {"b": "c"}, "", "d"]), "a; d"),
        (said(msg="No such thing"), "No such thing"),
        (said(message="", msg="No such thing"), "No such thing"),
        (said(message={"x": "y"}, error="Unauthorized"), "Unauthorized"),
        (said(statusCode=400), ""),
        (said(message=5, error=None), ""),
        (b'"Just words"', "Just words"),
        (b'["a"]', ""),
        (b"", ""),
        (b"Plain words", "Plain words"),
        (b"\xff\xfe broken", "\ufffd\ufffd broken"),
        (said(message=" a\n\n b\tc\u00a0d "), "a b c d"),
        (said(message="a\u0000b\u001b[31mc\u202ed\u200be\ud800f"), "ab[31mcdef"),
        (said(message="<b>No</b> &amp; <i class='x'>never</i>."), "No & never."),
        (said(message="limit < 100 and > 1"), "limit < 100 and > 1"),
        (
            b"<!doctype html><html><head><title>502</title><style>p{}</style></head><body>"
            b"<h1>Bad gateway</h1><script>alert(1)</script><p>The server<br>is away</p></body>",
            "Bad gateway The server is away",
        ),
        (b"<p>before</p><![odd[ x ]]>", "before"),
    ],
)
def test_the_sentence_is_the_apis_own_without_markup(body: bytes, words: str) -> None:
    assert sentence(body).replace("\ufffdf", "f") == words


def test_a_sentence_is_cut_at_300_characters() -> None:
    assert sentence(said(message="x" * 301)) == "x" * 300


@pytest.mark.parametrize(
    "body",
    [
        said(message="Bearer pit-abc-123 is bad"),
        said(message="pit-<b>abc</b>-123"),
        said(message="pit-\u200babc\u0000-123"),
        said(message="x" * 295 + "pit-abc-123"),
        b"<h1>pit-abc-123</h1>",
        b"pit-abc-123",
    ],
)
def test_an_echoed_token_is_cut_out(body: bytes) -> None:
    assert "pit-a" not in sentence(body, secret="pit-abc-123")


@pytest.mark.parametrize(
    ("trace", "shown"),
    [
        ("6c1c0f9a-2f5e-4e39-9a37-0d0c5f0a7f11", "6c1c0f9a-2f5e-4e39-9a37-0d0c5f0a7f11"),
        ("x" * 64, "x" * 64),
        ("x" * 65, ""),
        ("<b>", ""),
        ("a b", ""),
        ("a\n", ""),
        ("pit-abc-123", ""),
        (5, ""),
        (None, ""),
    ],
)
def test_a_trace_id_is_shown_when_it_looks_like_one(trace: object, shown: str) -> None:
    assert refused(500, {}, said(traceId=trace), secret="pit-abc-123").trace_id == shown


@pytest.mark.parametrize(
    ("headers", "daily", "wait"),
    [
        ({}, False, None),
        ({"retry-after": "7"}, False, 7.0),
        ({"retry-after": "0"}, False, 0.0),
        ({"retry-after": "1.5"}, False, 1.5),
        ({"retry-after": "-5"}, False, 0.0),
        ({"retry-after": "999999999"}, False, 86_400.0),
        ({"retry-after": "nan"}, False, None),
        ({"retry-after": "soon"}, False, None),
        ({"retry-after": "9" * 5000}, False, None),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, False, 0.0),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, False, 86_400.0),
        ({"retry-after": "Thu, 99 Foo 99999 00:00:00 GMT"}, False, None),
        ({"x-ratelimit-interval-milliseconds": "10000"}, False, 10.0),
        ({"retry-after": "0", "x-ratelimit-interval-milliseconds": "10000"}, False, 0.0),
        ({"retry-after": "nan", "x-ratelimit-interval-milliseconds": "10000"}, False, 10.0),
        ({"x-ratelimit-interval-milliseconds": "-1"}, False, 0.0),
        ({"x-ratelimit-interval-milliseconds": "x"}, False, None),
        (
            {"x-ratelimit-daily-remaining": "1", "x-ratelimit-daily-reset": "83375000"},
            False,
            None,
        ),
        (
            {"x-ratelimit-daily-remaining": "0", "x-ratelimit-daily-reset": "83375000"},
            True,
            83_375.0,
        ),
        (
            {"x-ratelimit-daily-remaining": "0", "x-ratelimit-interval-milliseconds": "10000"},
            True,
            None,
        ),
        (
            {
                "x-ratelimit-daily-remaining": "0",
                "x-ratelimit-daily-reset": "1e30",
                "retry-after": "3",
            },
            True,
            3.0,
        ),
        ({"x-ratelimit-daily-remaining": "0", "x-ratelimit-daily-reset": "1e30"}, True, 86_400.0),
    ],
)
def test_a_rate_limit_says_which_and_how_long(
    headers: dict[str, str], daily: bool, wait: float | None
) -> None:
    error = refused(429, headers, b"")
    assert isinstance(error, RateLimited)
    assert (error.daily, error.retry_after) == (daily, wait)


def test_a_wait_may_be_given_as_a_date() -> None:
    due = format_datetime(datetime.now(UTC) + timedelta(seconds=600), usegmt=True)
    wait = refused(429, {"retry-after": due}, b"").retry_after
    assert wait is not None
    assert 500 < wait <= 600


def test_an_unavailable_api_may_ask_to_wait_and_other_refusals_may_not() -> None:
    headers = {"retry-after": "9", "x-ratelimit-interval-milliseconds": "10000"}
    assert refused(503, headers, b"").retry_after == 9
    assert refused(400, headers, said(message="Request Timeout after 30000ms")).retry_after == 9
    assert refused(503, {"x-ratelimit-interval-milliseconds": "10000"}, b"").retry_after is None
    assert refused(401, headers, b"").retry_after is None


def every_error() -> list[type[HighLevelError]]:
    found = [getattr(errors, name) for name in dir(errors)]
    return [item for item in found if isinstance(item, type) and issubclass(item, HighLevelError)]


def test_every_error_has_a_code_of_the_contract() -> None:
    assert {error.code for error in every_error()} == {
        "",
        "unauthorized",
        "scope",
        "forbidden",
        "not-found",
        "rate-limited",
        "unavailable",
        "bad-answer",
    }


@pytest.mark.parametrize("kind", every_error())
def test_errors_survive_pickling(kind: type[HighLevelError]) -> None:
    error = kind("why", sentence="Said", status=418, trace_id="t", retry_after=2.5)
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(copy) is kind
    assert (vars(copy), str(copy)) == (vars(error), str(error))


def test_an_error_reads_as_status_code_and_words() -> None:
    assert str(Unavailable("ReadTimeout")) == "unavailable ReadTimeout"
    assert str(refused(401, {}, said(message="Invalid JWT"))) == "401 unauthorized Invalid JWT"


@ANYTHING
@given(
    status=st.integers(100, 999),
    headers=st.dictionaries(
        st.sampled_from(
            [
                "retry-after",
                "x-ratelimit-daily-remaining",
                "x-ratelimit-daily-reset",
                "x-ratelimit-interval-milliseconds",
            ]
        ),
        st.text(max_size=30)
        | st.floats().map(str)
        | st.integers().map(str)
        | st.datetimes().map(format_datetime),
    ),
    body=st.binary(max_size=100)
    | st.text().map(lambda words: json.dumps({"message": words}).encode())
    | st.text(alphabet="<>!?-[]&#;/='\" abscript\n").map(str.encode),
)
def test_any_refusal_has_an_error(status: int, headers: dict[str, str], body: bytes) -> None:
    error = refused(status, headers, body, secret="s")
    assert error.code
    assert error.status == status
    assert len(error.sentence) <= 300
    assert error.sentence == "" or error.sentence.isprintable()
    assert error.retry_after is None or 0 <= error.retry_after <= 86_400
