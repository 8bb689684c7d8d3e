"""Contact cards (vCard 2.1, 3.0, 4.0; RFC 6350): names, phones and mail addresses, nothing else."""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

LARGEST = 256 * 1024  # bytes read of a file; cards with a photo in them are large
CARDS = 20
VALUES = 20
LONGEST = 200

_PROPERTY = re.compile(r"(?:[\w-]+\.)?(?P<name>[\w-]+)(?P<options>(?:;[^:;]*)*):(?P<value>.*)")
_ESCAPED = re.compile(r"\\([nN,;:\\])")
_FOLD = re.compile(r"\r?\n[ \t]")
_CHARSET = re.compile(r"charset=\"?([\w-]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Card:
    """One person or organisation."""

    name: str
    organisation: str
    phones: tuple[str, ...]
    mails: tuple[str, ...]


def cards(content: bytes) -> tuple[Card, ...]:
    """The cards in a file; none when it is no vCard."""
    text = _FOLD.sub("", content[:LARGEST].decode("utf-8-sig", "replace"))
    pieces = re.split(r"^BEGIN:VCARD\s*$", text, flags=re.IGNORECASE | re.MULTILINE)[1:]
    return tuple(islice((card for card in map(_card, pieces) if card), CARDS))


def _card(piece: str) -> Card | None:
    found: dict[str, list[str]] = {}
    for line in _lines(piece):
        match = _PROPERTY.fullmatch(line.strip())
        if not match:
            continue
        name = match["name"].upper()
        if name == "END":
            break
        value = _value(match["value"], match["options"], structured=name in ("N", "ORG"))
        if value:
            found.setdefault(name, []).append(value)
    phones, mails = _several(found, "TEL"), _several(found, "EMAIL")
    organisation = found.get("ORG", [""])[0]
    name = (found.get("FN") or found.get("N") or found.get("NICKNAME") or [""])[0]
    if not (name or organisation or phones or mails):
        return None
    return Card(name or organisation, organisation if name else "", phones, mails)


def _lines(piece: str) -> Iterator[str]:
    """The properties, each in one line: quoted ones go on after a line that ends with `=`."""
    going_on: list[str] = []
    for line in piece.splitlines():
        if going_on or "QUOTED-PRINTABLE" in line.upper():
            going_on.append(line.removesuffix("="))
            if line.endswith("="):
                continue
            line = "".join(going_on)
            going_on = []
        yield line
    yield "".join(going_on)


def _value(value: str, options: str, *, structured: bool) -> str:
    """A property's value as plain text; the parts of a structured one beside one another."""
    if "QUOTED-PRINTABLE" in options.upper():
        charset = _CHARSET.search(options)
        value = _decoded(quopri.decodestring(value.encode("utf-8", "replace")), charset)
    if structured:
        value = " ".join(filter(None, (part.strip() for part in re.split(r"(?<!\\);", value))))
    plain = _ESCAPED.sub(lambda match: " " if match[1] in "nN" else match[1], value)
    plain = re.sub(r"^(tel|mailto):", "", plain.strip(), flags=re.IGNORECASE)
    return " ".join(plain.split())[:LONGEST]


def _decoded(content: bytes, charset: re.Match[str] | None) -> str:
    try:
        return content.decode(charset[1] if charset else "utf-8", "replace")
    except LookupError:
        return content.decode("utf-8", "replace")


def _several(found: dict[str, list[str]], name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found.get(name, ())))[:VALUES]
