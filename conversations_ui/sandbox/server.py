"""The sandbox itself: an HTTP server on this machine that answers like the HighLevel API."""

from __future__ import annotations

import json
import re
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, fields
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import parse_qs, unquote

from conversations_ui.sandbox import media, oauth, routes
from conversations_ui.sandbox.answers import Ask, File, Odd, Reply, invalid, now_ms
from conversations_ui.sandbox.catalogue import MESSAGES, VERSIONS
from conversations_ui.sandbox.data import build
from conversations_ui.sandbox.gate import Grant, Limits, Refused, Tokens
from conversations_ui.sandbox.script import Answer, Chaos, Script
from conversations_ui.sandbox.wire import Request, Response, Server
from conversations_ui.sandbox.world import HERE, World, iso

DAILY = 200_000
CHOOSE = "/v2/oauth/chooselocation"
JSON = "application/json; charset=utf-8"
HIPAA = "This location is in HIPAA mode: message data is not available through the API."
AGENCY = "This AuthClass is not yet supported for this endpoint."
ERRORS = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it arrived; `authorization` is the label of its token, never the token."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    authorization: str

    @property
    def version(self) -> str:
        """The Version header, "" without one."""
        return self.headers.get("version", "")

    @property
    def user_agent(self) -> str:
        """The User-Agent header, "" without one."""
        return self.headers.get("user-agent", "")


