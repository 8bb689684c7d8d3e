"""How messages look: every type and every odd row, as the reader gets it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from django.test import Client
from pytest_django import Settings

from conversations_ui.accounts.models import SubAccount
from conversations_ui.highlevel.message_types import MESSAGE_TYPES
from conversations_ui.sandbox import Sandbox
from conversations_ui.sandbox.catalogue import ALL_CODES
from tests.pages import (
    Row,
    answer_thread,
    fragment,
    message,
    message_ids,
    noon_zone,
    one,
    page,
    row,
    thread_path,
    value,
    words,
)

KINDS = {kind.name: kind.kind for kind in MESSAGE_TYPES} | {
    "TYPE_HOLOGRAM": "bubble",
    "TYPE_ACTIVITY_SPACEWALK": "activity",
}


class Thread:
    """A reader in front of one thread."""

    def __init__(self, client: Client, account: SubAccount, sandbox: Sandbox) -> None:
        self.client, self.account, self.sandbox = client, account, sandbox

    def read(self, *rows: Row) -> BeautifulSoup:
        """Show these messages, given newest first."""
        answer_thread(self.sandbox, "conv", *rows)
        answer = fragment(self.client, thread_path(self.account, "conv"), "messages")
        assert answer.status_code == 200
        return page(answer)

    def one(self, **fields: Any) -> Tag:
        """Show one message with these fields."""
        return message(self.read(row(1, **fields)), "m001")

    def whole(self, conversation_id: str) -> BeautifulSoup:
        """Show the newest messages of a sample conversation."""
        path = thread_path(self.account, conversation_id)
        answer = fragment(self.client, path, "messages")
        assert answer.status_code == 200
        return page(answer)


@pytest.fixture
def thread(reader_client: Client, sub_account: SubAccount, sandbox: Sandbox) -> Thread:
    return Thread(reader_client, sub_account, sandbox)


@pytest.fixture
def showcase(thread: Thread, settings: Settings, sandbox: Sandbox) -> dict[str, Tag]:
    """Every row of the showcase, by its label."""
    settings.PAGE_SIZE = 100
    newest = thread.whole(sandbox.world.showcase_conversation_id)
    rest = value(one(newest, "[data-load-older]"), "href")
    oldest = page(fragment(thread.client, rest, "older"))
    shown = {
        value(tag, "data-message-id"): tag
        for part in (oldest, newest)
        for tag in part.select("article")
    }
    return {label: shown[key] for label, key in sandbox.world.showcase.items() if key in shown}


def body(article: Tag) -> Tag:
    return one(article, ".bubble p")


def fact(article: Tag, name: str) -> str:
    """A field of the details, under the API's own name."""
    (found,) = [tag for tag in article.select(".facts dt") if words(tag) == name]
    value_of = found.find_next_sibling("dd")
    assert isinstance(value_of, Tag)
    return words(value_of)


def facts(article: Tag) -> set[str]:
    return {words(tag) for tag in article.select(".facts dt")}


# Types


def test_every_type_of_message_is_shown_as_its_kind(
    showcase: dict[str, Tag], sandbox: Sandbox
) -> None:
    types = set(ALL_CODES) & set(showcase)
    assert types == set(ALL_CODES), "a type of the sample data is missing"
    for name in types:
        article = showcase[name]
        assert article["data-message-type"] == name
        assert article["data-kind"] == KINDS[name], name
        assert words(article), name


def test_every_type_in_the_catalogue_has_a_look(thread: Thread) -> None:
    shown = thread.read(*(row(n, messageType=kind.name) for n, kind in enumerate(MESSAGE_TYPES)))
    for number, kind in enumerate(MESSAGE_TYPES):
        article = message(shown, f"m{number:03d}")
        assert article["data-kind"] == kind.kind
        icons = {value(tag, "href").partition("#")[2] for tag in article.select("use")}
        assert icons - {"more"}, kind.name


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"messageType": "TYPE_HOLOGRAM"}, "bubble"),
        ({"messageType": "TYPE_ACTIVITY_SPACEWALK"}, "activity"),
        ({"messageType": "Something <b>New</b>"}, "bubble"),
        ({"messageType": None, "type": 999}, "bubble"),
        ({"messageType": None, "type": None}, "bubble"),
        ({"messageType": {"odd": 1}, "type": [2]}, "bubble"),
    ],
)
def test_an_unknown_type_is_shown_and_counted(
    thread: Thread, fields: dict[str, Any], kind: str
) -> None:
    shown = thread.read(row(2, **fields), row(1))
    article = message(shown, "m002")
    assert article["data-kind"] == kind
    assert "Message 2" in words(article)
    assert "1 of an unknown type" in words(one(shown, ".coverage"))
    name = value(article, "data-message-type")
    assert name in words(article)
    assert article.select_one("b b") is None


