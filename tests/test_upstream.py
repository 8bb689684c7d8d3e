"""What lies between a page and the API: cache, single flight, retry, breaker, deadline."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import caches
from django.test import Client
from pytest_django import Settings

from conversations_ui.accounts.access import unattended
from conversations_ui.accounts.models import SubAccount
from conversations_ui.highlevel import deadline
from conversations_ui.highlevel.errors import RateLimited, Unauthorized, Unavailable
from conversations_ui.sandbox import Answer, Sandbox
from conversations_ui.services import allowance, breaker, changes, flights, store, upstream
from tests.pages import fragment, inbox_path, message_ids, page, thread_path

DOWN = Answer(503, {"statusCode": 503, "message": "Down"})


@pytest.fixture
def thread(sandbox: Sandbox) -> str:
    return sandbox.world.long_conversation_id


def messages(account: SubAccount, thread: str, before: str | None = None) -> str:
    """Read a page; its newest message's id."""
    found = upstream.client(account).messages(thread, limit=20, last_message_id=before)
    return found.messages[0].id


@contextmanager
def poll(seconds: float) -> Iterator[None]:
    """Ask as an open page does: behind people, and with less time."""
    behind = allowance.in_background.set(True)
    try:
        with deadline.within(seconds):
            yield
    finally:
        allowance.in_background.reset(behind)


class TestKept:
    def test_a_newest_page_is_good_for_a_few_seconds(
        self, sub_account: SubAccount, sandbox: Sandbox, thread: str
    ) -> None:
        with time_machine.travel(time.time(), tick=False) as clock:
            first = messages(sub_account, thread)
            clock.shift(timedelta(seconds=3))
            assert messages(sub_account, thread) == first
            assert len(sandbox.requests) == 1
            clock.shift(timedelta(seconds=2))
            messages(sub_account, thread)
            assert len(sandbox.requests) == 2

    def test_an_older_page_is_good_for_ten_minutes(
        self, sub_account: SubAccount, sandbox: Sandbox, thread: str
    ) -> None:
        with time_machine.travel(time.time(), tick=False) as clock:
            cursor = messages(sub_account, thread)
            older = messages(sub_account, thread, cursor)
            clock.shift(timedelta(seconds=599))
            assert messages(sub_account, thread, cursor) == older
            assert len(sandbox.requests) == 2
            clock.shift(timedelta(seconds=2))
            messages(sub_account, thread, cursor)
            assert len(sandbox.requests) == 3

    def test_names_are_good_for_an_hour(self, sub_account: SubAccount, sandbox: Sandbox) -> None:
        with time_machine.travel(time.time(), tick=False) as clock:
            client = upstream.client(sub_account)
            client.location(sub_account.location_id)
            clock.shift(timedelta(minutes=59))
            client.location(sub_account.location_id)
            assert len(sandbox.requests) == 1
            clock.shift(timedelta(minutes=2))
            client.location(sub_account.location_id)
            assert len(sandbox.requests) == 2

    def test_a_known_change_makes_it_old_at_once(
        self, sub_account: SubAccount, sandbox: Sandbox, thread: str
    ) -> None:
        messages(sub_account, thread)
        changes.touched(sub_account.location_id, "another")
        messages(sub_account, thread)
        assert len(sandbox.requests) == 1
        changes.touched(sub_account.location_id, thread)
        messages(sub_account, thread)
        assert len(sandbox.requests) == 2

    def test_another_connection_finds_nothing_of_the_one_before(
        self, sub_account: SubAccount, sandbox: Sandbox, thread: str
    ) -> None:
        messages(sub_account, thread)
        sub_account.set_token(sandbox.token)
        messages(sub_account, thread)
        assert len(sandbox.requests) == 2

    def test_access_is_checked_before_the_cache(
        self, sub_account: SubAccount, reader_client: Client, client: Client, thread: str
    ) -> None:
        path = thread_path(sub_account, thread)
        assert reader_client.get(path).status_code == 200
        sub_account.grants.all().delete()
        assert reader_client.get(path).status_code == 404


