"""The catalogue of message types: one row a type, and nothing else to touch for a new one."""

import re
from dataclasses import dataclass

from conversations_ui.highlevel.values import number, text


@dataclass(frozen=True, slots=True)
class MessageType:
    """A type: its code and name, how staff call it, how it is shown, what the API filters it by."""

    code: int | None
    name: str
    label: str
    channel: str
    kind: str
    filter: str | None
    icon: str


def _(label: str) -> str:
    """Mark a label for translation (`gettext_noop` would do, but reads the settings)."""
    return label


_Row = tuple[int | None, str, str, str, str, str]

# Rows: code (None: never published), name, label, channel, kind, icon.
# The types the API can filter by, in the order of its documentation.
_FILTERABLE: tuple[_Row, ...] = (
    (1, "CALL", _("Call"), "call", "call", "call"),
    (2, "SMS", _("SMS"), "sms", "bubble", "sms"),
    (None, "RCS", _("RCS"), "rcs", "bubble", "rcs"),
    (3, "EMAIL", _("Email"), "email", "email", "email"),
    (11, "FACEBOOK", _("Facebook Messenger"), "facebook", "bubble", "facebook"),
    (15, "GMB", _("Google Business chat"), "google", "bubble", "google"),
    (18, "INSTAGRAM", _("Instagram DM"), "instagram", "bubble", "instagram"),
    (19, "WHATSAPP", _("WhatsApp"), "whatsapp", "bubble", "whatsapp"),
    (31, "ACTIVITY_APPOINTMENT", _("Appointment activity"), "", "activity", "appointment"),
    (25, "ACTIVITY_CONTACT", _("Contact activity"), "", "activity", "contact"),
    (26, "ACTIVITY_INVOICE", _("Invoice activity"), "", "activity", "invoice"),
    (27, "ACTIVITY_PAYMENT", _("Payment activity"), "", "activity", "payment"),
    (28, "ACTIVITY_OPPORTUNITY", _("Opportunity activity"), "", "activity", "opportunity"),
    (29, "LIVE_CHAT", _("Live chat"), "live-chat", "bubble", "live-chat"),
    (37, "INTERNAL_COMMENT", _("Internal comment"), "note", "comment", "note"),
    (38, "ACTIVITY_EMPLOYEE_ACTION_LOG", _("Staff action log"), "", "activity", "staff-log"),
    (None, "TIKTOK", _("TikTok"), "tiktok", "bubble", "tiktok"),
    (None, "ACTIVITY_WHATSAPP", _("WhatsApp activity"), "whatsapp", "activity", "whatsapp"),
    (None, "FORM_SUBMISSION", _("Form submission"), "form", "form", "form"),
)
# The rest: first the documented ones, then, from GROUP_SMS on, those met in answers only.
_UNFILTERABLE: tuple[_Row, ...] = (
    (4, "SMS_REVIEW_REQUEST", _("Review request (SMS)"), "sms", "bubble", "sms"),
    (5, "WEBCHAT", _("Web chat"), "live-chat", "bubble", "live-chat"),
    (6, "SMS_NO_SHOW_REQUEST", _("No-show SMS"), "sms", "bubble", "sms"),
    (7, "CAMPAIGN_SMS", _("Campaign SMS"), "sms", "bubble", "sms"),
    (8, "CAMPAIGN_CALL", _("Campaign call"), "call", "call", "call"),
    (9, "CAMPAIGN_EMAIL", _("Campaign email"), "email", "email", "email"),
    (10, "CAMPAIGN_VOICEMAIL", _("Voicemail drop"), "call", "call", "voicemail"),
    (12, "CAMPAIGN_FACEBOOK", _("Campaign Facebook"), "facebook", "bubble", "facebook"),
    (13, "CAMPAIGN_MANUAL_CALL", _("Manual call (campaign)"), "call", "call", "call"),
    (14, "CAMPAIGN_MANUAL_SMS", _("Manual SMS (campaign)"), "sms", "bubble", "sms"),
    (16, "CAMPAIGN_GMB", _("Campaign Google chat"), "google", "bubble", "google"),
    (17, "REVIEW", _("Review"), "review", "review", "review"),
    (20, "CUSTOM_SMS", _("SMS (custom)"), "sms", "bubble", "sms"),
    (21, "CUSTOM_EMAIL", _("Email (custom)"), "email", "email", "email"),
    (22, "CUSTOM_PROVIDER_SMS", _("SMS (provider app)"), "sms", "bubble", "sms"),
    (23, "CUSTOM_PROVIDER_EMAIL", _("Email (provider app)"), "email", "email", "email"),
    (24, "IVR_CALL", _("IVR call"), "call", "call", "call"),
    (30, "LIVE_CHAT_INFO_MESSAGE", _("Live chat notice"), "live-chat", "activity", "live-chat"),
    (32, "FACEBOOK_COMMENT", _("Facebook comment"), "facebook", "bubble", "comment"),
    (33, "INSTAGRAM_COMMENT", _("Instagram comment"), "instagram", "bubble", "comment"),
    (34, "CUSTOM_CALL", _("Call (custom)"), "call", "call", "call"),
    (None, "TIKTOK_COMMENT", _("TikTok comment"), "tiktok", "bubble", "comment"),
    (None, "SMS_REACTION", _("Reaction"), "sms", "bubble", "sms"),
    (35, "GROUP_SMS", _("Group SMS"), "sms", "bubble", "people"),
    (36, "INTERNAL_CHAT", _("Team chat"), "note", "comment", "note"),
    (100, "NO_SHOW", _("No messages yet"), "", "placeholder", "comment"),
    (None, "VOICEMAIL", _("Voicemail"), "call", "call", "voicemail"),
    (None, "NOTE", _("Note"), "note", "comment", "note"),
    (None, "ACTIVITY_CONVERSATION", _("Conversation activity"), "", "activity", "info"),
)
_UNKNOWN_LABEL = _("Unknown type")

