"""What the tests share: the sandbox, people, a copy of the project, the browser."""

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.cache import caches
from django.db import connections
from django.test import Client, override_settings
from pytest_django import Settings

from conversations_ui.accounts import connecting, tokens
from conversations_ui.accounts.access import unattended
from conversations_ui.accounts.models import SubAccount, User
from conversations_ui.highlevel import retries
from conversations_ui.sandbox import Sandbox
from conversations_ui.sandbox.oauth import App, Permission
from conversations_ui.services import upstream
from tests import CONFIGURATION
from tests.people import granted

LONG = {"test_chaos.py", "test_run.py", "test_tokens.py", "test_walk.py"}
ROOT = Path(__file__).resolve().parent.parent
# Others' lists of hostile markup, which are not ours to keep here.
PAYLOADS = Path(os.environ.get("TEST_PAYLOADS", ROOT.parent / "shared" / "payloads"))
SERVERS = {
    "PostgreSQL": os.environ.get(
        "TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres"
    ),
    "Redis": os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/15"),
}


def answers(url: str) -> bool:
    """Say whether anything listens at an address."""
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 0), timeout=2).close()
    except OSError:
        return False
    return True


def pytest_report_header() -> list[str]:
    """Say what is left out, and why."""
    silent = [name for name, url in SERVERS.items() if not answers(url)]
    missing = [] if any(PAYLOADS.glob("*.json")) else [f"left out: no lists in {PAYLOADS}"]
    return [f"left out: {name}, nothing answers" for name in silent] + missing


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put browser tests last: Playwright's event loop, once running, is in the way of others.

    Where several processes share the files, the longest come first: else one waits for the other.
    """
    items.sort(key=lambda item: "page" in getattr(item, "fixturenames", ()))
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: item.path.name not in LONG)


def address_of(name: str) -> str:
    """Give the address of a server, or skip the test where there is none."""
    if not answers(SERVERS[name]):
        pytest.skip(f"{name}: nothing answers at its address")
    return SERVERS[name]


@pytest.fixture(scope="session")
def postgres_url() -> str:
    return address_of("PostgreSQL")


@pytest.fixture(scope="session")
def redis_url() -> str:
    return address_of("Redis")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the database in a file, as the product does: threads that write wait for each other.

    In memory all threads of the live server would share one connection, and its transactions.
    """
    place = tmp_path_factory.mktemp("database") / "test.sqlite3"
    connections["default"].settings_dict["TEST"]["NAME"] = str(place)


@pytest.fixture(scope="session", autouse=True)
def quick_settings() -> Iterator[None]:
    """Static files from their sources, and passwords hashed in no time."""
    storages = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    hashers = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    quick = {"STORAGES": storages, "PASSWORD_HASHERS": hashers}
    # Nothing is asked of the API but what a test asks for.
    with override_settings(**quick, PREFETCH_OLDER=False, LIVE_SECONDS=0, REQUEST_RATES=0):
        yield


@pytest.fixture(autouse=True)
def nothing_known_of_the_api(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start as a process does that has asked for nothing yet, and ask again without long pauses."""
    caches["upstream"].clear()
    caches["attempts"].clear()
    monkeypatch.setattr(upstream, "_retries", retries.Allowance())
    monkeypatch.setattr(upstream, "_worked", {})
    monkeypatch.setattr(retries, "BASE", 0.01)


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    """The API of sample data, with the product pointed at it."""
    with Sandbox(rate_limit=None) as running, override_settings(HIGHLEVEL_API_URL=running.url):
        yield running


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Iterator[Sandbox]:
    """The running sandbox, as if it had just been started."""
    yield running_sandbox
    running_sandbox.restore()
    running_sandbox.unscript()
    running_sandbox.clear()


@pytest.fixture
def sub_account(db: None, sandbox: Sandbox) -> SubAccount:
    """The main sample sub-account, connected."""
    account = SubAccount(location_id=sandbox.locations[0], name="Sample", time_zone="UTC")
    account.set_token(sandbox.token)
    account.save()
    return unattended(account)


@pytest.fixture
def app(sandbox: Sandbox, settings: Settings) -> App:
    """The sandbox's marketplace app, with the product configured for it."""
    caches["default"].clear()
    settings.HIGHLEVEL_CLIENT_ID = sandbox.app.client_id
    settings.HIGHLEVEL_CLIENT_SECRET = sandbox.app.client_secret
    settings.HIGHLEVEL_AUTHORIZE_URL = sandbox.authorize_url
    return sandbox.app


@pytest.fixture
def authorised(db: None, app: App, sandbox: Sandbox) -> SubAccount:
    """The main sample sub-account, connected by letting the app in."""
    code = app.new_code(Permission(sandbox.locations[0]))
    issued = tokens.app().exchange(code, redirect_uri="", verifier="")
    account = connecting.authorise(sandbox.locations[0], issued).sub_account
    sandbox.clear()
    return unattended(account)


@pytest.fixture
def reader(sub_account: SubAccount) -> User:
    """Someone who may read the sub-account, and nothing else."""
    user = User.objects.create_user("reader", password="a-password-for-tests")
    granted(user, sub_account)
    return user


@pytest.fixture
def administrator(db: None) -> User:
    return User.objects.create_superuser("admin", password="a-password-for-tests")


@pytest.fixture
def reader_client(reader: User) -> Client:
    return signed_in(reader)


@pytest.fixture
def administrator_client(administrator: User) -> Client:
    return signed_in(administrator)


def signed_in(user: User) -> Client:
    """Make a client with a session."""
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A copy of the project's files, without anything local."""
    copy = tmp_path / "clone with a space"
    ignored = shutil.ignore_patterns("__pycache__")
    for folder in ("conversations_ui", "deploy", "static", "templates"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=ignored)
    shutil.copy(ROOT / "manage.py", copy)
    return copy


def bare_environment(**changes: str) -> dict[str, str]:
    """The environment of a process that knows nothing of the tests' configuration."""
    ours = {*CONFIGURATION, "DJANGO_ALLOW_ASYNC_UNSAFE"}
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return kept | changes


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Drive the Chromium that scripts/browser.py found; without one, Playwright's own."""
    arguments = [
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-gpu",
        "--disable-quic",
        "--disable-sync",
        "--no-first-run",
    ]
    if os.geteuid() == 0:
        # Chromium refuses to start its sandbox for root.
        arguments.append("--no-sandbox")
    chosen = {"executable_path": path} if (path := os.environ.get("CHROMIUM")) else {}
    return {**browser_type_launch_args, **chosen, "args": arguments}
