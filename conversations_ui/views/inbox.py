"""The inbox of a sub-account, and the way to it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from conversations_ui.accounts.models import SubAccount
from conversations_ui.highlevel.errors import HighLevelError
from conversations_ui.services import conversations, live, upstream
from conversations_ui.services.alerts import alert_for
from conversations_ui.services.conversations import InboxPage
from conversations_ui.services.presentation import inbox as presentation
from conversations_ui.views import pages
from conversations_ui.views.errors import get_only
from conversations_ui.views.forms import InboxForm, LocationForm

TEMPLATE = "inbox.html"


@get_only
def home(request: HttpRequest) -> HttpResponse:
    """To the inbox last used, to the only one there is, or to the choice."""
    known = [account.location_id for account in pages.sub_accounts(request)]
    last = request.session.get("location_id", "")
    if last in known:
        return redirect("inbox", last)
    if len(known) == 1:
        return redirect("inbox", known[0])
    return redirect("chooser")


@get_only
def chooser(request: HttpRequest) -> HttpResponse:
    """The sub-accounts this person may see."""
    return render(request, "chooser.html", {"accounts": pages.sub_accounts(request)})


@get_only
def inbox(request: HttpRequest, location_id: str) -> HttpResponse:
    """The inbox: whole, its pane, or only further rows."""
    address, form = LocationForm({"location": location_id}), InboxForm(request.GET)
    checked: tuple[Form, ...] = (address, form)
    for part_checked in checked:
        if not part_checked.is_valid():
            return pages.bad_input(request, part_checked)
    account = pages.sub_account(request, location_id)
    wanted = form.cleaned_data
    part = pages.fragment(request, ("more",) if wanted["after"] else ("inbox",))
    context = pane(account, wanted) | {"retry": request.get_full_path()}
    page = upstream.attempt(
        lambda: conversations.search_inbox(account, **filters(wanted), after=wanted["after"])
    )
    if isinstance(page, HighLevelError):
        alert = alert_for(page, account)
        if part == "inbox" and pages.has_target(request):
            return pages.aside(request, alert, slot="inbox-alerts")
        return pages.answer(request, TEMPLATE, context, part=part, alert=alert)
    context |= show(page, account, wanted)
    response = pages.answer(request, TEMPLATE, context, part=part)
    if part == "inbox":
        address = context["inbox_base"] + _query(wanted, after="")
        response["HX-Push-Url"] = pages.address_if_here(request, address)
    return response


def filters(wanted: dict[str, Any]) -> dict[str, Any]:
    """What the form asks for, as `conversations.search_inbox` takes it."""
    chosen = {name: wanted[name] for name in ("q", "status", "channel", "assigned", "direction")}
    if chosen["status"] == "all":
        chosen["status"] = ""
    return chosen | {"sort": wanted["sort"] or "desc"}


def show(page: InboxPage, account: SubAccount, wanted: dict[str, Any]) -> dict[str, Any]:
    """The page's rows ready to be shown, what leads on, and how they are kept up to date."""
    base = reverse("inbox", args=[account.location_id])
    asked = {name: wanted[name] for name in InboxForm.base_fields if name != "after"}
    version = live.inbox_version(page.conversations)
    return {
        "rows": presentation.row_views(page, account, base=base),
        "total": page.total,
        "gap": page.gap,
        "more": _query(asked, after=page.after) if page.after else "",
        "poll": None
        if wanted["after"]
        else pages.poll("inbox", account.location_id, query=asked, version=version),
    }


def pane(account: SubAccount, wanted: dict[str, Any] | None = None) -> dict[str, Any]:
    """What the inbox pane shows besides its rows; without `wanted` its rows come later."""
    lazy = wanted is None
    wanted = wanted or {}
    status = "" if wanted.get("status") == "all" else wanted.get("status", "")
    base = reverse("inbox", args=[account.location_id])
    return {
        "account": account,
        "lazy": lazy,
        "inbox_base": base,
        "tabs": [
            (label, base + _query(wanted, status=value, after=""), value == status)
            for value, label in InboxForm.STATUS
        ],
        "selects": presentation.selects(
            wanted, InboxForm.DIRECTION, InboxForm.SORT, account.access.withheld
        ),
        "wanted": wanted,
        "filtered": any(value for name, value in wanted.items() if name not in ("after", "sort")),
    }


def _query(wanted: dict[str, Any], **changes: str) -> str:
    pairs = {name: value for name, value in (wanted | changes).items() if value}
    return f"?{urlencode(pairs)}" if pairs else ""
