"""What is new, for pages that stay open: what their script asks, and what it costs."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from bs4 import Tag
from django.core.cache import caches
from django.test import Client
from pytest_django import Settings

from conversations_ui.accounts.models import SubAccount, User
from conversations_ui.highlevel.limits import Limits
from conversations_ui.sandbox import Answer, Sandbox
from conversations_ui.services import allowance, changes, live, upstream
from tests.conftest import signed_in
from tests.pages import (
    HTMX,
    Response,
    alert,
    asked_for_messages,
    fragment,
    inbox_path,
    message,
    message_ids,
    one,
    page,
    rows,
    thread_path,
    value,
    words,
)

FAILED = Answer(503, {"statusCode": 503, "message": "Service unavailable"})
SLOW = Answer(429, {"statusCode": 429, "message": "Too many"}, headers={"retry-after": "9"})


@pytest.fixture(autouse=True)
def lively(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages that ask, of a server that looks each time."""
    settings.LIVE_SECONDS = 5
    monkeypatch.setattr(live, "EVERY", 0)


@pytest.fixture
def thread(sub_account: SubAccount, sandbox: Sandbox) -> str:
    """The address of a conversation of several pages."""
    return thread_path(sub_account, sandbox.world.long_conversation_id)


def poll_of(soup: Tag, ident: str = "live-thread") -> str:
    """Read where a page asks for what is new."""
    return value(one(soup, f"#{ident}[data-poll]"), "hx-get")


def opened(client: Client, path: str, ident: str = "live-thread") -> str:
    """Open a page; ask once, so that changes are known from now on. Gives where to ask next."""
    address = poll_of(page(client.get(path)), ident)
    answer = fragment(client, address, ident)
    return poll_of(page(answer), ident) if answer.content else address


def news(soup: Tag, ident: str = "live-thread") -> Tag:
    """Find what a poll has brought."""
    return one(soup, f"#{ident} > template")


def calls(sandbox: Sandbox) -> int:
    """Count the pages of messages asked for since the last look."""
    found = len(asked_for_messages(sandbox))
    sandbox.clear()
    return found


def test_nothing_new_is_no_content(reader_client: Client, thread: str, sandbox: Sandbox) -> None:
    address = opened(reader_client, thread)
    sandbox.clear()
    for _ in range(3):
        answer = fragment(reader_client, address, "live-thread")
        assert (answer.status_code, answer.content) == (204, b"")
    assert calls(sandbox) == 0


def test_a_new_message_comes_in_a_template_with_a_new_version(
    reader_client: Client, thread: str, sandbox: Sandbox
) -> None:
    address = opened(reader_client, thread)
    sandbox.clear()
    new = sandbox.receive(sandbox.world.long_conversation_id, "Hello again")

    answer = fragment(reader_client, address, "live-thread")

    assert answer.status_code == 200
    soup = page(answer)
    assert message_ids(news(soup))[-1] == new
    assert "HX-Push-Url" not in answer.headers
    assert calls(sandbox) == 1
    following = poll_of(soup)
    assert following != address
    assert fragment(reader_client, following, "live-thread").status_code == 204


def test_each_message_and_row_tells_its_version(
    reader_client: Client, thread: str, sandbox: Sandbox, sub_account: SubAccount
) -> None:
    soup = page(reader_client.get(thread))
    versions = [value(tag, "data-version") for tag in soup.select("article[data-message-id]")]
    assert len(set(versions)) == len(versions) == 50
    changed = message_ids(soup)[-3]
    sandbox.change(changed, status="failed")
    caches["upstream"].clear()
    again = page(reader_client.get(thread))
    after = [value(tag, "data-version") for tag in again.select("article[data-message-id]")]
    assert [one != two for one, two in zip(versions, after, strict=True)].count(True) == 1
    assert versions[-3] != after[-3]
    inbox = page(reader_client.get(inbox_path(sub_account)))
    assert all(value(tag, "data-version") for tag in inbox.select("a[data-conversation-id]"))


