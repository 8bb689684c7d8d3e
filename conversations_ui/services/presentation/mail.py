"""Mails as their templates show them: waiting to be asked for, and asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from conversations_ui.accounts.models import SubAccount
from conversations_ui.highlevel.mails import Email
from conversations_ui.highlevel.records import Message
from conversations_ui.services import lenses
from conversations_ui.services.mail import Body, Shown, may_show_pictures
from conversations_ui.services.presentation import delivery, files, times
from conversations_ui.services.presentation.facts import facts

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A mail that nobody has looked at yet."""

    id: str
    href: str
    label: str


@dataclass(frozen=True, slots=True)
class MailView:
    """One mail: who wrote it to whom, what is kept out of it, where its body is."""

    id: str
    direction: str
    subject: str
    sender: str
    below: str
    people: tuple[tuple[str, str], ...]  # what each is, and its addresses
    stamp: times.Stamp
    when: str  # the day, unless it is today, and the time
    tick: delivery.Tick | None
    problem: str  # why it did not arrive
    files: tuple[files.File, ...]
    notice: str  # why it is not shown as it was sent
    blocked: str  # what was not fetched for it
    shown: bool  # its remote pictures are shown
    href: str
    show_pictures: str  # the address that shows them, empty where there are none to show
    body: str
    source: str
    download: str
    facts: SafeString


def waiting(message: Message, base: str) -> tuple[Waiting, ...]:
    """The mails that a row stands for. `base` is the address of its thread."""
    ids = [
        one for one in (message.email.message_ids if message.email else ()) if _ID.fullmatch(one)
    ]
    if not ids:
        return ()
    place = PurePosixPath(base).parts[-2:]
    return tuple(
        Waiting(one, reverse("mail", args=[*place, one]), _label(number, len(ids)))
        for number, one in enumerate(ids, 1)
    )


def _label(number: int, count: int) -> str:
    if count == 1:
        return _("Open email")
    return _("Open email %(number)d of %(count)d") % {"number": number, "count": count}


def mail_view(
    mail: Email, body: Body, account: SubAccount, *, place: tuple[str, str, str], shown: bool
) -> MailView:
    """The view-model of a mail. `place` is its address: sub-account, conversation, mail."""
    zone = ZoneInfo(account.time_zone)
    stamp = times.stamp(mail.date_added, zone)
    day = times.row_stamp(mail.date_added, zone, times.now()).clock
    name, address = parseaddr(mail.sender)
    row = Message.from_api({**mail.raw, "body": ""})
    tick = delivery.tick(row)
    href, thread = reverse("mail", args=place), reverse("thread", args=place[:2])
    asks = bool(body.pictures) and may_show_pictures() and not shown
    query = "?pictures=1" if shown else ""
    return MailView(
        id=place[2],
        direction=mail.direction,
        subject=mail.subject.strip() or _("(no subject)"),
        sender=name or address or mail.sender or _("Unknown sender"),
        below=_("to %(names)s") % {"names": ", ".join(mail.to)} if mail.to else "",
        people=_people(mail),
        stamp=stamp,
        when=stamp.clock if day == stamp.clock else f"{day}, {stamp.clock}",
        tick=tick,
        problem=delivery.problem(row) if lenses.failed(row) else "",
        files=tuple(
            files.file(address, files.route(thread, place[2], index))
            for index, address in enumerate(mail.attachments)
        ),
        notice=_notice(body),
        blocked=_blocked(body, shown=shown),
        shown=shown and bool(body.pictures),
        href=href,
        show_pictures=f"{href}?pictures=1" if asks else "",
        body=reverse("mail_body", args=place) + query,
        source=reverse("mail_source", args=place),
        download=reverse("mail_download", args=place),
        facts=facts(row, href=""),
    )


def _people(mail: Email) -> tuple[tuple[str, str], ...]:
    lines = (
        (_("From"), mail.sender),
        (_("To"), ", ".join(mail.to)),
        (_("Cc"), ", ".join(mail.cc)),
        (_("Bcc"), ", ".join(mail.bcc)),
    )
    return tuple((label, addresses) for label, addresses in lines if addresses)


def _notice(body: Body) -> str:
    if body.shown is Shown.TOO_BIG:
        return _("This email is too large to be shown as it was sent. Its text:")
    if body.shown is Shown.TOO_DEEP:
        return _("This email is built in a way that could block your browser. Its text:")
    return _("This email is very long. Its beginning:") if body.cut else ""


def _blocked(body: Body, *, shown: bool) -> str:
    """What was kept out, in words: the sender would learn when and where the mail is read."""
    pictures = 0 if shown else body.pictures
    parts = []
    if pictures:
        parts.append(
            ngettext("%(count)d remote picture", "%(count)d remote pictures", pictures)
            % {"count": pictures}
        )
    if body.others:
        parts.append(
            ngettext(
                "%(count)d remote font, style or background",
                "%(count)d remote fonts, styles or backgrounds",
                body.others,
            )
            % {"count": body.others}
        )
    return _("Blocked: %(what)s") % {"what": ", ".join(parts)} if parts else ""
