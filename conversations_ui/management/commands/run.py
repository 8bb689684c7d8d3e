"""Everything `make run` starts: the sandbox where no token is given, and the site."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from conversations_ui.accounts import people
from conversations_ui.sandbox import Sandbox

HOST = "127.0.0.1"
START_SECONDS = 60
STOP_SECONDS = 15


class Command(BaseCommand):
    help = (
        "Serves the site on this machine: with HIGHLEVEL_TOKEN and HIGHLEVEL_LOCATION_ID your own "
        "sub-account, without them sample conversations. Stop it with Ctrl-C."
    )
    # The children check; this process only watches over them.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--chaos", action="store_true", help="let the sample API be slow and fail now and then"
        )

    def handle(self, *, port: int, chaos: bool, **options: Any) -> None:
        own = own_sub_account()
        if own and chaos:
            raise CommandError("--chaos is for the sample conversations: unset HIGHLEVEL_TOKEN.")
        check_port(port)
        with stopping_cleanly(), ExitStack() as parts:
            environment = serving_environment()
            arguments: list[str] = []
            if not own:
                sandbox = parts.enter_context(Sandbox(chaos=chaos))
                environment |= sandbox_environment(sandbox)
                arguments = ["--sample", *sandbox.locations]
            prepare(environment, arguments)
            server = parts.enter_context(serving(port, environment))
            wait_until_up(server, port)
            self.tell(port, sample=not own)
            server.wait()
            raise CommandError("The server has stopped by itself; its last words stand above.")

    def tell(self, port: int, *, sample: bool) -> None:
        """Say where the site is and, with sample data, who may sign in."""
        self.stdout.write(f"\nOpen http://{HOST}:{port}/")
        if sample:
            reader, administrator = people.READER, people.ADMINISTRATOR
            self.stdout.write(
                f"Sign in as {reader} with the password {people.sample_password(reader)}\n"
                f"or as {administrator} with the password {people.sample_password(administrator)}\n"
                "These are sample conversations; set HIGHLEVEL_TOKEN and HIGHLEVEL_LOCATION_ID "
                "to read your own."
            )
        self.stdout.write("Stop with Ctrl-C.")
        self.stdout.flush()


def own_sub_account() -> bool:
    """Say whether a sub-account of one's own is configured; half of it is a mistake."""
    names = ("HIGHLEVEL_TOKEN", "HIGHLEVEL_LOCATION_ID")
    given = [name for name in names if getattr(settings, name)]
    if len(given) == 1:
        missing = next(name for name in names if name not in given)
        raise CommandError(
            f"{given[0]} is set and {missing} is not: set both to read your own sub-account, "
            "or neither for sample conversations."
        )
    return bool(given)


def check_port(port: int) -> None:
    """Refuse a taken port before anything is started."""
    with socket.socket() as probe:
        # As the server will: a port whose last connections are only winding down is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as fault:
            raise CommandError(
                f"Port {port} cannot be had ({fault}). Stop what uses it, or choose another: "
                f'make run ARGS="--port {port + 1}"'
            ) from None


@contextmanager
def stopping_cleanly() -> Iterator[None]:
    """Let Ctrl-C, a polite kill and a closed terminal end the block without a traceback."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        sys.stdout.write("\nStopped.\n")


def serving_environment() -> dict[str, str]:
    """Build what the children see: plain http, answered on the loopback address."""
    hosts = dict.fromkeys([*settings.ALLOWED_HOSTS, HOST, "localhost"])
    return {**os.environ, "HTTPS_ONLY": "off", "ALLOWED_HOSTS": ",".join(hosts)}


def sandbox_environment(sandbox: Sandbox) -> dict[str, str]:
    """Point the children to the sandbox, with a database apart from real data."""
    changes = {
        "HIGHLEVEL_API_URL": sandbox.url,
        "HIGHLEVEL_TOKEN": sandbox.token,
        "HIGHLEVEL_AUTHORIZE_URL": sandbox.authorize_url,
        "HIGHLEVEL_CLIENT_ID": sandbox.app.client_id,
        "HIGHLEVEL_CLIENT_SECRET": sandbox.app.client_secret,
    }
    if not settings.SECOND_FACTOR_IS_CHOSEN:
        changes["REQUIRE_SECOND_FACTOR"] = "none"
    if not settings.DATABASE_IS_CHOSEN:
        changes["DATABASE_URL"] = settings.SANDBOX_DATABASE_URL
    return changes


def prepare(environment: dict[str, str], arguments: list[str]) -> None:
    """Run `manage.py prepare`; what it has to say, it says itself."""
    command = [sys.executable, "manage.py", "prepare", *arguments]
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=environment, check=False)  # noqa: S603
    if done.returncode:
        sys.exit(done.returncode)


@contextmanager
def serving(port: int, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run the application server as a child, and end it with the block."""
    command = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py"]
    command += ["--bind", f"{HOST}:{port}", "--log-level", "warning", "conversations_ui.wsgi"]
    server = subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment)  # noqa: S603
    try:
        yield server
    finally:
        stop(server)


def stop(server: subprocess.Popen[bytes]) -> None:
    """End a child politely, then for sure."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # An impatient second Ctrl-C must not leave the child behind.
        signal.signal(number, signal.SIG_IGN)
    server.terminate()
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def wait_until_up(server: subprocess.Popen[bytes], port: int) -> None:
    """Wait for the site to answer."""
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        if is_up(port):
            return
        time.sleep(0.1)
    raise CommandError("The server did not start; the reason stands above.")


def is_up(port: int) -> bool:
    """Ask the site whether it is alive."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
