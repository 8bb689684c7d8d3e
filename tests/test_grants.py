"""Grants: how administrators give them, what they are refused, and where they came from."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.test import Client

from conversations_ui.accounts.models import Grant, Role, SubAccount, User
from conversations_ui.sandbox import Sandbox
from tests.pages import Response, one, page, words
from tests.people import granted

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create_user("person")


def given(**fields: str) -> dict[str, str]:
    """One new grant as the administration's pages send it."""
    plain = {"role": "reader", "assigned_to": ""} | fields
    count = {"grants-TOTAL_FORMS": "1", "grants-INITIAL_FORMS": "0"}
    return count | {f"grants-0-{name}": text for name, text in plain.items()}


def save(client: Client, account: SubAccount, **fields: str) -> Response:
    """Send the sub-account's page with one new grant."""
    typed = {"token": "", "name": account.name, "time_zone": "UTC"} | given(**fields)
    return client.post(f"/admin/accounts/subaccount/{account.pk}/change/", typed)


def errors(answer: Response) -> str:
    return " ".join(words(tag) for tag in page(answer).select(".errorlist"))


def test_a_grant_is_given_where_the_sub_account_is(
    administrator_client: Client, sub_account: SubAccount, person: User
) -> None:
    answer = save(
        administrator_client,
        sub_account,
        user=str(person.pk),
        role="lead",
        assigned_to="user-1\r\n user-2, user-1\r\n",
        withhold_contact="on",
    )
    assert answer.status_code == 302, errors(answer)
    grant = person.grants.get()
    assert (grant.sub_account, grant.role, grant.group) == (sub_account, Role.LEAD, None)
    assert grant.assigned_to == ["user-1", "user-2"]
    parts = (grant.withhold_comments, grant.withhold_recordings, grant.withhold_contact)
    assert parts == (False, False, True)


@pytest.mark.parametrize("kind", ["accounts/user", "auth/group"])
def test_a_grant_is_shown_and_changed_where_the_person_or_group_is(
    administrator_client: Client, sub_account: SubAccount, person: User, kind: str
) -> None:
    group = Group.objects.create(name="Support")
    owner: User | Group = person if kind == "accounts/user" else group
    granted(owner, sub_account, assigned_to=["user-1", "user-2"])
    address = f"/admin/{kind}/{owner.pk}/change/"
    shown = page(administrator_client.get(address))
    assert one(shown, "#id_grants-0-assigned_to").get_text().split() == ["user-1", "user-2"]
    typed = fields_of(shown) | {"grants-0-withhold_comments": "on"}
    answer = administrator_client.post(address, typed)
    assert answer.status_code == 302, errors(answer)
    grant = Grant.objects.get()
    assert grant.withhold_comments
    assert grant.assigned_to == ["user-1", "user-2"]


def fields_of(shown: BeautifulSoup) -> dict[str, Any]:
    """What a browser would send of a page's form that nobody has touched."""
    found: dict[str, Any] = {}
    for tag in shown.select("form [name]"):
        name, kind = str(tag["name"]), tag.get("type")
        if tag.name == "select":
            chosen = [str(option["value"]) for option in tag.select("option[selected]")]
            found[name] = chosen if tag.has_attr("multiple") else "".join(chosen)
        elif tag.name == "textarea":
            found[name] = tag.get_text()
        elif kind not in ("checkbox", "radio", "submit") or tag.has_attr("checked"):
            found[name] = str(tag.get("value", ""))
    return {name: text for name, text in found.items() if not name.startswith("_")}


def test_names_stand_beside_the_ids_they_belong_to(
    administrator_client: Client, sub_account: SubAccount, person: User, sandbox: Sandbox
) -> None:
    user_id, user = next(iter(sandbox.world.users.items()))
    granted(person, sub_account, assigned_to=[user_id, "nobody"])
    address = f"/admin/accounts/subaccount/{sub_account.pk}/change/"
    shown = page(administrator_client.get(address))
    assert f"{user['name']}, nobody" in words(one(shown, "#grants-0 .field-who_that_is"))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Choose either a person or a group."),
        ({"user": "PERSON", "group": "GROUP"}, "Choose either a person or a group."),
        ({"user": "PERSON", "assigned_to": "user-1\nA B!"}, "“B!” (number 3) is no HighLevel user"),
        ({"user": "PERSON", "assigned_to": "x" * 65}, "is no HighLevel user id"),
        (
            {"user": "PERSON", "assigned_to": " ".join(f"u{number}" for number in range(51))},
            "At most 50 HighLevel users",
        ),
        ({"user": "PERSON", "role": "owner"}, "owner"),
    ],
)
def test_what_cannot_be_granted_is_refused_with_a_sentence(
    administrator_client: Client,
    sub_account: SubAccount,
    person: User,
    fields: dict[str, str],
    sentence: str,
) -> None:
    group = Group.objects.create(name="Support")
    ids = {"PERSON": str(person.pk), "GROUP": str(group.pk)}
    typed = {name: ids.get(text, text) for name, text in fields.items()}
    typed = {"assigned_to": "user-9", "withhold_contact": "on"} | typed
    answer = save(administrator_client, sub_account, **typed)
    assert answer.status_code == 200
    assert sentence in errors(answer)
    assert not Grant.objects.exists()
    # Nothing that was typed is lost.
    shown = page(answer)
    text = one(shown, "#id_grants-0-assigned_to").get_text()
    assert text.split() == typed["assigned_to"].split()
    assert one(shown, "#id_grants-0-withhold_contact").has_attr("checked")


def test_the_database_takes_no_grant_to_nobody_or_both(
    sub_account: SubAccount, person: User
) -> None:
    group = Group.objects.create(name="Support")
    for owners in ({}, {"user": person, "group": group}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Grant.objects.create(sub_account=sub_account, **owners)


@pytest.mark.django_db(transaction=True)
def test_former_lists_become_grants_and_back() -> None:
    before, after = [("accounts", "0002_connections")], [("accounts", "0003_grants")]
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    try:
        apps = migrated(before)
        account = apps.get_model("accounts", "SubAccount").objects.create(location_id="loc")
        users = apps.get_model("accounts", "User").objects
        named, narrowed = users.create(username="named"), users.create(username="narrowed")
        group = apps.get_model("auth", "Group").objects.create(name="Support")
        account.users.add(named)
        account.groups.add(group)

        apps = migrated(after)
        grants = apps.get_model("accounts", "Grant").objects
        assert [
            (grant.user_id, grant.group_id, grant.role, grant.assigned_to)
            for grant in grants.order_by("pk")
        ] == [(named.pk, None, "reader", []), (None, group.pk, "reader", [])]
        # Nobody who saw a part may see the whole when it is taken back.
        grants.create(sub_account_id=account.pk, user_id=narrowed.pk, assigned_to=["user-1"])
        grants.create(sub_account_id=account.pk, user_id=narrowed.pk, withhold_contact=True)

        apps = migrated(before)
        account = apps.get_model("accounts", "SubAccount").objects.get()
        assert [user.username for user in account.users.all()] == ["named"]
        assert [group.name for group in account.groups.all()] == ["Support"]
    finally:
        migrated(newest)


def migrated(to: Any) -> Any:
    """Bring the database to a state, and give back the models of it."""
    executor = MigrationExecutor(connection)
    executor.migrate(to)
    return MigrationExecutor(connection).loader.project_state(to).apps
