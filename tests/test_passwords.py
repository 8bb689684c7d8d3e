"""Which passwords will do."""

from __future__ import annotations

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from conversations_ui.accounts import people
from conversations_ui.accounts.models import User


@pytest.mark.parametrize(
    "password",
    [
        "three quiet harbours",
        "correct horse battery",
        "ſechzehn zeichen ß",
        "1593 7264 8102 4471",
        "n0 rul3s h3r3 at all",
        "     leading spaces count",
        "合言葉はとても長いので安心です。",
        "x" * 40 + "a long tail of words",
    ],
)
def test_long_passwords_of_any_kind_will_do(password: str) -> None:
    validate_password(password, User(username="ada"))


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("fourteen chars", "15 characters"),
        ("passwordpassword", "repeats"),
        ("abcabcabcabcabcabc", "repeats"),
        ("aaaaaaaaaaaaaaaaaa", "repeats"),
        ("1234567890123456", "keyboard"),
        ("qwertyuiopasdfghj", "keyboard"),
        ("9876543210987654", "keyboard"),
        ("football!!!!!!!!1234", "well-known"),
        ("2026-conversations-2026", "well-known"),
        ("LeadConnector2026!", "well-known"),
        ("ada.lovelace.1815", "too similar"),
    ],
)
def test_what_is_guessed_all_the_same_is_refused_in_words(password: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        validate_password(password, User(username="ada.lovelace"))


def test_the_name_with_digits_around_it_will_not_do() -> None:
    with pytest.raises(ValidationError):
        validate_password("0000-ada.lovelace-0000", User(username="ada.lovelace"))


def test_the_passwords_made_here_will_do() -> None:
    validate_password(people.sample_password("admin"), User(username="admin"))
