"""How a connection fares: what is remembered of its calls, and what a check finds."""

import re
from typing import Any

import pytest
from bs4 import BeautifulSoup
from cryptography.fernet import Fernet
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from conversations_ui.accounts.models import SubAccount, User
from conversations_ui.accounts.tokens import ReconnectNeeded
from conversations_ui.highlevel import errors
from conversations_ui.sandbox import Answer, Sandbox
from conversations_ui.sandbox.oauth import App
from conversations_ui.services import health
from conversations_ui.services.upstream import TokenLost
from tests.conftest import signed_in

pytestmark = pytest.mark.django_db

SCOPE = Answer(401, {"message": "The token is not authorized for this scope."})
HIPAA = Answer(401, {"message": "This location is in HIPAA mode."})
FOREIGN = Answer(403, {"message": "The token does not have access to this location."})


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    cache.clear()


def page_of(account: SubAccount, part: str = "change") -> str:
    return f"/admin/accounts/subaccount/{account.pk}/{part}/"


def checked(client: Client, account: SubAccount) -> Any:
    """Open the check as an administrator, and give back what it shows."""
    answer = client.get(page_of(account, "check"))
    assert answer.status_code == 200
    shown = BeautifulSoup(answer.content, "html.parser").select_one("[data-check]")
    assert shown
    return shown


def outcomes(shown: Any) -> dict[str, str]:
    return {row["data-scope"]: row["data-outcome"] for row in shown.select("[data-scope]")}


# What is remembered


def test_nothing_is_known_of_a_connection_never_used() -> None:
    assert health.last("l1") == health.Health()


def test_a_success_and_a_failure_are_remembered_in_our_words() -> None:
    health.noted("l1", None)
    error = errors.Unauthorized(sentence="Ann Doe, +41 44 000 00 00", status=401)
    health.noted("l1", error)
    found = health.last("l1")
    assert found.succeeded
    assert found.failure
    assert found.succeeded <= found.failure.at
    assert found.is_failing
    assert found.failure.code == "unauthorized"
    assert "does not accept this token" in found.failure.text
    assert "Ann" not in repr(found)
    assert health.last("l2") == health.Health()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ReconnectNeeded("lost"), "Connect the sub-account again"),
        (TokenLost(), "TOKEN_KEYS"),
        (errors.MissingScope(), "lacks a scope"),
        (errors.HipaaMode(), "HIPAA mode"),
        (errors.ForeignLocation(), "another sub-account"),
        (errors.RateLimited(), "limiting requests"),
        (errors.Unavailable("ReadTimeout"), "could not be reached"),
        (errors.BadAnswer(), "documentation does not promise"),
        (errors.HighLevelError(), "documentation does not promise"),
    ],
)
def test_each_failure_has_its_words(error: errors.HighLevelError, words: str) -> None:
    health.noted("l1", error)
    failure = health.last("l1").failure
    assert failure
    assert words in failure.text


def test_a_success_after_a_failure_is_news_and_after_that_written_seldom() -> None:
    health.noted("l1", None)
    health.noted("l1", errors.Unavailable())
    health.noted("l1", None)
    first = health.last("l1")
    assert not first.is_failing
    for _ in range(10):
        health.noted("l1", None)
    assert health.last("l1") == first


def test_something_missing_is_no_fault_of_the_connection() -> None:
    health.noted("l1", errors.NotFound())
    assert health.last("l1").failure is None
    assert health.last("l1").succeeded


def test_a_scope_known_to_be_missing_is_remembered() -> None:
    health.noted("l1", errors.MissingScope(), scope="contacts.readonly")
    health.noted("l1", errors.MissingScope(), scope="contacts.readonly")
    assert health.last("l1").missing == ("contacts.readonly",)


def test_a_scope_granted_meanwhile_is_missing_no_more() -> None:
    health.noted("l1", None, scope="conversations.readonly")
    for scope in ("contacts.readonly", "users.readonly"):
        health.noted("l1", errors.MissingScope(), scope=scope)
    health.noted("l1", None, scope="conversations.readonly")
    assert health.last("l1").missing == ("contacts.readonly", "users.readonly")
    health.noted("l1", None, scope="contacts.readonly")
    assert health.last("l1").missing == ("users.readonly",)


# The check


