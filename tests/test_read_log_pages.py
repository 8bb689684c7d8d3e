"""Who sees the read log: leads of a sub-account, of a conversation, administrators."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings

from conversations_ui.accounts import readlog
from conversations_ui.accounts.models import SubAccount, User
from conversations_ui.accounts.readings import Action, Reading
from conversations_ui.sandbox import Sandbox
from conversations_ui.services import readings
from tests.conftest import signed_in
from tests.pages import HTMX, Response, inbox_path, one, page, thread_path, value, words
from tests.people import granted

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)


@pytest.fixture
def lead(sub_account: SubAccount) -> User:
    user = User.objects.create_user("lead", password="a-password-for-tests")
    granted(user, sub_account, role="lead")
    return user


@pytest.fixture
def lead_client(lead: User) -> Client:
    return signed_in(lead)


def note(name: str, account: SubAccount, conversation: str, **more: str) -> None:
    """Let somebody open a conversation, or something in it."""
    user, _created = User.objects.get_or_create(username=name)
    action = Action(more.get("action", "thread"))
    shown = readlog.Shown(action, account.location_id, conversation, more.get("what", ""))
    readlog.note(user, shown, more.get("address", "192.0.2.7"))


@pytest.fixture
def some_rows(sub_account: SubAccount) -> Iterator[None]:
    """Three days of reading."""
    with time_machine.travel(NOON - timedelta(days=2), tick=False) as clock:
        note("ada", sub_account, "c1")
        clock.shift(timedelta(days=1))
        note("grace", sub_account, "c1", action="mail", what="m1")
        clock.shift(timedelta(days=1))
        note("ada", sub_account, "c2")
        yield


def log_path(account: SubAccount, more: str = "") -> str:
    return f"/read-log/{account.location_id}/{more}"


def lines(answer: Response) -> list[str]:
    """What each row of the log says."""
    return [words(tag) for tag in page(answer).select("[data-reading]")]


def who(answer: Response) -> list[str]:
    """Whom each row names."""
    return [words(tag) for tag in page(answer).select("[data-reading] > b")]


def test_a_lead_reads_the_log_of_a_sub_account(
    lead_client: Client, sub_account: SubAccount, some_rows: None
) -> None:
    answer = lead_client.get(log_path(sub_account))
    assert lines(answer) == [
        "ada conversation 31 Mar 2026, 12:00 c2 192.0.2.7",
        "grace email 30 Mar 2026, 12:00 c1 m1 192.0.2.7",
        "ada conversation 29 Mar 2026, 12:00 c1 192.0.2.7",
    ]
    link = one(page(answer), "[data-reading] a[href$='/c2/']")
    assert value(link, "href") == thread_path(sub_account, "c2")
    # And that is in the log too.
    latest = Reading.objects.latest("number")
    assert (latest.action, latest.username) == ("log", "lead")


@pytest.mark.parametrize(
    ("query", "people"),
    [
        ("person=ADA", ["ada", "ada"]),
        ("action=mail", ["grace"]),
        ("conversation=c1", ["grace", "ada"]),
        ("since=2026-03-30", ["ada", "grace"]),
        ("until=2026-03-30", ["grace", "ada"]),
        ("since=2026-03-30&until=2026-03-30", ["grace"]),
        ("person=nobody", []),
    ],
)
def test_the_log_is_filtered(
    lead_client: Client, sub_account: SubAccount, some_rows: None, query: str, people: list[str]
) -> None:
    answer = lead_client.get(log_path(sub_account, f"?{query}"))
    assert answer.status_code == 200
    assert who(answer) == people
    name, typed = query.split("&")[0].split("=")
    field = one(page(answer), f"form.log__filter [name={name}]")
    chosen = field.select_one("option[selected]") if field.name == "select" else field
    assert chosen is not None and chosen["value"] == typed
    if not people:
        assert "No row fits this." in words(one(page(answer), "#thread"))
    file = value(one(page(answer), "a[href*='/csv/']"), "href")
    rows = list(csv.DictReader(StringIO(text(lead_client.get(file)))))
    assert [row["person"] for row in rows if row["person"] != "lead"] == people


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ("since=yesterday", "since", "Write the day as 2026-03-31."),
        ("since=2026-03-30&until=2026-03-29", "until", "This is before the first day."),
        ("conversation=%3Cb%3E", "conversation", "An id has 1 to 64 letters"),
        ("action=nonsense", "action", "nonsense is not one of the available choices"),
        ("person=" + "x" * 151, "person", "at most 150 characters"),
    ],
)
def test_a_wrong_filter_is_named_and_what_was_typed_stays(
    lead_client: Client, sub_account: SubAccount, query: str, field: str, said: str
) -> None:
    answer = lead_client.get(log_path(sub_account, f"?person=ada&{query}"))
    assert answer.status_code == 422
    wrong = one(page(answer), f".field:has([name={field}])")
    assert said in words(one(wrong, ".field__error"))
    if field != "person":
        assert value(one(page(answer), "[name=person]"), "value") == "ada"
    assert lead_client.get(log_path(sub_account, f"csv/?{query}")).status_code == 400


def test_the_log_is_endless(
    lead_client: Client, sub_account: SubAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(readings.PAGE + 1):
        note("ada", sub_account, f"c{number}")
    first = lead_client.get(log_path(sub_account, "?person=ada"))
    more = one(page(first), "#older-readings a")
    assert len(lines(first)) == readings.PAGE
    assert value(more, "href") == value(more, "hx-get")
    older = lead_client.get(value(more, "href"), headers={**HTMX, "HX-Target": "older-readings"})
    assert lines(older) == [lines(lead_client.get(value(more, "href")))[0]]
    assert "c0" in lines(older)[0]
    assert page(older).select("#older-readings, #thread") == []


def test_a_day_is_the_sub_accounts_day(lead_client: Client, sub_account: SubAccount) -> None:
    sub_account.time_zone = "Pacific/Auckland"  # 13 hours ahead
    sub_account.save()
    with time_machine.travel(NOON, tick=False):
        note("ada", sub_account, "c1")
    answer = lead_client.get(log_path(sub_account, "?since=2026-04-01"))
    assert lines(answer) == ["ada conversation 1 Apr 2026, 01:00 c1 192.0.2.7"]


def test_rows_of_other_sub_accounts_are_not_shown(
    lead_client: Client, sub_account: SubAccount
) -> None:
    note("ada", SubAccount(location_id="other"), "nobody-of-ours")
    assert lines(lead_client.get(log_path(sub_account))) == []
    assert "nobody-of-ours" not in text(lead_client.get(log_path(sub_account, "csv/")))


PAGES = ("/read-log/{location}/", "/read-log/{location}/csv/", "/seen/{location}/{thread}/")


@pytest.mark.parametrize("path", PAGES)
def test_the_log_is_for_leads_alone(
    reader_client: Client,
    lead_client: Client,
    administrator: User,
    sub_account: SubAccount,
    sandbox: Sandbox,
    settings: Settings,
    path: str,
) -> None:
    settings.REQUIRE_SECOND_FACTOR = "none"
    here = path.format(
        location=sub_account.location_id, thread=sandbox.world.showcase_conversation_id
    )
    stranger = signed_in(User.objects.create_user("stranger"))
    assert reader_client.get(here).status_code == 404
    assert stranger.get(here).status_code == 404
    assert lead_client.get(here).status_code == 200
    assert signed_in(administrator).get(here).status_code == 200
    assert lead_client.get(here.replace(sub_account.location_id, "other")).status_code == 404


def test_who_leads_some_conversations_sees_who_has_read_those_alone(
    sub_account: SubAccount, sandbox: Sandbox
) -> None:
    world = sandbox.world
    rows = world.conversations
    own = next(row for row in rows.values() if row.get("assignedTo"))
    foreign = next(row for row in rows.values() if row.get("assignedTo") != own["assignedTo"])
    narrowed = User.objects.create_user("narrowed")
    granted(narrowed, sub_account, role="lead", assigned_to=[own["assignedTo"]])
    client = signed_in(narrowed)
    seen = f"/seen/{sub_account.location_id}"
    answer = client.get(f"{seen}/{own['id']}/")
    assert answer.status_code == 200
    assert page(answer).select("a[href*='/read-log/']") == []
    assert client.get(f"{seen}/{foreign['id']}/").status_code == 404
    assert client.get(log_path(sub_account)).status_code == 404


def test_seen_by_names_everybody_once_the_latest_first(
    lead_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    thread = sandbox.world.showcase_conversation_id
    with time_machine.travel(NOON, tick=False) as clock:
        for name, action in (("ada", "thread"), ("grace", "thread"), ("ada", "mail")):
            note(name, sub_account, thread, action=action)
            clock.shift(timedelta(hours=1))
        note("alan", sub_account, "another")
    path = f"/seen/{sub_account.location_id}/{thread}/"
    answer = lead_client.get(path, headers={**HTMX, "HX-Target": "seen-by"})
    shown = page(answer)
    assert [tag["id"] for tag in shown.find_all(recursive=False)] == ["seen-by"]
    assert [words(tag) for tag in shown.select(".seen__row")] == [
        "ada 31 Mar 2026, 14:00 email",
        "grace 31 Mar 2026, 13:00 conversation",
    ]
    everything = value(one(shown, "a[href*='/read-log/']"), "href")
    assert who(lead_client.get(everything)) == ["ada", "grace", "ada"]
    assert [words(tag) for tag in page(lead_client.get(path)).select(".seen__row > b")] == [
        "ada",
        "grace",
    ]


def test_seen_by_goes_on_behind_a_link(
    lead_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    thread = sandbox.world.showcase_conversation_id
    for number in range(readings.PEOPLE + 2):
        note(f"person{number}", sub_account, thread)
    path = f"/seen/{sub_account.location_id}/{thread}/"
    shown = page(lead_client.get(path))
    assert len(shown.select(".seen__row")) == readings.PEOPLE
    more = value(one(shown, "#more-seen a"), "href")
    rest = page(lead_client.get(more, headers={**HTMX, "HX-Target": "more-seen"}))
    assert [words(tag) for tag in rest.select(".seen__row > b")] == ["person1", "person0"]
    assert lead_client.get(f"{path}?before=0").status_code == 400


def test_the_thread_offers_seen_by_to_leads_alone(
    lead_client: Client, reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    path = thread_path(sub_account, sandbox.world.showcase_conversation_id)
    link = one(page(lead_client.get(path)), ".thread__head [data-seen] #seen-by a")
    assert value(link, "href") == value(link, "hx-get")
    assert lead_client.get(value(link, "href")).status_code == 200
    assert page(reader_client.get(path)).select("[data-seen], a[href*='/seen/']") == []


def test_the_inbox_leads_to_the_log(
    lead_client: Client, reader_client: Client, sub_account: SubAccount
) -> None:
    link = one(page(lead_client.get(inbox_path(sub_account))), "#inbox a[href*='/read-log/']")
    assert value(link, "href") == log_path(sub_account)
    answer = page(reader_client.get(inbox_path(sub_account)))
    assert answer.select("a[href*='/read-log/']") == []


def text(answer: Response) -> str:
    """A file as it is downloaded."""
    return b"".join(answer).decode("utf-8-sig")


def test_the_log_as_a_file(lead_client: Client, sub_account: SubAccount, some_rows: None) -> None:
    answer = lead_client.get(log_path(sub_account, "csv/?person=grace"))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer["Content-Disposition"]
    assert "no-store" in answer["Cache-Control"]
    (row,) = csv.DictReader(StringIO(text(answer)))
    assert row["when (UTC)"] == "2026-03-30T12:00:00+00:00"
    assert (row["person"], row["opened"], row["object"]) == ("grace", "mail", "m1")
    assert row["hash"] == Reading.objects.get(username="grace").hash
    lead_client.get(log_path(sub_account, "csv/"))
    taken = Reading.objects.filter(action="log-export", username="lead")
    assert taken.count() == 2  # each counts


@pytest.mark.parametrize("name", ["=1+1", "+41", "-1", "@SUM", "\tx", "＝1"])
def test_no_cell_is_a_formula(lead_client: Client, sub_account: SubAccount, name: str) -> None:
    note(name, sub_account, "-leading")
    file = lead_client.get(log_path(sub_account, "csv/?action=thread"))
    (row,) = csv.DictReader(StringIO(text(file)))
    assert row["person"] == f"'{name}"
    assert row["conversation id"] == "'-leading"


def test_a_file_that_is_cut_says_so(
    lead_client: Client, sub_account: SubAccount, monkeypatch: pytest.MonkeyPatch, some_rows: None
) -> None:
    monkeypatch.setattr(readings, "FILE_MOST", 2)
    *rows, last = text(lead_client.get(log_path(sub_account, "csv/"))).splitlines()
    assert len(rows) == 3
    assert "more than 2 rows: cut here" in last


@pytest.fixture
def admin_client(administrator: User, settings: Settings) -> Client:
    settings.REQUIRE_SECOND_FACTOR = "none"
    return signed_in(administrator)


ADMIN = "/admin/accounts/reading/"


def test_administrators_search_filter_and_take_away(
    admin_client: Client, sub_account: SubAccount, some_rows: None
) -> None:
    listed = page(admin_client.get(f"{ADMIN}?q=grace"))
    assert [words(tag) for tag in listed.select("td.field-username")] == ["grace"]
    listed = page(admin_client.get(f"{ADMIN}?action__exact=thread"))
    assert [words(tag) for tag in listed.select("td.field-conversation_id")] == ["c2", "c1"]
    export = value(one(listed, ".object-tools a"), "href")
    rows = list(csv.DictReader(StringIO(text(admin_client.get(export)))))
    assert [row["conversation id"] for row in rows] == ["c2", "c1"]
    # Looking at the log, and taking it away, are in it.
    assert {"log", "log-export"} <= set(Reading.objects.values_list("action", flat=True))


def test_an_administrator_who_looks_at_one_row_is_in_the_log(
    admin_client: Client, some_rows: None
) -> None:
    row = Reading.objects.get(username="grace")
    assert admin_client.get(f"{ADMIN}{row.pk}/change/").status_code == 200
    assert [row.action for row in Reading.objects.filter(username="admin")] == ["log"]


def test_a_filter_no_database_can_take_is_refused_in_words(admin_client: Client) -> None:
    for path in (ADMIN, f"{ADMIN}export/", "/admin/accounts/user/"):
        answer = admin_client.get(path, {"location_id": "\0"})
        assert answer.status_code == 400
        assert "This request cannot be read" in words(page(answer))


def test_administrators_cannot_change_the_log(
    admin_client: Client, sub_account: SubAccount, some_rows: None
) -> None:
    row = Reading.objects.get(username="grace")
    for path in (f"{ADMIN}add/", f"{ADMIN}{row.pk}/delete/"):
        assert admin_client.get(path).status_code == 403
        assert admin_client.post(path, {"post": "yes"}).status_code == 403
    shown = page(admin_client.get(f"{ADMIN}{row.pk}/change/"))
    assert shown.select("input[name=_save], input[type=text]") == []
    assert admin_client.post(f"{ADMIN}{row.pk}/change/", {"username": "eve"}).status_code == 403
    assert Reading.objects.filter(username="grace").exists()
    picked = {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"}
    admin_client.post(ADMIN, picked)
    assert Reading.objects.filter(username="grace").exists()
    assert admin_client.get(f"{ADMIN}export/?nonsense=1").status_code == 302
    assert readlog.verify().problem == ""


def test_the_log_is_not_for_staff_without_the_permission(
    sub_account: SubAccount, settings: Settings
) -> None:
    settings.REQUIRE_SECOND_FACTOR = "none"
    clerk = signed_in(User.objects.create_user("clerk", is_staff=True))
    assert clerk.get(ADMIN).status_code == 403
    assert clerk.get(f"{ADMIN}export/").status_code == 403
