"""The sandbox answers like the API does, odd forms included."""

from __future__ import annotations

import datetime
import re
import socket
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from conversations_ui.sandbox import Answer, Sandbox
from conversations_ui.sandbox.catalogue import DOCUMENTED_TYPES, EXTRA_CODES, FILTERS
from conversations_ui.sandbox.data import build
from conversations_ui.sandbox.oauth import Permission
from conversations_ui.sandbox.script import Chaos

VERSION = "2021-04-15"


class Caller:
    """Asks one sandbox over real HTTP on one connection."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox, self.world = sandbox, sandbox.world
        self.session = requests.Session()

    def get(
        self, path: str, *, token: str = "main", version: str | None = VERSION, **params: Any
    ) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.sandbox.tokens.get(token, token)}"}
        if version:
            headers["Version"] = version
        url = self.sandbox.url + path
        return self.session.get(url, params=params, headers=headers, timeout=10)

    def post(
        self, path: str, *, version: str = "", token: str = "", **given: Any
    ) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.sandbox.tokens[token]}"} if token else {}
        if version:
            headers["Version"] = version
        url = self.sandbox.url + path
        return self.session.post(url, headers=headers, timeout=10, **given)

    def page(self, conversation_id: str, **params: Any) -> dict[str, Any]:
        answer = self.get(f"/conversations/{conversation_id}/messages", **params)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()["messages"]
        return found

    def search(self, **params: Any) -> dict[str, Any]:
        given = {"locationId": self.world.main_location_id} | params
        answer = self.get("/conversations/search", **given)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def walk(self, conversation_id: str, **params: Any) -> list[dict[str, Any]]:
        page = self.page(conversation_id, **params)
        rows = list(page["messages"])
        while page["nextPage"]:
            page = self.page(conversation_id, **params, lastMessageId=page["lastMessageId"])
            rows += page["messages"]
        return rows


@pytest.fixture(scope="module")
def shared() -> Iterator[Caller]:
    with Sandbox(rate_limit=None) as sandbox:
        caller = Caller(sandbox)
        with caller.session:
            yield caller


@pytest.fixture
def caller(shared: Caller) -> Iterator[Caller]:
    yield shared
    shared.sandbox.reset()


@pytest.fixture
def fresh() -> Iterator[Caller]:
    with Sandbox() as sandbox:
        caller = Caller(sandbox)
        with caller.session:
            yield caller


def sentence(answer: requests.Response) -> tuple[int, Any]:
    return answer.status_code, answer.json()["message"]


# Tokens, versions, scopes


@pytest.mark.parametrize(
    ("token", "version", "status", "message"),
    [
        ("", VERSION, 401, "Invalid JWT"),
        ("nonsense", VERSION, 401, "Invalid JWT"),
        ("expired", VERSION, 401, "Invalid JWT"),
        ("pit-nonsense", VERSION, 401, "Invalid Private Integration token"),
        ("main", None, 401, "version header was not found."),
        ("main", "2020-01-01", 401, "version header is invalid"),
        ("agency", VERSION, 401, "This AuthClass is not yet supported for this endpoint."),
        ("no_messages_scope", VERSION, 401, "The token is not authorized for this scope."),
        ("other_location", VERSION, 403, "The token does not have access to this location."),
    ],
)
def test_a_refused_token_gets_the_real_sentence(
    caller: Caller, token: str, version: str | None, status: int, message: str
) -> None:
    path = f"/conversations/{caller.world.long_conversation_id}/messages"
    answer = caller.get(path, token=token, version=version)
    assert sentence(answer) == (status, message)
    assert answer.json()["statusCode"] == status
    assert answer.json()["traceId"]


def test_hipaa_mode_blocks_messages_and_nothing_else(caller: Caller) -> None:
    path = f"/conversations/{caller.world.long_conversation_id}"
    assert caller.get(path, token="hipaa").status_code == 200
    status, message = sentence(caller.get(f"{path}/messages", token="hipaa"))
    assert status == 401
    assert "HIPAA" in message


def test_a_missing_scope_is_told_before_a_foreign_sub_account(caller: Caller) -> None:
    contact = caller.world.conversations[caller.world.foreign_conversation_id]["contactId"]
    assert caller.get(f"/contacts/{contact}", token="no_contacts_scope").status_code == 401


@pytest.mark.parametrize("version", ["v3", "2023-02-21", "2021-07-28", "2021-04-15"])
def test_every_known_version_is_accepted(caller: Caller, version: str) -> None:
    path = f"/locations/{caller.world.main_location_id}"
    assert caller.get(path, version=version).status_code == 200


def test_unknown_paths_and_writing_answer_404(caller: Caller) -> None:
    assert sentence(caller.get("/nowhere")) == (404, "Cannot GET /nowhere")
    answer = caller.post("/conversations/messages", token="main", json={"type": "SMS"})
    assert sentence(answer) == (404, "Cannot POST /conversations/messages")
    # The connection is still in step: the body of the refused request was read.
    assert caller.get("/nowhere").status_code == 404


# Messages


def test_the_envelope_is_nested_and_holds_the_cursor_on_the_last_page_too(caller: Caller) -> None:
    answer = caller.get(f"/conversations/{caller.world.cjk_conversation_id}/messages", limit=100)
    assert set(answer.json()) == {"messages", "traceId"}
    page = answer.json()["messages"]
    assert page["nextPage"] is False
    assert page["lastMessageId"] == page["messages"][-1]["id"]


def test_twenty_rows_come_without_a_limit(caller: Caller) -> None:
    assert len(caller.page(caller.world.long_conversation_id)["messages"]) == 20


@pytest.mark.parametrize("limit", [20, 50, 100])
def test_paging_gives_every_row_once_newest_first(caller: Caller, limit: int) -> None:
    conversation = caller.world.long_conversation_id
    ids = [row["id"] for row in caller.walk(conversation, limit=limit)]
    assert ids == [row["id"] for row in reversed(caller.world.threads[conversation])]
    assert len(ids) == 5000


@pytest.mark.parametrize("edge", [20, 50, 100])
def test_rows_of_the_same_millisecond_straddle_page_edges(caller: Caller, edge: int) -> None:
    rows = caller.world.threads[caller.world.long_conversation_id][::-1]
    assert rows[edge - 1]["dateAdded"] == rows[edge]["dateAdded"]


def test_a_filter_has_its_own_cursor(caller: Caller) -> None:
    conversation = caller.world.long_conversation_id
    rows = caller.walk(conversation, limit=40, type="TYPE_CALL,TYPE_INTERNAL_COMMENTS")
    wanted = {"TYPE_CALL", "TYPE_INTERNAL_COMMENT"}
    everything = reversed(caller.world.threads[conversation])
    expected = [row["id"] for row in everything if row["messageType"] in wanted]
    assert [row["id"] for row in rows] == expected


def test_a_cursor_outside_the_filtered_list_works_by_its_place(caller: Caller) -> None:
    conversation = caller.world.showcase_conversation_id
    cursor = caller.world.showcase["TYPE_ACTIVITY_INVOICE"]
    page = caller.page(conversation, type="TYPE_EMAIL", lastMessageId=cursor)
    places = [caller.world.places[row["id"]] for row in page["messages"]]
    assert places
    assert max(places) < caller.world.places[cursor]


def test_a_filter_finds_rows_with_a_short_type_name(caller: Caller) -> None:
    rows = caller.walk(caller.world.showcase_conversation_id, type="TYPE_SMS", limit=100)
    assert "SMS" in {row["messageType"] for row in rows}


@pytest.mark.parametrize(
    ("params", "start"),
    [
        ({"type": "TYPE_REVIEW"}, "each value in type must be one of"),
        ({"type": "TYPE_SMS,TYPE_INTERNAL_COMMENT"}, "each value in type must be one of"),
        ({"limit": 101}, "limit must not be greater than 100"),
        ({"limit": 0}, "limit must not be less than 1"),
        ({"limit": "many"}, "limit must be a number"),
        ({"page": 2}, "property page should not exist"),
    ],
)
def test_invalid_parameters_are_refused_with_a_list(
    caller: Caller, params: dict[str, Any], start: str
) -> None:
    answer = caller.get(f"/conversations/{caller.world.long_conversation_id}/messages", **params)
    status, message = sentence(answer)
    assert status == 422
    assert message[0].startswith(start)


def test_all_nineteen_filters_are_accepted(caller: Caller) -> None:
    assert len(FILTERS) == 19
    page = caller.page(caller.world.showcase_conversation_id, type=",".join(FILTERS), limit=100)
    assert page["messages"]


def test_a_cursor_of_another_conversation_is_refused(caller: Caller) -> None:
    other = caller.world.threads[caller.world.rtl_conversation_id][0]["id"]
    path = f"/conversations/{caller.world.long_conversation_id}/messages"
    for cursor in (other, "nonsense"):
        assert sentence(caller.get(path, lastMessageId=cursor)) == (400, "Invalid lastMessageId")


def test_a_conversation_may_be_empty_or_unknown(caller: Caller) -> None:
    page = caller.page(caller.world.empty_conversation_id)
    assert page == {"lastMessageId": "", "nextPage": False, "messages": []}
    assert caller.get("/conversations/nobody/messages").status_code == 404


def test_the_showcase_holds_every_type_and_the_odd_rows(caller: Caller) -> None:
    rows = {row["id"]: row for row in caller.walk(caller.world.showcase_conversation_id, limit=100)}
    known = {*DOCUMENTED_TYPES, *EXTRA_CODES, "SMS"}
    assert {row["messageType"] for row in rows.values()} == known
    labelled = {label: rows[key] for label, key in caller.world.showcase.items() if key in rows}
    assert "direction" not in labelled["no_direction"]
    assert "body" not in labelled["no_body"]
    assert "dateAdded" not in labelled["no_date"]
    assert labelled["call_completed_96"]["meta"]["call"]["duration"] == "96"
    assert labelled["call_completed_None"]["meta"]["call"]["duration"] is None
    assert labelled["meta_documented_call"]["meta"]["callDuration"] == "120"
    assert labelled["meta_nested_email"]["meta"]["email"]["email"]["messageIds"]
    assert labelled["status_failed"]["error"]


def test_an_activity_has_its_recorded_shape(caller: Caller) -> None:
    row = caller.page(caller.world.showcase_conversation_id, type="TYPE_ACTIVITY_APPOINTMENT")[
        "messages"
    ][0]
    assert not {"status", "contentType", "userId", "attachments", "meta"} & set(row)
    assert row["direction"] == "outbound"
    assert set(row["activity"]) == {"type", "title", "data"}


def test_a_single_message_is_wrapped(caller: Caller) -> None:
    row = caller.world.threads[caller.world.long_conversation_id][-1]
    assert caller.get(f"/conversations/messages/{row['id']}").json()["message"] == row
    assert caller.get("/conversations/messages/{id}").status_code == 404


def test_text_that_is_no_valid_unicode_still_arrives(caller: Caller) -> None:
    bodies = {row.get("body") for row in caller.walk(caller.world.hostile_conversation_id)}
    assert "A cut-off emoji at the end \ud83d" in bodies
    assert "../../etc/passwd\x00.png" in bodies


# Conversations


def test_search_speaks_in_milliseconds(caller: Caller) -> None:
    answer = caller.search(limit=100)
    assert answer["total"] == 220
    assert answer["traceId"]
    dates = [raw["lastMessageDate"] for raw in answer["conversations"]]
    assert dates == sorted(dates, reverse=True)
    for raw in answer["conversations"]:
        assert raw["sort"] == [raw["lastMessageDate"]]
        assert isinstance(raw["dateAdded"], int)


def test_the_search_row_agrees_with_its_thread(caller: Caller) -> None:
    for raw in caller.search(limit=100)["conversations"]:
        rows = caller.world.threads[raw["id"]]
        if rows:
            moment = datetime.datetime.fromisoformat(rows[-1]["dateAdded"])
            assert round(moment.timestamp() * 1000) == raw["lastMessageDate"]


@pytest.mark.parametrize("limit", [20, 25, 50])
def test_conversations_share_a_millisecond_at_page_edges(caller: Caller, limit: int) -> None:
    page = caller.search(limit=limit)["conversations"]
    after = page[-1]["sort"][0]
    missed = caller.search(limit=limit, startAfterDate=after)["conversations"]
    everything = caller.search(limit=100)["conversations"]
    assert everything[limit - 1]["sort"] == everything[limit]["sort"]
    # Exclusive by value and without a tie-break, so the twin beyond the edge is lost.
    assert everything[limit]["id"] not in {raw["id"] for raw in [*page, *missed]}


def test_search_pages_to_its_end_ascending(caller: Caller) -> None:
    seen: list[int] = []
    page = caller.search(sort="asc", limit=30)["conversations"]
    while page:
        seen += [raw["lastMessageDate"] for raw in page]
        page = caller.search(sort="asc", limit=30, startAfterDate=seen[-1])["conversations"]
    assert seen == sorted(seen)
    assert seen[-1] == max(raw["lastMessageDate"] for raw in caller.search()["conversations"])


def test_search_ignores_page_and_offset(caller: Caller) -> None:
    assert caller.search(page=3, offset=40)["conversations"] == caller.search()["conversations"]


def test_search_filters(caller: Caller) -> None:
    def all_of(**params: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = caller.search(limit=100, **params)["conversations"]
        assert found
        return found

    staff = caller.world.conversations[caller.world.long_conversation_id]["assignedTo"]
    assert all(raw["unreadCount"] for raw in all_of(status="unread"))
    assert not any(raw["unreadCount"] for raw in all_of(status="read"))
    assert all(raw["starred"] for raw in all_of(status="starred"))
    assert all(raw["assignedTo"] == staff for raw in all_of(assignedTo=staff))
    assert not any("assignedTo" in raw for raw in all_of(assignedTo="unassigned"))
    assert {r["lastMessageType"] for r in all_of(lastMessageType="TYPE_SMS")} == {"TYPE_SMS"}
    assert {r["lastMessageDirection"] for r in all_of(lastMessageDirection="inbound")} == {
        "inbound"
    }
    one = caller.world.conversations[caller.world.rtl_conversation_id]
    for key in ("contactName", "email", "phone"):
        assert one["id"] in {raw["id"] for raw in all_of(query=one[key].upper())}
    assert [raw["id"] for raw in all_of(contactId=one["contactId"])] == [one["id"]]
    start = one["dateAdded"]
    assert all(raw["dateAdded"] >= start for raw in all_of(startDate=start))


def test_search_refuses_values_it_does_not_know(caller: Caller) -> None:
    location = caller.world.main_location_id
    assert caller.get("/conversations/search").status_code == 422
    for name in ("status", "sort", "sortBy", "lastMessageType", "limit", "startAfterDate"):
        answer = caller.get("/conversations/search", locationId=location, **{name: "odd"})
        assert answer.status_code == 422, name
    assert caller.get("/conversations/search", locationId="elsewhere").status_code == 403


def test_group_messages_hide_from_the_default_search(caller: Caller) -> None:
    group = caller.world.group_conversation_id
    assert not caller.search(id=group)["conversations"]
    shown = caller.search(conversationType=5)["conversations"]
    assert [raw["id"] for raw in shown] == [group]
    assert caller.page(group)["messages"]


def test_recorded_oddities_of_the_search_row(caller: Caller) -> None:
    rows = caller.search(limit=100)["conversations"]
    assert any("starred" in raw for raw in rows)
    assert not all("starred" in raw for raw in rows)
    assert any("phone" not in raw for raw in rows)
    assert any(raw.get("phone", "") is None for raw in rows)
    empty = caller.search(id=caller.world.empty_conversation_id)["conversations"][0]
    assert empty["lastMessageType"] == "TYPE_NO_SHOW"
    assert empty["messageTypes"] == [100]
    assert "lastMessageBody" not in empty


def test_a_conversation_by_id_is_flat_with_numbers_and_a_date_object(caller: Caller) -> None:
    raw = caller.get(f"/conversations/{caller.world.showcase_conversation_id}").json()
    summary = caller.world.conversations[raw["id"]]
    date = raw["lastMessageDate"]
    moment = date["seconds"] * 1000 + date["nanoseconds"] // 1_000_000
    assert moment == summary["lastMessageDate"]
    assert raw["lastMessageType"] == 19
    assert raw["type"] == 1
    assert not {"inbox", "unreadCount", "contactName", "email", "phone"} & set(raw)


# People and places


def test_contact_user_and_location(caller: Caller) -> None:
    summary = caller.world.conversations[caller.world.long_conversation_id]
    contact = caller.get(f"/contacts/{summary['contactId']}").json()["contact"]
    assert "name" not in contact
    assert contact["firstName"] == "Maya"
    user = caller.get(f"/users/{summary['assignedTo']}").json()
    assert user["name"] == "Tom Reyes"
    assert isinstance(user["scopes"], list)
    assert user["traceId"]
    location = caller.get(f"/locations/{summary['locationId']}").json()["location"]
    assert location["timezone"] == "America/Chicago"
    assert location["logoUrl"].startswith(caller.sandbox.url)
    assert caller.get("/users/", locationId=summary["locationId"]).json()["users"] == []
    company = location["companyId"]
    assert caller.get("/users/search", companyId=company, query="reyes").json()["count"] == 1


def test_a_deleted_or_foreign_contact_is_a_400(caller: Caller) -> None:
    deleted = caller.world.deleted_contact_conversation_id
    foreign = caller.world.foreign_conversation_id
    for conversation, token in ((deleted, "main"), (foreign, "oauth")):
        contact = caller.world.conversations[conversation]["contactId"]
        answer = caller.get(f"/contacts/{contact}", token=token)
        assert sentence(answer) == (400, "Contact not found")


# Mail, calls, files, export


def test_a_mail_row_leads_to_its_mails(caller: Caller) -> None:
    rows = caller.walk(caller.world.email_conversation_id, type="TYPE_EMAIL")
    mails = [key for row in rows for key in row["meta"]["email"]["messageIds"]]
    kinds = set()
    for key in mails:
        mail = caller.get(f"/conversations/messages/email/{key}").json()["emailMessage"]
        kinds.add(mail["contentType"])
        assert "sandbox://" not in mail["body"]
    assert kinds == {"text/html", "text/plain"}
    assert caller.get(f"/conversations/messages/email/{rows[0]['id']}").status_code == 400
    assert caller.get(f"/conversations/messages/{mails[0]}").status_code == 400
    inbound = [row for row in rows if row["direction"] == "inbound"]
    assert not any({"subject", "body", "from"} & set(row) for row in inbound)


@pytest.mark.parametrize("form", ["array", "sentences", "documented"])
def test_a_recording_is_a_whole_wav_whatever_the_range(caller: Caller, form: str) -> None:
    message, location = caller.world.showcase[f"recorded_{form}"], caller.world.main_location_id
    url = f"{caller.sandbox.url}/conversations/messages/{message}/locations/{location}/recording"
    headers = {"Authorization": f"Bearer {caller.sandbox.token}", "Version": VERSION}
    answer = caller.session.get(url, headers=headers | {"Range": "bytes=0-99"}, timeout=10)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "audio/x-wav"
    assert answer.headers["Content-Disposition"] == "attachment; filename=audio.wav"
    assert answer.content[:4] + answer.content[8:12] == b"RIFFWAVE"
    bytes_a_second = int.from_bytes(answer.content[28:32], "little")
    place = answer.content.index(b"data")
    size = int.from_bytes(answer.content[place + 4 : place + 8], "little")
    assert len(answer.content) == place + 8 + size
    assert size == caller.world.recordings[message].seconds * bytes_a_second


def test_a_call_without_recording_is_a_422(caller: Caller) -> None:
    message, location = caller.world.showcase["unrecorded"], caller.world.main_location_id
    path = f"/conversations/messages/{message}/locations/{location}/recording"
    assert sentence(caller.get(path)) == (422, "Message does not have recording")


def test_transcripts_come_in_every_form(caller: Caller) -> None:
    location = caller.world.main_location_id

    def ask(form: str, more: str = "") -> requests.Response:
        message = caller.world.showcase[f"recorded_{form}"]
        path = f"/conversations/locations/{location}/messages/{message}/transcription{more}"
        return caller.get(path)

    assert isinstance(ask("array").json()[1]["startTime"], float)
    assert ask("sentences").json()["sentences"][0]["speaker"] == "Speaker 1"
    assert ask("data").json()["data"]
    assert ask("transcriptions").json()["transcriptions"][1]["startTime"].isdecimal()
    assert ask("object").json()["transcript"]
    assert isinstance(ask("documented").json(), list)
    text = ask("array", "/download")
    assert text.headers["Content-Type"] == "text/plain"
    assert re.match(r"00:00: \S", text.text)


def test_attachments_are_read_without_a_token_and_refuse_one(caller: Caller) -> None:
    rows = caller.walk(caller.world.media_conversation_id)
    files = [url for row in rows for url in row["attachments"] if "/attachments/" in url]
    statuses = set()
    for url in files:
        assert url.startswith(caller.sandbox.url)
        answer = requests.get(url, timeout=10)
        statuses.add(answer.status_code)
        if url.endswith(".png"):
            check_png(answer.content)
        elif url.endswith(".jpg") and answer.ok:
            assert answer.content.startswith(b"\xff\xd8\xff\xe0")
            assert answer.content.endswith(b"\xff\xd9")
    assert statuses == {200, 404}
    token = {"Authorization": f"Bearer {caller.sandbox.token}"}
    assert requests.get(files[0], headers=token, timeout=10).status_code == 403


def check_png(content: bytes) -> None:
    size = int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
    start = content.index(b"IDAT")
    length = int.from_bytes(content[start - 4 : start], "big")
    pixels = zlib.decompress(content[start + 4 : start + 4 + length])
    assert len(pixels) == (size[0] * 3 + 1) * size[1]


def test_export_walks_the_sub_account_and_leaves_mail_out(caller: Caller) -> None:
    location, path = caller.world.second_location_id, "/conversations/messages/export"
    rows: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = caller.get(path, locationId=location, limit=500, cursor=cursor).json()
        rows += answer["messages"]
        cursor = answer["nextCursor"]
    assert len({row["id"] for row in rows}) == len(rows) == answer["total"]
    assert "TYPE_EMAIL" not in {row["messageType"] for row in rows}
    mail = caller.get(path, locationId=location, channel="Email").json()["messages"]
    assert {row["messageType"] for row in mail} <= {"TYPE_EMAIL", "TYPE_CAMPAIGN_EMAIL"}
    assert mail
    assert caller.get(path, locationId=location, limit=9).status_code == 422
    assert caller.get(path, locationId=location, cursor="odd").status_code == 400


def test_export_goes_both_ways_from_a_date(caller: Caller) -> None:
    long, location = caller.world.long_conversation_id, caller.world.main_location_id
    start = caller.world.threads[long][2500]["dateAdded"]
    rows = caller.get(
        "/conversations/messages/export",
        locationId=location,
        conversationId=long,
        startDate=start,
        sortOrder="asc",
        limit=10,
    ).json()["messages"]
    assert rows[0]["dateAdded"] >= start
    assert [row["dateAdded"] for row in rows] == sorted(row["dateAdded"] for row in rows)


# OAuth


def test_a_refresh_kills_the_old_refresh_token(fresh: Caller) -> None:
    app = fresh.sandbox.app
    with app.lock:
        refresh_token = app.new_chain(Permission(fresh.world.main_location_id))
    form = {
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "grant_type": "refresh_token",
        "refresh_token": refresh_token,
        "user_type": "Location",
    }
    answer = fresh.post("/oauth/token", data=form).json()
    assert answer["expires_in"] == 86399
    assert answer["locationId"] == fresh.world.main_location_id
    path = f"/locations/{fresh.world.main_location_id}"
    assert fresh.get(path, token=answer["access_token"]).status_code == 200
    again = fresh.post("/oauth/token", data=form)
    assert sentence(again) == (400, "Invalid grant: refresh token is invalid")
    form["refresh_token"] = answer["refresh_token"]
    assert fresh.post("/oauth/token", data=form).status_code == 200


def test_v3_speaks_camel_case(fresh: Caller) -> None:
    app = fresh.sandbox.app
    code = app.new_code(Permission(fresh.world.main_location_id))
    body = {"clientId": app.client_id, "clientSecret": app.client_secret, "code": code}
    missing = fresh.post("/oauth/token", version="v3", json=body)
    assert sentence(missing) == (400, "Missing parameter: grantType")
    body["grantType"] = "authorization_code"
    assert fresh.post("/oauth/token", version="v3", json=body).json()["accessToken"]
    assert fresh.post("/oauth/token", version="v3", json=body).status_code == 400


def test_an_agency_token_buys_one_for_a_sub_account(fresh: Caller) -> None:
    given = {"companyId": fresh.world.company_id, "locationId": fresh.world.second_location_id}

    def buy(path: str) -> requests.Response:
        return fresh.post(path, version="2021-07-28", token="agency", data=given)

    token = buy("/oauth/locationToken").json()["access_token"]
    foreign = fresh.world.foreign_conversation_id
    assert fresh.get(f"/conversations/{foreign}", token=token).status_code == 200
    assert buy("/oauth/location-token").status_code == 404
    found = fresh.get(
        "/oauth/installedLocations",
        token="agency",
        companyId=fresh.world.company_id,
        appId=fresh.sandbox.app.app_id,
    ).json()
    assert [raw["_id"] for raw in found["locations"]] == list(fresh.sandbox.locations)


# Limits, scripts, odd forms


def test_the_hundred_and_first_request_is_refused_until_the_interval_is_over() -> None:
    now = [0.0]
    with Sandbox(clock=lambda: now[0]) as sandbox, requests.Session() as session:
        session.headers.update({"Authorization": f"Bearer {sandbox.token}", "Version": VERSION})
        url = f"{sandbox.url}/locations/{sandbox.locations[0]}"
        left = [session.get(url, timeout=10).headers["x-ratelimit-remaining"] for _ in range(100)]
        assert left == [str(n) for n in range(99, -1, -1)]
        refused = session.get(url, timeout=10)
        assert refused.status_code == 429
        assert refused.headers["x-ratelimit-remaining"] == "0"
        assert refused.headers["x-ratelimit-interval-milliseconds"] == "10000"
        assert int(refused.headers["x-ratelimit-daily-remaining"]) == 199_900
        other = f"{sandbox.url}/locations/{sandbox.locations[1]}"
        assert session.get(other, timeout=10).status_code == 200
        now[0] = 10.0
        assert session.get(url, timeout=10).status_code == 200


def test_a_day_can_run_out() -> None:
    with Sandbox(daily_limit=1, rate_limit=None) as sandbox:
        headers = {"Authorization": f"Bearer {sandbox.token}", "Version": VERSION}
        url = f"{sandbox.url}/locations/{sandbox.locations[0]}"
        answers = [requests.get(url, headers=headers, timeout=10) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 429]
        assert answers[1].headers["x-ratelimit-daily-remaining"] == "0"
        assert answers[1].headers["x-ratelimit-remaining"] != "0"


def test_scripted_answers_come_in_order_and_then_normal_service(caller: Caller) -> None:
    path = f"/locations/{caller.world.main_location_id}"
    caller.sandbox.script(
        "/locations/",
        Answer(500, "<html>down</html>"),
        Answer(429, {"message": "slow down"}, {"Retry-After": "3"}),
        Answer(delay=0.001),
    )
    first, second, third = (caller.get(path) for _ in range(3))
    assert (first.status_code, first.headers["content-type"][:9]) == (500, "text/html")
    assert (second.status_code, second.headers["retry-after"]) == (429, "3")
    assert third.json()["location"]
    assert caller.get(path).json()["location"]


def test_a_sticky_answer_stays_until_it_is_dropped(caller: Caller) -> None:
    path = f"/locations/{caller.world.main_location_id}"
    caller.sandbox.script(re.compile("^/loc.*"), Answer(503), times=None)
    assert {caller.get(path).status_code for _ in range(4)} == {503}
    caller.sandbox.unscript()
    assert caller.get(path).status_code == 200


def test_resets_cuts_drips_and_raw_bytes(caller: Caller) -> None:
    path = f"/locations/{caller.world.main_location_id}"
    caller.sandbox.script("/loc", Answer(reset=True))
    with pytest.raises(requests.ConnectionError):
        caller.get(path)
    caller.sandbox.script("/loc", Answer(cut=0.5))
    with pytest.raises(requests.RequestException):
        caller.get(path)
    caller.sandbox.script("/loc", Answer(200, {"a": 1}, drip=0.0))
    assert caller.get(path).json() == {"a": 1}
    caller.sandbox.script("/loc", Answer(raw=b"HTTP/1.1 200 OK\r\n\r\nplain"))
    assert caller.get(path).text == "plain"


def test_requests_are_remembered_without_their_token(caller: Caller) -> None:
    caller.get(f"/locations/{caller.world.main_location_id}", token="oauth")
    caller.search(query="maya")
    first, second = caller.sandbox.requests
    assert (first.method, first.authorization, first.version) == ("GET", "oauth", VERSION)
    assert second.path == "/conversations/search"
    assert second.query["query"] == "maya"
    assert second.user_agent.startswith("python-requests")
    assert not any(token in repr(first) for token in caller.sandbox.tokens.values())
    caller.sandbox.clear()
    assert caller.sandbox.requests == []


def test_the_envelope_can_be_flat(caller: Caller) -> None:
    path = f"/conversations/{caller.world.long_conversation_id}/messages"
    caller.sandbox.envelope = "flat"
    assert isinstance(caller.get(path).json()["messages"], list)
    caller.sandbox.reset()
    assert isinstance(caller.get(path).json()["messages"], dict)


def test_the_type_filter_can_be_ignored(caller: Caller) -> None:
    caller.sandbox.ignore_type_filter = True
    page = caller.page(caller.world.long_conversation_id, type="TYPE_CALL", limit=100)
    assert len({row["messageType"] for row in page["messages"]}) > 1


def test_the_cursor_can_be_inclusive_or_stuck(caller: Caller) -> None:
    conversation = caller.world.long_conversation_id
    cursor = caller.page(conversation)["lastMessageId"]
    caller.sandbox.inclusive_cursor = True
    page = caller.page(conversation, lastMessageId=cursor)
    assert page["messages"][0]["id"] == cursor
    caller.sandbox.reset()
    caller.sandbox.stuck_cursor = True
    page = caller.page(conversation, lastMessageId=cursor)
    assert page["lastMessageId"] == cursor
    assert page["nextPage"] is True


def test_filtered_pages_can_come_back_empty_at_first(caller: Caller) -> None:
    conversation, params = caller.world.long_conversation_id, {"type": "TYPE_CALL", "limit": 100}
    expected = caller.page(conversation, **params)["messages"]
    caller.sandbox.empty_filtered_pages = 3
    cursors, page = [], caller.page(conversation, **params)
    while not page["messages"]:
        assert page["nextPage"] is True
        cursors.append(page["lastMessageId"])
        page = caller.page(conversation, **params, lastMessageId=cursors[-1])
    assert len(set(cursors)) == 3
    assert page["messages"] == expected
    rest = caller.page(conversation, **params, lastMessageId=page["lastMessageId"])
    assert rest["messages"]


def test_a_new_message_does_not_move_older_pages(fresh: Caller) -> None:
    conversation = fresh.world.rtl_conversation_id
    first = fresh.page(conversation, limit=2)
    older = fresh.page(conversation, limit=2, lastMessageId=first["lastMessageId"])
    row = fresh.world.add_message(conversation, body="just now")
    assert fresh.page(conversation, limit=1)["messages"] == [row]
    assert fresh.page(conversation, limit=2, lastMessageId=first["lastMessageId"]) == older
    found = fresh.search(id=conversation)["conversations"][0]
    assert found["lastMessageBody"] == "just now"
    assert found["unreadCount"] == 1


def test_what_arrived_and_changed_can_be_taken_back(fresh: Caller) -> None:
    conversation = fresh.world.rtl_conversation_id
    before, found = fresh.page(conversation), fresh.search(limit=100)["conversations"]
    last = before["messages"][0]["id"]

    new = [fresh.sandbox.receive(conversation, f"Part {n}", status="read") for n in range(2)]
    fresh.sandbox.change(last, status="failed")

    page = fresh.page(conversation)["messages"]
    assert [row["id"] for row in page[:3]] == [new[1], new[0], last]
    assert [row["status"] for row in page[:3]] == ["read", "read", "failed"]
    assert fresh.search(limit=1)["conversations"][0]["lastMessageBody"] == "Part 1"
    fresh.sandbox.restore()
    assert fresh.page(conversation) == before
    assert fresh.search(limit=100)["conversations"] == found
    with pytest.raises(KeyError):
        fresh.sandbox.change(new[0], status="read")


def test_stopping_hangs_up_on_open_connections() -> None:
    sandbox = Sandbox().start()
    caller = Caller(sandbox)
    with caller.session:
        assert caller.search()["total"]
        sandbox.stop()
        with pytest.raises(requests.ConnectionError):
            caller.search()


def test_a_client_that_hangs_up_is_no_news(
    caller: Caller, capfd: pytest.CaptureFixture[str]
) -> None:
    host, port = caller.sandbox.url.removeprefix("http://").split(":")
    caller.sandbox.script("/loc", Answer(200, "x" * 2000, drip=0.0))
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(b"GET /loc HTTP/1.1\r\nHost: x\r\n\r\n")
        connection.recv(10)
    assert caller.search()["total"]
    assert "Traceback" not in capfd.readouterr().err


# Data


def test_the_same_seed_makes_the_same_world() -> None:
    one, two, other = build(3, 10**12 * 2), build(3, 10**12 * 2), build(4, 10**12 * 2)
    assert one.threads == two.threads
    assert one.conversations == two.conversations
    assert one.emails == two.emails
    assert not set(one.messages) & set(other.messages)
    assert all(re.fullmatch(r"[A-Za-z0-9]{20}", key) for key in one.messages)


def test_only_numbers_and_addresses_kept_for_fiction_are_used(caller: Caller) -> None:
    fiction = re.compile(r"\+1\d{3}55501\d\d|\+4930231250?\d{2,3}|\+3363998\d{4}|\+447700900\d{3}")
    for raw in caller.world.contacts.values():
        assert fiction.fullmatch(raw["phone"])
        assert re.search(r"@(mail\.)?example\.(com|org|net)$", raw.get("email", "a@example.com"))


def test_chaos_is_seeded_and_of_every_kind() -> None:
    one, two = Chaos(5), Chaos(5)
    answers = [one.take() for _ in range(600)]
    assert answers == [two.take() for _ in range(600)]
    assert {429, 200, None} <= {answer.status for answer in answers}
    assert {answer.status for answer in answers} & {500, 502, 503, 504}
    assert any(answer.reset for answer in answers)
    assert any(answer.cut for answer in answers)
    assert max(answer.delay for answer in answers) <= 0.8


# The command


def command(*arguments: str) -> list[str]:
    return [sys.executable, str(Path(__file__).parents[1] / "manage.py"), "sandbox", *arguments]


def test_the_command_says_where_it_listens_and_stops_when_interrupted() -> None:
    with subprocess.Popen(command(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines = [process.stdout.readline().strip() for _ in range(4)]
        names, values = zip(*(line.split("=", 1) for line in lines), strict=True)
        assert names == ("url", "token", "location", "location")
        headers = {"Authorization": f"Bearer {values[1]}", "Version": VERSION}
        answer = requests.get(f"{values[0]}/locations/{values[3]}", headers=headers, timeout=10)
        assert answer.status_code == 200
        process.terminate()
        assert process.wait(timeout=30) == 0


def test_the_command_says_so_when_the_port_is_taken(caller: Caller) -> None:
    port = caller.sandbox.url.rpartition(":")[2]
    done = subprocess.run(command("--port", port), capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert f"Cannot listen on port {port}" in done.stderr
    assert "Traceback" not in done.stderr
