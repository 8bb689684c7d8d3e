"""Attachments: what the API names by address alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from django.utils.translation import gettext as _

from conversations_ui.highlevel.records import Message


@dataclass(frozen=True, slots=True)
class File:
    """An attachment as a link."""

    url: str
    name: str
    detail: str
    icon: str = "file"


def files(message: Message) -> Iterator[File]:
    """A message's attachments; an address that is none leads nowhere."""
    for address in message.attachments:
        try:
            parts = urlsplit(address)
            host = parts.hostname or ""
        except ValueError:
            parts, host = None, ""
        if parts is None or parts.scheme not in ("http", "https") or not host:
            yield File("", address, _("not a web address"))
            continue
        name = PurePosixPath(unquote(parts.path)).name or host
        yield File(address, name, _("opens on %(host)s") % {"host": host})
