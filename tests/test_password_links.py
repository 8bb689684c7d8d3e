"""Links to choose a password: invitations from an administrator, resets by mail."""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.mail.backends import locmem
from django.test import Client
from pytest_django import Settings

from conversations_ui.accounts import links, mailing
from conversations_ui.accounts.models import User
from tests.conftest import signed_in
from tests.pages import Response, one, page, words
from tests.signing_in import PASSWORD, enter, entered, set_up_app

ADD = "/admin/accounts/user/add/"
CHOOSE = "/account/choose-password/"
FORGOTTEN = "/account/forgotten/"
OWN = "three quiet harbours"
BOTH = {"new_password1": OWN, "new_password2": OWN}
NO_GRANTS = {"grants-TOTAL_FORMS": "0", "grants-INITIAL_FORMS": "0"}
OVER = "This link does not work any more"


@pytest.fixture
def reader(db: None) -> User:
    """Somebody with a password and an address."""
    return User.objects.create_user("reader", "reader@example.com", PASSWORD)


@pytest.fixture
def mailed(settings: Settings) -> Iterator[list[mail.EmailMessage]]:
    """The mail sent from here on, of an installation that sends some."""
    settings.EMAIL_HOST, settings.DEFAULT_FROM_EMAIL = "127.0.0.1", "desk@example.com"
    mail.outbox = []
    yield mail.outbox
    mailing.finish()


def add(administrator: Client, **fields: str) -> Response:
    """Add a person in the administration."""
    return administrator.post(ADD, {"username": "new", **NO_GRANTS, **fields})


def link_in(answer: Response) -> str:
    """Read the link an administrator is shown."""
    return path_of(one(page(answer), "[data-invitation]").get_text())


def path_of(address: str) -> str:
    parts = urlsplit(address)
    assert parts.netloc == "testserver"
    return f"{parts.path}?{parts.query}"


def follow(client: Client, link: str) -> Response:
    """Open a link as somebody who has been given it."""
    return client.get(link, follow=True)


def renewed(administrator: Client, person: User) -> str:
    return link_in(administrator.post(f"/admin/accounts/user/{person.pk}/invite/"))


def test_an_invited_person_chooses_a_password_and_is_in(administrator_client: Client) -> None:
    answer = add(administrator_client, email="new@example.com", first_name="Ada")
    assert answer.status_code == 200
    person = User.objects.get(username="new")
    assert (person.email, person.first_name, person.has_usable_password()) == (
        "new@example.com",
        "Ada",
        False,
    )
    theirs = Client()
    shown = follow(theirs, link_in(answer))
    assert "You have been added as new" in words(page(shown))
    done = theirs.post(CHOOSE, BOTH)
    assert (done.status_code, done["Location"]) == (302, "/")
    assert theirs.get("/sub-accounts/").status_code == 200
    assert enter(Client(), "new", OWN).status_code == 302


def test_the_link_is_shown_once_and_stored_nowhere(administrator_client: Client) -> None:
    link = link_in(add(administrator_client))
    key = link.partition("key=")[2]
    person = User.objects.get(username="new")
    for path in (f"/admin/accounts/user/{person.pk}/{name}/" for name in ("change", "history")):
        assert key not in administrator_client.get(path).content.decode()
    assert key not in str(list(User.objects.values_list()))
    assert key not in str([session.get_decoded() for session in Session.objects.all()])
    assert key not in str(list(LogEntry.objects.values_list()))


