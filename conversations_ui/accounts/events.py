"""The security log: what happened to accounts and who was refused, one JSON line each.

A line names people by their id. What somebody typed as a name may be a password in the wrong field,
so it is there as a keyed digest only: the same for a failed sign-in and for the one that succeeds.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from django.contrib.auth import signals as auth
from django.dispatch import Signal
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from conversations_ui.accounts.addresses import client_address

logger = logging.getLogger("conversations_ui.security")

# Signal -> what it is called in the log, and how grave it is.
_EVENTS: tuple[tuple[Signal, str, int], ...] = (
    (auth.user_logged_in, "signed in", logging.INFO),
    (auth.user_logged_out, "signed out", logging.INFO),
    (auth.user_login_failed, "sign-in failed", logging.WARNING),
    (account.password_changed, "password changed", logging.INFO),
    (account.password_set, "password set", logging.INFO),
    (account.password_reset, "password reset", logging.INFO),
    (account.email_changed, "mail address changed", logging.INFO),
    (mfa.authenticator_added, "second factor added", logging.INFO),
    (mfa.authenticator_removed, "second factor removed", logging.INFO),
    (mfa.authenticator_reset, "recovery codes made anew", logging.INFO),
    (mfa.authenticator_used, "second factor used", logging.INFO),
    (mfa.authentication_failed, "second factor failed", logging.WARNING),
)


def connect() -> None:
    """Begin to listen; called once, when Django has loaded its apps."""
    for signal, event, level in _EVENTS:
        signal.connect(_listener(event, level), weak=False, dispatch_uid=f"security log: {event}")


def noted(
    request: HttpRequest | None, event: str, level: int = logging.WARNING, **more: object
) -> None:
    """Write one line: the event, who, from which address, asking for which route."""
    user = getattr(request, "user", None)
    match = request.resolver_match if request else None
    line = {
        "event": event,
        "user": getattr(user, "pk", None),
        "address": client_address(request) if request else None,
        "route": match.view_name if match else None,
    }
    # JSON writes line breaks as \n: nobody can add a line of their own.
    logger.log(level, json.dumps(line | more, default=str))


def _listener(event: str, level: int) -> Callable[..., None]:
    def listen(sender: object, request: HttpRequest | None = None, **said: Any) -> None:
        more: dict[str, object] = {}
        if said.get("user") is not None:
            more["user"] = said["user"].pk
        if name := _name_in(said):
            more["name"] = digest(name)
        if factor := getattr(said.get("authenticator"), "type", None):
            more["factor"] = factor
        noted(request, event, level, **more)

    return listen


def _name_in(said: dict[str, Any]) -> str:
    """What was typed as a name, or the name of who is meant."""
    typed = said.get("credentials") or {}
    return str(
        typed.get("username") or typed.get("email") or getattr(said.get("user"), "username", "")
    )


def digest(name: str) -> str:
    """A short keyed digest of a name, the same for the same name."""
    return salted_hmac(
        "conversations.security-log", name.casefold(), algorithm="sha256"
    ).hexdigest()[:12]
