"""The API's answers once more: recorded from the sandbox, replayed at once by another process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from multiprocessing.connection import Connection
from urllib.parse import parse_qsl, urlsplit


def key_of(target: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """A request's path and query, whatever the order of the latter."""
    parts = urlsplit(target)
    return parts.path, tuple(sorted(parse_qsl(parts.query)))


class Replay(BaseHTTPRequestHandler):
    """Answers what was recorded."""

    protocol_version = "HTTP/1.1"
    recorded: dict[object, bytes] = {}

    def do_GET(self) -> None:
        """The recorded body; 404 for what nobody asked for while recording."""
        body = self.recorded.get(key_of(self.path), b"")
        head = f"HTTP/1.1 {200 if body else 404} -\r\nContent-Length: {len(body)}\r\n\r\n"
        self.wfile.write(head.encode() + body)

    def log_message(self, *_args: object) -> None:
        """Stay quiet."""


def replay(recorded: dict[object, bytes], pipe: Connection) -> None:
    """Serve the recorded answers until the parent ends this process."""
    Replay.recorded = recorded
    server = ThreadingHTTPServer(("127.0.0.1", 0), Replay)
    server.daemon_threads = True
    pipe.send(server.server_port)
    server.serve_forever()


@contextmanager
def replaying(recorded: dict[object, bytes]) -> Iterator[str]:
    """The recorded answers, served by a process of their own."""
    processes = get_context("spawn")
    here, there = processes.Pipe()
    server = processes.Process(target=replay, args=(recorded, there), daemon=True)
    server.start()
    try:
        yield f"http://127.0.0.1:{here.recv()}"
    finally:
        server.terminate()
        server.join()
