"""The administrators' pages of people."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, AdminUserCreationForm, UsernameField
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from conversations_ui.accounts.models import SubAccount, User


class PersonCreationForm(AdminUserCreationForm):
    """A new person, with a password that is theirs for the first sign-in only."""

    class Meta:
        model = User
        fields = ("username", "password_is_temporary")
        field_classes = {"username": UsernameField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password_is_temporary"].initial = True


class PersonPasswordForm(AdminPasswordChangeForm):
    """A password an administrator has chosen for someone, and therefore knows."""

    def save(self, commit: bool = True) -> User:
        self.user.password_is_temporary = True
        user: User = super().save(commit)
        return user


class GrantedToPerson(admin.TabularInline):
    model = SubAccount.users.through
    autocomplete_fields = ("subaccount",)
    verbose_name = gettext_lazy("sub-account this person may read")
    verbose_name_plural = gettext_lazy("sub-accounts this person may read, beside those of groups")
    extra = 0


@admin.register(User)
class PersonAdmin(UserAdmin):
    add_form = PersonCreationForm
    change_password_form = PersonPasswordForm
    inlines = (GrantedToPerson,)
    list_display = ("username", "first_name", "last_name", "email", "is_staff", "is_active")
    list_filter = ("is_active", "is_staff", "is_superuser", "groups", "sub_accounts")
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": (
                    "username",
                    "usable_password",
                    "password1",
                    "password2",
                    "password_is_temporary",
                ),
            },
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None:
            return fieldsets
        (first, options), *others = fieldsets
        fields = (*options["fields"], "password_is_temporary")
        return ((first, {**options, "fields": fields}), *others)
