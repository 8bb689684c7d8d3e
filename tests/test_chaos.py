"""Thousands of views while the API stumbles: no page breaks, and nothing shows twice or is lost."""

from __future__ import annotations

import html
import logging
import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.cookies import SimpleCookie

import pytest
from django.core.handlers.base import BaseHandler
from django.db import connections
from django.http.response import HttpResponseBase
from django.test import RequestFactory
from pytest_django import Settings

from conversations_ui.accounts.models import SubAccount, User
from conversations_ui.sandbox import Sandbox
from conversations_ui.sandbox.catalogue import normal_type
from conversations_ui.sandbox.script import Chaos
from conversations_ui.services import upstream
from tests.conftest import signed_in
from tests.pages import HTMX, inbox_path, thread_path
from tests.people import granted

VIEWS = 2000
READERS = 6
SIZE = 5  # messages of a page
ANSWERS = {200, 502, 503}
MOST_TRIES = 50  # in a row for one view: a reader would have gone home

MESSAGE = re.compile(r'<article\b[^>]*\bdata-message-id="([^"]+)"')
ROW = re.compile(r'<a\b[^>]*\bdata-conversation-id="([^"]+)"')
OLDER = re.compile(r'<a\b[^>]*\bdata-load-older\b[^>]*\bhx-get="([^"]+)"')
MORE = re.compile(r'<a\b[^>]*\bdata-load-more\b[^>]*\bhx-get="([^"]+)"')
RETRY = re.compile(r'<a\b[^>]*\bdata-retry\b[^>]*\bhref="([^"]+)"')
START = "data-thread-start"


@pytest.fixture
def stumbling(transactional_db: None, settings: Settings) -> Iterator[Sandbox]:
    """An API with all kinds of trouble, all of them short, that allows as much as we like."""
    chaos = Chaos(7, longest=0.03, limited=0.1)
    with Sandbox(chaos=chaos, rate_limit=1_000_000, daily_limit=10_000_000) as running:
        settings.HIGHLEVEL_API_URL = running.url
        settings.PREFETCH_OLDER = True
        # A session of its own would be one more write for every view.
        settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
        logging.disable(logging.CRITICAL)  # thousands of lines that nobody reads
        yield running
        settle()
        logging.disable(logging.NOTSET)


def settle() -> None:
    """Wait until nothing is being fetched ahead any more."""
    for _place in range(upstream._LONGEST_QUEUE):
        upstream._queued.acquire()
    upstream._queued.release(upstream._LONGEST_QUEUE)


@pytest.fixture
def account(stumbling: Sandbox) -> SubAccount:
    account = SubAccount(location_id=stumbling.locations[0], name="Sample", time_zone="UTC")
    account.set_token(stumbling.token)
    account.save()
    return account


@pytest.fixture
def readers(account: SubAccount) -> Iterator[ThreadPoolExecutor]:
    """Threads to read in, each on a connection of its own."""
    with ThreadPoolExecutor(READERS) as pool:
        yield pool


class Reader:
    """Somebody with a browser who tries again whenever a page says that it did not work."""

    def __init__(self, cookies: SimpleCookie, seen: Counter[int]) -> None:
        self.requests, self.seen = RequestFactory(), seen
        self.requests.cookies = cookies
        # Not the test client: it copies what every template was given, for all threads each time.
        self.site = BaseHandler()
        self.site.load_middleware()

    def view(self, path: str, target: str = "") -> str:
        """What shows in the end, after following the link to try again as often as it takes."""
        for _try in range(MOST_TRIES):
            response = self._ask(path, target)
            content = b"".join(response).decode()
            self.seen[response.status_code] += 1
            if response.status_code == 200:
                return content
            (path,) = map(html.unescape, RETRY.findall(content))
        raise AssertionError(f"{path} never worked")

    def _ask(self, path: str, target: str) -> HttpResponseBase:
        headers = {**HTMX, "HX-Target": target} if target else {}
        return self.site.get_response(self.requests.get(path, headers=headers))

    def thread(self, path: str) -> list[str]:
        """Read a thread from its end to its beginning: the ids, oldest first."""
        content = self.view(path)
        ids = MESSAGE.findall(content)
        while found := OLDER.findall(content):
            content = self.view(html.unescape(found[0]), "older")
            ids = MESSAGE.findall(content) + ids
        assert START in content
        return ids

    def inbox(self, path: str) -> list[str]:
        """Read an inbox from its top to its end: the ids."""
        content = self.view(path)
        ids = ROW.findall(content)
        while found := MORE.findall(content):
            content = self.view(html.unescape(found[0]), "more")
            ids += ROW.findall(content)
        return ids


