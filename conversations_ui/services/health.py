"""How a sub-account's connection fares: what its calls ended in, and a check on demand."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from conversations_ui.accounts import connecting, tokens
from conversations_ui.accounts.keys import TokenUnreadable
from conversations_ui.accounts.models import SubAccount
from conversations_ui.highlevel import errors
from conversations_ui.highlevel.client import Client
from conversations_ui.highlevel.errors import HighLevelError

KEPT = int(timedelta(days=7).total_seconds())
EVERY = 30  # seconds between two notes of success

# What each failure is called; the nearest class in the error's ancestry counts.
WORDS = {kind.__name__: words for kind, words in connecting.REFUSALS.items()} | {
    "TokenLost": gettext_lazy("The stored token cannot be read with the present TOKEN_KEYS."),
    "MissingScope": gettext_lazy("The token lacks a scope. “Check now” tells which."),
}

# What each scope is for.
ENABLES = {
    "conversations.readonly": gettext_noop("the inbox: finding and opening conversations"),
    "conversations/message.readonly": gettext_noop(
        "the messages themselves, mails, recordings and transcripts"
    ),
    "contacts.readonly": gettext_noop("contacts’ names, addresses and the contact panel"),
    "users.readonly": gettext_noop("the names of staff beside what they wrote"),
    "locations.readonly": gettext_noop("the sub-account’s own name and time zone"),
}

# After one of these no further question would tell more.
FINAL = (
    errors.Unauthorized,
    errors.Unavailable,
    errors.RateLimited,
    errors.WrongVersion,
    errors.ForeignLocation,
)

# An id that nothing has: a scope is looked at before the id is.
NOTHING = "none0000000000000000"


@dataclass(frozen=True, slots=True)
class Failure:
    """The last call that failed."""

    at: datetime
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Health:
    """What is remembered of a connection; None and () where nothing is."""

    succeeded: datetime | None = None
    failure: Failure | None = None
    missing: tuple[str, ...] = ()

    @property
    def is_failing(self) -> bool:
        """Whether the last call known of failed."""
        return self.failure is not None and (
            self.succeeded is None or self.succeeded < self.failure.at
        )


@dataclass(frozen=True, slots=True)
class Probe:
    """One scope tried: `outcome` is granted, missing, failed or untried."""

    scope: str
    enables: str
    outcome: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """What a check found. `problem` is the error's code, "" when all is well; `text` names it."""

    at: datetime
    text: str
    problem: str = ""
    said: str = ""  # HighLevel's own words
    trace_id: str = ""
    probes: tuple[Probe, ...] = ()


def noted(location_id: str, error: HighLevelError | None, scope: str = "") -> None:
    """Remember how a call to HighLevel ended; never raises, and costs next to nothing.

    That something was not found is a success of the connection. `scope` is the one the call needs,
    when known: it is missing after a MissingScope, and no longer after a success.
    """
    if error is not None and not isinstance(error, errors.NotFound):
        _failed(location_id, error)
        if scope and isinstance(error, errors.MissingScope):
            _learn(location_id, {scope: True})
    elif cache.add(_well(location_id, scope), True, EVERY):
        cache.set(_key("success", location_id), timezone.now().timestamp(), KEPT)
        _learn(location_id, {scope: False})


def _failed(location_id: str, error: HighLevelError) -> None:
    # The next success is news again.
    cache.delete_many([_well(location_id, scope) for scope in ("", *ENABLES)])
    failure = (timezone.now().timestamp(), error.code, _name(error))
    cache.set(_key("failure", location_id), failure, KEPT)


def _learn(location_id: str, is_missing: Mapping[str, bool]) -> None:
    """Remember which of these scopes are missing, and leave what is known of others."""
    key = _key("missing", location_id)
    known: tuple[str, ...] = cache.get(key, ())
    now = tuple(scope for scope in known if is_missing.get(scope, True))
    now += tuple(scope for scope, lacks in is_missing.items() if lacks and scope not in known)
    if now != known:
        cache.set(key, now, KEPT)


def last(location_id: str) -> Health:
    """What is remembered of a sub-account's connection."""
    names = {what: _key(what, location_id) for what in ("success", "failure", "missing")}
    found = cache.get_many(names.values())
    failure = found.get(names["failure"])
    success = found.get(names["success"])
    return Health(
        succeeded=None if success is None else _moment(success),
        failure=Failure(_moment(failure[0]), failure[1], _words(failure[2])) if failure else None,
        missing=tuple(found.get(names["missing"], ())),
    )


def forget(location_id: str) -> None:
    """Remember nothing of a connection that is another one from now on."""
    cache.delete_many([_key(what, location_id) for what in ("success", "failure", "missing")])
    cache.delete_many([_well(location_id, scope) for scope in ("", *ENABLES)])


def enables(scope: str) -> str:
    """What a scope is for."""
    return _(ENABLES[scope]) if scope in ENABLES else ""


