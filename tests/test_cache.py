"""A shared cache that does not answer slows pages down and fails none."""

import logging
import socket
from collections.abc import Iterator

import pytest
from django.core.cache import cache, caches
from django.test import Client
from pytest_django import Settings

from conversations_ui import cache as shared
from conversations_ui.accounts.models import SubAccount, User
from conversations_ui.sandbox import Sandbox


@pytest.fixture
def absent(settings: Settings) -> None:
    nobody = {"LOCATION": "redis://127.0.0.1:9/0"}
    settings.CACHES = {
        "default": nobody | {"BACKEND": "conversations_ui.cache.ForgivingRedisCache"},
        "upstream": nobody | {"BACKEND": "conversations_ui.cache.SharedOrOwnCache"},
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
