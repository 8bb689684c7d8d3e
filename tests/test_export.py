"""A conversation as a file: whole or saying that it is not, for those who lead, one at a time."""

from __future__ import annotations

import json
import tempfile
from contextlib import ExitStack
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from conversations_ui.accounts.models import SubAccount, User
from conversations_ui.accounts.readings import Reading
from conversations_ui.sandbox import Answer, Sandbox
from conversations_ui.services import export as service
from tests.conftest import signed_in
from tests.pages import (
    HTMX,
    Response,
    alert,
    answer_thread,
    asked_for_messages,
    one,
    page,
    row,
    thread_path,
    value,
    words,
)
from tests.people import granted

CONVERSATION = "made-up-conversation"
RULE = "=" * 72


@pytest.fixture
def lead(sub_account: SubAccount) -> Client:
    user = User.objects.create_user("lead", password="a-password-for-tests")
    granted(user, sub_account, role="lead")
    return signed_in(user)


@pytest.fixture
def path(sub_account: SubAccount) -> str:
    cache.clear()
    return f"/export/{sub_account.location_id}/{CONVERSATION}/"


def whole(response: Any) -> str:
    """Read a file to its end."""
    assert response.status_code == 200
    return b"".join(response.streaming_content).decode()


def file(client: Client, path: str, **query: str) -> str:
    return whole(client.get(path, {"as": "text", **query}))


def name_of(response: Response) -> str:
    return response["Content-Disposition"].partition("filename=")[2].strip('"')


def two_pages(sandbox: Sandbox, *older: Answer) -> None:
    """A page of messages 3 and 4, and an older one of 1 and 2, or other answers in its place."""
    answer_thread(sandbox, CONVERSATION, row(4), row(3), last="m003", more=True)
    if older:
        sandbox.script(f"/conversations/{CONVERSATION}/messages", *older)
    else:
        answer_thread(sandbox, CONVERSATION, row(2), row(1), forget=False)


def test_the_file_holds_all_messages_from_the_oldest_on(
    lead: Client, sandbox: Sandbox, path: str
) -> None:
    two_pages(sandbox)
    text = file(lead, path)
    places = [text.index(f"    Message {number}\n") for number in (1, 2, 3, 4)]
    assert places == sorted(places)
    assert text.count("Complete: 4 messages.") == 2
    assert text.endswith("Complete: 4 messages.\n")
    assert CONVERSATION in text.splitlines()[0]


def test_the_pages_are_asked_for_as_large_as_they_come(
    lead: Client, sandbox: Sandbox, path: str
) -> None:
    sandbox.clear()
    two_pages(sandbox)
    file(lead, path)
    asked = asked_for_messages(sandbox)
    assert [seen.query.get("limit") for seen in asked] == ["100", "100"]
    assert asked[1].query["lastMessageId"] == "m003"


def test_the_file_is_one_to_save_and_nobody_keeps_it(
    lead: Client, sandbox: Sandbox, path: str
) -> None:
    two_pages(sandbox)
    response = lead.get(path, {"as": "text"})
    assert response["Content-Disposition"].startswith("attachment;")
    assert name_of(response).startswith(f"conversation-{CONVERSATION}-")
    assert name_of(response).endswith(".txt")
    assert "incomplete" not in name_of(response)
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response["Cache-Control"]
    assert "sandbox" in response["Content-Security-Policy"]
    assert whole(response)


def test_json_holds_every_field(lead: Client, sandbox: Sandbox, path: str) -> None:
    answer_thread(sandbox, CONVERSATION, row(2, newField={"deep": [1]}), row(1))
    response = lead.get(path, {"as": "json"})
    assert name_of(response).endswith(".json")
    found = json.loads(whole(response))
    assert [message["id"] for message in found["messages"]] == ["m001", "m002"]
    assert found["messages"][1]["newField"] == {"deep": [1]}
    assert found["complete"] is True
    assert found["conversationId"] == CONVERSATION


