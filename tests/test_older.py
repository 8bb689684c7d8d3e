"""Older messages: the fragment behind the link, its end, and the plain page without htmx."""

from __future__ import annotations

from bs4 import BeautifulSoup
from django.test import Client

from conversations_ui.accounts.models import SubAccount
from conversations_ui.sandbox import Sandbox
from tests.pages import (
    answer_thread,
    asked_for_messages,
    fragment,
    message_ids,
    one,
    page,
    row,
    switched,
    thread_path,
    value,
    words,
)


def older(client: Client, shown: BeautifulSoup) -> BeautifulSoup:
    """Follow the link to older messages as htmx does."""
    link = one(shown, "a[data-load-older]")
    assert link["href"] == link["hx-get"]
    return page(fragment(client, value(link, "href"), value(link, "hx-target").lstrip("#")))


def test_the_link_leads_to_the_page_before(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    rows = sandbox.world.threads[sandbox.world.long_conversation_id]
    first = page(reader_client.get(thread_path(sub_account, sandbox.world.long_conversation_id)))
    sandbox.clear()
    shown = older(reader_client, first)
    assert set(message_ids(shown)) == {raw["id"] for raw in rows[-100:-50]}
    assert len(sandbox.requests) == 1
    assert sandbox.requests[0].query == {"limit": "50", "lastMessageId": rows[-50]["id"]}


def test_the_fragment_holds_older_messages_and_the_next_link_only(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    first = page(reader_client.get(thread_path(sub_account, sandbox.world.long_conversation_id)))
    shown = older(reader_client, first)
    names, *top = shown.find_all(recursive=False)
    assert names["class"] == ["names"]
    assert top[0]["id"] == "older"
    assert {tuple(tag["class"]) for tag in top[1:]} == {("day",)}
    assert len(shown.select("[data-load-older]")) == 1
    for outside in ("html", "#thread", "#inbox", "[data-type-chip]", "[data-thread]"):
        assert shown.select_one(outside) is None
    assert value(top[0], "data-announcement") == "50 older messages loaded"


def test_the_link_stands_above_the_oldest_message(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    shown = page(reader_client.get(thread_path(sub_account, sandbox.world.long_conversation_id)))
    first = shown.select("section[data-thread] :is([data-load-older], article)")[0]
    assert first.has_attr("data-load-older")


def test_the_last_page_ends_with_the_beginning_of_the_conversation(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    conversation_id = sandbox.world.showcase_conversation_id
    rows = sandbox.world.threads[conversation_id]
    shown = page(reader_client.get(thread_path(sub_account, conversation_id)))
    seen = message_ids(shown)
    while shown.select_one("[data-load-older]"):
        assert shown.select_one("[data-thread-start]") is None
        shown = older(reader_client, shown)
        seen = message_ids(shown) + seen
    assert "Beginning of the conversation" in words(one(shown, "[data-thread-start]"))
    assert sorted(seen) == sorted(raw["id"] for raw in rows)


def test_the_filter_survives_loading_older(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    path = thread_path(sub_account, sandbox.world.long_conversation_id)
    first = page(reader_client.get(f"{path}?type=TYPE_SMS,TYPE_CALL"))
    sandbox.clear()
    shown = older(reader_client, first)
    assert sandbox.requests[0].query["type"] == "TYPE_SMS,TYPE_CALL"
    types = {value(tag, "data-message-type") for tag in shown.select("article")}
    assert types <= {"TYPE_SMS", "TYPE_CALL"}
    assert "type=TYPE_SMS,TYPE_CALL" in value(one(shown, "[data-load-older]"), "href")


def test_without_htmx_the_link_opens_a_page_that_leads_back_to_the_newest(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    path = thread_path(sub_account, sandbox.world.long_conversation_id)
    link = one(page(reader_client.get(path)), "a[data-load-older]")
    shown = page(reader_client.get(value(link, "href")))
    assert len(message_ids(shown)) == 50
    assert one(shown, "#inbox")
    back = one(shown, f'.coverage a[href="{path}"]')
    assert "newest" in words(back)


def test_an_empty_older_page_is_the_beginning(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    conversation_id = sandbox.world.long_conversation_id
    answer_thread(sandbox, conversation_id)
    path = f"{thread_path(sub_account, conversation_id)}?before=m001"
    shown = page(fragment(reader_client, path, "older"))
    assert words(one(shown, "[data-thread-start]")) == "Beginning of the conversation"
    assert shown.select_one("[data-load-older]") is None


def test_a_cursor_that_does_not_move_ends_with_a_note_and_repeats_nothing(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    path = thread_path(sub_account, sandbox.world.long_conversation_id)
    with switched(sandbox, stuck_cursor=True):
        first = page(reader_client.get(path))
        sandbox.clear()
        shown = older(reader_client, first)
        assert len(asked_for_messages(sandbox)) == 1
    assert message_ids(shown) == []
    assert shown.select_one("[data-load-older]") is None
    assert "there is more but does not hand it out" in words(one(shown, "[data-thread-start]"))


def test_an_inclusive_cursor_shows_no_message_twice(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    with switched(sandbox, inclusive_cursor=True):
        first = page(
            reader_client.get(thread_path(sub_account, sandbox.world.long_conversation_id))
        )
        shown = older(reader_client, first)
    assert len(message_ids(shown)) == 49
    assert not set(message_ids(shown)) & set(message_ids(first))


def test_more_promised_without_anything_to_go_on_with_is_no_unused_conversation(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    conversation_id = sandbox.world.long_conversation_id
    answer_thread(sandbox, conversation_id, more=True)
    shown = page(reader_client.get(thread_path(sub_account, conversation_id)))
    start = words(one(shown, "[data-thread-start]"))
    assert "there is more but does not hand it out" in start
    assert "never used" not in start


def test_without_a_cursor_the_oldest_row_leads_on(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    conversation_id = sandbox.world.long_conversation_id
    answer_thread(sandbox, conversation_id, row(2), row(1), more=True)
    shown = page(reader_client.get(thread_path(sub_account, conversation_id)))
    assert value(one(shown, "[data-load-older]"), "href").endswith("?before=m001")
