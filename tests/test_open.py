"""Opening a conversation by its id or by an address that contains one."""

from __future__ import annotations

import pytest
from django.test import Client

from conversations_ui.accounts.models import SubAccount, User
from conversations_ui.sandbox import Answer, Sandbox
from tests.pages import alert, inbox_path, one, page, problems, thread_path, words
from tests.people import granted


@pytest.fixture
def second(sub_account: SubAccount, reader: User, sandbox: Sandbox) -> SubAccount:
    """The other sample sub-account, given to the reader too."""
    account = SubAccount(location_id=sandbox.locations[1], name="Second")
    account.set_token(sandbox.token)
    account.save()
    granted(reader, account)
    return account


def opened(client: Client, text: str) -> str:
    """Where an entry leads."""
    answer = client.get("/open/", {"q": text})
    assert answer.status_code == 302
    return answer["Location"]


@pytest.mark.parametrize(
    "text",
    [
        "CONV",
        "  CONV \n",
        "https://app.gohighlevel.com/v2/location/LOC/conversations/conversations/CONV",
        "https://app.gohighlevel.com/v2/location/LOC/conversations/conversations/CONV/",
        "http://crm.agency.example/v2/location/LOC/conversations/conversations/CONV?category=team",
        "app.gohighlevel.com/v2/location/LOC/conversations/conversations/CONV#top",
        "https://app.gohighlevel.com/location/LOC/conversations?conversationId=CONV",
        "https://app.gohighlevel.com/v2/location/LOC/contacts/detail/x?conversationId=CONV&a=b",
        "http://testserver/inbox/LOC/CONV/",
        "http://testserver/inbox/LOC/CONV/MESSAGE/?type=TYPE_SMS",
        "/inbox/LOC/CONV/",
    ],
)
def test_an_id_or_address_leads_to_its_thread(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, text: str
) -> None:
    sandbox.clear()
    text = text.replace("LOC", sub_account.location_id)
    assert opened(reader_client, text) == thread_path(sub_account, "CONV")
    assert sandbox.requests == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "two words",
        "https://app.gohighlevel.com/",
        "https://app.gohighlevel.com/v2/location/LOC/conversations/conversations/",
        "https://app.gohighlevel.com/v2/location/LOC/contacts/detail/abc",
        "http://testserver/inbox/LOC/",
        "http://[::1/inbox/LOC/CONV/",
        "http://[bad]/inbox/LOC/CONV/",
        "<script>alert(1)</script>",
        "a\0b",
        "🙏",
        "x" * 65,
        "x" * 2001,
        "javascript:alert(1)",
        "//",
    ],
    ids=lambda text: text[:30].replace("\0", "NUL"),
)
def test_anything_else_is_refused_by_name(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, text: str
) -> None:
    sandbox.clear()
    answer = reader_client.get("/open/", {"q": text.replace("LOC", sub_account.location_id)})
    assert answer.status_code == 400
    assert set(problems(page(answer))) == {"q"}
    assert sandbox.requests == []


def test_without_an_entry_the_field_is_named(reader_client: Client) -> None:
    answer = reader_client.get("/open/")
    assert answer.status_code == 400
    assert set(problems(page(answer))) == {"q"}


def test_an_address_of_a_sub_account_not_granted_is_nothing(reader_client: Client) -> None:
    address = "https://app.gohighlevel.com/v2/location/other/conversations/conversations/conv"
    answer = reader_client.get("/open/", {"q": address})
    assert answer.status_code == 404
    assert words(alert(page(answer)))


def test_an_address_never_leads_away(reader_client: Client, sub_account: SubAccount) -> None:
    address = f"https://evil.example/inbox/{sub_account.location_id}/conv/"
    assert opened(reader_client, address) == thread_path(sub_account, "conv")


def test_a_bare_id_is_looked_for_in_every_sub_account(
    reader_client: Client, sub_account: SubAccount, second: SubAccount, sandbox: Sandbox
) -> None:
    world = sandbox.world
    there = world.foreign_conversation_id
    assert opened(reader_client, there) == thread_path(second, there)
    here = world.long_conversation_id
    assert opened(reader_client, here) == thread_path(sub_account, here)


def test_the_sub_account_last_used_is_asked_first(
    reader_client: Client, sub_account: SubAccount, second: SubAccount, sandbox: Sandbox
) -> None:
    reader_client.get(inbox_path(second))
    sandbox.clear()
    opened(reader_client, sandbox.world.foreign_conversation_id)
    assert len(sandbox.requests) == 1


def test_an_id_that_nobody_knows_is_not_found(
    reader_client: Client, second: SubAccount, sandbox: Sandbox
) -> None:
    sandbox.clear()
    answer = reader_client.get("/open/", {"q": "nobody"})
    assert answer.status_code == 404
    assert "nobody" in words(alert(page(answer)))
    assert len(sandbox.requests) == 2


def test_a_silent_api_is_no_proof_that_nobody_knows_an_id(
    reader_client: Client, second: SubAccount, sandbox: Sandbox
) -> None:
    sandbox.script("/conversations/", Answer(503, {"message": "Down"}), times=None)
    answer = reader_client.get("/open/", {"q": "anything"})
    assert answer.status_code == 503
    assert one(page(answer), "[data-error=unavailable]")


def test_one_sub_account_that_fails_does_not_hide_another(
    reader_client: Client, sub_account: SubAccount, second: SubAccount, sandbox: Sandbox
) -> None:
    reader_client.get(inbox_path(sub_account))
    there = sandbox.world.foreign_conversation_id
    sandbox.script("/conversations/", Answer(500, {"message": "Internal server error"}))
    assert opened(reader_client, there) == thread_path(second, there)


def test_someone_without_a_sub_account_finds_nothing(client: Client, db: None) -> None:
    client.force_login(User.objects.create_user("stranger"))
    assert client.get("/open/", {"q": "conv"}).status_code == 404
