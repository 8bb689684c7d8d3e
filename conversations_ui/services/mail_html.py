"""The HTML of mails, cleaned: which markup stays, what its styles may say, where its links lead."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape, unescape
from urllib.parse import unquote, urlsplit

import nh3

from conversations_ui.services.markup import words

MAX_DATA_PICTURE = 200_000  # characters of a picture that is written into the mail itself

Picture = Callable[[str], str]

_TAGS = words(
    "a abbr address article aside b bdi bdo big blockquote br caption center cite code col colgroup"
    " dd del dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins"
    " kbd li main mark ol p pre q rp rt ruby s samp section small span strike strong sub sup table"
    " tbody td tfoot th thead time tr tt u ul var wbr"
)
# Dropped with all that is in them: what they hold is no text to read.
_SILENT = words(
    "applet audio canvas embed iframe math noembed noframes noscript object plaintext script select"
    " style svg template textarea title video xmp"
)
_CELL = {"background", "bgcolor", "height", "width"}
_ATTRIBUTES: dict[str, set[str]] = {
    "*": {"align", "dir", "lang", "style", "valign"},
    "a": {"href"},
    "col": {"span", "width"},
    "colgroup": {"span", "width"},
    "div": {"background"},
    "font": {"color", "face", "size"},
    "hr": {"color", "size", "width"},
    "img": {"alt", "border", "height", "src", "srcset", "width"},
    "li": {"type", "value"},
    "ol": {"reversed", "start", "type"},
    "table": _CELL | {"border", "cellpadding", "cellspacing"},
    "tbody": _CELL,
    "td": _CELL | {"colspan", "nowrap", "rowspan"},
    "th": _CELL | {"colspan", "nowrap", "rowspan"},
    "thead": _CELL,
    "tr": _CELL,
    "ul": {"type"},
}
_SIDES = ("", "-top", "-right", "-bottom", "-left")
# None of these fetches anything, and none takes its element out of its place.
_STYLES = words(
    "background-color border-collapse border-radius border-spacing box-sizing caption-side clear"
    " color direction display empty-cells float font font-family font-size font-style font-variant"
    " font-weight height letter-spacing line-height max-height max-width min-height min-width"
    " opacity overflow overflow-wrap table-layout text-align text-decoration"
    " text-decoration-color text-decoration-line text-decoration-style text-indent text-transform"
    " unicode-bidi vertical-align visibility white-space width word-break word-spacing word-wrap"
    ""
) | {
    f"{name}{side}{part}"
    for name, parts in (
        ("margin", ("",)),
        ("padding", ("",)),
        ("border", ("", "-color", "-style", "-width")),
    )
    for side in _SIDES
    for part in parts
}
# The cleaner checks the names of properties alone. Negative measures could lay one thing over
# another, or move words out of sight.
_BAD_STYLE = re.compile(
    r"url|image|src\(|expression|\\|@|var\(|env\(|attr\(|/\*|<|(?<![\w#-])-[\d.]", re.IGNORECASE
)
# What is worked out may come to a negative measure as well; a size below nothing is nothing.
_WORKED_OUT = re.compile(r"(?<![\w-])(?!(?:rgb|hsl)a?\()[\w-]+\(", re.IGNORECASE)
_SIZES = words("height max-height max-width min-height min-width width")
_COLOUR = re.compile(
    r"(?:#[0-9a-f]{3,8}|(?:rgb|hsl)a?\([\d.,%\s/]*\)|[a-z]+)(?=\s|\Z)", re.IGNORECASE
)
_BODY = re.compile(r"<body(?=[\s/>])", re.IGNORECASE)
_DATA_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+\Z")
_WEB = re.compile(r"(https?):[/\\]*([^/\\?#]*)", re.IGNORECASE)
_REMOTE = re.compile(r"https?:|//", re.IGNORECASE)
_CONTROLS = re.compile(r"[\x00-\x20\x7f]+")
# Style sheets, fonts and backgrounds in places that do not survive the cleaning.
# Nothing is tried twice: spaces without end must not keep them busy.
_FETCHING_STYLE = re.compile(r"(?:url\(|@import)\s*+[\"']?+\s*+(?:https?:)?//", re.IGNORECASE)
_STYLE_SHEET = re.compile(
    r"<link\s[^>]{0,500}\bhref\s*+=\s*+[\"']?+\s*+(?:https?:)?//", re.IGNORECASE
)
# The cleaner's own output: attributes in double quotes, links never one in another.
_LINK = re.compile(r'<a((?: [a-z-]+="[^"]*")*)>(.*?)</a>', re.DOTALL)
_PICTURE = re.compile(r'<img(?: [a-z-]+="[^"]*")*>')
_ALT = re.compile(r' alt="([^"]*)"')
_HREF = re.compile(r' href="([^"]*)"')
_ANY_TAG = re.compile(r'<(?:[^<>"]|"[^"]*")*>')
# Text that looks alike all over: of one with markup in it, a part may be out of sight.
# Nothing is tried twice here either: tags that end the text could be taken for the ones before it.
_UNIFORM = re.compile(rf"(?:{_ANY_TAG.pattern})*+[^<]*+(?:{_ANY_TAG.pattern})*+")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """HTML that is safe to show in a frame of its own, and what was not fetched for it."""

    html: str
    pictures: int  # remote ones, whether shown or not
    others: int  # style sheets, fonts and backgrounds from elsewhere, never shown


def clean(markup: str, picture: Picture | None = None) -> Cleaned:
    """Clean a mail's HTML, which `services.markup` has not found too big or too deep.

    Remote pictures are left out, or fetched from the address that `picture` gives for theirs.
    """
    sifter = _Sifter(picture)
    # The cleaner's policy, but for the judgement of each attribute's value.
    cleaned = nh3.clean(
        _BODY.sub("<div", markup, count=1),  # its colours are those of all that is in it
        tags=set(_TAGS),
        clean_content_tags=set(_SILENT),
        attributes=_ATTRIBUTES,
        attribute_filter=sifter.attribute,
        filter_style_properties=set(_STYLES),
        url_schemes={"http", "https", "mailto", "tel", "data"},
        url_relative=sifter.relative,
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
    written = unescape(markup)  # in attributes, quotes are often written as entities
    others = sifter.backgrounds
    others += len(_FETCHING_STYLE.findall(written)) + len(_STYLE_SHEET.findall(markup))
    told = _LINK.sub(_show_destination, _PICTURE.sub(_show_gap, cleaned))
    return Cleaned(told, sifter.pictures, others)


class _Sifter:
    """Judges attributes one by one, and counts what is not fetched."""

    def __init__(self, picture: Picture | None) -> None:
        self._picture = picture
        self._ours: set[str] = set()
        self.pictures = 0
        self.backgrounds = 0

    def attribute(self, tag: str, name: str, value: str) -> str | None:
        """What an attribute says in the cleaned mail; None leaves it out."""
        if name == "style":
            return _style(value)
        if name == "src":
            return self._source(value)
        if name == "href":
            return _address(value)
        if name in ("background", "srcset"):
            self.backgrounds += name == "background" and bool(_REMOTE.match(value.strip()))
            return None
        return value

    def relative(self, address: str) -> str | None:
        """Addresses without a scheme: none but those of our own for pictures."""
        return address if address in self._ours else None

    def _source(self, value: str) -> str | None:
        address = _CONTROLS.sub("", value)
        if address.startswith("//"):
            address = f"https:{address}"
        if _WEB.match(address):
            self.pictures += 1
            if self._picture is None:
                return None
            ours = self._picture(address)
            self._ours.add(ours)
            return ours
        fits = len(address) <= MAX_DATA_PICTURE and _DATA_PICTURE.match(address)
        return address if fits else None


def _style(value: str) -> str | None:
    kept = filter(None, map(_declaration, value.split(";")))
    return ";".join(part for part in kept if not _BAD_STYLE.search(part)) or None


def _declaration(written: str) -> str:
    """A declaration; of a background only its colour, which often carries the text's contrast."""
    name, _colon, value = written.partition(":")
    named = name.strip().lower()
    if _WORKED_OUT.search(value) and not (named == "background" or named in _SIZES):
        return ""
    if named != "background":
        return written
    colour = _COLOUR.match(value.strip())
    return f"background-color:{colour[0]}" if colour else ""


