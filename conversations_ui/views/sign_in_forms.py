"""The forms people sign in with, and look after their sign-in with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.internal.flows.login import perform_password_login, record_authentication
from allauth.account.models import Login
from allauth.core import context
from allauth.mfa.base import forms as codes
from allauth.mfa.totp import forms as app
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from allauth.mfa.webauthn import forms as passkeys
from django import forms
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.core.cache import caches
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from conversations_ui.accounts import factors, throttling
from conversations_ui.accounts.adapters import AccountAdapter, SecondFactorAdapter
from conversations_ui.accounts.models import User

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

LONGEST = 256  # characters of a password
CODE_KEPT = 150  # seconds for which a code of an app could be used again, were it not remembered


class Styled(forms.Form):
    """Inputs in the product's look."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["class"] = "input"
            field.widget.attrs.pop("placeholder", None)


def password_field(label: StrOrPromise, autocomplete: str) -> forms.CharField:
    """Make a field for a password, which is taken as it is typed or pasted."""
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, strip=False, max_length=LONGEST, widget=widget)


def shorter(form: forms.BaseForm, *names: str) -> None:
    """Bound what may be typed, since hashing takes longer the longer it is."""
    for name in names:
        form.fields[name].validators.append(MaxLengthValidator(LONGEST))


class SignInForm(Styled):
    """Name and password; every refusal reads the same."""

    username = forms.CharField(
        label=_("Username or email"),
        max_length=254,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "autofocus": True}
        ),
    )
    password = password_field(_("Password"), "current-password")

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        self.request = request
        super().__init__(*args, **kwargs)

    @sensitive_variables()
    def clean(self) -> dict[str, Any]:
        """Find whose they are."""
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        adapter = AccountAdapter(self.request)
        user = adapter.authenticate(
            self.request, username=cleaned["username"], password=cleaned["password"]
        )
        if user is None:
            raise ValidationError(
                _("That name and password don’t match. Check both and try again."), "invalid_login"
            )
        self.user = user
        return cleaned

    def login(self, request: HttpRequest, redirect_url: str | None = None) -> HttpResponse:
        """Sign in, or go on to the second factor."""
        return let_in(request, self.user, redirect_url)


def let_in(request: HttpRequest, user: User, redirect_url: str | None) -> HttpResponse:
    """Sign in somebody whose password has just been given; a second factor comes next."""
    # Whoever has just signed in need not do so again to look after the sign-in.
    record_authentication(request, user, method="password", reauthenticated=True)
    login = Login(user=user, redirect_url=redirect_url)
    response: HttpResponse = perform_password_login(request, {}, login)
    return response


class PasswordAgainForm(Styled):
    """The password, before something is changed that it protects."""

    password = password_field(_("Password"), "current-password")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    @sensitive_variables()
    def clean_password(self) -> str:
        """Refuse any password but this person's."""
        password: str = self.cleaned_data["password"]
        adapter = AccountAdapter(context.request)
        name = self.user.get_username()
        if adapter.authenticate(context.request, username=name, password=password) != self.user:
            raise adapter.validation_error("incorrect_password")
        return password


class OwnPasswordForm(Styled, PasswordChangeForm):
    """The old password and the new one twice."""

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        self.request = request
        super().__init__(*args, **kwargs)
        shorter(self, "old_password", "new_password1", "new_password2")

    @sensitive_variables()
    def clean_old_password(self) -> str:
        """Refuse a wrong one, and too many of them."""
        name = self.user.get_username()
        attempt = throttling.attempt(self.request, throttling.Action.PASSWORD, name)
        old: str = super().clean_old_password()
        attempt.succeeded()
        return old

    def clean(self) -> dict[str, Any]:
        """Refuse the old password as the new one."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("new_password2") and cleaned["new_password2"] == cleaned.get("old_password"):
            self.add_error("new_password2", _("This is the password you have. Choose another."))
        return cleaned


class FirstPasswordForm(Styled, SetPasswordForm):
    """A password of one's own, twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shorter(self, "new_password1", "new_password2")


