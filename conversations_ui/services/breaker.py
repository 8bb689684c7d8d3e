"""Failing fast: after repeated failures a sub-account's API is left alone for a short while.

The state is on the cache that all processes share. pybreaker would need a storage of its own for
that, of about this size.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from conversations_ui.highlevel.errors import HighLevelError, Unavailable
from conversations_ui.services import store

FAILURES = 5  # calls in a row, over all processes, without an answer
PAUSE = 10.0  # seconds until one call may try again
FORGOTTEN = 60.0  # seconds after which failures are no longer in a row


class Open(Unavailable):
    """Not asked at all: HighLevel has not been answering since `since`."""

    asked = False
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class _State:
    """Failures in a row, the first of them, and until when nobody asks (0: anybody may)."""

    failures: int
    since: float
    until: float = 0.0


def check(location_id: str) -> None:
    """Raise `Open` while the sub-account's API is left alone; one call in a while may probe it."""
    state = store.get(_name(location_id))
    if not isinstance(state, _State) or not state.until:
        return
    now = time.time()
    # Half open: who adds this may ask, and has the length of a pause to come back.
    if now >= state.until and store.add(_name(location_id, "probe"), True, PAUSE):
        return
    error = Open("HighLevel has not been answering.", retry_after=max(state.until - now, 1.0))
    error.since = datetime.fromtimestamp(state.since, UTC)
    raise error


def noted(location_id: str, error: HighLevelError | None) -> None:
    """Learn how a call ended. Only no answer counts; a refusal is an answer."""
    name = _name(location_id)
    state = store.get(name)
    known = state if isinstance(state, _State) else None
    if not isinstance(error, Unavailable):
        if known:
            store.forget(name)
            store.forget(_name(location_id, "probe"))
        return
    now = time.time()
    state = replace(known, failures=known.failures + 1) if known else _State(1, now)
    if state.failures >= FAILURES:
        state = replace(state, until=now + PAUSE)
        store.forget(_name(location_id, "probe"))
    store.put(name, state, FORGOTTEN)


def _name(location_id: str, what: str = "failures") -> str:
    return f"breaker:{location_id}:{what}"
