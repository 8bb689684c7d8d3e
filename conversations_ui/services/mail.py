"""Single mails: fetched when they are looked at, made safe to show, their pictures signed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import partial
from html import unescape

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from conversations_ui.accounts.models import SubAccount
from conversations_ui.highlevel.errors import NotFound
from conversations_ui.highlevel.mails import Email
from conversations_ui.services import fetching, mail_html, markup, quotes, upstream
from conversations_ui.services.presentation import text

PICTURE_LIFE = 600  # seconds an address of a picture can be used
TEXT_MAX = 200_000  # characters of a mail shown as text; the download has all of it

_TAG = re.compile(r"<[A-Za-z!/]")
_ANY_TAG = re.compile(r'<(?:[^<>"]|"[^"]*")*>')
_DOCUMENT = re.compile(r"\s*<(?:!doctype|html|head|body)\b", re.IGNORECASE)

_signer = partial(signing.TimestampSigner, salt="mail-picture")


class Shown(Enum):
    """As what a mail's body is shown."""

    HTML = "html"
    TEXT = "text"
    TOO_BIG = "too-big"  # HTML over the cap, as text
    TOO_DEEP = "too-deep"  # HTML that would keep a parser busy, as text


@dataclass(frozen=True, slots=True)
class Body:
    """A mail's body ready to be shown in a frame of its own; `quoted` is folded."""

    shown: Shown
    before: SafeString
    quoted: SafeString
    after: SafeString
    pictures: int = 0  # remote ones, blocked or not
    others: int = 0  # remote style sheets, fonts and backgrounds, always blocked
    cut: bool = False  # only its beginning is shown

    @property
    def blank(self) -> bool:
        """Whether there is nothing in it to see."""
        whole = f"{self.before}{self.quoted}{self.after}"
        seen = unescape(_ANY_TAG.sub("", whole))
        return ' src="' not in whole and not any(
            character.isprintable() and not character.isspace() for character in seen
        )


def mail(account: SubAccount, conversation_id: str, email_id: str) -> Email:
    """One mail of a conversation: at most one upstream call in ten minutes, few at a time.

    Raises `HighLevelError`; `NotFound` also for a mail of another sub-account or conversation.
    Follows HighLevel's "Get email by Id".
    """
    found = upstream.client(account).email(email_id)
    own = (found.location_id or account.location_id, found.conversation_id or conversation_id)
    if own != (account.location_id, conversation_id):
        raise NotFound(status=404)
    return found


def body(found: Email, pictures: mail_html.Picture | None = None) -> Body:
    """A mail's body, made safe. Without `pictures` no remote picture is in it."""
    if not is_html(found):
        # HTML without a tag keeps its lines, and has characters written as entities.
        return _text_body(Shown.TEXT, unescape(found.body) if _says_html(found) else found.body)
    if markup.is_too_big(found.body):
        return _text_body(Shown.TOO_BIG, markup.bare_text(found.body))
    if markup.is_too_deep(found.body):
        return _text_body(Shown.TOO_DEEP, markup.bare_text(found.body))
    cleaned = mail_html.clean(found.body, pictures)
    parts = quotes.split_html(cleaned.html)
    return Body(
        Shown.HTML,
        mark_safe(parts.before),  # noqa: S308 - of clean HTML, like the others
        mark_safe(parts.quoted),  # noqa: S308
        mark_safe(parts.after),  # noqa: S308
        cleaned.pictures,
        cleaned.others,
    )


def is_html(found: Email) -> bool:
    """Whether the body is HTML: by what it says it is, and by what it looks like."""
    if _says_html(found):
        return bool(_TAG.search(found.body))
    if found.content_type.lower().startswith("text/plain"):
        return bool(_DOCUMENT.match(found.body))
    return text.looks_like_html(found.body)


def _says_html(found: Email) -> bool:
    return found.content_type.lower().startswith("text/html")


def _text_body(shown: Shown, whole: str) -> Body:
    parts = quotes.split_text(whole[:TEXT_MAX])
    return Body(
        shown,
        text.linkify(parts.before),
        text.linkify(parts.quoted),
        text.linkify(parts.after),
        cut=len(whole) > TEXT_MAX,
    )


def may_show_pictures() -> bool:
    """Whether remote pictures can be asked for at all."""
    return bool(settings.REMOTE_MAIL_IMAGES == "ask")


def picture_addresses(
    account: SubAccount, conversation_id: str, email_id: str
) -> mail_html.Picture:
    """Gives each remote picture of a mail an address of ours that works for ten minutes.

    It works while the person it is made for may read the conversation.
    """
    base = reverse("mail_picture", args=[account.location_id, conversation_id, email_id])
    person = account.access.person

    def ours(address: str) -> str:
        return f"{base}?src={_signer().sign_object([base, address, person], compress=True)}"

    return ours


def signed_picture(base: str, signed: str) -> tuple[str, int | None]:
    """A picture's own address and whom ours was made for; `base` is ours without its query.

    Raises `signing.BadSignature` for one that is not ours, not this mail's, or too old.
    """
    meant_for, address, person = _signer().unsign_object(signed, max_age=PICTURE_LIFE)
    if meant_for != base or not may_show_pictures():
        raise signing.BadSignature
    return address, person


def picture(account: SubAccount, conversation_id: str, address: str) -> fetching.Fetched:
    """The remote picture at an address that `signed_picture` gave.

    Raises `NotFound` when the conversation may not be read, else `HighLevelError`, and
    `fetching.Refused`.
    """
    upstream.access_to(account, conversation_id)
    return fetching.picture(address)
