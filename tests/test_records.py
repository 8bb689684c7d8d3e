"""Records: every form the API has been seen to answer in, and any other JSON value."""

import json
import pickle
from dataclasses import FrozenInstanceError, fields
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations_ui.highlevel import values
from conversations_ui.highlevel.records import (
    Activity,
    Call,
    Contact,
    Conversation,
    ConversationPage,
    EmailThread,
    Location,
    Message,
    MessagePage,
    User,
)

WHEN = datetime(2026, 7, 17, 10, 58, 9, 966000, tzinfo=UTC)

APPOINTMENT: dict[str, Any] = {
    "id": "m1",
    "direction": "outbound",
    "type": 31,
    "messageType": "TYPE_ACTIVITY_APPOINTMENT",
    "locationId": "l1",
    "contactId": "c1",
    "conversationId": "v1",
    "body": "Ann Doe",
    "source": "app",
    "from": "Acme",
    "to": "Ann Doe",
    "dateAdded": "2026-07-17T10:58:09.966Z",
    "dateUpdated": "2026-07-17T10:58:09.966Z",
    "activity": {
        "type": "appointment_created",
        "title": "New appointment created",
        "data": {"appointmentTitle": "Ann Doe", "members": {}, "serviceBookingId": None},
    },
}

# Messages


def test_an_activity_row_is_read_as_recorded() -> None:
    message = Message.from_api(APPOINTMENT)
    assert (message.id, message.type, message.type_code) == ("m1", "TYPE_ACTIVITY_APPOINTMENT", 31)
    assert (message.location_id, message.contact_id, message.conversation_id) == ("l1", "c1", "v1")
    assert (message.date_added, message.date_updated) == (WHEN, WHEN)
    assert (message.direction, message.body, message.source) == ("outbound", "Ann Doe", "app")
    assert (message.sender, message.recipient) == ("Acme", "Ann Doe")
    assert message.activity == Activity(
        "appointment_created", "New appointment created", APPOINTMENT["activity"]["data"]
    )
    assert message.content_type == message.status == message.user_id == message.error == ""
    assert (message.attachments, message.call, message.email) == ((), None, None)
    assert message.raw is APPOINTMENT


def test_every_documented_field_of_a_message_is_read() -> None:
    message = Message.from_api(
        {
            "id": "m2",
            "type": 2,
            "messageType": "SMS",
            "dateAdded": "2026-07-17T10:58:09.966Z",
            "direction": "Inbound",
            "contentType": "text/plain",
            "altId": "CA0",
            "body": "Hello\n",
            "status": "delivered",
            "attachments": ["https://a.example/1.png", "https://a.example/1.png"],
            "source": "workflow",
            "userId": "u1",
            "conversationProviderId": "p1",
            "chatWidgetId": "w1",
            "subject": "Hi",
            "error": "30007",
            "meta": {"marketplace": {"appId": "a1"}},
        }
    )
    assert (message.type, message.direction, message.content_type) == (
        "TYPE_SMS",
        "inbound",
        "text/plain",
    )
    assert (message.alt_id, message.body, message.status) == ("CA0", "Hello\n", "delivered")
    assert message.attachments == ("https://a.example/1.png", "https://a.example/1.png")
    assert (message.source, message.user_id) == ("workflow", "u1")
    assert (message.conversation_provider_id, message.chat_widget_id) == ("p1", "w1")
    assert (message.subject, message.error) == ("Hi", "30007")
    assert message.meta == {"marketplace": {"appId": "a1"}}


def test_a_message_is_read_wrapped_flat_and_as_webhooks_send_it() -> None:
    flat = Message.from_api(APPOINTMENT)
    assert Message.from_api({"message": APPOINTMENT, "traceId": "t"}) == flat
    webhook = Message.from_api(
        {
            "type": "InboundMessage",
            "messageType": "CALL",
            "messageId": "m9",
            "callDuration": 120,
            "callStatus": "completed",
            "status": "completed",
        }
    )
    assert (webhook.id, webhook.type, webhook.type_code) == ("m9", "TYPE_CALL", None)
    assert webhook.call == Call(120.0, "completed")


