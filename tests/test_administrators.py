"""What administrators cannot do by mistake, and nobody else in the administration can do at all."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client

from conversations_ui.accounts.models import Grant, SubAccount, User
from tests.conftest import signed_in
from tests.pages import Response, page, words
from tests.people import granted
from tests.signing_in import PASSWORD, enter, entered
from tests.test_grants import errors, fields_of, given, save

pytestmark = pytest.mark.django_db

PEOPLE = "/admin/accounts/user/"
DEEDS = ("invite", "end_sessions", "forget_factors")
NO_GRANTS = {"grants-TOTAL_FORMS": "0", "grants-INITIAL_FORMS": "0"}


@pytest.fixture
def staff(db: None) -> User:
    """Somebody with every right in the administration that is not an administrator's."""
    person = User.objects.create_user("staff", password=PASSWORD, is_staff=True)
    person.user_permissions.add(*Permission.objects.all())
    return person


def change(client: Client, person: User, **fields: object) -> Response:
    """Send a person's page with some fields of it changed."""
    address = f"{PEOPLE}{person.pk}/change/"
    return client.post(address, fields_of(page(client.get(address))) | fields)


@pytest.mark.parametrize("deed", DEEDS)
def test_what_is_done_to_others_is_not_done_to_oneself(administrator: User, deed: str) -> None:
    client = entered("admin")
    answer = client.post(f"{PEOPLE}{administrator.pk}/{deed}/")
    assert (answer.status_code, answer["Location"]) == (302, "/account/")
    shown = page(client.get(f"{PEOPLE}{administrator.pk}/change/"))
    assert shown.select("a[href='/account/']") and not shown.select(f"a[href$='/{deed}/']")
    assert client.get("/admin/").status_code == 200
    assert enter(Client(), "admin").status_code == 302


def test_ones_own_password_is_changed_by_who_knows_it(administrator: User) -> None:
    client = entered("admin")
    new = {"usable_password": "true", "password1": "three quiet harbours"}
    answer = client.post(f"{PEOPLE}{administrator.pk}/password/", new | {"password2": "three"})
    assert answer["Location"] == "/password/"
    administrator.refresh_from_db()
    assert administrator.check_password(PASSWORD)


def test_nobody_takes_the_administration_from_themselves(administrator: User) -> None:
    client = entered("admin")
    shown = page(client.get(f"{PEOPLE}{administrator.pk}/change/"))
    assert not shown.select("#id_is_superuser, #id_is_staff, #id_is_active, .deletelink")
    assert change(client, administrator, first_name="Ada").status_code == 302
    client.post(f"{PEOPLE}{administrator.pk}/delete/", {"post": "yes"})
    chosen = {"action": "delete_selected", "_selected_action": [administrator.pk], "post": "yes"}
    client.post(PEOPLE, chosen)
    administrator.refresh_from_db()
    assert administrator.first_name == "Ada"
    assert administrator.is_superuser and administrator.is_staff and administrator.is_active


def test_a_person_without_a_password_has_none_to_replace(
    administrator_client: Client, reader: User
) -> None:
    form = {"usable_password": "false", "unset-password": "1"}
    answer = administrator_client.post(f"{PEOPLE}{reader.pk}/password/", form)
    assert answer.status_code == 302
    reader.refresh_from_db()
    assert not reader.has_usable_password()
    assert not reader.password_is_temporary


def test_only_administrators_give_rights(staff: User, sub_account: SubAccount) -> None:
    client = signed_in(staff)
    group = Group.objects.create(name="Support")
    group.permissions.add(Permission.objects.get(codename="delete_user"))
    granted(group, sub_account)
    typed = given(sub_account=str(sub_account.pk)) | {"is_superuser": "on", "groups": [group.pk]}
    assert change(client, staff, **typed, user_permissions=[], first_name="Sam").status_code == 302
    staff.refresh_from_db()
    assert staff.first_name == "Sam"
    assert not staff.is_superuser and not staff.groups.exists() and not staff.grants.exists()
    assert staff.user_permissions.exists()
    added = client.post(f"{PEOPLE}add/", {"username": "new", **NO_GRANTS, **typed})
    assert added.status_code == 200
    new = User.objects.get(username="new")
    assert not new.is_staff and not new.groups.exists() and not new.grants.exists()
    save(client, sub_account, user=str(staff.pk))
    address = f"/admin/auth/group/{group.pk}/change/"
    assert client.post(address, {"name": "Mine", **NO_GRANTS}).status_code == 403
    assert list(Grant.objects.values_list("group__name", flat=True)) == ["Support"]


@pytest.mark.parametrize("deed", [*DEEDS, "password", "delete"])
def test_staff_do_not_become_other_staff(staff: User, deed: str) -> None:
    other = User.objects.create_user("other", password=PASSWORD, is_staff=True)
    assert signed_in(staff).post(f"{PEOPLE}{other.pk}/{deed}/").status_code == 403


@pytest.mark.parametrize("taken", ["boss@example.com", "BOSS@example.com", "Reader"])
def test_nobody_takes_the_name_another_signs_in_with(
    administrator_client: Client, reader: User, taken: str
) -> None:
    User.objects.filter(pk=reader.pk).update(email="boss@example.com")
    typed = {"username": taken, "first_name": "Ada", **NO_GRANTS}
    answer = administrator_client.post(f"{PEOPLE}add/", typed)
    assert "Somebody else signs in with this name" in errors(answer)
    assert page(answer).select("#id_first_name[value=Ada]")
    assert not User.objects.filter(username=taken).exists()


def test_no_filter_tells_of_tokens(administrator_client: Client, sub_account: SubAccount) -> None:
    begin = sub_account.encrypted_token[:8]
    address = f"/admin/accounts/subaccount/?encrypted_token__startswith={begin}"
    answer = administrator_client.get(address)
    assert answer.status_code == 400
    assert "Sample" not in words(page(answer))


@pytest.mark.parametrize(
    "asked",
    [
        "accounts/user/?q=" + "a+" * 1000,
        "accounts/user/?date_joined__year=99999",
        "accounts/reading/?at__year=" + "9" * 30,
    ],
)
def test_what_no_database_can_be_asked_is_refused_in_words(
    administrator_client: Client, asked: str
) -> None:
    answer = administrator_client.get(f"/admin/{asked}")
    assert answer.status_code == 400
    assert "This request cannot be read" in answer.content.decode()


def test_a_link_out_of_the_administration_says_where_the_button_is(
    administrator_client: Client,
) -> None:
    answer = administrator_client.get("/admin/logout/", follow=True)
    assert "You are still signed in" in words(page(answer))


def test_a_number_that_no_row_can_have_is_refused_in_words(
    administrator: User, reader: User
) -> None:
    client = entered("admin")
    grant = {"grants-TOTAL_FORMS": "1", "grants-0-sub_account": "9" * 40, "grants-0-role": "reader"}
    answer = change(client, reader, **grant)
    assert answer.status_code == 400
    assert "This request cannot be read" in answer.content.decode()
