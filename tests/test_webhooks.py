"""Webhooks as they arrive: which are believed, what they do, and that it happens once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache
from django.test import Client
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from conversations_ui.accounts.models import SubAccount
from conversations_ui.highlevel.oauth import Issued
from conversations_ui.highlevel.webhooks import ed25519_key, rsa_key
from conversations_ui.sandbox import Sandbox, webhooks
from conversations_ui.sandbox.webhooks import KINDS, ODD_FORMS, Signer, encode, event
from conversations_ui.services import changes
from conversations_ui.views.webhooks import BIGGEST_BODY

PATH = "/webhooks/highlevel/"
CONVERSATION = "conv123"
CONVERSATION_KINDS = ("InboundMessage", "OutboundMessage", "ConversationUnreadUpdate")
SECRET_WORDS = "Nobody but Ann may read this."
APP_ID = "6a0f000000000000000000aa"
Headers = dict[str, str]
NOTHING: set[str] = set()


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer.with_rsa()


@pytest.fixture
def trusted(settings: Settings, signer: Signer) -> Settings:
    """The site believes this signer, in the present form only."""
    caches["upstream"].clear()
    settings.WEBHOOK_PUBLIC_KEY = ed25519_key(signer.public_key)
    settings.WEBHOOK_RSA_PUBLIC_KEY = rsa_key(signer.rsa_public_key)
    settings.WEBHOOK_LEGACY_SIGNATURE = False
    settings.HIGHLEVEL_CLIENT_ID = f"{APP_ID}-x1y2z3"
    return settings


class Line:
    """HighLevel's end of the line to the running site."""

    def __init__(self, url: str, signer: Signer, location_id: str) -> None:
        self.url, self.signer, self.location_id = url, signer, location_id

    def event(self, kind: str = "InboundMessage", **changes: Any) -> dict[str, Any]:
        return event(kind, self.location_id, CONVERSATION) | changes

    def send(self, body: bytes, headers: Headers | None = None) -> tuple[int, str]:
        """Post a body, signed as HighLevel does unless other headers are given."""
        chosen = self.signer.headers(body) if headers is None else headers
        answer = webhooks.post(self.url, body, chosen)
        return answer.status, answer.text.strip()

    def tell(self, made: dict[str, Any]) -> tuple[int, str]:
        return self.send(encode(made))

    @property
    def news(self) -> set[str]:
        """What the site knows of changes: that it is told, and what is old."""
        known = {
            "told": changes.are_told(self.location_id),
            "lists": changes.last(self.location_id),
            CONVERSATION: changes.last(self.location_id, CONVERSATION),
        }
        return {name for name, since in known.items() if since}

    @property
    def marks(self) -> tuple[float, float]:
        """Since when the lists and the conversation are old."""
        return changes.last(self.location_id), changes.last(self.location_id, CONVERSATION)


@pytest.fixture
def line(
    live_server: LiveServer, trusted: Settings, signer: Signer, sub_account: SubAccount
) -> Line:
    return Line(live_server.url + PATH, signer, sub_account.location_id)


# What it does


def told(kind: str) -> set[str]:
    """Only webhooks of messages show that we would be told of messages."""
    return {"told"} if kind.endswith("Message") else set()


@pytest.mark.parametrize("kind", CONVERSATION_KINDS)
def test_a_change_is_passed_on(line: Line, kind: str, sandbox: Sandbox) -> None:
    sandbox.clear()
    assert line.tell(line.event(kind)) == (200, "done")
    assert line.news == {"lists", CONVERSATION} | told(kind)
    assert sandbox.requests == []


@pytest.mark.parametrize("kind", CONVERSATION_KINDS)
@pytest.mark.parametrize("form", ODD_FORMS)
def test_odd_forms_are_understood(line: Line, kind: str, form: str) -> None:
    assert line.tell(ODD_FORMS[form](line.event(kind))) == (200, "done")
    assert line.news == {"lists", CONVERSATION} | told(kind)


@pytest.mark.parametrize("kind", CONVERSATION_KINDS)
@pytest.mark.parametrize("given", [None, "", "../../etc", "x" * 65, {"a": 1}, True])
def test_without_a_usable_conversation_the_lists_are_old(
    line: Line, kind: str, given: object
) -> None:
    name = "id" if kind == "ConversationUnreadUpdate" else "conversationId"
    assert line.tell(line.event(kind) | {name: given}) == (200, "done")
    assert line.news == {"lists"} | told(kind)


def test_an_id_of_a_message_is_no_conversation(line: Line) -> None:
    made = event("InboundMessage", line.location_id) | {"id": CONVERSATION, "messageId": "m1"}
    assert line.tell(made) == (200, "done")
    assert line.news == {"told", "lists"}


