"""Mails: asked for one by one, shown in a frame of their own, their pictures only on demand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from bs4 import Tag
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from conversations_ui.accounts.models import SubAccount
from conversations_ui.highlevel.mails import Email
from conversations_ui.sandbox import Answer, Sandbox, Seen
from conversations_ui.services import mail as mails
from conversations_ui.services import markup
from tests.pages import (
    Response,
    alert,
    answer_thread,
    fragment,
    message,
    one,
    page,
    problems,
    row,
    thread_path,
    value,
    words,
)

FRAME_POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    """Forget the mails of the test before: the sandbox gives them the same ids."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def conversation_id(sandbox: Sandbox) -> str:
    return sandbox.world.email_conversation_id


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


# The thread


def test_a_thread_of_mails_asks_for_none_of_them(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, conversation_id: str
) -> None:
    answer = reader_client.get(thread_path(sub_account, conversation_id))
    links = page(answer).select("a[data-open-mail]")
    rows = sandbox.world.threads[conversation_id]
    ids = [i for r in rows for i in r.get("meta", {}).get("email", {}).get("messageIds", ())]
    assert sorted(value(link, "data-open-mail") for link in links) == sorted(ids)
    for link in links:
        assert link["href"] == link["hx-get"]
        assert link["href"] == path(sub_account, conversation_id, value(link, "data-open-mail"))
    assert asked(sandbox) == []
    assert len([seen for seen in sandbox.requests if seen.path.endswith("/messages")]) == 1
    assert page(answer).select("iframe") == []


@pytest.mark.parametrize(
    "meta",
    [
        {"email": {"messageIds": ["e1", "e2"]}},
        {"email": {"email": {"messageIds": ["e1", "e2"]}}},
        {"messageIds": ["e1", "e2"]},
    ],
)
@pytest.mark.parametrize("name", ["TYPE_EMAIL", "TYPE_CAMPAIGN_EMAIL", "TYPE_CUSTOM_EMAIL"])
def test_a_row_names_its_mails_in_any_nesting(
    reader_client: Client,
    sub_account: SubAccount,
    sandbox: Sandbox,
    conversation_id: str,
    meta: dict[str, Any],
    name: str,
) -> None:
    answer_thread(sandbox, conversation_id, row(1, messageType=name, meta=meta, body="A quote"))
    card = message(page(reader_client.get(thread_path(sub_account, conversation_id))), "m001")
    assert [link["data-open-mail"] for link in card.select("a[data-open-mail]")] == ["e1", "e2"]
    assert words(card.select("a[data-open-mail]")[1]) == "Open email 2 of 2"


@pytest.mark.parametrize(
    "meta",
    [None, {}, {"email": {}}, {"email": {"messageIds": []}}, {"messageIds": ["../x", "a b"]}],
)
def test_a_row_without_usable_ids_shows_its_own_text(
    reader_client: Client,
    sub_account: SubAccount,
    sandbox: Sandbox,
    conversation_id: str,
    meta: dict[str, Any] | None,
) -> None:
    mail = row(1, messageType="TYPE_EMAIL", meta=meta, body="<p>See you</p>", contentType=None)
    answer_thread(sandbox, conversation_id, mail)
    card = message(page(reader_client.get(thread_path(sub_account, conversation_id))), "m001")
    assert card.select("[data-open-mail]") == []
    assert words(one(card, ".email__text")) == "See you"


def test_markup_in_a_row_that_would_hold_up_the_thread_is_not_parsed(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, conversation_id: str
) -> None:
    bomb = "<div>" * 60_000 + "Boo</div>"
    mail = row(1, messageType="TYPE_EMAIL", body=bomb, contentType="text/html")
    answer_thread(sandbox, conversation_id, mail)
    card = message(page(reader_client.get(thread_path(sub_account, conversation_id))), "m001")
    assert words(one(card, ".email__text")) == "Boo"


# One mail


