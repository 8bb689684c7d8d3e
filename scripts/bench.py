"""How much each page costs: time against an empty signed-in page, and calls to the API.

The API's answers are recorded from the sandbox once and then replayed at once by another process,
so what is measured is this product and its HTTP client. Then staff with open pages are simulated.
`make bench` runs both; it ends with status 1 when the staff need more than half the allowance.
"""

from __future__ import annotations

import argparse
import logging
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

import django
import time_machine
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.replay import key_of, replaying  # noqa: E402 - found by the line above

if TYPE_CHECKING:
    from django.test import Client

    from conversations_ui.sandbox import Sandbox

ROUNDS = 120
WARM_UP = 15
SIZES = (20, 50, 100)
NOTHING_KEPT = {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}


@dataclass(frozen=True, slots=True)
class View:
    """One page to measure."""

    name: str
    address: str
    page_size: int = 50
    target: str = ""  # the id an htmx request aims at; empty for a whole page
    status: int = 200

    @property
    def headers(self) -> dict[str, str]:
        """What the browser sends."""
        fragment = {"HX-Request": "true", "HX-Target": self.target} if self.target else {}
        return {"Accept-Encoding": "gzip", **fragment}

    def ask(self, client: Client) -> int:
        """How many bytes come; the answer is the one expected."""
        from django.test import override_settings

        with override_settings(PAGE_SIZE=self.page_size):
            answer = client.get(self.address, headers=self.headers)
        if answer.status_code != self.status:
            raise RuntimeError(f"{self.name}: {answer.status_code}")
        return len(answer.content)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a view costs: median milliseconds, compressed bytes, calls to the API."""

    median: float
    size: int
    calls: int


def empty(request: HttpRequest) -> HttpResponse:
    """A signed-in page with nothing on it: what every page pays."""
    return render(request, "base.html", {"user": request.user.get_username()})


def urls() -> list[object]:
    """The product's routes and the empty page."""
    return [path("empty/", empty), path("", include("conversations_ui.urls"))]


def record(
    sandbox: Sandbox, client: Client, views: Iterable[View], recorded: dict[object, bytes]
) -> dict[str, int]:
    """How many calls each view takes; the API's answers to them are added to `recorded`."""
    calls: dict[str, int] = {}
    for view in views:
        sandbox.clear()
        view.ask(client)
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
    return calls


def measure(client: Client, views: list[View], calls: dict[str, int]) -> dict[str, Cost]:
    """What each view costs; the views take turns."""
    times: dict[str, list[float]] = {view.name: [] for view in views}
    sizes: dict[str, int] = {}
    for turn in range(WARM_UP + ROUNDS):
        for view in views:
            start = time.perf_counter()
            sizes[view.name] = view.ask(client)
            taken = time.perf_counter() - start
            if turn >= WARM_UP:
                times[view.name].append(taken * 1000)
    return {
        name: Cost(statistics.median(taken), sizes[name], calls[name])
        for name, taken in times.items()
    }


def views_of(sandbox: Sandbox, client: Client) -> tuple[list[View], list[View]]:
    """Pages that ask the API, and pages and polls that are answered from what is kept."""
    from scripts.staff import polls_of

    inbox = f"/inbox/{sandbox.locations[0]}/"
    thread = f"{inbox}{sandbox.world.long_conversation_id}/"
    page = client.get(thread).content.decode()
    oldest = page.split("data-load-older", 1)[1].split(f'href="{thread}', 1)[1].split('"')[0]
    polls = polls_of(page) | polls_of(client.get(inbox).content.decode())
    start = View("empty page", "/empty/")
    pages = [
        *(View(f"thread, {size} messages", thread, size) for size in SIZES),
        View("load older, 50 messages", thread + oldest, target="older"),
        View("filter, 50 messages", f"{thread}?type=TYPE_SMS", target="messages"),
        View("inbox, 25 rows", inbox),
    ]
    kept = [View(f"{v.name}, kept", v.address, v.page_size, v.target) for v in pages]
    nothing_new = [
        View("poll of a thread, nothing new", polls["live-thread"], 50, "live-thread", 204),
        View("poll of the inbox, nothing new", polls["live-inbox"], 50, "live-inbox", 204),
    ]
    return [start, *pages], [start, *kept, *nothing_new]


