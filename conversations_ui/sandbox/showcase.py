"""The showcase: one row of every message type, and every odd row clients have met."""

from __future__ import annotations

from collections.abc import Callable

from conversations_ui.sandbox import letters, phrases
from conversations_ui.sandbox.catalogue import CODES
from conversations_ui.sandbox.episodes import comment, form, mails, review
from conversations_ui.sandbox.people import new_id
from conversations_ui.sandbox.special import HOSTILE, LONG_TEXT, LONG_WORD, ending_at
from conversations_ui.sandbox.thread import FAILURES, Thread
from conversations_ui.sandbox.world import MINUTE, Raw

STATUSES = (
    "pending",
    "scheduled",
    "queued",
    "sent",
    "delivered",
    "read",
    "undelivered",
    "failed",
    "connected",
    "opened",
    "clicked",
    "opt_out",
    "teleported",
)
SOURCES = ("workflow", "bulk_actions", "campaign", "api", "app", "manual", "carrier pigeon")
CALLS: tuple[tuple[str, str, object], ...] = (
    ("inbound", "completed", 243),
    ("inbound", "completed", "96"),
    ("outbound", "completed", None),
    ("inbound", "no-answer", None),
    ("outbound", "busy", 0),
    ("outbound", "canceled", None),
    ("outbound", "failed", None),
    ("inbound", "voicemail", 34),
    ("outbound", "answered", 3725.5),
    ("inbound", "pending", None),
)


CONTACT: Raw = {
    "companyName": "Lindqvist & Daughters",
    "timezone": "Africa/Lagos",
    "source": "Website form",
    "dateOfBirth": "1984-02-29T00:00:00.000Z",
    "website": "https://lindqvist.example",
    "address1": "12 Maple",
    "city": "Oak Park",
    "state": "IL",
    "postalCode": "60302",
    "tags": ["existing-crown", "vip"],
    "additionalEmails": [{"email": "office@lindqvist.example"}],
    "additionalPhones": ["+447700900123", {"phone": "(312) 555-0177"}],
    "dnd": True,
    "dndSettings": {
        "SMS": {"status": "active", "message": "DND enabled by customer", "code": "103"},
        "Call": {"status": "inactive"},
        "WhatsApp": {"status": "permanent"},
    },
    "customFields": [
        {"id": "cf-insurance", "value": "Delta PPO"},
        {"id": "cf-times", "value": ["evenings", "saturday"]},
        {"id": "cf-empty", "value": ""},
        {"id": "cf-recall", "name": "Recall", "value": True},
        {"id": "cf-files", "value": {"name": "card.pdf"}},
    ],
}


def showcase(thread: Thread, last: int) -> None:
    """One row of every message type, and every odd row clients have met, 25 minutes apart."""
    thread.contact |= CONTACT
    writers = [*_by_type(thread), *_odd(thread)]
    at = last - 25 * MINUTE * (len(writers) - 1)
    for label, write in writers:
        row = write(at)
        thread.world.showcase[label] = row["id"]
        at += 25 * MINUTE


Writer = Callable[[int], Raw]


def _by_type(thread: Thread) -> list[tuple[str, Writer]]:
    slots = thread.slots()
    sent = phrases.REMINDERS["dental"]

    def plain(name: str, place: int) -> Writer:
        text = sent[place % len(sent)].format_map(slots)
        if name == "TYPE_SMS_REACTION":
            return lambda at: thread.said(at, name, "Loved “You are confirmed”")
        if "COMMENT" in name:
            return lambda at: thread.said(at, name, phrases.COMMENT_LINES[place % 5])
        if "CAMPAIGN" in name or "REQUEST" in name:
            return lambda at: thread.automated(at, name, text, "campaign")
        if name == "TYPE_LIVE_CHAT_INFO_MESSAGE":
            return lambda at: thread.add(at, name, body="Visitor left the chat", status=None)
        if place % 2:
            return lambda at: thread.sent(at, name, text, status="read", error=None)
        return lambda at: thread.said(at, name, f"A question on this channel, {slots['staff']}?")

    special: dict[str, Writer] = {
        "TYPE_INTERNAL_COMMENT": lambda at: comment(thread, at, phrases.COMMENTS["dental"][1]),
        "TYPE_REVIEW": lambda at: ending_at(thread, review, at),
        "TYPE_FORM_SUBMISSION": lambda at: ending_at(thread, form, at),
        "TYPE_EMAIL": lambda at: ending_at(thread, mails, at),
        "TYPE_ACTIVITY_INVOICE": lambda at: _activity(
            thread, at, "TYPE_ACTIVITY_INVOICE", "Invoice INV-2081 sent", "INV-2081"
        ),
        "TYPE_ACTIVITY_CONTACT": lambda at: thread.add(
            at,
            "TYPE_ACTIVITY_CONTACT",
            "inbound",
            body="DnD enabled by customer",
            status=None,
            contentType=None,
            attachments=None,
        ),
        "TYPE_ACTIVITY_OPPORTUNITY": lambda at: _activity(
            thread, at, "TYPE_ACTIVITY_OPPORTUNITY", "Opportunity created", "Opportunity created"
        ),
    }
    writers: list[tuple[str, Writer]] = []
    for place, name in enumerate(CODES):
        if name in special:
            write = special[name]
        elif name.startswith("TYPE_ACTIVITY_"):
            title = name.removeprefix("TYPE_ACTIVITY_").replace("_", " ").capitalize()
            write = _activity_writer(thread, name, f"{title} changed")
        elif "EMAIL" in name and "VOICEMAIL" not in name:
            write = _mail_writer(thread, name)
        elif "CALL" in name or "VOICEMAIL" in name:
            write = _call_writer(thread, name)
        else:
            write = plain(name, place)
        writers.append((name, write))
    return writers


