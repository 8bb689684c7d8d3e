"""Activities: one quiet line each, made of the title and of what its data adds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from conversations_ui.highlevel import message_types, values
from conversations_ui.highlevel.records import Message

RUN = 3  # that many in a row are folded


# Keys of `activity.data` that say something to people, in the order they are shown.
_MOMENTS = ("timestamp", "startTime", "appointmentTime", "dueDate")
_NAMES = (
    "appointmentTitle",
    "opportunityName",
    "pipelineName",
    "stage",
    "stageName",
    "status",
    "calendarName",
    "invoiceNumber",
    "name",
    "tag",
    "channel",
)
_AMOUNTS = ("amount", "amountPaid", "amountDue", "total", "monetaryValue")
_TOO_MUCH = 1e15  # no sum of money, and floats count no further
_WORD = re.compile(r"\w+")
_DND = re.compile(r"\b(?:dnd|do not disturb)\b", re.IGNORECASE)
_ENDED = re.compile(r"\b(?:disabled|removed|off)\b", re.IGNORECASE)


def line(message: Message, kind: message_types.MessageType, zone: ZoneInfo) -> tuple[str, str, str]:
    """What happened (title, else body, else the type's name), what its data adds, and an icon."""
    activity = message.activity
    title = (activity.title.strip() if activity else "") or message.body.strip() or _(kind.label)
    data = activity.data if activity else {}
    said = [title, message.recipient]  # the contact's name is on the page already
    for detail in (*_details(data, zone), message.body.strip()):
        if detail and not any(_says(sentence, detail) for sentence in said):
            said.append(detail)
    return title, " · ".join(said[2:]), "blocked" if _blocks(title) else kind.icon


def _blocks(title: str) -> bool:
    """Whether it says that somebody is not to be disturbed, and nothing behind it takes it back."""
    said = [found.end() for found in _DND.finditer(title)]
    return bool(said) and _ENDED.search(title, said[-1]) is None


def _says(sentence: str, detail: str) -> bool:
    return _words(detail) in _words(sentence)


def _words(sentence: str) -> str:
    return f" {' '.join(_WORD.findall(sentence.casefold()))} "


def _details(data: values.JsonObject, zone: ZoneInfo) -> Iterator[str]:
    for key in _MOMENTS:
        if moment := values.moment(data.get(key)):
            yield when(moment, zone)
    for key in _NAMES:
        yield values.text(data.get(key)).strip()
    for key in _AMOUNTS:
        if (amount := values.number(data.get(key))) is not None:
            yield money(amount, values.text(data.get("currency")))
    dnd = data.get("dnd")
    if isinstance(dnd, bool):
        yield _("Do not disturb: on") if dnd else _("Do not disturb: off")


def when(moment: datetime, zone: ZoneInfo) -> str:
    """`Mon 20 Jul 2026, 10:00 (Chicago time, UTC−05:00)`."""
    local = moment.astimezone(zone)
    offset = f"{local:%z}".replace("-", "\N{MINUS SIGN}")
    shown = {
        "when": f"{date_format(local, 'D j M Y')}, {local:%H:%M}",
        "place": place(zone),
        "offset": f"UTC{offset[:3]}:{offset[3:5]}",
    }
    return _("%(when)s (%(place)s time, %(offset)s)") % shown


def place(zone: ZoneInfo) -> str:
    """The city a time zone is named after."""
    return zone.key.rpartition("/")[2].replace("_", " ")


def money(amount: float, currency: str) -> str:
    """`140.00 USD`, or `140` where nothing says of what; empty for what nobody pays."""
    if abs(amount) >= _TOO_MUCH:
        return ""
    if currency:
        return f"{amount:,.2f} {currency.upper()[:3]}"
    return f"{amount:,}"
