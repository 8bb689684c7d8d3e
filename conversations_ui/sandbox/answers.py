"""One function an endpoint: takes the request as an `Ask`, returns a JSON object or a `File`."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from conversations_ui.sandbox import media
from conversations_ui.sandbox.catalogue import ALL_CODES, FILTERS, filtered_type, normal_type
from conversations_ui.sandbox.gate import Grant, Refused, Tokens
from conversations_ui.sandbox.people import new_id
from conversations_ui.sandbox.world import Raw, Transcript, World, dice

Query = dict[str, list[str]]


@dataclass(eq=False)
class Odd:
    """Switches for forms of behaviour that clients report now and then.

    `empty_filtered_pages` is how many empty pages, each with a moving cursor and `nextPage` true,
    come before the first real page of a filtered thread.
    """

    envelope: Literal["nested", "flat"] = "nested"
    ignore_type_filter: bool = False
    inclusive_cursor: bool = False
    stuck_cursor: bool = False
    empty_filtered_pages: int = 0


@dataclass(frozen=True, slots=True)
class File:
    """An answer that is not JSON."""

    content: bytes
    content_type: str
    disposition: str = ""


@dataclass(slots=True)
class Ask:
    """One request that passed the gate."""

    world: World
    odd: Odd
    tokens: Tokens
    grant: Grant | None
    version: str
    ids: tuple[str, ...]
    query: Query
    form: Raw = field(default_factory=dict)
    detours: dict[str, tuple[int, str]] = field(default_factory=dict)

    def one(self, name: str, default: str = "") -> str:
        """The last value of a query parameter."""
        return self.query.get(name, [default])[-1]

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """A whole number between two bounds, else Refused with 422."""
        text = self.one(name)
        if not text:
            return default
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if value != value or value != int(value if abs(value) < 1e15 else 0):
            raise invalid(f"{name} must be a number conforming to the specified constraints")
        if value > high:
            raise invalid(f"{name} must not be greater than {high}")
        if value < low:
            raise invalid(f"{name} must not be less than {low}")
        return int(value)

    def choice(self, name: str, allowed: tuple[str, ...], default: str = "") -> str:
        """One of the allowed values, else Refused with 422."""
        value = self.one(name, default) or default
        if value and value not in allowed:
            names = ", ".join(allowed)
            raise invalid(f"{name} must be one of the following values: {names}")
        return value


Reply = Raw | File
Endpoint = Callable[[Ask], Reply]


def invalid(sentence: str) -> Refused:
    """The 422 of a validating service: its message is a list."""
    return Refused(422, [sentence], "Unprocessable Entity")


def messages(ask: Ask) -> Reply:
    """GET /conversations/{id}/messages: newest first, older ones behind `lastMessageId`."""
    rows = ask.world.threads.get(ask.ids[0])
    if rows is None:
        raise Refused(404, "Conversation not found", "Not Found")
    limit = ask.number("limit", 20, 1, 100)
    types = _types(ask)
    cursor = ask.one("lastMessageId")
    if types and ask.odd.empty_filtered_pages:
        detour = ask.detours.get(
            cursor, (ask.odd.empty_filtered_pages, cursor) if not cursor else None
        )
        if detour and detour[0]:
            return _envelope(ask, [], _detour(ask, detour), True)
        cursor = detour[1] if detour else cursor
    start = _start(ask, rows, cursor)
    wanted = set() if ask.odd.ignore_type_filter else types
    page: list[Raw] = []
    more = False
    for place in range(start, -1, -1):
        row = rows[place]
        if not wanted or normal_type(row["messageType"]) in wanted:
            if len(page) == limit:
                more = True
                break
            page.append(_listed(row))
    last = page[-1]["id"] if page else cursor
    return _envelope(ask, page, last, more or (ask.odd.stuck_cursor and bool(page)))


def _types(ask: Ask) -> set[str]:
    values = [value for text in ask.query.get("type", []) for value in text.split(",") if value]
    unknown = [value for value in values if value not in FILTERS]
    if unknown:
        names = ", ".join(FILTERS)
        raise invalid(f"each value in type must be one of the following values: {names}")
    return {filtered_type(value) for value in values}


def _start(ask: Ask, rows: list[Raw], cursor: str) -> int:
    """The place of the newest row to answer."""
    if not cursor or ask.odd.stuck_cursor:
        return len(rows) - 1
    known = ask.world.messages.get(cursor)
    if known is None or known["conversationId"] != ask.ids[0]:
        raise Refused(400, "Invalid lastMessageId", "Bad Request")
    return ask.world.places[cursor] - (0 if ask.odd.inclusive_cursor else 1)


def _detour(ask: Ask, detour: tuple[int, str]) -> str:
    left, cursor = detour
    token = new_id(dice(ask.ids[0], ask.one("type"), left, cursor))
    ask.detours[token] = (left - 1, cursor)
    return token


def _envelope(ask: Ask, page: list[Raw], last: str, more: bool) -> Raw:
    inner: Raw = {"lastMessageId": last, "nextPage": more, "messages": page}
    return inner if ask.odd.envelope == "flat" else {"messages": inner}


def _listed(row: Raw) -> Raw:
    """A row as the list shows it: opportunity activities come without their `activity`."""
    if row["messageType"] == "TYPE_ACTIVITY_OPPORTUNITY":
        return {key: value for key, value in row.items() if key != "activity"}
    return row


def message(ask: Ask) -> Reply:
    """GET /conversations/messages/{id}: wrapped; the id of a single mail is refused with 400."""
    found = ask.world.messages.get(ask.ids[0])
    if found is None:
        if ask.ids[0] in ask.world.emails:
            raise Refused(400, "Message id is not valid for this route", "Bad Request")
        raise Refused(404, "Message not found", "Not Found")
    return {"message": found}


def email(ask: Ask) -> Reply:
    """GET /conversations/messages/email/{id}: wrapped; the id of a list row is refused with 400."""
    found = ask.world.emails.get(ask.ids[0])
    if found is None:
        if ask.ids[0] in ask.world.messages:
            raise Refused(400, "Email message id is not valid", "Bad Request")
        raise Refused(404, "Email message not found", "Not Found")
    return {"emailMessage": found}


def conversation(ask: Ask) -> Reply:
    """GET /conversations/{id}: flat, numbers for types, an object for the date, no names."""
    raw = ask.world.conversations.get(ask.ids[0])
    if raw is None:
        raise Refused(404, "Conversation not found", "Not Found")
    last: int = raw["lastMessageDate"]
    kind = ask.world.hidden.get(raw["id"], 1)
    found: Raw = {
        "locationId": raw["locationId"],
        "contactId": raw["contactId"],
        "type": kind,
        "deleted": raw.get("deleted", False),
        "id": raw["id"],
        "isLastMessageInternalComment": raw["isLastMessageInternalComment"],
        "lastMessageType": ALL_CODES.get(raw["lastMessageType"], 0),
        "lastMessageDate": {"seconds": last // 1000, "nanoseconds": last % 1000 * 1_000_000},
        "messageTypes": raw["messageTypes"],
    }
    for key in ("assignedTo", "starred"):
        if key in raw:
            found[key] = raw[key]
    return found


def recording(ask: Ask) -> Reply:
    """GET …/recording: the whole file whatever `Range` says; 422 when there is none."""
    message_id, location_id = ask.ids
    row = _of_location(ask, message_id, location_id)
    spec = ask.world.recordings.get(row["id"])
    leg = ask.number("index", 0, 0, 9)
    if spec is None or leg >= spec.legs:
        raise Refused(422, "Message does not have recording")
    wav = media.recording(spec, row["id"], leg)
    return File(wav, "audio/x-wav", "attachment; filename=audio.wav")


def transcription(ask: Ask) -> Reply:
    """GET …/transcription: in one of the forms clients met, see `_FORMS`."""
    found = _transcript(ask)
    reply: Reply = _FORMS[found.form](found)
    return reply


def transcription_download(ask: Ask) -> Reply:
    """GET …/transcription/download: one line a sentence, with its minute and second."""
    lines = (
        f"{int(part.start) // 60:02d}:{int(part.start) % 60:02d}: {part.text}"
        for part in _transcript(ask).sentences
    )
    text = "\n".join(lines) + "\n"
    return File(text.encode(), "text/plain", "attachment; filename=transcription.txt")


def _transcript(ask: Ask) -> Transcript:
    location_id, message_id = ask.ids
    row = _of_location(ask, message_id, location_id)
    found = ask.world.transcripts.get(row["id"])
    if found is None:
        raise Refused(404, "Transcription not found", "Not Found")
    return found


def _of_location(ask: Ask, message_id: str, location_id: str) -> Raw:
    row = ask.world.messages.get(message_id)
    if row is None or row["locationId"] != location_id:
        raise Refused(404, "Message not found", "Not Found")
    return row


def _real(found: Transcript) -> list[Raw]:
    """Sentences as clients met them: floats in seconds, and a speaker."""
    return [
        {
            "mediaChannel": part.channel,
            "sentenceIndex": place,
            "startTime": part.start,
            "endTime": part.end,
            "transcript": part.text,
            "confidence": part.confidence,
            "speaker": f"Speaker {part.channel}",
        }
        for place, part in enumerate(found.sentences)
    ]


def _documented(found: Transcript) -> list[Raw]:
    """Sentences as documented: everything a string, times in milliseconds."""
    return [
        {
            "mediaChannel": str(part.channel),
            "sentenceIndex": str(place),
            "startTime": str(round(part.start * 1000)),
            "endTime": str(round(part.end * 1000)),
            "transcript": part.text,
            "confidence": str(part.confidence),
        }
        for place, part in enumerate(found.sentences)
    ]


# A value that is a list goes out as a bare array, without a traceId.
_FORMS: dict[str, Callable[[Transcript], Any]] = {
    "array": _real,
    "sentences": lambda found: {"sentences": _real(found)},
    "transcriptions": lambda found: {"transcriptions": _documented(found)},
    "data": lambda found: {"data": _real(found)},
    "object": lambda found: dict(_documented(found)[0]),
    "documented": _documented,
}


def contact(ask: Ask) -> Reply:
    """GET /contacts/{id}: wrapped, without `name`; a deleted or foreign one is a 400."""
    found = ask.world.contacts.get(ask.ids[0])
    if found is None or ask.grant is None or found["locationId"] not in ask.grant.locations:
        raise Refused(400, "Contact not found")
    if ask.version == "v3" and found.get("dndSettings"):
        lower = {_lower_camel(key): value for key, value in found["dndSettings"].items()}
        return {"contact": found | {"dndSettings": lower}}
    return {"contact": found}


def _lower_camel(key: str) -> str:
    return key.lower() if key.isupper() else key[:1].lower() + key[1:]


def user(ask: Ask) -> Reply:
    """GET /users/{id}: flat, `scopes` a list though documented as a string."""
    found = ask.world.users.get(ask.ids[0])
    if found is None:
        raise Refused(404, "User not found", "Not Found")
    return dict(found)


def users(_: Ask) -> Reply:
    """GET /users/?locationId=: deprecated, recorded empty."""
    return {"users": []}


def user_search(ask: Ask) -> Reply:
    """GET /users/search: `companyId` required; `skip` and `limit` are documented as strings."""
    if not ask.one("companyId"):
        raise invalid("companyId must be a string")
    skip, limit = ask.number("skip", 0, 0, 10**6), ask.number("limit", 25, 1, 100)
    wanted, location = ask.one("query").lower(), ask.one("locationId")
    ids = [part for text in ask.query.get("ids", []) for part in text.split(",") if part]
    found = [
        raw
        for raw in ask.world.users.values()
        if wanted in f"{raw['name']} {raw['email']}".lower()
        and (not location or location in raw["roles"]["locationIds"])
        and (not ids or raw["id"] in ids)
        and ask.one("companyId") == ask.world.company_id
    ]
    return {"users": found[skip : skip + limit], "count": len(found)}


def location(ask: Ask) -> Reply:
    """GET /locations/{id}: wrapped."""
    return {"location": ask.world.locations[ask.ids[0]]}


def now_ms() -> int:
    """The present in epoch milliseconds."""
    return round(datetime.datetime.now(datetime.UTC).timestamp() * 1000)
