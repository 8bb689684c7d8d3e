"""What is installed is locked with hashes, audited, and nothing else gets into the image."""

import json
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from scripts import audit
from tests.conftest import ROOT

LOCKS = ("requirements", "requirements-dev", "requirements-build")
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()


def entries(name: str) -> list[str]:
    """The requirements of a file, each with its options on one line."""
    text = (ROOT / name).read_text().replace("\\\n", "")
    return [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]


def direct(name: str) -> dict[str, str]:
    """What a list of direct requirements pins: normalised name of a package -> version."""
    pinned = [line for line in entries(name) if not line.startswith("-c ")]
    found = [re.fullmatch(r"([\w.-]+)(?:\[[\w,-]+\])?==([\w.]+)", line) for line in pinned]
    assert all(found), pinned
    return {re.sub(r"[-_.]+", "-", each[1]).lower(): each[2] for each in found if each}


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_pinned_with_its_hashes(name: str) -> None:
    for line in entries(f"{name}.txt"):
        assert re.fullmatch(r"[a-z0-9-]+==[\w.]+(\s+--hash=sha256:[0-9a-f]{64})+\s*", line), line


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_what_is_asked_for(name: str) -> None:
    locked = {tuple(line.split()[0].split("==")) for line in entries(f"{name}.txt")}
    assert set(direct(f"{name}.in").items()) <= locked


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_index_and_no_machine(name: str) -> None:
    text = (ROOT / f"{name}.txt").read_text()
    assert not re.search(r"index-url|find-links|trusted-host|file:/|https?:|@ |^/| /", text, re.M)


@pytest.mark.parametrize("name", LOCKS)
def test_every_direct_requirement_has_its_reason(name: str) -> None:
    above = ""
    for line in (ROOT / f"{name}.in").read_text().splitlines():
        if line and not line.startswith(("#", "-c ")):
            assert above.startswith("# ") or name == "requirements-build", line
        above = line


def test_what_both_locks_hold_is_the_same() -> None:
    runtime = {line.split("==")[0]: line.split() for line in entries("requirements.txt")}
    shared = [line for line in entries("requirements-dev.txt") if line.split("==")[0] in runtime]
    assert shared
    for line in shared:
        assert line.split() == runtime[line.split("==")[0]]


def test_the_image_installs_nothing_without_a_hash_and_runs_as_nobody() -> None:
    installs = re.findall(r"pip install .*", DOCKERFILE)
    assert installs
    for install in installs:
        assert "--require-hashes -r requirements" in install.replace("--no-build-isolation ", "")
    assert "requirements-dev" not in DOCKERFILE
    final = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"^USER [1-9]\d*$", final, re.M)
    assert "HEALTHCHECK" in final
    assert not re.search(r"(?m)^(ENV|ARG) .*(KEY|TOKEN|SECRET|PASSWORD)", DOCKERFILE)


def test_what_the_image_copies_is_there_and_let_through() -> None:
    let_through = (ROOT / ".dockerignore").read_text().splitlines()
    assert let_through[0] == "*"
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.M)
    for name in " ".join(copied).split():
        assert (ROOT / name).exists()
        assert f"!{name}" in let_through


def test_make_installs_from_the_locks_alone() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for line in re.findall(r".*\bpip install\b.*", makefile):
        assert "--require-hashes" in line
    assert "python scripts/audit.py" in makefile.partition("\nlint:")[2].partition("\n\n")[0]


class Vulnerabilities(BaseHTTPRequestHandler):
    """Answers as OSV does: something is known against one package."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = {
            "id": "PYSEC-2026-1",
            "summary": "It is broken.",
            "details": "",
            "affected": [
                {
                    "package": asked["package"],
                    "ranges": [{"type": "ECOSYSTEM", "events": [{"fixed": "99.0"}]}],
                }
            ],
        }
        found = {"vulns": [known]} if asked["package"]["name"] == "broken" else {}
        body = json.dumps(found).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def service() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Vulnerabilities)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1/query"
    server.shutdown()
    server.server_close()
    thread.join()


def audited(tmp_path: Path, service: str, *names: str) -> int:
    lock = tmp_path / "lock.txt"
    lock.write_text("".join(f"{name}==1.0 --hash=sha256:{'0' * 64}\n" for name in names))
    return audit.main(["-r", str(lock), "-s", "osv", "--osv-url", service])


def test_a_known_vulnerability_fails_the_lint_and_is_named(
    tmp_path: Path, service: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audited(tmp_path, service, "sound", "broken") == 1
    assert capsys.readouterr().out == "broken 1.0: PYSEC-2026-1, fixed in 99.0\n"


def test_nothing_known_is_said(
    tmp_path: Path, service: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audited(tmp_path, service, "sound") == 0
    assert "nothing known against 1 of 1" in capsys.readouterr().out


def test_a_service_out_of_reach_is_said_in_one_line_and_fails_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audited(tmp_path, "http://127.0.0.1:9/v1/query", "sound") == 0
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert "nothing was audited" in said


def test_a_lock_that_cannot_be_read_is_a_failure(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text("loose>=1.0\n")
    with pytest.raises(SystemExit) as refused:
        audit.main(["-r", str(lock)])
    assert "loose" in str(refused.value.code)
