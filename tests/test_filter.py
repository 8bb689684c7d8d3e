"""The type filter: chips, the `type` query, and what the API leaves to us."""

from __future__ import annotations

import pytest
from django.core.cache import caches
from django.test import Client

from conversations_ui.accounts.models import SubAccount
from conversations_ui.highlevel.message_types import FILTERS
from conversations_ui.sandbox import Sandbox
from tests.pages import (
    answer_thread,
    asked_for_messages,
    chip,
    fragment,
    message_ids,
    one,
    page,
    problems,
    row,
    switched,
    thread_path,
    value,
    words,
)


@pytest.fixture
def path(sub_account: SubAccount, sandbox: Sandbox) -> str:
    """A thread with every type of message in it."""
    return thread_path(sub_account, sandbox.world.showcase_conversation_id)


def test_there_is_a_chip_for_every_value_of_the_apis_filter(
    reader_client: Client, path: str
) -> None:
    shown = page(reader_client.get(path))
    values = [value(tag, "data-type-chip") for tag in shown.select("[data-type-chip]")]
    assert values[0] == ""
    assert len(values) == len(set(values))
    assert {row.filter for row in FILTERS} <= set(values)
    for tag in shown.select("[data-type-chip]"):
        assert tag.name == "a"
        assert tag["role"] == "button"
        assert tag["href"] == tag["hx-get"]
        assert tag["hx-target"] == "#messages"