def test_an_installation_of_our_app_changes_nothing(line: Line) -> None:
    assert line.tell(line.event("INSTALL", appId=APP_ID)) == (200, "done")
    assert line.news == set()


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "LCEmailStats"},
        {"type": "ContactDelete"},
        {"type": ""},
        {"type": None},
        {"type": 7},
        {"locationId": "somebody-elses"},
        {"locationId": None},
        {"locationId": {"id": "x"}},
        {"locationId": []},
        {"appId": "of-another-app"},
        {"type": "INSTALL", "appId": "of-another-app"},
        {"type": "INSTALL", "appId": ""},
        {"type": "UNINSTALL", "appId": "of-another-app"},
        {"type": "UNINSTALL", "appId": ""},
    ],
    ids=str,
)
def test_what_does_not_concern_us_is_taken_and_ignored(
    line: Line, changes: dict[str, Any], sub_account: SubAccount
) -> None:
    before = SubAccount.objects.values().get()
    assert line.tell(line.event(**changes)) == (200, "ignored")
    assert line.news == NOTHING
    assert SubAccount.objects.values().get() == before


@pytest.mark.parametrize("kind", ["INSTALL", "UNINSTALL"])
def test_without_an_app_of_our_own_no_app_concerns_us(
    line: Line, kind: str, trusted: Settings
) -> None:
    trusted.HIGHLEVEL_CLIENT_ID = ""
    assert line.tell(line.event(kind, appId="")) == (200, "ignored")
    assert line.tell(line.event(kind, appId=APP_ID)) == (200, "ignored")
    assert line.news == NOTHING


@pytest.fixture
def of_app(sub_account: SubAccount) -> SubAccount:
    """The sub-account, connected through the marketplace app."""
    sub_account.authorise(
        Issued(
            access_token="access-1",
            refresh_token="refresh-1",
            seconds=86_399,
            scopes="conversations.readonly",
            is_agency=False,
            company_id="company",
            location_id=sub_account.location_id,
            user_id="user",
        )
    )
    sub_account.save()
    return sub_account


def sent_after(account: SubAccount, seconds: float) -> str:
    assert account.connected
    return (account.connected + timedelta(seconds=seconds)).isoformat()


def test_a_removed_app_has_to_be_connected_again(line: Line, of_app: SubAccount) -> None:
    removed = line.event("UNINSTALL", appId=APP_ID, timestamp=sent_after(of_app, 1))
    assert line.tell(removed) == (200, "done")
    of_app.refresh_from_db()
    assert of_app.needs_reconnection
    assert of_app.token == "access-1"  # only a person forgets tokens


def test_a_removal_from_before_the_connection_says_nothing_of_it(
    line: Line, of_app: SubAccount
) -> None:
    removed = line.event("UNINSTALL", appId=APP_ID, timestamp=sent_after(of_app, -1))
    assert line.tell(removed) == (200, "done")
    of_app.refresh_from_db()
    assert not of_app.needs_reconnection


def test_a_private_integration_outlives_the_app(line: Line, sub_account: SubAccount) -> None:
    removed = line.event("UNINSTALL", appId=APP_ID, timestamp=sent_after(sub_account, 1))
    assert line.tell(removed) == (200, "done")
    sub_account.refresh_from_db()
    assert not sub_account.needs_reconnection


def test_a_reader_sees_at_once_what_a_webhook_tells(
    line: Line, reader_client: Client, trusted: Settings
) -> None:
    with Sandbox(rate_limit=None) as own:
        trusted.HIGHLEVEL_API_URL = own.url
        conversation_id = own.world.long_conversation_id
        path = f"/inbox/{line.location_id}/{conversation_id}/"
        assert "Only just written" not in reader_client.get(path).content.decode()
        own.world.add_message(conversation_id, body="Only just written")
        made = event("InboundMessage", line.location_id, conversation_id)
        assert line.tell(made) == (200, "done")
        assert "Only just written" in reader_client.get(path).content.decode()


# Whom it believes


def reserialised(body: bytes) -> bytes:
    return body.replace(b'": ', b'":')


