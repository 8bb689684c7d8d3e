"""A single mail, as the email endpoint answers it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from conversations_ui.highlevel.records import Record, read_direction
from conversations_ui.highlevel.values import Fields, JsonObject, single


@dataclass(frozen=True, slots=True, repr=False)
class Email(Record):
    """One mail of a thread. `body` is HTML or text from outside: nothing in it is trusted."""

    id: str
    thread_id: str
    location_id: str
    contact_id: str
    conversation_id: str
    date_added: datetime | None
    subject: str
    body: str
    content_type: str
    direction: str
    sender: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    bcc: tuple[str, ...]
    attachments: tuple[str, ...]
    provider: str
    reply_to_message_id: str
    source: str
    alt_id: str
    conversation_provider_id: str
    status: str
    raw: JsonObject

    @classmethod
    def from_api(cls, raw: object) -> Self:
        """Read a mail: flat as documented, or `{"emailMessage": {...}}` as really sent."""
        fields = Fields(single(raw, "emailMessage") or raw)
        return cls(
            id=fields.ident("id"),
            thread_id=fields.ident("threadId"),
            location_id=fields.ident("locationId"),
            contact_id=fields.ident("contactId"),
            conversation_id=fields.ident("conversationId"),
            date_added=fields.moment("dateAdded"),
            subject=fields.text("subject"),
            body=fields.text("body"),
            content_type=fields.text("contentType"),
            direction=read_direction(fields),
            sender=fields.text("from"),
            to=fields.strings("to", "email"),
            cc=fields.strings("cc", "email"),
            bcc=fields.strings("bcc", "email"),
            attachments=fields.strings("attachments", "url"),
            provider=fields.text("provider"),
            reply_to_message_id=fields.ident("replyToMessageId"),
            source=fields.text("source"),
            alt_id=fields.ident("altId"),
            conversation_provider_id=fields.ident("conversationProviderId"),
            status=fields.text("status"),
            raw=fields.raw,
        )
