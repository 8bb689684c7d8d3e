"""What cannot be asked: 400 that names the field, 404 without access, 405 for what is no read."""

from __future__ import annotations

import pytest
from django.test import Client

from conversations_ui.accounts.models import SubAccount, User
from conversations_ui.sandbox import Sandbox
from tests.conftest import signed_in
from tests.pages import HTMX, alert, fragment, inbox_path, page, problems, thread_path, words

LONG = "x" * 65
BAD_IDS = [
    LONG,
    "a" * 5000,
    "a%00b",
    "%00",
    "a.b",
    "..%00",
    "a%20b",
    "%20abc",
    "abc%0A",
    "a+b",
    "%C3%A9",
    "%E6%97%A5%E6%9C%AC",
    "%FF%FE",
    "%ED%A0%80",
    "%3Cscript%3Ealert(1)%3C",
    "a%22b'c",
    "a%5Cb",
    "a%3Bb",
    "a%3Fb%3Dc",
    "a%252Fb",
    "%F0%9F%99%8F",
    "{{7*7}}",
]
INBOX_PROBLEMS = [
    ("q=" + "x" * 201, "q"),
    ("q=a%00b", "q"),
    ("status=everything", "status"),
    ("status=UNREAD", "status"),
    ("channel=SMS", "channel"),
    ("channel=TYPE_NONE", "channel"),
    ("channel=" + "x" * 65, "channel"),
    ("assigned=a%20b", "assigned"),
    ("assigned=a,b", "assigned"),
    ("direction=sideways", "direction"),
    ("sort=random", "sort"),
    ("after=x", "after"),
    ("after=-1", "after"),
    ("after=1.5.", "after"),
    ("after=" + "9" * 16, "after"),
    ("after=%D9%A1", "after"),
    ("after=1" + ".x" * 101, "after"),
    ("after=" + "1" * 8000, "after"),
]
THREAD_PROBLEMS = [
    ("type=TYPE_NONE", "type"),
    ("type=" + "TYPE_SMS," * 300, "type"),
    ("before=" + LONG, "before"),
    ("before=a/b", "before"),
    ("before=a%20b", "before"),
    ("before=%3Cb%3E", "before"),
    ("before=a%00", "before"),
    ("before=%F0%9F%99%8F", "before"),
]


@pytest.fixture
def thread(sub_account: SubAccount, sandbox: Sandbox) -> str:
    sandbox.clear()
    return thread_path(sub_account, sandbox.world.empty_conversation_id)


@pytest.fixture
def stranger(db: None) -> Client:
    """Someone who was given no sub-account."""
    return signed_in(User.objects.create_user("stranger"))


def refused(client: Client, path: str, field: str) -> None:
    """The page and the fragment are refused with 400, and both name the field."""
    answer = client.get(path)
    assert answer.status_code == 400
    assert set(problems(page(answer))) == {field}
    assert problems(page(answer))[field].removeprefix(f"{field} :")
    assert "/" in {str(link["href"]) for link in alert(page(answer)).select("a")}
    part = fragment(client, path, "inbox")
    assert part.status_code == 400
    assert set(problems(page(part))) == {field}
    assert b"<html" not in part.content
    assert "thread-alerts" in part["HX-Retarget"]
    assert part["HX-Reswap"] == "innerHTML"
    assert part["HX-Push-Url"] == "false"


@pytest.mark.parametrize(("query", "field"), INBOX_PROBLEMS, ids=lambda part: part[:30])
def test_a_bad_query_of_the_inbox_names_its_field(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, query: str, field: str
) -> None:
    sandbox.clear()
    refused(reader_client, f"{inbox_path(sub_account)}?{query}", field)
    assert sandbox.requests == []


@pytest.mark.parametrize(("query", "field"), THREAD_PROBLEMS, ids=lambda part: part[:30])
def test_a_bad_query_of_a_thread_names_its_field(
    reader_client: Client, sandbox: Sandbox, thread: str, query: str, field: str
) -> None:
    refused(reader_client, f"{thread}?{query}", field)
    assert sandbox.requests == []


