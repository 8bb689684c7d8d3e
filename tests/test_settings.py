"""The configuration: what is taken, what is refused, and in which words."""

import runpy
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from conversations_ui.accounts import keys
from tests import CONFIGURATION, KEYS
from tests.conftest import ROOT, bare_environment


def settings_with(monkeypatch: pytest.MonkeyPatch, **environment: str) -> dict[str, Any]:
    """Read the settings afresh."""
    for name in CONFIGURATION:
        monkeypatch.delenv(name, raising=False)
    for name, value in (KEYS | environment).items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(str(ROOT / "conversations_ui" / "settings.py"))


def manage(project: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run manage.py of a copy of the project."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=project,
        env=bare_environment(**environment),
        capture_output=True,
        text=True,
        check=False,
    )


def test_defaults_are_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_with(monkeypatch)
    assert settings["DEBUG"] is False
    assert settings["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]
    assert settings["HIGHLEVEL_API_URL"] == "https://services.leadconnectorhq.com"
    assert settings["PAGE_SIZE"] == 50
    assert settings["REQUIRE_SECOND_FACTOR"] == "admins"
    assert settings["TRUSTED_PROXY_COUNT"] == 0
    assert settings["TIME_ZONE"] == "UTC"
    assert settings["SECURE_SSL_REDIRECT"] is True
    assert settings["SESSION_COOKIE_NAME"] == "__Host-sessionid"
    assert settings["SESSION_COOKIE_SECURE"] is settings["SESSION_COOKIE_HTTPONLY"] is True
    assert settings["CSRF_COOKIE_NAME"] == "__Host-csrftoken"
    assert settings["SECURE_HSTS_SECONDS"] >= 365 * 24 * 3600


@pytest.mark.parametrize("given", ["HIGHLEVEL_CLIENT_ID", "HIGHLEVEL_CLIENT_SECRET"])
def test_half_an_app_is_refused_in_words(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="belong together"):
        settings_with(monkeypatch, **{given: "value-1"})


@pytest.mark.parametrize(
    "given",
    [
        {"EMAIL_URL": "smtps://mail.example.com"},
        {"EMAIL_FROM": "desk@example.com"},
        {"OIDC_NAME": "Example Office"},
        {"OIDC_ISSUER": "https://login.example.com", "OIDC_CLIENT_ID": "x"},
    ],
)
def test_half_a_way_to_sign_in_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str]
) -> None:
    with pytest.raises(ImproperlyConfigured, match="belong together"):
        settings_with(monkeypatch, **given)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "submission://me:p%40ss@mail.example.com",
            ("mail.example.com", 587, "me", "p@ss", False, True),
        ),
        ("smtps://mail.example.com:4465", ("mail.example.com", 4465, "", "", True, False)),
        ("smtp://localhost", ("localhost", 25, "", "", False, False)),
    ],
)
def test_mail_goes_out_over_tls_but_for_this_machine(
    monkeypatch: pytest.MonkeyPatch, url: str, expected: tuple[object, ...]
) -> None:
    settings = settings_with(monkeypatch, EMAIL_URL=url, EMAIL_FROM="Desk <desk@example.com>")
    names = ("HOST", "PORT", "HOST_USER", "HOST_PASSWORD", "USE_SSL", "USE_TLS")
    assert tuple(settings[f"EMAIL_{name}"] for name in names) == expected
    assert settings["DEFAULT_FROM_EMAIL"] == "Desk <desk@example.com>"


def test_people_may_be_sent_to_a_loopback_host(monkeypatch: pytest.MonkeyPatch) -> None:
    address = "http://127.0.0.1:9/v2/oauth/chooselocation"
    settings = settings_with(monkeypatch, HIGHLEVEL_AUTHORIZE_URL=address)
    assert settings["HIGHLEVEL_AUTHORIZE_URL"] == address


