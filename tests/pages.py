"""Reading an answer as its reader does, and writing the API's answers by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from bs4 import BeautifulSoup, Tag
from django.core.cache import caches
from django.http import HttpResponse
from django.test import Client

from conversations_ui.accounts.models import SubAccount
from conversations_ui.sandbox import Answer, Sandbox, Seen

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse

    Response: TypeAlias = _MonkeyPatchedWSGIResponse
else:
    Response = HttpResponse

HTMX = {"HX-Request": "true"}
# The content security policy of files, which can do nothing.
INERT: dict[str, set[str]] = {
    "default-src": {"'none'"},
    "frame-ancestors": {"'none'"},
    "sandbox": set(),
}
Row = dict[str, Any]


def policy(response: Response) -> dict[str, set[str]]:
    """Read an answer's content security policy; its parts come in no order."""
    parts = (part.split() for part in response["Content-Security-Policy"].split(";"))
    return {name: set(sources) for name, *sources in parts}


def page(response: Response) -> BeautifulSoup:
    """Parse an answer's HTML."""
    assert response["Content-Type"].startswith("text/html")
    return BeautifulSoup(response.content.decode(), "html.parser")


def one(soup: Tag, selector: str) -> Tag:
    """Find the only element a selector fits."""
    found = soup.select(selector)
    assert len(found) == 1, f"{len(found)} elements fit {selector}"
    return found[0]


def value(tag: Tag, name: str) -> str:
    """Read an attribute that must be there."""
    found = tag[name]
    assert isinstance(found, str)
    return found


def words(tag: Tag) -> str:
    """Read an element's text with single spaces."""
    return " ".join(tag.get_text(" ").split())


def message_ids(soup: Tag) -> list[str]:
    """List the messages shown, in the order of the document."""
    return [value(tag, "data-message-id") for tag in soup.select("article[data-message-id]")]


def message(soup: Tag, message_id: str) -> Tag:
    """Find one message."""
    return one(soup, f'article[data-message-id="{message_id}"]')


def rows(soup: Tag) -> list[str]:
    """List the conversations of the inbox, in the order of the document."""
    return [value(tag, "data-conversation-id") for tag in soup.select("a[data-conversation-id]")]


def chip(soup: Tag, name: str) -> Tag:
    """Find one chip by the value it toggles."""
    return one(soup, f'[data-type-chip="{name}"]')


def alert(soup: Tag) -> Tag:
    """Find the failure shown; the one held ready for a lost connection does not count."""
    found = [tag for tag in soup.select("[role=alert]") if tag.find_parent("template") is None]
    assert len(found) == 1, f"{len(found)} alerts"
    return found[0]


def problems(soup: Tag) -> dict[str, str]:
    """Read which fields of the address are wrong, and why."""
    return {value(tag, "data-field"): words(tag) for tag in soup.select("[role=alert] li")}


def inbox_path(account: SubAccount) -> str:
    return f"/inbox/{account.location_id}/"


def thread_path(account: SubAccount, conversation_id: str, message_id: str = "") -> str:
    path = f"{inbox_path(account)}{conversation_id}/"
    return f"{path}{message_id}/" if message_id else path


def fragment(client: Client, path: str, target: str = "") -> Response:
    """Ask as htmx does."""
    return client.get(path, headers={**HTMX, **({"HX-Target": target} if target else {})})


def noon_zone(now: datetime) -> str:
    """A time zone in which it is about noon, so that no midnight comes between."""
    ahead = 12 - now.astimezone(UTC).hour
    return f"Etc/GMT{-ahead:+d}"


def asked_for_messages(sandbox: Sandbox) -> list[Seen]:
    """List the calls that asked for a page of messages."""
    return [seen for seen in sandbox.requests if seen.path.endswith("/messages")]


@contextmanager
def switched(sandbox: Sandbox, **switches: object) -> Iterator[None]:
    """Let the sandbox deviate for a while."""
    before = {name: getattr(sandbox, name) for name in switches}
    try:
        for name, setting in switches.items():
            setattr(sandbox, name, setting)
        yield
    finally:
        for name, setting in before.items():
            setattr(sandbox, name, setting)


def row(number: int, **fields: Any) -> Row:
    """Write a message in the API's form; `None` leaves a field out."""
    plain: Row = {
        "id": f"m{number:03d}",
        "type": 2,
        "messageType": "TYPE_SMS",
        "direction": "inbound",
        "dateAdded": f"2026-03-02T10:{number:02d}:00.000Z",
        "contentType": "text/plain",
        "body": f"Message {number}",
    }
    return {name: found for name, found in (plain | fields).items() if found is not None}


def answer_thread(
    sandbox: Sandbox,
    conversation_id: str,
    *messages: Row,
    last: str = "",
    more: bool = False,
    forget: bool = True,
) -> None:
    """Let the next page of a thread hold these messages, newest first as the API has them.

    As if some time had passed: no answer is kept from before, unless `forget` is false.
    """
    if forget:
        caches["upstream"].clear()
    inner = {"lastMessageId": last, "nextPage": more, "messages": list(messages)}
    sandbox.script(f"/conversations/{conversation_id}/messages", Answer(200, {"messages": inner}))


def answer_inbox(sandbox: Sandbox, *conversations: Row, total: int | None = None) -> None:
    """Let the next search find these conversations; no answer is kept from before."""
    caches["upstream"].clear()
    found: Row = {"conversations": list(conversations), "total": total or len(conversations)}
    sandbox.script("/conversations/search", Answer(200, found))
