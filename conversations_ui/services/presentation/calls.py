"""Calls: how they ended and how long they took."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from conversations_ui.highlevel import message_types
from conversations_ui.highlevel.records import Message
from conversations_ui.services.presentation import times

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


def heading(message: Message, kind: message_types.MessageType, way: str) -> tuple[str, str, str]:
    """Title, line below it and icon of a call; `way` says who called whom."""
    status = (message.call.status if message.call else "") or message.status
    known = _CALLS.get(status)
    title = _(known[0 if message.direction == "inbound" else 1]) if known else _(kind.label)
    length = times.duration(message.call.duration if message.call else None)
    details = (_(kind.label), way, "" if known else status)
    titled = f"{title}, {length}" if length else title
    return (
        titled,
        " · ".join(dict.fromkeys(filter(None, details))),
        known[2] if known else kind.icon,
    )
