"""What is new, for pages that stay open: their script asks here every few seconds."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django_htmx.http import reswap, retarget
from django_htmx.middleware import HtmxDetails

from conversations_ui.accounts.models import SubAccount
from conversations_ui.highlevel.errors import HighLevelError
from conversations_ui.services import alerts, conversations, live, upstream
from conversations_ui.services.conversations import ThreadPage
from conversations_ui.views import inbox, pages, thread
from conversations_ui.views.errors import get_only
from conversations_ui.views.forms import LiveInboxForm, LiveThreadForm, LocationForm


@get_only
def live_inbox(request: HttpRequest, location_id: str) -> HttpResponse:
    """The first rows of the inbox when they are not those on the screen."""
    address, form = LocationForm({"location": location_id}), LiveInboxForm(request.GET)
    forms: tuple[Form, ...] = (address, form)
    for checked in forms:
        if not checked.is_valid():
            return pages.bad_input(request, checked)
    account = pages.sub_account(request, location_id, by_page=True)
    wanted = form.cleaned_data | {"after": ""}
    if not HtmxDetails(request):
        return redirect("inbox", location_id)
    version, filters = wanted["v"], inbox.filters(wanted)
    page = upstream.attempt(lambda: live.inbox_news(account, version=version, **filters))
    if page is None or isinstance(page, HighLevelError):
        return _no_news(request, account, wanted, slot="inbox-as-of")
    context = inbox.pane(account, wanted) | inbox.show(page, account, wanted)
    return pages.answer(request, "live_inbox.html", context)


@get_only
def live_thread(request: HttpRequest, location_id: str, conversation_id: str) -> HttpResponse:
    """The newest messages of a thread when they are not those on the screen."""
    names = ("type", "failed", "people", "v", "as_of")
    asked = {name: request.GET.get(name, "") for name in names}
    form = LiveThreadForm(asked | {"location": location_id, "conversation": conversation_id})
    if not form.is_valid():
        return pages.bad_input(request, form)
    account = pages.conversation(request, location_id, conversation_id, by_page=True)
    wanted = form.cleaned_data
    if not HtmxDetails(request):
        return redirect("thread", location_id, conversation_id)
    types, lens = wanted["type"], thread.lens_of(wanted)
    page = upstream.attempt(
        lambda: live.thread_news(
            account, conversation_id, version=wanted["v"], types=types, lens=lens
        )
    )
    if page is None or isinstance(page, HighLevelError):
        return _no_news(request, account, wanted, slot="thread-as-of")
    version = live.thread_version(page.messages)
    context = {
        "account": account,
        "conversation_id": conversation_id,
        "thread": thread.show(page, account, conversation_id, types, lens),
        "poll": thread.poll(location_id, conversation_id, types, lens, version),
        "reaches": _reaches(account, conversation_id, page),
    }
    return pages.answer(request, "live_thread.html", context)


def _reaches(account: SubAccount, conversation_id: str, page: ThreadPage) -> str:
    """The time from which on the page tells of everything; empty when that is from the start."""
    if not page.older:
        return ""
    if page.dropped:
        whole = upstream.attempt(
            lambda: conversations.newest_page(account, conversation_id, newest_for=live.SAFETY)
        )
        page = page if isinstance(whole, HighLevelError) else whole
    first = next((row.date_added for row in page.messages if row.date_added), None)
    return first.isoformat() if first else ""


def _no_news(
    request: HttpRequest, account: SubAccount, wanted: Mapping[str, Any], *, slot: str
) -> HttpResponse:
    """Nothing, or how old the copy is when the screen says otherwise. No failure: all stays."""
    note = alerts.as_of(account)
    if wanted["as_of"] == (note.at.iso if note else ""):
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    response = render(request, "as_of.html", {"as_of": note})
    return reswap(retarget(response, f"#{slot}"), "innerHTML")