def test_media_hosts_are_added_by_their_exact_names(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_with(monkeypatch, MEDIA_HOSTS="Link.Agency.example, storage.googleapis.com")
    assert settings["MEDIA_HOSTS"] == ["link.agency.example", "storage.googleapis.com"]


def test_plain_http_drops_what_needs_https(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_with(monkeypatch, HTTPS_ONLY="off")
    assert settings["SECURE_SSL_REDIRECT"] is False
    assert settings["SESSION_COOKIE_NAME"] == "sessionid"
    assert settings["SESSION_COOKIE_SECURE"] is False
    assert settings["SECURE_HSTS_SECONDS"] == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CACHE_URL", "memcached://127.0.0.1:11211"),
        ("CACHE_URL", "redis://"),
        ("CSRF_TRUSTED_ORIGINS", "conversations.example.com"),
        ("DATABASE_URL", "mysql://user@host/name"),
        ("DATABASE_URL", "no address"),
        ("DATABASE_URL", "postgres://user:secret@host:port/name"),
        ("DEBUG", "perhaps"),
        ("HIGHLEVEL_API_URL", "http://api.example.com"),
        ("HIGHLEVEL_API_URL", "services.leadconnectorhq.com"),
        ("HIGHLEVEL_API_VERSION", "2021-04-15, v3"),
        ("HIGHLEVEL_AUTHORIZE_URL", "http://market.example.com/choose"),
        ("HIGHLEVEL_CLIENT_ID", "two words"),
        ("HIGHLEVEL_CLIENT_SECRET", "two words"),
        ("HIGHLEVEL_LOCATION_ID", "../other"),
        ("HIGHLEVEL_TOKEN", "two words"),
        ("HIGHLEVEL_TOKEN", "pit-\u00e9"),
        ("HTTPS_ONLY", "sometimes"),
        ("MEDIA_HOSTS", "https://files.example.com"),
        ("MEDIA_HOSTS", "files.example.com:8443"),
        ("MEDIA_HOSTS", "*.example.com"),
        ("MEDIA_HOSTS", "10.0.0.1"),
        ("MEDIA_HOSTS", "localhost"),
        ("LIVE_SECONDS", "0.5"),
        ("LIVE_SECONDS", "61"),
        ("LIVE_SECONDS", "nan"),
        ("PAGE_SIZE", "0"),
        ("PAGE_SIZE", "101"),
        ("PAGE_SIZE", "many"),
        ("EMAIL_FROM", "no address"),
        ("EMAIL_FROM", "desk@example.com\nBcc: all@example.com"),
        ("EMAIL_URL", "smtp://mail.example.com"),
        ("EMAIL_URL", "https://mail.example.com"),
        ("EMAIL_URL", "submission://"),
        ("EMAIL_URL", "submission://mail.example.com:port"),
        ("OIDC_ISSUER", "http://login.example.com"),
        ("OIDC_CLIENT_ID", "two words"),
        ("REQUIRE_SECOND_FACTOR", "everybody"),
        ("TRUSTED_PROXY_COUNT", "-1"),
        ("TRUSTED_PROXY_COUNT", "some"),
        ("SESSION_HOURS", "0"),
        ("READ_LOG_DAYS", "-1"),
        ("READ_LOG_DAYS", "a year"),
        ("SESSION_IDLE_MINUTES", "never"),
        ("TIME_ZONE", "Mars/Olympus"),
        ("TIME_ZONE", "../etc/passwd"),
        ("TOKEN_KEYS", "short"),
        ("TOKEN_KEYS", KEYS["TOKEN_KEYS"] + ",short"),
    ],
)
def test_a_bad_value_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    with pytest.raises(ImproperlyConfigured, match=rf"^{name} is not usable\. Write .+\.$"):
        settings_with(monkeypatch, **{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CACHE_URL", "redis://user:sesame@ host"),
        ("DATABASE_URL", "postgres://user:sesame@host:port/name"),
        ("HIGHLEVEL_TOKEN", "Bearer sesame"),
        ("TOKEN_KEYS", "sesame"),
    ],
)
def test_a_refusal_does_not_repeat_a_secret(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        settings_with(monkeypatch, **{name: value})
    assert "sesame" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("ALLOWED_HOSTS", "a.example, b.example", ["a.example", "b.example"]),
        (
            "CSRF_TRUSTED_ORIGINS",
            "https://a.example, https://b.example:8443",
            ["https://a.example", "https://b.example:8443"],
        ),
        ("DEBUG", "on", True),
        ("HIGHLEVEL_API_URL", "http://127.0.0.1:9000/", "http://127.0.0.1:9000"),
        ("HIGHLEVEL_API_VERSION", "v3", "v3"),
        ("HIGHLEVEL_TOKEN", " pit-1 ", "pit-1"),
        ("LIVE_SECONDS", "0", 0),
        ("LIVE_SECONDS", "2.5", 2.5),
        ("PAGE_SIZE", "100", 100),
        ("SESSION_HOURS", "12", 12),
        ("READ_LOG_DAYS", "0", 0),
        ("PAGE_SIZE", "", 50),
        ("TIME_ZONE", "Europe/Zurich", "Europe/Zurich"),
    ],
)
def test_a_good_value_is_taken(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: object
) -> None:
    assert settings_with(monkeypatch, **{name: value})[name] == expected


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("redis://127.0.0.1:6379/1", "redis://127.0.0.1:6379/1"),
        ("rediss://user:word@cache.example", "rediss://user:word@cache.example"),
        ("valkey://127.0.0.1", "redis://127.0.0.1"),
        ("valkeys://cache.example", "rediss://cache.example"),
    ],
)
def test_redis_and_valkey_are_shared_caches(
    monkeypatch: pytest.MonkeyPatch, url: str, location: str
) -> None:
    settings = settings_with(monkeypatch, CACHE_URL=url)
    assert settings["CACHES"]["default"]["LOCATION"] == location
    assert settings["SESSION_ENGINE"].endswith("cached_db")


