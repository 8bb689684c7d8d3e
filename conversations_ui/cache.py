"""The shared cache: its absence slows pages down and fails none, its content is not trusted.

Django's backend unpickles whatever the server sends, so that whoever can write there runs code
here; and sessions and what customers wrote would stand there in clear.
"""

import logging
import pickle
import time
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from django.utils.crypto import salted_hmac
from redis.exceptions import RedisError

from conversations_ui.accounts.keys import seal, unseal

logger = logging.getLogger(__name__)

PATIENCE = 1.0  # seconds for one answer of the server; a page asks it some twenty times
AWAY = 5.0  # seconds for which a server that did not answer is not asked again
_away: dict[str, float] = {}  # server -> until when, as a monotonic time


def hashed_key(name: str, prefix: str, version: int) -> str:
    """The name of an entry as the server sees it: the ones of sessions would let people in."""
    digest = salted_hmac("conversations_ui.cache", name, algorithm="sha256").hexdigest()
    return f"{prefix}:{version}:{digest}"


class AsItIs:
    """No serializer: those of Django turn values into bytes without knowing the entry's name."""

    def dumps(self, value: Any) -> Any:
        return value

    def loads(self, data: Any) -> Any:
        return data


class SealedClient(RedisCacheClient):
    """Encrypts and authenticates entries with `TOKEN_KEYS`, and opens nothing else.

    An entry holds its own name, so that it is nothing in another's place. Whole numbers stay as
    they are, for the server to count with: who can write there can change a count, and no more.
    """

    def __init__(self, servers: Any, serializer: Any = None, **options: Any) -> None:
        super().__init__(servers, serializer=AsItIs, **options)

    def add(self, key: Any, value: Any, timeout: Any) -> Any:
        return super().add(key, sealed(key, value), timeout)

    def set(self, key: Any, value: Any, timeout: Any) -> Any:
        return super().set(key, sealed(key, value), timeout)

    def set_many(self, data: Mapping[Any, Any], timeout: Any) -> Any:
        return super().set_many({key: sealed(key, data[key]) for key in data}, timeout)

    def get(self, key: Any, default: Any) -> Any:
        return opened(key, super().get(key, None), default)

    def get_many(self, keys: Iterable[Any]) -> dict[Any, Any]:
        found: dict[Any, Any] = super().get_many(keys)
        values = {key: opened(key, data) for key, data in found.items()}
        return {key: value for key, value in values.items() if value is not None}


def sealed(key: str, value: Any) -> Any:
    """What the server keeps: a whole number, or encrypted bytes."""
    if type(value) is int:
        return value
    return seal(pickle.dumps((key, value)))


def opened(key: str, data: bytes | None, default: Any = None) -> Any:
    """What an entry holds; the default for none, one that is not ours, or another version's."""
    if data is None:
        return default
    if data.removeprefix(b"-").isdigit():
        return int(data)
    plain = unseal(data)
    if plain is None:
        return default
    try:
        owner, value = pickle.loads(plain)  # noqa: S301 - sealed by ourselves
    except (AttributeError, ImportError, TypeError):  # by another version, with other classes
        return default
    return value if owner == key else default


class ForgivingRedisCache(RedisCache):
    """Redis or Valkey; while it does not answer, nothing is known and nothing is kept.

    `/readyz` still tells, since what it puts in does not come out again.
    """

    otherwise: type[DummyCache] | type[LocMemCache] = DummyCache

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        patience = {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE}
        options = patience | params.get("OPTIONS", {})
        named = {"KEY_FUNCTION": hashed_key, "OPTIONS": options}
        super().__init__(server, params | named)
        self._class = SealedClient
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