def test_a_type_known_by_its_number_only_is_known(thread: Thread) -> None:
    article = thread.one(messageType=None, type=19)
    assert article["data-message-type"] == "TYPE_WHATSAPP"
    assert "WhatsApp" in words(article)


# Missing and odd fields


def test_a_row_with_nothing_in_it_is_shown(thread: Thread) -> None:
    answer_thread(thread.sandbox, "conv", {})
    path = thread_path(thread.account, "conv")
    shown = page(fragment(thread.client, path, "messages"))
    assert message_ids(shown) == [""]
    assert "no text" in words(shown.select("article")[0])


def test_a_message_without_a_direction_is_shown(thread: Thread) -> None:
    for odd in (None, "sideways", 1):
        assert "Message 1" in words(thread.one(direction=odd))


def test_a_message_without_a_date_has_its_own_heading(thread: Thread) -> None:
    shown = thread.read(row(1, dateAdded=None))
    assert words(one(shown, ".day h2")) == "Time unknown"
    assert message(shown, "m001").select_one(".message__stamp time") is None


@pytest.mark.parametrize("text", [None, "", "   ", "\n\t", 5, {"odd": 1}])
def test_a_message_without_text_says_so(thread: Thread, text: object) -> None:
    article = thread.one(body=text)
    assert words(one(article, ".bubble--missing")).startswith("HighLevel supplied no text")


@pytest.mark.parametrize(
    "message_type", ["TYPE_EMAIL", "TYPE_INTERNAL_COMMENT", "TYPE_REVIEW", "TYPE_FORM_SUBMISSION"]
)
def test_a_card_without_text_says_so(thread: Thread, message_type: str) -> None:
    article = thread.one(messageType=message_type, body=None)
    assert "without" in words(article) or "no text" in words(article)


def test_a_message_that_is_only_a_file_is_not_said_to_miss_its_text(thread: Thread) -> None:
    article = thread.one(body=None, attachments=["https://files.example/a.pdf"])
    assert article.select_one(".bubble--missing") is None
    assert words(one(article, "a.file")).startswith("a.pdf")


def test_every_field_is_reachable_under_the_apis_own_name(
    showcase: dict[str, Tag], sandbox: Sandbox
) -> None:
    for label, article in showcase.items():
        raw = sandbox.world.messages[sandbox.world.showcase[label]]
        filled = {name for name, found in raw.items() if found not in (None, "", [], {})}
        if raw["messageType"] == "TYPE_ACTIVITY_OPPORTUNITY":
            filled.discard("activity")  # the list leaves it out
        assert filled - facts(article) <= {"body"}, label


def test_undocumented_fields_are_shown_too(showcase: dict[str, Tag]) -> None:
    assert fact(showcase["extra_fields"], "sentiment") == '{"score": 0.4}'
    assert fact(showcase["extra_fields"], "n") == "3"


def test_zero_and_false_are_values(thread: Thread) -> None:
    article = thread.one(zero=0, no=False)
    assert fact(article, "zero") == "0"
    assert fact(article, "no") == "false"


def test_hostile_names_and_values_of_fields_are_shown_as_they_are(thread: Thread) -> None:
    hostile = "</dd></dl><img src=x onerror=alert(1)>"
    odd: dict[str, Any] = {
        hostile: hostile,
        f"{hostile}Id": hostile,
        "nested": {hostile: [hostile]},
    }
    article = thread.one(**odd)
    assert article.select("img") == []
    assert fact(article, hostile) == hostile
    assert fact(article, f"{hostile}Id") == hostile
    assert hostile in fact(article, "nested")


