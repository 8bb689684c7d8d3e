"""The installation's secrets: the local key file, and the encryption of stored tokens.

`python -m conversations_ui.accounts.keys` makes the local file, where there is none yet;
with `--print` it writes a fresh pair to standard output instead, for a server's environment.
"""

import json
import os
import secrets
import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

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


def encrypt(owner: str, token: str, purpose: str = ACCESS) -> str:
    """Encrypt a token with the first of `TOKEN_KEYS`, for one location and one purpose."""
    plain = json.dumps([owner, token, purpose]).encode()
    return _cipher(tuple(settings.TOKEN_KEYS)).encrypt(plain).decode("ascii")


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
