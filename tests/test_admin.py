"""The administrators' site: people, groups, sub-accounts, and who gets in."""

from typing import Any

import pytest
from bs4 import BeautifulSoup
from cryptography.fernet import Fernet
from django.conf import settings as django_settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from conversations_ui.accounts.models import SubAccount, User
from conversations_ui.sandbox import Answer, Sandbox
from tests.conftest import signed_in
from tests.people import granted

pytestmark = pytest.mark.django_db

ADD = "/admin/accounts/subaccount/add/"
LIST = "/admin/accounts/subaccount/"


def change(account: SubAccount) -> str:
    return f"{LIST}{account.pk}/change/"


def form(**fields: Any) -> dict[str, Any]:
    empty = {"location_id": "", "token": "", "name": "", "time_zone": ""}
    return empty | {"grants-TOTAL_FORMS": "0", "grants-INITIAL_FORMS": "0"} | fields


def problems(html: bytes) -> str:
    """Read the errors a form shows."""
    return " ".join(
        item.get_text() for item in BeautifulSoup(html, "html.parser").select(".errorlist")
    )


def test_the_administration_is_behind_the_sites_one_sign_in(client: Client) -> None:
    answer = client.get("/admin/auth/group/", follow=True)
    assert answer.redirect_chain[-1] == ("/login/?next=/admin/auth/group/", 302)
    assert client.get("/admin/login/")["Location"] == "/login/?next=/admin/"


def test_a_reader_is_told_instead_of_sent_round_in_circles(reader_client: Client) -> None:
    answer = reader_client.get("/admin/", follow=True)
    assert answer.status_code == 403
    assert answer.redirect_chain == [("/admin/login/?next=/admin/", 302)]
    assert "The administration is for administrators" in answer.content.decode()


def test_an_administrator_gets_in_and_finds_the_way_back(administrator_client: Client) -> None:
    page = BeautifulSoup(administrator_client.get("/admin/").content, "html.parser")
    assert page.select_one("#site-name").get_text(strip=True) == "Conversations: administration"  # type: ignore[union-attr]
    assert page.find("a", string="Back to the inbox")["href"] == "/"  # type: ignore[index]
    assert administrator_client.get("/admin/login/")["Location"] == "/admin/"
    assert administrator_client.get("/admin/password_change/")["Location"] == "/password/"


def test_signing_out_of_the_administration_signs_out_of_the_site(
    administrator_client: Client,
) -> None:
    assert administrator_client.post("/admin/logout/")["Location"] == "/login/"
    assert administrator_client.get("/admin/").status_code == 302


def test_a_sub_account_is_added_with_what_highlevel_tells(
    administrator_client: Client, sandbox: Sandbox
) -> None:
    location_id = sandbox.locations[0]
    answer = administrator_client.post(ADD, form(location_id=location_id, token=sandbox.token))
    assert answer.status_code == 302, problems(answer.content)
    account = SubAccount.objects.get()
    told = sandbox.world.locations[location_id]
    assert (account.name, account.time_zone) == (told["name"], told["timezone"])
    assert account.token == sandbox.token


def test_what_was_typed_goes_before_what_highlevel_tells(
    administrator_client: Client, sandbox: Sandbox
) -> None:
    typed = form(
        location_id=sandbox.locations[0],
        token=sandbox.token,
        name="Front desk",
        time_zone="Asia/Tokyo",
    )
    administrator_client.post(ADD, typed)
    account = SubAccount.objects.get()
    assert (account.name, account.time_zone) == ("Front desk", "Asia/Tokyo")


def test_a_refused_token_is_a_form_error_with_the_reason(
    administrator_client: Client, sandbox: Sandbox
) -> None:
    typed = form(location_id=sandbox.locations[0], token="pit-wrong")
    answer = administrator_client.post(ADD, typed)
    assert "mistyped, expired or withdrawn" in problems(answer.content)
    assert "Invalid Private Integration token" in problems(answer.content)
    assert b"pit-wrong" not in answer.content
    assert not SubAccount.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("token", "", "required"),
        ("token", "two words", "one word"),
        ("location_id", "../users", "location id"),
        ("time_zone", "Mars/Base", "time zone"),
    ],
)
def test_a_field_that_is_wrong_is_named_and_nothing_is_stored(
    administrator_client: Client, sandbox: Sandbox, field: str, value: str, problem: str
) -> None:
    typed = form(location_id=sandbox.locations[0], token=sandbox.token) | {field: value}
    answer = administrator_client.post(ADD, typed)
    assert problem in problems(answer.content)
    assert not SubAccount.objects.exists()


def test_an_unusable_location_id_is_not_sent_to_highlevel(
    administrator_client: Client, sandbox: Sandbox
) -> None:
    sandbox.clear()
    administrator_client.post(ADD, form(location_id="../users", token=sandbox.token))
    assert sandbox.requests == []


