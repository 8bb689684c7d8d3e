"""The tests, and the configuration they run with, put down before Django reads its settings."""

import os

import django

CONFIGURATION = (
    "ALLOWED_HOSTS",
    "BEHIND_TLS_PROXY",
    "CACHE_URL",
    "CSRF_TRUSTED_ORIGINS",
    "DATABASE_URL",
    "DEBUG",
    "EMAIL_FROM",
    "EMAIL_URL",
    "EXPORT_MESSAGES",
    "HIGHLEVEL_API_URL",
    "HIGHLEVEL_API_VERSION",
    "HIGHLEVEL_AUTHORIZE_URL",
    "HIGHLEVEL_CLIENT_ID",
    "HIGHLEVEL_CLIENT_SECRET",
    "HIGHLEVEL_LOCATION_ID",
    "HIGHLEVEL_TOKEN",
    "HTTPS_ONLY",
    "LIVE_SECONDS",
    "MEDIA_HOSTS",
    "OIDC_CLIENT_ID",
    "OIDC_CLIENT_SECRET",
    "OIDC_ISSUER",
    "OIDC_NAME",
    "PAGE_SECONDS",
    "PAGE_SIZE",
    "PREFETCH_OLDER",
    "READ_LOG_DAYS",
    "REMOTE_MAIL_IMAGES",
    "REQUEST_RATES",
    "REQUIRE_SECOND_FACTOR",
    "SECRET_KEY",
    "SESSION_HOURS",
    "SESSION_IDLE_MINUTES",
    "TIME_ZONE",
    "TOKEN_KEYS",
    "TRUSTED_PROXY_COUNT",
    "WEBHOOK_LEGACY_SIGNATURE",
    "WEBHOOK_PUBLIC_KEY",
    "WEBHOOK_RSA_PUBLIC_KEY",
)
KEYS = {
    "SECRET_KEY": "for-tests-only-it-opens-nothing-and-is-long-enough-for-every-check",
    "TOKEN_KEYS": "Vb9lwK5B9HGU36PjZZjtREbClHxQRi1Il0ATxGpmACo=",
}

for name in CONFIGURATION:
    # The caller's own configuration must not reach a test.
    os.environ.pop(name, None)
os.environ |= KEYS | {
    "DJANGO_SETTINGS_MODULE": "conversations_ui.settings",
    "HTTPS_ONLY": "off",
    # What it is for has tests of its own.
    "REQUIRE_SECOND_FACTOR": "none",
    # Nobody listens there: a test that forgets the sandbox reaches nothing.
    "HIGHLEVEL_API_URL": "http://127.0.0.1:9",
    # Playwright keeps an event loop in the thread the tests run in.
    "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
}
django.setup()
