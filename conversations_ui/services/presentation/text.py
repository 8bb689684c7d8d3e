"""What people wrote, made safe to show: escaped, links found, markup taken off."""

from __future__ import annotations

import unicodedata

from django.utils.html import Urlizer, escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator
from inscriptis import get_text

LINKIFY_MAX = 20_000  # characters; longer texts are shown without links
EMOJI_MAX = 3

_JOINERS = {"\N{ZERO WIDTH JOINER}", "\N{VARIATION SELECTOR-16}"}


class _Linkifier(Urlizer):
    url_template = (
        '<a href="{href}" target="_blank" rel="noopener noreferrer nofollow"{attrs}>{url}</a>'
    )


_linkify = _Linkifier()


def linkify(text: str) -> SafeString:
    """The text escaped, with its web and mail addresses as links that tell nobody where from."""
    if len(text) > LINKIFY_MAX:
        return escape(text)
    linked: str = _linkify(text, autoescape=True)
    return mark_safe(linked)  # noqa: S308 - Urlizer escapes


def is_emoji(text: str) -> bool:
    """Whether the text is nothing but one to three emoji."""
    shown = [
        character
        for character in text.strip()
        if character not in _JOINERS and unicodedata.category(character) != "Sk"
    ]
    flags = all(character >= "\N{REGIONAL INDICATOR SYMBOL LETTER A}" for character in shown)
    most = 2 * EMOJI_MAX if flags else EMOJI_MAX
    return 0 < len(shown) <= most and all(
        unicodedata.category(character) == "So" for character in shown
    )


def looks_like_html(text: str) -> bool:
    """Whether a text that does not say what it is carries markup."""
    return "</" in text or "<br" in text.lower() or text.lstrip().lower().startswith("<!doctype")


def plain_text(markup: str) -> str:
    """The text of an HTML body; the markup itself where no text can be found in it."""
    return get_text(markup).strip() or markup


def body_text(body: str, content_type: str, *, mail: bool) -> str:
    """A message's body as text, whatever it came as."""
    if content_type == "text/html" or (mail and not content_type and looks_like_html(body)):
        return plain_text(body)
    return body


def one_line(text: str, most: int = 140) -> str:
    """The beginning of a text without line breaks, for a row in a list."""
    return Truncator(" ".join(text[: 4 * most].split())).chars(most)
