"""What people wrote, made safe to show: escaped, links found, markup taken off."""

from __future__ import annotations

import re
import unicodedata
from html import escape  # Django's own is the same behind a slower door

from django.utils.html import Urlizer
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator
from inscriptis import get_text

from conversations_ui.services.markup import bare_text, is_too_big, is_too_deep

LINKIFY_MAX = 20_000  # characters; longer texts are shown without links
EMOJI_MAX = 3
EMOJI_LONGEST = 64  # characters; one emoji may take a dozen

_JOINED = re.compile("\N{VARIATION SELECTOR-16}|\N{ZERO WIDTH JOINER}.")
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")


class _Linkifier(Urlizer):
    url_template = (
        '<a href="{href}" target="_blank" rel="noopener noreferrer nofollow"{attrs}>{url}</a>'
    )


_linkify = _Linkifier()
# Nothing else can become a link: see Urlizer.handle_word. Most messages hold none of these.
_may_link = re.compile(r"https?:|www\.|@|\.(?:com|edu|gov|int|mil|net|org)", re.IGNORECASE).search


def linkify(text: str) -> SafeString:
    """The text escaped, with its web and mail addresses as links that tell nobody where from."""
    if len(text) > LINKIFY_MAX or not _may_link(text):
        return mark_safe(escape(text))  # noqa: S308
    linked: str = _linkify(text, autoescape=True)
    return mark_safe(linked)  # noqa: S308 - Urlizer escapes


def is_emoji(text: str) -> bool:
    """Whether the text is nothing but one to three emoji."""
    single = _FLAG.sub("\N{WHITE FLAG}", _JOINED.sub("", text[:EMOJI_LONGEST].strip()))
    categories = [unicodedata.category(character) for character in single]
    shown = [category for category in categories if category != "Sk"]  # skin tones
    return len(text) <= EMOJI_LONGEST and 0 < len(shown) <= EMOJI_MAX and set(shown) == {"So"}


def looks_like_html(text: str) -> bool:
    """Whether a text that does not say what it is carries markup."""
    return "</" in text or "<br" in text.lower() or text.lstrip().lower().startswith("<!doctype")


def plain_text(markup: str) -> str:
    """The text of an HTML body; the markup itself where no text can be found in it."""
    if is_too_big(markup) or is_too_deep(markup):
        return bare_text(markup) or markup
    return get_text(markup).strip() or markup


def body_text(body: str, content_type: str, *, mail: bool) -> str:
    """A message's body as text, whatever it came as."""
    if content_type == "text/html" or (mail and not content_type and looks_like_html(body)):
        return plain_text(body)
    return body


def one_line(text: str, most: int = 140) -> str:
    """The beginning of a text without line breaks, for a row in a list."""
    return Truncator(" ".join(text[: 4 * most].split())).chars(most)
