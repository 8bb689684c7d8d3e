"""Where an address that someone else wrote leads, and whether that is the open internet."""

from __future__ import annotations

import ipaddress
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import idna
from django.conf import settings

PORTS = {"https": 443, "http": 80}
LONGEST = 8192  # characters of an address

# A name with a dot and a last part of letters: no number in any notation is one.
_NAME = re.compile(
    r"(?=.{4,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{2,59})"
)
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f\\]")
_AS_IT_IS = "/%:@!$&'()*+,;=~-._"

# Public by the book, yet not the open internet: tunnels, relays, and what clouds answer on.
_PRIVATE_YET_GLOBAL = tuple(
    ipaddress.ip_network(block)
    for block in (
        "192.0.0.0/24",
        "192.88.99.0/24",
        "168.63.129.16/32",
        "2001::/23",
        "2002::/16",
        "3fff::/20",
    )
)
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

# Looking up a name cannot be interrupted, so it is done aside and abandoned.
_lookups = ThreadPoolExecutor(max_workers=8, thread_name_prefix="lookup")


@dataclass(frozen=True, slots=True)
class Destination:
    """An address taken apart: what may be asked, where, and in which words."""

    scheme: str
    host: str  # as it goes over the wire
    port: int
    target: str  # path and query
    sandbox: bool

    @property
    def authority(self) -> str:
        """The `Host` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def destination(url: str) -> Destination:
    """Take an address apart; ValueError unless it is a name on the web, without a user or port.

    The scheme's own port is meant. Numbers in place of names are refused in every notation. The
    one exception is the sandbox.
    """
    parts = urlsplit(url.strip(" "))
    port = parts.port
    if _UNWRITABLE.search(url) or len(url) > LONGEST or parts.scheme not in PORTS:
        raise ValueError("no web address")
    sandbox = is_sandbox(parts.scheme, parts.hostname, port)
    host = (parts.hostname or "") if sandbox else _name(parts.hostname or "")
    own_port = port in (None, PORTS[parts.scheme])
    if "@" in parts.netloc or not (own_port or sandbox):
        raise ValueError("more than a name")
    target = quote(parts.path or "/", safe=_AS_IT_IS)
    if parts.query:
        target += "?" + quote(parts.query, safe=_AS_IT_IS + "?")
    return Destination(parts.scheme, host, port or PORTS[parts.scheme], target, sandbox)


def is_sandbox(scheme: str, host: str | None, port: int | None) -> bool:
    """Whether this is the sandbox: exactly the API's own origin, on this machine, plain http.

    It serves the sample data's files itself. A real API's address is https and never meets this.
    """
    api = urlsplit(settings.HIGHLEVEL_API_URL)
    local = api.scheme == "http" and api.hostname in ("127.0.0.1", "::1", "localhost")
    return local and (scheme, host, port) == (api.scheme, api.hostname, api.port)


def is_public(address: str) -> bool:
    """Whether an IP address, as the system writes it, is one of the open internet."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        if ip.scope_id or ip not in _GLOBAL_UNICAST:  # mapped and compatible addresses too
            return False
    special = any(ip.version == net.version and ip in net for net in _PRIVATE_YET_GLOBAL)
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or special)


def addresses(host: str, port: int, seconds: float) -> list[str]:
    """The IP addresses of a name, each once; OSError when there are none, TimeoutError in time."""
    waiting = _lookups.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        found = waiting.result(max(seconds, 0.0))
    except TimeoutError:
        waiting.cancel()
        raise
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _name(host: str) -> str:
    """A host's name in ASCII."""
    name = host if host.isascii() else idna.encode(host, uts46=True).decode().lower()
    if not _NAME.fullmatch(name):
        raise ValueError("no name")
    return name
