"""Builds the rows of one conversation in the API's form."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from conversations_ui.sandbox.catalogue import ALL_CODES
from conversations_ui.sandbox.people import Person, new_id, new_uuid
from conversations_ui.sandbox.phrases import DAYS, DOCTORS, SERVICES
from conversations_ui.sandbox.phrases_abroad import DAYS as DAYS_ABROAD
from conversations_ui.sandbox.world import (
    HERE,
    MINUTE,
    Attachment,
    Raw,
    Recording,
    Sentence,
    Transcript,
    World,
    iso,
)

SENT = (("delivered", 60), ("read", 22), ("sent", 8), ("failed", 3), ("undelivered", 1))
FAILURES = (
    "30007: Message filtered by the carrier",
    "21610: Attempt to send to unsubscribed recipient",
    "30003: Unreachable destination handset",
    "30034: Message from an unregistered number",
)


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a conversation takes place: the sub-account, its trade, its staff."""

    location: Raw
    trade: str
    country: str
    staff: tuple[Raw, ...]
    opens: int
    closes: int

    @property
    def mail(self) -> str:
        """The sub-account's own mail address with its name."""
        return f"{self.location['name']} <{self.location['email']}>"


class Thread:
    """One conversation being written.

    Rows get a time in milliseconds that may still be moved; `finish` sorts them, stamps the dates
    and hands everything to the world.
    """

    def __init__(
        self, world: World, scene: Scene, rng: random.Random, person: Person, contact: Raw
    ) -> None:
        self.world, self.scene, self.rng, self.person = world, scene, rng, person
        self.id = new_id(rng)
        self.contact = contact
        self.rows: list[tuple[int, int, Raw]] = []
        self.mails: list[tuple[int, Raw]] = []
        self.without_date: set[str] = set()
        self.staff = rng.choice(scene.staff)

    def slots(self) -> dict[str, str]:
        """Fresh values for the slots of phrases."""
        rng, scene = self.rng, self.scene
        money = "$" if scene.country == "US" else "CHF "
        return {
            "first": self.person.first.strip(),
            "staff": self.staff["firstName"],
            "business": scene.location["name"],
            "day": rng.choice(DAYS_ABROAD.get(self.person.language, DAYS)),
            "time": f"{rng.randrange(8, 17)}:{rng.choice(('00', '15', '30', '45'))}",
            "price": f"{money}{rng.randrange(40, 2400)}",
            "service": rng.choice(SERVICES[scene.trade]),
            "doctor": rng.choice(DOCTORS),
            "phone": scene.location["phone"],
            "mail": self.person.email,
            "domain": scene.location["website"].removeprefix("https://"),
            "address": scene.location["address"],
            "code": f"{rng.randrange(10**6):06d}",
        }

    def add(self, at: int, name: str, direction: str | None = "outbound", **fields: Any) -> Raw:
        """Add a row of that message type; `None` fields are left out, as the API does."""
        row: Raw = {
            "id": new_id(self.rng),
            "direction": direction,
            "status": "delivered",
            "type": ALL_CODES[name],
            "locationId": self.scene.location["id"],
            "attachments": [],
            "body": None,
            "contactId": self.contact["id"],
            "contentType": "text/plain",
            "conversationId": self.id,
            "messageType": name,
        }
        row |= fields
        self.rows.append((at, len(self.rows), {k: v for k, v in row.items() if v is not None}))
        return self.rows[-1][2]

    def said(self, at: int, name: str, body: str | None, **fields: Any) -> Raw:
        """A message from the customer."""
        return self.add(at, name, "inbound", body=body, **fields)

    def sent(self, at: int, name: str, body: str | None, **fields: Any) -> Raw:
        """A message typed by staff, with a weighted status; failed ones carry an error."""
        status = self.rng.choices([s for s, _ in SENT], [w for _, w in SENT])[0]
        extra: Raw = {"status": status, "source": "app", "userId": self.staff["id"]}
        if status == "failed":
            extra["error"] = self.rng.choice(FAILURES)
        return self.add(at, name, "outbound", body=body, **(extra | fields))

    def automated(self, at: int, name: str, body: str, source: str, **fields: Any) -> Raw:
        """A message sent by a workflow, a campaign, a bulk action or another program."""
        return self.add(at, name, "outbound", body=body, source=source, **fields)

    def activity(
        self, at: int, name: str, kind: str, title: str, body: str, data: Raw, **fields: Any
    ) -> Raw:
        """An activity in its recorded shape: no status, contentType, userId, attachments, meta."""
        bare = dict.fromkeys(("status", "contentType", "attachments"))
        shape: Raw = {
            "source": "app",
            "from": self.scene.location["name"],
            "to": self.person.name,
            "activity": {"type": kind, "title": title, "data": data},
        }
        return self.add(at, name, "outbound", body=body, **(bare | shape | fields))

    def call(
        self,
        at: int,
        direction: str,
        status: str,
        seconds: int | None,
        name: str = "TYPE_CALL",
        **fields: Any,
    ) -> Raw:
        """A phone call: no body, never attachments, `meta.call` as recorded by clients."""
        phone, own = self.person.phone, self.scene.location["phone"]
        extra: Raw = {
            "status": status,
            "altId": f"CA{self.rng.getrandbits(128):032x}",
            "meta": {"call": {"duration": seconds, "status": status}},
            "from": phone if direction == "inbound" else own,
            "to": own if direction == "inbound" else phone,
            "userId": self.staff["id"] if direction == "outbound" else None,
        }
        return self.add(at, name, direction, **(extra | fields))

    def record(self, row: Raw, seconds: int, encoding: str = "pcm", legs: int = 1) -> None:
        """Give a call row a recording."""
        self.world.recordings[row["id"]] = Recording(seconds, legs, encoding)

    def transcribe(self, row: Raw, form: str, lines: tuple[str, ...], seconds: float) -> None:
        """Give a call row a transcript spread evenly over its length."""
        slots = self.slots()
        step = seconds / len(lines)
        self.world.transcripts[row["id"]] = Transcript(
            form,
            tuple(
                Sentence(
                    1 + place % 2,
                    round(place * step, 2),
                    round((place + 0.9) * step, 2),
                    line.format_map(slots),
                    round(self.rng.uniform(0.5, 0.99), 3),
                )
                for place, line in enumerate(lines)
            ),
        )

    def attach(self, kind: str, *, gone: bool = False) -> str:
        """The address of a new file of that kind, as it will stand in `attachments`."""
        place = f"/attachments/location/{self.scene.location['id']}/conversations/{self.id}"
        ending = f".{kind}" if kind else ""
        path = f"{place}/{new_uuid(self.rng)}{ending}"
        self.world.attachments[path] = Attachment(kind, path[-24:], gone)
        return HERE + path

    def mail(self, at: int, direction: str, subject: str | None, body: str, **fields: Any) -> Raw:
        """One single mail (not a row); returns it in the API's form without its dates."""
        own, other = self.scene.mail, f"{self.person.name} <{self.person.email}>"
        inbound = direction == "inbound"
        raw: Raw = {
            "id": new_id(self.rng),
            "threadId": "",
            "locationId": self.scene.location["id"],
            "contactId": self.contact["id"],
            "conversationId": self.id,
            "subject": subject,
            "body": body,
            "direction": direction,
            "status": "delivered" if inbound else self.rng.choice(("sent", "delivered", "opened")),
            "contentType": "text/html" if "<" in body else "text/plain",
            "attachments": [],
            "provider": self.rng.choice(("mailgun", "Leadconnector Gmail", "smtp")),
            "from": other if inbound else own,
            "to": [self.scene.location["email"] if inbound else self.person.email],
            "source": None if inbound else "app",
        }
        raw |= fields
        self.mails.append((at, raw))
        self.world.emails[raw["id"]] = raw
        return raw

    def mail_thread(self, at: int, mails: list[tuple[int, Raw]], **fields: Any) -> Raw:
        """The list row of a mail thread: `mails` are (time, mail), oldest first."""
        last = mails[-1][1]
        ids = [mail["id"] for _, mail in mails]
        thread_id = ids[0]
        for place, (_, mail) in enumerate(mails):
            mail["threadId"] = thread_id
            if place:
                mail["replyToMessageId"] = ids[place - 1]
            for key in [key for key, value in mail.items() if value is None]:
                del mail[key]
        meta: Raw = {
            "messageIds": ids,
            "subject": last.get("subject", ""),
            "direction": last["direction"],
        }
        extra: Raw = {"contentType": "text/html", "meta": {"email": meta}}
        if last["direction"] == "outbound":
            extra |= {
                "subject": last.get("subject"),
                "body": last["body"],
                "from": self.scene.location["email"],
                "status": last["status"],
                "source": last.get("source", "app"),
                "userId": self.staff["id"] if last.get("source") == "app" else None,
            }
        else:
            extra |= {"status": None}
        return self.add(at, "TYPE_EMAIL", last["direction"], **(extra | fields))

    def undated(self, row: Raw) -> Raw:
        """Leave the dates out of that row."""
        self.without_date.add(row["id"])
        return row

    def start(self, mark: int = 0) -> int:
        """The earliest time of the rows since that mark."""
        return min(at for at, _, _ in self.rows[mark:])

    def shift_to_end_at(self, end: int, rows: int, mails: int) -> None:
        """Move everything written since those marks so that its last row is at `end`."""
        by = end - max(at for at, _, _ in self.rows[rows:])
        self.rows[rows:] = [(at + by, place, row) for at, place, row in self.rows[rows:]]
        self.mails[mails:] = [(at + by, mail) for at, mail in self.mails[mails:]]

    def finish(self, created: int | None = None, **fields: Any) -> Raw:
        """Stamp the dates, hand the conversation to the world, and return its search form."""
        self.rows.sort(key=lambda entry: entry[:2])
        for at, row in [(at, row) for at, _, row in self.rows] + self.mails:
            if row["id"] not in self.without_date:
                row["dateAdded"] = row["dateUpdated"] = iso(at)
        first = self.rows[0][0] if self.rows else 0
        conversation = self._summary(created or first - MINUTE)
        conversation |= fields
        self.world.add_conversation(conversation, [row for _, _, row in self.rows])
        return conversation

    def _summary(self, created: int) -> Raw:
        person, contact = self.person, self.contact
        raw: Raw = {
            "id": self.id,
            "locationId": self.scene.location["id"],
            "contactId": contact["id"],
            "dateAdded": created,
            "dateUpdated": created,
            "lastMessageDate": created,
            "lastMessageType": "TYPE_NO_SHOW",
            "isLastMessageInternalComment": False,
            "unreadCount": 0,
            "followers": [],
            "mentions": [],
            "tags": list(contact["tags"]),
            "scoring": [],
            "contactName": person.name,
            "fullName": person.name,
            "companyName": contact.get("companyName"),
            "type": "TYPE_PHONE",
            "messageTypes": [100],
            "profilePhoto": None,
        }
        for key in ("email", "phone"):
            if contact.get(key):
                raw[key] = contact[key]
        return raw
