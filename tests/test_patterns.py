"""Regular expressions: no text from outside keeps one busy, and none is forgotten."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests import patterns
from tests.conftest import ROOT
from tests.test_architecture import PACKAGE, SOURCES

USES = {f"re.{name}" for name in ("compile", "match", "fullmatch", "search", "split")}
USES |= {f"re.{name}" for name in ("sub", "subn", "findall", "finditer")}
CHECKS = {"RegexValidator", "RegexField"}  # Django's, which compile what they are given


def written_in(path: Path) -> Iterator[str]:
    """List where a module writes patterns: the module, and what they are assigned to or used in."""

    def walk(node: ast.AST, names: tuple[str, ...]) -> Iterator[str]:
        for inner in ast.iter_child_nodes(node):
            called = ast.unparse(inner.func) if isinstance(inner, ast.Call) else ""
            if called in USES or called.rpartition(".")[2] in CHECKS:
                yield f"{path.relative_to(PACKAGE)}:{'.'.join(names)}"
            yield from walk(inner, (*names, *name_of(inner)))

    yield from walk(ast.parse(path.read_text()), ())


def name_of(node: ast.AST) -> Iterator[str]:
    """Give the name that a definition or an assignment makes, if it makes one."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, (ast.Assign, ast.AnnAssign)):
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        if isinstance(target, ast.Name):
            yield target.id


def test_every_pattern_is_listed_with_a_way_to_it() -> None:
    found = {name for path in SOURCES for name in written_in(path)}
    listed = {name for way in patterns.WAYS for name in way.patterns}
    assert listed.isdisjoint(patterns.OURS)
    assert found == listed | patterns.OURS


def test_no_text_keeps_a_pattern_busy() -> None:
    feeding = [sys.executable, "-m", "tests.patterns"]
    fed = subprocess.run(feeding, cwd=ROOT, capture_output=True, text=True, check=False)
    assert fed.returncode == 0, f"ended at {fed.stdout.splitlines()[-1:]}: {fed.stderr}"
