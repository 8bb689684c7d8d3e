"""Answers given by hand in place of the normal ones, for tests and for chaos."""

from __future__ import annotations

import json
import random
import re
import threading
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Answer:
    """What to do with one request.

    With neither `status`, `body`, `raw` nor `reset` the request gets its normal answer, changed by
    the rest: `delay` waits that many seconds first, `drip` sends the answer byte by byte with so
    many seconds between, and `cut` sends only that share (0 to 1) of the body announced and hangs
    up. `raw` is written to the connection as it stands, which is then closed; `reset` resets it,
    before a word is said, or where the answer is `cut`.
    """

    status: int | None = None
    body: bytes | str | dict[str, object] | list[object] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    reset: bool = False
    drip: float | None = None
    delay: float = 0.0
    cut: float | None = None

    @property
    def normal(self) -> bool:
        """Whether the request is served as usual after all."""
        given = self.status is None and self.body is None and self.raw is None
        return given and not self.reset_at_once

    @property
    def reset_at_once(self) -> bool:
        """Whether the connection is reset in place of an answer."""
        return self.reset and self.cut is None

    def content(self) -> tuple[bytes, str]:
        """The body as bytes, and its content type."""
        if isinstance(self.body, bytes):
            return self.body, "application/octet-stream"
        if isinstance(self.body, str):
            kind = "text/html" if self.body.lstrip().startswith("<") else "application/json"
            return self.body.encode(), f"{kind}; charset=utf-8"
        return json.dumps({} if self.body is None else self.body).encode(), _JSON


_JSON = "application/json; charset=utf-8"


@dataclass(slots=True)
class _Entry:
    where: str | re.Pattern[str]
    answers: tuple[Answer, ...]
    times: int | None
    served: int = 0

    def matches(self, target: str) -> bool:
        if isinstance(self.where, str):
            return target.startswith(self.where)
        return self.where.search(target) is not None

    def take(self) -> Answer | None:
        if self.times is not None and self.served >= self.times * len(self.answers):
            return None
        self.served += 1
        return self.answers[(self.served - 1) % len(self.answers)]


class Script:
    """The answers still to be given, in the order they were asked for."""

    def __init__(self) -> None:
        self._entries: list[_Entry] = []
        self._lock = threading.Lock()

    def add(
        self, where: str | re.Pattern[str], answers: tuple[Answer, ...], times: int | None
    ) -> None:
        """Queue answers for requests whose target begins with, or matches, `where`."""
        with self._lock:
            self._entries.append(_Entry(where, answers, times))

    def take(self, target: str) -> Answer | None:
        """The next answer for that target (path and query), or None for normal service."""
        with self._lock:
            for entry in self._entries:
                if entry.answers and entry.matches(target):
                    answer = entry.take()
                    if answer is not None:
                        return answer
            return None

    def clear(self) -> None:
        """Forget all answers still to be given."""
        with self._lock:
            self._entries.clear()


_HTML = (
    "<!DOCTYPE html><html><head><title>services.leadconnectorhq.com | {status}: Bad gateway</title>"
    "</head><body><center><h1>{status} Bad Gateway</h1></center><hr>cloudflare</body></html>"
)


class Chaos:
    """Trouble with small probabilities, the same sequence for the same seed.

    No delay is longer than `longest` seconds; a 429 asks to wait for `limited` seconds.
    """

    def __init__(self, seed: int, *, longest: float = 0.8, limited: float = 10.0) -> None:
        self._rng = random.Random(f"{seed}:chaos")  # noqa: S311 (made-up trouble, not secrets)
        self._lock = threading.Lock()
        self._longest = longest
        self._slow_down = {"x-ratelimit-interval-milliseconds": str(round(limited * 1000))}

    def take(self) -> Answer:
        """What happens to the next request; most often only a delay."""
        with self._lock:
            rng = self._rng
            delay = rng.uniform(0, self._longest) if rng.random() < 0.7 else 0.0
            pick, status = rng.random(), rng.choice((500, 502, 503, 504))
            cut = rng.uniform(0.1, 0.9)
        if pick < 0.02:
            said: dict[str, object] = {"statusCode": 429, "message": "Too Many Requests"}
            return Answer(429, said, self._slow_down, delay=delay)
        if pick < 0.04:
            body = {"statusCode": status, "message": "Internal server error"}
            return Answer(status, dict(body), delay=delay)
        if pick < 0.06:
            return Answer(status, _HTML.format(status=status), delay=delay)
        if pick < 0.07:
            return Answer(reset=True, delay=delay)
        if pick < 0.08:
            return Answer(reset=True, delay=delay, cut=cut)
        if pick < 0.095:
            return Answer(delay=delay, cut=cut)
        if pick < 0.11:
            return Answer(200, '{"messages":{"lastMessageId":"", "nextPage":tru', delay=delay)
        return Answer(delay=delay)
