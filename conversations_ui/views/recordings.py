"""Calls to listen to and to read: the recording, in parts as players ask for it; the transcript."""

from __future__ import annotations

import os
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django_htmx.middleware import HtmxDetails

from conversations_ui.accounts.models import SubAccount
from conversations_ui.highlevel.errors import HighLevelError, NoRecording
from conversations_ui.services import ranges, recordings
from conversations_ui.services.alerts import Alert, alert_for
from conversations_ui.services.presentation import calls, transcripts
from conversations_ui.services.recordings import Call, Recording
from conversations_ui.views import foreign, pages
from conversations_ui.views.errors import get_only
from conversations_ui.views.forms import CallForm
from conversations_ui.views.inbox import pane

_PIECE = 65_536
# A packed part would be no part any more.
_AS_IT_IS = {"Content-Encoding": "identity"}


@get_only
def recording(
    request: HttpRequest, location_id: str, conversation_id: str, message_id: str
) -> HttpResponseBase:
    """The sound, whole or the part that is asked for; to htmx, why it does not play."""
    form = _form(request, location_id, conversation_id, message_id)
    if not form.is_valid():
        return pages.bad_input(request, form)
    account = pages.conversation(request, location_id, conversation_id)
    try:
        call = recordings.call(account, conversation_id, message_id)
        found = recordings.recording(account, conversation_id, message_id)
    except NoRecording:
        return _silence(request, message_id)
    except HighLevelError as error:
        return _failed(request, alert_for(error, account), message_id)
    if HtmxDetails(request):
        found.file.close()
        context = {"message": {"id": message_id}, "playable": found.playable}
        return pages.answer(request, "recording.html", context, part="note")
    name = f"{_name(call, account, message_id)}.{found.ending}"
    apart = form.cleaned_data["download"] or not found.playable
    return _sound(request, found, str(content_disposition_header(apart, name)))


@get_only
def transcript(
    request: HttpRequest, location_id: str, conversation_id: str, message_id: str
) -> HttpResponseBase:
    """What was said: a page, the part of it that a card takes in, or a text file."""
    form = _form(request, location_id, conversation_id, message_id)
    if not form.is_valid():
        return pages.bad_input(request, form)
    account = pages.conversation(request, location_id, conversation_id)
    part = pages.fragment(request, ("transcript",))
    ids = [location_id, conversation_id, message_id]
    context: dict[str, Any] = {"back": reverse("message", args=ids), "retry": request.path}
    alert, length = None, None
    try:
        call = recordings.call(account, conversation_id, message_id)
        length = call.duration
        found = recordings.transcript(account, conversation_id, message_id, length)
    except HighLevelError as error:
        alert = alert_for(error, account)
    else:
        if form.cleaned_data["download"] and found:
            name = f"{_name(call, account, message_id)}.txt"
            return _text(transcripts.as_text(found), name)
        context["transcript"] = transcripts.transcript_view(found) if found else None
    view = calls.CallView(outcome="", label=_("Recording"), problem="")
    view = calls.audible(view, location_id, conversation_id, message_id, length)
    context |= {"message": {"id": message_id, "call": view}, "at": form.cleaned_data["at"]}
    if not part:
        context |= pane(account)
    return pages.answer(request, "transcript.html", context, part=part, alert=alert)


def _form(
    request: HttpRequest, location_id: str, conversation_id: str, message_id: str
) -> CallForm:
    return CallForm(
        {
            "location": location_id,
            "conversation": conversation_id,
            "message": message_id,
            "download": request.GET.get("download", ""),
            "at": request.GET.get("at", ""),
        }
    )


def _silence(request: HttpRequest, message_id: str) -> HttpResponse:
    """No recording is no failure: a missed call has none, nor one that is not processed yet."""
    if HtmxDetails(request):
        context = {"message": {"id": message_id}, "silent": True}
        return pages.answer(request, "recording.html", context, part="note")
    words = _("HighLevel has no recording of this call.")
    return foreign.inert(HttpResponse(words, "text/plain; charset=utf-8", HTTPStatus.NOT_FOUND))


def _failed(request: HttpRequest, alert: Alert, message_id: str) -> HttpResponse:
    if HtmxDetails(request):
        context = {"message": {"id": message_id}, "retry": request.path}
        return pages.answer(request, "recording.html", context, part="note", alert=alert)
    return pages.failed(request, alert, _("Recording"))


def _sound(request: HttpRequest, found: Recording, disposition: str) -> HttpResponseBase:
    """The file with all headers players need to jump about in it."""
    wanted = ranges.asked(request.headers.get("Range", ""))
    if "If-Range" in request.headers:
        wanted = None  # nothing we have said could have been remembered
    headers = _AS_IT_IS | {"Accept-Ranges": "bytes", "Content-Disposition": disposition}
    try:
        part = ranges.cut(wanted, found.size)
    except ranges.BeyondEnd:
        found.file.close()
        headers["Content-Range"] = f"bytes */{found.size}"
        status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
        return foreign.inert(HttpResponse(status=status, headers=headers))
    length = found.size if part.length is None else part.length
    headers["Content-Length"] = str(length)
    if part.content_range:
        headers["Content-Range"] = part.content_range
    pieces = _Pieces(found.file, part.skip, length)
    return foreign.inert(
        StreamingHttpResponse(
            pieces, status=part.status, content_type=found.content_type, headers=headers
        )
    )


class _Pieces:
    """Some bytes of a file, read as they are sent; let go of even if nobody reads them."""

    def __init__(self, file: BinaryIO, skip: int, length: int) -> None:
        # The bare descriptor, since a file object complains when it is left to be collected.
        self._file: int | None = os.dup(file.fileno())
        self._at, self._end = skip, skip + length
        file.close()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        size = min(_PIECE, self._end - self._at)
        piece = os.pread(self._file, size, self._at) if self._file is not None else b""
        if not piece:
            raise StopIteration
        self._at += len(piece)
        return piece

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    __del__ = close


def _text(text: str, name: str) -> HttpResponse:
    headers = _AS_IT_IS | {"Content-Disposition": str(content_disposition_header(True, name))}
    return foreign.inert(HttpResponse(text, "text/plain; charset=utf-8", headers=headers))


def _name(call: Call, account: SubAccount, message_id: str) -> str:
    """`voicemail-2026-03-02-1004`, in the sub-account's time zone."""
    kind = "voicemail" if call.voicemail else "call"
    if call.date_added is None:
        return f"{kind}-{message_id}"
    return f"{kind}-{call.date_added.astimezone(ZoneInfo(account.time_zone)):%Y-%m-%d-%H%M}"
