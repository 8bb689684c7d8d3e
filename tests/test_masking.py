"""Tokens, keys and people stay out of logs, of error pages, and out of Django's own error page."""

import io
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.fernet import Fernet
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from gunicorn.config import Config
from pytest_django import Settings

from conversations_ui import urls
from conversations_ui.accounts import keys
from conversations_ui.accounts.models import SubAccount
from conversations_ui.error_reports import MaskingReporter
from conversations_ui.masking import MASK, MaskingFilter, masked
from conversations_ui.sandbox import Answer, Sandbox
from tests.conftest import ROOT

TOKEN = "token-4711-of-somebody"
QUERY = "Olena-Example"


@login_not_required
def holding(request: HttpRequest) -> HttpResponse:
    """A view that breaks with everything secret at hand."""
    token = TOKEN
    headers = {"Authorization": f"Bearer {token}"}
    posted = request.POST.get("password", "")
    try:
        raise ValueError(f"refused: {headers}, {len(posted)} characters")
    except ValueError as cause:
        raise RuntimeError(f"no use: {token}") from cause


@login_not_required
def asking(request: HttpRequest) -> HttpResponse:
    """A view that lets a fault of the HTTP library through, which quotes the address."""
    auth = requests.auth.HTTPBasicAuth("user", TOKEN)
    requests.get(f"http://127.0.0.1:9/search?query={QUERY}", auth=auth, timeout=1)
    raise AssertionError("nobody listens there")


urlpatterns = [path("holding/", holding), path("asking/", asking), *urls.urlpatterns]
handler404, handler500 = urls.handler404, urls.handler500


@pytest.fixture
def log(settings: Settings) -> Iterator[io.StringIO]:
    """All that is written, as the console has it."""
    settings.ROOT_URLCONF = __name__
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    shipped = settings.LOGGING["handlers"]["console"]
    assert shipped["filters"][-1] == "masking"
    handler.addFilter(MaskingFilter())
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


@pytest.fixture
def known(db: None) -> None:
    """The token is one of those stored here."""
    keys.decrypt("location-1", keys.encrypt("location-1", TOKEN))


@pytest.mark.parametrize("debug", [False, True], ids=["serving", "DEBUG"])
@pytest.mark.parametrize("where", ["/holding/", "/asking/"])
def test_a_fault_tells_no_secret_and_no_query(
    log: io.StringIO, known: None, settings: Settings, debug: bool, where: str
) -> None:
    settings.DEBUG = debug
    client = Client(raise_request_exception=False, HTTP_AUTHORIZATION=f"Bearer {TOKEN}")
    client.cookies["sessionid"] = "a-session-of-somebody"
    form = {"password": "a-password-typed-in"}
    answer = client.post(f"{where}?q={QUERY}", form)
    assert answer.status_code == 500
    shown = answer.content.decode()
    assert ("Traceback" in shown) == debug
    # That something is masked shows that it would have been there.
    assert "Traceback" in log.getvalue() and MASK in log.getvalue()
    for secret in (TOKEN, QUERY, "a-session-of-somebody", "a-password-typed-in"):
        assert secret not in log.getvalue()
        assert secret not in shown
    for name in ("SECRET_KEY", "TOKEN_KEYS"):
        for key in [value] if isinstance(value := getattr(settings, name), str) else value:
            assert key not in shown


def test_djangos_page_shows_kinds_in_place_of_values(log: io.StringIO, settings: Settings) -> None:
    settings.DEBUG = True
    shown = Client(raise_request_exception=False).get("/holding/").content.decode()
    assert "headers" in shown and "&lt;dict&gt;" in shown
    assert "DATABASES" not in shown
    assert "DJANGO_SETTINGS_MODULE" not in shown


def test_a_report_without_a_request_is_masked_too(known: None) -> None:
    try:
        int(TOKEN)
    except ValueError as fault:
        report = MaskingReporter(None, type(fault), fault, fault.__traceback__)
    text = report.get_traceback_text()
    assert "ValueError" in text and "invalid literal" in text
    assert TOKEN not in text


def test_an_upstream_failure_tells_no_token(
    log: io.StringIO, sub_account: SubAccount, sandbox: Sandbox, reader_client: Client
) -> None:
    said: dict[str, object] = {
        "message": f"Invalid token: {sandbox.token}",
        "traceId": sandbox.token,
    }
    sandbox.script("/conversations/search", Answer(401, said))
    answer = reader_client.get(f"/inbox/{sub_account.location_id}/?q={QUERY}")
    assert "unauthorized" in answer.content.decode()
    assert "/conversations/search 401" in log.getvalue()
    for secret in (sandbox.token, QUERY):
        assert secret not in log.getvalue()
    assert sandbox.token not in answer.content.decode()


def test_the_administration_never_shows_a_token_again(
    log: io.StringIO, sub_account: SubAccount, sandbox: Sandbox, administrator_client: Client
) -> None:
    page = f"/admin/accounts/subaccount/{sub_account.pk}/change/"
    form = {"token": TOKEN, "name": "One", "time_zone": "Nowhere"}
    shown = [administrator_client.get(page), administrator_client.post(page, form)]
    for answer in shown:
        assert answer.status_code == 200
        for secret in (TOKEN, sandbox.token, sub_account.encrypted_token):
            assert secret not in answer.content.decode()
    for secret in (TOKEN, sandbox.token):
        assert secret not in log.getvalue() + repr(sub_account) + str(sub_account)