def test_ids_can_be_copied(thread: Thread) -> None:
    article = thread.one(altId="SM123", contactId="someone")
    copied = {words(tag) for tag in article.select(".facts [data-copy]")}
    assert copied == {"m001", "SM123", "someone"}


def test_the_text_of_a_placeholder_is_not_lost(thread: Thread) -> None:
    article = thread.one(messageType="TYPE_NO_SHOW", body="Something after all")
    assert "Something after all" in words(article)


# Delivery


@pytest.mark.parametrize(
    ("status", "label"),
    [
        ("pending", "Pending"),
        ("scheduled", "Scheduled"),
        ("queued", "Queued"),
        ("sent", "Sent"),
        ("delivered", "Delivered"),
        ("read", "Read"),
        ("undelivered", "Not delivered"),
        ("failed", "Failed"),
        ("connected", "Connected"),
        ("opened", "Opened"),
        ("clicked", "Clicked"),
        ("opt_out", "Opted out"),
        ("teleported", "teleported"),
        ("<b>odd</b>", "<b>odd</b>"),
    ],
)
def test_what_was_sent_tells_how_it_went(thread: Thread, status: str, label: str) -> None:
    article = thread.one(direction="outbound", status=status)
    assert label in words(one(article, ".message__stamp"))
    assert article.select_one(".message__stamp b") is None


def test_nothing_is_said_about_a_status_that_is_missing(thread: Thread) -> None:
    article = thread.one(direction="outbound", status=None)
    assert words(one(article, ".message__stamp")) == "10:01"


def test_what_came_in_carries_no_tick(thread: Thread) -> None:
    article = thread.one(direction="inbound", status="delivered")
    assert "Delivered" not in words(one(article, ".message__stamp"))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"status": "failed", "error": "30007: <b>filtered</b>"}, "30007: <b>filtered</b>"),
        ({"status": "failed"}, "HighLevel gave no reason"),
        ({"status": "undelivered"}, "HighLevel gave no reason"),
        ({"status": "opt_out"}, "opted out"),
    ],
)
def test_a_failed_message_says_why(thread: Thread, fields: dict[str, str], sentence: str) -> None:
    for message_type in ("TYPE_SMS", "TYPE_EMAIL"):
        article = thread.one(direction="outbound", messageType=message_type, **fields)
        assert article["data-status"] == "failed"
        assert sentence in words(one(article, ".message__problem"))


# Sources


@pytest.mark.parametrize(
    ("source", "label", "automation"),
    [
        ("workflow", "Workflow", True),
        ("bulk_actions", "Bulk action", True),
        ("campaign", "Campaign", True),
        ("api", "API", True),
        ("Workflow", "Workflow", True),
        ("carrier pigeon", "carrier pigeon", False),
        ("<b>odd</b>", "<b>odd</b>", False),
    ],
)
def test_what_no_person_sent_says_what_did(
    thread: Thread, source: str, label: str, automation: bool
) -> None:
    article = thread.one(direction="outbound", source=source)
    assert words(one(article, ".source")) == label
    assert (article.get("data-source") == "automation") is automation


@pytest.mark.parametrize("source", ["app", "manual", "", None])
def test_what_a_person_sent_has_no_badge(thread: Thread, source: str | None) -> None:
    article = thread.one(direction="outbound", source=source)
    assert article.select_one(".source") is None
    assert not article.has_attr("data-source")


# Text


@pytest.mark.parametrize(
    ("text", "emoji"),
    [
        ("🙏", True),
        ("🙏🎉", True),
        ("👍🏽", True),
        ("❤️", True),
        ("👩‍👩‍👧", True),
        ("👨‍👩‍👧‍👦👨‍👩‍👧‍👦", True),
        ("🇨🇭", True),
        ("🇨🇭🇺🇦🇧🇷", True),
        ("🇨🇭🇺🇦🇧🇷🇯🇵", False),
        ("🙏🏽🙏🏽🙏🏽", True),
        (" 🙏 ", True),
        ("🙏🎉🙏🎉", False),
        ("🙏 ok", False),
        ("ok", False),
        ("12", False),
    ],
)
def test_a_few_emoji_alone_are_large(thread: Thread, text: str, emoji: bool) -> None:
    article = thread.one(body=text)
    assert ("bubble--emoji" in one(article, ".bubble")["class"]) is emoji


