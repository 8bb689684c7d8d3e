"""Pieces of everyday traffic that conversations are composed of.

Each episode writes rows into a `Thread` from a given time on. The composer in `data` moves them
to where they belong, so only the distances matter here.
"""

from __future__ import annotations

from collections.abc import Callable

from conversations_ui.sandbox import letters, phrases, phrases_abroad
from conversations_ui.sandbox.people import new_id
from conversations_ui.sandbox.thread import Thread
from conversations_ui.sandbox.world import DAY, HOUR, MINUTE, Raw

SECOND = 1000
CHANNELS: dict[str, tuple[tuple[str, int], ...]] = {
    "dental": (
        ("TYPE_SMS", 60),
        ("TYPE_WHATSAPP", 10),
        ("TYPE_LIVE_CHAT", 7),
        ("TYPE_FACEBOOK", 6),
        ("TYPE_INSTAGRAM", 6),
        ("TYPE_GMB", 4),
        ("TYPE_RCS", 4),
        ("TYPE_TIKTOK", 2),
        ("TYPE_CUSTOM_PROVIDER_SMS", 1),
    ),
    "bike": (
        ("TYPE_WHATSAPP", 55),
        ("TYPE_SMS", 20),
        ("TYPE_INSTAGRAM", 10),
        ("TYPE_LIVE_CHAT", 8),
        ("TYPE_GMB", 7),
    ),
}


def channel(thread: Thread) -> str:
    """A chat channel as common as it is in that trade."""
    names, weights = zip(*CHANNELS[thread.scene.trade], strict=True)
    picked: str = thread.rng.choices(names, weights)[0]
    return picked


def dialogue(thread: Thread, at: int, name: str = "") -> None:
    """People (and reminders) writing to each other on one channel."""
    rng = thread.rng
    abroad = phrases_abroad.DENTAL if thread.scene.trade == "dental" else phrases_abroad.BIKE
    english = phrases.DENTAL_EN if thread.scene.trade == "dental" else phrases.BIKE_EN
    turns = rng.choice(abroad.get(thread.person.language, english))
    name = name or channel(thread)
    slots = thread.slots()
    hurried = rng.random() < 0.15
    for turn in turns:
        text = turn.text.format_map(slots)
        if turn.who == "<":
            inbound(thread, at, name, text)
        elif turn.who == ">":
            thread.sent(at, name, text)
        else:
            thread.automated(at, name, text, "workflow")
        at += rng.randrange(1, 12) * SECOND if hurried else rng.randrange(20, 900) * SECOND
        at += rng.randrange(1000)
    if rng.random() < 0.25:
        thread.said(at, name, rng.choice(phrases.SMALL_TALK))


def inbound(thread: Thread, at: int, name: str, text: str) -> None:
    """A message from the customer, now and then with a picture or a file, or nothing else."""
    rng = thread.rng
    dice = rng.random()
    if dice < 0.04:
        kind = rng.choice(("jpg", "jpg", "png", "pdf"))
        alone = dice < 0.015
        files = [thread.attach(kind) for _ in range(rng.choice((1, 1, 2)))]
        thread.said(at, name, None if alone else text, attachments=files)
    else:
        thread.said(at, name, text)


def burst(thread: Thread, at: int) -> None:
    """Many short lines within a minute or two."""
    rng, name = thread.rng, channel(thread)
    words = [
        "so…",
        "wait",
        "actually",
        "it",
        "was",
        "the",
        "*other*",
        "side,",
        "sorry",
        "for",
        "the",
        "mess,",
        "see",
        "you!",
    ]
    for word in words[: rng.randrange(5, len(words) + 1)]:
        thread.said(at, name, word)
        at += rng.randrange(300, 6000)


def reminders(thread: Thread) -> tuple[str, ...]:
    """What automation sends in the customer's language."""
    english = phrases.REMINDERS[thread.scene.trade]
    return phrases_abroad.REMINDERS.get(thread.person.language, english)


def reminder(thread: Thread, at: int) -> None:
    """A workflow's reminder, sometimes with an answer."""
    rng, slots = thread.rng, thread.slots()
    name = rng.choice(("TYPE_SMS", "TYPE_SMS", "TYPE_SMS_REVIEW_REQUEST", "TYPE_CUSTOM_SMS"))
    text = rng.choice(reminders(thread)).format_map(slots)
    thread.automated(at, name, text, rng.choice(("workflow", "workflow", "api")))
    if rng.random() < 0.4:
        thread.said(at + rng.randrange(2, 90) * MINUTE, "TYPE_SMS", rng.choice(phrases.SMALL_TALK))


