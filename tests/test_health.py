"""Alive, and able to serve."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from tests import KEYS
from tests.conftest import ROOT, bare_environment

PROBE = """
import django
from django.test import Client
django.setup()
for path in ("/healthz", "/readyz"):
    answer = Client(SERVER_NAME="localhost").get(path)
    print(answer.status_code, answer.content.decode().strip(), sep="|")
"""


def test_the_process_answers_without_asking_anything(client: Client) -> None:
    # Without the fixture of a database: a query would fail the test.
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_database_and_cache_that_answer_make_it_ready(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_a_cache_that_does_not_answer_is_named(client: Client, settings: Settings) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "conversations_ui.cache.ForgivingRedisCache",
            "LOCATION": "redis://someone:secret-word@127.0.0.1:9/0",
        }
    }
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"cache: no answer\n")
    assert client.get("/healthz").status_code == 200


@pytest.mark.django_db
def test_a_cache_that_keeps_nothing_is_named(client: Client, settings: Settings) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"cache: no answer\n")


@pytest.mark.parametrize("kind", ["SQLite", "PostgreSQL"])
def test_a_database_that_does_not_answer_is_named(tmp_path: Path, kind: str) -> None:
    url = {
        "SQLite": f"sqlite:///{tmp_path}/no/such/folder/db.sqlite3",
        "PostgreSQL": "postgres://someone:secret-word@127.0.0.1:9/none",
    }[kind]
    environment = bare_environment(
        **KEYS,
        DATABASE_URL=url,
        HTTPS_ONLY="off",
        DJANGO_SETTINGS_MODULE="conversations_ui.settings",
    )
    probe = subprocess.run(
        [sys.executable, "-c", PROBE],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert probe.stdout.splitlines() == ["200|ok", "503|database: no answer"]
    assert "secret-word" not in probe.stderr


@pytest.mark.django_db
def test_probes_are_kept_by_nobody(client: Client) -> None:
    for path in ("/healthz", "/readyz"):
        answer = client.get(path)
        assert "no-store" in answer["Cache-Control"]
        assert answer["Content-Type"] == "text/plain"