def test_without_a_name_the_type_comes_from_the_code() -> None:
    assert Message.from_api({"type": 3}).type == "TYPE_EMAIL"
    assert Message.from_api({"type": 12345}).type == ""
    assert Message.from_api({"type": 12345}).type_code == 12345
    assert Message.from_api({"type": "TYPE_SMS"}).type_code is None


@pytest.mark.parametrize(
    ("row", "call"),
    [
        ({}, None),
        ({"meta": None}, None),
        ({"meta": {"call": {}}}, None),
        ({"meta": {"email": {}}, "status": "delivered"}, None),
        ({"meta": {"call": {"duration": 42, "status": "completed"}}}, Call(42.0, "completed")),
        ({"meta": {"call": {"duration": None, "status": "voicemail"}}}, Call(None, "voicemail")),
        ({"meta": {"call": {"duration": None}}}, Call(None, "")),
        ({"meta": {"call": {"duration": 0, "status": "busy"}}}, Call(0.0, "busy")),
        (
            {"meta": {"call": {"call": {"duration": "7.5", "status": "busy"}}}},
            Call(7.5, "busy"),
        ),
        ({"meta": {"call": {"callDuration": "120"}}}, Call(120.0, "")),
        ({"meta": {"callDuration": "120", "callStatus": "answered"}}, Call(120.0, "answered")),
        ({"meta": {"callStatus": "no-answer"}}, Call(None, "no-answer")),
        ({"meta": {"callDuration": None}}, Call(None, "")),
        ({"callDuration": 3, "callStatus": "completed", "status": "x"}, Call(3.0, "completed")),
        (
            {"meta": {"call": {"duration": None}, "callDuration": 9}, "callStatus": "busy"},
            Call(9.0, "busy"),
        ),
        ({"meta": {"call": {"duration": -1}}}, Call(None, "")),
        ({"meta": {"call": {"duration": float("nan")}}}, Call(None, "")),
        ({"meta": {"call": {"duration": True}}}, Call(None, "")),
        ({"meta": {"call": {"duration": "1e999"}}}, Call(None, "")),
        ({"meta": {"call": {"duration": 10**400}}}, Call(None, "")),
        ({"meta": {"call": "completed"}}, None),
    ],
)
def test_calls_are_read_in_every_nesting(row: dict[str, object], call: Call | None) -> None:
    assert Message.from_api(row).call == call


@pytest.mark.parametrize(
    ("meta", "email"),
    [
        (None, None),
        ({}, None),
        ({"email": None}, None),
        ({"email": {}}, None),
        ({"messageIds": []}, None),
        ({"email": {"messageIds": ["e1", "e2"]}}, EmailThread(("e1", "e2"), "", "")),
        ({"email": {"email": {"messageIds": ["e1"]}}}, EmailThread(("e1",), "", "")),
        ({"messageIds": ["e1"]}, EmailThread(("e1",), "", "")),
        ({"email": {"messageIds": "e1"}}, EmailThread(("e1",), "", "")),
        ({"email": {"messageIds": ["e1", "e1", None, "", 7]}}, EmailThread(("e1", "7"), "", "")),
        (
            {"email": {"subject": "Hi", "direction": "outbound"}, "messageIds": ["e1"]},
            EmailThread(("e1",), "Hi", "outbound"),
        ),
        (
            {"email": {"email": {"subject": "Hi", "direction": "inbound"}}},
            EmailThread((), "Hi", "inbound"),
        ),
        ({"email": "e1"}, None),
    ],
)
def test_email_ids_are_read_in_every_nesting(meta: object, email: EmailThread | None) -> None:
    assert Message.from_api({"meta": meta}).email == email


@pytest.mark.parametrize(
    ("raw", "attachments"),
    [
        (None, ()),
        ([], ()),
        ("https://a.example/1", ("https://a.example/1",)),
        (["https://a.example/1", None, "", 5, ["x"]], ("https://a.example/1",)),
        ([{"url": "https://a.example/1"}, {"name": "x"}], ("https://a.example/1",)),
    ],
)
def test_attachments_are_addresses(raw: object, attachments: tuple[str, ...]) -> None:
    assert Message.from_api({"attachments": raw}).attachments == attachments


