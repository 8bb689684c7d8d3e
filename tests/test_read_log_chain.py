"""The chain of the read log: nothing is altered, moved, added or taken out unseen."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path

import psycopg
import pytest
import time_machine
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from conversations_ui.accounts import readlog
from conversations_ui.accounts.models import User
from conversations_ui.accounts.readings import Action, AppendOnly, Reading, ReadLogHead
from tests import KEYS
from tests.conftest import ROOT, bare_environment
from tests.reading import OWN

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create_user("ada")


def read(person: User, *conversations: str) -> None:
    """Let somebody open conversations, one after the other."""
    for conversation in conversations:
        shown = readlog.Shown(Action.THREAD, "location", conversation)
        readlog.note(person, shown, "192.0.2.7")


@pytest.fixture
def five(person: User) -> list[Reading]:
    """A log of five rows."""
    read(person, "c1", "c2", "c3", "c4", "c5")
    return list(Reading.objects.order_by("number"))


def sql(text: str, *values: str | int) -> None:
    """Write to the database as somebody who has nothing but the database."""
    with connection.cursor() as cursor:
        cursor.execute(text, values)


def verdict(*arguments: str) -> str:
    """What `verify_read_log` says; its complaint when it does not end well."""
    said = StringIO()
    try:
        call_command("verify_read_log", *arguments, stdout=said)
    except CommandError as error:
        assert error.returncode == 1
        return str(error)
    return said.getvalue()


def test_an_empty_log_is_whole(db: None) -> None:
    assert verdict() == "0 rows, whole.\n"


def test_a_log_nobody_touched_is_whole(five: list[Reading]) -> None:
    assert verdict().startswith("5 rows, whole.\n")
    assert [row.number for row in five] == [1, 2, 3, 4, 5]
    assert five[1].previous == five[0].hash


@pytest.mark.parametrize(
    ("column", "other"),
    [
        ("at", "2026-01-01 00:00:00"),
        ("user_id", 99),
        ("username", "eve"),
        ("action", "list"),
        ("location_id", "elsewhere"),
        ("conversation_id", "c9"),
        ("object_id", "something"),
        ("address", "192.0.2.8"),
        ("previous", "0" * 64),
        ("hash", "0" * 64),
    ],
)
def test_an_altered_row_is_named(five: list[Reading], column: str, other: str | int) -> None:
    sql(f"UPDATE accounts_reading SET {column} = %s WHERE number = 3", other)  # noqa: S608
    assert verdict() == (
        "The read log is not whole. Row 3 was altered, or not written by this site."
    )


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        ("number = 3", "Row 3 is missing."),
        ("number IN (2, 3)", "Rows 2 to 3 are missing."),
        ("number = 1", "Row 1 is missing."),
        ("number = 5", "Row 5 is missing."),
        ("number > 0", "Rows 1 to 5 are missing."),
    ],
)
def test_missing_rows_are_named(five: list[Reading], gone: str, said: str) -> None:
    sql(f"DELETE FROM accounts_reading WHERE {gone}")  # noqa: S608
    assert verdict() == f"The read log is not whole. {said}"


def copied(number: int, to: int) -> None:
    """Write a row that looks like another one."""
    columns = (
        "at, user_id, username, action, location_id, conversation_id, object_id, address, previous"
    )
    sql(
        f"INSERT INTO accounts_reading (number, {columns}, hash) "  # noqa: S608
        f"SELECT %s, {columns}, hash FROM accounts_reading WHERE number = %s",
        to,
        number,
    )


def swapped(first: int, second: int) -> None:
    """Let two rows change places."""
    sql("UPDATE accounts_reading SET number = 99 WHERE number = %s", first)
    sql("UPDATE accounts_reading SET number = %s WHERE number = %s", first, second)
    sql("UPDATE accounts_reading SET number = %s WHERE number = 99", second)


def cut_off_the_end() -> None:
    """Take the last row out, and let the head say that there never was one."""
    hash_of_4 = "(SELECT hash FROM accounts_reading WHERE number = 4)"
    sql("DELETE FROM accounts_reading WHERE number = 5")
    sql(f"UPDATE accounts_readloghead SET number = 4, hash = {hash_of_4}")  # noqa: S608


def cut_off_the_beginning() -> None:
    """Take the first rows out as if they had been too old."""
    hash_of_2 = "(SELECT hash FROM accounts_reading WHERE number = 2)"
    sql(f"UPDATE accounts_readloghead SET cut_number = 2, cut_hash = {hash_of_2}")  # noqa: S608
    sql("DELETE FROM accounts_reading WHERE number < 3")


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        (lambda: swapped(2, 3), "Row 2 was altered, or not written by this site."),
        (lambda: copied(3, 6), "Row 6 was added past the end."),
        (lambda: copied(3, 0), "Row 0 stands before where the log begins; nothing proves it."),
        (cut_off_the_end, "The head of the log was altered."),
        (cut_off_the_beginning, "The head of the log was altered."),
        (lambda: sql("DELETE FROM accounts_readloghead"), "The head of the log is gone."),
    ],
    ids=["swap", "append", "prepend", "cut the end", "cut the beginning", "behead"],
)
def test_what_else_the_database_alone_allows_is_found(
    five: list[Reading], attack: Callable[[], None], said: str
) -> None:
    attack()
    assert verdict() == f"The read log is not whole. {said}"


@pytest.mark.parametrize("attack", [cut_off_the_end, cut_off_the_beginning])
def test_an_attack_is_not_covered_by_what_is_read_later(
    five: list[Reading], person: User, attack: Callable[[], None]
) -> None:
    attack()
    read(person, "c6")
    read(person, "c7")
    assert "The head of the log was altered." in verdict()
    assert "new key" in verdict("--new-key")


def test_a_chain_written_anew_without_the_key_is_found(five: list[Reading]) -> None:
    # All hashes right, the head's too, but made with a key of one's own.
    own = b"0" * 32
    link = ""
    for row in five:
        row.previous, row.conversation_id = link, "c9"
        link = readlog._hash(own, row.linked())
        sql(
            "UPDATE accounts_reading SET conversation_id = 'c9', previous = %s, hash = %s "
            "WHERE number = %s",
            row.previous,
            link,
            row.number,
        )
    head = ReadLogHead.objects.get()
    head.hash = link
    sql(
        "UPDATE accounts_readloghead SET hash = %s, mark = %s",
        link,
        readlog._hash(own, head.marked()),
    )
    assert "The head of the log was altered." in verdict()


def test_an_anchor_shows_a_log_put_back_to_an_earlier_day(person: User) -> None:
    read(person, "c1", "c2")
    sql("CREATE TABLE kept_head AS SELECT * FROM accounts_readloghead")
    read(person, "c3")
    anchor = verdict().split("--anchor ")[1].strip()
    assert verdict("--anchor", anchor).startswith("3 rows, whole.")
    sql("DELETE FROM accounts_reading WHERE number = 3")
    sql("DELETE FROM accounts_readloghead")
    sql("INSERT INTO accounts_readloghead SELECT * FROM kept_head")
    assert verdict().startswith("2 rows, whole.")
    assert "Row 3 is not the one that was written then." in verdict("--anchor", anchor)


def test_an_anchor_that_is_none_is_refused_in_words(db: None) -> None:
    with pytest.raises(CommandError, match="NUMBER:HASH"):
        call_command("verify_read_log", "--anchor", "three")


WRITES: list[Callable[[Reading], object]] = [
    lambda row: row.save(),
    lambda row: row.delete(),
    lambda row: Reading(number=9, at=timezone.now(), user_id=1).save(),
    lambda row: Reading.objects.create(number=9, at=timezone.now(), user_id=1),
    lambda row: Reading.objects.bulk_create([Reading(number=9, at=timezone.now(), user_id=1)]),
    lambda row: Reading.objects.get_or_create(number=9),
    lambda row: Reading.objects.update_or_create(number=1, defaults={"username": "eve"}),
    lambda row: Reading.objects.update(username="eve"),
    lambda row: Reading.objects.filter(number=1).update(username="eve"),
    lambda row: Reading.objects.bulk_update([row], ["username"]),
    lambda row: Reading.objects.all().delete(),
    lambda row: Reading.objects.filter(number=1).delete(),
]


@pytest.mark.parametrize("number", range(len(WRITES)))
def test_the_application_only_adds(five: list[Reading], number: int) -> None:
    with pytest.raises(AppendOnly):
        WRITES[number](five[0])
    assert verdict().startswith("5 rows, whole.")


def prune() -> str:
    said = StringIO()
    call_command("prune_read_log", stdout=said)
    return said.getvalue()


@pytest.fixture
def year(person: User, settings: Settings) -> Iterator[time_machine.Traveller]:
    """Three rows of a year ago, and two of today."""
    settings.READ_LOG_DAYS = 0
    with time_machine.travel(timezone.now() - timedelta(days=365), tick=False) as clock:
        read(person, "c1", "c2", "c3")
        clock.shift(timedelta(days=365))
        read(person, "c4", "c5")
        yield clock


def test_what_is_too_old_is_cut_and_the_rest_stays_verifiable(
    year: time_machine.Traveller, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readlog, "AT_ONCE", 2)
    settings.READ_LOG_DAYS = 364
    assert prune() == "3 rows older than 364 days cut.\n"
    assert list(Reading.objects.values_list("number", flat=True).order_by("number")) == [4, 5]
    assert verdict().startswith("2 rows, whole.")
    sql("DELETE FROM accounts_reading WHERE number = 4")
    assert "Row 4 is missing." in verdict()


def test_nothing_is_cut_when_all_is_kept(year: time_machine.Traveller) -> None:
    assert prune() == "READ_LOG_DAYS is 0: everything is kept.\n"
    assert verdict().startswith("5 rows, whole.")


def test_what_is_too_old_goes_by_itself_while_the_site_is_used(
    year: time_machine.Traveller, person: User, settings: Settings
) -> None:
    settings.READ_LOG_DAYS = 30
    read(person, "c6")
    assert [row.conversation_id for row in Reading.objects.order_by("number")] == ["c4", "c5", "c6"]
    assert verdict().startswith("3 rows, whole.")


def test_everything_can_be_cut_and_the_chain_goes_on(
    year: time_machine.Traveller, person: User, settings: Settings
) -> None:
    settings.READ_LOG_DAYS = 30
    year.shift(timedelta(days=31))
    assert prune().startswith("5 rows")
    assert verdict().startswith("0 rows, whole.")
    read(person, "c6")
    assert Reading.objects.get().number == 6
    assert verdict().startswith("1 row, whole.")


def test_a_broken_beginning_is_not_cut_away(
    year: time_machine.Traveller, person: User, settings: Settings
) -> None:
    sql("UPDATE accounts_reading SET username = 'eve' WHERE number = 2")
    settings.READ_LOG_DAYS = 30
    with pytest.raises(CommandError, match="Row 2 was altered"):
        prune()
    read(person, "c6")  # and the site goes on
    assert Reading.objects.count() == 6


def test_the_key_of_the_chain_is_not_in_the_database_as_it_is(
    five: list[Reading], settings: Settings
) -> None:
    head = ReadLogHead.objects.get()
    assert readlog._key(head).hex() not in head.encrypted_key
    settings.TOKEN_KEYS = [Fernet.generate_key().decode()]
    assert "The present TOKEN_KEYS do not open the key of the chain." in verdict()


def test_the_key_moves_to_a_new_token_key_and_the_chain_stays(
    five: list[Reading], person: User, settings: Settings
) -> None:
    new = Fernet.generate_key().decode()
    settings.TOKEN_KEYS = [new, *settings.TOKEN_KEYS]
    call_command("rotate_keys", stdout=StringIO())
    settings.TOKEN_KEYS = [new]
    read(person, "c6")
    assert verdict().startswith("6 rows, whole.")


def test_without_its_key_nothing_is_noted_until_there_is_a_new_one(
    five: list[Reading], person: User, settings: Settings
) -> None:
    settings.TOKEN_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(readlog.Unwritable):
        read(person, "c6")
    assert "new key" in verdict("--new-key")
    read(person, "c6")
    assert "Row 1 stands before where the log begins" in verdict()  # it is said, not forgotten
    with time_machine.travel(timezone.now() + timedelta(days=366), tick=False):
        settings.READ_LOG_DAYS = 365
        prune()
        read(person, "c7")
    assert verdict().startswith("1 row, whole.")


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database that several processes share."""
    if request.param == "SQLite":
        yield f"sqlite:///{tmp_path}/shared.sqlite3"
        return
    server = request.getfixturevalue("postgres_url")
    name = f"readings_test_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            yield server.rpartition("/")[0] + f"/{name}"
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def on(database: str) -> dict[str, str]:
    """The environment of a process that writes there."""
    return bare_environment(
        **KEYS,
        DJANGO_SETTINGS_MODULE="conversations_ui.settings",
        DATABASE_URL=database,
        HTTPS_ONLY="off",
        PYTHONPATH=str(ROOT),
    )


