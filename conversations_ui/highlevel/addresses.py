"""The API's address: where the token may go."""

import ipaddress
import re
from urllib.parse import urlsplit

_HOST_NAME = re.compile("[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?")


def checked_base_url(url: str) -> str:
    """The address without its last slash; ValueError, in a sentence, if no token may go there."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("The API's address is not a web address.") from None
    if parts.scheme not in ("https", "http") or not (_HOST_NAME.fullmatch(host) or is_ip(host)):
        raise ValueError("The API's address must be a web address such as https://host.example.")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("The API's address must start with https; http is for this machine only.")
    if port == 0 or not re.fullmatch("[!-~]+", url) or set(url) & set("?#@\\"):
        raise ValueError("The API's address must be a scheme, a host and a path, nothing else.")
    return url.rstrip("/")


def is_ip(host: str) -> bool:
    """Whether a host is written as an IP address."""
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    return host == "localhost" or (is_ip(host) and ipaddress.ip_address(host).is_loopback)


def origin(url: str | None) -> tuple[str, str | None, int | None]:
    """Scheme, host and port: where a token goes."""
    parts = urlsplit(url or "")
    return parts.scheme, parts.hostname, parts.port
