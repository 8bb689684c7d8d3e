"""Too many attempts: who is slowed down, who is not, and what they are told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings

from conversations_ui.accounts.models import User
from tests.pages import Response, page
from tests.signing_in import PASSWORD, code, enter, entered, error, set_up_app


@pytest.fixture
def reader(db: None) -> User:
    """Somebody with a password, and nothing to read."""
    return User.objects.create_user("reader", password=PASSWORD)


@pytest.fixture(autouse=True)
def standing_clock() -> Iterator[time_machine.Traveller]:
    """Begin where all windows begin."""
    with time_machine.travel("2026-03-02T10:00:00Z", tick=False) as clock:
        yield clock


def at(address: str) -> Client:
    return Client(REMOTE_ADDR=address)


def refused(answer: Response) -> bool:
    return answer.status_code == 429


def guess(client: Client, times: int, username: str = "reader") -> Response:
    """Try wrong passwords; give back the last answer."""
    answers = [enter(client, username, password=f"wrong-{number}") for number in range(times)]
    return answers[-1]


def test_a_sixth_guess_is_refused_with_the_seconds(
    client: Client, reader: User, caplog: pytest.LogCaptureFixture
) -> None:
    assert guess(client, 5).status_code == 422
    answer = enter(client)  # the right one, too late
    assert refused(answer)
    assert 0 < int(answer["Retry-After"]) <= 901
    shown = page(answer)
    assert f"({answer['Retry-After']} seconds)" in error(shown)
    assert shown.select_one("input[name=username]")["value"] == "reader"  # type: ignore[index]
    assert client.get("/sub-accounts/").status_code == 302
    assert "too many attempts" in caplog.text


def test_the_wait_ends_by_itself(
    client: Client, reader: User, standing_clock: time_machine.Traveller
) -> None:
    guess(client, 6)
    standing_clock.shift(901)
    assert enter(client).status_code == 302


def test_a_stranger_elsewhere_locks_nobody_out(reader: User) -> None:
    assert refused(guess(at("203.0.113.9"), 20))
    assert enter(at("198.51.100.4")).status_code == 302


def test_a_host_with_a_network_of_addresses_counts_once(reader: User) -> None:
    for number in range(5):
        guess(at(f"2001:db8:0:7::{number}"), 1)
    assert refused(enter(at("2001:db8:0:7:a:b:c:d")))
    assert not refused(enter(at("2001:db8:0:8::1")))


def test_the_others_at_an_address_still_get_in(reader: User, administrator: User) -> None:
    office = at("203.0.113.9")
    assert refused(guess(office, 6))
    assert enter(office, "admin").status_code == 302


def test_guessing_through_many_names_from_one_address_ends(client: Client, reader: User) -> None:
    for number in range(20):
        guess(client, 5, f"name-{number}")
    assert refused(enter(client, "another"))
    assert enter(at("198.51.100.4")).status_code == 302


@pytest.mark.parametrize("username", ["nobody", "gone", "invited"])
def test_names_without_an_account_are_refused_alike(
    client: Client, reader: User, username: str
) -> None:
    User.objects.create_user("gone", password=PASSWORD, is_active=False)
    User.objects.create_user("invited")
    assert guess(client, 5, username).status_code == 422
    assert refused(guess(client, 1, username))


def test_a_name_is_one_name_however_it_is_written(client: Client, reader: User) -> None:
    for name in ("reader", "READER", " reader ", "Reader", "ｒｅａｄｅｒ"):
        enter(client, name, password="wrong")
    assert refused(enter(client))


def test_the_right_password_begins_anew(client: Client, reader: User) -> None:
    for _round in range(3):
        guess(client, 4)
        assert enter(client).status_code == 302
        client.post("/logout/")


def test_codes_are_few(reader: User) -> None:
    secret, _codes = set_up_app(entered())
    client = Client()
    enter(client)
    answers = [client.post("/account/factor/enter/", {"code": f"{n:06}"}) for n in range(6)]
    assert [answer.status_code for answer in answers] == [422] * 5 + [429]
    assert "Retry-After" in answers[-1]
    assert refused(client.post("/account/factor/enter/", {"code": code(secret, +1)}))


def test_codes_guessed_from_everywhere_are_few_too(reader: User) -> None:
    set_up_app(entered())
    for last in range(6):
        client = at(f"203.0.113.{last}")
        enter(client)
        for number in range(5):
            client.post("/account/factor/enter/", {"code": f"{number:06}"})
    client = at("198.51.100.4")
    enter(client)
    assert refused(client.post("/account/factor/enter/", {"code": "000000"}))


@pytest.mark.parametrize("path", ["/account/again/", "/password/"])
def test_whoever_has_taken_over_a_session_cannot_guess_either(reader: User, path: str) -> None:
    client = entered()
    wrong = {"password": "wrong", "old_password": "wrong"}
    answers = [client.post(path, wrong) for _attempt in range(6)]
    assert [answer.status_code for answer in answers] == [422] * 5 + [429]
    assert "Retry-After" in answers[-1]


def test_links_are_not_guessed(client: Client, db: None) -> None:
    path = "/account/choose-password/?key=invitation.MQ.wrong"
    answers = [client.get(path) for _attempt in range(21)]
    assert [answer.status_code for answer in answers] == [410] * 20 + [429]
    assert "Retry-After" in answers[-1]


def test_nobody_is_flooded_with_mail(client: Client, reader: User, settings: Settings) -> None:
    settings.EMAIL_HOST = "127.0.0.1"
    for address in ("reader@example.com", "nobody@example.com"):
        answers = [client.post("/account/forgotten/", {"email": address}) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [302] * 3 + [429]
        assert page(answers[-1]).select_one("input[name=email]")["value"] == address  # type: ignore[index]


def test_counts_hold_without_the_shared_cache(
    client: Client, reader: User, settings: Settings
) -> None:
    nowhere = {
        "BACKEND": "conversations_ui.cache.SharedOrOwnCache",
        "LOCATION": "redis://127.0.0.1:9/0",
    }
    settings.CACHES = settings.CACHES | {"attempts": nowhere}
    assert guess(client, 5).status_code == 422
    assert refused(enter(client))
