"""Who a name and a password belong to."""

from __future__ import annotations

import unicodedata
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.db.models import Q
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from conversations_ui.accounts.models import User


class PasswordBackend(ModelBackend):
    """By username or mail address: always one look-up and one hash, whatever there is to find."""

    @sensitive_variables("password")
    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **_others: Any,
    ) -> User | None:
        """Give the person, or None; raises nothing."""
        if username is None or password is None:
            return None
        person = called(username)
        if person is None:
            User().set_password(password)  # takes as long as checking one
            return None
        # A password that cannot be used is hashed against as well, by Django itself.
        right = person.check_password(password)
        return person if right and self.user_can_authenticate(person) else None


def called(name: str) -> User | None:
    """Find whoever is meant: by the exact name, else one whose name or address is so spelt."""
    found = so_called(name)
    exact = [person for person in found if person.username == name]
    named = [person for person in found if spelling(person.username) == spelling(name)]
    for meant in (exact, named, found):
        if meant:
            return meant[0] if len(meant) == 1 else None
    return None


def so_called(name: str) -> list[User]:
    """Find up to ten people whose name or address is this, in whatever case; one query."""
    found = User.objects.filter(Q(username__iexact=name) | Q(email__iexact=name))[:10]
    return [
        person
        for person in found
        if spelling(name) in (spelling(person.username), spelling(person.email))
    ]


def addressed(email: str) -> list[User]:
    """Find up to ten active people with this mail address, in whatever case; one query."""
    found = User.objects.filter(email__iexact=email, is_active=True)[:10]
    return [person for person in found if spelling(person.email) == spelling(email)]


def spelling(name: str) -> str:
    """Write a name as all its cases are: a database takes letters for the same that are not."""
    return unicodedata.normalize("NFKC", name.strip()).casefold()