@pytest.mark.parametrize(
    ("text", "href"),
    [
        ("see https://example.com/a?b=c&d=e#f.", "https://example.com/a?b=c&d=e#f"),
        ("(https://example.com/x)", "https://example.com/x"),
        ("www.example.com", "http://www.example.com"),
        ("write to maya@example.com now", "mailto:maya@example.com"),
        ("HTTPS://EXAMPLE.COM/A", "https://EXAMPLE.COM/A"),
    ],
)
def test_an_address_is_a_link_that_tells_nobody_where_from(
    thread: Thread, text: str, href: str
) -> None:
    link = one(body(thread.one(body=text)), "a")
    assert value(link, "href") == href
    assert link["target"] == "_blank"
    assert link["rel"] == ["noopener", "noreferrer", "nofollow"]


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "12:30",
        "a.b",
        "call (312) 555-0148",
    ],
)
def test_nothing_else_is_a_link(thread: Thread, text: str) -> None:
    shown = body(thread.one(body=text))
    assert shown.select("a, script") == []
    assert words(shown) == text


def test_text_is_shown_as_it_was_written(thread: Thread) -> None:
    for text in (
        "<script>document.title='owned'</script>",
        '<img src=x onerror="alert(1)">',
        "Tom &amp; Jerry &lt;b&gt;",
        "{{ 7*7 }} {% debug %} {0} %s",
        "5 < 6 && 7 > 3 </article></section></main>",
        'https://example.com/"onmouseover="alert(1)',
        "https://example.com/<b>bold</b>",
        "</p></div><iframe src=https://evil.example>",
    ):
        article = thread.one(body=text)
        assert article.select("script, img, iframe, section, main, b b, p b") == []
        assert body(article).get_text() == text
        assert not any(name.startswith("on") for tag in article.find_all() for name in tag.attrs)


def test_hostile_conversations_change_nothing_but_their_text(
    thread: Thread, sandbox: Sandbox
) -> None:
    conversation_id = sandbox.world.hostile_conversation_id
    answer = thread.client.get(thread_path(thread.account, conversation_id))
    assert answer.status_code == 200
    shown = page(answer)
    rows = sandbox.world.threads[conversation_id]
    assert sorted(message_ids(shown)) == sorted(raw["id"] for raw in rows)
    assert words(one(shown, "#thread h1")) == "<i>Eve</i> O'Hack"
    assert one(shown, "title").get_text().startswith("<i>Eve</i> O'Hack")
    assert shown.select("#thread i, article script, article img, article iframe") == []
    hrefs = [value(tag, "href") for tag in shown.select("article a[href]")]
    assert all(href.startswith(("/inbox/", "http://", "https://", "mailto:")) for href in hrefs)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 19_999,
        "a." * 9_999,
        "&;" * 9_999,
        "http://" * 2_800,
        "x@" * 9_999,
        "https://example.com/" + "(" * 19_000,
        "www." + "a" * 50_000,
        "<" * 100_000,
    ],
    ids=lambda text: f"{text[:8]} × {len(text)}",
)
def test_a_text_made_to_take_long_is_shown(thread: Thread, text: str) -> None:
    assert text in body(thread.one(body=text)).get_text()


def test_html_bodies_are_shown_as_their_text(thread: Thread) -> None:
    html = "<style>p{}</style><p>Hello <b>you</b></p><script>alert(1)</script>"
    for message_type in ("TYPE_SMS", "TYPE_EMAIL", "TYPE_LIVE_CHAT"):
        article = thread.one(messageType=message_type, contentType="text/html", body=html)
        assert "Hello you" in " ".join(words(article).split())
        shown = one(article, ".email__text, .bubble p")
        assert "<" not in shown.get_text()
        assert article.select_one("script, style") is None


def test_markup_in_a_plain_text_stays_visible(thread: Thread) -> None:
    article = thread.one(body="Use <br> & </p>", contentType="text/plain")
    assert body(article).get_text() == "Use <br> & </p>"


