"""Known vulnerabilities in what is locked, as pip-audit knows them; part of `make lint`.

A vulnerability is a failure. An index that does not answer, or knows no package, is said in one
line and is none: the network may not allow it.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.txt", "requirements-dev.txt")
SECONDS = 90  # for all of it; one answer has five
# How pip-audit says that its service could not be asked.
SILENCE = re.compile(r"(Connection|Proxy|SSL|Service)Error|Timeout|Could not connect|redirecting")


def main(arguments: list[str]) -> int:
    """Audit the locks, or what the arguments name in pip-audit's own way; gives the exit code."""
    locks = arguments or [part for lock in LOCKS for part in ("-r", str(ROOT / lock))]
    found = report(locks)
    if found is None:
        print("pip-audit: nothing was audited, the vulnerability service does not answer.")
        return 0
    vulnerable = [line for package in found for line in lines(package)]
    unknown = sum("skip_reason" in package for package in found)
    if vulnerable:
        print(*vulnerable, sep="\n")
    elif unknown == len(found):
        print("pip-audit: nothing was audited, the vulnerability service knows no package here.")
    else:
        print(f"pip-audit: nothing known against {len(found) - unknown} of {len(found)} packages.")
    return 1 if vulnerable else 0


def report(arguments: list[str]) -> list[dict[str, Any]] | None:
    """What pip-audit tells of each package; None when it could not ask."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes"]
    command += ["--format", "json", "--progress-spinner", "off", "--timeout", "5", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return None
    try:
        found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except ValueError:
        if SILENCE.search(done.stderr):
            return None
        sys.exit(done.stderr)  # a lock it cannot read, for one
    return found


def lines(package: dict[str, Any]) -> list[str]:
    """What is known against one package, a line for each."""
    return [
        f"{package['name']} {package['version']}: {known['id']}, "
        f"fixed in {', '.join(known['fix_versions']) or 'no version yet'}"
        for known in package.get("vulns", [])
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
