"""Nobody learns from an answer, or from how long it takes, whether there is an account."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from conversations_ui.accounts import links, mailing
from conversations_ui.accounts.models import User
from tests.pages import Response
from tests.signing_in import PASSWORD, enter

NAMES = (
    "reader",
    "READER",
    "reader@example.com",
    "nobody",
    "nobody@example.com",
    "gone",
    "invited",
)
hashed: list[str] = []


class Counting(MD5PasswordHasher):
    """Notes each time that a password is hashed, which is what takes the time of a sign-in."""

    def encode(self, password: str, salt: str) -> str:
        hashed.append(password)
        return super().encode(password, salt)


@pytest.fixture(autouse=True)
def people(db: None, settings: Settings) -> None:
    """One who may come in, one who may no more, one who has not yet chosen a password."""
    settings.PASSWORD_HASHERS = ["tests.test_probing.Counting"]
    settings.EMAIL_HOST, settings.DEFAULT_FROM_EMAIL = "127.0.0.1", "desk@example.com"
    User.objects.create_user("reader", "reader@example.com", PASSWORD)
    User.objects.create_user("gone", "gone@example.com", PASSWORD, is_active=False)
    User.objects.create_user("invited", "invited@example.com")


@pytest.fixture
def outbox() -> Iterator[list[mail.EmailMessage]]:
    mail.outbox = []
    yield mail.outbox
    mailing.finish()


def seen(answer: Response, *typed: str) -> tuple[int, str, str]:
    """What differs between two answers, but for what was typed and the form's token."""
    text = re.sub(r'(name="csrfmiddlewaretoken" value=)"[^"]*"', r"\1", answer.content.decode())
    for word in typed:
        text = text.replace(word, "…")
    return answer.status_code, str(answer.headers.get("Location")), text


def test_every_wrong_sign_in_is_answered_alike() -> None:
    answers = {name: seen(enter(Client(), name, "wrong"), name) for name in NAMES}
    assert len(set(answers.values())) == 1, answers
    assert answers["reader"][0] == 422


def test_not_even_the_right_password_tells_of_somebody_inactive() -> None:
    gone, nobody = (enter(Client(), name, PASSWORD) for name in ("gone", "nobody"))
    assert seen(gone, "gone") == seen(nobody, "nobody")


@pytest.mark.parametrize("name", NAMES)
def test_every_wrong_sign_in_takes_one_hash_and_the_same_questions(name: str) -> None:
    del hashed[:]
    with CaptureQueriesContext(
        connection,
    ) as asked:
        enter(Client(), name, "wrong")
    assert len(hashed) == 1
    assert len(asked) == 1


def test_a_right_sign_in_takes_one_hash_too() -> None:
    del hashed[:]
    assert enter(Client()).status_code == 302
    assert len(hashed) == 1


def test_every_address_gets_the_same_answer_and_one_gets_a_mail(
    outbox: list[mail.EmailMessage],
) -> None:
    answers = set()
    questions = set()
    for name in ("reader", "gone", "invited", "nobody"):
        with CaptureQueriesContext(connection) as asked:
            answer = Client().post("/account/forgotten/", {"email": f"{name}@example.com"})
        answers.add(seen(answer, name))
        questions.add(len(asked))
    assert len(answers) == len(questions) == 1
    mailing.finish()
    assert [message.to for message in outbox] == [["reader@example.com"]]


def test_a_link_tells_nothing_of_whom_it_was_for() -> None:
    token = links.reset(User.objects.get(username="gone")).rpartition(".")[2]
    answers = {
        seen(Client().get("/account/choose-password/", {"key": f"{purpose}.{identity}.{token}"}))
        for purpose in ("reset", "invitation")
        for identity in ("MQ", "OTk5OTk5", "Z29uZQ", "")
    }
    assert len(answers) == 1


def test_a_passkey_answer_tells_nothing_of_its_owner() -> None:
    credential = (
        '{"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": {"clientDataJSON": '
        '"e30", "authenticatorData": "AAAA", "signature": "AAAA", "userHandle": "%s"}}'
    )
    answers = set()
    for handle in ("MQ", "OTk5OTk5"):
        client = Client()
        client.get("/account/passkey/", headers={"Accept": "application/json"})
        answers.add(seen(client.post("/account/passkey/", {"credential": credential % handle})))
    assert len(answers) == 1


def test_two_people_with_one_address_sign_in_by_name_alone() -> None:
    User.objects.create_user("twin", "reader@example.com", "another-password-here")
    assert enter(Client(), "reader@example.com").status_code == 422
    assert enter(Client(), "reader").status_code == 302


@pytest.mark.parametrize("name", ["reader", "Reader", "reader@example.com", "READER@Example.com"])
def test_name_and_address_both_let_in(name: str) -> None:
    assert enter(Client(), name).status_code == 302


def test_an_exact_name_goes_before_one_spelt_alike_and_before_an_address() -> None:
    User.objects.create_user("Reader", password="another-password-here")
    User.objects.create_user("reader@example.com", password="a-third-password-here")
    assert enter(Client(), "reader").status_code == 302
    assert enter(Client(), "Reader", "another-password-here").status_code == 302
    assert enter(Client(), "READER").status_code == 422
    assert enter(Client(), "reader@example.com").status_code == 422
    assert enter(Client(), "reader@example.com", "a-third-password-here").status_code == 302