def test_a_changed_status_comes_with_the_slow_look(
    reader_client: Client, thread: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = opened(reader_client, thread)
    last = message_ids(page(reader_client.get(thread)))[-1]
    sandbox.change(last, status="failed")
    assert fragment(reader_client, address, "live-thread").status_code == 204
    monkeypatch.setattr(live, "SAFETY", 0)
    soup = page(fragment(reader_client, address, "live-thread"))
    assert message(news(soup), last)["data-status"] == "failed"


@pytest.mark.parametrize("query", ["type=TYPE_WHATSAPP", "failed=1", "people=1"])
def test_a_sifted_thread_is_told_of_what_it_shows(
    reader_client: Client, thread: str, sandbox: Sandbox, query: str
) -> None:
    first = poll_of(page(reader_client.get(f"{thread}?{query}")))
    assert query in first
    assert "v=" not in first
    address = poll_of(page(fragment(reader_client, first, "live-thread")))
    conversation = sandbox.world.long_conversation_id
    hidden = sandbox.receive(conversation, direction="outbound", source="workflow")
    new = sandbox.receive(conversation, messageType="TYPE_WHATSAPP", status="failed")
    soup = page(fragment(reader_client, address, "live-thread"))
    shown = message_ids(news(soup))
    assert shown[-1] == new
    assert hidden not in shown
    assert query in poll_of(soup)


def test_what_the_newest_page_tells_of_is_told(
    reader_client: Client, thread: str, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    first = poll_of(page(reader_client.get(f"{thread}?type=TYPE_REVIEW")))
    soup = page(fragment(reader_client, first, "live-thread"))
    row = sandbox.world.threads[sandbox.world.long_conversation_id][-50]
    reaches = datetime.fromisoformat(value(one(soup, "#live-thread"), "data-reaches"))
    assert reaches == datetime.fromisoformat(row["dateAdded"])
    short = thread_path(sub_account, sandbox.world.rtl_conversation_id)
    first = poll_of(page(reader_client.get(f"{short}?type=TYPE_SMS")))
    soup = page(fragment(reader_client, first, "live-thread"))
    assert value(one(soup, "#live-thread"), "data-reaches") == ""


def test_pages_that_do_not_end_at_the_newest_message_do_not_ask(
    reader_client: Client, thread: str, sandbox: Sandbox
) -> None:
    old = sandbox.world.threads[sandbox.world.long_conversation_id][100]["id"]
    for path in (f"{thread}{old}/", f"{thread}?before={old}"):
        assert page(reader_client.get(path)).select("[data-poll], [data-news]") == []
    recent = sandbox.world.threads[sandbox.world.long_conversation_id][-5]["id"]
    assert poll_of(page(reader_client.get(f"{thread}{recent}/")))


def test_a_failed_page_does_not_ask(reader_client: Client, thread: str, sandbox: Sandbox) -> None:
    sandbox.script("/conversations/", FAILED, times=None)
    soup = page(reader_client.get(thread))
    assert alert(soup)
    assert soup.select("[data-poll]") == []


def test_it_can_be_switched_off(
    reader_client: Client, thread: str, sub_account: SubAccount, settings: Settings
) -> None:
    settings.LIVE_SECONDS = 0
    for path in (thread, inbox_path(sub_account)):
        assert page(reader_client.get(path)).select("[data-poll], [data-news]") == []


def test_a_failing_poll_is_no_content(
    reader_client: Client, thread: str, sandbox: Sandbox, sub_account: SubAccount
) -> None:
    sandbox.script("/conversations/", FAILED, times=None)
    for path in (thread, inbox_path(sub_account)):
        address = path.replace("/inbox/", "/live/")
        assert fragment(reader_client, address).status_code == 204


def test_a_followed_address_leads_to_the_page(
    reader_client: Client, thread: str, sub_account: SubAccount
) -> None:
    for path in (thread, inbox_path(sub_account)):
        answer = reader_client.get(path.replace("/inbox/", "/live/"))
        assert answer.status_code == 302
        assert answer["Location"] == path


def test_bad_input_is_named(reader_client: Client, thread: str) -> None:
    address = thread.replace("/inbox/", "/live/")
    for query in ("type=TYPE_NONSENSE", f"v={'x' * 33}", f"as_of={'x' * 41}"):
        assert fragment(reader_client, f"{address}?{query}").status_code == 400


# The inbox


def test_the_inbox_asks_with_its_filters(
    reader_client: Client, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    path = f"{inbox_path(sub_account)}?status=unread&q=a"
    address = opened(reader_client, path, "live-inbox")
    given = parse_qs(urlsplit(address).query)
    assert (given["status"], given["q"]) == (["unread"], ["a"])
    assert fragment(reader_client, address, "live-inbox").status_code == 204
    new = sandbox.world.rtl_conversation_id
    sandbox.receive(new, "a new one")
    soup = page(fragment(reader_client, address, "live-inbox"))
    assert rows(news(soup, "live-inbox"))[0] == new
    assert poll_of(soup, "live-inbox") != address


def test_further_rows_bring_no_poll_of_their_own(
    reader_client: Client, sub_account: SubAccount
) -> None:
    inbox = page(reader_client.get(inbox_path(sub_account)))
    more = value(one(inbox, "[data-load-more]"), "href")
    part = fragment(reader_client, f"{inbox_path(sub_account)}{more}", "more")
    assert page(part).select("[data-poll]") == []
    assert page(reader_client.get(f"{inbox_path(sub_account)}{more}")).select("[data-poll]") == []


def test_one_list_serves_all_who_look(
    reader_client: Client,
    sub_account: SubAccount,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    conversations = list(sandbox.world.conversations)[:8]
    addresses = [opened(reader_client, thread_path(sub_account, each)) for each in conversations]
    monkeypatch.setattr(live, "EVERY", 60)
    fragment(reader_client, addresses[0])
    sandbox.clear()
    for address in addresses:
        assert fragment(reader_client, address).status_code == 204
    assert sandbox.requests == []


# Who is signed in, and for how long


def test_signed_out_ends_the_polls_and_says_so(client: Client, thread: str) -> None:
    here = f"http://testserver{thread}?type=TYPE_SMS"
    headers = {**HTMX, "HX-Current-URL": here}
    answer = client.get(thread.replace("/inbox/", "/live/"), headers=headers)
    assert answer.status_code == 286
    assert "HX-Redirect" not in answer.headers
    assert "#thread-alerts" in answer["HX-Retarget"]
    soup = page(answer)
    assert "You have been signed out" in words(soup)
    assert value(one(soup, "a"), "href") == f"/login/?next={thread}%3Ftype%3DTYPE_SMS"
    assert soup.select("[role=alert]") == []


def test_a_password_to_be_changed_ends_them_too(sub_account: SubAccount) -> None:
    user = User.objects.create_user("new", password="first-one", password_is_temporary=True)
    answer = fragment(signed_in(user), f"/live/{sub_account.location_id}/")
    assert answer.status_code == 286
    assert value(one(page(answer), "a"), "href") == "/password/"


def test_a_sub_account_taken_away_is_not_there(
    reader_client: Client, reader: User, thread: str, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    address = opened(reader_client, thread)
    reader.grants.all().delete()
    sandbox.clear()
    assert fragment(reader_client, address).status_code == 404
    assert sandbox.requests == []


@pytest.fixture
def pass_time(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let the clock that sessions go by stand still, but for what is added to it."""
    moment = [datetime.now(UTC)]
    monkeypatch.setattr("django.utils.timezone.now", lambda: moment[0])

    def add(**time: float) -> None:
        moment[0] += timedelta(**time)

    return add


def test_polls_do_not_keep_a_session_alive(
    reader_client: Client, thread: str, pass_time: Callable[..., None]
) -> None:
    address = opened(reader_client, thread)
    for _ in range(2):
        pass_time(minutes=25)
        answer = fragment(reader_client, address)
        assert answer.status_code == 204
        assert answer.cookies == {}
    pass_time(minutes=11)
    assert fragment(reader_client, address).status_code == 286
    assert reader_client.get(thread).status_code == 302


@pytest.mark.parametrize("what", ["media/{1}/m1/0/?in={0}", "staff/{0}/{1}/?ids=u1"])
def test_nor_does_what_comes_along_with_news(
    reader_client: Client,
    thread: str,
    pass_time: Callable[..., None],
    settings: Settings,
    what: str,
) -> None:
    reader_client.get(thread)
    address = "/" + what.format(*thread.strip("/").split("/")[1:])
    for _ in range(2):
        pass_time(minutes=25)
        answer = reader_client.get(address)
        assert answer.status_code != 302
        assert settings.SESSION_COOKIE_NAME not in answer.cookies
    pass_time(minutes=11)
    assert reader_client.get(address).status_code == 302


def test_a_click_keeps_a_session_alive(
    reader_client: Client, thread: str, pass_time: Callable[..., None]
) -> None:
    reader_client.get(thread)
    for _ in range(3):
        pass_time(minutes=45)
        assert reader_client.get(thread).status_code == 200


def test_a_session_is_written_to_once_a_minute_at_most(
    reader_client: Client, thread: str, pass_time: Callable[..., None], settings: Settings
) -> None:
    def writes() -> bool:
        return settings.SESSION_COOKIE_NAME in reader_client.get(thread).cookies

    assert writes()
    pass_time(seconds=59)
    assert not writes()
    pass_time(seconds=2)
    assert writes()


def test_a_session_ends_though_somebody_is_there(
    reader_client: Client, thread: str, pass_time: Callable[..., None], settings: Settings
) -> None:
    settings.SESSION_HOURS = 3
    reader_client.get(thread)
    for _ in range(4):
        pass_time(minutes=44)
        assert reader_client.get(thread).status_code == 200
    pass_time(minutes=5)
    answer = reader_client.get(thread)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login/")


# How old it is


def note(soup: Tag, slot: str = "#thread-as-of") -> str:
    return words(one(soup, slot))


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let so much time have passed since everything that was kept."""
    began = time.time
    monkeypatch.setattr("time.time", lambda: began() + seconds)


@pytest.mark.parametrize(
    ("failure", "why"),
    [(FAILED, "HighLevel cannot be reached"), (SLOW, "HighLevel asks us to slow down")],
)
def test_an_old_copy_says_of_when_it_is(
    reader_client: Client,
    thread: str,
    sub_account: SubAccount,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    failure: Answer,
    why: str,
) -> None:
    sub_account.time_zone = "Asia/Kathmandu"
    sub_account.save()
    older = value(one(page(reader_client.get(thread)), "[data-load-older]"), "href")
    panel = thread.replace("/inbox/", "/contact/")
    paths = {
        thread: "#thread-as-of",
        inbox_path(sub_account): "#inbox-as-of",
        panel: "#contact-body [data-as-of]",
    }
    for path in (*paths, older):
        assert page(reader_client.get(path)).select("[data-as-of]") == []
    sandbox.script("/", failure, times=None)
    later(monkeypatch, 40)

    for path, slot in paths.items():
        soup = page(reader_client.get(path))
        assert re.fullmatch(rf"As of \d\d:\d\d – {why}", note(soup, slot))
        assert value(one(soup, f"{slot} time"), "datetime").endswith("+05:45")
        assert soup.select("[role=alert]:not(template *)") == []
    monkeypatch.setattr(upstream, "_FRESH_OLDER", 0)
    edge = page(fragment(reader_client, older, "older"))
    assert why in note(edge, "#older [data-as-of]")


def test_polls_bring_the_note_and_take_it_away(
    reader_client: Client, thread: str, sandbox: Sandbox
) -> None:
    address = opened(reader_client, thread)
    sandbox.script("/conversations/search", FAILED, times=None)

    answer = fragment(reader_client, address)

    assert answer["HX-Retarget"] == "#thread-as-of"
    soup = page(answer)
    assert "HighLevel cannot be reached" in words(soup)
    shown = value(one(soup, "input[name=as_of]"), "value").replace("+", "%2B")
    assert fragment(reader_client, f"{address}&as_of={shown}").status_code == 204
    sandbox.unscript()
    caches["upstream"].clear()
    cleared = fragment(reader_client, f"{address}&as_of={shown}")
    assert cleared.status_code == 200
    assert words(page(cleared)) == ""


def test_all_who_look_see_the_same_note(
    reader_client: Client, thread: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = opened(reader_client, thread)
    monkeypatch.setattr(live, "EVERY", 60)
    sandbox.script("/conversations/search", FAILED, times=None)
    notes = [words(page(fragment(reader_client, address))) for _ in range(3)]
    assert notes[0]
    assert len(set(notes)) == 1


def test_the_note_stays_as_long_as_nothing_is_known(
    reader_client: Client, thread: str, sandbox: Sandbox
) -> None:
    with time_machine.travel(time.time(), tick=False) as clock:
        address = opened(reader_client, thread)
        sandbox.script("/conversations/search", FAILED, times=None)
        first = words(page(fragment(reader_client, address)))
        for _ in range(3):
            clock.shift(timedelta(minutes=29))
            reader_client.get("/sub-accounts/")  # somebody is there
            assert words(page(fragment(reader_client, address))) == first


def test_a_key_refused_meanwhile_is_noted(
    reader_client: Client, thread: str, sandbox: Sandbox
) -> None:
    address = opened(reader_client, thread)
    sandbox.script("/", Answer(401, {"message": "Invalid JWT"}), times=None)
    shown = words(page(fragment(reader_client, address)))
    assert "HighLevel no longer accepts our key" in shown


def test_a_day_that_is_nearly_used_up_is_noted(
    reader_client: Client, thread: str, sub_account: SubAccount
) -> None:
    address = opened(reader_client, thread)
    limits = Limits(daily_most=1000, daily_left=100, daily_reset=3600)
    allowance.learn(sub_account.location_id, limits)
    shown = words(page(fragment(reader_client, address)))
    assert "HighLevel asks us to slow down" in shown


# Webhooks


def test_a_lost_webhook_is_made_up_for(
    reader_client: Client, thread: str, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    with time_machine.travel(time.time(), tick=False) as clock:

        def poll_after(seconds: float) -> Response:
            clock.shift(timedelta(seconds=seconds))
            changes.heard(sub_account.location_id)
            sandbox.clear()
            return fragment(reader_client, address)

        address = opened(reader_client, thread)
        poll_after(live.QUIET + 1)
        assert poll_after(live.SAFETY / 2).status_code == 204
        assert sandbox.requests == []
        new = sandbox.receive(sandbox.world.long_conversation_id, "Nobody told")
        answer = poll_after(live.SAFETY / 2 + 1)
        assert len(sandbox.requests) == 2  # the list, the page
        assert message_ids(news(page(answer)))[-1] == new


def test_a_status_changes_though_webhooks_tell_nothing_of_it(
    reader_client: Client, thread: str, sub_account: SubAccount, sandbox: Sandbox
) -> None:
    with time_machine.travel(time.time(), tick=False) as clock:
        changes.heard(sub_account.location_id)
        conversation = sandbox.world.long_conversation_id
        new = sandbox.receive(conversation, direction="outbound", status="sent")
        changes.touched(sub_account.location_id, conversation)
        opened(reader_client, thread)
        clock.shift(timedelta(seconds=1))
        address = opened(reader_client, thread)
        assert fragment(reader_client, address).status_code == 204
        sandbox.change(new, status="failed")
        clock.shift(timedelta(seconds=live.SAFETY + 1))
        soup = page(fragment(reader_client, address))
        assert message(news(soup), new)["data-status"] == "failed"


# Waiting for a retry


def test_a_failure_that_passes_counts_down(
    reader_client: Client, thread: str, sandbox: Sandbox
) -> None:
    sandbox.script("/conversations/", SLOW, times=None)
    shown = alert(page(reader_client.get(thread)))
    assert 8 <= int(value(shown, "data-retry-in")) <= 9
    link = one(shown, "a[data-retry]")
    assert words(link) == "Try again"
    assert one(link, "[data-countdown]")["aria-hidden"] == "true"


def test_one_that_does_not_pass_soon_does_not(
    reader_client: Client, thread: str, sandbox: Sandbox
) -> None:
    sandbox.script(
        "/conversations/", Answer(404, {"statusCode": 404, "message": "Not found"}), times=None
    )
    assert not alert(page(reader_client.get(thread))).has_attr("data-retry-in")
    sandbox.unscript()
    sandbox.script(
        "/conversations/", Answer(429, "{}", headers={"retry-after": "4000"}), times=None
    )
    assert not alert(page(reader_client.get(thread))).has_attr("data-retry-in")


def test_the_breaker_tells_since_when(
    reader_client: Client, thread: str, sandbox: Sandbox, sub_account: SubAccount
) -> None:
    sub_account.time_zone = "Asia/Kathmandu"
    sub_account.save()
    sandbox.script("/", FAILED, times=None)
    shown: Response | None = None
    for _ in range(8):
        shown = reader_client.get(thread)
    assert shown
    text = words(alert(page(shown)))
    found = re.search(r"It has not answered since (\d\d):(\d\d)\.", text)
    assert found
    there = datetime.now(UTC) + timedelta(hours=5, minutes=45)
    ago = (there.hour * 60 + there.minute - int(found[1]) * 60 - int(found[2])) % 1440
    assert ago < 5