def _odd(thread: Thread) -> list[tuple[str, Writer]]:
    location, rng = thread.scene.location["name"], thread.rng
    say, send = thread.said, thread.sent
    rows: list[tuple[str, Writer]] = [
        ("TYPE_GROUP_SMS", lambda at: say(at, "TYPE_GROUP_SMS", "All three of us can come")),
        ("TYPE_INTERNAL_CHAT", lambda at: send(at, "TYPE_INTERNAL_CHAT", "Who has the key?")),
        ("TYPE_NO_SHOW", lambda at: thread.add(at, "TYPE_NO_SHOW", status=None)),
        (
            "TYPE_VOICEMAIL",
            lambda at: thread.call(at, "inbound", "voicemail", 17, "TYPE_VOICEMAIL"),
        ),
        ("TYPE_NOTE", lambda at: thread.add(at, "TYPE_NOTE", body="Key is with reception")),
        ("TYPE_ACTIVITY_CONVERSATION", _activity_writer(thread, "TYPE_ACTIVITY_CONVERSATION", "")),
        ("TYPE_HOLOGRAM", lambda at: say(at, "TYPE_HOLOGRAM", "I stand in your waiting room")),
        (
            "TYPE_ACTIVITY_SPACEWALK",
            _activity_writer(thread, "TYPE_ACTIVITY_SPACEWALK", "Left the airlock"),
        ),
        ("no_direction", lambda at: thread.add(at, "TYPE_SMS", None, body="Who wrote this?")),
        ("no_body", lambda at: say(at, "TYPE_SMS", None)),
        ("no_date", lambda at: thread.undated(say(at, "TYPE_SMS", "When was this?"))),
        ("short_name", lambda at: say(at, "TYPE_SMS", "Short type name", messageType="SMS")),
        ("no_status", lambda at: send(at, "TYPE_SMS", "No status yet", status=None)),
        ("emoji_only", lambda at: say(at, "TYPE_WHATSAPP", "🙏🎉")),
        ("long_word", lambda at: say(at, "TYPE_SMS", LONG_WORD)),
        ("long_text", lambda at: say(at, "TYPE_WHATSAPP", LONG_TEXT)),
        ("script", lambda at: say(at, "TYPE_SMS", HOSTILE[0])),
        ("entities", lambda at: say(at, "TYPE_LIVE_CHAT", HOSTILE[2])),
        (
            "links",
            lambda at: say(
                at,
                "TYPE_SMS",
                "See https://maps.example.com/place/@41.8781136,-87.6297982,17z (2nd floor), write"
                " to maya@example.com or call (312) 555-0148.",
            ),
        ),
        ("unknown_user", lambda at: send(at, "TYPE_SMS", "By someone gone", userId=new_id(rng))),
        ("phone_app", lambda at: send(at, "TYPE_WHATSAPP", "Typed on the phone", userId=None)),
        ("reaction", lambda at: say(at, "TYPE_SMS_REACTION", "Loved “Typed on the phone”")),
        (
            "extra_fields",
            lambda at: say(at, "TYPE_SMS", "More than documented", sentiment={"score": 0.4}, n=3),
        ),
        (
            "meta_facebook",
            lambda at: say(
                at,
                "TYPE_FACEBOOK",
                "Is the car park open at weekends?",
                meta={"fb": {"fb": {"page_id": "1093", "page_name": location}}},
            ),
        ),
        (
            "meta_marketplace",
            lambda at: send(
                at,
                "TYPE_CUSTOM_PROVIDER_SMS",
                "Sent by an app",
                altId="partner-7781",
                conversationProviderId=new_id(rng),
                meta={"marketplace": {"appId": new_id(rng)}},
            ),
        ),
        (
            "chat_widget",
            lambda at: say(
                at,
                "TYPE_LIVE_CHAT",
                "Found the answer on your site, never mind!",
                chatWidgetId=new_id(rng),
            ),
        ),
        (
            "meta_documented_call",
            lambda at: thread.call(
                at,
                "inbound",
                "completed",
                None,
                meta={"callDuration": "120", "callStatus": "completed"},
            ),
        ),
        (
            "meta_nested_email",
            lambda at: _nested_mail(thread, at),
        ),
        (
            "opted_out",
            lambda at: thread.said(at, "TYPE_SMS", "STOP", status="opt_out"),
        ),
    ]
    for direction, status, length in CALLS:
        rows.append((f"call_{status}_{length}", _odd_call(thread, direction, status, length)))
    for status in STATUSES:
        error = FAILURES[0] if status == "failed" else None
        rows.append((f"status_{status}", _status_writer(thread, status, error)))
    for source in SOURCES:
        rows.append((f"source_{source}", _source_writer(thread, source)))
    rows += _entries(thread)
    rows.append(("last", lambda at: say(at, "TYPE_WHATSAPP", "Please keep writing me here.")))
    return rows