class TestStale:
    def test_the_last_good_copy_stands_in_for_ten_minutes(
        self, sub_account: SubAccount, sandbox: Sandbox, thread: str
    ) -> None:
        with time_machine.travel(time.time(), tick=False) as clock:
            first = messages(sub_account, thread)
            read_at = time.time()
            sandbox.script("/", DOWN, times=None)
            clock.shift(timedelta(minutes=9))
            with upstream.page() as made:
                assert messages(sub_account, thread) == first
            assert made.as_of is not None
            assert made.as_of.timestamp() == pytest.approx(read_at, abs=1)
            assert isinstance(made.because, Unavailable)
            clock.shift(timedelta(minutes=2))
            with pytest.raises(Unavailable):
                messages(sub_account, thread)

    def test_what_was_refused_is_not_shown_from_a_copy(
        self, sub_account: SubAccount, sandbox: Sandbox, thread: str
    ) -> None:
        messages(sub_account, thread)
        changes.touched(sub_account.location_id, thread)
        sandbox.script("/", Answer(401, {"message": "Invalid JWT"}), times=None)
        with pytest.raises(Unauthorized):
            messages(sub_account, thread)

    def test_a_limit_shows_the_copy_too(
        self, sub_account: SubAccount, sandbox: Sandbox, thread: str
    ) -> None:
        messages(sub_account, thread)
        changes.touched(sub_account.location_id, thread)
        sandbox.script("/", Answer(429, headers={"retry-after": "30"}), times=None)
        with upstream.page() as made:
            messages(sub_account, thread)
        assert isinstance(made.because, RateLimited)


class TestFlight:
    def test_many_readers_make_one_call(
        self, sub_account: SubAccount, sandbox: Sandbox, thread: str
    ) -> None:
        sandbox.script("/", Answer(delay=0.3))
        with ThreadPoolExecutor(30) as readers:
            found = set(readers.map(lambda _: messages(sub_account, thread), range(30)))
        assert len(found) == 1
        assert len(sandbox.requests) == 1

    def test_a_failure_is_everybodys_who_waited(
        self, sub_account: SubAccount, sandbox: Sandbox, thread: str
    ) -> None:
        sandbox.script("/", Answer(500, delay=0.3), times=None)

        def outcome(_number: int) -> str:
            try:
                return messages(sub_account, thread)
            except Unavailable as error:
                return str(error.status)

        with ThreadPoolExecutor(20) as readers:
            assert set(readers.map(outcome, range(20))) == {"500"}
        assert len(sandbox.requests) == 1

    def test_a_failure_of_a_poll_is_no_persons(
        self, sub_account: SubAccount, sandbox: Sandbox, thread: str
    ) -> None:
        sandbox.script("/", Answer(500, delay=0.5), Answer())

        def ask() -> None:
            with poll(2), pytest.raises(Unavailable):
                messages(sub_account, thread)

        with ThreadPoolExecutor(1) as page:
            asking = page.submit(ask)
            while not sandbox.requests:
                time.sleep(0.01)
            assert messages(sub_account, thread)
            asking.result()
        assert len(sandbox.requests) == 2

    def test_it_is_one_over_processes(
        self,
        sub_account: SubAccount,
        sandbox: Sandbox,
        settings: Settings,
        redis_url: str,
        thread: str,
    ) -> None:
        shared = {
            "BACKEND": "conversations_ui.cache.SharedOrOwnCache",
            "LOCATION": redis_url,
            "KEY_PREFIX": f"conversations-tests-{os.getpid()}",
        }
        settings.CACHES = settings.CACHES | {"upstream": shared}
        caches["upstream"].clear()
        sandbox.script("/", Answer(delay=1.0))
        # Another process is on its way.
        name = "elsewhere"
        assert store.add(f"flying:{name}", True, 10)
        asked = []

        def land() -> None:
            store.put("brought", "by another", 10)
            store.forget(f"flying:{name}")

        timer = threading.Timer(0.2, land)
        timer.start()
        found = flights.join(name, landed=lambda: store.get("brought"), fly=lambda: asked.append(1))
        timer.join()
        assert (found, asked) == ("by another", [])

    def test_a_flight_that_was_lost_is_flown_again(self) -> None:
        store.add("flying:name", True, 0.1)
        assert flights.join("name", landed=lambda: None, fly=lambda: "answer") == "answer"


