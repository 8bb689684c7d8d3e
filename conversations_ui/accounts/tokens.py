"""The access token to use now: refreshed ahead of time, by one at a time, stored before it is used.

Each refresh kills the refresh token before it. So the row is locked (on SQLite the whole database
is, for writers) while HighLevel is asked, and whoever waited for the lock uses what it finds then.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TypeVar

from django.conf import settings
from django.core.cache import cache
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from conversations_ui.accounts.keys import TokenUnreadable
from conversations_ui.accounts.models import Agency, Connection, SubAccount, TokenHolder
from conversations_ui.highlevel.errors import HighLevelError, Unauthorized, Unavailable
from conversations_ui.highlevel.oauth import App, InvalidClient, InvalidGrant, Issued

logger = logging.getLogger(__name__)

AHEAD = timedelta(minutes=5)  # refreshed this long before the end
SPENT = timedelta(seconds=20)  # with less than this left a token may die on its way
FRESH = timedelta(seconds=60)  # a token refused this soon would not be bettered by another
AGAIN = 30  # seconds until the next try, while the old token still serves
PAUSE = 5  # seconds until the next try, when there is none to use

Holder = TypeVar("Holder", bound=TokenHolder)


class ReconnectNeeded(Unauthorized):
    """The tokens are lost for good: an administrator has to connect the sub-account again."""


class NotConnected(ReconnectNeeded):
    """The sub-account's tokens were forgotten on purpose, or it is gone."""


def app() -> App:
    """The marketplace app of this installation; `InvalidClient` when none is configured."""
    if not settings.HIGHLEVEL_CLIENT_ID:
        raise InvalidClient("HIGHLEVEL_CLIENT_ID and HIGHLEVEL_CLIENT_SECRET are not set.")
    return _app(
        settings.HIGHLEVEL_CLIENT_ID,
        settings.HIGHLEVEL_CLIENT_SECRET,
        settings.HIGHLEVEL_API_URL,
        settings.HIGHLEVEL_API_VERSION or None,
    )


@lru_cache(maxsize=4)
def _app(client_id: str, client_secret: str, base_url: str, version: str | None) -> App:
    return App(client_id, client_secret, base_url=base_url, version=version)


def current(account: SubAccount) -> str:
    """The access token to use now; only one near its end touches the database.

    Raises `keys.TokenUnreadable`, `ReconnectNeeded`, or the `HighLevelError` of a refresh that
    failed for another reason when there is nothing left to use meanwhile.
    """
    return _current(account)


@sensitive_variables("refused")
def renewed(account: SubAccount, refused: str) -> str | None:
    """The token to use after the API has refused `refused` with 401; None when there is no other.

    Raises the `HighLevelError` of a refresh that failed and may succeed later.
    """
    if account.connection == Connection.PRIVATE:
        return None
    return _renewed(account, refused)


def agency_current(agency: Agency) -> str:
    """An agency's token to use now, as `current`."""
    return _current(agency)


def _current(holder: TokenHolder) -> str:
    left = _left(holder.token_expires)
    if holder.is_connected and left > AHEAD:
        return holder.token
    serves = holder.is_connected and left > SPENT
    if serves and (holder.needs_reconnection or not cache.add(_key(holder, "tried"), True, AGAIN)):
        return holder.token
    try:
        return _replaced(holder, None)
    except (HighLevelError, OperationalError) as fault:
        if serves:
            logger.warning("%s: no new token yet (%s)", holder.owner, type(fault).__name__)
            return holder.token
        failure = fault
    if isinstance(failure, HighLevelError):
        raise failure
    raise Unavailable("The database was too busy to refresh the token.", retry_after=PAUSE)


@sensitive_variables("refused")
def _renewed(holder: TokenHolder, refused: str) -> str | None:
    try:
        return _replaced(holder, refused)
    except (Unauthorized, TokenUnreadable):
        return None
    except OperationalError:
        raise Unavailable(
            "The database was too busy to refresh the token.", retry_after=PAUSE
        ) from None


def _replaced(holder: TokenHolder, refused: str | None) -> str:
    """Whatever token the row ends up with, this process's or another's."""
    with _connection_of_this_thread():
        if isinstance(holder, SubAccount) and holder.agency_id:
            return _exchanged(holder, refused)
        return _locked(holder, refused, _refreshed)


