"""Asking again: what is worth it, how often, and never past the deadline."""

from __future__ import annotations

import pytest

from conversations_ui.highlevel import deadline, retries
from conversations_ui.highlevel.errors import (
    AgencyToken,
    BadAnswer,
    Forbidden,
    HighLevelError,
    MissingScope,
    NotFound,
    RateLimited,
    Unauthorized,
    Unavailable,
)


class Once:
    """Ends in these errors, one after the other, then succeeds; counts how often it was asked."""

    def __init__(self, *errors: HighLevelError) -> None:
        self.errors, self.asked = list(errors), 0

    def __call__(self) -> str:
        self.asked += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


def persistently(
    once: Once, *, worked_lately: bool = False, allowance: retries.Allowance | None = None
) -> str:
    return retries.persistently(
        once, allowance=allowance or retries.Allowance(), worked_lately=lambda: worked_lately
    )


PASSING = [
    Unavailable("ConnectionError"),
    Unavailable(status=400, sentence="Request Timeout after 30000ms"),
    *(Unavailable(status=status) for status in (408, 502, 503, 504)),
    RateLimited(status=429, retry_after=0.01),
]
FINAL = [
    Unavailable(status=500),
    Unauthorized(status=401),
    AgencyToken(status=401),
    MissingScope(status=401),
    Forbidden(status=403),
    NotFound(status=404),
    BadAnswer(status=200),
    RateLimited(status=429),
    RateLimited(status=429, retry_after=0.01, daily=True),
    RateLimited(status=429, retry_after=60),
    Unavailable(status=503, retry_after=60),
]


@pytest.mark.parametrize("error", PASSING, ids=str)
def test_a_fault_that_may_pass_is_asked_again_twice(error: HighLevelError) -> None:
    once = Once(error, error)
    assert persistently(once) == "answer"
    assert once.asked == 3
    once = Once(error, error, error)
    with pytest.raises(type(error)):
        persistently(once)
    assert once.asked == 3


@pytest.mark.parametrize("error", FINAL, ids=str)
def test_an_answer_or_a_long_wait_is_final(error: HighLevelError) -> None:
    once = Once(error)
    with pytest.raises(type(error)) as raised:
        persistently(once)
    assert raised.value is error
    assert once.asked == 1


def test_a_token_that_worked_is_tried_once_more() -> None:
    once = Once(Unauthorized(status=401))
    assert persistently(once, worked_lately=True) == "answer"
    once = Once(Unauthorized(status=401), Unauthorized(status=401))
    with pytest.raises(Unauthorized):
        persistently(once, worked_lately=True)
    assert once.asked == 2
    once = Once(MissingScope(status=401))
    with pytest.raises(MissingScope):
        persistently(once, worked_lately=True)
    assert once.asked == 1


def test_nothing_is_asked_again_when_the_wait_outlasts_the_deadline() -> None:
    once = Once(RateLimited(status=429, retry_after=2))
    with deadline.within(1), pytest.raises(RateLimited):
        persistently(once)
    assert once.asked == 1
    once = Once(Unavailable("ConnectionError"))
    with deadline.within(0), pytest.raises(Unavailable):
        persistently(once)
    assert once.asked == 1


def test_an_outage_uses_up_the_further_tries() -> None:
    allowance = retries.Allowance(capacity=3, refund=0.5)
    down = [Unavailable(status=503)] * 100
    asked = 0
    for _call in range(5):
        once = Once(*down)
        with pytest.raises(Unavailable):
            persistently(once, allowance=allowance)
        asked += once.asked
    assert asked == 5 + 3
    for _call in range(2):  # two successes earn one further try
        persistently(Once(), allowance=allowance)
    once = Once(*down)
    with pytest.raises(Unavailable):
        persistently(once, allowance=allowance)
    assert once.asked == 2


def test_a_budget_inside_another_is_never_longer() -> None:
    assert deadline.left(5) == 5
    with deadline.within(10):
        assert 9 < deadline.left(60) <= 10
        with deadline.within(60):
            assert deadline.left(60) <= 10
        with deadline.within(2):
            assert deadline.left(60) <= 2
        with deadline.within(60, anew=True):
            assert deadline.left(50) == 50
        assert deadline.left(1) == 1
    assert deadline.left(5) == 5
