"""The second factor: who cannot do without, and how its secrets are kept."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import AnonymousUser

from conversations_ui.accounts import keys
from conversations_ui.accounts.models import User

SEALED = "sealed:"  # before what `keys.seal` made, so that the keys' rotation finds it
STRONG = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


class SecretUnreadable(Exception):
    """A factor's secret that none of the present `TOKEN_KEYS` opens."""


def sealed(secret: str) -> str:
    """Encrypt a factor's secret with the first of `TOKEN_KEYS`."""
    return SEALED + keys.seal(secret.encode()).decode("ascii")


def opened(text: str) -> str:
    """Decrypt what `sealed` made; raises `SecretUnreadable`."""
    plain = keys.unseal(text.removeprefix(SEALED).encode()) if text.startswith(SEALED) else None
    if plain is None:
        raise SecretUnreadable("A second factor cannot be read with the present TOKEN_KEYS.")
    return plain.decode()


def resealed(text: str) -> str:
    """Encrypt the same secret with the first of `TOKEN_KEYS`; raises `SecretUnreadable`."""
    return sealed(opened(text))


def is_required_of(user: User | AnonymousUser) -> bool:
    """Say whether this person may do nothing without a second factor."""
    required = settings.REQUIRE_SECOND_FACTOR
    if required == "admins":
        return user.is_staff or user.is_superuser
    return required == "all"


def has(user: User) -> bool:
    """Say whether this person has an authenticator app or a passkey; costs one query."""
    return bool(Authenticator.objects.filter(user=user, type__in=STRONG).exists())


def is_last(authenticator: Authenticator) -> bool:
    """Say whether no other factor would be left."""
    others = Authenticator.objects.filter(user_id=authenticator.user_id, type__in=STRONG)
    return not others.exclude(pk=authenticator.pk).exists()


def forget(user: User) -> int:
    """Remove all of a person's factors; give back how many there were."""
    removed: tuple[int, dict[str, int]] = Authenticator.objects.filter(user=user).delete()
    return removed[0]
