"""The token to use now: refreshed ahead of its end, once, stored first, and given up in words."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests
from cryptography.fernet import Fernet
from django.core.cache import cache
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from conversations_ui.accounts import connecting, tokens
from conversations_ui.accounts.keys import TokenUnreadable
from conversations_ui.accounts.models import Agency, SubAccount
from conversations_ui.highlevel.errors import HighLevelError, MissingScope, Unavailable
from conversations_ui.highlevel.oauth import Inactive, InvalidClient
from conversations_ui.sandbox import Answer, Sandbox
from conversations_ui.sandbox.oauth import App, Permission
from tests import KEYS
from tests.conftest import ROOT, bare_environment

pytestmark = pytest.mark.django_db

LIMIT_SECONDS = 60


def ending(account: SubAccount | Agency, **left: float) -> None:
    """Let the token live for so long, and have been given long ago."""
    account.token_expires = timezone.now() + timedelta(**left)
    account.token_since = timezone.now() - timedelta(days=1)
    account.save()


def posts(sandbox: Sandbox) -> list[str]:
    return [seen.path for seen in sandbox.requests if seen.method == "POST"]


def works(sandbox: Sandbox, token: str | None) -> bool:
    """Say whether the API takes a token."""
    answer = requests.get(
        f"{sandbox.url}/locations/{sandbox.locations[0]}",
        headers={"Authorization": f"Bearer {token}", "Version": "2021-07-28"},
        timeout=10,
    )
    return answer.status_code == 200


def stored(account: SubAccount) -> SubAccount:
    return SubAccount.objects.get(pk=account.pk)


# When it is refreshed


def test_a_private_integrations_token_is_as_stored(
    sandbox: Sandbox,
    sub_account: SubAccount,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(0):
        assert tokens.current(sub_account) == sandbox.token
        assert tokens.renewed(sub_account, sandbox.token) is None
    assert posts(sandbox) == []


def test_a_young_token_costs_no_query_and_no_call(
    sandbox: Sandbox, authorised: SubAccount, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert tokens.current(authorised) == authorised.token
    assert posts(sandbox) == []


@pytest.mark.parametrize("left", [{"minutes": 4}, {"seconds": 5}, {"hours": -3}])
def test_it_is_refreshed_ahead_of_its_end_and_after(
    sandbox: Sandbox, app: App, authorised: SubAccount, left: dict[str, float]
) -> None:
    ending(authorised, **left)
    before, connected = authorised.token, authorised.connected
    token = tokens.current(authorised)
    assert token != before
    assert works(sandbox, token)
    row = stored(authorised)
    assert (row.token, row.refresh_token) == (token, app.refresh_token(row.location_id))
    assert row.token_expires
    assert row.token_expires - timezone.now() > timedelta(hours=23)
    assert row.connected == connected
    assert tokens.current(authorised) == tokens.current(row) == token
    assert posts(sandbox) == ["/oauth/token"]


def test_it_is_stored_before_it_is_used(sandbox: Sandbox, authorised: SubAccount) -> None:
    ending(authorised, hours=-1)
    token = tokens.current(authorised)
    # Whoever took it is gone without a call: the next finds it, and the chain goes on.
    assert tokens.current(stored(authorised)) == token
    ending(stored(authorised), hours=-1)
    assert works(sandbox, tokens.current(stored(authorised)))
    assert len(posts(sandbox)) == 2


def test_an_old_copy_of_the_row_finds_what_another_has_stored(
    sandbox: Sandbox, authorised: SubAccount
) -> None:
    ending(authorised, hours=-1)
    copy = stored(authorised)
    token = tokens.current(authorised)
    assert tokens.current(copy) == token
    assert copy.token_expires == authorised.token_expires
    assert len(posts(sandbox)) == 1


# When HighLevel does not play along


@pytest.mark.parametrize(
    "answer",
    [Answer(503), Answer(reset=True), Answer(429), Answer(401, {"message": "Invalid client"})],
)
def test_the_old_token_serves_while_it_can(
    sandbox: Sandbox, authorised: SubAccount, answer: Answer
) -> None:
    ending(authorised, minutes=4)
    sandbox.script("/oauth/token", answer, times=None)
    assert tokens.current(authorised) == authorised.token
    # And nobody tries again at once.
    assert tokens.current(stored(authorised)) == authorised.token
    assert len(posts(sandbox)) == 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(503), Unavailable),
        (Answer(400, {"message": "Location is not active"}), Inactive),
        (Answer(401, {"message": "Invalid client"}), InvalidClient),
    ],
)
def test_without_one_that_serves_the_failure_is_named_and_passes(
    sandbox: Sandbox, authorised: SubAccount, answer: Answer, kind: type[HighLevelError]
) -> None:
    ending(authorised, hours=-1)
    sandbox.script("/oauth/token", answer)
    with pytest.raises(HighLevelError) as refused:
        tokens.current(authorised)
    assert type(refused.value) is kind
    with pytest.raises(Unavailable) as waiting:
        tokens.current(stored(authorised))
    assert waiting.value.retry_after
    assert len(posts(sandbox)) == 1
    assert not stored(authorised).needs_reconnection
    cache.clear()  # the pause is over
    assert works(sandbox, tokens.current(authorised))


def test_an_installation_without_an_app_says_so(authorised: SubAccount, settings: Settings) -> None:
    ending(authorised, hours=-1)
    settings.HIGHLEVEL_CLIENT_ID = ""
    with pytest.raises(InvalidClient, match="HIGHLEVEL_CLIENT_ID"):
        tokens.current(authorised)


def test_lost_keys_are_named(authorised: SubAccount, settings: Settings) -> None:
    settings.TOKEN_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(TokenUnreadable, match="TOKEN_KEYS"):
        tokens.current(authorised)
    ending(authorised, hours=-1)
    with pytest.raises(TokenUnreadable, match="TOKEN_KEYS"):
        tokens.current(authorised)
    assert tokens.renewed(authorised, "refused") is None


# Lost for good


def test_a_refresh_token_that_is_dead_is_written_down_as_lost(
    sandbox: Sandbox, app: App, authorised: SubAccount
) -> None:
    ending(authorised, hours=-1)
    app.chains.clear()
    with pytest.raises(tokens.ReconnectNeeded):
        tokens.current(authorised)
    assert stored(authorised).needs_reconnection
    for account in (authorised, stored(authorised)):
        with pytest.raises(tokens.ReconnectNeeded):
            tokens.current(account)
        assert tokens.renewed(account, account.token) is None
    assert len(posts(sandbox)) == 1


def test_what_is_left_of_a_lost_token_is_used_up(
    sandbox: Sandbox, app: App, authorised: SubAccount
) -> None:
    ending(authorised, minutes=4)
    app.chains.clear()
    assert tokens.current(authorised) == authorised.token
    assert stored(authorised).needs_reconnection
    assert tokens.current(stored(authorised)) == authorised.token
    assert len(posts(sandbox)) == 1


def test_somebody_who_connects_meanwhile_wins(
    sandbox: Sandbox, app: App, authorised: SubAccount
) -> None:
    ending(authorised, hours=-1)
    code = app.new_code(Permission(authorised.location_id))
    # HighLevel has given them tokens, which killed ours; they are about to store them.
    issued = tokens.app().exchange(code, redirect_uri="", verifier="")
    sandbox.clear()
    done: list[str] = []

    def winner(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        if posts(sandbox) and sql.startswith("SELECT") and not done:
            done.append(sql)
            other = stored(authorised)
            other.authorise(issued)
            other.save()
        return execute(sql, *arguments)

    with connection.execute_wrapper(winner):
        assert tokens.current(authorised) == issued.access_token
    assert done
    assert not stored(authorised).needs_reconnection
    assert stored(authorised).refresh_token == issued.refresh_token


def test_connecting_again_heals(app: App, authorised: SubAccount) -> None:
    ending(authorised, hours=-1)
    app.chains.clear()
    with pytest.raises(tokens.ReconnectNeeded):
        tokens.current(authorised)
    code = app.new_code(Permission(authorised.location_id))
    issued = tokens.app().exchange(code, redirect_uri="", verifier="")
    connecting.authorise(authorised.location_id, issued)
    assert tokens.current(authorised) == issued.access_token
    assert not authorised.needs_reconnection


def test_a_forgotten_token_is_not_connected(authorised: SubAccount) -> None:
    authorised.forget()
    authorised.save()
    with pytest.raises(tokens.NotConnected):
        tokens.current(authorised)
    assert tokens.renewed(authorised, "refused") is None


def test_a_deleted_sub_account_is_not_connected(authorised: SubAccount) -> None:
    ending(authorised, hours=-1)
    SubAccount.objects.all().delete()
    with pytest.raises(tokens.NotConnected):
        tokens.current(authorised)


# After a 401


def test_a_refused_token_is_renewed(sandbox: Sandbox, authorised: SubAccount) -> None:
    ending(authorised, hours=20)
    refused = authorised.token
    sandbox.revoke(refused)
    token = tokens.renewed(authorised, refused)
    assert works(sandbox, token)
    assert stored(authorised).token == authorised.token == token


def test_anothers_token_is_taken_instead_of_a_second_refresh(
    sandbox: Sandbox, authorised: SubAccount
) -> None:
    ending(authorised, hours=20)
    copy, refused = stored(authorised), authorised.token
    token = tokens.renewed(authorised, refused)
    assert tokens.renewed(copy, refused) == token
    assert len(posts(sandbox)) == 1


def test_a_token_refused_as_soon_as_it_was_given_is_not_renewed_again_and_again(
    sandbox: Sandbox, authorised: SubAccount
) -> None:
    ending(authorised, hours=20)
    token = tokens.renewed(authorised, authorised.token)
    assert token
    assert tokens.renewed(authorised, token) is None
    assert len(posts(sandbox)) == 1
    assert not stored(authorised).needs_reconnection


def test_a_row_that_got_a_private_token_meanwhile_is_left_alone(
    sandbox: Sandbox, authorised: SubAccount
) -> None:
    ending(authorised, hours=-1)
    other = stored(authorised)
    other.set_token(sandbox.token)
    other.save()
    assert tokens.renewed(authorised, sandbox.token) is None
    assert tokens.current(authorised) == sandbox.token
    assert not stored(authorised).needs_reconnection
    assert posts(sandbox) == []


def test_the_page_goes_on_after_a_401(
    sandbox: Sandbox, authorised: SubAccount, administrator_client: Any
) -> None:
    ending(authorised, hours=20)
    sandbox.revoke(authorised.token)
    answer = administrator_client.get(f"/inbox/{authorised.location_id}/")
    assert answer.status_code == 200
    assert b"data-conversation-id" in answer.content
    assert len(posts(sandbox)) == 1


# By way of an agency


@pytest.fixture
def by_agency(db: None, app: App, sandbox: Sandbox) -> SubAccount:
    """A sub-account connected with its agency's token."""
    issued = tokens.app().exchange(app.new_code(Permission("")), redirect_uri="", verifier="")
    agency = connecting.keep_agency(issued)
    account = connecting.connect_by_agency(agency, sandbox.locations[0]).sub_account
    sandbox.clear()
    return account


