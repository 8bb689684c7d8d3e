"""Cut what is too old from the read log."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from conversations_ui.accounts import readlog
from conversations_ui.accounts.keys import TokenUnreadable


class Command(BaseCommand):
    help = (
        "Cuts the rows of the read log that are older than READ_LOG_DAYS, and keeps the rest "
        "verifiable. The site does the same by and by while it is used."
    )

    def handle(self, **options: Any) -> None:
        if not settings.READ_LOG_DAYS:
            self.stdout.write("READ_LOG_DAYS is 0: everything is kept.")
            return
        try:
            gone = readlog.prune()
        except readlog.Broken as broken:
            raise CommandError(f"The read log is not whole, so nothing is cut. {broken}") from None
        except TokenUnreadable as error:
            raise CommandError(f"{error} verify_read_log --new-key begins a new chain.") from None
        self.stdout.write(f"{gone} rows older than {settings.READ_LOG_DAYS} days cut.")
