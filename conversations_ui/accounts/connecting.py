"""Connecting a sub-account: the token is held against the API before anything is stored."""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables

from conversations_ui.accounts import tokens
from conversations_ui.accounts.models import Agency, SubAccount, is_time_zone
from conversations_ui.highlevel import errors, oauth
from conversations_ui.highlevel.client import Client
from conversations_ui.highlevel.records import Location

SCOPES = (
    "conversations.readonly",
    "conversations/message.readonly",
    "contacts.readonly",
    "users.readonly",
    "locations.readonly",
)

# The nearest class in the error's ancestry speaks.
REFUSALS = {
    errors.AgencyToken: gettext_lazy(
        "This is an agency's token. Make one in the sub-account itself, under Settings, "
        "Private Integrations."
    ),
    tokens.NotConnected: gettext_lazy("The sub-account is not connected."),
    tokens.ReconnectNeeded: gettext_lazy(
        "HighLevel no longer renews our token: the app was removed, or its tokens went elsewhere. "
        "Connect the sub-account again."
    ),
    oauth.InvalidGrant: gettext_lazy(
        "HighLevel does not accept the permission any more: it was used before, or has expired. "
        "Start again."
    ),
    oauth.InvalidClient: gettext_lazy(
        "HighLevel does not know our app. Correct HIGHLEVEL_CLIENT_ID and HIGHLEVEL_CLIENT_SECRET."
    ),
    oauth.Inactive: gettext_lazy(
        "The sub-account is not active in HighLevel. Its connection works again when it is."
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


@sensitive_variables("token")
def client(token: str) -> Client:
    """A client of the configured API that asks straight on: no cache, no second try."""
    return Client(
        token, base_url=settings.HIGHLEVEL_API_URL, version=settings.HIGHLEVEL_API_VERSION or None
    )


@sensitive_variables("token", "asking")
def check_token(location_id: str, token: str) -> Location:
    """Ask HighLevel for the location with this token, and give back what it tells of it.

    A token without `locations.readonly` is enough to read conversations: it is tried on the search
    instead, and the location then comes back with its id alone. Raises `HighLevelError`.
    """
    asking = client(token)
    try:
        return asking.location(location_id)
    except errors.MissingScope:
        asking.search(location_id, limit=1)
        return Location.from_api({"id": location_id})


def reason(error: errors.HighLevelError) -> str:
    """Say why HighLevel refused, in the product's words."""
    found = next(REFUSALS[kind] for kind in type(error).__mro__ if kind in REFUSALS)
    return str(found) % {"scopes": ", ".join(SCOPES)}


def refusal(error: errors.HighLevelError) -> str:
    """Say why HighLevel refused, in the product's words and then in HighLevel's own."""
    parts = [reason(error)]
    if error.sentence:
        parts.append(_("HighLevel says: %(words)s") % {"words": error.sentence})
    if error.trace_id:
        parts.append(_("Trace id: %(id)s") % {"id": error.trace_id})
    return " ".join(parts)


@sensitive_variables("token")
def connect(location_id: str, token: str, name: str = "") -> Connected:
    """Check a private integration's token, then add its sub-account or bring it up to date.

    `name` goes before HighLevel's name, and that before the stored one. Raises `HighLevelError`.
    """
    location = check_token(location_id, token)
    return _stored(location_id, location, name, lambda account: account.set_token(token))


def authorise(
    location_id: str, issued: oauth.Issued, name: str = "", agency: Agency | None = None
) -> Connected:
    """The same with what the app was given for the sub-account."""
    location = check_token(location_id, issued.access_token)
    return _stored(location_id, location, name, lambda account: account.authorise(issued, agency))


def keep_agency(issued: oauth.Issued) -> Agency:
    """Store an agency's tokens; those of agencies that came to nothing go."""
    Agency.objects.filter(sub_accounts=None).exclude(company_id=issued.company_id).delete()
    agency = Agency.objects.filter(company_id=issued.company_id).first()
    agency = agency or Agency(company_id=issued.company_id)
    agency.forget()
    agency.take(issued)
    agency.connected = agency.token_since
    agency.save()
    return agency


def connect_by_agency(agency: Agency, location_id: str) -> Connected:
    """Connect one of an agency's sub-accounts. Raises `HighLevelError`, `TokenUnreadable`."""
    issued = tokens.exchange(agency, tokens.agency_current(agency), location_id)
    if issued.location_id not in ("", location_id):
        raise errors.ForeignLocation("The token is for another sub-account.")
    return authorise(location_id, issued, agency=agency)


def disconnect(sub_account: SubAccount) -> None:
    """Forget a sub-account's tokens, and its agency's with those of the last one."""
    agency = sub_account.agency
    sub_account.forget()
    sub_account.save()
    if agency and not agency.sub_accounts.exists():
        agency.delete()


def _stored(
    location_id: str, location: Location, name: str, put_in: Callable[[SubAccount], None]
) -> Connected:
    known = SubAccount.objects.filter(location_id=location_id).first()
    sub_account = known or SubAccount(location_id=location_id)
    sub_account.name = name or location.name[:200] or sub_account.name or location_id
    if is_time_zone(location.time_zone):
        sub_account.time_zone = location.time_zone
    put_in(sub_account)
    sub_account.full_clean()
    sub_account.save()
    return Connected(sub_account, created=known is None, location=location)
