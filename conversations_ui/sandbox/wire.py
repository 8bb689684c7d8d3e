"""The HTTP side: keep-alive connections, resets, drips and answers cut short."""

from __future__ import annotations

import socket
import socketserver
import struct
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from conversations_ui.sandbox.script import Answer

BIGGEST_BODY = 1_000_000


@dataclass(frozen=True, slots=True)
class Request:
    """One request as read from the connection; header names are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """One answer to be written."""

    status: int
    body: bytes
    content_type: str
    headers: dict[str, str] = field(default_factory=dict)


Plan = Callable[[Request], Answer]
Respond = Callable[[Request], Response]


class Server(ThreadingHTTPServer):
    """A threaded server that can drop its open connections when it stops."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], plan: Plan, respond: Respond) -> None:
        self.plan, self.respond = plan, respond
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Bind without asking the resolver for our own name, which can take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, then serve it in its own thread."""
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection that is done."""
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def drop_connections(self) -> None:
        """Hang up on everybody, also on those in the middle of a delay."""
        self.stopping.set()
        with self._lock:
            open_now = list(self._open)
        for connection in open_now:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; anything else is a fault of the sandbox."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Buffered, so that head and body leave in one piece and Nagle's algorithm has nothing to hold.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: Server

    def _serve(self) -> None:
        request = Request(
            self.command,
            self.path,
            {name.lower(): value for name, value in self.headers.items()},
            self._body(),
        )
        answer = self.server.plan(request)
        if answer.delay and self.server.stopping.wait(answer.delay):
            self.close_connection = True
            return
        if answer.reset_at_once:
            self._reset()
        elif answer.raw is not None:
            self._write(answer.raw, answer.drip)
            self.close_connection = True
        elif answer.normal:
            response = self.server.respond(request)
            self._send(response, answer)
        else:
            body, kind = answer.content()
            self._send(Response(answer.status or 200, body, kind), answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _serve

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            self.close_connection = True
            return b""
        length = self.headers.get("Content-Length", "0")
        size = int(length) if length.isdecimal() else 0
        if size > BIGGEST_BODY:
            self.close_connection = True
        return self.rfile.read(min(size, BIGGEST_BODY))

    def _send(self, response: Response, answer: Answer) -> None:
        own = {
            "date": formatdate(time.time(), usegmt=True),
            "content-type": response.content_type,
            "content-length": str(len(response.body)),
            "server": "cloudflare",
            "cf-cache-status": "DYNAMIC",
        }
        given = {name.lower(): value for name, value in answer.headers.items()}
        bodiless = response.status in (204, 304) or response.status < 200
        body = b"" if bodiless or self.command == "HEAD" else response.body
        if answer.cut is not None:
            body = body[: int(len(body) * answer.cut)]
            self.close_connection = True
        self.send_response_only(response.status, _phrase(response.status))
        for name, value in (own | response.headers | given).items():
            if not (bodiless and name == "content-length"):
                self.send_header(name, value)
        if self.close_connection:
            self.send_header("connection", "close")
        self.end_headers()
        self._write(body, answer.drip)
        if answer.reset:
            self._reset()

    def _write(self, data: bytes, drip: float | None) -> None:
        if drip is None:
            self.wfile.write(data)
            self.wfile.flush()
            return
        self.wfile.flush()
        for place in range(len(data)):
            if self.server.stopping.wait(drip):
                self.close_connection = True
                return
            self.wfile.write(data[place : place + 1])
            self.wfile.flush()

    def _reset(self) -> None:
        """Close with a pending linger of zero seconds: the peer gets a reset, not an end."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: requests are kept in `Sandbox.requests`."""


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
