"""Attachments: how they stand in the thread, and how their files get to the reader."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from django.core.cache import caches
from django.test import Client
from pytest_django import Settings

from conversations_ui.accounts.models import SubAccount, User
from conversations_ui.sandbox import Answer, Sandbox
from conversations_ui.services import fetching, vcards
from conversations_ui.services.vcards import Card
from tests.conftest import signed_in
from tests.foreign import PNG, Web, answer, foreign_web
from tests.pages import (
    HTMX,
    INERT,
    Response,
    Row,
    alert,
    answer_thread,
    asked_for_messages,
    fragment,
    message,
    one,
    page,
    policy,
    row,
    thread_path,
    value,
    words,
)
from tests.people import granted

IMAGE = {"Accept": "image/webp,image/*,*/*;q=0.8"}
HOST = "https://media.example/conversations-assets/location/l/conversations/c"
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(range(256)) * 8


class Thread:
    """A reader in front of one thread."""

    def __init__(self, client: Client, account: SubAccount, sandbox: Sandbox) -> None:
        self.client, self.account, self.sandbox = client, account, sandbox
        self.conversation_id = sandbox.world.media_conversation_id

    def read(self, *rows: Row) -> BeautifulSoup:
        """Show these messages, given newest first; the conversation's own without any."""
        if rows:
            answer_thread(self.sandbox, self.conversation_id, *rows)
        path = thread_path(self.account, self.conversation_id)
        answer = fragment(self.client, path, "messages")
        assert answer.status_code == 200
        return page(answer)

    def one(self, *addresses: str, **fields: Any) -> Tag:
        """Show a message with these files."""
        fields = {"body": None, "attachments": list(addresses)} | fields
        return message(self.read(row(1, **fields)), "m001")

    def file(self, address: str, **fields: Any) -> str:
        """Where the only file of a message is served."""
        self.one(address, **fields)
        return self.address("m001", 0)

    def address(self, message_id: str, index: int, **more: str) -> str:
        query = "".join(f"&{name}={text}" for name, text in more.items())
        location = self.account.location_id
        return f"/media/{self.conversation_id}/{message_id}/{index}/?in={location}{query}"

    def sample(self, kind: str) -> str:
        """Where the sample file with this ending is served, once the thread has been shown."""
        self.read()
        return next(
            self.address(raw["id"], index)
            for raw in self.sandbox.world.threads[self.conversation_id]
            for index, address in enumerate(raw["attachments"])
            if address.endswith(f".{kind}")
        )


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    caches["upstream"].clear()
    yield
    caches["upstream"].clear()


@pytest.fixture
def thread(reader_client: Client, sub_account: SubAccount, sandbox: Sandbox) -> Thread:
    return Thread(reader_client, sub_account, sandbox)


@pytest.fixture
def web(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings, sandbox: Sandbox
) -> Iterator[Web]:
    """Foreign hosts, of which media.example is one that files are fetched from."""
    settings.MEDIA_HOSTS = ["media.example"]
    with foreign_web(tmp_path, monkeypatch) as web:
        web.real = {"127.0.0.1"}
        yield web


def content(response: Response) -> bytes:
    return response.getvalue()


def guarded(response: Response) -> bool:
    return (
        policy(response) == INERT
        and response["X-Content-Type-Options"] == "nosniff"
        and response["Cross-Origin-Resource-Policy"] == "same-origin"
        and "no-store" in response["Cache-Control"]
    )


# In the thread


@pytest.mark.parametrize("ending", ["png", "jpg", "jpeg", "gif", "webp", "PNG"])
def test_a_picture_is_a_thumbnail_with_its_place_kept(thread: Thread, ending: str) -> None:
    article = thread.one(f"{thread.sandbox.url}/attachments/teeth.{ending}?x=1")
    link = one(article, "a.picture")
    image = one(link, "img")
    assert link["href"] == image["src"] == thread.address("m001", 0)
    assert image["loading"] == "lazy"
    assert image["width"], image["height"]
    assert image["alt"] == f"Picture: teeth.{ending}"


