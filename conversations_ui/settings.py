"""Django's settings, and the only reader of the environment.

Every value is checked here, so that a wrong one stops the start with a sentence that names the
variable and says what to write.
"""

import re
from collections.abc import Callable
from email.utils import parseaddr
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, unquote, urlsplit
from zoneinfo import ZoneInfo

import dj_database_url
from cryptography.fernet import Fernet
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email
from environs import Env, EnvError, validate

from conversations_ui.accounts import keys
from conversations_ui.highlevel.addresses import checked_base_url, is_loopback
from conversations_ui.highlevel.webhooks import PUBLIC_KEY, ed25519_key, rsa_key
from conversations_ui.sign_in_settings import *  # noqa: F403  # constants alone, for Django to find

BASE_DIR = Path(__file__).resolve().parent.parent
LOCAL_DIR = BASE_DIR / ".local"

T = TypeVar("T")
env = Env()


def setting(name: str, default: T, read: Callable[[str], T], wanted: str) -> T:
    """Read one variable; unset and empty are the same, and a bad value is refused in words."""
    if not env.str(name, "").strip():
        return default
    return usable(name, read, name, wanted)


def usable(name: str, convert: Callable[[str], T], given: str, wanted: str) -> T:
    """Convert what was given; the refusal does not repeat it, since it may be a secret."""
    try:
        return convert(given)
    except (EnvError, ValueError, LookupError, OSError):
        raise ImproperlyConfigured(f"{name} is not usable. Write {wanted}.") from None


def text(convert: Callable[[str], T]) -> Callable[[str], T]:
    """Make a reader of variables out of a converter of text."""
    return lambda name: convert(env.str(name).strip())


def matching(pattern: str) -> Callable[[str], str]:
    """Accept text that matches a pattern as a whole."""

    def convert(text: str) -> str:
        if not re.fullmatch(pattern, text.strip()):
            raise ValueError
        return text.strip()

    return convert


def host_name(text: str) -> str:
    """Accept one host's name, without a scheme, a port or a wildcard."""
    return matching(r"(?=.{1,253}$)([a-z0-9_-]+\.)+[a-z][a-z0-9-]+")(text.lower())


def pace(text: str) -> float:
    """Accept some seconds between two of the same, or 0 for never."""
    seconds = float(text)
    if not (seconds == 0 or 1 <= seconds <= 60):
        raise ValueError
    return seconds


def fernet_keys(joined: str) -> list[str]:
    """Accept Fernet keys, separated by commas."""
    found = [key.strip() for key in joined.split(",")]
    for key in found:
        Fernet(key)
    return found


def database(url: str) -> dict[str, Any]:
    """Turn a database address into Django's form: SQLite for one machine, PostgreSQL for more."""
    scheme = urlsplit(url).scheme
    if scheme == "sqlite":
        options = {
            # Readers and the writer do not wait for one another, a second writer waits its turn.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
        }
        return {**dj_database_url.parse(url), "OPTIONS": options}
    if scheme in {"postgres", "postgresql"}:
        return dict(dj_database_url.parse(url, conn_max_age=60, conn_health_checks=True))
    raise ValueError


def cache(url: str) -> dict[str, Any]:
    """Turn a cache address into Django's form; Valkey speaks Redis' protocol."""
    return {
        "BACKEND": "conversations_ui.cache.ForgivingRedisCache",
        "LOCATION": re.sub(r"^valkey", "redis", matching(r"(redis|valkey)s?://[^\s/]\S*")(url)),
        "KEY_PREFIX": "conversations",
    }


def mail_server(url: str) -> tuple[str, int, str, str, bool, bool]:
    """Read host, port, user, password, TLS, STARTTLS; off this machine it is one of the two."""
    parts = urlsplit(url)
    port, tls, start_tls = {
        "smtps": (465, True, False),
        "submission": (587, False, True),
        "smtp": (25, False, False),
    }[parts.scheme]
    host, user, password = parts.hostname or "", parts.username or "", parts.password or ""
    if not host or (parts.scheme == "smtp" and not is_loopback(host)):
        raise ValueError
    return host, parts.port or port, unquote(user), unquote(password), tls, start_tls


def mail_address(text: str) -> str:
    """Accept one mail address, alone or behind a name."""
    try:
        validate_email(parseaddr(text)[1])
    except ValidationError:
        raise ValueError from None
    return matching(r"[^\r\n]+")(text)


