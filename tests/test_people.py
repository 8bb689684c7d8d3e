"""Who wrote it: names of staff, asked for after the page, once an hour."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from conversations_ui.accounts.models import SubAccount, User
from conversations_ui.sandbox import Answer, Sandbox
from tests.pages import (
    HTMX,
    answer_thread,
    fragment,
    message,
    one,
    page,
    problems,
    row,
    switched,
    thread_path,
    value,
    words,
)
from tests.people import granted


@pytest.fixture
def path(sub_account: SubAccount) -> str:
    return thread_path(sub_account, "conv")


@pytest.fixture
def other(sub_account: SubAccount) -> str:
    return thread_path(sub_account, "other")


@pytest.fixture
def staff(sandbox: Sandbox) -> dict[str, str]:
    """Names of people by their id."""
    return {key: user["name"] for key, user in list(sandbox.world.users.items())[:3]}


def read(client: Client, sandbox: Sandbox, path: str, *user_ids: str) -> BeautifulSoup:
    """Show one message of each of these people."""
    rows = [row(n, direction="outbound", userId=key) for n, key in enumerate(user_ids)]
    answer_thread(sandbox, path.rstrip("/").rpartition("/")[2], *reversed(rows), forget=False)
    return page(fragment(client, path, "messages"))


def link(shown: BeautifulSoup) -> str:
    """The address that names are asked from."""
    found = one(shown, ".names a")
    assert found["href"] == found["hx-get"]
    return value(found, "href")


def asked(sandbox: Sandbox) -> list[str]:
    return [seen.path for seen in sandbox.requests if seen.path.startswith("/users/")]


def authors(shown: BeautifulSoup) -> list[str]:
    return [words(tag) for tag in shown.select(".message__head b")]


def test_a_page_asks_for_no_names_itself(
    reader_client: Client, sandbox: Sandbox, path: str, staff: dict[str, str]
) -> None:
    sandbox.clear()
    shown = read(reader_client, sandbox, path, *staff, *staff)
    assert len(sandbox.requests) == 1
    assert authors(shown) == [*staff, *staff]
    assert [value(tag, "data-user") for tag in shown.select("[data-user]")] == [*staff, *staff]


def test_names_are_asked_for_once_and_put_in_their_places(
    reader_client: Client, sandbox: Sandbox, path: str, other: str, staff: dict[str, str]
) -> None:
    shown = read(reader_client, sandbox, path, *staff, *staff)
    sandbox.clear()
    named = page(reader_client.get(link(shown), headers=HTMX))
    assert sorted(asked(sandbox)) == sorted(f"/users/{key}" for key in staff)
    places = {value(tag, "hx-swap-oob"): words(tag) for tag in named.select("[hx-swap-oob]")}
    assert places == {f"innerHTML:[data-user='{key}']": name for key, name in staff.items()}

    sandbox.clear()
    again = read(reader_client, sandbox, other, *staff)
    assert authors(again) == list(staff.values())
    assert again.select(".names, [data-user]") == []
    reader_client.get(link(shown), headers=HTMX)
    assert asked(sandbox) == []


def test_names_are_a_page_without_htmx(
    reader_client: Client, sandbox: Sandbox, path: str, staff: dict[str, str]
) -> None:
    shown = read(reader_client, sandbox, path, *staff)
    named = page(reader_client.get(link(shown)))
    assert [words(tag) for tag in named.select("#names li")] == list(staff.values())
    assert one(named, "#thread .pane__head a")["href"] == path


def test_who_the_api_does_not_know_stays_an_id_and_is_not_asked_for_again(
    reader_client: Client, sandbox: Sandbox, path: str, other: str
) -> None:
    href = link(read(reader_client, sandbox, path, "nobody"))
    sandbox.clear()
    assert page(reader_client.get(href, headers=HTMX)).select("li") == []
    assert asked(sandbox) == ["/users/nobody"]
    shown = read(reader_client, sandbox, other, "nobody")
    assert authors(shown) == ["nobody"]
    assert shown.select(".names") == []


def test_without_the_scope_one_refusal_is_enough(
    reader_client: Client, sandbox: Sandbox, path: str, other: str, staff: dict[str, str]
) -> None:
    first, second, _third = staff
    refusal = {"statusCode": 401, "message": "The token is not authorized for this scope."}
    sandbox.script(f"/users/{first}", Answer(401, refusal))
    reader_client.get(link(read(reader_client, sandbox, path, first)), headers=HTMX)
    shown = read(reader_client, sandbox, other, first, second)
    assert authors(shown) == [first, second]
    assert shown.select(".names") == []


def test_names_do_not_pass_from_one_sub_account_to_another(
    reader_client: Client, sandbox: Sandbox, path: str, staff: dict[str, str], reader: User
) -> None:
    first = next(iter(staff))
    reader_client.get(link(read(reader_client, sandbox, path, first)), headers=HTMX)
    other = SubAccount(location_id=sandbox.locations[1], name="Other", time_zone="UTC")
    other.set_token(sandbox.token)
    other.save()
    granted(reader, other)
    shown = read(reader_client, sandbox, thread_path(other, "conv"), first)
    assert authors(shown) == [first]


def test_a_flood_of_people_is_bounded(reader_client: Client, sandbox: Sandbox, path: str) -> None:
    href = link(read(reader_client, sandbox, path, *(f"user{n}" for n in range(40))))
    sandbox.clear()
    reader_client.get(href, headers=HTMX)
    assert len(asked(sandbox)) == 12


@pytest.mark.parametrize("odd", ["a b", "<b>", "x" * 65, "é", "a/b"])
def test_an_odd_id_is_shown_and_never_asked_for(
    reader_client: Client, sandbox: Sandbox, path: str, odd: str
) -> None:
    shown = read(reader_client, sandbox, path, odd)
    assert authors(shown) == [odd]
    assert shown.select(".names, [data-user]") == []


def test_with_the_api_down_the_ids_stay(
    reader_client: Client, sandbox: Sandbox, path: str, staff: dict[str, str], settings: object
) -> None:
    href = link(read(reader_client, sandbox, path, *staff))
    settings.HIGHLEVEL_API_URL = "http://127.0.0.1:9"  # type: ignore[attr-defined]
    answer = reader_client.get(href, headers=HTMX)
    assert answer.status_code == 200
    assert page(answer).select("li") == []


@pytest.mark.parametrize("ids", ["", "a b", "<b>", "x" * 7000])
def test_ids_are_checked(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, ids: str
) -> None:
    sandbox.clear()
    answer = reader_client.get(f"/staff/{sub_account.location_id}/conv/", {"ids": ids})
    assert answer.status_code == 400
    assert set(problems(page(answer))) == {"ids"}
    assert sandbox.requests == []


def test_what_nobody_in_particular_sent_carries_our_name(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, path: str
) -> None:
    answer_thread(sandbox, "conv", row(1, direction="outbound", source="workflow"))
    shown = page(fragment(reader_client, path, "messages"))
    article = message(shown, "m001")
    assert words(one(article, ".message__head b")) == sub_account.name
    assert article["data-source"] == "automation"


def test_a_mail_tells_which_of_the_staff_sent_it(
    reader_client: Client, sandbox: Sandbox, path: str, other: str, staff: dict[str, str]
) -> None:
    user_id, name = next(iter(staff.items()))
    sent = row(1, messageType="TYPE_EMAIL", direction="outbound", userId=user_id)
    answer_thread(sandbox, "conv", sent, row(2, messageType="TYPE_EMAIL"))
    shown = page(fragment(reader_client, path, "messages"))
    assert value(one(shown, ".card__title [data-user]"), "data-user") == user_id
    reader_client.get(link(shown), headers=HTMX)
    answer_thread(sandbox, "other", sent, forget=False)
    named = page(fragment(reader_client, other, "messages"))
    assert words(one(named, ".card__title small")).startswith(f"{name} · Email")


def test_the_plain_page_costs_one_call_for_messages_and_two_for_the_head(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    path = thread_path(sub_account, sandbox.world.long_conversation_id)
    with switched(sandbox, envelope="nested"):
        sandbox.clear()
        reader_client.get(path)
    kinds = sorted(seen.path.strip("/").split("/")[0] for seen in sandbox.requests)
    assert kinds == ["contacts", "conversations", "conversations"]
