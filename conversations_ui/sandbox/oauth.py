"""Tokens for marketplace apps: exchange, rotation, tokens for a sub-account, installations."""

from __future__ import annotations

import base64
import hashlib
import html
import random
import threading
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from conversations_ui.sandbox.answers import Ask, File, Reply, invalid
from conversations_ui.sandbox.catalogue import READ_SCOPES
from conversations_ui.sandbox.gate import Refused
from conversations_ui.sandbox.people import new_id
from conversations_ui.sandbox.world import Raw, World, dice

SECONDS = 86_399
GRANTS = ("authorization_code", "refresh_token", "client_credentials")


@dataclass(frozen=True, slots=True)
class Permission:
    """What somebody let the app read: one sub-account, or, with none named, the whole agency.

    `redirect_uri` and `challenge` are what the code was asked for with; "" is not held against it.
    """

    location_id: str
    scopes: frozenset[str] = READ_SCOPES
    redirect_uri: str = ""
    challenge: str = ""


@dataclass
class App:
    """The marketplace app the sandbox knows.

    `codes` can be exchanged once each. `chains` holds the refresh tokens that are good now, one for
    each sub-account and one for the agency: a refresh makes a new one and kills the old one.
    """

    client_id: str
    client_secret: str = field(repr=False)
    codes: dict[str, Permission] = field(default_factory=dict, repr=False)
    chains: dict[str, Permission] = field(default_factory=dict, repr=False)
    seconds: int = SECONDS
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    issued: int = 0
    rng: random.Random = field(default_factory=random.Random, repr=False)

    @classmethod
    def of(cls, world: World) -> App:
        """The app of that world."""
        rng = dice(world.seed, "app")
        secret = new_id(rng) * 2
        client_id = f"{rng.getrandbits(96):024x}-{new_id(rng)[:8].lower()}"
        return cls(client_id, secret, rng=rng)

    @property
    def app_id(self) -> str:
        """The client id without its suffix."""
        return self.client_id.partition("-")[0]

    def new_code(self, permission: Permission) -> str:
        """Let the app in: a code for tokens of that sub-account or agency."""
        with self.lock:
            code = new_id(self.rng) * 2
            self.codes[code] = permission
        return code

    def new_chain(self, permission: Permission) -> str:
        """A refresh token; the one the same sub-account had before is dead. Call under `lock`."""
        self.chains = {
            token: other
            for token, other in self.chains.items()
            if other.location_id != permission.location_id
        }
        refresh_token = new_id(self.rng) * 2
        self.chains[refresh_token] = permission
        return refresh_token

    def refresh_token(self, location_id: str) -> str:
        """The refresh token of a sub-account that is good now, "" without one."""
        return next((t for t, p in self.chains.items() if p.location_id == location_id), "")

    def redeem(self, given: dict[str, str]) -> Permission:
        """What a code or refresh token is good for, which it is no more. Call under `lock`."""
        if given["grant_type"] == "client_credentials":
            return Permission("")
        if given["grant_type"] == "refresh_token":
            if given["refresh_token"] not in self.chains:
                raise Refused(400, "Invalid grant: refresh token is invalid", "invalid_grant")
            return self.chains.pop(given["refresh_token"])
        found = self.codes.pop(given["code"], None)
        if found is None or not _fits(found, given):
            raise Refused(400, "Invalid grant: authorization code is invalid", "invalid_grant")
        return found


