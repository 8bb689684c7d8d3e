"""Make an installation ready to serve: database, static files, sub-account, first person."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from conversations_ui.accounts import people
from conversations_ui.accounts.models import SubAccount


class Command(BaseCommand):
    help = (
        "Brings database and static files up to date and connects HIGHLEVEL_LOCATION_ID. `run` "
        "calls it before it serves."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--sample",
            nargs="+",
            default=[],
            metavar="LOCATION_ID",
            help="connect these sample sub-accounts, and make the sample people",
        )

    def handle(self, *, sample: list[str], **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        for location_id in sample or [settings.HIGHLEVEL_LOCATION_ID]:
            call_command("connect", location_id, stdout=self.stdout)
        if sample:
            people.ensure_sample_people(SubAccount.objects.filter(location_id__in=sample))
        elif password := people.first_administrator():
            self.stdout.write(
                f"Sign in as {people.ADMINISTRATOR} with the one-time password {password}"
            )
