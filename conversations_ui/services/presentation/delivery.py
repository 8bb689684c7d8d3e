"""What became of a message, and what sent it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from conversations_ui.highlevel import values
from conversations_ui.highlevel.records import Message
from conversations_ui.services import lenses
from conversations_ui.services.presentation import carriers


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
    automation: bool = False


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

# source -> origin; `app` and nothing mean a person, other names are shown as they are.
_ORIGINS = {
    "workflow": Origin("workflow", gettext_noop("Workflow")),
    "campaign": Origin("campaign", gettext_noop("Campaign")),
    "bulk_actions": Origin("bulk", gettext_noop("Bulk action")),
    "bulk_action": Origin("bulk", gettext_noop("Bulk action")),
    "api": Origin("api", gettext_noop("API")),
    "public_api": Origin("api", gettext_noop("API")),
    "automated": Origin("workflow", gettext_noop("Automated")),
}
_PEOPLE = {"", "app", "manual"}
_SAYING = ("code", "errorCode", "message", "error")  # in an error that is an object
SAID_MAX = 5  # of a list of errors
_CODE = re.compile(r"(?<!\d)\d{5}(?!\d)")


def tick(message: Message) -> Tick | None:
    """The glyph and word of a message's status; None when it has none."""
    if not message.status:
        return None
    known = _TICKS.get(lenses.plain(message.status))
    return Tick(known.icon, _(known.label), known.tone) if known else Tick("", message.status)


def origin(message: Message) -> Origin | None:
    """What a message's source stands for; None for a person."""
    source = lenses.plain(message.source)
    if source in _PEOPLE:
        return None
    known = _ORIGINS.get(source)
    if known is None:
        return Origin("info", message.source)
    return Origin(known.icon, _(known.label), lenses.automated(message))


def problem(message: Message) -> str:
    """Why a failed message did not arrive: a plain sentence, then HighLevel's words or the code."""
    said = _said(message.raw.get("error"))
    code = next(filter(carriers.REASONS.__contains__, _CODE.findall(said)), "")
    if code:
        words = _("Not delivered: %(reason)s") % {"reason": _(carriers.REASONS[code])}
        return f"{words} ({said})"
    if said:
        return _("Not delivered: %(reason)s") % {"reason": said}
    if lenses.plain(message.status) == "opt_out":
        if message.direction == "inbound":
            return _("With this the customer opted out.")
        return _("Not delivered: the customer has opted out.")
    return _("Not delivered. HighLevel gave no reason.")


def _said(error: object) -> str:
    """The API's `error` in words: text, a number, a list, or an object with code and message."""
    if isinstance(error, list):
        return "; ".join(dict.fromkeys(filter(None, map(_said, error[:SAID_MAX]))))
    if isinstance(error, dict):
        return ": ".join(dict.fromkeys(filter(None, (_said(error.get(name)) for name in _SAYING))))
    return values.ident(error).strip()