@pytest.mark.parametrize("database", ["PostgreSQL"], indirect=True)
def test_nobody_waits_for_ever_for_a_log_that_is_held(database: str) -> None:
    check, late = (started(name, on(database)) for name in ("check", "late"))
    for process in (check, late):
        assert process.stdout and process.stdout.readline() == "ready\n"
    with psycopg.connect(database) as somebody:
        somebody.execute("LOCK TABLE accounts_readloghead")
        said, _errors = late.communicate("go\n", timeout=60)
    assert said == "refused\n"
    assert check.communicate("go\n", timeout=60)[0].startswith("0 rows, whole.")


def test_several_processes_write_one_chain(database: str) -> None:
    environment = on(database)
    check, *writers = (started(name, environment) for name in ("check", "one", "two"))
    for process in (check, *writers):
        assert process.stdout and process.stdout.readline() == "ready\n"
    for process in writers:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in writers:
        process.communicate(timeout=120)
        assert process.returncode == 0
    said, _errors = check.communicate("go\n", timeout=120)
    # Each its own, and what all of them opened once.
    assert said.startswith(f"{(1 + len(writers)) * OWN} rows, whole.")


def started(name: str, environment: dict[str, str]) -> subprocess.Popen[str]:
    """A process that waits for a line."""
    return subprocess.Popen(
        [sys.executable, str(ROOT / "tests" / "reading.py"), name],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