@pytest.mark.parametrize(
    ("ending", "player"),
    [("mp3", "audio"), ("wav", "audio"), ("ogg", "audio"), ("m4a", "audio"), ("mp4", "video")],
)
def test_sound_and_films_have_players_that_load_nothing_yet(
    thread: Thread, ending: str, player: str
) -> None:
    article = thread.one(f"{thread.sandbox.url}/attachments/memo.{ending}")
    found = one(article, player)
    assert found["src"] == thread.address("m001", 0)
    assert found["preload"] == "none"
    assert found.has_attr("controls")
    assert one(article, "a[aria-label='Download memo." + ending + "']")["href"] == thread.address(
        "m001", 0, download="1"
    )


@pytest.mark.parametrize("ending", ["pdf", "docx", "csv", "svg", "html", "heic", "zip", "amr"])
def test_a_document_is_a_chip_that_downloads(thread: Thread, ending: str) -> None:
    article = thread.one(f"{thread.sandbox.url}/attachments/plan%20B.{ending}")
    chip = one(article, ".files a")
    assert words(chip) == f"plan B.{ending} {ending.upper()}"
    assert chip["href"] == thread.address("m001", 0, download="1")
    assert article.select("img, video, audio, iframe") == []


def test_names_that_machines_gave_are_not_read_out(thread: Thread) -> None:
    names = ("0f8fad5b-d9cb-469f-a165-70867728950e", "ME5f3a61d0c2b94d7f8e1a2b3c4d5e6f70")
    article = thread.one(*(f"{thread.sandbox.url}/attachments/{name}.pdf" for name in names))
    assert [words(tag) for tag in article.select(".files a")] == ["Document PDF"] * 2


@pytest.mark.parametrize(
    "address",
    [
        "https://files.example/a.png",
        "https://a.media.example/a.mp3",
        "https://media.example.evil.example/a.pdf",
        "https://media.example:8443/a.vcf",
        "https://user@media.example/a.png",
        "http://media.example/a.png",
        "https://media.example/without-an-ending",
        "https://media.example/a.unknown",
    ],
)
def test_other_files_are_links_that_say_where_they_lead(
    thread: Thread, settings: Settings, address: str
) -> None:
    settings.MEDIA_HOSTS = ["media.example"]
    article = thread.one(address)
    link = one(article, ".files a")
    host = address.split("/")[2].rpartition("@")[2].partition(":")[0]
    assert link["href"] == address
    assert words(link).endswith(f"opens on {host}")
    assert link["rel"] == ["noopener", "noreferrer", "nofollow"]
    assert article.select("img, video, audio, [hx-get]") == []


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example\\@media.example/a.png",
        "https://ev\til.example\\@media.example/a.png",
        "https://media.example@evil.example/a.png",
        "https:\\\\evil.example/\\@media.example/a.png",
    ],
)
def test_a_link_says_where_browsers_go_with_it(
    thread: Thread, settings: Settings, address: str
) -> None:
    settings.MEDIA_HOSTS = ["media.example"]
    article = thread.one(address)
    assert article.select("img") == []
    assert words(one(article, ".files small")) in ("opens on evil.example", "not a web address")


def test_blanks_around_an_address_do_no_harm(thread: Thread, web: Web) -> None:
    web.talk = answer(PNG)
    address = thread.file(f" {HOST}/a.png\n")
    response = thread.client.get(address, headers=IMAGE)
    assert response.status_code == 200
    assert response["Content-Disposition"] == 'inline; filename="a.png"'


def test_a_message_that_is_only_the_address_of_a_file_is_that_file(
    thread: Thread, settings: Settings
) -> None:
    settings.MEDIA_HOSTS = ["media.example"]
    article = thread.one(body=f"{HOST}/0f8fad5b-d9cb-469f-a165-70867728950e.png", attachments=[])
    assert one(article, ".files img")["src"] == thread.address("m001", 0)
    assert article.select(".bubble") == []
    twice = thread.one(f"{HOST}/a.png", body=f"{HOST}/a.png")
    assert len(twice.select(".files li")) == 1
    assert twice.select(".bubble") == []


@pytest.mark.parametrize(
    "body",
    [
        f"Look: {HOST}/a.png",
        "https://media.example/our-shop.html",
        "https://shop.example/conversations-assets/a.png",
        f"{HOST}/a.png {HOST}/b.png",
        f"{HOST}/a",
    ],
)
def test_a_message_with_more_in_it_is_a_message(
    thread: Thread, settings: Settings, body: str
) -> None:
    settings.MEDIA_HOSTS = ["media.example"]
    article = thread.one(body=body, attachments=[])
    assert article.select(".files") == []
    assert words(one(article, ".bubble")) == body


