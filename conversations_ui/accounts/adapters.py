"""Where django-allauth asks what holds here."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.stagekit import clear_login
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables

from conversations_ui.accounts import backends, factors, throttling
from conversations_ui.accounts.addresses import client_address
from conversations_ui.accounts.models import User

PROVIDER = "sso"  # in the addresses of single sign-on


def is_configured() -> bool:
    """Say whether there is an issuer to sign in with."""
    return bool(settings.OIDC_ISSUER)


class AccountAdapter(DefaultAccountAdapter):
    """Sign-in without sign-up, throttled by account and address together."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "incorrect_password": gettext_lazy("That is not your password. Try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """People are invited."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """As everywhere else."""
        return client_address(request)

    def is_ajax(self, request: HttpRequest) -> bool:
        """Only the passkey's script asks for JSON."""
        match = request.resolver_match
        is_json = request.headers.get("Accept") == "application/json"
        return is_json and match is not None and match.view_name == "mfa_login_webauthn"

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing later: the page that follows shows what has changed."""

    @sensitive_variables("credentials")
    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Find whose name and password these are; raises `throttling.Throttled`."""
        attempt = throttling.attempt(request, throttling.Action.PASSWORD, credentials["username"])
        user = authenticate(
            request, username=credentials["username"], password=credentials["password"]
        )
        if user is not None:
            attempt.succeeded()
        return user

    def respond_user_inactive(self, request: HttpRequest, user: AbstractBaseUser) -> HttpResponse:
        """Refuse as if there were no such person."""
        clear_login(request)
        return redirect("login")

    def send_mail(self, *args: Any, **kwargs: Any) -> None:
        """What is mailed, this product writes itself."""


class SecondFactorAdapter(DefaultMFAAdapter):
    """Second factors with their secrets encrypted, and kept where they are required."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": gettext_lazy(
            "That was not accepted. Check it and try again; a code counts once."
        ),
        "cannot_delete_authenticator": gettext_lazy(
            "You need a second factor here. Add another one before you remove the last."
        ),
    }

    def encrypt(self, text: str) -> str:
        """With the keys of all stored secrets."""
        return factors.sealed(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Raises `factors.SecretUnreadable`."""
        return factors.opened(encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Not the last one of somebody who cannot do without."""
        return not (factors.is_required_of(authenticator.user) and factors.is_last(authenticator))

    def generate_authenticator_name(self, user: AbstractBaseUser, type: str) -> str:
        """What a passkey is called at first."""
        there = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return _("Passkey %(number)s") % {"number": there + 1}

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """What the browser asks people about."""
        return super().get_public_key_credential_rp_entity() | {"name": settings.MFA_TOTP_ISSUER}


class SingleSignOnAdapter(DefaultSocialAccountAdapter):
    """OpenID Connect with the one configured issuer, for people who exist here already."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """The issuer of the settings, if any."""
        if not settings.OIDC_ISSUER or provider not in (None, PROVIDER):
            return []
        app = SocialApp(
            provider="openid_connect",
            provider_id=PROVIDER,
            name=settings.OIDC_NAME,
            client_id=settings.OIDC_CLIENT_ID,
            secret=settings.OIDC_CLIENT_SECRET,
            settings={"server_url": settings.OIDC_ISSUER, "oauth_pkce_enabled": True},
        )
        return [app]

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """People are invited."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Let the known person in whose mail address the issuer has verified; refuse the rest."""
        if sociallogin.state.get("process") != AuthProcess.LOGIN:
            raise ImmediateHttpResponse(failed(request))  # no page of ours asks for another
        # What the issuer tells of a person is not kept, but for who it is there.
        sociallogin.account.extra_data = {}
        if sociallogin.is_existing:
            sociallogin.account.save(update_fields=["extra_data"])
            return
        person = _person_of(sociallogin)
        if person is None:
            raise ImmediateHttpResponse(refused(request))
        sociallogin.connect(request, person)

    def on_authentication_error(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Say so in words."""
        raise ImmediateHttpResponse(failed(request))

    def get_requests_session(self) -> Any:
        """Follow no redirects, and speak in plain text to nobody where the issuer is on https."""
        session = super().get_requests_session()
        session.max_redirects = 0
        if settings.OIDC_ISSUER.startswith("https:"):
            session.adapters.pop("http://")
        return session


def _person_of(sociallogin: SocialLogin) -> User | None:
    """The only active person with an address the issuer vouches for, not linked to another."""
    verified = [
        address.email for address in sociallogin.email_addresses if address.verified is True
    ]
    found = [person for email in verified for person in backends.addressed(email)]
    if len(found) != 1 or SocialAccount.objects.filter(user=found[0]).exists():
        return None
    return found[0]


def refused(request: HttpRequest) -> HttpResponse:
    """The page for somebody the issuer knows and this site does not."""
    context = {
        "title": _("You are not known here yet"),
        "text": _(
            "Nobody with your verified mail address has been added. Ask an administrator to add "
            "you with the address you use there."
        ),
    }
    return render(request, "error.html", context, status=403)


def failed(request: HttpRequest) -> HttpResponse:
    """The page for a sign-on that has not come to an end."""
    context = {
        "title": _("The single sign-on did not work"),
        "text": _("%(name)s has not signed you in. Try again, or sign in with your password.")
        % {"name": settings.OIDC_NAME},
    }
    return render(request, "error.html", context, status=401)
