"""The administrators' pages of sub-accounts: their tokens, their health, who may read them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.validators import RegexValidator
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import formats, timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from conversations_ui.accounts import connecting
from conversations_ui.accounts.keys import TokenUnreadable
from conversations_ui.accounts.models import (
    Connection,
    SubAccount,
    User,
    is_time_zone,
    validate_location_id,
)
from conversations_ui.admin.authorising import AuthorisingAdmin
from conversations_ui.admin.grants import GrantsOfSubAccount
from conversations_ui.highlevel.errors import HighLevelError
from conversations_ui.highlevel.records import Location
from conversations_ui.services import allowance, health

# What is told of a connection on its page.
CONNECTION = ("state", "stored_token", "connected", "token_expires")
HEALTH = ("last_success", "last_failure", "missing_scopes", "used_today")


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
            "stored, in place of any other connection. Empty keeps the present one."
        ),
    )

    class Meta:
        model = SubAccount
        fields = ("location_id", "token", "name", "time_zone")

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
class SubAccountAdmin(AuthorisingAdmin):
    form = SubAccountForm
    list_display = ("name", "location_id", "state", "used_today", "time_zone", "people")
    list_filter = ("grants__group", "connection", "needs_reconnection", "time_zone", "updated")
    search_fields = ("name", "location_id")
    inlines = (GrantsOfSubAccount,)

    def get_fieldsets(self, request: HttpRequest, obj: SubAccount | None = None) -> Any:
        first = (None, {"fields": ("location_id", "token", "name", "time_zone")})
        if obj is None:
            return (first,)
        return (
            first,
            (gettext_lazy("Connection"), {"fields": CONNECTION}),
            (gettext_lazy("Health"), {"fields": HEALTH}),
            (gettext_lazy("Dates"), {"fields": ("created", "updated")}),
        )

    def get_readonly_fields(
        self, request: HttpRequest, obj: SubAccount | None = None
    ) -> tuple[str, ...]:
        always = (*CONNECTION, *HEALTH, "created", "updated")
        # The stored token is bound to the location id.
        return (*always, "location_id") if obj else always

    def get_queryset(self, request: HttpRequest) -> QuerySet[SubAccount]:
        granted = Q(grants__sub_account=OuterRef("pk"))
        granted |= Q(groups__grants__sub_account=OuterRef("pk"))
        people = User.objects.filter(granted, is_active=True).order_by().values("is_active")
        count = people.annotate(count=Count("pk", distinct=True)).values("count")
        rows: QuerySet[SubAccount] = super().get_queryset(request).select_related("agency")
        return rows.annotate(people=Coalesce(Subquery(count), 0))

    def get_urls(self) -> list[URLPattern]:
        check = self.admin_site.admin_view(self.check_view)
        return [
            path("<int:pk>/check/", check, name="accounts_subaccount_check"),
            *super().get_urls(),
        ]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """No filter tells what a stored token is like, encrypted or not."""
        secret = lookup.startswith("encrypted_")
        return not secret and super().lookup_allowed(lookup, value, request)

    def save_model(
        self, request: HttpRequest, obj: SubAccount, form: SubAccountForm, change: bool
    ) -> None:
        """Leave the tokens alone unless there is a new one: they may be refreshed meanwhile."""
        if change and not form.cleaned_data["token"]:
            obj.save(update_fields=["name", "time_zone", "updated"])
            return
        obj.save()
        health.forget(obj.location_id)

    @method_decorator(require_GET)
    def check_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Try the connection now, and name the exact problem."""
        sub_account = self.asked_for(request, pk)
        context = self.page(request, _("Check of the connection"), sub_account)
        context["check"] = health.check_now(sub_account)
        return TemplateResponse(request, "admin/accounts/subaccount/check.html", context)

    @admin.display(description=gettext_lazy("people"), ordering="people")
    def people(self, sub_account: SubAccount) -> int:
        """How many people have been given it, by name or through a group."""
        return int(sub_account.people)  # type: ignore[attr-defined]

    @admin.display(description=gettext_lazy("connection"), ordering="needs_reconnection")
    def state(self, sub_account: SubAccount) -> str:
        """How it is connected, and whether it still is."""
        if not sub_account.is_connected:
            return _("not connected")
        if sub_account.is_lost:
            return _("reconnect: HighLevel no longer renews the token")
        if health.last(sub_account.location_id).is_failing:
            return _("failing: %(how)s") % {"how": sub_account.get_connection_display()}
        return str(sub_account.get_connection_display())

    @admin.display(description=gettext_lazy("stored token"))
    def stored_token(self, sub_account: SubAccount) -> str:
        """Enough of the token to tell it from another."""
        if not sub_account.encrypted_token:
            return "–"
        try:
            token = sub_account.token
        except TokenUnreadable as error:
            return str(error)
        if sub_account.connection == Connection.APP:
            return _("stored, and renewed by itself")
        return _("ends in …%(end)s") % {"end": token[-4:]} if len(token) >= 16 else _("stored")

    @admin.display(description=gettext_lazy("last success"))
    def last_success(self, sub_account: SubAccount) -> str:
        """When HighLevel last answered as it should."""
        at = health.last(sub_account.location_id).succeeded
        return shown(at) if at else _("none in the last seven days")

    @admin.display(description=gettext_lazy("last error"))
    def last_failure(self, sub_account: SubAccount) -> str:
        """What last went wrong, in words."""
        failure = health.last(sub_account.location_id).failure
        return f"{shown(failure.at)}: {failure.text}" if failure else _("none in seven days")

    @admin.display(description=gettext_lazy("missing scopes"))
    def missing_scopes(self, sub_account: SubAccount) -> str:
        """Which scopes are missing, and what each would bring."""
        missing = health.last(sub_account.location_id).missing
        if not missing:
            return _("none known; “Check now” looks")
        return "; ".join(f"{scope} ({health.enables(scope)})" for scope in missing)

    @admin.display(description=gettext_lazy("used today"))
    def used_today(self, sub_account: SubAccount) -> str:
        """How much of the day's allowance is used, by our count or HighLevel's."""
        use = allowance.used(sub_account.location_id)
        share = use.day / use.day_most if use.day_most else 1
        return _("%(day)s of %(most)s requests (%(share)s)") % {
            "day": formats.number_format(use.day, force_grouping=True),
            "most": formats.number_format(use.day_most, force_grouping=True),
            "share": f"{share:.0%}",
        }


def shown(moment: Any) -> str:
    """Write a moment as the other dates of the administration."""
    return str(formats.date_format(timezone.localtime(moment), "DATETIME_FORMAT"))
