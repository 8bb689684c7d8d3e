"""The details of a message: its link, and its JSON as it came."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any

import pytest
from bs4 import Tag
from django.test import Client

from conversations_ui.accounts.models import SubAccount
from conversations_ui.sandbox import Sandbox
from tests.pages import (
    answer_thread,
    fragment,
    message,
    message_ids,
    one,
    page,
    row,
    thread_path,
    value,
)


@pytest.fixture
def read(reader_client: Client, sub_account: SubAccount, sandbox: Sandbox) -> Any:
    """Show one message with these fields."""

    def show(**fields: Any) -> Tag:
        answer_thread(sandbox, "conv", row(1, **fields))
        path = thread_path(sub_account, "conv")
        return one(page(fragment(reader_client, path, "messages")), "article")

    return show


def raw(article: Tag) -> object:
    return json.loads(one(article, ".facts pre.raw").get_text())


def test_every_message_holds_its_json_as_it_came(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    conversation_id = sandbox.world.long_conversation_id
    path = thread_path(sub_account, conversation_id)
    sandbox.clear()
    shown = page(fragment(reader_client, path, "messages"))
    assert len(sandbox.requests) == 1
    for key in message_ids(shown):
        known = sandbox.world.messages[key]
        found = raw(message(shown, key))
        assert isinstance(found, dict)
        assert {name: found[name] for name in ("id", "body") if name in known} == {
            name: known[name] for name in ("id", "body") if name in known
        }


@pytest.mark.parametrize(
    "fields",
    [
        {"body": '</pre><script>alert("1")</script> & é \\ \n\t "quoted"'},
        {"meta": {"deep": {"list": [1, {"a": None}], "empty": {}}}, "attachments": []},
        {"zero": 0, "no": False, "nothing": "", 'name with "quotes"': 1.5},
    ],
)
def test_the_json_is_exact(read: Any, fields: dict[str, Any]) -> None:
    article = read(**fields)
    assert raw(article) == row(1, **fields)
    assert article.select("script") == []


def test_the_json_is_printed_over_lines(read: Any) -> None:
    lines = one(read(meta={"a": {"b": 1}}), "pre.raw").get_text().splitlines()
    assert '  "id": "m001",' in lines
    assert '      "b": 1' in lines


def test_the_link_leads_to_the_message(read: Any, sub_account: SubAccount) -> None:
    link = one(read(), ".facts [data-copy-link]")
    assert link["href"] == thread_path(sub_account, "conv", "m001") + "#m-m001"


def test_without_an_id_there_is_json_and_no_link(read: Any) -> None:
    article = read(id=None)
    assert article.select("[data-copy-link]") == []
    assert raw(article)


def test_the_details_of_fifty_messages_do_not_double_the_page(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    path = thread_path(sub_account, sandbox.world.long_conversation_id)
    content = fragment(reader_client, path, "messages").content
    assert len(message_ids(page(fragment(reader_client, path, "messages")))) == 50
    without = re.sub(rb'<pre class="raw".*?</pre>', b"", content, flags=re.DOTALL)
    assert len(content) < 1.5 * len(without)
    assert len(gzip.compress(content)) < 1.5 * len(gzip.compress(without))
    assert value(
        one(page(fragment(reader_client, path, "messages")), "[data-thread]"), "data-thread"
    )
