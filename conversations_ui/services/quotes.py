"""Quoted text: where in a mail the words of earlier mails stand."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from itertools import islice

import quotequail

from conversations_ui.services.markup import words

# Introductions are short and stand within a thread's first pages. The patterns they are looked
# for with take time that grows with the cube of a line's length.
LINES_MAX = 1000
LONGEST_LINE = 200
_MOST_BRACKETS = 3
_HEADERS = 6  # lines in which "From: … Subject: …" is looked for
_CANDIDATES = 100  # lines that are looked at closely because of how they begin or end
_RULES = ("---", "___", "> ---", "> ___")
_LEAST_UNINTRODUCED = 3  # lines of a quote without a line that says whose words they are

_HEADER = re.compile(r"\*?[^\W\d_][\w -]{0,20}:")
_PICTURE = "\N{OBJECT REPLACEMENT CHARACTER}"
_NOT_BLANK = re.compile(r"[^\s>]")
# The cleaner's own output.
_TAG = re.compile(r'<(/?)([a-z0-9]+)((?: [a-z-]+="[^"]*")*)>')
_VOID = frozenset(("br", "col", "hr", "img", "wbr"))
_INLINE = words(
    "a abbr b bdi bdo big cite code del dfn em font i img ins kbd mark q s samp small span strike"
    " strong sub sup time tt u var wbr"
)


@dataclass(frozen=True, slots=True)
class Parts:
    """A mail in up to three parts; with nothing quoted, all of it is in `before`."""

    before: str
    quoted: str = ""
    after: str = ""


def split_text(text: str) -> Parts:
    """Takes a plain text apart."""
    lines = text.splitlines()
    found = find(lines)
    if found is None:
        return Parts(text)
    start, end = found
    before, quoted, after = lines[:start], lines[start:end], lines[end:]
    return Parts(*("\n".join(part).strip("\n") for part in (before, quoted, after)))


def split_html(cleaned: str) -> Parts:
    """Takes apart HTML that the cleaner has written; each part is whole in itself."""
    lines, places = _lines(cleaned)
    found = find(lines)
    if found is None:
        return Parts(cleaned)
    start, end = (places[line] if line < len(places) else len(cleaned) for line in found)
    return Parts(
        _piece(cleaned, 0, start), _piece(cleaned, start, end), _piece(cleaned, end, len(cleaned))
    )


def find(lines: Sequence[str]) -> tuple[int, int] | None:
    """The first quoted line and the one behind the last; None when nothing is to be folded.

    Nothing is where the quote is the whole mail, or where answers stand between its lines.
    """
    if not lines:
        return None
    looked_at = [_bounded(line) for line in lines[:LINES_MAX]]
    marked = [number for number, line in enumerate(lines) if line.startswith(">")]
    headers = _headers(looked_at)
    introduced = _introduced(looked_at)
    block = _block(looked_at, marked)
    start = min((line for line in (headers, introduced, block) if line is not None), default=None)
    if start is None:
        return None
    end = len(lines)
    following = next((line for line in lines[start + 1 :] if _NOT_BLANK.search(line)), "")
    if start != headers and (following.startswith(">") or lines[start].startswith(">")):
        inside = [number for number in marked if number >= start]
        end = inside[-1] + 1
        if any(
            _NOT_BLANK.search(lines[number]) and not lines[number].startswith(">")
            for number in range(inside[0], end)
        ):
            return None
        if start == block != introduced and any(map(_NOT_BLANK.search, lines[end:])):
            return None
    around = [*lines[:start], *lines[end:]]
    return (start, end) if any(map(_NOT_BLANK.search, around)) else None


def _bounded(line: str) -> str:
    short = len(line) <= LONGEST_LINE and line.count("<") <= _MOST_BRACKETS
    return line if short else "-"


def _introduced(lines: Sequence[str]) -> int | None:
    """The line that says "On … wrote:" in one of several languages, or starts a forwarded mail."""
    for number in _likely(lines, _may_introduce):
        pair = lines[number : number + 2]  # it may be broken in two
        parts = quotequail.quote("\n".join(pair), quote_intro_line=True)
        if len(parts) == 2 and not parts[0][1]:
            return number
    return None


def _may_introduce(lines: Sequence[str], number: int) -> bool:
    """Whether a line can match any of the patterns, alone or with the one below."""
    ends = any(line.rstrip().endswith((":", ">")) for line in lines[number : number + 2])
    return ends or lines[number].startswith(_RULES)


def _headers(lines: Sequence[str]) -> int | None:
    """The first line of "From: … Sent: … Subject: …" in one of several languages."""
    for number in _likely(lines, lambda lines, number: bool(_HEADER.match(lines[number]))):
        found = quotequail.unwrap("\n".join(lines[number : number + _HEADERS])) or {}
        others = {"date", "subject", "to"} & set(found)
        if "from" in found and len(others) >= 2 and "text_top" not in found:
            return number
    return None


def _likely(lines: Sequence[str], may: Callable[[Sequence[str], int], bool]) -> Iterator[int]:
    numbers = (number for number, line in enumerate(lines) if line.strip() and may(lines, number))
    return islice(numbers, _CANDIDATES)


def _block(lines: Sequence[str], marked: Sequence[int]) -> int | None:
    """The start of lines marked as quoted, the line above that ends with a colon included."""
    if not marked or marked[0] >= len(lines):
        return None
    above = marked[0] - 1
    while above >= 0 and not lines[above].strip():
        above -= 1
    if above >= 0 and lines[above].rstrip().endswith(":"):
        return above
    return marked[0] if len(marked) >= _LEAST_UNINTRODUCED else None


def _lines(cleaned: str) -> tuple[list[str], list[int]]:
    """The lines of text in HTML, those in quotes marked by `>`, and where each begins."""
    lines: list[str] = []
    places: list[int] = []
    line, begins, depth, position = "", 0, 0, 0
    for tag in _TAG.finditer(cleaned):
        line += cleaned[position : tag.start()]
        position = tag.end()
        end, name = tag[1], tag[2]
        if name == "img":
            line += _PICTURE
        if name in _INLINE:
            continue
        if line.strip():
            lines.append("> " * depth + " ".join(unescape(line).split()))
            places.append(begins)
            begins = tag.start()
        line = ""
        if end or name in _VOID:
            begins = tag.end()
        if name == "blockquote":
            depth = max(0, depth - 1) if end else depth + 1
    if line.strip() or position < len(cleaned):
        lines.append(" ".join(unescape(line + cleaned[position:]).split()))
        places.append(begins)
    return lines, places


def _piece(cleaned: str, start: int, end: int) -> str:
    """A part of HTML with the elements it lies in opened before it and closed behind it."""
    return _opened(cleaned, start) + cleaned[start:end] + _closed(cleaned, end)


def _open_at(cleaned: str, place: int) -> list[tuple[str, str]]:
    """The elements open at a place: name and start tag, the outermost first."""
    still_open: list[tuple[str, str]] = []
    for tag in _TAG.finditer(cleaned, 0, place):
        if tag[1]:
            if still_open and still_open[-1][0] == tag[2]:
                still_open.pop()
        elif tag[2] not in _VOID:
            still_open.append((tag[2], tag[0]))
    return still_open


def _opened(cleaned: str, place: int) -> str:
    return "".join(start_tag for _name, start_tag in _open_at(cleaned, place))


def _closed(cleaned: str, place: int) -> str:
    return "".join(f"</{name}>" for name, _start_tag in reversed(_open_at(cleaned, place)))
