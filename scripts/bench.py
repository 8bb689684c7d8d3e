"""How much each page costs: time against an empty signed-in page, and calls to the API.

The API's answers are recorded from the sandbox once and then replayed at once by another process,
so what is measured is this product and its HTTP client. `make bench` runs it.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit
from urllib.request import Request, urlopen

import django
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path

if TYPE_CHECKING:
    from django.test import Client

    from conversations_ui.sandbox import Sandbox

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

ROUNDS = 120
WARM_UP = 15
SIZES = (20, 50, 100)


@dataclass(frozen=True, slots=True)
class View:
    """One page to measure."""

    name: str
    address: str
    page_size: int = 50
    target: str = ""  # the id an htmx request aims at; empty for a whole page

    @property
    def headers(self) -> dict[str, str]:
        """What the browser sends."""
        fragment = {"HX-Request": "true", "HX-Target": self.target} if self.target else {}
        return {"Accept-Encoding": "gzip", **fragment}


def empty(request: HttpRequest) -> HttpResponse:
    """A signed-in page with nothing on it: what every page pays."""
    return render(request, "base.html", {"user": request.user.get_username()})


def urls() -> list[object]:
    """The product's routes and the empty page."""
    return [path("empty/", empty), path("", include("conversations_ui.urls"))]


def key_of(target: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """A request's path and query, whatever the order of the latter."""
    parts = urlsplit(target)
    return parts.path, tuple(sorted(parse_qsl(parts.query)))


class Replay(BaseHTTPRequestHandler):
    """Answers what was recorded."""

    protocol_version = "HTTP/1.1"
    recorded: dict[object, bytes] = {}

    def do_GET(self) -> None:
        """The recorded body; 404 for what nobody asked for while recording."""
        body = self.recorded.get(key_of(self.path), b"")
        head = f"HTTP/1.1 {200 if body else 404} -\r\nContent-Length: {len(body)}\r\n\r\n"
        self.wfile.write(head.encode() + body)

    def log_message(self, *_args: object) -> None:
        """Stay quiet."""


def replay(recorded: dict[object, bytes], pipe: Connection) -> None:
    """Serve the recorded answers until the parent ends this process."""
    Replay.recorded = recorded
    server = ThreadingHTTPServer(("127.0.0.1", 0), Replay)
    server.daemon_threads = True
    pipe.send(server.server_port)
    server.serve_forever()


@contextmanager
def replaying(recorded: dict[object, bytes]) -> Iterator[str]:
    """The recorded answers, served by a process of their own."""
    processes = get_context("spawn")
    here, there = processes.Pipe()
    server = processes.Process(target=replay, args=(recorded, there), daemon=True)
    server.start()
    try:
        yield f"http://127.0.0.1:{here.recv()}"
    finally:
        server.terminate()
        server.join()


def record(
    sandbox: Sandbox, client: Client, views: list[View]
) -> tuple[dict[object, bytes], dict[str, int]]:
    """The API's answers to every view, and how many calls each takes."""
    from django.test import override_settings

    recorded: dict[object, bytes] = {}
    calls: dict[str, int] = {}
    for view in views:
        sandbox.clear()
        with override_settings(PAGE_SIZE=view.page_size):
            assert client.get(view.address, headers=view.headers).status_code == 200  # noqa: S101
        seen = list(sandbox.requests)
        calls[view.name] = len(seen)
        for request in seen:
            query = "&".join(f"{name}={value}" for name, value in request.query.items())
            target = f"{request.path}?{query}" if query else request.path
            asked = Request(  # noqa: S310 - the sandbox's own address
                sandbox.url + target,
                headers={"Authorization": f"Bearer {sandbox.token}", "Version": request.version},
            )
            with urlopen(asked) as answer:  # noqa: S310
                recorded[key_of(target)] = answer.read()
    return recorded, calls


def measure(client: Client, views: list[View]) -> dict[str, tuple[float, int]]:
    """Median milliseconds and compressed bytes of each view; the views take turns."""
    from django.test import override_settings

    times: dict[str, list[float]] = {view.name: [] for view in views}
    sizes: dict[str, int] = {}
    for turn in range(WARM_UP + ROUNDS):
        for view in views:
            with override_settings(PAGE_SIZE=view.page_size):
                start = time.perf_counter()
                response = client.get(view.address, headers=view.headers)
                taken = time.perf_counter() - start
            assert response.status_code == 200  # noqa: S101
            sizes[view.name] = len(response.content)
            if turn >= WARM_UP:
                times[view.name].append(taken * 1000)
    return {name: (statistics.median(values), sizes[name]) for name, values in times.items()}


def main() -> None:
    """Record, replay, measure, print."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "ALLOWED_HOSTS": "testserver",
            "DATABASE_URL": f"sqlite:///{Path(folder) / 'bench.sqlite3'}",
            "DJANGO_SETTINGS_MODULE": "conversations_ui.settings",
            "HTTPS_ONLY": "off",
        }
        django.setup()
        from django.core.management import call_command
        from django.test import Client, override_settings

        from conversations_ui.accounts.models import SubAccount, User
        from conversations_ui.sandbox import Sandbox

        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        user = User.objects.create_superuser("bench")
        client = Client()
        client.force_login(user)
        logging_off()
        with Sandbox(rate_limit=None) as sandbox, override_settings(ROOT_URLCONF=tuple(urls())):
            account = SubAccount(location_id=sandbox.locations[0], name="Bench", time_zone="UTC")
            account.set_token(sandbox.token)
            account.save()
            inbox = f"/inbox/{account.location_id}/"
            thread = f"{inbox}{sandbox.world.long_conversation_id}/"
            with override_settings(HIGHLEVEL_API_URL=sandbox.url):
                older = oldest_on(client, thread)
                views = [
                    View("empty page", "/empty/"),
                    *(View(f"thread, {size} messages", thread, size) for size in SIZES),
                    View("load older, 50 messages", older, target="older"),
                    View("filter, 50 messages", f"{thread}?type=TYPE_SMS", target="messages"),
                    View("inbox, 25 rows", inbox),
                ]
                recorded, calls = record(sandbox, client, views)
            with replaying(recorded) as url, override_settings(HIGHLEVEL_API_URL=url):
                show(measure(client, views), calls)


def logging_off() -> None:
    """A line for each upstream call would be measured too."""
    import logging

    logging.disable(logging.INFO)


def oldest_on(client: Client, thread: str) -> str:
    """The address behind "load older" on the thread's newest page."""
    page = client.get(thread).content.decode()
    return thread + page.split("data-load-older", 1)[1].split(f'href="{thread}', 1)[1].split('"')[0]


def show(results: dict[str, tuple[float, int]], calls: dict[str, int]) -> None:
    """The table of docs/benchmarks.md."""
    floor = results["empty page"][0]
    print("| view | median | against the empty page | upstream calls | compressed |")
    print("|---|---|---|---|---|")
    for name, (median, size) in results.items():
        print(
            f"| {name} | {median:.1f} ms | {median / floor:.1f} | {calls[name]} "
            f"| {size / 1024:.1f} kB |"
        )


if __name__ == "__main__":
    main()