def _address(value: str) -> str | None:
    """An address as browsers read it, written so that there is one way to read it."""
    address = _CONTROLS.sub("", value)
    web = _WEB.match(address)
    if web:
        return f"{web[1].lower()}://{web[2]}{address[web.end() :]}" if web[2] else None
    return address if address.lower().startswith(("mailto:", "tel:")) else None


def _show_gap(picture: re.Match[str]) -> str:
    """Puts the words for a picture that is left out in its place; one without words is gone."""
    if ' src="' in picture[0]:
        return picture[0]
    alt = _ALT.search(picture[0])
    return f'<span class="gap">{alt[1]}</span>' if alt and alt[1].strip() else ""


def _show_destination(link: re.Match[str]) -> str:
    """Puts the host after a link's text unless the text names it, and the address in its title."""
    attributes, inner = link[1], link[2]
    found = _HREF.search(attributes)
    if not found:
        return link[0]
    leads_to = destination(unescape(found[1]))
    shown = unescape(_ANY_TAG.sub("", inner)).strip() if _UNIFORM.fullmatch(inner) else ""
    titled = f'<a{attributes} title="{found[1]}">{inner}</a>'
    if not leads_to or _named(shown) == leads_to:
        return titled
    return f'{titled} <span class="host">({escape(leads_to)})</span>'


def destination(address: str) -> str:
    """Where an address leads, for people: a host as it goes over the wire, an address, a number."""
    web = _WEB.match(address)
    if not web:
        return unquote(address.partition(":")[2].partition("?")[0])
    host = web[2].rpartition("@")[2].lower()
    try:
        return unquote(host).encode("idna").decode()
    except UnicodeError:
        return host


def _named(text: str) -> str:
    """The host or address that a link's text is, if it is one."""
    try:
        parts = urlsplit(text if "://" in text else f"//{text}")
    except ValueError:
        return ""
    if "@" in text and "/" not in text:
        return text
    authority = parts.netloc.lower()
    return authority if text.isascii() and not _CONTROLS.search(text) else ""
