"""What a failure says to people: one row for each code of the HTML contract."""

from __future__ import annotations

import math
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from conversations_ui.accounts import tokens
from conversations_ui.accounts.models import SubAccount
from conversations_ui.highlevel.errors import AgencyToken, HighLevelError, HipaaMode, WrongVersion
from conversations_ui.services import breaker, upstream
from conversations_ui.services.presentation import times

_COUNTED = 120  # seconds; a longer wait is told in words alone


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

    @property
    def retry_in(self) -> int | None:
        """The seconds after which the page tries again by itself, if it does."""
        soon = self.wait and self.retry_after and self.retry_after <= _COUNTED
        return self.retry_after if soon else None


@dataclass(frozen=True, slots=True)
class AsOf:
    """That what is shown was read at some time, and why it is no newer."""

    at: times.Stamp
    why: str


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
    "reconnect": _Row(
        gettext_noop("The connection to HighLevel has ended"),
        gettext_noop(
            "HighLevel no longer renews the token of %(account)s. "
            "An administrator has to connect the sub-account again."
        ),
        "lock",
        502,
    ),
    "not-connected": _Row(
        gettext_noop("This sub-account is not connected"),
        gettext_noop(
            "%(account)s was disconnected. An administrator has to connect the sub-account again."
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
    upstream.TokenLost: "token-lost",
    tokens.ReconnectNeeded: "reconnect",
    tokens.NotConnected: "not-connected",
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
    if isinstance(error, breaker.Open) and error.since:
        since = times.stamp(error.since, ZoneInfo(account.time_zone)).clock
        text = _("It has not answered since %(time)s.") % {"time": since} + " " + text
    if row.wait and seconds:
        text += " " + _possible_again(seconds)
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


# What keeps us from a newer answer, by the code of the error.
_WHY = {
    "unauthorized": gettext_noop("HighLevel no longer accepts our key"),
    "scope": gettext_noop("HighLevel refuses this"),
    "forbidden": gettext_noop("HighLevel refuses this"),
    "rate-limited": gettext_noop("HighLevel asks us to slow down"),
    "bad-answer": gettext_noop("HighLevel’s answers make no sense"),
}


def as_of(account: SubAccount) -> AsOf | None:
    """How old the copy is that the page being made has had to show; None when it is not one."""
    page = upstream.fallen_back()
    if page.as_of is None or page.because is None:
        return None
    why = _WHY.get(page.because.code, gettext_noop("HighLevel cannot be reached"))
    return AsOf(times.stamp(page.as_of, ZoneInfo(account.time_zone)), _(why))


def _possible_again(seconds: int) -> str:
    if seconds < 120:
        return ngettext(
            "It can be asked again in %(count)d second.",
            "It can be asked again in %(count)d seconds.",
            seconds,
        ) % {"count": seconds}
    minutes = round(seconds / 60)
    if minutes < 120:
        return _("It can be asked again in %(count)d minutes.") % {"count": minutes}
    return _("It can be asked again in %(count)d hours.") % {"count": round(minutes / 60)}
