"""The tests, and the configuration they run with, put down before Django reads its settings."""

import os

import django

CONFIGURATION = (
    "ALLOWED_HOSTS",
    "CACHE_URL",
    "CSRF_TRUSTED_ORIGINS",
    "DATABASE_URL",
    "DEBUG",
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
    "PAGE_SECONDS",
    "PAGE_SIZE",
    "PREFETCH_OLDER",
    "REMOTE_MAIL_IMAGES",
    "SECRET_KEY",
    "SESSION_HOURS",
    "SESSION_IDLE_MINUTES",
    "TIME_ZONE",
    "TOKEN_KEYS",
    "WEBHOOK_LEGACY_SIGNATURE",
    "WEBHOOK_PUBLIC_KEY",
    "WEBHOOK_RSA_PUBLIC_KEY",
)
KEYS = {
    "SECRET_KEY": "for-tests-only-it-opens-nothing-and-is-long-enough-for-every-check",
    "TOKEN_KEYS": "Zm9yIHRlc3RzIG9ubHk6IGl0IG9wZW5zIG5vdGhpbmc=",
}

for name in CONFIGURATION:
    # The caller's own configuration must not reach a test.
    os.environ.pop(name, None)
os.environ |= KEYS | {
    "DJANGO_SETTINGS_MODULE": "conversations_ui.settings",
    "HTTPS_ONLY": "off",
    # Nobody listens there: a test that forgets the sandbox reaches nothing.
    "HIGHLEVEL_API_URL": "http://127.0.0.1:9",
    # Playwright keeps an event loop in the thread the tests run in.
    "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
}
django.setup()
