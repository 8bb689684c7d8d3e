"""A shared cache that does not answer slows pages down and fails none."""

import logging

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from conversations_ui.accounts.models import SubAccount
from conversations_ui.sandbox import Sandbox


@pytest.fixture
def absent(settings: Settings) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "conversations_ui.cache.ForgivingRedisCache",
            "LOCATION": "redis://127.0.0.1:9/0",
        }
    }


def test_a_thread_is_read_without_it(
    absent: None, reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    path = f"/inbox/{sub_account.location_id}/{sandbox.world.long_conversation_id}/"
    answer = reader_client.get(path)
    assert answer.status_code == 200
    assert answer.content.count(b"data-message-id") == 50


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
    assert "does not answer: ConnectionError" in caplog.text
    assert "value" not in caplog.text


def test_a_cache_that_answers_keeps(settings: Settings, redis_url: str) -> None:
    settings.CACHES = {
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
