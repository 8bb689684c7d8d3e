"""Attachments: one file of one message, fetched for people who may read the conversation."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from conversations_ui.accounts.models import SubAccount
from conversations_ui.highlevel.errors import HighLevelError
from conversations_ui.services import media as service
from conversations_ui.services import ranges, vcards
from conversations_ui.services.alerts import alert_for
from conversations_ui.services.fetching import Refused, Stream
from conversations_ui.services.file_types import UNKNOWN
from conversations_ui.services.media import Attached, Explanation
from conversations_ui.views import foreign, pages
from conversations_ui.views.errors import get_only
from conversations_ui.views.forms import MediaForm

# What may be shown or played in place; all else is a download of no type.
INLINE = frozenset(
    {
        *("image/png", "image/jpeg", "image/gif", "image/webp"),
        *("audio/wav", "audio/mpeg", "audio/mp4", "audio/ogg", "video/mp4"),
    }
)
NAMED = INLINE | {"application/pdf"}


@get_only
def media(
    request: HttpRequest, conversation_id: str, message_id: str, index: int
) -> HttpResponseBase:
    """A file of a message; the address is the message's, never the client's."""
    found = _found(request, conversation_id, message_id, index)
    if isinstance(found, HttpResponse):
        return found
    _account, files, address = found
    try:
        stream = service.stream(address, ranges.asked(request.headers.get("Range", "")))
    except Refused as refused:
        return _refusal(request, refused, files, address)
    return file_response(
        stream, service.name_of(address), download=request.GET.get("download") == "1"
    )


@get_only
def contact_card(
    request: HttpRequest, conversation_id: str, message_id: str, index: int
) -> HttpResponse:
    """The people in a contact card."""
    found = _found(request, conversation_id, message_id, index)
    if isinstance(found, HttpResponse):
        return found
    _account, files, address = found
    problem = ""
    cards: tuple[vcards.Card, ...] = ()
    try:
        with service.stream(address) as stream:
            cards = vcards.cards(stream.start(vcards.LARGEST))
    except Refused as refused:
        problem = service.explain(refused, address, expired=files.expired()).text
    context: dict[str, Any] = {
        "title": service.name_of(address),
        "cards": cards,
        "problem": problem or ("" if cards else _("There is no contact in this file.")),
    }
    part = pages.fragment(request, ("contact-card",))
    return pages.answer(request, "contact_card.html", context, part=part)


def file_response(stream: Stream, name: str, *, download: bool = False) -> StreamingHttpResponse:
    """A foreign file as our answer: nothing in it can act, and nobody keeps it."""
    kind = stream.content_type
    response = StreamingHttpResponse(stream, status=stream.status)
    response["Content-Type"] = kind if kind in NAMED else UNKNOWN
    attached = download or kind not in INLINE
    # Neither is empty, so there always is a header.
    response["Content-Disposition"] = str(content_disposition_header(attached, name or "file"))
    # Compressing would change the bytes that are counted here.
    response["Content-Encoding"] = "identity"
    if stream.length is not None:
        response["Content-Length"] = str(stream.length)
        response["Accept-Ranges"] = "bytes"
    if stream.content_range:
        response["Content-Range"] = stream.content_range
    return foreign.inert(response)


def _found(
    request: HttpRequest, conversation_id: str, message_id: str, index: int
) -> tuple[SubAccount, Attached, str] | HttpResponse:
    """Whose file it is, its message's files and its address, once access has been checked."""
    location_id = request.GET.get("in") or request.session.get("location_id", "")
    form = MediaForm(
        {
            "location": location_id,
            "conversation": conversation_id,
            "message": message_id,
            "index": index,
            "download": request.GET.get("download", ""),
        }
    )
    if not location_id:
        raise Http404
    if not form.is_valid():
        return pages.bad_input(request, form)
    account = pages.conversation(request, location_id, conversation_id)
    try:
        files = service.attached(account, conversation_id, message_id)
        return account, files, service.address_at(files, index)
    except HighLevelError as error:
        alert = alert_for(error, account)
        if _is_page(request):
            return pages.failed(request, alert, alert.title)
        return _short(Explanation(alert.status, f"{alert.title}. {alert.text}"))


def _refusal(request: HttpRequest, refused: Refused, files: Attached, address: str) -> HttpResponse:
    why = service.explain(refused, address, expired=files.expired())
    if _is_page(request):
        context = {"title": _("This file cannot be shown"), "text": why.text}
        return pages.problem(request, why.status, context)
    response = _short(why)
    if refused.reason == "range" and refused.total:
        response["Content-Range"] = f"bytes */{refused.total}"
    if refused.reason == "busy":
        response["Retry-After"] = "3"
    return response


def _is_page(request: HttpRequest) -> bool:
    """Whether the answer is itself looked at, or put into a page; else it is for a picture."""
    return "HX-Request" in request.headers or "text/html" in request.headers.get(
        "Accept", "text/html"
    )


def _short(why: Explanation) -> HttpResponse:
    """The reason alone, as text, for the page that wanted the file."""
    response = HttpResponse(why.text, status=why.status, content_type="text/plain; charset=utf-8")
    return foreign.inert(response)
