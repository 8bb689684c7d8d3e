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


def users_of(name: str) -> set[str]:
    """List the modules that import something by its full name."""
    return {
        path.relative_to(PACKAGE).as_posix()
        for path in SOURCES
        if any(one == name or one.startswith(f"{name}.") for one in imports(path))
    }


def test_nothing_reads_highlevel_past_the_check_of_who_may_see_what() -> None:
    # The first makes the client that the second wraps; the others try tokens, and show nothing.
    assert users_of("conversations_ui.highlevel.client.Client") == {
        "services/upstream.py",
        "services/permitted.py",
        "services/health.py",
        "accounts/connecting.py",
    }
    building = re.compile(r"(?<![\w.])Client\(")
    found = {path.name for path in SOURCES if building.search(path.read_text())}
    assert found - {"client.py"} == {"upstream.py", "connecting.py"}


def test_views_open_sub_accounts_in_one_place() -> None:
    for name in ("all_opened", "sub_account_or_404", "visible_to", "opened", "unattended"):
        found = users_of(f"conversations_ui.accounts.access.{name}")
        assert {path for path in found if path.startswith("views/")} <= {"views/pages.py"}, name
    # A query of one's own would come without a check; only the administrators' pages make some.
    querying = re.compile(r"SubAccount\.objects|\.grants\b")
    views = [path for path in SOURCES if path.parent.name in ("views", "services")]
    found = {path.name for path in views if querying.search(path.read_text())}
    assert found <= {"webhooks.py"}  # which marks what is old, and reads nothing


def test_everything_is_opened_only_for_the_products_own_work() -> None:
    assert users_of("conversations_ui.accounts.access.unattended") == {
        "admin/grants.py",  # names of staff, for administrators
        "services/live.py",  # the list that all open pages share, of which digests are kept
    }
    assert users_of("conversations_ui.accounts.access.EVERYTHING") == set()


@pytest.mark.parametrize(
    "path", sorted((PACKAGE / "highlevel").rglob("*.py")), ids=lambda p: p.name
)
def test_the_api_client_knows_nothing_of_the_web(path: Path) -> None:
    allowed = ("django.utils.",)
    assert not [
        name for name in imports(path) if name.startswith("django") and not name.startswith(allowed)
    ]


# What opens connections, or starts what could -> the modules that may hold it.
_API = ("highlevel/client.py", "highlevel/oauth.py", "highlevel/transport.py")
_SANDBOX = ("sandbox/webhooks.py", "sandbox/wire.py")
ROADS: dict[str, tuple[str, ...]] = {
    "requests": _API,
    "urllib3": (*_API, "highlevel/streams.py", "services/fetching.py"),
    "http.client": ("highlevel/transport.py", "sandbox/webhooks.py", "management/commands/run.py"),
    "http.server": _SANDBOX,
    "socketserver": _SANDBOX,
    "socket": (
        *("highlevel/transport.py", "services/destinations.py"),
        *("sandbox/wire.py", "management/commands/run.py"),
    ),
    "ssl": ("services/fetching.py",),
    "smtplib": ("accounts/mailing.py",),
    "subprocess": ("management/commands/run.py",),
    **dict.fromkeys(("urllib.request", "xmlrpc", "ftplib", "poplib", "imaplib", "nntplib"), ()),
    **dict.fromkeys(("aiohttp", "asyncio", "httpx", "multiprocessing", "pycurl", "telnetlib"), ()),
}


def test_few_modules_can_reach_another_machine() -> None:
    found = {
        (road, str(path.relative_to(PACKAGE)))
        for path in SOURCES
        for name in imports(path)
        for road in ROADS
        if f"{name}.".startswith(f"{road}.")
    }
    assert found <= {(road, path) for road, paths in ROADS.items() for path in paths}


def test_requests_are_sent_by_an_adapter_alone_since_a_session_follows_redirects() -> None:
    verbs = {"get", "post", "put", "patch", "delete", "head", "options", "request", "send"}
    senders = {"requests", "session", "_session", "Session"}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr in verbs:
                owner = node.value
                named = getattr(owner, "id", getattr(owner, "attr", ""))
                web = "highlevel" in path.parts and named in senders or named == "requests"
                assert not web, f"{path.name}:{node.lineno}"
