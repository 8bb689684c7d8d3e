"""What the read routes take, checked."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from conversations_ui.highlevel import message_types

ID_MAX = 64
Q_MAX = 200
is_id = RegexValidator(
    rf"\A[A-Za-z0-9_-]{{1,{ID_MAX}}}\Z",
    _("An id has 1 to 64 letters, digits, hyphens or underscores."),
)
is_cursor = RegexValidator(
    rf"\A[0-9]{{1,15}}(\.[A-Za-z0-9_-]{{1,{ID_MAX}}}){{0,100}}\Z",
    _("This is not an address our inbox made. Start again from its top."),
)


class TypesField(forms.CharField):
    """`TYPE_SMS,TYPE_CALL`: values of the API's filter, or names of types it cannot filter by."""

    def to_python(self, value: Any) -> Any:
        """The types as a tuple, each once, in their canonical names."""
        given = super().to_python(value) or ""
        self.run_validators(given)  # they are for the text, not for the names in it
        names = [name.strip() for name in given.split(",")]
        return tuple(dict.fromkeys(self._canonical(name) for name in names if name))

    def _canonical(self, name: str) -> str:
        found = message_types.lookup(message_types.normalise(name))
        if found not in message_types.MESSAGE_TYPES:
            raise forms.ValidationError(
                _("“%(name)s” is not a type of message."), params={"name": name[:ID_MAX]}
            )
        return found.filter or found.name


class TypeNameField(forms.CharField):
    """One message type by its name, as `lastMessageType` takes it."""

    def validate(self, value: str) -> None:
        """Refuses a name that is not in the catalogue."""
        super().validate(value)
        if value and not any(row.name == value for row in message_types.MESSAGE_TYPES):
            raise forms.ValidationError(
                _("“%(name)s” is not a type of message."), params={"name": value[:ID_MAX]}
            )


class ThreadForm(forms.Form):
    """A thread's address and query."""

    location = forms.CharField(validators=[is_id], strip=False)
    conversation = forms.CharField(validators=[is_id], strip=False)
    message = forms.CharField(validators=[is_id], strip=False, required=False)
    type = TypesField(max_length=2000, required=False)
    before = forms.CharField(validators=[is_id], strip=False, required=False)


class InboxForm(forms.Form):
    """The inbox's filters; its fields are the route's query."""

    STATUS = (
        ("", _("All")),
        ("unread", _("Unread")),
        ("starred", _("Starred")),
        ("recents", _("Recent")),
    )
    DIRECTION = (
        ("", _("In or out")),
        ("inbound", _("From customer")),
        ("outbound", _("From us")),
    )
    SORT = (("", _("Newest first")), ("asc", _("Oldest first")))

    q = forms.CharField(max_length=Q_MAX, required=False, label=_("Search"))
    status = forms.ChoiceField(choices=(*STATUS, ("all", _("All"))), required=False)
    channel = TypeNameField(max_length=ID_MAX, required=False, label=_("Last channel"))
    assigned = forms.CharField(validators=[is_id], required=False, label=_("Assigned to"))
    direction = forms.ChoiceField(choices=DIRECTION, required=False, label=_("Last message"))
    sort = forms.ChoiceField(choices=(*SORT, ("desc", _("Newest first"))), required=False)
    after = forms.CharField(validators=[is_cursor], max_length=7000, required=False)


class LocationForm(forms.Form):
    """The inbox's address."""

    location = forms.CharField(validators=[is_id], strip=False)


class OpenForm(forms.Form):
    """A conversation's id, or an address that contains one."""

    q = forms.CharField(max_length=2000, label=_("HighLevel address or conversation ID"))
