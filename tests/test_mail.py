"""Mails: asked for one by one, each once, and shown to those who may read them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from conversations_ui.accounts.models import SubAccount
from conversations_ui.highlevel.mails import Email
from conversations_ui.sandbox import Answer, Sandbox
from conversations_ui.services import upstream
from tests.mails import FRAME_POLICY, asked, frame, given, in_sandbox, path
from tests.pages import (
    alert,
    answer_thread,
    fragment,
    message,
    one,
    page,
    policy,
    problems,
    row,
    thread_path,
    value,
    words,
)


@pytest.fixture
def conversation_id(sandbox: Sandbox) -> str:
    return sandbox.world.email_conversation_id


# The thread


def test_a_thread_of_mails_asks_for_none_of_them(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, conversation_id: str
) -> None:
    answer = reader_client.get(thread_path(sub_account, conversation_id))
    links = page(answer).select("a[data-open-mail]")
    rows = sandbox.world.threads[conversation_id]
    ids = [i for r in rows for i in r.get("meta", {}).get("email", {}).get("messageIds", ())]
    assert sorted(value(link, "data-open-mail") for link in links) == sorted(ids)
    for link in links:
        assert link["href"] == link["hx-get"]
        assert link["href"] == path(sub_account, conversation_id, value(link, "data-open-mail"))
    assert asked(sandbox) == []
    assert len([seen for seen in sandbox.requests if seen.path.endswith("/messages")]) == 1
    assert page(answer).select("iframe") == []


@pytest.mark.parametrize(
    "meta",
    [
        {"email": {"messageIds": ["e1", "e2"]}},
        {"email": {"email": {"messageIds": ["e1", "e2"]}}},
        {"messageIds": ["e1", "e2"]},
    ],
)
@pytest.mark.parametrize("name", ["TYPE_EMAIL", "TYPE_CAMPAIGN_EMAIL", "TYPE_CUSTOM_EMAIL"])
def test_a_row_names_its_mails_in_any_nesting(
    reader_client: Client,
    sub_account: SubAccount,
    sandbox: Sandbox,
    conversation_id: str,
    meta: dict[str, Any],
    name: str,
) -> None:
    answer_thread(sandbox, conversation_id, row(1, messageType=name, meta=meta, body="A quote"))
    card = message(page(reader_client.get(thread_path(sub_account, conversation_id))), "m001")
    assert [link["data-open-mail"] for link in card.select("a[data-open-mail]")] == ["e1", "e2"]
    assert words(card.select("a[data-open-mail]")[1]) == "Open email 2 of 2"


@pytest.mark.parametrize(
    "meta",
    [None, {}, {"email": {}}, {"email": {"messageIds": []}}, {"messageIds": ["../x", "a b"]}],
)
def test_a_row_without_usable_ids_shows_its_own_text(
    reader_client: Client,
    sub_account: SubAccount,
    sandbox: Sandbox,
    conversation_id: str,
    meta: dict[str, Any] | None,
) -> None:
    mail = row(1, messageType="TYPE_EMAIL", meta=meta, body="<p>See you</p>", contentType=None)
    answer_thread(sandbox, conversation_id, mail)
    card = message(page(reader_client.get(thread_path(sub_account, conversation_id))), "m001")
    assert card.select("[data-open-mail]") == []
    assert words(one(card, ".email__text")) == "See you"


def test_markup_in_a_row_that_would_hold_up_the_thread_is_not_parsed(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, conversation_id: str
) -> None:
    bomb = "<div>" * 60_000 + "Boo</div>"
    mail = row(1, messageType="TYPE_EMAIL", body=bomb, contentType="text/html")
    answer_thread(sandbox, conversation_id, mail)
    card = message(page(reader_client.get(thread_path(sub_account, conversation_id))), "m001")
    assert words(one(card, ".email__text")) == "Boo"


# One mail


def test_card_of_a_mail(reader_client: Client, sub_account: SubAccount, sandbox: Sandbox) -> None:
    card = given(
        sandbox,
        sub_account,
        cc=["b@example.com", '"Kim, W" <k@example.com>'],
        bcc=["z@example.com"],
        status="clicked",
        attachments=["https://files.example/plan.pdf"],
    )
    answer = fragment(reader_client, card)
    assert answer.status_code == 200
    soup = page(answer)
    item = one(soup, "details.email__item#mail-e1")
    assert words(one(item, "summary > b")) == "Anna Lind"
    assert value(one(item, "summary time"), "datetime").startswith("2026-03-02T10:00:00")
    assert "open" not in item.attrs
    assert one(item, "[data-open-mail]")["data-open-mail"] == "e1"
    people = {
        words(one(pair, "dt")): words(one(pair, "dd")) for pair in item.select("dl > div")[:6]
    }
    assert people == {
        "Subject": "Plan",
        "From": "Anna Lind <anna@example.com>",
        "To": "hello@north.example",
        "Cc": 'b@example.com, "Kim, W" <k@example.com>',
        "Bcc": "z@example.com",
        "Date": "Monday 2 March 2026, 10:00:00 +00:00 · Clicked",
    }
    assert words(one(item, ".files a")) == "plan.pdf opens on files.example"
    assert frame(item)["data-mail"] == "e1"
    assert frame(item)["sandbox"] == ["allow-popups", "allow-popups-to-escape-sandbox"]
    assert frame(item)["referrerpolicy"] == "no-referrer"
    assert frame(item)["loading"] == "lazy"
    assert frame(item)["src"] == f"{card}body/"
    assert frame(item)["title"] == "Email from Anna Lind"
    assert item.select(".email__bar") == []


def test_a_mail_that_failed_says_why(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    card = given(sandbox, sub_account, status="failed", error="No such mailbox", subject=" ")
    item = page(fragment(reader_client, card))
    assert words(one(item, ".message__problem")) == "Not delivered: No such mailbox"
    assert words(item.select("dl dd")[0]) == "(no subject)"
    fine = fragment(reader_client, given(sandbox, sub_account, "e2"))
    assert page(fine).select(".message__problem") == []


def test_all_of_a_mail_costs_one_call(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, conversation_id: str
) -> None:
    email_id = in_sandbox(sandbox, "smile.jpg")
    card = path(sub_account, conversation_id, email_id)
    answers = [
        fragment(reader_client, card),
        reader_client.get(f"{card}body/"),
        fragment(reader_client, f"{card}?pictures=1"),
        reader_client.get(f"{card}body/?pictures=1"),
        reader_client.get(f"{card}source/"),
        reader_client.get(f"{card}download/"),
        reader_client.get(card),
    ]
    assert {answer.status_code for answer in answers} == {200}
    assert len(asked(sandbox)) == 1
    assert [seen.path for seen in sandbox.requests] == [asked(sandbox)[0].path]


def test_the_page_of_a_mail_works_alone(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, conversation_id: str
) -> None:
    soup = page(reader_client.get(given(sandbox, sub_account)))
    assert "open" in one(soup, "details.email__item").attrs
    assert frame(soup)["data-mail"] == "e1"
    assert soup.select("[data-open-mail]") == []
    back = one(soup, ".thread__head a")
    assert back["href"] == thread_path(sub_account, conversation_id)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"from": None, "to": None, "subject": None}, "Unknown sender"),
        ({"from": "anna@example.com"}, "anna@example.com"),
        ({"dateAdded": None, "status": None}, "Anna Lind"),
        ({"to": "one@example.com", "cc": None}, "Anna Lind"),
        ({"from": ["odd"], "to": {"email": "x"}, "body": None}, "Unknown sender"),
    ],
)
def test_odd_mails_still_have_a_card(
    reader_client: Client,
    sub_account: SubAccount,
    sandbox: Sandbox,
    fields: dict[str, Any],
    expected: str,
) -> None:
    card = given(sandbox, sub_account, **fields)
    assert words(one(page(fragment(reader_client, card)), "summary > b")) == expected
    assert reader_client.get(f"{card}body/").status_code == 200


@pytest.mark.parametrize("answer", [{"flat": True}, {}])
def test_wrapped_and_flat_answers(sandbox: Sandbox, answer: dict[str, Any]) -> None:
    raw = {"id": "e1", "from": "a@example.com", "to": ["b@example.com", {"email": "c@example.com"}]}
    found = Email.from_api(raw if answer else {"emailMessage": raw})
    assert (found.id, found.sender) == ("e1", "a@example.com")
    assert found.to == ("b@example.com", "c@example.com")


@pytest.mark.parametrize("raw", [None, 1, "x", [], {}, {"emailMessage": None}, {"id": {}, "to": 1}])
def test_any_answer_can_be_read(raw: object) -> None:
    assert Email.from_api(raw).body == ""


# Whose mail it is


@pytest.mark.parametrize("what", ["", "body/", "source/", "download/"])
@pytest.mark.parametrize("fields", [{"conversationId": "other"}, {"locationId": "other"}])
def test_a_mail_of_another_conversation_is_not_there(
    reader_client: Client,
    sub_account: SubAccount,
    sandbox: Sandbox,
    what: str,
    fields: dict[str, str],
) -> None:
    answer = reader_client.get(given(sandbox, sub_account, body="Secret", **fields) + what)
    assert answer.status_code == 404
    assert b"Secret" not in answer.content
    assert alert(page(answer))["data-error"] == "not-found"


def test_a_kept_mail_is_not_shown_under_another_conversation(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, conversation_id: str
) -> None:
    email_id = in_sandbox(sandbox, "smile.jpg")
    assert reader_client.get(path(sub_account, conversation_id, email_id)).status_code == 200
    other = path(sub_account, sandbox.world.showcase_conversation_id, email_id)
    assert reader_client.get(other).status_code == 404


@pytest.mark.parametrize("what", ["", "body/", "source/", "download/"])
def test_bad_ids_are_named(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, what: str
) -> None:
    answer = reader_client.get(path(sub_account, "a b", "c.d", what))
    assert answer.status_code == 400
    assert set(problems(page(answer))) == {"conversation", "email"}
    assert sandbox.requests == []


def test_pictures_is_a_switch(reader_client: Client, sub_account: SubAccount) -> None:
    answer = reader_client.get(path(sub_account, "c", "e") + "?pictures=maybe")
    assert answer.status_code == 400
    assert set(problems(page(answer))) == {"pictures"}


# When it fails


@pytest.mark.parametrize(
    ("status", "code", "ours"),
    [(429, "rate-limited", 503), (500, "unavailable", 503), (404, "not-found", 404)],
)
def test_a_failure_stands_where_the_mail_would_be(
    reader_client: Client,
    sub_account: SubAccount,
    sandbox: Sandbox,
    conversation_id: str,
    status: int,
    code: str,
    ours: int,
) -> None:
    card = path(sub_account, conversation_id, "e1")
    sandbox.script("/conversations/messages/email/e1", Answer(status, {"message": "No"}), times=4)
    answer = fragment(reader_client, card)
    assert answer.status_code == ours
    item = one(page(answer), "#mail-e1")
    assert alert(item)["data-error"] == code
    retry = one(item, "[data-retry]")
    assert (retry["hx-get"], retry["hx-target"]) == (card, "#mail-e1")
    framed = reader_client.get(f"{card}body/")
    assert framed.status_code == ours
    assert policy(framed) == FRAME_POLICY
    assert alert(page(framed))["data-error"] == code
    assert alert(page(reader_client.get(f"{card}source/")))["data-error"] == code


def test_only_a_few_mails_are_asked_for_at_once(
    reader_client: Client,
    sub_account: SubAccount,
    sandbox: Sandbox,
    settings: Settings,
) -> None:
    card = given(sandbox, sub_account)
    settings.PAGE_SECONDS = 0.3
    room = upstream._AT_ONCE["/conversations/messages/email/{}"]
    taken = [room.acquire(blocking=False) for _ in range(10)]
    try:
        assert taken.count(True) == 4
        assert fragment(reader_client, card).status_code == 503
        assert asked(sandbox) == []
    finally:
        for _ in range(taken.count(True)):
            room.release()
    settings.PAGE_SECONDS = 8
    assert fragment(reader_client, card).status_code == 200


def test_a_failed_call_gives_its_turn_back(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, conversation_id: str
) -> None:
    sandbox.script("/conversations/messages/email/", Answer(404, {"message": "No"}), times=6)
    for number in range(6):
        card = path(sub_account, conversation_id, f"e{number}")
        assert fragment(reader_client, card).status_code == 404
    assert fragment(reader_client, given(sandbox, sub_account)).status_code == 200