REFUSED: dict[str, Callable[[bytes, Signer], tuple[bytes, Headers]]] = {
    "unsigned": lambda body, own: (body, {}),
    "tampered": lambda body, own: (body.replace(b"conv123", b"conv124"), own.headers(body)),
    "one byte more": lambda body, own: (body + b"\n", own.headers(body)),
    "written anew": lambda body, own: (reserialised(body), own.headers(body)),
    "emptied": lambda body, own: (b"", own.headers(body)),
    "wrong key": lambda body, own: (body, Signer().headers(body)),
    "RSA under Ed25519's name": lambda body, own: (
        body,
        {"x-ghl-signature": own.legacy_headers(body)["x-wh-signature"]},
    ),
    "the old signature alone": lambda body, own: (body, own.legacy_headers(body)),
    "N/A": lambda body, own: (body, {"x-ghl-signature": "N/A"}),
    "N/A twice": lambda body, own: (body, {"x-ghl-signature": "N/A", "x-wh-signature": "N/A"}),
    "empty": lambda body, own: (body, {"x-ghl-signature": ""}),
    "no base64": lambda body, own: (body, {"x-ghl-signature": "!" * 88}),
    "no padding": lambda body, own: (
        body,
        {"x-ghl-signature": own.headers(body)["x-ghl-signature"].rstrip("=")},
    ),
    "a byte short": lambda body, own: (body, {"x-ghl-signature": "A" * 84}),
    "all zero": lambda body, own: (body, {"x-ghl-signature": "A" * 86 + "=="}),
    "no ASCII": lambda body, own: (body, {"x-ghl-signature": "\xe9" * 88}),
    "endless": lambda body, own: (body, {"x-ghl-signature": "A" * 40_000}),
    "given twice": lambda body, own: (
        body,
        {"x-ghl-signature": ",".join(2 * [own.headers(body)["x-ghl-signature"]])},
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_highlevel_has_not_signed_is_refused(line: Line, signer: Signer, case: str) -> None:
    made = encode(line.event())
    body, headers = REFUSED[case](made, signer)
    status, text = line.send(body, headers)
    assert (status, "signature" in text) == (401, True)
    assert line.news == NOTHING
    # A refusal spends nothing: the real one still comes through.
    assert line.send(made) == (200, "done")


def test_the_old_signature_counts_while_it_is_allowed(
    line: Line, signer: Signer, trusted: Settings
) -> None:
    trusted.WEBHOOK_LEGACY_SIGNATURE = True
    for present in ({}, {"x-ghl-signature": "N/A"}):
        body = encode(line.event())
        assert line.send(body, signer.legacy_headers(body) | present) == (200, "done")
    assert line.news == {"lists", CONVERSATION} | {"told"}


OLD_REFUSED: dict[str, Callable[[bytes, Signer], Headers]] = {
    "a bad new one beside it": lambda body, own: {
        **own.legacy_headers(body),
        **Signer().headers(body),
    },
    "an empty new one beside it": lambda body, own: {
        **own.legacy_headers(body),
        "x-ghl-signature": "",
    },
    "of another body": lambda body, own: own.legacy_headers(body + b" "),
    "Ed25519 under RSA's name": lambda body, own: {
        "x-wh-signature": own.headers(body)["x-ghl-signature"]
    },
    "garbage": lambda body, own: {"x-wh-signature": "?"},
    "none": lambda body, own: {"x-ghl-signature": "N/A"},
}


@pytest.mark.parametrize("case", OLD_REFUSED)
def test_the_old_signature_forgives_nothing(
    line: Line, signer: Signer, trusted: Settings, case: str
) -> None:
    trusted.WEBHOOK_LEGACY_SIGNATURE = True
    body = encode(line.event())
    status, _ = line.send(body, OLD_REFUSED[case](body, signer))
    assert (status, line.news) == (401, NOTHING)


def test_a_real_old_signature_of_another_key_is_refused(line: Line, trusted: Settings) -> None:
    trusted.WEBHOOK_LEGACY_SIGNATURE = True
    body = encode(line.event())
    assert line.send(body, Signer.with_rsa().legacy_headers(body))[0] == 401
    assert line.news == NOTHING


# When


@pytest.mark.parametrize("seconds", [-290, 290])
def test_five_minutes_either_way_are_now(line: Line, seconds: int) -> None:
    then = datetime.now(UTC) + timedelta(seconds=seconds)
    assert line.tell(line.event(timestamp=then.isoformat())) == (200, "done")


@pytest.mark.parametrize("seconds", [-310, 310, -86_400, 86_400])
@pytest.mark.parametrize("form", ["iso", "milliseconds"])
def test_other_times_are_refused(line: Line, seconds: int, form: str) -> None:
    then = datetime.now(UTC) + timedelta(seconds=seconds)
    given = then.isoformat() if form == "iso" else int(then.timestamp() * 1000)
    assert line.tell(line.event(timestamp=given)) == (401, "not from now")
    assert line.news == NOTHING


@pytest.mark.parametrize("given", [None, "", "yesterday", [], {}, True, 0, 10**40, "9" * 400])
def test_no_time_is_refused(line: Line, given: object) -> None:
    assert line.tell(line.event(timestamp=given)) == (401, "not from now")
    assert line.news == NOTHING


# Once


def test_a_replay_has_no_effect(line: Line) -> None:
    body = encode(line.event())
    assert line.send(body) == (200, "done")
    before = line.marks
    assert [line.send(body) for _ in range(3)] == [(200, "repeated")] * 3
    assert line.marks == before


def test_another_delivery_with_a_known_id_has_no_effect(line: Line) -> None:
    first = line.event()
    assert line.tell(first) == (200, "done")
    before = line.marks
    again = line.event("OutboundMessage", webhookId=first["webhookId"])
    assert line.tell(again) == (200, "repeated")
    assert line.marks == before


def test_without_a_delivery_id_the_same_body_is_the_same_delivery(line: Line) -> None:
    body = encode(line.event(webhookId=None))
    assert line.send(body) == (200, "done")
    before = line.marks
    assert line.send(body) == (200, "repeated")
    assert line.marks == before
    assert line.tell(line.event(webhookId=None, body="another")) == (200, "done")
    assert line.marks > before


def test_the_old_signature_does_not_make_a_delivery_new(
    line: Line, signer: Signer, trusted: Settings
) -> None:
    trusted.WEBHOOK_LEGACY_SIGNATURE = True
    body = encode(line.event())
    assert line.send(body) == (200, "done")
    assert line.send(body, signer.legacy_headers(body)) == (200, "repeated")


class FailsToMark(LocMemCache):
    """A cache that fails halfway: it remembers the delivery, and then takes no more."""

    def set_many(self, *args: Any, **kwargs: Any) -> Any:
        raise OSError


def test_what_failed_may_come_again(line: Line, trusted: Settings) -> None:
    body = encode(line.event())
    working = trusted.CACHES
    failing = working["upstream"] | {"BACKEND": f"{__name__}.{FailsToMark.__name__}"}
    trusted.CACHES = working | {"upstream": failing}
    assert line.send(body)[0] == 500
    trusted.CACHES = working
    assert line.send(body) == (200, "done")


# In which form


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"InboundMessage"',
        b"\xff\xfe{}",
        b"[" * 10_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    ],
    ids=lambda body: str(body[:20]),
)
def test_signed_nonsense_is_refused(line: Line, body: bytes) -> None:
    assert line.send(body) == (400, "not readable")
    assert line.news == NOTHING


