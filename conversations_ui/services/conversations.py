"""Reading conversations: one page of a thread, one page of the inbox, who the thread is with."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum

from django.conf import settings

from conversations_ui.accounts.models import SubAccount
from conversations_ui.highlevel import deadline, message_types
from conversations_ui.highlevel.errors import BadAnswer, Forbidden, HighLevelError, NotFound
from conversations_ui.highlevel.records import (
    Contact,
    Conversation,
    ConversationPage,
    Message,
    MessagePage,
)
from conversations_ui.services import allowance, lenses, upstream

INBOX_SIZE = 25
LIMIT_MAX = 100  # the most rows the API gives in one answer
LOOK_ON_PAGES = 5  # further pages asked for when a page holds nothing to show
LOOK_ON_SECONDS = 6.0  # less where a page has less time than that

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class End(Enum):
    """How a page of the thread ends at its older side."""

    MORE = "more"  # there are older messages
    START = "start"  # the conversation begins here
    STUCK = "stuck"  # the API promised more but its cursor does not move
    KEEP_LOOKING = "keep-looking"  # nothing to show so far, and there is more to look through


@dataclass(frozen=True, slots=True)
class ThreadPage:
    """Some messages of a thread, oldest first."""

    messages: tuple[Message, ...]
    end: End
    older: str  # the `before` of the next older page, empty when there is none
    looked: int  # rows read from the API for this page
    dropped: int  # rows among them outside the asked types, or that the lens hides
    newer_missing: bool = False  # the page does not end at the newest message


@dataclass(frozen=True, slots=True)
class ThreadHead:
    """Who a conversation is with. `contact_error` says why there is no contact."""

    conversation: Conversation
    contact: Contact | None
    contact_error: HighLevelError | None = None


@dataclass(frozen=True, slots=True)
class InboxPage:
    """Some rows of the inbox in the asked order; `after` leads on and is empty at the end."""

    conversations: tuple[Conversation, ...]
    total: int | None
    after: str = ""
    gap: bool = False  # more rows share one millisecond than the API can list


def thread_page(
    account: SubAccount,
    conversation_id: str,
    *,
    types: Sequence[str] = (),
    before: str = "",
    lens: lenses.Lens = lenses.ALL,
    size: int | None = None,
) -> ThreadPage:
    """One page of a thread: the newest messages, or those older than the message `before`.

    `types` are values of the API's `type` filter (`TYPE_SMS`), or names of types it cannot filter
    by (`TYPE_REVIEW`): those are sifted here, as is what the lens hides. A plain page costs one
    upstream call of `size` messages, `PAGE_SIZE` when not given. Where a page leaves nothing to
    show, a bounded number of older pages is looked at. Raises `HighLevelError`. Follows HighLevel's
    "Get messages by conversation id".
    """
    client = upstream.client(account)
    names = frozenset(map(message_types.normalise, types))
    upstream_filter = _filter(types)
    give_up = time.monotonic() + deadline.left(LOOK_ON_SECONDS + 2) - 2
    found: list[Message] = []
    cursor, looked, dropped = before, 0, 0
    for _page in range(1 + LOOK_ON_PAGES):
        page = client.messages(
            conversation_id,
            limit=size or settings.PAGE_SIZE,
            last_message_id=cursor or None,
            types=upstream_filter,
        )
        _refuse_other_location(account, page)
        rows = _without_repeats(page, before)
        cursor, end = _step(page, cursor)
        if end is End.STUCK and any(row.id == before for row in page.messages):
            rows = []  # the same page again: all of it has been shown
        found = [row for row in rows if (not names or row.type in names) and lens.shows(row)]
        looked += len(rows)
        dropped += len(rows) - len(found)
        if found or end is not End.MORE:
            break
        if time.monotonic() > give_up:
            break
    if not found and end is End.MORE:
        end = End.KEEP_LOOKING
    return ThreadPage(_in_order(found), end, cursor, looked, dropped)


def newest_page(
    account: SubAccount,
    conversation_id: str,
    *,
    types: Sequence[str] = (),
    lens: lenses.Lens = lenses.ALL,
    newest_for: float | None = None,
) -> ThreadPage:
    """The newest page of all messages, sifted here by types and lens: one page for all readers.

    `newest_for` is for how many seconds one that was read before will do (see `upstream.client`).
    At most one upstream call. Raises `HighLevelError`.
    """
    client = upstream.client(account, newest_for=newest_for)
    page = client.messages(conversation_id, limit=settings.PAGE_SIZE)
    _refuse_other_location(account, page)
    names = frozenset(map(message_types.normalise, types))
    rows = _without_repeats(page, "")
    found = [row for row in rows if (not names or row.type in names) and lens.shows(row)]
    older, end = _step(page, "")
    return ThreadPage(_in_order(found), end, older, len(rows), len(rows) - len(found))


def look_ahead(
    account: SubAccount, conversation_id: str, page: ThreadPage, types: Sequence[str] = ()
) -> None:
    """Fetch the page older than this one while it is read, if there is plenty of the allowance."""
    if not (settings.PREFETCH_OLDER and page.older and page.end is End.MORE):
        return
    if not allowance.used(account.location_id).plentiful:
        return
    client = upstream.attempt(lambda: upstream.client(account))
    if not isinstance(client, HighLevelError):
        size, wanted = settings.PAGE_SIZE, _filter(types)
        upstream.ahead(
            lambda: client.messages(
                conversation_id, limit=size, last_message_id=page.older, types=wanted
            )
        )


def _filter(types: Sequence[str]) -> tuple[str, ...]:
    """The API's filter for these types; empty when it has none for one of them."""
    filters = [message_types.filter_value(name) for name in types]
    return () if None in filters else tuple(filter(None, filters))


