"""The token endpoints: what is sent in either form, what refusals are called, what is not told."""

import logging
import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from conversations_ui.highlevel.errors import (
    AgencyToken,
    BadAnswer,
    HighLevelError,
    MissingScope,
    RateLimited,
    Unauthorized,
    Unavailable,
)
from conversations_ui.highlevel.oauth import (
    App,
    Inactive,
    InvalidClient,
    InvalidGrant,
    Issued,
    authorize_url,
)
from conversations_ui.sandbox import Answer, Sandbox
from conversations_ui.sandbox.oauth import Permission
from tests.conftest import ROOT

BACK = "https://site.example/back/"
VERIFIER = "v" * 64


@pytest.fixture(params=["", "v3"], ids=["default", "v3"])
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def app_of(sandbox: Sandbox, version: str = "") -> App:
    known = sandbox.app
    return App(known.client_id, known.client_secret, base_url=sandbox.url, version=version or None)


def code(sandbox: Sandbox, location_id: str) -> str:
    return sandbox.app.new_code(Permission(location_id))


def test_a_code_is_exchanged_and_refreshed_in_either_form(sandbox: Sandbox, version: str) -> None:
    # The sandbox reads snake case by default and camel case alone under v3.
    app, place = app_of(sandbox, version), sandbox.locations[1]
    first = app.exchange(code(sandbox, place), redirect_uri=BACK, verifier=VERIFIER)
    assert (first.location_id, first.company_id) == (place, sandbox.world.company_id)
    assert (first.seconds, first.is_agency) == (86_399, False)
    second = app.refresh(first.refresh_token)
    assert second.access_token != first.access_token
    assert sandbox.app.refresh_token(place) == second.refresh_token
    with pytest.raises(InvalidGrant):
        app.refresh(first.refresh_token)
    posts = [seen for seen in sandbox.requests if seen.method == "POST"]
    assert {(seen.path, seen.authorization, seen.version) for seen in posts} == {
        ("/oauth/token", "", version)
    }


def test_an_agencys_token_is_exchanged_in_either_form(sandbox: Sandbox, version: str) -> None:
    app = app_of(sandbox, version)
    agency = app.exchange(code(sandbox, ""), redirect_uri=BACK, verifier=VERIFIER)
    assert (agency.is_agency, agency.location_id) == (True, "")
    found = app.installed_locations(agency.access_token, agency.company_id)
    assert [row.location_id for row in found] == list(sandbox.locations)
    assert found[0].name == sandbox.world.locations[sandbox.locations[0]]["name"]
    place = sandbox.locations[1]
    issued = app.location_token(agency.access_token, agency.company_id, place)
    assert issued.location_id == place
    assert bool(issued.refresh_token) == (version == "v3")
    assert app.refresh(agency.refresh_token, agency=True).is_agency


def test_more_sub_accounts_than_a_page_holds_are_all_listed(sandbox: Sandbox) -> None:
    rows: list[object] = [{"_id": f"l{n}", "name": f"Place {n}"} for n in range(130)]
    rows.append({"_id": "gone", "name": "Gone", "isInstalled": False})
    pages = (Answer(200, {"locations": rows[:100]}), Answer(200, {"locations": rows[100:]}))
    sandbox.script("/oauth/installedLocations", *pages)
    found = app_of(sandbox).installed_locations(sandbox.tokens["agency"], "c1")
    assert [row.location_id for row in found] == [f"l{n}" for n in range(130)]
    assert [seen.query["skip"] for seen in sandbox.requests] == ["0", "100"]


def test_a_page_that_comes_again_and_again_ends_the_list(sandbox: Sandbox) -> None:
    rows: list[object] = [{"_id": f"l{n}"} for n in range(100)]
    sandbox.script("/oauth/installedLocations", Answer(200, {"locations": rows}), times=None)
    assert len(app_of(sandbox).installed_locations(sandbox.tokens["agency"], "c1")) == 100
    assert len(sandbox.requests) == 2


REFUSALS: list[tuple[Answer, type[HighLevelError]]] = [
    (Answer(400, {"message": "Invalid grant: refresh token is invalid"}), InvalidGrant),
    (Answer(400, {"error": "invalid_grant", "error_description": "No."}), InvalidGrant),
    (Answer(401, {"error": "invalid_grant", "message": "Token is invalid"}), InvalidGrant),
    (Answer(400, {"message": "Location is not active"}), Inactive),
    (Answer(401, {"message": "Invalid client: client credentials are invalid"}), InvalidClient),
    (Answer(400, {"error": "invalid_client"}), InvalidClient),
    (Answer(401, {"message": "Who are you?"}), InvalidClient),
    (Answer(400, {"message": "Invalid parameter: grantType"}), BadAnswer),
    (Answer(429, {"message": "Too Many Requests"}), RateLimited),
    (Answer(503, "<html>Bad gateway</html>"), Unavailable),
    (Answer(302, headers={"location": "https://elsewhere.example/"}), BadAnswer),
    (Answer(reset=True), Unavailable),
    (Answer(200, "[not JSON"), BadAnswer),
    (Answer(200, {"message": "fine"}), BadAnswer),
    (Answer(200, {"access_token": "two words"}), BadAnswer),
]