def test_card_of_a_mail(reader_client: Client, sub_account: SubAccount, sandbox: Sandbox) -> None:
    card = given(
        sandbox,
        sub_account,
        cc=["b@example.com", '"Kim, W" <k@example.com>'],
        bcc=["z@example.com"],
        status="clicked",
        attachments=["https://files.example/plan.pdf"],
    )
    answer = fragment(reader_client, card)
    assert answer.status_code == 200
    soup = page(answer)
    item = one(soup, "details.email__item#mail-e1")
    assert words(one(item, "summary > b")) == "Anna Lind"
    assert value(one(item, "summary time"), "datetime").startswith("2026-03-02T10:00:00")
    assert "open" not in item.attrs
    assert one(item, "[data-open-mail]")["data-open-mail"] == "e1"
    people = {
        words(one(pair, "dt")): words(one(pair, "dd")) for pair in item.select("dl > div")[:6]
    }
    assert people == {
        "Subject": "Plan",
        "From": "Anna Lind <anna@example.com>",
        "To": "hello@north.example",
        "Cc": 'b@example.com, "Kim, W" <k@example.com>',
        "Bcc": "z@example.com",
        "Date": "Monday 2 March 2026, 10:00:00 +00:00 · Clicked",
    }
    assert words(one(item, ".files a")) == "plan.pdf opens on files.example"
    assert frame(item)["data-mail"] == "e1"
    assert frame(item)["sandbox"] == ["allow-popups", "allow-popups-to-escape-sandbox"]
    assert frame(item)["referrerpolicy"] == "no-referrer"
    assert frame(item)["loading"] == "lazy"
    assert frame(item)["src"] == f"{card}body/"
    assert frame(item)["title"] == "Email from Anna Lind"
    assert item.select(".email__bar") == []


def test_all_of_a_mail_costs_one_call(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, conversation_id: str
) -> None:
    email_id = in_sandbox(sandbox, "smile.jpg")
    card = path(sub_account, conversation_id, email_id)
    answers = [
        fragment(reader_client, card),
        reader_client.get(f"{card}body/"),
        fragment(reader_client, f"{card}?pictures=1"),
        reader_client.get(f"{card}body/?pictures=1"),
        reader_client.get(f"{card}source/"),
        reader_client.get(f"{card}download/"),
        reader_client.get(card),
    ]
    assert {answer.status_code for answer in answers} == {200}
    assert len(asked(sandbox)) == 1
    assert [seen.path for seen in sandbox.requests] == [asked(sandbox)[0].path]


def test_the_page_of_a_mail_works_alone(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, conversation_id: str
) -> None:
    soup = page(reader_client.get(given(sandbox, sub_account)))
    assert "open" in one(soup, "details.email__item").attrs
    assert frame(soup)["data-mail"] == "e1"
    assert soup.select("[data-open-mail]") == []
    back = one(soup, ".thread__head a")
    assert back["href"] == thread_path(sub_account, conversation_id)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"from": None, "to": None, "subject": None}, "Unknown sender"),
        ({"from": "anna@example.com"}, "anna@example.com"),
        ({"dateAdded": None, "status": None}, "Anna Lind"),
        ({"to": "one@example.com", "cc": None}, "Anna Lind"),
        ({"from": ["odd"], "to": {"email": "x"}, "body": None}, "Unknown sender"),
    ],
)
def test_odd_mails_still_have_a_card(
    reader_client: Client,
    sub_account: SubAccount,
    sandbox: Sandbox,
    fields: dict[str, Any],
    expected: str,
) -> None:
    card = given(sandbox, sub_account, **fields)
    assert words(one(page(fragment(reader_client, card)), "summary > b")) == expected
    assert reader_client.get(f"{card}body/").status_code == 200


@pytest.mark.parametrize("answer", [{"flat": True}, {}])
def test_wrapped_and_flat_answers(sandbox: Sandbox, answer: dict[str, Any]) -> None:
    raw = {"id": "e1", "from": "a@example.com", "to": ["b@example.com", {"email": "c@example.com"}]}
    found = Email.from_api(raw if answer else {"emailMessage": raw})
    assert (found.id, found.sender) == ("e1", "a@example.com")
    assert found.to == ("b@example.com", "c@example.com")


@pytest.mark.parametrize("raw", [None, 1, "x", [], {}, {"emailMessage": None}, {"id": {}, "to": 1}])
def test_any_answer_can_be_read(raw: object) -> None:
    assert Email.from_api(raw).body == ""


# Whose mail it is


@pytest.mark.parametrize("what", ["", "body/", "source/", "download/"])
@pytest.mark.parametrize("fields", [{"conversationId": "other"}, {"locationId": "other"}])
def test_a_mail_of_another_conversation_is_not_there(
    reader_client: Client,
    sub_account: SubAccount,
    sandbox: Sandbox,
    what: str,
    fields: dict[str, str],
) -> None:
    answer = reader_client.get(given(sandbox, sub_account, body="Secret", **fields) + what)
    assert answer.status_code == 404
    assert b"Secret" not in answer.content
    assert alert(page(answer))["data-error"] == "not-found"