# Files


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "ftp://files.example/a",
        "blob:https://x.example/1",
        "//evil.example/picture.png",
        "/local/path",
        "not an address",
        "https://",
        "https:///path",
        "http://[::1",
        "http://[not-ip]/",
        "https://user@/x",
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
    ],
)
def test_a_file_with_an_odd_address_is_named_but_no_link(thread: Thread, address: str) -> None:
    article = thread.one(attachments=[address])
    (item,) = article.select(".files li")
    assert item.select("a, img, script") == []
    assert " ".join(address.split()) in words(item)
    assert "not a web address" in words(item)


@pytest.mark.parametrize(
    ("address", "name", "host"),
    [
        ("https://files.example/a/plan.pdf", "plan.pdf", "files.example"),
        ("https://files.example/a/pl%C3%A4n%20B.pdf?x=1&y=2", "plän B.pdf", "files.example"),
        ("http://files.example", "files.example", "files.example"),
        ("https://user:pass@files.example:81/x.png", "x.png", "files.example"),
        ("https://files.example:99999/x.png", "x.png", "files.example"),
        ("https://files.example/%3Cscript%3E.png", "<script>.png", "files.example"),
        ("https://files.example/a%2Fb.png", "b.png", "files.example"),
    ],
)
def test_a_file_is_a_link_that_names_its_host(
    thread: Thread, address: str, name: str, host: str
) -> None:
    article = thread.one(attachments=[address])
    link = one(article, ".files a")
    assert link["href"] == address
    assert link["rel"] == ["noopener", "noreferrer", "nofollow"]
    assert link["target"] == "_blank"
    assert words(link) == f"{name} opens on {host}"


def test_attachments_that_are_no_list_do_not_break_the_page(thread: Thread) -> None:
    for odd in ("https://files.example/a.pdf", [{"url": "https://files.example/a.pdf"}]):
        assert words(one(thread.one(attachments=odd), ".files a")).startswith("a.pdf")
    empty: tuple[object, ...] = ([None, 5, {}], {"odd": 1}, 7)
    for nothing in empty:
        assert thread.one(attachments=nothing).select(".files") == []


def test_sample_files_of_every_kind_are_shown(thread: Thread, sandbox: Sandbox) -> None:
    shown = thread.whole(sandbox.world.media_conversation_id)
    rows = sandbox.world.threads[sandbox.world.media_conversation_id]
    files = sum(len([name for name in raw["attachments"] if name]) for raw in rows)
    bare = 1  # it stands in a body
    assert len(shown.select(".files li")) == files + bare
    assert shown.select("article img:not([data-file]), article iframe") == []


# Calls, mail, activities


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 s"),
        (5, "5 s"),
        ("96", "1 min 36 s"),
        (243, "4 min 03 s"),
        (59.6, "1 min 00 s"),
        (3725.5, "1 h 02 min"),
    ],
)
def test_a_calls_length_is_readable(thread: Thread, seconds: object, shown: str) -> None:
    meta = {"call": {"duration": seconds, "status": "completed"}}
    assert shown in words(thread.one(messageType="TYPE_CALL", body=None, meta=meta))


@pytest.mark.parametrize("seconds", [None, "", "soon", -1, True, [], {}])
def test_an_unknown_length_is_not_zero(thread: Thread, seconds: object) -> None:
    meta = {"call": {"duration": seconds, "status": "completed"}}
    article = thread.one(messageType="TYPE_CALL", body=None, meta=meta)
    assert " s" not in words(one(article, "h3")).replace("Call", "")


@pytest.mark.parametrize(
    ("direction", "status", "title"),
    [
        ("inbound", "completed", "Call"),
        ("inbound", "no-answer", "Missed call"),
        ("outbound", "no-answer", "Call not answered"),
        ("outbound", "busy", "Line busy"),
        ("inbound", "voicemail", "Voicemail"),
        ("outbound", "voicemail", "Reached voicemail"),
        ("outbound", "canceled", "Call cancelled"),
        ("outbound", "failed", "Call failed"),
    ],
)
def test_a_call_tells_how_it_ended(thread: Thread, direction: str, status: str, title: str) -> None:
    for fields in ({"meta": {"call": {"status": status}}}, {"status": status}):
        article = thread.one(messageType="TYPE_CALL", body=None, direction=direction, **fields)
        assert words(one(article, "h3")).startswith(title)


