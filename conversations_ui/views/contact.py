"""Beside the thread: whom it is with, and the names of the staff in it."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from conversations_ui.highlevel.errors import HighLevelError, NotFound
from conversations_ui.services import conversations, people, upstream
from conversations_ui.services.alerts import alert_for
from conversations_ui.services.presentation import contact as presentation
from conversations_ui.views import pages
from conversations_ui.views.errors import get_only
from conversations_ui.views.forms import ConversationForm, PeopleForm
from conversations_ui.views.inbox import pane


@get_only
def contact(request: HttpRequest, location_id: str, conversation_id: str) -> HttpResponse:
    """The contact panel, or a page of it."""
    form = ConversationForm({"location": location_id, "conversation": conversation_id})
    if not form.is_valid():
        return pages.bad_input(request, form)
    account = pages.conversation(request, location_id, conversation_id)
    if not account.access.shows_contact:
        raise Http404
    part = pages.fragment(request, ("contact-body",))
    context: dict[str, Any] = {
        "account": account,
        "base": reverse("thread", args=[location_id, conversation_id]),
        "retry": request.get_full_path(),
    }
    head = upstream.attempt(lambda: conversations.thread_head(account, conversation_id))
    error = head if isinstance(head, HighLevelError) else head.contact_error
    alert = None
    if not isinstance(head, HighLevelError) and (error is None or isinstance(error, NotFound)):
        names = people.ask(account, [presentation.owner(head)])
        context["contact"] = presentation.contact_view(head, account, names)
    elif error is not None:
        alert = alert_for(error, account)
    if not part:
        context |= pane(account)
    return pages.answer(request, "contact.html", context, part=part, alert=alert)


@get_only
def staff(request: HttpRequest, location_id: str, conversation_id: str) -> HttpResponse:
    """The names of the staff whose ids are asked for, put in the ids' places by htmx."""
    form = PeopleForm(
        {
            "location": location_id,
            "conversation": conversation_id,
            "ids": request.GET.get("ids", ""),
        }
    )
    if not form.is_valid():
        return pages.bad_input(request, form)
    account = pages.conversation(request, location_id, conversation_id, by_page=True)
    part = pages.fragment(request, ("names",))
    context: dict[str, Any] = {
        "account": account,
        "base": reverse("thread", args=[location_id, conversation_id]),
        "names": people.ask(account, form.cleaned_data["ids"].split(",")),
    }
    if not part:
        context |= pane(account)
    return pages.answer(request, "staff.html", context, part=part)
