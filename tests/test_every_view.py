"""One table over all routes: page, fragment, signed out, without access, and who keeps copies."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.core.cache import caches
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
    polls: bool = False  # asked by a page's script alone
    open: bool = False  # also for people who are not signed in
    stranger: int = 404


ROUTES = {
    "home": Route("/", 302, stranger=302),
    "chooser": Route("/sub-accounts/", stranger=200),
    "inbox": Route("/inbox/LOC/", fragment="inbox"),
    "thread": Route("/inbox/LOC/CONV/", fragment="thread"),
    "message": Route("/inbox/LOC/CONV/MESS/", fragment="thread"),
    "live_inbox": Route("/live/LOC/", 302, polls=True),
    "live_thread": Route("/live/LOC/CONV/", 302, polls=True),
    "recording": Route("/recording/LOC/TALK/CALL/"),
    "transcript": Route("/transcript/LOC/TALK/CALL/"),
    "mail": Route("/mail/LOC/POST/MAIL/"),
    "mail_body": Route("/mail/LOC/POST/MAIL/body/"),
    "mail_source": Route("/mail/LOC/POST/MAIL/source/"),
    "mail_download": Route("/mail/LOC/POST/MAIL/download/"),
    "mail_picture": Route("/mail/LOC/POST/MAIL/picture/?src=unsigned", 404, open=True),
    "contact": Route("/contact/LOC/CONV/", fragment="contact-body"),
    "staff": Route("/staff/LOC/CONV/?ids=someone", fragment="names"),
    # For leads; test_read_log_pages has them.
    "seen": Route("/seen/LOC/CONV/", 404),
    "export": Route("/export/LOC/CONV/", 404),  # for leads; test_export has it
    "read_log": Route("/read-log/LOC/", 404),
    "read_log_csv": Route("/read-log/LOC/csv/", 404),
    "media": Route("/media/ALBUM/PHOTO/0/?in=LOC"),
    "contact_card": Route("/media/ALBUM/PERSON/0/contact/?in=LOC"),
    "open": Route("/open/?q=CONV", 302),
    "webhook": Route("/webhooks/highlevel/", 405, open=True, stranger=405),
    "login": Route("/login/", 302, open=True, stranger=302),
    "logout": Route("/logout/", 405, stranger=405),
    "password_change": Route("/password/", stranger=200),
    "account_login": Route("/login/", 302, open=True, stranger=302),
    "account_logout": Route("/logout/", 405, stranger=405),
    "account_change_password": Route("/password/", stranger=200),
    "account": Route("/account/", stranger=200),
    "usersessions_list": Route("/account/sessions/", stranger=200),
    # A stranger here has no password, and so nothing to be asked for again.
    "account_reauthenticate": Route("/account/again/", stranger=403),
    "mfa_reauthenticate": Route("/account/again/code/", 302, stranger=403),
    "mfa_reauthenticate_webauthn": Route("/account/again/passkey/", 302, stranger=403),
    "choose_password": Route("/account/choose-password/", 410, open=True, stranger=410),
    "account_reset_password": Route("/account/forgotten/", open=True, stranger=200),
    "account_reset_password_done": Route("/account/forgotten/sent/", open=True, stranger=200),
    "mfa_index": Route("/account/factor/", stranger=200),
    "mfa_authenticate": Route("/account/factor/enter/", 302, open=True, stranger=302),
    "mfa_activate_totp": Route("/account/factor/app/", 302, stranger=200),
    "mfa_deactivate_totp": Route("/account/factor/app/remove/", 404),
    "mfa_view_recovery_codes": Route("/account/factor/codes/", 404),
    "mfa_generate_recovery_codes": Route("/account/factor/codes/new/", 302, stranger=200),
    "mfa_add_webauthn": Route("/account/factor/passkey/", 302, stranger=200),
    "mfa_edit_webauthn": Route("/account/factor/passkey/1/", 302),
    "mfa_remove_webauthn": Route("/account/factor/passkey/1/remove/", 302),
    "mfa_login_webauthn": Route("/account/passkey/", 302, open=True, stranger=302),
    "openid_connect_login": Route("/account/sso/login/", 404, open=True),
    "openid_connect_callback": Route("/account/sso/back/", 404, open=True),
    "healthz": Route("/healthz", open=True, stranger=200),
    "readyz": Route("/readyz", open=True, stranger=200),
}
READS = {
    *("inbox", "thread", "message", "recording", "transcript"),
    *("mail", "mail_body", "mail_source", "mail_download"),
    *("media", "contact_card", "contact"),
}
EVERY = pytest.mark.parametrize("name", ROUTES)
PARTS = pytest.mark.parametrize("name", [name for name in ROUTES if ROUTES[name].fragment])


@pytest.fixture
def paths(
    sub_account: SubAccount, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Every route's address with ids that exist, before anyone has followed one."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    caches["upstream"].clear()
    world = sandbox.world
    ids = {
        "LOC": sub_account.location_id,
        "CONV": world.showcase_conversation_id,
        "MESS": world.showcase["last"],
        "TALK": world.call_conversation_id,
        "POST": world.email_conversation_id,
        "MAIL": next(
            email_id
            for email_id, mail in world.emails.items()
            if mail["conversationId"] == world.email_conversation_id
        ),
        "CALL": world.showcase["recorded_array"],
        "ALBUM": world.media_conversation_id,
        "PHOTO": with_file(sandbox, ".png"),
        "PERSON": with_file(sandbox, ".vcf"),
    }
    found = {name: route.path for name, route in ROUTES.items()}
    for place, known in ids.items():
        found = {name: path.replace(place, known) for name, path in found.items()}
    return found


def with_file(sandbox: Sandbox, ending: str) -> str:
    """Find a message whose only file has this ending."""
    rows = sandbox.world.threads[sandbox.world.media_conversation_id]
    return str(next(row["id"] for row in rows if [a[-4:] for a in row["attachments"]] == [ending]))


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
        if name != "mail_body":  # its own policy lets the styles of mails in
            assert shown.select("[style], style, script:not([src]), [onclick]") == []


@PARTS
def test_the_fragment(reader_client: Client, paths: dict[str, str], name: str) -> None:
    answer = reader_client.get(paths[name], headers=HTMX)
    assert answer.status_code == 200
    assert kept_by_nobody(answer)
    assert b"<!doctype" not in answer.content.lower()
    shown = page(answer)
    for title in shown.find_all("title", recursive=False):
        title.decompose()  # htmx takes it out before the swap, and only from there
    assert [tag["id"] for tag in shown.find_all(recursive=False)] == [ROUTES[name].fragment]
    whole = page(reader_client.get(paths[name]))
    # What a fragment replaces is on the page, and the page holds the same.
    (same,) = whole.select(f"#{ROUTES[name].fragment}")
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
        assert answer.status_code in (200, ROUTES[name].status)
    else:
        assert answer.status_code == 302
        assert answer["Location"].startswith("/login/?next=/")
        part = client.get(paths[name], headers=HTMX)
        if ROUTES[name].polls:
            assert part.status_code == 286
            assert b"/login/?next=/" in part.content
        else:
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
    reads = name in READS
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