def test_the_key_leaves_the_address_at_once_and_the_log_never_has_it(
    administrator_client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    link = link_in(add(administrator_client))
    client = Client()
    with caplog.at_level(logging.DEBUG):
        answer = client.get(link)
        assert answer["Location"] == CHOOSE
        shown = client.get(CHOOSE)
        client.post(CHOOSE, BOTH)
        client.get(link)  # used by now
    key = link.partition("key=")[2]
    assert key not in caplog.text
    assert key not in shown.content.decode()
    assert answer["Referrer-Policy"] == "same-origin"
    assert key not in urlsplit(link).path  # which is what gunicorn logs


def test_a_link_works_once(administrator_client: Client) -> None:
    link = link_in(add(administrator_client))
    first, second = Client(), Client()
    follow(first, link)
    follow(second, link)
    assert first.post(CHOOSE, BOTH)["Location"] == "/"
    late = second.post(CHOOSE, {"new_password1": "another five words here"})
    assert (late.status_code, OVER in words(page(late))) == (410, True)
    assert follow(Client(), link).status_code == 410


def test_a_newer_link_ends_the_older_one(administrator_client: Client) -> None:
    old = link_in(add(administrator_client))
    new = renewed(administrator_client, User.objects.get(username="new"))
    assert follow(Client(), old).status_code == 410
    assert follow(Client(), new).status_code == 200


def test_an_invitation_lasts_72_hours(administrator_client: Client) -> None:
    with time_machine.travel("2026-03-02T10:00:00Z", tick=False) as clock:
        link = link_in(add(administrator_client))
        clock.shift(72 * 3600)
        assert follow(Client(), link).status_code == 200
        clock.shift(1)
        assert follow(Client(), link).status_code == 410


def test_a_new_link_for_somebody_there_ends_password_and_sessions(
    administrator_client: Client, reader: User
) -> None:
    theirs = entered()
    path = f"/admin/accounts/user/{reader.pk}/invite/"
    assert "end at once" in administrator_client.get(path).content.decode()
    assert theirs.get("/sub-accounts/").status_code == 200  # asked, not done
    link = renewed(administrator_client, reader)
    assert theirs.get("/sub-accounts/").status_code == 302
    assert enter(Client()).status_code == 422
    client = Client()
    follow(client, link)
    assert client.post(CHOOSE, BOTH)["Location"] == "/"


@pytest.mark.parametrize(
    "key",
    [
        "",
        "x",
        "invitation",
        "invitation..",
        "invitation.MQ",
        "invitation.MQ.abc-def",
        "reset.OTk5OTk5.abc-def",
        "other.MQ.abc-def",
        "invitation.////.-",
        "invitation.4pyT.0-0",
        "invitation." + "9" * 4000 + ".x",
        "\0",
        "invitation.%00.x",
    ],
)
def test_a_key_that_is_none_is_refused_in_words(client: Client, reader: User, key: str) -> None:
    answer = client.get(CHOOSE, {"key": key}, follow=True)
    assert answer.status_code == 410
    assert OVER in words(page(answer))


def test_one_key_is_no_other(reader: User, client: Client) -> None:
    key = links.reset(reader)
    other = User.objects.create_user("other", password=PASSWORD)
    _purpose, _identity, token = key.split(".")
    identity = links.reset(other).split(".")[1]
    for forged in (f"invitation.{key.partition('.')[2]}", f"reset.{identity}.{token}"):
        assert follow(client, f"{CHOOSE}?key={forged}").status_code == 410


def test_a_link_of_somebody_inactive_is_over(administrator_client: Client, reader: User) -> None:
    link = renewed(administrator_client, reader)
    User.objects.filter(pk=reader.pk).update(is_active=False)
    assert follow(Client(), link).status_code == 410
    answer = administrator_client.post(f"/admin/accounts/user/{reader.pk}/invite/", follow=True)
    assert "activate them first" in answer.content.decode()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"new_password1": OWN, "new_password2": "three quiet harbors"}, "match"),
        ({"new_password1": "fourteen chars", "new_password2": "fourteen chars"}, "15 characters"),
        ({"new_password1": "", "new_password2": ""}, "required"),
        ({"new_password1": "x" * 257, "new_password2": "x" * 257}, "256"),
    ],
)
def test_a_password_that_will_not_do_is_explained_and_the_link_still_works(
    reader: User, typed: dict[str, str], said: str
) -> None:
    client = Client()
    follow(client, f"{CHOOSE}?key={links.invitation(reader)}")
    answer = client.post(CHOOSE, typed)
    assert answer.status_code == 422
    assert said in " ".join(words(tag) for tag in page(answer).select(".field__error"))
    assert client.post(CHOOSE, BOTH)["Location"] == "/"


def test_a_link_opened_by_somebody_else_signed_in_changes_over(
    reader: User, administrator: User
) -> None:
    client = entered("admin")
    follow(client, f"{CHOOSE}?key={links.invitation(reader)}")
    assert client.post(CHOOSE, BOTH)["Location"] == "/"
    assert client.get("/admin/", follow=True).status_code == 403


def test_a_link_does_not_get_round_the_second_factor(reader: User) -> None:
    set_up_app(entered())
    reader.refresh_from_db()
    client = Client()
    follow(client, f"{CHOOSE}?key={links.reset(reader)}")
    assert client.post(CHOOSE, BOTH)["Location"] == "/account/factor/enter/"
    assert client.get("/sub-accounts/").status_code == 302


def test_a_forgotten_password_is_replaced_by_mail(
    client: Client, reader: User, mailed: list[mail.EmailMessage]
) -> None:
    assert one(page(client.get("/login/")), f'a[href="{FORGOTTEN}"]')
    answer = client.post(FORGOTTEN, {"email": "Reader@Example.com"}, follow=True)
    assert "on its way" in words(page(answer))
    mailing.finish()
    (message,) = mailed
    assert (message.to, message.from_email) == (["reader@example.com"], "desk@example.com")
    link = next(line for line in str(message.body).splitlines() if line.startswith("http"))
    assert enter(Client()).status_code == 302  # until the link is used
    assert follow(client, path_of(link)).status_code == 410  # a sign-in has come in between
    client.post(FORGOTTEN, {"email": "reader@example.com"})
    mailing.finish()
    link = next(line for line in str(mailed[1].body).splitlines() if line.startswith("http"))
    assert "The old one is good until you save" in words(page(follow(client, path_of(link))))
    assert client.post(CHOOSE, BOTH)["Location"] == "/"
    assert enter(Client()).status_code == 422