def _fits(found: Permission, given: dict[str, str]) -> bool:
    digest = hashlib.sha256(given["code_verifier"].encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    return found.redirect_uri in ("", given["redirect_uri"]) and found.challenge in ("", challenge)


def token(ask: Ask, app: App) -> Reply:
    """POST /oauth/token: form-encoded snake_case; camelCase both ways under Version v3."""
    modern = ask.version == "v3"
    given = {name: _given(ask.form, name, modern) for name in _NAMES}
    for name in ("client_id", "client_secret", "grant_type"):
        if not given[name]:
            raise Refused(400, f"Missing parameter: {_NAMES[name]}", "Bad Request")
    if given["grant_type"] not in GRANTS:
        raise Refused(400, "Invalid parameter: grantType", "Bad Request")
    if (given["client_id"], given["client_secret"]) != (app.client_id, app.client_secret):
        raise Refused(401, "Invalid client: client credentials are invalid", "Unauthorized")
    with app.lock:
        permission = app.redeem(given)
        raw = _issued(ask, app, permission)
        raw |= {
            "refresh_token": app.new_chain(permission),
            "refreshTokenId": new_id(app.rng),
        }
    location_id = permission.location_id
    raw |= {
        "isBulkInstallation": False,
        "approvedLocations": [location_id] if location_id else [],
        "installToFutureLocations": False,
        "approveAllLocations": False,
    }
    return _camel(raw) if modern else raw


_NAMES = {
    "client_id": "clientId",
    "client_secret": "clientSecret",
    "grant_type": "grantType",
    "code": "code",
    "refresh_token": "refreshToken",
    "user_type": "userType",
    "redirect_uri": "redirectUri",
    "code_verifier": "codeVerifier",
}


def _given(form: Raw, name: str, modern: bool) -> str:
    return str(form.get(_NAMES[name] if modern else name) or "")


def _issued(ask: Ask, app: App, permission: Permission) -> Raw:
    agency = not permission.location_id
    locations = frozenset(ask.world.locations if agency else (permission.location_id,))
    scopes = permission.scopes | ({"oauth.readonly", "oauth.write"} if agency else set())
    app.issued += 1
    label = f"oauth-{app.issued}{'-agency' if agency else ''}"
    made = ask.tokens.grant(label, locations, scopes=scopes, agency=agency)
    raw: Raw = {
        "access_token": made,
        "token_type": "Bearer",
        "expires_in": app.seconds,
        "scope": " ".join(sorted(scopes)),
        "userType": "Company" if agency else "Location",
        "companyId": ask.world.company_id,
        "userId": next(iter(ask.world.users)),
        "planId": None,
    }
    return raw if agency else raw | {"locationId": permission.location_id}


def _camel(raw: Raw) -> Raw:
    renamed = {
        "access_token": "accessToken",
        "token_type": "tokenType",
        "expires_in": "expiresIn",
        "refresh_token": "refreshToken",
    }
    return {renamed.get(key, key): value for key, value in raw.items()}


def location_token(ask: Ask, app: App) -> Reply:
    """POST /oauth/locationToken: an agency token for one of a sub-account."""
    location_id = str(ask.form.get("locationId") or "")
    for name in ("companyId", "locationId"):
        if not ask.form.get(name):
            raise invalid(f"{name} must be a string")
    if ask.form["companyId"] != ask.world.company_id or location_id not in ask.world.locations:
        raise Refused(400, "Location is not active", "Bad Request")
    permission = Permission(location_id)
    with app.lock:
        raw = _issued(ask, app, permission)
        if ask.version == "v3":
            raw = _camel(raw | {"refresh_token": app.new_chain(permission)})
    return raw


def installed_locations(ask: Ask, app: App) -> Reply:
    """GET /oauth/installedLocations: the sub-accounts that installed the app."""
    for name in ("companyId", "appId"):
        if not ask.one(name):
            raise invalid(f"{name} must be a string")
    skip, limit = ask.number("skip", 0, 0, 10**6), ask.number("limit", 20, 1, 100)
    known = ask.one("companyId") == ask.world.company_id and ask.one("appId") == app.app_id
    found = [
        {"_id": raw["id"], "name": raw["name"], "address": raw["address"], "isInstalled": True}
        for raw in ask.world.locations.values()
        if known
    ]
    return {
        "locations": found[skip : skip + limit],
        "count": len(found),
        "installToFutureLocations": False,
    }


_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Choose a sub-account (sandbox)</title>
<link rel="icon" href="data:,"></head>
<body><h1>Which sub-account may the app read?</h1>
<p>It asks for {scopes}.</p>
<ul>{places}</ul>
<p><a href="{deny}">Deny</a></p></body></html>
"""


def choose_location(ask: Ask, app: App) -> Reply:
    """GET /v2/oauth/chooselocation: the page on which somebody lets the app in.

    Each link carries a code of its own to where the app waits for it.
    """
    back, state = ask.one("redirect_uri"), ask.one("state")
    if ask.one("client_id") != app.client_id or ask.one("response_type") != "code":
        raise Refused(400, "Invalid parameter: client_id or response_type", "Bad Request")
    if urlsplit(back).scheme not in ("http", "https"):
        raise Refused(400, "Invalid parameter: redirect_uri", "Bad Request")
    scopes = frozenset(ask.one("scope").split()) & READ_SCOPES

    def link(**answer: str) -> str:
        answer |= {"state": state} if state else {}
        return html.escape(f"{back}{'&' if '?' in back else '?'}{urlencode(answer)}")

    def item(place: str, name: str) -> str:
        permission = Permission(place, scopes, back, ask.one("code_challenge"))
        return f'<li><a href="{link(code=app.new_code(permission))}">{html.escape(name)}</a></li>'

    places = [(raw["id"], raw["name"]) for raw in ask.world.locations.values()]
    items = "".join(item(*place) for place in [*places, ("", "The whole agency")])
    page = _PAGE.format(
        scopes=html.escape(", ".join(sorted(scopes))),
        places=items,
        deny=link(error="access_denied"),
    )
    return File(page.encode(), "text/html; charset=utf-8")
