"""HighLevel's own Python client reads from the sandbox as it would from the API."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from highlevel import HighLevel
from highlevel.error import GHLError

from conversations_ui.sandbox import Sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(rate_limit=None) as running:
        yield running


@pytest.fixture
def ask(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs one coroutine function with a client that talks to the sandbox."""
    monkeypatch.setattr(HighLevel, "BASE_URL", sandbox.url)

    def run(work: Callable[[HighLevel], Awaitable[Any]], token: str = "main") -> Any:
        async def main() -> Any:
            client = HighLevel(private_integration_token=sandbox.tokens[token])
            async with client.http_client:
                return await work(client)

        # In a thread of its own: a browser test may have left an event loop in this one.
        with ThreadPoolExecutor(max_workers=1) as own:
            return own.submit(asyncio.run, main()).result()

    return run


def test_it_searches(ask: Callable[..., Any], sandbox: Sandbox) -> None:
    found = ask(
        lambda client: client.conversations.search_conversation(
            location_id=sandbox.world.main_location_id, limit=50, status="unread"
        )
    )
    assert found["total"] >= len(found["conversations"]) > 0
    assert all(raw["unreadCount"] for raw in found["conversations"])
    assert sandbox.requests[-1].version == "v3"


def test_it_pages_a_thread_to_its_end(ask: Callable[..., Any], sandbox: Sandbox) -> None:
    conversation = sandbox.world.long_conversation_id

    async def walk(client: HighLevel) -> list[str]:
        ids: list[str] = []
        more, cursor = True, None
        while more:
            page = (
                await client.conversations.get_messages(
                    conversation_id=conversation, limit=100, last_message_id=cursor
                )
            )["messages"]
            ids += [row["id"] for row in page["messages"]]
            more, cursor = page["nextPage"], page["lastMessageId"]
        return ids

    rows = sandbox.world.threads[conversation]
    assert ask(walk) == [row["id"] for row in reversed(rows)]


def test_it_reads_a_message_when_given_the_address(
    ask: Callable[..., Any], sandbox: Sandbox
) -> None:
    row = sandbox.world.threads[sandbox.world.showcase_conversation_id][-1]
    # Its description forgot the path parameter, so the address must be given by hand.
    address = {"url": f"/conversations/messages/{row['id']}"}
    found = ask(lambda client: client.conversations.get_message(options=address))
    assert found["message"]["body"] == row["body"]
    with pytest.raises(GHLError) as refused:
        ask(lambda client: client.conversations.get_message())
    assert refused.value.status_code == 404


def test_it_reads_a_conversation_a_contact_and_a_location(
    ask: Callable[..., Any], sandbox: Sandbox
) -> None:
    summary = sandbox.world.conversations[sandbox.world.long_conversation_id]

    async def read(client: HighLevel) -> tuple[Any, Any, Any]:
        return (
            await client.conversations.get_conversation(conversation_id=summary["id"]),
            await client.contacts.get_contact(contact_id=summary["contactId"]),
            await client.locations.get_location(location_id=summary["locationId"]),
        )

    conversation, contact, location = ask(read)
    assert conversation["contactId"] == summary["contactId"]
    assert contact["contact"]["lastName"] == "Okafor"
    assert location["location"]["name"] == "Northside Dental"


def test_it_gets_the_sentence_of_a_refusal(ask: Callable[..., Any], sandbox: Sandbox) -> None:
    contact = next(iter(sandbox.world.deleted_contacts))
    with pytest.raises(GHLError, match="Contact not found"):
        ask(lambda client: client.contacts.get_contact(contact_id=contact))
    with pytest.raises(GHLError, match="not authorized for this scope"):
        ask(
            lambda client: client.contacts.get_contact(contact_id=contact),
            token="no_contacts_scope",
        )