@pytest.mark.parametrize("bad", BAD_IDS, ids=lambda bad: bad[:20])
def test_an_id_with_strange_characters_names_its_field(
    reader_client: Client, sandbox: Sandbox, sub_account: SubAccount, thread: str, bad: str
) -> None:
    refused(reader_client, f"/inbox/{bad}/", "location")
    refused(reader_client, thread_path(sub_account, bad), "conversation")
    refused(reader_client, f"{thread}{bad}/", "message")
    assert sandbox.requests == []


@pytest.mark.parametrize(
    "bad", ["..%2F..%2Fetc%2Fpasswd", "a%2Fb", "%2F", "%2F%2F", "a%2Fb%2Fc%2Fd"]
)
def test_an_encoded_slash_leads_nowhere(
    reader_client: Client, sub_account: SubAccount, bad: str
) -> None:
    answer = reader_client.get(thread_path(sub_account, bad))
    assert answer.status_code in (400, 404)
    assert words(alert(page(answer)))


@pytest.mark.parametrize("bad", [".", "..", "%2E%2E"])
def test_steps_in_a_path_reach_no_other_endpoint(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, bad: str
) -> None:
    sandbox.clear()
    for path in (f"/inbox/{bad}/", thread_path(sub_account, bad)):
        answer = reader_client.get(path)
        assert answer.status_code == 400
    assert sandbox.requests == []


def test_what_was_typed_is_shown_escaped(reader_client: Client, thread: str) -> None:
    answer = reader_client.get(f"{thread}?type=%3Cimg%20src=x%20onerror=alert(1)%3E")
    assert answer.status_code == 400
    assert page(answer).select_one("img") is None
    assert "<img src=x onerror=alert(1)>" in problems(page(answer))["type"]


def test_unknown_parameters_are_ignored(reader_client: Client, thread: str) -> None:
    assert reader_client.get(f"{thread}?utm_source=mail&type=").status_code == 200


@pytest.mark.parametrize("form", ["inbox", "thread", "message"])
def test_without_access_there_is_nothing(
    stranger: Client, sub_account: SubAccount, sandbox: Sandbox, form: str
) -> None:
    conversation_id = sandbox.world.long_conversation_id
    path = {
        "inbox": inbox_path(sub_account),
        "thread": thread_path(sub_account, conversation_id),
        "message": thread_path(sub_account, conversation_id, "some-message"),
    }[form]
    unknown = path.replace(sub_account.location_id, "no-such-location")
    sandbox.clear()
    for headers in ({}, HTMX):
        answer = stranger.get(path, headers=headers)
        assert answer.status_code == 404
        assert words(alert(page(answer)))
        assert sub_account.name not in answer.content.decode()
        assert stranger.get(unknown, headers=headers).content == answer.content
    assert sandbox.requests == []


def test_a_page_that_does_not_exist_says_so(reader_client: Client) -> None:
    for path in ("/nowhere/", "/inbox/", "/inbox/a/b/c/d/"):
        answer = reader_client.get(path)
        assert answer.status_code == 404
        assert words(alert(page(answer)))
        part = fragment(reader_client, path)
        assert part.status_code == 404
        assert words(alert(page(part)))
        assert b"<html" not in part.content


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("form", ["home", "chooser", "inbox", "thread", "message", "open"])
def test_read_routes_take_no_other_method(
    reader: User, sub_account: SubAccount, sandbox: Sandbox, form: str, method: str
) -> None:
    # As a browser or a script would send it: without a form's token.
    client = Client(enforce_csrf_checks=True)
    client.force_login(reader)
    path = {
        "home": "/",
        "chooser": "/sub-accounts/",
        "inbox": inbox_path(sub_account),
        "thread": thread_path(sub_account, "conv"),
        "message": thread_path(sub_account, "conv", "mess"),
        "open": "/open/?q=conv",
    }[form]
    sandbox.clear()
    answer = client.generic(method, path)
    assert answer.status_code == 405
    assert answer["Allow"] == "GET, HEAD"
    assert "only be read" in words(page(answer))
    part = client.generic(method, path, headers=HTMX)
    assert part.status_code == 405
    assert words(alert(page(part)))
    assert sandbox.requests == []
