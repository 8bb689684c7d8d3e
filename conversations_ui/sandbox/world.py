"""The made-up data as plain objects in the API's form, and the indexes the answers need."""

from __future__ import annotations

import datetime
import random
import threading
from dataclasses import dataclass, field
from typing import Any

from conversations_ui.sandbox.catalogue import ALL_CODES, normal_type
from conversations_ui.sandbox.people import new_id

Raw = dict[str, Any]

# Stands for the server's own address inside the data; each answer puts the real one in its place.
HERE = "sandbox://here"

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR

GROUP_SMS = 5
INTERNAL_CHAT = 6


def dice(*seeds: object) -> random.Random:
    """Random numbers that depend on nothing but the seeds."""
    return random.Random(":".join(map(str, seeds)))  # noqa: S311 (sample data, not secrets)


def iso(ms: int) -> str:
    """Epoch milliseconds as the API writes message dates: ISO 8601 in UTC with milliseconds."""
    moment = datetime.datetime.fromtimestamp(ms // 1000, datetime.UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


def milliseconds(text: str) -> int:
    """The opposite of `iso`, also for dates without a time; ValueError for anything else."""
    moment = datetime.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return round(moment.timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file the sandbox serves: the kind is a file ending; `gone` ones answer an error."""

    kind: str
    seed: str
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Recording:
    """A recorded call: its length and how many legs it has."""

    seconds: int
    legs: int = 1
    encoding: str = "pcm"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One spoken sentence, in seconds."""

    channel: int
    start: float
    end: float
    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said, and the form it is answered in (see `answers.transcription`)."""

    form: str
    sentences: tuple[Sentence, ...]


@dataclass
class World:
    """All sample data of one seed.

    `threads` holds each conversation's rows oldest first, in the order of (dateAdded, insertion),
    and `places` the index of every message in its thread. Rows are the API's own objects; where
    they hold an address of the server itself it begins with `HERE`.
    """

    seed: int
    now: int
    company_id: str = ""
    locations: dict[str, Raw] = field(default_factory=dict)
    users: dict[str, Raw] = field(default_factory=dict)
    contacts: dict[str, Raw] = field(default_factory=dict)
    deleted_contacts: set[str] = field(default_factory=set)
    conversations: dict[str, Raw] = field(default_factory=dict)
    hidden: dict[str, int] = field(default_factory=dict)
    threads: dict[str, list[Raw]] = field(default_factory=dict)
    messages: dict[str, Raw] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    emails: dict[str, Raw] = field(default_factory=dict)
    recordings: dict[str, Recording] = field(default_factory=dict)
    transcripts: dict[str, Transcript] = field(default_factory=dict)
    attachments: dict[str, Attachment] = field(default_factory=dict)
    showcase: dict[str, str] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _before: dict[str, tuple[Raw, list[Raw]]] = field(default_factory=dict, repr=False)

    main_location_id: str = ""
    second_location_id: str = ""
    long_conversation_id: str = ""
    showcase_conversation_id: str = ""
    empty_conversation_id: str = ""
    group_conversation_id: str = ""
    team_chat_conversation_id: str = ""
    rtl_conversation_id: str = ""
    cjk_conversation_id: str = ""
    email_conversation_id: str = ""
    call_conversation_id: str = ""
    media_conversation_id: str = ""
    hostile_conversation_id: str = ""
    deleted_contact_conversation_id: str = ""
    unread_conversation_id: str = ""
    starred_conversation_id: str = ""
    foreign_conversation_id: str = ""

    def add_conversation(self, conversation: Raw, rows: list[Raw]) -> None:
        """Take in a conversation with its rows, oldest first, and derive its summary."""
        self.conversations[conversation["id"]] = conversation
        self.threads[conversation["id"]] = rows
        for place, row in enumerate(rows):
            self.messages[row["id"]] = row
            self.places[row["id"]] = place
        if rows:
            summarise(conversation, rows)

    def add_message(self, conversation_id: str, *, at: int | None = None, **fields: Any) -> Raw:
        """Let a new message arrive at the end of a conversation; fields override the usual ones.

        `at` is epoch milliseconds; without it the message comes one second after the last one, or
        now. It never comes before the last one.
        """
        with self.lock:
            conversation = self.conversations[conversation_id]
            rows = self.threads[conversation_id]
            self._remember(conversation_id)
            last = conversation["lastMessageDate"] if rows else 0
            at = max(last, at if at is not None else max(self.now, last + 1000))
            name = normal_type(str(fields.get("messageType", "TYPE_SMS")))
            row: Raw = {
                "id": new_id(dice(self.seed, conversation_id, len(rows), "arrived")),
                "direction": "inbound",
                "status": "delivered",
                "type": ALL_CODES.get(name, 0),
                "locationId": conversation["locationId"],
                "attachments": [],
                "body": "A new message",
                "contactId": conversation["contactId"],
                "contentType": "text/plain",
                "conversationId": conversation_id,
                "dateAdded": iso(at),
                "dateUpdated": iso(at),
                "messageType": name,
            } | fields
            self.messages[row["id"]] = row
            self.places[row["id"]] = len(rows)
            rows.append(row)
            summarise(conversation, rows)
            if row["direction"] == "inbound":
                conversation["unreadCount"] += 1
            return row

    def change_message(self, message_id: str, **fields: Any) -> Raw:
        """Let something else be true of a message that is there; its row of the search stays."""
        with self.lock:
            row = self.messages[message_id]
            self._remember(row["conversationId"])
            row |= fields
            return row

    def restore(self) -> None:
        """Take back every message that arrived, and every change."""
        with self.lock:
            for conversation_id, (conversation, rows) in self._before.items():
                for row in self.threads[conversation_id][len(rows) :]:
                    del self.messages[row["id"]], self.places[row["id"]]
                self.threads[conversation_id] = rows
                self.messages |= {row["id"]: row for row in rows}
                self.conversations[conversation_id] = conversation
            self._before.clear()

    def _remember(self, conversation_id: str) -> None:
        if conversation_id not in self._before:
            rows = [dict(row) for row in self.threads[conversation_id]]
            self._before[conversation_id] = (dict(self.conversations[conversation_id]), rows)


def summarise(conversation: Raw, rows: list[Raw]) -> None:
    """Bring the `last…` fields and `messageTypes` of a conversation up to date with its rows."""
    last = rows[-1]
    name = last["messageType"]
    conversation["lastMessageType"] = normal_type(name)
    conversation["lastMessageDate"] = conversation["dateUpdated"] = milliseconds(last["dateAdded"])
    conversation["isLastMessageInternalComment"] = name == "TYPE_INTERNAL_COMMENT"
    _set(conversation, "lastMessageBody", (last.get("body") or "")[:200])
    _set(conversation, "lastMessageDirection", last.get("direction"))
    conversation["messageTypes"] = sorted({row["type"] for row in rows})
    manual = next((row for row in reversed(rows) if "dateAdded" in row and _by_hand(row)), None)
    _set(conversation, "lastManualMessageDate", manual and milliseconds(manual["dateAdded"]))
    sent = next((row for row in reversed(rows) if row.get("direction") == "outbound"), None)
    action = sent and ("manual" if sent.get("userId") else "automated")
    _set(conversation, "lastOutboundMessageAction", action)


def _by_hand(row: Raw) -> bool:
    if "activity" in row:
        return False
    return row.get("direction") == "inbound" or bool(row.get("userId"))


def _set(conversation: Raw, key: str, value: object) -> None:
    if value:
        conversation[key] = value
    else:
        conversation.pop(key, None)
