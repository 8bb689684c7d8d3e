"""The thread: newest messages, older ones, filtered, or opened at one message."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from conversations_ui.accounts.models import SubAccount
from conversations_ui.highlevel.errors import HighLevelError, NotFound
from conversations_ui.services import conversations, lenses, media, people, recordings, upstream
from conversations_ui.services.alerts import alert_for
from conversations_ui.services.conversations import ThreadHead, ThreadPage
from conversations_ui.services.presentation import threads
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
    account = pages.sub_account(request, location_id)
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
    if isinstance(page, ThreadPage):
        recordings.remember(account, conversation_id, page.messages)
        media.remember(account, conversation_id, page.messages)
    if isinstance(page, HighLevelError):
        alert = alert_for(page, account)
        if part == "messages":
            return pages.aside(request, alert, slot="thread-alerts")
        view = None
    else:
        alert = None
        # A permalink shows all there is.
        types, lens = ((), lenses.ALL) if message_id else (wanted["type"], _lens(wanted))
        staff = people.known(account, (message.user_id for message in page.messages))
        view = threads.thread_view(
            page, account, base=base, types=types, lens=lens, current=message_id, staff=staff
        )
    if part in ("", "thread"):
        context["head"] = threads.head_view(head)
    if not part:
        context |= pane(account)
    return pages.answer(request, TEMPLATE, context | {"thread": view}, part=part, alert=alert)


def _lens(wanted: dict[str, Any]) -> lenses.Lens:
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
            lens=_lens(wanted),
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
