"""What the API answers, as records: every parser takes any JSON value and never raises.

Fields that are missing, null or of the wrong type become "", None, False or (). `raw` holds the
object as it came, for showing what has no field here.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Self

from conversations_ui.highlevel import message_types
from conversations_ui.highlevel.values import (
    Fields,
    JsonObject,
    duration,
    integer,
    items,
    mapping,
    single,
    text,
)

_DIRECTIONS = ("inbound", "outbound")


class Record:
    """A record shows its id only: what customers wrote must not reach a log by accident."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({getattr(self, 'id', '')!r})"


@dataclass(frozen=True, slots=True)
class Activity:
    """What an activity row says happened."""

    type: str
    title: str
    data: JsonObject = field(repr=False)

    @classmethod
    def from_api(cls, raw: object) -> Self | None:
        """Read a message's `activity`; None when it has none."""
        if not isinstance(raw, dict):
            return None
        fields = Fields(raw)
        return cls(fields.text("type"), fields.text("title"), fields.mapping("data"))


@dataclass(frozen=True, slots=True)
class Call:
    """How long a call took (seconds; None is unknown, not zero) and how it ended."""

    duration: float | None
    status: str

    @classmethod
    def from_api(cls, raw: object) -> Self | None:
        """Read a message's call data from `meta.call`, `meta` or the message itself, if any."""
        row = mapping(raw)
        meta = mapping(row.get("meta"))
        call = mapping(meta.get("call"))
        flat = [part for part in (meta, row) if "callDuration" in part or "callStatus" in part]
        if not call and not flat:
            return None
        nested = (mapping(call.get("call")), call)
        lengths = [part.get("duration") for part in nested]
        lengths += [part.get("callDuration") for part in (*nested, *flat)]
        states = [text(part.get("status")) for part in nested]
        states += [text(part.get("callStatus")) for part in (*nested, *flat)]
        known = (seconds for seconds in map(duration, lengths) if seconds is not None)
        return cls(next(known, None), next(filter(None, states), ""))


@dataclass(frozen=True, slots=True)
class EmailThread:
    """The single emails that one message row stands for."""

    message_ids: tuple[str, ...]
    subject: str
    direction: str

    @classmethod
    def from_api(cls, raw: object) -> Self | None:
        """Read a message's `meta`: ids in `email`, in `email.email` or beside it; None without."""
        meta = Fields(raw)
        outer = Fields(meta.mapping("email"))
        inner = Fields(outer.mapping("email"))
        ids = [source.idents("messageIds") for source in (inner, outer, meta)]
        if not outer.raw and not any(ids):
            return None
        return cls(
            message_ids=next(filter(None, ids), ()),
            subject=inner.text("subject") or outer.text("subject"),
            direction=read_direction(inner) or read_direction(outer),
        )


@dataclass(frozen=True, slots=True, repr=False)
class Message(Record):
    """One row of a conversation."""

    id: str
    type: str
    type_code: int | None
    location_id: str
    contact_id: str
    conversation_id: str
    date_added: datetime | None
    date_updated: datetime | None
    direction: str
    content_type: str
    alt_id: str
    body: str
    status: str
    attachments: tuple[str, ...]
    source: str
    user_id: str
    conversation_provider_id: str
    chat_widget_id: str
    sender: str
    recipient: str
    subject: str
    error: str
    activity: Activity | None
    call: Call | None
    email: EmailThread | None
    meta: JsonObject
    raw: JsonObject

    @classmethod
    def from_api(cls, raw: object) -> Self:
        """Read a message: a list row, `{"message": {...}}`, or the flat form webhooks send."""
        fields = Fields(single(raw, "message") or raw)
        return cls(
            id=fields.ident("id", "messageId"),
            type=message_types.normalise(fields.raw.get("messageType"), fields.raw.get("type")),
            type_code=fields.integer("type"),
            location_id=fields.ident("locationId"),
            contact_id=fields.ident("contactId"),
            conversation_id=fields.ident("conversationId"),
            date_added=fields.moment("dateAdded"),
            date_updated=fields.moment("dateUpdated"),
            direction=read_direction(fields),
            content_type=fields.text("contentType"),
            alt_id=fields.ident("altId"),
            body=fields.text("body"),
            status=fields.text("status"),
            attachments=fields.strings("attachments", "url"),
            source=fields.text("source"),
            user_id=fields.ident("userId"),
            conversation_provider_id=fields.ident("conversationProviderId"),
            chat_widget_id=fields.ident("chatWidgetId"),
            sender=fields.text("from"),
            recipient=fields.text("to"),
            subject=fields.text("subject"),
            error=fields.text("error"),
            activity=Activity.from_api(fields.raw.get("activity")),
            call=Call.from_api(fields.raw),
            email=EmailThread.from_api(fields.raw.get("meta")),
            meta=fields.mapping("meta"),
            raw=fields.raw,
        )