def sqlite_url(path: Path) -> str:
    """Write a database address for a file, whatever characters its path has."""
    return f"sqlite:///{quote(str(path))}"


def time_zone(name: str) -> str:
    """Accept a name of the IANA time zone database."""
    return ZoneInfo(name).key


def secret(name: str, convert: Callable[[str], T], wanted: str) -> T:
    """Read a secret from the environment, else from the local key file."""
    found = setting(name, None, text(convert), wanted)
    if found is not None:
        return found
    local = keys.ensure() if DEBUG else keys.read()
    if name not in local:
        raise ImproperlyConfigured(
            f"{name} is not set. On a server, put what `python -m conversations_ui.accounts.keys "
            "--print` writes into the environment; for local use, the same command without "
            "--print makes a key file."
        )
    return usable(f"{name} in {keys.KEYS_FILE}", convert, local[name], wanted)


DEBUG = setting("DEBUG", False, env.bool, "on or off")
HTTPS_ONLY = setting("HTTPS_ONLY", True, env.bool, "on or off (off only on a loopback address)")
SECRET_KEY = secret("SECRET_KEY", str, "a long random text")
TOKEN_KEYS = secret("TOKEN_KEYS", fernet_keys, "Fernet keys, separated by commas, newest first")
if not DEBUG and (weakness := keys.weakness(SECRET_KEY, TOKEN_KEYS)):
    raise ImproperlyConfigured(
        f"{weakness} Put what `python -m conversations_ui.accounts.keys --print` writes into the "
        "environment; `manage.py rotate_keys` tells how a key is changed without losing anything."
    )

# HighLevel

HIGHLEVEL_TOKEN = setting(
    "HIGHLEVEL_TOKEN", "", text(matching(r"[\x21-\x7e]{1,4096}")), "the token alone, one word"
)
HIGHLEVEL_LOCATION_ID = setting(
    "HIGHLEVEL_LOCATION_ID",
    "",
    text(matching(r"[A-Za-z0-9_-]{1,64}")),
    "the location id of the sub-account",
)
HIGHLEVEL_API_URL = setting(
    "HIGHLEVEL_API_URL",
    "https://services.leadconnectorhq.com",
    text(checked_base_url),
    "an https:// address (http:// is only for a loopback host)",
)
HIGHLEVEL_CLIENT_ID = setting(
    "HIGHLEVEL_CLIENT_ID",
    "",
    text(matching(r"[\x21-\x7e]{1,256}")),
    "the client id of the marketplace app, one word",
)
HIGHLEVEL_CLIENT_SECRET = setting(
    "HIGHLEVEL_CLIENT_SECRET",
    "",
    text(matching(r"[\x21-\x7e]{1,4096}")),
    "the client secret of the marketplace app, one word",
)
if bool(HIGHLEVEL_CLIENT_ID) != bool(HIGHLEVEL_CLIENT_SECRET):
    raise ImproperlyConfigured(
        "HIGHLEVEL_CLIENT_ID and HIGHLEVEL_CLIENT_SECRET belong together. Set both, or neither."
    )
HIGHLEVEL_AUTHORIZE_URL = setting(
    "HIGHLEVEL_AUTHORIZE_URL",
    "https://marketplace.gohighlevel.com/v2/oauth/chooselocation",
    text(checked_base_url),
    "an https:// address (http:// is only for a loopback host)",
)
HIGHLEVEL_API_VERSION = setting(
    "HIGHLEVEL_API_VERSION",
    "",
    text(matching(r"[A-Za-z0-9.-]{1,32}")),
    "one version, like 2021-04-15",
)
PAGE_SIZE = setting(
    "PAGE_SIZE",
    50,
    partial(env.int, validate=validate.Range(1, 100)),
    "a whole number from 1 to 100",
)
# The time all that is asked of HighLevel for one page may take together.
PAGE_SECONDS = setting(
    "PAGE_SECONDS",
    8.0,
    partial(env.float, validate=validate.Range(1, 60)),
    "a number of seconds from 1 to 60",
)
# How often an open page asks this server for news; it seldom costs a request to HighLevel.
LIVE_SECONDS = setting(
    "LIVE_SECONDS",
    5.0,
    text(pace),
    "a number of seconds from 1 to 60, or 0 so that pages stay as they were loaded",
)
# How many messages an export of a conversation holds at most.
EXPORT_MESSAGES = setting(
    "EXPORT_MESSAGES",
    10_000,
    partial(env.int, validate=validate.Range(1, 100_000)),
    "a whole number from 1 to 100000",
)
# Whether the next older page is fetched while the reader still reads this one.
PREFETCH_OLDER = setting("PREFETCH_OLDER", True, env.bool, "on or off")
# Where attachments are fetched from; other hosts' are links. The token never goes there.
MEDIA_HOSTS: list[str] = setting(
    "MEDIA_HOSTS",
    ["services.leadconnectorhq.com", "storage.googleapis.com", "s3.amazonaws.com"],
    partial(env.list, subcast=host_name),
    "host names alone, separated by commas, like files.example.com",
)

