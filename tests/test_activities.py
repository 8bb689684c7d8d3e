"""Activities, internal comments, reviews and forms: from the row to what is seen."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from django.test import Client
from pytest_django import Settings

from conversations_ui.accounts.models import SubAccount
from conversations_ui.sandbox import Sandbox
from tests.pages import (
    Row,
    answer_thread,
    fragment,
    message,
    message_ids,
    one,
    page,
    row,
    thread_path,
    value,
    words,
)


class Thread:
    """A reader in front of one thread."""

    def __init__(self, client: Client, account: SubAccount, sandbox: Sandbox) -> None:
        self.client, self.account, self.sandbox = client, account, sandbox

    def read(self, *rows: Row, query: str = "") -> BeautifulSoup:
        """Show these messages, given oldest first."""
        answer_thread(self.sandbox, "conv", *reversed(rows))
        path = thread_path(self.account, "conv") + query
        return page(fragment(self.client, path, "messages"))

    def one(self, **fields: Any) -> Tag:
        """Show one message with these fields."""
        return message(self.read(row(1, **fields)), "m001")


@pytest.fixture
def thread(reader_client: Client, sub_account: SubAccount, sandbox: Sandbox) -> Thread:
    return Thread(reader_client, sub_account, sandbox)


@pytest.fixture
def showcase(thread: Thread, settings: Settings, sandbox: Sandbox) -> dict[str, Tag]:
    """The newest rows of the showcase, by their label."""
    settings.PAGE_SIZE = 100
    path = thread_path(thread.account, sandbox.world.showcase_conversation_id)
    shown = page(fragment(thread.client, path, "messages"))
    found = {value(tag, "data-message-id"): tag for tag in shown.select("article")}
    return {label: found[key] for label, key in sandbox.world.showcase.items() if key in found}


def happened(number: int, title: str = "Something", **fields: Any) -> Row:
    """An activity as the API lists it."""
    activity = {"type": "changed", "title": title, "data": fields.pop("data", {})}
    name = fields.pop("messageType", "TYPE_ACTIVITY_CONTACT")
    return row(number, messageType=name, body=None, activity=activity, **fields)


# Activities


def test_an_appointment_tells_when_in_the_sub_accounts_time_zone(thread: Thread) -> None:
    thread.account.time_zone = "America/Chicago"
    thread.account.save()
    data = {"appointmentTitle": "Crown fitting", "timestamp": "2026-07-20T15:00:00.000Z"}
    shown = thread.read(happened(1, "New appointment created", data=data))
    assert words(one(shown, ".activity > span")) == "New appointment created"
    detail = words(one(shown, ".activity__detail"))
    assert detail == (
        "Mon 20 Jul 2026, 10:00 (Chicago time, UTC\N{MINUS SIGN}05:00) · Crown fitting"
    )


@pytest.mark.parametrize(
    ("title", "data", "detail"),
    [
        ("Payment received", {"amount": "140.5", "currency": "usd"}, "140.50 USD"),
        ("Payment received", {"amount": 1140}, "1,140"),
        ("Invoice sent", {"invoiceNumber": "INV-7", "amount": 2}, "INV-7 · 2"),
        ("Opportunity updated", {"stage": "Booked"}, "Booked"),
        ("Contact updated", {"dnd": True, "channel": "SMS"}, "SMS · Do not disturb: on"),
        ("Contact updated", {"dnd": False}, "Do not disturb: off"),
    ],
)
def test_what_the_data_adds_stands_behind_the_title(
    thread: Thread, title: str, data: dict[str, object], detail: str
) -> None:
    shown = thread.read(happened(1, title, data=data))
    assert words(one(shown, ".activity__detail")) == detail


@pytest.mark.parametrize(
    "data",
    [
        {"invoiceNumber": "INV-2081"},
        {"amount": None, "timestamp": "soon", "stage": 5},
        {"amount": {}, "currency": [], "members": {}, "dnd": "x"},
        {"amount": 10**400, "currency": "USD", "total": -(10**30), "monetaryValue": "1e300"},
        [],
        "text",
    ],
)
def test_data_that_says_nothing_new_is_not_shown(thread: Thread, data: object) -> None:
    shown = thread.read(happened(1, "Invoice INV-2081 sent", data=data))
    assert shown.select(".activity__detail") == []


def test_hostile_data_stays_text(thread: Thread) -> None:
    shown = thread.read(happened(1, "T", data={"stage": "<img src=x onerror=alert(1)>"}))
    assert shown.select("img") == []
    assert "<img" in words(one(shown, ".activity__detail"))


def test_without_a_title_the_body_speaks_and_without_both_the_type(thread: Thread) -> None:
    shown = thread.read(
        row(1, messageType="TYPE_ACTIVITY_CONTACT", body="DnD enabled by customer"),
        row(2, messageType="TYPE_ACTIVITY_PAYMENT", body=None),
    )
    assert "DnD enabled by customer" in words(message(shown, "m001"))
    assert "#blocked" in value(one(message(shown, "m001"), ".activity use"), "href")
    assert "Payment activity" in words(message(shown, "m002"))


def test_the_name_of_the_contact_is_not_repeated(thread: Thread) -> None:
    row_of_api = happened(1, "Appointment", data={"appointmentTitle": "Ann Doe"}, to="Ann Doe")
    shown = thread.read(row_of_api | {"body": "Ann Doe"})
    assert shown.select(".activity__detail") == []


# Runs


def test_three_activities_in_a_row_are_folded_in_their_order(thread: Thread) -> None:
    shown = thread.read(row(1), *(happened(n) for n in (2, 3, 4)), row(5))
    assert message_ids(shown) == ["m001", "m002", "m003", "m004", "m005"]
    run = one(shown, "details.run")
    assert not run.has_attr("open")
    assert message_ids(run) == ["m002", "m003", "m004"]
    assert words(one(shown, ".run > summary")).startswith("3 activities")


def test_two_activities_stand_open(thread: Thread) -> None:
    shown = thread.read(row(1), happened(2), happened(3), row(4))
    assert shown.select(".run") == []


def test_a_message_and_a_midnight_part_a_run(thread: Thread) -> None:
    late = [happened(n, dateAdded=f"2026-03-02T23:5{n}:00.000Z") for n in (1, 2)]
    early = [happened(n, dateAdded=f"2026-03-03T00:0{n}:00.000Z") for n in (3, 4)]
    assert thread.read(*late, *early).select(".run") == []
    parted = [happened(1), happened(2), row(3), happened(4), happened(5)]
    assert thread.read(*parted).select(".run") == []


def test_the_run_of_a_permalinked_activity_is_open(thread: Thread) -> None:
    answer_thread(thread.sandbox, "conv", *(happened(n) for n in (3, 2, 1)))
    path = thread_path(thread.account, "conv", "m002")
    shown = page(fragment(thread.client, path, "messages"))
    assert one(shown, "details.run").has_attr("open")
    assert message(shown, "m002")["aria-current"] == "true"


def test_who_asks_for_activities_sees_them(thread: Thread) -> None:
    shown = thread.read(*(happened(n) for n in (1, 2, 3)), query="?type=TYPE_ACTIVITY_CONTACT")
    assert len(message_ids(shown)) == 3
    assert shown.select(".run") == []


# Internal comments


def test_a_comment_tells_who_wrote_it_and_that_it_was_not_sent(
    showcase: dict[str, Tag],
) -> None:
    note = one(showcase["comment_mention"], ".note")
    assert "Internal comment, not sent to the customer" in words(one(note, ".note__head"))
    assert words(one(note, ".note__head b"))
    assert [words(tag) for tag in note.select(".mention")] == ["@Priya", "@Tom"]
    assert "me@example.com" in words(note)


def test_a_comment_has_no_side(thread: Thread) -> None:
    article = thread.one(messageType="TYPE_INTERNAL_COMMENT", direction="inbound", body="Psst")
    assert "Customer" not in words(article)
    assert article.select(".bubble") == []


def test_an_at_sign_in_an_address_marks_nothing_and_breaks_nothing(thread: Thread) -> None:
    text = 'See https://example.com/?to=@tom&x="@y" or <@script> and write @Zoë'
    article = thread.one(messageType="TYPE_INTERNAL_COMMENT", body=text)
    assert "".join(one(article, ".note p:not(.note__head)").strings) == text
    (link,) = article.select(".note p a[target]")
    assert value(link, "href").startswith("https://example.com/?to=")
    assert link.select("[href] .mention[href]") == []


# Reviews


@pytest.mark.parametrize(
    ("meta", "label", "filled"),
    [
        ({"review": {"rating": 4}}, "4 out of 5 stars", 4),
        ({"rating": 5}, "5 out of 5 stars", 5),
        ({"starRating": "FIVE"}, "5 out of 5 stars", 5),
        ({"stars": "3"}, "3 out of 5 stars", 3),
        ({"rating": 4.5}, "4.5 out of 5 stars", 5),
        ({"rating": 4.4}, "4.4 out of 5 stars", 4),
        ({"google": {"review": {"stars": 4.6}}}, "4.6 out of 5 stars", 5),
    ],
)
def test_stars_are_one_labelled_image(
    thread: Thread, meta: dict[str, object], label: str, filled: int
) -> None:
    article = thread.one(messageType="TYPE_REVIEW", body="Kind people", meta=meta)
    stars = one(article, ".stars")
    assert (stars["role"], stars["aria-label"]) == ("img", label)
    icons = [value(tag, "href").partition("#")[2] for tag in stars.select("use")]
    assert icons == ["star-filled"] * filled + ["star"] * (5 - filled)
    assert "Kind people" in words(article)


@pytest.mark.parametrize(
    "meta",
    [None, {}, {"rating": 0}, {"rating": 9}, {"rating": "many"}, {"rating": True}, {"stars": []}],
)
def test_without_a_rating_there_are_no_stars(thread: Thread, meta: object) -> None:
    article = thread.one(messageType="TYPE_REVIEW", body="Hm", meta=meta)
    assert article.select(".stars") == []
    assert "Hm" in words(article)


# Forms


def answers(article: Tag) -> list[tuple[str, str]]:
    return [(words(tag), words(one_after(tag))) for tag in article.select("dl.answers > dt")]


def one_after(tag: Tag) -> Tag:
    found = tag.find_next_sibling("dd")
    assert isinstance(found, Tag)
    return found


def test_the_lines_of_a_form_are_questions_and_answers(showcase: dict[str, Tag]) -> None:
    article = showcase["form_lines"]
    assert answers(article) == [
        ("Full name", "Ann Doe"),
        (
            "What can we help with?",
            "A crown came loose. It happened at 10:30, see https://example.com/crown",
        ),
        ("Preferred time", "no answer"),
        ("May we call?", "Yes"),
    ]
    assert "Sent from the clinic page" in words(article)
    assert one(article, ".answers a")["href"] == "https://example.com/crown"


def test_fields_in_meta_come_first_and_lines_beside_them_stay(showcase: dict[str, Tag]) -> None:
    assert answers(showcase["form_fields"]) == [
        ("Insurance", "Delta PPO, Aetna"),
        ("Agreed", "1"),
        ("More", "yes"),
    ]


def test_a_form_without_questions_shows_its_text(showcase: dict[str, Tag]) -> None:
    assert "Please call me back" in words(one(showcase["form_plain"], ".card__body"))


@pytest.mark.parametrize(
    "meta",
    [
        {"fields": {"Colour": "Red"}},
        {"formData": {"Colour": "Red"}},
        {"form": {"answers": [{"question": "Colour", "answer": "Red"}]}},
        {"submission": [{"key": "Colour", "value": ["Red"]}]},
    ],
)
def test_fields_are_found_in_every_usual_form(thread: Thread, meta: dict[str, object]) -> None:
    article = thread.one(messageType="TYPE_FORM_SUBMISSION", body=None, meta=meta)
    assert answers(article) == [("Colour", "Red")]


@pytest.mark.parametrize(
    "text",
    [
        "no colon at all",
        "a: b\nc: d: e\n\n f :g\nhttps://example.com\n: alone\nlast:",
        "one\ntwo: three\n\n\nfour\n five",
        "x" * 5000 + ": y",
        ": " * 200,
    ],
)
def test_no_line_of_a_form_is_lost(thread: Thread, text: str) -> None:
    article = thread.one(messageType="TYPE_FORM_SUBMISSION", body=text)
    card = "".join(one(article, ".card").strings)
    for word in text.replace(":", " ").split():
        assert word in card