def test_a_call_status_that_is_unknown_is_shown(thread: Thread) -> None:
    meta = {"call": {"status": "<b>ringing</b>"}}
    article = thread.one(messageType="TYPE_CALL", body=None, meta=meta)
    assert "<b>ringing</b>" in words(one(article, "h3"))


@pytest.mark.parametrize(
    ("fields", "subject"),
    [
        ({"subject": "Your <b>plan</b>"}, "Your <b>plan</b>"),
        ({"meta": {"email": {"subject": "From meta", "messageIds": ["e1"]}}}, "From meta"),
        ({"meta": {"email": {"email": {"subject": "Deeper"}}}}, "Deeper"),
        ({}, "(no subject)"),
    ],
)
def test_a_mail_shows_its_subject(thread: Thread, fields: dict[str, Any], subject: str) -> None:
    article = thread.one(messageType="TYPE_EMAIL", **fields)
    assert words(one(article, "h3")).startswith(subject)
    assert article.select_one("h3 b") is None


def test_a_mail_names_its_people(thread: Thread) -> None:
    article = thread.one(messageType="TYPE_EMAIL", to="us@b.example", **{"from": "a@b.example"})
    assert "a@b.example → us@b.example" in words(one(article, "h3"))


def test_a_long_mail_is_folded_and_whole(thread: Thread) -> None:
    text = "word " * 200
    article = thread.one(messageType="TYPE_EMAIL", body=text)
    assert one(article, ".fold input[type=checkbox]")["id"] == one(article, ".fold label")["for"]
    assert words(one(article, ".fold__content")) == text.strip()
    assert thread.one(messageType="TYPE_EMAIL", body="short").select_one(".fold") is None


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({"activity": {"title": "Moved <b>on</b>"}, "body": "Someone"}, "Moved <b>on</b>"),
        ({"activity": {"title": ""}, "body": "Something"}, "Something"),
        ({"activity": [], "body": None}, "Opportunity activity"),
    ],
)
def test_an_activity_says_what_happened(thread: Thread, fields: dict[str, Any], title: str) -> None:
    article = thread.one(messageType="TYPE_ACTIVITY_OPPORTUNITY", **fields)
    assert words(one(article, ".activity > span")) == title
    assert article.select_one(".activity b") is None


def test_an_internal_comment_is_told_from_what_was_sent(thread: Thread) -> None:
    article = thread.one(messageType="TYPE_INTERNAL_COMMENT", body="Careful")
    assert "not sent to the customer" in words(article)
    assert "Careful" in words(article)


# Groups and days


def follows(shown: Tag) -> list[bool]:
    return ["message--follow" in tag["class"] for tag in shown.select("article")]


def at(minutes: float, **fields: Any) -> Row:
    moment = datetime(2026, 3, 2, 10, tzinfo=UTC) + timedelta(minutes=minutes)
    return row(round(minutes * 10), dateAdded=moment.isoformat(), **fields)


def test_messages_of_one_sender_minutes_apart_are_one_group(thread: Thread) -> None:
    assert follows(thread.read(at(9), at(4.9), at(0))) == [False, True, True]


def test_five_minutes_part_a_group(thread: Thread) -> None:
    assert follows(thread.read(at(5), at(0))) == [False, False]


@pytest.mark.parametrize(
    "other",
    [
        {"direction": "outbound"},
        {"messageType": "TYPE_WHATSAPP", "type": 19},
        {"userId": "another"},
        {"source": "workflow"},
        {"status": "failed"},
        {"messageType": "TYPE_CALL", "type": 1},
        {"dateAdded": None},
    ],
    ids=str,
)
def test_anything_that_differs_parts_a_group(thread: Thread, other: dict[str, Any]) -> None:
    second = at(1) | other
    second = {name: found for name, found in second.items() if found is not None}
    assert follows(thread.read(second, at(0))) == [False, False]


def test_each_failure_keeps_its_head(thread: Thread) -> None:
    rows = [at(n, direction="outbound", status="failed") for n in (1, 0)]
    assert follows(thread.read(*rows)) == [False, False]


def test_cards_do_not_join_groups(thread: Thread) -> None:
    rows = [at(n, messageType="TYPE_CALL", body=None) for n in (1, 0)]
    assert follows(thread.read(*rows)) == [False, False]


