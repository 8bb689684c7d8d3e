"""Static files as they are served: every reference in a hashed file leads to a hashed file."""

import re
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

REFERENCES = {
    ".js": re.compile(r"""(?:import|from)\s*\(?\s*["']([^"']+)["']"""),
    ".css": re.compile(r"""(?:@import\s+(?!url)|url\(\s*)["']?([^"')\s]+)"""),
}
HASHED = re.compile(r"\.[0-9a-f]{12}\.\w+$")


@pytest.fixture
def collected(tmp_path: Path, settings: Settings) -> Path:
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "conversations_ui.static_files.HashedStaticFiles"},
    }
    call_command("collectstatic", interactive=False, verbosity=0)
    return Path(settings.STATIC_ROOT)


def references(folder: Path) -> list[tuple[Path, str]]:
    """List what our own scripts and style sheets refer to, `data:` and vendored files aside."""
    return [
        (file, target)
        for part in ("css", "js")
        for file in sorted((folder / part).rglob("*.*"))
        if file.suffix in REFERENCES
        for target in REFERENCES[file.suffix].findall(file.read_text())
        if not target.startswith(("data:", "#"))
    ]


def test_every_reference_leads_to_a_hashed_file(collected: Path) -> None:
    found = references(collected)
    assert len([file for file, _ in found if file.match("js/app.*.js")]) > 5
    for file, target in found:
        wanted = (file.parent / target.partition("#")[0]).resolve()
        assert wanted.is_file(), f"{file.name} refers to {target}"
        assert HASHED.search(wanted.name), f"{file.name} refers to {target} without its hash"


def test_a_page_waits_for_one_style_sheet(collected: Path) -> None:
    (sheet,) = (file.read_text() for file in (collected / "css").glob("app.*.css"))
    assert "@import" not in sheet
    assert sheet.count("@layer components {") > 20


def test_large_files_are_compressed_once_and_for_all(collected: Path) -> None:
    assert list((collected / "vendor").glob("htmx-*.js.gz"))
