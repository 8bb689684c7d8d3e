"""The administrators' pages of people."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, UserChangeForm, UsernameField
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from conversations_ui.accounts import backends, factors, links, sessions
from conversations_ui.accounts.models import User
from conversations_ui.admin.grants import GrantsOfPerson

OWN = ("is_active", "is_staff", "is_superuser")
RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")  # that let somebody see or do

# Secrets, and rows that only make sense with the person they belong to.
for model in (Authenticator, EmailAddress, SocialAccount, SocialApp, SocialToken, UserSession):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


class OneNameEach(forms.ModelForm):
    """Refuses a name or a mail address that somebody else signs in with."""

    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"]
        if "username" in self.changed_data and self._is_taken(username):
            raise ValidationError(_("Somebody else signs in with this name."))
        return username

    def clean_email(self) -> str:
        email: str = self.cleaned_data.get("email", "")
        if email and self._is_taken(email):
            raise ValidationError(_("Somebody else has this address, and people sign in with it."))
        return email

    def _is_taken(self, name: str) -> bool:
        return any(person.pk != self.instance.pk for person in backends.so_called(name))


class PersonCreationForm(OneNameEach):
    """A new person, who chooses a password by the link that the next page shows."""

    class Meta:
        model = User
        fields = ("username", "email", "first_name", "last_name", "is_staff", "is_superuser")
        field_classes = {"username": UsernameField}

    def save(self, commit: bool = True) -> User:
        self.instance.set_unusable_password()
        person: User = super().save(commit)
        return person


class PersonChangeForm(OneNameEach, UserChangeForm):
    """A person who is there."""


class PersonPasswordForm(AdminPasswordChangeForm):
    """A password an administrator has chosen for someone, and therefore knows."""

    def save(self, commit: bool = True) -> User:
        self.user.password_is_temporary = self.cleaned_data["set_usable_password"]
        user: User = super().save(commit)
        return user


def end_sessions(person: User) -> str:
    """Sign somebody out everywhere; give back what to say about it."""
    sessions.end_all(person)
    return _("%(name)s is signed out everywhere.") % {"name": person}


def forget_factors(person: User) -> str:
    """Let somebody set up anew what is lost; as above."""
    factors.forget(person)
    SocialAccount.objects.filter(user=person).delete()
    sessions.end_all(person)
    return _("%(name)s has no second factor any more and is signed out everywhere.") % {
        "name": person
    }


@dataclass(frozen=True, slots=True)
class Deed:
    """What an administrator does to how somebody signs in, after a question."""

    title: Any
    question: Any
    button: Any
    log: str
    do: Callable[[User], str] | None  # None for the one that shows a link


DEEDS = {
    "invite": Deed(
        gettext_lazy("A new link?"),
        gettext_lazy(
            "The present password and any older link end at once, and so do the sessions. The "
            "new link is shown once and is good for 72 hours."
        ),
        gettext_lazy("Make a link"),
        "Invited.",
        None,
    ),
    "end_sessions": Deed(
        gettext_lazy("Sign out everywhere?"),
        gettext_lazy("All sessions of this person end. Signing in again is possible at once."),
        gettext_lazy("Sign out everywhere"),
        "Signed out everywhere.",
        end_sessions,
    ),
    "forget_factors": Deed(
        gettext_lazy("Remove the second factor?"),
        gettext_lazy(
            "Authenticator app, passkeys and recovery codes are removed, and so is the tie to "
            "single sign-on. Make sure that it is this person who asks."
        ),
        gettext_lazy("Remove"),
        "Second factor removed.",
        forget_factors,
    ),
}


@admin.register(User)
class PersonAdmin(UserAdmin):
    add_form = PersonCreationForm
    form = PersonChangeForm
    add_form_template = None
    change_form_template = "admin/accounts/user/change_form.html"
    change_password_form = PersonPasswordForm
    inlines = (GrantsOfPerson,)
    list_display = ("username", "first_name", "last_name", "email", "is_staff", "is_active")
    list_filter = ("is_active", "is_staff", "is_superuser", "groups", "grants__sub_account")
    add_fieldsets = ((None, {"classes": ("wide",), "fields": PersonCreationForm.Meta.fields}),)

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None:
            return fieldsets
        (first, options), *others = fieldsets
        fields = (*options["fields"], "password_is_temporary")
        return ((first, {**options, "fields": fields}), *others)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Only an administrator gives rights, and nobody takes away their own by mistake."""
        fields = (*super().get_readonly_fields(request, obj), *(OWN if obj == request.user else ()))
        if request.user.is_superuser:
            return fields
        return tuple(dict.fromkeys((*fields, *RIGHTS)))

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Nobody removes themselves, so that an administrator is always left."""
        may_touch = obj != request.user and _may_touch(request, obj)
        return super().has_delete_permission(request, obj) and may_touch

    def user_change_password(
        self, request: HttpRequest, id: str, form_url: str = ""
    ) -> HttpResponse:
        """One's own is changed where the present one is asked for."""
        if id == str(request.user.pk):
            return redirect("password_change")
        response: HttpResponse = super().user_change_password(request, id, form_url)
        return response

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(self.deed_view),
                {"name": name},
                name=f"accounts_user_{name}",
            )
            for name in DEEDS
        ]
        return [*own, *super().get_urls()]

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def deed_view(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """Ask once more, then do it."""
        person, deed = self._asked_for(request, pk), DEEDS[name]
        if person == request.user:
            # Theirs is asked for again first, and the session that would show the answer stays.
            return redirect("account")
        if request.method != "POST":
            context = self._context(request, deed.title, person) | {"deed": deed}
            return TemplateResponse(request, "admin/accounts/user/deed.html", context)
        if deed.do is None and not person.is_active:
            self.message_user(
                request, _("Nobody inactive can come in: activate them first."), messages.ERROR
            )
            return redirect("admin:accounts_user_change", person.pk)
        self.log_change(request, person, deed.log)
        if deed.do is None:
            return self._invitation(request, person)
        self.message_user(request, deed.do(person), messages.SUCCESS)
        return redirect("admin:accounts_user_change", person.pk)

    def response_add(
        self, request: HttpRequest, obj: User, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the link with which the new person comes in."""
        if "_popup" in request.POST:
            return super().response_add(request, obj, post_url_continue)
        return self._invitation(request, obj)

    def _invitation(self, request: HttpRequest, person: User) -> HttpResponse:
        sessions.end_all(person)
        context = self._context(request, _("The link for %(name)s") % {"name": person}, person)
        context["link"] = links.address(request, links.invitation(person))
        return TemplateResponse(request, "admin/accounts/user/invitation.html", context)

    def _context(self, request: HttpRequest, title: str, person: User) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "original": person,
        }

    def _asked_for(self, request: HttpRequest, pk: int) -> User:
        person: User | None = self.get_object(request, str(pk))
        if not self.has_change_permission(request, person):
            raise PermissionDenied
        if person is None:
            raise Http404
        return person


def _may_touch(request: HttpRequest, person: User | None) -> bool:
    """Whoever may reset somebody with rights in the administration could become them."""
    if person is None or request.user.is_superuser or person == request.user:
        return True
    return not (person.is_superuser or person.is_staff)