@dataclass(frozen=True, slots=True)
class MessagePage:
    """One page of a conversation, newest row first as delivered."""

    messages: tuple[Message, ...]
    last_message_id: str
    next_page: bool
    raw: JsonObject = field(repr=False)

    @classmethod
    def from_api(cls, raw: object) -> Self:
        """Read a page: the envelope documented (flat) or the one really sent (nested)."""
        outer = Fields(raw)
        page = Fields(message_envelope(raw))
        rows = (row for row in items(page.raw.get("messages")) if isinstance(row, dict))
        return cls(
            messages=tuple(map(Message.from_api, rows)),
            last_message_id=page.ident("lastMessageId") or outer.ident("lastMessageId"),
            next_page=page.flag("nextPage") or outer.flag("nextPage"),
            raw=outer.raw,
        )


def message_envelope(raw: object) -> JsonObject | None:
    """The object whose `messages` is the list of rows, outer or nested; None when neither is."""
    outer = mapping(raw)
    for envelope in (outer, mapping(outer.get("messages"))):
        if isinstance(envelope.get("messages"), list):
            return envelope
    return None


@dataclass(frozen=True, slots=True, repr=False)
class Conversation(Record):
    """One conversation, as search lists it or as read by its id (which leaves most fields out)."""

    id: str
    location_id: str
    contact_id: str
    name: str
    company_name: str
    email: str
    phone: str
    assigned_to: str
    unread_count: int
    starred: bool
    inbox: bool
    deleted: bool
    last_message_date: datetime | None
    last_message_type: str
    last_message_body: str
    last_message_direction: str
    last_outbound_action: str
    is_last_message_internal_comment: bool
    date_added: datetime | None
    date_updated: datetime | None
    last_manual_message_date: datetime | None
    tags: tuple[str, ...]
    followers: tuple[str, ...]
    message_types: tuple[str, ...]
    profile_photo: str
    sort: int | None
    type_code: int | None
    raw: JsonObject

    @classmethod
    def from_api(cls, raw: object) -> Self:
        """Read a conversation, flat or as `{"conversation": {...}}`."""
        fields = Fields(single(raw, "conversation") or raw)
        last_message_date = fields.moment("lastMessageDate")
        return cls(
            id=fields.ident("id"),
            location_id=fields.ident("locationId"),
            contact_id=fields.ident("contactId"),
            name=fields.text("contactName", "fullName"),
            company_name=fields.text("companyName"),
            email=fields.text("email"),
            phone=fields.text("phone"),
            assigned_to=fields.ident("assignedTo"),
            unread_count=max(0, fields.integer("unreadCount") or 0),
            starred=fields.flag("starred"),
            inbox=fields.flag("inbox"),
            deleted=fields.flag("deleted"),
            last_message_date=last_message_date,
            last_message_type=message_types.normalise(fields.raw.get("lastMessageType")),
            last_message_body=fields.text("lastMessageBody"),
            last_message_direction=read_direction(fields, "lastMessageDirection"),
            last_outbound_action=fields.text("lastOutboundMessageAction"),
            is_last_message_internal_comment=fields.flag("isLastMessageInternalComment"),
            date_added=fields.moment("dateAdded"),
            date_updated=fields.moment("dateUpdated"),
            last_manual_message_date=fields.moment("lastManualMessageDate"),
            tags=fields.idents("tags"),
            followers=fields.idents("followers"),
            message_types=_type_names(fields.raw.get("messageTypes")),
            profile_photo=fields.text("profilePhoto"),
            sort=_cursor(fields.raw.get("sort"), last_message_date),
            type_code=fields.integer("type"),
            raw=fields.raw,
        )


@dataclass(frozen=True, slots=True)
class ConversationPage:
    """One page of a search; `total` counts all matches, not the page.

    `sorts` are the cursor values of all rows that came, those left out since included.
    """

    conversations: tuple[Conversation, ...]
    total: int | None
    raw: JsonObject = field(repr=False)
    sorts: tuple[int | None, ...] = ()

    @classmethod
    def from_api(cls, raw: object) -> Self:
        """Read a search's answer."""
        fields = Fields(raw)
        listed = (row for row in items(fields.raw.get("conversations")) if isinstance(row, dict))
        rows = tuple(map(Conversation.from_api, listed))
        sorts = tuple(row.sort for row in rows)
        return cls(rows, fields.integer("total"), fields.raw, sorts)


