"""Signing in and out, doing so again before something delicate, and one's own password."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from allauth.account import signals
from allauth.account import views as allauth
from allauth.account.internal.stagekit import clear_login
from allauth.account.utils import get_next_redirect_url
from django.conf import settings
from django.contrib.auth import views
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import PasswordChangeForm
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _

from conversations_ui.accounts import mailing
from conversations_ui.views import pages
from conversations_ui.views.refusals import Refusing
from conversations_ui.views.sign_in_forms import OwnPasswordForm, PasswordAgainForm, SignInForm


@method_decorator(login_not_required, name="dispatch")
class SignIn(Refusing, allauth.LoginView):
    """The sign-in page; someone signed in already goes on, half-way in to the second factor."""

    template_name = "login.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Begin anew where somebody does not want to go on half-way in."""
        if "again" in request.GET:
            clear_login(request)
        return super().dispatch(request, *args, **kwargs)

    def get_form_class(self) -> type[SignInForm]:
        return SignInForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), **entrance(self.request)}


def entrance(request: HttpRequest) -> dict[str, Any]:
    """What the sign-in page shows beside its form."""
    return {
        "next": get_next_redirect_url(request) or "",
        "can_reset": mailing.is_configured(),
        "single_sign_on": settings.OIDC_NAME,
    }


class SignInAgain(Refusing, allauth.ReauthenticateView):
    """The password once more, before a change of what protects the account."""

    template_name = "account/again.html"

    def get_form_class(self) -> type[PasswordAgainForm]:
        return PasswordAgainForm

    def _check_ratelimit(self, request: HttpRequest) -> None:
        """The form counts instead."""


class ChangePassword(Refusing, views.PasswordChangeView):
    """One's own password; a temporary one ends here, and every other session of this person."""

    template_name = "password.html"
    form_class = OwnPasswordForm
    success_url = "/"

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        """Saves the new password as one the person chose."""
        form.user.password_is_temporary = False
        response = super().form_valid(form)
        signals.password_changed.send(type(form.user), request=self.request, user=form.user)
        return response


class SignOut(views.LogoutView):
    """Ends the session; a mere link to here does not."""

    def http_method_not_allowed(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Say where the button is."""
        context = {
            "title": _("You are still signed in"),
            "text": _("An address alone signs nobody out. The button for it is below the inbox."),
        }
        response = pages.problem(request, HTTPStatus.METHOD_NOT_ALLOWED, context)
        response["Allow"] = "POST"
        return response


sign_in = SignIn.as_view()
sign_out = SignOut.as_view()
sign_in_again = SignInAgain.as_view()
change_password = ChangePassword.as_view()
