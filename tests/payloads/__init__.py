"""Hostile markup: a collection of our own, and others' lists where they lie beside the project."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conftest import PAYLOADS

OWN = Path(__file__).parent


def lists(folder: Path) -> dict[str, list[str]]:
    """Read every list of a folder, by its name."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}


def every() -> dict[str, list[str]]:
    """Give all lists there are."""
    shared = {f"shared {name}": found for name, found in lists(PAYLOADS).items()}
    return lists(OWN) | shared
