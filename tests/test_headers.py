"""What browsers are told with every answer: policies, caches, cookies, signing out."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.conf import settings as configured
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import NoReverseMatch, URLResolver, get_resolver, path, reverse
from pytest_django import Settings

from conversations_ui import urls
from conversations_ui.accounts.models import SubAccount, User
from tests.conftest import ROOT
from tests.mails import FRAME_POLICY
from tests.pages import HTMX, INERT, Response, one, page, policy, value
from tests.test_every_view import ROUTES, paths

__all__ = ["paths"]  # the fixture

pytestmark = pytest.mark.django_db

Kind = tuple[dict[str, set[str]], dict[str, str]]

PAGE = {
    "default-src": {"'none'"},
    "script-src": {"'self'"},
    "style-src": {"'self'"},
    "img-src": {"'self'", "data:"},
    "media-src": {"'self'"},
    "font-src": {"'self'"},
    "connect-src": {"'self'"},
    "frame-src": {"'self'"},
    "manifest-src": {"'self'"},
    "object-src": {"'none'"},
    "form-action": {"'self'"},
    "base-uri": {"'none'"},
    "frame-ancestors": {"'none'"},
    "require-trusted-types-for": {"'script'"},
    "trusted-types": {"default"},
}
TRUSTED_TYPES = {"require-trusted-types-for", "trusted-types"}
ADMIN = {name: sources for name, sources in PAGE.items() if name not in TRUSTED_TYPES}
STANDING = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-DNS-Prefetch-Control": "off",
    "X-Frame-Options": "DENY",
}
FILE = INERT, STANDING | {"Referrer-Policy": "no-referrer"}
FRAME = (
    FRAME_POLICY,
    STANDING | {"Referrer-Policy": "no-referrer", "X-Frame-Options": "SAMEORIGIN"},
)
# What readers get that a stranger made; every other route answers with a page of ours.
STRANGERS = {
    "mail_body": FRAME,
    "mail_source": FILE,
    "mail_download": FILE,
    "media": FILE,
    "recording": FILE,
}
SCRIPTS = ROOT / "static" / "js"
DENIED = {"camera", "microphone", "geolocation", "usb", "payment", "display-capture"}

# Routes for this module alone: everything there is, and a view that breaks.
handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError


broken.login_required = False  # type: ignore[attr-defined]
urlpatterns = [*urls.urlpatterns, path("broken/", broken)]


def faults(answer: Response, kind: Kind = (PAGE, STANDING)) -> list[str]:
    """Hold an answer's whole set of headers against what its kind has."""
    directives, headers = kind
    told = answer.headers
    wrong = [f"{name}: {told.get(name)}" for name in headers if told.get(name) != headers[name]]
    if policy(answer) != directives:
        wrong.append(f"policy: {policy(answer)}")
    if not {"private", "no-store"} <= set(answer["Cache-Control"].split(", ")):
        wrong.append(f"kept: {answer['Cache-Control']}")
    refused = {part.partition("=()")[0] for part in answer["Permissions-Policy"].split(", ")}
    if not refused >= DENIED:
        wrong.append(f"permitted: {DENIED - refused}")
    known = {configured.SESSION_COOKIE_NAME, configured.CSRF_COOKIE_NAME}
    for name, cookie in answer.cookies.items():
        alone = cookie["samesite"] == "Lax" and cookie["path"] == "/" and not cookie["domain"]
        if name not in known or not alone or (cookie.value and not cookie["httponly"]):
            wrong.append(f"cookie: {cookie.OutputString()}")
    return wrong


# Every route


def test_to_readers(reader_client: Client, paths: dict[str, str]) -> None:  # noqa: F811
    found = {
        name: faults(reader_client.get(address), STRANGERS.get(name, (PAGE, STANDING)))
        for name, address in paths.items()
    }
    assert found == dict.fromkeys(ROUTES, [])


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_to_strangers(
    client: Client,
    paths: dict[str, str],  # noqa: F811
    headers: dict[str, str],
) -> None:
    found = {name: faults(client.get(paths[name], headers=headers)) for name in paths}
    assert found == dict.fromkeys(ROUTES, [])


def administration() -> list[str]:
    """List the addresses of the administration that name nothing in particular."""
    (admin,) = (
        found
        for found in get_resolver().url_patterns
        if isinstance(found, URLResolver) and found.app_name == "admin"
    )
    addresses = []
    for name in admin.reverse_dict:
        try:
            addresses.append(reverse(f"admin:{name}"))
        except NoReverseMatch:
            continue
    return addresses


def test_to_administrators(administrator_client: Client, sub_account: SubAccount) -> None:
    """Django's own pages need jQuery, which makes elements of text: all but trusted types holds."""
    change = reverse("admin:accounts_subaccount_change", args=[sub_account.pk])
    shown = 0
    for address in [*administration(), change]:
        answer = administrator_client.get(address)
        if answer.status_code == 200:
            assert faults(answer, (ADMIN, STANDING)) == [], address
            shown += 1
        else:
            assert policy(answer) in (ADMIN, PAGE), address
    assert shown >= 4


