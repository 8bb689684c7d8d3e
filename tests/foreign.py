"""A foreign web: names, addresses, and one server with a certificate behind all of them."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import certifi
import pytest
import urllib3.util.connection
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from conversations_ui.services import fetching

PUBLIC, PUBLIC_TOO = "93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"
PNG = b"\x89PNG\r\n\x1a\n" + b"picture" * 20
Talk = Callable[[socket.socket, str], None]

_getaddrinfo, _connect = socket.getaddrinfo, urllib3.util.connection.create_connection


def answer(body: bytes = PNG, status: str = "200 OK", length: bool = True, **headers: str) -> Talk:
    """Make a server that gives one answer; underscores in the names of headers are hyphens."""
    lines = [
        f"HTTP/1.1 {status}",
        *(f"{name.replace('_', '-')}: {headers[name]}" for name in headers),
    ]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    content = "\r\n".join((*lines, "Connection: close", "", "")).encode() + body

    def talk(connection: socket.socket, _request: str) -> None:
        connection.sendall(content)

    return talk


def drip(head: bytes, then: bytes) -> Talk:
    """Make a server that sends the head at once and never comes to an end of the rest."""

    def talk(connection: socket.socket, _request: str) -> None:
        connection.sendall(head)
        connection.settimeout(0.02)
        while True:
            connection.sendall(then)
            with suppress(TimeoutError):
                if not connection.recv(1):
                    return

    return talk


class Web:
    """What the fetcher can reach. `names` holds the addresses of a name, one list a lookup."""

    def __init__(self, certificate: Path) -> None:
        self.names: dict[str, list[list[str]]] = {"media.example": [[PUBLIC]]}
        self.unreachable: set[str] = set()
        self.real: set[str] = set()  # hosts that are what they are, like the sandbox
        self.lookups: list[str] = []
        self.connections: list[tuple[str, int]] = []
        self.server_names: list[str | None] = []
        self.requests: list[str] = []
        self.talk: Talk = answer()
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate)
        self._tls.sni_callback = lambda _socket, name, _context: self.server_names.append(name)
        self._threads: list[threading.Thread] = []

    def getaddrinfo(self, host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        """Look a name up, as the system would."""
        if host in self.real:
            return _getaddrinfo(host, port, *args, **kwargs)
        self.lookups.append(host)
        known = self.names.get(host)
        if known is None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        addresses = known.pop(0) if len(known) > 1 else known[0]
        return [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                socket.SOCK_STREAM,
                socket.IPPROTO_TCP,
                "",
                (address, port),
            )
            for address in addresses
        ]

    def connect(
        self, address: tuple[str, int], timeout: Any = None, *args: Any, **kwargs: Any
    ) -> socket.socket:
        """Connect to the server, whatever the address."""
        if address[0] in self.real:
            return _connect(address, timeout, *args, **kwargs)
        self.connections.append(address)
        if address[0] in self.unreachable:
            raise ConnectionRefusedError
        ours, theirs = socket.socketpair()
        if isinstance(timeout, int | float):
            ours.settimeout(timeout)
        thread = threading.Thread(target=self._serve, args=(theirs, address[1] == 443), daemon=True)
        thread.start()
        self._threads.append(thread)
        return ours

    def _serve(self, plain: socket.socket, secure: bool) -> None:
        with suppress(OSError), plain:
            connection = self._tls.wrap_socket(plain, server_side=True) if secure else plain
            with connection:
                request = b""
                while b"\r\n\r\n" not in request:
                    read = connection.recv(4096)
                    if not read:
                        return
                    request += read
                self.requests.append(request.decode())
                self.talk(connection, self.requests[-1])

    def close(self) -> None:
        """Wait until nobody is served any more."""
        for thread in self._threads:
            thread.join(10)

    def header(self, name: str) -> str | None:
        """Give a header of the last request."""
        for line in self.requests[-1].split("\r\n")[1:]:
            found, _, value = line.partition(": ")
            if found.lower() == name.lower():
                return value
        return None


@contextmanager
def foreign_web(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """Put a web of our own in place of the real one."""
    web = Web(certificate(folder))
    monkeypatch.setattr(certifi, "where", lambda: str(folder / "authority.pem"))
    monkeypatch.setattr(socket, "getaddrinfo", web.getaddrinfo)
    monkeypatch.setattr(urllib3.util.connection, "create_connection", web.connect)
    fetching._tls.cache_clear()
    yield web
    fetching._tls.cache_clear()
    web.close()


def certificate(folder: Path) -> Path:
    """Write a certificate for media.example, the key with it, and the authority that signed it."""
    now = datetime.now(UTC)
    keys = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An authority for tests")])
    host = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "media.example")])
    usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)

    def signed(subject: x509.Name, key: ec.EllipticCurvePrivateKey, *more: Any) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(authority)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
        )
        for extension, critical in more:
            builder = builder.add_extension(extension, critical)
        return builder.sign(keys[0], hashes.SHA256())

    identity = x509.SubjectKeyIdentifier.from_public_key(keys[0].public_key())
    root = signed(
        authority,
        keys[0],
        (x509.BasicConstraints(ca=True, path_length=None), True),
        (usage, True),
        (identity, False),
    )
    names = [x509.DNSName("media.example"), x509.IPAddress(ipaddress.ip_address(PUBLIC_TOO))]
    leaf = signed(
        host,
        keys[1],
        (x509.SubjectAlternativeName(names), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(keys[0].public_key()), False),
    )
    pem = serialization.Encoding.PEM
    (folder / "authority.pem").write_bytes(root.public_bytes(pem))
    path = folder / "server.pem"
    path.write_bytes(
        keys[1].private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + leaf.public_bytes(pem)
    )
    return path
