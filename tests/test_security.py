"""What no single feature holds: how the code is written, and what every page has."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from django.conf import global_settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.test import Client

from conversations_ui import settings as ours
from conversations_ui.accounts.models import SubAccount, User
from conversations_ui.sandbox import Sandbox
from tests.pages import page

CODE = Path(__file__).resolve().parents[1] / "conversations_ui"
# Where text could become code, a query, a command or a template, and where XML is read.
DANGEROUS = {
    *("eval", "exec", "compile", "__import__"),
    *("RawSQL", "execute", "executemany", "objects.raw", "objects.extra"),
    *("system", "popen", "Popen", "subprocess.run", "check_output", "check_call"),
    *("from_string", "Template", "parseString", "XMLParser", "fromstring"),
}
# Made of constants: the probe's question, for how long a lock is waited for, and what `run` starts.
KNOWN = {
    ("cursor.execute", "views/health.py"),
    ("cursor.execute", "accounts/readlog.py"),
    ("subprocess.Popen", "management/commands/run.py"),
    ("subprocess.run", "management/commands/run.py"),
}
# Where chance need not be unguessable: waiting times, and made-up data.
BY_CHANCE = {"highlevel/retries.py"}
WEAK = {"md5", "sha1", "DES", "TripleDES", "ARC4", "Blowfish", "ECB", "PKCS1v15Encryption"}


def calls() -> Iterator[tuple[str, str]]:
    """Every function called by name in the product's code, and in which file."""
    for path in CODE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = node.func
                name = (
                    called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
                )
                on = ast.unparse(called.value) if isinstance(called, ast.Attribute) else ""
                yield f"{on}.{name}".lstrip("."), str(path.relative_to(CODE))


def imports() -> Iterator[tuple[str, str]]:
    """Every name imported, and by which file."""
    for path in CODE.rglob("*.py"):
        file = str(path.relative_to(CODE))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                yield from ((f"{node.module}.{each.name}", file) for each in node.names)
            elif isinstance(node, ast.Import):
                yield from ((each.name, file) for each in node.names)


def test_no_sql_and_no_command_is_made_of_text() -> None:
    found = {
        (name, file)
        for name, file in calls()
        if not name.startswith("re.")
        and any(name == bad or name.endswith(f".{bad}") for bad in DANGEROUS)
    }
    assert found == KNOWN


def test_cryptography_comes_from_libraries() -> None:
    parts = {part for name, _file in imports() for part in name.split(".")}
    used = {name.rpartition(".")[2] for name, _file in calls()}
    assert not (parts | used) & WEAK
    assert {"Fernet", "MultiFernet", "secrets"} <= parts


def test_what_must_not_be_guessed_is_not_left_to_chance() -> None:
    by_chance = {
        file for name, file in imports() if name.split(".")[0] == "random" or name == "uuid.uuid1"
    }
    assert {file for file in by_chance if not file.startswith("sandbox/")} == BY_CHANCE


def test_passwords_are_hashed_slowly() -> None:
    assert not hasattr(ours, "PASSWORD_HASHERS")  # so Django's own count
    assert global_settings.PASSWORD_HASHERS[0].endswith(".PBKDF2PasswordHasher")
    assert PBKDF2PasswordHasher.iterations >= 600_000


def test_every_page_has_a_way_out(
    client: Client, reader: User, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    client.force_login(reader)
    inbox = f"/inbox/{sub_account.location_id}/"
    thread = f"{inbox}{sandbox.world.showcase_conversation_id}/"
    for address in (inbox, thread, "/sub-accounts/", "/account/"):
        assert page(client.get(address, follow=True)).select('form[action="/logout/"]'), address


def test_nothing_is_listed_and_nothing_traced(client: Client, reader: User) -> None:
    client.force_login(reader)
    assert client.get("/static/").status_code == 404
    assert client.get("/static/js/").status_code == 404
    for address in ("/password/", "/sub-accounts/", "/healthz"):
        assert client.trace(address).status_code == 405
    assert Client().trace("/login/").status_code == 405
