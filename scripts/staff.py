"""Staff with open pages, in virtual time: how much of HighLevel's allowance their pages take.

Everybody has a thread and the inbox open; the pages ask through the real views, as their script
does, while messages arrive. What reaches the API is counted where it arrives.
"""

from __future__ import annotations

import heapq
import html
import itertools
import random
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import time_machine
from django.conf import settings
from django.core.cache import caches
from django.test import Client, override_settings

from conversations_ui.accounts.models import SubAccount, User
from conversations_ui.sandbox import Sandbox
from conversations_ui.sandbox.gate import Limits
from conversations_ui.services import changes, upstream

INTERVAL = 10.0  # seconds HighLevel's burst limit is about
CALL = 0.1  # virtual seconds that HighLevel takes to answer
BURST, DAILY = 100, 200_000  # what it allows; half of that is to be enough
WORKING_DAY = 28_800.0  # seconds
HTMX = {"HX-Request": "true"}
POLL = re.compile(r'\bid="(live-thread|live-inbox)"[^>]*\bhx-get="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Plan:
    """Who is there for how long, in virtual seconds, and what happens meanwhile.

    People come one after the other within `coming`; then it is measured for `seconds`. Messages
    arrive over all threads by Zipf's law.
    """

    staff: int = 100
    seconds: float = 600.0
    coming: float = 120.0
    messages_a_day: int = 6000
    webhooks: bool = False
    seed: int = 7

    @property
    def ends(self) -> float:
        """When it is over."""
        return self.coming + self.seconds


@dataclass(slots=True)
class Outcome:
    """When calls reached the API, by virtual time, and how the polls were answered."""

    plan: Plan
    calls: list[float] = field(default_factory=list)
    messages: int = 0
    quiet: int = 0  # polls answered with nothing new
    news: int = 0
    failed: int = 0

    @property
    def measured(self) -> int:
        """Calls after everybody had come."""
        return sum(at >= self.plan.coming for at in self.calls)

    @property
    def a_day(self) -> int:
        """What this makes in a working day."""
        return round(self.measured / self.plan.seconds * WORKING_DAY)

    @property
    def peak(self) -> int:
        """The most calls in any ten seconds, the coming included."""
        first, most = 0, 0
        for last, at in enumerate(self.calls):
            while at - self.calls[first] >= INTERVAL:
                first += 1
            most = max(most, last - first + 1)
        return most

    @property
    def held(self) -> bool:
        """Whether half of the allowance was enough, and nothing failed."""
        return self.peak <= BURST / 2 and self.a_day <= DAILY / 2 and not self.failed


@dataclass(slots=True)
class _Desk:
    """One of the staff: a browser, and where its open pages ask."""

    client: Client
    polls: dict[str, str] = field(default_factory=dict)


class Office:
    """Everybody, and the clock they share."""

    def __init__(self, plan: Plan, account: SubAccount, user: User, sandbox: Sandbox) -> None:
        self.plan, self.account, self.sandbox = plan, account, sandbox
        sandbox.limits = Limits(BURST, DAILY, self._time_of_a_call)
        self.outcome = Outcome(plan)
        self._passing: Callable[[], None] = lambda: None
        self._dice = random.Random(plan.seed)  # noqa: S311 - no secret
        world = sandbox.world
        self._threads = [
            ident
            for ident, raw in world.conversations.items()
            if raw["locationId"] == account.location_id and ident not in world.hidden
        ]
        self._dice.shuffle(self._threads)
        self._weights = [1 / place**0.8 for place in range(1, len(self._threads) + 1)]
        self._open = self._dice.sample(self._threads, plan.staff)
        self._desks = [_Desk(Client()) for _each in range(plan.staff)]
        self._desks[0].client.force_login(user)
        for desk in self._desks[1:]:
            desk.client.cookies.update(self._desks[0].client.cookies)

    def _time_of_a_call(self) -> float:
        """What the sandbox counts by; an answer takes its time."""
        self._passing()
        return time.time()

    def run(self) -> Outcome:
        """Let it all happen, in the order of virtual time."""
        began = time.time()
        with time_machine.travel(began, tick=False) as clock:
            self._passing = lambda: clock.shift(CALL)
            if self.plan.webhooks:
                changes.heard(self.account.location_id)
            for at, what, number in self._events():
                clock.move_to(max(began + at, time.time()))
                self._happen(what, number)
                self.outcome.calls += [at] * len(self.sandbox.requests)
                self.sandbox.clear()
        return self.outcome

    def _events(self) -> Iterator[tuple[float, str, int]]:
        """All that happens: (virtual second, what, who)."""
        return heapq.merge(
            self._arrivals(), *(self._day_of(number) for number in range(self.plan.staff))
        )

    def _day_of(self, number: int) -> Iterator[tuple[float, str, int]]:
        plan = self.plan
        comes = plan.coming * number / plan.staff
        yield comes, "open", number
        for turn in itertools.count(1):
            at = comes + turn * settings.LIVE_SECONDS
            if at >= plan.ends:
                return
            yield at, "poll", number

    def _arrivals(self) -> Iterator[tuple[float, str, int]]:
        rate = self.plan.messages_a_day / WORKING_DAY
        at = 0.0
        while rate and (at := at + self._dice.expovariate(rate)) < self.plan.ends:
            yield at, "message", 0

    def _happen(self, what: str, number: int) -> None:
        desk = self._desks[number]
        if what == "message":
            self._message()
        elif what == "poll":
            for ident in tuple(desk.polls):
                self._poll(desk, ident)
        else:
            self._read(desk, self._open[number])

    def _message(self) -> None:
        (where,) = self._dice.choices(self._threads, self._weights)
        self.outcome.messages += 1
        self.sandbox.receive(where, f"Message {self.outcome.messages}")
        if self.plan.webhooks:
            # As the receiver does for a webhook of ours.
            changes.heard(self.account.location_id)
            changes.touched(self.account.location_id, where)

    def _read(self, desk: _Desk, thread: str) -> None:
        """Open a thread; its page asks for the inbox beside it."""
        inbox = f"/inbox/{self.account.location_id}/"
        beside = HTMX | {"HX-Target": "inbox"}
        for path, headers in ((f"{inbox}{thread}/", {}), (inbox, beside)):
            answer = desk.client.get(path, headers=headers)
            self.outcome.failed += answer.status_code != 200
            desk.polls |= polls_of(answer.content.decode())
        settle()

    def _poll(self, desk: _Desk, ident: str) -> None:
        answer = desk.client.get(desk.polls[ident], headers=HTMX | {"HX-Target": ident})
        if answer.status_code == 204:
            self.outcome.quiet += 1
        elif answer.status_code == 200:
            self.outcome.news += 1
            desk.polls |= polls_of(answer.content.decode())
        else:
            self.outcome.failed += 1


def polls_of(content: str) -> dict[str, str]:
    """Where a page asks for news, by the id of the element that does."""
    return {ident: html.unescape(address) for ident, address in POLL.findall(content)}


def settle() -> None:
    """Wait until nothing is being fetched ahead any more."""
    for _place in range(upstream._LONGEST_QUEUE):
        upstream._queued.acquire()
    upstream._queued.release(upstream._LONGEST_QUEUE)


def simulate(plan: Plan) -> Outcome:
    """Run a plan with a sandbox of its own that counts as HighLevel does."""
    caches["upstream"].clear()
    with (
        Sandbox() as sandbox,
        override_settings(HIGHLEVEL_API_URL=sandbox.url, LIVE_SECONDS=5.0, PREFETCH_OLDER=True),
    ):
        account, _new = SubAccount.objects.get_or_create(
            location_id=sandbox.locations[0], defaults={"name": "Sample", "time_zone": "UTC"}
        )
        account.set_token(sandbox.token)
        account.save()
        user, _new = User.objects.get_or_create(username="staff", defaults={"is_superuser": True})
        return Office(plan, account, user, sandbox).run()
