"""Upstream failures: an alert with its code, in its place, and nothing lost around it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from bs4 import BeautifulSoup, Tag
from django.test import Client
from pytest_django import Settings

from conversations_ui.accounts.models import SubAccount
from conversations_ui.sandbox import Answer, Sandbox
from tests.pages import (
    Response,
    alert,
    fragment,
    inbox_path,
    message_ids,
    one,
    page,
    thread_path,
    value,
    words,
)

TRACE = "2f1c7c1e-0000-4000-8000-00000000beef"
EVERYTHING = re.compile("^/")


def refusal(status: int, message: str) -> Answer:
    body: dict[str, object] = {"statusCode": status, "message": message, "traceId": TRACE}
    return Answer(status, body)


# name -> (what the API does, our code, our status)
FAULTS = {
    "expired": (refusal(401, "Invalid JWT"), "unauthorized", 502),
    "agency": (refusal(401, "This AuthClass is not yet supported"), "unauthorized", 502),
    "scope": (refusal(401, "The token is not authorized for this scope."), "scope", 502),
    "version": (refusal(401, "version header is invalid"), "bad-answer", 502),
    "hipaa": (refusal(403, "This location is in HIPAA mode"), "forbidden", 502),
    "forbidden": (
        refusal(403, "The token does not have access to this location."),
        "forbidden",
        502,
    ),
    "missing": (refusal(404, "Conversation not found"), "not-found", 404),
    "too many": (refusal(429, "Too Many Requests"), "rate-limited", 503),
    "slow search": (refusal(400, "Request timeout"), "unavailable", 503),
    "invalid": (refusal(422, "limit must not be greater than 100"), "bad-answer", 502),
    "fault": (refusal(500, "Internal server error"), "unavailable", 503),
    "gateway": (
        Answer(502, "<html><body><h1>502 Bad Gateway</h1></body></html>"),
        "unavailable",
        503,
    ),
    "reset": (Answer(reset=True), "unavailable", 503),
    "cut": (Answer(cut=0.5), "unavailable", 503),
    "gibberish": (Answer(raw=b"SSH-2.0-OpenSSH_9.6\r\n"), "unavailable", 503),
    "html": (Answer(200, "<html><body>Sign in</body></html>"), "bad-answer", 502),
    "half json": (Answer(200, '{"messages":{"nextPage":tru'), "bad-answer", 502),
    "other json": (Answer(200, [1, None, "x"]), "bad-answer", 502),
    "empty": (Answer(200, b""), "bad-answer", 502),
    "no content": (Answer(204, b""), "bad-answer", 502),
    "redirect": (Answer(302, b"", {"Location": "https://elsewhere.example/"}), "bad-answer", 502),
}


@dataclass(frozen=True)
class Place:
    """Where a failure may show: how to get there, and where its alert must stand."""

    inbox: bool
    query: str
    target: str
    within: str  # a selector of the alert's surroundings; empty: it stands alone
    retries: str  # what the retry link replaces; empty: the page


PLACES = {
    "page": Place(False, "", "", "[data-thread] #older", "thread"),
    # Its fragment is no thread: it is loaded again as a page.
    "page of older": Place(False, "?before=m1", "", "[data-thread] #older", ""),
    "thread": Place(False, "", "thread", "[data-thread] #older", "thread"),
    "messages": Place(False, "?type=TYPE_SMS", "messages", "", "messages"),
    "older": Place(False, "?before=m1", "older", "#older", "older"),
    "inbox page": Place(True, "?q=a", "", "#inbox #more", "inbox"),
    "inbox": Place(True, "?q=a", "inbox", "", "inbox"),
    "more": Place(True, "?after=5.x", "more", "li#more", "more"),
}


def ask(client: Client, account: SubAccount, place: Place) -> tuple[Response, str]:
    path = inbox_path(account) if place.inbox else thread_path(account, "conv")
    path += place.query
    if place.target:
        return fragment(client, path, place.target), path
    return client.get(path), path


def alerts(soup: Tag) -> list[Tag]:
    return [tag for tag in soup.select("[role=alert]") if tag.find_parent("template") is None]


# Every code in every place, and every other way to come by it in the quickest one.
ONE_OF_EACH_CODE = {code: name for name, (_answer, code, _status) in FAULTS.items()}
SHOWN = [(name, place) for name in ONE_OF_EACH_CODE.values() for place in PLACES]
SHOWN += [(name, "older") for name in FAULTS if name not in ONE_OF_EACH_CODE.values()]


@pytest.mark.parametrize(("fault", "where"), SHOWN)
def test_every_failure_shows_in_every_place(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, fault: str, where: str
) -> None:
    answer, code, status = FAULTS[fault]
    place = PLACES[where]
    sandbox.script(EVERYTHING, answer, times=None)
    response, path = ask(reader_client, sub_account, place)
    assert response.status_code == status
    shown = page(response)
    (found,) = alerts(shown)
    assert found["data-error"] == code
    assert words(one(found, "strong"))
    assert words(one(found, "strong + p"))
    if place.within:
        assert one(shown, place.within).select("[role=alert]") == [found]
    traces = [words(tag) for tag in found.select(".trace code")]
    # Of two calls side by side, the one that a 429 stopped before it was made has none.
    if not (fault == "too many" and traces == []):
        assert traces == [TRACE] * isinstance(answer.body, dict)
    retry = one(found, "[data-retry]")
    assert retry["href"] == path
    if place.retries:
        assert (retry["hx-get"], retry["hx-target"]) == (path, f"#{place.retries}")
    else:
        assert not retry.has_attr("hx-get")
    text = response.content.decode()
    assert sandbox.token not in text
    assert "Traceback" not in text
    assert "Exception" not in text


@pytest.mark.parametrize("where", [name for name, place in PLACES.items() if not place.target])
def test_a_failed_page_keeps_its_frame(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, where: str
) -> None:
    sandbox.script(EVERYTHING, refusal(503, "Down"), times=None)
    response, _path = ask(reader_client, sub_account, PLACES[where])
    shown = page(response)
    assert one(shown, "#inbox-form")
    assert one(shown, "#inbox .tabs").select("a")
    assert one(shown, "#thread")
    assert one(shown, 'form[action="/logout/"]')
    assert words(one(shown, "title"))


def test_a_failed_filter_leaves_what_is_shown_and_the_address(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    sandbox.script(EVERYTHING, refusal(503, "Down"), times=None)
    response, _path = ask(reader_client, sub_account, PLACES["messages"])
    assert response["HX-Retarget"] == "#thread-alerts"
    assert response["HX-Reswap"] == "innerHTML"
    assert response["HX-Push-Url"] == "false"
    assert [tag["role"] for tag in page(response).find_all(recursive=False)] == ["alert"]


def test_a_failed_search_leaves_the_rows_and_the_address(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    sandbox.script(EVERYTHING, refusal(503, "Down"), times=None)
    response, _path = ask(reader_client, sub_account, PLACES["inbox"])
    assert response["HX-Retarget"] == "#inbox-alerts"
    assert response["HX-Reswap"] == "innerHTML"
    assert response["HX-Push-Url"] == "false"
    assert [tag["role"] for tag in page(response).find_all(recursive=False)] == ["alert"]


def test_the_slots_of_alerts_are_on_every_page(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    thread = thread_path(sub_account, sandbox.world.empty_conversation_id)
    assert one(page(reader_client.get(thread)), "#thread-alerts")
    assert one(page(reader_client.get(inbox_path(sub_account))), "#inbox-alerts")


def follow(client: Client, retry: Tag) -> BeautifulSoup:
    """Follow a retry link as htmx does."""
    target = value(retry, "hx-target").removeprefix("#")
    return page(fragment(client, value(retry, "hx-get"), target))


def test_failed_older_messages_are_retried_in_place(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    path = thread_path(sub_account, sandbox.world.long_conversation_id)
    link = one(page(fragment(reader_client, path, "messages")), "a[data-load-older]")
    sandbox.script(EVERYTHING, refusal(500, "Down"))
    failed = fragment(reader_client, value(link, "hx-get"), "older")
    assert "HX-Retarget" not in failed
    shown = page(failed)
    assert [tag["id"] for tag in shown.find_all(recursive=False)] == ["older"]
    retry = one(shown, "a[data-load-older]")
    assert retry.has_attr("data-retry")
    assert "Older messages did not load" in words(alert(shown))
    again = follow(reader_client, retry)
    assert alerts(again) == []
    assert len(message_ids(again)) == 50


def test_a_failed_thread_is_retried_in_place(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    path = thread_path(sub_account, sandbox.world.long_conversation_id)
    sandbox.script(EVERYTHING, refusal(500, "Down"), times=3)
    failed = page(reader_client.get(path))
    sandbox.unscript()
    again = follow(reader_client, one(failed, "[data-retry]"))
    assert [tag["id"] for tag in again.find_all("section", recursive=False)] == ["thread"]
    assert len(message_ids(again)) == 50


def test_a_failed_inbox_is_retried_in_place(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    sandbox.script("/conversations/search", refusal(500, "Down"))
    failed = page(reader_client.get(inbox_path(sub_account)))
    again = follow(reader_client, one(failed, "[data-retry]"))
    assert [tag["id"] for tag in again.find_all(recursive=False)] == ["inbox"]
    assert len(again.select("[data-conversation-id]")) == 25


def test_failed_further_rows_are_retried_in_place(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    shown = page(reader_client.get(inbox_path(sub_account)))
    more = value(one(shown, "a[data-load-more]"), "hx-get")
    sandbox.script("/conversations/search", refusal(500, "Down"))
    failed = page(fragment(reader_client, more, "more"))
    assert [tag["id"] for tag in failed.find_all(recursive=False)] == ["more"]
    again = follow(reader_client, one(failed, "[data-retry]"))
    assert {tag.name for tag in again.find_all(recursive=False)} == {"li"}
    assert len(again.select("[data-conversation-id]")) == 25


def test_the_apis_own_sentence_is_shown_escaped_and_bounded(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    said = "<b>No</b> &lt;script&gt;alert(1)&lt;/script&gt; & \"so\" 'on' " + "x" * 500
    sandbox.script(EVERYTHING, refusal(500, said), times=None)
    response = reader_client.get(thread_path(sub_account, "conv"))
    found = alert(page(response))
    assert "HighLevel says: “No <script>alert(1)</script> & \"so\" 'on' xxx" in words(found)
    assert found.select_one("script, b") is None
    assert "x" * 301 not in response.content.decode()


def test_a_token_in_the_apis_answer_is_not_repeated(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    sandbox.script(EVERYTHING, refusal(401, f"Token {sandbox.token} is invalid"), times=None)
    response = reader_client.get(thread_path(sub_account, "conv"))
    assert alert(page(response))["data-error"] == "unauthorized"
    assert sandbox.token not in response.content.decode()


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("where", ["page", "messages", "older", "inbox", "more"])
def test_the_wait_the_api_asks_for_is_passed_on(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, status: int, where: str
) -> None:
    body: dict[str, object] = {"message": "Wait"}
    sandbox.script(EVERYTHING, Answer(status, body, {"Retry-After": "7"}), times=None)
    response, _path = ask(reader_client, sub_account, PLACES[where])
    assert response["Retry-After"] == "7"
    assert "can be asked again in 7 seconds" in words(alert(page(response)))


def test_the_burst_limit_of_the_api_tells_when_it_ends(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    headers = {"x-ratelimit-interval-milliseconds": "10000"}
    body: dict[str, object] = {"message": "Too Many Requests"}
    sandbox.script(EVERYTHING, Answer(429, body, headers), times=None)
    response = reader_client.get(inbox_path(sub_account))
    assert (response.status_code, response["Retry-After"]) == (503, "10")


def test_the_daily_limit_is_told_from_the_burst(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    headers = {"x-ratelimit-daily-remaining": "0", "x-ratelimit-daily-reset": "7200000"}
    body: dict[str, object] = {"message": "Too Many Requests"}
    sandbox.script(EVERYTHING, Answer(429, body, headers), times=None)
    response = reader_client.get(inbox_path(sub_account))
    found = alert(page(response))
    assert found["data-error"] == "rate-limited"
    assert "Today’s requests are used up" in words(found)
    assert "can be asked again in 2 hours" in words(found)


def test_without_a_wait_there_is_no_header(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    sandbox.script(EVERYTHING, refusal(500, "Internal server error"), times=None)
    assert "Retry-After" not in reader_client.get(inbox_path(sub_account))


@pytest.mark.parametrize(
    ("label", "code", "sentence"),
    [
        ("expired", "unauthorized", "no longer accepts our key"),
        ("agency", "unauthorized", "agency’s key"),
        ("no_messages_scope", "scope", "one more permission"),
        ("hipaa", "forbidden", "HIPAA"),
        ("other_location", "forbidden", "refuses this"),
    ],
)
def test_each_fault_of_a_token_is_told_apart(
    reader_client: Client,
    sub_account: SubAccount,
    sandbox: Sandbox,
    label: str,
    code: str,
    sentence: str,
) -> None:
    sub_account.set_token(sandbox.tokens[label])
    sub_account.save()
    response = reader_client.get(thread_path(sub_account, sandbox.world.long_conversation_id))
    assert response.status_code == 502
    found = alert(page(response))
    assert found["data-error"] == code
    assert sentence in words(found)
    assert sandbox.tokens[label] not in response.content.decode()


def test_a_token_that_may_not_read_contacts_still_reads_the_thread(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    sub_account.set_token(sandbox.tokens["no_contacts_scope"])
    sub_account.save()
    response = reader_client.get(thread_path(sub_account, sandbox.world.long_conversation_id))
    assert response.status_code == 200
    shown = page(response)
    assert len(message_ids(shown)) == 50
    assert "Contact details could not be loaded." in words(one(shown, ".thread__sub"))


@pytest.mark.parametrize("where", PLACES)
def test_a_token_that_cannot_be_decrypted_is_an_alert_too(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, where: str
) -> None:
    sub_account.encrypted_token = "of another installation"
    sub_account.save()
    sandbox.clear()
    response, _path = ask(reader_client, sub_account, PLACES[where])
    assert response.status_code == 502
    (found,) = alerts(page(response))
    assert found["data-error"] == "unauthorized"
    assert "started with other keys" in words(found)
    assert sandbox.requests == []


def test_an_unreachable_api_is_unavailable(
    reader_client: Client, sub_account: SubAccount, settings: Settings
) -> None:
    settings.HIGHLEVEL_API_URL = "http://127.0.0.1:9"
    response = reader_client.get(inbox_path(sub_account))
    assert response.status_code == 503
    assert alert(page(response))["data-error"] == "unavailable"


def test_an_unknown_conversation_leads_back_to_its_inbox(
    reader_client: Client, sub_account: SubAccount
) -> None:
    response = reader_client.get(thread_path(sub_account, "nobody-knows-me"))
    assert response.status_code == 404
    found = alert(page(response))
    assert found["data-error"] == "not-found"
    assert found.select_one(f'a[href="{inbox_path(sub_account)}"]')
