"""The application server: gunicorn with threads.

Requests wait on HighLevel most of their time, so each worker has several threads; more workers than
cores would only take turns. Without a shared cache (CACHE_URL) there is one worker: what was read,
and how much may still be asked for, is then known to all of them. Behind a proxy that ends TLS,
`X-Forwarded-Proto` counts when it comes from gunicorn's own FORWARDED_ALLOW_IPS (by default the
loopback address) or when BEHIND_TLS_PROXY is on.
"""

import os
from typing import Any

from gunicorn.glogging import Logger

from conversations_ui.masking import MaskingFilter

wsgi_app = "conversations_ui.wsgi"
worker_class = "gthread"
cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
workers, threads = (cores, 8) if os.environ.get("CACHE_URL", "").strip() else (1, 24)
# Above the longest deadline of a page, so that a slow API never costs a worker.
timeout = 60
graceful_timeout = 10
keepalive = 5
control_socket_disable = True
# The longest address of ours is a long inbox's cursor; the rest are gunicorn's own, written down.
limit_request_line = 8190
limit_request_fields = 100
limit_request_field_size = 8190

errorlog = "-"
accesslog = "-"
# Method, path without its query, status, milliseconds: what people searched for is not logged.
access_log_format = "%(m)s %(U)s %(s)s %(M)s"


class OneLineLogger(Logger):
    """Logs the path as it was sent: decoded, it could hold line breaks and forge entries.

    What gunicorn itself says of a fault quotes the request's address with its query, so that both
    its logs are masked as the site's are.
    """

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for logger in (self.error_log, self.access_log):
            for handler in logger.handlers:
                handler.addFilter(MaskingFilter())

    def atoms(self, resp: Any, req: Any, environ: Any, request_time: Any) -> dict[str, Any]:
        atoms: dict[str, Any] = super().atoms(resp, req, environ, request_time)
        return atoms | {"U": req.path}


logger_class = OneLineLogger