def _entries(thread: Thread) -> list[tuple[str, Writer]]:
    """Forms, reviews, comments and failures in every form met, and activities with their data."""
    say, send, staff = thread.said, thread.sent, thread.staff
    form = "TYPE_FORM_SUBMISSION"
    written = (
        "Sent from the clinic page\nFull name: Ann Doe\nWhat can we help with?: A crown came loose."
        "\n\nIt happened at 10:30, see https://example.com/crown"
        "\nPreferred time:\nMay we call?: Yes"
    )
    fields = [
        {"label": "Insurance", "value": ["Delta PPO", "Aetna"]},
        {"name": "Agreed", "value": 1},
    ]
    rows: list[tuple[str, Writer]] = [
        ("form_lines", lambda at: say(at, form, written)),
        (
            "form_fields",
            lambda at: say(at, form, "Agreed: 1\nMore: yes", meta={"form": {"fields": fields}}),
        ),
        ("form_plain", lambda at: say(at, form, "Please call me back")),
        ("review_text", lambda at: say(at, "TYPE_REVIEW", "Good", meta={"stars": "4.5"})),
        ("review_none", lambda at: say(at, "TYPE_REVIEW", "Hm", meta={"review": {"rating": 9}})),
        (
            "comment_mention",
            lambda at: comment(
                thread, at, "@Priya please read this, @Tom too (not me@example.com)"
            ),
        ),
    ]
    for code in ("21610", "30003", "30453", "63016", "99999"):
        rows.append((f"error_{code}", _status_writer(thread, "failed", f"Error code: {code}")))
    rows.append(
        ("error_number", lambda at: send(at, "TYPE_SMS", "No", status="failed", error=30005))
    )
    for label, kind, title, data in (
        (
            "activity_appointment",
            "APPOINTMENT",
            "New appointment created",
            {"appointmentTitle": "Crown fitting", "timestamp": "2026-07-20T15:00:00.000Z"},
        ),
        (
            "activity_invoice",
            "INVOICE",
            "Invoice sent",
            {"invoiceNumber": "INV-7001", "amount": 140, "currency": "USD"},
        ),
        ("activity_payment", "PAYMENT", "Payment received", {"amount": "140.5"}),
        ("activity_dnd", "CONTACT", "Contact updated", {"dnd": True, "channel": "SMS"}),
        (
            "activity_staff",
            "EMPLOYEE_ACTION_LOG",
            f"{staff['name']} assigned the conversation to Tom Reyes",
            {"userId": staff["id"]},
        ),
    ):
        rows.append((label, _data_writer(thread, f"TYPE_ACTIVITY_{kind}", title, data)))
    return rows


def _data_writer(thread: Thread, name: str, title: str, data: Raw) -> Writer:
    return lambda at: thread.activity(at, name, "changed", title, thread.person.name, data)


def _activity(thread: Thread, at: int, name: str, title: str, body: str) -> Raw:
    kind = name.removeprefix("TYPE_ACTIVITY_").lower()
    return thread.activity(at, name, f"{kind}_changed", title, body, {"id": new_id(thread.rng)})


def _activity_writer(thread: Thread, name: str, title: str) -> Writer:
    return lambda at: _activity(thread, at, name, title, thread.person.name)


def _status_writer(thread: Thread, status: str, error: str | None) -> Writer:
    text = f"A message that is {status.replace('_', ' ')}"
    return lambda at: thread.sent(at, "TYPE_SMS", text, status=status, error=error)


def _source_writer(thread: Thread, source: str) -> Writer:
    return lambda at: thread.automated(at, "TYPE_SMS", f"Sent by {source}", source)


def _call_writer(thread: Thread, name: str) -> Writer:
    def write(at: int) -> Raw:
        row = thread.call(at, "outbound", "completed", 62, name)
        thread.record(row, 62)
        thread.transcribe(row, "array", phrases.TRANSCRIPT[:6], 62)
        return row

    return write


def _odd_call(thread: Thread, direction: str, status: str, length: object) -> Writer:
    meta = {"call": {"duration": length, "status": status}}
    return lambda at: thread.call(at, direction, status, None, meta=meta)


def _mail_writer(thread: Thread, name: str) -> Writer:
    def write(at: int) -> Raw:
        body = letters.OFFER.format_map(thread.slots())
        mail = thread.mail(at, "outbound", "Your quote", body)
        row = thread.mail_thread(at, [(at, mail)])
        row.update(messageType=name, type=CODES[name])
        return row

    return write


def _nested_mail(thread: Thread, at: int) -> Raw:
    mail = thread.mail(at, "inbound", "Forms", letters.PLAIN[0].format_map(thread.slots()))
    row = thread.mail_thread(at, [(at, mail)])
    row["meta"] = {"email": row["meta"]}
    return row
