"""Promises of the structure that no linter holds."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / "conversations_ui"
SOURCES = sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """List the full names a module imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_only_the_settings_read_the_environment() -> None:
    readers = re.compile(r"os\.(getenv|environ\b(?!,))|\benvirons\b")
    found = [path.name for path in SOURCES if readers.search(path.read_text())]
    # The WSGI module names the settings; it reads nothing.
    assert sorted(found) == ["settings.py", "wsgi.py"]


@pytest.mark.parametrize(
    "path", sorted((PACKAGE / "highlevel").rglob("*.py")), ids=lambda p: p.name
)
def test_the_api_client_knows_nothing_of_the_web(path: Path) -> None:
    allowed = ("django.utils.",)
    assert not [
        name for name in imports(path) if name.startswith("django") and not name.startswith(allowed)
    ]