def test_a_whatsapp_picture_says_from_the_start_that_it_may_be_gone(thread: Thread) -> None:
    address = f"{thread.sandbox.url}/attachments/a.png"
    old: Row = {"messageType": "TYPE_WHATSAPP", "dateAdded": "2024-01-01T10:00:00.000Z"}
    assert "WhatsApp keeps files for 30 days" in value(
        one(thread.one(address, **old), "img"), "alt"
    )
    sms = thread.one(address, dateAdded=old["dateAdded"])
    assert value(one(sms, "img"), "alt") == "Picture: a.png"


# From the provider to the reader


@pytest.mark.parametrize(
    ("kind", "content_type", "disposition"),
    [
        ("png", "image/png", "inline"),
        ("jpg", "image/jpeg", "inline"),
        ("gif", "image/gif", "inline"),
        ("wav", "audio/wav", "inline"),
        ("pdf", "application/pdf", "attachment"),
        ("csv", "application/octet-stream", "attachment"),
        ("txt", "application/octet-stream", "attachment"),
        ("vcf", "application/octet-stream", "attachment"),
        ("svg", "application/octet-stream", "attachment"),
        ("html", "application/octet-stream", "attachment"),
    ],
)
def test_sample_files_of_every_kind(
    thread: Thread, sandbox: Sandbox, kind: str, content_type: str, disposition: str
) -> None:
    address = thread.sample(kind)
    sandbox.clear()
    response = thread.client.get(address)
    assert response.status_code == 200
    assert response["Content-Type"] == content_type
    assert response["Content-Disposition"].startswith(f"{disposition}; filename=")
    assert guarded(response)
    body = content(response)
    assert len(body) == int(response["Content-Length"])
    download = thread.client.get(f"{address}&download=1")
    assert download["Content-Disposition"].startswith("attachment; ")
    assert content(download) == body
    # The thread's page had told where the file is: the API is not asked again.
    assert {seen.path.split("/")[1] for seen in sandbox.requests} == {"attachments"}
    assert all("authorization" not in seen.headers for seen in sandbox.requests)


def test_the_files_name_is_the_providers_made_harmless(thread: Thread, web: Web) -> None:
    odd = "pl%C3%A4n%0d%0aX-Evil:%201%E2%80%AEfdp%22%2f..%5c.png"
    response = thread.client.get(thread.file(f"{HOST}/{odd}"))
    name = response["Content-Disposition"]
    assert name.startswith("inline; filename")
    assert not {"\r", "\n", "\u202e"} & set(name)
    assert "X-Evil" not in response.headers
    long = thread.client.get(thread.file(f"{HOST}/{'a' * 900}.png"))
    assert len(long["Content-Disposition"]) < 250
    assert '.png"' in long["Content-Disposition"]


def test_what_the_file_is_goes_by_its_bytes_not_by_its_name(thread: Thread, web: Web) -> None:
    web.talk = answer(b"<svg onload=alert(1) xmlns='http://www.w3.org/2000/svg'/>" * 20)
    response = thread.client.get(thread.file(f"{HOST}/a.png"))
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment; ")
    assert guarded(response)


def test_our_token_and_cookies_do_not_go_there(thread: Thread, web: Web) -> None:
    assert content(thread.client.get(thread.file(f"{HOST}/a.png"))) == PNG
    assert web.connections[0][1] == 443
    assert thread.sandbox.token not in web.requests[0]
    assert "cookie" not in web.requests[0].lower()
    assert "authorization" not in web.requests[0].lower()


@pytest.mark.parametrize(
    ("asked", "stated", "part"),
    [
        ("bytes=0-", "bytes 0-2063/2064", slice(0, 2064)),
        ("bytes=0-1", "bytes 0-1/2064", slice(0, 2)),
        ("bytes=1000-", "bytes 1000-2063/2064", slice(1000, 2064)),
        ("bytes=1000-1009", "bytes 1000-1009/2064", slice(1000, 1010)),
        ("bytes=-64", "bytes 2000-2063/2064", slice(2000, 2064)),
    ],
)
def test_sound_can_be_sought_in(
    thread: Thread, web: Web, asked: str, stated: str, part: slice
) -> None:
    web.talk = answer(WAV)
    response = thread.client.get(thread.file(f"{HOST}/a.wav"), headers={"Range": asked})
    assert response.status_code == 206
    assert response["Content-Range"] == stated
    assert response["Content-Type"] == "audio/wav"
    assert response["Accept-Ranges"] == "bytes"
    assert content(response) == WAV[part]
    assert int(response["Content-Length"]) == len(WAV[part])