def campaign(thread: Thread, at: int) -> None:
    """An advertisement to many people."""
    rng, slots = thread.rng, thread.slots()
    english = phrases.CAMPAIGNS[thread.scene.trade]
    offers = phrases_abroad.CAMPAIGNS.get(thread.person.language, english)
    text = rng.choice(offers).format_map(slots)
    if thread.scene.trade != "dental" or rng.random() < 0.6:
        source = rng.choice(("campaign", "bulk_actions"))
        name = rng.choice(("TYPE_CAMPAIGN_SMS", "TYPE_SMS"))
        thread.automated(at, name, text, source, status=rng.choice(("delivered", "undelivered")))
    else:
        newsletter(thread, at, "TYPE_CAMPAIGN_EMAIL")


def newsletter(thread: Thread, at: int, name: str = "TYPE_EMAIL") -> None:
    """A mail with remote pictures and a counting pixel."""
    body = letters.NEWSLETTER.format_map(thread.slots())
    subject = "Use your 2026 insurance benefits before they expire"
    mail = thread.mail(at, "outbound", subject, body, source="campaign", provider="mailgun")
    row = thread.mail_thread(at, [(at, mail)])
    if name != "TYPE_EMAIL":
        row |= {"messageType": name, "type": 9}


def mails(thread: Thread, at: int) -> None:
    """A mail thread of one to four mails: one list row, with the time of the last mail."""
    rng, slots = thread.rng, thread.slots()
    subject = rng.choice(letters.SUBJECTS).format_map(slots)
    written: list[tuple[int, Raw]] = []
    direction = rng.choice(("inbound", "outbound"))
    for place in range(rng.randrange(1, 5)):
        inward = direction == "inbound"
        pool = (*letters.PLAIN, letters.REPLY) if inward else (letters.OFFER, letters.PLAIN[1])
        body = rng.choice(pool).format_map(slots)
        extra: Raw = {}
        if rng.random() < 0.2:
            extra["cc"] = [
                f"reception@{slots['domain']}",
                '"Kim, Walter" <w.kim@example.com>',
            ]
        if inward and rng.random() < 0.2:
            extra["attachments"] = [thread.attach("pdf")]
        title = f"Re: {subject}" if place else subject
        written.append((at, thread.mail(at, direction, title, body, **extra)))
        direction = "outbound" if inward else "inbound"
        at += rng.randrange(10, 26 * 60) * MINUTE
    last = written[-1][0]
    thread.mail_thread(last, written)


