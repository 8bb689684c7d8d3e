"""Calls and voicemails on their cards: who, which way, how it ended, what there is to hear."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from django.core.cache import caches
from django.test import Client

from conversations_ui.accounts.models import SubAccount
from conversations_ui.highlevel.message_types import MESSAGE_TYPES
from conversations_ui.sandbox import Sandbox
from tests.pages import (
    Row,
    answer_thread,
    fragment,
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

    def read(self, *rows: Row) -> BeautifulSoup:
        """Show these messages, given newest first."""
        answer_thread(self.sandbox, "conv", *rows)
        return page(fragment(self.client, thread_path(self.account, "conv"), "messages"))

    def call(self, status: str | None = "completed", seconds: object = 96, **fields: Any) -> Tag:
        """Show one call."""
        meta = {"call": {"duration": seconds, "status": status}}
        plain = {"messageType": "TYPE_CALL", "body": None, "meta": meta}
        return message(self.read(row(1, **(plain | fields))), "m001")


@pytest.fixture
def thread(reader_client: Client, sub_account: SubAccount, sandbox: Sandbox) -> Thread:
    caches["upstream"].clear()
    return Thread(reader_client, sub_account, sandbox)


def title(article: Tag) -> str:
    """The title alone."""
    heading = one(article, "h3")
    return words(heading).removesuffix(words(one(heading, "small"))).strip()


def below(article: Tag) -> str:
    return words(one(article, "h3 small"))


def icon(article: Tag) -> str:
    return value(article.select(".card__head use")[0], "href").partition("#")[2]


def outcome(article: Tag) -> str:
    return value(one(article, "[data-call]"), "data-call")


@pytest.mark.parametrize(
    ("status", "ending", "inbound", "outbound", "heard"),
    [
        ("completed", "answered", "Call", "Call", True),
        ("answered", "answered", "Call", "Call", True),
        ("Connected", "answered", "Call", "Call", True),
        ("no-answer", "missed", "Missed call", "Call not answered", False),
        ("NO_ANSWER", "missed", "Missed call", "Call not answered", False),
        ("no answer", "missed", "Missed call", "Call not answered", False),
        ("missed", "missed", "Missed call", "Call not answered", False),
        ("busy", "busy", "Missed call, line busy", "Line busy", False),
        ("failed", "failed", "Call failed", "Call failed", False),
        ("canceled", "cancelled", "Call cancelled", "Call cancelled", False),
        ("cancelled", "cancelled", "Call cancelled", "Call cancelled", False),
        ("voicemail", "voicemail", "Voicemail", "Reached voicemail", True),
        ("levitating", "unknown", "Call", "Call", False),
    ],
)
def test_every_outcome_has_its_title(
    thread: Thread, status: str, ending: str, inbound: str, outbound: str, heard: bool
) -> None:
    for direction, shown in (("inbound", inbound), ("outbound", outbound)):
        article = thread.call(status, None, direction=direction)
        assert title(article) == shown
        assert outcome(article) == ending
        assert len(article.select("audio")) == heard
        assert bool(article.select(".card--missed")) == (icon(article) == "call-missed")
        assert ("levitating" in below(article)) == (ending == "unknown")


@pytest.mark.parametrize(
    "fields",
    [
        {"meta": {"call": {"duration": 96, "status": "completed"}}},
        {"meta": {"call": {"duration": "96", "status": "completed"}}},
        {"meta": {"call": {"call": {"duration": 96, "status": "completed"}}}},
        {"meta": {"callDuration": 96, "callStatus": "completed"}},
        {"meta": None, "callDuration": 96, "callStatus": "completed"},
        {"meta": None, "callDuration": "96.0", "status": "completed"},
    ],
)
def test_every_form_of_a_call_is_read(thread: Thread, fields: dict[str, Any]) -> None:
    article = thread.call(**fields)
    assert title(article) == "Call, 1 min 36 s"
    assert words(one(article, "[data-total]")) == "1:36"
    assert value(one(article, "[type=range]"), "max") == "96"


@pytest.mark.parametrize("seconds", [None, "", "soon", -1, True, [], {}])
def test_an_unknown_length_is_never_zero(thread: Thread, seconds: object) -> None:
    article = thread.call(seconds=seconds)
    assert title(article) == "Call"
    assert words(one(article, "[data-total]")) == "–:––"
    assert one(article, "[type=range]").has_attr("disabled")


@pytest.mark.parametrize("seconds", [0, "0", 0.0])
@pytest.mark.parametrize("status", ["busy", "no-answer", "failed", "canceled", "levitating"])
def test_a_call_nobody_took_has_no_length_to_tell(
    thread: Thread, status: str, seconds: object
) -> None:
    assert "0 s" not in words(one(thread.call(status, seconds), "h3"))


def test_how_long_it_rang_is_told(thread: Thread) -> None:
    assert title(thread.call("no-answer", 20)) == "Missed call, 20 s"


@pytest.mark.parametrize(
    ("seconds", "clock"), [(5, "0:05"), (59.2, "1:00"), (243, "4:03"), (3725.5, "1:02:06")]
)
def test_a_length_is_shown_as_players_do(thread: Thread, seconds: object, clock: str) -> None:
    assert words(one(thread.call(seconds=seconds), "[data-total]")) == clock


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        (
            {"from": "+13125550148", "to": "+13125550100"},
            "Incoming from +1 312-555-0148 · answered",
        ),
        (
            {"direction": "outbound", "to": "+41446681800"},
            "Outgoing to +41 44 668 18 00 · answered",
        ),
        ({"from": "the lobby"}, "Incoming from the lobby · answered"),
        ({}, "Incoming · answered"),
        ({"direction": "outbound"}, "Outgoing · answered"),
    ],
)
def test_it_is_said_who_called_whom(thread: Thread, fields: dict[str, Any], line: str) -> None:
    article = thread.call(**fields)
    assert below(article).endswith(line)
    way = "call-out" if fields.get("direction") else "call-in"
    assert icon(article) == way


def test_it_is_said_which_of_us_called(thread: Thread, sandbox: Sandbox) -> None:
    assert below(thread.call(direction="outbound")).startswith("Sample · Outgoing")
    user_id = next(iter(sandbox.world.users))
    article = thread.call(direction="outbound", userId=user_id)
    assert value(one(article, "h3 [data-user]"), "data-user") == user_id


def test_a_call_that_took_time_and_does_not_say_was_answered(thread: Thread) -> None:
    article = thread.call(status=None, seconds=12)
    assert outcome(article) == "answered"
    assert outcome(thread.call(status=None, seconds=None)) == "unknown"
    assert outcome(thread.call(status=None, seconds=0)) == "unknown"


@pytest.mark.parametrize("kind", ["TYPE_VOICEMAIL", "TYPE_CAMPAIGN_VOICEMAIL"])
def test_a_voicemail_is_one_whatever_its_status(thread: Thread, kind: str) -> None:
    for status in (None, "completed", "voicemail"):
        article = thread.call(status, 17, messageType=kind)
        assert title(article).startswith("Voicemail")
        assert (outcome(article), icon(article)) == ("voicemail", "voicemail")
        assert len(article.select("audio")) == 1
    assert outcome(thread.call("failed", None, messageType=kind)) == "failed"


def test_other_kinds_of_calls_are_named(thread: Thread) -> None:
    for kind in MESSAGE_TYPES:
        if kind.kind == "call" and kind.name not in ("TYPE_CALL", "TYPE_VOICEMAIL"):
            shown = words(one(thread.call(messageType=kind.name), "h3"))
            assert kind.label in shown
    assert below(thread.call()).startswith("Incoming")


def test_a_failed_call_says_why(thread: Thread) -> None:
    article = thread.call("failed", None, error="<b>No route</b>", direction="outbound")
    assert words(one(article, ".message__problem")) == "<b>No route</b>"


def test_the_player_works_without_a_script(thread: Thread) -> None:
    article = thread.call()
    path = f"/recording/{thread.account.location_id}/conv/m001/"
    audio = one(article, "audio")
    assert (audio["data-recording"], audio["preload"], audio["src"]) == ("m001", "none", path)
    assert audio.has_attr("controls")
    assert value(one(article, "a[download]"), "href") == f"{path}?download=1"
    strip = one(article, "details.strip")
    assert not strip.has_attr("open")
    link = one(strip, "a")
    assert link["href"] == link["hx-get"] == path.replace("/recording/", "/transcript/")
    assert value(link, "hx-target") == f"#{one(strip, 'div')['id']}"


def test_every_control_has_a_name(thread: Thread) -> None:
    article = thread.call("voicemail", 34)
    assert "Voicemail" in value(one(article, "[role=group]"), "aria-label")
    assert value(one(article, "[data-play]"), "aria-label") == "Play"
    assert value(one(article, "[type=range]"), "aria-label") == "Position"
    assert value(one(article, "[data-speed]"), "aria-label") == "1×, playback speed"
    assert value(one(article, "a[download]"), "aria-label") == "Download recording"


def test_only_what_can_be_heard_is_loaded_lazily(thread: Thread) -> None:
    rows = [row(1), row(2, messageType="TYPE_CALL", meta={"call": {"status": "busy"}})]
    shown = thread.read(*rows)
    assert shown.select("article [hx-get], audio") == []


@pytest.mark.parametrize("message_id", ["a b", "a/b", "x" * 65, "<script>", ""])
def test_a_call_without_a_usable_id_has_no_player(thread: Thread, message_id: str) -> None:
    fields = {"messageType": "TYPE_CALL", "meta": {"call": {"status": "completed"}}}
    shown = thread.read(row(1, id=message_id, **fields))
    assert words(one(shown, "article h3")).startswith("Call")
    assert shown.select("audio, details.strip") == []


def test_a_search_for_calls_costs_one_call(thread: Thread, sandbox: Sandbox) -> None:
    path = thread_path(thread.account, sandbox.world.call_conversation_id)
    sandbox.clear()
    shown = page(fragment(thread.client, f"{path}?type=TYPE_CALL", "messages"))
    assert len(shown.select("audio")) >= 7
    assert len(sandbox.requests) == 1
