"""What a webhook does: nothing but say that something is old. The data comes the normal way."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from django.conf import settings

from conversations_ui.accounts.models import Connection, SubAccount
from conversations_ui.highlevel.webhooks import WINDOW, Event
from conversations_ui.services import changes, store

logger = logging.getLogger(__name__)

# A webhook dated five minutes ahead passes for ten: it is remembered for longer than that.
_REMEMBERED = 3 * WINDOW.total_seconds()

Outcome = Literal["done", "repeated", "ignored"]


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What a kind of event does to its sub-account; `of_app` when it is about an app itself.

    Only those `of_messages` show that we would be told of new messages.
    """

    act: Callable[[str, Event], None]
    of_app: bool = False
    of_messages: bool = False


def take(event: Event, body: bytes) -> Outcome:
    """Let a verified, fresh webhook have its effect, once for each delivery id.

    Costs one database read at most, and no call to HighLevel. Unknown kinds and sub-accounts that
    are not connected here have no effect; without a delivery id the body's digest stands for it.
    """
    meaning = _MEANINGS.get(event.kind)
    if meaning is None or not _is_ours(event, meaning):
        return "ignored"
    location_ids = _connected(event)
    if not location_ids:
        return "ignored"
    delivery = f"webhook:{event.delivery_id or hashlib.sha256(body).hexdigest()}"
    if not store.add(delivery, True, _REMEMBERED):
        return "repeated"
    try:
        for location_id in location_ids:
            if meaning.of_messages:
                changes.heard(location_id)
            meaning.act(location_id, event)
    except BaseException:
        # What has not had its effect may come again.
        store.forget(delivery)
        raise
    return "done"


def _is_ours(event: Event, meaning: _Meaning) -> bool:
    """Whether it is meant for our app.

    HighLevel signs for all apps with one key, so whoever owns another app could pass on that
    one's removal as if it were ours.
    """
    ours = settings.HIGHLEVEL_CLIENT_ID.partition("-")[0]
    if meaning.of_app:
        return bool(ours) and event.app_id == ours
    return not ours or event.app_id in ("", ours)


def _connected(event: Event) -> list[str]:
    found = SubAccount.objects.filter(location_id__in=event.location_ids)
    return list(found.values_list("location_id", flat=True))


def _changed(location_id: str, event: Event) -> None:
    for conversation_id in event.conversation_ids or ("",):
        changes.touched(location_id, conversation_id)


def _installed(location_id: str, event: Event) -> None:
    """Connecting is an administrator's business."""


def _removed(location_id: str, event: Event) -> None:
    """Say so to administrators, unless it was connected again since; own tokens live on."""
    lost = SubAccount.objects.filter(
        location_id=location_id, connection=Connection.APP, connected__lt=event.sent
    )
    if lost.update(needs_reconnection=True):
        logger.warning("%s: the app was removed there, connect it again", location_id)


_MEANINGS = {
    "inboundmessage": _Meaning(_changed, of_messages=True),
    "outboundmessage": _Meaning(_changed, of_messages=True),
    "conversationunreadupdate": _Meaning(_changed),
    "install": _Meaning(_installed, of_app=True),
    "uninstall": _Meaning(_removed, of_app=True),
}
