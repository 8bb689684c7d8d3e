"""What a scanner from outside finds: the product as it is shipped, behind a proxy that ends TLS."""

from __future__ import annotations

import http.client
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from bs4 import BeautifulSoup

from conversations_ui.accounts import keys
from tests import observatory
from tests.conftest import ROOT, bare_environment
from tests.observatory import Scan

HOST = "conversations.example"
PRODUCTION = {
    "ALLOWED_HOSTS": HOST,
    "BEHIND_TLS_PROXY": "on",
    "DATABASE_URL": "sqlite:///shipped.sqlite3",
    # So that gunicorn believes nobody: the proxy's address is not known beforehand.
    "FORWARDED_ALLOW_IPS": "192.0.2.1",
}
PREPARE = (
    "import django; django.setup()\n"
    "from django.core.management import call_command\n"
    "call_command('check', deploy=True, fail_level='WARNING')\n"
    "call_command('migrate', verbosity=0)\n"
    "call_command('collectstatic', verbosity=0)\n"
)
STARTED = re.compile(r"Listening at: http://127\.0\.0\.1:(\d+)")


class Proxied:
    """A browser's way to the site through a proxy that ends TLS."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: SimpleCookie = SimpleCookie()

    def get(self, address: str, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
        """One answer, redirects not followed; its cookies are kept, and never sent."""
        parts = urlsplit(address)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = {"Host": parts.netloc, "X-Forwarded-Proto": parts.scheme} | headers
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", path, headers=sent)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        for cookie in answer.headers.get_all("Set-Cookie", []):
            self.cookies.load(cookie)
        return answer, content

    def follow(self, address: str) -> tuple[http.client.HTTPResponse, bytes, list[str]]:
        """The answer at the end of all redirects, and every address on the way."""
        route = [address]
        while True:
            answer, content = self.get(route[-1])
            if not (to := answer.headers["Location"]):
                return answer, content, route
            route.append(urljoin(route[-1], to))
            assert len(route) < 10, route


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, made ready as on a server; `check --deploy` finds nothing in it."""
    copy = tmp_path_factory.mktemp("shipped")
    for folder in ("conversations_ui", "deploy", "static", "templates"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    keys.ensure(copy / ".local" / "keys.env")
    run = [sys.executable, "-c", PREPARE]
    done = subprocess.run(run, cwd=copy, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return copy


def environment() -> dict[str, str]:
    return bare_environment(**PRODUCTION, DJANGO_SETTINGS_MODULE="conversations_ui.settings")


@pytest.fixture(scope="module")
def port(shipped: Path) -> Iterator[int]:
    command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py"]
    server = subprocess.Popen(
        [*command, "--bind", "127.0.0.1:0", "conversations_ui.wsgi"],
        cwd=shipped,
        env=environment(),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert server.stderr
    try:
        found = next(filter(None, map(STARTED.search, server.stderr)), None)
        assert found, "the server did not start"
        yield int(found[1])
    finally:
        server.terminate()
        server.communicate(timeout=30)


@pytest.fixture(scope="module")
def scan(port: int) -> Scan:
    """Everything a scan looks at."""
    browser = Proxied(port)
    _answer, _content, route = browser.follow(f"http://{HOST}/")
    page, content, _route = browser.follow(f"https://{HOST}/")
    shared, _content = browser.get(f"https://{HOST}/", Origin="https://elsewhere.example")
    assert page.status == 200
    return Scan(
        headers={name.lower(): text for name, text in page.headers.items()},
        cookies=dict(browser.cookies),
        route=route,
        scripts=[
            {name: str(text) for name, text in tag.attrs.items()}
            for tag in BeautifulSoup(content, "html.parser").find_all("script")
        ],
        shared_with=shared.headers["Access-Control-Allow-Origin"] or "",
    )


def without(scan: Scan, *names: str) -> Scan:
    return replace(scan, headers={n: v for n, v in scan.headers.items() if n not in names})


def changed(scan: Scan, name: str, old: str, new: str) -> Scan:
    assert old in scan.headers[name]
    return replace(scan, headers={**scan.headers, name: scan.headers[name].replace(old, new)})


def test_the_grade_is_the_best_there_is(scan: Scan) -> None:
    found = observatory.results(scan)
    assert min(found.values()) == 0, found
    assert observatory.grade(scan) == "A+"
    assert observatory.score(scan) >= 145


def test_the_way_from_http_leads_to_the_sign_in_at_once(scan: Scan) -> None:
    assert scan.route == [
        f"http://{HOST}/",
        f"https://{HOST}/",
        f"https://{HOST}/login/?next=/",
    ]


def test_every_cookie_is_this_host_s_alone(scan: Scan) -> None:
    assert scan.cookies
    for name, cookie in scan.cookies.items():
        assert name.startswith("__Host-")
        assert (cookie["path"], cookie["domain"]) == ("/", "")
        assert cookie["secure"] and cookie["httponly"] and cookie["samesite"] == "Lax"


@pytest.mark.parametrize(
    ("header", "grade"),
    [
        ("content-security-policy", "B"),
        ("strict-transport-security", "B+"),
    ],
)
def test_a_missing_header_costs_the_grade(scan: Scan, header: str, grade: str) -> None:
    assert observatory.grade(without(scan, header)) == grade


@pytest.mark.parametrize(
    "header",
    [
        "content-security-policy",
        "cross-origin-opener-policy",
        "cross-origin-resource-policy",
        "referrer-policy",
        "strict-transport-security",
        "x-content-type-options",
    ],
)
def test_every_header_counts(scan: Scan, header: str) -> None:
    assert observatory.score(without(scan, header)) < observatory.score(scan)


def test_framing_and_cookies_and_the_redirect_count_too(scan: Scan) -> None:
    bare = changed(scan, "content-security-policy", "frame-ancestors 'none'", "")
    assert observatory.score(without(bare, "x-frame-options")) <= 80
    for name, cookie in scan.cookies.items():
        open_cookie = SimpleCookie({name: cookie.value})[name]
        worse = replace(scan, cookies={name: open_cookie})
        assert observatory.score(worse) < 90
    assert observatory.grade(replace(scan, route=scan.route[:1])) == "B+"


@pytest.mark.parametrize(
    ("sources", "most"),
    [
        ("'self' 'unsafe-inline'", 80),
        ("'self' 'unsafe-eval'", 140),
        ("https:", 80),
        ("http://elsewhere.example", 80),
    ],
)
def test_a_looser_policy_costs_points(scan: Scan, sources: str, most: int) -> None:
    looser = changed(scan, "content-security-policy", "script-src 'self'", f"script-src {sources}")
    assert observatory.score(looser) <= most


@pytest.mark.parametrize("path", ["/", "/login/", "/no-such-page", "/inbox/loc1/", "STATIC"])
def test_every_kind_of_answer_carries_the_headers(port: int, shipped: Path, path: str) -> None:
    if path == "STATIC":
        (sheet,) = (shipped / ".local/static/css").glob("app.*.css")
        path = f"/static/css/{sheet.name}"
    answer, _content = Proxied(port).get(f"https://{HOST}{path}")
    carried(answer)
    assert answer.headers["Strict-Transport-Security"] == (
        "max-age=63072000; includeSubDomains; preload"
    )
    kept = answer.headers["Cache-Control"]
    if path.startswith("/static/"):
        assert answer.status == 200
        assert "public" in kept and "immutable" in kept
    else:
        assert {"private", "no-store"} <= set(kept.split(", "))


def test_so_do_the_redirect_to_https_and_the_refusal_of_another_host(port: int) -> None:
    redirect, _content = Proxied(port).get(f"http://{HOST}/login/")
    assert (redirect.status, redirect.headers["Location"]) == (301, f"https://{HOST}/login/")
    carried(redirect)
    for scheme in ("http", "https"):
        refused, _content = Proxied(port).get(f"{scheme}://elsewhere.example/login/")
        assert refused.status == 400
        carried(refused)


def test_a_page_says_nothing_of_what_it_runs_on(scan: Scan) -> None:
    assert "x-powered-by" not in scan.headers
    assert not any(letter.isdigit() for letter in scan.headers.get("server", ""))


def carried(answer: http.client.HTTPResponse) -> None:
    """Hold what every answer carries."""
    policy = observatory.policy(
        Scan({name.lower(): text for name, text in answer.headers.items()}, {}, [])
    )
    assert policy["default-src"] == policy["frame-ancestors"] == {"'none'"}
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in answer.headers["Permissions-Policy"]