@sensitive_variables("refresh_token")
def _refreshed(row: TokenHolder) -> Issued:
    refresh_token = row.refresh_token
    if not refresh_token:
        raise InvalidGrant("There is no refresh token.")
    return app().refresh(refresh_token, agency=isinstance(row, Agency))


@sensitive_variables("refused", "token", "again")
def _exchanged(account: SubAccount, refused: str | None) -> str:
    """A sub-account's token for its agency's, which has a refresh of its own, done before."""
    agency = account.agency
    if agency is None:
        raise NotConnected
    token = _current(agency)
    try:
        return _locked(account, refused, lambda row: exchange(agency, token, row.location_id))
    except ReconnectNeeded:
        raise
    except Unauthorized:
        again = _renewed(agency, token)
        if again is None:
            raise
    cache.delete(_key(account, "failed"))
    return _locked(account, refused, lambda row: exchange(agency, again, row.location_id))


@sensitive_variables("token")
def exchange(agency: Agency, token: str, location_id: str) -> Issued:
    """A token of one of an agency's sub-accounts."""
    return app().location_token(token, agency.company_id, location_id)


@sensitive_variables("refused", "sent")
def _locked(holder: Holder, refused: str | None, ask: Callable[[Holder], Issued]) -> str:
    """Use what another process has stored, else ask for new tokens and store them."""
    sent = ""
    try:
        # Durable: were this part of a larger transaction, new tokens could be rolled back.
        with transaction.atomic(durable=True):
            row = _row(holder)
            sent = row.encrypted_refresh_token
            if not _serves(row, refused):
                _stop_if_hopeless(row, refused)
                _take(row, ask)
    except InvalidGrant:
        row = _settled(holder, sent)
    _adopt(holder, row)
    return row.token


def _row(holder: Holder) -> Holder:
    row = type(holder)._default_manager.select_for_update().filter(pk=holder.pk).first()
    if row is None or not row.is_connected:
        raise NotConnected("The sub-account is not connected.")
    return row


def _serves(row: TokenHolder, refused: str | None) -> bool:
    if refused is None:
        return _left(row.token_expires) > AHEAD
    return row.token != refused and _left(row.token_expires) > SPENT


def _stop_if_hopeless(row: TokenHolder, refused: str | None) -> None:
    if row.needs_reconnection or row.token_expires is None:
        raise ReconnectNeeded("The sub-account has to be connected again.")
    if refused is not None and row.token_since and timezone.now() - row.token_since < FRESH:
        raise ReconnectNeeded("The API refuses a token it has only just given.")
    if cache.get(_key(row, "failed")):
        # Those who waited for the lock must not each wait for HighLevel in turn.
        raise Unavailable("The token could not be refreshed a moment ago.", retry_after=PAUSE)


def _take(row: Holder, ask: Callable[[Holder], Issued]) -> None:
    try:
        issued = ask(row)
    except InvalidGrant:
        raise
    except HighLevelError:
        cache.set(_key(row, "failed"), True, PAUSE)
        raise
    row.take(issued)
    row.save(update_fields=[*TokenHolder.TOKEN_FIELDS])


def _settled(holder: Holder, sent: str) -> Holder:
    """After `invalid_grant`: the row another has changed meanwhile, else the loss is written down.

    It is read again outside the lock under which it was refused: somebody who was just connecting
    the sub-account anew had to wait for that one.
    """
    with transaction.atomic(durable=True):
        row = _row(holder)
        lost = row.encrypted_refresh_token == sent
        if lost:
            row.needs_reconnection = True
            row.save(update_fields=["needs_reconnection"])
    if lost:
        _adopt(holder, row)
        logger.warning("%s: the refresh token is lost, connect it again", row.owner)
        raise ReconnectNeeded("The sub-account has to be connected again.")
    return row


def _adopt(holder: TokenHolder, row: TokenHolder) -> None:
    # The token before its expiry: another thread that reads in between finds nothing too old.
    for name in TokenHolder.TOKEN_FIELDS:
        setattr(holder, name, getattr(row, name))


def _left(expires: datetime | None) -> timedelta:
    return timedelta.max if expires is None else expires - timezone.now()


def _key(holder: TokenHolder, what: str) -> str:
    return f"token-{what}:{holder._meta.model_name}:{holder.pk}"


@contextmanager
def _connection_of_this_thread() -> Iterator[None]:
    """Close a database connection that was only opened here: worker threads have nobody to."""
    idle = connection.connection is None
    try:
        yield
    finally:
        if idle and not connection.in_atomic_block:
            connection.close()
