"""Sessions on which waiting for an answer, all of it together, ends with the read timeout.

A socket's own timeout starts anew with every byte: a server that drips its answer could hold a
thread for hours, and in places (headers, sizes of chunks) that no reader of the body ever sees.
"""

import http.client
import io
import socket
import time
from http.cookiejar import DefaultCookiePolicy
from ipaddress import ip_address
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from conversations_ui.highlevel import deadline

_POOL_SIZE = 32
_LEAST = 0.01  # seconds; no socket takes less than none
_LEAST_FOR_AN_ADDRESS = 1.0  # seconds; a packet that is lost is sent again after as long


class _TimedFile(io.RawIOBase):
    """A socket's incoming side, which ends in TimeoutError when the answer's time is over.

    Only waiting counts: what we do with the answer meanwhile costs the other side nothing, but
    the deadline of the page comes all the same.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._file = sock.makefile("rb", buffering=0)
        self._left = sock.gettimeout()
        self.ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._left is None:
            return self._noting(self._file.readinto(buffer))
        left = deadline.left(self._left)
        if left <= 0:
            raise TimeoutError("the answer took too long")
        self._socket.settimeout(left)
        started = time.monotonic()
        try:
            return self._noting(self._file.readinto(buffer))
        finally:
            self._left -= time.monotonic() - started

    def _noting(self, count: int | None) -> int | None:
        self.ended = count == 0
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self._incoming = _TimedFile(sock)
        self.fp = io.BufferedReader(self._incoming)

    def begin(self) -> None:
        """Read the headers; an answer that ends within them is none (http.client would take it)."""
        super().begin()
        if self._incoming.ended:
            self.close()
            raise http.client.IncompleteRead(b"")
        # urllib3 would write what it cannot read of them to the log, with the call's query.
        self.headers.defects.clear()
        self.headers.set_payload("")


class _TimedHTTPConnection(HTTPConnection):
    response_class = _TimedResponse

    def _new_conn(self) -> socket.socket:
        """Connect to one of the host's addresses; urllib3 would give each one the whole time."""
        host, seconds = self._dns_host, self.timeout
        if not isinstance(seconds, (int, float)) or _is_address(host):
            return super()._new_conn()
        until = time.monotonic() + seconds
        addresses = _addresses(host, self.port)
        try:
            while True:
                left = max(until - time.monotonic(), _LEAST)
                self._dns_host = addresses.pop(0)
                self.timeout = min(left, max(left / (len(addresses) + 1), _LEAST_FOR_AN_ADDRESS))
                try:
                    return super()._new_conn()
                except (ConnectTimeoutError, NewConnectionError):
                    if not addresses or time.monotonic() >= until:
                        raise
        finally:
            self._dns_host, self.timeout = host, seconds


def _is_address(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _addresses(host: str, port: int | None) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class _TimedHTTPSConnection(_TimedHTTPConnection, HTTPSConnection):
    pass


class _TimedHTTPPool(HTTPConnectionPool):
    ConnectionCls = _TimedHTTPConnection


class _TimedHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _TimedHTTPSConnection


TIMED_POOLS = {"http": _TimedHTTPPool, "https": _TimedHTTPSPool}


class Bearer(AuthBase):
    """Puts the token on a request; as an auth object it also keeps a .netrc file out of it."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


class _TimedAdapter(HTTPAdapter):
    """Keeps connections alive, never retries, and bounds the time of a whole answer."""

    def __init__(self) -> None:
        super().__init__(pool_maxsize=_POOL_SIZE, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = TIMED_POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = TIMED_POOLS
        return manager


def new_session() -> requests.Session:
    """A session for any number of clients and threads: pooled, without retries, without cookies."""
    session = requests.Session()
    session.mount("https://", _TimedAdapter())
    session.mount("http://", _TimedAdapter())
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session
