"""What is left of a record when parts of it are withheld: its fields and its `raw` alike.

Texts that people wrote are shown as they are, phone numbers in them included; only what a form or
an activity says is looked through, since there they are data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from email.utils import parseaddr

from django.utils.translation import gettext as _

from conversations_ui.accounts.access import Part
from conversations_ui.highlevel import message_types
from conversations_ui.highlevel.mails import Email
from conversations_ui.highlevel.records import Contact, Conversation, Message, MessagePage
from conversations_ui.highlevel.values import JsonObject

Parts = frozenset[Part]

COMMENT, CALL = "comment", "call"
_KINDS = {COMMENT: Part.COMMENTS, CALL: Part.RECORDINGS}  # kind of a message -> what withholds it

# Unknown types too: what calls itself internal, or a call, is taken for one.
_COMMENT = re.compile(r"TYPE_INTERNAL_|COMMENT_INTERNAL")
_CALL = re.compile(r"CALL|VOICEMAIL|RECORDING")

# Names of fields, at any depth.
_SOUND = re.compile(r"record|transcri|audio|media|attachment|url|body", re.IGNORECASE)
_PERSONAL = re.compile(
    r"phone|mail|\bfrom|^to$|^b?cc$|reply.?to$|address|website|birth|postal|number$", re.IGNORECASE
)
_IDENT = re.compile(r"ids?$", re.IGNORECASE)
# All that is kept of a record at its top.
_OF_MESSAGES = frozenset(
    {
        *("id", "messageId", "type", "messageType", "locationId", "contactId", "conversationId"),
        *("dateAdded", "dateUpdated", "direction", "contentType", "body", "status", "source"),
        *("attachments", "userId", "conversationProviderId", "chatWidgetId", "subject", "rating"),
        *("error", "activity", "meta", "from", "to", "replyToMessageId", "threadId", "provider"),
    }
)
_OF_CONVERSATIONS = frozenset(
    {
        *("id", "locationId", "contactId", "contactName", "dateAdded", "dateUpdated", "type"),
        *("lastMessageDate", "lastManualMessageDate", "lastMessageType", "lastMessageBody"),
        *("lastMessageDirection", "lastOutboundMessageAction", "unreadCount", "inbox", "deleted"),
        *("starred", "assignedTo", "userId", "followers", "messageTypes", "sort"),
        "isLastMessageInternalComment",
    }
)
_OF_CONTACTS = frozenset({"id", "locationId", "name", "firstName", "lastName", "assignedTo"})
_OF_COMMENTS = re.compile(r"comment|mention|messageTypes", re.IGNORECASE)
_OF_LAST_MESSAGE = re.compile(r"^last(?!Message(Date|Id)$|Manual)", re.IGNORECASE)

_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}")
# Seven digits or more with the signs that part them; dates as machines write them are none.
_NUMBER = re.compile(r"(?<![\w-])(?!\d{4}-\d\d-\d\d)\+?\(?\d[\d\s()./-]{5,20}\d(?![\w-])")
_MASK = "\N{HORIZONTAL ELLIPSIS}"
_DIGITS_IN_NAMES = 5


def is_comment(name: str) -> bool:
    """Whether a type is that of internal comments, by its name or the filter's."""
    row = message_types.lookup(name)
    return row.kind == COMMENT or _COMMENT.search(row.name) is not None


def kind(message: Message) -> str:
    """The kind of a message, as `hides` knows it."""
    if is_comment(message.type):
        return COMMENT
    row = message_types.lookup(message.type)
    unknown_call = row not in message_types.MESSAGE_TYPES and _CALL.search(row.name)
    return CALL if unknown_call else row.kind


def hides(parts: Parts, kind: str) -> bool:
    """Whether the files of messages of this kind are withheld."""
    return _KINDS.get(kind) in parts


def message_page(page: MessagePage, parts: Parts) -> MessagePage:
    """A page without what is withheld; its cursor leads on all the same."""
    if not parts:
        return page
    rows = tuple(filter(None, (message(row, parts) for row in page.messages)))
    ids = {row.id for row in rows}
    hidden = any(row.id == page.last_message_id for row in page.messages if row.id not in ids)
    # A cursor is part of an address: one that names a withheld row gives way to the row before.
    cursor = rows[-1].id if hidden and rows else page.last_message_id
    return MessagePage(rows, cursor, page.next_page, {})


def message(found: Message, parts: Parts) -> Message | None:
    """What is left of a message; None when that is nothing."""
    which = kind(found) if parts else ""
    if which == COMMENT and Part.COMMENTS in parts:
        return None
    if which == CALL and Part.RECORDINGS in parts:
        found = _silent(found)
    if Part.CONTACT in parts:
        found = _unaddressed(found, data=which in ("activity", "form"))
    return found


def _silent(found: Message) -> Message:
    """A call without its sound: who called, when, for how long and how it ended."""
    raw = _without(found.raw, _SOUND)
    return replace(found, body="", attachments=(), raw=raw, meta=_without(found.meta, _SOUND))


def _unaddressed(found: Message, *, data: bool) -> Message:
    """A message without addresses; `data` when its text is one of a machine."""
    raw = _kept(found.raw, _OF_MESSAGES)
    if data and isinstance(raw.get("body"), str):
        raw["body"] = masked(found.body)
    left = Message.from_api(raw)
    # What is told beside its own fields (the type's number, say) has been read already.
    return replace(
        found,
        alt_id="",
        body=left.body,
        sender=left.sender,
        recipient=left.recipient,
        error=left.error,
        activity=left.activity,
        meta=left.meta,
        raw=raw,
    )