def test_what_a_broken_off_check_found_missing_is_remembered(
    administrator_client: Client, sandbox: Sandbox, sub_account: SubAccount
) -> None:
    sandbox.script("/contacts/", SCOPE)
    sandbox.script("/users/", Answer(500, {"message": "oh"}))
    shown = checked(administrator_client, sub_account)
    assert outcomes(shown)["contacts.readonly"] == "missing"
    page = administrator_client.get(page_of(sub_account)).content.decode()
    assert "contacts.readonly (contacts’ names, addresses and the contact panel)" in page


def test_a_sound_connection_is_called_so(
    administrator_client: Client, sandbox: Sandbox, sub_account: SubAccount
) -> None:
    sandbox.clear()
    shown = checked(administrator_client, sub_account)
    assert shown["data-check"] == "well"
    assert "Everything works" in shown.get_text()
    assert outcomes(shown) == dict.fromkeys(health.ENABLES, "granted")
    assert len(sandbox.requests) == 5
    assert {seen.method for seen in sandbox.requests} == {"GET"}
    assert health.last(sub_account.location_id).succeeded


@pytest.mark.parametrize(
    ("label", "missing", "enables"),
    [
        ("no_messages_scope", "conversations/message.readonly", "the messages themselves"),
        ("no_contacts_scope", "contacts.readonly", "contact panel"),
    ],
)
def test_a_missing_scope_is_named_with_what_it_would_enable(
    administrator_client: Client,
    sandbox: Sandbox,
    sub_account: SubAccount,
    label: str,
    missing: str,
    enables: str,
) -> None:
    sub_account.set_token(sandbox.tokens[label])
    sub_account.save()
    shown = checked(administrator_client, sub_account)
    assert shown["data-check"] == "scope"
    assert f"lacks: {missing}." in shown.get_text()
    found = outcomes(shown)
    assert found.pop(missing) == "missing"
    assert set(found.values()) == {"granted"}
    html = administrator_client.get(page_of(sub_account)).content.decode()
    assert re.search(rf"{missing} \([^)]*{enables}", html)
    # A better token, and nothing is missing any more.
    sub_account.set_token(sandbox.token)
    sub_account.save()
    checked(administrator_client, sub_account)
    assert health.last(sub_account.location_id).missing == ()


@pytest.mark.parametrize("path", ["/conversations/search", "/users/", "/locations/"])
def test_each_other_scope_is_tried_too(
    administrator_client: Client, sandbox: Sandbox, sub_account: SubAccount, path: str
) -> None:
    sandbox.script(path, SCOPE)
    shown = checked(administrator_client, sub_account)
    scope = {"/conversations/search": "conversations", "/users/": "users"}.get(path, "locations")
    assert outcomes(shown)[f"{scope}.readonly"] == "missing"


PROBLEMS: list[tuple[str, Answer, str, str]] = [
    ("/locations/", Answer(401, {"message": "Invalid JWT"}), "unauthorized", "mistyped, expired"),
    ("/locations/", FOREIGN, "forbidden", "another sub-account"),
    ("/locations/", Answer(404, {"message": "None"}), "not-found", "no sub-account with this"),
    ("/locations/", Answer(429, {"message": "Slow"}), "rate-limited", "limiting requests"),
    ("/locations/", Answer(503), "unavailable", "could not be reached"),
    ("/locations/", Answer(reset=True), "unavailable", "could not be reached"),
    ("/locations/", Answer(401, {"message": "version header is invalid"}), "bad-answer", "Version"),
    ("/locations/", Answer(401, {"message": "This AuthClass"}), "unauthorized", "agency’s token"),
    ("/conversations/", HIPAA, "forbidden", "HIPAA mode"),
]


@pytest.mark.parametrize(("path", "answer", "problem", "words"), PROBLEMS)
def test_each_problem_is_named(
    administrator_client: Client,
    sandbox: Sandbox,
    sub_account: SubAccount,
    path: str,
    answer: Answer,
    problem: str,
    words: str,
) -> None:
    sandbox.script(path, answer, times=None)
    shown = checked(administrator_client, sub_account)
    assert shown["data-check"] == problem
    assert words.replace("’", "'") in shown.get_text().replace("’", "'")
    failure = health.last(sub_account.location_id).failure
    assert failure
    assert failure.code == problem


