"""Attachments as their template shows them; what they are goes by the ending of their address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlencode, urlsplit

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from conversations_ui.highlevel.records import Message
from conversations_ui.services import mail_html, media

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
# Names that machines gave: they say nothing to people.
_NAMELESS = re.compile(r"(?:ME)?[0-9a-f]{8}-?[0-9a-f-]{12,28}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Kind:
    """What a file is, how that is said, and its icon."""

    name: str
    label: str
    icon: str


PICTURE = Kind("picture", gettext_noop("Picture"), "image")
AUDIO = Kind("audio", gettext_noop("Audio"), "volume")
VIDEO = Kind("video", gettext_noop("Video"), "play")
DOCUMENT = Kind("document", gettext_noop("Document"), "file")
CONTACT = Kind("contact", gettext_noop("Contact"), "contact")
LINK = Kind("link", gettext_noop("File"), "external")

# What browsers show or play; everything else that is known is a document to download.
_ENDINGS: dict[str, Kind] = {
    **dict.fromkeys(("png", "jpg", "jpeg", "jpe", "jfif", "gif", "webp"), PICTURE),
    **dict.fromkeys(("mp3", "wav", "ogg", "oga", "m4a"), AUDIO),
    **dict.fromkeys(("mp4", "m4v", "mov", "3gp"), VIDEO),
    **dict.fromkeys(("vcf", "vcard"), CONTACT),
    **dict.fromkeys(("pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt", "ods"), DOCUMENT),
    **dict.fromkeys(("txt", "csv", "rtf", "md", "json", "xml", "html", "htm", "eml"), DOCUMENT),
    **dict.fromkeys(("zip", "gz", "ics", "svg", "heic", "heif", "avif", "bmp"), DOCUMENT),
    **dict.fromkeys(("tif", "tiff", "psd", "ai", "mpeg", "mpg", "avi", "webm", "mkv"), DOCUMENT),
    **dict.fromkeys(("aac", "aif", "aiff", "aifc", "amr", "gsm", "ulaw", "opus"), DOCUMENT),
}


@dataclass(frozen=True, slots=True)
class File:
    """An attachment. `url` leads through us, or to a foreign host; empty leads nowhere."""

    kind: str
    url: str
    name: str
    detail: str
    icon: str
    foreign: bool = True
    download: str = ""
    contact: str = ""  # where a contact's card is read
    alt: str = ""


def files(message: Message, *, base: str) -> Iterator[File]:
    """A message's attachments. `base` is the address of its thread."""
    known = media.addresses(message)
    found = media.Attached.of(message, message.conversation_id) if known else None
    for index, address in enumerate(known):
        ours = route(base, message.id, index)
        yield file(address, ours, expired=bool(found and found.expired()))


def file(address: str, ours: str, *, expired: bool = False) -> File:
    """One file by its address; `ours` is where we serve it, empty when we do not.

    An address that is none leads nowhere.
    """
    address = address.strip()
    try:
        parts = urlsplit(address)
        host = parts.hostname and _host(address)
    except ValueError:
        parts, host = None, ""
    if parts is None or parts.scheme not in ("http", "https") or not host:
        return File("none", "", address, _("not a web address"), "file")
    name = media.name_of(address)
    ending = PurePosixPath(name).suffix[1:].lower()
    kind = _ENDINGS.get(ending, LINK)
    if kind is LINK or not ours or not media.is_fetched(address):
        icon = LINK.icon if kind is LINK else kind.icon
        return File("link", address, name, _("opens on %(host)s") % {"host": host}, icon)
    label = _(kind.label)
    shown = label if _NAMELESS.fullmatch(PurePosixPath(name).stem) else name
    return File(
        kind=kind.name,
        url=ours,
        name=shown,
        detail=ending.upper(),
        icon=kind.icon,
        foreign=False,
        download=f"{ours}&download=1",
        contact=ours.replace("/?", "/contact/?") if kind is CONTACT else "",
        alt=_alt(shown, label, expired=expired),
    )


def _host(address: str) -> str:
    """The host as browsers read it, to whom a backslash is a slash and a line break nothing."""
    return mail_html.destination("".join(address.split())).partition(":")[0]


def _alt(name: str, label: str, *, expired: bool) -> str:
    """What stands for a picture that does not show."""
    if expired:
        return _("%(name)s, no longer at the provider: WhatsApp keeps files for 30 days") % {
            "name": name
        }
    return name if name == label else f"{label}: {name}"


def route(base: str, message_id: str, index: int) -> str:
    """Where we serve a message's file; empty when the message cannot be named."""
    if not _ID.fullmatch(message_id):
        return ""
    location_id, conversation_id = PurePosixPath(base).parts[-2:]
    path = reverse("media", args=[conversation_id, message_id, index])
    return f"{path}?{urlencode({'in': location_id})}"
