"""A conversation as a file, for those who lead: what to put in it, then the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from conversations_ui.accounts.models import SubAccount
from conversations_ui.highlevel import message_types
from conversations_ui.highlevel.errors import HighLevelError
from conversations_ui.services import export as service
from conversations_ui.services.alerts import alert_for
from conversations_ui.services.presentation import exports, times
from conversations_ui.views import foreign, pages
from conversations_ui.views.errors import get_only
from conversations_ui.views.forms import ConversationForm, ExportForm

BUSY_SECONDS = 20


@get_only
def export(request: HttpRequest, location_id: str, conversation_id: str) -> HttpResponseBase:
    """A form without `as`; with it the file. A wrong choice keeps what was chosen."""
    address = ConversationForm({"location": location_id, "conversation": conversation_id})
    if not address.is_valid():
        return pages.bad_input(request, address)
    account = pages.conversation(request, location_id, conversation_id)
    if not account.access.is_lead:
        raise Http404
    asked = "as" in request.GET
    form = ExportForm(request.GET if asked else {"as": "text", "type": request.GET.get("type", "")})
    if not (form.is_valid() and asked):
        return _choice(request, account, conversation_id, form)
    about = exports.About(
        account, conversation_id, times.now(), request.user.get_username(), _asked(form)
    )
    return _file(request, about, form)


def _choice(
    request: HttpRequest, account: SubAccount, conversation_id: str, form: ExportForm
) -> HttpResponse:
    context: dict[str, Any] = {
        "account": account,
        "form": form,
        "types": _types(form.data.get("type", "")) if form.is_valid() else "",
        "most": f"{settings.EXPORT_MESSAGES:,}",
        "base": reverse("export", args=[account.location_id, conversation_id]),
        "back": reverse("thread", args=[account.location_id, conversation_id]),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "export.html", context, status=status)


def _file(request: HttpRequest, about: exports.About, form: ExportForm) -> HttpResponseBase:
    found = form.cleaned_data
    zone = about.zone
    wanted = service.Wanted(
        found["type"], _start(found["since"], zone), _start(found["until"], zone, days=1)
    )
    writing = exports.FORMATS[found["as"]](about)
    try:
        with service.alone(request.user.get_username()):
            gathered = service.gather(about.account, about.conversation_id, wanted, writing)
    except service.Busy:
        return _busy(request)
    except HighLevelError as error:
        return pages.failed(request, alert_for(error, about.account), _("Export"))
    ending = "" if gathered.complete else "-incomplete"
    day = about.made.astimezone(zone)
    name = f"conversation-{about.conversation_id}-{day:%Y-%m-%d}{ending}.{writing.ending}"
    response = StreamingHttpResponse(_Pieces(writing, gathered), content_type=writing.content_type)
    response["Content-Disposition"] = str(content_disposition_header(True, name))
    response["Content-Encoding"] = "identity"
    return foreign.inert(response)


class _Pieces:
    """The file as it is sent; what was gathered is let go of even if nobody reads it."""

    def __init__(self, writing: exports.Format, gathered: service.Gathered) -> None:
        self._pieces, self._gathered = writing.file(gathered), gathered

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        self._gathered.file.close()

    __del__ = close


def _busy(request: HttpRequest) -> HttpResponse:
    context = {
        "title": _("One export at a time"),
        "text": _("Another one is still being made. Wait until it is there, then ask again."),
    }
    response = pages.problem(request, HTTPStatus.TOO_MANY_REQUESTS, context)
    response["Retry-After"] = str(BUSY_SECONDS)
    return response


def _start(day: Any, zone: ZoneInfo, days: int = 0) -> datetime | None:
    """The first moment of a day, or of one some days later; None without one, or past the last."""
    if not day or date.max - day < timedelta(days):
        return None
    return datetime.combine(day + timedelta(days), time(), zone)


def _types(given: str) -> str:
    names = filter(None, (name.strip() for name in given.split(",")))
    return ", ".join(_(message_types.lookup(name).label) for name in names)


def _asked(form: ExportForm) -> str:
    """What the export was narrowed to, in words; empty when to nothing."""
    found: Mapping[str, Any] = form.cleaned_data
    parts = (
        (
            _("only %(types)s"),
            "types",
            ", ".join(_(message_types.lookup(name).label) for name in found["type"]),
        ),
        (_("from %(day)s"), "day", f"{found['since'] or ''}"),
        (_("to %(day)s"), "day", f"{found['until'] or ''}"),
    )
    said = [words % {name: value} for words, name, value in parts if value]
    return _("Asked for: %(parts)s") % {"parts": ", ".join(said)} if said else ""