def test_chips_of_loaded_types_come_first_with_their_number(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    calls = [row(n, messageType="TYPE_CALL", body=None) for n in (5, 4)]
    texts = [row(n, messageType="TYPE_WHATSAPP") for n in (3, 2, 1)]
    answer_thread(sandbox, sandbox.world.long_conversation_id, *calls, *texts)
    shown = page(reader_client.get(thread_path(sub_account, sandbox.world.long_conversation_id)))
    first = [
        (value(tag, "data-type-chip"), words(one(tag, ".count")))
        for tag in shown.select("[data-type-chip]")[:4]
    ]
    assert first == [("", "5"), ("TYPE_WHATSAPP", "3"), ("TYPE_CALL", "2"), ("TYPE_SMS", "")]


def test_a_chip_toggles_its_value_and_keeps_the_others(reader_client: Client, path: str) -> None:
    shown = page(reader_client.get(f"{path}?type=TYPE_SMS,TYPE_CALL"))
    assert chip(shown, "TYPE_SMS")["aria-pressed"] == "true"
    assert chip(shown, "TYPE_CALL")["aria-pressed"] == "true"
    assert chip(shown, "TYPE_EMAIL")["aria-pressed"] == "false"
    assert chip(shown, "")["aria-pressed"] == "false"
    assert chip(shown, "TYPE_SMS")["href"] == f"{path}?type=TYPE_CALL"
    assert chip(shown, "TYPE_EMAIL")["href"] == f"{path}?type=TYPE_SMS,TYPE_CALL,TYPE_EMAIL"
    assert chip(shown, "")["href"] == path


def test_without_a_filter_only_the_chip_that_clears_is_pressed(
    reader_client: Client, path: str
) -> None:
    shown = page(reader_client.get(path))
    pressed = [tag["data-type-chip"] for tag in shown.select('[aria-pressed="true"]')]
    assert pressed == [""]


def test_every_chip_leads_to_a_page(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    odd = ("TYPE_HOLOGRAM", "TYPE_ACTIVITY_SPACEWALK", "TYPE_REVIEW", "", "TYPE_É", "TYPE_SMS")
    path = thread_path(sub_account, sandbox.world.empty_conversation_id)
    answer_thread(
        sandbox,
        sandbox.world.empty_conversation_id,
        *(row(number, type=None, messageType=name) for number, name in enumerate(odd)),
    )
    shown = page(reader_client.get(path))
    assert len(message_ids(shown)) == len(odd)
    for tag in shown.select("[data-type-chip]"):
        answer = fragment(reader_client, value(tag, "href"), "messages")
        assert answer.status_code == 200, tag["data-type-chip"]


@pytest.mark.parametrize(("name", "asked"), [(kind.name, str(kind.filter)) for kind in FILTERS])
def test_the_api_filters_by_each_value(
    reader_client: Client, path: str, sandbox: Sandbox, name: str, asked: str
) -> None:
    sandbox.clear()
    shown = page(fragment(reader_client, f"{path}?type={asked}", "messages"))
    assert [seen.query.get("type") for seen in sandbox.requests] == [asked]
    assert shown.select("article")
    assert {tag["data-message-type"] for tag in shown.select("article")} == {name}


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("SMS", "TYPE_SMS"),
        ("sms", "TYPE_SMS"),
        ("TYPE_INTERNAL_COMMENT", "TYPE_INTERNAL_COMMENTS"),
        ("TYPE_INTERNAL_COMMENTS", "TYPE_INTERNAL_COMMENTS"),
        ("Live Chat", "TYPE_LIVE_CHAT"),
        (" TYPE_SMS , TYPE_CALL ,, TYPE_SMS ", "TYPE_SMS,TYPE_CALL"),
    ],
)
def test_other_spellings_of_a_type_are_understood(
    reader_client: Client, path: str, sandbox: Sandbox, given: str, sent: str
) -> None:
    sandbox.clear()
    answer = reader_client.get(path, {"type": given}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert asked_for_messages(sandbox)[0].query["type"] == sent
    pressed = [tag["data-type-chip"] for tag in page(answer).select('[aria-pressed="true"]')]
    assert sorted(map(str, pressed)) == sorted(sent.split(","))


@pytest.mark.parametrize(
    "given", ["TYPE_HOLOGRAM", "nonsense", "TYPE_SMS,bogus", "%00", "é", "TYPE_"]
)
def test_an_unknown_type_is_refused_by_name(
    reader_client: Client, path: str, sandbox: Sandbox, given: str
) -> None:
    sandbox.clear()
    answer = reader_client.get(f"{path}?type={given}")
    assert answer.status_code == 400
    assert set(problems(page(answer))) == {"type"}
    assert sandbox.requests == []


def test_a_type_the_api_cannot_filter_by_is_sifted_here(
    reader_client: Client, path: str, sandbox: Sandbox
) -> None:
    answer_thread(
        sandbox,
        sandbox.world.showcase_conversation_id,
        row(2, messageType="TYPE_SMS_REACTION"),
        row(1),
    )
    shown = page(reader_client.get(path))
    local = chip(shown, "TYPE_SMS_REACTION")
    assert local.has_attr("data-local")
    assert not chip(shown, "TYPE_SMS").has_attr("data-local")
    sandbox.clear()
    caches["upstream"].clear()
    sifted = page(fragment(reader_client, value(local, "href"), "messages"))
    assert "type" not in asked_for_messages(sandbox)[0].query
    assert {tag["data-message-type"] for tag in sifted.select("article")} == {"TYPE_SMS_REACTION"}
    assert chip(sifted, "TYPE_SMS_REACTION")["aria-pressed"] == "true"


def test_a_local_type_beside_one_of_the_apis_shows_both(
    reader_client: Client, path: str, sandbox: Sandbox
) -> None:
    seen: set[str] = set()
    next_page = f"{path}?type=TYPE_REVIEW,TYPE_EMAIL"
    while next_page:
        shown = page(fragment(reader_client, next_page))
        seen |= {value(tag, "data-message-type") for tag in shown.select("article")}
        link = shown.select_one("[data-load-older]")
        next_page = value(link, "href") if link else ""
    assert seen == {"TYPE_REVIEW", "TYPE_EMAIL"}
    assert all("type" not in asked.query for asked in asked_for_messages(sandbox))


def test_rows_outside_the_asked_types_are_dropped_and_counted(
    reader_client: Client, path: str, sandbox: Sandbox
) -> None:
    rows = sandbox.world.threads[sandbox.world.showcase_conversation_id][-50:]
    wanted = [raw["id"] for raw in rows if raw["messageType"] in ("TYPE_SMS", "SMS")]
    with switched(sandbox, ignore_type_filter=True):
        shown = page(fragment(reader_client, f"{path}?type=TYPE_SMS", "messages"))
    assert sorted(message_ids(shown)) == sorted(wanted)
    assert f"{50 - len(wanted)} hidden by filters" in words(one(shown, ".coverage"))


def test_nothing_is_counted_as_hidden_when_the_api_filters(
    reader_client: Client, path: str
) -> None:
    shown = page(fragment(reader_client, f"{path}?type=TYPE_SMS", "messages"))
    assert "hidden" not in words(one(shown, ".coverage"))


def test_a_short_type_name_in_an_answer_passes_the_filter(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    conversation_id = sandbox.world.long_conversation_id
    answer_thread(sandbox, conversation_id, row(1, messageType="SMS"))
    path = f"{thread_path(sub_account, conversation_id)}?type=TYPE_SMS"
    assert message_ids(page(fragment(reader_client, path))) == ["m001"]


def test_empty_filtered_pages_are_looked_past(
    reader_client: Client, path: str, sandbox: Sandbox
) -> None:
    with switched(sandbox, empty_filtered_pages=4):
        sandbox.clear()
        shown = page(fragment(reader_client, f"{path}?type=TYPE_EMAIL", "messages"))
    assert len(sandbox.requests) == 5
    assert {tag["data-message-type"] for tag in shown.select("article")} == {"TYPE_EMAIL"}


def test_looking_on_is_bounded_and_then_offered(
    reader_client: Client, path: str, sandbox: Sandbox
) -> None:
    with switched(sandbox, empty_filtered_pages=9):
        sandbox.clear()
        shown = page(fragment(reader_client, f"{path}?type=TYPE_EMAIL", "messages"))
        assert len(sandbox.requests) == 6
        assert message_ids(shown) == []
        link = one(shown, "a[data-load-older]")
        assert words(link) == "Keep looking"
        assert not link.has_attr("data-nearby"), "it would go on by itself"
        assert shown.select_one("[data-thread-start]") is None
        more = page(fragment(reader_client, value(link, "href"), "older"))
    assert message_ids(more)
    assert {tag["data-message-type"] for tag in more.select("article")} == {"TYPE_EMAIL"}


def test_a_type_that_a_long_thread_lacks_ends_in_keep_looking_and_says_how_far(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    path = thread_path(sub_account, sandbox.world.long_conversation_id)
    sandbox.clear()
    shown = page(fragment(reader_client, f"{path}?type=TYPE_CUSTOM_CALL", "messages"))
    assert len(sandbox.requests) == 6
    assert "300 messages were looked through." in words(one(shown, "#older"))
    assert words(one(shown, "a[data-load-older]")) == "Keep looking"


def test_a_filter_without_matches_offers_all_types(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    path = thread_path(sub_account, sandbox.world.empty_conversation_id)
    shown = page(fragment(reader_client, f"{path}?type=TYPE_SMS,TYPE_REVIEW", "messages"))
    start = one(shown, "[data-thread-start]")
    assert "No “SMS, Review” in this conversation" in words(start)
    assert one(start, f'a[href="{path}"]')
    assert chip(shown, "TYPE_SMS")["aria-pressed"] == "true"


def test_the_end_of_a_filtered_thread_says_that_it_is_filtered(
    reader_client: Client, path: str
) -> None:
    shown = page(fragment(reader_client, f"{path}?type=TYPE_FORM_SUBMISSION", "messages"))
    assert "with this filter" in words(one(shown, "[data-thread-start]"))
