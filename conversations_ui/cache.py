"""The shared cache, whose absence slows pages down and fails none."""

import logging
import time
from typing import Any

from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

PATIENCE = 1.0  # seconds for one answer of the server; a page asks it some twenty times
AWAY = 5.0  # seconds for which a server that did not answer is not asked again
_away: dict[str, float] = {}  # server -> until when, as a monotonic time


class ForgivingRedisCache(RedisCache):
    """Redis or Valkey; while it does not answer, nothing is known and nothing is kept.

    `/readyz` still tells, since what it puts in does not come out again.
    """

    otherwise: type[DummyCache] | type[LocMemCache] = DummyCache

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        patience = {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE}
        options = patience | params.get("OPTIONS", {})
        super().__init__(server, params | {"OPTIONS": options})
        self._server = str(server)
        self._otherwise = self.otherwise("without the server", params)

    def get(self, *args: Any, **kwargs: Any) -> Any:
        return self._attempt("get", *args, **kwargs)

    def get_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._attempt("get_many", *args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> Any:
        return self._attempt("set", *args, **kwargs)

    def set_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._attempt("set_many", *args, **kwargs)

    def add(self, *args: Any, **kwargs: Any) -> Any:
        return self._attempt("add", *args, **kwargs)

    def incr(self, *args: Any, **kwargs: Any) -> Any:
        return self._attempt("incr", *args, **kwargs)

    def has_key(self, *args: Any, **kwargs: Any) -> Any:
        return self._attempt("has_key", *args, **kwargs)

    def delete_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._attempt("delete_many", *args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        # Asked even while it is away: a session that is over must not come back with it.
        return self._tried("delete", *args, **kwargs)

    def _attempt(self, name: str, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() < _away.get(self._server, 0.0):
            return getattr(self._otherwise, name)(*args, **kwargs)
        return self._tried(name, *args, **kwargs)

    def _tried(self, name: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return getattr(super(), name)(*args, **kwargs)
        except RedisError as error:
            logger.warning("the shared cache does not answer: %s", type(error).__name__)
            _away[self._server] = time.monotonic() + AWAY
            return getattr(self._otherwise, name)(*args, **kwargs)


class SharedOrOwnCache(ForgivingRedisCache):
    """The same; while it does not answer, every process keeps its own.

    For what is right in one process too, only less so: what was read, how much was asked for.
    """

    otherwise = LocMemCache

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        return self._attempt("delete", *args, **kwargs)
