"""The second factor: entering it, setting it up, taking it away."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from allauth.account.utils import get_next_redirect_url
from allauth.mfa.base import views as base
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as app
from allauth.mfa.webauthn import views as passkeys
from allauth.mfa.webauthn.internal import auth
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse_lazy

from conversations_ui.accounts import factors
from conversations_ui.views.refusals import Refusing, marked
from conversations_ui.views.sign_in_forms import SignInForm
from conversations_ui.views.signing_in import entrance


class WithOptions:
    """What the passkey's script needs, as text for an attribute: the pages hold no script."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        asked = context.get("js_data")
        return {**context, "options": as_json(asked)} if asked else context


def as_json(asked: Mapping[str, Any]) -> str:
    """Write what a browser is asked for, whichever ceremony it is for."""
    (options,) = asked.values()
    return json.dumps(options)


class Enter(WithOptions, base.AuthenticateView):
    """The second step of signing in."""

    template_name = "mfa/authenticate.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        person = self.stage.login.user
        passkeys_of = Authenticator.objects.filter(user=person, type=Authenticator.Type.WEBAUTHN)
        return {**super().get_context_data(**kwargs), "has_passkey": passkeys_of.exists()}

    def form_invalid(self, form: BaseForm) -> HttpResponse:
        """Both forms once more, with what is wrong."""
        return marked(super().form_invalid(form), form)


class EnterAgain(Refusing, base.ReauthenticateView):
    """A code, before a change of what protects the account."""

    template_name = "account/again.html"

    def _check_ratelimit(self, request: HttpRequest) -> None:
        """The form counts instead."""


class Overview(base.IndexView):
    """Which factors somebody has, or may or must choose from."""

    template_name = "mfa/index.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        person = self.request.user
        missing = factors.is_required_of(person) and not context["is_mfa_enabled"]
        return {**context, "is_missing": missing}


class AddApp(Refusing, app.ActivateTOTPView):
    """An authenticator app: its picture, its secret, and the first code."""

    template_name = "mfa/totp/activate_form.html"


class RemoveApp(Refusing, app.DeactivateTOTPView):
    """Asks once more."""

    template_name = "mfa/remove.html"


class NewCodes(Refusing, recovery_codes.GenerateRecoveryCodesView):
    """Asks once more, since the codes there are end."""

    template_name = "mfa/recovery_codes/generate.html"


class Codes(recovery_codes.ViewRecoveryCodesView):
    """The recovery codes, once."""

    template_name = "mfa/recovery_codes/index.html"


class AddPasskey(Refusing, passkeys.AddWebAuthnView):
    """A new passkey."""

    template_name = "mfa/webauthn/add_form.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        # Over allauth's, which asks for keys that need a name and a password beside them.
        context = super(passkeys.AddWebAuthnView, self).get_context_data(**kwargs)
        return {**context, "options": json.dumps(auth.begin_registration(self.request.user, True))}


class RenamePasskey(Refusing, passkeys.EditWebAuthnView):
    """Another name for a passkey."""

    template_name = "mfa/webauthn/edit_form.html"
    success_url = reverse_lazy("mfa_index")


class RemovePasskey(passkeys.RemoveWebAuthnView):
    """Asks once more."""

    template_name = "mfa/remove.html"
    success_url = reverse_lazy("mfa_index")

    def form_valid(self, form: BaseForm) -> HttpResponse:
        """Remove it, unless this person could not go on without."""
        if not may_go(self.get_object()):
            return self.render_to_response(self.get_context_data(form=form), status=422)
        response: HttpResponse = super().form_valid(form)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return {**context, "is_kept": not may_go(self.object)}


def may_go(authenticator: Authenticator) -> bool:
    """Say whether a factor may be removed."""
    return not (factors.is_required_of(authenticator.user) and factors.is_last(authenticator))


class PasskeyAgain(WithOptions, Refusing, passkeys.ReauthenticateWebAuthnView):
    """A passkey, before a change of what protects the account."""

    template_name = "account/passkey_again.html"

    def _check_ratelimit(self, request: HttpRequest) -> None:
        """There is nothing to guess."""

    def form_invalid(self, form: BaseForm) -> HttpResponse:
        """The page once more; allauth would leave for the sign-in."""
        return marked(self.render_to_response(self.get_context_data(form=form)), form)


class PasskeyAlone(passkeys.LoginWebAuthnView):
    """A passkey instead of name and password, sent from the sign-in page."""

    def form_invalid(self, form: BaseForm) -> HttpResponse:
        """The sign-in page, with what is wrong."""
        context = {"form": SignInForm(request=self.request), "refused": form.errors}
        page = render(self.request, "login.html", entrance(self.request) | context)
        return marked(page, form)

    def form_valid(self, form: BaseForm) -> HttpResponse:
        """Sign in, and go on to where somebody was going."""
        authenticator = form.cleaned_data["credential"]
        login = passkeys.Login(
            user=authenticator.user, redirect_url=get_next_redirect_url(self.request)
        )
        response: HttpResponse = passkeys.flows.perform_passwordless_login(
            self.request, authenticator, login
        )
        return response


enter = Enter.as_view()
enter_again = EnterAgain.as_view()
overview = Overview.as_view()
add_app = AddApp.as_view()
remove_app = RemoveApp.as_view()
new_codes = NewCodes.as_view()
codes = Codes.as_view()
add_passkey = AddPasskey.as_view()
rename_passkey = RenamePasskey.as_view()
remove_passkey = RemovePasskey.as_view()
passkey_again = PasskeyAgain.as_view()
passkey_alone = PasskeyAlone.as_view()