def check_now(account: SubAccount) -> Check:
    """Try the token and each scope with the cheapest call, and name what is wrong.

    It asks HighLevel itself, past every cache: at most six calls.
    """
    try:
        token = tokens.current(account)
        tried = _tried(account, token)
        if _refused(tried) and (other := tokens.renewed(account, token)):
            tried = _tried(account, other)
    except TokenUnreadable as unreadable:
        return Check(timezone.now(), str(unreadable), "unauthorized")
    except HighLevelError as error:
        noted(account.location_id, error)
        return _verdict(error, ())
    return _judged(account, tried)


@dataclass(slots=True)
class _Tried:
    """Errors by scope, None where the call went well; what the calls have shown to exist."""

    outcomes: dict[str, HighLevelError | None] = field(default_factory=dict)
    conversation_id: str = NOTHING
    contact_id: str = NOTHING


def _search(client: Client, account: SubAccount, tried: _Tried) -> None:
    page = client.search(account.location_id, limit=1)
    for row in page.conversations[:1]:
        tried.conversation_id = row.id or NOTHING
        tried.contact_id = row.contact_id or NOTHING


def _location(client: Client, account: SubAccount, tried: _Tried) -> None:
    client.location(account.location_id)


def _messages(client: Client, account: SubAccount, tried: _Tried) -> None:
    client.messages(tried.conversation_id, limit=1)


def _contact(client: Client, account: SubAccount, tried: _Tried) -> None:
    client.contact(tried.contact_id)


def _user(client: Client, account: SubAccount, tried: _Tried) -> None:
    client.user(NOTHING)


# The first shows whether the token is any good, and whose.
PROBES: tuple[tuple[str, Callable[[Client, SubAccount, _Tried], None]], ...] = (
    ("locations.readonly", _location),
    ("conversations.readonly", _search),
    ("conversations/message.readonly", _messages),
    ("contacts.readonly", _contact),
    ("users.readonly", _user),
)


def _tried(account: SubAccount, token: str) -> _Tried:
    client = connecting.client(token)
    tried = _Tried()
    for scope, ask in PROBES:
        tried.outcomes[scope] = error = _outcome(client, account, tried, scope, ask)
        if isinstance(error, FINAL):
            break
    return tried


def _outcome(
    client: Client,
    account: SubAccount,
    tried: _Tried,
    scope: str,
    ask: Callable[[Client, SubAccount, _Tried], None],
) -> HighLevelError | None:
    try:
        ask(client, account, tried)
    except errors.NotFound as error:
        # A missing sub-account is a fault, anything else that is not there tells that we may look.
        return error if ask is _location else None
    except errors.BadAnswer as error:
        # The same for an id whose form the API does not like.
        by_id = ask in (_messages, _contact, _user) and error.status in (400, 422)
        return None if by_id else error
    except HighLevelError as error:
        return error
    return None


def _refused(tried: _Tried) -> bool:
    return any(isinstance(error, errors.Unauthorized) for error in tried.outcomes.values())


def _judged(account: SubAccount, tried: _Tried) -> Check:
    found = [error for error in tried.outcomes.values() if error]
    missing = [
        scope for scope, error in tried.outcomes.items() if isinstance(error, errors.MissingScope)
    ]
    told = {
        scope: scope in missing
        for scope, error in tried.outcomes.items()
        if error is None or isinstance(error, errors.MissingScope)
    }
    _learn(account.location_id, told)
    # Whatever is worse than a missing scope is the problem.
    worst = sorted(found, key=lambda error: isinstance(error, errors.MissingScope))
    if worst:
        _failed(account.location_id, worst[0])
    else:
        noted(account.location_id, None)
    return _verdict(worst[0] if worst else None, _probes(tried), missing)


def _verdict(
    error: HighLevelError | None, probes: tuple[Probe, ...], missing: list[str] | None = None
) -> Check:
    if error is None:
        return Check(timezone.now(), _("Everything works."), probes=probes)
    text = connecting.reason(error)
    if isinstance(error, errors.MissingScope) and missing:
        text = _("The token lacks: %(scopes)s.") % {"scopes": ", ".join(missing)}
    return Check(timezone.now(), text, error.code, error.sentence, error.trace_id, probes)


def _probes(tried: _Tried) -> tuple[Probe, ...]:
    return tuple(
        Probe(scope, enables(scope), *_told(tried.outcomes[scope]))
        if scope in tried.outcomes
        else Probe(scope, enables(scope), "untried", _("not tried"))
        for scope, _ask in PROBES
    )


def _told(error: HighLevelError | None) -> tuple[str, str]:
    if error is None:
        return "granted", _("granted")
    if isinstance(error, errors.MissingScope):
        return "missing", _("missing")
    return "failed", connecting.reason(error)


def _name(error: HighLevelError) -> str:
    return next(kind.__name__ for kind in type(error).__mro__ if kind.__name__ in WORDS)


def _words(name: str) -> str:
    return str(WORDS.get(name, WORDS["HighLevelError"]))


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _well(location_id: str, scope: str) -> str:
    return _key(f"well-{scope}", location_id)


def _key(what: str, location_id: str) -> str:
    return f"health-{what}:{location_id}"