@pytest.mark.parametrize("asked", ["bytes=5-2", "lines=0-5", "bytes=0-1,5-6", "bytes=-", "x"])
def test_a_range_that_makes_no_sense_is_ignored(thread: Thread, web: Web, asked: str) -> None:
    web.talk = answer(WAV)
    response = thread.client.get(thread.file(f"{HOST}/a.wav"), headers={"Range": asked})
    assert response.status_code == 200
    assert content(response) == WAV


def test_a_range_beyond_the_end(thread: Thread, web: Web) -> None:
    web.talk = answer(WAV)
    response = thread.client.get(
        thread.file(f"{HOST}/a.wav"), headers={"Range": "bytes=9999-", "Accept": "*/*"}
    )
    assert response.status_code == 416
    assert response["Content-Range"] == "bytes */2064"


def test_files_are_not_compressed(thread: Thread, web: Web) -> None:
    web.talk = answer(WAV)
    address = thread.file(f"{HOST}/a.wav")
    response = thread.client.get(address, headers={"Accept-Encoding": "gzip"})
    assert content(response) == WAV


@pytest.mark.parametrize(
    ("talk", "status", "reason"),
    [
        (answer(status="404 Not Found"), 404, "No longer at the provider."),
        (answer(status="403 Forbidden"), 404, "No longer at the provider."),
        (answer(status="500 Oh"), 502, "Loading failed: media.example did not give the file."),
        (answer(status="302 Found", Location="http://x/"), 502, "Loading failed: media.example"),
        (answer(Content_Length=str(900 * 2**20), length=False), 502, "Too large to show here."),
        (lambda connection, _request: None, 502, "Loading failed: media.example does not answer."),
    ],
    ids=["404", "403", "500", "redirect", "large", "silent"],
)
def test_a_file_that_cannot_be_had_says_why(
    thread: Thread, web: Web, talk: Any, status: int, reason: str
) -> None:
    address = thread.file(f"{HOST}/a.png")
    web.talk = talk
    response = thread.client.get(address, headers=IMAGE)
    assert response.status_code == status
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response.content.decode().startswith(reason)
    assert guarded(response)
    # People who followed the link get a page.
    whole = thread.client.get(address, headers={"Accept": "text/html,*/*"})
    assert whole.status_code == status
    assert reason in words(alert(page(whole)))


def test_a_whatsapp_file_is_gone_after_a_month(thread: Thread, web: Web) -> None:
    old: Row = {"messageType": "TYPE_WHATSAPP", "dateAdded": "2024-01-01T10:00:00.000Z"}
    address = thread.file(f"{HOST}/a.png", **old)
    web.talk = answer(status="404 Not Found")
    response = thread.client.get(address, headers=IMAGE)
    assert response.status_code == 410
    assert "WhatsApp keeps files for 30 days" in response.content.decode()


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("https://files.example/a.png", "This file opens on files.example."),
        ("http://169.254.169.254/latest/meta-data/", "Not an address on the open web."),
        ("http://127.0.0.1:22/", "Not an address on the open web."),
        ("javascript:alert(1)", "Not an address on the open web."),
        ("file:///etc/passwd", "Not an address on the open web."),
    ],
)
def test_what_is_not_fetched_is_not_fetched_by_its_address_either(
    thread: Thread, web: Web, address: str, reason: str
) -> None:
    response = thread.client.get(thread.file(address), headers=IMAGE)
    assert response.status_code == 404
    assert response.content.decode() == reason
    assert web.connections == []


def test_too_many_at_once_are_asked_to_come_back(
    thread: Thread, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "_QUEUE_SECONDS", 0)
    address = thread.file(f"{HOST}/a.png")
    held = [thread.client.get(address) for _ in range(4)]
    response = thread.client.get(address, headers=IMAGE)
    assert (response.status_code, response["Retry-After"]) == (503, "3")
    assert [content(each) for each in held] == [PNG] * 4
    assert thread.client.get(address).status_code == 200


# Who may


