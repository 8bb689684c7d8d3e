"""A mail's body: in a frame of its own, its pictures on demand, its source as text."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from conversations_ui.accounts.models import SubAccount
from conversations_ui.highlevel.mails import Email
from conversations_ui.sandbox import Sandbox
from conversations_ui.services import mail as mails
from conversations_ui.services import markup
from tests.mails import FRAME_POLICY, asked, frame, given, in_sandbox, path, shown
from tests.pages import (
    INERT,
    Response,
    fragment,
    one,
    page,
    policy,
    value,
    words,
)


@pytest.fixture
def conversation_id(sandbox: Sandbox) -> str:
    return sandbox.world.email_conversation_id


# The frame


def test_the_frames_headers(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    answer = reader_client.get(given(sandbox, sub_account) + "body/")
    expected = {
        "X-Frame-Options": "SAMEORIGIN",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "private, no-store",
        "X-DNS-Prefetch-Control": "off",
        "Content-Type": "text/html; charset=utf-8",
    }
    assert {name: answer[name] for name in expected} == expected
    assert policy(answer) == FRAME_POLICY


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
    assert policy(answer) == FRAME_POLICY
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
        ("multipart/alternative", "<p>One</p>", True),
        ("multipart/alternative", "One", False),
    ],
)
def test_html_is_told_from_text(content_type: str | None, body: str, html: bool) -> None:
    raw = {"id": "e1", "contentType": content_type, "body": body}
    assert mails.is_html(Email.from_api(raw)) is html


def test_html_without_a_tag_is_read_as_html(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    card = given(sandbox, sub_account, body="Tom &amp; Jerry\n&lt;b&gt;&nbsp;5")
    text = one(shown(reader_client, card), ".text")
    assert text.get_text() == "Tom & Jerry\n<b>\xa05"
    assert text.select("b") == []


@pytest.mark.parametrize(
    ("html", "said"),
    [
        ("", "There is no text in this email."),
        (" \n&nbsp;<div>&#8203;</div><br>", "There is no text in this email."),
        ("<style>p{}</style><p><img src='cid:1'></p>", "There is no text in this email."),
        ("<img src='https://a.example/x'>", "There is nothing in this email but remote pictures."),
        ("<img alt=Sale src='https://a.example/x'>", "Sale"),
    ],
)
def test_no_mail_is_a_blank_sheet(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, html: str, said: str
) -> None:
    card = given(sandbox, sub_account, body=html)
    assert words(shown(reader_client, card)) == said


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


def test_a_mail_of_pictures_alone_shows_them_on_demand(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    card = given(sandbox, sub_account, body="<img width=9 src='https://a.example/x.png'>")
    body = page(reader_client.get(f"{card}body/?pictures=1"))
    assert len(body.select("img[src]")) == 1
    assert "nothing in this email" not in words(body)


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
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert policy(answer) == INERT


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
        and policy(answer) == INERT
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
