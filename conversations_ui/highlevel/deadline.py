"""How long the work at hand may still take: one budget, shared by every call made for a page."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_until: ContextVar[float | None] = ContextVar("until", default=None)  # a monotonic time


@contextmanager
def within(seconds: float, *, anew: bool = False) -> Iterator[None]:
    """Give all calls made inside `seconds` together; never more than what is left outside.

    `anew` starts a budget of its own, for work that no page waits for.
    """
    until = time.monotonic() + seconds
    outside = _until.get()
    token = _until.set(until if anew or outside is None else min(until, outside))
    try:
        yield
    finally:
        _until.reset(token)


def left(otherwise: float) -> float:
    """Seconds that are left, `otherwise` at most; 0 or less when the time is over."""
    until = _until.get()
    return otherwise if until is None else min(otherwise, until - time.monotonic())
