"""The application server: gunicorn with threads.

Requests wait on HighLevel most of their time, so each worker has several threads; more workers than
cores would only take turns. Without a shared cache (CACHE_URL) there is one worker: what was read,
and how much may still be asked for, is then known to all of them. Behind a proxy that ends TLS, set
gunicorn's own FORWARDED_ALLOW_IPS to the proxy's address, so that `X-Forwarded-Proto` counts; the
loopback address counts by default.
"""

import os
from typing import Any

from gunicorn.glogging import Logger

wsgi_app = "conversations_ui.wsgi"
worker_class = "gthread"
cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
workers, threads = (cores, 8) if os.environ.get("CACHE_URL", "").strip() else (1, 24)
# Above the longest deadline of a page, so that a slow API never costs a worker.
timeout = 60
graceful_timeout = 10
keepalive = 5
control_socket_disable = True

errorlog = "-"
accesslog = "-"
# Method, path without its query, status, milliseconds: what people searched for is not logged.
access_log_format = "%(m)s %(U)s %(s)s %(M)s"


class OneLineLogger(Logger):
    """Logs the path as it was sent: decoded, it could hold line breaks and forge entries."""

    def atoms(self, resp: Any, req: Any, environ: Any, request_time: Any) -> dict[str, Any]:
        atoms: dict[str, Any] = super().atoms(resp, req, environ, request_time)
        return atoms | {"U": req.path}


logger_class = OneLineLogger
