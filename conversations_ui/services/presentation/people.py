"""Who wrote a message."""

from __future__ import annotations

from django.utils.translation import gettext as _

from conversations_ui.highlevel.records import Message
from conversations_ui.services.people import Staff

NOBODY = Staff({}, ())


def sender(message: Message, kind: str, us: str, staff: Staff) -> tuple[str, str]:
    """Who wrote the message, and the user id while its name has still to be asked for.

    `us` stands for what nobody in particular sent. A comment has no side: only staff write them.
    """
    comment = kind == "comment"
    if message.direction == "inbound" and not comment:
        return _("Customer"), ""
    if not message.user_id:
        return "" if comment else us, ""
    name = staff.names.get(message.user_id, "")
    return name or message.user_id, message.user_id if message.user_id in staff.unknown else ""
