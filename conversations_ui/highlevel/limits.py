"""What an answer's headers tell of the allowance: how much of it there is, and how much is left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from conversations_ui.highlevel.values import integer


@dataclass(frozen=True, slots=True)
class Limits:
    """The `x-ratelimit-*` headers of an answer; None is what it did not tell. Times in seconds."""

    most: int | None = None  # requests in one interval
    left: int | None = None
    interval: float | None = None
    daily_most: int | None = None
    daily_left: int | None = None
    daily_reset: float | None = None  # until the day's allowance is whole again

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Self:
        """Read them; a header that is missing or no number is None."""

        def told(name: str) -> int | None:
            number = integer(headers.get(f"x-ratelimit-{name}"))
            return number if number is None or number >= 0 else 0

        interval, reset = told("interval-milliseconds"), told("daily-reset")
        return cls(
            most=told("max"),
            left=told("remaining"),
            interval=interval / 1000 if interval else None,
            daily_most=told("limit-daily"),
            daily_left=told("daily-remaining"),
            daily_reset=None if reset is None else reset / 1000,
        )
