"""The inbox's rows and filters as its template shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from django.utils.functional import Promise as StrPromise
from django.utils.translation import gettext as _

from conversations_ui.accounts.access import Part
from conversations_ui.accounts.models import SubAccount
from conversations_ui.highlevel import message_types
from conversations_ui.highlevel.records import Conversation
from conversations_ui.services import live
from conversations_ui.services.conversations import InboxPage
from conversations_ui.services.presentation import text, times
from conversations_ui.services.withheld import Parts, is_comment

Choices = Sequence[tuple[str, str | StrPromise]]

NEVER_USED = "TYPE_NO_SHOW"


@dataclass(frozen=True, slots=True)
class Select:
    """One menu of the filters: its options are (value, label, chosen)."""

    name: str
    label: str
    options: tuple[tuple[str, str, bool], ...]

    @property
    def chosen(self) -> str:
        """The label of the chosen option."""
        return next((label for _value, label, chosen in self.options if chosen), "")


@dataclass(frozen=True, slots=True)
class RowView:
    """One conversation in the inbox."""

    id: str
    version: str
    href: str
    name: str
    initials: str
    icon: str
    channel: str
    label: str
    snippet: str
    stamp: times.Stamp
    unread: int
    starred: bool


def row_views(page: InboxPage, account: SubAccount, *, base: str) -> tuple[RowView, ...]:
    """The rows of a page. `base` is the address of the inbox."""
    zone, now = ZoneInfo(account.time_zone), times.now()
    return tuple(_row(row, zone, now, base) for row in page.conversations)


def selects(
    wanted: Mapping[str, str], directions: Choices, orders: Choices, withheld: Parts = frozenset()
) -> tuple[Select, ...]:
    """The inbox's menus with what is chosen in them; nothing is chosen by what is `withheld`."""
    channels = [
        (row.name, _(row.label))
        for row in message_types.MESSAGE_TYPES
        if Part.COMMENTS not in withheld or not is_comment(row.name)
    ]
    people = [("", _("Anyone")), ("unassigned", _("Nobody"))]
    assigned = wanted.get("assigned", "")
    if assigned not in ("", "unassigned"):
        people.append((assigned, assigned))
    menus: tuple[tuple[str, str, Choices], ...] = (
        ("channel", _("Last message was"), [("", _("All channels")), *channels]),
        ("assigned", _("Assigned to"), people),
        ("direction", _("Direction"), directions),
        ("sort", _("Sort"), orders),
    )
    return tuple(
        Select(
            name,
            label,
            tuple((value, str(text), value == wanted.get(name, "")) for value, text in options),
        )
        for name, label, options in menus
    )


def _row(row: Conversation, zone: ZoneInfo, now: datetime, base: str) -> RowView:
    name = row.name or row.company_name
    kind = message_types.lookup(row.last_message_type)
    return RowView(
        id=row.id,
        version=live.row_version(row),
        href=f"{base}{quote(row.id, safe='')}/",
        name=name or row.phone or row.email or _("Unknown contact"),
        initials=initials(name),
        icon=kind.icon if row.last_message_type else "inbox",
        channel=kind.channel,
        label=_(kind.label) if row.last_message_type else _("Latest message"),
        snippet=_snippet(row, kind),
        stamp=times.row_stamp(row.last_message_date, zone, now),
        unread=row.unread_count,
        starred=row.starred,
    )


def initials(name: str) -> str:
    """The letters that stand for a person without a picture."""
    first = [word[0] for word in name.split() if word[0].isalnum()]
    if not first or first[0].isdigit():
        return "#"
    return "".join(first[:1] + first[1:][-1:]).upper()


def _snippet(row: Conversation, kind: message_types.MessageType) -> str:
    if row.last_message_type == NEVER_USED:
        return _("No messages yet")
    body = row.last_message_body
    if text.looks_like_html(body):
        body = text.plain_text(body)
    if not row.last_message_type:
        return text.one_line(body) or "–"  # of what is not known, or withheld
    body = text.one_line(body) or _(kind.label)
    if row.last_message_direction == "outbound" and kind.kind != "activity":
        return _("You: %(text)s") % {"text": body}
    return body