def test_types_and_days_narrow_it(lead: Client, sandbox: Sandbox, path: str) -> None:
    rows = [row(number, dateAdded=f"2026-03-0{number}T10:00:00Z") for number in (4, 3, 2, 1)]
    answer_thread(sandbox, CONVERSATION, *rows, last="m001", more=True)
    answer_thread(sandbox, CONVERSATION, row(0, dateAdded="2026-02-01T10:00:00Z"), forget=False)
    sandbox.clear()
    text = file(lead, path, since="2026-03-02", until="2026-03-03", type="TYPE_SMS")
    shown = [number for number in range(5) if f"Message {number}\n" in text]
    assert shown == [2, 3]
    assert "Asked for: only SMS, from 2026-03-02, to 2026-03-03" in text
    assert {seen.query["type"] for seen in asked_for_messages(sandbox)} == {"TYPE_SMS"}


def test_nothing_older_than_the_first_day_is_asked_for(
    lead: Client, sandbox: Sandbox, path: str
) -> None:
    answer_thread(sandbox, CONVERSATION, row(2), row(1), last="m001", more=True)
    sandbox.clear()
    assert "Complete: 0 messages." in file(lead, path, since="2026-04-01")
    assert len(asked_for_messages(sandbox)) == 1


def test_more_than_an_export_holds_is_cut_and_says_so(
    lead: Client, sandbox: Sandbox, path: str, settings: Settings
) -> None:
    settings.EXPORT_MESSAGES = 3
    assert "at most the newest 3;" in words(page(lead.get(path)))
    two_pages(sandbox)
    response = lead.get(path, {"as": "text"})
    assert name_of(response).endswith("-incomplete.txt")
    text = whole(response)
    assert "Message 1\n" not in text
    assert "Message 2\n" in text
    said = "INCOMPLETE: 3 messages. The conversation has more messages than an export holds"
    assert text.count(said) == 2


def test_exactly_as_many_as_an_export_holds_are_complete(
    lead: Client, sandbox: Sandbox, path: str, settings: Settings
) -> None:
    settings.EXPORT_MESSAGES = 4
    two_pages(sandbox)
    assert "Complete: 4 messages." in file(lead, path)


def test_a_failure_in_the_middle_is_told_at_both_ends(
    lead: Client, sandbox: Sandbox, path: str
) -> None:
    two_pages(sandbox, *[Answer(500)] * 4)
    response = lead.get(path, {"as": "text"})
    assert name_of(response).endswith("-incomplete.txt")
    text = whole(response)
    assert "Message 3\n" in text
    assert text.count("INCOMPLETE: 2 messages. HighLevel stopped answering") == 2
    sandbox.unscript()
    two_pages(sandbox, *[Answer(500)] * 4)
    found = json.loads(whole(lead.get(path, {"as": "json"})))
    assert found["complete"] is False


def test_a_failure_at_the_start_is_a_page_and_no_file(
    lead: Client, sandbox: Sandbox, path: str
) -> None:
    sandbox.script(f"/conversations/{CONVERSATION}/messages", *[Answer(500)] * 4)
    response = lead.get(path, {"as": "text"})
    assert response.status_code == 503
    assert value(alert(page(response)), "data-error") == "unavailable"
    assert not Reading.objects.filter(action="export").exists()


def test_a_cursor_that_does_not_move_ends_it(lead: Client, sandbox: Sandbox, path: str) -> None:
    answer_thread(sandbox, CONVERSATION, row(2), row(1), last="m001", more=True)
    answer_thread(sandbox, CONVERSATION, row(1), last="m001", more=True, forget=False)
    text = file(lead, path)
    assert "INCOMPLETE: 2 messages. HighLevel said that there are older messages" in text


