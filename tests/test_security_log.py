"""The security log: sign-ins, factors, refusals; a line of JSON each, without anybody's words."""

from __future__ import annotations

import io
import json
import logging
from datetime import datetime
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks

from conversations_ui.accounts import events as events_of
from conversations_ui.accounts.models import SubAccount, User
from conversations_ui.sandbox import Sandbox
from tests.signing_in import PASSWORD, enter, set_up_app

LOG = "conversations_ui.security"


@pytest.fixture(autouse=True)
def heard(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger=LOG)


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [json.loads(record.getMessage()) for record in caplog.records if record.name == LOG]


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [line["event"] for line in lines(caplog)]


def test_sign_ins_and_their_failures_are_logged(
    reader: User, caplog: pytest.LogCaptureFixture
) -> None:
    client = Client(REMOTE_ADDR="198.51.100.7")
    enter(client, password="not-the-password")
    enter(client)
    client.post("/logout/")
    assert events(caplog) == ["sign-in failed", "signed in", "signed out"]
    failed, came, left = lines(caplog)
    assert failed["user"] is None
    assert failed["name"] == came["name"]
    assert came["user"] == left["user"] == reader.pk
    assert {line["address"] for line in lines(caplog)} == {"198.51.100.7"}


def test_what_was_typed_is_not_in_it(reader: User, caplog: pytest.LogCaptureFixture) -> None:
    enter(Client(), username=PASSWORD, password="reader")
    assert events(caplog) == ["sign-in failed"]
    assert PASSWORD not in caplog.text
    assert "reader" not in caplog.text


def test_changed_factors_are_logged(
    reader: User,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    client = Client()
    enter(client)
    with django_capture_on_commit_callbacks(execute=True):
        secret, codes = set_up_app(client)
    added = [line for line in lines(caplog) if line["event"] == "second factor added"]
    assert {line["factor"] for line in added} == {"totp", "recovery_codes"}
    assert {line["user"] for line in added} == {reader.pk}
    assert not any(each in caplog.text for each in (secret, *codes))


def test_refused_access_is_logged(
    client: Client,
    django_user_model: type[User],
    sub_account: SubAccount,
    sandbox: Sandbox,
    caplog: pytest.LogCaptureFixture,
) -> None:
    outsider = django_user_model.objects.create_user("outsider")
    client.force_login(outsider)
    caplog.clear()
    assert client.get(f"/inbox/{sub_account.location_id}/").status_code == 404
    (line,) = lines(caplog)
    assert line["event"] == "access refused"
    assert (line["user"], line["location"]) == (outsider.pk, sub_account.location_id)
    assert line["route"] == "inbox"


def test_forged_forms_are_logged(reader: User, caplog: pytest.LogCaptureFixture) -> None:
    client = Client(enforce_csrf_checks=True)
    caplog.set_level(logging.WARNING, logger="django.security.csrf")
    assert enter(client).status_code == 403
    assert any(record.name == "django.security.csrf" for record in caplog.records)


def test_nobody_adds_a_line_of_their_own(caplog: pytest.LogCaptureFixture) -> None:
    events_of.noted(None, "access refused", location='x"}\n{"event": "signed in')
    assert "\n" not in caplog.records[-1].getMessage()
    assert events(caplog) == ["access refused"]


def test_what_a_stranger_sends_takes_one_line(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.StringIO()
    console = next(each for each in logging.getLogger().handlers if each.get_name() == "console")
    monkeypatch.setattr(console, "stream", written)
    assert client.get("/login/", headers={"host": "elsewhere.example"}).status_code == 400
    assert written.getvalue().count("elsewhere.example") >= 1
    assert all(line[:4].isdigit() for line in written.getvalue().splitlines())


def test_every_event_is_one_line_of_json(reader: User, caplog: pytest.LogCaptureFixture) -> None:
    enter(Client(), password="not-the-password")
    (line,) = lines(caplog)
    assert {"event", "user", "address", "route"} <= line.keys()
    assert line["route"] == "login"


def test_times_carry_their_offset() -> None:
    formatters = settings.LOGGING["formatters"]
    assert isinstance(formatters, dict)
    wanted = formatters["line"]
    formatter = logging.Formatter(wanted["format"], wanted["datefmt"])
    line = logging.LogRecord(LOG, logging.INFO, "", 0, "x", None, None)
    moment = datetime.fromisoformat(formatter.format(line).split()[0])
    assert moment.utcoffset() is not None


def test_logs_go_to_standard_error_alone() -> None:
    handlers = settings.LOGGING["handlers"]
    assert isinstance(handlers, dict)
    assert {handler["class"] for handler in handlers.values()} == {"logging.StreamHandler"}
    assert all("stream" not in handler for handler in handlers.values())
