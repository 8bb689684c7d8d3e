"""Where a person is signed in."""

from __future__ import annotations

from typing import Any

from allauth.mfa.signals import authenticator_added, authenticator_removed
from allauth.usersessions.models import UserSession
from django.http import HttpRequest

from conversations_ui.accounts.models import User

# What a browser calls itself -> what people call it; the first that occurs counts.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def device(user_agent: str) -> tuple[str, str]:
    """Guess browser and system from what the browser says; "" for what it does not say."""
    browser = next((name for sign, name in BROWSERS if sign in user_agent), "")
    return browser, next((name for sign, name in SYSTEMS if sign in user_agent), "")


def end_all(person: User) -> int:
    """Sign a person out everywhere; give back how many sessions that were."""
    found = UserSession.objects.purge_and_list(person)
    for session in found:
        session.end()
    return len(found)


def connect() -> None:
    """Begin to end other sessions with every change of factors; called once, by the app."""
    for signal in (authenticator_added, authenticator_removed):
        signal.connect(_end_others, dispatch_uid="sessions")


def _end_others(sender: object, request: HttpRequest, user: User, **_known: Any) -> None:
    here = request.session.session_key
    for session in UserSession.objects.filter(user=user).exclude(session_key=here):
        session.end()