@pytest.mark.parametrize("direction", ["", "sideways", None, 1, ["inbound"]])
def test_other_directions_are_unknown(direction: object) -> None:
    assert Message.from_api({"direction": direction}).direction == ""


@pytest.mark.parametrize("activity", [None, "x", [], 1])
def test_an_activity_that_is_no_object_is_none(activity: object) -> None:
    assert Message.from_api({"activity": activity}).activity is None


def test_text_is_text_only_and_ids_may_be_numbers() -> None:
    message = Message.from_api({"id": 12, "userId": 1.5, "body": 5, "status": True, "altId": False})
    assert (message.id, message.user_id, message.alt_id) == ("12", "", "")
    assert (message.body, message.status) == ("", "")
    assert Message.from_api({"id": 10**5000}).id == ""


def test_text_can_be_encoded_and_stored() -> None:
    message = Message.from_api({"id": "a\0", "body": "x\ud800\0y", "attachments": ["\udfff"]})
    assert (message.id, message.body, message.attachments) == ("a", "x\ufffdy", ("\ufffd",))


# Pages


ROWS = [{"id": "m3"}, {"id": "m1"}, None, "x", {"id": "m2"}]


@pytest.mark.parametrize(
    "raw",
    [
        {"messages": ROWS, "lastMessageId": "m2", "nextPage": True},
        {"messages": {"messages": ROWS, "lastMessageId": "m2", "nextPage": True}, "traceId": "t"},
        {"messages": {"messages": ROWS}, "lastMessageId": "m2", "nextPage": True},
    ],
)
def test_a_page_keeps_the_order_delivered_in_every_envelope(raw: dict[str, object]) -> None:
    page = MessagePage.from_api(raw)
    assert [message.id for message in page.messages] == ["m3", "m1", "m2"]
    assert (page.last_message_id, page.next_page) == ("m2", True)
    assert page.raw is raw


@pytest.mark.parametrize(
    ("value", "flag"),
    [(True, True), ("true", True), (1, True), (False, False), ("false", False), (None, False)],
)
def test_only_next_page_says_that_there_is_more(value: object, flag: bool) -> None:
    page = MessagePage.from_api({"messages": [], "lastMessageId": "m1", "nextPage": value})
    assert (page.last_message_id, page.next_page) == ("m1", flag)


def test_a_search_page_is_read() -> None:
    page = ConversationPage.from_api({"conversations": [{"id": "v2"}, 5, {"id": "v1"}], "total": 9})
    assert [conversation.id for conversation in page.conversations] == ["v2", "v1"]
    assert page.total == 9
    assert ConversationPage.from_api({"conversations": None}).total is None


# Conversations


def test_a_conversation_is_read_as_search_lists_it() -> None:
    conversation = Conversation.from_api(
        {
            "id": "v1",
            "locationId": "l1",
            "contactId": "c1",
            "contactName": "Ann McDonald",
            "fullName": "Ann Mcdonald",
            "companyName": None,
            "email": "ann@example.com",
            "assignedTo": "u1",
            "dateAdded": 1784285889966,
            "dateUpdated": 1784285889966,
            "lastMessageDate": 1784285889966,
            "lastManualMessageDate": 1784285889966,
            "lastMessageType": "TYPE_NO_SHOW",
            "lastMessageBody": "Hello",
            "lastMessageDirection": "inbound",
            "lastOutboundMessageAction": "manual",
            "isLastMessageInternalComment": False,
            "unreadCount": 3,
            "starred": True,
            "inbox": True,
            "tags": ["vip", "vip", "new"],
            "followers": ["u2"],
            "type": "TYPE_PHONE",
            "messageTypes": [2, 100, 12345, "TYPE_EMAIL"],
            "profilePhoto": "https://a.example/p.png",
            "sort": [1784285889966],
        }
    )
    assert (conversation.name, conversation.company_name) == ("Ann McDonald", "")
    assert (conversation.email, conversation.phone) == ("ann@example.com", "")
    dates = (
        conversation.date_added,
        conversation.date_updated,
        conversation.last_message_date,
        conversation.last_manual_message_date,
    )
    assert dates == (WHEN,) * 4
    assert conversation.last_message_type == "TYPE_NO_SHOW"
    assert (conversation.last_message_body, conversation.last_message_direction) == (
        "Hello",
        "inbound",
    )
    assert conversation.last_outbound_action == "manual"
    assert (conversation.unread_count, conversation.starred, conversation.inbox) == (3, True, True)
    assert (conversation.deleted, conversation.is_last_message_internal_comment) == (False, False)
    assert (conversation.tags, conversation.followers) == (("vip", "new"), ("u2",))
    assert conversation.message_types == ("TYPE_SMS", "TYPE_NO_SHOW", "TYPE_EMAIL")
    assert (conversation.type_code, conversation.sort) == (None, 1784285889966)
    assert (conversation.assigned_to, conversation.profile_photo) == (
        "u1",
        "https://a.example/p.png",
    )