def measure_views(client: Client) -> None:
    """Record, replay, measure, print; first with nothing kept, then with all that can be."""
    from django.conf import settings
    from django.test import override_settings

    from conversations_ui.accounts.models import SubAccount
    from conversations_ui.sandbox import Sandbox

    uncached = override_settings(CACHES=settings.CACHES | {"upstream": NOTHING_KEPT})
    # What is kept stays new while the clock stands still; the first poll makes all of it old.
    now = time.time()
    before, standing_still = (time_machine.travel(at, tick=False) for at in (now, now + 1))
    recorded: dict[object, bytes] = {}
    with (
        Sandbox(rate_limit=None) as sandbox,
        override_settings(
            ROOT_URLCONF=tuple(urls()), PREFETCH_OLDER=False, LIVE_SECONDS=5.0, REQUEST_RATES=100
        ),
    ):
        account = SubAccount(location_id=sandbox.locations[0], name="Bench", time_zone="UTC")
        account.set_token(sandbox.token)
        account.save()
        with override_settings(HIGHLEVEL_API_URL=sandbox.url):
            asking, kept = views_of(sandbox, client)
            with uncached:
                calls = record(sandbox, client, asking, recorded)
            with before:
                record(sandbox, client, kept, recorded)
            with standing_still:
                record(sandbox, client, kept, recorded)
                calls |= record(sandbox, client, kept, recorded)
        with replaying(recorded) as url, override_settings(HIGHLEVEL_API_URL=url):
            show_head()
            with uncached:
                show(measure(client, asking, calls))
            with standing_still:
                show(measure(client, kept, calls))


def show_head() -> None:
    """The head of the first table of docs/benchmarks.md."""
    print("| view | median | against the empty page | upstream calls | compressed |")
    print("|---|---|---|---|---|")


def show(results: dict[str, Cost]) -> None:
    """Its rows."""
    floor = results["empty page"].median
    for name, cost in results.items():
        print(
            f"| {name} | {cost.median:.1f} ms | {cost.median / floor:.1f} | {cost.calls} "
            f"| {cost.size / 1024:.1f} kB |"
        )


def measure_staff(minutes: float) -> bool:
    """Simulate, print; whether half of the allowance was enough."""
    from scripts.staff import Plan, simulate

    seconds = minutes * 60
    plans = {
        "one list for all": Plan(seconds=seconds),
        "webhooks": Plan(seconds=seconds, webhooks=True),
    }
    print("\n| changes come by | peak in 10 s | in a day of 8 hours | polls | of them 204 | |")
    print("|---|---|---|---|---|---|")
    held = True
    for name, plan in plans.items():
        outcome = simulate(plan)
        held &= outcome.held
        verdict = "held" if outcome.held else "not held"
        print(
            f"| {name} | {outcome.peak} | {outcome.a_day:,} | {outcome.quiet + outcome.news:,} "
            f"| {outcome.quiet:,} | {verdict} |",
            flush=True,
        )
    return held


def main() -> int:
    """Make a database of its own, then measure what is asked for."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("parts", nargs="*", help="views, staff; both if none is named")
    asked.add_argument("--minutes", type=float, default=10.0, help="how long the staff stay")
    given = asked.parse_args()
    parts = given.parts or ["views", "staff"]
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "ALLOWED_HOSTS": "testserver",
            "CACHE_URL": "",
            "DATABASE_URL": f"sqlite:///{Path(folder) / 'bench.sqlite3'}",
            "DJANGO_SETTINGS_MODULE": "conversations_ui.settings",
            "HTTPS_ONLY": "off",
        }
        django.setup()
        from django.core.management import call_command
        from django.test import Client

        from conversations_ui.accounts.models import User

        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        logging.disable(logging.INFO)  # a line for each upstream call would be measured too
        client = Client()
        client.force_login(User.objects.create_superuser("bench"))
        if "views" in parts:
            measure_views(client)
        return 0 if "staff" not in parts or measure_staff(given.minutes) else 1


if __name__ == "__main__":
    sys.exit(main())