@pytest.mark.parametrize(
    ("status", "method", "address"),
    [
        (400, "GET", "/open/?q=%00"),
        (403, "POST", "/login/"),
        (404, "GET", "/no-such-page"),
        (405, "POST", "/inbox/loc1/"),
        (500, "GET", "/broken/"),
    ],
)
def test_with_every_failure(
    reader: User, settings: Settings, status: int, method: str, address: str
) -> None:
    settings.ROOT_URLCONF = __name__
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(reader)
    answer = client.generic(method, address)
    assert answer.status_code == status
    assert faults(answer) == []


def test_with_the_refusal_of_a_foreign_host(client: Client) -> None:
    answer = client.get("/login/", headers={"Host": "elsewhere.example"})
    assert answer.status_code == 400
    assert faults(answer) == []


def test_no_script_of_ours_parses_text() -> None:
    """The policy lets htmx parse answers; it cannot tell who asks, so nobody else may."""
    parsing = re.compile(r"DOMParser|parseFromString|parseHTML|setHTMLUnsafe")
    users = {module.name for module in SCRIPTS.glob("*.js") if parsing.search(module.read_text())}
    assert users == {"trusted-types.js"}


@pytest.mark.parametrize("path", ["/login/", "/nowhere/", "/static/app.css"])
def test_who_asks_for_headers_gets_nothing_else(path: str) -> None:
    said: list[str] = []

    def start(*told: Any) -> Any:
        said.append(told[0])

    # As a server asks; the test client would take the content out itself.
    answer: Any = get_wsgi_application()(RequestFactory().head(path).environ, start)
    assert b"".join(answer) == b""
    assert said


# Behind TLS


def test_nobody_claims_to_come_through_tls_unless_a_proxy_says_so(
    client: Client, settings: Settings
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    claim = {"X-Forwarded-Proto": "https"}
    answer = client.get("/login/", headers=claim)
    assert (answer.status_code, answer["Location"]) == (301, "https://testserver/login/")
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert client.get("/login/", headers=claim).status_code == 200
    assert client.get("/login/", headers={"X-Forwarded-Proto": "http"}).status_code == 301


# Signing out

FORGET = '"cache", "storage"'


def test_signing_out_clears_what_the_browser_kept(reader_client: Client) -> None:
    assert "Clear-Site-Data" not in reader_client.get("/sub-accounts/")
    answer = reader_client.post("/logout/")
    assert answer["Clear-Site-Data"] == FORGET


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_so_does_a_session_that_somebody_has_ended(
    reader_client: Client, headers: dict[str, str]
) -> None:
    Session.objects.all().delete()
    answer = reader_client.get("/sub-accounts/", headers=headers)
    assert answer["Clear-Site-Data"] == FORGET
    assert not reader_client.cookies[configured.SESSION_COOKIE_NAME].value


def test_so_does_a_session_that_has_lasted_its_time(reader_client: Client) -> None:
    session = reader_client.session
    session["since"] = 0
    session.save()
    assert reader_client.get("/sub-accounts/")["Clear-Site-Data"] == FORGET


def test_whoever_was_not_signed_in_has_nothing_to_forget(client: Client) -> None:
    assert "Clear-Site-Data" not in client.get("/sub-accounts/")


# Forged requests


def token(answer: Response) -> str:
    return str(json.loads(value(one(page(answer), "body"), "hx-headers"))["X-CSRFToken"])


def test_htmx_sends_the_token_with_whatever_it_asks(reader: User, sub_account: SubAccount) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(reader)
    inbox = f"/inbox/{sub_account.location_id}/"
    given = token(client.get(inbox))
    assert client.post("/logout/", headers=HTMX).status_code == 403
    assert client.post("/logout/", headers={**HTMX, "X-CSRFToken": "x" * 64}).status_code == 403
    assert client.get(inbox).status_code == 200
    assert client.post("/logout/", headers={**HTMX, "X-CSRFToken": given}).status_code == 302


def test_what_is_packed_tells_nothing_by_its_length(
    reader_client: Client, sub_account: SubAccount
) -> None:
    """Pages are compressed although they hold a secret and what a search asked for (BREACH).

    The token is masked anew in every page, a name of random length stands in front of what is
    packed, and a foreign site's requests come without a session (SameSite).
    """
    inbox = f"/inbox/{sub_account.location_id}/"
    first, second = token(reader_client.get(inbox)), token(reader_client.get(inbox))
    assert first != second
    assert reader_client.cookies[configured.CSRF_COOKIE_NAME].value not in first + second
    packed = reader_client.get(inbox, headers={"Accept-Encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert packed.content[3] & 0b1000  # a file's name follows
    assert reader_client.cookies[configured.SESSION_COOKIE_NAME]["samesite"] == "Lax"


def test_what_one_page_tells_the_next_makes_no_cookie(administrator_client: Client) -> None:
    group = Group.objects.create(name="Support")
    delete = reverse("admin:auth_group_delete", args=[group.pk])
    answer = administrator_client.post(delete, {"post": "yes"})
    assert answer.status_code == 302
    assert "messages" not in administrator_client.cookies
    told = page(administrator_client.get(reverse("admin:index")))
    assert "Support" in one(told, ".messagelist").text
