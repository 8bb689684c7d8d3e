"""Where people are signed in, and how that ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from bs4 import Tag
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from conversations_ui.accounts.models import User
from tests.conftest import signed_in
from tests.pages import HTMX, one, page, value, words
from tests.signing_in import PASSWORD, enter, entered, set_up_app

LIST = "/account/sessions/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1"
)


@pytest.fixture
def reader(db: None) -> User:
    """Somebody with a password, and nothing to read."""
    return User.objects.create_user("reader", password=PASSWORD)


def device(user_agent: str, address: str) -> Client:
    """Sign the reader in from a device of their own."""
    client = Client(headers={"User-Agent": user_agent}, REMOTE_ADDR=address)
    assert enter(client).status_code == 302
    assert client.get("/sub-accounts/").status_code == 200
    return client


def sessions(client: Client) -> dict[str, Tag]:
    """Read the list: each row by what it says of the device."""
    return {words(row): row for row in page(client.get(LIST)).select("[data-session]")}


def is_in(client: Client) -> bool:
    return client.get("/sub-accounts/").status_code == 200


def test_the_list_names_device_address_and_time(reader: User) -> None:
    here = device(FIREFOX, "203.0.113.5")
    device(SAFARI, "2001:db8::7")
    first, second = sorted(sessions(here))
    assert first.startswith("Firefox on Linux 203.0.113.5 since")
    assert first.endswith("This one")
    assert second.startswith("Safari on iPhone 2001:db8::7 since")
    assert second.endswith("End")


@pytest.mark.parametrize("agent", ["", "curl/8.5", "<script>alert(1)</script>" * 40])
def test_a_device_that_says_nothing_of_use_is_shown_as_unknown(reader: User, agent: str) -> None:
    client = device(agent, "203.0.113.5")
    (row,) = sessions(client)
    assert row.startswith("Unknown device 203.0.113.5")


def test_one_session_is_ended_and_the_others_stay(reader: User) -> None:
    here, phone, home = (device(FIREFOX, f"203.0.113.{last}") for last in (5, 6, 7))
    row = next(row for text, row in sessions(here).items() if "203.0.113.6" in text)
    assert here.post(LIST, {"session": value(one(row, "button"), "value")})["Location"] == LIST
    assert [is_in(client) for client in (here, phone, home)] == [True, False, True]
    assert len(sessions(here)) == 2


def test_all_others_are_ended_at_once(reader: User) -> None:
    here, phone, home = (device(FIREFOX, f"203.0.113.{last}") for last in (5, 6, 7))
    here.post(LIST, {"session": "others"})
    assert [is_in(client) for client in (here, phone, home)] == [True, False, False]


def test_ending_sessions_asks_for_the_password_first(reader: User) -> None:
    other, here = entered(), signed_in(reader)
    asked = here.post(LIST, {"session": "others"})
    assert asked["Location"].startswith("/account/again/")
    assert is_in(other)
    here.post(asked["Location"], {"password": PASSWORD})
    assert not is_in(other)


def test_nobody_ends_another_persons_session(reader: User, administrator: User) -> None:
    theirs = entered("admin")
    assert is_in(theirs)
    (row,) = sessions(theirs).values()
    here = entered()
    here.post(LIST, {"session": value(row, "data-session")})
    assert is_in(theirs)
    for nonsense in ("", "0x1", "-1", "9" * 30, "a\0b"):
        assert here.post(LIST, {"session": nonsense}).status_code == 404


def test_a_new_password_ends_the_other_sessions(reader: User) -> None:
    here, other = entered(), entered()
    own = "three quiet harbours"
    fields = {"old_password": PASSWORD, "new_password1": own, "new_password2": own}
    assert here.post("/password/", fields).status_code == 302
    assert (is_in(here), is_in(other)) == (True, False)
    assert len(sessions(here)) == 1


def test_a_new_factor_ends_the_other_sessions(
    reader: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    here, other = entered(), entered()
    assert is_in(other)
    with django_capture_on_commit_callbacks(execute=True):
        set_up_app(here)
    assert (is_in(here), is_in(other)) == (True, False)


def test_a_session_ends_after_its_hours_whatever_is_done(reader: User, settings: Settings) -> None:
    client = entered()
    begun = timezone.now()
    for minutes in range(0, settings.SESSION_HOURS * 60, 50):
        with time_machine.travel(begun + timedelta(minutes=minutes)):
            assert is_in(client)
    with time_machine.travel(begun + timedelta(hours=settings.SESSION_HOURS, minutes=1)):
        assert not is_in(client)


def test_polls_keep_nobody_signed_in(reader: User, settings: Settings) -> None:
    client = entered()
    assert is_in(client)
    begun = timezone.now()
    for minutes in (20, 40, 59):
        with time_machine.travel(begun + timedelta(minutes=minutes)):
            client.get("/live/loc1/", headers=HTMX)
    with time_machine.travel(begun + timedelta(seconds=settings.SESSION_COOKIE_AGE + 61)):
        assert not is_in(client)


def test_signing_in_gives_the_session_another_key(client: Client, reader: User) -> None:
    client.get("/login/?next=/sub-accounts/")
    client.session["planted"] = True
    before = client.session.session_key
    enter(client)
    assert client.session.session_key != before


def test_an_administrator_ends_a_persons_sessions(
    reader: User, administrator_client: Client
) -> None:
    theirs = entered()
    assert is_in(theirs)
    path = f"/admin/accounts/user/{reader.pk}/end_sessions/"
    assert "All sessions" in administrator_client.get(path).content.decode()
    assert is_in(theirs)
    answer = administrator_client.post(path, follow=True)
    assert "signed out everywhere" in answer.content.decode()
    assert not is_in(theirs)
    assert enter(Client())["Location"] == "/"


def test_who_is_made_inactive_is_out_at_once(reader: User) -> None:
    client = entered()
    User.objects.filter(pk=reader.pk).update(is_active=False)
    assert not is_in(client)
