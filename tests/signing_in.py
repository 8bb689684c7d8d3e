"""Signing in as people do, with a password and what comes after it."""

from __future__ import annotations

import time

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from bs4 import Tag
from django.test import Client

from tests.pages import Response, one, page

PASSWORD = "a-password-for-tests"


def enter(
    client: Client, username: str = "reader", password: str = PASSWORD, **more: str
) -> Response:
    """Send name and password from the sign-in page."""
    return client.post("/login/", {"username": username, "password": password} | more)


def entered(username: str = "reader") -> Client:
    """Make a client whose owner has just signed in with a password."""
    client = Client()
    assert enter(client, username).status_code == 302
    return client


def code(secret: str, steps: int = 0) -> str:
    """Compute what an authenticator app shows, some steps of 30 seconds from now."""
    shown: str = format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))
    return shown


def set_up_app(client: Client) -> tuple[str, list[str]]:
    """Set up an authenticator app; give back its secret and the recovery codes shown."""
    secret = one(page(client.get("/account/factor/app/")), ".gate__secret").get_text()
    answer = client.post("/account/factor/app/", {"code": code(secret)})
    assert (answer.status_code, answer["Location"]) == (302, "/account/factor/codes/")
    shown = page(client.get("/account/factor/codes/"))
    return secret, [tag.get_text() for tag in shown.select(".gate__codes code")]


def error(shown: Tag) -> str:
    """Read the one error of a form."""
    return " ".join(one(shown, ".field__error:not([hidden])").get_text(" ").split())
