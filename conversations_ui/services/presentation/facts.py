"""The details of a message: every field the API sent, under its own name."""

from __future__ import annotations

import json
from html import escape  # Django's own is the same behind a slower door

from django.utils.safestring import SafeString, mark_safe

from conversations_ui.highlevel.records import Message


def facts(message: Message, *, body_shown: bool) -> SafeString:
    """Every field of a message under the API's own name; what is shown above is not repeated."""
    return mark_safe(  # noqa: S308 - names and values are escaped below
        "".join(
            f"<div><dt>{escape(name)}</dt><dd>{_fact(name, value)}</dd></div>"
            for name, value in message.raw.items()
            if value not in (None, "", [], {}) and not (body_shown and name == "body")
        )
    )


def _fact(name: str, value: object) -> str:
    if not isinstance(value, str):
        return f"<code>{escape(json.dumps(value, ensure_ascii=False))}</code>"
    text = escape(value)
    return f"<code data-copy>{text}</code>" if name.lower().endswith("id") else text
