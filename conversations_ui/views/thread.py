"""The thread: newest messages, older ones, filtered, or opened at one message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from conversations_ui.accounts.models import SubAccount
from conversations_ui.highlevel.errors import HighLevelError, NotFound
from conversations_ui.services import (
    conversations,
    lenses,
    live,
    media,
    people,
    recordings,
    upstream,
)
from conversations_ui.services.alerts import alert_for
from conversations_ui.services.conversations import ThreadHead, ThreadPage
from conversations_ui.services.presentation import threads
from conversations_ui.services.presentation.threads import ThreadView
from conversations_ui.views import pages
from conversations_ui.views.errors import get_only
from conversations_ui.views.forms import ThreadForm
from conversations_ui.views.inbox import pane

TEMPLATE = "thread.html"


@get_only
def thread(
    request: HttpRequest, location_id: str, conversation_id: str, message_id: str = ""
) -> HttpResponse:
    """A page of the thread: whole, its frame, its messages, or only older ones."""
    form = ThreadForm(
        {
            "location": location_id,
            "conversation": conversation_id,
            "message": message_id,
            "type": request.GET.get("type", ""),
            "failed": request.GET.get("failed", ""),
            "people": request.GET.get("people", ""),
            "before": request.GET.get("before", ""),
        }
    )
    if not form.is_valid():
        return pages.bad_input(request, form)
    account = pages.conversation(request, location_id, conversation_id)
    wanted = form.cleaned_data
    part = pages.fragment(request, ("older",) if wanted["before"] else ("thread", "messages"))
    page, head = _ask(account, wanted, with_head=part in ("", "thread"))
    base = reverse("thread", args=[location_id, conversation_id])
    context: dict[str, Any] = {
        "account": account,
        "conversation_id": conversation_id,
        "base": base,
        "inbox_base": reverse("inbox", args=[location_id]),
        "retry": request.get_full_path(),
        "query": wanted,
        "in_highlevel": threads.in_highlevel(account, conversation_id),
    }
    if isinstance(page, HighLevelError):
        alert = alert_for(page, account)
        if part == "messages":
            return pages.aside(request, alert, slot="thread-alerts")
        view = None
    else:
        alert = None
        # A permalink shows all there is.
        types, lens = ((), lenses.ALL) if message_id else (wanted["type"], lens_of(wanted))
        view = show(page, account, conversation_id, types, lens, current=message_id)
        conversations.look_ahead(account, conversation_id, page, wanted["type"])
        if not page.newer_missing and not wanted["before"]:
            # What HighLevel sifts is not what is sifted here: then the first poll brings all.
            version = "" if types or lens else live.thread_version(page.messages)
            context["poll"] = poll(location_id, conversation_id, types, lens, version)
    if part in ("", "thread"):
        context["head"] = threads.head_view(head, account.access.withheld)
    if not part:
        context |= pane(account)
    context["thread"] = view
    response = pages.answer(request, TEMPLATE, context, part=part, alert=alert)
    return pages.in_spite(response) if isinstance(head, ThreadHead) else response


def show(
    page: ThreadPage,
    account: SubAccount,
    conversation_id: str,
    types: Sequence[str],
    lens: lenses.Lens,
    *,
    current: str = "",
) -> ThreadView:
    """The page ready to be shown; what its files and recordings need is remembered."""
    recordings.remember(account, conversation_id, page.messages)
    media.remember(account, conversation_id, page.messages)
    staff = people.known(account, (message.user_id for message in page.messages))
    base = reverse("thread", args=[account.location_id, conversation_id])
    return threads.thread_view(
        page,
        account,
        base=base,
        types=types,
        lens=lens,
        current=current,
        staff=staff,
        withheld=account.access.withheld,
    )


def poll(
    location_id: str,
    conversation_id: str,
    types: Sequence[str],
    lens: lenses.Lens,
    version: str,
) -> pages.Poll | None:
    """How a thread that is sifted like this is kept up to date."""
    query = {
        "type": ",".join(types),
        "failed": "1" if lens.failed else "",
        "people": "1" if lens.people else "",
    }
    return pages.poll("thread", location_id, conversation_id, query=query, version=version)


def lens_of(wanted: dict[str, Any]) -> lenses.Lens:
    """The lens a form asks for."""
    return lenses.Lens(failed=wanted["failed"], people=wanted["people"])


def _ask(
    account: SubAccount, wanted: dict[str, Any], *, with_head: bool
) -> tuple[ThreadPage | HighLevelError, ThreadHead | HighLevelError | None]:
    """The page and, where it is shown, whom it is with: asked side by side."""
    conversation_id = wanted["conversation"]

    def page() -> ThreadPage:
        if wanted["message"]:
            return conversations.thread_page_at(account, conversation_id, wanted["message"])
        return conversations.thread_page(
            account,
            conversation_id,
            types=wanted["type"],
            before=wanted["before"],
            lens=lens_of(wanted),
        )

    if not with_head:
        return upstream.attempt(page), None
    found, head = upstream.together(
        page, lambda: conversations.thread_head(account, conversation_id)
    )
    if isinstance(head, NotFound) and isinstance(found, ThreadPage) and not found.messages:
        found = head
    if isinstance(found, HighLevelError) and isinstance(head, HighLevelError):
        return found, None  # one alert is enough
    return found, head
