"""The two lists over a whole sub-account: conversation search and message export."""

from __future__ import annotations

import base64
import binascii
import json
import re
import time
from collections.abc import Callable

from conversations_ui.sandbox.answers import Ask, Reply, invalid
from conversations_ui.sandbox.catalogue import DOCUMENTED_TYPES, EXPORT_CHANNELS, normal_type
from conversations_ui.sandbox.gate import Refused
from conversations_ui.sandbox.world import DAY, Raw, milliseconds

SORTS = (
    "last_message_date",
    "last_manual_message_date",
    "score_profile",
    "overdue_at",
    "due_at",
)
STATUSES = ("all", "read", "unread", "starred", "recents")
CURSOR_SECONDS = 120
Test = Callable[[Raw], bool]


def search(ask: Ask) -> Reply:
    """GET /conversations/search: no cursor field; `startAfterDate` is exclusive by value."""
    location = ask.one("locationId")
    if not location:
        raise invalid("locationId must be a string")
    limit = ask.number("limit", 20, 1, 100)
    descending = ask.choice("sort", ("asc", "desc"), "desc") == "desc"
    by_hand = ask.choice("sortBy", SORTS, "last_message_date") == "last_manual_message_date"
    key = "lastManualMessageDate" if by_hand else "lastMessageDate"
    tests = _tests(ask, location)
    found = [raw for raw in ask.world.conversations.values() if all(test(raw) for test in tests)]
    found.sort(key=lambda raw: raw.get(key, 0), reverse=descending)
    after = _after(ask)
    rows = found
    if after is not None:
        rows = [
            raw
            for raw in found
            if (raw.get(key, 0) < after if descending else raw.get(key, 0) > after)
        ]
    page = [raw | {"sort": [raw.get(key, 0)]} for raw in rows[:limit]]
    return {"conversations": page, "total": len(found)}


def _after(ask: Ask) -> float | None:
    """The cursor: a number, or a list of numbers of which the first counts."""
    given = ask.query.get("startAfterDate") or ask.query.get("startAfterDate[]") or []
    text = given[0].strip("[] ").split(",")[0] if given else ""
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise invalid("startAfterDate must be a number") from None


def _tests(ask: Ask, location: str) -> list[Test]:
    """What a conversation must fulfil, one test for each parameter given."""
    hidden = ask.world.hidden
    kind = ask.one("conversationType")
    wanted = int(kind) if kind in ("5", "6") else None
    tests: list[Test] = [
        lambda raw: raw["locationId"] == location,
        lambda raw: hidden.get(raw["id"]) == wanted,
    ]
    for name, key in (("contactId", "contactId"), ("id", "id")):
        if value := ask.one(name):
            tests.append(_equal(key, value))
    if value := ask.choice("lastMessageType", DOCUMENTED_TYPES):
        tests.append(_equal("lastMessageType", value))
    if value := ask.choice("lastMessageDirection", ("inbound", "outbound")):
        tests.append(_equal("lastMessageDirection", value))
    if value := ask.choice("lastMessageAction", ("automated", "manual")):
        tests.append(_equal("lastOutboundMessageAction", value))
    for name in ("assignedTo", "followers", "mentions"):
        if value := ask.one(name):
            tests.append(_people(name, set(value.split(","))))
    if value := ask.choice("status", STATUSES):
        tests.append(_status(value, ask.world.now))
    if value := ask.one("query").strip().lower():
        tests.append(_contains(value))
    for name in ("startDate", "endDate"):
        if ask.one(name):
            tests.append(_dated(ask.number(name, 0, 0, 10**14), name == "startDate"))
    return tests


def _equal(key: str, value: str) -> Test:
    return lambda raw: raw.get(key) == value


def _people(name: str, ids: set[str]) -> Test:
    if name != "assignedTo":
        return lambda raw: bool(ids.intersection(raw[name]))
    return lambda raw: raw.get("assignedTo", "unassigned") in ids


