"""Mail that goes out beside the request, so that its time tells nobody whether there was any."""

from __future__ import annotations

import logging
import smtplib
from concurrent.futures import Future, ThreadPoolExecutor, wait

from django.conf import settings
from django.core.mail import EmailMessage

logger = logging.getLogger(__name__)

_sender = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mail")
_pending: set[Future[None]] = set()


def is_configured() -> bool:
    """Say whether this installation can send mail."""
    return bool(settings.EMAIL_HOST)


def send(message: EmailMessage) -> None:
    """Send a mail soon; a failure is logged, without whom it was for."""
    future = _sender.submit(_send, message)
    _pending.add(future)
    future.add_done_callback(_pending.discard)


def finish() -> None:
    """Wait until what was to be sent is sent."""
    wait(set(_pending))


def _send(message: EmailMessage) -> None:
    try:
        message.send()
    except (OSError, smtplib.SMTPException) as error:
        logger.error("a mail could not be sent: %s", type(error).__name__)
