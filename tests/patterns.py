"""Every pattern that meets text from outside, a way to it, and text made to keep it busy."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.utils.safestring import SafeString

from conversations_ui import masking
from conversations_ui.accounts.access import Part
from conversations_ui.highlevel import addresses, message_types, refusals, values
from conversations_ui.highlevel.mails import Email
from conversations_ui.highlevel.records import Contact, Message
from conversations_ui.services import (
    destinations,
    file_types,
    mail,
    markup,
    media,
    quotes,
    ranges,
    vcards,
    withheld,
)
from conversations_ui.services.fetching import Refused
from conversations_ui.services.presentation import (
    activities,
    cards,
    delivery,
    files,
    messages,
    reactions,
    text,
    unseen,
)
from conversations_ui.views import forms, opening

SIZE = 300_000  # characters; going through the rest of them from each takes minutes
HIDDEN, FLAG, ACCENT = "\u200b", "\U0001f3f4\U000e0067", "\u0301"
BUSY = 6.0  # seconds of the processor, however many others share it; none needs one
# For every way, besides its own.
ANY = ("|a|", "| |", "|<|", '|<"|', "|.a|@", "|(|", "|\n |x", "|1-|", "|/|")


@dataclass(frozen=True)
class Way:
    """How text gets to some patterns. A text is `before|again and again|after`."""

    feed: Callable[[str], object]
    patterns: tuple[str, ...]
    texts: tuple[str, ...] = ()


def mail_body(text: str) -> object:
    """Both as what it says it is and as what is cleaned: the second has a bound."""
    whole = mail.body(Email.from_api({"body": text, "contentType": "text/html"}))
    bounded = Email.from_api({"body": text[: markup.MAX_BYTES], "contentType": "text/html"})
    return whole.blank, mail.body(bounded).blank, mail.is_html(Email.from_api({"body": text}))


def activity(text: str) -> object:
    given = {"messageType": "TYPE_ACTIVITY_CONTACT", "activity": {"title": text}, "body": text}
    found = Message.from_api(given)
    return activities.line(found, message_types.lookup(found.type), ZoneInfo("UTC"))


def reaction(text: str) -> object:
    rows = ({"id": "a", "body": text}, {"messageType": reactions.TYPE, "body": text})
    return reactions.by_target(map(Message.from_api, rows))


def failure(text: str) -> object:
    found = Message.from_api({"status": text, "source": text, "error": text})
    return delivery.problem(found), delivery.tick(found), delivery.origin(found)


def attachment(text: str) -> object:
    found = Message.from_api({"attachments": [f"https://files.example.com/media/{text}"]})
    return files.file(text, ""), media.addresses(found), list(files.files(found, base="/"))


def form(text: str) -> object:
    found = Message.from_api({"body": text, "meta": {"fields": [{"label": text, "value": text}]}})
    return cards.form(found, text), cards.with_mentions(text_of(text))


def text_of(given: str) -> SafeString:
    return text.linkify(given)


def refusal(text: str) -> object:
    return refusals.refused(429, {"retry-after": text}, text.encode())


def json(text: str) -> object:
    return values.parse(f'["{text}", "\\u0000\ud7ff"]'.replace("\n", "").encode())


def address(text: str) -> None:
    short = text[: destinations.LONGEST - 100]
    hosts = (f"https://{text}", f"https://{short}", f"https://files.example.com/{short}")
    for written in (text, *hosts):
        with suppress(Refused, ValueError):
            destinations.destination(written)


def api_address(text: str) -> object:
    try:
        return addresses.checked_base_url(f"https://{text}.example.com")
    except ValueError:
        return None


def form_fields(text: str) -> object:
    for check in (forms.is_id, forms.is_cursor, forms.is_second):
        try:
            check(text)
        except ValidationError:
            continue
    return forms.PeopleForm({"ids": text}).is_valid(), forms.LiveThreadForm({"type": text}).errors


def withhold(text: str) -> object:
    found = Contact.from_api({"name": text, text: text, "customFields": [{text: text}]})
    everything = frozenset(Part)
    return withheld.contact(found, everything), withheld.name_in(text), withheld.masked(text)


def _of(module: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{module}.py:{name}" for name in names)


_CLEANER = (
    *("_BAD_STYLE", "_COLOUR", "_BODY", "_DATA_PICTURE", "_WEB", "_REMOTE", "_CONTROLS", "_LINK"),
    *("_FETCHING_STYLE", "_STYLE_SHEET", "_PICTURE", "_ALT", "_HREF", "_ANY_TAG", "_UNIFORM"),
    "_WORKED_OUT",
)
WAYS = (
    Way(
        mail_body,
        (
            *_of("services/mail", "_TAG", "_ANY_TAG", "_DOCUMENT"),
            *_of("services/mail_html", *_CLEANER),
            *_of("services/quotes", "_TAG"),
            *_of("services/markup", "_TOKEN", "_START", "_tags.own_end"),
        ),
        (
            "<a href='https://example.com'>|<b></b>|x</a>",
            "<a href='https://example.com'>x|<b></b>|y</a>",
            "<p style='|url(|'>",
            "<p style='background:|rgb(1,|'>",
            "<p style='color:|a |'>",
            "<p style='margin:|a-|'>",
            "<img src='data:image/png;base64,|A=|!'>",
            "<img src='|https:/|'>",
            "|<link |",
            "|<link href |",
            "<link href=|  |x",
            "|url(  |",
            "<a href='https:|/|'>x</a>",
            "|<a href=x>|",
            "|<img alt='|",
            "|<body|",
            "|<!--|",
            "|<style>|",
            "|<a a=|",
            "|&lt;|<p>",
            "|<p>On x wrote:</p>|",
        ),
    ),
    Way(
        markup.bare_text,
        _of("services/markup", "_MARKUP", "_NAME", "_BLANK_LINES"),
        ("|<p|", "|<script>|", "|\n\t|x", "</|a|"),
    ),
    Way(
        quotes.split_text,
        _of("services/quotes", "_HEADER", "_NOT_BLANK"),
        ("|> \n|x", "|On x, y wrote:\n|", "*|a |:", "|From: a <b>\n|", "On |a <b> |wrote:", "|> |"),
    ),
    Way(
        text.linkify,
        (
            *_of("services/presentation/text", "_may_link", "_calls", "_may_call"),
            *_of("services/presentation/text", "_linked.digits"),
            *_of("services/presentation/unseen", "_odd", "_any", "_nothing"),
        ),
        (
            f"{HIDDEN}| |{HIDDEN}x",
            f"|{HIDDEN} |x",
            f"{FLAG}|{FLAG[1]}|x",
            f"aaa|{ACCENT}|x",
            f"|{HIDDEN}\u00a0{ACCENT}|",
            "|\u202e|a",
        ),
    ),
    Way(
        lambda given: text.linkify(given[: text.LINKIFY_MAX]),
        (),
        (
            "|+1 |",
            "|tel:1|",
            "|mailto:a@|",
            "mailto:a@|a.|",
            "mailto:a@b.com?|x|<",
            "|www.|",
            "http://|(|",
            "http://a.com|)|",
            "|&lt;|http://a",
            "|;|a.com",
        ),
    ),
    Way(
        lambda given: (unseen.plain(given), unseen.spelled(given), text.is_emoji(given)),
        (
            *_of("services/presentation/unseen", "_bidi"),
            *_of("services/presentation/text", "_JOINED", "_FLAG"),
        ),
        ("|\u202e|", "|\u200d|", "|1\ufe0f|"),
    ),
    Way(
        activity,
        _of("services/presentation/activities", "_WORD", "_DND", "_ENDED"),
        ("|dnd |off", "|do not |", "|dnd\n|"),
    ),
    Way(
        form,
        _of("services/presentation/cards", "_QUESTION", "_TAG", "_MENTION"),
        ("x| |y", "x| |: y", "|x: \n|", "|a :|", "|@a|", "|@a'|", "|:|"),
    ),
    Way(
        reaction,
        _of("services/presentation/reactions", "_spelled", "_UNSEEN"),
        ("|reacted |to “", "Loved “|a”|x", "|a |", "Reacted |x| to"),
    ),
    Way(
        failure,
        (
            *_of("services/presentation/delivery", "_CODE"),
            *_of("services/lenses", "_BETWEEN_WORDS"),
        ),
        ("|3000|", "|_- |x"),
    ),
    Way(
        attachment,
        (
            *_of("services/presentation/files", "_ID", "_NAMELESS"),
            *_of("services/media", "_ID", "_ASSET", "_UNWRITABLE_IN_NAMES"),
        ),
        ("|0123456789abcdef|", "|/media|", "|ME0123456789abcdef|", f"|{HIDDEN}|.jpg"),
    ),
    Way(
        lambda given: vcards.cards(given.encode()),
        (
            *_of("services/vcards", "_PROPERTY", "_ESCAPED", "_FOLD", "_CHARSET", "cards.pieces"),
            *_of("services/vcards", "_value.value", "_value.plain"),
        ),
        (
            "|BEGIN:VCARD\n|",
            "BEGIN:VCARD|\n|x",
            "BEGIN:VCARD\n|a;|",
            "BEGIN:VCARD\n|a.|b",
            "BEGIN:VCARD\nN:|;\\|",
            "BEGIN:VCARD\nN;|charset=|;QUOTED-PRINTABLE:x=\n",
            "BEGIN:VCARD\nN;QUOTED-PRINTABLE:|x=\n|",
            "|\r\n |",
        ),
    ),
    Way(
        lambda given: file_types.what(given.encode()[: file_types.HEAD]),
        _of("services/file_types", "_MAGIC"),
    ),
    Way(address, _of("services/destinations", "_NAME", "_UNWRITABLE"), ("https://|a.|", "|\\|")),
    Way(
        lambda given: (ranges.asked(given), ranges.asked(f"bytes={given}")),
        _of("services/ranges", "_ASKED", "_CONTENT_RANGE", "_NO_PART"),
        ("bytes=|0|-", "bytes |1-|"),
    ),
    Way(
        withhold,
        _of(
            "services/withheld",
            *("_COMMENT", "_CALL", "_SOUND", "_PERSONAL", "_IDENT", "_OF_COMMENTS"),
            *("_OF_LAST_MESSAGE", "_MAIL", "_NUMBER"),
        ),
        ("|a.|@a", "a@|a.|", "|1 |", "|(1|", "|reply|", "|last|"),
    ),
    Way(
        lambda given: (message_types.normalise(given), message_types.filter_value(given)),
        _of("highlevel/message_types", "_BETWEEN_WORDS", "_FILTER_WORDS"),
        ("TYPE|_|", "A| _|1"),
    ),
    Way(
        lambda given: (json(given.replace("\\", "").replace('"', "")), values.text(given + "é")),
        _of("highlevel/values", "_SURROGATE", "_UNREADABLE_ESCAPE"),
        ("|\\u|d", "|é|"),
    ),
    Way(
        refusal,
        _of("highlevel/refusals", "_TRACE_ID"),
        ("|<!|", "|<!--|", "|<a |", "|&|", "</|</|", "|<?|", "|<![CDATA[|", '{"traceId": "|a|"}'),
    ),
    Way(api_address, _of("highlevel/addresses", "_HOST_NAME", "checked_base_url"), ("|a.|-",)),
    Way(
        lambda given: messages.ID.fullmatch(given),
        (
            # All the same: an id as a whole, or a word.
            *_of("services/presentation/messages", "ID"),
            *_of("services/presentation/mail", "_ID"),
            *_of("services/people", "_ID"),
            *_of("highlevel/webhooks", "_ID"),
            *_of("highlevel/client", "_WORD"),
            *_of("highlevel/oauth", "_WORD"),
            *_of("admin/authorising", "AuthorisingAdmin._exchanged"),
            *_of("admin/authorising", "AuthorisingAdmin._exchanged.code"),
            *_of("admin/authorising", "AuthorisingAdmin._agency"),
            *_of("admin/sub_accounts", "SubAccountForm.token"),
            *_of("views/account", "EndForm.session"),
            *_of("accounts/models", "validate_location_id", "validate_user_id"),
            *_of("services/fetching", "_length"),
            # A few fixed words, looked for in a page of at most 64 KB.
            *_of("highlevel/oauth", "_refusal"),
        ),
    ),
    Way(
        form_fields,
        _of("views/forms", "is_id", "is_cursor", "is_second", "PeopleForm.ids"),
        ("1|.a|!", "|,|", "1|0|x"),
    ),
    Way(
        lambda given: (opening.place_in(given), opening.place_in(f"//x/inbox/{given}")),
        _of("views/opening", "_ID"),
        ("//|?|", "|conversations/|", "//x?|conversationId=&|"),
    ),
    Way(
        masking.masked,
        _of("masking", "_PATTERNS"),
        (
            "|cookie |",
            "|token  |",
            "bearer| |",
            "|eyJ0000-|",
            "|eyJ000.|",
            "|reset.|",
            "|reset.aaaaaaaaaaaaaaa|",
            "|://|",
            "|a@|",
            "a@|a.|",
            "|+1 |",
            "|(123) |",
            "|a?|",
            "|gAAAAA|",
        ),
    ),
)
# These never meet text from outside: configuration, our own files, the sample API, passwords of
# addresses in the configuration.
OURS = {
    "accounts/migrations/0001_initial.py:Migration.operations",
    "highlevel/webhooks.py:_AROUND_BASE64",
    "masking.py:_passwords.found",
    "sandbox/search.py:_contains.digits",
    "sandbox/search.py:_contains.test",
    "settings.py:cache",
    "settings.py:matching.convert",
    "static_files.py:IMPORT",
}


def written(text: str) -> str:
    """The text a row describes, in full size."""
    before, again, after = text.split("|")
    return before + again * (SIZE // len(again)) + after


def main() -> None:
    """Feed them all; what is being fed is said before, for who finds this busy."""
    for way in WAYS:
        for row in (*ANY, *way.texts):
            print(way.patterns or "linkify", ascii(row), flush=True)  # noqa: T201
            signal.setitimer(signal.ITIMER_PROF, BUSY)  # whose signal ends the process
            way.feed(written(row))


if __name__ == "__main__":
    main()
