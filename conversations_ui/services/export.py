"""A whole conversation for a file: gathered page by page, kept on the disk, given oldest first.

HighLevel lists the newest first, so all has to be there before the first line can be written. It
waits in a file without a name, which is gone with its last handle whatever happens.
"""

from __future__ import annotations

import hashlib
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import BinaryIO, Protocol, TypeVar
from uuid import uuid4

from django.conf import settings
from django.core.cache import cache

from conversations_ui.accounts.models import SubAccount
from conversations_ui.highlevel import deadline
from conversations_ui.highlevel.errors import HighLevelError, RateLimited
from conversations_ui.highlevel.mails import Email
from conversations_ui.highlevel.records import Message
from conversations_ui.services import allowance, conversations, mail, people, upstream
from conversations_ui.services.conversations import End, ThreadPage

T = TypeVar("T")

SECONDS = 50.0  # for all of it; proxies commonly wait a minute for an answer
MARGIN = 2.0  # seconds of it with which nothing new is begun
LONGEST_PAUSE = 10.0  # seconds that HighLevel's allowance is waited for
MAILS_MOST = 300  # mails whose text is fetched: a call each
BYTES_MOST = 256 * 1024 * 1024

# What is written at a time in one process: a long wait each, in a thread that pages need too.
_room = threading.BoundedSemaphore(3)


class Busy(Exception):  # noqa: N818 (it is an answer to somebody)
    """This person's last export is still being made, or too many people's are."""


class Problem(Enum):
    """Why messages are missing."""

    CUT = "cut"  # there are more than an export holds
    TIME = "time"  # gathering them took too long
    SIZE = "size"  # they are larger than an export may be
    STUCK = "stuck"  # HighLevel promises more and gives none
    FAILED = "failed"  # HighLevel did not answer any more


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which messages: of these types (all when empty), from one moment up to before another."""

    types: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None

    def holds(self, message: Message) -> bool:
        """Whether the message was in that time; one without a time always is."""
        at = message.date_added
        return at is None or not (
            (self.since and at < self.since) or (self.until and at >= self.until)
        )

    def ends_in(self, messages: Iterable[Message]) -> bool:
        """Whether all older messages are too old."""
        times = [message.date_added for message in messages if message.date_added]
        return bool(self.since and times and max(times) < self.since)


class Writing(Protocol):
    """How messages and mails are written down."""

    def message(self, message: Message, names: people.Staff) -> str:
        """One message."""

    def mail(self, found: Email) -> str:
        """One mail, which belongs to a message."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A message that has been written down: where it is, and the mails that belong to it."""

    start: int
    length: int
    mails: tuple[str, ...] = ()


@dataclass(slots=True)
class Gathered:
    """What has been gathered. `as_of` is set where a copy had to stand in for HighLevel."""

    file: BinaryIO
    pages: list[list[Piece]] = field(default_factory=list)  # the newest first
    mails: dict[str, Piece] = field(default_factory=dict)
    count: int = 0
    mails_missing: int = 0
    problem: Problem | None = None
    as_of: datetime | None = None

    @property
    def complete(self) -> bool:
        """Whether nothing is missing of what was asked for."""
        return self.problem is None and not self.mails_missing

    @property
    def pieces(self) -> Iterator[Piece]:
        """The messages, the oldest first."""
        return (piece for page in reversed(self.pages) for piece in page)

    def write(self, text: str, mails: tuple[str, ...] = ()) -> Piece:
        """Keep what has been written down."""
        start = self.file.tell()
        return Piece(start, self.file.write(text.encode("utf-8", "replace")), mails)

    def read(self, piece: Piece) -> bytes:
        """What was kept."""
        self.file.seek(piece.start)
        return self.file.read(piece.length)


@contextmanager
def alone(person: str) -> Iterator[None]:
    """Make one export of a person at a time, over all processes, and few of all people's in this.

    Raises `Busy`. What a crash leaves locked is free again when its time would have been over.
    """
    name = f"export:{hashlib.sha256(person.encode()).hexdigest()}"
    ours = uuid4().hex
    if not cache.add(name, ours, SECONDS + LONGEST_PAUSE):
        raise Busy
    try:
        if not _room.acquire(blocking=False):
            raise Busy
        try:
            yield
        finally:
            _room.release()
    finally:
        if cache.get(name) == ours:
            cache.delete(name)


