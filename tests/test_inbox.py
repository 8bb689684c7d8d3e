"""The inbox: its rows, its filters, and every conversation exactly once on the way down."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from conversations_ui.accounts.models import SubAccount, User
from conversations_ui.sandbox import Answer, Sandbox
from tests.pages import (
    HTMX,
    answer_inbox,
    fragment,
    inbox_path,
    noon_zone,
    one,
    page,
    rows,
    thread_path,
    value,
    words,
)
from tests.people import granted

MOMENT = 1_770_000_000_000


@pytest.fixture
def path(sub_account: SubAccount) -> str:
    return inbox_path(sub_account)


def conversation(number: int, **fields: Any) -> dict[str, Any]:
    """Write a conversation as a search has it."""
    plain = {
        "id": f"c{number:03d}",
        "contactName": f"Person {number}",
        "lastMessageDate": MOMENT - number,
        "lastMessageType": "TYPE_SMS",
        "lastMessageBody": f"Text {number}",
        "lastMessageDirection": "inbound",
        "unreadCount": 0,
    }
    return {name: found for name, found in (plain | fields).items() if found is not None}


def listed(sandbox: Sandbox, location_id: str) -> set[str]:
    """The conversations the default search knows."""
    world = sandbox.world
    return {
        key
        for key, raw in world.conversations.items()
        if raw["locationId"] == location_id and key not in world.hidden
    }


def walk(client: Client, path: str, most: int = 60) -> list[BeautifulSoup]:
    """Load more until there is no more."""
    pages = [page(client.get(path))]
    while len(pages) < most and (link := pages[-1].select_one("a[data-load-more]")):
        pages.append(page(fragment(client, value(link, "hx-get"), "more")))
    assert len(pages) < most
    return pages


def only(client: Client, path: str) -> BeautifulSoup:
    """The row of an inbox of one."""
    return page(fragment(client, path, "inbox"))


# Rows


def test_a_row_leads_to_its_thread_and_says_who_what_and_when(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, path: str
) -> None:
    raw = conversation(1, unreadCount=3, starred=True, fullName="PERSON ONE")
    answer_inbox(sandbox, raw)
    shown = only(reader_client, path)
    link = one(shown, "a[data-conversation-id]")
    assert link["href"] == link["hx-get"] == thread_path(sub_account, "c001")
    assert words(one(link, ".row__name")) == "Person 1"
    assert words(one(link, ".row__text")) == "Text 1"
    assert words(one(link, ".badge")) == "Unread: 3"
    assert "Starred" in words(link)
    assert "SMS:" in words(link)
    stamp = datetime.fromisoformat(value(one(link, "time"), "datetime"))
    assert stamp == datetime.fromtimestamp((MOMENT - 1) // 1000, UTC)
    assert value(one(link, "time"), "title").startswith("Monday 2 February 2026, ")


def test_a_row_without_unread_messages_or_star_shows_neither(
    reader_client: Client, sandbox: Sandbox, path: str
) -> None:
    answer_inbox(sandbox, conversation(1))
    link = one(only(reader_client, path), "a[data-conversation-id]")
    assert link.select_one(".badge") is None
    assert "Starred" not in words(link)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"contactName": None, "fullName": "Full Name"}, "Full Name"),
        ({"contactName": None, "companyName": "Company"}, "Company"),
        ({"contactName": None, "phone": "+15550100"}, "+15550100"),
        ({"contactName": None, "email": "a@b.example"}, "a@b.example"),
        ({"contactName": None}, "Unknown contact"),
        ({"contactName": "<b>Eve</b>"}, "<b>Eve</b>"),
        ({"contactName": {"odd": 1}, "phone": 5}, "Unknown contact"),
    ],
)
def test_a_row_shows_the_best_name_there_is(
    reader_client: Client, sandbox: Sandbox, path: str, fields: dict[str, Any], name: str
) -> None:
    answer_inbox(sandbox, conversation(1, **fields))
    shown = only(reader_client, path)
    assert words(one(shown, ".row__name")) == name
    assert shown.select_one(".row b") is None


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"lastMessageDirection": "outbound"}, "You: Text 1"),
        ({"lastMessageBody": "<p>Hello <b>you</b></p>"}, "Hello you"),
        ({"lastMessageBody": "<script>alert(1)</script>"}, "<script>alert(1)</script>"),
        ({"lastMessageBody": "one\n\ntwo  three"}, "one two three"),
        ({"lastMessageBody": None, "lastMessageType": "TYPE_CALL"}, "Call"),
        ({"lastMessageBody": None, "lastMessageType": "TYPE_NO_SHOW"}, "No messages yet"),
        ({"lastMessageBody": None, "lastMessageType": "TYPE_HOLOGRAM"}, "Hologram"),
        ({"lastMessageBody": None, "lastMessageType": None}, "–"),
        ({"lastMessageBody": "word " * 100}, f"{'word ' * 27}word…"),
    ],
)
def test_a_row_has_one_line_of_the_last_message(
    reader_client: Client, sandbox: Sandbox, path: str, fields: dict[str, Any], text: str
) -> None:
    answer_inbox(sandbox, conversation(1, **fields))
    shown = only(reader_client, path)
    assert words(one(shown, ".row__text")) == text
    assert shown.select_one("script") is None


@pytest.mark.parametrize(
    ("ago", "form"),
    [
        (timedelta(seconds=1), "%H:%M"),
        (timedelta(days=3), "%a"),
        (timedelta(days=900), "%d %b %Y"),
    ],
)
def test_a_rows_time_is_as_short_as_it_can_be(
    reader_client: Client,
    sub_account: SubAccount,
    sandbox: Sandbox,
    path: str,
    ago: timedelta,
    form: str,
) -> None:
    now = datetime.now(UTC)
    sub_account.time_zone = noon_zone(now)
    sub_account.save()
    moment = now - ago
    answer_inbox(sandbox, conversation(1, lastMessageDate=round(moment.timestamp() * 1000)))
    shown = words(one(only(reader_client, path), ".row time"))
    local = moment.astimezone(ZoneInfo(sub_account.time_zone))
    assert shown == f"{local:{form}}".lstrip("0")


def test_a_row_without_a_date_shows_none(
    reader_client: Client, sandbox: Sandbox, path: str
) -> None:
    answer_inbox(sandbox, conversation(1, lastMessageDate=None))
    assert only(reader_client, path).select_one(".row time") is None


def test_rows_of_another_sub_account_are_not_shown(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, path: str
) -> None:
    ours = conversation(1, locationId=sub_account.location_id)
    answer_inbox(sandbox, ours, conversation(2, locationId="somewhere-else"))
    assert rows(only(reader_client, path)) == ["c001"]


def test_an_empty_inbox_says_so(reader_client: Client, sandbox: Sandbox, path: str) -> None:
    answer_inbox(sandbox)
    shown = page(reader_client.get(path))
    assert "No conversations yet" in words(one(shown, "#inbox"))
    assert shown.select_one("[data-load-more]") is None


# Page and fragments


def test_the_page_has_the_newest_rows_for_one_call(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, path: str
) -> None:
    dates = {
        key: sandbox.world.conversations[key]["lastMessageDate"]
        for key in listed(sandbox, sub_account.location_id)
    }
    sandbox.clear()
    shown = page(reader_client.get(path))
    assert [seen.path for seen in sandbox.requests] == ["/conversations/search"]
    assert sandbox.requests[0].query == {
        "locationId": sub_account.location_id,
        "limit": "25",
        "sort": "desc",
        "sortBy": "last_message_date",
    }
    assert [dates[key] for key in rows(shown)] == sorted(dates.values(), reverse=True)[:25]


def test_the_fragment_is_the_pane_and_nothing_around_it(reader_client: Client, path: str) -> None:
    shown = page(fragment(reader_client, path, "inbox"))
    assert [tag["id"] for tag in shown.find_all(recursive=False)] == ["inbox"]
    assert len(rows(shown)) == 25


def test_more_rows_come_without_the_pane(reader_client: Client, path: str) -> None:
    link = one(page(reader_client.get(path)), "a[data-load-more]")
    assert value(link, "hx-get").endswith(value(link, "href"))
    shown = page(fragment(reader_client, value(link, "hx-get"), "more"))
    assert {tag.name for tag in shown.find_all(recursive=False)} == {"li"}
    assert shown.select_one("#inbox") is None


def test_without_htmx_more_rows_are_a_page(reader_client: Client, path: str) -> None:
    first = page(reader_client.get(path))
    link = one(first, "a[data-load-more]")
    second = page(reader_client.get(path + value(link, "href")))
    assert one(second, "#inbox-form")
    assert len(rows(second)) >= 25
    assert not set(rows(first)) & set(rows(second))


@pytest.mark.parametrize(("here", "pushed"), [(True, True), (False, False)])
def test_the_address_follows_the_filter_when_the_inbox_is_the_page(
    reader_client: Client, sub_account: SubAccount, path: str, here: bool, pushed: bool
) -> None:
    current = path if here else thread_path(sub_account, "conv")
    headers = {
        **HTMX,
        "HX-Target": "inbox",
        "HX-Current-URL": f"http://testserver{current}?q=before",
    }
    answer = reader_client.get(f"{path}?status=unread", headers=headers)
    assert answer["HX-Push-Url"] == (f"{path}?status=unread" if pushed else "false")


def test_cursors_stay_out_of_the_history(reader_client: Client, path: str) -> None:
    link = one(page(reader_client.get(path)), "a[data-load-more]")
    assert not link.has_attr("hx-push-url")
    answer = fragment(reader_client, value(link, "hx-get"), "more")
    assert "HX-Push-Url" not in answer


# Filters


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ({"q": " ann "}, {"query": "ann"}),
        ({"status": "all"}, {}),
        ({"status": "unread"}, {"status": "unread"}),
        ({"status": "starred"}, {"status": "starred"}),
        ({"status": "recents"}, {"status": "recents"}),
        ({"channel": "TYPE_WHATSAPP"}, {"lastMessageType": "TYPE_WHATSAPP"}),
        ({"assigned": "unassigned"}, {"assignedTo": "unassigned"}),
        ({"direction": "inbound"}, {"lastMessageDirection": "inbound"}),
        ({"sort": "asc"}, {"sort": "asc"}),
        ({"sort": "desc"}, {}),
    ],
)
def test_each_filter_is_the_apis(
    reader_client: Client,
    sub_account: SubAccount,
    sandbox: Sandbox,
    path: str,
    asked: dict[str, str],
    sent: dict[str, str],
) -> None:
    sandbox.clear()
    answer = reader_client.get(path, asked, headers=HTMX)
    assert answer.status_code == 200
    plain = {
        "locationId": sub_account.location_id,
        "limit": "25",
        "sort": "desc",
        "sortBy": "last_message_date",
    }
    assert [seen.query for seen in sandbox.requests] == [plain | sent]


def test_filters_are_kept_on_the_way_down(
    reader_client: Client, sandbox: Sandbox, path: str
) -> None:
    asked = "?q=a&direction=inbound&sort=asc"
    link = one(page(reader_client.get(path + asked)), "a[data-load-more]")
    sandbox.clear()
    fragment(reader_client, value(link, "hx-get"), "more")
    query = sandbox.requests[0].query
    assert (query["query"], query["lastMessageDirection"], query["sort"]) == ("a", "inbound", "asc")
    assert "startAfterDate" in query


def test_tabs_and_menus_show_what_is_chosen(reader_client: Client, path: str) -> None:
    query = "?status=unread&channel=TYPE_SMS&assigned=someone&direction=inbound&sort=asc&q=ann"
    shown = page(fragment(reader_client, path + query, "inbox"))
    assert words(one(shown, ".tabs [aria-current=true]")) == "Unread"
    chosen = {
        value(tag, "name"): value(one(tag, "option[selected]"), "value")
        for tag in shown.select("select")
    }
    assert chosen == {
        "channel": "TYPE_SMS",
        "assigned": "someone",
        "direction": "inbound",
        "sort": "asc",
    }
    assert one(shown, "input[name=q]")["value"] == "ann"


def test_tabs_keep_the_search(reader_client: Client, path: str) -> None:
    shown = page(fragment(reader_client, f"{path}?q=ann&status=unread", "inbox"))
    links = [value(tag, "href") for tag in shown.select(".tabs a")]
    assert links == [
        f"{path}?q=ann",
        f"{path}?q=ann&status=unread",
        f"{path}?q=ann&status=starred",
        f"{path}?q=ann&status=recents",
    ]


def test_a_search_without_matches_offers_to_clear_it(reader_client: Client, path: str) -> None:
    shown = page(fragment(reader_client, f"{path}?q=%3Cb%3Enobody", "inbox"))
    assert "“<b>nobody”" in words(one(shown, ".empty"))
    assert one(shown, f'.empty a[href="{path}"]')
    assert rows(shown) == []


# Paging


@pytest.mark.parametrize("sort", ["desc", "asc"])
@pytest.mark.parametrize("which", [0, 1])
def test_every_conversation_comes_exactly_once(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox, sort: str, which: int
) -> None:
    # The sample data has conversations that share a millisecond at the edges of pages.
    location_id = sandbox.locations[which]
    if which:
        sub_account = SubAccount(location_id=location_id, name="Second")
        sub_account.set_token(sandbox.token)
        sub_account.save()
        granted(User.objects.get(username="reader"), sub_account)
    pages = walk(reader_client, f"{inbox_path(sub_account)}?sort={sort}")
    found = [key for shown in pages for key in rows(shown)]
    assert len(found) == len(set(found))
    assert set(found) == listed(sandbox, location_id)
    dates = [sandbox.world.conversations[key]["lastMessageDate"] for key in found]
    assert dates == sorted(dates, reverse=sort == "desc")
    assert len(set(dates)) < len(dates), "no ties: this proves nothing"


@pytest.fixture
def tied(sandbox: Sandbox) -> Iterator[list[str]]:
    """130 conversations of one millisecond, newer than half of the others."""
    world = sandbox.world
    dates = [
        raw["lastMessageDate"]
        for raw in world.conversations.values()
        if raw["locationId"] == world.main_location_id
    ]
    middle = sorted(dates)[len(dates) // 2] + 1
    like = world.conversations[world.long_conversation_id]
    added = [f"tied{number:03d}" for number in range(130)]
    with world.lock:
        for key in added:
            world.conversations[key] = like | {"id": key, "lastMessageDate": middle}
    yield added
    with world.lock:
        for key in added:
            del world.conversations[key]


@pytest.mark.parametrize("sort", ["desc", "asc"])
@pytest.mark.parametrize("count", [26, 60, 99])
def test_as_many_ties_as_one_answer_holds_are_all_listed(
    reader_client: Client, sandbox: Sandbox, path: str, tied: list[str], sort: str, count: int
) -> None:
    for key in tied[count:]:
        sandbox.world.conversations[key]["locationId"] = "elsewhere"
    pages = walk(reader_client, f"{path}?sort={sort}")
    found = [key for shown in pages for key in rows(shown)]
    assert len(found) == len(set(found))
    assert set(found) == listed(sandbox, sandbox.locations[0])
    assert "cannot list all" not in "".join(words(shown) for shown in pages)


@pytest.mark.parametrize("sort", ["desc", "asc"])
def test_more_ties_than_the_api_can_list_are_passed_with_a_note(
    reader_client: Client, sandbox: Sandbox, path: str, tied: list[str], sort: str
) -> None:
    pages = walk(reader_client, f"{path}?sort={sort}")
    found = [key for shown in pages for key in rows(shown)]
    assert len(found) == len(set(found))
    missing = listed(sandbox, sandbox.locations[0]) - set(found)
    assert len(missing) == 30
    assert missing < set(tied), "what comes behind the ties is missing too"
    notes = [shown for shown in pages if "cannot list all of them" in words(shown)]
    assert len(notes) == 1


def test_a_cursor_that_is_ignored_ends(reader_client: Client, sandbox: Sandbox, path: str) -> None:
    same = [conversation(number) for number in range(30)]
    found: dict[str, object] = {"conversations": same[:25], "total": 30}
    sandbox.script("/conversations/search", Answer(200, found), times=None)
    sandbox.clear()
    pages = walk(reader_client, path, most=6)
    listed_ids = [key for shown in pages for key in rows(shown)]
    assert len(listed_ids) == len(set(listed_ids)) == 25
    assert len(sandbox.requests) <= 3


def test_rows_without_a_time_end_the_list(
    reader_client: Client, sandbox: Sandbox, path: str
) -> None:
    answer_inbox(sandbox, *(conversation(n, lastMessageDate=None) for n in range(25)), total=99)
    shown = only(reader_client, path)
    assert len(rows(shown)) == 25
    assert shown.select_one("[data-load-more]") is None


def test_a_conversation_listed_twice_is_shown_once(
    reader_client: Client, sandbox: Sandbox, path: str
) -> None:
    answer_inbox(sandbox, conversation(1), conversation(1), conversation(2))
    assert rows(only(reader_client, path)) == ["c001", "c002"]
