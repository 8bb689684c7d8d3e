"""Move every stored secret under the newest of TOKEN_KEYS."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from conversations_ui.accounts import rotation


class Command(BaseCommand):
    help = (
        "Encrypts stored tokens and second factors anew with the first of TOKEN_KEYS, while the "
        "site is in use. To change the key: put a new one before the others in TOKEN_KEYS and "
        "restart; run this; take the old one out and restart. Where several servers restart one "
        "after the other, put the new key last and restart them all before you put it first."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check",
            action="store_true",
            help="change nothing; fail when an older key is still in use",
        )

    def handle(self, *, check: bool, **options: Any) -> None:
        count = rotation.check() if check else rotation.rotate()
        done = "Under an older key" if check else "Encrypted anew"
        self.stdout.write(f"{done}: {count.older}. Under the first key: {count.current}.")
        if count.unreadable:
            raise CommandError(
                f"No key of TOKEN_KEYS opens these: {', '.join(count.unreadable)}. Put the key "
                "they were encrypted with back, or connect and set them up anew."
            )
        if check and count.older:
            raise CommandError("An older key is still in use: run rotate_keys.")
        self.stdout.write("The other keys of TOKEN_KEYS are not needed any more.")