def test_an_empty_token_keeps_the_stored_one_and_asks_nobody(
    administrator_client: Client, sandbox: Sandbox, sub_account: SubAccount
) -> None:
    sandbox.clear()
    answer = administrator_client.post(
        change(sub_account), form(name="Front desk", time_zone="UTC")
    )
    assert answer.status_code == 302, problems(answer.content)
    sub_account.refresh_from_db()
    assert (sub_account.name, sub_account.token) == ("Front desk", sandbox.token)
    assert sandbox.requests == []


def test_a_changed_token_is_tried_first(
    administrator_client: Client, sandbox: Sandbox, sub_account: SubAccount
) -> None:
    sandbox.script("/locations/", Answer(503, {"message": "down"}))
    answer = administrator_client.post(change(sub_account), form(token="pit-new"))
    assert "could not be reached" in problems(answer.content)
    sub_account.refresh_from_db()
    assert sub_account.token == sandbox.token


def test_the_location_id_of_a_stored_token_does_not_change(
    administrator_client: Client, sub_account: SubAccount
) -> None:
    before = sub_account.location_id
    administrator_client.post(change(sub_account), form(location_id="another"))
    sub_account.refresh_from_db()
    assert sub_account.location_id == before


def test_the_stored_token_is_never_shown_again(
    administrator_client: Client, sandbox: Sandbox, sub_account: SubAccount
) -> None:
    for path in (change(sub_account), LIST, f"{LIST}{sub_account.pk}/history/"):
        html = administrator_client.get(path).content.decode()
        assert sandbox.token not in html
        assert sub_account.encrypted_token not in html
    html = administrator_client.get(change(sub_account)).content.decode()
    assert f"ends in …{sandbox.token[-4:]}" in html


def test_a_token_of_lost_keys_is_explained_and_can_be_replaced(
    administrator_client: Client,
    sandbox: Sandbox,
    sub_account: SubAccount,
    settings: Settings,
) -> None:
    settings.TOKEN_KEYS = [Fernet.generate_key().decode()]
    assert b"TOKEN_KEYS" in administrator_client.get(change(sub_account)).content
    administrator_client.post(change(sub_account), form(token=sandbox.token))
    sub_account.refresh_from_db()
    assert sub_account.token == sandbox.token


def test_the_change_log_does_not_hold_the_token(
    administrator_client: Client, sandbox: Sandbox, sub_account: SubAccount
) -> None:
    administrator_client.post(change(sub_account), form(token=sandbox.token))
    assert sandbox.token not in LogEntry.objects.get().change_message


def test_the_list_is_searched_and_counts_each_person_once(
    administrator_client: Client, sub_account: SubAccount, reader: User
) -> None:
    group = Group.objects.create(name="Support")
    colleague = User.objects.create_user("colleague")
    group.user_set.add(reader, colleague)
    granted(group, sub_account)
    User.objects.create_user("left", is_active=False).groups.add(group)
    for query in (sub_account.name, sub_account.location_id):
        page = BeautifulSoup(administrator_client.get(LIST, {"q": query}).content, "html.parser")
        assert [cell.get_text() for cell in page.select("td.field-people")] == ["2"]
    assert b"0 sub-accounts" in administrator_client.get(LIST, {"q": "nothing"}).content


def test_a_password_set_by_an_administrator_is_temporary(
    administrator_client: Client, reader: User
) -> None:
    typed = {
        "usable_password": "true",
        "password1": "three quiet harbours",
        "password2": "three quiet harbours",
    }
    administrator_client.post(f"/admin/accounts/user/{reader.pk}/password/", typed)
    reader.refresh_from_db()
    assert reader.check_password("three quiet harbours")
    assert reader.password_is_temporary


def test_staff_without_rights_change_nothing(sub_account: SubAccount) -> None:
    staff = User.objects.create_user("staff", is_staff=True)
    assert signed_in(staff).get(change(sub_account)).status_code == 403


def test_the_administrations_scripts_work_under_the_sites_content_policy(
    live_server: LiveServer, page: Page, administrator: User, sub_account: SubAccount
) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    cookie = signed_in(administrator).cookies[django_settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    for path in ("/admin/", LIST, f"/admin/accounts/user/{administrator.pk}/change/"):
        page.goto(f"{live_server.url}{path}")
    page.goto(f"{live_server.url}{change(sub_account)}")
    page.locator("#grants-group .add-row a").click()
    page.locator("#id_grants-0-user + .select2 .select2-selection").click()
    page.locator(".select2-results__option", has_text="admin").click()
    expect(page.locator("#id_grants-0-user + .select2 .select2-selection")).to_contain_text("admin")
    page.locator("[name=_save]").click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    assert [grant.user for grant in sub_account.grants.all()] == [administrator]
    assert complaints == []
