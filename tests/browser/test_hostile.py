"""What contacts and the API send is text, whatever it looks like: it runs and loads nothing."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from conversations_ui.sandbox import Answer, Sandbox
from tests import payloads
from tests.browser.conftest import Complaints
from tests.browser.hostility import (
    ATTACKS,
    BOXES,
    KINDS,
    LINES,
    MARK,
    WIDTHS,
    alone,
    assert_harmless,
    assert_in_place,
    open_all,
)
from tests.pages import Row, answer_inbox, answer_thread, row


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """Do without the policy that would catch what slips through: nothing may."""
    return {**browser_context_args, "bypass_csp": True}


@pytest.fixture
def foreign(context: BrowserContext, live_server: LiveServer) -> Iterator[list[str]]:
    with alone(context, live_server.url) as asked:
        yield asked


FIELDS = (
    *("body", "subject", "from", "to", "source", "status", "error", "userId", "altId"),
    *("contentType", "conversationProviderId", "chatWidgetId", "unheardOf"),
)


def hostile_rows() -> list[Row]:
    """Write a message of each kind with attacks in every field it has."""
    fields: dict[str, Any] = dict.fromkeys(FIELDS, LINES)
    fields |= {
        "attachments": [*ATTACKS, "https://evil.example/<b>.png", f"http://evil.example/{MARK}"],
        "meta": {"call": {"status": LINES, "duration": LINES}, "email": {"subject": LINES}},
        "activity": {"type": LINES, "title": LINES, "data": {LINES: LINES}},
        LINES: LINES,
    }
    rows = [
        row(place, **(fields | {"type": 0, "messageType": kind, "id": f"{kind}{place}"}))
        for place, kind in enumerate(KINDS)
    ]
    failed = {"status": "failed", "error": LINES, "body": LINES}
    plain = [row(20 + place, body=attack) for place, attack in enumerate(ATTACKS)]
    return [*rows, *plain, row(50, **failed), row(51, direction=LINES), row(52, id=LINES)][::-1]


def test_hostile_conversation_is_only_text(
    page: Page, foreign: list[str], inbox: str, sandbox: Sandbox
) -> None:
    conversation_id = sandbox.world.hostile_conversation_id
    page.goto(f"{inbox}{conversation_id}/")
    rows = sandbox.world.threads[conversation_id]
    expect(page.locator("article[data-message-id]")).to_have_count(len(rows))

    for row_ in rows[:2]:
        shown = page.locator(f'[data-message-id="{row_["id"]}"] .bubble')
        expect(shown).to_have_text(row_["body"])
    open_all(page)
    assert_harmless(page)
    assert_in_place(page)
    assert page.title() == "<i>Eve</i> O'Hack · Sample"
    expect(page.get_by_role("heading", level=1)).to_have_text("<i>Eve</i> O'Hack")


def test_no_field_of_any_kind_is_more_than_text(
    page: Page, foreign: list[str], inbox: str, sandbox: Sandbox
) -> None:
    conversation_id = sandbox.world.hostile_conversation_id
    rows = hostile_rows()
    answer_thread(sandbox, conversation_id, *rows)
    page.goto(f"{inbox}{conversation_id}/")
    expect(page.locator("article[data-message-id]")).to_have_count(len(rows))

    open_all(page)
    assert_harmless(page)
    assert_in_place(page)
    # The frame stands: nothing closed it, covered it or hid it.
    expect(page.locator("[data-thread] article[data-message-id]")).to_have_count(len(rows))
    expect(page.locator("main > .thread > .pane__foot")).to_be_in_viewport()


def written(payload: str) -> Row:
    """Write a payload into each field of a message, its files' names and its mail's subject too."""
    files = [f"https://files.example/{quote(payload)}.png", payload]
    meta = {"call": {"duration": payload, "status": payload}, "email": {"subject": payload}}
    fields: Row = dict.fromkeys(FIELDS, payload) | {"contentType": None, "status": None}
    return fields | {"attachments": files, "meta": meta, "activity": {"title": payload}}


@pytest.mark.parametrize("name", payloads.every())
def test_no_payload_is_more_than_text(
    page: Page, foreign: list[str], inbox: str, sandbox: Sandbox, name: str
) -> None:
    conversation_id = sandbox.world.hostile_conversation_id
    rows = [
        row(place, **written(payload), messageType=KINDS[place % len(KINDS)])
        for place, payload in enumerate(payloads.every()[name])
    ]
    answer_thread(sandbox, conversation_id, *rows[::-1])
    page.goto(f"{inbox}{conversation_id}/")
    expect(page.locator("article[data-message-id]")).to_have_count(len(rows))

    open_all(page)
    assert_harmless(page)
    expect(page.locator("main > .thread > .pane__foot")).to_be_in_viewport()


def test_what_htmx_brings_is_only_text(
    page: Page, foreign: list[str], inbox: str, sandbox: Sandbox
) -> None:
    conversation_id = sandbox.world.hostile_conversation_id
    hostile = hostile_rows()
    answer_inbox(sandbox, {"id": conversation_id, "contactName": ATTACKS[0]})
    answer_thread(sandbox, conversation_id, row(59), last="m059", more=True)
    answer_thread(sandbox, conversation_id, *hostile)
    page.goto(inbox)

    # The thread comes by a click, its older page by itself.
    page.locator("[data-conversation-id]").click()

    expect(page.locator("[data-thread-start]")).to_be_attached()
    expect(page.locator("article[data-message-id]")).to_have_count(len(hostile) + 1)
    open_all(page)
    assert_harmless(page)
    assert_in_place(page)
    assert page.title() == "<i>Eve</i> O'Hack · Sample"


def test_hostile_names_and_subjects_are_text_in_the_inbox(
    page: Page, foreign: list[str], inbox: str, sandbox: Sandbox
) -> None:
    names = ("contactName", "fullName", "lastMessageBody", "lastMessageType", "profilePhoto")
    answer_inbox(
        sandbox,
        *({"id": f"c{place}"} | dict.fromkeys(names, text) for place, text in enumerate(ATTACKS)),
        {"id": "c98", "phone": LINES, "lastMessageDirection": LINES, "unreadCount": 10**12},
        {"id": "c99", "email": LINES, "tags": [LINES], "lastMessageType": "TYPE_EMAIL"},
        {"id": LINES, "contactName": LINES},
    )
    page.goto(inbox)
    rows = page.locator("[data-conversation-id]")
    expect(rows).to_have_count(len(ATTACKS) + 3)

    assert_harmless(page)
    expect(page.locator('[data-conversation-id="c0"] .row__name')).to_have_text(ATTACKS[0])
    expect(page.locator('[data-conversation-id="c2"] .row__text')).to_have_text(ATTACKS[2])
    hrefs: list[str] = rows.evaluate_all("(all) => all.map((row) => row.pathname)")
    assert all(href.startswith(inbox) for href in hrefs)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 720})
        pane, *boxes = page.locator("#inbox, [data-conversation-id]").evaluate_all(BOXES)
        assert all(pane["left"] <= box["left"] for box in boxes)
        assert all(box["right"] <= pane["right"] for box in boxes)
        assert max(box["height"] for box in boxes) < 120  # a name is cut, others keep their place


def test_hostile_names_are_text_over_the_thread(
    page: Page, foreign: list[str], inbox: str, sandbox: Sandbox
) -> None:
    conversation_id = sandbox.world.hostile_conversation_id
    contact_id = sandbox.world.conversations[conversation_id]["contactId"]
    named = dict.fromkeys(("name", "fullName", "contactName", "email", "phone"), LINES)
    answer_thread(sandbox, conversation_id, row(1))
    conversation = {"id": conversation_id, "contactId": contact_id} | named
    sandbox.script(f"/conversations/{conversation_id}", Answer(200, dict(conversation)))
    sandbox.script(f"/contacts/{contact_id}", Answer(200, {"contact": {"id": contact_id} | named}))

    page.goto(f"{inbox}{conversation_id}/")

    expect(page.get_by_role("heading", level=1)).to_contain_text(ATTACKS[0])
    assert_harmless(page)
    head = page.locator(".thread__head").bounding_box()
    assert head
    assert head["height"] < 120


def test_searches_and_failures_are_repeated_as_text(
    page: Page, foreign: list[str], complaints: Complaints, inbox: str, sandbox: Sandbox
) -> None:
    complaints.expect("status of (4..|50.)", "Status Error Code 50.")
    attack = ATTACKS[0] + ATTACKS[2]
    page.goto(inbox)
    search = page.get_by_role("searchbox", name="Search conversations")
    search.fill(attack)
    search.press("Enter")
    expect(page.locator(".empty", has_text="No conversations match")).to_contain_text(attack)
    expect(search).to_have_value(attack)
    assert_harmless(page)

    words: Row = dict.fromkeys(("message", "error", "traceId"), attack)
    sandbox.script("/conversations/", Answer(403, words), times=None)
    page.goto(f"{inbox}{sandbox.world.hostile_conversation_id}/")
    expect(page.locator(".thread .feed [role=alert]")).to_be_visible()
    assert_harmless(page)

    page.goto(f"{inbox}?{urlencode({'channel': attack})}")
    expect(page.get_by_role("alert")).to_contain_text(ATTACKS[0])
    assert_harmless(page)
