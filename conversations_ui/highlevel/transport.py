"""Connections on which waiting for an answer, all of it together, ends with the read timeout.

A socket's own timeout starts anew with every byte: a server that drips its answer could hold a
thread for hours, and in places (headers, sizes of chunks) that no reader of the body ever sees.
"""

import http.client
import io
import socket
import time
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection


class _TimedFile(io.RawIOBase):
    """A socket's incoming side, which ends in TimeoutError when the answer's time is over.

    Only waiting counts: what we do with the answer meanwhile costs the other side nothing.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._file = sock.makefile("rb", buffering=0)
        self._left = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._left is None:
            return self._file.readinto(buffer)
        if self._left <= 0:
            raise TimeoutError("the answer took too long")
        self._socket.settimeout(self._left)
        started = time.monotonic()
        try:
            return self._file.readinto(buffer)
        finally:
            self._left -= time.monotonic() - started

    def close(self) -> None:
        self._file.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_TimedFile(sock))


class _TimedHTTPConnection(HTTPConnection):
    response_class = _TimedResponse


class _TimedHTTPSConnection(HTTPSConnection):
    response_class = _TimedResponse


class _TimedHTTPPool(HTTPConnectionPool):
    ConnectionCls = _TimedHTTPConnection


class _TimedHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _TimedHTTPSConnection


TIMED_POOLS = {"http": _TimedHTTPPool, "https": _TimedHTTPSPool}