class ForgottenForm(Styled):
    """Where the link to a new password is to go."""

    email = forms.EmailField(
        label=_("Email"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        self.request = request
        super().__init__(*args, **kwargs)

    def clean_email(self) -> str:
        """Refuse too many of them, whether anybody has the address or not."""
        email: str = self.cleaned_data["email"]
        throttling.attempt(self.request, throttling.Action.RESET, email)
        return email


class Throttled(Styled):
    """A code of an app or a recovery code: few guesses, and none twice."""

    user: User

    def clean_code(self) -> str:
        """Refuse a wrong code, a used one, and too many of them."""
        attempt = throttling.attempt(context.request, throttling.Action.CODE, str(self.user.pk))
        code: str = super().clean_code()  # type: ignore[misc]  # of the form this is mixed into
        digits = "".join(filter(str.isalnum, code))
        # allauth remembers for one step of the clock; a code is good for three.
        used = f"attempts:used-code:{self.user.pk}:{digits}"
        if not caches["attempts"].add(used, True, CODE_KEPT):
            raise SecondFactorAdapter().validation_error("incorrect_code")
        attempt.succeeded()
        return code


def code_field() -> forms.CharField:
    """Make a field for a code."""
    attrs = {"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
    return forms.CharField(label=_("Code"), max_length=40, widget=forms.TextInput(attrs=attrs))


class CodeForm(Throttled, codes.AuthenticateForm):
    """The second step of signing in."""

    code = code_field()


class CodeAgainForm(Throttled, codes.ReauthenticateForm):
    """A code, before something is changed that it protects."""

    code = code_field()


class NewAppForm(Throttled, app.ActivateTOTPForm):
    """The first code of a new authenticator app, whose secret waits encrypted in the session."""

    code = code_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        session = context.request.session
        if waiting := session.get(SECRET_SESSION_KEY):
            session[SECRET_SESSION_KEY] = factors.opened(waiting)
        super().__init__(*args, **kwargs)
        session[SECRET_SESSION_KEY] = factors.sealed(self.secret)


class CredentialField(forms.JSONField):
    """A browser's answer; one that cannot be read is none."""

    def __init__(self) -> None:
        super().__init__(widget=forms.HiddenInput)

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except (RecursionError, ValueError):  # and a number of too many digits
            raise SecondFactorAdapter().validation_error("incorrect_code") from None

    def bound_data(self, data: Any, initial: Any) -> Any:
        return None  # an answer counts once, so it does not come back with the form

    def prepare_value(self, value: Any) -> str:
        return ""


class CredentialForm(Styled):
    """What a browser answers for a passkey."""

    credential = CredentialField()

    def clean_credential(self) -> Any:
        """Refuse what is not even of the right shape."""
        refusal = SecondFactorAdapter().validation_error("incorrect_code")
        if not isinstance(self.cleaned_data["credential"], dict):
            raise refusal
        try:
            return super().clean_credential()  # type: ignore[misc]  # as above
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise refusal from error


class PasskeyForm(CredentialForm, passkeys.AuthenticateWebAuthnForm):
    """A passkey as the second step of signing in."""


class PasskeyAgainForm(CredentialForm, passkeys.ReauthenticateWebAuthnForm):
    """A passkey, before something is changed that it protects."""


class PasskeyAloneForm(CredentialForm, passkeys.LoginWebAuthnForm):
    """A passkey instead of name and password."""

    def clean_credential(self) -> Any:
        """Refuse too many from one address."""
        attempt = throttling.attempt(context.request, throttling.Action.PASSKEY)
        credential = super().clean_credential()
        attempt.succeeded()
        return credential


def name_field() -> forms.CharField:
    """Make a field for what a passkey is called."""
    return forms.CharField(label=_("Name"), max_length=60)


class NewPasskeyForm(Styled, passkeys.AddWebAuthnForm):
    """A new passkey, which always is one that signs in alone."""

    name = name_field()
    credential = CredentialField()
    passwordless = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def clean_passwordless(self) -> bool:
        """Always: it asks for a finger, a face or a PIN."""
        return True

    def clean(self) -> dict[str, Any]:
        """Refuse what is not even of the right shape."""
        refusal = SecondFactorAdapter().validation_error("incorrect_code")
        credential = self.cleaned_data.get("credential")
        if credential is not None and not isinstance(credential, dict):
            raise refusal
        try:
            cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise refusal from error
        return cleaned


class PasskeyNameForm(Styled, passkeys.EditWebAuthnForm):
    """What a passkey is called."""

    name = name_field()
