"""What is new, for pages that stay open: asked for by everybody's browser, answered by few calls.

Whoever looks at a sub-account makes one process ask for its list of conversations, every few
seconds at most and for all. Where a row of it has changed, that conversation is read anew; all
others are answered from what is kept. Webhooks take the list's place while they come, all but:
one can get lost, so the list is asked for seldom then.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from conversations_ui.accounts.access import unattended
from conversations_ui.accounts.models import SubAccount
from conversations_ui.highlevel import deadline
from conversations_ui.highlevel.errors import HighLevelError
from conversations_ui.highlevel.records import Conversation, Message
from conversations_ui.services import allowance, changes, conversations, lenses, store, upstream
from conversations_ui.services.conversations import InboxPage, ThreadPage

EVERY = 5.0  # seconds between two lists of one sub-account
SAFETY = 300.0  # seconds after which a thread is read anew though its row has not changed
QUIET = 900.0  # seconds after a change in which messages still get another status
LISTED = 100  # rows of the list: more cannot change between two of them, but for an outage
SECONDS = 2.5  # the deadline of a poll

_ROWS_KEPT = 3600.0
# What of a row changes with its messages; a change of the rest is one of the list alone.
_MESSAGES = (
    "lastMessageDate",
    "lastMessageBody",
    "lastMessageType",
    "lastMessageDirection",
    "sort",
)


def thread_news(
    account: SubAccount,
    conversation_id: str,
    *,
    version: str,
    types: Iterable[str] = (),
    lens: lenses.Lens = lenses.ALL,
) -> ThreadPage | None:
    """The newest page of a thread, sifted like the one on the screen; None when that is the same.

    `version` is `thread_version` of what is on the screen. Mostly no upstream call; at most the
    shared list's and one for the page. Raises `HighLevelError`.
    """
    with _poll(account, conversation_id) as seconds:
        page = conversations.newest_page(
            account, conversation_id, types=tuple(types), lens=lens, newest_for=seconds
        )
    return None if thread_version(page.messages) == version else page


def inbox_news(account: SubAccount, *, version: str, **filters: str) -> InboxPage | None:
    """The first page of the inbox with these filters; None when the screen shows just that.

    `filters` are those of `conversations.search_inbox`. Costs as `thread_news`. Raises
    `HighLevelError`.
    """
    with _poll(account) as seconds:
        page = conversations.search_inbox(account, newest_for=seconds, **filters)
    return None if inbox_version(page.conversations) == version else page


def thread_version(messages: Iterable[Message]) -> str:
    """A short name for messages as they are: another status makes another name."""
    return _digest([message_version(message) for message in messages])


def message_version(message: Message) -> str:
    """The same for one message."""
    return _digest(message.raw)


def inbox_version(rows: Iterable[Conversation]) -> str:
    """The same for rows of the inbox."""
    return _digest([row_version(row) for row in rows])


def row_version(row: Conversation) -> str:
    """The same for one row."""
    return _digest(row.raw)


@contextmanager
def _poll(account: SubAccount, conversation_id: str = "") -> Iterator[float]:
    """For how long newest pages are good, now that changes are looked for. Work behind people's."""
    background = allowance.in_background.set(True)
    try:
        with deadline.within(SECONDS):
            _look(account)
            told = changes.are_told(account.location_id)
            quiet = time.time() - changes.last(account.location_id, conversation_id) > QUIET
            yield changes.KEPT if told and quiet else SAFETY
    finally:
        allowance.in_background.reset(background)


def _look(account: SubAccount) -> None:
    """Ask for the list when it is time, unless somebody does; mark what changed.

    A list that cannot be had is tried again after as long; what is kept stays good meanwhile.
    """
    location_id = account.location_id
    told = changes.are_told(location_id)
    turn, every = ("reconciling", SAFETY) if told else ("listing", EVERY)
    if not store.add(f"{turn}:{location_id}", True, every):
        if not told:
            _tell(store.get(f"unlisted:{location_id}"))
        return
    asked_at = time.time()
    listed = upstream.attempt(
        lambda: upstream.client(unattended(account), newest_for=0).search(location_id, limit=LISTED)
    )
    if isinstance(listed, HighLevelError):
        if not told:
            _remember_failure(location_id, listed)
        return
    store.forget(f"unlisted:{location_id}")
    store.put(f"listed:{location_id}", asked_at, _ROWS_KEPT)
    rows = {row.id: _Row.of(row) for row in listed.conversations if row.id}
    before = store.get(f"rows:{location_id}")
    store.put(f"rows:{location_id}", rows, _ROWS_KEPT)
    if not isinstance(before, dict) or not rows.keys() & before.keys():
        changes.anything(location_id, asked_at)
        return
    changed = [ident for ident, row in rows.items() if before.get(ident) != row]
    moved = [ident for ident in changed if not rows[ident].has_the_messages_of(before.get(ident))]
    if told:
        moved = [each for each in moved if changes.last(location_id, each) < rows[each].moved]
    if len(changed) >= LISTED:
        changes.anything(location_id, asked_at)
    elif changed or rows.keys() != before.keys():
        changes.touched(location_id, *moved, at=asked_at)


def _remember_failure(location_id: str, error: HighLevelError) -> None:
    """Everybody who asks before the next try is told the same: since when nothing is known."""
    since = store.get(f"listed:{location_id}")
    # Clicks come before us; that is no news unless it takes long.
    busy = isinstance(error, allowance.Spent) and (error.retry_after or 0) <= allowance.INTERVAL
    if since and not busy:
        failure = (since, error)
        store.put(f"listed:{location_id}", since, _ROWS_KEPT)
        store.put(f"unlisted:{location_id}", failure, 3 * EVERY)
        _tell(failure)


def _tell(failure: object) -> None:
    if isinstance(failure, tuple):
        upstream.fallen_back().fell_back(datetime.fromtimestamp(failure[0], UTC), failure[1])


@dataclass(frozen=True, slots=True)
class _Row:
    """What is remembered of a row: of its messages, and of all there is."""

    messages: str
    everything: str
    moved: float = field(compare=False)  # when its last message came, as a Unix time

    @classmethod
    def of(cls, row: Conversation) -> _Row:
        """Digests of a row, which hold nothing of it."""
        messages = _digest([row.raw.get(name) for name in _MESSAGES])
        return cls(messages, row_version(row), (row.sort or 0) / 1000)

    def has_the_messages_of(self, before: object) -> bool:
        """Whether the row's messages are those of before."""
        return isinstance(before, _Row) and before.messages == self.messages


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.blake2s(text.encode("utf-8", "replace"), digest_size=6).hexdigest()
