"""One message as its template shows it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from conversations_ui.highlevel import message_types
from conversations_ui.highlevel.records import Message
from conversations_ui.services.presentation import calls, delivery, files, text, times
from conversations_ui.services.presentation.facts import facts

ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


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
    tick: delivery.Tick | None
    origin: delivery.Origin | None
    files: tuple[files.File, ...]
    facts: SafeString
    group: str
    follow: bool = False
    current: bool = False


_BODILESS = {"activity", "placeholder"}  # kinds that say something else than the body
_LONG_MAIL = 600  # characters; longer mail texts are folded


def message_view(
    message: Message, *, zone: ZoneInfo, base: str, us: str, current: str = ""
) -> MessageView:
    """The view-model of a message. `base` is the address of its thread, `us` our name."""
    kind = message_types.lookup(message.type)
    inbound = message.direction == "inbound"
    title, subtitle, icon = _heading(message, kind)
    body = text.body_text(message.body, message.content_type, mail=kind.kind == "email")
    attached = tuple(files.files(message))
    failed = message.status in delivery.FAILED and kind.kind != "call"
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
        empty=not (body.strip() or attached),
        failed=failed,
        problem=delivery.problem(message) if failed else "",
        tick=delivery.tick(message) if kind.kind != "call" and (failed or not inbound) else None,
        origin=delivery.origin(message.source),
        files=attached,
        facts=facts(message, body_shown=body == message.body and kind.kind not in _BODILESS),
        group=f"{message.direction}|{message.type}|{message.user_id}|{message.source}|{failed:d}",
        current=bool(message.id) and message.id == current,
    )


def _heading(message: Message, kind: message_types.MessageType) -> tuple[str, str, str]:
    """Title, line below it and icon of a card or an activity."""
    if kind.kind == "email":
        fallback = message.email.subject if message.email else ""
        people = " → ".join(filter(None, (message.sender, message.recipient)))
        below = f"{_(kind.label)} · {people or _way(message)}"
        return message.subject or fallback or _("(no subject)"), below, kind.icon
    if kind.kind == "call":
        return calls.heading(message, kind, _way(message))
    if kind.kind == "activity":
        title = message.activity.title if message.activity else ""
        return title or message.body or _(kind.label), "", kind.icon
    return _(kind.label), _way(message), kind.icon


def _way(message: Message) -> str:
    return _("Incoming") if message.direction == "inbound" else _("Outgoing")
