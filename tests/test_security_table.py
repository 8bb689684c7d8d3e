"""docs/security.md: every requirement of ASVS 5.0, level 2, is there; what applies has a test."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ELSEWHERE = ("For whoever runs it", "Does not apply")

# The requirements of levels 1 and 2, by section (OWASP ASVS 5.0.0).
REQUIREMENTS = {
    "1.1": "1 2",
    "1.2": "1 2 3 4 5 6 7 8 9",
    "1.3": "1 2 3 4 5 6 7 8 9 10 11",
    "1.4": "1 2 3",
    "1.5": "1 2",
    "2.1": "1 2 3",
    "2.2": "1 2 3",
    "2.3": "1 2 3 4",
    "2.4": "1",
    "3.2": "1 2",
    "3.3": "1 2 3 4",
    "3.4": "1 2 3 4 5 6",
    "3.5": "1 2 3 4 5",
    "3.7": "1 2",
    "4.1": "1 2 3",
    "4.2": "1",
    "4.3": "1 2",
    "4.4": "1 2 3 4",
    "5.1": "1",
    "5.2": "1 2 3",
    "5.3": "1 2",
    "5.4": "1 2 3",
    "6.1": "1 2 3",
    "6.2": "1 2 3 4 5 6 7 8 9 10 11 12",
    "6.3": "1 2 3 4",
    "6.4": "1 2 3 4",
    "6.5": "1 2 3 4 5",
    "6.6": "1 2 3",
    "6.8": "1 2 3 4",
    "7.1": "1 2 3",
    "7.2": "1 2 3 4",
    "7.3": "1 2",
    "7.4": "1 2 3 4 5",
    "7.5": "1 2",
    "7.6": "1 2",
    "8.1": "1 2",
    "8.2": "1 2 3",
    "8.3": "1",
    "8.4": "1",
    "9.1": "1 2 3",
    "9.2": "1 2 3 4",
    "10.1": "1 2",
    "10.2": "1 2",
    "10.3": "1 2 3 4",
    "10.4": "1 2 3 4 5 6 7 8 9 10 11",
    "10.5": "1 2 3 4 5",
    "10.6": "1 2",
    "10.7": "1 2 3",
    "11.1": "1 2",
    "11.2": "1 2 3",
    "11.3": "1 2 3",
    "11.4": "1 2 3 4",
    "11.5": "1",
    "11.6": "1",
    "12.1": "1 2 3",
    "12.2": "1 2",
    "12.3": "1 2 3 4",
    "13.1": "1",
    "13.2": "1 2 3 4 5",
    "13.3": "1 2",
    "13.4": "1 2 3 4 5",
    "14.1": "1 2",
    "14.2": "1 2 3 4",
    "14.3": "1 2 3",
    "15.1": "1 2 3",
    "15.2": "1 2 3",
    "15.3": "1 2 3 4 5 6 7",
    "16.1": "1",
    "16.2": "1 2 3 4 5",
    "16.3": "1 2 3 4",
    "16.4": "1 2 3",
    "16.5": "1 2 3",
    "17.1": "1",
    "17.2": "1 2 3 4",
    "17.3": "1 2",
}
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def sections() -> dict[str, str]:
    """The document's text by heading."""
    parts = re.split(r"^## (.+)$", DOCUMENT, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def rows(section: str) -> list[list[str]]:
    """The cells of a section's table, without its head."""
    lines = [line for line in sections()[section].splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:]]


HELD = {row[0].strip(): row[1:] for row in rows("ASVS 5.0, level 2")}


def listed(section: str) -> set[str]:
    """The requirements that a section of other rows names; `10.4` stands for all of 10.4."""
    named = {name for row in rows(section) for name in row[0].strip("| ").split(", ")}
    return {one for name in named for one in ([name] if name.count(".") == 2 else of(name))}


def of(section: str) -> list[str]:
    """The requirements of a section, or of a whole chapter."""
    return [
        f"{name}.{number}"
        for name, numbers in REQUIREMENTS.items()
        if name == section or name.startswith(f"{section}.")
        for number in numbers.split()
    ]


def functions(path: Path) -> set[str]:
    """The names of the tests in a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_requirement_is_accounted_for_once() -> None:
    apart = [listed(section) for section in ELSEWHERE]
    everything = {one for name in REQUIREMENTS for one in of(name)}
    assert set(HELD) | apart[0] | apart[1] == everything
    assert not set(HELD) & apart[0]
    assert not set(HELD) & apart[1]
    assert not apart[0] & apart[1]


@pytest.mark.parametrize("requirement", HELD)
def test_what_is_held_is_tested(requirement: str) -> None:
    *words, tests = HELD[requirement]
    assert all(words)
    named = _TEST.findall(tests)
    assert named
    for file, name in named:
        assert name in functions(ROOT / file), f"{file} has no {name}"


@pytest.mark.parametrize("section", ELSEWHERE)
def test_what_is_not_held_says_why(section: str) -> None:
    assert rows(section)
    assert all(len(row) == 2 and len(row[1].strip(" |")) > 5 for row in rows(section))


@pytest.mark.parametrize(
    "heading",
    [
        "What is protected",
        "Signing in",
        "Sessions",
        "Who may see what",
        "The read log and the logs",
        "Where this server goes",
        "Keys and cryptography",
        "Limits",
        "What comes in",
        "Dependencies",
    ],
)
def test_the_documents_that_are_asked_for_are_there(heading: str) -> None:
    assert len(sections()[heading].split()) > 40