def test_an_agencys_token_is_exchanged_again(sandbox: Sandbox, by_agency: SubAccount) -> None:
    ending(by_agency, hours=-1)
    assert works(sandbox, tokens.current(by_agency))
    assert posts(sandbox) == ["/oauth/locationToken"]


def test_an_agencys_own_token_is_refreshed_first(
    sandbox: Sandbox, app: App, by_agency: SubAccount
) -> None:
    ending(by_agency, hours=-1)
    agency = Agency.objects.get()
    ending(agency, minutes=-1)
    assert works(sandbox, tokens.current(stored(by_agency)))
    assert posts(sandbox) == ["/oauth/token", "/oauth/locationToken"]
    agency.refresh_from_db()
    assert agency.refresh_token == app.refresh_token("")


def test_an_agency_token_that_is_refused_is_renewed_once(
    sandbox: Sandbox, by_agency: SubAccount
) -> None:
    ending(by_agency, hours=-1)
    agency = Agency.objects.get()
    ending(agency, hours=20)
    sandbox.revoke(agency.token)
    cache.clear()
    assert works(sandbox, tokens.current(stored(by_agency)))
    assert posts(sandbox) == ["/oauth/locationToken", "/oauth/token", "/oauth/locationToken"]


def test_a_lost_agency_loses_its_sub_accounts_in_words(
    sandbox: Sandbox, app: App, by_agency: SubAccount
) -> None:
    ending(by_agency, hours=-1)
    ending(Agency.objects.get(), hours=-1)
    app.chains.clear()
    with pytest.raises(tokens.ReconnectNeeded):
        tokens.current(stored(by_agency))
    assert stored(by_agency).is_lost