def _step(page: MessagePage, cursor: str) -> tuple[str, End]:
    """The cursor of the next older page, and whether there is one."""
    following = page.last_message_id or (page.messages[-1].id if page.messages else "")
    if not page.next_page:
        return "", End.START
    if not following or following == cursor:
        return "", End.STUCK
    return following, End.MORE


def _without_repeats(page: MessagePage, before: str) -> list[Message]:
    """The rows of a page, each id once, without the one the page was to be older than."""
    by_id = {row.id or f"row {number}": row for number, row in enumerate(page.messages)}
    by_id.pop(before, None)
    return list(by_id.values())


def _in_order(newest_first: Iterable[Message]) -> tuple[Message, ...]:
    """Oldest first by time and id; a row without a time stays beside its older neighbour."""
    moment = _LONG_AGO
    keyed = []
    for row in reversed(list(newest_first)):
        moment = row.date_added or moment
        keyed.append((moment, row.id, row))
    return tuple(row for _moment, _id, row in sorted(keyed, key=lambda key: key[:2]))


def _refuse_other_location(account: SubAccount, page: MessagePage) -> None:
    """A token may see more than one location; the reader may not."""
    if any(row.location_id not in ("", account.location_id) for row in page.messages):
        raise NotFound(status=404)


def thread_page_at(account: SubAccount, conversation_id: str, message_id: str) -> ThreadPage:
    """The newest page when it holds the message, else the page that ends with it.

    The second costs two more calls, however old the message is: the message by its id, and the
    page before it. Raises `NotFound` when the message is not one of this conversation.
    """
    page = thread_page(account, conversation_id)
    if any(message.id == message_id for message in page.messages):
        return page
    message = message_of(account, conversation_id, message_id)
    older = thread_page(account, conversation_id, before=message_id)
    return replace(
        older, messages=(*older.messages, message), looked=older.looked + 1, newer_missing=True
    )


def message_of(account: SubAccount, conversation_id: str, message_id: str) -> Message:
    """One message by its id; one upstream call.

    Raises `NotFound` when it is not one of this conversation, else `HighLevelError`.
    """
    try:
        message = upstream.client(account).message(message_id)
    except BadAnswer as error:
        if error.status != 400:
            raise
        # An id of another kind (of a mail, say) is a 400 here.
        raise NotFound(sentence=error.sentence, status=404, trace_id=error.trace_id) from None
    here = message.location_id in ("", account.location_id)
    if message.conversation_id != conversation_id or not here:
        raise NotFound(status=404)
    return message