BY_ID = {
    "locationId": "l1",
    "contactId": "c1",
    "type": 1,
    "deleted": False,
    "id": "v1",
    "isLastMessageInternalComment": True,
    "lastMessageType": 100,
    "lastMessageDate": {"seconds": 1784285889, "nanoseconds": 966000000},
    "messageTypes": [100],
    "traceId": "t",
}


@pytest.mark.parametrize("raw", [BY_ID, {"conversation": BY_ID}])
def test_a_conversation_is_read_as_answered_by_id(raw: dict[str, object]) -> None:
    conversation = Conversation.from_api(raw)
    assert (conversation.id, conversation.type_code) == ("v1", 1)
    assert conversation.last_message_type == "TYPE_NO_SHOW"
    assert conversation.last_message_date == WHEN
    assert conversation.sort == 1784285889966
    assert conversation.is_last_message_internal_comment is True
    assert (conversation.name, conversation.unread_count, conversation.starred) == ("", 0, False)


@pytest.mark.parametrize(
    ("raw", "sort"),
    [
        ({"sort": [5, 6]}, 5),
        ({"sort": 5}, 5),
        ({"sort": ["5"]}, 5),
        ({"sort": [], "lastMessageDate": 1784285889966}, 1784285889966),
        ({"sort": [None], "lastMessageDate": "2026-07-17T10:58:09.966Z"}, 1784285889966),
        ({"sort": [True]}, None),
        ({}, None),
    ],
)
def test_the_cursor_is_the_sort_value_or_else_the_last_message_date(
    raw: dict[str, object], sort: int | None
) -> None:
    assert Conversation.from_api(raw).sort == sort


@pytest.mark.parametrize(
    ("raw", "count"), [(4, 4), ("4", 4), (-1, 0), (None, 0), (True, 0), ("x", 0), (10**400, 0)]
)
def test_the_unread_count_is_never_negative(raw: object, count: int) -> None:
    assert Conversation.from_api({"unreadCount": raw}).unread_count == count


def test_a_conversation_without_contact_name_uses_the_full_name() -> None:
    assert Conversation.from_api({"contactName": "", "fullName": "Ann"}).name == "Ann"


# Contacts, users, locations


CONTACT = {
    "id": "c1",
    "locationId": "l1",
    "firstName": "Ann",
    "lastName": "Doe",
    "email": "ann@example.com",
    "phone": "+15550100",
    "country": "CH",
    "tags": ["vip"],
    "customFields": [{"id": "f1", "value": "x"}, None, "y"],
    "additionalEmails": ["a@example.com", {"email": "b@example.com"}],
    "additionalPhones": [{"phone": "+15550101", "label": "home"}],
    "dateAdded": "2026-07-17T10:58:09.966Z",
    "dateUpdated": "2026-07-17T10:58:09.966Z",
    "dateOfBirth": "1961-05-04",
    "timezone": "Europe/Zurich",
    "assignedTo": "u1",
    "source": "form",
    "dnd": True,
    "dndSettings": {"SMS": {"status": "active"}},
}


