"""Permalinks: the thread opened at one message, however old."""

from __future__ import annotations

import pytest
from django.test import Client

from conversations_ui.accounts.models import SubAccount
from conversations_ui.sandbox import Sandbox
from tests.pages import (
    alert,
    asked_for_messages,
    fragment,
    message,
    message_ids,
    one,
    page,
    thread_path,
    value,
    words,
)


def test_every_message_links_to_itself(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    conversation_id = sandbox.world.showcase_conversation_id
    shown = page(reader_client.get(thread_path(sub_account, conversation_id)))
    dated = [tag for tag in shown.select("article") if tag.select_one("time")]
    assert dated
    for article in dated:
        message_id = value(article, "data-message-id")
        path = thread_path(sub_account, conversation_id, message_id)
        assert article.select_one(f'a[href="{path}#m-{message_id}"] > time')
        assert article["id"] == f"m-{message_id}"


def test_a_message_of_the_newest_page_is_marked_in_it_at_no_extra_cost(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    conversation_id = sandbox.world.long_conversation_id
    wanted = sandbox.world.threads[conversation_id][-20]["id"]
    sandbox.clear()
    shown = page(reader_client.get(thread_path(sub_account, conversation_id, wanted)))
    assert len(asked_for_messages(sandbox)) == 1
    marked = shown.select('article[aria-current="true"]')
    assert [tag["data-message-id"] for tag in marked] == [wanted]
    assert marked[0].has_attr("autofocus")
    assert "Not the newest" not in words(one(shown, ".coverage"))


def test_an_old_message_is_reached_in_three_calls_and_ends_its_page(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    conversation_id = sandbox.world.long_conversation_id
    rows = sandbox.world.threads[conversation_id]
    wanted = rows[1234]["id"]
    path = thread_path(sub_account, conversation_id, wanted)
    sandbox.clear()
    shown = page(fragment(reader_client, path, "messages"))
    assert len(sandbox.requests) == 3
    assert message_ids(shown)[-1] == wanted
    assert set(message_ids(shown)) == {raw["id"] for raw in rows[1184:1235]}
    assert message(shown, wanted)["aria-current"] == "true"
    back = one(shown, ".coverage a:not([data-failures])")
    assert back["href"] == thread_path(sub_account, conversation_id)
    assert "Not the newest messages" in words(back)


def test_older_messages_follow_without_a_gap(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    conversation_id = sandbox.world.long_conversation_id
    rows = sandbox.world.threads[conversation_id]
    path = thread_path(sub_account, conversation_id, rows[1234]["id"])
    shown = page(fragment(reader_client, path, "messages"))
    more = page(fragment(reader_client, value(one(shown, "[data-load-older]"), "href"), "older"))
    assert set(message_ids(more)) == {raw["id"] for raw in rows[1134:1184]}


def test_the_very_first_message_has_the_beginning_above_it(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    conversation_id = sandbox.world.long_conversation_id
    wanted = sandbox.world.threads[conversation_id][0]["id"]
    path = thread_path(sub_account, conversation_id, wanted)
    shown = page(fragment(reader_client, path, "messages"))
    assert message_ids(shown) == [wanted]
    assert one(shown, "[data-thread-start]")


def test_a_message_of_another_conversation_is_not_found(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    world = sandbox.world
    elsewhere = world.threads[world.showcase_conversation_id][0]["id"]
    answer = reader_client.get(thread_path(sub_account, world.long_conversation_id, elsewhere))
    assert answer.status_code == 404
    assert alert(page(answer))["data-error"] == "not-found"
    assert message_ids(page(answer)) == []


def test_a_message_of_another_sub_account_is_not_found(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    world = sandbox.world
    foreign = next(
        rows
        for key, rows in world.threads.items()
        if rows and (world.conversations[key]["locationId"] == world.second_location_id)
    )
    path = thread_path(sub_account, foreign[0]["conversationId"], foreign[0]["id"])
    assert reader_client.get(path).status_code == 404


@pytest.mark.parametrize("kind", ["unknown", "single mail"])
def test_an_id_that_is_no_message_is_not_found(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, kind: str
) -> None:
    world = sandbox.world
    message_id = "nobody-knows-me" if kind == "unknown" else next(iter(world.emails))
    path = thread_path(sub_account, world.long_conversation_id, message_id)
    answer = reader_client.get(path)
    assert answer.status_code == 404
    assert alert(page(answer))["data-error"] == "not-found"


def test_a_permalink_shows_all_types(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    conversation_id = sandbox.world.showcase_conversation_id
    wanted = sandbox.world.showcase["TYPE_REVIEW"]
    path = f"{thread_path(sub_account, conversation_id, wanted)}?type=TYPE_SMS"
    shown = page(fragment(reader_client, path, "messages"))
    assert message(shown, wanted)["aria-current"] == "true"
    pressed = [tag["data-type-chip"] for tag in shown.select('[aria-pressed="true"]')]
    assert pressed == [""]


def test_chips_and_older_links_lead_back_to_the_thread(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    conversation_id = sandbox.world.long_conversation_id
    wanted = sandbox.world.threads[conversation_id][-5]["id"]
    thread = thread_path(sub_account, conversation_id)
    shown = page(fragment(reader_client, f"{thread}{wanted}/", "messages"))
    for link in shown.select("[data-type-chip], [data-load-older]"):
        assert value(link, "href").partition("?")[0] == thread