def _status(status: str, now: int) -> Test:
    tests: dict[str, Test] = {
        "all": lambda raw: True,
        "read": lambda raw: raw["unreadCount"] == 0,
        "unread": lambda raw: raw["unreadCount"] > 0,
        "starred": lambda raw: bool(raw.get("starred")),
        # Undefined in public; here: something was written in the last thirty days.
        "recents": lambda raw: (
            raw["messageTypes"] != [100] and raw["lastMessageDate"] > now - 30 * DAY
        ),
    }
    return tests[status]


def _contains(wanted: str) -> Test:
    digits = re.sub(r"\D", "", wanted)

    def test(raw: Raw) -> bool:
        keys = ("contactName", "fullName", "email", "companyName", "lastMessageBody")
        if any(wanted in (raw.get(key) or "").lower() for key in keys):
            return True
        return len(digits) > 2 and digits in re.sub(r"\D", "", raw.get("phone") or "")

    return test


def _dated(bound: int, start: bool) -> Test:
    if start:
        return lambda raw: bool(raw["dateAdded"] >= bound)
    return lambda raw: bool(raw["dateAdded"] <= bound)


def export(ask: Ask) -> Reply:
    """GET /conversations/messages/export: a flat list; mail only with `channel=Email`."""
    location = ask.one("locationId")
    if not location:
        raise invalid("locationId must be a string")
    limit = ask.number("limit", 100, 10, 500)
    channel = ask.choice("channel", tuple(EXPORT_CHANNELS))
    key = {"updatedAt": "dateUpdated"}.get(
        ask.choice("sortBy", ("createdAt", "updatedAt"), "createdAt"), "dateAdded"
    )
    descending = ask.choice("sortOrder", ("asc", "desc"), "desc") == "desc"
    start, end = _day(ask, "startDate"), _day(ask, "endDate")
    wanted, mail = EXPORT_CHANNELS.get(channel), EXPORT_CHANNELS["Email"]
    authors = {*ask.query.get("userIds[]", []), *ask.query.get("userIds", [])}
    rows = []
    for row in ask.world.messages.values():
        if row["locationId"] != location or not _narrowed(ask, row):
            continue
        name = normal_type(row["messageType"])
        if name not in wanted if wanted else name in mail:
            continue
        if authors and row.get("userId") not in authors:
            continue
        if start <= _moment(row, key) <= end:
            rows.append(row)
    rows.sort(key=lambda row: (_moment(row, key), row["id"]), reverse=descending)
    skip = _unpack(ask.one("cursor"))
    page = rows[skip : skip + limit]
    more = skip + limit < len(rows)
    return {
        "messages": page,
        "nextCursor": _pack(skip + limit) if more else None,
        "total": len(rows),
    }


def _narrowed(ask: Ask, row: Raw) -> bool:
    return all(
        not ask.one(name) or row[name] == ask.one(name) for name in ("conversationId", "contactId")
    )


def _moment(row: Raw, key: str) -> int:
    return milliseconds(row[key]) if key in row else 0


def _day(ask: Ask, name: str) -> int:
    text = ask.one(name)
    if not text:
        return 0 if name == "startDate" else 10**15
    try:
        return milliseconds(text)
    except ValueError:
        raise invalid(f"{name} must be a valid ISO 8601 date string") from None


def _pack(skip: int) -> str:
    packed = json.dumps({"o": skip, "t": int(time.time())}).encode()
    return base64.b64encode(packed).decode()


def _unpack(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        raw = json.loads(base64.b64decode(cursor, validate=True))
        skip, made = int(raw["o"]), int(raw["t"])
    except (binascii.Error, ValueError, KeyError, TypeError):
        raise Refused(400, "Invalid cursor", "Bad Request") from None
    if time.time() - made > CURSOR_SECONDS:
        raise Refused(400, "Cursor expired", "Bad Request")
    return skip
