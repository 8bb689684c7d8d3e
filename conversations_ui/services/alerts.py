"""What a failure says to people: one row for each code of the HTML contract."""

from __future__ import annotations

import math
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from conversations_ui.accounts.models import SubAccount
from conversations_ui.highlevel.errors import AgencyToken, HighLevelError, HipaaMode, WrongVersion
from conversations_ui.services.upstream import TokenLost


@dataclass(frozen=True, slots=True)
class Alert:
    """A failure ready to be shown. `wait` is true when waiting helps, `status` is ours."""

    code: str
    title: str
    text: str
    icon: str
    status: int
    wait: bool = False
    said: str = ""  # the API's own sentence
    trace_id: str = ""
    retry_after: int | None = None  # seconds


@dataclass(frozen=True, slots=True)
class _Row:
    title: str
    text: str
    icon: str
    status: int
    wait: bool = False


# `%(account)s` is the sub-account's name.
_ROWS: dict[str, _Row] = {
    "unauthorized": _Row(
        gettext_noop("HighLevel no longer accepts our key"),
        gettext_noop(
            "The token of %(account)s was refused or has expired. "
            "An administrator has to connect the sub-account again."
        ),
        "lock",
        502,
    ),
    "agency-token": _Row(
        gettext_noop("This is an agency’s key"),
        gettext_noop(
            "The token of %(account)s belongs to the agency, and conversations need one of the "
            "sub-account itself. An administrator has to connect it again."
        ),
        "lock",
        502,
    ),
    "token-lost": _Row(
        gettext_noop("The stored key cannot be read"),
        gettext_noop(
            "This server was started with other keys than those the token of %(account)s was "
            "stored with. An administrator has to connect the sub-account again."
        ),
        "lock",
        502,
    ),
    "scope": _Row(
        gettext_noop("This part needs one more permission"),
        gettext_noop(
            "The token of %(account)s lacks a scope. An administrator can add it in HighLevel; "
            "reading needs conversations.readonly, conversations/message.readonly and "
            "contacts.readonly."
        ),
        "lock",
        502,
    ),
    "forbidden": _Row(
        gettext_noop("HighLevel refuses this"),
        gettext_noop(
            "The settings of %(account)s do not let our key see it. Others are not affected."
        ),
        "blocked",
        502,
    ),
    "hipaa": _Row(
        gettext_noop("HIPAA mode keeps these messages inside HighLevel"),
        gettext_noop(
            "%(account)s has HIPAA compliance switched on, so HighLevel hands out no messages."
        ),
        "blocked",
        502,
    ),
    "not-found": _Row(
        gettext_noop("This conversation is not there"),
        gettext_noop("It was deleted in HighLevel, or the address belongs to another sub-account."),
        "search",
        404,
    ),
    "rate-limited": _Row(
        gettext_noop("HighLevel asks us to slow down"),
        gettext_noop("%(account)s has used its requests for the moment."),
        "clock",
        503,
        wait=True,
    ),
    "daily-limit": _Row(
        gettext_noop("Today’s requests are used up"),
        gettext_noop("%(account)s has used all the requests HighLevel allows in a day."),
        "clock",
        503,
        wait=True,
    ),
    "unavailable": _Row(
        gettext_noop("HighLevel is not answering"),
        gettext_noop("What is already on the page stays. Trying again in a moment often helps."),
        "warning",
        503,
        wait=True,
    ),
    "bad-answer": _Row(
        gettext_noop("HighLevel’s answer made no sense"),
        gettext_noop(
            "We expected conversations and got something else. "
            "If it happens again, send the trace to support."
        ),
        "warning",
        502,
    ),
    "wrong-version": _Row(
        gettext_noop("HighLevel does not know our API version"),
        gettext_noop(
            "An administrator should look at the setting HIGHLEVEL_API_VERSION; "
            "without it the documented version is used."
        ),
        "warning",
        502,
    ),
}


_SPECIAL: dict[type[HighLevelError], str] = {
    AgencyToken: "agency-token",
    TokenLost: "token-lost",
    HipaaMode: "hipaa",
    WrongVersion: "wrong-version",
}


def _row_of(error: HighLevelError) -> _Row:
    if getattr(error, "daily", False):
        return _ROWS["daily-limit"]
    return _ROWS[_SPECIAL.get(type(error), error.code)]


def alert_for(error: HighLevelError, account: SubAccount) -> Alert:
    """The alert for an upstream failure."""
    row = _row_of(error)
    text = _(row.text) % {"account": account.name}
    seconds = None if error.retry_after is None else math.ceil(error.retry_after)
    if row.wait and seconds:
        text += " " + _free_again(seconds)
    return Alert(
        code=error.code,
        title=_(row.title),
        text=text,
        icon=row.icon,
        status=row.status,
        wait=row.wait,
        said=error.sentence,
        trace_id=error.trace_id,
        retry_after=seconds,
    )


def _free_again(seconds: int) -> str:
    if seconds < 120:
        return ngettext(
            "It is free again in %(count)d second.",
            "It is free again in %(count)d seconds.",
            seconds,
        ) % {"count": seconds}
    minutes = round(seconds / 60)
    if minutes < 120:
        return _("It is free again in %(count)d minutes.") % {"count": minutes}
    return _("It is free again in %(count)d hours.") % {"count": round(minutes / 60)}
