"""Characters that nobody sees but that change what is seen: marked where they stand."""

from __future__ import annotations

import re
from html import escape

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

# Without a glyph of their own: joiners, marks of direction, fillers, variation selectors.
_BLANKS = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202c\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001d173-\U0001d17a\U000e0100-\U000e01ef"
)
_TAGS = "\U000e0000-\U000e007f"  # letters nobody sees; after a black flag they name a country
_ACCENTS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_CONTROLS = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f"
_MOST = 50  # marks in a text; whoever hides more is shown as much with less
_FORCED = "\u202d\u202e"  # turn letters round that have a direction of their own

# One or two joiners are what many scripts and emoji are written with, three accents what any is.
_odd = re.compile(
    f"(?P<forced>[{_FORCED}]+)"
    f"|[{_BLANKS}](?:[ \u00a0]*[{_BLANKS}]){{2,}}"
    f"|(?<![\U0001f3f4{_TAGS}])[{_TAGS}]+"
    f"|(?<=[{_ACCENTS}]{{3}})[{_ACCENTS}]+"
    f"|[{_CONTROLS}]+"
)
_any = re.compile(f"[{_BLANKS}{_TAGS}{_ACCENTS}{_CONTROLS}{_FORCED}\u2800]").search
_nothing = re.compile(rf"[{_BLANKS}{_TAGS}{_ACCENTS}\u2800\s]*").fullmatch
_bidi = re.compile("[\u202a-\u202e\u2066-\u2069]")


def pieces(text: str) -> list[tuple[str, str]]:
    """The text, cut where something in it is not seen: what stands before, and what marks it."""
    if not _any(text):
        return [(text, "")]
    if _nothing(text) and text.strip():
        return [("", _mark(text.strip()))]
    found: list[tuple[str, str]] = []
    at = 0
    for odd in _odd.finditer(text):
        few = len(found) < _MOST
        mark = _mark(odd[0], forced=bool(odd["forced"])) if few else "\N{REPLACEMENT CHARACTER}"
        found.append((text[at : odd.start()], mark))
        at = odd.end()
    return [*found, (text[at:], "")]


def plain(text: str) -> str:
    """The text without markup: � for what hides in it, nothing where that is all there is."""
    if not _any(text):
        return text
    return "" if _nothing(text) else _odd.sub("\N{REPLACEMENT CHARACTER}", text)


def _mark(odd: str, *, forced: bool = False) -> str:
    hidden = "".join(odd.split())
    words = ngettext("%(count)d invisible character", "%(count)d invisible characters", len(hidden))
    shown = _("reversed text") if forced else words % {"count": len(hidden)}
    names = " ".join(f"U+{ord(character):04X}" for character in dict.fromkeys(hidden[:8]))
    return f'<span class="unseen" title="{names}">{escape(shown)}</span>'


def spelled(json: str) -> str:
    """JSON in which what turns lines round is written as JSON can: `\\u202e`."""
    if json.isascii():
        return json
    return _bidi.sub(lambda found: f"\\u{ord(found[0]):04x}", json)
