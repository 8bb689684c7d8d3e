"""Tokens of a marketplace app: the only place that POSTs, and to the token endpoints alone."""

import base64
import hashlib
import logging
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError

from conversations_ui import __version__
from conversations_ui.highlevel import deadline, values
from conversations_ui.highlevel.addresses import checked_base_url, is_loopback
from conversations_ui.highlevel.errors import (
    BadAnswer,
    Forbidden,
    HighLevelError,
    Unauthorized,
    Unavailable,
)
from conversations_ui.highlevel.refusals import refused, trace_id
from conversations_ui.highlevel.transport import Bearer, new_session

logger = logging.getLogger("conversations_ui.highlevel")

MAX_ANSWER = 1024 * 1024
MODERN = "v3"
_THE_REST = "2021-07-28"
_SECONDS = 3_600  # how long a token is taken to live when its answer does not say
_LONGEST_LIFE = 10 * 365 * 86_400
_PAGE, _MOST_PAGES = 100, 20
_CHUNK = 65_536
_WORD = re.compile("[!-~]+")
_REMOVED = "[removed]"

# Version v3 writes the same names in camel case.
_MODERN_NAMES = {
    "client_id": "clientId",
    "client_secret": "clientSecret",
    "grant_type": "grantType",
    "refresh_token": "refreshToken",
    "user_type": "userType",
    "redirect_uri": "redirectUri",
    "code_verifier": "codeVerifier",
}
_SECRET = {"client_secret", "code", "refresh_token", "code_verifier"}
_SECRET |= {_MODERN_NAMES.get(name, name) for name in _SECRET}
_MODERN_PATHS = {
    "/oauth/locationToken": "/oauth/location-token",
    "/oauth/installedLocations": "/oauth/installed-locations",
}


class InvalidGrant(Unauthorized):
    """The code or refresh token is not good any more: used, replaced, expired or withdrawn."""


class InvalidClient(Unauthorized):
    """The app itself is refused: check HIGHLEVEL_CLIENT_ID and HIGHLEVEL_CLIENT_SECRET."""


class Inactive(Forbidden):
    """The sub-account is switched off; the same tokens are good again once it is active."""


_Meanings = tuple[tuple[tuple[int, ...], str, type[HighLevelError]], ...]

# The first row whose statuses and words fit decides; words are looked for in lower case. Only the
# first is for calls with a token, which say as all others do what is wrong with it.
_MEANINGS: _Meanings = (
    ((400, 401, 403), "is not active", Inactive),
    ((400, 401), r"invalid[ _]grant", InvalidGrant),
    ((400, 401), r"invalid[ _]client", InvalidClient),
    ((401,), "", InvalidClient),
)


@dataclass(frozen=True, slots=True)
class Issued:
    """A token as it was handed out. `seconds` is its life; `refresh_token` may be ""."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    seconds: int
    scopes: str
    is_agency: bool
    company_id: str
    location_id: str
    user_id: str

    @classmethod
    def from_api(cls, answer: object) -> Self | None:
        """Read either form of the answer; None when there is no token in it."""
        raw = values.Fields(answer)
        access = raw.text("access_token", "accessToken").strip()
        refresh = raw.text("refresh_token", "refreshToken").strip()
        seconds = raw.integer("expires_in") or raw.integer("expiresIn") or _SECONDS
        if not _WORD.fullmatch(access) or (refresh and not _WORD.fullmatch(refresh)):
            return None
        return cls(
            access_token=access,
            refresh_token=refresh,
            seconds=min(max(seconds, 0), _LONGEST_LIFE),
            scopes=" ".join(raw.text("scope").split()),
            is_agency=raw.text("userType", "user_type").lower() == "company",
            company_id=raw.ident("companyId", "company_id"),
            location_id=raw.ident("locationId", "location_id"),
            user_id=raw.ident("userId", "user_id"),
        )


@dataclass(frozen=True, slots=True)
class Installed:
    """A sub-account that has the app; the name may be ""."""

    location_id: str
    name: str


class _NoToken(AuthBase):
    """As an auth object it keeps a .netrc file out of a request."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def authorize_url(
    address: str,
    *,
    client_id: str,
    redirect_uri: str,
    scopes: Iterable[str],
    state: str,
    verifier: str,
) -> str:
    """Where a person lets the app in; `verifier` itself is told to the token endpoint alone."""
    digest = hashlib.sha256(verifier.encode()).digest()
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(scopes),
        "state": state,
        "loginWindowOpenMode": "self",
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(query)}"


