"""Connecting a sub-account: the token is held against the API before anything is stored."""

from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations_ui.accounts.models import SubAccount, is_time_zone
from conversations_ui.highlevel import errors
from conversations_ui.highlevel.client import Client
from conversations_ui.highlevel.records import Location

SCOPES = (
    "conversations.readonly",
    "conversations/message.readonly",
    "contacts.readonly",
    "locations.readonly",
)

# The nearest class in the error's ancestry speaks.
REFUSALS = {
    errors.AgencyToken: gettext_lazy(
        "This is an agency's token. Make one in the sub-account itself, under Settings, "
        "Private Integrations."
    ),
    errors.Unauthorized: gettext_lazy(
        "HighLevel does not accept this token: it is mistyped, expired or withdrawn."
    ),
    errors.MissingScope: gettext_lazy(
        "The token lacks a scope. Give it these, all for reading: %(scopes)s."
    ),
    errors.ForeignLocation: gettext_lazy("The token belongs to another sub-account."),
    errors.HipaaMode: gettext_lazy(
        "The sub-account's HIPAA mode keeps its conversations from being read through the API."
    ),
    errors.Forbidden: gettext_lazy("HighLevel forbids this token to read the sub-account."),
    errors.NotFound: gettext_lazy("HighLevel knows no sub-account with this location id."),
    errors.RateLimited: gettext_lazy(
        "HighLevel is limiting requests at the moment. Wait a little and try again."
    ),
    errors.Unavailable: gettext_lazy(
        "HighLevel could not be reached, or did not answer in time. Try again."
    ),
    errors.WrongVersion: gettext_lazy(
        "HighLevel does not accept the Version header. Remove HIGHLEVEL_API_VERSION, or correct it."
    ),
    errors.HighLevelError: gettext_lazy(
        "HighLevel gave an answer its documentation does not promise."
    ),
}


@dataclass(frozen=True, slots=True)
class Connected:
    """What `connect` did: the stored sub-account, whether it is new, what HighLevel told of it."""

    sub_account: SubAccount
    created: bool
    location: Location


def check_token(location_id: str, token: str) -> Location:
    """Ask HighLevel for the location with this token, and give back what it tells of it.

    A token without `locations.readonly` is enough to read conversations: it is tried on the search
    instead, and the location then comes back with its id alone. Raises `HighLevelError`.
    """
    client = Client(
        token, base_url=settings.HIGHLEVEL_API_URL, version=settings.HIGHLEVEL_API_VERSION or None
    )
    try:
        return client.location(location_id)
    except errors.MissingScope:
        client.search(location_id, limit=1)
        return Location.from_api({"id": location_id})


def refusal(error: errors.HighLevelError) -> str:
    """Say why HighLevel refused a token, in the product's words and then in HighLevel's own."""
    reason = next(REFUSALS[kind] for kind in type(error).__mro__ if kind in REFUSALS)
    parts = [str(reason) % {"scopes": ", ".join(SCOPES)}]
    if error.sentence:
        parts.append(_("HighLevel says: %(words)s") % {"words": error.sentence})
    if error.trace_id:
        parts.append(_("Trace id: %(id)s") % {"id": error.trace_id})
    return " ".join(parts)


def connect(location_id: str, token: str, name: str = "") -> Connected:
    """Check a token, then add its sub-account or bring it up to date.

    `name` goes before HighLevel's name, and that before the stored one. Raises `HighLevelError`.
    """
    location = check_token(location_id, token)
    known = SubAccount.objects.filter(location_id=location_id).first()
    sub_account = known or SubAccount(location_id=location_id)
    sub_account.name = name or location.name[:200] or sub_account.name or location_id
    if is_time_zone(location.time_zone):
        sub_account.time_zone = location.time_zone
    sub_account.set_token(token)
    sub_account.full_clean()
    sub_account.save()
    return Connected(sub_account, created=known is None, location=location)
