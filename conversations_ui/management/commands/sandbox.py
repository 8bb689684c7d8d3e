"""`manage.py sandbox`: only the sandbox, until interrupted."""

from __future__ import annotations

import argparse
import signal
import threading
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from conversations_ui.sandbox import Sandbox


class Command(BaseCommand):
    """Serve sample data like the HighLevel API does."""

    help = "Serves sample data in the form of the HighLevel API, on this machine only."
    requires_system_checks = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Port, seed, and how much trouble to make."""
        parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
        parser.add_argument("--seed", type=int, default=7, help="another seed makes other data")
        parser.add_argument(
            "--chaos", action="store_true", help="delays, 429, 5xx, resets and broken JSON at times"
        )
        parser.add_argument(
            "--no-rate-limit", action="store_true", help="do not refuse more than 100 in 10 s"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print where it listens, then serve until the process is interrupted or terminated."""
        limit = None if options["no_rate_limit"] else 100
        done = threading.Event()

        def stop(number: int, frame: FrameType | None) -> None:
            done.set()

        sandbox = Sandbox(
            seed=options["seed"], port=options["port"], chaos=options["chaos"], rate_limit=limit
        )
        try:
            sandbox.start()
        except (OSError, OverflowError) as fault:
            reason = getattr(fault, "strerror", None) or str(fault)
            raise CommandError(
                f"Cannot listen on port {options['port']}: {reason.rstrip('.')}."
            ) from fault
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        lines = [f"url={sandbox.url}", f"token={sandbox.token}"]
        lines += [f"location={location}" for location in sandbox.locations]
        self.stdout.write("\n".join(lines))
        self.stdout.flush()
        done.wait()
        sandbox.stop()