def email(found: Email, parts: Parts) -> Email:
    """A mail without its addresses: of who wrote it to whom the names are left."""
    if Part.CONTACT not in parts:
        return found

    def names(addresses: Iterable[str]) -> tuple[str, ...]:
        return tuple(filter(None, map(name_in, addresses)))

    return replace(
        found,
        sender=name_in(found.sender),
        to=names(found.to),
        cc=names(found.cc),
        bcc=names(found.bcc),
        alt_id="",
        raw=_kept(found.raw, _OF_MESSAGES - {"to"}),
    )


def contact(found: Contact, parts: Parts) -> Contact:
    """A contact of whom nothing but the name is left."""
    if Part.CONTACT not in parts:
        return found
    left = Contact.from_api({name: found.raw.get(name) for name in _OF_CONTACTS})
    name = name_in(left.name) or _("Contact")
    return replace(left, name=name, first_name="", last_name="", raw={})


def conversation(found: Conversation, parts: Parts) -> Conversation:
    """What is left of a row of the inbox, or of a conversation read by its id."""
    if Part.COMMENTS in parts:
        found = _uncommented(found)
    if Part.CONTACT not in parts:
        return found
    name = name_in(found.name) or _("Contact")
    raw = _kept(found.raw, _OF_CONVERSATIONS) | {"contactName": name}
    data = message_types.lookup(found.last_message_type).kind in ("activity", "form")
    body = masked(found.last_message_body) if data else found.last_message_body
    if "lastMessageBody" in raw:
        raw["lastMessageBody"] = body
    return replace(
        found,
        name=name,
        company_name="",
        email="",
        phone="",
        tags=(),
        profile_photo="",
        last_message_body=body,
        raw=raw,
    )


def _uncommented(found: Conversation) -> Conversation:
    """A row that does not tell whether there are comments; a last one has nothing to show."""
    raw = _without(found.raw, _OF_COMMENTS)
    types = tuple(name for name in found.message_types if not is_comment(name))
    found = replace(found, message_types=types, raw=raw)
    if not (
        found.is_last_message_internal_comment
        or (found.last_message_type and is_comment(found.last_message_type))
    ):
        return found
    return replace(
        found,
        last_message_type="",
        last_message_body="",
        last_message_direction="",
        last_outbound_action="",
        is_last_message_internal_comment=False,
        raw=_without(raw, _OF_LAST_MESSAGE),
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """What a search asks of rows that HighLevel answers by all it knows, withheld or not."""

    query: str
    channel: str
    direction: str

    def meets(self, parts: Parts) -> bool:
        """Whether what is withheld can have a part in the answer."""
        last = bool(self.channel or self.direction)
        return (bool(self.query) and not parts <= {Part.RECORDINGS}) or (
            last and Part.COMMENTS in parts
        )

    def fits(self, row: Conversation, parts: Parts) -> bool:
        """Whether a row is what was asked for by that alone which is shown of it."""
        if not self.meets(parts):
            return True
        if Part.COMMENTS in parts and (
            self.channel not in ("", row.last_message_type)
            or self.direction not in ("", row.last_message_direction)
        ):
            return False
        shown = f"{row.name}\n{row.company_name}\n{row.last_message_body}".casefold()
        return all(word in shown for word in self.query.casefold().split())


def name_in(text: str) -> str:
    """The name in `Ann Doe <ann@example.com>` or `Ann Doe`; empty when it is none."""
    name = (parseaddr(text)[0] if "@" in text else text).strip()
    digits = sum(character.isdigit() for character in name)
    return "" if "@" in name or digits >= _DIGITS_IN_NAMES else name


def masked(text: str) -> str:
    """A text with its mail addresses and phone numbers made unreadable."""
    return _NUMBER.sub(_MASK, _MAIL.sub(_MASK, text))


def _kept(raw: JsonObject, names: frozenset[str]) -> dict[str, object]:
    """The named fields of an object; names of people in place of addresses."""
    found = {name: value for name, value in raw.items() if name in names}
    for name in ("from", "to"):
        value = found.pop(name, None)
        if isinstance(value, str) and (left := name_in(value)):
            found[name] = left
    for name in ("meta", "activity", "error"):
        if name in found:
            found[name] = _impersonal(found[name])
    return found


def _impersonal(value: object) -> object:
    """A value in which no field holds an address, and no text has one in it."""
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, list):
        return [_impersonal(inner) for inner in value]
    if isinstance(value, Mapping):
        return {
            name: inner if _IDENT.search(name) else _impersonal(inner)
            for name, inner in value.items()
            if isinstance(inner, (dict, list)) or not _PERSONAL.search(name)
        }
    return value


def _without(raw: JsonObject, names: re.Pattern[str]) -> dict[str, object]:
    """An object without the fields that are named so, at any depth."""
    return {
        name: _without_in(value, names) for name, value in raw.items() if not names.search(name)
    }


def _without_in(value: object, names: re.Pattern[str]) -> object:
    if isinstance(value, list):
        return [_without_in(inner, names) for inner in value]
    return _without(value, names) if isinstance(value, Mapping) else value
