"""Signing in with an identity provider: a small one of OpenID Connect, on this machine."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import jwt
import pytest
from allauth.socialaccount.models import SocialAccount
from django.db import connection
from django.test import Client
from pytest_django import Settings
from requests.exceptions import InvalidSchema, TooManyRedirects

from conversations_ui.accounts.adapters import SingleSignOnAdapter
from conversations_ui.accounts.models import User
from tests.pages import Response, one, page, value, words
from tests.signing_in import PASSWORD, enter, entered, set_up_app

BEGIN, BACK = "/account/sso/login/", "/account/sso/back/"
SECRET = "the-secret-of-the-client-32-letters"


class Provider(ThreadingHTTPServer):
    """Who somebody is, and how the provider misbehaves."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.claims: dict[str, Any] = {
            "sub": "u-1",
            "email": "reader@example.com",
            "email_verified": True,
        }
        self.token: dict[str, Any] = {}
        self.fault: dict[str, int] = {}  # path -> status
        self.without: set[str] = set()  # left out of the discovery document
        self.challenge = ""
        self.asked: list[str] = []


class Answers(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        url = self.server.url
        self.say(
            {
                "/.well-known/openid-configuration": {
                    name: found
                    for name, found in {
                        "issuer": url,
                        "authorization_endpoint": f"{url}/authorize",
                        "token_endpoint": f"{url}/token",
                        "userinfo_endpoint": f"{url}/userinfo",
                        "jwks_uri": f"{url}/keys",
                        "token_endpoint_auth_methods_supported": ["client_secret_post"],
                    }.items()
                    if name not in self.server.without
                },
                "/userinfo": self.server.claims,
            }
        )

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        sent = dict(parse_qsl(body))
        digest = hashlib.sha256(sent["code_verifier"].encode()).digest()
        assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == self.server.challenge
        assert sent["client_secret"] == SECRET
        claims = {
            "iss": self.server.url,
            "aud": "client-1",
            "exp": time.time() + 60,
            **self.server.claims,
            **self.server.token,
        }
        token = jwt.encode(claims, SECRET, algorithm="HS256")
        self.say({"/token": {"access_token": "at-1", "token_type": "Bearer", "id_token": token}})

    def say(self, answers: dict[str, Any]) -> None:
        self.server.asked.append(self.path)
        status = self.server.fault.get(self.path, 200)
        body = json.dumps(answers[self.path]).encode() if status == 200 else b"not JSON"
        self.send_response(status if status != 299 else 200)
        if status == 302:
            self.send_header("Location", f"{self.server.url}/elsewhere")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Be quiet."""


@pytest.fixture
def provider(settings: Settings) -> Iterator[Provider]:
    with Provider() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.05,))
        thread.start()
        settings.OIDC_NAME, settings.OIDC_ISSUER = "Example Office", running.url
        settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = "client-1", SECRET
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def reader(db: None) -> User:
    """Somebody with a password and an address."""
    return User.objects.create_user("reader", "Reader@example.com", PASSWORD)


def leave(client: Client, provider: Provider, **fields: str) -> dict[str, str]:
    """Go to the provider; give back what it is asked."""
    answer = client.post(BEGIN, fields)
    assert answer.status_code == 200
    shown = page(answer)
    address = value(one(shown, "main a"), "href")
    assert value(one(shown, "meta[http-equiv=refresh]"), "content") == f"0;url={address}"
    assert address.startswith(f"{provider.url}/authorize?")
    asked = {name: found[0] for name, found in parse_qs(urlsplit(address).query).items()}
    provider.challenge = asked["code_challenge"]
    return asked


def come_back(client: Client, provider: Provider, **fields: str) -> Response:
    """Go to the provider and come back with its code."""
    asked = leave(client, provider, **fields)
    return client.get(BACK, {"code": "code-1", "state": asked["state"]})


def test_the_provider_is_asked_as_it_should_be(
    client: Client, db: None, provider: Provider
) -> None:
    button = one(page(client.get("/login/")), f'button[formaction="{BEGIN}"]')
    assert words(button) == "Continue with Example Office"
    asked = leave(client, provider)
    assert asked["client_id"] == "client-1"
    assert asked["redirect_uri"] == f"http://testserver{BACK}"
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert "email" in asked["scope"].split()


def test_somebody_known_comes_in_and_goes_on(
    client: Client, reader: User, provider: Provider
) -> None:
    answer = come_back(client, provider, next="/sub-accounts/")
    assert answer["Location"] == "/sub-accounts/"
    assert client.get("/sub-accounts/").status_code == 200
    assert SocialAccount.objects.get().user == reader


def test_next_time_the_person_counts_and_not_the_address(reader: User, provider: Provider) -> None:
    come_back(Client(), provider)
    provider.claims["email"] = "renamed@example.com"
    assert come_back(Client(), provider)["Location"] == "/"
    link = SocialAccount.objects.get()
    assert (link.uid, link.extra_data) == ("u-1", {})  # and nothing else is kept


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "stranger@example.com"},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": None},
        {"email": ""},
        {"email": None},
        {"email": "gone@example.com", "sub": "u-2"},
    ],
)
def test_nobody_else_comes_in_and_nobody_is_made(
    client: Client, reader: User, provider: Provider, claims: dict[str, Any]
) -> None:
    User.objects.create_user("gone", "gone@example.com", is_active=False)
    before = User.objects.count()
    provider.claims |= claims
    answer = come_back(client, provider)
    assert answer.status_code == 403
    assert "Ask an administrator to add you" in words(page(answer))
    assert client.get("/sub-accounts/").status_code == 302
    assert User.objects.count() == before
    assert not SocialAccount.objects.exists()


def test_an_address_given_to_another_person_does_not_open_the_account(
    reader: User, provider: Provider
) -> None:
    come_back(Client(), provider)
    provider.claims["sub"] = "u-2"
    assert come_back(Client(), provider).status_code == 403


def test_an_address_of_two_people_opens_neither_account(reader: User, provider: Provider) -> None:
    User.objects.create_user("twin", "reader@example.com")
    assert come_back(Client(), provider).status_code == 403


@pytest.mark.parametrize("process", ["connect", "redirect"])
def test_it_does_nothing_but_sign_in(reader: User, provider: Provider, process: str) -> None:
    answer = come_back(entered(), provider, process=process, next="/sub-accounts/")
    assert answer.status_code == 401
    assert "did not work" in words(page(answer))
    assert not SocialAccount.objects.exists()


@pytest.fixture
def capitals_count(transactional_db: None) -> Iterator[None]:
    """Compare names as PostgreSQL does: letters are the same whose capitals are, as ı and i."""

    def like(pattern: str, text: str, _escape: str) -> bool:
        return pattern.replace("\\", "").upper() == text.upper()

    connection.ensure_connection()
    connection.connection.create_function("like", 3, like)
    yield
    connection.close()  # and with it what it has been taught


def test_an_address_that_only_a_database_takes_for_the_same_is_another(
    capitals_count: None, provider: Provider
) -> None:
    User.objects.create_user("mike", "mike@example.com", PASSWORD)
    assert User.objects.filter(email__iexact="mıke@example.com").exists()
    provider.claims["email"] = "mıke@example.com"
    assert come_back(Client(), provider).status_code == 403
    assert enter(Client(), "mıke").status_code == 422
    provider.claims["email"] = "MIKE@example.com"
    assert come_back(Client(), provider)["Location"] == "/"


def test_who_has_been_made_inactive_is_not_let_in_any_more(
    reader: User, provider: Provider
) -> None:
    come_back(Client(), provider)
    User.objects.filter(pk=reader.pk).update(is_active=False)
    client = Client()
    come_back(client, provider)
    assert client.get("/sub-accounts/").status_code == 302


def test_the_second_factor_comes_after_it(reader: User, provider: Provider) -> None:
    set_up_app(entered())
    client = Client()
    assert come_back(client, provider)["Location"] == "/account/factor/enter/"
    assert client.get("/sub-accounts/").status_code == 302


def test_the_password_still_works(reader: User, provider: Provider) -> None:
    come_back(Client(), provider)
    assert enter(Client()).status_code == 302


@pytest.mark.parametrize("token", [{"iss": "https://other.example"}, {"aud": "x"}, {"exp": 1}])
def test_a_token_that_is_not_for_us_is_refused(
    client: Client, reader: User, provider: Provider, token: dict[str, Any]
) -> None:
    provider.token = token
    answer = come_back(client, provider)
    assert answer.status_code == 401
    assert "did not work" in words(page(answer))


@pytest.mark.parametrize("query", [{}, {"code": "code-1"}, {"code": "code-1", "state": "forged"}])
def test_coming_back_without_having_left_is_refused(
    client: Client, reader: User, provider: Provider, query: dict[str, str]
) -> None:
    assert client.get(BACK, query).status_code == 401
    assert provider.asked == []


@pytest.mark.parametrize("fault", ["access_denied", "server_error"])
def test_a_refusal_of_the_provider_is_said(
    client: Client, reader: User, provider: Provider, fault: str
) -> None:
    asked = leave(client, provider)
    answer = client.get(BACK, {"error": fault, "state": asked["state"]})
    assert answer.status_code == 401
    assert "sign in with your password" in words(page(answer))


@pytest.mark.parametrize("status", [500, 302, 299], ids=["error", "redirect", "no JSON"])
@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/userinfo"])
def test_a_provider_that_fails_is_no_failure_of_ours(
    client: Client, reader: User, provider: Provider, path: str, status: int
) -> None:
    asked = leave(client, provider)
    provider.fault[path] = status
    if path.startswith("/.well-known"):
        assert client.post(BEGIN).status_code == 401
    answer = client.get(BACK, {"code": "code-1", "state": asked["state"]})
    assert answer.status_code == 401
    assert "/elsewhere" not in provider.asked
    assert "Example Office has not signed you in" in words(page(answer))


@pytest.mark.parametrize("missing", ["authorization_endpoint", "token_endpoint", "issuer"])
def test_a_provider_that_does_not_tell_enough_is_none_either(
    client: Client, reader: User, provider: Provider, missing: str
) -> None:
    asked = leave(client, provider)
    provider.without.add(missing)
    if missing == "authorization_endpoint":
        assert client.post(BEGIN).status_code == 401
        return
    assert client.get(BACK, {"code": "c", "state": asked["state"]}).status_code == 401


def test_only_a_form_leads_to_the_provider(client: Client, db: None, provider: Provider) -> None:
    assert client.get(BEGIN)["Location"] == "/login/"
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(BEGIN).status_code == 403
    assert client.post("/account/other/login/").status_code == 404
    assert client.get("/account/other/back/").status_code == 404


def test_without_a_provider_there_is_no_button(client: Client, db: None) -> None:
    assert not page(client.get("/login/")).select(f'[formaction="{BEGIN}"]')
    assert client.post(BEGIN).status_code == 404


def test_no_endpoint_is_asked_in_plain_text(settings: Settings) -> None:
    settings.OIDC_ISSUER = "https://id.example.com"
    session = SingleSignOnAdapter().get_requests_session()
    with pytest.raises(InvalidSchema):
        session.post("http://127.0.0.1:9/token", data={"client_secret": SECRET})


def test_no_endpoint_leads_elsewhere(provider: Provider, settings: Settings) -> None:
    provider.fault["/userinfo"] = 302
    session = SingleSignOnAdapter().get_requests_session()
    with pytest.raises(TooManyRedirects):
        session.get(f"{provider.url}/userinfo")
    assert provider.asked.count("/userinfo") == 1
