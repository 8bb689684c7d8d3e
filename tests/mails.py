"""Mails for tests: written by hand, or found in the sandbox."""

from __future__ import annotations

from typing import Any

from bs4 import Tag
from django.test import Client

from conversations_ui.accounts.models import SubAccount
from conversations_ui.sandbox import Answer, Sandbox, Seen
from tests.pages import one, page

FRAME_POLICY = {
    "default-src": {"'none'"},
    "img-src": {"'self'", "data:"},
    "style-src": {"'unsafe-inline'"},
    "base-uri": {"'none'"},
    "form-action": {"'none'"},
    "frame-ancestors": {"'self'"},
    "sandbox": {"allow-popups", "allow-popups-to-escape-sandbox"},
}


def asked(sandbox: Sandbox) -> list[Seen]:
    """List the calls that asked for a mail."""
    return [seen for seen in sandbox.requests if "/messages/email/" in seen.path]


def path(account: SubAccount, conversation_id: str, email_id: str, what: str = "") -> str:
    return f"/mail/{account.location_id}/{conversation_id}/{email_id}/{what}"


def given(sandbox: Sandbox, account: SubAccount, email_id: str = "e1", **fields: Any) -> str:
    """Let the API have a mail; gives the address of its card."""
    conversation_id = sandbox.world.email_conversation_id
    raw = {
        "id": email_id,
        "threadId": "t1",
        "locationId": account.location_id,
        "contactId": "c1",
        "conversationId": conversation_id,
        "dateAdded": "2026-03-02T10:00:00.000Z",
        "subject": "Plan",
        "body": "<p>Hello</p>",
        "direction": "inbound",
        "contentType": "text/html",
        "from": "Anna Lind <anna@example.com>",
        "to": ["hello@north.example"],
        "status": "delivered",
    }
    found = {name: one for name, one in (raw | fields).items() if one is not None}
    sandbox.script(
        f"/conversations/messages/email/{email_id}", Answer(200, {"emailMessage": found})
    )
    return path(account, conversation_id, email_id)


def in_sandbox(sandbox: Sandbox, holds: str) -> str:
    """Find a mail of the mail conversation whose body holds a text."""
    conversation_id = sandbox.world.email_conversation_id
    found = [
        email_id
        for email_id, mail in sandbox.world.emails.items()
        if mail["conversationId"] == conversation_id and holds in mail["body"]
    ]
    return found[0]


def frame(soup: Tag) -> Tag:
    return one(soup, "iframe[data-mail]")


def shown(client: Client, card: str) -> Tag:
    """Read the body as its frame does."""
    answer = client.get(f"{card}body/", headers={"Sec-Fetch-Dest": "iframe"})
    assert answer.status_code == 200
    body = page(answer).body
    assert body is not None
    return body
