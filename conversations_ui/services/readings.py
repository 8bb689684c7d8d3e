"""The read log as leads and administrators look at it: by filter, by conversation, as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _

from conversations_ui.accounts.models import SubAccount
from conversations_ui.accounts.readings import Action, Reading

PAGE = 50  # rows of one page
PEOPLE = 20  # people of one page of "Seen by"
FILE_MOST = 100_000  # rows of one file
COLUMNS = (
    *("number", "when (UTC)", "person", "person's number", "opened", "location id"),
    *("conversation id", "object", "address", "hash"),
)
# What a spreadsheet takes for the beginning of a formula, in the wide forms too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows are wanted; dates are days in the sub-account's time zone, both included."""

    person: str = ""
    action: str = ""
    conversation: str = ""
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, newest first; `before` is the number to go on from, None at the end."""

    rows: tuple[Reading, ...]
    before: int | None


def of(account: SubAccount, wanted: Filter) -> QuerySet[Reading]:
    """A sub-account's rows that pass the filter, newest first."""
    zone = ZoneInfo(account.time_zone)
    found = Reading.objects.filter(location_id=account.location_id)
    if wanted.person:
        found = found.filter(username__icontains=wanted.person)
    if wanted.action:
        found = found.filter(action=wanted.action)
    if wanted.conversation:
        found = found.filter(conversation_id=wanted.conversation)
    if wanted.since:
        found = found.filter(at__gte=_midnight(wanted.since, zone))
    if wanted.until and wanted.until < date.max:
        found = found.filter(at__lt=_midnight(wanted.until + timedelta(days=1), zone))
    return found.order_by("-number")


def page(rows: QuerySet[Reading], before: int | None = None, most: int = PAGE) -> Page:
    """The rows before a number, at most so many; one database query."""
    if before is not None:
        rows = rows.filter(number__lt=before)
    found = tuple(rows[: most + 1])
    return Page(found[:most], found[most - 1].number if len(found) > most else None)


def seen_by(account: SubAccount, conversation_id: str, before: int | None = None) -> Page:
    """Who has seen a conversation: of each person the latest row, newest first."""
    seen = Reading.objects.filter(
        location_id=account.location_id, conversation_id=conversation_id
    ).exclude(action__in=(Action.LOG, Action.LOG_EXPORT))
    latest = seen.order_by().values("user_id").annotate(last=Max("number")).values("last")
    return page(Reading.objects.filter(number__in=latest), before, PEOPLE)


def as_file(rows: QuerySet[Reading]) -> Iterator[str]:
    """The rows as CSV, line by line; one that was cut says so at its end."""
    yield "\ufeff"  # or spreadsheets do not take it for UTF-8
    found = rows[: FILE_MOST + 1].iterator(chunk_size=1000)
    yield from _lines([COLUMNS])
    yield from _lines(_cells(row) for row in _first(found, FILE_MOST))
    if next(found, None) is not None:
        words = _("There is more than %(most)d rows: cut here. Narrow the dates.")
        yield from _lines([[words % {"most": FILE_MOST}]])


def _first(rows: Iterator[T], most: int) -> Iterator[T]:
    for _number, row in zip(range(most), rows, strict=False):
        yield row


def _cells(row: Reading) -> Sequence[object]:
    at = row.at.astimezone(UTC).isoformat(timespec="seconds")
    who = (row.username, row.user_id, row.action)
    return (row.number, at, *who, row.location_id, row.conversation_id, *_rest(row))


def _rest(row: Reading) -> Sequence[object]:
    return (row.object_id, row.address, row.hash)


def _lines(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for row in rows:
        writer.writerow([_harmless(str(cell)) for cell in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone)
