"""Every payload in every other field strangers fill: contacts, names, sub-accounts, transcripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import caches
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from conversations_ui.accounts.models import SubAccount, User
from conversations_ui.sandbox import Answer, Sandbox
from tests import payloads
from tests.browser.conftest import Complaints
from tests.browser.hostility import (
    ATTACKS,
    INTRUDERS,
    alone,
    assert_harmless,
    open_all,
)
from tests.pages import answer_inbox, answer_thread, row

TOGETHER = 12  # payloads in one field, where there are not fields enough
PEOPLE = 12  # whose names are asked for at a time


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """Do without the policy that would catch what slips through: nothing may."""
    return {**browser_context_args, "bypass_csp": True}


@pytest.fixture
def foreign(context: BrowserContext, live_server: LiveServer) -> Iterator[list[str]]:
    caches["upstream"].clear()
    with alone(context, live_server.url) as asked:
        yield asked
    caches["upstream"].clear()


def everything() -> list[str]:
    """Give each payload of each list once, and the attacks of our own."""
    found = (one for listed in payloads.every().values() for one in listed)
    return list(dict.fromkeys([*ATTACKS, *filter(str.strip, found)]))


def groups(parts: int) -> list[str]:
    """Give all payloads in so many texts."""
    every = everything()
    return ["\n".join(every[start::parts]) for start in range(parts)]


def test_the_search_for_harm_finds_it(
    page: Page, foreign: list[str], inbox: str, complaints: Complaints
) -> None:
    complaints.expect("https://evil.example/", "Failed to load resource")
    page.goto(inbox)
    page.evaluate(
        "(raw) => document.body.insertAdjacentHTML('beforeend', raw)", ATTACKS[2] + ATTACKS[3]
    )
    page.wait_for_function("window.ran")
    assert len(page.evaluate(INTRUDERS)) >= 2
    assert any("evil.example" in address for address in foreign)
    foreign.clear()


def test_no_field_of_a_contact_is_more_than_text(
    page: Page, foreign: list[str], inbox: str, sandbox: Sandbox
) -> None:
    every = everything()
    conversation_id = sandbox.world.hostile_conversation_id
    contact_id = sandbox.world.conversations[conversation_id]["contactId"]
    texts = (
        *("name", "contactName", "firstName", "lastName", "companyName", "email", "phone"),
        *("source", "type", "assignedTo", "address1", "city", "state", "postalCode", "country"),
        *("website", "timezone", "dateOfBirth", "dateAdded", "profilePhoto", "unheardOf"),
    )
    few, whole = groups(20), groups(1)[0]
    contact: dict[str, Any] = {"id": contact_id} | dict.fromkeys(texts, whole)
    contact |= {
        "website": f"https://site.example/{whole}",
        "additionalPhones": [{"phone": text} for text in few],
        "additionalEmails": [{"email": text} for text in few],
        "tags": every,
        "customFields": [
            {"id": f"f{place}", "name": payload, "value": [payload, {payload: payload}]}
            for place, payload in enumerate(every)
        ],
        "dndSettings": {text: {"status": "active", "message": text} for text in few},
    }
    sandbox.script(f"/contacts/{contact_id}", Answer(200, {"contact": contact}), times=None)
    page.goto(f"{inbox}{conversation_id}/".replace("/inbox/", "/contact/"))
    for filled in (".tags > li", ".pairs dt"):
        expect(page.locator(filled).nth(500)).to_be_attached()
    open_all(page)
    assert_harmless(page)


def test_no_name_in_the_inbox_is_more_than_text(
    page: Page, foreign: list[str], inbox: str, sandbox: Sandbox
) -> None:
    names = ("contactName", "fullName", "companyName", "phone", "email", "lastMessageBody")
    rows = [
        {"id": f"c{number}", "tags": [whole], "assignedTo": whole} | dict.fromkeys(names, whole)
        for number, whole in enumerate(groups(60))
    ]
    answer_inbox(sandbox, *rows)
    page.goto(inbox)
    expect(page.locator("[data-conversation-id]")).to_have_count(len(rows))
    assert_harmless(page)


def test_no_name_of_a_sub_account_is_more_than_text(
    page: Page, foreign: list[str], inbox: str, reader: User
) -> None:
    longest = SubAccount._meta.get_field("name").max_length or 0
    names = [payload[:longest] for payload in everything() if "\x00" not in payload]
    made = [
        SubAccount(location_id=f"place{number}", name=name, time_zone="UTC")
        for number, name in enumerate(names)
    ]
    SubAccount.objects.bulk_create(made)
    User.objects.filter(pk=reader.pk).update(is_superuser=True)
    page.goto("/sub-accounts/")
    expect(page.locator(".gate__list a")).to_have_count(len(made) + 1)
    assert_harmless(page)
    page.goto(inbox)
    expect(page.locator("[data-conversation-id]").first).to_be_attached()
    open_all(page)
    assert_harmless(page)


def test_nothing_said_in_a_call_is_more_than_text(
    page: Page, foreign: list[str], sub_account: SubAccount, sandbox: Sandbox
) -> None:
    said: list[object] = [
        {"transcript": payload, "speaker": payload, "startTime": place, "endTime": place + 1}
        for place, payload in enumerate(everything())
    ]
    sandbox.script(re.compile("/transcription"), Answer(200, said), times=None)
    call = f"{sandbox.world.call_conversation_id}/{sandbox.world.showcase['recorded_array']}"
    page.goto(f"/transcript/{sub_account.location_id}/{call}/")
    expect(page.locator("[data-sentence]")).to_have_count(len(said))
    assert_harmless(page)
    page.get_by_role("searchbox", name="Find in the transcript").fill("alert(1)")
    expect(page.locator("output")).to_contain_text("of")
    assert page.evaluate("window.ran") is None


def test_no_name_of_staff_is_more_than_text(
    page: Page, foreign: list[str], inbox: str, sandbox: Sandbox
) -> None:
    names = groups(PEOPLE)
    for number, name in enumerate(names):
        user = {"id": f"staff{number:02d}", "name": name, "firstName": name, "email": name}
        sandbox.script(f"/users/staff{number:02d}", Answer(200, dict(user)), times=None)
    conversation_id = sandbox.world.hostile_conversation_id
    kinds = ("TYPE_SMS", "TYPE_CALL", "TYPE_INTERNAL_COMMENT", "TYPE_EMAIL")
    rows = [
        row(
            number, direction="outbound", userId=f"staff{number:02d}", messageType=kinds[number % 4]
        )
        for number in range(PEOPLE)
    ]
    answer_thread(sandbox, conversation_id, *rows[::-1])
    page.goto(f"{inbox}{conversation_id}/")
    # Their names come after the page, by htmx.
    expect(page.locator(".names")).to_have_count(0)
    first = " ".join(names[0].split())[:80]
    expect(page.locator("[data-message-id=m000] [data-user=staff00]")).to_contain_text(first)
    open_all(page)
    assert_harmless(page)