def thread_head(account: SubAccount, conversation_id: str) -> ThreadHead:
    """The conversation and its contact: two upstream calls, one after the other.

    A contact that cannot be had does not hurt: it is None, with the reason beside it.
    """
    client = upstream.client(account)
    conversation = client.conversation(conversation_id)
    if conversation.location_id not in ("", account.location_id):
        raise NotFound(status=404)
    if not conversation.contact_id:
        return ThreadHead(conversation, None)
    contact = upstream.attempt(
        lambda: client.contact(conversation.contact_id, conversation_id=conversation_id)
    )
    if isinstance(contact, HighLevelError):
        return ThreadHead(conversation, None, contact)
    return ThreadHead(conversation, contact)


def search_inbox(
    account: SubAccount,
    *,
    q: str = "",
    status: str = "",
    channel: str = "",
    assigned: str = "",
    direction: str = "",
    sort: str = "desc",
    after: str = "",
    newest_for: float | None = None,
) -> InboxPage:
    """One page of conversations by their last message; `after` is a former page's.

    The API's cursor is the last row's time in milliseconds, exclusive and without a tie-break. So
    `after` also names the rows already shown of that millisecond (`TIME.ID.ID`), the API is asked
    from one millisecond back, and what was seen is dropped. One upstream call, a second one only
    when all that came was seen, and up to five more where all of it is hidden from this reader.
    `total` is None where the API's would count what is hidden. `newest_for` as in `newest_page`.
    Raises `HighLevelError`. Follows HighLevel's "Search conversations".
    """
    back = 1 if sort == "desc" else -1

    def ask(start_after: int | None, limit: int) -> ConversationPage:
        return upstream.client(account, newest_for=newest_for).search(
            account.location_id,
            limit=limit,
            query=q,
            status=status,
            last_message_type=channel,
            assigned_to=assigned,
            last_message_direction=direction,
            sort=sort,
            start_after_date=start_after,
        )

    total_known = True
    for _page in range(1 + LOOK_ON_PAGES):
        found = _inbox_page(account, ask, after, back)
        total_known = total_known and found.total is not None
        after = found.after
        if found.conversations or not after:
            break
    return found if total_known else replace(found, total=None)


def _inbox_page(
    account: SubAccount, ask: Callable[[int | None, int], ConversationPage], after: str, back: int
) -> InboxPage:
    """One page, perhaps without a row that this reader sees; `back` is towards the shown rows."""
    moment, *seen = after.split(".") if after else ("",)
    limit = min(INBOX_SIZE + len(seen), LIMIT_MAX)

    def unseen(page: ConversationPage) -> tuple[Conversation, ...]:
        rows = {row.id: row for row in page.conversations if row.id and row.id not in seen}
        return tuple(
            row
            for row in rows.values()
            if row.location_id in ("", account.location_id)
            and not (moment and row.sort is not None and (row.sort - int(moment)) * back > 0)
        )

    page = ask(int(moment) + back if moment else None, limit)
    rows = unseen(page)
    gap = _is_gap(page, rows, limit, moment)
    if gap:
        page = ask(int(moment), limit)
        rows = unseen(page)
    following = _after(page, rows, moment, seen) if len(page.sorts) >= limit else ""
    return InboxPage(rows, page.total, following, gap)


def _is_gap(page: ConversationPage, rows: Sequence[Conversation], limit: int, moment: str) -> bool:
    """Whether a full page holds nothing but the millisecond that has been shown already."""
    full = len(page.sorts) >= limit
    return full and not rows and all(str(sort) == moment for sort in page.sorts)


def _after(
    page: ConversationPage, rows: Sequence[Conversation], moment: str, seen: Sequence[str]
) -> str:
    """The cursor behind a full page, which has ids of rows in it that are shown, and no others.

    Empty when nothing leads on.
    """
    hidden = len(page.sorts) > len(page.conversations)
    last = page.sorts[-1] if hidden else rows[-1].sort if rows else None
    if last is None or (not rows and str(last) == moment):
        return ""
    same = [row.id for row in rows if row.sort == last]
    if str(last) == moment:
        same = [*seen, *same]
    return ".".join((str(last), *same))


def is_in(account: SubAccount, conversation_id: str) -> bool:
    """Whether the sub-account has this conversation; one upstream call.

    Raises `HighLevelError` when that cannot be told.
    """
    try:
        found = upstream.client(account).conversation(conversation_id)
    except (NotFound, Forbidden):
        return False
    return found.id == conversation_id and found.location_id in ("", account.location_id)
