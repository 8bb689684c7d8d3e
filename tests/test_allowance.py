"""How much is asked of HighLevel, counted over everybody: clicks first, background behind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.cache import caches
from django.test import Client
from pytest_django import Settings
from time_machine import Traveller

from conversations_ui.accounts.models import SubAccount
from conversations_ui.highlevel import deadline
from conversations_ui.highlevel.errors import RateLimited
from conversations_ui.highlevel.limits import Limits
from conversations_ui.services import allowance

HERE = "loc"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[Traveller]:
    with time_machine.travel(NOON, tick=False) as moved:
        yield moved


@contextmanager
def background() -> Iterator[None]:
    token = allowance.in_background.set(True)
    try:
        yield
    finally:
        allowance.in_background.reset(token)


def take(count: int) -> int:
    """Take as many requests as there are, up to `count`, without waiting; how many there were."""
    with deadline.within(0):
        for taken in range(count):
            try:
                allowance.take(HERE)
            except allowance.Spent:
                return taken
    return count


def test_no_more_is_taken_than_there_is(clock: Traveller) -> None:
    assert take(200) == allowance.BURST - allowance.RESERVE
    assert take(1) == 0
    assert allowance.used(HERE).day == 95


def test_of_many_at_once_none_is_missed(
    clock: Traveller, settings: Settings, redis_url: str
) -> None:
    shared = {
        "BACKEND": "conversations_ui.cache.SharedOrOwnCache",
        "LOCATION": redis_url,
        "KEY_PREFIX": f"conversations-tests-{os.getpid()}",
    }
    settings.CACHES = settings.CACHES | {"upstream": shared}
    caches["upstream"].clear()
    with ThreadPoolExecutor(16) as many:
        taken = sum(many.map(take, [20] * 16))
    assert 80 <= taken <= allowance.BURST - allowance.RESERVE
    assert allowance.used(HERE).burst == taken


def test_a_smaller_allowance_is_learnt_again(clock: Traveller) -> None:
    allowance.learn(HERE, Limits(most=200, left=200, interval=10.0))
    allowance.learn(HERE, Limits(most=100, left=100, interval=10.0))
    assert take(300) == 95


def test_each_sub_account_has_its_own(clock: Traveller) -> None:
    take(200)
    allowance.take("elsewhere")
    assert allowance.used("elsewhere").burst == 1


def test_it_comes_back_bit_by_bit(clock: Traveller) -> None:
    take(50)
    clock.shift(timedelta(seconds=5))
    assert take(200) == 45
    clock.shift(timedelta(seconds=6))  # the first are no longer of the last ten seconds
    assert take(200) == 50
    clock.shift(timedelta(seconds=20))
    assert take(200) == 95


@pytest.mark.parametrize(("at_once", "begins"), [(25, 0.0), (200, 0.0), (200, 9.9), (40, 4.4)])
@pytest.mark.parametrize(("behind", "most"), [(False, 100), (True, 50)])
def test_no_ten_seconds_hold_more_than_may_be_asked(
    clock: Traveller, at_once: int, begins: float, behind: bool, most: int
) -> None:
    taken: list[tuple[float, int]] = []
    clock.shift(timedelta(seconds=begins))
    with background() if behind else nullcontext():
        for step in range(60):
            taken.append((step * 0.7, take(at_once)))
            clock.shift(timedelta(seconds=0.7))
    for start, _count in taken:
        assert sum(count for at, count in taken if start <= at < start + 10) <= most


def test_who_must_wait_is_told_how_long(clock: Traveller) -> None:
    take(200)
    with deadline.within(0), pytest.raises(RateLimited) as raised:
        allowance.take(HERE)
    assert raised.value.retry_after is not None
    assert 0 < raised.value.retry_after <= 10
    assert not raised.value.daily


def test_a_click_waits_for_its_turn() -> None:
    allowance.learn(HERE, Limits(), RateLimited(retry_after=0.2))
    allowance.take(HERE)  # would raise, did it not wait
    assert allowance.used(HERE).day == 1


def test_background_work_takes_half_at_most(clock: Traveller) -> None:
    with background():
        assert 45 <= take(200) <= 50
    assert 45 <= take(200) <= 50  # the rest is people's


def test_background_work_gives_way(clock: Traveller) -> None:
    assert take(95) == 95
    with background():
        assert take(1) == 0


def test_background_work_stops_before_the_day_is_used_up(
    clock: Traveller,
) -> None:
    allowance.learn(HERE, Limits(daily_most=1000, daily_left=201, daily_reset=3600))
    with background():
        assert take(1) == 1
    allowance.learn(HERE, Limits(daily_most=1000, daily_left=200, daily_reset=3600))
    with background():
        assert take(1) == 0
    assert take(1) == 1


def test_others_use_is_learnt_from_the_headers(clock: Traveller) -> None:
    take(10)
    allowance.learn(HERE, Limits(most=100, left=20, interval=10.0))
    assert allowance.used(HERE).burst == 80
    assert take(200) == 15


def test_a_bigger_allowance_is_learnt_too(clock: Traveller) -> None:
    allowance.learn(HERE, Limits(most=200, left=200, interval=10.0))
    assert take(300) == 195


def test_a_429_stops_everybody_until_it_is_over(clock: Traveller) -> None:
    allowance.learn(HERE, Limits(), RateLimited(retry_after=7))
    assert take(1) == 0
    assert not allowance.used(HERE).plentiful
    clock.shift(timedelta(seconds=8))
    assert take(1) == 1


def test_a_day_that_is_used_up_says_so(clock: Traveller) -> None:
    allowance.learn(HERE, Limits(daily_most=1000, daily_left=0, daily_reset=3600))
    with deadline.within(0), pytest.raises(RateLimited) as raised:
        allowance.take(HERE)
    assert raised.value.daily
    clock.shift(timedelta(seconds=3601))
    assert take(1) == 1


def test_plenty_ends_at_half(clock: Traveller) -> None:
    take(49)
    assert allowance.used(HERE).plentiful
    take(1)
    assert not allowance.used(HERE).plentiful


@pytest.mark.parametrize(
    ("headers", "limits"),
    [
        ({}, Limits()),
        (
            {
                "x-ratelimit-max": "100",
                "x-ratelimit-remaining": "95",
                "x-ratelimit-interval-milliseconds": "10000",
                "x-ratelimit-limit-daily": "200000",
                "x-ratelimit-daily-remaining": "199724",
                "x-ratelimit-daily-reset": "83375000",
            },
            Limits(100, 95, 10.0, 200_000, 199_724, 83_375.0),
        ),
        ({"x-ratelimit-max": "many", "x-ratelimit-remaining": "-3"}, Limits(left=0)),
    ],
)
def test_headers_are_read_as_they_come(headers: dict[str, str], limits: Limits) -> None:
    assert Limits.of(headers) == limits


def test_administrators_see_todays_use(
    administrator_client: Client, sub_account: SubAccount
) -> None:
    for _request in range(3):
        allowance.take(sub_account.location_id)
    for path in ("", f"{sub_account.pk}/change/"):
        answer = administrator_client.get(f"/admin/accounts/subaccount/{path}")
        assert "3 of 200,000 requests (0%)" in answer.content.decode()