def test_a_kept_mail_is_not_shown_under_another_conversation(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, conversation_id: str
) -> None:
    email_id = in_sandbox(sandbox, "smile.jpg")
    assert reader_client.get(path(sub_account, conversation_id, email_id)).status_code == 200
    other = path(sub_account, sandbox.world.showcase_conversation_id, email_id)
    assert reader_client.get(other).status_code == 404


@pytest.mark.parametrize("what", ["", "body/", "source/", "download/"])
def test_bad_ids_are_named(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, what: str
) -> None:
    answer = reader_client.get(path(sub_account, "a b", "c.d", what))
    assert answer.status_code == 400
    assert set(problems(page(answer))) == {"conversation", "email"}
    assert sandbox.requests == []


def test_pictures_is_a_switch(reader_client: Client, sub_account: SubAccount) -> None:
    answer = reader_client.get(path(sub_account, "c", "e") + "?pictures=maybe")
    assert answer.status_code == 400
    assert set(problems(page(answer))) == {"pictures"}


# The frame


def test_the_frames_headers(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    answer = reader_client.get(given(sandbox, sub_account) + "body/")
    expected = {
        "Content-Security-Policy": FRAME_POLICY,
        "X-Frame-Options": "SAMEORIGIN",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "private, no-store",
        "X-DNS-Prefetch-Control": "off",
        "Content-Type": "text/html; charset=utf-8",
    }
    assert {name: answer[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("destination", "status"),
    [
        ("iframe", 200),
        (None, 200),
        *((name, 403) for name in ("document", "empty", "script", "image", "object", "embed", "")),
    ],
)
def test_a_body_is_given_to_frames_alone(
    reader_client: Client,
    sub_account: SubAccount,
    sandbox: Sandbox,
    destination: str | None,
    status: int,
) -> None:
    headers = {} if destination is None else {"Sec-Fetch-Dest": destination}
    answer = reader_client.get(given(sandbox, sub_account) + "body/", headers=headers)
    assert answer.status_code == status
    assert answer["Content-Security-Policy"] == FRAME_POLICY
    assert (b"Hello" in answer.content) == (status == 200)
    assert len(asked(sandbox)) == (status == 200)


def test_hostile_html_is_harmless(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, conversation_id: str
) -> None:
    card = path(sub_account, conversation_id, in_sandbox(sandbox, "owned"))
    body = shown(reader_client, card)
    assert words(body).startswith("Please look at this urgent document.")
    assert body.select("script, svg, form, input, iframe, meta, base, [onerror], [onload]") == []
    assert "javascript:" not in str(body)
    assert "evil.example" not in str(body)


def test_quoted_text_is_folded(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    html = (
        "<div>Yes.</div><div class=gmail_quote>On Thu, 19 Nov 2026, North &lt;a@north.example&gt; "
        "wrote:<br><blockquote>Which day?</blockquote></div>"
    )
    body = shown(reader_client, given(sandbox, sub_account, body=html))
    folded = one(body, "details.quote")
    assert "open" not in folded.attrs
    assert "Which day?" in words(folded)
    folded.decompose()
    assert words(body) == "Yes."


def test_plain_text_is_text_with_links(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    text = 'Hi <b>you</b>\n  see https://example.com/"onclick="x\n\nOn Mon, Bo wrote:\n> old\n> yes'
    card = given(sandbox, sub_account, body=text, contentType="text/plain")
    body = shown(reader_client, card)
    assert body.select("b") == []
    link = one(body, "a")
    assert value(link, "href").startswith("https://example.com/")
    assert set(link.attrs) == {"href", "target", "rel"}
    assert link["rel"] == ["noopener", "noreferrer", "nofollow"]
    assert body.get_text().strip().startswith("Hi <b>you</b>\n  see https://example.com/")
    assert "old" in words(one(body, "details.quote"))


@pytest.mark.parametrize(
    ("content_type", "body", "html"),
    [
        ("text/html", "<p>One", True),
        ("TEXT/HTML; charset=utf-8", "<p>One", True),
        ("text/html", "One\nTwo", False),
        (None, "<p>One</p>", True),
        (None, "1 < 2", False),
        ("text/plain", "use </b> to close", False),
        ("text/plain", "<!DOCTYPE html><p>One</p>", True),
    ],
)
def test_html_is_told_from_text(content_type: str | None, body: str, html: bool) -> None:
    raw = {"id": "e1", "contentType": content_type, "body": body}
    assert mails.is_html(Email.from_api(raw)) is html


@pytest.mark.parametrize(
    ("html", "notice"),
    [
        ("<p>Start</p>" + "<p>x</p>" * (markup.MAX_BYTES // 8), "too large"),
        ("<p>Start</p>" + "<div>" * 3000, "could block your browser"),
    ],
    ids=["too big", "too deep"],
)
def test_what_is_not_parsed_is_shown_as_text(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, html: str, notice: str
) -> None:
    card = given(sandbox, sub_account, body=html)
    bar = one(page(fragment(reader_client, card)), ".email__bar")
    assert notice in words(bar)
    assert one(bar, "a")["href"] == f"{card}download/"
    text = one(shown(reader_client, card), ".text")
    assert text.get_text().startswith("Start")
    assert text.select("p, div") == []
    assert reader_client.get(f"{card}download/").content.decode() == html


def test_an_endless_text_is_cut_and_says_so(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    card = given(sandbox, sub_account, body="words " * 100_000, contentType="text/plain")
    assert "very long" in words(one(page(fragment(reader_client, card)), ".email__bar"))
    assert len(shown(reader_client, card).get_text()) < 250_000


# Remote pictures


def with_picture(sandbox: Sandbox, account: SubAccount, **fields: Any) -> str:
    """Let the API have a mail with a picture that the sandbox serves."""
    address = f"{sandbox.url}/attachments/mail/smile.jpg"
    html = f'<p>Hi</p><img src="{address}" alt="smile"><img src="https://t.example/x.gif">'
    return given(sandbox, account, body=html, **fields)


def picture(client: Client, card: str) -> str:
    """Read where the frame of a mail gets its first picture from."""
    answer = client.get(f"{card}body/?pictures=1")
    return value(page(answer).select("img[src]")[0], "src")


def test_remote_pictures_are_blocked_and_counted(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    card = with_picture(sandbox, sub_account)
    bar = one(page(fragment(reader_client, card)), ".email__bar")
    assert "Blocked: 2 remote pictures" in words(bar)
    show = one(bar, "[data-show-pictures]")
    assert (show["data-show-pictures"], show["href"]) == ("e1", f"{card}?pictures=1")
    assert show["hx-get"] == show["href"]
    assert shown(reader_client, card).select("img[src]") == []


def test_remote_pictures_on_demand(
    reader_client: Client, client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    card = with_picture(sandbox, sub_account)
    item = one(page(fragment(reader_client, f"{card}?pictures=1")), "details.email__item")
    assert "open" in item.attrs
    assert item.select("[data-show-pictures]") == []
    assert frame(item)["src"] == f"{card}body/?pictures=1"
    address = picture(reader_client, card)
    assert address.startswith(f"{card}picture/?src=")
    assert sandbox.url not in address
    # The frame has no origin: its pictures are asked for without a session.
    answer = client.get(address, headers={"Origin": "null", "Sec-Fetch-Site": "cross-site"})
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert answer.content.startswith(b"\xff\xd8\xff")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "private, no-store"
    assert "Cross-Origin-Resource-Policy" not in answer


def test_picture_addresses_are_nobody_elses(
    reader_client: Client, client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    card = with_picture(sandbox, sub_account)
    address = picture(reader_client, card)
    tampered = [
        f"{card}picture/",
        f"{card}picture/?src=",
        f"{card}picture/?src={sandbox.url}/attachments/mail/smile.jpg",
        address[:-1] + ("a" if address[-1] != "a" else "b"),
        address.replace("/e1/", "/e2/"),
        address.replace(sub_account.location_id, "other"),
    ]
    sandbox.clear()
    assert {client.get(wrong).status_code for wrong in tampered} == {404}
    assert sandbox.requests == []


def test_picture_addresses_expire(
    reader_client: Client,
    client: Client,
    sub_account: SubAccount,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address = picture(reader_client, with_picture(sandbox, sub_account))
    assert mails.PICTURE_LIFE <= 600
    monkeypatch.setattr(mails, "PICTURE_LIFE", -1)
    assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:9/x.png",
        "http://169.254.169.254/latest/meta-data/",
        "https://[::1]/x.png",
        "http://2130706433/x.png",
    ],
)
def test_pictures_from_inside_are_refused(
    reader_client: Client, client: Client, sub_account: SubAccount, sandbox: Sandbox, address: str
) -> None:
    card = given(sandbox, sub_account, body=f'<img src="{address}">')
    answer = client.get(picture(reader_client, card))
    assert answer.status_code == 502
    assert answer["Content-Type"].startswith("text/plain")


def test_pictures_can_be_forbidden(
    reader_client: Client,
    client: Client,
    sub_account: SubAccount,
    sandbox: Sandbox,
    settings: Settings,
) -> None:
    card = with_picture(sandbox, sub_account)
    address = picture(reader_client, card)
    settings.REMOTE_MAIL_IMAGES = "never"
    bar = one(page(fragment(reader_client, f"{card}?pictures=1")), ".email__bar")
    assert "Blocked: 2 remote pictures" in words(bar)
    assert bar.select("a") == []
    assert page(reader_client.get(f"{card}body/?pictures=1")).select("img[src]") == []
    assert client.get(address).status_code == 404


# Source and download


def inert(answer: Response) -> bool:
    return (
        answer["X-Content-Type-Options"] == "nosniff"
        and answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
        and answer["Cache-Control"] == "private, no-store"
    )


def test_source_is_text(reader_client: Client, sub_account: SubAccount, sandbox: Sandbox) -> None:
    html = "<script>alert(1)</script><p>\u00e9</p>"
    answer = reader_client.get(given(sandbox, sub_account, body=html) + "source/")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.decode() == html
    assert inert(answer)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"subject": "Plan B"}, 'filename="plan-b.html"'),
        ({"subject": '"../../x\r\nSet-Cookie: a'}, 'filename="x-set-cookie-a.html"'),
        ({"subject": None}, 'filename="e1.html"'),
        ({"body": "Hello", "contentType": "text/plain"}, 'filename="plan.txt"'),
    ],
)
def test_download_is_a_file(
    reader_client: Client,
    sub_account: SubAccount,
    sandbox: Sandbox,
    fields: dict[str, Any],
    name: str,
) -> None:
    answer = reader_client.get(given(sandbox, sub_account, **fields) + "download/")
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == f"attachment; {name}"
    assert inert(answer)


# When it fails


@pytest.mark.parametrize(
    ("status", "code", "ours"),
    [(429, "rate-limited", 503), (500, "unavailable", 503), (404, "not-found", 404)],
)
def test_a_failure_stands_where_the_mail_would_be(
    reader_client: Client,
    sub_account: SubAccount,
    sandbox: Sandbox,
    conversation_id: str,
    status: int,
    code: str,
    ours: int,
) -> None:
    card = path(sub_account, conversation_id, "e1")
    sandbox.script("/conversations/messages/email/e1", Answer(status, {"message": "No"}), times=4)
    answer = fragment(reader_client, card)
    assert answer.status_code == ours
    item = one(page(answer), "#mail-e1")
    assert alert(item)["data-error"] == code
    retry = one(item, "[data-retry]")
    assert (retry["hx-get"], retry["hx-target"]) == (card, "#mail-e1")
    framed = reader_client.get(f"{card}body/")
    assert framed.status_code == ours
    assert framed["Content-Security-Policy"] == FRAME_POLICY
    assert alert(page(framed))["data-error"] == code
    assert alert(page(reader_client.get(f"{card}source/")))["data-error"] == code


def test_only_a_few_mails_are_asked_for_at_once(
    reader_client: Client,
    sub_account: SubAccount,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    card = given(sandbox, sub_account)
    monkeypatch.setattr(mails, "PATIENCE", 0.01)
    taken = [mails._turns.acquire(blocking=False) for _ in range(10)]
    try:
        assert taken.count(True) == mails.AT_ONCE == 4
        assert fragment(reader_client, card).status_code == 503
        assert asked(sandbox) == []
    finally:
        for _ in range(taken.count(True)):
            mails._turns.release()
    assert fragment(reader_client, card).status_code == 200


def test_a_failed_call_gives_its_turn_back(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, conversation_id: str
) -> None:
    sandbox.script("/conversations/messages/email/", Answer(500, {"message": "No"}), times=6)
    for number in range(6):
        card = path(sub_account, conversation_id, f"e{number}")
        assert fragment(reader_client, card).status_code == 503
    assert fragment(reader_client, given(sandbox, sub_account)).status_code == 200


def test_the_body_is_kept_out_of_the_log(
    reader_client: Client,
    sub_account: SubAccount,
    sandbox: Sandbox,
    caplog: pytest.LogCaptureFixture,
) -> None:
    card = with_picture(sandbox, sub_account, subject="Secret subject")
    with caplog.at_level("INFO"):
        reader_client.get(picture(reader_client, card))
    assert "/messages/email/e1" in caplog.text
    assert "Secret" not in caplog.text
    assert "smile" not in caplog.text
