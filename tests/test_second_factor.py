"""The second factor: set up, asked for, required, and kept."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.test import Client
from pytest_django import Settings

from conversations_ui.accounts import factors
from conversations_ui.accounts.models import User
from tests.conftest import signed_in
from tests.pages import HTMX, one, page, value, words
from tests.signing_in import PASSWORD, code, enter, entered, error, set_up_app

INDEX, APP, CODES = "/account/factor/", "/account/factor/app/", "/account/factor/codes/"
ENTER, AGAIN = "/account/factor/enter/", "/account/again/"


@pytest.fixture
def reader(db: None) -> User:
    """Somebody with a password, and nothing to read."""
    return User.objects.create_user("reader", password=PASSWORD)


@pytest.fixture(autouse=True)
def standing_clock() -> Iterator[time_machine.Traveller]:
    """Let no step of the clock come between making a code and entering it."""
    with time_machine.travel("2026-03-02T10:00:05Z", tick=False) as clock:
        yield clock


def test_an_app_is_set_up_with_its_first_code_and_gives_recovery_codes_once(reader: User) -> None:
    client = entered()
    _secret, codes = set_up_app(client)
    assert len(set(codes)) == 10
    again = client.get(CODES)
    assert "10 codes are left" in words(page(again))
    assert not any(shown in again.content.decode() for shown in codes)


def test_a_wrong_first_code_is_said_and_the_secret_stays(reader: User) -> None:
    client = entered()
    before = one(page(client.get(APP)), ".gate__secret").get_text()
    answer = client.post(APP, {"code": "000000"})
    assert answer.status_code == 422
    shown = page(answer)
    assert "not accepted" in error(shown)
    assert one(shown, ".gate__secret").get_text() == before
    assert client.post(APP, {"code": code(before)}).status_code == 302


def test_a_sign_in_with_an_app_asks_for_its_code(reader: User) -> None:
    secret, _codes = set_up_app(entered())
    client = Client()
    assert enter(client, next="/sub-accounts/")["Location"] == ENTER
    assert client.get("/sub-accounts/")["Location"].startswith("/login/")
    assert client.get("/login/")["Location"] == ENTER
    answer = client.post(ENTER, {"code": code(secret, +1)})
    assert answer["Location"] == "/sub-accounts/"
    assert client.get("/sub-accounts/").status_code == 200


def test_somebody_half_way_in_may_start_again(reader: User) -> None:
    set_up_app(entered())
    client = Client()
    enter(client)
    link = one(page(client.get(ENTER)), 'a[href^="/login/"]')
    assert client.get(value(link, "href")).status_code == 200
    assert client.get(ENTER)["Location"].startswith("/login/")


@pytest.mark.parametrize("wrong", ["000000", "", "a\0b", "9" * 500, "１２３４５６"])
def test_a_wrong_code_lets_nobody_in(reader: User, wrong: str) -> None:
    set_up_app(entered())
    client = Client()
    enter(client)
    answer = client.post(ENTER, {"code": wrong})
    assert answer.status_code == 422
    assert error(page(answer))
    assert client.get("/sub-accounts/").status_code == 302


def test_a_code_counts_once(reader: User, standing_clock: time_machine.Traveller) -> None:
    secret, _codes = set_up_app(entered())
    seen = code(secret, +1)
    first, second = Client(), Client()
    enter(first)
    assert first.post(ENTER, {"code": seen})["Location"] == "/"
    enter(second)
    standing_clock.shift(31)  # the clock has gone on, the code is still within what is tolerated
    assert second.post(ENTER, {"code": seen}).status_code == 422


def test_an_old_code_is_no_code(reader: User) -> None:
    secret, _codes = set_up_app(entered())
    client = Client()
    enter(client)
    assert client.post(ENTER, {"code": code(secret, -2)}).status_code == 422


def test_a_recovery_code_lets_in_once(reader: User) -> None:
    _secret, codes = set_up_app(entered())
    first, second = Client(), Client()
    enter(first)
    assert first.post(ENTER, {"code": codes[3]})["Location"] == "/"
    caches["attempts"].clear()  # the row remembers too
    enter(second)
    assert second.post(ENTER, {"code": codes[3]}).status_code == 422


def test_what_is_stored_of_factors_is_sealed_and_can_be_sealed_anew(
    reader: User, settings: Settings
) -> None:
    client = entered()
    waiting = one(page(client.get(APP)), ".gate__secret").get_text()
    assert waiting not in str([session.get_decoded() for session in Session.objects.all()])
    secret, codes = set_up_app(client)
    stored = {row.type: row.data for row in Authenticator.objects.all()}
    sealed = stored["totp"]["secret"]
    assert sealed.startswith(factors.SEALED)
    assert stored["recovery_codes"]["seed"].startswith(factors.SEALED)
    assert not any(plain in str(stored) for plain in (secret, *codes))
    settings.TOKEN_KEYS = [Fernet.generate_key().decode(), *settings.TOKEN_KEYS]
    anew = factors.resealed(sealed)
    settings.TOKEN_KEYS = settings.TOKEN_KEYS[:1]
    assert factors.opened(anew) == secret
    with pytest.raises(factors.SecretUnreadable):
        factors.opened(sealed)


@pytest.mark.parametrize(
    ("required", "username", "is_led"),
    [
        ("none", "admin", False),
        ("admins", "admin", True),
        ("admins", "staff", True),
        ("admins", "reader", False),
        ("all", "reader", True),
    ],
)
def test_who_needs_a_factor_is_led_to_it_before_anything_else(
    reader: User,
    administrator: User,
    settings: Settings,
    required: str,
    username: str,
    is_led: bool,
) -> None:
    settings.REQUIRE_SECOND_FACTOR = required
    User.objects.create_user("staff", password=PASSWORD, is_staff=True)
    client = entered(username)
    if not is_led:
        assert client.get("/sub-accounts/").status_code == 200
        return
    for path in ("/sub-accounts/", "/admin/", "/account/", "/account/sessions/", "/no/such/thing/"):
        answer = client.get(path)
        assert answer.get("Location", INDEX) == INDEX
        assert answer.status_code in (302, 404)
    assert client.get("/sub-accounts/", headers=HTMX)["HX-Redirect"] == INDEX
    poll = client.get("/live/loc1/", headers=HTMX)
    assert (poll.status_code, INDEX in poll.content.decode()) == (286, True)
    shown = page(client.get(INDEX))
    assert "needs a second factor" in words(shown)
    assert [form["action"] for form in shown.select("form")] == ["/logout/"]
    assert client.get("/healthz").status_code == 200
    set_up_app_while_required(client)
    assert client.get("/sub-accounts/").status_code == 200


def set_up_app_while_required(client: Client) -> None:
    """Set up an app without a look at anything that is not open yet."""
    secret = one(page(client.get(APP)), ".gate__secret").get_text()
    assert client.post(APP, {"code": code(secret)}).status_code == 302


def test_a_temporary_password_comes_before_the_factor(settings: Settings, db: None) -> None:
    settings.REQUIRE_SECOND_FACTOR = "all"
    User.objects.create_user("new", password=PASSWORD, password_is_temporary=True)
    client = entered("new")
    assert client.get(INDEX)["Location"] == "/password/"
    own = "three quiet harbours"
    client.post(
        "/password/", {"old_password": PASSWORD, "new_password1": own, "new_password2": own}
    )
    assert client.get("/sub-accounts/")["Location"] == INDEX


def test_factors_are_changed_only_after_signing_in_again(reader: User) -> None:
    client = signed_in(reader)  # some time ago
    answer = client.get(APP)
    assert unquote(answer["Location"]) == f"{AGAIN}?next={APP}"
    wrong = client.post(answer["Location"], {"password": "not-the-password"})
    assert wrong.status_code == 422
    assert "not your password" in error(page(wrong))
    right = client.post(answer["Location"], {"password": PASSWORD})
    assert right["Location"] == APP
    assert client.get(APP).status_code == 200


def test_asking_again_lasts_five_minutes(
    reader: User, standing_clock: time_machine.Traveller
) -> None:
    client = entered()
    assert client.get(APP).status_code == 200
    standing_clock.shift(301)
    assert client.get(APP)["Location"].startswith(AGAIN)


def test_what_was_to_be_done_is_done_after_signing_in_again(reader: User) -> None:
    set_up_app(entered())
    client = signed_in(reader)
    answer = client.post(f"{CODES}new/")
    assert answer["Location"].startswith(AGAIN)
    done = client.post(answer["Location"], {"password": PASSWORD})
    assert done["Location"] == CODES
    assert len(page(client.get(CODES)).select(".gate__codes code")) == 10


def test_a_code_will_do_instead_of_the_password(reader: User) -> None:
    secret, _codes = set_up_app(entered())
    client = signed_in(reader)
    again = client.get(f"{APP}remove/")["Location"]
    other = value(one(page(client.get(again)), 'a[href^="/account/again/code/"]'), "href")
    assert client.post(other, {"code": "000000"}).status_code == 422
    assert client.post(other, {"code": code(secret, +1)})["Location"] == f"{APP}remove/"


def test_an_app_is_removed_and_the_codes_with_it(reader: User) -> None:
    client = entered()
    set_up_app(client)
    assert client.get(f"{APP}remove/").status_code == 200
    assert client.post(f"{APP}remove/")["Location"] == INDEX
    assert not Authenticator.objects.exists()
    assert enter(Client())["Location"] == "/"


def test_the_last_factor_stays_where_it_is_required(reader: User, settings: Settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = "all"
    client = entered()
    set_up_app_while_required(client)
    answer = client.post(f"{APP}remove/")
    assert answer.status_code == 422
    assert "before you remove the last" in error(page(answer))
    assert Authenticator.objects.filter(type="totp").exists()


TOO_MUCH = ("[" * 5000, "9" * 5000)
NONSENSE = ("", "no JSON", "[]", "1", '"text"', "{}", '{"id": 1}', '{"response": null}', *TOO_MUCH)


@pytest.mark.parametrize("path", ["/account/passkey/", "/account/factor/passkey/", ENTER])
def test_nonsense_for_a_passkey_is_refused_in_words(reader: User, path: str) -> None:
    client = entered()
    if path == ENTER:
        set_up_app(client)
    if path != "/account/factor/passkey/":
        client = Client()
        enter(client) if path == ENTER else client.get(path, headers={"Accept": "application/json"})
    for credential in NONSENSE:
        answer = client.post(path, {"credential": credential, "name": "Mine"})
        assert answer.status_code == 422, credential
        assert page(answer).select(".field__error:not([hidden])"), credential


def test_another_persons_passkey_is_not_found(reader: User, administrator: User) -> None:
    theirs = Authenticator.objects.create(user=administrator, type="webauthn", data={"name": "Key"})
    client = entered()
    for path in (
        f"/account/factor/passkey/{theirs.pk}/",
        f"/account/factor/passkey/{theirs.pk}/remove/",
    ):
        assert client.get(path).status_code == 404
        assert client.post(path, {"name": "Mine"}).status_code == 404
    assert Authenticator.objects.get() == theirs
