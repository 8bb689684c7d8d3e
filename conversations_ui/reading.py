"""What each route shows, and that it is in the read log before anybody sees it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from conversations_ui.accounts import readlog
from conversations_ui.accounts.addresses import client_address
from conversations_ui.accounts.models import User
from conversations_ui.accounts.readings import Action
from conversations_ui.accounts.readlog import Shown, Unwritable
from conversations_ui.services import mail as mails
from conversations_ui.views import errors

logger = logging.getLogger(__name__)

Handler = Callable[[HttpRequest], HttpResponseBase]
Ids = dict[str, Any]
# From the request, its answer and the ids in the address: the action, and what it was done to.
Rule = Callable[[HttpRequest, HttpResponseBase, Ids], tuple[Action, str] | None]


def _always(action: Action, *names: str) -> Rule:
    def rule(
        request: HttpRequest, response: HttpResponseBase, ids: Ids
    ) -> tuple[Action, str] | None:
        return action, "/".join(str(ids[name]) for name in names)

    return rule


def _list(request: HttpRequest, response: HttpResponseBase, ids: Ids) -> tuple[Action, str] | None:
    words = request.GET.get("q", "").strip()
    if not words:
        return Action.LIST, ""
    return Action.SEARCH, readlog.words_digest(ids["location_id"], words)


def _mail(request: HttpRequest, response: HttpResponseBase, ids: Ids) -> tuple[Action, str] | None:
    with_pictures = request.GET.get("pictures") == "1" and mails.may_show_pictures()
    return Action.PICTURES if with_pictures else Action.MAIL, ids["email_id"]


def _recording(
    request: HttpRequest, response: HttpResponseBase, ids: Ids
) -> tuple[Action, str] | None:
    if not response.streaming:
        return None  # it says why there is nothing to hear
    action = Action.RECORDING_FILE if request.GET.get("download") == "1" else Action.RECORDING
    return action, ids["message_id"]


def _export(
    request: HttpRequest, response: HttpResponseBase, ids: Ids
) -> tuple[Action, str] | None:
    return (Action.EXPORT, "") if response.streaming else None  # else it is the choice of one


def _media(request: HttpRequest, response: HttpResponseBase, ids: Ids) -> tuple[Action, str] | None:
    # The pictures in a thread come with it, and are in it what they are in the log: the thread.
    in_place = response.headers.get("Content-Disposition", "").startswith("inline")
    if in_place and response.headers.get("Content-Type", "").startswith("image/"):
        return Action.THREAD, ""
    return Action.ATTACHMENT, f"{ids['message_id']}/{ids['index']}"


# Every route that shows what is a customer's, by its name. One that is missing fails a test.
READINGS: dict[str, Rule] = {
    "inbox": _list,
    "live_inbox": _list,
    "thread": _always(Action.THREAD),
    "message": _always(Action.THREAD),
    # What a poll brings is read like the rest and counts with it; so does whom the thread is with,
    # which wide windows show beside it.
    "live_thread": _always(Action.THREAD),
    "contact": _always(Action.THREAD),
    "mail": _mail,
    "mail_body": _mail,
    "mail_source": _always(Action.SOURCE, "email_id"),
    "mail_download": _always(Action.MAIL_FILE, "email_id"),
    "recording": _recording,
    "transcript": _always(Action.TRANSCRIPT, "message_id"),
    "media": _media,
    "contact_card": _always(Action.ATTACHMENT, "message_id", "index"),
    "export": _export,
    "read_log": _always(Action.LOG),
    "read_log_csv": _always(Action.LOG_EXPORT),
    "admin:accounts_reading_changelist": _always(Action.LOG),
    "admin:accounts_reading_change": _always(Action.LOG),
    "admin:accounts_reading_export": _always(Action.LOG_EXPORT),
}
# These name a sub-account too. A mail's pictures are asked for by a frame without a session, with
# an address that only a page in the log gives; the others tell of our own people alone.
NOT_READINGS = {"mail_picture", "staff", "seen"}


def read_log(get_response: Handler) -> Handler:
    """Note what is shown; where that cannot be noted, show nothing."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        shown = _shown(request, response)
        if shown is None or not isinstance(request.user, User):
            return response
        try:
            readlog.note(request.user, shown, client_address(request))
        except Unwritable:
            _let_go(response)
            logger.exception("The read log took no row, so nothing was shown.")
            return errors.page(request, HTTPStatus.SERVICE_UNAVAILABLE)
        return response

    return middleware


def _let_go(response: HttpResponseBase) -> None:
    """Close what would have been streamed. `response.close()` would also end the request."""
    closers: list[Callable[[], object]] = response._resource_closers  # type: ignore[attr-defined]
    while closers:
        closers.pop()()


def _shown(request: HttpRequest, response: HttpResponseBase) -> Shown | None:
    match = request.resolver_match
    if match is None or match.view_name not in READINGS or not _has_content(response):
        return None
    if request.method == "HEAD":
        return None  # middleware.headers_alone takes the content out
    found = READINGS[match.view_name](request, response, match.kwargs)
    if found is None:
        return None
    action, object_id = found
    conversation_id = str(match.kwargs.get("conversation_id", ""))
    return Shown(action, _location(request, match.kwargs), conversation_id, object_id)


def _location(request: HttpRequest, ids: Ids) -> str:
    if "location_id" in ids:
        return str(ids["location_id"])
    if "conversation_id" in ids:
        # As views.media does: its addresses are older than the sub-account in them.
        return str(request.GET.get("in") or request.session.get("location_id", ""))
    return ""


def _has_content(response: HttpResponseBase) -> bool:
    """Whether something is shown: no failure, no redirect, no note put beside what is shown."""
    shows_somebody = getattr(response, "shows_somebody", False)  # pages.in_spite
    if response.status_code not in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
        return bool(shows_somebody)
    if isinstance(response, HttpResponse) and not response.content:
        return False
    return "HX-Retarget" not in response.headers
