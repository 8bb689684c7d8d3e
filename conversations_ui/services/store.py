"""What is kept for a while of the API's answers, for all processes when the cache is shared.

Entries are encrypted with the token keys and their names are hashed: a cache may be shared with
others, and these hold what customers wrote. An absent cache costs calls and fails nothing.
"""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Iterable, Mapping

from django.core.cache import caches
from django.core.cache.backends.base import BaseCache
from django.utils.crypto import salted_hmac

from conversations_ui.accounts import keys


def get(name: str) -> object | None:
    """What is kept under a name, else None."""
    return _opened(name, _cache().get(_key(name)))


def get_many(names: Iterable[str]) -> dict[str, object]:
    """What is kept, by name; in one go."""
    by_key = {_key(name): name for name in names}
    found = _cache().get_many(by_key)
    opened = {by_key[key]: _opened(by_key[key], sealed) for key, sealed in found.items()}
    return {name: value for name, value in opened.items() if value is not None}


def put(name: str, value: object, seconds: float) -> None:
    """Keep a value for so many seconds."""
    _cache().set(_key(name), _sealed(name, value), seconds)


def put_many(values: Mapping[str, object], seconds: float) -> None:
    """Keep several values; in one go."""
    sealed = {_key(name): _sealed(name, value) for name, value in values.items()}
    if sealed:
        _cache().set_many(sealed, seconds)


def add(name: str, value: object, seconds: float) -> bool:
    """Keep a value where none is kept yet; whether it was so."""
    return _cache().add(_key(name), _sealed(name, value), seconds) is not False


def forget(name: str) -> None:
    """Keep it no longer."""
    _cache().delete(_key(name))


def _cache() -> BaseCache:
    return caches["upstream"]


def _key(name: str) -> str:
    return salted_hmac("conversations_ui.store", name, algorithm="sha256").hexdigest()


def _sealed(name: str, value: object) -> bytes:
    # The name goes in, so that an entry put in another's place is no answer.
    return keys.seal(zlib.compress(pickle.dumps((name, value)), level=1))


def _opened(name: str, sealed: object) -> object | None:
    plain = keys.unseal(sealed) if isinstance(sealed, bytes) else None
    if plain is None:
        return None
    try:
        owner, value = pickle.loads(zlib.decompress(plain))  # noqa: S301 - sealed by ourselves
    except (AttributeError, ImportError, TypeError):  # by another version, with other classes
        return None
    return value if owner == name else None