REMOTE_MAIL_IMAGES = setting(
    "REMOTE_MAIL_IMAGES",
    "ask",
    text(matching("ask|never")),
    "ask (people may load a mail's pictures, through this server) or never",
)

# Webhooks of a marketplace app

WEBHOOK_PUBLIC_KEY = setting(
    "WEBHOOK_PUBLIC_KEY",
    ed25519_key(PUBLIC_KEY),
    text(ed25519_key),
    "an Ed25519 public key (SPKI in base64, or PEM)",
)
WEBHOOK_RSA_PUBLIC_KEY = setting(
    "WEBHOOK_RSA_PUBLIC_KEY", None, text(rsa_key), "an RSA public key (SPKI in base64, or PEM)"
)
# Off, since HighLevel announced to stop signing with RSA on 2026-07-01.
WEBHOOK_LEGACY_SIGNATURE = setting("WEBHOOK_LEGACY_SIGNATURE", False, env.bool, "on or off")
if WEBHOOK_LEGACY_SIGNATURE and WEBHOOK_RSA_PUBLIC_KEY is None:
    raise ImproperlyConfigured(
        "WEBHOOK_LEGACY_SIGNATURE is on, so WEBHOOK_RSA_PUBLIC_KEY is needed. "
        "Write an RSA public key (SPKI in base64, or PEM)."
    )

# What the site is made of

INSTALLED_APPS = [
    "conversations_ui.admin_site.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "template_partials.apps.SimpleAppConfig",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "csp",
    "conversations_ui",
    "conversations_ui.accounts",
]

MIDDLEWARE = [
    "conversations_ui.middleware.headers_alone",
    "conversations_ui.middleware.standing_headers",
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "conversations_ui.middleware.page_or_fragment",
    "conversations_ui.limits.bounded_bodies",
    "conversations_ui.middleware.forget_at_sign_out",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "conversations_ui.limits.RequestRates",
    "conversations_ui.middleware.SignInRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "conversations_ui.middleware.page_budget",
    "conversations_ui.reading.read_log",
]

ROOT_URLCONF = "conversations_ui.urls"
WSGI_APPLICATION = "conversations_ui.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "conversations_ui.views.pages.common",
            ],
        },
    }
]

# How much anybody may send, and how often they may ask

# The largest body: webhooks have a bound of their own below it (see views.webhooks).
LARGEST_BODY = 1_048_576
DATA_UPLOAD_MAX_MEMORY_SIZE = 262_144
# A sub-account's page has up to nine for each grant; the body's length bounds them as well.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
# No form takes files.
DATA_UPLOAD_MAX_NUMBER_FILES = 0
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
# By what the rates of conversations_ui.limits are multiplied.
REQUEST_RATES = setting(
    "REQUEST_RATES",
    1.0,
    partial(env.float, validate=validate.Range(0, 100)),
    "a number up to 100 that all request rates are multiplied by, or 0 for no limit",
)

# Where it keeps things

DATABASE_IS_CHOSEN = bool(env.str("DATABASE_URL", "").strip())
DATABASES = {
    "default": setting(
        "DATABASE_URL",
        database(sqlite_url(BASE_DIR / "db.sqlite3")),
        text(database),
        "sqlite:///PATH or postgres://USER:PASSWORD@HOST:PORT/NAME",
    )
}
# The sample sub-accounts of `run` never mix with real ones.
SANDBOX_DATABASE_URL = sqlite_url(LOCAL_DIR / "sandbox.sqlite3")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

