"""`manage.py connect`: a token is held against HighLevel before it is stored."""

import io
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from conversations_ui.accounts.models import SubAccount
from conversations_ui.sandbox import Answer, Sandbox

pytestmark = pytest.mark.django_db

SCOPE = Answer(401, {"statusCode": 401, "message": "The token is not authorized for this scope."})


@pytest.fixture
def location_id(sandbox: Sandbox) -> str:
    return sandbox.locations[0]


@pytest.fixture
def token(sandbox: Sandbox, settings: Settings) -> str:
    settings.HIGHLEVEL_TOKEN = sandbox.token
    return sandbox.token


def connect(*arguments: str) -> str:
    """Run the command and give back what it printed."""
    output = io.StringIO()
    call_command("connect", *arguments, stdout=output)
    return output.getvalue()


def test_a_sub_account_is_added_under_the_name_highlevel_has(
    sandbox: Sandbox, location_id: str, token: str
) -> None:
    printed = connect(location_id)
    account = SubAccount.objects.get()
    told = sandbox.world.locations[location_id]
    assert (account.location_id, account.token) == (location_id, token)
    assert (account.name, account.time_zone) == (told["name"], told["timezone"])
    assert printed == f"Connected {account.name} ({location_id}), {account.time_zone}.\n"
    assert token not in printed


def test_connecting_again_updates_the_token_and_the_name(
    sub_account: SubAccount, location_id: str, token: str
) -> None:
    sub_account.set_token("an-old-one")
    sub_account.save()
    assert connect(location_id, "--name", "Front desk").startswith("Updated Front desk")
    account = SubAccount.objects.get()
    assert (account.pk, account.name, account.token) == (sub_account.pk, "Front desk", token)


def test_the_token_comes_from_standard_input_when_none_is_set(
    sandbox: Sandbox, location_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{sandbox.token}\n"))
    connect(location_id)
    assert SubAccount.objects.get().token == sandbox.token


@pytest.mark.parametrize("typed", ["", "\n", "two words\n", "pit-\u00e9\n"])
def test_standard_input_without_a_token_is_refused(
    typed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    with pytest.raises(CommandError, match="HIGHLEVEL_TOKEN"):
        connect("loc1")


@pytest.mark.parametrize("location_id", ["", "../users", "a b", "x" * 65])
def test_what_is_no_location_id_is_not_asked_for(
    sandbox: Sandbox, token: str, location_id: str
) -> None:
    sandbox.clear()
    with pytest.raises(CommandError, match="location id"):
        connect(location_id)
    assert sandbox.requests == []


REFUSALS: list[tuple[Answer, str]] = [
    (
        Answer(401, {"message": "Invalid Private Integration token"}),
        "mistyped, expired or withdrawn",
    ),
    (Answer(401, {"message": "This AuthClass is not yet supported for it."}), "agency's token"),
    (Answer(401, {"message": "version header is invalid"}), "HIGHLEVEL_API_VERSION"),
    (Answer(401, {"message": "The location is in HIPAA mode."}), "HIPAA mode"),
    (
        Answer(403, {"message": "The token does not have access to this location."}),
        "another sub-account",
    ),
    (Answer(403, {"message": "No."}), "forbids this token"),
    (Answer(404, {"message": "Not found"}), "no sub-account with this location id"),
    (Answer(429, {"message": "Too Many Requests"}), "limiting requests"),
    (Answer(503, "<html>Bad gateway</html>"), "could not be reached"),
    (Answer(reset=True), "could not be reached"),
    (Answer(200, "[not JSON"), "documentation does not promise"),
]


@pytest.mark.parametrize(("answer", "reason"), REFUSALS)
def test_a_refusal_says_why_and_stores_nothing(
    sandbox: Sandbox, location_id: str, token: str, answer: Answer, reason: str
) -> None:
    sandbox.script(f"/locations/{location_id}", answer)
    with pytest.raises(CommandError, match=reason) as refused:
        connect(location_id)
    assert token not in str(refused.value)
    assert not SubAccount.objects.exists()


def test_a_refused_token_does_not_replace_the_stored_one(
    sandbox: Sandbox, sub_account: SubAccount, settings: Settings
) -> None:
    settings.HIGHLEVEL_TOKEN = "pit-wrong"
    with pytest.raises(CommandError, match="Invalid Private Integration token"):
        connect(sub_account.location_id)
    sub_account.refresh_from_db()
    assert sub_account.token == sandbox.token


def test_a_refusal_carries_highlevels_words_and_trace_id(
    sandbox: Sandbox, location_id: str, token: str
) -> None:
    said = "The token does not have access to this location."
    answer = Answer(403, {"message": said, "traceId": "trace-1"})
    sandbox.script(f"/locations/{location_id}", answer)
    with pytest.raises(CommandError) as refused:
        connect(location_id)
    assert f"HighLevel says: {said}" in str(refused.value)
    assert "Trace id: trace-1" in str(refused.value)


def test_a_token_without_the_locations_scope_is_tried_on_the_search(
    sandbox: Sandbox, location_id: str, token: str
) -> None:
    sandbox.script(f"/locations/{location_id}", SCOPE)
    printed = connect(location_id, "--name", "Front desk")
    account = SubAccount.objects.get()
    assert (account.name, account.time_zone, account.token) == ("Front desk", "UTC", token)
    assert "lacks locations.readonly" in printed


def test_without_a_name_from_anywhere_the_location_id_stands_for_it(
    sandbox: Sandbox, location_id: str, token: str
) -> None:
    sandbox.script(f"/locations/{location_id}", SCOPE)
    connect(location_id)
    assert SubAccount.objects.get().name == location_id


def test_a_token_that_may_not_search_is_refused_with_the_scopes_it_needs(
    sandbox: Sandbox, location_id: str, token: str
) -> None:
    sandbox.script(f"/locations/{location_id}", SCOPE)
    sandbox.script("/conversations/search", SCOPE)
    with pytest.raises(CommandError, match=r"conversations\.readonly"):
        connect(location_id)
    assert not SubAccount.objects.exists()


def test_an_unknown_time_zone_does_not_stand_in_the_way(
    sandbox: Sandbox, location_id: str, token: str
) -> None:
    told: dict[str, Any] = {"location": {"id": location_id, "name": "N", "timezone": "Mars/Base"}}
    sandbox.script(f"/locations/{location_id}", Answer(200, told))
    connect(location_id)
    assert SubAccount.objects.get().time_zone == "UTC"