@pytest.mark.parametrize("raw", [CONTACT, {"contact": CONTACT, "traceId": "t"}])
def test_a_contact_is_read_wrapped_and_flat(raw: dict[str, object]) -> None:
    contact = Contact.from_api(raw)
    assert (contact.id, contact.location_id, contact.name) == ("c1", "l1", "Ann Doe")
    assert (contact.first_name, contact.last_name) == ("Ann", "Doe")
    assert (contact.email, contact.phone) == ("ann@example.com", "+15550100")
    assert contact.additional_emails == ("a@example.com", "b@example.com")
    assert contact.additional_phones == ("+15550101",)
    assert contact.custom_fields == ({"id": "f1", "value": "x"},)
    assert (contact.date_added, contact.date_updated) == (WHEN, WHEN)
    assert contact.date_of_birth == date(1961, 5, 4)
    assert (contact.country, contact.time_zone, contact.source) == ("CH", "Europe/Zurich", "form")
    assert (contact.tags, contact.assigned_to) == (("vip",), "u1")
    assert (contact.dnd, contact.dnd_settings) == (True, {"SMS": {"status": "active"}})
    assert contact.raw is CONTACT


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ({"name": "Dr Ann", "firstName": "Ann"}, "Dr Ann"),
        ({"firstName": " Ann ", "lastName": None}, "Ann"),
        ({"lastName": "Doe"}, "Doe"),
        ({"companyName": "Acme", "email": "a@example.com"}, "Acme"),
        ({"name": " ", "email": "a@example.com", "phone": "+1"}, "a@example.com"),
        ({"phone": "+1"}, "+1"),
        ({}, ""),
    ],
)
def test_a_contact_is_called_by_the_best_name_there_is(raw: dict[str, object], name: str) -> None:
    assert Contact.from_api(raw).name == name


@pytest.mark.parametrize("wrap", [False, True])
def test_users_and_locations_are_read_wrapped_and_flat(wrap: bool) -> None:
    raw_user = {"id": "u1", "firstName": "Tom", "lastName": "Reyes", "deleted": True}
    raw_location = {
        "id": "l1",
        "companyId": "k1",
        "name": "Acme",
        "timezone": "Europe/Zurich",
        "country": "CH",
        "email": "a@example.com",
        "phone": "+1",
        "logoUrl": "",
    }
    user = User.from_api({"user": raw_user} if wrap else raw_user)
    assert (user.id, user.name, user.email, user.deleted) == ("u1", "Tom Reyes", "", True)
    location = Location.from_api({"location": raw_location} if wrap else raw_location)
    assert (location.id, location.company_id, location.name) == ("l1", "k1", "Acme")
    assert (location.time_zone, location.country, location.logo_url) == ("Europe/Zurich", "CH", "")
    assert (location.email, location.phone) == ("a@example.com", "+1")


# Dates


@pytest.mark.parametrize(
    "value",
    [
        1784285889966,
        1784285889966.0,
        "1784285889966",
        1784285889.966,
        "1784285889.966",
        {"seconds": 1784285889, "nanoseconds": 966000000},
        {"_seconds": 1784285889, "_nanoseconds": 966000000},
        {"seconds": "1784285889", "nanoseconds": "966000000"},
        "2026-07-17T10:58:09.966Z",
        "2026-07-17t10:58:09.966z",
        " 2026-07-17T10:58:09.966 ",
        "2026-07-17 10:58:09.966",
        "2026-07-17T10:58:09.966000000Z",
        "2026-07-17T12:58:09.966+02:00",
        "2026-07-17T05:58:09.966-0500",
    ],
)
def test_every_encoding_of_a_date_is_the_same_moment(value: object) -> None:
    found = Message.from_api({"dateAdded": value}).date_added
    assert found == WHEN
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (1784285889, datetime(2026, 7, 17, 10, 58, 9, tzinfo=UTC)),
        ({"seconds": 1784285889}, datetime(2026, 7, 17, 10, 58, 9, tzinfo=UTC)),
        (
            {"seconds": 1784285889, "nanoseconds": -5},
            datetime(2026, 7, 17, 10, 58, 9, tzinfo=UTC),
        ),
        ("2026-07-17", datetime(2026, 7, 17, tzinfo=UTC)),
        (-1000, datetime(1969, 12, 31, 23, 43, 20, tzinfo=UTC)),
    ],
)
def test_dates_may_be_less_precise(value: object, found: datetime) -> None:
    assert Message.from_api({"dateAdded": value}).date_added == found


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        False,
        "",
        "soon",
        "2026-13-45",
        [],
        [1784285889966],
        {},
        {"seconds": None},
        {"seconds": True},
        {"seconds": 10**30},
        10**400,
        1e300,
        -1e300,
        float("nan"),
        float("inf"),
        "nan",
        "9" * 5000,
        10**17,
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00:00Z",
    ],
)
def test_what_is_no_date_in_range_is_none(value: object) -> None:
    assert Message.from_api({"dateAdded": value}).date_added is None


