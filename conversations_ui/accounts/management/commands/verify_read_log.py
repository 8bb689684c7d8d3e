"""Check that the read log is whole."""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from conversations_ui.accounts import readlog
from conversations_ui.accounts.keys import TokenUnreadable


def anchor(text: str) -> tuple[int, str]:
    """Read NUMBER:HASH."""
    number, _colon, link = text.partition(":")
    if not number.isdecimal() or len(link) != 64:
        raise ArgumentTypeError("write it as NUMBER:HASH, as the last line of an earlier check")
    return int(number), link


class Command(BaseCommand):
    help = (
        "Walks the chain of the read log and names the first row that was altered, moved, added "
        "or taken out; then the exit status is 1."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--anchor",
            type=anchor,
            metavar="NUMBER:HASH",
            help="a row as an earlier check or the log output wrote it, which must still be there",
        )
        parser.add_argument(
            "--new-key",
            action="store_true",
            help="give the chain a new key, when the old one is lost or known; what was written "
            "till now stays until it is too old, but nothing proves it any more",
        )

    def handle(self, *, anchor: tuple[int, str] | None, new_key: bool, **options: Any) -> None:
        if new_key:
            readlog.begin_again()
            self.stdout.write("The chain has a new key, for the rows from now on.")
            return
        try:
            found = readlog.verify(anchor)
        except TokenUnreadable:
            raise CommandError(
                "The present TOKEN_KEYS do not open the key of the chain. Put the key back that "
                "was used before or, when it is lost, run this with --new-key."
            ) from None
        if found.problem:
            raise CommandError(f"The read log is not whole. {found.problem}")
        self.stdout.write(f"{found.rows} {'row' if found.rows == 1 else 'rows'}, whole.")
        if found.hash:
            self.stdout.write(f"Keep this elsewhere: --anchor {found.number}:{found.hash}")
