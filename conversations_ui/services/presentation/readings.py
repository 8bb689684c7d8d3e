"""Rows of the read log, ready to be shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.formats import date_format

from conversations_ui.accounts.models import SubAccount
from conversations_ui.accounts.readings import Reading
from conversations_ui.services.presentation.times import Stamp, full


@dataclass(frozen=True, slots=True)
class ReadingView:
    """One row; `href` leads to its conversation, empty where there is none."""

    number: int
    who: str
    what: str
    stamp: Stamp
    conversation: str
    href: str
    thing: str
    address: str


def reading_views(rows: Iterable[Reading], account: SubAccount) -> list[ReadingView]:
    """The rows in the sub-account's time zone."""
    zone = ZoneInfo(account.time_zone)
    return [_view(row, account, zone) for row in rows]


def _view(row: Reading, account: SubAccount, zone: ZoneInfo) -> ReadingView:
    local = row.at.astimezone(zone)
    place = [account.location_id, row.conversation_id]
    return ReadingView(
        number=row.number,
        who=row.username,
        what=row.get_action_display(),
        stamp=Stamp(
            local.isoformat(timespec="seconds"), date_format(local, "j M Y, H:i"), full(local)
        ),
        conversation=row.conversation_id,
        href=reverse("thread", args=place) if row.conversation_id else "",
        thing=row.object_id,
        address=row.address,
    )
