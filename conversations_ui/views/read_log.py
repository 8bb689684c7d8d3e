"""Who has read what: the read log of a sub-account, and of one conversation; for leads."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import content_disposition_header

from conversations_ui.accounts.models import SubAccount
from conversations_ui.services import readings
from conversations_ui.services.presentation.readings import reading_views
from conversations_ui.views import pages
from conversations_ui.views.errors import get_only
from conversations_ui.views.forms import LocationForm, ReadLogForm, SeenForm
from conversations_ui.views.inbox import pane


@get_only
def read_log(request: HttpRequest, location_id: str) -> HttpResponse:
    """The read log of a sub-account, or only further rows; a wrong filter keeps what was typed."""
    address, form = LocationForm({"location": location_id}), ReadLogForm(request.GET)
    if not address.is_valid():
        return pages.bad_input(request, address)
    account = _led(request, location_id)
    base = reverse("read_log", args=[location_id])
    context: dict[str, Any] = {"account": account, "form": form, "base": base}
    if not form.is_valid():
        response = pages.answer(request, "read_log.html", context | pane(account))
        response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
        return response
    wanted = form.cleaned_data
    part = pages.fragment(request, ("older-readings",)) if wanted["before"] else ""
    found = readings.page(readings.of(account, form.filter), wanted["before"])
    asked = form.query
    context |= {
        "rows": reading_views(found.rows, account),
        "more": f"{base}?{urlencode(asked | {'before': found.before})}" if found.before else "",
        "file": f"{reverse('read_log_csv', args=[location_id])}?{urlencode(asked)}",
        "sifted": bool(asked),
        "before": wanted["before"],
    }
    if not part:
        context |= pane(account)
    return pages.answer(request, "read_log.html", context, part=part)


@get_only
def read_log_csv(request: HttpRequest, location_id: str) -> HttpResponseBase:
    """The same rows as a file."""
    address, form = LocationForm({"location": location_id}), ReadLogForm(request.GET)
    for checked in (address, form):
        if not checked.is_valid():
            return pages.bad_input(request, checked)
    account = _led(request, location_id)
    lines = readings.as_file(readings.of(account, form.filter))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    name = f"read-log-{location_id}.csv"
    response["Content-Disposition"] = str(content_disposition_header(True, name))
    return response


@get_only
def seen(request: HttpRequest, location_id: str, conversation_id: str) -> HttpResponse:
    """Who has seen a conversation, each with the last time; further people behind a link."""
    form = SeenForm(
        {
            "location": location_id,
            "conversation": conversation_id,
            "before": request.GET.get("before", ""),
        }
    )
    if not form.is_valid():
        return pages.bad_input(request, form)
    account = pages.conversation(request, location_id, conversation_id)
    if not account.access.is_lead:
        raise Http404
    before = form.cleaned_data["before"]
    part = pages.fragment(request, ("more-seen",) if before else ("seen-by",))
    found = readings.seen_by(account, conversation_id, before)
    base = reverse("seen", args=[location_id, conversation_id])
    context: dict[str, Any] = {
        "account": account,
        "base": reverse("thread", args=[location_id, conversation_id]),
        "rows": reading_views(found.rows, account),
        "more": f"{base}?before={found.before}" if found.before else "",
        "log": _log_of(request, location_id, conversation_id),
    }
    if not part:
        context |= pane(account)
    return pages.answer(request, "seen.html", context, part=part)


def _led(request: HttpRequest, location_id: str) -> SubAccount:
    account = pages.sub_account(request, location_id)
    if not account.access.is_lead:
        raise Http404
    return account


def _log_of(request: HttpRequest, location_id: str, conversation_id: str) -> str:
    """Where all rows of a conversation are, for whoever leads the whole sub-account."""
    if not pages.sub_account(request, location_id, by_page=True).access.is_lead:
        return ""
    return f"{reverse('read_log', args=[location_id])}?conversation={conversation_id}"
