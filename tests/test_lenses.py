"""Looking at what failed, or at what people wrote: sifted on our side, kept while one goes on."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from conversations_ui.accounts.models import SubAccount
from conversations_ui.sandbox import Sandbox
from tests.pages import (
    answer_thread,
    asked_for_messages,
    chip,
    fragment,
    message,
    message_ids,
    one,
    page,
    problems,
    row,
    thread_path,
    value,
    words,
)

FAILED = {"failed", "undelivered", "opt_out"}
AUTOMATION = {"workflow", "campaign", "bulk_actions", "api"}


@pytest.fixture
def long(sub_account: SubAccount, sandbox: Sandbox) -> str:
    return thread_path(sub_account, sandbox.world.long_conversation_id)


def lens(shown: BeautifulSoup, name: str) -> tuple[str, str]:
    """Whether a lens is on, and where its chip leads."""
    found = one(shown, f'[data-lens="{name}"]')
    assert found["role"] == "button"
    assert found["href"] == found["hx-get"]
    return value(found, "aria-pressed"), value(found, "href")


def test_people_only_hides_automation_and_activities_and_counts_them(
    reader_client: Client, long: str, sandbox: Sandbox
) -> None:
    sandbox.clear()
    shown = page(fragment(reader_client, f"{long}?people=1", "messages"))
    assert len(asked_for_messages(sandbox)) == 1
    newest = sandbox.world.threads[sandbox.world.long_conversation_id][-50:]
    wanted = {
        raw["id"]
        for raw in newest
        if raw.get("source") not in AUTOMATION and "ACTIVITY" not in raw["messageType"]
    }
    assert set(message_ids(shown)) == wanted
    assert f"{50 - len(wanted)} hidden by filters" in words(one(shown, ".coverage"))
    assert lens(shown, "people") == ("true", long)


def test_failed_only_shows_what_failed(reader_client: Client, long: str, sandbox: Sandbox) -> None:
    shown = page(fragment(reader_client, f"{long}?failed=1", "messages"))
    statuses = {raw["id"]: raw.get("status") for raw in sandbox.world.messages.values()}
    assert message_ids(shown)
    assert {statuses[key] for key in message_ids(shown)} <= FAILED
    assert lens(shown, "failed") == ("true", long)
    assert lens(shown, "people") == ("false", f"{long}?failed=1&people=1")


def test_a_lens_stays_while_older_messages_come(reader_client: Client, long: str) -> None:
    shown = page(fragment(reader_client, f"{long}?people=1&type=TYPE_SMS", "messages"))
    href = value(one(shown, "[data-load-older]"), "href")
    assert href.startswith(f"{long}?type=TYPE_SMS&people=1&before=")
    older = page(fragment(reader_client, href, "older"))
    assert older.select('[data-source="automation"], [data-kind="activity"]') == []
    assert {tag["data-message-type"] for tag in older.select("article")} == {"TYPE_SMS"}
    assert "people=1" in value(one(older, "[data-load-older]"), "href")


def test_chips_keep_the_lens_and_the_lens_the_chips(reader_client: Client, long: str) -> None:
    shown = page(fragment(reader_client, f"{long}?people=1&type=TYPE_SMS", "messages"))
    assert chip(shown, "TYPE_SMS")["href"] == f"{long}?people=1"
    assert chip(shown, "TYPE_CALL")["href"] == f"{long}?type=TYPE_SMS,TYPE_CALL&people=1"
    assert chip(shown, "")["href"] == f"{long}?people=1"
    assert lens(shown, "people")[1] == f"{long}?type=TYPE_SMS"


def test_with_a_lens_alone_all_types_are_pressed(reader_client: Client, long: str) -> None:
    shown = page(fragment(reader_client, f"{long}?people=1", "messages"))
    assert chip(shown, "")["aria-pressed"] == "true"


def test_the_service_looks_on_where_a_page_leaves_nothing(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    for number in (9, 8, 7):
        answer_thread(sandbox, "conv", row(number), last=f"m00{number}", more=True)
    answer_thread(sandbox, "conv", row(6, status="failed"), last="m006", more=True)
    sandbox.clear()
    path = f"{thread_path(sub_account, 'conv')}?failed=1"
    shown = page(fragment(reader_client, path, "messages"))
    assert len(asked_for_messages(sandbox)) == 4
    assert message_ids(shown) == ["m006"]
    assert "3 hidden by filters" in words(one(shown, ".coverage"))


def test_looking_on_is_bounded_and_can_be_continued(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    for number in range(20, 10, -1):
        answer_thread(sandbox, "conv", row(number), last=f"m0{number}", more=True)
    sandbox.clear()
    path = f"{thread_path(sub_account, 'conv')}?failed=1"
    shown = page(fragment(reader_client, path, "messages"))
    assert len(asked_for_messages(sandbox)) == 6
    assert words(one(shown, "[data-load-older]")) == "Keep looking"
    assert value(one(shown, "[data-load-older]"), "href") == f"{path}&before=m015"


@pytest.mark.parametrize(
    ("query", "nothing"),
    [
        ("?failed=1", "No failed messages in this conversation"),
        ("?people=1", "Nothing written by people in this conversation"),
        ("?failed=1&type=TYPE_RCS", "No failed “RCS” in this conversation"),
        ("?people=1&type=TYPE_RCS", "No “RCS” by people in this conversation"),
    ],
)
def test_nothing_to_show_is_explained_with_a_way_out(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, query: str, nothing: str
) -> None:
    path = thread_path(sub_account, "conv")
    answer_thread(sandbox, "conv", row(1, source="workflow"))
    shown = page(fragment(reader_client, path + query, "messages"))
    assert words(one(shown, ".empty strong")) == nothing
    assert one(shown, ".empty a")["href"] == path


@pytest.mark.parametrize(
    ("source", "label"),
    [
        ("Workflow", "Workflow"),
        ("bulk actions", "Bulk action"),
        ("bulk-action", "Bulk action"),
        ("Public API", "API"),
        ("public api", "API"),
    ],
)
def test_automation_is_known_by_every_spelling_of_its_source(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, source: str, label: str
) -> None:
    path = thread_path(sub_account, "conv")
    sent = row(1, direction="outbound", source=source)
    answer_thread(sandbox, "conv", sent)
    shown = message(page(fragment(reader_client, path, "messages")), "m001")
    assert shown["data-source"] == "automation"
    assert words(one(shown, ".source")) == label
    answer_thread(sandbox, "other", row(2, source="manual"), sent)
    path = f"{thread_path(sub_account, 'other')}?people=1"
    assert message_ids(page(fragment(reader_client, path, "messages"))) == ["m002"]


def test_what_a_customer_wrote_through_an_apps_channel_is_a_persons(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    answer_thread(sandbox, "conv", row(2, direction="outbound", source="api"), row(1, source="api"))
    path = f"{thread_path(sub_account, 'conv')}?people=1"
    shown = page(fragment(reader_client, path, "messages"))
    assert message_ids(shown) == ["m001"]
    assert not message(shown, "m001").has_attr("data-source")


@pytest.mark.parametrize("status", ["Failed", "UNDELIVERED", "opt-out", "Opt Out"])
def test_failure_is_known_by_every_spelling_of_its_status(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, status: str
) -> None:
    sent = row(1, direction="outbound", status=status)
    answer_thread(sandbox, "conv", row(2, status="delivered"), sent)
    path = f"{thread_path(sub_account, 'conv')}?failed=1"
    shown = page(fragment(reader_client, path, "messages"))
    assert message_ids(shown) == ["m001"]
    assert one(shown, ".message__problem")
    assert one(message(shown, "m001"), ".message__stamp .is-danger")


@pytest.mark.parametrize("name", ["failed", "people"])
@pytest.mark.parametrize("given", ["0", "yes", "1,1", "true", "<b>"])
def test_anything_but_1_is_refused(
    reader_client: Client, long: str, sandbox: Sandbox, name: str, given: str
) -> None:
    sandbox.clear()
    answer = reader_client.get(long, {name: given})
    assert answer.status_code == 400
    assert set(problems(page(answer))) == {name}
    assert sandbox.requests == []


def test_a_permalink_shows_all_there_is(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    conversation_id = sandbox.world.long_conversation_id
    wanted = sandbox.world.threads[conversation_id][-1]["id"]
    path = thread_path(sub_account, conversation_id, wanted)
    shown = page(reader_client.get(f"{path}?failed=1"))
    assert len(message_ids(shown)) == 50
    assert lens(shown, "failed")[0] == "false"