@dataclass(frozen=True, slots=True, repr=False)
class Contact(Record):
    """The person a conversation is with."""

    id: str
    location_id: str
    name: str
    first_name: str
    last_name: str
    company_name: str
    email: str
    phone: str
    additional_emails: tuple[str, ...]
    additional_phones: tuple[str, ...]
    tags: tuple[str, ...]
    assigned_to: str
    source: str
    time_zone: str
    country: str
    date_added: datetime | None
    date_updated: datetime | None
    date_of_birth: date | None
    dnd: bool
    dnd_settings: JsonObject
    custom_fields: tuple[JsonObject, ...]
    raw: JsonObject

    @classmethod
    def from_api(cls, raw: object) -> Self:
        """Read a contact, flat or as `{"contact": {...}}`."""
        fields = Fields(single(raw, "contact") or raw)
        custom_fields = items(fields.raw.get("customFields"))
        born = fields.moment("dateOfBirth")
        return cls(
            id=fields.ident("id"),
            location_id=fields.ident("locationId"),
            name=_full_name(fields) or fields.text("companyName", "email", "phone"),
            first_name=fields.text("firstName"),
            last_name=fields.text("lastName"),
            company_name=fields.text("companyName"),
            email=fields.text("email"),
            phone=fields.text("phone"),
            additional_emails=fields.strings("additionalEmails", "email"),
            additional_phones=fields.strings("additionalPhones", "phone"),
            tags=fields.idents("tags"),
            assigned_to=fields.ident("assignedTo"),
            source=fields.text("source"),
            time_zone=fields.text("timezone", "timeZone"),
            country=fields.text("country"),
            date_added=fields.moment("dateAdded"),
            date_updated=fields.moment("dateUpdated"),
            date_of_birth=born.date() if born else None,
            dnd=fields.flag("dnd"),
            dnd_settings=fields.mapping("dndSettings"),
            custom_fields=tuple(item for item in custom_fields if isinstance(item, dict)),
            raw=fields.raw,
        )


@dataclass(frozen=True, slots=True, repr=False)
class User(Record):
    """A member of staff."""

    id: str
    name: str
    email: str
    deleted: bool
    raw: JsonObject

    @classmethod
    def from_api(cls, raw: object) -> Self:
        """Read a user, flat or as `{"user": {...}}`."""
        fields = Fields(single(raw, "user") or raw)
        return cls(
            id=fields.ident("id"),
            name=_full_name(fields) or fields.text("email"),
            email=fields.text("email"),
            deleted=fields.flag("deleted"),
            raw=fields.raw,
        )


@dataclass(frozen=True, slots=True, repr=False)
class Location(Record):
    """A sub-account."""

    id: str
    company_id: str
    name: str
    time_zone: str
    country: str
    email: str
    phone: str
    logo_url: str
    raw: JsonObject

    @classmethod
    def from_api(cls, raw: object) -> Self:
        """Read a sub-account, flat or as `{"location": {...}}`."""
        fields = Fields(single(raw, "location") or raw)
        return cls(
            id=fields.ident("id"),
            company_id=fields.ident("companyId"),
            name=fields.text("name"),
            time_zone=fields.text("timezone", "timeZone"),
            country=fields.text("country"),
            email=fields.text("email"),
            phone=fields.text("phone"),
            logo_url=fields.text("logoUrl"),
            raw=fields.raw,
        )


def read_direction(fields: Fields, name: str = "direction") -> str:
    found = fields.text(name).lower()
    return found if found in _DIRECTIONS else ""


def _full_name(fields: Fields) -> str:
    parts = (fields.text("firstName").strip(), fields.text("lastName").strip())
    return fields.text("name").strip() or " ".join(filter(None, parts))


def _type_names(raw: object) -> tuple[str, ...]:
    return tuple(filter(None, map(message_types.normalise, items(raw))))


def _cursor(sort: object, last_message_date: datetime | None) -> int | None:
    first = next(iter(items(sort)), None)
    if (found := integer(first)) is not None:
        return found
    return round(last_message_date.timestamp() * 1000) if last_message_date else None
