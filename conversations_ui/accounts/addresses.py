"""Where a request comes from."""

from ipaddress import IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest

ONE_HOST = 64  # bits; the least of a network that a provider hands out
UNKNOWN = "0.0.0.0"  # noqa: S104  # what stands where there is no address, as over a Unix socket


def client_address(request: HttpRequest) -> str:
    """The address of whoever asks, always one in valid notation.

    Behind `TRUSTED_PROXY_COUNT` proxies it is what the outermost of them has seen; what the client
    itself may have put into the header stands before that and does not count.
    """
    seen = str(request.META.get("REMOTE_ADDR", ""))
    proxies = settings.TRUSTED_PROXY_COUNT
    if proxies:
        told = [entry for entry in request.headers.get("X-Forwarded-For", "").split(",") if entry]
        # Fewer entries than proxies: whoever asks has not come through all of them.
        seen = told[-proxies] if len(told) >= proxies else seen
    return _plain(seen.strip())


def client_network(request: HttpRequest) -> str:
    """What to count by whoever asks: with IPv6 one host has a network of addresses to itself."""
    address = ip_address(client_address(request))
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, ONE_HOST), strict=False))
    return str(address)


def _plain(text: str) -> str:
    """Without the port some proxies add, and an IPv4 address as such."""
    bare = text.removeprefix("[").partition("]")[0] if text.startswith("[") else text
    bare = bare.partition(":")[0] if bare.count(":") == 1 else bare
    try:
        address = ip_address(bare.partition("%")[0])
    except ValueError:
        return UNKNOWN
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(address)
