"""An exported conversation as a file: as text for people, or as JSON with every field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from conversations_ui.accounts.models import SubAccount
from conversations_ui.highlevel import message_types
from conversations_ui.highlevel.mails import Email
from conversations_ui.highlevel.records import Message
from conversations_ui.services import lenses
from conversations_ui.services.export import Gathered, Piece, Problem
from conversations_ui.services.people import Staff
from conversations_ui.services.presentation import activities, calls, delivery, people, times
from conversations_ui.services.presentation import text as texts
from conversations_ui.services.presentation.unseen import plain

_PROBLEMS = {
    Problem.CUT: gettext_noop(
        "The conversation has more messages than an export holds; the oldest are missing."
    ),
    Problem.TIME: gettext_noop("Loading it took too long; the oldest messages are missing."),
    Problem.SIZE: gettext_noop("It is larger than an export may be; the oldest are missing."),
    Problem.STUCK: gettext_noop(
        "HighLevel said that there are older messages, but did not give them."
    ),
    Problem.FAILED: gettext_noop(
        "HighLevel stopped answering while it was loaded; the oldest messages are missing."
    ),
}


class Format(Protocol):
    """A kind of file: its name's ending, its content type, and how everything is written in it."""

    ending: str
    content_type: str

    def message(self, message: Message, names: Staff) -> str: ...

    def mail(self, found: Email) -> str: ...

    def file(self, gathered: Gathered) -> Iterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class About:
    """What an export says of itself. `asked` is what it was narrowed to, in words."""

    account: SubAccount
    conversation_id: str
    made: datetime
    by: str
    asked: str

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of everything in it."""
        return ZoneInfo(self.account.time_zone)


def statement(gathered: Gathered) -> str:
    """Whether the export is complete, and what is missing."""
    count = gathered.count
    said = [ngettext("%(count)d message.", "%(count)d messages.", count) % {"count": count}]
    if gathered.problem:
        said.append(_(_PROBLEMS[gathered.problem]))
    if missing := gathered.mails_missing:
        words = ngettext(
            "The text of %(count)d email is missing.",
            "The texts of %(count)d emails are missing.",
            missing,
        )
        said.append(words % {"count": missing})
    if gathered.as_of:
        said.append(
            _("HighLevel did not answer all the time; some of it is a copy of %(time)s UTC.")
            % {"time": f"{gathered.as_of:%Y-%m-%d %H:%M}"}
        )
    start = _("Complete:") if gathered.complete else _("INCOMPLETE:")
    return " ".join((start, *said))


@dataclass(frozen=True, slots=True)
class Text:
    """For people. What was written is indented, so that it cannot look like what we say of it."""

    about: About
    ending = "txt"
    content_type = "text/plain; charset=utf-8"

    def message(self, message: Message, names: Staff) -> str:
        """When, as what and by whom; then what."""
        kind = message_types.lookup(message.type)
        sender, _unnamed = people.sender(message, kind.kind, self.about.account.name, names)
        parts = (self._time(message.date_added), _line(sender), _(kind.label))
        lines = [" · ".join(filter(None, parts)), *_indented(self._content(message))]
        return "\n".join(lines) + "\n\n"

    def mail(self, found: Email) -> str:
        """Its addresses and its text."""
        addresses = (
            (_("Date"), self._time(found.date_added)),
            (_("From"), found.sender),
            (_("To"), ", ".join(found.to)),
            (_("Cc"), ", ".join(found.cc)),
            (_("Subject"), found.subject),
        )
        body = texts.body_text(found.body, found.content_type, mail=True)
        heads = [f"{name}: {_line(value)}" for name, value in addresses if value]
        return "\n".join(_indented([*heads, "", *body.splitlines()], 8)) + "\n\n"

    def file(self, gathered: Gathered) -> Iterator[bytes]:
        """The whole file; whether it is complete stands at both its ends."""
        yield self._head(statement(gathered)).encode()
        for piece in gathered.pieces:
            yield gathered.read(piece)
            for email_id in piece.mails:
                yield self._mail_of(gathered, email_id)
        yield f"{'=' * 72}\n{statement(gathered)}\n".encode()

    def _head(self, stated: str) -> str:
        about = self.about
        lines = (
            _("Conversation %(id)s") % {"id": about.conversation_id},
            _("Sub-account: %(name)s") % {"name": _line(about.account.name)},
            _("Exported: %(time)s, by %(who)s") % {"time": self._time(about.made), "who": about.by},
            about.asked,
            _("Files and recordings are named, not contained."),
            stated,
        )
        return "\n".join(filter(None, lines)) + f"\n{'=' * 72}\n\n"

    def _content(self, message: Message) -> Iterator[str]:
        kind = message_types.lookup(message.type)
        if kind.kind == "activity":
            title, detail, _icon = activities.line(message, kind, self.about.zone)
            yield from filter(None, (title, detail))
            return
        if kind.kind == "call":
            title, below, _icon = calls.heading(message, kind, "")
            yield " · ".join(filter(None, (title, below)))
        if message.subject:
            yield message.subject
        # What a list says of a mail is left aside where the mail itself can be had.
        if not (message.email and message.email.message_ids):
            mail = kind.kind == "email"
            yield from texts.body_text(message.body, message.content_type, mail=mail).splitlines()
        for address in message.attachments:
            yield _("File: %(address)s") % {"address": address}
        if lenses.failed(message):
            yield delivery.problem(message)

    def _mail_of(self, gathered: Gathered, email_id: str) -> bytes:
        piece: Piece | None = gathered.mails.get(email_id)
        if piece:
            return gathered.read(piece)
        words = _("[The text of this email is missing: email %(id)s]") % {"id": _line(email_id)}
        return f"        {words}\n\n".encode()

    def _time(self, at: datetime | None) -> str:
        return times.full(at.astimezone(self.about.zone)) if at else ""


@dataclass(frozen=True, slots=True)
class Json:
    """For programs: messages and mails with all fields, as HighLevel gives them."""

    about: About
    ending = "json"
    content_type = "application/json"

    def message(self, message: Message, names: Staff) -> str:
        """One message in a line."""
        return json.dumps(message.raw)

    def mail(self, found: Email) -> str:
        """One mail in a line."""
        return json.dumps(found.raw)

    def file(self, gathered: Gathered) -> Iterator[bytes]:
        """The whole file; cut short anywhere, it is no JSON any more."""
        about = self.about
        head = {
            "conversationId": about.conversation_id,
            "locationId": about.account.location_id,
            "exported": about.made.isoformat(timespec="seconds"),
            "by": about.by,
            "asked": about.asked,
            "complete": gathered.complete,
            "statement": statement(gathered),
        }
        yield f'{json.dumps(head, indent=1)[:-2]},\n "messages": ['.encode()
        yield from _listed(gathered, gathered.pieces)
        yield b'],\n "emails": ['
        yield from _listed(gathered, iter(gathered.mails.values()))
        yield b"]\n}\n"


def _listed(gathered: Gathered, pieces: Iterator[Piece]) -> Iterator[bytes]:
    for number, piece in enumerate(pieces):
        yield (b",\n  " if number else b"\n  ") + gathered.read(piece)


def _line(words: str) -> str:
    return " ".join(plain(words).split())


def _indented(lines: Iterator[str] | list[str], by: int = 4) -> Iterator[str]:
    for line in lines:
        for part in plain(line).splitlines() or [""]:
            yield f"{' ' * by}{part}".rstrip()


FORMATS: dict[str, type[Text] | type[Json]] = {"text": Text, "json": Json}
