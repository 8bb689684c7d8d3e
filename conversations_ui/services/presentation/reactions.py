"""Reactions: what they say, and which message of the page they answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from conversations_ui.highlevel import message_types, values
from conversations_ui.highlevel.records import Message
from conversations_ui.services.presentation import text

TYPE = "TYPE_SMS_REACTION"
_LONGEST = 2000  # characters; what is longer is no reaction
_TARGET = "replyToMessageId"

# Phones that cannot react over SMS write it out: `Loved “text”`, `Reacted 🎉 to “text”`, `🎉 to
# “text”`. The quoted text may be cut off.
_QUOTE = '[“”„«"](?P<quote>.+?)[“”»"]?'
_spelled = re.compile(
    rf"(?:(?P<verb>[a-z]+(?: at)?)|(?:reacted )?(?P<emoji>\S+) to) {_QUOTE}",
    re.IGNORECASE,
)
_EMOJI = {
    "loved": "❤️",
    "liked": "👍",
    "disliked": "👎",
    "laughed at": "😂",
    "emphasized": "❗",
    "emphasised": "❗",
    "questioned": "❓",
}
_UNSEEN = re.compile("[\u200b\u200e\u200f\u2060\ufeff]")


@dataclass(frozen=True, slots=True)
class Reaction:
    """A reaction on the message it answers: an emoji, and its own words for who cannot see it."""

    emoji: str
    words: str


def by_target(messages: Iterable[Message]) -> Mapping[str, tuple[Reaction, ...]]:
    """The reactions to each message, by its id; `messages` from the oldest to the newest."""
    found: dict[str, tuple[Reaction, ...]] = {}
    before: list[Message] = []
    for message in messages:
        if message.type != TYPE:
            before.append(message)
            continue
        emoji, quote = _read(message.body)
        target = _target(message, quote, before)
        if emoji and target:
            who = _("Customer") if message.direction == "inbound" else _("Us")
            words = _("%(who)s: %(words)s") % {"who": who, "words": message.body}
            found[target] = (*found.get(target, ()), Reaction(emoji, words))
    return found


def _read(body: str) -> tuple[str, str]:
    """The emoji and the quoted text of a reaction; empty where there is none."""
    body = " ".join(_UNSEEN.sub("", body[:_LONGEST]).split())
    if text.is_emoji(body):
        return body, ""
    found = _spelled.fullmatch(body)
    if not found:
        return "", ""
    emoji = found["emoji"] or _EMOJI.get(found["verb"].lower(), "")
    return (emoji, found["quote"].strip()) if found["verb"] or text.is_emoji(emoji) else ("", "")


def _target(reaction: Message, quote: str, before: list[Message]) -> str:
    """The id of the message a reaction names, else of the last one that says what it quotes."""
    named = values.ident(reaction.raw.get(_TARGET)) or values.ident(reaction.meta.get(_TARGET))
    for message in reversed(before):
        if named and message.id == named:
            return named
        if not named and quote and _says(message, quote):
            return message.id
    return ""


def _says(message: Message, quote: str) -> bool:
    if message_types.lookup(message.type).kind != "bubble":
        return False
    said, start = " ".join(message.body.split()), quote.rstrip("….")
    return said == quote or (len(start) < len(quote) and bool(start) and said.startswith(start))