def check_thread(sandbox: Sandbox, reader: Reader, path: str, types: set[str]) -> None:
    """Read a thread, all of it or those types; it is what the API holds."""
    conversation_id = path.split("/")[3]
    query = f"?type={','.join(sorted(types))}" if types else ""
    held = sandbox.world.threads[conversation_id]
    wanted = {
        row["id"]: row for row in held if not types or normal_type(row["messageType"]) in types
    }
    ids = reader.thread(path + query)
    assert len(ids) == len(set(ids)), f"{path}: shown twice"
    assert set(ids) == set(wanted), f"{path}: lost"
    times = [wanted[each]["dateAdded"] for each in ids if "dateAdded" in wanted[each]]
    assert times == sorted(times), f"{path}: out of order"


def check_inbox(sandbox: Sandbox, reader: Reader, path: str, unread: bool) -> None:
    """Read the inbox, all of it or what is unread; it is what the API holds."""
    world = sandbox.world
    wanted = {
        ident: raw["lastMessageDate"]
        for ident, raw in world.conversations.items()
        if raw["locationId"] == world.main_location_id
        and ident not in world.hidden
        and not (unread and not raw["unreadCount"])
    }
    ids = reader.inbox(f"{path}?status=unread" if unread else path)
    assert len(ids) == len(set(ids)), "shown twice"
    assert set(ids) == set(wanted), "lost"
    times = [wanted[each] for each in ids]
    assert times == sorted(times, reverse=True), "out of order"


def test_under_chaos_nothing_breaks_shows_twice_or_is_lost(
    stumbling: Sandbox,
    account: SubAccount,
    readers: ThreadPoolExecutor,
    settings: Settings,
) -> None:
    user = User.objects.create_user("reader", password="a-password-for-tests")
    granted(user, account)
    cookies = signed_in(user).cookies
    seen: Counter[int] = Counter()
    world, inbox = stumbling.world, inbox_path(account)
    long = thread_path(account, world.long_conversation_id)
    others = [
        thread_path(account, ident)
        for ident, raw in world.conversations.items()
        if raw["locationId"] == account.location_id
        and ident not in world.hidden
        and ident != world.long_conversation_id
    ]

    def journey(walk: Callable[[Reader], None]) -> None:
        try:
            walk(Reader(cookies, seen))
        finally:
            connections.close_all()

    walks: list[Callable[[Reader], None]] = [
        partial(check_thread, stumbling, path=long, types=set()),
        *[partial(check_inbox, stumbling, path=inbox, unread=unread) for unread in (False, True)],
        partial(check_thread, stumbling, path=long, types={"TYPE_CALL", "TYPE_WHATSAPP"}),
        *[partial(check_thread, stumbling, path=path, types=set()) for path in others],
        *[partial(check_thread, stumbling, path=path, types={"TYPE_SMS"}) for path in others],
        *[partial(check_inbox, stumbling, path=inbox, unread=unread) for unread in (False, True)],
    ]
    settings.PAGE_SIZE = SIZE
    for _done in readers.map(journey, walks):
        pass

    assert seen.total() >= VIEWS
    assert set(seen) <= ANSWERS
    assert seen.total() > seen[200], "there was no trouble to speak of"
