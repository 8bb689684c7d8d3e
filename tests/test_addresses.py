"""Where a request comes from, behind proxies and without."""

from __future__ import annotations

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from conversations_ui.accounts.addresses import UNKNOWN, client_address


def address(told: str | None = None, seen: str = "10.0.0.1") -> str:
    headers = {} if told is None else {"X-Forwarded-For": told}
    return client_address(RequestFactory().get("/", headers=headers, REMOTE_ADDR=seen))


def test_without_proxies_what_a_client_says_of_itself_counts_for_nothing() -> None:
    assert address("203.0.113.5") == "10.0.0.1"


@pytest.mark.parametrize(
    ("proxies", "told", "expected"),
    [
        (1, "203.0.113.5", "203.0.113.5"),
        (1, "forged, 198.51.100.1, 203.0.113.5", "203.0.113.5"),
        (2, "forged, 203.0.113.5, 10.0.0.2", "203.0.113.5"),
        (2, "203.0.113.5", "10.0.0.1"),  # not through both
        (1, None, "10.0.0.1"),
        (1, "", "10.0.0.1"),
        (1, "203.0.113.5:4711", "203.0.113.5"),
        (1, "[2001:db8::7]:4711", "2001:db8::7"),
        (1, "2001:DB8:0::7", "2001:db8::7"),
        (1, "::ffff:203.0.113.5", "203.0.113.5"),
        (1, "fe80::1%eth0", "fe80::1"),
        (1, "unknown", UNKNOWN),
        (1, "<script>", UNKNOWN),
    ],
)
def test_behind_proxies_the_outermost_of_them_is_believed(
    settings: Settings, proxies: int, told: str | None, expected: str
) -> None:
    settings.TRUSTED_PROXY_COUNT = proxies
    assert address(told) == expected


@pytest.mark.parametrize("seen", ["", "unix:"])
def test_there_always_is_an_address_in_valid_notation(seen: str) -> None:
    assert address(seen=seen) == UNKNOWN
