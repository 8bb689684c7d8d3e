"""What a file is, by its first bytes: nothing else about it can be believed."""

from __future__ import annotations

import re

HEAD = 64  # bytes that are enough to tell

UNKNOWN = "application/octet-stream"
RASTER = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
# A pattern for a file's first bytes -> what it is.
_MAGIC: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
    (re.compile(pattern, re.DOTALL), kind)
    for pattern, kind in (
        (rb"\x89PNG\r\n\x1a\n", "image/png"),
        (rb"\xff\xd8\xff", "image/jpeg"),
        (rb"GIF8[79]a", "image/gif"),
        (rb"RIFF....WEBP", "image/webp"),
        (rb"RIFF....WAVE", "audio/wav"),
        (rb"ID3|\xff[\xe2\xe3\xf2\xf3\xfa\xfb]", "audio/mpeg"),
        (rb"OggS", "audio/ogg"),
        (rb"....ftypM4A", "audio/mp4"),
        # The other brands of this container are pictures that browsers cannot all show.
        (rb"....ftyp(?:isom|iso[2-9]|mp4[12]|avc1|dash|qt  |M4V|3gp|f4v|MSNV|mmp4)", "video/mp4"),
        (rb"%PDF-", "application/pdf"),
    )
)


def what(head: bytes | bytearray) -> str:
    """The content type of a file by its first bytes."""
    return next((kind for pattern, kind in _MAGIC if pattern.match(head)), UNKNOWN)