def test_sessions_stay_out_of_a_cache_that_other_processes_do_not_see(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert settings_with(monkeypatch)["SESSION_ENGINE"].endswith(".db")


def test_postgresql_is_taken_from_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    database = settings_with(monkeypatch, DATABASE_URL="postgres://me:word@db.example:5433/talks")
    chosen = database["DATABASES"]["default"]
    assert chosen["ENGINE"] == "django.db.backends.postgresql"
    assert (chosen["HOST"], chosen["PORT"], chosen["NAME"]) == ("db.example", 5433, "talks")


def test_a_server_without_keys_is_told_how_to_make_them(clone: Path) -> None:
    done = manage(clone, "check")
    assert done.returncode == 1
    assert done.stderr.startswith("Configuration: SECRET_KEY is not set.")
    assert "python -m conversations_ui.accounts.keys --print" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (clone / ".local").exists()


WEAK = {
    "SECRET_KEY": [
        "short",
        "a" * 60,
        "django-insecure-" + "abcdefghij" * 5,
        KEYS["TOKEN_KEYS"] * 2,
    ],
    "TOKEN_KEYS": [
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        # a sentence in base64
        "Zm9yIHRlc3RzIG9ubHk6IGl0IG9wZW5zIG5vdGhpbmc=",
        KEYS["TOKEN_KEYS"] + ",Zm9yIHRlc3RzIG9ubHk6IGl0IG9wZW5zIG5vdGhpbmc=",
    ],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in WEAK.items() for value in values]
)
def test_keys_that_are_not_random_are_refused_on_a_server(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        settings_with(monkeypatch, **{name: value})
    assert str(refused.value).startswith(name)
    assert "python -m conversations_ui.accounts.keys --print" in str(refused.value)
    assert value not in str(refused.value)
    assert settings_with(monkeypatch, DEBUG="on", **{name: value})[name]


def test_keys_made_here_are_random_enough() -> None:
    for _ in range(200):
        pair = keys.generate()
        assert keys.weakness(pair["SECRET_KEY"], [pair["TOKEN_KEYS"]]) == ""


def test_keys_are_made_once_when_debugging(clone: Path) -> None:
    for _ in range(2):
        assert manage(clone, "check", DEBUG="on").returncode == 0
    made = keys.read(clone / ".local" / "keys.env")
    assert set(made) == {"SECRET_KEY", "TOKEN_KEYS"}
    assert manage(clone, "check").returncode == 0
    assert keys.read(clone / ".local" / "keys.env") == made


def test_the_key_file_is_its_owners_and_never_written_twice(tmp_path: Path) -> None:
    path = tmp_path / "fresh" / "keys.env"
    first = keys.ensure(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert keys.ensure(path) == first
    assert [file.name for file in path.parent.iterdir()] == ["keys.env"]


def test_printed_keys_are_usable(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "conversations_ui.accounts.keys", "--print"],
        cwd=clone,
        env=bare_environment(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    pair = dict(line.split("=", 1) for line in printed.splitlines())
    assert settings_with(monkeypatch, **pair)["TOKEN_KEYS"] == [pair["TOKEN_KEYS"]]
    assert not (clone / ".local").exists()


def test_a_production_configuration_passes_djangos_deployment_checks(clone: Path) -> None:
    done = manage(
        clone,
        "check",
        "--deploy",
        "--fail-level=WARNING",
        ALLOWED_HOSTS="conversations.example.com",
        TOKEN_KEYS=Fernet.generate_key().decode(),
        SECRET_KEY=keys.generate()["SECRET_KEY"],
    )
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout
