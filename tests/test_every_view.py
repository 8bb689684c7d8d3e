"""One table over all routes: page, fragment, signed out, without access, and who keeps copies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings

from conversations_ui.accounts.models import SubAccount, User
from conversations_ui.sandbox import Sandbox
from tests.conftest import signed_in
from tests.pages import HTMX, Response, alert, page, words


@dataclass(frozen=True)
class Route:
    """What a GET of a route answers: to a reader, to htmx, to nobody, to a stranger."""

    path: str
    status: int = 200
    fragment: str = ""  # the id of the element that htmx gets; empty for no part of its own
    open: bool = False  # also for people who are not signed in
    stranger: int = 404


ROUTES = {
    "home": Route("/", 302, stranger=302),
    "chooser": Route("/sub-accounts/", stranger=200),
    "inbox": Route("/inbox/LOC/", fragment="inbox"),
    "thread": Route("/inbox/LOC/CONV/", fragment="thread"),
    "message": Route("/inbox/LOC/CONV/MESS/", fragment="thread"),
    "open": Route("/open/?q=CONV", 302),
    "login": Route("/login/", 302, open=True, stranger=302),
    "logout": Route("/logout/", 405, stranger=405),
    "password_change": Route("/password/", stranger=200),
    "healthz": Route("/healthz", open=True, stranger=200),
    "readyz": Route("/readyz", open=True, stranger=200),
}
EVERY = pytest.mark.parametrize("name", ROUTES)
PARTS = pytest.mark.parametrize("name", [name for name in ROUTES if ROUTES[name].fragment])


@pytest.fixture
def paths(sub_account: SubAccount, sandbox: Sandbox) -> dict[str, str]:
    """Every route's address with ids that exist."""
    world = sandbox.world
    ids = {
        "LOC": sub_account.location_id,
        "CONV": world.showcase_conversation_id,
        "MESS": world.showcase["last"],
    }
    found = {name: route.path for name, route in ROUTES.items()}
    for place, known in ids.items():
        found = {name: path.replace(place, known) for name, path in found.items()}
    return found


def names(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    """The routes of the site; the administrators' site has tests of its own."""
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield str(pattern.name)
        else:
            assert pattern.app_name == "admin"


def kept_by_nobody(answer: Response) -> bool:
    vary = {name.strip() for name in answer["Vary"].split(",")}
    return "no-store" in answer["Cache-Control"] and "HX-Request" in vary


def test_every_route_is_in_the_table() -> None:
    assert sorted(names(get_resolver().url_patterns)) == sorted(ROUTES)


@EVERY
def test_the_page(reader_client: Client, paths: dict[str, str], name: str) -> None:
    answer = reader_client.get(paths[name])
    assert answer.status_code == ROUTES[name].status
    assert kept_by_nobody(answer)
    if answer["Content-Type"].startswith("text/html") and answer.content:
        assert answer.content.lstrip().startswith(b"<!doctype html>")
        shown = page(answer)
        assert words(shown.select("title")[0])
        ids = Counter(str(tag["id"]) for tag in shown.select("[id]"))
        assert [found for found, times in ids.items() if times > 1] == []
        assert shown.select("[style], style, script:not([src]), [onclick]") == []


@PARTS
def test_the_fragment(reader_client: Client, paths: dict[str, str], name: str) -> None:
    answer = reader_client.get(paths[name], headers=HTMX)
    assert answer.status_code == 200
    assert kept_by_nobody(answer)
    assert b"<!doctype" not in answer.content.lower()
    shown = page(answer)
    assert [tag["id"] for tag in shown.find_all(recursive=False)] == [ROUTES[name].fragment]
    whole = page(reader_client.get(paths[name]))
    # What a fragment replaces is on the page, and the page holds the same.
    (same,) = whole.select(f"#{ROUTES[name].fragment}")
    for title in shown.select("title"):
        title.decompose()
    assert words(shown) == words(same)


@PARTS
def test_a_history_restore_is_the_page(
    reader_client: Client, paths: dict[str, str], name: str
) -> None:
    answer = reader_client.get(paths[name], headers={**HTMX, "HX-History-Restore-Request": "true"})
    assert answer.content.lstrip().startswith(b"<!doctype html>")
    assert "HX-History-Restore-Request" in answer["Vary"]


@EVERY
def test_signed_out(client: Client, paths: dict[str, str], sandbox: Sandbox, name: str) -> None:
    sandbox.clear()
    answer = client.get(paths[name])
    assert kept_by_nobody(answer)
    if ROUTES[name].open:
        assert answer.status_code == 200
    else:
        assert answer.status_code == 302
        assert answer["Location"].startswith("/login/?next=/")
        part = client.get(paths[name], headers=HTMX)
        assert (part.status_code, part.content) == (200, b"")
        assert part["HX-Redirect"].startswith("/login/?next=/")
        assert kept_by_nobody(part)
    assert sandbox.requests == []


@EVERY
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_without_access(
    paths: dict[str, str], sandbox: Sandbox, name: str, headers: dict[str, str]
) -> None:
    stranger = signed_in(User.objects.create_user("stranger"))
    sandbox.clear()
    answer = stranger.get(paths[name], headers=headers)
    assert answer.status_code == ROUTES[name].stranger
    assert kept_by_nobody(answer)
    if answer.status_code == 404:
        assert words(alert(page(answer)))
    assert sandbox.requests == []


@EVERY
def test_with_the_api_down(
    reader_client: Client, paths: dict[str, str], settings: Settings, name: str
) -> None:
    settings.HIGHLEVEL_API_URL = "http://127.0.0.1:9"
    answer = reader_client.get(paths[name])
    reads = name in ("inbox", "thread", "message")
    assert answer.status_code == (503 if reads else ROUTES[name].status)
    assert kept_by_nobody(answer)
    if reads:
        assert alert(page(answer))["data-error"] == "unavailable"


def test_no_page_of_the_site_asks_the_api_to_change_anything(
    reader_client: Client, paths: dict[str, str], sandbox: Sandbox
) -> None:
    sandbox.clear()
    for path in paths.values():
        reader_client.get(path)
    assert sandbox.requests
    assert {seen.method for seen in sandbox.requests} == {"GET"}
