"""Find a Chromium for the tests, or bring one.

Prints its path, or an empty line for Playwright's own; says on standard error which it took.
"""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PLAYWRIGHT = [sys.executable, "-m", "playwright", "install", "chromium"]
# Playwright's browser brings no system libraries: it may be there and still not start.
START = """
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    playwright.chromium.launch(chromium_sandbox=False).close()
"""


def system() -> str:
    """Find an installed Chromium or Chrome."""
    return next(filter(None, map(shutil.which, NAMES)), "")


def main() -> None:
    """Take the first that is there: the system's, Playwright's, Debian's."""
    if path := system():
        take(path, f"the system's, {path}")
    elif runs(PLAYWRIGHT) and runs([sys.executable, "-c", START]):
        take("", "Playwright's")
    elif debian() and (path := system()):
        take(path, f"Debian's package, {path}")
    else:
        sys.exit(
            "Browser: there is none, and none could be installed. Install Chromium, or type: "
            f"{' '.join(PLAYWRIGHT)}"
        )


def debian() -> bool:
    """Install Debian's package, where that is possible."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    return runs(["apt-get", "update"]) and runs(["apt-get", "install", "-y", "chromium"])


def runs(command: list[str]) -> bool:
    """Run a command to its end; its chatter is shown on standard error."""
    return subprocess.run(command, stdout=sys.stderr, check=False).returncode == 0


def take(path: str, description: str) -> None:
    """Answer."""
    print(f"Browser: {description}", file=sys.stderr)
    print(path)


if __name__ == "__main__":
    main()
