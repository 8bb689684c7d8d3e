"""What is kept for a while of the API's answers, for all processes when the cache is shared.

What leaves the process is encrypted, for its one name (`conversations_ui.cache`): a cache may be
shared with others, and these hold what customers wrote. An absent cache costs calls and fails
nothing.
"""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Iterable, Mapping

from django.core.cache import caches
from django.core.cache.backends.base import BaseCache
from django.utils.crypto import salted_hmac


def get(name: str) -> object | None:
    """What is kept under a name, else None."""
    return _unpacked(_cache().get(_key(name)))


def get_many(names: Iterable[str]) -> dict[str, object]:
    """What is kept, by name; in one go."""
    by_key = {_key(name): name for name in names}
    found = _cache().get_many(by_key)
    values = {by_key[key]: _unpacked(packed) for key, packed in found.items()}
    return {name: value for name, value in values.items() if value is not None}


def put(name: str, value: object, seconds: float) -> None:
    """Keep a value for so many seconds."""
    _cache().set(_key(name), _packed(value), seconds)


def put_many(values: Mapping[str, object], seconds: float) -> None:
    """Keep several values; in one go."""
    packed = {_key(name): _packed(value) for name, value in values.items()}
    if packed:
        _cache().set_many(packed, seconds)


def add(name: str, value: object, seconds: float) -> bool:
    """Keep a value where none is kept yet; whether it was so."""
    return _cache().add(_key(name), _packed(value), seconds) is not False


def forget(name: str) -> None:
    """Keep it no longer."""
    _cache().delete(_key(name))


def _cache() -> BaseCache:
    return caches["upstream"]


def _key(name: str) -> str:
    return salted_hmac("conversations_ui.store", name, algorithm="sha256").hexdigest()


def _packed(value: object) -> bytes:
    return zlib.compress(pickle.dumps(value), level=1)


def _unpacked(packed: bytes | None) -> object | None:
    if packed is None:
        return None
    try:
        # Our own memory's, or opened with our keys.
        found: object | None = pickle.loads(zlib.decompress(packed))  # noqa: S301
    except (AttributeError, ImportError, TypeError):  # by another version, with other classes
        return None
    return found