def test_an_agency_without_the_scope_to_exchange_says_so(
    sandbox: Sandbox, by_agency: SubAccount
) -> None:
    ending(by_agency, hours=-1)
    said = {"message": "The token is not authorized for this scope."}
    sandbox.script("/oauth/locationToken", Answer(401, dict(said)))
    with pytest.raises(MissingScope):
        tokens.current(by_agency)


def test_v3_keeps_one_chain_for_an_agency(
    settings: Settings, sandbox: Sandbox, app: App, db: None
) -> None:
    settings.HIGHLEVEL_API_VERSION = "v3"
    issued = tokens.app().exchange(app.new_code(Permission("")), redirect_uri="", verifier="")
    account = connecting.connect_by_agency(
        connecting.keep_agency(issued), sandbox.locations[0]
    ).sub_account
    assert account.refresh_token == ""
    ending(account, hours=-1)
    assert works(sandbox, tokens.current(stored(account)))
    assert account.refresh_token == ""


# Several processes


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database that processes can share."""
    if request.param == "SQLite":
        yield f"sqlite:///{tmp_path}/shared.sqlite3"
        return
    server = request.getfixturevalue("postgres_url")
    name = f"tokens_test_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            yield server.rpartition("/")[0] + f"/{name}"
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def environment(database: str, sandbox: Sandbox, app: App) -> dict[str, str]:
    """The environment of processes whose one sub-account has a token of yesterday."""
    environment = bare_environment(
        **KEYS,
        DJANGO_SETTINGS_MODULE="conversations_ui.settings",
        DATABASE_URL=database,
        HTTPS_ONLY="off",
        PYTHONPATH=str(ROOT),
        HIGHLEVEL_API_URL=sandbox.url,
        HIGHLEVEL_CLIENT_ID=app.client_id,
        HIGHLEVEL_CLIENT_SECRET=app.client_secret,
    )
    run(environment, "manage.py", "migrate", "--verbosity", "0")
    code = app.new_code(Permission(sandbox.locations[0]))
    lines = (
        "from conversations_ui.accounts import connecting, tokens",
        f"issued = tokens.app().exchange({code!r}, redirect_uri='', verifier='')",
        f"account = connecting.authorise({sandbox.locations[0]!r}, issued).sub_account",
        "from django.utils import timezone; from datetime import timedelta",
        "account.token_expires = timezone.now() + timedelta(seconds=5)",
        "account.token_since = timezone.now() - timedelta(days=1)",
        "account.save()",
    )
    run(environment, "manage.py", "shell", "--no-imports", "--command", "\n".join(lines))
    sandbox.clear()
    return environment


def run(environment: dict[str, str], *arguments: str) -> None:
    subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, check=True, timeout=LIMIT_SECONDS
    )


def take(environment: dict[str, str], *situations: str) -> list[str]:
    """Let processes take the token at the same moment, and give back what each has printed."""
    with ExitStack() as running:
        processes = [
            running.enter_context(
                subprocess.Popen(
                    [sys.executable, "tests/refreshing.py", situation],
                    cwd=ROOT,
                    env=environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for situation in situations
        ]
        for process in processes:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin
            process.stdin.write("go\n")
            process.stdin.flush()
        return [process.communicate(timeout=LIMIT_SECONDS)[0].strip() for process in processes]


@pytest.mark.parametrize("situation", ["ending", "refused"])
def test_processes_that_refresh_at_once_make_one_refresh_and_all_go_on(
    environment: dict[str, str], sandbox: Sandbox, situation: str
) -> None:
    # Slow enough for all to be under way together.
    sandbox.script("/oauth/token", Answer(delay=0.5), times=None)
    taken = take(environment, *[situation] * 3)
    assert len(set(taken)) == 1
    assert works(sandbox, taken[0])
    assert posts(sandbox) == ["/oauth/token"]
    # The chain goes on.
    assert take(environment, "ending") == taken[:1]


def test_a_crash_before_the_first_use_loses_nothing(
    environment: dict[str, str], sandbox: Sandbox
) -> None:
    lost = take(environment, "crash")
    assert take(environment, "ending") == lost
    assert works(sandbox, lost[0])
    assert len(posts(sandbox)) == 1


def test_a_worker_thread_leaves_no_connection_open(
    environment: dict[str, str], sandbox: Sandbox
) -> None:
    (said,) = take(environment, "thread")
    token, closed = said.split()
    assert works(sandbox, token)
    assert closed == "True"
