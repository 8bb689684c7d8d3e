"""The sound of calls and voicemails, and what was said in them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import BinaryIO

from django.conf import settings

from conversations_ui.accounts.models import SubAccount
from conversations_ui.highlevel import message_types
from conversations_ui.highlevel.errors import BadAnswer, NoRecording, NotFound, Unavailable
from conversations_ui.highlevel.records import Message
from conversations_ui.highlevel.transcripts import Transcript
from conversations_ui.services import conversations, store, upstream, withheld
from conversations_ui.services.permitted import Permitted
from conversations_ui.services.spool import Spool, private_folder

logger = logging.getLogger("conversations_ui.recordings")

SPOOL_BYTES = 500 * 1024 * 1024
SPOOL_SECONDS = 3600.0
KNOWN_SECONDS = 600
SILENT_SECONDS = 60  # for which a recording that is not there is not asked for again
AT_ONCE = 4  # recordings one process fetches at a time; the other threads are for pages
PATIENCE = 20.0  # seconds to wait for a turn
UNKNOWN = "application/octet-stream"

_turns = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True, slots=True)
class Call:
    """What has to be known of a call to hand out its recording or transcript."""

    conversation_id: str
    date_added: datetime | None
    duration: float | None
    voicemail: bool

    @classmethod
    def of(cls, conversation_id: str, message: Message) -> Call:
        """The call a message stands for."""
        call = message.call
        status = (call.status if call else "") or message.status
        voicemail = "VOICEMAIL" in message.type or status == "voicemail"
        return cls(conversation_id, message.date_added, call.duration if call else None, voicemail)


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording, open for reading from its beginning; `size` in bytes."""

    file: BinaryIO
    size: int
    content_type: str
    ending: str

    @property
    def playable(self) -> bool:
        """Whether it is sound of a known form."""
        return self.content_type != UNKNOWN


def remember(account: SubAccount, conversation_id: str, messages: Iterable[Message]) -> None:
    """Keep for some minutes what has just been read of calls, which spares a call for each."""
    calls = {
        _key(account, message.id): Call.of(conversation_id, message)
        for message in messages
        if message.id and message_types.lookup(message.type).kind == "call"
    }
    if calls:
        store.put_many(calls, KNOWN_SECONDS)


def call(account: SubAccount, conversation_id: str, message_id: str) -> Call:
    """A call of this conversation: no upstream call when its thread was read lately, else one.

    Raises `NotFound` when the message is not one of this conversation or recordings are withheld,
    else `HighLevelError`.
    """
    if withheld.hides(upstream.access_to(account, conversation_id).withheld, withheld.CALL):
        raise NotFound(status=404)
    found = store.get(_key(account, message_id))
    if not isinstance(found, Call):
        message = conversations.message_of(account, conversation_id, message_id)
        remember(account, conversation_id, [message])
        found = Call.of(conversation_id, message)
    if found.conversation_id != conversation_id:
        raise NotFound(status=404)
    return found


def recording(account: SubAccount, conversation_id: str, message_id: str) -> Recording:
    """The recording of a call, fetched once and then kept for an hour at most.

    One upstream call the first time, none after that, and what `call` costs. Raises `NoRecording`
    when there is none, else as `call`. Follows HighLevel's "Get Recording by Message ID", which
    answers the whole file whatever `Range` asks for, under a content type that cannot be relied on.
    """
    call(account, conversation_id, message_id)  # what is kept is only for who may hear it
    client = upstream.client(account)
    silent = _key(account, message_id, "silent")
    if store.get(silent):
        raise NoRecording(status=422)
    key = f"{settings.HIGHLEVEL_API_URL} {account.location_id} {message_id}"
    try:
        spool = Spool(private_folder("conversations-recordings"), SPOOL_BYTES, SPOOL_SECONDS)
        file = spool.open(key, partial(_fetch, client, account, conversation_id, message_id))
    except NoRecording:
        store.put(silent, True, SILENT_SECONDS)
        raise
    except OSError as fault:
        logger.warning("A recording cannot be kept: %s", type(fault).__name__)
        raise Unavailable("The recording could not be kept on this server.") from None
    size = file.seek(0, 2)
    file.seek(0)
    content_type, ending = _form(file.read(16))
    file.seek(0)
    return Recording(file, size, content_type, ending)


def transcript(
    account: SubAccount, conversation_id: str, message_id: str, duration: float | None
) -> Transcript | None:
    """What was said in a call of `duration` seconds; None when nobody wrote it down.

    One upstream call, and what `call` costs. Raises as `call`. Follows HighLevel's "Get
    transcription by Message ID".
    """
    call(account, conversation_id, message_id)  # or `NotFound` would mean that there is none
    client = upstream.client(account)
    try:
        return client.transcription(
            account.location_id, message_id, conversation_id=conversation_id, duration=duration
        )
    except NotFound:
        return None


def _key(account: SubAccount, message_id: str, about: str = "call") -> str:
    return f"{about}:{account.location_id}:{message_id}"


def _fetch(
    client: Permitted, account: SubAccount, conversation_id: str, message_id: str, file: BinaryIO
) -> None:
    if not _turns.acquire(timeout=PATIENCE):
        raise Unavailable("Many recordings are being fetched.", retry_after=5)
    try:
        with client.recording(
            message_id, account.location_id, conversation_id=conversation_id
        ) as stream:
            if stream.content_type == "application/json":
                raise BadAnswer("The answer is no recording.", status=200)
            for piece in stream.chunks:
                file.write(piece)
    except NoRecording:
        raise
    except NotFound as error:
        raise NoRecording(error.reason, sentence=error.sentence, status=404) from None
    finally:
        _turns.release()
    if not file.tell():
        raise NoRecording("The recording is empty.", status=200)


# What a file begins with -> its content type and the ending of its name. The API's own word is
# `audio/x-wav` whatever it sends.
_FORMS: tuple[tuple[int, bytes, str, str], ...] = (
    (8, b"WAVE", "audio/wav", "wav"),
    (0, b"ID3", "audio/mpeg", "mp3"),
    (0, b"OggS", "audio/ogg", "ogg"),
    (0, b"fLaC", "audio/flac", "flac"),
    (0, b"\x1aE\xdf\xa3", "audio/webm", "webm"),
    (4, b"ftyp", "audio/mp4", "m4a"),
)


def _form(start: bytes) -> tuple[str, str]:
    """The content type and the ending of a name."""
    for place, mark, content_type, ending in _FORMS:
        if start[place:].startswith(mark):
            return content_type, ending
    if len(start) > 1 and start[0] == 0xFF and start[1] & 0xE0 == 0xE0:
        # Eleven set bits begin a frame of sound; layer 0 is AAC's.
        return ("audio/mpeg", "mp3") if start[1] & 0x06 else ("audio/aac", "aac")
    return UNKNOWN, "bin"
