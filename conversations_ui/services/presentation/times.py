"""How moments are written: always in the sub-account's time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _


@dataclass(frozen=True, slots=True)
class Stamp:
    """One moment: `iso` with its offset for machines, `clock` to read, `full` to be exact."""

    iso: str
    clock: str
    full: str


NO_STAMP = Stamp("", "", "")


def stamp(moment: datetime | None, zone: ZoneInfo) -> Stamp:
    """The moment as time of day, `10:02`."""
    if moment is None:
        return NO_STAMP
    local = moment.astimezone(zone)
    return Stamp(local.isoformat(timespec="seconds"), f"{local:%H:%M}", full(local))


def row_stamp(moment: datetime | None, zone: ZoneInfo, now: datetime) -> Stamp:
    """The moment as a list shows it: `13:41` today, `Thu` this week, `18 Nov`, `18 Nov 2025`."""
    if moment is None:
        return NO_STAMP
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    days = (today - local.date()).days
    if days == 0:
        text = f"{local:%H:%M}"
    elif 0 < days < 7:
        text = date_format(local, "D")
    elif local.year == today.year:
        text = date_format(local, "j M")
    else:
        text = date_format(local, "j M Y")
    return Stamp(local.isoformat(timespec="seconds"), text, full(local))


def full(local: datetime) -> str:
    """`Wednesday 18 November 2026, 10:02:14 −06:00`."""
    offset = f"{local:%z}".replace("-", "\N{MINUS SIGN}")
    day = _long_day(local.date(), get_language())
    return f"{day}, {local:%H:%M:%S} {offset[:3]}:{offset[3:5]}"


@lru_cache(maxsize=4096)
def _long_day(value: date, _language: str | None) -> str:
    return date_format(value, "l j F Y")


def day(value: date, today: date) -> str:
    """A day heading: `Today`, `Yesterday`, `Friday 2 May`, `Friday 2 May 2025`."""
    days = (today - value).days
    if days in (0, 1):
        return _("Today") if days == 0 else _("Yesterday")
    return date_format(value, "l j F" if value.year == today.year else "l j F Y")


def plain_day(value: date) -> str:
    """`18 Nov 2026`."""
    return date_format(value, "j M Y")


def duration(seconds: float | None) -> str:
    """`4 min 03 s`; empty when unknown, which is not the same as none."""
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return _("%(hours)d h %(minutes)02d min") % {"hours": hours, "minutes": minutes}
    if minutes:
        return _("%(minutes)d min %(seconds)02d s") % {"minutes": minutes, "seconds": rest}
    return _("%(seconds)d s") % {"seconds": rest}


def clock(seconds: float) -> str:
    """A place in a recording, `4:03` or `1:02:03`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)
