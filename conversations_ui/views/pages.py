"""The htmx protocol: which part of a page answers, and how failures look in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django_htmx.http import reswap, retarget
from django_htmx.middleware import HtmxDetails

from conversations_ui.accounts import events
from conversations_ui.accounts.access import all_opened, sub_account_or_404
from conversations_ui.accounts.models import SubAccount, User
from conversations_ui.highlevel.errors import HighLevelError, NotFound
from conversations_ui.services import upstream
from conversations_ui.services.alerts import Alert, as_of

# Where a failure shows that has no place of its own: over the thread, else over the inbox.
ALERT_SLOT = "body:has(#thread-alerts) #thread-alerts, body:not(:has(#thread-alerts)) #inbox-alerts"
VARY = ("HX-Request", "HX-Target", "HX-History-Restore-Request")
STOP_POLLING = 286


@dataclass(frozen=True, slots=True)
class Poll:
    """How a page is kept up to date: where its script asks, every so many seconds.

    `page` is the address of what is kept so.
    """

    page: str
    address: str
    seconds: str


def poll(view: str, *ids: str, query: Mapping[str, str], version: str) -> Poll | None:
    """For a page that shows the newest: that of `view`, with that query; None when it is off.

    `version` names what is shown, empty when the first answer is to bring everything.
    """
    if not settings.LIVE_SECONDS:
        return None
    given = {name: value for name, value in query.items() if value}
    asked = given | ({"v": version} if version else {})
    page, address = reverse(view, args=ids), reverse(f"live_{view}", args=ids)
    return Poll(_with(page, given), _with(address, asked), f"{settings.LIVE_SECONDS:g}")


def _with(address: str, query: Mapping[str, str]) -> str:
    return f"{address}?{urlencode(query, safe=',')}" if query else address


def common(request: HttpRequest) -> dict[str, str]:
    """Context processor: what every template may use."""
    return {"icons": static("icons.svg"), "details_label": _("Message details")}


def fragment(request: HttpRequest, names: Sequence[str]) -> str:
    """Which of a template's partials to answer with; empty means the whole page.

    A partial's name is the id of the element it replaces. Only declared names count; an htmx
    request that aims at none of them gets the first.
    """
    htmx = HtmxDetails(request)  # not request.htmx: an error may come before its middleware
    if not htmx or htmx.history_restore_request:
        return ""
    return next((name for name in names if name == htmx.target), names[0])


def answer(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    part: str = "",
    alert: Alert | None = None,
) -> HttpResponse:
    """The page, or one partial of it; with an alert in it, the alert's status."""
    name = f"{template}#{part}" if part else template
    content = {**context, "alert": alert, "part": part}
    if "account" in context:
        content["as_of"] = as_of(context["account"])
    response = render(request, name, content, status=alert.status if alert else 200)
    patch_vary_headers(response, VARY)
    if alert and alert.retry_after and alert.wait:
        response["Retry-After"] = str(alert.retry_after)
    return response


def in_spite(response: HttpResponse) -> HttpResponse:
    """An answer that shows whom a thread is with, also where the rest of it failed."""
    response.shows_somebody = True  # type: ignore[attr-defined]  # for reading.read_log
    return response


def aside(request: HttpRequest, alert: Alert, slot: str) -> HttpResponse:
    """The alert alone, put into the slot so that all that is on the page stays."""
    context = {"retry": request.get_full_path(), "retry_target": HtmxDetails(request).target}
    response = answer(request, "alert.html", context, alert=alert)
    response["HX-Push-Url"] = "false"
    return reswap(retarget(response, f"#{slot}"), "innerHTML")


def signed_out(request: HttpRequest, address: str) -> HttpResponse:
    """The end of all polls of a page: what is on it stays, and a link leads back in."""
    context = {"address": address}
    response = render(request, "live_end.html", context, status=STOP_POLLING)
    return reswap(retarget(response, ALERT_SLOT), "innerHTML")


def has_target(request: HttpRequest) -> bool:
    """Whether the request is to replace something that is on the page already."""
    return bool(HtmxDetails(request).target)


def address_if_here(request: HttpRequest, address: str) -> str:
    """What to push into the history: the address when its page is open, `false` beside another."""
    here = (HtmxDetails(request).current_url_abs_path or "").partition("?")[0]
    return address if here == address.partition("?")[0] else "false"


def sub_accounts(request: HttpRequest) -> list[SubAccount]:
    """The sub-accounts this person may see something of, opened for them, by name."""
    return all_opened(request.user)


def sub_account(request: HttpRequest, location_id: str, *, by_page: bool = False) -> SubAccount:
    """The sub-account opened for this person, remembered as the one last used; else 404.

    `by_page`: an open page asks by itself, which does not count as use.
    """
    try:
        account = sub_account_or_404(request.user, location_id)
    except Http404:
        events.noted(request, "access refused", location=location_id)
        raise
    if not by_page and request.session.get("location_id") != account.location_id:
        request.session["location_id"] = account.location_id
    return account


def sub_account_of(person: int | None, location_id: str) -> SubAccount:
    """The sub-account opened for somebody who asks without a session; else 404."""
    return sub_account_or_404(get_object_or_404(User, pk=person), location_id)


def conversation(
    request: HttpRequest, location_id: str, conversation_id: str, *, by_page: bool = False
) -> SubAccount:
    """The sub-account opened for this person and this one conversation; 404 when they may not.

    While HighLevel does not tell whether they may, it stays as narrow as it was: then whatever is
    read through it fails in the same way, and the page says so in its own place.
    """
    account = sub_account(request, location_id, by_page=by_page)
    found = upstream.attempt(lambda: upstream.opened_at(account, conversation_id))
    if isinstance(found, NotFound):
        events.noted(request, "access refused", location=location_id, conversation=conversation_id)
        raise Http404
    return account if isinstance(found, HighLevelError) else found


def problem(request: HttpRequest, status: int, context: Mapping[str, Any]) -> HttpResponse:
    """A page that says what is wrong; for htmx the alert alone, beside all that is shown."""
    part = fragment(request, ("problem",))
    template = f"error.html#{part}" if part else "error.html"
    response = render(request, template, {**context, "part": part}, status=status)
    patch_vary_headers(response, VARY)
    if not part:
        return response
    response["HX-Push-Url"] = "false"
    return reswap(retarget(response, ALERT_SLOT), "innerHTML")


def failed(request: HttpRequest, alert: Alert, title: str) -> HttpResponse:
    """An upstream failure where there is no page of its own to show it in."""
    context = {"title": title, "retry": request.get_full_path()}
    part = fragment(request, ("problem",))
    return answer(request, "error.html", context, part=part, alert=alert)


def bad_input(request: HttpRequest, form: Form) -> HttpResponse:
    """400 with each wrong field named."""
    context = {
        "title": _("This address does not work"),
        "text": _("Something in it is not as it should be:"),
        "problems": [(field, error) for field, errors in form.errors.items() for error in errors],
    }
    return problem(request, HTTPStatus.BAD_REQUEST, context)
