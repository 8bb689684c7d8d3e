"""Parts of files: what a `Range` header asks for, and which bytes answer it (RFC 9110, 14)."""

from __future__ import annotations

import re
from dataclasses import dataclass

Range = tuple[int | None, int | None]  # first and last byte; (None, n) are the last n bytes

_ASKED = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
_CONTENT_RANGE = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15})")
_NO_PART = re.compile(r"bytes \*/(\d{1,15})")


class BeyondEnd(Exception):
    """The part begins after the end of the file, whose size is `total`."""

    def __init__(self, total: int) -> None:
        super().__init__(total)
        self.total = total


@dataclass(frozen=True, slots=True)
class Part:
    """Which bytes of an answer are passed on: `length` after the first `skip`, and how to say so.

    `length` is None for all there are.
    """

    status: int
    length: int | None
    content_range: str = ""
    skip: int = 0


def asked(header: str) -> Range | None:
    """The one part a header asks for; None for the whole, and for what may be ignored."""
    found = _ASKED.fullmatch(header.strip())
    if not found or not any(found.groups()):
        return None
    first, last = (int(text) if text else None for text in found.groups())
    if first is not None and last is not None and last < first:
        return None
    return first, last


def header(part: Range) -> str:
    """The `Range` header that asks for a part."""
    first, last = ("" if byte is None else str(byte) for byte in part)
    return f"bytes={first}-{last}"


def cut(part: Range | None, total: int | None) -> Part:
    """A part out of an answer that holds the whole; BeyondEnd when nothing of it is there."""
    if part is None or total is None:
        return Part(200, total)
    first, last = part
    if first is None:
        first, last = (max(0, total - last) if last else total), None
    if first >= total:
        raise BeyondEnd(total)
    end = total - 1 if last is None else min(last, total - 1)
    return Part(206, end - first + 1, f"bytes {first}-{end}/{total}", skip=first)


def stated(content_range: str) -> tuple[int, int, int] | None:
    """First byte, last byte and size that a partial answer states; None when it makes no sense."""
    found = _CONTENT_RANGE.fullmatch(content_range)
    if not found:
        return None
    first, last, total = map(int, found.groups())
    return (first, last, total) if first <= last < total else None


def size_without_part(content_range: str) -> int:
    """The size of a file that a 416 states; 0 when it does not."""
    found = _NO_PART.fullmatch(content_range)
    return int(found[1]) if found else 0
