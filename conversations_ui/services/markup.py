"""HTML from outside, judged before any parser sees it: some mails are made to keep one busy."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from html import unescape


def words(spaced: str) -> frozenset[str]:
    """The words of a list written with spaces."""
    return frozenset(spaced.split())


MAX_BYTES = 256 * 1024
MAX_DEPTH = 256
# Each piece of text inside a block that closed over open <b> or <font> tags gets all of them
# again: 20 KB of such markup grow to 20 MB. No real mail came near this many.
MAX_REBUILT = 50_000

# Comments, then tags with all their attributes, as parsers tell them: tags written into either are
# none. Nothing is tried twice, so that reading takes time that grows evenly.
_TOKEN = re.compile(
    r"""
    <!--(?:-?>|.*?(?:--!?>|\Z)) | <[!?][^>]*+ | </(?![A-Za-z])[^>]*+
    | <(?P<end>/?)(?P<name>[A-Za-z][^\t\n\f\r\ />]*+)
      (?:
        [\t\n\f\r\ /]++
        | [^\t\n\f\r\ />][^\t\n\f\r\ />=]*+
          (?:[\t\n\f\r\ ]*+=[\t\n\f\r\ ]*+(?:"[^"]*+"?+|'[^']*+'?+|[^\t\n\f\r\ >]*+))?+
      )*+
    """,
    re.DOTALL | re.VERBOSE,
)
_START = re.compile(r"<([A-Za-z][^\s/>]*)")
# What they hold is text up to their own end tag; within drawings and formulas it is markup.
_RAW = words("iframe noembed noframes noscript plaintext script style textarea title xmp")
# End tags in them do not reach what is open around them.
_WALLS = words("applet marquee math object select svg table template")
_VOID = words(
    "area base basefont bgsound br col embed frame hr img input keygen link meta param source track"
    " wbr"
)
# Their end tags may be left out, so that open ones say nothing of depth.
_OPTIONAL = words("body colgroup dd dt head html li p tbody td tfoot th thead tr")
_FORMATTING = words("a b big code em font i nobr s small strike strong tt u")

_MARKUP = re.compile(r"(<[^<>]*>)")
_NAME = re.compile(r"</?([A-Za-z][^\s/>]*)")
_SILENT = words("head noscript script style template title")
_INLINE = _FORMATTING | words("abbr bdi bdo cite del img ins mark q span sub sup")
_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")


def is_too_big(markup: str) -> bool:
    """Whether the HTML is more than is ever cleaned."""
    return len(markup) > MAX_BYTES or len(markup.encode()) > MAX_BYTES


def is_too_deep(markup: str) -> bool:
    """Whether the HTML nests so deeply, or repeats itself so often, that parsing it would hurt.

    One pass that counts what is open: an end tag only counts where its element is open, and within
    the walls around it.
    """
    rooms: list[Counter[str]] = [Counter()]  # what is open, from wall to wall
    depth = formatting = rebuilt = 0
    for end, name in _tags(markup):
        if not (end or name in _FORMATTING):
            rebuilt += formatting
        if depth > MAX_DEPTH or rebuilt > MAX_REBUILT:
            return True
        if name in _VOID or name in _OPTIONAL:
            continue
        if not end:
            if name in _WALLS:
                rooms.append(Counter())
            rooms[-1][name] += 1
            depth += 1
            formatting += name in _FORMATTING
        elif rooms[-1][name] and name in _WALLS:
            depth -= _leave(rooms)
        elif rooms[-1][name]:
            rooms[-1][name] -= 1
            depth -= 1
            formatting -= name in _FORMATTING
    return depth > MAX_DEPTH


def _tags(markup: str) -> Iterator[tuple[bool, str]]:
    """The tags: whether it is an end tag, and the name. Of raw text, all that look like a start."""
    position = 0
    while found := _TOKEN.search(markup, position):
        position = found.end()
        name = (found["name"] or "").lower()
        if name:
            yield bool(found["end"]), name
        if name in _RAW and not found["end"]:
            own_end = re.compile(f"</{name}(?=[\\s/>])", re.IGNORECASE).search(markup, position)
            stop = own_end.start() if own_end else len(markup)
            yield from ((False, inner.lower()) for inner in _START.findall(markup, position, stop))
            position = stop


def _leave(rooms: list[Counter[str]]) -> int:
    """Close a wall with all in it but formatting, which goes on behind it; gives how many."""
    left = rooms.pop()
    going_on = Counter({name: count for name, count in left.items() if name in _FORMATTING})
    rooms[-1] += going_on
    return left.total() - going_on.total()


def bare_text(markup: str) -> str:
    """The text of HTML of any size and shape, without a parser, in time that grows evenly."""
    kept: list[str] = []
    silent = ""
    for place, piece in enumerate(_MARKUP.split(markup)):
        if place % 2 == 0:
            if not silent:
                kept.append(" ".join(piece.split("\n")))
            continue
        named = _NAME.match(piece)
        name = named[1].lower() if named else ""
        if silent:
            silent = "" if name == silent and piece.startswith("</") else silent
        elif name in _SILENT and not piece.startswith("</"):
            silent = name
        elif name and name not in _INLINE:
            kept.append("\n")
    return _BLANK_LINES.sub("\n\n", unescape("".join(kept))).strip()
