"""The catalogue of message types and the many spellings that lead to it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations_ui.highlevel.message_types import (
    FILTERS,
    MESSAGE_TYPES,
    filter_value,
    from_code,
    lookup,
    normalise,
)

ANYTHING = settings(max_examples=200, deadline=None)


def words(text: str) -> list[str]:
    return text.split()


# As documented, each with TYPE_ before it.
DOCUMENTED = words("""
CALL SMS RCS EMAIL SMS_REVIEW_REQUEST WEBCHAT SMS_NO_SHOW_REQUEST CAMPAIGN_SMS CAMPAIGN_CALL
CAMPAIGN_EMAIL CAMPAIGN_VOICEMAIL FACEBOOK CAMPAIGN_FACEBOOK CAMPAIGN_MANUAL_CALL
CAMPAIGN_MANUAL_SMS GMB CAMPAIGN_GMB REVIEW INSTAGRAM WHATSAPP CUSTOM_SMS CUSTOM_EMAIL
CUSTOM_PROVIDER_SMS CUSTOM_PROVIDER_EMAIL IVR_CALL ACTIVITY_CONTACT ACTIVITY_INVOICE
ACTIVITY_PAYMENT ACTIVITY_OPPORTUNITY LIVE_CHAT LIVE_CHAT_INFO_MESSAGE ACTIVITY_APPOINTMENT
FACEBOOK_COMMENT INSTAGRAM_COMMENT CUSTOM_CALL INTERNAL_COMMENT ACTIVITY_EMPLOYEE_ACTION_LOG
TIKTOK TIKTOK_COMMENT ACTIVITY_WHATSAPP FORM_SUBMISSION SMS_REACTION
""")
SEEN = words("GROUP_SMS INTERNAL_CHAT NO_SHOW VOICEMAIL NOTE ACTIVITY_CONVERSATION")
CODES = words("""
CALL SMS EMAIL SMS_REVIEW_REQUEST WEBCHAT SMS_NO_SHOW_REQUEST CAMPAIGN_SMS CAMPAIGN_CALL
CAMPAIGN_EMAIL CAMPAIGN_VOICEMAIL FACEBOOK CAMPAIGN_FACEBOOK CAMPAIGN_MANUAL_CALL
CAMPAIGN_MANUAL_SMS GMB CAMPAIGN_GMB REVIEW INSTAGRAM WHATSAPP CUSTOM_SMS CUSTOM_EMAIL
CUSTOM_PROVIDER_SMS CUSTOM_PROVIDER_EMAIL IVR_CALL ACTIVITY_CONTACT ACTIVITY_INVOICE
ACTIVITY_PAYMENT ACTIVITY_OPPORTUNITY LIVE_CHAT LIVE_CHAT_INFO_MESSAGE ACTIVITY_APPOINTMENT
FACEBOOK_COMMENT INSTAGRAM_COMMENT CUSTOM_CALL GROUP_SMS INTERNAL_CHAT INTERNAL_COMMENT
ACTIVITY_EMPLOYEE_ACTION_LOG
""")
FILTER_VALUES = words("""
TYPE_CALL TYPE_SMS TYPE_RCS TYPE_EMAIL TYPE_FACEBOOK TYPE_GMB TYPE_INSTAGRAM TYPE_WHATSAPP
TYPE_ACTIVITY_APPOINTMENT TYPE_ACTIVITY_CONTACT TYPE_ACTIVITY_INVOICE TYPE_ACTIVITY_PAYMENT
TYPE_ACTIVITY_OPPORTUNITY TYPE_LIVE_CHAT TYPE_INTERNAL_COMMENTS
TYPE_ACTIVITY_EMPLOYEE_ACTION_LOG TYPE_TIKTOK TYPE_ACTIVITY_WHATSAPP TYPE_FORM_SUBMISSION
""")
CHANNELS = {
    *("sms", "email", "call", "whatsapp", "facebook", "instagram", "google", "tiktok"),
    *("live-chat", "rcs", "review", "form", "note", ""),
}
KINDS = {"bubble", "email", "call", "activity", "comment", "review", "form", "placeholder"}


def test_every_documented_and_observed_type_has_one_row() -> None:
    assert len(DOCUMENTED) == 42
    names = [row.name for row in MESSAGE_TYPES]
    assert sorted(names) == sorted(f"TYPE_{name}" for name in DOCUMENTED + SEEN)


def test_rows_are_complete() -> None:
    for row in MESSAGE_TYPES:
        assert row.label and row.icon
        assert row.channel in CHANNELS
        assert row.kind in KINDS
    codes = [row.code for row in MESSAGE_TYPES if row.code is not None]
    assert len(set(codes)) == len(codes)
    assert len({row.label for row in MESSAGE_TYPES}) == len(MESSAGE_TYPES)


def test_filters_are_the_documented_values_in_their_order() -> None:
    assert [row.filter for row in FILTERS] == FILTER_VALUES
    assert [row for row in MESSAGE_TYPES if row.filter is not None] == list(FILTERS)


@pytest.mark.parametrize(("code", "name"), [*enumerate(CODES, start=1), (100, "NO_SHOW")])
def test_codes_lead_to_their_type(code: int, name: str) -> None:
    for spelling in (code, str(code), float(code)):
        row = from_code(spelling)
        assert row is not None
        assert (row.code, row.name) == (code, f"TYPE_{name}")


@pytest.mark.parametrize("code", [0, -1, 39, 99, 2.5, True, None, "", "x", "2.5", [2], 10**40])
def test_other_codes_lead_nowhere(code: object) -> None:
    assert from_code(code) is None


@pytest.mark.parametrize(
    ("name", "kind", "channel"),
    [
        ("TYPE_SMS", "bubble", "sms"),
        ("TYPE_WEBCHAT", "bubble", "live-chat"),
        ("TYPE_CAMPAIGN_GMB", "bubble", "google"),
        ("TYPE_EMAIL", "email", "email"),
        ("TYPE_CUSTOM_PROVIDER_EMAIL", "email", "email"),
        ("TYPE_CAMPAIGN_VOICEMAIL", "call", "call"),
        ("TYPE_IVR_CALL", "call", "call"),
        ("TYPE_ACTIVITY_APPOINTMENT", "activity", ""),
        ("TYPE_LIVE_CHAT_INFO_MESSAGE", "activity", "live-chat"),
        ("TYPE_INTERNAL_COMMENT", "comment", "note"),
        ("TYPE_INTERNAL_CHAT", "comment", "note"),
        ("TYPE_FACEBOOK_COMMENT", "bubble", "facebook"),
        ("TYPE_INSTAGRAM_COMMENT", "bubble", "instagram"),
        ("TYPE_TIKTOK_COMMENT", "bubble", "tiktok"),
        ("TYPE_SMS_REACTION", "bubble", "sms"),
        ("TYPE_REVIEW", "review", "review"),
        ("TYPE_FORM_SUBMISSION", "form", "form"),
        ("TYPE_NO_SHOW", "placeholder", ""),
    ],
)
def test_types_are_shown_as_their_kind(name: str, kind: str, channel: str) -> None:
    assert (lookup(name).kind, lookup(name).channel) == (kind, channel)


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("TYPE_SMS", "TYPE_SMS"),
        ("SMS", "TYPE_SMS"),
        ("sms", "TYPE_SMS"),
        (" type_sms ", "TYPE_SMS"),
        ("CALL", "TYPE_CALL"),
        ("Email", "TYPE_EMAIL"),
        ("VoiceMail", "TYPE_VOICEMAIL"),
        ("GMB", "TYPE_GMB"),
        ("FB", "TYPE_FACEBOOK"),
        ("IG", "TYPE_INSTAGRAM"),
        ("Live Chat", "TYPE_LIVE_CHAT"),
        ("live-chat", "TYPE_LIVE_CHAT"),
        ("LiveChat", "TYPE_LIVE_CHAT"),
        ("TYPE_INTERNAL_COMMENTS", "TYPE_INTERNAL_COMMENT"),
        ("INTERNAL_COMMENT", "TYPE_INTERNAL_COMMENT"),
        ("TYPE_ACTIVITY_TASK", "TYPE_ACTIVITY_TASK"),
        ("Something new", "TYPE_SOMETHING_NEW"),
        ("<b>", "TYPE_B"),
        (2, "TYPE_SMS"),
        ("31", "TYPE_ACTIVITY_APPOINTMENT"),
        ("", ""),
        ("---", ""),
        ("999", ""),
        (999, ""),
        (None, ""),
        (True, ""),
        ({}, ""),
        (["TYPE_SMS"], ""),
    ],
)
def test_spellings_are_normalised(raw: object, name: str) -> None:
    assert normalise(raw) == name


@pytest.mark.parametrize(
    ("raw", "code", "name"),
    [
        ("TYPE_EMAIL", 2, "TYPE_EMAIL"),
        ("", 2, "TYPE_SMS"),
        (None, "31", "TYPE_ACTIVITY_APPOINTMENT"),
        ({}, 999, ""),
        (None, "InboundMessage", ""),
    ],
)
def test_without_a_name_the_code_decides(raw: object, code: object, name: str) -> None:
    assert normalise(raw, code) == name


def test_unknown_types_show_their_own_name() -> None:
    row = lookup("TYPE_PIGEON_POST")
    assert (row.code, row.name, row.label) == (None, "TYPE_PIGEON_POST", "Pigeon post")
    assert (row.channel, row.kind, row.filter, row.icon) == ("", "bubble", None, "unknown")
    assert lookup("TYPE_ACTIVITY_TASK").kind == "activity"
    assert (lookup("").name, lookup("").label, lookup("").kind) == ("", "Unknown type", "bubble")


@pytest.mark.parametrize("value", FILTER_VALUES)
def test_filter_values_are_taken_as_they_are_and_without_the_prefix(value: str) -> None:
    assert filter_value(value) == value
    assert filter_value(value.removeprefix("TYPE_")) == value
    assert filter_value(value.lower()) == value


def test_the_singular_of_internal_comments_is_a_filter_too() -> None:
    assert filter_value("TYPE_INTERNAL_COMMENT") == "TYPE_INTERNAL_COMMENTS"


@pytest.mark.parametrize(
    "raw", ["", "TYPE_REVIEW", "TYPE_NO_SHOW", "TYPE_X", "2", "SMS;", "SMS\n", "TYPE_SMS,TYPE_CALL"]
)
def test_other_values_are_no_filters(raw: str) -> None:
    assert filter_value(raw) is None


@ANYTHING
@given(raw=st.text() | st.from_regex(r"(TYPE[_ ])*[A-Z_ ]{0,80}"))
def test_no_name_makes_a_lookup_fail(raw: str) -> None:
    name = normalise(raw)
    assert normalise(name) == name
    assert lookup(name).name == name
    assert lookup(raw) == lookup(name)
    assert name == "" or (name.isascii() and name.replace("_", "").isalnum())
    assert filter_value(raw) in (None, *FILTER_VALUES)
