"""How often anybody may try to get in: counted by account and address together.

Somebody guessing from elsewhere thus never locks out the person they guess at. Every process counts
into the shared cache; while that is away, each counts for itself. Windows are fixed, so the counts
are plain numbers which processes add to without a lock, and a refusal knows its seconds.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import Enum

from django.core.cache import BaseCache, caches
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.utils.translation import ngettext_lazy

from conversations_ui.accounts import events
from conversations_ui.accounts.addresses import client_network
from conversations_ui.accounts.backends import spelling

THROTTLED = "throttled"


@dataclass(frozen=True, slots=True)
class Limit:
    """So many failures in so many seconds; what they are counted by."""

    most: int
    seconds: int
    by_account: bool = True
    by_address: bool = True


class Action(Enum):
    """What is tried, and its limits; an address may stand for a whole office."""

    PASSWORD = ("password", (Limit(5, 900), Limit(100, 900, by_account=False)))
    # Whoever gets this far knows the password, so guesses from many addresses count together too.
    CODE = ("code", (Limit(5, 900), Limit(30, 86_400, by_address=False)))
    RESET = ("reset", (Limit(3, 3600), Limit(20, 3600, by_account=False)))
    LINK = ("link", (Limit(20, 900, by_account=False),))
    PASSKEY = ("passkey", (Limit(50, 900, by_account=False),))

    @property
    def limits(self) -> tuple[Limit, ...]:
        limits: tuple[Limit, ...] = self.value[1]
        return limits


class Throttled(ValidationError):
    """Too many attempts; `seconds` says when there may be another."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        minutes = -(-seconds // 60)
        super().__init__(
            ngettext_lazy(
                "Too many attempts. Wait %(seconds)s seconds, then try again.",
                "Too many attempts. Wait about %(minutes)s minutes (%(seconds)s seconds), then try "
                "again.",
                "minutes",
            ),
            code=THROTTLED,
            params={"minutes": minutes, "seconds": seconds},
        )


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt, counted as a failure until it has succeeded."""

    keys: tuple[tuple[Limit, str], ...]

    def succeeded(self) -> None:
        """Begin anew for this account at this address; an address gets its one attempt back."""
        for limit, key in self.keys:
            if limit.by_account:
                _cache().delete(key)
            elif _cache().get(key):
                _counted(key, limit.seconds, -1)


def attempt(request: HttpRequest, action: Action, account: str = "") -> Attempt:
    """Count an attempt, whether there is such an account or not; raises `Throttled`."""
    now = time.time()
    keys = tuple((limit, _key(request, action, limit, account, now)) for limit in action.limits)
    for limit, key in keys:
        left = int(limit.seconds - now % limit.seconds) + 1
        if _counted(key, left) > limit.most:
            events.noted(request, "too many attempts", tried=action.value[0])
            raise Throttled(left)
    return Attempt(keys)


def _key(request: HttpRequest, action: Action, limit: Limit, account: str, now: float) -> str:
    plain = spelling(account) if limit.by_account else ""
    where = client_network(request) if limit.by_address else ""
    window = int(now // limit.seconds)
    # Digested: who has tried to sign in is not for everybody who may look into the cache.
    text = "\n".join((action.value[0], str(limit), str(window), where, plain))
    return f"attempts:{salted_hmac('conversations.attempts', text, algorithm='sha256').hexdigest()}"


def _counted(key: str, seconds: int, step: int = 1) -> int:
    _cache().add(key, 0, seconds)
    try:
        return _cache().incr(key, step)
    except ValueError:
        return step  # it has ended, or the server has gone, in between


def _cache() -> BaseCache:
    return caches["attempts"]
