"""Attachments: which files a message has, and one of them as a stream from whoever holds it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from conversations_ui.accounts.models import SubAccount
from conversations_ui.highlevel.errors import BadAnswer, HighLevelError, NotFound
from conversations_ui.highlevel.records import Message
from conversations_ui.services import conversations, fetching, mail, store, upstream, withheld
from conversations_ui.services.destinations import destination
from conversations_ui.services.fetching import Reason, Refused, Stream
from conversations_ui.services.ranges import Range

REMEMBERED_SECONDS = 600
WHATSAPP_KEEPS = timedelta(days=30)

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
# Files of conversations, wherever an agency's own domain puts them, and of its media library.
_ASSET = re.compile(r"/(conversations-assets|conversations|attachments|media)/|/ME[0-9a-f]{32}\.")
_UNWRITABLE_IN_NAMES = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
_LONGEST_NAME = 150


@dataclass(frozen=True, slots=True)
class Attached:
    """What there is to know of a message's files without asking again."""

    conversation_id: str
    addresses: tuple[str, ...]
    whatsapp: bool
    added: datetime | None
    kind: str  # of the message, as `withheld` knows it

    @classmethod
    def of(cls, message: Message, conversation_id: str) -> Attached:
        """The files of a message of this conversation."""
        whatsapp = message.type == "TYPE_WHATSAPP"
        kind = withheld.kind(message)
        return cls(conversation_id, addresses(message), whatsapp, message.date_added, kind)

    def expired(self) -> bool:
        """Whether the provider has most likely deleted the files: Meta keeps them 30 days."""
        return (
            self.whatsapp
            and self.added is not None
            and datetime.now(UTC) - self.added > WHATSAPP_KEEPS
        )


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why there is no file, for people, and the status that says it to machines."""

    status: int
    text: str


# Why a file was refused -> the status of our answer and the sentence.
_SENTENCES: dict[Reason, tuple[int, str]] = {
    "address": (404, gettext_noop("Not an address on the open web.")),
    "host": (404, gettext_noop("This file opens on %(host)s.")),
    "unreachable": (502, gettext_noop("Loading failed: %(host)s does not answer.")),
    "status": (502, gettext_noop("Loading failed: %(host)s did not give the file.")),
    "gone": (404, gettext_noop("No longer at the provider.")),
    "size": (502, gettext_noop("Too large to show here.")),
    "type": (502, gettext_noop("Loading failed: this is not the file it says it is.")),
    "range": (416, gettext_noop("The file ends before that.")),
    "timeout": (504, gettext_noop("Loading failed: %(host)s took too long.")),
    "busy": (503, gettext_noop("Too many files are loading. Try again in a moment.")),
}


def addresses(message: Message) -> tuple[str, ...]:
    """Where a message's files are; a body that is nothing but a file's address counts as one."""
    listed = tuple(filter(None, map(str.strip, message.attachments)))
    bare = bare_address(message)
    return (*listed, bare) if bare and bare not in listed else listed


def bare_address(message: Message) -> str:
    """The body when it is nothing but the address of an asset, else an empty text."""
    body = message.body.strip()
    if not body.startswith(("https://", "http://")) or len(body.split()) != 1:
        return ""
    if body in message.attachments:
        return body
    try:
        path = urlsplit(body).path
    except ValueError:
        return ""
    named = PurePosixPath(path).suffix and _ASSET.search(path)
    return body if named and is_fetched(body) else ""


def is_fetched(address: str) -> bool:
    """Whether a file at this address comes through us; others are links to where they are."""
    try:
        where = destination(address)
    except ValueError:
        return False
    return where.sandbox or (where.scheme == "https" and where.host in settings.MEDIA_HOSTS)


def name_of(address: str) -> str:
    """A file's name, from the last part of its address; its host where there is none."""
    parts = urlsplit(address.strip())
    name = PurePosixPath(unquote(parts.path)).name or parts.hostname or ""
    name = _UNWRITABLE_IN_NAMES.sub("", name)
    if len(name) <= _LONGEST_NAME:
        return name
    suffix = PurePosixPath(name).suffix[:10]
    return name[: _LONGEST_NAME - len(suffix)] + suffix


def remember(account: SubAccount, conversation_id: str, messages: Iterable[Message]) -> None:
    """Keep what a page of a thread said of its files, so that showing them asks nothing more."""
    found = {
        _key(account, message.id): Attached.of(message, conversation_id)
        for message in messages
        if _ID.fullmatch(message.id) and addresses(message)
    }
    store.put_many(found, REMEMBERED_SECONDS)


def attached(account: SubAccount, conversation_id: str, message_id: str) -> Attached:
    """The files of a message: remembered, else one upstream call for the message.

    The id may be a single mail's, too: then it is one call more, unless the mail has been shown.
    Raises `NotFound` when the message is not one of this conversation or its files are withheld,
    else `HighLevelError`.
    """
    access = upstream.access_to(account, conversation_id)
    kept = store.get(_key(account, message_id))
    found = kept if isinstance(kept, Attached) else _asked(account, conversation_id, message_id)
    hidden = withheld.hides(access.withheld, found.kind)
    if found is not kept and not hidden:  # or others would get what is left of it for this reader
        store.put(_key(account, message_id), found, REMEMBERED_SECONDS)
    if hidden or found.conversation_id != conversation_id:
        raise NotFound(status=404)
    return found


def _asked(account: SubAccount, conversation_id: str, message_id: str) -> Attached:
    try:
        message = conversations.message_of(account, conversation_id, message_id)
    except NotFound as missing:
        found = upstream.attempt(lambda: mail.mail(account, conversation_id, message_id))
        if isinstance(found, NotFound | BadAnswer):
            raise missing from None  # neither a message nor a mail
        if isinstance(found, HighLevelError):
            raise found from None
        listed = tuple(map(str.strip, found.attachments))
        return Attached(conversation_id, listed, whatsapp=False, added=None, kind="email")
    return Attached.of(message, conversation_id)


def address_at(files: Attached, index: int) -> str:
    """The address of one of a message's files; NotFound when there are fewer."""
    if index >= len(files.addresses):
        raise NotFound(status=404)
    return files.addresses[index]


def stream(address: str, part: Range | None = None) -> Stream:
    """A file, or a part of it, from the hosts that files are fetched from; see `open_media`."""
    return fetching.open_media(address, hosts=settings.MEDIA_HOSTS, part=part)


def explain(refused: Refused, address: str, *, expired: bool) -> Explanation:
    """Why a file is not there."""
    if refused.reason == "gone" and expired:
        return Explanation(410, _("No longer at the provider: WhatsApp keeps files for 30 days."))
    status, sentence = _SENTENCES[refused.reason]
    return Explanation(status, _(sentence) % {"host": host_of(address)})


def host_of(address: str) -> str:
    """The host in an address; empty where there is none."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _key(account: SubAccount, message_id: str) -> str:
    return f"attached:{account.location_id}:{message_id}"
