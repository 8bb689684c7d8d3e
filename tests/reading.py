"""One process of several on one database: `tests/reading.py check`, or the name of a writer.

Each prints "ready" and waits for a line. A writer then notes what every writer opens, and what it
alone opens; `late` says whether it was refused. `check` makes the tables first, and in the end says
whether the log is whole.
"""

import sys

import django

OWN = 15


def main(name: str) -> None:
    """Play the one part or the other."""
    django.setup()
    from django.core.management import call_command

    if name == "check":
        make_tables()
    print("ready", flush=True)  # noqa: T201
    sys.stdin.readline()
    if name == "check":
        call_command("verify_read_log")
    elif name == "late":
        be_late()
    else:
        write(name)


def make_tables() -> None:
    """Make the log's tables alone: what else there is takes long and is not needed."""
    from django.db import connection

    from conversations_ui.accounts.readings import Reading, ReadLogHead

    with connection.schema_editor() as editor:
        for model in (Reading, ReadLogHead):
            editor.create_model(model)


def write(name: str) -> None:
    """Write to the log as fast as it goes."""
    from conversations_ui.accounts import readlog
    from conversations_ui.accounts.models import User
    from conversations_ui.accounts.readings import Action

    user = User(pk=1, username="ada")
    for number in range(OWN):
        for what in ("shared", name):
            shown = readlog.Shown(Action.THREAD, "location", f"{what}{number}")
            readlog.note(user, shown, "127.0.0.1")


def be_late() -> None:
    """Come to the log while somebody else keeps it to themselves."""
    from conversations_ui.accounts import readlog

    readlog.PATIENCE = 0.1
    try:
        write("late")
    except readlog.Unwritable:
        print("refused")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1])