def test_access_is_checked_before_anything_is_asked(
    thread: Thread, web: Web, sandbox: Sandbox, client: Client
) -> None:
    address = thread.file(f"{HOST}/a.png")
    sandbox.clear()
    assert client.get(address).status_code == 302
    stranger = signed_in(User.objects.create_user("stranger"))
    for path in (address, address.partition("?")[0], address.replace("/0/", "/0/contact/")):
        assert stranger.get(path).status_code == 404
    assert web.connections == []
    assert sandbox.requests == []


def test_the_sub_account_last_used_is_looked_in_when_none_is_named(
    thread: Thread, web: Web
) -> None:
    address = thread.file(f"{HOST}/a.png").partition("?")[0]
    assert content(thread.client.get(address)) == PNG


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/media/a.b/m/0/?in=LOC", "conversation"),
        ("/media/c/m%20m/0/?in=LOC", "message"),
        ("/media/c/m/1000/?in=LOC", "index"),
        ("/media/c/m/0/?in=a/b", "location"),
        ("/media/c/m/0/?in=LOC&download=2", "download"),
    ],
)
def test_an_odd_address_is_refused(thread: Thread, path: str, field: str) -> None:
    response = thread.client.get(path.replace("LOC", thread.account.location_id))
    assert response.status_code == 400
    assert page(response).select(f"[data-field={field}]")


def test_without_the_threads_page_the_message_is_asked_for_once(
    thread: Thread, sandbox: Sandbox
) -> None:
    address = thread.sample("png")
    caches["upstream"].clear()
    sandbox.clear()
    for _ in range(3):
        assert thread.client.get(address).status_code == 200
    paths = [seen.path for seen in sandbox.requests if not seen.path.startswith("/attachments/")]
    assert paths == [f"/conversations/messages/{address.split('/')[3]}"]


@pytest.mark.parametrize("remembered", [True, False])
def test_a_message_of_another_conversation_is_not_found(
    thread: Thread, sandbox: Sandbox, remembered: bool
) -> None:
    address = thread.sample("png")
    if not remembered:
        caches["upstream"].clear()
    other = address.replace(thread.conversation_id, sandbox.world.showcase_conversation_id)
    assert thread.client.get(other).status_code == 404


def test_another_sub_accounts_message_is_not_found(
    thread: Thread, sandbox: Sandbox, reader: User
) -> None:
    second = SubAccount(location_id=sandbox.locations[1], name="Second", time_zone="UTC")
    second.set_token(sandbox.token)
    second.save()
    granted(reader, second)
    address = thread.sample("png")
    other = address.replace(thread.account.location_id, second.location_id)
    for _ in range(2):
        assert thread.client.get(other).status_code == 404
        caches["upstream"].clear()


def test_a_mails_files_are_found_by_the_mails_own_id(thread: Thread, sandbox: Sandbox) -> None:
    world = sandbox.world
    email_id = next(
        key
        for key, mail in world.emails.items()
        if mail["conversationId"] == world.email_conversation_id and mail.get("attachments")
    )
    thread.conversation_id = world.email_conversation_id
    response = thread.client.get(thread.address(email_id, 0))
    assert response.status_code == 200
    assert guarded(response)
    thread.conversation_id = world.media_conversation_id
    assert thread.client.get(thread.address(email_id, 0)).status_code == 404


def test_a_file_there_is_not(thread: Thread, sandbox: Sandbox) -> None:
    thread.read()
    found = thread.sample("png").split("/")[3]
    assert thread.client.get(thread.address(found, 5)).status_code == 404
    assert thread.client.get(thread.address("nothing", 0)).status_code == 404
    assert thread.client.get(f"/media/{thread.conversation_id}/{found}/-1/").status_code == 404


def test_with_the_api_down(thread: Thread, sandbox: Sandbox) -> None:
    sandbox.script("/conversations/messages/", Answer(503), times=None)
    address = thread.address("m001", 0)
    response = thread.client.get(address, headers=IMAGE)
    assert response.status_code == 503
    assert response["Content-Type"].startswith("text/plain")
    shown = thread.client.get(address, headers={"Accept": "text/html"})
    assert alert(page(shown))["data-error"] == "unavailable"


def test_showing_a_thread_fetches_no_file(thread: Thread, sandbox: Sandbox) -> None:
    sandbox.clear()
    thread.read()
    assert [seen.path for seen in sandbox.requests] == [
        seen.path for seen in asked_for_messages(sandbox)
    ]


