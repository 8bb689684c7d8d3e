"""One message as its template shows it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from conversations_ui.highlevel import message_types
from conversations_ui.highlevel.records import Message
from conversations_ui.services import lenses, live, media
from conversations_ui.services.people import Staff
from conversations_ui.services.presentation import (
    activities,
    calls,
    cards,
    delivery,
    files,
    mail,
    people,
    reactions,
    text,
    times,
)
from conversations_ui.services.presentation.facts import facts

ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class MessageView:
    """All that the templates in `messages/` show of a message."""

    id: str
    version: str
    type: str
    kind: str
    direction: str
    template: str
    channel: str
    label: str
    icon: str
    unknown: bool
    sender: str
    unnamed: str  # the user id in the sender's place until its name is known
    signed: bool  # the sender is one of the staff
    stamp: times.Stamp
    href: str  # the permalink; its fragment lands at the message where no script runs
    title: str
    subtitle: str
    detail: str  # what an activity's data adds to its title
    body: SafeString
    emoji: bool
    long: bool
    empty: bool
    failed: bool
    problem: str
    tick: delivery.Tick | None
    origin: delivery.Origin | None
    files: tuple[files.File, ...]
    mails: tuple[mail.Waiting, ...]
    facts: SafeString
    call: calls.CallView | None
    stars: cards.Stars | None
    form: cards.Form | None
    group: str
    reactions: tuple[reactions.Reaction, ...] = ()
    follow: bool = False
    current: bool = False


def message_view(
    message: Message,
    *,
    zone: ZoneInfo,
    base: str,
    us: str,
    current: str = "",
    staff: Staff = people.NOBODY,
    answered: tuple[reactions.Reaction, ...] = (),
    audible: bool = True,
) -> MessageView:
    """The view-model of a message. `base` is the address of its thread, `us` our name.

    Of calls that are not `audible` the recording and the transcript are withheld.
    """
    kind = message_types.lookup(message.type)
    inbound = message.direction == "inbound"
    title, subtitle, icon = _heading(message, kind)
    detail = ""
    if kind.kind == "activity":
        title, detail, icon = activities.line(message, kind, zone)
    sender, unnamed = people.sender(message, kind.kind, us, staff)
    mails = mail.waiting(message, base) if kind.kind == "email" else ()
    # What a list says of a mail is left aside where the mail itself can be had.
    words = "" if mails else message.body
    body = text.body_text(words, message.content_type, mail=kind.kind == "email")
    attached = tuple(files.files(message, base=base))
    if attached and media.bare_address(message):
        body = ""  # it is one of the files
    place = f"{base}{message.id}/" if ID.fullmatch(message.id) else ""
    href = f"{place}#m-{message.id}" if place else ""
    failed = lenses.failed(message)
    linked = text.linkify(body)
    if kind.kind == "comment":
        linked = cards.with_mentions(linked)
    return MessageView(
        id=message.id,
        version=live.message_version(message),
        type=message.type,
        kind=kind.kind,
        direction=message.direction or "outbound",
        template=f"messages/{kind.kind}.html",
        channel=kind.channel,
        label=_(kind.label),
        icon=icon,
        unknown=kind.icon == "unknown",
        sender=sender,
        unnamed=unnamed,
        signed=bool(message.user_id) and not inbound,
        stamp=times.stamp(message.date_added, zone),
        href=href,
        title=title,
        subtitle=subtitle,
        detail=detail,
        body=linked,
        emoji=text.is_emoji(body),
        long=text.is_long(body, kind.kind),
        empty=not (body.strip() or attached),
        failed=failed,
        problem=delivery.problem(message) if failed else "",
        tick=delivery.tick(message) if kind.kind != "call" and (failed or not inbound) else None,
        origin=delivery.origin(message),
        files=attached,
        mails=mails,
        facts=facts(message, href=href),
        call=calls.call_view(message, kind, title=title, href=place, withheld=not audible)
        if kind.kind == "call"
        else None,
        stars=cards.stars(message) if kind.kind == "review" else None,
        form=cards.form(message, body) if kind.kind == "form" else None,
        group=f"{message.direction}|{message.type}|{message.user_id}|{message.source}|{failed:d}",
        reactions=answered,
        current=bool(message.id) and message.id == current,
    )


def _heading(message: Message, kind: message_types.MessageType) -> tuple[str, str, str]:
    """Title, line below it and icon of a card."""
    if kind.kind == "email":
        fallback = message.email.subject if message.email else ""
        people = " → ".join(filter(None, (message.sender, message.recipient)))
        below = f"{_(kind.label)} · {people or _way(message)}"
        return message.subject or fallback or _("(no subject)"), below, kind.icon
    if kind.kind == "call":
        return calls.heading(message, kind, _way(message))
    return _(kind.label), _way(message), kind.icon


def _way(message: Message) -> str:
    return _("Incoming") if message.direction == "inbound" else _("Outgoing")
