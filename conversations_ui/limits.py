"""How much anybody may send, and how often they may ask."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.crypto import salted_hmac
from django_htmx.http import reswap

from conversations_ui.accounts.addresses import client_network
from conversations_ui.views import errors

Handler = Callable[[HttpRequest], HttpResponseBase]

READING = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
# Asked by open pages for themselves: a refusal must not touch what is on the screen.
POLLS = frozenset({"live_inbox", "live_thread", "staff"})


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests in so many seconds, by each person (each address where nobody signed in)."""

    name: str
    most: int
    seconds: int = 60


# Far above what anybody clicks, and what a dozen open pages ask; far below what hurts others.
PAGES = Rate("pages", 600)
SEARCHES = Rate("searches", 120)
STRANGERS = Rate("strangers", 600)  # an office may have one address
EXPORTS = Rate("exports", 30, 3600)
_RATES = {
    name: rate
    for rate, names in (
        (Rate("polls", 1200), POLLS),
        (Rate("files", 1500), {"media", "recording", "mail_body", "mail"}),
        # Frames ask for them without a session; an office may open newsletters all at once.
        (Rate("pictures", 6000), {"mail_picture"}),
        (Rate("webhooks", 6000), {"webhook"}),
        # A hundred thousand rows each.
        (EXPORTS, {"read_log_csv", "admin:accounts_reading_export"}),
    )
    for name in names
}
# Probes, which come from whatever watches over the server.
_FREE = frozenset({"healthz", "readyz"})


def bounded_bodies(get_response: Handler) -> Handler:
    """Refuse a body where none belongs, and one that is larger than any form of ours.

    Webhooks read theirs themselves, up to a bound of their own. A body without a length is never
    read at all: to Django there is none.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        length = _length(request)
        if request.method in READING and (length or "HTTP_TRANSFER_ENCODING" in request.META):
            return errors.page(request, HTTPStatus.BAD_REQUEST)
        if length > settings.LARGEST_BODY:
            return errors.page(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return get_response(request)

    return middleware


def _length(request: HttpRequest) -> int:
    given = request.META.get("CONTENT_LENGTH") or "0"
    return int(given) if given.isascii() and given.isdigit() else 0


class RequestRates:
    """Refuse who asks too often, before anything is looked up for them.

    It counts by route alone, so that a refusal tells nothing of what is there. It costs one call of
    the shared cache; while that is away, nobody is refused (attempts to sign in are counted apart,
    see `accounts.throttling`).
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., HttpResponseBase],
        view_args: Iterable[Any],
        view_kwargs: dict[str, Any],
    ) -> HttpResponse | None:
        """Count the request where its route is known; what is refused gets no further."""
        name = request.resolver_match.view_name if request.resolver_match else ""
        if not settings.REQUEST_RATES or name in _FREE:
            return None
        rate, left = rate_of(request, name), 0
        now = time.time()
        if _count(_key(request, rate, now), rate) > rate.most * settings.REQUEST_RATES:
            left = int(rate.seconds - now % rate.seconds) + 1
        return _refusal(request, name, left) if left else None


def rate_of(request: HttpRequest, name: str) -> Rate:
    """The rate that a route's requests count for."""
    found = _RATES.get(name)
    if found:
        return found
    if not request.user.is_authenticated:
        return STRANGERS
    if name == "export" and "as" in request.GET:
        return EXPORTS
    return SEARCHES if name in ("inbox", "open") and request.GET.get("q") else PAGES


def _key(request: HttpRequest, rate: Rate, now: float) -> str:
    user = request.user
    who = f"user {user.pk}" if user.is_authenticated else f"from {client_network(request)}"
    # Digested: who is here is not for everybody who may look into the cache.
    text = f"{rate.name} {int(now // rate.seconds)} {who}"
    return f"rate:{salted_hmac('conversations.rates', text, algorithm='sha256').hexdigest()}"


def _count(key: str, rate: Rate) -> int:
    try:
        return int(cache.incr(key))
    except ValueError:  # the first of its time, or nothing is kept
        cache.add(key, 1, rate.seconds + 1)
        return 1


def _refusal(request: HttpRequest, name: str, seconds: int) -> HttpResponse:
    response = errors.page(request, HTTPStatus.TOO_MANY_REQUESTS)
    response["Retry-After"] = str(seconds)
    return reswap(response, "none") if name in POLLS else response
