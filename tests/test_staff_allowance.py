"""Staff with open pages take little of what HighLevel allows: a small office, in virtual time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pytest_django import Settings

from scripts.staff import Outcome, Plan, simulate

EVERY = 5.0  # seconds between two lists of a sub-account
SMALL = Plan(staff=10, seconds=60.0, coming=15.0)
QUIET = replace(SMALL, messages_a_day=0)
POLLS = 10 * 2 * 12  # in the seconds measured: everybody's thread and inbox


@pytest.fixture
def office(db: None, settings: Settings, request: pytest.FixtureRequest) -> Outcome:
    settings.PAGE_SIZE = 10
    return simulate(request.param)


@pytest.mark.parametrize("office", [QUIET], indirect=True)
def test_a_quiet_office_costs_one_list_every_few_seconds(office: Outcome) -> None:
    assert office.quiet >= POLLS
    assert (office.news, office.failed) == (0, 0)
    assert office.measured in (60 / EVERY - 1, 60 / EVERY)


@pytest.mark.parametrize("office", [replace(QUIET, webhooks=True)], indirect=True)
def test_a_quiet_office_that_is_told_costs_nothing(office: Outcome) -> None:
    assert office.quiet >= POLLS
    assert (office.news, office.failed, office.measured) == (0, 0, 0)


@pytest.mark.parametrize("office", [SMALL, replace(SMALL, webhooks=True)], indirect=True)
def test_a_message_costs_its_thread_and_the_inbox_once_for_all(office: Outcome) -> None:
    lists = 0 if office.plan.webhooks else 60 / EVERY
    assert office.messages >= 10
    assert office.news >= office.messages  # everybody's inbox shows it
    assert office.failed == 0
    assert 0 < office.measured <= lists + 2 * office.messages
    assert office.held