SHARED_CACHE = setting(
    "CACHE_URL", None, text(cache), "redis://HOST:PORT/0 (or rediss://, valkey://)"
)
LOCAL_CACHE = {
    "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
    "OPTIONS": {"MAX_ENTRIES": 5000},
}
CACHES = {
    "default": SHARED_CACHE or LOCAL_CACHE,
    # What comes from HighLevel, and how much of it was asked for.
    "upstream": SHARED_CACHE | {"BACKEND": "conversations_ui.cache.SharedOrOwnCache"}
    if SHARED_CACHE
    else LOCAL_CACHE | {"LOCATION": "upstream"},
    # How often somebody has tried to get in; it is counted even while the server is away.
    "attempts": SHARED_CACHE | {"BACKEND": "conversations_ui.cache.SharedOrOwnCache"}
    if SHARED_CACHE
    else LOCAL_CACHE | {"LOCATION": "attempts", "OPTIONS": {"MAX_ENTRIES": 100_000}},
}

STATIC_URL = "static/"
STATIC_ROOT = LOCAL_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "conversations_ui.static_files.HashedStaticFiles"
    },
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

# Who may come in

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "login"
SECOND_FACTOR_IS_CHOSEN = bool(env.str("REQUIRE_SECOND_FACTOR", "").strip())
REQUIRE_SECOND_FACTOR = setting(
    "REQUIRE_SECOND_FACTOR",
    "admins",
    text(matching("none|admins|all")),
    "none, admins or all: who cannot go on without a second factor",
)
# How many proxies of your own stand in front, each of which adds an entry to X-Forwarded-For.
TRUSTED_PROXY_COUNT = setting(
    "TRUSTED_PROXY_COUNT",
    0,
    partial(env.int, validate=validate.Range(0, 10)),
    "a whole number from 0 to 10",
)

# Mail, for people who have forgotten their password

(
    EMAIL_HOST,
    EMAIL_PORT,
    EMAIL_HOST_USER,
    EMAIL_HOST_PASSWORD,
    EMAIL_USE_SSL,
    EMAIL_USE_TLS,
) = setting(
    "EMAIL_URL",
    ("", 25, "", "", False, False),
    text(mail_server),
    "submission://USER:PASSWORD@HOST:587 or smtps://USER:PASSWORD@HOST:465 (smtp:// only for a "
    "loopback host)",
)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = setting(
    "EMAIL_FROM", "", text(mail_address), "one address, like Conversations <desk@example.com>"
)
if bool(EMAIL_HOST) != bool(DEFAULT_FROM_EMAIL):
    raise ImproperlyConfigured("EMAIL_URL and EMAIL_FROM belong together. Set both, or neither.")

# Single sign-on, for people who are known here already

OIDC_NAME = setting("OIDC_NAME", "", text(matching(r"[^\r\n]{1,60}")), "what the button says")
OIDC_ISSUER = setting(
    "OIDC_ISSUER",
    "",
    text(checked_base_url),
    "the issuer's https:// address (http:// is only for a loopback host)",
)
OIDC_CLIENT_ID = setting(
    "OIDC_CLIENT_ID", "", text(matching(r"[\x21-\x7e]{1,256}")), "the client id, one word"
)
OIDC_CLIENT_SECRET = setting(
    "OIDC_CLIENT_SECRET",
    "",
    text(matching(r"[\x21-\x7e]{1,4096}")),
    "the client secret, one word",
)
if len({bool(OIDC_NAME), bool(OIDC_ISSUER), bool(OIDC_CLIENT_ID), bool(OIDC_CLIENT_SECRET)}) > 1:
    raise ImproperlyConfigured(
        "OIDC_NAME, OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET belong together. "
        "Set all of them, or none."
    )
CSRF_FAILURE_VIEW = "conversations_ui.views.errors.permission_denied"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"

ALLOWED_HOSTS = setting(
    "ALLOWED_HOSTS",
    ["localhost", "127.0.0.1", "[::1]"],
    partial(env.list, subcast=str.strip),
    "host names, separated by commas",
)
CSRF_TRUSTED_ORIGINS: list[str] = setting(
    "CSRF_TRUSTED_ORIGINS",
    [],
    partial(env.list, subcast=matching(r"https?://[^/\s]+")),
    "origins with their scheme, separated by commas",
)

