"""The shared cache: no page fails without it, and what stands in it is sealed."""

import logging
import pickle
import socket
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.cache import cache, caches
from django.test import Client
from pytest_django import Settings

from conversations_ui import cache as shared
from conversations_ui.accounts.keys import seal
from conversations_ui.accounts.models import SubAccount, User
from conversations_ui.sandbox import Sandbox
from conversations_ui.services import store


@pytest.fixture
def absent(settings: Settings) -> None:
    nobody = {"LOCATION": "redis://127.0.0.1:9/0"}
    settings.CACHES = {
        "default": nobody | {"BACKEND": "conversations_ui.cache.ForgivingRedisCache"},
        "upstream": nobody | {"BACKEND": "conversations_ui.cache.SharedOrOwnCache"},
        "attempts": nobody | {"BACKEND": "conversations_ui.cache.SharedOrOwnCache"},
    }


def test_a_thread_is_read_without_it(
    absent: None, reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    path = f"/inbox/{sub_account.location_id}/{sandbox.world.long_conversation_id}/"
    answer = reader_client.get(path)
    assert answer.status_code == 200
    assert answer.content.count(b"data-message-id") == 50


def test_one_signs_in_without_it(absent: None, settings: Settings, reader: User) -> None:
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
    client = Client()
    form = {"username": "reader", "password": "a-password-for-tests"}
    assert client.post("/login/", form).status_code == 302
    assert client.get("/").status_code == 302
    assert client.get("/sub-accounts/").status_code == 200


def test_nothing_is_known_and_nothing_is_kept(
    absent: None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="conversations_ui"):
        cache.set("key", "value")
        cache.set_many({"key": "value"})
        cache.delete("key")
        assert cache.get("key", "nothing") == "nothing"
        assert cache.get_many(["key"]) == {}
        assert cache.add("key", "value")
        cache.delete_many(["key"])
        assert "key" not in cache
    assert "does not answer: ConnectionError" in caplog.text
    assert "value" not in caplog.text


def test_a_cache_that_answers_keeps(settings: Settings, redis_url: str) -> None:
    settings.CACHES = settings.CACHES | {
        "default": {
            "BACKEND": "conversations_ui.cache.ForgivingRedisCache",
            "LOCATION": redis_url,
            "KEY_PREFIX": "conversations-tests",
        }
    }
    cache.set("key", "value", 10)
    assert cache.get("key") == "value"
    assert not cache.add("key", "another", 10)
    cache.delete("key")
    assert cache.get("key") is None


@pytest.fixture
def hanging(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A server that takes connections and says nothing."""
    monkeypatch.setattr(shared, "PATIENCE", 0.05)
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        server.setblocking(False)
        location = {"LOCATION": f"redis://127.0.0.1:{server.getsockname()[1]}/0"}
        settings.CACHES = {
            "default": location | {"BACKEND": "conversations_ui.cache.ForgivingRedisCache"},
            "upstream": location | {"BACKEND": "conversations_ui.cache.SharedOrOwnCache"},
            "attempts": location | {"BACKEND": "conversations_ui.cache.SharedOrOwnCache"},
        }
        yield server


def connections(server: socket.socket) -> int:
    """Count those made since the last look."""
    count = 0
    try:
        while True:
            server.accept()[0].close()
            count += 1
    except BlockingIOError:
        return count


def test_one_that_hangs_is_waited_for_once(
    hanging: socket.socket, reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    path = f"/inbox/{sub_account.location_id}/{sandbox.world.long_conversation_id}/"
    assert reader_client.get(path).status_code == 200
    assert reader_client.get(path).status_code == 200
    assert connections(hanging) <= 2  # by the two parts of the page, side by side
    assert caches["upstream"].get("key") is None
    cache.delete("key")  # what must not come back is always deleted
    assert connections(hanging) == 1


@pytest.fixture
def redis_cache(settings: Settings, redis_url: str) -> Iterator[shared.ForgivingRedisCache]:
    """A shared cache of the tests' own, emptied of what they have put in."""
    cache = shared.ForgivingRedisCache(redis_url, {"KEY_PREFIX": "conversations-tests"})
    yield cache
    server = server_of(cache)
    for name in server.scan_iter("conversations-tests:*"):
        server.delete(name)


def server_of(cache: shared.ForgivingRedisCache) -> Any:
    """The server itself, past all that we do before and after it."""
    return cache._cache.get_client(write=True)  # type: ignore[attr-defined]


def on_the_server(cache: shared.ForgivingRedisCache) -> dict[bytes, bytes]:
    """Everything that who looks into the server sees of it."""
    server = server_of(cache)
    names = list(server.scan_iter("conversations-tests:*"))
    return {name: server.get(name) for name in names}


sprung: list[bool] = []


def spring() -> None:
    sprung.append(True)


class Trap:
    """Runs code when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return spring, ()


def test_the_server_sees_neither_names_nor_values(redis_cache: shared.ForgivingRedisCache) -> None:
    redis_cache.set("session-of-somebody", {"name": "Olena Example"}, 10)
    redis_cache.set_many({"another-name": ("Kim Example",)}, 10)
    redis_cache.add("a-third-name", "Sam Example", 10)
    kept = on_the_server(redis_cache)
    assert len(kept) == 3
    for word in (b"Example", b"session-of-somebody", b"another-name", b"a-third-name"):
        assert not any(word in name or word in value for name, value in kept.items())
    assert redis_cache.get("session-of-somebody") == {"name": "Olena Example"}
    assert redis_cache.get_many(["another-name", "a-third-name", "no-name"]) == {
        "another-name": ("Kim Example",),
        "a-third-name": "Sam Example",
    }


def test_nothing_is_unpickled_that_was_not_sealed_here(
    redis_cache: shared.ForgivingRedisCache,
) -> None:
    redis_cache.set("key", "value", 10)
    (name,) = on_the_server(redis_cache)
    server = server_of(redis_cache)
    for forged in (pickle.dumps(Trap()), pickle.dumps("text"), b"", b"rubbish"):
        server.set(name, forged)
        assert redis_cache.get("key", "nothing") == "nothing"
        assert redis_cache.get_many(["key"]) == {}
    assert not sprung
    pickle.loads(pickle.dumps(Trap()))  # noqa: S301
    assert sprung  # it would have


def test_an_entry_in_anothers_place_is_nothing(redis_cache: shared.ForgivingRedisCache) -> None:
    redis_cache.set("mine", "me", 10)
    (mine,) = on_the_server(redis_cache)
    redis_cache.set("theirs", "them", 10)
    kept = on_the_server(redis_cache)
    (theirs,) = kept.keys() - {mine}
    server_of(redis_cache).set(mine, kept[theirs])
    assert redis_cache.get("mine") is None
    assert redis_cache.get("theirs") == "them"


def test_the_server_counts(redis_cache: shared.ForgivingRedisCache) -> None:
    assert redis_cache.add("count", 1, 10)
    assert redis_cache.incr("count", 4) == 5
    assert redis_cache.get("count") == 5
    assert redis_cache.decr("count", 7) == redis_cache.get("count") == -2


def test_entries_of_lost_keys_and_of_other_versions_are_missed(settings: Settings) -> None:
    entry = shared.sealed("key", "value")
    assert shared.opened("key", entry) == "value"
    gone = seal(b"cconversations_ui.gone\nGone\n.")
    assert shared.opened("key", gone, "nothing") == "nothing"
    settings.TOKEN_KEYS = [Fernet.generate_key().decode()]
    assert shared.opened("key", entry, "nothing") == "nothing"


def test_answers_kept_by_another_version_are_missed() -> None:
    store.put("answer", "kept", 10)
    assert store.get("answer") == "kept"
    gone = zlib.compress(b"cconversations_ui.gone\nGone\n.")
    caches["upstream"].set(store._key("answer"), gone)
    assert store.get("answer") is None
    assert store.get_many(["answer"]) == {}
