"""Between a client and the API: what is asked, what was answered, and the way in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from conversations_ui.highlevel.limits import Limits
from conversations_ui.highlevel.streams import Stream


@dataclass(frozen=True, slots=True)
class Call:
    """One read as it is asked for. `endpoint` is the path with gaps for the ids."""

    endpoint: str
    path: str
    query: str = field(repr=False)
    version: str
    scope: str  # what the token needs for it


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that held what was asked for; `record` is None where only its bytes were kept."""

    body: bytes = field(repr=False)
    record: object = field(default=None, repr=False)
    limits: Limits = Limits()


class Way:
    """How a client's calls reach the API: this one asks straight on, and once."""

    def answer(self, call: Call, once: Callable[[], Answered]) -> Answered:
        """What `once` brings from the API. Raises `HighLevelError`."""
        return once()

    def stream(self, call: Call, once: Callable[[], Stream]) -> Stream:
        """The same for an answer that is passed on as it comes."""
        return once()
