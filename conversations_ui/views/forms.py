"""What the read routes take, checked."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from conversations_ui.accounts.readings import Action
from conversations_ui.highlevel import message_types
from conversations_ui.services.readings import Filter

ID_MAX = 64
Q_MAX = 200
BIG = 2**63 - 1  # the greatest number a database keeps
is_id = RegexValidator(
    rf"\A[A-Za-z0-9_-]{{1,{ID_MAX}}}\Z",
    _("An id has 1 to 64 letters, digits, hyphens or underscores."),
)
is_cursor = RegexValidator(
    rf"\A[0-9]{{1,15}}(\.[A-Za-z0-9_-]{{1,{ID_MAX}}}){{0,100}}\Z",
    _("This is not an address our inbox made. Start again from its top."),
)

is_second = RegexValidator(r"\A[0-9]{1,9}(\.[0-9]{1,3})?\Z", _("This is a number of seconds."))


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


class SwitchField(forms.ChoiceField):
    """`1` for on; nothing for off."""

    def __init__(self) -> None:
        super().__init__(choices=(("", _("off")), ("1", _("on"))), required=False)

    def clean(self, value: Any) -> Any:
        """Whether it is on."""
        return super().clean(value) == "1"


class ThreadForm(forms.Form):
    """A thread's address and query."""

    location = forms.CharField(validators=[is_id], strip=False)
    conversation = forms.CharField(validators=[is_id], strip=False)
    message = forms.CharField(validators=[is_id], strip=False, required=False)
    type = TypesField(max_length=2000, required=False)
    failed = SwitchField()
    people = SwitchField()
    before = forms.CharField(validators=[is_id], strip=False, required=False)


class ConversationForm(forms.Form):
    """A conversation's address."""

    location = forms.CharField(validators=[is_id], strip=False)
    conversation = forms.CharField(validators=[is_id], strip=False)


class PeopleForm(ConversationForm):
    """Who is to be named to the readers of a thread."""

    ids = forms.RegexField(rf"\A[A-Za-z0-9_,-]{{1,{100 * (ID_MAX + 1)}}}\Z", strip=False)


class CallForm(forms.Form):
    """The address of a call's recording or transcript.

    `download` asks for it as a file, `at` for a page that plays from that second on.
    """

    location = forms.CharField(validators=[is_id], strip=False)
    conversation = forms.CharField(validators=[is_id], strip=False)
    message = forms.CharField(validators=[is_id], strip=False)
    download = SwitchField()
    at = forms.CharField(validators=[is_second], strip=False, required=False)


class MailForm(forms.Form):
    """A mail's address; `pictures` asks for its remote pictures."""

    location = forms.CharField(validators=[is_id], strip=False)
    conversation = forms.CharField(validators=[is_id], strip=False)
    email = forms.CharField(validators=[is_id], strip=False)
    pictures = SwitchField()


class MediaForm(forms.Form):
    """A file's address; `download` asks for it as a file."""

    location = forms.CharField(validators=[is_id], strip=False)
    conversation = forms.CharField(validators=[is_id], strip=False)
    message = forms.CharField(validators=[is_id], strip=False)
    index = forms.IntegerField(min_value=0, max_value=999)
    download = forms.ChoiceField(choices=(("", _("No")), ("1", _("Yes"))), required=False)


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


class LiveThreadForm(ThreadForm):
    """A poll of a thread: `v` names what is on the screen, `as_of` the note above it."""

    v = forms.CharField(max_length=32, required=False)
    as_of = forms.CharField(max_length=40, required=False)


class LiveInboxForm(InboxForm):
    """A poll of the inbox; the same of it."""

    v = forms.CharField(max_length=32, required=False)
    as_of = forms.CharField(max_length=40, required=False)


class LocationForm(forms.Form):
    """The inbox's address."""

    location = forms.CharField(validators=[is_id], strip=False)


class SeenForm(ConversationForm):
    """Who has seen a conversation; `before` is the row to go on from."""

    before = forms.IntegerField(min_value=1, max_value=BIG, required=False)


class ReadLogForm(forms.Form):
    """The read log's filters; its fields are the route's query."""

    person = forms.CharField(max_length=150, required=False, label=_("Person"))
    action = forms.ChoiceField(
        choices=(("", _("Anything")), *Action.choices), required=False, label=_("Opened")
    )
    conversation = forms.CharField(validators=[is_id], required=False, label=_("Conversation ID"))
    since = forms.DateField(
        input_formats=["%Y-%m-%d"],
        required=False,
        label=_("From"),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("Write the day as 2026-03-31.")},
    )
    until = forms.DateField(
        input_formats=["%Y-%m-%d"],
        required=False,
        label=_("To"),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("Write the day as 2026-03-31.")},
    )
    before = forms.IntegerField(
        min_value=1, max_value=BIG, required=False, widget=forms.HiddenInput
    )

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        for field in self.fields.values():
            field.widget.attrs["class"] = "input"

    def clean(self) -> dict[str, Any]:
        """Days that are the wrong way round find nothing, and it is better to say so."""
        found = self.cleaned_data
        since, until = found.get("since"), found.get("until")
        if since and until and until < since:
            self.add_error("until", _("This is before the first day."))
        return found

    @property
    def filter(self) -> Filter:
        """What is asked for, without where to go on from."""
        return Filter(**{name: self.cleaned_data[name] for name in Filter.__slots__})

    @property
    def query(self) -> dict[str, str]:
        """The same as it stands in an address."""
        asked = {name: self.cleaned_data[name] for name in Filter.__slots__}
        return {name: str(value) for name, value in asked.items() if value}


class OpenForm(forms.Form):
    """A conversation's id, or an address that contains one."""

    q = forms.CharField(max_length=2000, label=_("HighLevel address or conversation ID"))


def _day(label: Any) -> forms.DateField:
    return forms.DateField(
        input_formats=["%Y-%m-%d"],
        required=False,
        label=label,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("Write the day as 2026-03-31.")},
    )


class ExportForm(forms.Form):
    """What an export holds, and as what; its fields are the route's query."""

    AS = (("text", _("Text, to read")), ("json", _("JSON, with every field")))

    type = TypesField(max_length=2000, required=False, widget=forms.HiddenInput)
    since, until = _day(_("From")), _day(_("To"))

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.fields["as"] = forms.ChoiceField(
            choices=self.AS,
            label=_("As"),
            error_messages={"invalid_choice": _("Choose one of the two.")},
        )
        for field in self.fields.values():
            field.widget.attrs["class"] = "input"

    def clean(self) -> dict[str, Any]:
        """Days that are the wrong way round find nothing, and it is better to say so."""
        found = self.cleaned_data
        since, until = found.get("since"), found.get("until")
        if since and until and until < since:
            self.add_error("until", _("This is before the first day."))
        return found