@pytest.mark.parametrize(("over", "status"), [(0, 200), (1, 413)])
def test_a_body_has_a_largest_size(line: Line, over: int, status: int) -> None:
    small = encode(line.event(padding=""))
    body = small.replace(
        b'"padding": "', b'"padding": "' + b"x" * (BIGGEST_BODY - len(small) + over)
    )
    assert len(body) == BIGGEST_BODY + over
    assert line.send(body)[0] == status
    assert bool(line.news) == (status == 200)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_it_takes_posts_alone(line: Line, signer: Signer, method: str) -> None:
    # What only reads has no body: with one it does not get this far (see test_limits).
    body = b"" if method in ("GET", "HEAD", "OPTIONS") else encode(line.event())
    answer = webhooks.post(line.url, body, signer.headers(body), method=method)
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")
    assert line.news == NOTHING


def test_an_answer_is_short_plain_and_leaves_no_cookie(line: Line, signer: Signer) -> None:
    body = encode(line.event())
    for headers in (signer.headers(body), {}):
        answer = webhooks.post(line.url, body, headers)
        assert answer.headers["Content-Type"] == "text/plain"
        assert len(answer.text) < 30
        assert "Set-Cookie" not in answer.headers
        assert "no-store" in answer.headers["Cache-Control"]


def test_nothing_of_a_body_is_logged(
    line: Line, signer: Signer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        for kind in KINDS:
            made = line.event(kind, body=SECRET_WORDS, appId=APP_ID, contactId="contact-of-ann")
            body = encode(made)
            line.send(body)
            line.send(body)
            line.send(body, {})
            line.send(body, Signer().headers(body))
            line.send(body[:-1])
            line.tell(made | {"timestamp": None})
    assert "Unauthorized: /webhooks/highlevel/" in caplog.text
    for word in (SECRET_WORDS, "contact-of-ann", CONVERSATION):
        assert word not in caplog.text


def test_what_is_not_signed_reaches_neither_database_nor_json(
    client: Client, trusted: Settings
) -> None:
    # Without the fixture of a database: a query would fail the test.
    for headers in ({}, Signer().headers(b"{"), {"x-ghl-signature": "N/A"}):
        answer = client.post(PATH, b"{", content_type="application/json", headers=headers)
        assert answer.status_code == 401


def test_one_can_be_sent_by_hand(
    line: Line,
    tmp_path: Path,
    trusted: Settings,
    capsys: pytest.CaptureFixture[str],
) -> None:
    key = ["--key", str(tmp_path / "webhook.key")]
    webhooks.main(key)
    trusted.WEBHOOK_PUBLIC_KEY = ed25519_key(capsys.readouterr().out)
    webhooks.main([*key, line.url, "OutboundMessage", line.location_id, CONVERSATION])
    assert capsys.readouterr().out == "200 done\n"
    assert line.news == {"lists", CONVERSATION} | {"told"}
