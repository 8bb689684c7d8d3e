"""Whether the process is alive, and whether it can serve."""

from __future__ import annotations

import logging

from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse
from redis.exceptions import RedisError

from conversations_ui.views.errors import get_only

logger = logging.getLogger(__name__)


@login_not_required
@get_only
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@get_only
def readyz(request: HttpRequest) -> HttpResponse:
    """Database and cache answer; 503 names the one that does not."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return _not_ready("database")
    try:
        cache.set("readyz", "ok", 10)
        held = cache.get("readyz") == "ok"
    except (RedisError, OSError):
        held = False
    return HttpResponse("ok\n", content_type="text/plain") if held else _not_ready("cache")


def _not_ready(part: str) -> HttpResponse:
    logger.warning("not ready: the %s does not answer", part)
    return HttpResponse(f"{part}: no answer\n", content_type="text/plain", status=503)
