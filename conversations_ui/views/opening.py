"""A conversation's id, or an address that contains one, to its thread."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from conversations_ui.highlevel.errors import HighLevelError
from conversations_ui.services import conversations
from conversations_ui.services.alerts import alert_for
from conversations_ui.views import pages
from conversations_ui.views.errors import get_only
from conversations_ui.views.forms import OpenForm

SEARCHED_MAX = 10  # sub-accounts asked for a bare id
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Place:
    """What an address says: the conversation, and the location when it names one."""

    conversation_id: str
    location_id: str = ""


@get_only
def open_conversation(request: HttpRequest) -> HttpResponse:
    """Redirects to the thread; 400 when nothing in `q` is an id, 404 when nobody knows it."""
    form = OpenForm(request.GET)
    if not form.is_valid():
        return pages.bad_input(request, form)
    place = place_in(form.cleaned_data["q"])
    if place is None:
        form.add_error("q", _("There is no conversation ID in this."))
        return pages.bad_input(request, form)
    if place.location_id:
        account = pages.sub_account(request, place.location_id)
        return redirect("thread", account.location_id, place.conversation_id)
    last = request.session.get("location_id")
    candidates = sorted(
        pages.sub_accounts(request), key=lambda account: account.location_id != last
    )
    if len(candidates) == 1:
        return redirect("thread", candidates[0].location_id, place.conversation_id)
    alert = None
    for account in candidates[:SEARCHED_MAX]:
        try:
            if conversations.is_in(account, place.conversation_id):
                return redirect("thread", account.location_id, place.conversation_id)
        except HighLevelError as error:
            alert = alert or alert_for(error, account)
    if alert:
        return pages.failed(request, alert, _("The conversation could not be looked for"))
    context = {
        "title": _("Nobody knows this conversation"),
        "text": _("None of your sub-accounts has a conversation %(id)s.")
        % {"id": place.conversation_id},
    }
    return pages.problem(request, HTTPStatus.NOT_FOUND, context)


def place_in(text: str) -> Place | None:
    """The conversation that a bare id, a HighLevel address or one of ours leads to."""
    text = text.strip()
    if _ID.fullmatch(text):
        return Place(text)
    try:
        address = urlsplit(text if "//" in text else f"//{text}")
    except ValueError:
        return None
    segments = [segment for segment in address.path.split("/") if segment]
    location_id = _after(segments, "location") or _after(segments, "inbox")
    in_query = parse_qs(address.query).get("conversationId", [""])[0]
    ours = segments[segments.index("inbox") + 2 :][:1] if "inbox" in segments else []
    theirs = [] if ours or "conversations" not in segments else segments[_last(segments) + 1 :][:1]
    for conversation_id in (in_query, *ours, *theirs):
        if _ID.fullmatch(conversation_id):
            return Place(conversation_id, location_id if _ID.fullmatch(location_id) else "")
    return None


def _after(segments: list[str], name: str) -> str:
    return next(iter(segments[segments.index(name) + 1 :]), "") if name in segments else ""


def _last(segments: list[str]) -> int:
    return len(segments) - 1 - segments[::-1].index("conversations")