# Contact cards


def test_a_contact_card_is_read_on_demand(thread: Thread, sandbox: Sandbox) -> None:
    place = one(thread.read(), ".vcard [hx-get]")
    address = value(place, "hx-get")
    assert one(place, "a")["href"] == address
    part = page(thread.client.get(address, headers=HTMX))
    assert [tag.name for tag in part.find_all(recursive=False)] == ["div"]
    assert words(one(part, "b")) == "Maya Okafor"
    assert one(part, "dd a")["href"] == "tel:+13125550148"
    whole = page(thread.client.get(address))
    assert words(one(whole, ".vcard__people")) == words(part)


def test_what_a_card_says_is_only_text(thread: Thread, web: Web) -> None:
    web.talk = answer(
        b"BEGIN:VCARD\nFN:<img src=x onerror=alert(1)>\nTEL:javascript:alert(1)\n"
        b'EMAIL:"><script>alert(1)</script>\nEND:VCARD'
    )
    address = thread.file(f"{HOST}/a.vcf").replace("/0/", "/0/contact/")
    shown = page(thread.client.get(address, headers=HTMX))
    assert shown.select("img, script") == []
    assert words(one(shown, "b")) == "<img src=x onerror=alert(1)>"
    assert all(value(tag, "href").startswith(("tel:", "mailto:")) for tag in shown.select("a"))


@pytest.mark.parametrize(
    ("talk", "reason"),
    [
        (answer(status="404 Not Found"), "No longer at the provider."),
        (answer(b"<html>no card</html>"), "There is no contact in this file."),
    ],
)
def test_a_card_that_cannot_be_read_says_why(
    thread: Thread, web: Web, talk: Any, reason: str
) -> None:
    web.talk = talk
    address = thread.file(f"{HOST}/a.vcf").replace("/0/", "/0/contact/")
    assert words(page(thread.client.get(address, headers=HTMX))) == reason


@pytest.mark.parametrize(
    ("content", "cards"),
    [
        (
            "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Doe;Ann;;Dr.;\r\nFN:Ann Doe\r\nORG:Acme;Sales\r\n"
            "TEL;TYPE=CELL:+1 555\r\nitem1.TEL:+1 556\r\nEMAIL;TYPE=INTERNET:a@b.example\r\n",
            (Card("Ann Doe", "Acme Sales", ("+1 555", "+1 556"), ("a@b.example",)),),
        ),
        (
            "BEGIN:VCARD\nVERSION:4.0\nFN:A\nTEL;VALUE=uri:tel:+1-555\nEND:VCARD\n"
            "BEGIN:VCARD\nFN:B\\, C\\nD\nEND:VCARD\n",
            (Card("A", "", ("+1-555",), ()), Card("B, C D", "", (), ())),
        ),
        (
            "BEGIN:VCARD\nVERSION:2.1\nN;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:M=C3=BCller;=\nJan\n"
            "END:VCARD",
            (Card("M\u00fcller Jan", "", (), ()),),
        ),
        (
            "\ufeffBEGIN:VCARD\nFN:Long\n  name\nTEL:1\nTEL:1\nEND:VCARD",
            (Card("Long name", "", ("1",), ()),),
        ),
        ("BEGIN:VCARD\nORG:Acme\nEND:VCARD", (Card("Acme", "", (), ()),)),
        ("BEGIN:VCARD\nEND:VCARD", ()),
        ("FN:Nobody", ()),
        ("", ()),
        ("BEGIN:VCARD\n" * 50 + "\x00:;;;\n::\nFN", ()),
    ],
)
def test_cards_of_every_version(content: str, cards: tuple[Card, ...]) -> None:
    assert vcards.cards(content.encode()) == cards


def test_a_hostile_card_is_bounded() -> None:
    many = "BEGIN:VCARD\nFN:x\n" + "TEL:{}\n" * 1000
    content = (many.format(*range(1000)) + "END:VCARD\n") * 100
    found = vcards.cards(content.encode())
    assert len(found) <= vcards.CARDS
    assert all(len(card.phones) <= vcards.VALUES for card in found)
    assert (
        vcards.cards(b"BEGIN:VCARD\nFN:" + b"\xff" * 900_000)[0].name == "\ufffd" * vcards.LONGEST
    )
