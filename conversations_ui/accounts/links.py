"""Links with which people choose a password: invitations from an administrator, resets by mail.

A link's key is signed, ends with its time or its use, and nothing of it is stored: it is a digest
over the present password and the last sign-in, which its use changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import base36_to_int, urlsafe_base64_decode, urlsafe_base64_encode
from django.views.decorators.debug import sensitive_variables

from conversations_ui.accounts.models import User
from conversations_ui.sign_in_settings import INVITATION_AGE, RESET_AGE


class Signer(PasswordResetTokenGenerator):
    """Django's signatures for password links, each purpose with its salt and age."""

    def __init__(self, purpose: str, age: timedelta) -> None:
        super().__init__()
        self.key_salt = f"conversations.links.{purpose}"
        self.age = age

    def check_token(self, user: User | None, token: str | None) -> bool:
        """Say whether the token is this person's, unused and young enough."""
        if not super().check_token(user, token):
            return False
        made = base36_to_int((token or "").partition("-")[0])
        return self._num_seconds(self._now()) - made <= self.age.total_seconds()


@dataclass(frozen=True, slots=True)
class Link:
    """A key that fits: whose it is, and whether somebody was invited."""

    person: User
    purpose: str


SIGNERS = {
    "invitation": Signer("invitation", INVITATION_AGE),
    "reset": Signer("reset", RESET_AGE),
}


def invitation(person: User) -> str:
    """Make the one key that lets a person in; former ones and the password are no good any more."""
    person.set_unusable_password()
    person.password_is_temporary = False
    person.save(update_fields=["password", "password_is_temporary"])
    return _key("invitation", person)


def reset(person: User) -> str:
    """Make a key for somebody who has forgotten the password, which stays good until its use."""
    return _key("reset", person)


def address(request: HttpRequest, key: str) -> str:
    """Write a link; its key stands in the query, which is neither logged nor passed on."""
    return request.build_absolute_uri(f"{reverse('choose_password')}?key={key}")


@sensitive_variables("key", "token")
def opened(key: str) -> Link | None:
    """Find what a key is for; None for one that is wrong, used or too old."""
    purpose, _dot, rest = key.partition(".")
    identity, _dot, token = rest.partition(".")
    signer = SIGNERS.get(purpose)
    person = _person(identity)
    if signer is None or person is None or not signer.check_token(person, token):
        return None
    return Link(person, purpose)


def _key(purpose: str, person: User) -> str:
    identity = urlsafe_base64_encode(force_bytes(person.pk or 0))
    return f"{purpose}.{identity}.{SIGNERS[purpose].make_token(person)}"


def _person(identity: str) -> User | None:
    try:
        pk = User._meta.pk.to_python(urlsafe_base64_decode(identity).decode())
    except (ValueError, ValidationError):
        return None
    return User.objects.filter(pk=pk, is_active=True).first()