@pytest.mark.parametrize(("answer", "kind"), REFUSALS)
def test_each_refusal_has_its_name(
    sandbox: Sandbox, answer: Answer, kind: type[HighLevelError]
) -> None:
    sandbox.script("/oauth/token", answer)
    with pytest.raises(HighLevelError) as refused:
        app_of(sandbox).refresh("r" * 40)
    assert type(refused.value) is kind
    assert len(sandbox.requests) == 1


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("Invalid JWT", Unauthorized),
        ("The token is not authorized for this scope.", MissingScope),
        ("This AuthClass is not yet supported for this endpoint.", AgencyToken),
    ],
)
def test_a_refused_agency_token_is_not_taken_for_a_refused_app(
    sandbox: Sandbox, said: str, kind: type[HighLevelError]
) -> None:
    sandbox.script("/oauth/locationToken", Answer(401, {"message": said}))
    with pytest.raises(HighLevelError) as refused:
        app_of(sandbox).location_token("t" * 40, "c1", "l1")
    assert type(refused.value) is kind


def test_nothing_secret_is_told(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    app, secret = app_of(sandbox), sandbox.app.client_secret
    given = {"code": "c" * 40, "verifier": VERIFIER, "refresh": "r" * 40, "token": "t" * 40}
    echo = {"message": " ".join([*given.values(), secret]), "traceId": "trace-1"}
    sandbox.script("/oauth/", Answer(400, dict(echo)), times=None)
    told = [repr(app)]
    calls: tuple[Callable[[], Issued], ...] = (
        lambda: app.exchange(given["code"], redirect_uri=BACK, verifier=given["verifier"]),
        lambda: app.refresh(given["refresh"]),
        lambda: app.location_token(given["token"], "c1", "l1"),
    )
    for call in calls:
        with pytest.raises(HighLevelError) as refused:
            call()
        assert refused.value.trace_id == "trace-1"
        assert refused.value.__context__ is None
        told.append(str(refused.value))
    issued = Issued.from_api({"access_token": "a" * 40, "refresh_token": "b" * 40})
    told += [repr(issued), caplog.text]
    assert secret not in " ".join(told)
    assert given["code"] not in told[1]
    assert given["verifier"] not in told[1]
    assert given["refresh"] not in told[2]
    assert given["token"] not in told[3]
    assert "a" * 40 not in told[4]
    assert "b" * 40 not in told[4]
    assert not [value for value in given.values() if value in caplog.text]
    assert "POST /oauth/token 400" in caplog.text


@pytest.mark.parametrize(
    ("raw", "seconds", "scopes"),
    [
        ({"access_token": "a", "expires_in": 60, "scope": "x.readonly  y.readonly"}, 60, 2),
        ({"accessToken": "a", "expiresIn": "60"}, 60, 0),
        ({"access_token": "a"}, 3600, 0),
        ({"access_token": "a", "expires_in": 10**15}, 10 * 365 * 86_400, 0),
        ({"access_token": "a", "expires_in": -5}, 0, 0),
    ],
)
def test_answers_are_read_tolerantly(raw: dict[str, object], seconds: int, scopes: int) -> None:
    issued = Issued.from_api(raw)
    assert issued
    assert (issued.access_token, issued.seconds, len(issued.scopes.split())) == (
        "a",
        seconds,
        scopes,
    )


def test_people_are_sent_with_reading_scopes_a_state_and_a_challenge() -> None:
    address = authorize_url(
        "https://market.example/v2/choose",
        client_id="app-1",
        redirect_uri=BACK,
        scopes=("conversations.readonly", "conversations/message.readonly"),
        state="s" * 43,
        verifier="dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    )
    query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert address.startswith("https://market.example/v2/choose?")
    assert query == {
        "response_type": "code",
        "client_id": "app-1",
        "redirect_uri": BACK,
        "scope": "conversations.readonly conversations/message.readonly",
        "state": "s" * 43,
        "loginWindowOpenMode": "self",
        # The example of RFC 7636, appendix B.
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }


def test_it_posts_to_the_token_endpoints_alone(sandbox: Sandbox) -> None:
    app = app_of(sandbox)
    agency = app.exchange(code(sandbox, ""), redirect_uri=BACK, verifier=VERIFIER)
    app.refresh(agency.refresh_token, agency=True)
    app.installed_locations(agency.access_token, agency.company_id)
    app.location_token(agency.access_token, agency.company_id, sandbox.locations[0])
    assert {(seen.method, seen.path) for seen in sandbox.requests} == {
        ("POST", "/oauth/token"),
        ("POST", "/oauth/locationToken"),
        ("GET", "/oauth/installedLocations"),
    }
    public = {name for name in dir(App) if not name.startswith("_")}
    assert public == {"exchange", "installed_locations", "location_token", "refresh"}


def test_no_other_module_below_the_views_can_do_anything_but_get() -> None:
    writes = re.compile(r"""["'](POST|PUT|PATCH|DELETE)["']|\.(post|patch)\(""")
    folders = [ROOT / "conversations_ui" / name for name in ("highlevel", "services", "accounts")]
    found = {
        path.relative_to(ROOT).as_posix()
        for folder in folders
        for path in folder.rglob("*.py")
        if writes.search(path.read_text())
    }
    assert found == {"conversations_ui/highlevel/oauth.py"}