def calls(thread: Thread, at: int) -> None:
    """One or two calls: answered, missed, to voicemail."""
    rng = thread.rng
    for _ in range(rng.choice((1, 1, 2))):
        direction = rng.choice(("inbound", "outbound"))
        status = rng.choices(
            ("completed", "no-answer", "voicemail", "busy", "canceled", "failed"),
            (55, 18, 15, 5, 5, 2),
        )[0]
        talked = status in ("completed", "voicemail")
        seconds = rng.randrange(8, 420) if talked else (0 if status == "busy" else None)
        if status == "completed" and rng.random() < 0.08:
            seconds = None
        row = thread.call(at, direction, status, seconds)
        if talked and seconds and rng.random() < 0.7:
            thread.record(row, seconds, rng.choice(("pcm", "pcm", "stereo", "mulaw")))
            if rng.random() < 0.6:
                form = rng.choice(("array", "sentences", "transcriptions", "data"))
                lines = phrases.TRANSCRIPT[: max(2, min(12, seconds // 5))]
                thread.transcribe(row, form, lines, seconds)
        at += rng.randrange(1, 40) * MINUTE


def appointment(thread: Thread, at: int) -> None:
    """An appointment made in the calendar, sometimes with an opportunity and a payment."""
    rng, person = thread.rng, thread.person
    data: Raw = {
        "appointmentTitle": person.name,
        "timestamp": "2026-07-20T10:00:00.000Z",
        "members": {},
        "id": new_id(rng),
        "serviceBookingId": None,
        "industryType": None,
    }
    kind, title = rng.choice(
        (
            ("appointment_created", "New appointment created"),
            ("appointment_updated", "Appointment rescheduled"),
            ("appointment_cancelled", "Appointment cancelled"),
        )
    )
    thread.activity(at, "TYPE_ACTIVITY_APPOINTMENT", kind, title, person.name, data)
    if rng.random() < 0.5:
        at += rng.randrange(1, 30) * SECOND
        thread.activity(
            at,
            "TYPE_ACTIVITY_OPPORTUNITY",
            "opportunity_updated",
            "Opportunity updated",
            "Opportunity updated",
            {"id": new_id(rng), "stage": rng.choice(("Booked", "Quoted", "Won"))},
        )
    if rng.random() < 0.4:
        paid(thread, at + rng.randrange(5, 60) * MINUTE)


def paid(thread: Thread, at: int) -> None:
    """An invoice and its payment."""
    rng = thread.rng
    number = f"INV-{rng.randrange(1000, 9999)}"
    money: Raw = {"id": new_id(rng), "invoiceNumber": number, "amount": rng.randrange(20, 900)}
    thread.activity(
        at, "TYPE_ACTIVITY_INVOICE", "invoice_sent", f"Invoice {number} sent", number, money
    )
    at += rng.randrange(4, 3000) * MINUTE
    title = f"Payment received for {number}"
    thread.activity(at, "TYPE_ACTIVITY_PAYMENT", "payment_received", title, number, money)


def note(thread: Thread, at: int) -> None:
    """An internal comment and perhaps an entry of the action log."""
    rng = thread.rng
    comment(thread, at, rng.choice(phrases.COMMENTS[thread.scene.trade]).format_map(thread.slots()))
    if rng.random() < 0.3:
        other = rng.choice(thread.scene.staff)
        thread.activity(
            at + rng.randrange(1, 9) * MINUTE,
            "TYPE_ACTIVITY_EMPLOYEE_ACTION_LOG",
            "conversation_assigned",
            f"{thread.staff['name']} assigned the conversation to {other['name']}",
            "Employee action log created",
            {"userId": thread.staff["id"], "assignedTo": other["id"]},
        )


def comment(thread: Thread, at: int, text: str) -> Raw:
    """An internal comment, never sent to the customer."""
    return thread.add(
        at,
        "TYPE_INTERNAL_COMMENT",
        body=text,
        status=None,
        attachments=None,
        source="app",
        userId=thread.staff["id"],
    )


def review(thread: Thread, at: int) -> None:
    """A public review, with its stars in front of the text."""
    stars, text = thread.rng.choice(phrases.REVIEWS[thread.scene.trade])
    thread.said(at, "TYPE_REVIEW", text, status=None, meta={"review": {"rating": stars}})


def form(thread: Thread, at: int) -> None:
    """A form somebody filled in on the web site."""
    rng, person = thread.rng, thread.person
    text = (
        f"Full name: {person.name}\nEmail: {person.email}\nPhone: {person.phone}\n"
        f"What can we help with?: {rng.choice(phrases.WISHES[thread.scene.trade])}\n"
        f"Preferred time: {rng.choice(('Weekday mornings, before 10', 'Any', 'Saturday'))}"
    )
    thread.said(at, "TYPE_FORM_SUBMISSION", text, status=None, source="app")


def remark(thread: Thread, at: int) -> None:
    """A public comment below a post."""
    name = thread.rng.choice(("TYPE_FACEBOOK_COMMENT", "TYPE_INSTAGRAM_COMMENT"))
    thread.said(at, name, thread.rng.choice(phrases.COMMENT_LINES))


Episode = Callable[[Thread, int], None]
MIX: tuple[tuple[Episode, int], ...] = (
    (dialogue, 56),
    (reminder, 9),
    (calls, 9),
    (mails, 7),
    (appointment, 6),
    (note, 5),
    (campaign, 3),
    (burst, 2),
    (form, 1),
    (review, 1),
    (remark, 1),
)


def compose(thread: Thread, last: int, episodes: int, *, rows: int = 0, gap: float = 6.0) -> None:
    """Write a whole conversation backwards from its last row, which gets the time `last`.

    Stops after that many episodes, or with `rows` as soon as so many rows are there and exactly
    then, the oldest cut off. `gap` is the mean distance of two episodes in days; all but the last
    one start in opening hours.
    """
    rng = thread.rng
    kinds, weights = zip(*MIX, strict=True)
    end, written = last, 0
    while len(thread.rows) < rows if rows else written < episodes:
        row_mark, mail_mark = len(thread.rows), len(thread.mails)
        kind: Episode = dialogue if written == episodes - 1 else rng.choices(kinds, weights)[0]
        kind(thread, 0)
        thread.shift_to_end_at(end, row_mark, mail_mark)
        end = opening_hours(thread, thread.start(row_mark) - round(rng.expovariate(1 / gap) * DAY))
        written += 1
    if rows:
        thread.rows.sort(key=lambda entry: entry[:2])
        del thread.rows[: len(thread.rows) - rows]


def opening_hours(thread: Thread, at: int) -> int:
    """`at`, or a time in the opening hours (UTC) of the sub-account before it."""
    scene, rng = thread.scene, thread.rng
    if scene.opens * HOUR <= at % DAY < scene.closes * HOUR:
        return at
    moment = at // DAY * DAY + rng.randrange(scene.opens * HOUR, scene.closes * HOUR)
    return moment if moment < at else moment - DAY