def test_midnight_parts_a_group(thread: Thread) -> None:
    before, after = (
        row(number, dateAdded=moment)
        for number, moment in ((1, "2025-03-01T23:59:00.000Z"), (2, "2025-03-02T00:01:00.000Z"))
    )
    assert follows(thread.read(after, before)) == [False, False]


def test_days_are_those_of_the_sub_accounts_time_zone(thread: Thread) -> None:
    thread.account.time_zone = "America/Chicago"
    thread.account.save()
    shown = thread.read(
        row(3, dateAdded="2026-03-03T06:00:00Z"),
        row(2, dateAdded="2026-03-03T05:59:59Z"),
        row(1, dateAdded="2026-03-02T06:00:00Z"),
    )
    days = {value(tag, "data-day"): message_ids(tag) for tag in shown.select(".day")}
    assert days == {"2026-03-02": ["m001", "m002"], "2026-03-03": ["m003"]}
    assert value(one(message(shown, "m002"), "time"), "datetime") == "2026-03-02T23:59:59-06:00"


def test_the_hour_that_comes_twice_keeps_its_order(thread: Thread) -> None:
    thread.account.time_zone = "Europe/Zurich"
    thread.account.save()
    shown = thread.read(
        row(2, dateAdded="2026-10-25T01:30:00Z"), row(1, dateAdded="2026-10-25T00:30:00Z")
    )
    stamps = [value(tag, "datetime") for tag in shown.select("article time")]
    assert stamps == ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"]


@pytest.mark.parametrize(("ago", "label"), [(0, "Today"), (1, "Yesterday")])
def test_the_last_days_are_named(thread: Thread, ago: int, label: str) -> None:
    now = datetime.now(UTC)
    thread.account.time_zone = noon_zone(now)
    thread.account.save()
    shown = thread.read(row(1, dateAdded=(now - timedelta(days=ago)).isoformat()))
    assert words(one(shown, ".day h2")) == label


def test_other_days_are_written_out(thread: Thread) -> None:
    old = thread.read(row(1, dateAdded="2019-05-02T12:00:00Z"))
    assert words(one(old, ".day h2")) == "Thursday 2 May 2019"
    assert value(one(old, ".day h2 time"), "datetime") == "2019-05-02"


@pytest.mark.parametrize(
    "moment",
    [
        1_772_445_600_000,
        1_772_445_600,
        "1772445600000",
        "2026-03-02T10:00:00Z",
        "2026-03-02T11:00:00+01:00",
        {"seconds": 1_772_445_600, "nanoseconds": 0},
        {"_seconds": 1_772_445_600, "_nanoseconds": 5},
    ],
    ids=str,
)
def test_every_encoding_of_a_date_is_read(thread: Thread, moment: object) -> None:
    article = thread.one(dateAdded=moment)
    assert value(one(article, "time"), "datetime") == "2026-03-02T10:00:00+00:00"


@pytest.mark.parametrize("moment", ["soon", -1e300, [], True, "9999-99-99", 10**30], ids=str)
def test_a_date_that_is_none_breaks_nothing(thread: Thread, moment: object) -> None:
    assert "Message 1" in words(thread.one(dateAdded=moment))


@pytest.mark.parametrize("moment", ["1800-01-01T00:00:00Z", "2999-12-31T23:59:59Z"])
def test_a_far_date_breaks_nothing(thread: Thread, moment: str) -> None:
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago", "Africa/Monrovia"):
        thread.account.time_zone = zone
        thread.account.save()
        article = thread.one(dateAdded=moment)
        shown = datetime.fromisoformat(value(one(article, "time"), "datetime"))
        assert abs(shown - datetime.fromisoformat(moment)) < timedelta(minutes=1)


@pytest.mark.parametrize("attribute", ["rtl_conversation_id", "cjk_conversation_id"])
def test_every_script_is_left_to_find_its_direction(
    thread: Thread, sandbox: Sandbox, attribute: str
) -> None:
    conversation_id = getattr(sandbox.world, attribute)
    shown = page(thread.client.get(thread_path(thread.account, conversation_id)))
    assert words(one(shown, "#thread h1 bdi"))
    texts = shown.select("article .bubble p")
    assert texts
    assert {tag.get("dir") for tag in texts} == {"auto"}
    assert any(not word.isascii() for tag in texts for word in words(tag).split())
