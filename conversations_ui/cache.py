"""The shared cache, whose absence slows pages down and fails none."""

import logging
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


class ForgivingRedisCache(RedisCache):
    """Redis or Valkey; while it does not answer, nothing is known and nothing is kept.

    `/readyz` still tells, since what it puts in does not come out again.
    """

    def get(self, *args: Any, **kwargs: Any) -> Any:
        default = args[1] if len(args) > 1 else kwargs.get("default")
        return self._attempt(super().get, default, *args, **kwargs)

    def get_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._attempt(super().get_many, {}, *args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> Any:
        return self._attempt(super().set, None, *args, **kwargs)

    def set_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._attempt(super().set_many, [], *args, **kwargs)

    def add(self, *args: Any, **kwargs: Any) -> Any:
        return self._attempt(super().add, True, *args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        return self._attempt(super().delete, False, *args, **kwargs)

    @staticmethod
    def _attempt(call: Callable[..., Any], otherwise: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return call(*args, **kwargs)
        except RedisError as error:
            logger.warning("the shared cache does not answer: %s", type(error).__name__)
            return otherwise
