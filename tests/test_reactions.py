"""Reactions: on the message they answer where it is there, and small bubbles of their own."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from django.test import Client

from conversations_ui.accounts.models import SubAccount
from conversations_ui.sandbox import Sandbox
from tests.pages import Row, answer_thread, fragment, message, one, page, row, thread_path, words


class Thread:
    """A reader in front of one thread."""

    def __init__(self, client: Client, account: SubAccount, sandbox: Sandbox) -> None:
        self.client, self.account, self.sandbox = client, account, sandbox

    def read(self, *rows: Row) -> BeautifulSoup:
        """Show these messages, given oldest first."""
        answer_thread(self.sandbox, "conv", *reversed(rows))
        return page(fragment(self.client, thread_path(self.account, "conv"), "messages"))


@pytest.fixture
def thread(reader_client: Client, sub_account: SubAccount, sandbox: Sandbox) -> Thread:
    return Thread(reader_client, sub_account, sandbox)


def reaction(number: int, body: str, **fields: Any) -> Row:
    return row(number, messageType="TYPE_SMS_REACTION", body=body, **fields)


def on(shown: BeautifulSoup, message_id: str) -> list[str]:
    """What stands on a message."""
    found: list[Tag] = message(shown, message_id).select(".reactions > li")
    return [words(one(item, "[aria-hidden]")) for item in found]


SAID = "You are confirmed for Tuesday,  10:00."


@pytest.mark.parametrize(
    ("body", "emoji"),
    [
        ("Loved “You are confirmed for Tuesday, 10:00.”", "❤️"),
        ("Liked “You are confirmed for…”", "👍"),
        ('disliked "You are confirmed for Tuesday, 10:00."', "👎"),
        ("Laughed at “You are confirmed for Tuesday, 10:00.”", "😂"),
        ("Emphasized “You are confirmed for Tuesday, 10:00.”", "❗"),
        ("Questioned “You are confirmed for Tuesday, 10:00.”", "❓"),
        ("Reacted 🎉 to “You are confirmed for Tuesday, 10:00.”", "🎉"),
        ("\u200b👍🏽\u200b to “\u200bYou are confirmed for Tuesday, 10:00.\u200b”", "👍🏽"),
    ],
)
def test_a_reaction_stands_on_what_it_quotes(thread: Thread, body: str, emoji: str) -> None:
    rows = (
        row(1, body="Something else"),
        row(2, body=SAID, direction="outbound"),
        reaction(3, body),
    )
    shown = thread.read(*rows)
    assert on(shown, "m002") == [emoji]
    assert on(shown, "m001") == []
    # It stays a message of its own, too: with its time, its details and its permalink.
    own = message(shown, "m003")
    assert words(one(own, ".bubble--reaction")) == body
    assert own.select("details.facts")


def test_a_reaction_may_name_its_message(thread: Thread) -> None:
    rows = (row(1), row(2, body="Message 1"), reaction(3, "🙏", meta={"replyToMessageId": "m001"}))
    shown = thread.read(*rows)
    assert on(shown, "m001") == ["🙏"]
    assert on(shown, "m002") == []


def test_the_last_one_before_it_is_meant(thread: Thread) -> None:
    shown = thread.read(
        row(1, body="Ok"), row(2, body="Ok"), reaction(3, "Loved “Ok”"), row(4, body="Ok")
    )
    assert [on(shown, f"m00{number}") for number in (1, 2, 4)] == [[], ["❤️"], []]


def test_several_reactions_stand_beside_each_other(thread: Thread) -> None:
    shown = thread.read(
        row(1, body="Ok"),
        reaction(2, "Loved “Ok”"),
        reaction(3, "👍 to “Ok”", direction="outbound"),
    )
    assert on(shown, "m001") == ["❤️", "👍"]
    titles = [item["title"] for item in message(shown, "m001").select(".reactions > li")]
    assert titles == ["Customer: Loved “Ok”", "Us: 👍 to “Ok”"]


@pytest.mark.parametrize(
    "body",
    [
        "Loved “Something older”",
        "Loved “”",
        "Loved an image",
        "Removed a heart from “Ok”",
        "❤️",
        "Painted “Ok”",
        "Loved “…”",
        "<b>x</b> to “Ok”",
    ],
)
def test_without_its_message_it_is_a_small_bubble(thread: Thread, body: str) -> None:
    shown = thread.read(row(1, body="Ok"), reaction(2, body))
    assert shown.select(".reactions, article b:not(header b)") == []
    assert words(one(message(shown, "m002"), ".bubble--reaction")) == words(
        BeautifulSoup(f"<p>{body.replace('<', '&lt;')}</p>", "html.parser")
    )


def test_hostile_reactions_are_text(thread: Thread) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    shown = thread.read(row(1, body=hostile), reaction(2, f"Loved “{hostile}”"))
    assert on(shown, "m001") == ["❤️"]
    assert shown.select("article img") == []
