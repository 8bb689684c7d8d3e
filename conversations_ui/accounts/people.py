"""The first people of an installation."""

import base64
import secrets
from collections.abc import Iterable

from django.utils.crypto import salted_hmac

from conversations_ui.accounts.models import SubAccount, User

READER = "reader"
ADMINISTRATOR = "admin"


def sample_password(username: str) -> str:
    """Work out a sample person's password: the same at every start, another at every installation.

    Derived from `SECRET_KEY`, so that it can be shown again and is stored nowhere.
    """
    digest = salted_hmac("conversations.sample-people", username, algorithm="sha256").digest()
    return _legible(digest[:10])


def ensure_sample_people(sub_accounts: Iterable[SubAccount]) -> None:
    """Let the sample reader see these sub-accounts, and the sample administrator everything."""
    reader = _ensure(READER, is_staff=False, is_superuser=False)
    for sub_account in sub_accounts:
        if not reader.grants.filter(sub_account=sub_account).exists():
            reader.grants.create(sub_account=sub_account)
    _ensure(ADMINISTRATOR, is_staff=True, is_superuser=True)


def _ensure(username: str, **rights: bool) -> User:
    user, _created = User.objects.update_or_create(username=username, defaults=rights)
    if not user.check_password(sample_password(username)):
        user.set_password(sample_password(username))
        user.save(update_fields=["password"])
    return user


def first_administrator() -> str:
    """Make an administrator where there is nobody yet; give back the one-time password, or ""."""
    if User.objects.exists():
        return ""
    password = _legible(secrets.token_bytes(10))
    User.objects.create_superuser(ADMINISTRATOR, password=password, password_is_temporary=True)
    return password


def _legible(random: bytes) -> str:
    letters = base64.b32encode(random).decode("ascii").lower()
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))