def gather(account: SubAccount, conversation_id: str, wanted: Wanted, writing: Writing) -> Gathered:
    """All messages of a conversation, `EXPORT_MESSAGES` of the newest at most, and their mails.

    The first page is a person's click, the rest background work: one upstream call for each
    hundred messages and each mail, in `SECONDS` together. What fails later is told in `problem`;
    raises `HighLevelError` when there is not even a first page. The file is the caller's to close.
    """
    found = Gathered(tempfile.TemporaryFile())  # noqa: SIM115 - it is the caller's to close
    try:
        with deadline.within(SECONDS, anew=True):
            waiting = _messages(found, account, conversation_id, wanted, writing)
            with _behind():
                _mails(found, account, conversation_id, waiting, writing)
    except BaseException:
        found.file.close()
        raise
    found.as_of = upstream.fallen_back().as_of
    return found


def _messages(
    found: Gathered,
    account: SubAccount,
    conversation_id: str,
    wanted: Wanted,
    writing: Writing,
) -> list[str]:
    """Gather the messages; gives the ids of their mails."""
    known: set[str] = set()
    mails: list[str] = []
    for page in _pages(found, account, conversation_id, wanted.types):
        rows = [row for row in page.messages if row.id not in known and wanted.holds(row)]
        known.update(row.id for row in rows if row.id)
        room = settings.EXPORT_MESSAGES - found.count
        if len(rows) > room:
            rows, found.problem = rows[len(rows) - room :], Problem.CUT
        names = _names(account, rows)
        pieces = [found.write(writing.message(row, names), _mails_of(row)) for row in rows]
        found.pages.append(pieces)
        found.count += len(pieces)
        mails += (one for piece in reversed(pieces) for one in piece.mails)
        if found.file.tell() > BYTES_MOST:
            found.problem = Problem.SIZE
        if found.problem or wanted.ends_in(page.messages):
            break
    return mails


def _pages(
    found: Gathered, account: SubAccount, conversation_id: str, types: tuple[str, ...]
) -> Iterator[ThreadPage]:
    """The pages from the newest on; why they end early is told in `problem`."""

    def ask(before: str) -> ThreadPage:
        return conversations.thread_page(
            account, conversation_id, types=types, before=before, size=conversations.LIMIT_MAX
        )

    page = ask("")
    yield page
    while page.end in (End.MORE, End.KEEP_LOOKING):
        if deadline.left(SECONDS) < MARGIN:
            found.problem = Problem.TIME
            return
        before = page.older
        try:
            with _behind():
                page = _patiently(lambda: ask(before))  # noqa: B023 - called before it changes
        except HighLevelError:
            over = deadline.left(SECONDS) < MARGIN
            found.problem = Problem.TIME if over else Problem.FAILED
            return
        yield page
    if page.end is End.STUCK:
        found.problem = Problem.STUCK


def _mails(
    found: Gathered,
    account: SubAccount,
    conversation_id: str,
    ids: list[str],
    writing: Writing,
) -> None:
    """Fetch the texts of mails, the newest first, as far as time allows."""
    for email_id in dict.fromkeys(ids[:MAILS_MOST]):
        if deadline.left(SECONDS) < MARGIN or found.file.tell() > BYTES_MOST:
            break
        one = upstream.attempt(
            lambda: _patiently(lambda: mail.mail(account, conversation_id, email_id))  # noqa: B023
        )
        if isinstance(one, Email):
            found.mails[email_id] = found.write(writing.mail(one))
    found.mails_missing = len(set(ids) - found.mails.keys())


def _mails_of(row: Message) -> tuple[str, ...]:
    return row.email.message_ids if row.email else ()


def _names(account: SubAccount, rows: Iterable[Message]) -> people.Staff:
    ids = [row.user_id for row in rows if row.user_id]
    people.ask(account, dict.fromkeys(ids))
    return people.known(account, ids)


def _patiently(call: Callable[[], T]) -> T:
    """Wait for HighLevel's allowance, since people's clicks go first."""
    while True:
        try:
            return call()
        except RateLimited as error:
            wait = max(error.retry_after or 1.0, 0.1)
            if wait > min(deadline.left(SECONDS) - MARGIN, LONGEST_PAUSE):
                raise
            time.sleep(wait)


@contextmanager
def _behind() -> Iterator[None]:
    token = allowance.in_background.set(True)
    try:
        yield
    finally:
        allowance.in_background.reset(token)