def test_hipaa_mode_is_found_behind_working_scopes(
    administrator_client: Client, sandbox: Sandbox, sub_account: SubAccount
) -> None:
    sub_account.set_token(sandbox.tokens["hipaa"])
    sub_account.save()
    shown = checked(administrator_client, sub_account)
    assert shown["data-check"] == "forbidden"
    assert outcomes(shown)["conversations/message.readonly"] == "failed"
    assert outcomes(shown)["contacts.readonly"] == "granted"


def test_a_token_of_another_sub_account_is_named(
    administrator_client: Client, sandbox: Sandbox, sub_account: SubAccount
) -> None:
    sub_account.set_token(sandbox.tokens["other_location"])
    sub_account.save()
    shown = checked(administrator_client, sub_account)
    assert "another sub-account" in shown.get_text()
    assert outcomes(shown)["contacts.readonly"] == "untried"


def test_an_empty_sub_account_is_checked_all_the_same(
    administrator_client: Client, sandbox: Sandbox, sub_account: SubAccount
) -> None:
    sandbox.script("/conversations/search", Answer(200, {"conversations": [], "total": 0}))
    sandbox.script("/contacts/", Answer(400, {"message": "contact id must be a mongodb id"}))
    shown = checked(administrator_client, sub_account)
    assert shown["data-check"] == "well"
    assert set(outcomes(shown).values()) == {"granted"}


def test_lost_keys_and_lost_tokens_are_named(
    administrator_client: Client, app: App, authorised: SubAccount, settings: Settings
) -> None:
    authorised.needs_reconnection = True
    authorised.token_expires = authorised.connected
    authorised.save()
    shown = checked(administrator_client, authorised)
    assert (shown["data-check"], outcomes(shown)) == ("unauthorized", {})
    assert "Connect the sub-account again" in shown.get_text()
    authorised.needs_reconnection = False
    authorised.save()
    settings.TOKEN_KEYS = [Fernet.generate_key().decode()]
    assert "TOKEN_KEYS" in checked(administrator_client, authorised).get_text()


def test_a_token_that_cannot_be_used_is_the_last_error(
    administrator_client: Client,
    reader_client: Client,
    sandbox: Sandbox,
    sub_account: SubAccount,
    settings: Settings,
) -> None:
    settings.TOKEN_KEYS = [Fernet.generate_key().decode()]
    assert reader_client.get(f"/inbox/{sub_account.location_id}/").status_code == 502
    failure = health.last(sub_account.location_id).failure
    assert failure
    assert failure.text in administrator_client.get(page_of(sub_account)).content.decode()
    assert "TOKEN_KEYS" in failure.text
    page = administrator_client.get("/admin/accounts/subaccount/").content.decode()
    assert "failing: private integration" in page


def test_a_refused_token_is_renewed_by_the_check(
    administrator_client: Client, sandbox: Sandbox, authorised: SubAccount
) -> None:
    SubAccount.objects.update(token_since=None)
    sandbox.revoke(authorised.token)
    assert checked(administrator_client, authorised)["data-check"] == "well"


def test_the_pages_of_a_sub_account_show_its_health(
    administrator_client: Client, sandbox: Sandbox, sub_account: SubAccount
) -> None:
    html = administrator_client.get(page_of(sub_account)).content.decode()
    assert "none in the last seven days" in html
    health.noted(sub_account.location_id, errors.Unauthorized(status=401))
    html = administrator_client.get(page_of(sub_account)).content.decode()
    assert "HighLevel does not accept this token" in html
    listed = administrator_client.get("/admin/accounts/subaccount/").content.decode()
    assert "failing: private integration" in listed


def test_reading_is_noted(
    administrator_client: Client, sandbox: Sandbox, sub_account: SubAccount
) -> None:
    administrator_client.get(f"/inbox/{sub_account.location_id}/")
    assert health.last(sub_account.location_id).succeeded


def test_a_check_is_for_those_who_may_change_the_sub_account(
    sub_account: SubAccount, reader_client: Client
) -> None:
    staff = User.objects.create_user("staff", is_staff=True)
    assert signed_in(staff).get(page_of(sub_account, "check")).status_code == 403
    assert reader_client.get(page_of(sub_account, "check")).status_code == 302


def test_a_check_of_nothing_is_not_found(administrator_client: Client) -> None:
    assert administrator_client.get("/admin/accounts/subaccount/999/check/").status_code == 404