class TestBreaker:
    def fail(self, account: SubAccount, thread: str, times: int) -> None:
        for _time in range(times):
            with pytest.raises(Unavailable):
                upstream.client(account).messages(thread)

    def test_it_opens_after_repeated_failures_and_one_call_probes(
        self, sub_account: SubAccount, sandbox: Sandbox, thread: str
    ) -> None:
        with time_machine.travel(time.time(), tick=False) as clock:
            since = time.time()
            sandbox.script("/", Answer(500), times=None)
            self.fail(sub_account, thread, breaker.FAILURES)
            sandbox.clear()
            with pytest.raises(breaker.Open) as raised:
                upstream.client(sub_account).messages(thread)
            assert raised.value.since is not None
            assert raised.value.since.timestamp() == pytest.approx(since, abs=1)
            assert sandbox.requests == []

            clock.shift(timedelta(seconds=breaker.PAUSE + 1))
            self.fail(sub_account, thread, 3)  # the probe, and two that do not even try
            assert len(sandbox.requests) == 1

            sandbox.unscript()
            clock.shift(timedelta(seconds=breaker.PAUSE + 1))
            for _time in range(3):
                upstream.client(sub_account).messages(thread, limit=7 + _time)
            assert len(sandbox.requests) == 4

    def test_an_answer_in_between_closes_it(
        self, sub_account: SubAccount, sandbox: Sandbox, thread: str
    ) -> None:
        sandbox.script("/", *[Answer(500)] * (breaker.FAILURES - 1))
        self.fail(sub_account, thread, breaker.FAILURES - 1)
        upstream.client(sub_account).messages(thread)
        changes.touched(sub_account.location_id, thread)
        sandbox.script("/", *[Answer(500)] * (breaker.FAILURES - 1), Answer())
        for _time in range(breaker.FAILURES):
            changes.touched(sub_account.location_id, thread)
            upstream.client(sub_account).messages(thread)
        assert not isinstance(upstream.fallen_back().because, breaker.Open)

    def test_a_refusal_is_an_answer(
        self, sub_account: SubAccount, sandbox: Sandbox, thread: str
    ) -> None:
        sandbox.script("/", Answer(401, {"message": "Invalid JWT"}), times=None)
        for _time in range(breaker.FAILURES + 2):
            with pytest.raises(Unauthorized):
                upstream.client(sub_account).messages(thread)
        assert len(sandbox.requests) == breaker.FAILURES + 2

    def test_it_fails_at_once(
        self,
        sub_account: SubAccount,
        sandbox: Sandbox,
        thread: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        with time_machine.travel(time.time(), tick=False) as clock:
            sandbox.script("/", Answer(500), times=None)
            self.fail(sub_account, thread, breaker.FAILURES)
            clock.shift(timedelta(seconds=breaker.PAUSE - 1))
            pauses: list[float] = []
            monkeypatch.setattr("time.sleep", pauses.append)
            with pytest.raises(breaker.Open):
                upstream.client(sub_account).messages(thread)
            assert pauses == []

    def test_polls_that_do_not_wait_long_enough_stop_no_person(
        self, sub_account: SubAccount, sandbox: Sandbox, thread: str
    ) -> None:
        sandbox.script("/", Answer(delay=0.3), times=None)
        for _poll in range(breaker.FAILURES):
            with poll(0.1), pytest.raises(Unavailable):
                messages(sub_account, thread)
        asked = len(sandbox.requests)
        with poll(5), pytest.raises(breaker.Open):
            messages(sub_account, thread)
        assert len(sandbox.requests) == asked
        assert messages(sub_account, thread)

    def test_another_sub_account_is_not_touched(
        self, sub_account: SubAccount, sandbox: Sandbox, thread: str
    ) -> None:
        sandbox.script("/", *[Answer(500)] * breaker.FAILURES)
        self.fail(sub_account, thread, breaker.FAILURES)
        other = SubAccount(location_id=sandbox.locations[1], name="Other")
        other.set_token(sandbox.token)
        upstream.client(unattended(other)).search(other.location_id)


class TestAllowance:
    def test_what_is_behind_people_does_not_wait_for_its_turn(
        self,
        sub_account: SubAccount,
        sandbox: Sandbox,
        thread: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        with poll(5), time_machine.travel(time.time(), tick=False):
            for _call in range(47):
                allowance.take(sub_account.location_id)
            pauses: list[float] = []
            monkeypatch.setattr("time.sleep", pauses.append)
            with pytest.raises(allowance.Spent):
                messages(sub_account, thread)
            assert pauses == []
        assert sandbox.requests == []


class TestDeadline:
    def test_all_calls_of_a_page_share_it(
        self, sub_account: SubAccount, sandbox: Sandbox, thread: str, settings: Settings
    ) -> None:
        settings.PAGE_SECONDS = 6.0
        sandbox.script("/", Answer(delay=3.5), times=None)
        with upstream.page():
            messages(sub_account, thread)
            with pytest.raises(Unavailable):
                messages(sub_account, thread, "m")
            with pytest.raises(Unavailable):
                upstream.client(sub_account).location(sub_account.location_id)
        # The second had less time than it needed, the third none.
        assert len(sandbox.requests) == 2

    def test_a_dripping_answer_does_not_outlast_it(
        self,
        reader_client: Client,
        sub_account: SubAccount,
        sandbox: Sandbox,
        thread: str,
        settings: Settings,
    ) -> None:
        settings.PAGE_SECONDS = 1.0
        sandbox.script("/", Answer(drip=0.2), times=None)
        answer = fragment(reader_client, thread_path(sub_account, thread), "messages")
        assert answer.status_code == 503  # in the end the whole answer would have come


class TestAhead:
    def test_the_next_older_page_is_there_before_it_is_asked_for(
        self,
        reader_client: Client,
        sub_account: SubAccount,
        sandbox: Sandbox,
        thread: str,
        settings: Settings,
    ) -> None:
        settings.PREFETCH_OLDER = True
        shown = page(fragment(reader_client, thread_path(sub_account, thread), "messages"))
        older = shown.select("a[data-load-older]")[0]["href"]
        until = time.monotonic() + 10
        while len(sandbox.requests) < 2 and time.monotonic() < until:
            time.sleep(0.01)
        assert [seen.query.get("lastMessageId", "") for seen in sandbox.requests] == [
            "",
            str(older).partition("before=")[2],
        ]
        settings.PREFETCH_OLDER = False
        sandbox.script("/", DOWN, times=None)
        found = fragment(reader_client, str(older), "older")
        assert len(message_ids(page(found))) == 50

    def test_nothing_is_fetched_ahead_when_the_allowance_is_short(
        self,
        reader_client: Client,
        sub_account: SubAccount,
        sandbox: Sandbox,
        thread: str,
        settings: Settings,
    ) -> None:
        settings.PREFETCH_OLDER = True
        for _request in range(60):
            allowance.take(sub_account.location_id)
        with ThreadPoolExecutor(1) as ahead, pytest.MonkeyPatch.context() as patched:
            patched.setattr(upstream, "_ahead", ahead)
            fragment(reader_client, thread_path(sub_account, thread), "messages")
        # What was to be fetched ahead has been, now that its pool is closed.
        assert len(sandbox.requests) == 1


def test_a_view_from_the_cache_costs_no_call(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, thread: str
) -> None:
    for path in (thread_path(sub_account, thread), inbox_path(sub_account)):
        reader_client.get(path)
        sandbox.clear()
        assert reader_client.get(path).status_code == 200
        assert sandbox.requests == []
