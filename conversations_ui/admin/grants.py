"""Who may see what: grants, edited where the sub-account, the person or the group is."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations_ui.accounts.access import unattended
from conversations_ui.accounts.models import Grant, validate_assigned_to
from conversations_ui.services import people

MOST = 500  # grants on one page
WHAT = (
    "role",
    "assigned_to",
    "who_that_is",
    ("withhold_comments", "withhold_recordings", "withhold_contact"),
)


class LinesField(forms.CharField):
    """HighLevel user ids, one a line; a list of them."""

    widget = forms.Textarea(attrs={"rows": 3, "cols": 24})

    def prepare_value(self, value: Any) -> Any:
        """The ids under each other; what was typed as it was typed."""
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """Each id once, in their order; spaces and commas part them as well."""
        return list(dict.fromkeys((super().to_python(value) or "").replace(",", " ").split()))

    def validate(self, value: Any) -> None:
        """Name the first line that is no id."""
        super().validate(value)
        for number, one in enumerate(value, 1):
            try:
                validate_assigned_to([one])
            except ValidationError:
                raise ValidationError(
                    _(
                        "“%(id)s” (number %(number)d) is no HighLevel user id: that has 1 to 64 "
                        "letters, digits, hyphens or underscores."
                    ),
                    params={"id": one[:64], "number": number},
                ) from None
        validate_assigned_to(value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether other ids are meant."""
        return bool(self.to_python(self.prepare_value(initial)) != self.to_python(data))


class GrantForm(forms.ModelForm):
    """One grant."""

    assigned_to = LinesField(
        label=gettext_lazy("Only conversations assigned to"),
        required=False,
        max_length=5000,
        help_text=gettext_lazy("HighLevel user ids, one a line. Empty is the whole sub-account."),
    )

    class Meta:
        model = Grant
        fields = (
            "sub_account",
            "user",
            "group",
            "role",
            "assigned_to",
            "withhold_comments",
            "withhold_recordings",
            "withhold_contact",
        )


class GrantInline(admin.StackedInline):
    """Grants on the page of whatever they belong to; only administrators give any."""

    model = Grant
    form = GrantForm
    extra = 0
    max_num = MOST
    readonly_fields = ("who_that_is",)

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Make as many forms as there may be, whatever number a request names."""
        return super().get_formset(request, obj, **kwargs, absolute_max=MOST)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    @admin.display(description=gettext_lazy("who that is"))
    def who_that_is(self, grant: Grant) -> str:
        """The names behind the HighLevel user ids, as far as HighLevel tells."""
        if not grant.pk or not grant.assigned_to:
            return "–"
        names = people.ask(unattended(grant.sub_account), grant.assigned_to)
        return ", ".join(names.get(one, one) for one in grant.assigned_to)


class GrantsOfSubAccount(GrantInline):
    autocomplete_fields = ("user", "group")
    fields = (("user", "group"), *WHAT)
    verbose_name_plural = gettext_lazy("who may read it")


class GrantsOfPerson(GrantInline):
    autocomplete_fields = ("sub_account",)
    fields = ("sub_account", *WHAT)
    verbose_name = gettext_lazy("sub-account this person may read")
    verbose_name_plural = gettext_lazy("sub-accounts this person may read, beside those of groups")


class GrantsOfGroup(GrantInline):
    autocomplete_fields = ("sub_account",)
    fields = ("sub_account", *WHAT)
    verbose_name = gettext_lazy("sub-account everybody in the group may read")
    verbose_name_plural = gettext_lazy("sub-accounts everybody in the group may read")


admin.site.unregister(Group)


@admin.register(Group)
class GrantedGroupAdmin(GroupAdmin):
    """Groups, which give rights to whoever is in them: only administrators change any."""

    inlines = (GrantsOfGroup,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return bool(request.user.is_superuser)
