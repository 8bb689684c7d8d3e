"""How much may be asked of HighLevel: 100 requests in 10 seconds and 200,000 a day, by location.

Counted on the cache, so by all processes together when it is shared, and put right by what the
answers' headers tell, since other programs may read the same sub-account. People's clicks go
first: background work takes half at most, and none of the last fifth of a day.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass

from django.core.cache import caches

from conversations_ui.highlevel import deadline
from conversations_ui.highlevel.errors import RateLimited
from conversations_ui.highlevel.limits import Limits

BURST, INTERVAL, DAILY = 100, 10.0, 200_000
STEP = 1.0  # seconds counted together: no interval, wherever it begins, holds more than allowed
RESERVE = 5  # requests of an interval left to the other programs that read this sub-account
BACKGROUND_SHARE = 0.5
BACKGROUND_DAY = 0.8
PLENTY = 0.5
LONGEST_QUEUE = 2.0  # seconds that a click waits for its turn
_DAY = 86_400

in_background: ContextVar[bool] = ContextVar("in_background", default=False)


class Spent(RateLimited):
    """Not asked at all: we have asked for as much as may be asked for."""

    asked = False


@dataclass(frozen=True, slots=True)
class Use:
    """What a sub-account has used: of the last seconds, and of today. `until` is a Unix time."""

    burst: int
    background: int
    most: int
    day: int
    day_most: int
    blocked_until: float = 0.0
    daily_block: bool = False

    @property
    def day_is_over(self) -> bool:
        """Whether the day's requests are used up, by our count or by HighLevel's."""
        return self.daily_block or self.day >= self.day_most

    @property
    def plentiful(self) -> bool:
        """Whether there is enough for what nobody has asked for yet."""
        return (
            not self.blocked_until
            and self.burst < self.most * PLENTY
            and self.day < self.day_most * PLENTY
        )


def take(location_id: str) -> None:
    """Take one request of the allowance.

    A click waits a moment for its turn. Raises `Spent` with the seconds to wait; background work
    is refused as soon as it would be in the way.
    """
    while True:
        # Taken before it is looked at: of many who ask at once, none must miss the others.
        now, kinds = time.time(), ("calls", "background") if in_background.get() else ("calls",)
        _count(location_id, 1, now, kinds)
        use = used(location_id)
        wait = _wait(use)
        if not wait:
            break
        _count(location_id, -1, now, kinds)
        if in_background.get() or wait > min(LONGEST_QUEUE, deadline.left(LONGEST_QUEUE)):
            raise Spent("All requests are used up.", retry_after=wait, daily=use.day_is_over)
        time.sleep(wait)
    _count(location_id, 1, now, ("day",))


def learn(location_id: str, limits: Limits, error: object = None) -> None:
    """Put the count right by an answer's headers; a 429 stops everybody until it is over."""
    now = time.time()
    cache = caches["upstream"]
    if limits.most is not None and limits.left is not None and (limits.interval or 0) == INTERVAL:
        use = used(location_id)
        missing = limits.most - limits.left - use.burst
        if missing >= 1:
            _count(location_id, missing, now, ("calls",))
        if limits.most != use.most:
            cache.set(_name(location_id, "most"), limits.most, _DAY)
    if limits.daily_left is not None:
        most = limits.daily_most or DAILY
        reset = now + (limits.daily_reset if limits.daily_reset is not None else _DAY)
        told = (most - limits.daily_left, most, reset)
        cache.set(_name(location_id, "day-told"), told, max(reset - now, 1))
    if isinstance(error, RateLimited) and not isinstance(error, Spent):
        wait = INTERVAL if error.retry_after is None else error.retry_after
        if wait > 0:
            cache.set(_name(location_id, "blocked"), (now + wait, error.daily), wait)


def used(location_id: str) -> Use:
    """What has been used of the allowance."""
    now = time.time()
    step = int(now // STEP)
    steps = range(step - int(INTERVAL / STEP), step + 1)
    names = {
        kind: [_name(location_id, kind, each) for each in steps] for kind in ("calls", "background")
    }
    day = _name(location_id, "day", int(now // _DAY))
    told, blocked, most = (_name(location_id, kind) for kind in ("day-told", "blocked", "most"))
    found = caches["upstream"].get_many(
        [*names["calls"], *names["background"], day, told, blocked, most]
    )
    lately = {kind: sum(found.get(name, 0) for name in names[kind]) for kind in names}
    told_used, told_most, _reset = found.get(told, (0, DAILY, 0.0))
    until, daily = found.get(blocked, (0.0, False))
    return Use(
        burst=lately["calls"],
        background=lately["background"],
        most=found.get(most, BURST),
        day=max(found.get(day, 0), told_used),
        day_most=told_most,
        blocked_until=until if until > now else 0.0,
        daily_block=daily and until > now,
    )


def _wait(use: Use) -> float:
    """Seconds until the request that was just counted may be made; 0 when it may be made now."""
    if use.blocked_until:
        return max(use.blocked_until - time.time(), 0.05)
    if use.day >= use.day_most:
        return _DAY - time.time() % _DAY
    most = use.most - RESERVE
    over: float = use.burst - most
    if in_background.get():
        if use.day >= use.day_most * BACKGROUND_DAY:
            return _DAY - time.time() % _DAY
        over = max(over, use.background - most * BACKGROUND_SHARE)
    # Every second a tenth of the interval's requests comes free, about.
    return 0.0 if over <= 0 else max(over / most * INTERVAL, 0.1)


def _count(location_id: str, calls: int, at: float, kinds: Iterable[str]) -> None:
    cache = caches["upstream"]
    for kind in kinds:
        length, kept = (_DAY, 2 * _DAY) if kind == "day" else (STEP, 3 * INTERVAL)
        name = _name(location_id, kind, int(at // length))
        if not cache.add(name, calls, kept):
            try:
                cache.incr(name, calls)
            except ValueError:  # gone in between, or nothing is kept
                cache.add(name, calls, kept)


def _name(location_id: str, kind: str, number: int | None = None) -> str:
    return f"allowance:{location_id}:{kind}" + ("" if number is None else f":{number}")
