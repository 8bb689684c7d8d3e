"""How much may be sent and how often may be asked: what is too much is refused, calmly."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django import forms as django_forms
from django.conf import settings as configured
from django.core.cache import cache, caches
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from conversations_ui import limits
from conversations_ui.accounts.models import SubAccount, User
from conversations_ui.cache import ForgivingRedisCache
from conversations_ui.views import forms
from tests.conftest import ROOT, signed_in
from tests.pages import HTMX, alert, inbox_path, page, words

HUGE = ("x" * 100_000, "1" * 100_000, "é," * 50_000, "TYPE_SMS," * 10_000, "\0" * 100_000)
FORMS = sorted(
    {
        found
        for found in vars(forms).values()
        if isinstance(found, type) and issubclass(found, django_forms.Form)
    },
    key=lambda form: form.__name__,
)


@pytest.fixture
def limited(settings: Settings) -> Iterator[Settings]:
    """The rates, so low that three requests are too many, in a time that does not end meanwhile."""
    cache.clear()
    settings.REQUEST_RATES = 2 / 600
    with time_machine.travel(time.time(), tick=False):
        yield settings
    cache.clear()


def asked(client: Client, path: str, times: int, **headers: Any) -> Any:
    """Ask as often as that; the last answer."""
    for _time in range(times):
        response = client.get(path, headers=headers)
    return response


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_no_field_of_an_address_takes_more_than_it_can_mean(form: type[Any]) -> None:
    names = form({}).fields
    for name in names:
        for huge in HUGE:
            assert name in form({name: huge}).errors, (name, huge[:9])


@pytest.mark.parametrize("path", ["inbox", "chooser", "login", "webhook", "healthz"])
@pytest.mark.parametrize("method", ["get", "head"])
@pytest.mark.parametrize("header", [{"Content-Length": "5"}, {"Transfer-Encoding": "chunked"}])
def test_what_only_reads_takes_no_body(
    reader_client: Client,
    sub_account: SubAccount,
    path: str,
    method: str,
    header: dict[str, str],
) -> None:
    arguments = [sub_account.location_id] if path == "inbox" else []
    address = reverse(path, args=arguments)
    answer = getattr(reader_client, method)(address, headers=header)
    assert answer.status_code == 400
    if method == "get":
        assert words(alert(page(answer)))


@pytest.mark.parametrize("path", ["login", "logout", "password_change", "webhook"])
def test_a_body_larger_than_any_form_is_refused_unread(reader_client: Client, path: str) -> None:
    length = str(configured.LARGEST_BODY + 1)
    answer = reader_client.post(
        reverse(path), b"a=b", "text/plain", headers={"Content-Length": length}
    )
    assert answer.status_code == 413
    assert "more than can be taken" in words(page(answer))


@pytest.mark.parametrize(
    "sent",
    [
        {"username": "x" * (configured.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)},
        {f"field{number}": "" for number in range(configured.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1)},
    ],
    ids=["large", "many"],
)
@pytest.mark.parametrize("path", ["/login/", "/admin/accounts/user/add/"])
def test_a_form_with_too_much_in_it_gets_a_sentence(
    administrator_client: Client, sent: dict[str, str], path: str
) -> None:
    kind = "application/x-www-form-urlencoded"
    answer = administrator_client.post(path, urlencode(sent), kind)
    assert answer.status_code == 400
    assert "cannot be read" in words(page(answer))


def test_no_form_takes_files(client: Client, db: None, tmp_path: Any) -> None:
    file = tmp_path / "a.txt"
    file.write_text("content")
    with file.open("rb") as sent:
        assert client.post("/login/", {"username": sent}).status_code == 400


def test_unknown_parameters_change_nothing(reader_client: Client, sub_account: SubAccount) -> None:
    plain = reader_client.get(inbox_path(sub_account))
    more = reader_client.get(f"{inbox_path(sub_account)}?limit=9999&page_size=9999&x={'y' * 3000}")
    assert [len(page(one).select("a[data-conversation-id]")) for one in (plain, more)] == [25, 25]


def test_the_server_takes_our_longest_address_and_no_longer_header() -> None:
    shown = (
        "import runpy; print(*(runpy.run_path('deploy/gunicorn.conf.py')['limit_request_' + name]"
    )
    names = " for name in ('line', 'fields', 'field_size')))"
    found = subprocess.run(
        [sys.executable, "-c", shown + names], cwd=ROOT, check=True, capture_output=True, text=True
    )
    line, fields, size = map(int, found.stdout.split())
    assert 7000 < line <= 8190  # `after` of the inbox
    assert fields <= 100
    assert size <= 8190


def test_who_asks_too_often_gets_a_calm_page(
    limited: Settings, reader_client: Client, sub_account: SubAccount
) -> None:
    answer = asked(reader_client, "/sub-accounts/", 3)
    assert answer.status_code == 429
    assert 1 <= int(answer["Retry-After"]) <= 61
    assert "slower" in words(page(answer))
    assert "no-store" in answer["Cache-Control"]


def test_a_fragment_is_refused_beside_what_is_shown(
    limited: Settings, reader_client: Client, sub_account: SubAccount
) -> None:
    answer = asked(reader_client, inbox_path(sub_account), 3, **HTMX)
    assert answer.status_code == 429
    assert "thread-alerts" in answer["HX-Retarget"]
    assert b"<html" not in answer.content
    assert alert(page(answer))


def test_a_refused_poll_touches_nothing(
    limited: Settings, reader_client: Client, sub_account: SubAccount
) -> None:
    limited.REQUEST_RATES = 2 / 1200
    answer = asked(reader_client, reverse("live_inbox", args=[sub_account.location_id]), 3, **HTMX)
    assert answer.status_code == 429
    assert answer["HX-Reswap"] == "none"


def test_one_person_does_not_slow_down_another(
    limited: Settings, reader_client: Client, administrator: User
) -> None:
    assert asked(reader_client, "/sub-accounts/", 3).status_code == 429
    assert asked(signed_in(administrator), "/sub-accounts/", 1).status_code == 200


def test_files_of_the_read_log_are_exports(
    limited: Settings, admin_client: Client, sub_account: SubAccount
) -> None:
    limited.REQUEST_RATES = 2 / 30
    log = reverse("read_log_csv", args=[sub_account.location_id])
    paths = [log, "/admin/accounts/reading/export/"]
    assert [admin_client.get(path).status_code for path in (*paths, *paths)] == [200, 200, 429, 429]
    assert admin_client.get("/sub-accounts/").status_code == 200


def test_a_person_counts_wherever_they_are_signed_in(limited: Settings, reader: User) -> None:
    statuses = [signed_in(reader).get("/sub-accounts/").status_code for _session in range(3)]
    assert statuses == [200, 200, 429]


def test_strangers_count_by_their_address(limited: Settings, client: Client, db: None) -> None:
    assert asked(client, "/login/", 3).status_code == 429
    assert client.get("/login/", REMOTE_ADDR="192.0.2.7").status_code == 200
    assert client.get("/healthz").status_code == 200


def test_a_refusal_does_not_tell_what_there_is(
    limited: Settings, reader_client: Client, sub_account: SubAccount
) -> None:
    mine, none = inbox_path(sub_account), "/inbox/nosuchlocation/"
    assert reader_client.get(none).status_code == 404
    assert reader_client.get(mine).status_code == 200
    refused = [reader_client.get(path) for path in (none, mine)]
    assert [answer.status_code for answer in refused] == [429, 429]
    assert refused[0].content == refused[1].content


def test_the_next_time_begins_anew(limited: Settings, reader_client: Client) -> None:
    now = time.time()
    with time_machine.travel(now, tick=False):
        answer = asked(reader_client, "/sub-accounts/", 3)
    assert answer.status_code == 429
    with time_machine.travel(now + int(answer["Retry-After"]), tick=False):
        assert reader_client.get("/sub-accounts/").status_code == 200


def test_without_the_shared_cache_nobody_is_refused(
    limited: Settings, reader_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = ForgivingRedisCache("redis://127.0.0.1:9", {})
    monkeypatch.setattr(limits, "cache", away)
    assert asked(reader_client, "/sub-accounts/", 4).status_code == 200


def test_the_rates_can_be_switched_off(limited: Settings, reader_client: Client) -> None:
    limited.REQUEST_RATES = 0
    assert asked(reader_client, "/sub-accounts/", 5).status_code == 200
    assert not [key for key in getattr(caches["default"], "_cache", {}) if "rate:" in key]