def test_a_reset_lasts_one_hour(reader: User) -> None:
    with time_machine.travel("2026-03-02T10:00:00Z", tick=False) as clock:
        link = f"{CHOOSE}?key={links.reset(reader)}"
        clock.shift(3600)
        assert follow(Client(), link).status_code == 200
        clock.shift(1)
        assert follow(Client(), link).status_code == 410


def test_without_mail_the_administrator_is_who_to_ask(client: Client, db: None) -> None:
    assert "Ask an administrator" in words(page(client.get("/login/")))
    assert "sends no mail" in words(page(client.get(FORGOTTEN)))
    assert client.post(FORGOTTEN, {"email": "reader@example.com"}).status_code == 200


@pytest.mark.parametrize("typed", ["", "no address", "a\0@example.com", "x" * 300 + "@example.com"])
def test_what_is_no_address_is_said(
    client: Client, db: None, mailed: list[mail.EmailMessage], typed: str
) -> None:
    answer = client.post(FORGOTTEN, {"email": typed})
    assert answer.status_code == 422
    assert page(answer).select(".field__error")


class Refusing(locmem.EmailBackend):
    """A mail server that takes nothing."""

    def send_messages(self, messages: object) -> int:
        raise smtplib.SMTPRecipientsRefused({"reader@example.com": (550, b"no")})


def test_a_mail_server_that_refuses_is_the_logs_business(
    client: Client,
    reader: User,
    mailed: list[mail.EmailMessage],
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.EMAIL_BACKEND = "tests.test_password_links.Refusing"
    assert client.post(FORGOTTEN, {"email": "reader@example.com"}).status_code == 302
    mailing.finish()
    assert "could not be sent: SMTPRecipientsRefused" in caplog.text
    assert "reader@example.com" not in caplog.text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"username": "admin"}, "Somebody else signs in"),
        ({"username": "two words"}, "valid username"),
        ({"username": ""}, "required"),
        ({"email": "READER@example.com"}, "Somebody else has this address"),
        ({"email": "no address"}, "valid email"),
    ],
)
def test_a_mistake_in_the_new_persons_form_loses_nothing(
    administrator_client: Client, reader: User, fields: dict[str, str], said: str
) -> None:
    answer = add(administrator_client, **{"first_name": "Ada", **fields})
    shown = BeautifulSoup(answer.content, "html.parser")
    assert said in " ".join(words(tag) for tag in shown.select(".errorlist"))
    assert one(shown, "#id_first_name")["value"] == "Ada"
    assert not User.objects.filter(first_name="Ada").exists()


@pytest.mark.parametrize("deed", ["invite", "end_sessions", "forget_factors"])
def test_who_is_no_administrator_touches_none(administrator: User, deed: str) -> None:
    staff = User.objects.create_user("staff", is_staff=True)
    staff.user_permissions.add(*Permission.objects.filter(content_type__model="user"))
    client = signed_in(staff)
    path = f"/admin/accounts/user/{administrator.pk}/{deed}/"
    assert client.post(path).status_code == 403
    assert client.get(path).status_code == 403
    assert client.post(f"/admin/accounts/user/{staff.pk + 999}/{deed}/").status_code in (403, 404)
    shown = page(client.get(ADD))
    assert shown.select("#id_username")
    assert not shown.select("#id_is_superuser")
    administrator.refresh_from_db()
    assert administrator.check_password(PASSWORD)


def test_an_administrator_removes_a_lost_factor(administrator_client: Client, reader: User) -> None:
    theirs = entered()
    set_up_app(theirs)
    path = f"/admin/accounts/user/{reader.pk}/forget_factors/"
    assert "Make sure that it is this person" in administrator_client.get(path).content.decode()
    administrator_client.post(path)
    assert theirs.get("/sub-accounts/").status_code == 302
    assert enter(Client())["Location"] == "/"


def test_secrets_of_factors_and_sessions_are_not_in_the_administration(
    administrator_client: Client,
) -> None:
    shown = administrator_client.get("/admin/").content.decode()
    for name in ("authenticator", "usersession", "socialaccount", "socialapp", "emailaddress"):
        assert name not in shown.lower()
    assert administrator_client.get("/admin/mfa/authenticator/").status_code == 404
