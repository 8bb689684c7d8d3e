"""HTML from outside, judged before any parser sees it: some mails are made to keep one busy."""

from __future__ import annotations

import re
from html import unescape


def words(spaced: str) -> frozenset[str]:
    """The words of a list written with spaces."""
    return frozenset(spaced.split())


MAX_BYTES = 256 * 1024
MAX_DEPTH = 256
# Each piece of text inside a block that closed over open <b> or <font> tags gets all of them
# again: 20 KB of such markup grow to 20 MB. No real mail came near this many.
MAX_REBUILT = 50_000

_TAG = re.compile(r"<(/?)([A-Za-z][^\s/>]*)")
_VOID = words(
    "area base basefont bgsound br col embed frame hr img input keygen link meta param source track"
    " wbr"
)
# Their end tags may be left out, so that open ones say nothing of depth.
_OPTIONAL = words(
    "body colgroup dd dt head html li optgroup option p rb rp rt rtc tbody td tfoot th thead tr"
)
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

    One pass that counts what is open: an end tag only counts where its element is open.
    """
    still_open: dict[str, int] = {}
    depth = formatting = rebuilt = 0
    for end, given in _TAG.findall(markup):
        name = given.lower()
        is_formatting = name in _FORMATTING
        if not (end or is_formatting):
            rebuilt += formatting
        if name not in _VOID and name not in _OPTIONAL:
            step = -1 if end else 1
            if not end or still_open.get(name):
                still_open[name] = still_open.get(name, 0) + step
                depth += step
                formatting += step if is_formatting else 0
        if depth > MAX_DEPTH or rebuilt > MAX_REBUILT:
            return True
    return False


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
