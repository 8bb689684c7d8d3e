"""Takes the README's screenshots from the running product, light and dark: `make screenshot`."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
SIZE = {"width": 1440, "height": 900}
CONVERSATION = "Maya Okafor"
ARGUMENTS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PRINTED = re.compile(
    r"Open (?P<url>\S+).*Sign in as (?P<name>\S+) with the password (?P<password>\S+)", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Site:
    """The running product, as it introduces itself."""

    url: str
    name: str
    password: str


@contextmanager
def site() -> Iterator[Site]:
    """The product with its sample data, on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    # A configuration of one's own would show one's own conversations.
    environment = {name: value for name, value in os.environ.items() if "HIGHLEVEL" not in name}
    command = [sys.executable, "manage.py", "run", "--port", str(port)]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as running:
        try:
            yield introduced(running)
        finally:
            running.terminate()
            running.communicate()


def introduced(running: subprocess.Popen[str]) -> Site:
    """Read what the product prints until it has said where it is and who may sign in."""
    said = ""
    for line in running.stdout or ():
        said += line
        if found := PRINTED.search(said):
            return Site(**found.groupdict())
    raise SystemExit(f"The product did not start:\n{said}")


def take(page: Page, at: Site, path: Path) -> None:
    """Sign in, open the conversation, and take its picture."""
    page.goto(at.url)
    page.get_by_label("Username").fill(at.name)
    page.get_by_label("Password").fill(at.password)
    page.get_by_role("button", name="Sign in").click()
    if page.get_by_role("heading", name="Sub-accounts").is_visible():
        page.get_by_role("link", name="Northside Dental").click()
    page.get_by_role("link", name=CONVERSATION).first.click()
    page.get_by_role("heading", name=CONVERSATION, level=1).wait_for()
    page.mouse.move(720, 880)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=path)
    print(path.relative_to(ROOT))


def main() -> None:
    """Both schemes, into docs/."""
    arguments = [*ARGUMENTS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with site() as at, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or None, args=arguments
        )
        for scheme in ("light", "dark"):
            context = chromium.new_context(viewport=SIZE, color_scheme=scheme)  # type: ignore[arg-type]
            take(context.new_page(), at, ROOT / "docs" / f"thread-{scheme}.png")
        chromium.close()


if __name__ == "__main__":
    main()