def test_every_secret_of_the_configuration_is_masked(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SECRET_KEY = "configured-secret-key"
    settings.TOKEN_KEYS = [Fernet.generate_key().decode(), Fernet.generate_key().decode()]
    settings.HIGHLEVEL_TOKEN = "configured-token"
    settings.HIGHLEVEL_CLIENT_SECRET = "configured-client-word"
    settings.EMAIL_HOST_PASSWORD = "configured mail word"
    settings.OIDC_CLIENT_SECRET = "configured-oidc-word"
    monkeypatch.setitem(settings.DATABASES["default"], "PASSWORD", "configured-db-word")
    settings.CACHES = {"default": {"LOCATION": "redis://me:configured%2Dcache@127.0.0.1:6379/0"}}
    text = " | ".join(
        [
            settings.SECRET_KEY,
            *settings.TOKEN_KEYS,
            settings.HIGHLEVEL_TOKEN,
            settings.HIGHLEVEL_CLIENT_SECRET,
            settings.EMAIL_HOST_PASSWORD,
            settings.OIDC_CLIENT_SECRET,
            "configured-db-word",
            "configured%2Dcache",
            "configured-cache",
        ]
    )
    assert masked(text) == " | ".join([MASK] * 10)


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Authorization: Bearer abcdefghijkl", "abcdefghijkl"),
        ("{'Authorization': 'Basic dXNlcjpwYXNz'}", "dXNlcjpwYXNz"),
        ("bearer abcdefghijkl was refused", "abcdefghijkl"),
        ("Cookie: __Host-sessionid=abc; other=def", "abc"),
        ("b'Set-Cookie': 'csrftoken=abcdef; Path=/'", "abcdef"),
        ("pit-0a1b2c3d-4e5f-6789-abcd-ef0123456789 is no good", "0a1b2c3d"),
        ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl here", "c2lnbmF0dXJl"),
        ("opened gAAAAABlc2VjcmV0c2VjcmV0c2VjcmV0 badly", "c2VjcmV0"),
        ("key invitation.MQ.abc123-0123456789abcdef", "0123456789abcdef"),
        ("grant_type=refresh_token&refresh_token=abcdefgh&x=1", "abcdefgh"),
        ('{"clientSecret": "abcdefgh", "a": 1}', "abcdefgh"),
        ("password=hunter22", "hunter22"),
        ("postgres://me:hunter22@host/name", "hunter22"),
        ("GET /conversations/search?query=Olena&limit=20 failed", "Olena"),
        ("Max retries exceeded with url: /contacts/1?email=x (Caused by", "email=x"),
        ("http://127.0.0.1/open/?+15550100 gone", "15550100"),
        ("to olena@example.com: full", "olena"),
        ("call +1 (415) 555-0100 now", "555"),
        ("call +41791234567 now", "79123"),
        ("call (415) 555-0100 now", "555"),
    ],
)
def test_what_looks_like_a_secret_or_a_person_is_masked(text: str, secret: str) -> None:
    assert secret in text
    assert secret not in masked(text)
    assert MASK in masked(text)


@pytest.mark.parametrize(
    "text",
    [
        "GET /conversations/PjVS5Whhw4uLJwg9I3yR/messages 200 14 ms 0a1b2c3d-4e5f-6789-abcd",
        "GET /inbox/ve9EPM428h8vShlRW1KT/ 200 1732300000000",
        "location-1: the refresh token is lost, connect it again",
        'File "/srv/conversations_ui/views/thread.py", line 81, in thread',
        "the shared cache does not answer: ConnectionError",
        '{"event": "signed in", "user": 7, "address": "198.51.100.7", "route": "login"}',
    ],
)
def test_what_helps_stays(text: str) -> None:
    assert masked(text) == text


def test_nothing_from_outside_writes_a_line_of_its_own() -> None:
    try:
        raise ValueError("bad\n2026-01-01 00:00:00,000 INFO forged line\r\nanother")
    except ValueError:
        text = logged("Not Found: %s", "/a\nb\r\x1b[2J", exc_info=True)
    first, *rest = text.splitlines()
    assert first == "Not Found: /a\\nb\\r\\x1b[2J"
    assert rest and all(line.startswith("    ") for line in rest)


def test_a_line_whose_arguments_do_not_fit_is_written_all_the_same() -> None:
    assert logged("%d of %s", "one") == "%d of %s\n"


def test_masking_long_outside_text_takes_no_time_worth_naming() -> None:
    """Each pattern's work is bounded: were it not, this would never end."""
    for unit in ("a", "a.", "a@", "1 ", "+1", "?", "://", "token", "eyJ", "a-", "('"):
        assert masked(unit * (40_000 // len(unit))) is not None


def test_gunicorn_masks_both_its_logs_and_logs_no_query() -> None:
    config: dict[str, Any] = {}
    source = Path(ROOT / "deploy" / "gunicorn.conf.py").read_text()
    exec(compile(source, "gunicorn.conf.py", "exec"), config)  # noqa: S102
    asked = Config()
    asked.set("accesslog", "-")
    logger = config["logger_class"](asked)
    for log in (logger.error_log, logger.access_log):
        assert log.handlers
        for handler in log.handlers:
            assert any(isinstance(each, MaskingFilter) for each in handler.filters)
    assert not set("qrf") & set(config["access_log_format"].replace("%(", "").split(")s"))


def logged(message: str, *arguments: object, **more: Any) -> str:
    """Write one line the way the console does."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(MaskingFilter())
    logger = logging.Logger("tests")  # noqa: LOG001
    logger.addHandler(handler)
    logger.warning(message, *arguments, **more)
    return written.getvalue()
