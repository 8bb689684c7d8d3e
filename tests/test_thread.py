"""The thread: newest messages first seen, in order, in a frame that says who it is with."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client

from conversations_ui.accounts.models import SubAccount
from conversations_ui.sandbox import Answer, Sandbox
from tests.pages import (
    answer_thread,
    asked_for_messages,
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


def test_a_thread_shows_the_newest_messages_oldest_first(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    rows = sandbox.world.threads[sandbox.world.long_conversation_id]
    path = thread_path(sub_account, sandbox.world.long_conversation_id)
    shown = page(reader_client.get(path))
    assert set(message_ids(shown)) == {raw["id"] for raw in rows[-50:]}
    by_id = {raw["id"]: (raw["dateAdded"], raw["id"]) for raw in rows}
    order = [by_id[found] for found in message_ids(shown)]
    assert order == sorted(order)


def test_a_message_carries_the_hooks_of_the_contract(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    path = thread_path(sub_account, sandbox.world.long_conversation_id)
    shown = page(reader_client.get(path))
    thread = one(shown, "section[data-thread]")
    assert thread["data-thread"] == sandbox.world.long_conversation_id
    for article in thread.select("article"):
        raw = sandbox.world.messages[value(article, "data-message-id")]
        assert article["id"] == f"m-{raw['id']}"
        assert article["data-message-type"] == raw["messageType"]
        assert article["data-direction"] == raw["direction"]
        stamp = article.select_one("time")
        assert stamp is not None
        moment = datetime.fromisoformat(value(stamp, "datetime"))
        assert moment == datetime.fromisoformat(raw["dateAdded"]).replace(microsecond=0)


def test_a_plain_page_costs_one_call_for_messages_of_the_page_size(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    world = sandbox.world
    path = thread_path(sub_account, world.long_conversation_id)
    contact_id = world.conversations[world.long_conversation_id]["contactId"]
    sandbox.clear()
    reader_client.get(path)
    (asked,) = asked_for_messages(sandbox)
    assert asked.query == {"limit": "50"}
    assert sorted(seen.path for seen in sandbox.requests) == sorted(
        [
            asked.path,
            f"/conversations/{world.long_conversation_id}",
            f"/contacts/{contact_id}",
        ]
    )
    assert {seen.method for seen in sandbox.requests} == {"GET"}


def test_the_messages_alone_cost_one_call(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    path = thread_path(sub_account, sandbox.world.long_conversation_id)
    sandbox.clear()
    shown = page(fragment(reader_client, path, "messages"))
    assert len(message_ids(shown)) == 50
    assert len(sandbox.requests) == 1
    assert one(shown, "#messages")
    assert shown.select_one("#thread") is None


def test_the_thread_fragment_is_the_frame_with_its_title_and_nothing_around(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    path = thread_path(sub_account, sandbox.world.long_conversation_id)
    answer = fragment(reader_client, path, "thread")
    shown = page(answer)
    assert [tag.name for tag in shown.find_all(recursive=False)] == ["title", "section"]
    assert words(one(shown, "title")) == "Maya Okafor · Sample"
    assert one(shown, "section[data-thread]")
    assert shown.select_one("#inbox") is None
    assert "<!doctype" not in answer.content.decode().lower()


def test_a_history_restore_gets_the_whole_page(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    path = thread_path(sub_account, sandbox.world.long_conversation_id)
    headers = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    answer = reader_client.get(path, headers=headers)
    assert answer.content.startswith(b"<!doctype html>")
    assert one(page(answer), "#inbox")


def test_an_htmx_request_cannot_name_a_part_that_is_not_offered(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    path = thread_path(sub_account, sandbox.world.long_conversation_id)
    shown = page(fragment(reader_client, path, "older"))
    assert one(shown, "section#thread")


def test_the_head_names_the_contact(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    world = sandbox.world
    contact = world.contacts[world.conversations[world.long_conversation_id]["contactId"]]
    shown = page(reader_client.get(thread_path(sub_account, world.long_conversation_id)))
    assert words(one(shown, "#thread h1")) == "Maya Okafor"
    assert words(one(shown, ".thread__sub")).replace("-", "").replace(" ", "") == contact["phone"]


def test_a_deleted_contact_is_explained_and_hurts_nothing(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    path = thread_path(sub_account, sandbox.world.deleted_contact_conversation_id)
    shown = page(reader_client.get(path))
    assert words(one(shown, "#thread h1")) == "Unknown contact"
    assert words(one(shown, ".thread__sub")) == "The contact is no longer in HighLevel."
    assert message_ids(shown)


@pytest.mark.parametrize("path", ["/contacts/", "/conversations/"])
def test_a_head_that_does_not_load_leaves_the_messages(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, path: str
) -> None:
    conversation_id = sandbox.world.long_conversation_id
    where = path if path == "/contacts/" else f"{path}{conversation_id}"
    # The page of messages is asked for at the same time, under an address that begins alike.
    answer_thread(sandbox, conversation_id, row(1, body="Still here"))
    sandbox.script(where, Answer(500, {"message": "Internal server error"}))
    answer = reader_client.get(thread_path(sub_account, conversation_id))
    assert answer.status_code == 200
    shown = page(answer)
    assert "Still here" in words(message(shown, "m001"))
    assert "could not be loaded" in words(one(shown, ".thread__sub"))


def test_a_conversation_never_used_says_so(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    path = thread_path(sub_account, sandbox.world.empty_conversation_id)
    shown = page(reader_client.get(path))
    assert message_ids(shown) == []
    assert "No messages yet" in words(one(shown, "[data-thread-start]"))
    assert shown.select_one("[data-load-older]") is None


def test_a_placeholder_row_is_shown_as_what_it_stands_for(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    conversation_id = sandbox.world.empty_conversation_id
    answer_thread(sandbox, conversation_id, row(1, messageType="TYPE_NO_SHOW", body=None))
    shown = page(reader_client.get(thread_path(sub_account, conversation_id)))
    assert message(shown, "m001")["data-kind"] == "placeholder"
    assert "no messages yet" in words(message(shown, "m001"))


def test_times_are_those_of_the_sub_account(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    sub_account.time_zone = "Asia/Kolkata"
    sub_account.save()
    answer_thread(
        sandbox,
        sandbox.world.long_conversation_id,
        row(1, dateAdded="2026-03-02T20:00:00.000Z"),
    )
    path = thread_path(sub_account, sandbox.world.long_conversation_id)
    shown = page(reader_client.get(path))
    stamp = one(message(shown, "m001"), "time")
    assert stamp["datetime"] == "2026-03-03T01:30:00+05:30"
    assert words(stamp) == "01:30"
    assert stamp["title"] == "Tuesday 3 March 2026, 01:30:00 +05:30"
    assert one(shown, ".day")["data-day"] == "2026-03-03"


def test_the_page_promises_to_read_only_and_offers_the_same_thread_in_highlevel(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    conversation_id = sandbox.world.long_conversation_id
    shown = page(reader_client.get(thread_path(sub_account, conversation_id)))
    foot = one(shown, "#thread > footer")
    assert "changes nothing in HighLevel" in words(foot)
    link = one(foot, "a")
    assert value(link, "href").startswith("https://app.gohighlevel.com/")
    assert value(link, "href").endswith(conversation_id)
    assert link["rel"] == ["noopener", "noreferrer"]


def test_the_thread_is_remembered_as_the_sub_account_last_used(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    reader_client.get(thread_path(sub_account, sandbox.world.empty_conversation_id))
    assert reader_client.get("/")["Location"] == f"/inbox/{sub_account.location_id}/"


def test_a_conversation_of_another_sub_account_is_not_found(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    # The token of the sandbox may read both; the reader was given one.
    conversation_id = sandbox.world.foreign_conversation_id
    bodies = [raw.get("body") for raw in sandbox.world.threads[conversation_id]]
    for target in ("", "thread", "messages"):
        path = thread_path(sub_account, conversation_id)
        answer = fragment(reader_client, path, target) if target else reader_client.get(path)
        assert answer.status_code == 404
        assert one(page(answer), "[data-error=not-found]")
        assert not any(body in answer.content.decode() for body in bodies if body)