# Anything at all

RECORDS: list[Any] = [
    Message,
    MessagePage,
    Conversation,
    ConversationPage,
    Contact,
    User,
    Location,
]
FIELDS = """
id type messageType locationId contactId conversationId dateAdded dateUpdated direction
contentType altId body status attachments source userId conversationProviderId chatWidgetId
from to subject error activity title data meta call duration callDuration callStatus email
messageIds messages lastMessageId nextPage message conversation conversations contact user
location total contactName fullName companyName phone assignedTo unreadCount starred inbox
deleted lastMessageDate lastMessageType lastMessageBody lastMessageDirection
lastOutboundMessageAction isLastMessageInternalComment lastManualMessageDate tags followers
messageTypes profilePhoto sort name firstName lastName additionalEmails additionalPhones
timezone country dateOfBirth dnd dndSettings customFields companyId logoUrl seconds
nanoseconds _seconds _nanoseconds url traceId
"""
NAMES = st.sampled_from(str.split(FIELDS))
TEXTS = st.text(st.characters(exclude_categories=()), max_size=20)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**600), 10**600)
    | st.floats()
    | TEXTS
    | st.integers().map(str)
    | st.floats().map(str)
    | st.datetimes().map(datetime.isoformat)
    | st.sampled_from(["TYPE_SMS", "inbound", "true", "Infinity", "1e999"])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | TEXTS, inner, max_size=12),
    max_leaves=40,
)


def texts_of(value: object) -> list[str]:
    """All strings in a record's own fields, `raw` and other objects as they came left out."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, tuple):
        return [text for item in value for text in texts_of(item)]
    if hasattr(value, "__dataclass_fields__"):
        return texts_of(tuple(getattr(value, field.name) for field in fields(value)))  # type: ignore[arg-type]
    return []


@settings(max_examples=300, deadline=None)
@given(raw=JSON | st.dictionaries(NAMES, JSON, max_size=20))
def test_no_json_value_makes_a_parser_raise(raw: object) -> None:
    for record in RECORDS:
        found = record.from_api(raw)
        for text in texts_of(found):
            assert "\0" not in text
            text.encode()
        assert isinstance(found.raw, dict)
        repr(found)


@settings(max_examples=200, deadline=None)
@given(value=st.integers() | st.floats() | st.datetimes().map(datetime.isoformat) | SCALARS)
def test_every_date_found_can_be_shown_in_any_zone(value: object) -> None:
    found = Message.from_api({"dateAdded": value}).date_added
    if found is not None:
        for zone in ("+14:00", "-12:00"):
            found.astimezone(datetime.fromisoformat(f"2026-01-01T00:00:00{zone}").tzinfo)


@settings(max_examples=200, deadline=None)
@given(body=st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_body_is_read_or_refused_as_no_json(body: bytes) -> None:
    try:
        found = values.parse(body)
    except ValueError:
        return
    json.dumps(found, ensure_ascii=False).encode()


@pytest.mark.parametrize("record", RECORDS)
def test_a_record_of_nothing_is_empty(record: Any) -> None:
    nothings: list[object] = [None, [], "x", 5, True]
    for raw in nothings:
        assert record.from_api(raw) == record.from_api({})
    assert record.from_api(None).raw == {}


def test_records_are_frozen_and_can_be_cached() -> None:
    message = Message.from_api(APPOINTMENT)
    with pytest.raises(FrozenInstanceError):
        message.body = "other"  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(message)) == message  # noqa: S301 - our own bytes


def test_repr_shows_no_customer_data() -> None:
    page = MessagePage.from_api({"messages": [{**APPOINTMENT, "body": "secret words"}]})
    assert "Message('m1')" in repr(page)
    assert "secret" not in repr(page)
    assert "Ann" not in repr(page) + repr(Contact.from_api(CONTACT))
    assert "Ann" not in repr(page.messages[0].activity)
