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


def encrypt(location_id: str, token: str) -> str:
    """Encrypt a token for one location with the first of `TOKEN_KEYS`."""
    plain = json.dumps([location_id, token]).encode()
    return _cipher(tuple(settings.TOKEN_KEYS)).encrypt(plain).decode("ascii")


def decrypt(location_id: str, encrypted: str) -> str:
    """Decrypt a location's token with whichever of `TOKEN_KEYS` opens it.

    The location id travels inside the ciphertext, so that a row given another row's token is
    refused. Raises `TokenUnreadable`.
    """
    try:
        plain = _cipher(tuple(settings.TOKEN_KEYS)).decrypt(encrypted.encode())
    except InvalidToken:
        raise TokenUnreadable(
            f"The stored token of {location_id} cannot be read with the present TOKEN_KEYS."
        ) from None
    owner, token = json.loads(plain)
    if owner != location_id:
        raise TokenUnreadable(f"The token stored with {location_id} belongs to {owner}.")
    return str(token)


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
