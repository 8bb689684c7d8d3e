"""A person's own page: how they sign in, and where they are signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from allauth.account.decorators import reauthentication_required
from allauth.core.internal.httpkit import authenticated_user
from allauth.usersessions.models import UserSession
from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from conversations_ui.accounts import factors, sessions
from conversations_ui.accounts.models import User


@dataclass(frozen=True, slots=True)
class Session:
    """One place where this person is signed in."""

    key: int
    device: str
    address: str
    begun: datetime
    seen: datetime
    is_this: bool


class EndForm(forms.Form):
    """Which session is to end: one of the list, or `others` for all but this one."""

    session = forms.RegexField(r"\A(?:others|[0-9]{1,18})\Z", max_length=18)


@require_GET
def account(request: HttpRequest) -> HttpResponse:
    """The page that leads to password, second factor and sessions."""
    person = _person(request)
    context = {"has_factor": factors.has(person), "has_password": person.has_usable_password()}
    return render(request, "account/account.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]
def session_list(request: HttpRequest) -> HttpResponse:
    """Where one is signed in, with buttons that end that, one by one or all but this."""
    found = UserSession.objects.purge_and_list(_person(request))
    if request.method != "POST":
        shown = sorted(map(_shown, found), key=lambda session: session.seen, reverse=True)
        return render(request, "usersessions/usersession_list.html", {"sessions": shown})
    form = EndForm(request.POST)
    if not form.is_valid():
        raise Http404
    wanted = form.cleaned_data["session"]
    for session in found:
        if not session.is_current() and wanted in ("others", str(session.pk)):
            session.end()
    return redirect("usersessions_list")


def _person(request: HttpRequest) -> User:
    person: User = authenticated_user(request)
    return person


def _shown(session: UserSession) -> Session:
    browser, system = sessions.device(session.user_agent)
    both = _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return Session(
        key=session.pk,
        device=both if browser and system else browser or system or _("Unknown device"),
        address=session.ip,
        begun=session.created_at,
        seen=session.last_seen_at,
        is_this=session.is_current(),
    )
