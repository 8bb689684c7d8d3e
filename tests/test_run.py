"""`manage.py run`, the heart of `make run`: from a fresh copy to a page one can sign in to."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import psycopg
import pytest
import requests

from conversations_ui.accounts import keys
from conversations_ui.sandbox import Sandbox
from tests.conftest import bare_environment

LIMIT_SECONDS = 120


@dataclass
class Running:
    """A started `run`, and what it printed until it was ready."""

    process: subprocess.Popen[str]
    port: int
    printed: str

    def password(self, username: str) -> str:
        """Find a person's password in what was printed."""
        found = re.search(rf"as {username} with the (?:one-time )?password (\S+)", self.printed)
        assert found, self.printed
        return found[1]

    def sign_in(self, username: str, session: requests.Session | None = None) -> requests.Response:
        """Sign in as a browser does, and follow to where that leads."""
        session, address = session or requests.Session(), f"http://127.0.0.1:{self.port}/login/"
        form = session.get(address, timeout=30).text
        csrf = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
        assert csrf, form
        fields = {
            "csrfmiddlewaretoken": csrf[1],
            "username": username,
            "password": self.password(username),
        }
        return session.post(address, fields, timeout=30)

    def end(self, number: int) -> int:
        """Send a signal, read the last words, and give back the exit code."""
        self.process.send_signal(number)
        self.printed += self.process.communicate(timeout=LIMIT_SECONDS)[0]
        return self.process.returncode


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def command(port: int, *arguments: str) -> list[str]:
    return [sys.executable, "manage.py", "run", "--port", str(port), *arguments]


@pytest.fixture
def project(clone: Path) -> Path:
    """A copy with its key file, as `make run` makes it first."""
    keys.ensure(clone / ".local" / "keys.env")
    return clone


@contextmanager
def running(project: Path, *arguments: str, **environment: str) -> Iterator[Running]:
    """Start `run` in a process group of its own, and wait for its last line."""
    port = free_port()
    process = subprocess.Popen(
        command(port, *arguments),
        cwd=project,
        env=bare_environment(**environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    guard = threading.Timer(LIMIT_SECONDS, os.killpg, (process.pid, signal.SIGKILL))
    guard.start()
    try:
        yield Running(process, port, until_ready(process))
    finally:
        guard.cancel()
        if group_lives(process.pid):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def until_ready(process: subprocess.Popen[str]) -> str:
    """Read what is printed up to the last line of the announcement."""
    assert process.stdout
    printed = ""
    for line in process.stdout:
        printed += line
        if line.startswith("Stop with Ctrl-C"):
            return printed
    raise AssertionError(printed)


def group_lives(group: int) -> bool:
    """Say whether any process of a group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def fail(project: Path, port: int, *arguments: str, **environment: str) -> str:
    """Run to a failure, and give back what was said on standard error."""
    done = subprocess.run(
        command(port, *arguments),
        cwd=project,
        env=bare_environment(**environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_SECONDS,
    )
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    return done.stderr


def test_sample_conversations_are_read_with_the_printed_password(project: Path) -> None:
    with running(project) as site:
        assert f"Open http://127.0.0.1:{site.port}/\n" in site.printed
        page = site.sign_in("reader")
        assert page.status_code == 200
        assert "data-conversation-id" in page.text or "/inbox/" in page.text
        assert site.sign_in("admin").status_code == 200
        first = site.password("reader")
        assert site.end(signal.SIGINT) == 0
        assert not group_lives(site.process.pid)
    assert not (project / "db.sqlite3").exists()
    with running(project) as again:
        assert again.password("reader") == first
        assert again.end(signal.SIGTERM) == 0
        assert not group_lives(again.process.pid)


def test_sub_accounts_are_connected_by_letting_the_app_in_and_no_secrets_are_logged(
    project: Path,
) -> None:
    with running(project) as site:
        session, address = requests.Session(), f"http://127.0.0.1:{site.port}/"
        site.sign_in("admin", session)
        listed = f"{address}admin/accounts/subaccount/"
        choice = session.get(f"{listed}connect/", timeout=30)
        assert "Which sub-account may the app read?" in choice.text
        back = re.search(rf'href="({re.escape(listed)}callback/[^"]+code=[^"]+)"', choice.text)
        assert back, choice.text
        assert "is connected." in session.get(unescape(back[1]), timeout=30).text
        requests.get(f"{address}open/?q=sesame", timeout=30)
        requests.get(f"{address}no%0AGET%20/such/page", timeout=30)
        assert site.end(signal.SIGTERM) == 0
    assert re.search(r"^GET /open/ 302 \d+$", site.printed, re.MULTILINE)
    assert re.search(r"^GET /no%0AGET%20/such/page 404 \d+$", site.printed, re.MULTILINE)
    assert "sesame" not in site.printed
    assert "code=" not in site.printed


def test_ones_own_sub_account_is_connected_and_someone_can_sign_in(
    project: Path, sandbox: Sandbox
) -> None:
    own = {
        "HIGHLEVEL_API_URL": sandbox.url,
        "HIGHLEVEL_TOKEN": sandbox.token,
        "HIGHLEVEL_LOCATION_ID": sandbox.locations[0],
    }
    with running(project, **own) as site:
        assert "Connected" in site.printed
        assert sandbox.token not in site.printed
        assert site.sign_in("admin").url.endswith("/password/")
        assert site.end(signal.SIGTERM) == 0
    with running(project, **own) as again:
        assert "Updated" in again.printed
        assert "password" not in again.printed
        assert again.end(signal.SIGTERM) == 0


def test_it_runs_on_postgresql_and_redis(project: Path, postgres_url: str, redis_url: str) -> None:
    name = f"conversations_test_{os.getpid()}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            url = postgres_url.rpartition("/")[0] + f"/{name}"
            with running(project, DATABASE_URL=url, CACHE_URL=redis_url) as site:
                assert site.sign_in("reader").status_code == 200
                assert site.end(signal.SIGTERM) == 0
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    assert not (project / ".local" / "sandbox.sqlite3").exists()


def test_a_refused_token_stops_the_start_with_the_reason(project: Path, sandbox: Sandbox) -> None:
    said = fail(
        project,
        free_port(),
        HIGHLEVEL_API_URL=sandbox.url,
        HIGHLEVEL_TOKEN="pit-wrong",
        HIGHLEVEL_LOCATION_ID=sandbox.locations[0],
    )
    assert "does not accept this token" in said
    assert "pit-wrong" not in said


@pytest.mark.parametrize(
    ("given", "missing"),
    [("HIGHLEVEL_TOKEN", "HIGHLEVEL_LOCATION_ID"), ("HIGHLEVEL_LOCATION_ID", "HIGHLEVEL_TOKEN")],
)
def test_half_a_configuration_is_a_mistake(project: Path, given: str, missing: str) -> None:
    said = fail(project, free_port(), **{given: "value1"})
    assert f"{given} is set and {missing} is not" in said


def test_a_taken_port_is_found_before_anything_starts(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"Port {port} cannot be had" in fail(project, port)
    assert not (project / ".local" / "sandbox.sqlite3").exists()
    assert not (project / ".local" / "static").exists()


def test_a_wrong_setting_is_a_sentence_and_no_traceback(project: Path) -> None:
    assert fail(project, free_port(), PAGE_SIZE="many").startswith("Configuration: PAGE_SIZE")
