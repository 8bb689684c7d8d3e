"""Tokens for marketplace apps: exchange, rotation, tokens for a sub-account, installations."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from conversations_ui.sandbox.answers import Ask, Reply, invalid
from conversations_ui.sandbox.catalogue import READ_SCOPES
from conversations_ui.sandbox.gate import Refused
from conversations_ui.sandbox.people import new_id
from conversations_ui.sandbox.world import Raw, World, dice

SECONDS = 86_399
GRANTS = ("authorization_code", "refresh_token", "client_credentials")


@dataclass
class App:
    """The marketplace app the sandbox knows.

    `code` can be exchanged once. `refresh_token` is the one that is good now: each refresh makes a
    new one and kills the old one.
    """

    client_id: str
    client_secret: str = field(repr=False)
    code: str = field(repr=False)
    refresh_token: str = field(repr=False)
    location_id: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    issued: int = 0

    @classmethod
    def of(cls, world: World) -> App:
        """The app of that world."""
        rng = dice(world.seed, "app")
        secret, code, refresh = (new_id(rng) * 2 for _ in range(3))
        client_id = f"{rng.getrandbits(96):024x}-{new_id(rng)[:8].lower()}"
        return cls(client_id, secret, code, refresh, world.main_location_id)

    @property
    def app_id(self) -> str:
        """The client id without its suffix."""
        return self.client_id.partition("-")[0]


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
    agency = given["user_type"] == "Company" or given["grant_type"] == "client_credentials"
    with app.lock:
        if given["grant_type"] == "authorization_code":
            if not app.code or given["code"] != app.code:
                raise Refused(400, "Invalid grant: authorization code is invalid", "invalid_grant")
            app.code = ""
        elif given["grant_type"] == "refresh_token" and given["refresh_token"] != app.refresh_token:
            raise Refused(400, "Invalid grant: refresh token is invalid", "invalid_grant")
        app.issued += 1
        rng = dice(ask.world.seed, "refresh", app.issued)
        app.refresh_token = new_id(rng) * 2
        raw = _issued(ask, app, agency, app.location_id)
        raw |= {"refresh_token": app.refresh_token, "refreshTokenId": new_id(rng)}
    raw |= {
        "isBulkInstallation": False,
        "approvedLocations": [] if agency else [app.location_id],
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
}


def _given(form: Raw, name: str, modern: bool) -> str:
    return str(form.get(_NAMES[name] if modern else name) or "")


def _issued(ask: Ask, app: App, agency: bool, location_id: str) -> Raw:
    locations = frozenset(ask.world.locations) if agency else frozenset((location_id,))
    scopes = READ_SCOPES | ({"oauth.readonly", "oauth.write"} if agency else set())
    label = f"oauth-{app.issued}{'-agency' if agency else ''}"
    made = ask.tokens.grant(label, locations, scopes=scopes, agency=agency)
    raw: Raw = {
        "access_token": made,
        "token_type": "Bearer",
        "expires_in": SECONDS,
        "scope": " ".join(sorted(scopes)),
        "userType": "Company" if agency else "Location",
        "companyId": ask.world.company_id,
        "userId": next(iter(ask.world.users)),
        "planId": None,
    }
    return raw if agency else raw | {"locationId": location_id}


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
    with app.lock:
        app.issued += 1
        raw = _issued(ask, app, False, location_id)
    if ask.version != "v3":
        return raw
    rng = dice(ask.world.seed, "location refresh", app.issued)
    return _camel(raw | {"refresh_token": new_id(rng) * 2})


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
