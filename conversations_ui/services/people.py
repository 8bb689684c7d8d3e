"""Who among the staff wrote something: names for the API's user ids.

A page shows the names that are known already; what it lacks is asked for after it, one call a
person and hour, and what the API does not tell is not asked again for some minutes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial

from conversations_ui.accounts.models import SubAccount
from conversations_ui.highlevel.errors import HighLevelError, MissingScope, Unauthorized
from conversations_ui.highlevel.records import User
from conversations_ui.services import store, upstream

KNOWN_SECONDS = 3600
REFUSED_SECONDS = 300
ASKED_MAX = 12  # people in one go
PATIENCE = 4.0  # seconds for all of them; who comes later is there for the next page

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")  # anything else is nobody's
_asking = ThreadPoolExecutor(max_workers=8, thread_name_prefix="people")


@dataclass(frozen=True, slots=True)
class Staff:
    """Names by user id, and the ids nobody has asked the API about yet."""

    names: Mapping[str, str]
    unknown: tuple[str, ...]


def known(account: SubAccount, user_ids: Iterable[str]) -> Staff:
    """What is known of these people without asking; no upstream call."""
    wanted = dict.fromkeys(filter(_ID.fullmatch, user_ids))
    if not wanted:
        return Staff({}, ())
    keys = {_key(account, user_id): user_id for user_id in wanted}
    found = store.get_many([*keys, _key(account, "")])
    names = {user_id: str(found[key]) for key, user_id in keys.items() if found.get(key)}
    refused = _key(account, "") in found
    unknown = () if refused else tuple(keys[key] for key in keys if key not in found)
    return Staff(names, unknown)


def ask(account: SubAccount, user_ids: Iterable[str]) -> Mapping[str, str]:
    """The names of these people; who the API does not tell of is missing.

    One upstream call for each person not known, `ASKED_MAX` at most, side by side and for no longer
    than `PATIENCE`. Never raises. Follows HighLevel's "Get User".
    """
    wanted = tuple(user_ids)
    unknown = known(account, wanted).unknown[:ASKED_MAX]
    # Who adds the empty name asks; who comes second, from another page, does not ask again.
    mine = [user_id for user_id in unknown if _keep(account, user_id, "", only_new=True)]
    if mine:
        client = upstream.attempt(lambda: upstream.client(account))
        if isinstance(client, HighLevelError):
            return {}
        wait(
            [
                _asking.submit(copy_context().run, _learn, account, each, client.user)
                for each in mine
            ],
            PATIENCE,
        )
    return known(account, wanted).names


def _learn(account: SubAccount, user_id: str, read: Callable[[str], User]) -> None:
    """Asks for one person and remembers the answer; runs beside others, without the database."""
    user = upstream.attempt(partial(read, user_id))
    if isinstance(user, User):
        _keep(account, user_id, user.name)
    elif isinstance(user, (MissingScope, Unauthorized)):
        _keep(account, "", "refused")  # the next person would be refused as well


def _keep(account: SubAccount, user_id: str, name: str, *, only_new: bool = False) -> bool:
    seconds = KNOWN_SECONDS if user_id and name else REFUSED_SECONDS
    if only_new:
        return store.add(_key(account, user_id), name, seconds)
    store.put(_key(account, user_id), name, seconds)
    return True


def _key(account: SubAccount, user_id: str) -> str:
    return f"staff:{account.location_id}:{user_id}"
