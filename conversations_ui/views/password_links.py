"""Choosing a password by a link: one an administrator has handed over, or one that came by mail."""

from __future__ import annotations

from http import HTTPStatus

from allauth.account import signals
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods

from conversations_ui.accounts import backends, links, mailing, throttling
from conversations_ui.accounts.models import User
from conversations_ui.views.refusals import marked
from conversations_ui.views.sign_in_forms import FirstPasswordForm, ForgottenForm, let_in

KEPT = "password_link"  # in the session: the key, out of the address


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@sensitive_variables("key", "form")
def choose_password(request: HttpRequest) -> HttpResponse:
    """A form for the first or next password of whoever has a link that is good."""
    if "key" in request.GET:
        return _take_key(request, request.GET["key"])
    link = links.opened(request.session.get(KEPT, ""))
    if link is None:
        return _over(request)
    form = FirstPasswordForm(link.person, request.POST or None)
    if not form.is_valid():
        page = render(request, "account/choose_password.html", {"form": form, "link": link})
        return marked(page, form) if form.is_bound else page
    _save(request, form, link.person)
    if request.user.is_authenticated:
        logout(request)  # whoever that was
    request.session.pop(KEPT, None)
    return let_in(request, link.person, None)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask where to send a link; the answer is the same whether anybody has that address."""
    if not mailing.is_configured():
        return render(request, "account/password_reset.html", {"form": None})
    form = ForgottenForm(request.POST or None, request=request)
    if not form.is_valid():
        page = render(request, "account/password_reset.html", {"form": form})
        return marked(page, form) if form.is_bound else page
    _send_link(request, form.cleaned_data["email"])
    return redirect("account_reset_password_done")


@login_not_required
@require_GET
def sent(request: HttpRequest) -> HttpResponse:
    """What happens next, if there is such an address."""
    return render(request, "account/password_reset_done.html")


def _take_key(request: HttpRequest, key: str) -> HttpResponse:
    """Keep a good key in the session, so that no address of a page holds it."""
    try:
        attempt = throttling.attempt(request, throttling.Action.LINK)
    except throttling.Throttled as refusal:
        return _too_many(request, refusal)
    if links.opened(key) is None:
        return _over(request)
    attempt.succeeded()
    request.session[KEPT] = key
    return redirect("choose_password")


def _over(request: HttpRequest) -> HttpResponse:
    context = {
        "title": _("This link does not work any more"),
        "text": _(
            "It has been used, has become too old, or there is a newer one. Ask for another."
        ),
    }
    return render(request, "error.html", context, status=HTTPStatus.GONE)


def _too_many(request: HttpRequest, refusal: throttling.Throttled) -> HttpResponse:
    context = {"title": _("Too many attempts"), "text": " ".join(refusal.messages)}
    response = render(request, "error.html", context, status=HTTPStatus.TOO_MANY_REQUESTS)
    response["Retry-After"] = str(refusal.seconds)
    return response


def _save(request: HttpRequest, form: FirstPasswordForm, person: User) -> None:
    person.password_is_temporary = False
    form.save()
    signals.password_reset.send(type(person), request=request, user=person)


def _send_link(request: HttpRequest, email: str) -> None:
    """Mail a link, if there is one person with that address; the work is the same if not."""
    found = backends.addressed(email)
    known = len(found) == 1 and found[0].has_usable_password()
    person = found[0] if known else User(email=email)
    context = {"person": person, "link": links.address(request, links.reset(person))}
    text = render_to_string("account/password_reset.txt", context)
    message = EmailMessage(_("A new password for Conversations"), text, to=[person.email])
    if known:
        mailing.send(message)
