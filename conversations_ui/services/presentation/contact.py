"""The contact panel: who a conversation is with, in the order a reader asks for it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from conversations_ui.accounts.models import SubAccount
from conversations_ui.highlevel import values
from conversations_ui.highlevel.records import Contact, Conversation
from conversations_ui.services.conversations import ThreadHead
from conversations_ui.services.presentation import activities, facts, phones, threads, times
from conversations_ui.services.presentation.inbox import initials


@dataclass(frozen=True, slots=True)
class Pair:
    """A label and what stands beside it; `copied` ones get a button, a `link` leads there."""

    label: str
    value: str
    copied: bool = False
    link: str = ""


@dataclass(frozen=True, slots=True)
class ContactView:
    """All that the panel shows; `note` says calmly what is missing and why."""

    name: str
    initials: str
    company: str
    local_time: str
    note: str
    reach: tuple[Pair, ...]
    about: tuple[Pair, ...]
    blocked: tuple[str, ...]
    tags: tuple[str, ...]
    custom: tuple[Pair, ...]
    href: str
    raw: SafeString | str


_CHANNELS = {
    "call": gettext_noop("Calls"),
    "email": gettext_noop("Email"),
    "sms": gettext_noop("SMS"),
    "whatsapp": gettext_noop("WhatsApp"),
    "gmb": gettext_noop("Google Business chat"),
    "fb": gettext_noop("Facebook Messenger"),
}
_BLOCKED = {"active", "permanent"}  # a setting that is active is a channel that is blocked
_ADDRESS = ("address1", "city", "state", "postalCode", "country")


def owner(head: ThreadHead) -> str:
    """The user id of whom the contact, else the conversation, is assigned to; empty for nobody."""
    return (head.contact.assigned_to if head.contact else "") or head.conversation.assigned_to


def contact_view(head: ThreadHead, account: SubAccount, names: Mapping[str, str]) -> ContactView:
    """The panel of a conversation's contact, or of what the conversation itself tells of them."""
    contact, conversation = head.contact, head.conversation
    assigned = names.get(owner(head), owner(head))
    if contact is None:
        return _without_contact(head, assigned)
    zone = ZoneInfo(account.time_zone)
    name = contact.name or conversation.name or _("Unknown contact")
    return ContactView(
        name=name,
        initials=initials(name),
        company=contact.company_name if contact.company_name != name else "",
        local_time=_local_time(contact.time_zone),
        note="",
        reach=tuple(_reach(contact)),
        about=tuple(_filled(_about(contact, assigned, zone))),
        blocked=tuple(_blocked(contact)),
        tags=contact.tags,
        custom=tuple(_filled(map(_custom, contact.custom_fields))),
        href=_in_highlevel(account, contact.id or conversation.contact_id),
        raw=facts.raw(contact.raw),
    )


def _in_highlevel(account: SubAccount, contact_id: str) -> str:
    place = f"{threads.HIGHLEVEL_APP}/{account.location_id}/contacts/detail"
    return f"{place}/{quote(contact_id, safe='')}"


def _without_contact(head: ThreadHead, assigned: str) -> ContactView:
    conversation = head.conversation
    note = _("The contact is no longer in HighLevel. This is what the conversation itself tells.")
    if not conversation.contact_id:
        note = _("This conversation names no contact.")
    name = conversation.name or _("Unknown contact")
    return ContactView(
        name=name,
        initials=initials(name),
        company=conversation.company_name,
        local_time="",
        note=note,
        reach=tuple(_reach(conversation)),
        about=tuple(_filled([Pair(_("Assigned to"), assigned)])),
        blocked=(),
        tags=conversation.tags,
        custom=(),
        href="",
        raw="",
    )


def _reach(who: Contact | Conversation) -> Iterator[Pair]:
    country, numbers, addresses = "", [who.phone], [who.email]
    if isinstance(who, Contact):
        country = who.country
        numbers += who.additional_phones
        addresses += who.additional_emails
    readable = (phones.readable(number, country) for number in numbers if number)
    for number in dict.fromkeys(readable):
        yield Pair(_("Phone"), number, copied=True)
    for address in dict.fromkeys(filter(None, addresses)):
        yield Pair(_("Email"), address, copied=True)


def _about(contact: Contact, assigned: str, zone: ZoneInfo) -> Iterator[Pair]:
    raw = values.Fields(contact.raw)
    website = raw.text("website")
    born = contact.date_of_birth
    yield Pair(_("Assigned to"), assigned)
    yield Pair(_("Source"), contact.source)
    yield Pair(_("Address"), ", ".join(filter(None, map(raw.text, _ADDRESS))))
    yield Pair(
        _("Website"), website, link=website if website.startswith(("https://", "http://")) else ""
    )
    yield Pair(_("Date of birth"), times.plain_day(born) if born else "")
    yield Pair(_("Time zone"), contact.time_zone)
    yield Pair(_("Added"), _day(contact.date_added, zone))
    yield Pair(_("Updated"), _day(contact.date_updated, zone))
    yield Pair(_("Contact ID"), contact.id, copied=True)


def _blocked(contact: Contact) -> Iterator[str]:
    """The channels nobody may write to them on, with the reason the API gives."""
    found = False
    for channel, given in contact.dnd_settings.items():
        setting = values.Fields(given if isinstance(given, dict) else {"status": given})
        if setting.text("status").lower() not in _BLOCKED:
            continue
        found = True
        label = _(_CHANNELS.get(channel.lower(), channel))
        yield " · ".join(filter(None, (label, setting.text("message"))))
    if contact.dnd and not found:
        yield _("All channels")


def _custom(field: values.JsonObject) -> Pair:
    """A custom field: the API gives its id and value, seldom its name."""
    found = values.Fields(field)
    value = field.get("value", field.get("fieldValue"))
    shown = ", ".join(filter(None, (_plain(item) for item in values.items(value))))
    return Pair(found.text("name", "label", "fieldKey", "key") or found.ident("id"), shown)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if value in (None, "", [], {}):
        return ""
    return values.ident(value) or json.dumps(value, ensure_ascii=False)


def _filled(pairs: Iterable[Pair]) -> Iterator[Pair]:
    return (pair for pair in pairs if pair.value)


def _day(moment: datetime | None, zone: ZoneInfo) -> str:
    return times.plain_day(moment.astimezone(zone).date()) if moment else ""


def _local_time(time_zone: str) -> str:
    """`Sat 20:41 where they are (Lagos)`; empty when the contact's time zone is not known."""
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ""
    local = times.now().astimezone(zone)
    shown = {"time": f"{date_format(local, 'D')} {local:%H:%M}", "place": activities.place(zone)}
    return _("%(time)s where they are (%(place)s)") % shown