class App:
    """A marketplace app, as the API's token endpoints know it.

    Its secret, codes and tokens go to the host of `base_url` only; no error, log line or `repr`
    shows them. `version` v3 speaks the newer form; `timeout` and `session` are as in `Client`. A
    call is never cut short by a page's deadline, since a lost answer can cost the refresh token.

    Methods raise HighLevelError: InvalidGrant, InvalidClient, Inactive, or what `Client` raises.
    """

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        *,
        base_url: str,
        version: str | None = None,
        timeout: tuple[float, float] = (2.0, 5.0),
        session: requests.Session | None = None,
    ) -> None:
        self._client = {"client_id": client_id, "client_secret": client_secret}
        self._base_url = checked_base_url(base_url)
        self._version = version
        self._timeout = timeout
        self._session = session or new_session()

    def __repr__(self) -> str:
        return f"App({self._base_url!r})"

    def exchange(self, code: str, *, redirect_uri: str, verifier: str) -> Issued:
        """The tokens for a code, good once ("Get Access Token", authorization_code)."""
        return self._token(
            {
                "grant_type": "authorization_code",
                "code": code,
                "user_type": "Location",
                "redirect_uri": redirect_uri,
                "code_verifier": verifier,
            }
        )

    def refresh(self, refresh_token: str, *, agency: bool = False) -> Issued:
        """New tokens; the refresh token given is dead afterwards ("Get Access Token")."""
        return self._token(
            {
                "grant_type": "refresh_token",
                "refresh_token": refresh_token,
                "user_type": "Company" if agency else "Location",
            }
        )

    def location_token(self, agency_token: str, company_id: str, location_id: str) -> Issued:
        """A sub-account's token for an agency's ("Get Location Access Token from Agency Token")."""
        form = {"companyId": company_id, "locationId": location_id}
        return self._issued("/oauth/locationToken", form, agency_token)

    def installed_locations(self, agency_token: str, company_id: str) -> tuple[Installed, ...]:
        """Up to 2,000 sub-accounts that have the app ("Get Location where app is installed")."""
        found: dict[str, Installed] = {}
        for page in range(_MOST_PAGES):
            query = {
                "companyId": company_id,
                "appId": self._client["client_id"].partition("-")[0],
                "skip": str(page * _PAGE),
                "limit": str(_PAGE),
            }
            rows = self._locations(query, agency_token)
            before = len(found)
            found |= {row.location_id: row for row in rows}
            if len(rows) < _PAGE or len(found) == before:
                break
        return tuple(found.values())

    def _token(self, form: Mapping[str, str]) -> Issued:
        whole = {**self._client, **form}
        if self._version == MODERN:
            whole = {_MODERN_NAMES.get(name, name): value for name, value in whole.items()}
        return self._issued("/oauth/token", whole, "")

    def _issued(self, path: str, form: Mapping[str, str], token: str) -> Issued:
        answer = self._asked("POST", path, form, token)
        issued = Issued.from_api(answer)
        if issued is None:
            raise BadAnswer("The answer holds no token.", trace_id=trace_id(answer))
        return issued

    def _locations(self, query: Mapping[str, str], token: str) -> list[Installed]:
        listed = values.mapping(self._asked("GET", "/oauth/installedLocations", query, token))
        if not isinstance(listed.get("locations"), list):
            raise BadAnswer("The answer is no list of sub-accounts.")
        rows = [values.Fields(raw) for raw in values.items(listed["locations"])]
        return [
            Installed(row.ident("_id", "id", "locationId"), row.text("name"))
            for row in rows
            if row.ident("_id", "id", "locationId")
            and ("isInstalled" not in row.raw or row.flag("isInstalled"))
        ]

    def _asked(self, method: str, path: str, fields: Mapping[str, str], token: str) -> object:
        """The JSON of a good answer.

        Errors are raised here alone, where no fault is being handled: a fault of `requests` holds
        the request, and with it what must stay secret.
        """
        if self._version == MODERN:
            path = _MODERN_PATHS.get(path, path)
        started = time.monotonic()
        # Nobody may give up on a new refresh token because a page's time is over.
        with deadline.within(sum(self._timeout), anew=True):
            answer = self._exchange(self._request(method, path, fields, token))
        found: object = None
        if isinstance(answer, _Answer):
            status = str(answer.status)
            found = self._understood(answer, fields, token)
        else:
            status, found = answer.reason, answer
        taken = (time.monotonic() - started) * 1000
        logger.info("%s %s %s %d ms", method, path, status, taken)
        if isinstance(found, HighLevelError):
            raise found
        return found

    def _request(
        self, method: str, path: str, fields: Mapping[str, str], token: str
    ) -> requests.PreparedRequest:
        headers = {"Accept": "application/json", "User-Agent": f"conversations-ui/{__version__}"}
        if token or self._version:
            headers["Version"] = self._version or _THE_REST
        sent = {"params": dict(fields)} if method == "GET" else {"data": dict(fields)}
        return self._session.prepare_request(
            requests.Request(
                method,
                f"{self._base_url}{path}",
                headers=headers,
                auth=Bearer(token) if token else _NoToken(),
                **sent,
            )
        )

    def _exchange(self, request: requests.PreparedRequest) -> _Answer | HighLevelError:
        until = time.monotonic() + deadline.left(sum(self._timeout))
        url = str(request.url)
        host = urlsplit(url).hostname or ""
        # As in the client: no proxy between us and this machine, and no redirect is followed.
        proxies = {"no_proxy": host} if is_loopback(host) else {}
        environment: dict[str, Any] = {
            **self._session.merge_environment_settings(url, proxies, True, None, None)
        }
        try:
            with self._session.get_adapter(url).send(
                request, timeout=self._timeout, **environment
            ) as response:
                body = bytearray()
                while len(body) <= MAX_ANSWER and (
                    chunk := response.raw.read1(_CHUNK, decode_content=True)
                ):
                    body += chunk
                    if time.monotonic() > until:
                        raise TimeoutError
                return _Answer(response.status_code, response.headers, bytes(body))
        except (OSError, HTTPError) as fault:
            return Unavailable(type(fault).__name__)

    def _understood(
        self, answer: _Answer, fields: Mapping[str, str], token: str
    ) -> object | HighLevelError:
        if 200 <= answer.status < 300:
            try:
                return values.parse(answer.body)
            except ValueError:
                return BadAnswer("The answer is not JSON.", status=answer.status)
        secrets = [fields[name] for name in _SECRET & fields.keys()]
        secrets += [self._client["client_secret"], token]
        return _refusal(answer, filter(None, secrets), _MEANINGS[:1] if token else _MEANINGS)


def _refusal(answer: _Answer, secrets: Iterable[str], meanings: _Meanings) -> HighLevelError:
    body = answer.body
    for secret in secrets:
        body = body.replace(secret.encode(), _REMOVED.encode())
    error = refused(answer.status, answer.headers, body)
    words = body[:_CHUNK].decode("utf-8", "replace").lower()
    for statuses, pattern, kind in meanings:
        if answer.status in statuses and re.search(pattern, words):
            return kind(sentence=error.sentence, status=error.status, trace_id=error.trace_id)
    return error
