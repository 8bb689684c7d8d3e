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
from conversations_ui.services.presentation import unseen

LINKIFY_MAX = 20_000  # characters; longer texts are shown without links
LONG = {"email": (600, 9)}  # kind -> characters and line breaks beyond which a text is folded
LONG_BUBBLE = (1200, 20)
EMOJI_MAX = 3
EMOJI_LONGEST = 64  # characters; one emoji may take a dozen

_JOINED = re.compile(
    "[\N{VARIATION SELECTOR-16}\\s]|\N{ZERO WIDTH JOINER}.|[\U000e0020-\U000e007f]+"
)
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}|[0-9#*]\ufe0f?\u20e3")


class _Linkifier(Urlizer):
    url_template = (
        '<a href="{href}" target="_blank" rel="noopener noreferrer nofollow"{attrs}>{url}</a>'
    )


_linkify = _Linkifier()
# Nothing else can become a link: see Urlizer.handle_word. Most messages hold none of these.
_may_link = re.compile(r"https?:|www\.|@|\.(?:com|edu|gov|int|mil|net|org)", re.IGNORECASE).search

# What Urlizer does not know. A number without its country's could be anyone's. Of a mail link
# only the address counts: whoever wrote it must not write the mail as well.
_SPACE = "[ .()\u00a0\u2011\u202f-]"
_calls = re.compile(
    r"(?<![\w/=+.,@&%#-])(?<!tel:)(?:"
    rf"(?:tel:)?(?P<number>\+[1-9](?:{_SPACE}{{0,2}}[0-9]){{6,14}})(?![\w@/])"
    r"|tel:(?P<digits>[0-9](?:[ .()-]{0,2}[0-9]){2,14})(?![\w@/])"
    r"|mailto:(?P<mail>[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})(?:\?[^\s<>\"']*)?)",
    re.IGNORECASE,
)
_may_call = re.compile(r"\+[1-9]|tel:|mailto:", re.IGNORECASE).search


def linkify(text: str) -> SafeString:
    """The text escaped: addresses are links that tell nobody where from, what hides is marked."""
    links = len(text) <= LINKIFY_MAX
    shown = (
        (_linked(part) if links else escape(part)) + mark for part, mark in unseen.pieces(text)
    )
    return mark_safe("".join(shown))  # noqa: S308 - everything in it is escaped


def _linked(text: str) -> str:
    parts: list[str] = []
    at = 0
    for call in _calls.finditer(text) if _may_call(text) else ():
        digits = re.sub("[^0-9+]", "", call["number"] or call["digits"] or "")
        href = escape(f"tel:{digits}" if digits else f"mailto:{call['mail']}")
        link = f'<a href="{href}" rel="noopener noreferrer nofollow">{escape(call[0])}</a>'
        parts += _web(text[at : call.start()]), link
        at = call.end()
    return "".join((*parts, _web(text[at:])))


def _web(text: str) -> str:
    if not _may_link(text):
        return escape(text)
    linked: str = _linkify(text, autoescape=True)  # Urlizer escapes
    return linked


def is_emoji(text: str) -> bool:
    """Whether the text is nothing but one to three emoji."""
    single = _JOINED.sub("", _FLAG.sub("\N{WHITE FLAG}", text[:EMOJI_LONGEST].strip()))
    categories = [unicodedata.category(character) for character in single]
    shown = [category for category in categories if category != "Sk"]  # skin tones
    return len(text) <= EMOJI_LONGEST and 0 < len(shown) <= EMOJI_MAX and set(shown) == {"So"}


def is_long(text: str, kind: str) -> bool:
    """Whether a message of this kind shows only the beginning of its text until asked for more."""
    letters, lines = LONG.get(kind, LONG_BUBBLE)
    return len(text) > letters or text.count("\n") > lines


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
    return Truncator(" ".join(unseen.plain(text[: 4 * most]).split())).chars(most)
