"""What strangers made, answered so that nothing in it can act."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.utils import build_policy
from django.http.response import HttpResponseBase

R = TypeVar("R", bound=HttpResponseBase)

# A file may be looked at or played, by this site alone.
_INERT = {
    "Content-Security-Policy": build_policy(
        {"default-src": [NONE], "frame-ancestors": [NONE], "sandbox": True}
    ),
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-store",
}
# A mail may lie there in its frame, show pictures of ours and open links apart.
FRAMED = {
    "Content-Security-Policy": build_policy(
        {
            "default-src": [NONE],
            "img-src": [SELF, "data:"],
            "style-src": [UNSAFE_INLINE],
            "base-uri": [NONE],
            "form-action": [NONE],
            "frame-ancestors": [SELF],
            "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
        }
    ),
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-store",
}
# The frame has no origin, so that to it even our own pictures are another's.
_IN_FRAME = _INERT | {"Cross-Origin-Resource-Policy": "cross-origin"}


def inert(response: R) -> R:
    """A file: no script, no style, no request, no form, no frame."""
    return _with(response, _INERT)


def framed(response: R) -> R:
    """The body of a mail, for its sandboxed frame."""
    return _with(response, FRAMED)


def in_frame(response: R) -> R:
    """A picture that the body of a mail shows in its frame."""
    return _with(response, _IN_FRAME)


def _with(response: R, headers: Mapping[str, str]) -> R:
    for name, value in headers.items():
        response.headers[name] = value
    return response
