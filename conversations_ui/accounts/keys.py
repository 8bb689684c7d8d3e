"""The installation's secrets: the local key file, and the encryption of stored tokens.

`python -m conversations_ui.accounts.keys` makes the local file, where there is none yet;
with `--print` it writes a fresh pair to standard output instead, for a server's environment.
"""

import base64
import json
import os
import secrets
import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.views.decorators.debug import sensitive_variables

from conversations_ui import masking

ACCESS, REFRESH = "access", "refresh"
KEYS_FILE = Path(__file__).resolve().parents[2] / ".local" / "keys.env"


class TokenUnreadable(Exception):
    """A stored token that the present `TOKEN_KEYS` do not open, or that belongs to another row."""


def generate() -> dict[str, str]:
    """Make a fresh pair of secrets, named as in the environment."""
    return {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "TOKEN_KEYS": Fernet.generate_key().decode("ascii"),
    }


def weakness(secret_key: str, token_keys: Sequence[str]) -> str:
    """What is wrong with keys for a server, "" when nothing is: they have to be random.

    Key bytes that are all letters were thought up or copied from an example: of random ones, not
    one in 10^13 is.
    """
    if len(secret_key) < 50 or len(set(secret_key)) < 10:
        return "SECRET_KEY has to have at least 50 random characters."
    if secret_key.startswith("django-insecure-"):
        return "SECRET_KEY is one that Django made for development."
    if any(key.rstrip("=") in secret_key for key in token_keys):
        return "SECRET_KEY and TOKEN_KEYS have to be different."
    for key in map(base64.urlsafe_b64decode, token_keys):
        if len(set(key)) < 16 or (key.isascii() and key.decode().isprintable()):
            return "TOKEN_KEYS has a key in it that is not random."
    return ""


def as_lines(pair: dict[str, str]) -> str:
    """Write secrets as lines of an environment file."""
    return "".join(f"{name}={value}\n" for name, value in pair.items())


def read(path: Path = KEYS_FILE) -> dict[str, str]:
    """Read the local key file; an absent one holds nothing."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line)


def ensure(path: Path = KEYS_FILE) -> dict[str, str]:
    """Read the local key file, made first where there is none."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _create(path, as_lines(generate()))
    return read(path)


def _create(path: Path, text: str) -> None:
    # Written beside and linked into place: of two processes starting together one wins,
    # and neither ever reads half a file.
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


@sensitive_variables("token", "plain")
def encrypt(owner: str, token: str, purpose: str = ACCESS) -> str:
    """Encrypt a token with the first of `TOKEN_KEYS`, for one location and one purpose."""
    masking.remember(token)
    plain = json.dumps([owner, token, purpose]).encode()
    return _cipher(tuple(settings.TOKEN_KEYS)).encrypt(plain).decode("ascii")


@sensitive_variables("plain", "token")
def decrypt(owner: str, encrypted: str, purpose: str = ACCESS) -> str:
    """Decrypt a location's token with whichever of `TOKEN_KEYS` opens it.

    Whose it is and what for travels inside the ciphertext, so that a row given another row's token,
    or a refresh token in place of an access token, is refused. Raises `TokenUnreadable`.
    """
    try:
        plain = _cipher(tuple(settings.TOKEN_KEYS)).decrypt(encrypted.encode())
    except InvalidToken:
        raise TokenUnreadable(
            f"The stored token of {owner} cannot be read with the present TOKEN_KEYS."
        ) from None
    # Those stored by earlier versions name no purpose.
    found, token, kept_for = (*json.loads(plain), ACCESS)[:3]
    if found != owner:
        raise TokenUnreadable(f"The token stored with {owner} belongs to {found}.")
    if kept_for != purpose:
        raise TokenUnreadable(f"The token stored with {owner} is one for another purpose.")
    masking.remember(str(token))
    return str(token)


def seal(plain: bytes) -> bytes:
    """Encrypt what is kept for a while only, with the first of `TOKEN_KEYS`."""
    return _cipher(tuple(settings.TOKEN_KEYS)).encrypt(plain)


def unseal(sealed: bytes) -> bytes | None:
    """Open what `seal` made; None for what none of the present `TOKEN_KEYS` sealed."""
    try:
        return _cipher(tuple(settings.TOKEN_KEYS)).decrypt(sealed)
    except InvalidToken:
        return None


def is_current(sealed: str) -> bool:
    """Say whether the first of `TOKEN_KEYS` has sealed or encrypted this."""
    try:
        _cipher(tuple(settings.TOKEN_KEYS[:1])).decrypt(sealed.encode())
    except InvalidToken:
        return False
    return True


def rotated(sealed: str) -> str | None:
    """The same content under the first of `TOKEN_KEYS`; None when none of them opens it."""
    try:
        return _cipher(tuple(settings.TOKEN_KEYS)).rotate(sealed.encode()).decode("ascii")
    except InvalidToken:
        return None


@lru_cache(maxsize=4)
def _cipher(token_keys: Sequence[str]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in token_keys])


def main(arguments: Sequence[str]) -> None:
    """Make the local key file, or print a fresh pair."""
    if "--print" in arguments:
        sys.stdout.write(as_lines(generate()))
    else:
        ensure()


if __name__ == "__main__":
    main(sys.argv[1:])
