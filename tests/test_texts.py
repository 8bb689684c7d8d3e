"""Texts: what of them is live, what hides in them, and how long they may grow."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversations_ui.accounts.models import SubAccount
from conversations_ui.sandbox import Sandbox
from conversations_ui.services.presentation import text as texts
from tests.pages import (
    answer_inbox,
    answer_thread,
    fragment,
    inbox_path,
    message,
    one,
    page,
    row,
    thread_path,
    value,
    words,
)


class Thread:
    """A reader in front of one thread."""

    def __init__(self, client: Client, account: SubAccount, sandbox: Sandbox) -> None:
        self.client, self.account, self.sandbox = client, account, sandbox

    def one(self, body: str, **fields: Any) -> Tag:
        """Show one message with this text."""
        answer_thread(self.sandbox, "conv", row(1, body=body, **fields))
        path = thread_path(self.account, "conv")
        return message(page(fragment(self.client, path, "messages")), "m001")


@pytest.fixture
def thread(reader_client: Client, sub_account: SubAccount, sandbox: Sandbox) -> Thread:
    return Thread(reader_client, sub_account, sandbox)


# What is live


@pytest.mark.parametrize(
    ("text", "href"),
    [
        ("call +41 44 668 18 00 now", "tel:+41446681800"),
        ("call +1 (312) 555-0148.", "tel:+13125550148"),
        ("(+13125550148)", "tel:+13125550148"),
        ("tel:+1-312-555-0148", "tel:+13125550148"),
        ("TEL:3125550148", "tel:3125550148"),
        ("Phone:+44 20\u00a07946\u00a00018", "tel:+442079460018"),
        ("mailto:maya@example.com", "mailto:maya@example.com"),
        ("(mailto:maya+x@mail.example.com)", "mailto:maya+x@mail.example.com"),
        ("mailto:maya@example.com?bcc=eve@evil.example&body=x", "mailto:maya@example.com"),
    ],
)
def test_numbers_and_mail_addresses_are_live(thread: Thread, text: str, href: str) -> None:
    shown = one(thread.one(text), ".bubble p")
    assert value(one(shown, "a"), "href") == href
    assert shown.get_text() == text


@pytest.mark.parametrize(
    "text",
    [
        "1 + 1 234 567 890",
        "order +12",
        "a+13125550148",
        "+1234567890123456789",
        "tel:",
        "mailto:",
        "mailto:?to=x",
        "hotel:12345",
        "tel:<b>",
        "sms:+x",
    ],
)
def test_what_only_looks_like_one_is_not(thread: Thread, text: str) -> None:
    shown = one(thread.one(text), ".bubble p")
    assert [link["href"] for link in shown.select("a") if "tel:" in str(link["href"])] == []
    assert shown.get_text() == text


@pytest.mark.parametrize(
    "address",
    [
        "https://wa.me/+13125550148",
        "https://example.com/?to=+13125550148&x=tel:+13125550148",
        "https://example.com/mailto:maya@example.com",
    ],
)
def test_a_number_in_an_address_stays_in_it(thread: Thread, address: str) -> None:
    links = thread.one(f"write {address} or +13125550199").select(".bubble p a")
    assert value(links[0], "href").startswith(address[:21])
    assert value(links[-1], "href") == "tel:+13125550199"


# What hides


@pytest.mark.parametrize(
    ("text", "shown", "codes"),
    [
        ("see \u202egpj.exe\u202c", "see reversed text gpj.exe\u202c", "U+202E"),
        ("see \u202dgpj.exe", "see reversed text gpj.exe", "U+202D"),
        ("a" + "\u200b" * 900 + "b", "a 900 invisible characters b", "U+200B"),
        ("a" + "\u200c\u00a0" * 40 + "b", "a 40 invisible characters b", "U+200C"),
        ("a\u200b\u2060\ufeffb", "a 3 invisible characters b", "U+200B U+2060 U+FEFF"),
        ("a\U000e0068\U000e0069b", "a 2 invisible characters b", "U+E0068 U+E0069"),
        ("a\x07b\x1b", "a 1 invisible character b 1 invisible character", "U+0007"),
        (
            "Z" + "\u0351" * 3 + "\u036b" * 50,
            "Z\u0351\u0351\u0351 50 invisible characters",
            "U+036B",
        ),
    ],
)
def test_what_hides_in_a_text_is_marked(thread: Thread, text: str, shown: str, codes: str) -> None:
    bubble = one(thread.one(text), ".bubble p")
    assert words(bubble) == shown
    assert value(bubble.select(".unseen")[0], "title") == codes


def test_a_text_full_of_it_is_not_full_of_marks(thread: Thread) -> None:
    bubble = one(thread.one("a\u202eb" * 6000), ".bubble p")
    assert 0 < len(bubble.select(".unseen")) < 100
    assert "\u202e" not in bubble.get_text()


@pytest.mark.parametrize(
    "text", ["\u200b", "\u200b\u200b\u200b", "\ufeff \u2060", "\u2800\u2800", "\u00ad", "\u3164"]
)
def test_a_text_of_nothing_visible_says_so(thread: Thread, text: str) -> None:
    bubble = one(thread.one(text), ".bubble")
    assert "invisible character" in words(bubble)


@pytest.mark.parametrize(
    "text",
    [
        "نمی\u200cخواهم",
        "क्\u200dष",
        "👩\u200d❤\ufe0f\u200d👩 is one",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f as well",
        "\u202a+1 312 555 0148\u202c",
        "Tiếng Việt rất hay",
        "שלום\u200f! \u2068Maya\u2069",
        "one\ttwo\r\nthree\x85",
    ],
)
def test_what_people_write_with_is_left_alone(thread: Thread, text: str) -> None:
    shown = one(thread.one(text), ".bubble p")
    assert shown.select(".unseen") == []
    assert shown.get_text() == BeautifulSoup(text, "html.parser").get_text()


def test_an_override_does_not_reach_into_a_link(thread: Thread) -> None:
    shown = one(thread.one("https://example.com/\u202egpj.exe"), ".bubble p")
    assert value(one(shown, "a"), "href") == "https://example.com/"


def test_the_raw_json_of_a_message_spells_an_override(thread: Thread) -> None:
    article = thread.one("see \u202egpj.exe", subject="\u2067x\u2069")
    raw = one(article, "pre.raw").get_text()
    assert "\\u202e" in raw
    assert "\u202e" not in raw
    assert "\\u2067x\\u2069" in raw


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.text(
        st.sampled_from("a <&\"'@+:./1\u202e\u200b\u0351\x07\U000e0041") | st.characters(),
        max_size=60,
    )
)
def test_no_text_becomes_markup(text: str) -> None:
    shown = BeautifulSoup(f"<p>{texts.linkify(text)}</p>", "html.parser")
    assert {tag.name for tag in shown.find_all()} <= {"p", "a", "span"}
    assert {name for tag in shown.find_all() for name in tag.attrs} <= {
        "href",
        "target",
        "rel",
        "class",
        "title",
    }
    schemes = {value(link, "href").partition(":")[0] for link in shown.select("a")}
    assert schemes <= {"http", "https", "mailto", "tel"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see \u202egpj.exe", "see \ufffdgpj.exe"),
        ("a" + "\u200b" * 500 + "b", "a\ufffdb"),
        ("\u200b\u200b\u200b", "SMS"),
        ("plain 👩\u200d❤\ufe0f\u200d👩", "plain 👩\u200d❤\ufe0f\u200d👩"),
    ],
)
def test_the_inbox_shows_a_sign_in_its_place(thread: Thread, text: str, shown: str) -> None:
    found = {"id": "c1", "contactName": "Maya", "lastMessageType": "TYPE_SMS"}
    answer_inbox(thread.sandbox, found | {"lastMessageBody": text})
    listed = page(thread.client.get(inbox_path(thread.account)))
    assert words(one(listed, ".row__text")) == shown


# How long they are


@pytest.mark.parametrize("text", ["word " * 400, "W" * 4000, "line\n" * 300, "line\n" * 30])
def test_a_very_long_text_is_folded_and_whole(thread: Thread, text: str) -> None:
    article = thread.one(text)
    box, label = one(article, ".bubble .fold input[type=checkbox]"), one(article, ".fold label")
    assert box["id"] == label["for"]
    assert words(label) == "Show whole message"
    assert one(article, ".fold__content").get_text().strip() == text.strip()


@pytest.mark.parametrize("text", ["Hello", "word " * 120, "https://example.com/a " * 20])
def test_other_texts_are_not(thread: Thread, text: str) -> None:
    assert thread.one(text).select(".fold") == []


@pytest.mark.parametrize(
    ("text", "large"),
    [
        ("1️⃣", True),
        ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", True),
        ("🙏 🎉", True),
        ("🙏\n🎉", True),
        ("1", False),
        ("1️⃣ 🙏 🎉 🙏", False),
    ],
)
def test_emoji_of_every_build_are_large(thread: Thread, text: str, large: bool) -> None:
    bubble = one(thread.one(text), ".bubble")
    assert ("bubble--emoji" in bubble["class"]) is large
