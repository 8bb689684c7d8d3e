"""Ways of looking at a thread that the API has no filter for: what failed, what people wrote."""

from __future__ import annotations

import re
from dataclasses import dataclass

from conversations_ui.highlevel import message_types
from conversations_ui.highlevel.records import Message

FAILED = frozenset({"failed", "undelivered", "opt_out"})  # statuses
AUTOMATION = frozenset(  # sources
    {"workflow", "campaign", "bulk_actions", "bulk_action", "api", "public_api", "automated"}
)
_APIS = frozenset({"api", "public_api"})
_BETWEEN_WORDS = re.compile(r"[\s_-]+")
_NOBODYS = frozenset({"activity", "placeholder"})  # kinds that no person wrote


@dataclass(frozen=True, slots=True)
class Lens:
    """What of a thread is looked at: all of it, or only what failed, or what people wrote."""

    failed: bool = False
    people: bool = False

    def __bool__(self) -> bool:
        return self.failed or self.people

    def shows(self, message: Message) -> bool:
        """Whether the message is seen through the lens."""
        return (not self.failed or failed(message)) and (not self.people or by_people(message))


ALL = Lens()


def failed(message: Message) -> bool:
    """Whether the message did not arrive; a call that failed is an outcome, not a delivery."""
    return plain(message.status) in FAILED and message_types.lookup(message.type).kind != "call"


def automated(message: Message) -> bool:
    """Whether a machine sent the message.

    What a customer wrote comes in through the API where an app provides the channel.
    """
    source = plain(message.source)
    handed_in = message.direction == "inbound" and source in _APIS
    return source in AUTOMATION and not handed_in


def by_people(message: Message) -> bool:
    """Whether a person wrote (or spoke) it."""
    kind = message_types.lookup(message.type).kind
    return kind not in _NOBODYS and not automated(message)


def plain(word: str) -> str:
    """A status or source in one spelling: `Bulk Actions` and `bulk-actions` are `bulk_actions`."""
    return _BETWEEN_WORDS.sub("_", word.strip().lower())
