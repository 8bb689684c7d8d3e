"""Calls: who called whom, how it ended, how long it took, what there is to hear and to read."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from conversations_ui.highlevel.message_types import MessageType
from conversations_ui.highlevel.records import Message
from conversations_ui.services.presentation import phones, times


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended: its title when they called us and when we called them, and its icons."""

    name: str
    inbound: str
    outbound: str
    icon_in: str
    icon_out: str
    heard: bool = False  # somebody or something spoke, so there may be a recording


_ANSWERED = Outcome(
    "answered", gettext_noop("Call"), gettext_noop("Call"), "call-in", "call-out", True
)
_MISSED = Outcome(
    "missed",
    gettext_noop("Missed call"),
    gettext_noop("Call not answered"),
    "call-missed",
    "call-missed",
)
_BUSY = Outcome(
    "busy",
    gettext_noop("Missed call, line busy"),
    gettext_noop("Line busy"),
    "call-missed",
    "call-missed",
)
_FAILED = Outcome(
    "failed", gettext_noop("Call failed"), gettext_noop("Call failed"), "call-missed", "call-missed"
)
_CANCELLED = Outcome(
    "cancelled",
    gettext_noop("Call cancelled"),
    gettext_noop("Call cancelled"),
    "call-missed",
    "call-missed",
)
_VOICEMAIL = Outcome(
    "voicemail",
    gettext_noop("Voicemail"),
    gettext_noop("Reached voicemail"),
    "voicemail",
    "voicemail",
    True,
)
_UNKNOWN = Outcome("unknown", "", "", "call-in", "call-out")

# What the API and its clients call the outcomes, in lower case and with hyphens.
_OUTCOMES = {
    "completed": _ANSWERED,
    "answered": _ANSWERED,
    "connected": _ANSWERED,
    "no-answer": _MISSED,
    "missed": _MISSED,
    "unanswered": _MISSED,
    "busy": _BUSY,
    "failed": _FAILED,
    "undelivered": _FAILED,
    "canceled": _CANCELLED,
    "cancelled": _CANCELLED,
    "voicemail": _VOICEMAIL,
}


@dataclass(frozen=True, slots=True)
class CallView:
    """What a call's card shows below its title; without a recording its addresses are empty."""

    outcome: str
    label: str
    problem: str
    recording: str = ""
    transcript: str = ""
    clock: str = ""  # the length as a player shows it, empty when unknown
    seconds: int = 0  # the same as the end of a scale
    step: int = 1  # what an arrow key moves by on that scale
    withheld: bool = False  # whether there is a recording is not told


def heading(message: Message, kind: MessageType, way: str) -> tuple[str, str, str]:
    """Title, line below it and icon of a call; `way` says who called whom."""
    ending, inbound = _outcome(message, kind), message.direction == "inbound"
    title = _title(ending, kind, inbound)
    took = message.call.duration if message.call else None
    # Nobody spoke for no time at all: that goes without saying.
    length = times.duration(took) if took or ending.heard else ""
    details = (
        "" if kind.name == "TYPE_CALL" or _(kind.label) == title else _(kind.label),
        _with_number(message, inbound) or way,
        _("answered") if ending is _ANSWERED else "",
        _status(message) if ending is _UNKNOWN else "",
    )
    icon = ending.icon_in if inbound else ending.icon_out
    return f"{title}, {length}" if length else title, " · ".join(filter(None, details)), icon


def call_view(
    message: Message, kind: MessageType, *, title: str, href: str, withheld: bool = False
) -> CallView:
    """The view-model of a call. `href` is its permalink, empty when it cannot have one."""
    ending = _outcome(message, kind)
    silent = CallView(outcome=ending.name, label=title, problem=message.error)
    if not (ending.heard and href):
        return silent
    if withheld:
        return replace(silent, withheld=True)
    # A permalink ends with what every address of the message is made of.
    location_id, conversation_id, message_id = href.rstrip("/").rsplit("/", 3)[1:]
    length = message.call.duration if message.call else None
    return audible(silent, location_id, conversation_id, message_id, length)


def audible(
    call: CallView, location_id: str, conversation_id: str, message_id: str, length: float | None
) -> CallView:
    """The same call with what there is to hear and to read; `length` in seconds."""
    ids = (location_id, conversation_id, message_id)
    seconds = math.ceil(length or 0)
    return replace(
        call,
        recording=reverse("recording", args=ids),
        transcript=reverse("transcript", args=ids),
        clock=times.clock(seconds) if seconds else "",
        seconds=seconds,
        step=max(1, seconds // 100),
    )


def _with_number(message: Message, inbound: bool) -> str:
    number = phones.readable(message.sender if inbound else message.recipient)
    if not number:
        return ""
    said = _("Incoming from %(number)s") if inbound else _("Outgoing to %(number)s")
    return said % {"number": number}


def _outcome(message: Message, kind: MessageType) -> Outcome:
    """How a call ended; a call that took some time and does not say was answered."""
    status, call = _status(message), message.call
    found = _OUTCOMES.get(status.lower().replace("_", "-").replace(" ", "-"), _UNKNOWN)
    if found is _UNKNOWN and not status and call and call.duration:
        found = _ANSWERED
    spoken = found is _ANSWERED or (found is _UNKNOWN and not status)
    return _VOICEMAIL if kind.icon == "voicemail" and spoken else found


def _status(message: Message) -> str:
    return (message.call.status if message.call else "") or message.status


def _title(ending: Outcome, kind: MessageType, inbound: bool) -> str:
    if kind.icon == "voicemail" and ending is _VOICEMAIL:
        return _(kind.label)
    return _(ending.inbound if inbound else ending.outbound) if ending.inbound else _(kind.label)
