"""Asking again: what is worth it, after how long, and how often all in all.

urllib3's `Retry` decides by status alone. Here the sentence counts too (a slow search is a 400, a
token may be refused once by mistake), and so do the page's deadline and the allowance, so this is
the one layer that asks again; the sessions never do.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from conversations_ui.highlevel import deadline
from conversations_ui.highlevel.errors import (
    HighLevelError,
    RateLimited,
    Unauthorized,
    Unavailable,
)

T = TypeVar("T")

FURTHER_TRIES = 2
BASE = 0.2  # seconds; the longest first pause, doubled with every try
LONGEST_PAUSE = 2.0
LONGEST_WAIT = 5.0  # seconds that a 429 may ask for and get
# No answer at all, a slow search, a gateway that found nobody behind it.
_PASSING = frozenset({None, 400, 408, 502, 503, 504})


class Allowance:
    """How many calls may be asked again: an outage of the API must not be multiplied.

    As in botocore's standard mode: each further try takes one from the bucket, each success puts a
    part of one back; an empty bucket means that the first failure counts.
    """

    def __init__(self, capacity: int = 20, refund: float = 0.1) -> None:
        self._capacity, self._refund = capacity, refund
        self._left = float(capacity)
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Take one further try, if there is one left."""
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True

    def succeeded(self) -> None:
        """Put back what a success earns."""
        with self._lock:
            self._left = min(self._left + self._refund, self._capacity)


def persistently(
    once: Callable[[], T], *, allowance: Allowance, worked_lately: Callable[[], bool]
) -> T:
    """What `once` gives, asked again after a fault that may pass; at most two further times.

    Pauses are exponential with full jitter and end with the deadline. `worked_lately` tells whether
    the token was accepted a moment ago: only then is a 401 asked again, and once. Raises the last
    `HighLevelError`.
    """
    for tried in range(FURTHER_TRIES + 1):
        try:
            result = once()
        except HighLevelError as error:
            pause = _pause(error, tried, worked_lately)
            if tried == FURTHER_TRIES or pause is None or pause >= deadline.left(LONGEST_WAIT):
                raise
            if not allowance.take():
                raise
        else:
            allowance.succeeded()
            return result
        time.sleep(pause)
    raise AssertionError("the last try returns or raises")


def _pause(error: HighLevelError, tried: int, worked_lately: Callable[[], bool]) -> float | None:
    """Seconds to wait before the next try; None when there should be none."""
    if not error.asked:
        return None
    if isinstance(error, RateLimited):
        return None if error.daily else error.retry_after
    jitter = random.uniform(0, min(BASE * 2**tried, LONGEST_PAUSE))  # noqa: S311 - no secret
    if isinstance(error, Unavailable) and error.status in _PASSING:
        return max(jitter, error.retry_after or 0)
    if type(error) is Unauthorized and tried == 0 and worked_lately():
        return jitter
    return None
