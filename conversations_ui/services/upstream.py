"""The one door to the HighLevel client: deadline, cache, single flight, breaker, allowance, retry.

A call goes through them in that order, and only what is left over reaches the API:

    cache        what was read lately is not asked again; when HighLevel fails, the last good copy
    flight       many readers of the same thing make one call, over all processes
    retry        twice more after a fault that may pass
    breaker      not at all while HighLevel has not been answering
    allowance    no more than HighLevel allows, people's clicks first

All that comes back passes the check of who may see what (`permitted`).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import TypeVar

from django.conf import settings

from conversations_ui.accounts import tokens
from conversations_ui.accounts.access import Access, opened
from conversations_ui.accounts.keys import TokenUnreadable
from conversations_ui.accounts.models import SubAccount
from conversations_ui.highlevel import deadline, retries
from conversations_ui.highlevel.client import Client
from conversations_ui.highlevel.errors import (
    BadAnswer,
    HighLevelError,
    RateLimited,
    Unauthorized,
    Unavailable,
)
from conversations_ui.highlevel.streams import Stream
from conversations_ui.highlevel.transport import new_session
from conversations_ui.highlevel.way import Answered, Call, Way
from conversations_ui.services import allowance, breaker, changes, flights, health, store
from conversations_ui.services.permitted import Permitted, known_access

logger = logging.getLogger("conversations_ui.upstream")

A = TypeVar("A")
B = TypeVar("B")

CONNECT_SECONDS = 3.0
STALE_SECONDS = 600.0  # for which the last good copy stands in when HighLevel fails
WORKED_LATELY = 60.0  # seconds after a success in which a single 401 may be a mistake

_MESSAGES = "/conversations/{}/messages"
_SEARCH = "/conversations/search"
_EMAIL = "/conversations/messages/email/{}"
# Seconds for which an answer is as good as a new one. An older page's cursor is an address.
_FRESH = {
    _MESSAGES: 4.0,
    _SEARCH: 4.0,
    "/conversations/{}": 30.0,
    "/conversations/messages/{}": 30.0,
    _EMAIL: 600.0,
    "/conversations/locations/{}/messages/{}/transcription": 600.0,
    "/contacts/{}": 3600.0,
    "/users/{}": 3600.0,
    "/locations/{}": 3600.0,
}
_FRESH_OLDER = 600.0
# How many calls of a kind one process makes at a time: a page full of mails leaves room for others.
_AT_ONCE = {_EMAIL: threading.BoundedSemaphore(4)}
_NO_NEWS = (Unavailable, RateLimited, BadAnswer)  # errors that say nothing of what was asked for

_AT_ITS_END = 0.1  # seconds; with less than that left it was the deadline that ended a call

_retries = retries.Allowance()
_worked: dict[str, float] = {}  # location id -> monotonic time of the last success here


class TokenLost(Unauthorized):
    """The stored token cannot be read with the keys this server was started with."""


@dataclass(slots=True)
class Page:
    """What became known while a page was made: the oldest copy it had to fall back on, and why."""

    as_of: datetime | None = None
    because: HighLevelError | None = None

    def fell_back(self, as_of: datetime, because: HighLevelError) -> None:
        """Note that a copy of that time is shown, since HighLevel failed."""
        if self.as_of is None or as_of < self.as_of:
            self.as_of, self.because = as_of, because


_page: ContextVar[Page | None] = ContextVar("page", default=None)


@contextmanager
def page(seconds: float | None = None) -> Iterator[Page]:
    """All that is asked of HighLevel inside shares one deadline: `PAGE_SECONDS` when not given."""
    made = Page()
    token = _page.set(made)
    try:
        with deadline.within(settings.PAGE_SECONDS if seconds is None else seconds):
            yield made
    finally:
        _page.reset(token)


def fallen_back() -> Page:
    """What the page being made had to fall back on so far."""
    return _page.get() or Page()


@dataclass(frozen=True, slots=True)
class _Kept:
    """An answer as it is kept: its bytes and when they came, as a Unix time."""

    body: bytes = field(repr=False)
    at: float


class _Line(Way):
    """The way of one sub-account's calls.

    `newest_for` is for how many seconds a newest page and a list are good when nothing is known to
    have changed; without it they are asked anew every few seconds. With 0 no copy will do.
    """

    def __init__(self, account: SubAccount, newest_for: float | None = None) -> None:
        self._account = account
        self._location = account.location_id
        self._hurried = f"{self._location}:background"  # whose breaker is another
        self._newest_for = newest_for
        # What was read over a former connection is nothing to this one.
        self._epoch = account.connected.timestamp() if account.connected else 0
        try:
            self._token = _token_of(account)
        except HighLevelError as error:
            health.noted(self._location, error)
            raise

    def token(self) -> str:
        """The token of this moment."""
        return self._token

    def answer(self, call: Call, once: Callable[[], Answered]) -> Answered:
        """From the cache when it is new enough, else from the API, else the last good copy."""
        name = f"answer:{self._epoch}:{self._location}:{call.path}?{call.query}"
        kept = self._kept(name)
        if kept and self._is_new(call, kept):
            return Answered(kept.body)
        try:
            return flights.join(
                name,
                landed=lambda: self._landed(name, call, kept),
                fly=lambda: self._fetch(name, call, once),
                behind=allowance.in_background.get(),
            )
        except _NO_NEWS as error:
            kept = self._kept(name)
            no_copy = self._newest_for == 0  # what is asked for is whether anything is new
            if no_copy or kept is None or time.time() - kept.at > _longest(call):
                raise
            if not isinstance(error, allowance.Spent) or not allowance.in_background.get():
                fallen_back().fell_back(datetime.fromtimestamp(kept.at, UTC), error)
            return Answered(kept.body)

    def stream(self, call: Call, once: Callable[[], Stream]) -> Stream:
        """A recording: never kept here."""
        return self._ask(call, once)

    def _fetch(self, name: str, call: Call, once: Callable[[], Answered]) -> Answered:
        with _turn(call):
            asked_at = time.time()
            answered = self._ask(call, once)
        store.put(name, _Kept(answered.body, asked_at), max(_FRESH.values()) + STALE_SECONDS)
        return answered

    def _ask(self, call: Call, once: Callable[[], A]) -> A:
        worked = _worked.get(self._location)
        return retries.persistently(
            lambda: self._authorised(call, once),
            allowance=_retries,
            worked_lately=lambda: worked is not None and time.monotonic() - worked < WORKED_LATELY,
        )

    def _authorised(self, call: Call, once: Callable[[], A]) -> A:
        try:
            return self._noting(call, once)
        except Unauthorized as error:
            renewed = tokens.renewed(self._account, self._token) if error.status else None
            if renewed is None:
                raise
            self._token = renewed
        return self._noting(call, once)

    def _noting(self, call: Call, once: Callable[[], A]) -> A:
        breaker.check(self._location)
        if allowance.in_background.get():
            breaker.check(self._hurried)
        allowance.take(self._location)
        try:
            result = once()
        except HighLevelError as error:
            self._note(call, error)
            allowance.learn(self._location, error.limits, error)
            raise
        self._note(call, None)
        if isinstance(result, Answered):
            allowance.learn(self._location, result.limits)
        return result

    def _note(self, call: Call, error: HighLevelError | None) -> None:
        behind = allowance.in_background.get()
        # What was not waited for as long as people would says nothing to them.
        if not (behind and error and deadline.left(1.0) < _AT_ITS_END):
            breaker.noted(self._location, error)
        if behind:
            breaker.noted(self._hurried, error)
        health.noted(self._location, error, call.scope)
        if error is None:
            _worked[self._location] = time.monotonic()
        elif isinstance(error, Unauthorized):
            _worked.pop(self._location, None)  # one mistake is believed in, not two

    @staticmethod
    def _kept(name: str) -> _Kept | None:
        found = store.get(name)
        return found if isinstance(found, _Kept) else None

    def _landed(self, name: str, call: Call, before: _Kept | None) -> Answered | None:
        """What another reader has brought meanwhile."""
        kept = self._kept(name)
        if kept is None or (before and kept.at == before.at) or not self._is_new(call, kept):
            return None
        return Answered(kept.body)

    def _is_new(self, call: Call, kept: _Kept) -> bool:
        age = time.time() - kept.at
        if _is_newest(call):
            conversation = call.path.split("/")[2] if call.endpoint == _MESSAGES else ""
            good_for = _good_for(call) if self._newest_for is None else self._newest_for
            return age < good_for and kept.at > changes.last(self._location, conversation)
        return age < _good_for(call)


def _longest(call: Call) -> float:
    """How old a copy may be that stands in for an answer, in seconds."""
    return STALE_SECONDS + (0.0 if _is_newest(call) else _good_for(call))


def _good_for(call: Call) -> float:
    """For how many seconds an answer is as good as a new one."""
    older = call.endpoint == _MESSAGES and not _is_newest(call)
    return _FRESH_OLDER if older else _FRESH[call.endpoint]


@contextmanager
def _turn(call: Call) -> Iterator[None]:
    """Wait until there is room for one more call of this kind; `Unavailable` when it takes long."""
    room = _AT_ONCE.get(call.endpoint)
    if room is None:
        yield
        return
    if not room.acquire(timeout=max(deadline.left(settings.PAGE_SECONDS), 0)):
        raise Unavailable("Too many of these are being asked for.")
    try:
        yield
    finally:
        room.release()


def _is_newest(call: Call) -> bool:
    """Whether it asks for what changes: the newest page of a thread, or a list."""
    if call.endpoint == _SEARCH:
        return True
    return call.endpoint == _MESSAGES and "lastMessageId=" not in call.query


def _token_of(account: SubAccount) -> str:
    try:
        return tokens.current(account)
    except TokenUnreadable:
        raise TokenLost from None


def client(account: SubAccount, *, newest_for: float | None = None) -> Permitted:
    """The client of a sub-account, on connections that all of them share.

    It gives out what the account's access permits (`NotOpened` when it has none). With
    `newest_for`, newest pages and lists are good for that many seconds unless a change is known.
    Raises `TokenLost` when the token cannot be read, else `HighLevelError`.
    """
    access = account.access  # asked for first: without one nothing is asked of HighLevel
    line = _Line(account, newest_for)
    asking = Client(
        line.token,
        base_url=settings.HIGHLEVEL_API_URL,
        version=settings.HIGHLEVEL_API_VERSION or None,
        timeout=(CONNECT_SECONDS, settings.PAGE_SECONDS),
        session=_session(),
        way=line,
    )
    return Permitted(asking, account.location_id, access)


def access_to(account: SubAccount, conversation_id: str) -> Access:
    """What may be seen of a conversation; whatever is kept of it is given out after this check.

    One upstream call (good for half a minute) where that depends on whom it is assigned to, else
    none. Raises `NotFound` when that is nothing, else `HighLevelError`.
    """
    known = known_access(account.access, conversation_id)
    return client(account).access_to(conversation_id) if known is None else known


def opened_at(account: SubAccount, conversation_id: str) -> SubAccount:
    """The sub-account with its access narrowed to one conversation; as `access_to`."""
    return opened(account, access_to(account, conversation_id))


_session = cache(new_session)

# Calls that a page makes side by side.
_side_by_side = ThreadPoolExecutor(max_workers=32, thread_name_prefix="upstream")


def attempt(call: Callable[[], A]) -> A | HighLevelError:
    """The call's result or the error it ended in, so that one part cannot take down another."""
    try:
        return call()
    except HighLevelError as error:
        return error


def together(
    first: Callable[[], A], second: Callable[[], B]
) -> tuple[A | HighLevelError, B | HighLevelError]:
    """Both results of two calls made at the same time, each perhaps an error."""
    waiting = _side_by_side.submit(copy_context().run, attempt, second)
    return attempt(first), waiting.result()


_ahead = ThreadPoolExecutor(max_workers=4, thread_name_prefix="ahead")
_LONGEST_QUEUE = 16
_queued = threading.BoundedSemaphore(_LONGEST_QUEUE)


def ahead(call: Callable[[], object]) -> None:
    """Make a call that nobody waits for, when there is room for it. Its failure is nobody's."""
    if not _queued.acquire(blocking=False):
        return

    def run() -> None:
        allowance.in_background.set(True)
        _page.set(None)  # what the page shows is not of this call
        try:
            with deadline.within(settings.PAGE_SECONDS, anew=True):
                failed = attempt(call)
            if isinstance(failed, HighLevelError):
                logger.info("not fetched ahead: %s", failed.code)
        finally:
            _queued.release()

    _ahead.submit(copy_context().run, run)
