"""Secrets and people kept out of what is logged and reported, whoever wrote the line.

Our own lines hold none (house rule). This is the net below: exceptions of libraries quote their
arguments, and those may be an address with its query, a header or a token.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from threading import Lock
from typing import Any
from urllib.parse import unquote

from django.conf import settings

MASK = "[masked]"
_SHORTEST = 8  # a shorter secret would blot out words
_MOST = 256  # secrets opened lately that are still looked for

# What a value looks like, and what stands in its place. The first rows end where others begin.
_PATTERNS = tuple(
    (re.compile(pattern, re.IGNORECASE), instead)
    for pattern, instead in (
        # headers and fields by their names, as HTTP, repr and JSON write them
        (
            r"\b(authorization|proxy-authorization|cookie|set-cookie|x-csrftoken)"
            r"(['\"]?\s?[:=]\s?['\"]?)[^'\"\r\n]+",
            rf"\1\2{MASK}",
        ),
        (
            r"(token|secret|password|passwd|api[_-]?key|verifier)"
            r"(['\"]?\s?[:=]\s?['\"]?)[^\s'\",;&)}\]]{4,}",
            rf"\1\2{MASK}",
        ),
        (r"\b(bearer|basic)\s+[\w.~+/=-]{4,}", rf"\1 {MASK}"),
        # tokens by their form: private integration, JWT, Fernet, our password links
        (r"\bpit-[\w-]{6,}", MASK),
        (r"\beyJ[\w-]{6,}(?:\.[\w-]*){0,4}", MASK),
        (r"\bgAAAAA[\w-]{16,}=*", MASK),
        (r"\b(?:invitation|reset)\.[\w-]{1,40}\.[\w-]{10,}", MASK),
        # user and password of an address, and its query
        (r"://[^\s/@'\"]{1,300}@", f"://{MASK}@"),
        (r"(?<=[\w/%~-])\?[^\s'\"<>)]+", f"?{MASK}"),
        # people: mail addresses, telephone numbers
        (r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+", MASK),
        (r"(?<![\w.])\+\d(?:[ ().-]{0,2}\d){6,14}(?!\w)", MASK),
        (r"(?<![\w.-])\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?![\w-])", MASK),
    )
)
# Settings that are a secret each, or hold some.
_SECRET_SETTINGS = (
    "SECRET_KEY",
    "TOKEN_KEYS",
    "HIGHLEVEL_TOKEN",
    "HIGHLEVEL_CLIENT_SECRET",
    "EMAIL_HOST_PASSWORD",
    "OIDC_CLIENT_SECRET",
)

_opened: dict[str, None] = {}
_lock = Lock()


def remember(secret: str) -> None:
    """Look for a secret from now on: one that was opened, and so may stand in an exception."""
    if len(secret) >= _SHORTEST and secret not in _opened:
        with _lock:
            _opened[secret] = None
            while len(_opened) > _MOST:
                del _opened[next(iter(_opened))]


def masked(text: str) -> str:
    """The same text with every secret known, and all that looks like one or like a person, gone."""
    for secret in _known():
        text = text.replace(secret, MASK)
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


class MaskingFilter(logging.Filter):
    """Masks a record: its message, its exception's text, its stack. Belongs on every handler.

    A line break becomes `\\n`, and an exception's lines are indented: no text from outside can look
    like a line of its own.
    """

    _breaks = str.maketrans(
        {
            chr(code): repr(chr(code))[1:-1]
            for code in (*range(32), *range(127, 160), 0x2028, 0x2029)
        }
    )

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask, and let it pass."""
        record.msg = masked(_said(record)).translate(self._breaks)
        record.args = None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = _indented(record.exc_text)
        if record.stack_info:
            record.stack_info = _indented(record.stack_info)
        return True


def _said(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        return str(record.msg)  # with arguments that do not fit: logging itself would print them


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in masked(text).replace("\r", "\\r").split("\n"))


def _known() -> Iterator[str]:
    """What is secret here, in the forms it may be written in."""
    yield from tuple(_opened)
    if not settings.configured:
        return  # the server's parent process speaks before there are any
    for secret in _configured():
        for form in {secret, unquote(secret)}:
            if len(form) >= _SHORTEST:
                yield form


def _configured() -> Iterator[str]:
    for name in _SECRET_SETTINGS:
        value = getattr(settings, name, "")
        yield from [value] if isinstance(value, str) else value
    for database in settings.DATABASES.values():
        yield str(database.get("PASSWORD") or "")
    for cache in settings.CACHES.values():
        yield from _passwords(cache.get("LOCATION", ""))


def _passwords(location: Any) -> Iterator[str]:
    for address in [location] if isinstance(location, str) else location:
        found = re.search(r"://[^/@]*?:([^/@]+)@", str(address))
        if found:
            yield found[1]
