"""The details of a message: every field the API sent, under its own name, and its JSON as it came.

Both are built from the row at hand: opening the details asks the API for nothing and works for a
message without an id too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape  # Django's own is the same behind a slower door
from json.encoder import encode_basestring

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from conversations_ui.highlevel.records import Message
from conversations_ui.services.presentation import unseen

_on_a_line = json.JSONEncoder(ensure_ascii=False).encode
_over_lines = json.JSONEncoder(ensure_ascii=False, indent=2).encode


def facts(message: Message, *, href: str = "") -> SafeString:
    """Every field of a message and its raw JSON; `href` is its permalink.

    A body is not listed with the other fields, as it may be long: it is in the JSON.
    """
    listed = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{_fact(name, value)}</dd></div>"
        for name, value in message.raw.items()
        if value not in (None, "", [], {}) and name != "body"
    )
    link = ""
    if href:
        link = (
            f"<div><dt>{_('Link')}</dt><dd>"
            f'<a href="{escape(href)}" data-copy-link>{_("Permalink")}</a></dd></div>'
        )
    return mark_safe(f"{listed}{link}<div><dt>JSON</dt><dd>{raw(message.raw)}</dd></div>")  # noqa: S308


def raw(record: Mapping[str, object]) -> SafeString:
    """A record as the API sent it, one field a line."""
    lines = ",\n".join(
        f"  {encode_basestring(name)}: {_json(value)}" for name, value in record.items()
    )
    text = escape(unseen.spelled(f"{{\n{lines}\n}}" if lines else "{}"), quote=False)
    return mark_safe(f'<pre class="raw" tabindex="0" data-copy-json>{text}</pre>')  # noqa: S308


def _fact(name: str, value: object) -> str:
    if not isinstance(value, str):
        return f"<code>{escape(_compact(value), quote=False)}</code>"
    text = escape(value, quote=False)
    return f"<code data-copy>{text}</code>" if name.lower().endswith("id") else text


def _json(value: object) -> str:
    """A value in JSON; objects and lists with something in them over several lines."""
    if isinstance(value, str):
        return encode_basestring(value)
    if not value or not isinstance(value, (dict, list)):
        return _compact(value)
    return _over_lines(value).replace("\n", "\n  ")


def _compact(value: object) -> str:
    # Nearly all values that are no strings are whole numbers and empty lists.
    if type(value) is int:
        return str(value)
    return "[]" if value == [] else _on_a_line(value)
