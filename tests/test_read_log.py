"""The read log: who opened what, when and from where; whole, short, and of no content."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from pytest_django import Settings

from conversations_ui.accounts.models import SubAccount, User
from conversations_ui.accounts.readings import Reading
from conversations_ui.reading import NOT_READINGS, READINGS
from conversations_ui.sandbox import Sandbox
from tests.conftest import signed_in
from tests.pages import (
    HTMX,
    Response,
    alert,
    answer_thread,
    fragment,
    one,
    page,
    row,
    thread_path,
    words,
)
from tests.people import granted


def log() -> list[Reading]:
    """The whole log, oldest first."""
    return list(Reading.objects.order_by("number"))


def opened(rows: list[Reading] | None = None) -> list[tuple[str, str, str]]:
    """What was opened: action, conversation, object."""
    return [(row.action, row.conversation_id, row.object_id) for row in rows or log()]


def body(answer: Response) -> bytes:
    """All that is answered, streamed or not."""
    return b"".join(answer) if answer.streaming else answer.content


@pytest.fixture
def later() -> Iterator[time_machine.Traveller]:
    """A clock that stands still until it is moved."""
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


@pytest.fixture
def paths(
    sub_account: SubAccount, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Addresses by name, of what the sandbox has."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    world, location = sandbox.world, sub_account.location_id
    thread = world.showcase_conversation_id
    files = world.threads[world.media_conversation_id]
    picture, card, document = (
        next(row["id"] for row in files if [a[-4:] for a in row["attachments"]] == [ending])
        for ending in (".png", ".vcf", ".pdf")
    )
    post = world.email_conversation_id
    letter = next(key for key, mail in world.emails.items() if mail["conversationId"] == post)
    call = f"{location}/{world.call_conversation_id}/{world.showcase['recorded_array']}/"
    media, mail = f"/media/{world.media_conversation_id}", f"/mail/{location}/{post}/{letter}/"
    return {
        "inbox": f"/inbox/{location}/",
        "search": f"/inbox/{location}/?q=Ada",
        "thread": f"/inbox/{location}/{thread}/",
        "message": f"/inbox/{location}/{thread}/{world.showcase['last']}/",
        "contact": f"/contact/{location}/{thread}/",
        "mail": mail,
        "pictures": f"{mail}body/?pictures=1",
        "mail_body": f"{mail}body/",
        "mail_source": f"{mail}source/",
        "mail_download": f"{mail}download/",
        "recording": f"/recording/{call}",
        "recording_file": f"/recording/{call}?download=1",
        "transcript": f"/transcript/{call}",
        "picture": f"{media}/{picture}/0/?in={location}",
        "document": f"{media}/{document}/0/?in={location}",
        "contact_card": f"{media}/{card}/0/contact/?in={location}",
        "staff": f"/staff/{location}/{thread}/?ids=someone",
    }


# What the log says of each: the action, and which parts of the address it was done to.
SHOWN = {
    "inbox": ("list", "", ""),
    "thread": ("thread", 2, ""),
    "message": ("thread", 2, ""),
    "contact": ("thread", 2, ""),
    "mail": ("mail", 2, 3),
    "mail_body": ("mail", 2, 3),
    "pictures": ("pictures", 2, 3),
    "mail_source": ("source", 2, 3),
    "mail_download": ("mail-file", 2, 3),
    "recording": ("recording", 2, 3),
    "recording_file": ("recording-file", 2, 3),
    "transcript": ("transcript", 2, 3),
}


@pytest.mark.parametrize("name", SHOWN)
def test_what_is_opened_is_in_the_log(
    reader_client: Client, paths: dict[str, str], sub_account: SubAccount, name: str
) -> None:
    before = timezone.now()
    answer = reader_client.get(paths[name], REMOTE_ADDR="192.0.2.7")
    assert answer.status_code == 200 and body(answer)
    parts = paths[name].partition("?")[0].strip("/").split("/")
    action, *where = SHOWN[name]
    (found,) = log()
    assert opened() == [(action, *(parts[at] if isinstance(at, int) else at for at in where))]
    assert (found.username, found.address) == ("reader", "192.0.2.7")
    assert found.user_id == User.objects.get(username="reader").pk
    assert found.location_id == sub_account.location_id
    assert before <= found.at <= timezone.now()


def test_every_route_that_names_a_conversation_is_in_the_table_or_excused() -> None:
    def routes(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
        for pattern in patterns:
            route = before + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from routes(pattern.url_patterns, route)
            elif "location_id" in route or "conversation_id" in route:
                yield str(pattern.name)

    named = set(routes(get_resolver().url_patterns))
    assert "thread" in named
    assert named - set(READINGS) == NOT_READINGS


def test_a_picture_in_the_thread_is_the_thread_and_a_file_is_a_file(
    reader_client: Client, paths: dict[str, str], sandbox: Sandbox
) -> None:
    for name in ("picture", "document", "contact_card"):
        answer = reader_client.get(paths[name])
        assert answer.status_code == 200 and body(answer)
    album = sandbox.world.media_conversation_id
    document, card = (paths[name].split("/")[3] for name in ("document", "contact_card"))
    assert opened() == [
        ("thread", album, ""),
        ("attachment", album, f"{document}/0"),
        ("attachment", album, f"{card}/0"),
    ]


def test_what_shows_nothing_is_not_in_the_log(
    reader_client: Client, paths: dict[str, str], settings: Settings
) -> None:
    signed_in(User.objects.create_user("stranger")).get(paths["thread"])  # may not
    Client().get(paths["thread"])  # not signed in
    Client().get(paths["thread"], headers=HTMX)
    reader_client.get(f"{paths['thread']}?type=nonsense")
    reader_client.get(paths["staff"])
    reader_client.post(paths["thread"])
    reader_client.get(paths["recording"], headers=HTMX)  # asks why it does not play
    reader_client.get(f"/open/?q={paths['thread'].split('/')[3]}")
    settings.HIGHLEVEL_API_URL = "http://127.0.0.1:9"
    assert reader_client.get(paths["mail"]).status_code == 503
    assert log() == []


def test_whom_a_thread_is_with_is_read_even_where_the_rest_fails(
    reader_client: Client, paths: dict[str, str]
) -> None:
    answer = reader_client.get(f"{paths['thread']}notthere/")
    assert answer.status_code == 404
    assert words(one(page(answer), "#thread h1"))
    assert opened() == [("thread", paths["thread"].split("/")[3], "")]


@pytest.mark.parametrize("name", ["thread", "recording", "mail_source", "contact"])
def test_asking_for_headers_shows_nothing_and_is_not_in_the_log(
    reader_client: Client, paths: dict[str, str], name: str
) -> None:
    assert reader_client.head(paths[name]).status_code == 200
    assert log() == []


def test_the_same_again_counts_once_in_five_minutes(
    reader_client: Client, paths: dict[str, str], later: time_machine.Traveller
) -> None:
    thread = paths["thread"]
    reader_client.get(thread)
    oldest = page(reader_client.get(thread)).select_one("[data-load-older]")
    assert oldest is not None
    reader_client.get(f"{thread}{oldest['href']}", headers=HTMX)
    reader_client.get(f"{thread}?type=TYPE_SMS")
    reader_client.get(paths["message"])
    reader_client.get(paths["contact"])
    later.shift(timedelta(minutes=4, seconds=59))
    reader_client.get(thread)
    assert len(log()) == 1
    later.shift(timedelta(seconds=2))
    reader_client.get(thread)
    assert len(log()) == 2


def test_everybody_and_everything_counts_for_itself(
    reader_client: Client, sub_account: SubAccount, paths: dict[str, str]
) -> None:
    colleague = User.objects.create_user("colleague")
    granted(colleague, sub_account)
    reader_client.get(paths["thread"])
    signed_in(colleague).get(paths["thread"])
    reader_client.get(paths["transcript"])
    assert [row.username for row in log()] == ["reader", "colleague", "reader"]


def test_the_parts_of_a_recording_count_once(reader_client: Client, paths: dict[str, str]) -> None:
    for start in (0, 100, 200):
        answer = reader_client.get(paths["recording"], headers={"Range": f"bytes={start}-"})
        assert answer.status_code == 206 and body(answer)
    assert [row.action for row in log()] == ["recording"]


def test_a_poll_counts_when_it_brings_something(
    reader_client: Client,
    sub_account: SubAccount,
    sandbox: Sandbox,
    settings: Settings,
    later: time_machine.Traveller,
) -> None:
    settings.LIVE_SECONDS = 5
    thread = sandbox.world.showcase_conversation_id
    shown = page(reader_client.get(thread_path(sub_account, thread)))
    (poll,) = shown.select("#live-thread")
    quiet = fragment(reader_client, str(poll["hx-get"]))
    assert quiet.status_code == 204
    later.shift(timedelta(minutes=10))
    assert len(log()) == 1
    news = fragment(reader_client, f"/live/{sub_account.location_id}/{thread}/?v=another")
    assert news.status_code == 200
    assert opened() == [("thread", thread, "")] * 2


def test_a_search_is_known_again_but_its_words_are_not_kept(
    reader_client: Client, sub_account: SubAccount, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    secret = "+1 202 555 0142"  # somebody's number
    for q, route in (
        (secret, "inbox"),
        (f" {secret} ", "inbox"),
        (secret, "live"),
        ("Ada", "live"),
    ):
        address = f"/{route}/{sub_account.location_id}/"
        assert reader_client.get(address, {"q": q}, headers=HTMX).status_code == 200
    first, other = log()
    assert (first.action, other.action) == ("search", "search")
    assert first.object_id != other.object_id
    kept = repr([vars(found) for found in log()]) + caplog.text
    assert not any(words in kept for words in ("555 0142", "555+0142", "5550142", "Ada"))


def test_the_list_counts_once_an_hour(
    reader_client: Client, paths: dict[str, str], later: time_machine.Traveller
) -> None:
    for minutes in (0, 30, 29, 2):
        later.shift(timedelta(minutes=minutes))
        reader_client.get(paths["inbox"])
    assert len(log()) == 2


def test_no_word_of_a_message_is_in_the_log(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, caplog: Any
) -> None:
    caplog.set_level("INFO")
    answer_thread(sandbox, "talk", row(1, body="the secret word is heron"))
    shown = reader_client.get(thread_path(sub_account, "talk"))
    assert "heron" in words(page(shown))
    assert "heron" not in caplog.text + repr([vars(found) for found in log()])


def test_a_line_of_ids_goes_to_the_log_output(
    reader_client: Client, paths: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "conversations_ui.read_log")
    reader_client.get(paths["mail_source"])
    (line,) = [
        json.loads(record.message)
        for record in caplog.records
        if record.name == "conversations_ui.read_log"
    ]
    (found,) = log()
    assert (line["action"], line["object"], line["user"]) == (
        "source",
        found.object_id,
        found.user_id,
    )
    assert (line["number"], line["hash"]) == (1, found.hash)
    assert "reader" not in line.values()


def test_who_is_deleted_stays_in_the_log(
    reader: User, reader_client: Client, paths: dict[str, str]
) -> None:
    reader_client.get(paths["thread"])
    number = reader.pk
    reader.delete()
    assert [(row.username, row.user_id) for row in log()] == [("reader", number)]


@pytest.fixture
def stuck(db: None) -> Iterator[None]:
    """A database that takes no row."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TRIGGER stuck BEFORE INSERT ON accounts_reading "
            "BEGIN SELECT RAISE(FAIL, 'the disk is full'); END"
        )
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER stuck")


@pytest.mark.parametrize("name", ["thread", "recording", "mail_source", "picture"])
def test_what_cannot_be_noted_is_not_shown(
    stuck: None, reader_client: Client, paths: dict[str, str], name: str, caplog: Any
) -> None:
    answer = reader_client.get(paths[name])
    assert answer.status_code == 503
    assert not answer.streaming
    assert "written down in the read log" in words(alert(page(answer)))
    assert page(answer).select("article") == []
    assert "the disk is full" in caplog.text


def test_what_cannot_be_noted_leaves_an_open_page_as_it_is(
    stuck: None, reader_client: Client, paths: dict[str, str]
) -> None:
    answer = fragment(reader_client, paths["thread"], "thread")
    assert answer.status_code == 503
    assert answer["HX-Retarget"].startswith("body:has(#thread-alerts)")
    assert "data-thread" not in answer.content.decode()


def test_what_shows_no_customer_needs_no_log(stuck: None, reader_client: Client) -> None:
    assert reader_client.get("/sub-accounts/").status_code == 200
    assert reader_client.get("/healthz").status_code == 200