_PREFIX = "TYPE_"
_LONGEST_NAME = 64
# The filter's spelling where it is not the type's own.
_FILTER_SPELLING = {"INTERNAL_COMMENT": "INTERNAL_COMMENTS"}
# Webhooks, filters and documentation examples say these for the names above.
_OTHER_NAMES = {
    "FB": "FACEBOOK",
    "IG": "INSTAGRAM",
    "GOOGLE": "GMB",
    "LIVECHAT": "LIVE_CHAT",
    "WEB_CHAT": "WEBCHAT",
    "VOICE_MAIL": "VOICEMAIL",
    "INTERNAL_COMMENTS": "INTERNAL_COMMENT",
}
_BETWEEN_WORDS = re.compile("[^A-Z0-9]+")
_FILTER_WORDS = re.compile(r"[A-Za-z][A-Za-z_ -]*")


def _message_type(row: _Row, filterable: bool) -> MessageType:
    code, short, label, channel, kind, icon = row
    value = _PREFIX + _FILTER_SPELLING.get(short, short) if filterable else None
    return MessageType(code, _PREFIX + short, label, channel, kind, value, icon)


FILTERS = tuple(_message_type(row, filterable=True) for row in _FILTERABLE)
MESSAGE_TYPES = FILTERS + tuple(_message_type(row, filterable=False) for row in _UNFILTERABLE)

_BY_NAME = {row.name: row for row in MESSAGE_TYPES}
_BY_CODE = {row.code: row for row in MESSAGE_TYPES if row.code is not None}


def from_code(code: object) -> MessageType | None:
    """The type with a numeric code (a number or its digits), or None."""
    found = number(code)
    return _BY_CODE.get(int(found)) if found is not None and found == int(found) else None


def normalise(raw: object, code: object = None) -> str:
    """The `TYPE_...` name for any spelling of a type ("SMS", "Live Chat", "FB", 2, ...).

    Names not in the catalogue are kept, in the same spelling. Without a name the code decides;
    without either the answer is "".
    """
    row = from_code(raw)
    if row is None:
        words = _BETWEEN_WORDS.sub("_", text(raw).upper()).strip("_")
        short = words.removeprefix(_PREFIX)[:_LONGEST_NAME].rstrip("_")
        if short and not short.isdecimal():
            return _PREFIX + _OTHER_NAMES.get(short, short)
        row = from_code(code)
    return row.name if row else ""


def lookup(name: str) -> MessageType:
    """The catalogue's row for a name, or a row made from the words of an unknown name."""
    normal = normalise(name)
    return _BY_NAME.get(normal) or _unknown(normal)


def _unknown(name: str) -> MessageType:
    label = name.removeprefix(_PREFIX).replace("_", " ").capitalize() or _UNKNOWN_LABEL
    kind = "activity" if name.startswith("TYPE_ACTIVITY_") else "bubble"
    return MessageType(None, name, label, "", kind, None, "unknown")


def filter_value(raw: str) -> str | None:
    """What the API's `type` filter calls a type in any spelling; None where it has no filter."""
    return lookup(raw).filter if _FILTER_WORDS.fullmatch(raw) else None
