"""Connecting sub-accounts by letting the app in: there, back, and what can go wrong between."""

import time
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from bs4 import BeautifulSoup
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from conversations_ui.accounts.models import Agency, SubAccount, User
from conversations_ui.sandbox import Answer, Sandbox
from conversations_ui.sandbox.oauth import App
from tests.conftest import signed_in
from tests.people import granted

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("app")]

LIST = "/admin/accounts/subaccount/"
CONNECT = f"{LIST}connect/"
CALLBACK = f"{LIST}callback/"
SCOPES = {
    "conversations.readonly",
    "conversations/message.readonly",
    "contacts.readonly",
    "users.readonly",
    "locations.readonly",
}


# What the form sends besides, when nobody is given anything.
NO_GRANTS = {"grants-TOTAL_FORMS": "0", "grants-INITIAL_FORMS": "0"}


def change(account: SubAccount, part: str = "change") -> str:
    return f"{LIST}{account.pk}/{part}/"


def begin(client: Client, path: str = CONNECT) -> str:
    """Set out, and give back the address one is sent to."""
    answer = client.get(path)
    assert answer.status_code == 302
    return str(answer["Location"])


def asked(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def choose(address: str, name: str) -> str:
    """Choose at HighLevel's, and give back the address one comes back with."""
    page = BeautifulSoup(requests.get(address, timeout=10).content, "html.parser")
    link = page.find("a", string=name)
    assert link, page
    return str(link["href"]).removeprefix("http://testserver")


def name_of(sandbox: Sandbox, index: int = 0) -> str:
    return str(sandbox.world.locations[sandbox.locations[index]]["name"])


def told(client: Client, path: str) -> str:
    """Follow to the end, and read what is said there."""
    answer = client.get(path, follow=True)
    assert answer.status_code == 200
    # No code stays in the address.
    assert "code=" not in answer.request["QUERY_STRING"]
    page = BeautifulSoup(answer.content, "html.parser")
    return " ".join(item.get_text(strip=True) for item in page.select(".messagelist li"))


def test_a_sub_account_is_connected_and_named_by_highlevel(
    administrator_client: Client, sandbox: Sandbox, app: App
) -> None:
    back = choose(begin(administrator_client), name_of(sandbox))
    assert told(administrator_client, back) == f"{name_of(sandbox)} is connected."
    account = SubAccount.objects.get()
    world = sandbox.world.locations[sandbox.locations[0]]
    assert (account.location_id, account.name) == (sandbox.locations[0], world["name"])
    assert (account.time_zone, account.company_id) == (world["timezone"], sandbox.world.company_id)
    assert (account.connection, set(account.scopes.split())) == ("app", SCOPES)
    assert account.refresh_token == app.refresh_token(account.location_id)
    assert account.user_id in sandbox.world.users
    assert account.connected
    assert account.connected <= timezone.now()
    html = administrator_client.get(change(account)).content.decode()
    assert "stored, and renewed by itself" in html
    assert account.token not in html
    assert account.refresh_token not in html
    assert "app authorisation" in administrator_client.get(LIST).content.decode()
    assert LogEntry.objects.get().object_id == str(account.pk)


def test_only_reading_scopes_are_asked_for(administrator_client: Client, app: App) -> None:
    query = asked(begin(administrator_client))
    assert set(query["scope"].split()) == SCOPES
    assert (query["client_id"], query["response_type"]) == (app.client_id, "code")
    assert query["redirect_uri"] == f"http://testserver{CALLBACK}"
    assert query["code_challenge_method"] == "S256"
    assert len(query["state"]) >= 32
    assert app.client_secret not in repr(query)


def test_each_start_has_a_state_of_its_own(administrator_client: Client) -> None:
    first, second = (asked(begin(administrator_client)) for _ in range(2))
    assert first["state"] != second["state"]
    assert first["code_challenge"] != second["code_challenge"]


def test_several_sub_accounts_are_connected_from_two_tabs(
    administrator_client: Client, sandbox: Sandbox
) -> None:
    first, second = begin(administrator_client), begin(administrator_client)
    for address, index in ((second, 1), (first, 0)):
        back = choose(address, name_of(sandbox, index))
        assert "is connected" in told(administrator_client, back)
    assert {row.location_id for row in SubAccount.objects.all()} == set(sandbox.locations)
    tokens = {row.token for row in SubAccount.objects.all()}
    assert len(tokens) == 2


def test_connecting_again_replaces_the_tokens_and_keeps_readers(
    administrator_client: Client, sandbox: Sandbox, authorised: SubAccount, app: App
) -> None:
    reader = User.objects.create_user("reader")
    granted(reader, authorised)
    SubAccount.objects.update(needs_reconnection=True)
    assert "reconnect" in administrator_client.get(LIST).content.decode()
    back = choose(begin(administrator_client, change(authorised, "connect")), name_of(sandbox))
    assert "is connected" in told(administrator_client, back)
    row = SubAccount.objects.get()
    assert (row.pk, row.needs_reconnection) == (authorised.pk, False)
    assert row.token != authorised.token
    assert row.refresh_token == app.refresh_token(row.location_id)
    assert [grant.user for grant in row.grants.all()] == [reader]


def test_a_private_integrations_sub_account_changes_over_and_back(
    administrator_client: Client, sandbox: Sandbox, sub_account: SubAccount
) -> None:
    back = choose(begin(administrator_client, change(sub_account, "connect")), name_of(sandbox))
    told(administrator_client, back)
    sub_account.refresh_from_db()
    assert (sub_account.connection, bool(sub_account.refresh_token)) == ("app", True)
    typed = {"token": sandbox.token, "name": "Sample", "time_zone": "UTC"}
    administrator_client.post(change(sub_account), NO_GRANTS | typed)
    sub_account.refresh_from_db()
    assert (sub_account.connection, sub_account.refresh_token) == ("private", "")
    assert (sub_account.token, sub_account.token_expires) == (sandbox.token, None)


# What can go wrong


def refused(client: Client, back: str, sentence: str) -> None:
    before = list(SubAccount.objects.values())
    assert sentence in told(client, back)
    assert list(SubAccount.objects.values()) == before


def test_a_denial_is_told(administrator_client: Client) -> None:
    back = choose(begin(administrator_client), "Deny")
    refused(administrator_client, back, "The app was not let in")


def test_another_error_is_told_without_markup(administrator_client: Client) -> None:
    state = asked(begin(administrator_client))["state"]
    back = f"{CALLBACK}?state={state}&error=server_error<script>"
    refused(administrator_client, back, "HighLevel broke off: server_errorscript.")


@pytest.mark.parametrize("state", ["", "invented", "x" * 5000])
def test_an_invented_state_is_refused(administrator_client: Client, state: str) -> None:
    begin(administrator_client)
    back = f"{CALLBACK}?state={state}&code=c1"
    refused(administrator_client, back, "was not asked for here")


def test_a_state_counts_once(administrator_client: Client, sandbox: Sandbox) -> None:
    back = choose(begin(administrator_client), name_of(sandbox))
    told(administrator_client, back)
    sandbox.clear()
    refused(administrator_client, back, "has been used before")
    assert sandbox.requests == []


def test_a_state_of_another_session_is_refused(
    administrator: User, administrator_client: Client, sandbox: Sandbox
) -> None:
    back = choose(begin(signed_in(administrator)), name_of(sandbox))
    sandbox.clear()
    refused(administrator_client, back, "was not asked for here")
    assert sandbox.requests == []


def test_a_state_of_eleven_minutes_ago_is_refused(
    administrator_client: Client, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = choose(begin(administrator_client), name_of(sandbox))
    later = time.time() + 660
    monkeypatch.setattr("conversations_ui.admin.authorising.time.time", lambda: later)
    refused(administrator_client, back, "more than ten minutes ago")


def test_a_code_that_highlevel_refuses_is_told(
    administrator_client: Client, sandbox: Sandbox, app: App
) -> None:
    back = choose(begin(administrator_client), name_of(sandbox))
    app.codes.clear()
    refused(administrator_client, back, "does not accept the permission any more")


def test_a_code_of_somebody_elses_start_is_refused(
    administrator_client: Client, administrator: User, sandbox: Sandbox
) -> None:
    mine = asked(begin(administrator_client))["state"]
    theirs = asked(choose(begin(signed_in(administrator)), name_of(sandbox)))["code"]
    # Its challenge was another: PKCE at work.
    back = f"{CALLBACK}?state={mine}&code={theirs}"
    refused(administrator_client, back, "does not accept the permission any more")


def test_an_answer_without_a_code_is_told(administrator_client: Client) -> None:
    state = asked(begin(administrator_client))["state"]
    refused(administrator_client, f"{CALLBACK}?state={state}", "sent no code")


def test_another_sub_account_than_the_one_asked_for_changes_nothing(
    administrator_client: Client, sandbox: Sandbox, sub_account: SubAccount
) -> None:
    back = choose(begin(administrator_client, change(sub_account, "connect")), name_of(sandbox, 1))
    refused(administrator_client, back, "Another sub-account was chosen")


@pytest.mark.parametrize(
    ("path", "answer", "sentence"),
    [
        ("/oauth/token", Answer(503), "could not be reached"),
        ("/oauth/token", Answer(401, {"message": "Invalid client"}), "HIGHLEVEL_CLIENT_ID"),
        ("/oauth/token", Answer(200, {"access_token": "a"}), "did not say which sub-account"),
        (
            "/oauth/token",
            Answer(200, {"access_token": "a", "userType": "Company"}),
            "did not say which agency",
        ),
        ("/locations/", Answer(403, {"message": "does not have access to this location"}), "ano"),
    ],
)
def test_faults_on_the_way_are_told(
    administrator_client: Client, sandbox: Sandbox, path: str, answer: Answer, sentence: str
) -> None:
    back = choose(begin(administrator_client), name_of(sandbox))
    sandbox.script(path, answer)
    refused(administrator_client, back, sentence)


def test_without_an_app_it_is_said_what_to_configure(
    administrator_client: Client, settings: Settings
) -> None:
    settings.HIGHLEVEL_CLIENT_ID = settings.HIGHLEVEL_CLIENT_SECRET = ""
    said = told(administrator_client, CONNECT)
    assert "HIGHLEVEL_CLIENT_ID" in said
    assert f"http://testserver{CALLBACK}" in said


@pytest.mark.parametrize("path", [CONNECT, CALLBACK, f"{LIST}1/disconnect/", f"{LIST}agency/1/"])
def test_only_administrators_may(path: str, reader_client: Client, client: Client) -> None:
    staff = User.objects.create_user("staff", is_staff=True)
    assert signed_in(staff).get(path).status_code in (403, 404)
    for outsider in (reader_client, client):
        assert outsider.get(path)["Location"].startswith(("/login/", "/admin/login/"))


@pytest.mark.parametrize("path", [CONNECT, CALLBACK])
def test_nothing_is_posted_there(administrator_client: Client, path: str) -> None:
    assert administrator_client.post(path).status_code == 405


# Agencies


def test_an_agencys_sub_accounts_are_offered_and_the_chosen_ones_connected(
    administrator_client: Client, sandbox: Sandbox
) -> None:
    back = choose(begin(administrator_client), "The whole agency")
    answer = administrator_client.get(back, follow=True)
    page = BeautifulSoup(answer.content, "html.parser")
    offered = [str(box["value"]) for box in page.select("input[type=checkbox]")]
    assert offered == list(sandbox.locations)
    assert name_of(sandbox) in page.get_text()
    path = answer.request["PATH_INFO"]
    none = administrator_client.post(path, {})
    assert b"This field is required" in none.content
    foreign = administrator_client.post(path, {"locations": ["invented"]})
    assert b"errorlist" in foreign.content
    assert not SubAccount.objects.exists()
    done = administrator_client.post(path, {"locations": offered}, follow=True)
    assert b"2 sub-accounts are connected." in done.content
    agency = Agency.objects.get()
    assert agency.company_id == sandbox.world.company_id
    for account in SubAccount.objects.all():
        assert (account.agency, account.connection) == (agency, "app")
        assert account.company_id == agency.company_id
        assert account.refresh_token == ""


def test_one_of_an_agencys_sub_accounts_is_connected_again_without_asking(
    administrator_client: Client, sandbox: Sandbox, authorised: SubAccount
) -> None:
    address = begin(administrator_client, change(authorised, "connect"))
    assert "is connected" in told(administrator_client, choose(address, "The whole agency"))
    assert SubAccount.objects.get().agency


def test_an_agency_whose_list_is_refused_is_told(
    administrator_client: Client, sandbox: Sandbox
) -> None:
    back = choose(begin(administrator_client), "The whole agency")
    said = {"message": "The token is not authorized for this scope."}
    sandbox.script("/oauth/installedLocations", Answer(401, dict(said)))
    refused(administrator_client, back, "Let the app in for each sub-account instead")


def test_one_that_fails_does_not_keep_the_others_from_being_connected(
    administrator_client: Client, sandbox: Sandbox
) -> None:
    back = choose(begin(administrator_client), "The whole agency")
    path = administrator_client.get(back)["Location"]
    sandbox.script("/oauth/locationToken", Answer(400, {"message": "Location is not active"}))
    answer = administrator_client.post(path, {"locations": list(sandbox.locations)}, follow=True)
    assert "is not active in HighLevel" in answer.content.decode()
    assert SubAccount.objects.get().location_id == sandbox.locations[1]


# Disconnecting


def test_disconnecting_asks_first_then_forgets_the_tokens(
    administrator_client: Client, authorised: SubAccount
) -> None:
    reader = User.objects.create_user("reader")
    granted(reader, authorised)
    asking = administrator_client.get(change(authorised, "disconnect"))
    assert "are forgotten" in asking.content.decode()
    assert SubAccount.objects.get().is_connected
    answer = administrator_client.post(change(authorised, "disconnect"), follow=True)
    assert "its tokens are forgotten" in answer.content.decode()
    row = SubAccount.objects.get()
    assert (row.encrypted_token, row.encrypted_refresh_token, row.scopes) == ("", "", "")
    assert (row.token_expires, row.connected) == (None, None)
    assert [grant.user for grant in row.grants.all()] == [reader]
    assert "not connected" in administrator_client.get(LIST).content.decode()


def test_a_disconnected_sub_accounts_pages_say_so(
    administrator_client: Client, authorised: SubAccount
) -> None:
    administrator_client.post(change(authorised, "disconnect"))
    answer = administrator_client.get(f"/inbox/{authorised.location_id}/")
    alert = BeautifulSoup(answer.content, "html.parser").select_one("[data-error]")
    assert alert
    assert alert["data-error"] == "unauthorized"
    assert "An administrator has to connect the sub-account again" in alert.get_text()
    check = administrator_client.get(change(authorised, "check")).content.decode()
    assert "The sub-account is not connected." in check


def test_the_last_of_an_agencys_sub_accounts_takes_its_tokens_along(
    administrator_client: Client, sandbox: Sandbox
) -> None:
    path = administrator_client.get(choose(begin(administrator_client), "The whole agency"))
    administrator_client.post(path["Location"], {"locations": list(sandbox.locations)})
    first, second = SubAccount.objects.all()
    administrator_client.post(change(first, "disconnect"))
    assert Agency.objects.exists()
    administrator_client.post(change(second, "disconnect"))
    assert not Agency.objects.exists()


def test_saving_the_form_leaves_tokens_refreshed_meanwhile_alone(
    administrator_client: Client, authorised: SubAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile = SubAccount.objects.get()
    meanwhile.set_token("refreshed-meanwhile")

    def validated(form: object) -> None:
        meanwhile.save()

    # Between the form's reading the row and its writing.
    monkeypatch.setattr("django.forms.ModelForm._post_clean", after(validated))
    typed = {"name": "New", "time_zone": "UTC"}
    administrator_client.post(change(authorised), NO_GRANTS | typed)
    row = SubAccount.objects.get()
    assert (row.name, row.token) == ("New", "refreshed-meanwhile")


def after(hook: object) -> object:
    from django.forms import ModelForm

    original = ModelForm._post_clean  # type: ignore[attr-defined]

    def both(form: object) -> None:
        original(form)
        hook(form)  # type: ignore[operator]

    return both
