"""The administrators' pages: people, groups, connected sub-accounts."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, AdminUserCreationForm, UsernameField
from django.core.validators import RegexValidator
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations_ui.accounts import connecting
from conversations_ui.accounts.keys import TokenUnreadable
from conversations_ui.accounts.models import (
    SubAccount,
    User,
    is_time_zone,
    validate_location_id,
)
from conversations_ui.highlevel.errors import HighLevelError
from conversations_ui.highlevel.records import Location


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


class SubAccountForm(forms.ModelForm):
    """A sub-account; its token goes in and never comes out again."""

    token = forms.CharField(
        label=gettext_lazy("Token"),
        required=False,
        max_length=4096,
        validators=[RegexValidator(r"\A[!-~]+\Z", gettext_lazy("A token is one word."))],
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "class": "vTextField"}),
        help_text=gettext_lazy(
            "A private integration token of the sub-account. It is tried on HighLevel before it is "
            "stored. Empty keeps the stored one."
        ),
    )

    class Meta:
        model = SubAccount
        fields = ("location_id", "token", "name", "time_zone", "users", "groups")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("name", "time_zone"):
            self.fields[name].required = False
            self.fields[name].help_text = _("Empty takes HighLevel’s when a token is entered.")
        if self.instance.pk is None:
            self.fields["token"].required = True
            self.initial["time_zone"] = ""

    def clean_location_id(self) -> str:
        """Check the form of the id before it is sent anywhere."""
        location_id: str = self.cleaned_data["location_id"]
        validate_location_id(location_id)
        return location_id

    def clean(self) -> dict[str, Any]:
        """Try a new token on HighLevel, and fill what was left empty from its answer."""
        data = self.cleaned_data
        told = Location.from_api({})
        if data.get("token") and not self.errors:
            try:
                told = connecting.check_token(self._location_id, data["token"])
            except HighLevelError as error:
                self.add_error("token", connecting.refusal(error))
        self._fill("name", told.name[:200], self._location_id)
        self._fill("time_zone", told.time_zone if is_time_zone(told.time_zone) else "", "UTC")
        return data

    def save(self, commit: bool = True) -> SubAccount:
        """Store the token encrypted, if there is a new one."""
        if token := self.cleaned_data["token"]:
            self.instance.set_token(token)
        sub_account: SubAccount = super().save(commit)
        return sub_account

    @property
    def _location_id(self) -> str:
        # An existing row's id is shown, and no field of the form.
        return str(self.cleaned_data.get("location_id") or self.instance.location_id)

    def _fill(self, name: str, told: str, otherwise: str) -> None:
        if name not in self.errors and not self.cleaned_data.get(name):
            self.cleaned_data[name] = told or getattr(self.instance, name) or otherwise


@admin.register(SubAccount)
class SubAccountAdmin(admin.ModelAdmin):
    form = SubAccountForm
    list_display = ("name", "location_id", "time_zone", "people", "updated")
    list_filter = ("groups", "time_zone", "updated")
    search_fields = ("name", "location_id")
    autocomplete_fields = ("users", "groups")
    fieldsets = (
        (None, {"fields": ("location_id", "token", "stored_token", "name", "time_zone")}),
        (gettext_lazy("Who may read it"), {"fields": ("users", "groups")}),
        (gettext_lazy("Dates"), {"fields": ("created", "updated")}),
    )

    def get_readonly_fields(
        self, request: HttpRequest, obj: SubAccount | None = None
    ) -> tuple[str, ...]:
        always = ("stored_token", "created", "updated")
        # The stored token is bound to the location id.
        return (*always, "location_id") if obj else always

    def get_queryset(self, request: HttpRequest) -> QuerySet[SubAccount]:
        granted = Q(sub_accounts=OuterRef("pk")) | Q(groups__sub_accounts=OuterRef("pk"))
        people = User.objects.filter(granted, is_active=True).order_by().values("is_active")
        count = people.annotate(count=Count("pk", distinct=True)).values("count")
        rows: QuerySet[SubAccount] = super().get_queryset(request)
        return rows.annotate(people=Coalesce(Subquery(count), 0))

    @admin.display(description=gettext_lazy("people"), ordering="people")
    def people(self, sub_account: SubAccount) -> int:
        """How many people have been given it, by name or through a group."""
        return int(sub_account.people)  # type: ignore[attr-defined]

    @admin.display(description=gettext_lazy("stored token"))
    def stored_token(self, sub_account: SubAccount) -> str:
        """Enough of the token to tell it from another."""
        if not sub_account.encrypted_token:
            return "–"
        try:
            token = sub_account.token
        except TokenUnreadable as error:
            return str(error)
        return _("ends in …%(end)s") % {"end": token[-4:]} if len(token) >= 16 else _("stored")
