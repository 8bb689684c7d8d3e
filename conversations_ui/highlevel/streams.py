"""An answer that is no JSON: its bytes as they come, bounded in number and in time."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Self

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import DecodeError, HTTPError

from conversations_ui.highlevel.errors import BadAnswer, HighLevelError, Unavailable
from conversations_ui.highlevel.values import integer

_CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class Stream:
    """An open answer. `length` is None when not announced; `chunks` can be gone through once."""

    content_type: str
    length: int | None
    chunks: Iterator[bytes] = field(repr=False)
    _answer: BaseHTTPResponse = field(repr=False)

    @classmethod
    def of(cls, answer: BaseHTTPResponse, *, most: int, deadline: float) -> Self:
        """Read an answer of at most `most` bytes until `deadline`, a monotonic time."""
        packed = answer.headers.get("content-encoding", "identity") != "identity"
        length = None if packed else integer(answer.headers.get("content-length"))
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        return cls(kind, length, _chunks(answer, most, deadline), answer)

    def close(self) -> None:
        """Hang up, whatever is still to come."""
        self._answer.close()


def _chunks(answer: BaseHTTPResponse, most: int, deadline: float) -> Iterator[bytes]:
    """The bytes; errors are raised here, where no fault that could tell a secret is handled."""
    left = most
    while piece := _next(answer, deadline):
        if isinstance(piece, HighLevelError):
            raise piece
        left -= len(piece)
        if left < 0:
            raise BadAnswer(f"The answer is larger than {most // 2**20} MB.", status=answer.status)
        yield piece


def _next(answer: BaseHTTPResponse, deadline: float) -> bytes | HighLevelError:
    try:
        # read1 hands over what has come so far; waiting for more could outlast the deadline.
        piece = answer.read1(_CHUNK, decode_content=True)
    except DecodeError:
        return BadAnswer("The answer could not be unpacked.")
    except (OSError, HTTPError) as fault:
        return Unavailable(type(fault).__name__)
    return piece if time.monotonic() < deadline else Unavailable("TimeoutError")
