"""From an answer that is no success (status, headers, body) to the error that names it."""

import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from html.parser import HTMLParser

from conversations_ui.highlevel.errors import (
    AgencyToken,
    BadAnswer,
    Forbidden,
    ForeignLocation,
    HighLevelError,
    HipaaMode,
    MissingScope,
    NoRecording,
    NotFound,
    RateLimited,
    Unauthorized,
    Unavailable,
    WrongVersion,
)
from conversations_ui.highlevel.values import Fields, items, number, parse, text

# The first row whose statuses and words fit decides; words are looked for in lower case. A missing
# scope and most other faults of a token come as 401, a missing contact or a slow search as 400.
_MEANINGS: tuple[tuple[Collection[int], str, type[HighLevelError]], ...] = (
    ((401, 403), "scope", MissingScope),
    ((400, 401), "version header", WrongVersion),
    ((401, 403), "hipaa", HipaaMode),
    ((401,), "authclass", AgencyToken),
    ((401,), "", Unauthorized),
    ((403,), "does not have access to this location", ForeignLocation),
    ((403,), "", Forbidden),
    ((404,), "", NotFound),
    ((400,), "request timeout", Unavailable),
    ((400,), "not found", NotFound),
    ((408,), "", Unavailable),
    ((422,), "does not have recording", NoRecording),
    ((429,), "", RateLimited),
    (range(500, 600), "", Unavailable),
)

_LONGEST_SENTENCE = 300
# A page of HTML says what it has to say at its beginning.
_LONGEST_SOURCE = 16_384
_TRACE_ID = re.compile("[A-Za-z0-9-]{1,64}")
_LONGEST_WAIT = 86_400.0
_REMOVED = "[removed]"


def refused(
    status: int, headers: Mapping[str, str], body: bytes, *, secret: str = ""
) -> HighLevelError:
    """The error for an answer; `secret` (the token) is cut from all it says.

    Follows the table of errors in the API's description and the sentences really met.
    """
    answer = _answer(body)
    sentence = _sentence(answer, secret)
    meaning = _meaning(status, sentence.lower())
    error = meaning(sentence=sentence, status=status, trace_id=trace_id(answer, secret))
    if isinstance(error, (RateLimited, Unavailable)):
        error.retry_after = _retry_after(headers)
    if isinstance(error, RateLimited):
        error.daily = _used_up(headers)
        if error.retry_after is None:
            error.retry_after = _allowance_returns(headers, error.daily)
    return error


def _meaning(status: int, sentence: str) -> type[HighLevelError]:
    fitting = (
        error for statuses, words, error in _MEANINGS if status in statuses and words in sentence
    )
    return next(fitting, BadAnswer)


def trace_id(answer: object, secret: str = "") -> str:
    """An answer's `traceId`, or "" when it has none that can be shown."""
    found = Fields(answer).text("traceId")
    shown = _TRACE_ID.fullmatch(found) and not (secret and secret in found)
    return found if shown else ""


def _answer(body: bytes) -> object:
    try:
        return parse(body)
    except ValueError:
        return body.decode("utf-8", "replace")


def _sentence(answer: object, secret: str) -> str:
    words = "".join(filter(str.isprintable, " ".join(_without_markup(_said(answer)).split())))
    return (words.replace(secret, _REMOVED) if secret else words)[:_LONGEST_SENTENCE].rstrip()


def _said(answer: object) -> str:
    if isinstance(answer, dict):
        said = ("; ".join(_texts(answer.get(key))) for key in ("message", "msg", "error"))
        return next(filter(None, said), "")
    return text(answer)


def _texts(value: object) -> list[str]:
    return [text(item) for item in items(value) if text(item)]


class _Words(HTMLParser):
    """Collects what a reader of the page would see."""

    _UNSEEN = ("script", "style", "title")
    _WITHIN_WORDS = ("a", "b", "code", "em", "i", "small", "span", "strong", "u")

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._unseen += tag in self._UNSEEN
        self._part(tag)

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in self._UNSEEN and self._unseen > 0
        self._part(tag)

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.words.append(data)

    def _part(self, tag: str) -> None:
        if tag not in self._WITHIN_WORDS:
            self.words.append(" ")


def _without_markup(source: str) -> str:
    whole, end, rest = source[:_LONGEST_SOURCE].rpartition(">")
    if not end:
        return unescape(rest)
    # From a tag that is never closed on there are no words, yet the parser would go through it
    # again from each "<" in it.
    closed = whole + end + rest.partition("<")[0]
    parser = _Words()
    # An assertion is how the parser meets declarations it does not know; what it read stands.
    with suppress(AssertionError):
        parser.feed(closed)
        parser.close()
    return "".join(parser.words)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    value = headers.get("retry-after", "")
    seconds = number(value)
    if seconds is None:
        try:
            due = parsedate_to_datetime(value)
        except (ValueError, OverflowError):
            return None
        seconds = (due.replace(tzinfo=due.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return _bounded(seconds)


def _allowance_returns(headers: Mapping[str, str], daily: bool) -> float | None:
    name = "x-ratelimit-daily-reset" if daily else "x-ratelimit-interval-milliseconds"
    milliseconds = number(headers.get(name))
    return None if milliseconds is None else _bounded(milliseconds / 1000)


def _used_up(headers: Mapping[str, str]) -> bool:
    left = number(headers.get("x-ratelimit-daily-remaining"))
    return left is not None and left <= 0


def _bounded(seconds: float) -> float:
    return min(max(float(seconds), 0.0), _LONGEST_WAIT)
