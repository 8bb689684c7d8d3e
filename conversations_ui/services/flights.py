"""Single flight: of many readers who want the same thing at once, one asks and all get it.

Within a process they wait for each other on a lock; between processes the first to put a mark on
the shared cache asks, and the others look there for what it brings.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from conversations_ui.highlevel import deadline
from conversations_ui.highlevel.errors import HighLevelError, Unavailable
from conversations_ui.services import store

T = TypeVar("T")

LONGEST = 12.0  # seconds after which a flight is given up for lost
LOOK = 0.03  # seconds between looks for another process' answer
_FAILED_FOR = 2.0  # seconds for which waiting readers find a failure


def join(
    name: str, *, landed: Callable[[], T | None], fly: Callable[[], T], behind: bool = False
) -> T:
    """What `fly` gives, asked for once for all who join at the same time.

    `landed` looks for what another reader has brought, or None. A failure is everyone's who waited
    for it; one of those who stand `behind` people, with less time and less of the allowance, is
    only theirs. Raises what `fly` raises, and `Unavailable` when the wait outlasts the deadline.
    """
    failures = [f"failed:{name}", f"failed:behind:{name}"][: 1 + behind]
    joined = time.time()
    with _turn(name):
        while True:
            if (found := landed()) is not None:
                return found
            for failed in store.get_many(failures).values():
                if isinstance(failed, tuple) and failed[0] > joined:
                    raise failed[1]
            if store.add(f"flying:{name}", True, LONGEST):
                return _lead(name, failures[-1], landed, fly)
            if deadline.left(LONGEST) <= 0 or time.time() - joined > LONGEST:
                raise Unavailable("TimeoutError")
            time.sleep(LOOK)


def _lead(name: str, failure: str, landed: Callable[[], T | None], fly: Callable[[], T]) -> T:
    try:
        # The one before may have landed since we last looked.
        found = landed()
        return fly() if found is None else found
    except HighLevelError as error:
        store.put(failure, (time.time(), error), _FAILED_FOR)
        raise
    finally:
        store.forget(f"flying:{name}")


_lock = threading.Lock()
_turns: dict[str, threading.Lock] = {}
_waiting: Counter[str] = Counter()


@contextmanager
def _turn(name: str) -> Iterator[None]:
    """One thread of this process at a time; the lock lives as long as anybody wants it."""
    with _lock:
        turn = _turns.setdefault(name, threading.Lock())
        _waiting[name] += 1
    try:
        if not turn.acquire(timeout=max(deadline.left(LONGEST), 0)):
            raise Unavailable("TimeoutError")
        try:
            yield
        finally:
            turn.release()
    finally:
        with _lock:
            _waiting[name] -= 1
            if not _waiting[name]:
                del _waiting[name], _turns[name]
