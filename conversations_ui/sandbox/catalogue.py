"""What the API knows by name: message types, filter values, versions, scopes, error sentences."""

from __future__ import annotations

CODES: dict[str, int] = {
    "TYPE_CALL": 1,
    "TYPE_SMS": 2,
    "TYPE_EMAIL": 3,
    "TYPE_SMS_REVIEW_REQUEST": 4,
    "TYPE_WEBCHAT": 5,
    "TYPE_SMS_NO_SHOW_REQUEST": 6,
    "TYPE_CAMPAIGN_SMS": 7,
    "TYPE_CAMPAIGN_CALL": 8,
    "TYPE_CAMPAIGN_EMAIL": 9,
    "TYPE_CAMPAIGN_VOICEMAIL": 10,
    "TYPE_FACEBOOK": 11,
    "TYPE_CAMPAIGN_FACEBOOK": 12,
    "TYPE_CAMPAIGN_MANUAL_CALL": 13,
    "TYPE_CAMPAIGN_MANUAL_SMS": 14,
    "TYPE_GMB": 15,
    "TYPE_CAMPAIGN_GMB": 16,
    "TYPE_REVIEW": 17,
    "TYPE_INSTAGRAM": 18,
    "TYPE_WHATSAPP": 19,
    "TYPE_CUSTOM_SMS": 20,
    "TYPE_CUSTOM_EMAIL": 21,
    "TYPE_CUSTOM_PROVIDER_SMS": 22,
    "TYPE_CUSTOM_PROVIDER_EMAIL": 23,
    "TYPE_IVR_CALL": 24,
    "TYPE_ACTIVITY_CONTACT": 25,
    "TYPE_ACTIVITY_INVOICE": 26,
    "TYPE_ACTIVITY_PAYMENT": 27,
    "TYPE_ACTIVITY_OPPORTUNITY": 28,
    "TYPE_LIVE_CHAT": 29,
    "TYPE_LIVE_CHAT_INFO_MESSAGE": 30,
    "TYPE_ACTIVITY_APPOINTMENT": 31,
    "TYPE_FACEBOOK_COMMENT": 32,
    "TYPE_INSTAGRAM_COMMENT": 33,
    "TYPE_CUSTOM_CALL": 34,
    "TYPE_INTERNAL_COMMENT": 37,
    "TYPE_ACTIVITY_EMPLOYEE_ACTION_LOG": 38,
    # No number of these six is public; the sandbox makes them up.
    "TYPE_RCS": 39,
    "TYPE_TIKTOK": 40,
    "TYPE_TIKTOK_COMMENT": 41,
    "TYPE_ACTIVITY_WHATSAPP": 42,
    "TYPE_FORM_SUBMISSION": 43,
    "TYPE_SMS_REACTION": 44,
}
DOCUMENTED_TYPES: tuple[str, ...] = tuple(CODES)

# Seen in answers or guarded against by clients, but not in the documented enumeration.
EXTRA_CODES: dict[str, int] = {
    "TYPE_GROUP_SMS": 35,
    "TYPE_INTERNAL_CHAT": 36,
    "TYPE_NO_SHOW": 100,
    "TYPE_VOICEMAIL": 45,
    "TYPE_NOTE": 46,
    "TYPE_ACTIVITY_CONVERSATION": 47,
    "TYPE_HOLOGRAM": 901,
    "TYPE_ACTIVITY_SPACEWALK": 902,
}
ALL_CODES: dict[str, int] = CODES | EXTRA_CODES

FILTERS: tuple[str, ...] = (
    "TYPE_CALL",
    "TYPE_SMS",
    "TYPE_RCS",
    "TYPE_EMAIL",
    "TYPE_FACEBOOK",
    "TYPE_GMB",
    "TYPE_INSTAGRAM",
    "TYPE_WHATSAPP",
    "TYPE_ACTIVITY_APPOINTMENT",
    "TYPE_ACTIVITY_CONTACT",
    "TYPE_ACTIVITY_INVOICE",
    "TYPE_ACTIVITY_PAYMENT",
    "TYPE_ACTIVITY_OPPORTUNITY",
    "TYPE_LIVE_CHAT",
    "TYPE_INTERNAL_COMMENTS",
    "TYPE_ACTIVITY_EMPLOYEE_ACTION_LOG",
    "TYPE_TIKTOK",
    "TYPE_ACTIVITY_WHATSAPP",
    "TYPE_FORM_SUBMISSION",
)

# The export's channel names and the message types each stands for.
EXPORT_CHANNELS: dict[str, frozenset[str]] = {
    "Call": frozenset(
        {"TYPE_CALL", "TYPE_CAMPAIGN_CALL", "TYPE_CAMPAIGN_MANUAL_CALL", "TYPE_IVR_CALL"}
        | {"TYPE_CUSTOM_CALL", "TYPE_CAMPAIGN_VOICEMAIL"}
    ),
    "SMS": frozenset(
        {"TYPE_SMS", "TYPE_CAMPAIGN_SMS", "TYPE_CAMPAIGN_MANUAL_SMS", "TYPE_CUSTOM_SMS"}
        | {"TYPE_SMS_REVIEW_REQUEST", "TYPE_SMS_NO_SHOW_REQUEST", "TYPE_CUSTOM_PROVIDER_SMS"}
    ),
    "Email": frozenset(
        {"TYPE_EMAIL", "TYPE_CAMPAIGN_EMAIL", "TYPE_CUSTOM_EMAIL", "TYPE_CUSTOM_PROVIDER_EMAIL"}
    ),
    "WhatsApp": frozenset({"TYPE_WHATSAPP"}),
    "Instagram": frozenset({"TYPE_INSTAGRAM", "TYPE_INSTAGRAM_COMMENT"}),
    "Facebook": frozenset({"TYPE_FACEBOOK", "TYPE_CAMPAIGN_FACEBOOK", "TYPE_FACEBOOK_COMMENT"}),
}

VERSIONS = frozenset({"v3", "2023-02-21", "2021-07-28", "2021-04-15"})

CONVERSATIONS = "conversations.readonly"
MESSAGES = "conversations/message.readonly"
CONTACTS = "contacts.readonly"
USERS = "users.readonly"
LOCATIONS = "locations.readonly"
READ_SCOPES = frozenset({CONVERSATIONS, MESSAGES, CONTACTS, USERS, LOCATIONS})


def normal_type(name: str) -> str:
    """The full name of a message type: `SMS` becomes `TYPE_SMS`."""
    upper = name.upper().replace(" ", "_")
    return upper if upper.startswith("TYPE_") else f"TYPE_{upper}"


def filtered_type(value: str) -> str:
    """The message type a filter value stands for: the plural filter names a singular type."""
    return "TYPE_INTERNAL_COMMENT" if value == "TYPE_INTERNAL_COMMENTS" else value
