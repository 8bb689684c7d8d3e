"""Signing in and out, and one's own password."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib.auth import views
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _

from conversations_ui.views import pages


class _Styled(BaseForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["class"] = "input"


class SignInForm(_Styled, AuthenticationForm):
    """Name and password; every refusal reads the same."""

    error_messages = {
        "invalid_login": _("That name and password don’t match. Check both and try again."),
        "inactive": _("That name and password don’t match. Check both and try again."),
    }


@method_decorator(login_not_required, name="dispatch")
class SignIn(views.LoginView):
    """The sign-in page; someone signed in already goes on."""

    template_name = "login.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """The form once more, with what is wrong, as 422."""
        return self.render_to_response(self.get_context_data(form=form), status=422)


class OwnPasswordForm(_Styled, PasswordChangeForm):
    """The old password and the new one twice."""

    def clean(self) -> dict[str, Any]:
        """Refuses the old password as the new one."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("new_password2") and cleaned["new_password2"] == cleaned.get("old_password"):
            self.add_error("new_password2", _("This is the password you have. Choose another."))
        return cleaned


class ChangePassword(views.PasswordChangeView):
    """One's own password; a temporary one ends here."""

    template_name = "password.html"
    form_class = OwnPasswordForm
    success_url = "/"

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        """Saves the new password as one the person chose."""
        form.user.password_is_temporary = False
        return super().form_valid(form)

    def form_invalid(self, form: PasswordChangeForm) -> HttpResponse:
        """The form once more, with what is wrong, as 422."""
        return self.render_to_response(self.get_context_data(form=form), status=422)


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
change_password = ChangePassword.as_view()
