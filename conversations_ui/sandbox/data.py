"""Makes the whole sample world from a seed: two sub-accounts, their staff, people and threads."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

from conversations_ui.sandbox import people, showcase, special
from conversations_ui.sandbox.episodes import compose
from conversations_ui.sandbox.thread import Scene, Thread
from conversations_ui.sandbox.world import (
    DAY,
    GROUP_SMS,
    HERE,
    HOUR,
    INTERNAL_CHAT,
    MINUTE,
    Attachment,
    Raw,
    World,
    dice,
    iso,
)

LONG = 5000
MAIN_THREADS, SECOND_THREADS = 220, 80
# Newest-first places whose conversation shares its last date with the one before it, chosen so
# that ties fall on the edges of pages of 20, 25 and 50 rows.
INBOX_TIES = (20, 25, 40, 41, 50, 60, 75, 100)
# The same for the rows of the long conversation, with edges of 20, 50 and 100.
THREAD_TIES = (20, 40, 41, 50, 60, 99, 100, 150, 200, 201, 300, 500, 1000, 2500, 4900, 4980)

MAIN_LANGUAGES = (("en", 76), ("es", 11), ("zh", 3), ("vi", 4), ("ar", 3), ("he", 3))
SECOND_LANGUAGES = (("de", 50), ("fr", 22), ("en", 18), ("ja", 6), ("es", 2), ("he", 2))
STAFF = {
    "main": ("Tom Reyes", "Priya Nair", "Sofia Marchetti", "Dana Kowalczyk"),
    "second": ("Reto Ammann", "Léa Dufour"),
}


def build(seed: int, now: int) -> World:
    """The world of that seed at that time (epoch milliseconds): same arguments, same world."""
    world = World(seed, now)
    rng = dice(seed, "world")
    world.company_id = people.new_id(rng)
    for name in ("mail/logo.png", "mail/smile.jpg"):
        world.attachments[f"/attachments/{name}"] = Attachment(name[-3:], name)
    main = _scene(world, rng, "main")
    second = _scene(world, rng, "second")
    world.main_location_id, world.second_location_id = main.location["id"], second.location["id"]
    _main_threads(world, main, MAIN_LANGUAGES)
    _ordinary(world, second, SECOND_LANGUAGES, _last_dates(world, "second", SECOND_THREADS), 0)
    world.foreign_conversation_id = next(
        key
        for key, raw in world.conversations.items()
        if raw["locationId"] == world.second_location_id
    )
    return world


def _scene(world: World, rng: random.Random, which: str) -> Scene:
    location = _location(world, rng, which == "main")
    world.locations[location["id"]] = location
    staff = tuple(_user(rng, name, location["id"], world) for name in STAFF[which])
    world.users |= {user["id"]: user for user in staff}
    if which == "main":
        return Scene(location, "dental", "US", staff, 14, 23)
    return Scene(location, "bike", "CH", staff, 7, 17)


def _location(world: World, rng: random.Random, main: bool) -> Raw:
    names = ("Northside Dental", "Velowerk Zürich")
    site = "northside-dental" if main else "velowerk"
    return {
        "id": people.new_id(rng),
        "companyId": world.company_id,
        "brandId": people.new_id(rng),
        "name": names[0] if main else names[1],
        "address": "1420 N Linden St" if main else "Seestrasse 12",
        "city": "Chicago" if main else "Zürich",
        "state": "IL" if main else "ZH",
        "country": "US" if main else "CH",
        "postalCode": "60614" if main else "8002",
        "website": f"https://{site}.example",
        "timezone": "America/Chicago" if main else "Europe/Zurich",
        "firstName": "Anita" if main else "Reto",
        "lastName": "Nair" if main else "Ammann",
        "email": f"hello@{site}.example",
        "phone": "+13125550100" if main else "+493023125000",
        "logoUrl": f"{HERE}/attachments/mail/logo.png" if main else "",
        "domain": "",
        "currency": "USD" if main else "CHF",
        "dateAdded": iso(world.now - 900 * DAY),
        "business": {"name": names[0] if main else names[1], "email": f"hello@{site}.example"},
        "social": {"facebookUrl": "", "googlePlacesId": ""},
        "settings": {
            "allowDuplicateContact": False,
            "contactUniqueIdentifiers": ["email", "phone"],
        },
        "permissions": {"conversationsEnabled": True},
    }


def _user(rng: random.Random, name: str, location_id: str, world: World) -> Raw:
    first, last = name.split()
    mail = first.lower().replace("é", "e")
    return {
        "id": people.new_id(rng),
        "name": name,
        "firstName": first,
        "lastName": last,
        "email": f"{mail}@{world.locations[location_id]['website'].removeprefix('https://')}",
        "phone": "",
        "extension": "",
        "permissions": {"conversationsEnabled": True, "assignedDataOnly": False},
        "scopes": ["conversations.readonly", "contacts.readonly"],
        "roles": {
            "type": "account",
            "role": "admin" if first in ("Priya", "Reto") else "user",
            "locationIds": [location_id],
            "restrictSubAccount": False,
        },
        "deleted": first == "Dana",
        "totpEnabled": False,
        "platformLanguage": "en_US",
        "lcPhone": {},
    }


def _last_dates(world: World, name: str, count: int) -> list[int]:
    """When each conversation was last active, newest first, with the ties of `INBOX_TIES`."""
    rng = dice(world.seed, name, "dates")
    dates = [
        world.now - round(MINUTE * (3 + 4 * i + 0.35 * i**2.2)) - rng.randrange(2 * MINUTE)
        for i in range(count)
    ]
    dates.sort(reverse=True)
    for place in INBOX_TIES:
        if place < count:
            dates[place] = dates[place - 1]
    return dates


def _main_threads(world: World, scene: Scene, languages: tuple[tuple[str, int], ...]) -> None:
    dates = _last_dates(world, "main", MAIN_THREADS)
    named: tuple[tuple[str, str, int, tuple[str, str], Callable[[Thread, int], None]], ...] = (
        ("long_conversation_id", "en", 0, ("Maya", "Okafor"), _long),
        ("showcase_conversation_id", "en", 2, ("Jonas", "Lindqvist"), showcase.showcase),
        ("rtl_conversation_id", "he", 4, ("נועה", "לוי"), special.foreign_language_thread),
        ("email_conversation_id", "en", 5, ("Ahmed", "El-Sayed"), special.mail_thread),
        ("call_conversation_id", "en", 6, ("Grace", "Whitfield"), special.call_thread),
        ("media_conversation_id", "en", 8, ("Tuyết", "Nguyễn"), special.media_thread),
        ("hostile_conversation_id", "en", 11, ("<i>Eve</i>", "O'Hack"), special.hostile_thread),
        ("cjk_conversation_id", "zh", 12, ("晓明", "欧阳"), special.foreign_language_thread),
    )
    for attribute, language, place, (first, last), write in named:
        rng = dice(world.seed, attribute)
        person = people.named(rng, first, last, language, scene.country)
        thread = _thread(world, scene, rng, person)
        write(thread, dates[place])
        extra: Raw = {"assignedTo": scene.staff[0]["id"]} if place == 0 else {}
        if place == 2:
            extra |= {"starred": True, "unreadCount": 3, "inbox": True, "deleted": False}
        thread.finish(**extra)
        setattr(world, attribute, thread.id)
    for attribute, kind, write in (
        ("group_conversation_id", GROUP_SMS, special.group_thread),
        ("team_chat_conversation_id", INTERNAL_CHAT, special.team_chat),
    ):
        rng = dice(world.seed, attribute)
        thread = _thread(world, scene, rng, people.person(rng, "en", scene.country))
        write(thread, world.now - 2 * HOUR)
        thread.finish(type="TYPE_GROUP_SMS" if kind == GROUP_SMS else "TYPE_INTERNAL_CHAT")
        world.hidden[thread.id] = kind
        setattr(world, attribute, thread.id)
    taken = {place for _, _, place, _, _ in named}
    rest = [date for place, date in enumerate(dates) if place not in taken]
    _ordinary(world, scene, languages, rest, 4)
    _mark_examples(world)


def _mark_examples(world: World) -> None:
    main = [c for c in world.conversations.values() if c["locationId"] == world.main_location_id]
    world.empty_conversation_id = next(c["id"] for c in main if c["messageTypes"] == [100])
    world.unread_conversation_id = next(c["id"] for c in main if c["unreadCount"] > 0)
    world.starred_conversation_id = next(c["id"] for c in main if c.get("starred"))
    world.deleted_contact_conversation_id = next(
        c["id"] for c in main if c["contactId"] in world.deleted_contacts
    )


def _long(thread: Thread, last: int) -> None:
    # Opening hours stretch the gaps: together some two years.
    compose(thread, last, 0, rows=LONG, gap=0.14)
    rows = thread.rows
    for place in THREAD_TIES:
        index = len(rows) - 1 - place
        rows[index] = (rows[index + 1][0], *rows[index][1:])


def _ordinary(
    world: World,
    scene: Scene,
    languages: tuple[tuple[str, int], ...],
    dates: list[int],
    deleted: int,
) -> None:
    names = iter(people.DIFFICULT_NAMES)
    for place, last in enumerate(dates):
        rng = dice(world.seed, scene.location["id"], place)
        language = rng.choices(*zip(*languages, strict=True))[0]
        person = _person(rng, scene, language, names if place % 9 == 4 else iter(()))
        thread = _thread(world, scene, rng, person)
        if place % 16 == 9:
            thread.finish(created=last)
        else:
            compose(thread, last, rng.choices((1, 2, 3, 4, 6, 9), (28, 24, 20, 14, 9, 5))[0])
            thread.finish()
        conversation = world.conversations[thread.id]
        _touch(rng, scene, conversation, world.threads[thread.id])
        if place % 40 == 17 and deleted:
            deleted -= 1
            del world.contacts[conversation["contactId"]]
            world.deleted_contacts.add(conversation["contactId"])


def _person(
    rng: random.Random, scene: Scene, language: str, difficult: Iterator[tuple[str, str]]
) -> people.Person:
    first, last = next(difficult, (None, ""))
    if first is None:
        return people.person(rng, language, scene.country)
    return people.named(rng, first, last, "en", scene.country)


def _thread(world: World, scene: Scene, rng: random.Random, person: people.Person) -> Thread:
    contact = _contact(world, rng, scene, person)
    world.contacts[contact["id"]] = contact
    return Thread(world, scene, rng, person, contact)


def _contact(world: World, rng: random.Random, scene: Scene, person: people.Person) -> Raw:
    added = iso(world.now - rng.randrange(40, 800) * DAY - rng.randrange(DAY))
    city, state, code = rng.choice(people.CITIES[scene.country])
    full = f"{person.first} {person.last}".lower().strip()
    raw: Raw = {
        "id": people.new_id(rng),
        "locationId": scene.location["id"],
        "type": "lead",
        "firstName": person.first,
        "lastName": person.last,
        "firstNameLowerCase": person.first.lower(),
        "lastNameLowerCase": person.last.lower(),
        "fullNameLowerCase": full,
        "email": person.email,
        "emailLowerCase": person.email.lower(),
        "phone": person.phone,
        "country": scene.country,
        "createdBy": {
            "source": "INTEGRATION",
            "channel": "OAUTH",
            "sourceId": people.new_id(rng),
            "timestamp": added,
        },
        "tags": rng.sample(people.TAGS, rng.choice((0, 0, 1, 2))),
        "customFields": [],
        "additionalEmails": [],
        "additionalPhones": [],
        "dateAdded": added,
        "dateUpdated": added,
    }
    if rng.random() < 0.12:
        for key in ("email", "emailLowerCase"):
            del raw[key]
    if rng.random() < 0.6:
        raw |= _details(world, rng, scene, (city, state, code))
    return raw


def _details(world: World, rng: random.Random, scene: Scene, place: tuple[str, str, str]) -> Raw:
    city, state, code = place
    raw: dict[str, Any] = {
        "address1": f"{rng.randrange(1, 2400)} {rng.choice(people.STREETS)}",
        "city": city,
        "state": state,
        "postalCode": code,
        "website": rng.choice(("", "https://example.org")),
        "timezone": scene.location["timezone"],
        "source": rng.choice(("Website form", "Walk-in", "facebook ads", "referral")),
        "dateOfBirth": iso(world.now - rng.randrange(18 * 365, 80 * 365) * DAY),
        "followers": [],
        "dnd": False,
        "dndSettings": {},
        "customFields": [
            {"id": people.new_id(rng), "value": rng.choice(("Delta PPO", "Aetna", "none"))},
            {"id": people.new_id(rng), "value": ["evenings", "saturday"]},
        ],
        "additionalEmails": [{"email": "office@example.net"}] if rng.random() < 0.2 else [],
    }
    if rng.random() < 0.25:
        raw["companyName"] = rng.choice(people.COMPANIES)
    if rng.random() < 0.15:
        blocked = {"status": "active", "message": "DND enabled by customer", "code": ""}
        raw |= {"dnd": True, "dndSettings": {"SMS": blocked, "Call": {"status": "inactive"}}}
    return raw


def _touch(rng: random.Random, scene: Scene, conversation: Raw, rows: list[Raw]) -> None:
    """Make the summary as varied as recorded ones: keys present here and absent there."""
    if rng.random() < 0.6:
        conversation["assignedTo"] = rng.choice(scene.staff)["id"]
    if rng.random() < 0.5:
        conversation["inbox"] = bool(rows)
        conversation["deleted"] = False
    if rng.random() < 0.07:
        conversation["starred"] = rng.random() < 0.8
    if rng.random() < 0.3:
        conversation["attributed"] = rng.choice((True, False, None))
    trailing = 0
    for row in reversed(rows):
        if row.get("direction") != "inbound":
            break
        trailing += 1
    if trailing and rng.random() < 0.35:
        conversation["unreadCount"] = trailing
    dice_roll = rng.random()
    if dice_roll < 0.03:
        del conversation["contactName"]
        conversation["fullName"] = conversation.get("phone", "")
    elif dice_roll < 0.1:
        conversation["fullName"] = people.recased(conversation["fullName"])
    if dice_roll > 0.93:
        conversation["phone"] = None
    elif dice_roll > 0.9:
        conversation.pop("phone", None)
    if rng.random() < 0.1:
        conversation["profilePhoto"] = f"{HERE}/attachments/mail/smile.jpg"
    elif rng.random() < 0.5:
        conversation.pop("profilePhoto", None)
