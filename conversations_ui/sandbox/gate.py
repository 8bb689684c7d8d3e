"""Who may ask what, and how often: tokens, scopes, and the rate limits."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from conversations_ui.sandbox.catalogue import CONTACTS, MESSAGES, READ_SCOPES
from conversations_ui.sandbox.people import new_id, new_uuid
from conversations_ui.sandbox.world import World, dice

OAUTH_SCOPES = frozenset({"oauth.readonly", "oauth.write"})
INTERVAL_MS = 10_000


class Refused(Exception):  # noqa: N818 (it is an answer, not a fault of the sandbox)
    """A request the API answers with an error; `message` is one sentence or a list of them."""

    def __init__(self, status: int, message: str | list[str], error: str | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.error = status, message, error


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token allows."""

    label: str
    token: str = field(repr=False)
    locations: frozenset[str]
    scopes: frozenset[str] = READ_SCOPES
    agency: bool = False
    hipaa: bool = False
    expired: bool = False


class Tokens:
    """The tokens the sandbox knows, by label and by value; OAuth adds to them."""

    def __init__(self, world: World) -> None:
        self._rng = dice(world.seed, "tokens")
        self._lock = threading.Lock()
        self._grants: dict[str, Grant] = {}
        self.labels: dict[str, str] = {}
        both = frozenset((world.main_location_id, world.second_location_id))
        for label in ("main", "no_messages_scope", "no_contacts_scope", "hipaa"):
            missing = {"no_messages_scope": MESSAGES, "no_contacts_scope": CONTACTS}.get(label)
            scopes = READ_SCOPES - {missing} if missing else READ_SCOPES
            self.grant(label, both, pit=True, scopes=scopes, hipaa=label == "hipaa")
        self.grant("other_location", frozenset((world.second_location_id,)), pit=True)
        self.grant("oauth", frozenset((world.main_location_id,)))
        self.grant("expired", frozenset((world.main_location_id,)), expired=True)
        self.grant("agency", both, agency=True, scopes=READ_SCOPES | OAUTH_SCOPES)

    def grant(
        self,
        label: str,
        locations: frozenset[str],
        *,
        pit: bool = False,
        scopes: frozenset[str] = READ_SCOPES,
        agency: bool = False,
        hipaa: bool = False,
        expired: bool = False,
    ) -> str:
        """Make a new token and return it."""
        with self._lock:
            token = f"pit-{new_uuid(self._rng)}" if pit else self._jwt(agency)
            self._grants[token] = Grant(label, token, locations, scopes, agency, hipaa, expired)
            self.labels[label] = token
        return token

    def revoke(self, token: str) -> None:
        """Refuse a token from now on."""
        with self._lock:
            self._grants[token] = replace(self._grants[token], expired=True)

    def label(self, token: str) -> str:
        """The name a token goes by in `Seen`; tokens themselves are never kept there."""
        if not token:
            return ""
        grant = self._grants.get(token)
        return grant.label if grant else "unknown"

    def check(self, token: str) -> Grant:
        """The grant of a token; Refused with the API's sentence when there is none."""
        grant = self._grants.get(token)
        if grant is None or grant.expired:
            pit = token.startswith("pit-")
            raise Refused(401, "Invalid Private Integration token" if pit else "Invalid JWT")
        return grant

    def _jwt(self, agency: bool) -> str:
        kind = "Company" if agency else "Location"
        parts = (
            {"alg": "RS256", "typ": "JWT"},
            {"authClass": kind, "jti": new_id(self._rng), "source": "INTEGRATION"},
        )
        packed = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts]
        return ".".join([*(part.rstrip("=") for part in packed), new_id(self._rng) * 4])


@dataclass(slots=True)
class _Count:
    window: float
    used: int = 0
    day: int = 0
    today: int = 0


class Limits:
    """Counts requests per token and sub-account: so many in ten seconds, so many a day."""

    def __init__(
        self, burst: int | None, daily: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.burst, self.daily, self._clock = burst, daily, clock
        self._counts: dict[tuple[str, str], _Count] = {}
        self._lock = threading.Lock()

    def take(self, key: tuple[str, str]) -> tuple[bool, dict[str, str]]:
        """Count one request; whether it may pass, and the headers that tell how things stand."""
        now, wall = self._clock(), time.time()
        with self._lock:
            count = self._counts.setdefault(key, _Count(now))
            if now - count.window >= INTERVAL_MS / 1000:
                count.window, count.used = now, 0
            if count.day != int(wall // 86400):
                count.day, count.today = int(wall // 86400), 0
            limit = self.burst or 0
            passes = (self.burst is None or count.used < limit) and count.today < self.daily
            if passes:
                count.used += 1
                count.today += 1
            # Without enforcement every request looks like the first, lest clients slow down.
            left = 99 if self.burst is None else limit - count.used
            return passes, {
                "x-ratelimit-max": str(self.burst or 100),
                "x-ratelimit-remaining": str(left),
                "x-ratelimit-interval-milliseconds": str(INTERVAL_MS),
                "x-ratelimit-limit-daily": str(self.daily),
                "x-ratelimit-daily-remaining": str(self.daily - count.today),
                "x-ratelimit-daily-reset": str(round((86400 - wall % 86400) * 1000)),
            }