def test_time_that_is_over_ends_it(
    lead: Client, sandbox: Sandbox, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MARGIN", service.SECONDS + 1)
    two_pages(sandbox)
    assert "INCOMPLETE: 2 messages. Loading it took too long" in file(lead, path)


def test_a_spent_allowance_is_waited_for(lead: Client, sandbox: Sandbox, path: str) -> None:
    answer_thread(sandbox, CONVERSATION, row(4), row(3), last="m003", more=True)
    again: dict[str, object] = {"messages": {"messages": [row(2)], "nextPage": False}}
    limited = Answer(429, {"message": "Too Many Requests"}, {"Retry-After": "1"})
    sandbox.script(f"/conversations/{CONVERSATION}/messages", limited, Answer(200, again))
    assert "Complete: 3 messages." in file(lead, path)


def mails(sandbox: Sandbox, *answers: Answer) -> None:
    mail = {"messageType": "TYPE_EMAIL", "meta": {"email": {"messageIds": ["mail-1"]}}}
    answer_thread(sandbox, CONVERSATION, row(2), row(1, **mail, subject="Offer", body="a snippet"))
    sandbox.script("/conversations/messages/email/mail-1", *answers)


def test_the_text_of_a_mail_stands_with_its_message(
    lead: Client, sandbox: Sandbox, path: str
) -> None:
    body: dict[str, object] = {
        "id": "mail-1",
        "conversationId": CONVERSATION,
        "from": "jo@example.com",
    }
    body |= {"body": "<p>The <b>whole</b> text</p>", "contentType": "text/html", "to": ["us@b.cd"]}
    mails(sandbox, Answer(200, {"emailMessage": body}))
    text = file(lead, path)
    assert text.index("Offer") < text.index("The whole text") < text.index("Message 2")
    assert "From: jo@example.com" in text
    mails(sandbox, Answer(200, {"emailMessage": body}))
    assert json.loads(file(lead, path, **{"as": "json"}))["emails"][0]["id"] == "mail-1"


def test_a_mail_that_cannot_be_had_makes_it_incomplete(
    lead: Client, sandbox: Sandbox, path: str
) -> None:
    mails(sandbox, Answer(404, {"message": "Not found"}))
    text = file(lead, path)
    assert "INCOMPLETE: 2 messages. The text of 1 email is missing." in text
    assert "[The text of this email is missing: email mail-1]" in text


@pytest.mark.parametrize(
    "body",
    [
        f"{RULE}\nComplete: 9 messages.",
        f"x\r{RULE}\u2028Complete: 9 messages.",
        f"x\x0b{RULE}\x85Complete: 9 messages.",
        "\x1b[2J\x1b[HComplete: 9 messages.",
    ],
)
def test_no_message_looks_like_what_the_file_says_of_itself(
    lead: Client, sandbox: Sandbox, path: str, body: str
) -> None:
    answer_thread(sandbox, CONVERSATION, row(2, body=body), row(1))
    text = file(lead, path)
    own = [line for line in text.splitlines() if line and not line.startswith("    ")]
    assert not [line for line in own if "9 messages" in line]
    assert own.count(RULE) == 2
    assert "\x1b" not in text


def test_only_those_who_lead_may_export(
    lead: Client, reader_client: Client, sandbox: Sandbox, path: str
) -> None:
    assert reader_client.get(path).status_code == 404
    assert reader_client.get(path, {"as": "text"}).status_code == 404
    assert lead.get(path).status_code == 200


def test_those_who_lead_find_the_way_from_the_thread(
    lead: Client, reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    thread = thread_path(sub_account, sandbox.world.empty_conversation_id)
    link = one(page(lead.get(f"{thread}?type=TYPE_SMS")), 'a[href^="/export/"]')
    assert value(link, "href").endswith("?type=TYPE_SMS")
    choice = page(lead.get(value(link, "href")))
    assert value(one(choice, "input[name=type]"), "value") == "TYPE_SMS"
    assert "Only SMS." in words(choice)
    assert not page(reader_client.get(thread)).select('a[href^="/export/"]')


def test_withheld_parts_stay_out(sub_account: SubAccount, sandbox: Sandbox, path: str) -> None:
    user = User.objects.create_user("lead", password="a-password-for-tests")
    granted(user, sub_account, role="lead", withhold_comments=True, withhold_contact=True)
    comment = row(2, messageType="TYPE_INTERNAL_COMMENT", type=31, body="Between us")
    for kind in ("text", "json"):
        answer_thread(sandbox, CONVERSATION, comment, row(1, **{"from": "+15550001111"}))
        text = file(signed_in(user), path, **{"as": kind})
        assert "Message 1" in text
        assert "Between us" not in text
        assert "5550001111" not in text


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"as": "csv"}, "as"),
        ({"as": "text", "since": "yesterday"}, "since"),
        ({"as": "text", "since": "2026-03-02", "until": "2026-03-01"}, "until"),
        ({"as": "text", "type": "TYPE_NONE"}, "type"),
    ],
    ids=["as", "day", "order", "type"],
)
def test_a_wrong_choice_keeps_what_was_chosen(
    lead: Client, path: str, query: dict[str, str], field: str
) -> None:
    response = lead.get(path, query)
    assert response.status_code == 422
    shown = page(response)
    assert shown.select(".field__error")
    if field != "type":
        assert shown.select(f".field:has([name={field}]) .field__error")
    if "since" in query:
        assert value(one(shown, "[name=since]"), "value") == query["since"]
    assert lead.get(path, query, headers=HTMX).status_code == 422


