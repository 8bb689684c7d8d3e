"""What became of a message: why it did not arrive, and how many did not."""

from __future__ import annotations

import re
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from conversations_ui.accounts.models import SubAccount
from conversations_ui.sandbox import Sandbox
from conversations_ui.services.presentation.carriers import REASONS
from tests.pages import (
    Row,
    answer_thread,
    fragment,
    message,
    one,
    page,
    row,
    thread_path,
    words,
)


@pytest.fixture
def read(reader_client: Client, sub_account: SubAccount, sandbox: Sandbox) -> Any:
    """Show these messages, given oldest first."""

    def show(*rows: Row, query: str = "") -> BeautifulSoup:
        answer_thread(sandbox, "conv", *reversed(rows))
        path = thread_path(sub_account, "conv") + query
        return page(fragment(reader_client, path, "messages"))

    return show


def failed(number: int, **fields: Any) -> Row:
    return row(number, **({"direction": "outbound", "status": "failed"} | fields))


def reason(shown: BeautifulSoup) -> str:
    return words(one(message(shown, "m001"), ".message__problem"))


@pytest.mark.parametrize("code", sorted(REASONS))
def test_every_code_of_the_table_is_a_plain_sentence_with_the_code_last(
    read: Any, code: str
) -> None:
    assert re.fullmatch(r"[a-zW].*\.", REASONS[code])
    said = reason(read(failed(1, error=f"Error {code}")))
    assert said == f"Not delivered: {REASONS[code]} (Error {code})"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("30007: Message filtered", "(30007: Message filtered)"),
        (30007, "(30007)"),
        ("30007", "(30007)"),
        ({"code": 30007, "message": "Filtered"}, "(30007: Filtered)"),
        ({"errorCode": "30007", "message": ["Filtered", "twice"]}, "(30007: Filtered; twice)"),
        ({"error": {"code": 30007}}, "(30007)"),
        (
            ["30007: Filtered", None, {"message": "By the carrier"}],
            "(30007: Filtered; By the carrier)",
        ),
    ],
)
def test_every_form_of_the_error_is_understood(read: Any, error: object, said: str) -> None:
    shown = reason(read(failed(1, error=error)))
    assert shown == f"Not delivered: {REASONS['30007']} {said}"


@pytest.mark.parametrize("error", ["99999: strange", "+1 312 555 0148 30007123", "No money"])
def test_other_errors_are_shown_in_the_apis_words(read: Any, error: str) -> None:
    assert reason(read(failed(1, error=error))) == f"Not delivered: {error}"


@pytest.mark.parametrize("error", [None, "", [], {}, {"odd": 1}, True])
def test_without_an_error_it_is_said_that_there_is_none(read: Any, error: object) -> None:
    assert "HighLevel gave no reason" in reason(read(failed(1, error=error)))


@pytest.mark.parametrize(
    ("direction", "said"),
    [
        ("inbound", "With this the customer opted out."),
        ("outbound", "Not delivered: the customer has opted out."),
    ],
)
def test_an_opt_out_is_told_from_both_sides(read: Any, direction: str, said: str) -> None:
    assert reason(read(row(1, direction=direction, status="opt_out"))) == said


def test_a_call_that_failed_is_no_failed_delivery(read: Any) -> None:
    shown = read(failed(1, messageType="TYPE_CALL", body=None))
    assert not message(shown, "m001").has_attr("data-status")
    assert shown.select("[data-failures]") == []


@pytest.mark.parametrize(
    ("status", "label"),
    [("opened", "Opened"), ("clicked", "Clicked"), ("read", "Read"), ("no-such", "")],
)
def test_ticks_that_look_alike_say_what_they_are(read: Any, status: str, label: str) -> None:
    shown = read(row(1, direction="outbound", status=status))
    assert [tick["title"] for tick in shown.select(".message__stamp [title]:has(svg)")] == (
        [label] if label else []
    )


# The coverage line


def test_failures_of_one_type_are_counted_and_lead_to_them(read: Any) -> None:
    shown = read(row(1), failed(2), row(3), failed(4, status="undelivered"))
    link = one(shown, "[data-failures]")
    assert words(link) == "2 of 4 SMS failed"
    assert str(link["href"]).endswith("/conv/?failed=1")


def test_failures_of_several_types_are_counted_together(read: Any) -> None:
    rows = (failed(1), row(2), failed(3, messageType="TYPE_EMAIL"), row(4, messageType="TYPE_RCS"))
    assert words(one(read(*rows), "[data-failures]")) == "2 of 3 messages failed"


def test_nothing_is_said_where_nothing_failed(read: Any) -> None:
    assert read(row(1)).select("[data-failures]") == []


def test_among_failures_alone_nothing_is_counted(read: Any) -> None:
    assert read(failed(1), query="?failed=1").select("[data-failures]") == []


def test_the_link_keeps_the_filter(read: Any) -> None:
    link = one(read(failed(1), query="?type=TYPE_SMS&people=1"), "[data-failures]")
    assert str(link["href"]).endswith("?type=TYPE_SMS&failed=1&people=1")