class Sandbox(Odd):
    """A server that answers like the API, from made-up data; use it as a context manager.

    `rate_limit` is the number of requests in ten seconds per token and sub-account, None to answer
    all of them. The forms in which the real API has been seen to deviate are attributes that may
    be switched at any time: `envelope`, `ignore_type_filter`, `inclusive_cursor`, `stuck_cursor`,
    `empty_filtered_pages`.
    """

    def __init__(
        self,
        *,
        seed: int = 7,
        host: str = "127.0.0.1",
        port: int = 0,
        chaos: bool | Chaos = False,
        rate_limit: int | None = 100,
        daily_limit: int = DAILY,
        now: int | None = None,
        envelope: Literal["nested", "flat"] = "nested",
        ignore_type_filter: bool = False,
        inclusive_cursor: bool = False,
        stuck_cursor: bool = False,
        empty_filtered_pages: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(
            envelope, ignore_type_filter, inclusive_cursor, stuck_cursor, empty_filtered_pages
        )
        self.world: World = build(seed, now_ms() if now is None else now)
        self.app = oauth.App.of(self.world)
        self.limits = Limits(rate_limit, daily_limit, clock)
        self.chaos = Chaos(seed) if chaos is True else chaos or None
        self._tokens = Tokens(self.world)
        self._script = Script()
        self._seen: list[Seen] = []
        self._lock = threading.Lock()
        self._detours: dict[str, tuple[int, str]] = {}
        self._address = (host, port)
        self._server: Server | None = None
        self._url = ""

    @property
    def url(self) -> str:
        """The base URL, without a slash at its end; RuntimeError before the first start."""
        if not self._url:
            raise RuntimeError("the sandbox has not been started")
        return self._url

    @property
    def token(self) -> str:
        """A private integration token that may read everything in both sub-accounts."""
        return self._tokens.labels["main"]

    @property
    def tokens(self) -> dict[str, str]:
        """All tokens by label: see `gate.Tokens`."""
        return dict(self._tokens.labels)

    @property
    def authorize_url(self) -> str:
        """Where people let the app in."""
        return f"{self.url}{CHOOSE}"

    def revoke(self, token: str) -> None:
        """Refuse a token from now on."""
        self._tokens.revoke(token)

    @property
    def locations(self) -> tuple[str, ...]:
        """The ids of the sub-accounts, the main one first."""
        return (self.world.main_location_id, self.world.second_location_id)

    @property
    def rate_limit(self) -> int | None:
        """Requests in ten seconds per token and sub-account; None answers all of them."""
        return self.limits.burst

    @rate_limit.setter
    def rate_limit(self, limit: int | None) -> None:
        self.limits.burst = limit

    @property
    def requests(self) -> list[Seen]:
        """The requests seen since the start or the last `clear`, scripted ones included."""
        with self._lock:
            return list(self._seen)

    def clear(self) -> None:
        """Forget the requests seen; scripted answers stay, see `unscript`."""
        with self._lock:
            self._seen.clear()

    def receive(self, conversation_id: str, body: str = "A new message", **fields: Any) -> str:
        """Let a message arrive just now, the conversation's row with it; returns its id.

        `fields` are the API's own and override the usual ones of a text from the contact.
        """
        with self.world.lock:
            last = int(self.world.conversations[conversation_id]["lastMessageDate"])
            at = max(now_ms(), last + 1)
            row = self.world.add_message(conversation_id, at=at, body=body, **fields)
            return str(row["id"])

    def change(self, message_id: str, **fields: Any) -> None:
        """Let a message be otherwise from now on; its conversation's row stays."""
        self.world.change_message(message_id, dateUpdated=iso(now_ms()), **fields)

    def restore(self) -> None:
        """Take back what `receive` and `change` did."""
        self.world.restore()

    def script(self, where: str | re.Pattern[str], *answers: Answer, times: int | None = 1) -> None:
        """Answer the next matching requests by hand, in order; then service is normal again.

        `where` is the beginning of path and query, or a compiled pattern searched in them. The
        answers are gone through `times` times, for ever when that is None.
        """
        self._script.add(where, answers, times)

    def unscript(self) -> None:
        """Drop all answers still to be given by hand."""
        self._script.clear()

    def reset(self) -> None:
        """Forget requests, scripted answers and what arrived, and switch all odd forms off."""
        self.restore()
        self.clear()
        self.unscript()
        for switch in fields(Odd):
            setattr(self, switch.name, switch.default)

    def start(self) -> Self:
        """Listen and serve in the background; OSError when the port is taken."""
        if self._server is None:
            self._server = Server(self._address, self._plan, self._respond)
            host, port = self._server.server_address[:2]
            self._url = f"http://{host!s}:{port}"
            threading.Thread(
                target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
            ).start()
        return self

    def stop(self) -> None:
        """Stop listening and hang up on every open connection."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()
            server.drop_connections()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _plan(self, request: Request) -> Answer:
        path, _, query = request.target.partition("?")
        headers = dict(request.headers)
        token = _bearer(headers.pop("authorization", ""))
        seen = Seen(
            request.method,
            path,
            {name: values[-1] for name, values in _query(query).items()},
            headers,
            self._tokens.label(token),
        )
        with self._lock:
            self._seen.append(seen)
        answer = self._script.take(request.target)
        if answer is None and self.chaos:
            answer = self.chaos.take()
        return answer or Answer()

    def _respond(self, request: Request) -> Response:
        limits: dict[str, str] = {}
        try:
            reply = self._reply(request, limits)
            status = 200
        except Refused as refused:
            status = refused.status
            reply = {"statusCode": status, "message": refused.message}
            error = refused.error or ERRORS.get(status)
            if error:
                reply["error"] = error
        headers = limits | {"x-envoy-upstream-service-time": "12", "cf-ray": uuid.uuid4().hex[:16]}
        if isinstance(reply, File):
            if reply.disposition:
                headers["content-disposition"] = reply.disposition
            return Response(status, reply.content, reply.content_type, headers)
        return Response(status, self._packed(reply), JSON, headers)

    def _packed(self, reply: Any) -> bytes:
        if isinstance(reply, dict):
            reply = reply | {"traceId": str(uuid.uuid4())}
        with self.world.lock:
            text = json.dumps(reply, ensure_ascii=False, separators=(",", ":"))
        # A lone surrogate leaves as the JSON escape it would be in an answer of the real API.
        return text.replace(HERE, self.url).encode("utf-8", "backslashreplace")

    def _reply(self, request: Request, limits: dict[str, str]) -> Reply:
        plain, _, search = request.target.partition("?")
        path = unquote(plain)
        if path.startswith("/attachments/"):
            return self._attachment(request, path)
        query = _query(search)
        if path.startswith(("/oauth/", "/v2/oauth/")):
            return self._oauth(request, path, query, limits)
        found = routes.find(plain) if request.method == "GET" else None
        if found is None:
            raise Refused(404, f"Cannot {request.method} {request.target}", "Not Found")
        route, ids = found
        ask = self._ask(request, query)
        ask.ids = ids
        place = self._admitted(ask, request, route.place, limits)
        grant = ask.grant
        if grant is None or (grant.agency and not route.agency):
            raise Refused(401, AGENCY)
        if route.scope not in grant.scopes:
            raise Refused(401, "The token is not authorized for this scope.")
        if grant.hipaa and route.scope == MESSAGES:
            raise Refused(401, HIPAA)
        if place and place not in grant.locations and not route.hides:
            raise Refused(403, "The token does not have access to this location.")
        if route.params is not None:
            unknown = sorted(set(query) - route.params)
            if unknown:
                raise invalid(f"property {unknown[0]} should not exist")
        with self.world.lock:
            return route.answer(ask)

    def _ask(self, request: Request, query: dict[str, list[str]]) -> Ask:
        version = request.headers.get("version", "")
        return Ask(self.world, self, self._tokens, None, version, (), query, {}, self._detours)

    def _admitted(
        self, ask: Ask, request: Request, place: routes.Place, limits: dict[str, str]
    ) -> str:
        """Check the token, count the request, check the version; returns the sub-account's id."""
        ask.grant = grant = self._tokens.check(_bearer(request.headers.get("authorization", "")))
        where = place(ask) or _only(grant)
        passes, headers = self.limits.take((grant.label, where))
        limits |= headers
        if request.method != "GET":
            for name in [name for name in limits if "daily" in name]:
                del limits[name]
        if not passes:
            raise Refused(429, "Too Many Requests", "Too Many Requests")
        if not ask.version:
            raise Refused(401, "version header was not found.")
        if ask.version not in VERSIONS:
            raise Refused(401, "version header is invalid")
        return place(ask)

    def _oauth(
        self, request: Request, path: str, query: dict[str, list[str]], limits: dict[str, str]
    ) -> Reply:
        ask = self._ask(request, query)
        ask.form = _form(request)
        modern = ask.version == "v3"
        if (request.method, path) == ("POST", "/oauth/token"):
            return oauth.token(ask, self.app)
        if (request.method, path) == ("GET", CHOOSE):
            return oauth.choose_location(ask, self.app)
        known = {
            ("POST", "/oauth/location-token" if modern else "/oauth/locationToken"): (
                oauth.location_token,
                "oauth.write",
            ),
            ("GET", "/oauth/installed-locations" if modern else "/oauth/installedLocations"): (
                oauth.installed_locations,
                "oauth.readonly",
            ),
        }
        found = known.get((request.method, path))
        if found is None:
            raise Refused(404, f"Cannot {request.method} {request.target}", "Not Found")
        answer, scope = found
        self._admitted(ask, request, lambda _: "", limits)
        if ask.grant is None or scope not in ask.grant.scopes:
            raise Refused(401, "The token is not authorized for this scope.")
        return answer(ask, self.app)

    def _attachment(self, request: Request, path: str) -> Reply:
        """A file, readable by anybody; a token sent along is refused, as the real hosts do."""
        found = self.world.attachments.get(path)
        if "authorization" in request.headers:
            raise Refused(403, "Forbidden")
        if found is None or request.method not in ("GET", "HEAD"):
            raise Refused(404, f"Cannot {request.method} {request.target}", "Not Found")
        if found.gone:
            raise Refused(404, "The specified key does not exist.", "NoSuchKey")
        return File(media.content(found), media.TYPES.get(found.kind, media.TYPES[""]))


def _bearer(header: str) -> str:
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _query(text: str) -> dict[str, list[str]]:
    return parse_qs(text, keep_blank_values=True)


def _only(grant: Grant) -> str:
    return next(iter(grant.locations)) if len(grant.locations) == 1 else ""


def _form(request: Request) -> dict[str, Any]:
    text = request.body.decode("utf-8", "replace")
    if "json" in request.headers.get("content-type", ""):
        try:
            raw = json.loads(text or "{}")
        except ValueError:
            raise Refused(400, "Unexpected token in JSON", "Bad Request") from None
        return raw if isinstance(raw, dict) else {}
    return {name: values[-1] for name, values in parse_qs(text).items()}
