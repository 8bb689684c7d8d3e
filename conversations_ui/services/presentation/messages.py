"""One message as its template shows it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from conversations_ui.highlevel import message_types
from conversations_ui.highlevel.records import Message
from conversations_ui.services.presentation import text, times

ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Tick:
    """A delivery status: its glyph, its word, its tone (a CSS class)."""

    icon: str
    label: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """What sent a message when it was not a person."""

    icon: str
    label: str
    automation: bool = True


@dataclass(frozen=True, slots=True)
class File:
    """An attachment as a link."""

    url: str
    name: str
    detail: str
    icon: str = "file"


@dataclass(frozen=True, slots=True)
class MessageView:
    """All that the templates in `messages/` show of a message."""

    id: str
    type: str
    kind: str
    direction: str
    template: str
    channel: str
    label: str
    icon: str
    unknown: bool
    sender: str
    stamp: times.Stamp
    href: str
    title: str
    subtitle: str
    body: SafeString
    emoji: bool
    long: bool
    empty: bool
    failed: bool
    problem: str
    tick: Tick | None
    origin: Origin | None
    files: tuple[File, ...]
    facts: SafeString
    group: str
    follow: bool = False
    current: bool = False


# status -> tick; a status that is not here is shown under its own name.
_TICKS = {
    "pending": Tick("clock", gettext_noop("Pending")),
    "scheduled": Tick("clock", gettext_noop("Scheduled")),
    "queued": Tick("clock", gettext_noop("Queued")),
    "sent": Tick("check", gettext_noop("Sent")),
    "delivered": Tick("check-double", gettext_noop("Delivered")),
    "read": Tick("check-double", gettext_noop("Read"), "is-read"),
    "opened": Tick("check-double", gettext_noop("Opened"), "is-read"),
    "clicked": Tick("check-double", gettext_noop("Clicked"), "is-read"),
    "connected": Tick("check", gettext_noop("Connected")),
    "completed": Tick("check", gettext_noop("Completed")),
    "failed": Tick("warning", gettext_noop("Failed"), "is-danger"),
    "undelivered": Tick("warning", gettext_noop("Not delivered"), "is-danger"),
    "opt_out": Tick("blocked", gettext_noop("Opted out"), "is-danger"),
}
_FAILED = {"failed", "undelivered", "opt_out"}

# source -> origin; `app` and nothing mean a person, other names are shown as they are.
_ORIGINS = {
    "workflow": Origin("workflow", gettext_noop("Workflow")),
    "campaign": Origin("campaign", gettext_noop("Campaign")),
    "bulk_actions": Origin("bulk", gettext_noop("Bulk action")),
    "api": Origin("api", gettext_noop("API")),
    "automated": Origin("workflow", gettext_noop("Automated")),
}
_PEOPLE = {"", "app", "manual"}

# call status -> (title when inbound, title when outbound, icon)
_CALLS = {
    "completed": (gettext_noop("Call"), gettext_noop("Call"), "call"),
    "answered": (gettext_noop("Call"), gettext_noop("Call"), "call"),
    "connected": (gettext_noop("Call"), gettext_noop("Call"), "call"),
    "no-answer": (gettext_noop("Missed call"), gettext_noop("Call not answered"), "call-missed"),
    "busy": (gettext_noop("Missed call, line busy"), gettext_noop("Line busy"), "call-missed"),
    "failed": (gettext_noop("Call failed"), gettext_noop("Call failed"), "call-missed"),
    "canceled": (gettext_noop("Call cancelled"), gettext_noop("Call cancelled"), "call-missed"),
    "voicemail": (gettext_noop("Voicemail"), gettext_noop("Reached voicemail"), "voicemail"),
}
_LONG_MAIL = 600  # characters; longer mail texts are folded


def message_view(
    message: Message, *, zone: ZoneInfo, base: str, us: str, current: str = ""
) -> MessageView:
    """The view-model of a message. `base` is the address of its thread, `us` our name."""
    kind = message_types.lookup(message.type)
    inbound = message.direction == "inbound"
    title, subtitle, icon = _heading(message, kind)
    body = text.body_text(message.body, message.content_type, mail=kind.kind == "email")
    files = tuple(_files(message))
    failed = message.status in _FAILED and kind.kind != "call"
    return MessageView(
        id=message.id,
        type=message.type,
        kind=kind.kind,
        direction=message.direction or "outbound",
        template=f"messages/{kind.kind}.html",
        channel=kind.channel,
        label=_(kind.label),
        icon=icon,
        unknown=kind.icon == "unknown",
        sender=_("Customer") if inbound else us,
        stamp=times.stamp(message.date_added, zone),
        href=f"{base}{message.id}/" if ID.fullmatch(message.id) else "",
        title=title,
        subtitle=subtitle,
        body=text.linkify(body),
        emoji=text.is_emoji(body),
        long=len(body) > _LONG_MAIL or body.count("\n") > 9,
        empty=not (body.strip() or files),
        failed=failed,
        problem=_problem(message) if failed else "",
        tick=_tick(message) if not inbound or failed else None,
        origin=_origin(message.source),
        files=files,
        facts=_facts(message, body_shown=body == message.body and kind.kind != "activity"),
        group=f"{message.direction}|{message.type}|{message.user_id}|{message.source}|{failed:d}",
        current=bool(message.id) and message.id == current,
    )


def _heading(message: Message, kind: message_types.MessageType) -> tuple[str, str, str]:
    """Title, line below it and icon of a card or an activity."""
    if kind.kind == "email":
        fallback = message.email.subject if message.email else ""
        people = " → ".join(filter(None, (message.sender, message.recipient)))
        return message.subject or fallback or _("(no subject)"), people or _way(message), kind.icon
    if kind.kind == "call":
        return _call(message, kind)
    if kind.kind == "activity":
        title = message.activity.title if message.activity else ""
        return title or message.body or _(kind.label), "", kind.icon
    return _(kind.label), _way(message), kind.icon


def _way(message: Message) -> str:
    return _("Incoming") if message.direction == "inbound" else _("Outgoing")


def _call(message: Message, kind: message_types.MessageType) -> tuple[str, str, str]:
    status = (message.call.status if message.call else "") or message.status
    known = _CALLS.get(status)
    title = _(known[0 if message.direction == "inbound" else 1]) if known else _(kind.label)
    length = times.duration(message.call.duration if message.call else None)
    details = (_way(message), length, "" if known else status)
    return title, " · ".join(filter(None, details)), known[2] if known else kind.icon


def _tick(message: Message) -> Tick | None:
    if not message.status:
        return None
    known = _TICKS.get(message.status)
    return Tick(known.icon, _(known.label), known.tone) if known else Tick("", message.status)


def _origin(source: str) -> Origin | None:
    if source.lower() in _PEOPLE:
        return None
    known = _ORIGINS.get(source.lower())
    return Origin(known.icon, _(known.label)) if known else Origin("info", source, automation=False)


def _problem(message: Message) -> str:
    if message.error:
        return _("Not delivered: %(reason)s") % {"reason": message.error}
    if message.status == "opt_out":
        return _("Not delivered: the customer has opted out.")
    return _("Not delivered. HighLevel gave no reason.")


def _files(message: Message) -> Iterator[File]:
    for address in message.attachments:
        try:
            parts = urlsplit(address)
            host = parts.hostname or ""
        except ValueError:
            parts, host = None, ""
        if parts is None or parts.scheme not in ("http", "https") or not host:
            yield File("", address, _("not a web address"))
            continue
        name = PurePosixPath(unquote(parts.path)).name or host
        yield File(address, name, _("opens on %(host)s") % {"host": host})


def _facts(message: Message, *, body_shown: bool) -> SafeString:
    """Every field of a message under the API's own name; what is shown above is not repeated."""
    return format_html_join(
        "",
        "<div><dt>{}</dt><dd>{}</dd></div>",
        (
            (name, _fact(name, value))
            for name, value in message.raw.items()
            if value not in (None, "", [], {}) and not (body_shown and name == "body")
        ),
    )


def _fact(name: str, value: object) -> str:
    if not isinstance(value, str):
        return format_html("<code>{}</code>", json.dumps(value, ensure_ascii=False))
    if name.lower().endswith("id"):
        return format_html("<code data-copy>{}</code>", value)
    return format_html("<span>{}</span>", value)