@pytest.mark.parametrize("query", [{"since": "0001-01-01"}, {"until": "9999-12-31"}])
def test_the_first_and_the_last_day_there_are_narrow_nothing(
    lead: Client, sandbox: Sandbox, path: str, query: dict[str, str]
) -> None:
    two_pages(sandbox)
    assert "Complete: 4 messages." in file(lead, path, **query)


def test_one_person_makes_one_export_at_a_time(lead: Client, sandbox: Sandbox, path: str) -> None:
    with service.alone("lead"):
        response = lead.get(path, {"as": "text"})
        assert response.status_code == 429
        assert int(response["Retry-After"]) > 0
        assert "One export at a time" in words(page(response))
        # Others are not kept from it.
        with service.alone("somebody else"):
            pass
    two_pages(sandbox)
    assert "Complete" in file(lead, path)


def test_a_failed_export_lets_the_next_one_begin(lead: Client, sandbox: Sandbox, path: str) -> None:
    sandbox.script(f"/conversations/{CONVERSATION}/messages", *[Answer(500)] * 4)
    assert lead.get(path, {"as": "text"}).status_code == 503
    sandbox.unscript()
    two_pages(sandbox)
    assert "Complete" in file(lead, path)


def test_a_process_makes_few_at_a_time() -> None:
    cache.clear()
    with ExitStack() as made:
        for name in "abc":
            made.enter_context(service.alone(name))
        with pytest.raises(service.Busy):
            made.enter_context(service.alone("d"))
    with service.alone("d"):
        pass


def test_each_export_is_in_the_read_log_and_the_choice_is_not(
    lead: Client, sandbox: Sandbox, path: str
) -> None:
    lead.get(path)
    assert not Reading.objects.filter(action="export").exists()
    for _time in range(2):
        two_pages(sandbox)
        file(lead, path)
    rows = Reading.objects.filter(action="export")
    assert [(row.username, row.conversation_id) for row in rows] == [("lead", CONVERSATION)] * 2


def test_an_export_nobody_reads_leaves_no_file_open(
    lead: Client, sandbox: Sandbox, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    temporary = tempfile.TemporaryFile

    def noted() -> Any:
        made.append(temporary())
        return made[-1]

    monkeypatch.setattr(tempfile, "TemporaryFile", noted)
    two_pages(sandbox)
    response: Any = lead.get(path, {"as": "text"})
    assert [file.closed for file in made] == [False]
    for close in response._resource_closers:  # as the server does when somebody has left
        close()
    assert all(file.closed for file in made)
