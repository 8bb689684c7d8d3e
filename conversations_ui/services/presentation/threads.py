"""A page of a thread as its template shows it: days, chips, and what is true of the whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from conversations_ui.accounts.access import Part
from conversations_ui.accounts.models import SubAccount
from conversations_ui.highlevel import message_types
from conversations_ui.highlevel.errors import HighLevelError
from conversations_ui.highlevel.records import Message
from conversations_ui.services import lenses
from conversations_ui.services.conversations import ThreadHead, ThreadPage
from conversations_ui.services.lenses import Lens
from conversations_ui.services.people import Staff
from conversations_ui.services.presentation import activities, people, phones, reactions, times
from conversations_ui.services.presentation.messages import MessageView, message_view
from conversations_ui.services.withheld import Parts, is_comment

Pair = tuple[Message, MessageView]

GROUP_GAP = timedelta(minutes=5)
HIGHLEVEL_APP = "https://app.gohighlevel.com/v2/location"


@dataclass(frozen=True, slots=True)
class HeadView:
    """The top of a thread."""

    name: str
    detail: str
    starred: bool
    note: str  # why there is no contact


@dataclass(frozen=True, slots=True)
class Chip:
    """A link that toggles one message type. `counts` is the message type its number stands for."""

    value: str
    label: str
    channel: str
    icon: str
    href: str
    pressed: bool
    counts: str
    count: int
    local: bool


@dataclass(frozen=True, slots=True)
class LensChip:
    """A link that toggles a way of looking at the thread."""

    name: str
    label: str
    short: str
    icon: str
    href: str
    pressed: bool


@dataclass(frozen=True, slots=True)
class Failures:
    """How much of what is loaded did not arrive: `2 of 21 SMS failed`. Empty when all did.

    The script that counts on while older messages come fills in `one` (for one type) or `several`.
    """

    words: str
    one: str
    several: str
    href: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """Messages that follow each other; `folded` counts activities shown on demand, else 0."""

    messages: tuple[MessageView, ...]
    folded: int = 0
    open: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    """The messages of one day."""

    iso: str
    label: str
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class ThreadView:
    """One page of a thread. `older_query` is the query of the next older page."""

    days: tuple[Day, ...]
    chips: tuple[Chip, ...]
    all_href: str
    all_types: bool
    lenses: tuple[LensChip, ...]
    failures: Failures | None
    count: int
    filtered: bool
    end: str
    older_query: str
    looked: int
    dropped: int
    unknown: int
    since: times.Stamp
    since_day: str
    newer_missing: bool
    nothing: str
    unnamed: tuple[str, ...]  # user ids whose names are to be asked for


def head_view(head: ThreadHead | HighLevelError | None, withheld: Parts = frozenset()) -> HeadView:
    """Name and address of whom the thread is with, or that they could not be had."""
    if not isinstance(head, ThreadHead):
        note = _("Who it is with could not be loaded.") if head else ""
        return HeadView(_("Conversation"), "", False, note)
    contact, conversation = head.contact, head.conversation
    found = [record for record in (contact, conversation) if record]
    name = _first(record.name for record in found)
    country = contact.country if contact else ""
    number = phones.readable(_first(record.phone for record in found), country)
    address = number or _first(record.email for record in found)
    note = _("Contact details are withheld from you.") if Part.CONTACT in withheld else ""
    if head.contact_error:
        note = _("Contact details could not be loaded.")
    if head.contact_error and head.contact_error.code == "not-found":
        note = _("The contact is no longer in HighLevel.")
    return HeadView(
        name=name or address or _("Unknown contact"),
        detail=address if name else "",
        starred=conversation.starred,
        note=note,
    )


def thread_view(
    page: ThreadPage,
    account: SubAccount,
    *,
    base: str,
    types: Sequence[str] = (),
    lens: Lens = lenses.ALL,
    current: str = "",
    staff: Staff = people.NOBODY,
    withheld: Parts = frozenset(),
) -> ThreadView:
    """The view-model of a page. `base` is the thread's address, `current` a permalinked message.

    `withheld` are the parts that the messages come without.
    """
    zone = ZoneInfo(account.time_zone)
    answered = reactions.by_target(page.messages)
    views = [
        (
            row,
            message_view(
                row,
                zone=zone,
                base=base,
                us=account.name,
                current=current,
                staff=staff,
                answered=answered.get(row.id, ()),
                audible=Part.RECORDINGS not in withheld,
            ),
        )
        for row in page.messages
    ]
    first = next((row.date_added for row in page.messages if row.date_added), None)
    return ThreadView(
        days=tuple(_days(views, zone, fold=not _only_activities(types))),
        chips=tuple(_chips(page.messages, types, lens, base, withheld)),
        all_href=base + _query((), lens),
        all_types=not types,
        lenses=tuple(_lenses(types, lens, base)),
        failures=None if lens.failed else _failures(page.messages, types, lens, base),
        count=len(views),
        filtered=bool(types or lens),
        end=page.end.value,
        older_query=_query(types, lens, page.older) if page.older else "",
        looked=page.looked,
        dropped=page.dropped,
        unknown=sum(view.unknown for _row, view in views),
        since=times.stamp(first, zone),
        since_day=times.plain_day(first.astimezone(zone).date()) if first else "",
        newer_missing=page.newer_missing,
        nothing=_nothing(types, lens),
        unnamed=staff.unknown,
    )


def _followed(views: Iterable[Pair]) -> Iterator[Pair]:
    """Marks the messages that carry on the one before: same sender and kind, minutes apart."""
    before: Pair | None = None
    for row, view in views:
        follow = (
            before is not None
            and view.kind == "bubble"
            and not view.failed
            and before[1].group == view.group
            and row.date_added is not None
            and before[0].date_added is not None
            and row.date_added - before[0].date_added < GROUP_GAP
        )
        before = (row, view)
        yield row, replace(view, follow=True) if follow else view


def _days(views: Iterable[Pair], zone: ZoneInfo, *, fold: bool) -> Iterator[Day]:
    today = times.now().astimezone(zone).date()

    def local_day(pair: Pair) -> date | None:
        moment = pair[0].date_added
        return moment.astimezone(zone).date() if moment else None

    for day, pairs in groupby(views, key=local_day):
        label = times.day(day, today) if day else _("Time unknown")
        messages = tuple(view for _row, view in _followed(pairs))
        stretches = _stretches(messages) if fold else (Stretch(messages),)
        yield Day(day.isoformat() if day else "", label, tuple(stretches))


def _stretches(messages: Iterable[MessageView]) -> Iterator[Stretch]:
    """The messages of a day, activities that follow each other set apart to be folded."""
    plain: list[MessageView] = []
    for is_activity, views in groupby(messages, key=lambda view: view.kind == "activity"):
        found = tuple(views)
        if not is_activity or len(found) < activities.RUN:
            plain += found
            continue
        if plain:
            yield Stretch(tuple(plain))
        yield Stretch(found, len(found), any(view.current for view in found))
        plain = []
    if plain:
        yield Stretch(tuple(plain))


def _only_activities(types: Sequence[str]) -> bool:
    """Whether the reader asked for activities alone, and so to see them."""
    return bool(types) and all(
        message_types.lookup(_name(value)).kind == "activity" for value in types
    )


def _failures(messages: Sequence[Message], types: Sequence[str], lens: Lens, base: str) -> Failures:
    """What static/js/coverage.js counts too, over all that is loaded."""
    failed = Counter(row.type for row in messages if lenses.failed(row))
    counts = Counter(row.type for row in messages)
    one = _("{failed} of {count} {type} failed")
    several = _("{failed} of {count} messages failed")
    words = (one if len(failed) == 1 else several).format(
        failed=failed.total(),
        count=sum(counts[name] for name in failed),
        type=_(message_types.lookup(next(iter(failed), "")).label),
    )
    href = base + _query(types, replace(lens, failed=True))
    return Failures(words if failed else "", one, several, href)


def _lenses(types: Sequence[str], lens: Lens, base: str) -> Iterator[LensChip]:
    yield LensChip(
        "failed",
        _("Failed only"),
        _("Failed"),
        "warning",
        base + _query(types, replace(lens, failed=not lens.failed)),
        lens.failed,
    )
    yield LensChip(
        "people",
        _("People only"),
        _("People"),
        "people",
        base + _query(types, replace(lens, people=not lens.people)),
        lens.people,
    )


def _nothing(types: Sequence[str], lens: Lens) -> str:
    """What to say where a filter leaves nothing to show."""
    label = ", ".join(_(message_types.lookup(_name(value)).label) for value in types)
    if lens.failed and types:
        return _("No failed “%(label)s” in this conversation") % {"label": label}
    if lens.failed:
        return _("No failed messages in this conversation")
    if lens.people and types:
        return _("No “%(label)s” by people in this conversation") % {"label": label}
    if lens.people:
        return _("Nothing written by people in this conversation")
    return _("No “%(label)s” in this conversation") % {"label": label}


def _chips(
    messages: Sequence[Message], types: Sequence[str], lens: Lens, base: str, withheld: Parts
) -> Iterator[Chip]:
    """All the filter's types, and the loaded ones it lacks; loaded first, most frequent first."""
    counts = Counter(row.type for row in messages)
    named = map(message_types.lookup, dict.fromkeys([*map(_name, types), *counts]))
    extra = [kind for kind in named if kind in message_types.MESSAGE_TYPES and not kind.filter]
    pressed = set(types)
    offered = [
        row
        for row in (*message_types.FILTERS, *extra)
        if Part.COMMENTS not in withheld or not is_comment(row.name)
    ]
    for kind in sorted(offered, key=lambda row: -counts[row.name]):
        value = kind.filter or kind.name
        toggled = [name for name in types if name != value]
        yield Chip(
            value=value,
            label=_(kind.label),
            channel=kind.channel,
            icon=kind.icon,
            href=base + _query(toggled if value in pressed else [*types, value], lens),
            pressed=value in pressed,
            counts=kind.name,
            count=counts[kind.name],
            local=kind.filter is None,
        )


def _name(value: str) -> str:
    return message_types.normalise(value)


def _query(types: Sequence[str], lens: Lens, before: str = "") -> str:
    """`?type=TYPE_SMS,TYPE_CALL&people=1&before=ID`, the comma as it is."""
    pairs = {
        "type": ",".join(types),
        "failed": "1" if lens.failed else "",
        "people": "1" if lens.people else "",
        "before": before,
    }
    query = urlencode({name: value for name, value in pairs.items() if value}, safe=",")
    return f"?{query}" if query else ""


def _first(values: Iterable[str]) -> str:
    return next(filter(None, values), "")


def in_highlevel(account: SubAccount, conversation_id: str) -> str:
    """Where the same conversation is answered: HighLevel's own inbox."""
    return f"{HIGHLEVEL_APP}/{account.location_id}/conversations/conversations/{conversation_id}"
