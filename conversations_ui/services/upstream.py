"""The one door to the HighLevel client."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TypeVar

from django.conf import settings

from conversations_ui.accounts.keys import TokenUnreadable
from conversations_ui.accounts.models import SubAccount
from conversations_ui.highlevel.client import Client
from conversations_ui.highlevel.errors import HighLevelError, Unauthorized

A = TypeVar("A")
B = TypeVar("B")


class TokenLost(Unauthorized):
    """The stored token cannot be read with the keys this server was started with."""


TIMEOUT = (3.0, 8.0)  # seconds to connect, and for the whole answer

# Calls that a page makes side by side. They only wait on the network and never touch the database.
_side_by_side = ThreadPoolExecutor(max_workers=32, thread_name_prefix="upstream")


@lru_cache(maxsize=128)
def _client(token: str, base_url: str, version: str | None) -> Client:
    return Client(token, base_url=base_url, version=version, timeout=TIMEOUT)


def client(account: SubAccount) -> Client:
    """The keep-alive client of a sub-account; `TokenLost` when its token cannot be read."""
    try:
        token = account.token
    except TokenUnreadable:
        raise TokenLost from None
    return _client(token, settings.HIGHLEVEL_API_URL, settings.HIGHLEVEL_API_VERSION or None)


def attempt(call: Callable[[], A]) -> A | HighLevelError:
    """The call's result or the error it ended in, so that one part cannot take down another."""
    try:
        return call()
    except HighLevelError as error:
        return error


def together(
    first: Callable[[], A], second: Callable[[], B]
) -> tuple[A | HighLevelError, B | HighLevelError]:
    """Both results of two calls made at the same time, each perhaps an error."""
    waiting = _side_by_side.submit(attempt, second)
    return attempt(first), waiting.result()
