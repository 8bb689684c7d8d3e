"""What is known of changes in HighLevel: which conversations moved, and who told.

A mark says since when what was read before is old. Webhooks set marks, and so does the list of
conversations that one process asks for while anybody looks (see `live`).
"""

from __future__ import annotations

import time

from conversations_ui.services import store

KEPT = 7200.0  # seconds a mark is kept; longer than any answer it could make old
ALIVE = 600.0  # seconds after the last webhook during which we trust to be told

_LISTS, _ALL = "", "*"


def touched(location_id: str, *conversation_ids: str, at: float | None = None) -> None:
    """These conversations have changed: what is kept of them, and of the lists, is old.

    Without a conversation only the lists have. `at` is since when, a Unix time; now, if not given.
    """
    when = time.time() if at is None else at
    marks = {_name(location_id, each): when for each in (*filter(None, conversation_ids), _LISTS)}
    store.put_many(marks, KEPT)


def anything(location_id: str, at: float | None = None) -> None:
    """Nobody knows what has changed: all that is kept of the location is old."""
    store.put(_name(location_id, _ALL), time.time() if at is None else at, KEPT)


def heard(location_id: str) -> None:
    """A webhook of this location has just been verified."""
    store.put(_name(location_id, "heard"), time.time(), ALIVE)


def are_told(location_id: str) -> bool:
    """Whether webhooks tell us of changes, so that nobody has to ask."""
    return store.get(_name(location_id, "heard")) is not None


def last(location_id: str, conversation_id: str = _LISTS) -> float:
    """When the conversation (or the lists) changed last, as a Unix time; 0 when nobody knows."""
    names = [_name(location_id, each) for each in (conversation_id, _ALL)]
    found = store.get_many(names).values()
    return max((mark for mark in found if isinstance(mark, float)), default=0.0)


def _name(location_id: str, what: str) -> str:
    return f"changed:{location_id}:{what}"
