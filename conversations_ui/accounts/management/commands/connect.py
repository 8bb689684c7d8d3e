"""Add or update a sub-account."""

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.views.decorators.debug import sensitive_variables

from conversations_ui.accounts import connecting
from conversations_ui.accounts.models import SubAccount, validate_location_id
from conversations_ui.highlevel.errors import HighLevelError


class Command(BaseCommand):
    help = (
        "Adds a sub-account, or gives a connected one a new token. The token is read from "
        "HIGHLEVEL_TOKEN or, when that is unset, from standard input. Nothing is stored unless "
        "HighLevel accepts it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("location_id", metavar="LOCATION_ID")
        parser.add_argument("--name", default="", help="the name shown, instead of HighLevel's")

    def handle(self, *, location_id: str, name: str, **options: Any) -> None:
        check_location_id(location_id)
        try:
            connected = connecting.connect(location_id, read_token(), name)
        except HighLevelError as error:
            raise CommandError(connecting.refusal(error)) from None
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        self.stdout.write(summary(connected))


def check_location_id(location_id: str) -> None:
    """Refuse what cannot be a location id before anything is asked or sent."""
    try:
        validate_location_id(location_id)
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from None


@sensitive_variables("asked", "token")
def read_token() -> str:
    """Take the token from the settings, else from standard input without echo."""
    if settings.HIGHLEVEL_TOKEN:
        return str(settings.HIGHLEVEL_TOKEN)
    asked = getpass.getpass("Token: ") if sys.stdin.isatty() else sys.stdin.readline()
    token = asked.strip()
    if not token.isascii() or not token.isprintable() or " " in token or not token:
        raise CommandError("No token came. Set HIGHLEVEL_TOKEN, or write it to standard input.")
    return token


def summary(connected: connecting.Connected) -> str:
    """Say what was done."""
    sub_account: SubAccount = connected.sub_account
    done = "Connected" if connected.created else "Updated"
    line = f"{done} {sub_account.name} ({sub_account.location_id}), {sub_account.time_zone}."
    if connected.location.name or connected.location.time_zone:
        return line
    return (
        f"{line} The token lacks locations.readonly, so HighLevel's name and time zone for it "
        "could not be read: give --name, and set the time zone in the administration."
    )
