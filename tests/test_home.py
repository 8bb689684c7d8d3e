"""The way in: to the inbox last used, to the only one, or to the choice."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from conversations_ui.accounts.models import SubAccount, User
from conversations_ui.sandbox import Sandbox
from tests.pages import inbox_path, one, page, value, words
from tests.people import granted


@pytest.fixture
def second(sub_account: SubAccount, reader: User, sandbox: Sandbox) -> SubAccount:
    account = SubAccount(location_id=sandbox.locations[1], name="<i>Annex</i> & Co")
    account.set_token(sandbox.token)
    account.save()
    granted(reader, account)
    return account


def listed(client: Client) -> list[tuple[str, str]]:
    """The sub-accounts the chooser offers: name and address."""
    shown = page(client.get("/sub-accounts/"))
    return [(words(link), value(link, "href")) for link in shown.select("li a")]


def test_the_only_sub_account_opens_by_itself(
    reader_client: Client, sub_account: SubAccount
) -> None:
    assert reader_client.get("/")["Location"] == inbox_path(sub_account)


def test_of_several_one_is_chosen(reader_client: Client, second: SubAccount) -> None:
    assert reader_client.get("/")["Location"] == "/sub-accounts/"


def test_the_one_last_used_opens_again(
    reader_client: Client, sub_account: SubAccount, second: SubAccount
) -> None:
    reader_client.get(inbox_path(sub_account))
    assert reader_client.get("/")["Location"] == inbox_path(sub_account)


def test_one_taken_away_since_does_not_open(
    reader_client: Client, reader: User, sub_account: SubAccount, second: SubAccount
) -> None:
    reader_client.get(inbox_path(sub_account))
    reader.grants.filter(sub_account=sub_account).delete()
    assert reader_client.get("/")["Location"] == inbox_path(second)
    assert reader_client.get(inbox_path(sub_account)).status_code == 404


def test_a_refused_address_is_not_remembered(reader_client: Client, second: SubAccount) -> None:
    reader_client.get(inbox_path(second))
    reader_client.get("/inbox/another/")
    assert reader_client.get("/")["Location"] == inbox_path(second)


def test_the_chooser_lists_what_was_granted_by_name(
    reader_client: Client, sub_account: SubAccount, second: SubAccount
) -> None:
    foreign = SubAccount(location_id="loc3", name="Not theirs")
    foreign.set_token("a-token")
    foreign.save()
    assert listed(reader_client) == [
        ("<i>Annex</i> & Co", inbox_path(second)),
        ("Sample", inbox_path(sub_account)),
    ]


def test_a_group_grants_too(reader: User, reader_client: Client, sandbox: Sandbox) -> None:
    group = Group.objects.create(name="Front desk")
    reader.groups.add(group)
    account = SubAccount(location_id="loc4", name="By group")
    account.set_token("a-token")
    account.save()
    granted(group, account)
    assert ("By group", "/inbox/loc4/") in listed(reader_client)


def test_an_administrator_sees_all_and_the_way_to_the_administration(
    administrator_client: Client, sub_account: SubAccount
) -> None:
    assert listed(administrator_client) == [("Sample", inbox_path(sub_account))]
    shown = page(administrator_client.get("/sub-accounts/"))
    assert one(shown, 'a[href="/admin/"]')
    assert one(page(administrator_client.get(inbox_path(sub_account))), 'a[href="/admin/"]')


def test_a_reader_is_not_shown_the_administration(
    reader_client: Client, sub_account: SubAccount
) -> None:
    for path in ("/sub-accounts/", inbox_path(sub_account)):
        assert page(reader_client.get(path)).select_one('a[href="/admin/"]') is None


def test_someone_without_sub_accounts_is_told_and_can_leave(client: Client, db: None) -> None:
    client.force_login(User.objects.create_user("new"))
    assert client.get("/")["Location"] == "/sub-accounts/"
    shown = page(client.get("/sub-accounts/"))
    assert "No sub-account has been given to you yet" in words(shown)
    assert one(shown, 'form[action="/logout/"][method=post] button')


def test_the_inbox_leads_to_the_choice(reader_client: Client, sub_account: SubAccount) -> None:
    shown = page(reader_client.get(inbox_path(sub_account)))
    assert one(shown, 'a[href="/sub-accounts/"]')
    assert "Pick a conversation" in words(one(shown, "#thread"))
    assert one(shown, 'form[action="/open/"] input[name=q]')
