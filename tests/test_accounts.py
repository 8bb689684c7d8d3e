"""Sub-accounts: who may see which, and what happens to their tokens."""

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import AnonymousUser, Group
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404
from pytest_django import Settings

from conversations_ui.accounts import keys, people
from conversations_ui.accounts.access import sub_account_or_404, visible_to
from conversations_ui.accounts.keys import TokenUnreadable
from conversations_ui.accounts.models import Agency, SubAccount, User
from tests.people import granted

pytestmark = pytest.mark.django_db


def make(
    location_id: str = "loc1", name: str = "Harbour Dental", token: str = "pit-1"
) -> SubAccount:
    account = SubAccount(location_id=location_id, name=name)
    account.set_token(token)
    account.save()
    return account


@pytest.fixture
def person() -> User:
    return User.objects.create_user("person")


def test_nothing_is_visible_without_a_grant(person: User) -> None:
    make()
    assert not visible_to(person).exists()
    assert not visible_to(AnonymousUser()).exists()


def test_a_sub_account_granted_twice_is_listed_once_and_by_name(person: User) -> None:
    group = Group.objects.create(name="Support")
    person.groups.add(group)
    second, first = make("b", "Zebra"), make("a", "Apple")
    make("c", "Other")
    for account in (first, second):
        granted(person, account)
        granted(group, account)
    assert list(visible_to(person)) == [first, second]


def test_a_group_grants(person: User) -> None:
    group = Group.objects.create(name="Support")
    account = make()
    granted(group, account)
    assert not visible_to(person).exists()
    person.groups.add(group)
    assert list(visible_to(person)) == [account]


def test_an_administrator_sees_all() -> None:
    account = make()
    assert list(visible_to(User(is_superuser=True))) == [account]


def test_staff_without_superuser_rights_see_what_is_granted() -> None:
    make()
    assert not visible_to(User.objects.create_user("staff", is_staff=True)).exists()


@pytest.mark.parametrize("is_superuser", [False, True])
def test_someone_who_has_left_sees_nothing(person: User, is_superuser: bool) -> None:
    granted(person, make())
    person.is_active, person.is_superuser = False, is_superuser
    assert not visible_to(person).exists()


def test_a_sub_account_not_granted_does_not_exist(person: User) -> None:
    account = make()
    with pytest.raises(Http404):
        sub_account_or_404(person, account.location_id)
    granted(person, account)
    assert sub_account_or_404(person, account.location_id) == account


def test_the_token_is_not_stored_in_plain_text() -> None:
    account = make(token="pit-plain-text")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM accounts_subaccount")
        assert "pit-plain-text" not in repr(cursor.fetchall())
    account.refresh_from_db()
    assert account.token == "pit-plain-text"


def test_the_token_shows_in_no_representation() -> None:
    account = make(token="pit-plain-text")
    assert "pit-plain-text" not in f"{account} {account!r} {vars(account)}"


def test_a_new_key_in_front_still_opens_what_the_old_one_closed(settings: Settings) -> None:
    account = make(token="pit-1")
    settings.TOKEN_KEYS = [Fernet.generate_key().decode(), *settings.TOKEN_KEYS]
    assert account.token == "pit-1"
    account.set_token("pit-2")
    settings.TOKEN_KEYS = settings.TOKEN_KEYS[:1]
    assert account.token == "pit-2"


def test_a_token_of_lost_keys_is_unreadable(settings: Settings) -> None:
    account = make()
    settings.TOKEN_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(TokenUnreadable, match="TOKEN_KEYS"):
        account.token  # noqa: B018


def test_a_token_moved_to_another_row_is_refused() -> None:
    mine, other = make("loc1"), make("loc2")
    other.encrypted_token = mine.encrypted_token
    with pytest.raises(TokenUnreadable, match="belongs to loc1"):
        other.token  # noqa: B018


def test_a_token_for_another_purpose_is_refused() -> None:
    account = make("loc1")
    account.encrypted_refresh_token = keys.encrypt("loc1", "refresh-1", keys.REFRESH)
    assert account.refresh_token == "refresh-1"
    swapped = account.encrypted_refresh_token, account.encrypted_token
    account.encrypted_token, account.encrypted_refresh_token = swapped
    with pytest.raises(TokenUnreadable, match="another purpose"):
        account.token  # noqa: B018
    with pytest.raises(TokenUnreadable, match="another purpose"):
        account.refresh_token  # noqa: B018


def test_an_agencys_token_is_none_of_a_location_with_the_same_id() -> None:
    agency = Agency(company_id="loc1")
    agency.encrypted_token = make("loc1").encrypted_token
    with pytest.raises(TokenUnreadable, match="belongs to loc1"):
        agency.token  # noqa: B018


def test_a_token_stored_before_there_were_purposes_is_read(settings: Settings) -> None:
    account = make("loc1")
    old = Fernet(settings.TOKEN_KEYS[0]).encrypt(b'["loc1", "pit-old"]')
    account.encrypted_token = old.decode()
    assert account.token == "pit-old"


@pytest.mark.django_db(transaction=True)
def test_sub_accounts_of_earlier_versions_stay_connected() -> None:
    executor = MigrationExecutor(connection)
    latest = executor.loader.graph.leaf_nodes()
    executor.migrate([("accounts", "0001_initial")])
    before = executor.loader.project_state([("accounts", "0001_initial")]).apps
    token = keys.encrypt("loc1", "pit-1")
    old = before.get_model("accounts", "SubAccount").objects.create(
        location_id="loc1", name="Name", encrypted_token=token
    )
    executor = MigrationExecutor(connection)
    executor.migrate(latest)
    account = SubAccount.objects.get()
    assert (account.token, account.connection) == ("pit-1", "private")
    assert account.connected == old.created


@pytest.mark.parametrize("location_id", ["", "a/b", "a b", "a\n", "é", "a" * 65])
def test_a_location_id_of_another_form_is_invalid(location_id: str) -> None:
    with pytest.raises(ValidationError, match="location_id"):
        SubAccount(location_id=location_id, name="Name").full_clean()


@pytest.mark.parametrize("time_zone", ["Mars/Olympus", "../etc/passwd", "/UTC", "Europe"])
def test_an_invented_time_zone_is_invalid(time_zone: str) -> None:
    with pytest.raises(ValidationError, match="time_zone"):
        SubAccount(location_id="loc1", name="Name", time_zone=time_zone).full_clean()


def test_the_first_administrator_gets_a_one_time_password() -> None:
    password = people.first_administrator()
    administrator = User.objects.get()
    assert administrator.check_password(password)
    assert administrator.is_superuser
    assert administrator.password_is_temporary


def test_there_is_one_first_administrator(person: User) -> None:
    assert people.first_administrator() == ""
    assert User.objects.get() == person


def test_sample_people_keep_their_passwords_and_what_they_see() -> None:
    account = make()
    for _ in range(2):
        people.ensure_sample_people([account])
    reader, administrator = User.objects.get(username="reader"), User.objects.get(username="admin")
    assert reader.check_password(people.sample_password("reader"))
    assert list(visible_to(reader)) == [account]
    assert not (reader.is_staff or reader.is_superuser)
    assert administrator.check_password(people.sample_password("admin"))
    assert administrator.is_staff
    assert administrator.is_superuser


def test_sample_passwords_differ_by_person_and_installation(settings: Settings) -> None:
    here = people.sample_password("reader")
    assert people.sample_password("admin") != here
    settings.SECRET_KEY = "another-installation"
    assert people.sample_password("reader") != here