# A cache of one process alone would keep a session after the sign-out in another process.
SESSION_ENGINE = f"django.contrib.sessions.backends.{'cached_db' if SHARED_CACHE else 'db'}"
COOKIE_PREFIX = "__Host-" if HTTPS_ONLY else ""
# A session ends when nobody has clicked for so long, and this long after the sign-in anyway.
SESSION_COOKIE_AGE = 60 * setting(
    "SESSION_IDLE_MINUTES",
    60,
    partial(env.int, validate=validate.Range(5, 1440)),
    "a whole number of minutes from 5 to 1440",
)
SESSION_HOURS = setting(
    "SESSION_HOURS",
    10,
    partial(env.int, validate=validate.Range(1, 720)),
    "a whole number of hours from 1 to 720",
)
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid"
SESSION_COOKIE_SECURE = HTTPS_ONLY
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrftoken"
CSRF_COOKIE_SECURE = HTTPS_ONLY
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"

# What one page tells the next stays here, and not in a cookie of its own.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

SECURE_SSL_REDIRECT = HTTPS_ONLY
# Probes come over plain http from inside.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 63_072_000 if HTTPS_ONLY else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS_ONLY
SECURE_HSTS_PRELOAD = HTTPS_ONLY
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Behind a proxy that ends TLS: its X-Forwarded-Proto is believed, so it must overwrite a sent one.
BEHIND_TLS_PROXY = setting("BEHIND_TLS_PROXY", False, env.bool, "on or off")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS_PROXY else None

# What a page may do in a browser. Strangers' content has stricter policies of its own, in
# views/foreign.py; the administration a wider one, in admin_site.py.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "media-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-src": [SELF],
        "manifest-src": [SELF],
        "object-src": [NONE],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "require-trusted-types-for": ["'script'"],
        # The one policy that static/js/trusted-types.js makes.
        "trusted-types": ["default"],
    }
}
# Asking for any of these is refused, in frames too. What is used (passkeys, copying, full screen,
# playing) is not named: by default it is this site's alone.
UNUSED_FEATURES = (
    "accelerometer",
    "camera",
    "clipboard-read",
    "display-capture",
    "encrypted-media",
    "gamepad",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "local-fonts",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "screen-wake-lock",
    "serial",
    "storage-access",
    "sync-xhr",
    "usb",
    "window-management",
    "xr-spatial-tracking",
)
# What every answer carries that has nothing else to say: pages, files, redirects, refusals.
STANDING_HEADERS = {
    "Cache-Control": "private, no-store",
    "Cross-Origin-Opener-Policy": SECURE_CROSS_ORIGIN_OPENER_POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in UNUSED_FEATURES),
    "Referrer-Policy": SECURE_REFERRER_POLICY,
    "X-Content-Type-Options": "nosniff",
    # Else the name servers learn which hosts messages speak of.
    "X-DNS-Prefetch-Control": "off",
    "X-Frame-Options": X_FRAME_OPTIONS,
}

# Who has read what: days for which it is kept

READ_LOG_DAYS = setting(
    "READ_LOG_DAYS",
    365,
    partial(env.int, validate=validate.Range(0, 36_500)),
    "a whole number of days up to 36500, or 0 to keep the read log for ever",
)

# Language and time

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = setting(
    "TIME_ZONE", "UTC", text(time_zone), "an IANA time zone name, like Europe/Zurich"
)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
            "datefmt": "%Y-%m-%dT%H:%M:%S%z",
        }
    },
    "filters": {
        "briefly": {"()": "conversations_ui.error_reports.Briefly"},
        "masking": {"()": "conversations_ui.masking.MaskingFilter"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["briefly", "masking"],
        }
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "conversations_ui": {"level": "INFO"},
        # Django's own handlers would write each line twice, or only when DEBUG is on.
        "django": {"level": "INFO", "handlers": [], "propagate": True},
        # The development server logs whole request lines, searches for people included.
        "django.server": {"level": "CRITICAL", "handlers": [], "propagate": False},
    },
}
# What Django shows and mails of a fault, with DEBUG on too.
DEFAULT_EXCEPTION_REPORTER = "conversations_ui.error_reports.MaskingReporter"
DEFAULT_EXCEPTION_REPORTER_FILTER = "conversations_ui.error_reports.MaskingFilter"
