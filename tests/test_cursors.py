"""Paging through threads: the service against every form in which the API has been seen."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pytest_django import Settings

from conversations_ui.accounts.models import SubAccount
from conversations_ui.highlevel.errors import NotFound
from conversations_ui.highlevel.records import Message
from conversations_ui.sandbox import Answer, Sandbox
from conversations_ui.services.conversations import End, ThreadPage, thread_page
from tests.pages import answer_thread, asked_for_messages, row, switched

LONG_AGO = datetime.min.replace(tzinfo=UTC)


def walk(
    account: SubAccount, conversation_id: str, *, types: tuple[str, ...] = (), most: int = 200
) -> list[ThreadPage]:
    """Read page after page to the beginning."""
    pages = [thread_page(account, conversation_id, types=types)]
    while pages[-1].older and len(pages) < most:
        pages.append(thread_page(account, conversation_id, types=types, before=pages[-1].older))
    return pages


def ids(*pages: ThreadPage) -> list[str]:
    return [message.id for page in pages for message in page.messages]


def key(message: Message) -> tuple[datetime, str]:
    return message.date_added or LONG_AGO, message.id


@pytest.mark.parametrize("odd", [{}, {"envelope": "flat"}, {"inclusive_cursor": True}], ids=str)
def test_the_longest_thread_is_walked_to_its_start_with_each_message_once(
    sub_account: SubAccount, sandbox: Sandbox, settings: Settings, odd: dict[str, object]
) -> None:
    settings.PAGE_SIZE = 100
    conversation_id = sandbox.world.long_conversation_id
    wanted = [raw["id"] for raw in sandbox.world.threads[conversation_id]]
    assert len(wanted) == 5000
    with switched(sandbox, **odd):
        sandbox.clear()
        pages = walk(sub_account, conversation_id)
    found = ids(*pages)
    assert len(found) == len(set(found)) == 5000
    assert set(found) == set(wanted)
    assert len(sandbox.requests) == len(pages)
    assert {page.end for page in pages[:-1]} == {End.MORE}
    assert pages[-1].end is End.START


@pytest.mark.parametrize("size", [1, 20, 50, 100])
def test_the_page_size_is_what_is_asked_for(
    sub_account: SubAccount, sandbox: Sandbox, settings: Settings, size: int
) -> None:
    settings.PAGE_SIZE = size
    sandbox.clear()
    page = thread_page(sub_account, sandbox.world.long_conversation_id)
    assert len(page.messages) == size
    assert [seen.query for seen in sandbox.requests] == [{"limit": str(size)}]


def test_a_page_is_in_order_of_time_and_then_of_id(
    sub_account: SubAccount, sandbox: Sandbox
) -> None:
    same = "2026-03-02T10:05:00.000Z"
    answer_thread(
        sandbox,
        "conv",
        row(1, dateAdded=same),
        row(9),
        row(3, dateAdded=same),
        row(2, dateAdded=same),
        row(4),
    )
    page = thread_page(sub_account, "conv")
    assert ids(page) == ["m004", "m001", "m002", "m003", "m009"]


def test_ties_in_the_longest_thread_are_in_order_too(
    sub_account: SubAccount, sandbox: Sandbox
) -> None:
    page = thread_page(sub_account, sandbox.world.long_conversation_id)
    moments = [message.date_added for message in page.messages]
    assert len(set(moments)) < len(moments), "no ties: this proves nothing"
    assert list(page.messages) == sorted(page.messages, key=key)


def test_a_row_without_a_date_stays_with_its_older_neighbour(
    sub_account: SubAccount, sandbox: Sandbox
) -> None:
    answer_thread(sandbox, "conv", row(4), row(3, dateAdded=None), row(2), row(1))
    assert ids(thread_page(sub_account, "conv")) == ["m001", "m002", "m003", "m004"]


def test_a_row_listed_twice_is_shown_once(sub_account: SubAccount, sandbox: Sandbox) -> None:
    answer_thread(sandbox, "conv", row(2), row(2), row(1), row(2))
    page = thread_page(sub_account, "conv")
    assert ids(page) == ["m001", "m002"]
    assert page.looked == 2


def test_rows_without_an_id_are_all_shown(sub_account: SubAccount, sandbox: Sandbox) -> None:
    answer_thread(sandbox, "conv", row(2, id=None), row(1, id=None))
    page = thread_page(sub_account, "conv")
    assert [message.body for message in page.messages] == ["Message 1", "Message 2"]


def test_what_is_no_row_is_left_out(sub_account: SubAccount, sandbox: Sandbox) -> None:
    inner = {"lastMessageId": "", "nextPage": False, "messages": [None, "m", row(1), 7, []]}
    sandbox.script("/conversations/conv/messages", Answer(200, {"messages": inner}))
    assert ids(thread_page(sub_account, "conv")) == ["m001"]


def test_a_stuck_cursor_ends_the_walk_without_repeats(
    sub_account: SubAccount, sandbox: Sandbox
) -> None:
    with switched(sandbox, stuck_cursor=True):
        sandbox.clear()
        pages = walk(sub_account, sandbox.world.long_conversation_id)
    assert len(pages) == len(sandbox.requests) == 2
    assert pages[-1].end is End.STUCK
    assert len(ids(*pages)) == len(set(ids(*pages))) == 50


def test_messages_that_come_with_a_stuck_cursor_are_shown(
    sub_account: SubAccount, sandbox: Sandbox
) -> None:
    answer_thread(sandbox, "conv", row(2), row(1), last="m003", more=True)
    page = thread_page(sub_account, "conv", before="m003")
    assert ids(page) == ["m001", "m002"]
    assert (page.end, page.older) == (End.STUCK, "")


def test_a_filtered_walk_finds_every_message_of_its_types_once(
    sub_account: SubAccount, sandbox: Sandbox
) -> None:
    conversation_id = sandbox.world.long_conversation_id
    rows = sandbox.world.threads[conversation_id]
    wanted = [raw["id"] for raw in rows if raw["messageType"] in ("TYPE_EMAIL", "TYPE_CALL")]
    with switched(sandbox, empty_filtered_pages=3):
        pages = walk(sub_account, conversation_id, types=("TYPE_EMAIL", "TYPE_CALL"))
    assert sorted(ids(*pages)) == sorted(wanted)
    assert sum(page.dropped for page in pages) == 0


def test_a_locally_sifted_walk_finds_the_only_match_of_a_long_thread(
    sub_account: SubAccount, sandbox: Sandbox, settings: Settings
) -> None:
    settings.PAGE_SIZE = 100
    conversation_id = sandbox.world.long_conversation_id
    rows = sandbox.world.threads[conversation_id]
    wanted = {raw["id"] for raw in rows if raw["messageType"] == "TYPE_REVIEW"}
    pages = walk(sub_account, conversation_id, types=("TYPE_REVIEW",))
    assert set(ids(*pages)) == wanted
    assert sum(page.looked for page in pages) == 5000
    assert sum(page.dropped for page in pages) == 5000 - len(wanted)


def test_looking_on_stops_at_a_cursor_that_does_not_move(
    sub_account: SubAccount, sandbox: Sandbox
) -> None:
    for _time in range(2):
        answer_thread(sandbox, "conv", last="m009", more=True)
    sandbox.clear()
    page = thread_page(sub_account, "conv", types=("TYPE_SMS",))
    assert len(asked_for_messages(sandbox)) == 2
    assert page.end is End.STUCK


def test_a_page_of_another_location_is_refused_whole(
    sub_account: SubAccount, sandbox: Sandbox
) -> None:
    ours = row(2, locationId=sub_account.location_id)
    answer_thread(sandbox, "conv", ours, row(1, locationId="somewhere-else"))
    with pytest.raises(NotFound):
        thread_page(sub_account, "conv")
    with pytest.raises(NotFound):
        thread_page(sub_account, sandbox.world.foreign_conversation_id)
