"""The read log: adding to it, checking that it is whole, cutting what is too old.

Every row carries the hash of the row before it, HMAC-SHA-256 with a key that the database holds
only encrypted (`TOKEN_KEYS`). So whoever can write to the database alone cannot alter, add, take
out or reorder rows unseen, nor cut off the last ones. What the chain cannot show is a database put
back whole to an earlier day: for that, each row's number and hash also go to the logger
`conversations_ui.read_log`, and `manage.py verify_read_log --anchor` compares with one of them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, connection, models, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from conversations_ui.accounts import keys
from conversations_ui.accounts.models import User
from conversations_ui.accounts.readings import ONLY, Action, Reading, ReadLogHead

AGAIN = timedelta(minutes=5)  # the same by the same person within it counts once
# The list is looked at all day; of an export each one counts.
AGAIN_OF = {
    Action.LIST: timedelta(hours=1),
    Action.EXPORT: timedelta(0),
    Action.LOG_EXPORT: timedelta(0),
}
LOOKS = timedelta(hours=1)  # how often a page that writes a row also looks for rows to cut
AT_ONCE = 500  # rows cut at a time
PATIENCE = 5.0  # seconds that the lock of somebody who does not let go is waited for

_log = logging.getLogger("conversations_ui.read_log")
_OWNER, _PURPOSE = "read log", "read-log"


class Unwritable(Exception):  # noqa: N818 (it is an answer to somebody)
    """The read log took no row, so nothing may be shown."""


class Broken(Exception):  # noqa: N818
    """The chain does not hold; the message names the first row that is wrong."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What somebody is about to be shown; ids only, "" where there is none."""

    action: Action
    location_id: str = ""
    conversation_id: str = ""
    object_id: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found: how many rows, the last of them, and what is wrong ("" for nothing)."""

    rows: int
    number: int
    hash: str
    problem: str = ""


def note(user: User, shown: Shown, address: str) -> None:
    """Write down what a person is shown and from where, unless they were a few minutes ago.

    Costs one indexed read, and one short transaction where there is a row to write. Raises
    `Unwritable`; then nothing may be shown.
    """
    try:
        if _is_repeated(user, shown):
            return
        with transaction.atomic():
            head = _checked_head()
            # Another tab may have been first while this one waited for the lock.
            row = None if _is_repeated(user, shown) else _add(head, user, shown, address)
    except (DatabaseError, keys.TokenUnreadable) as error:
        raise Unwritable from error
    if row is not None:
        _log.info(_line(row))


def words_digest(location_id: str, words: str) -> str:
    """A name for a search that does not tell its words: they may be somebody's telephone number.

    Keyed with `SECRET_KEY`, so that trying all numbers finds nothing without it; when that key is
    changed, the same words get another digest.
    """
    plain = " ".join(words.casefold().split())
    return salted_hmac("read log search", f"{location_id} {plain}", algorithm="sha256").hexdigest()[
        :16
    ]


def verify(anchor: tuple[int, str] | None = None) -> Verdict:
    """Walk the whole chain; `anchor` is a row's number and hash as the logger once wrote them.

    Raises `keys.TokenUnreadable` when the present `TOKEN_KEYS` do not open the chain's key.
    """
    while True:
        head = ReadLogHead.objects.filter(pk=ONLY).first()
        verdict = _walk(head)
        now = ReadLogHead.objects.filter(pk=ONLY).first()
        if not verdict.problem or _cut_of(head) == _cut_of(now):
            break  # else rows were cut meanwhile
    if anchor and not verdict.problem:
        return _compared(verdict, now, *anchor)
    return verdict


def prune() -> int:
    """Cut all rows older than `READ_LOG_DAYS`, and say how many; 0 days keep everything.

    Only an unbroken beginning is cut, and the hash of the last row cut stays as where the chain
    now begins. Raises `Broken`, and `keys.TokenUnreadable`.
    """
    gone = 0
    while settings.READ_LOG_DAYS:
        with transaction.atomic():
            head = _checked_head()
            cut = _cut(head, timezone.now())
            _keep(head)
        gone += cut
        if cut < AT_ONCE:
            break
    return gone


def begin_again() -> None:
    """Give the chain a new key: when the old one is lost with its `TOKEN_KEYS`, or known to others.

    What was written till now stays until it is too old, but nothing proves it any more.
    """
    with transaction.atomic():
        head, _created = _locked_head()
        head.encrypted_key = _new_key()
        head.cut_number, head.cut_hash = head.number, head.hash
        head.mark = _mark(head)
        head.save()
    _log.warning("The chain was given a new key after row %d.", head.number)


def _is_repeated(user: User, shown: Shown) -> bool:
    since = timezone.now() - AGAIN_OF.get(shown.action, AGAIN)
    same = Reading.objects.filter(
        location_id=shown.location_id,
        conversation_id=shown.conversation_id,
        user_id=user.pk,
        action=shown.action,
        object_id=shown.object_id,
        at__gt=since,
    )
    return same.exists()


def _locked_head() -> tuple[ReadLogHead, bool]:
    if connection.vendor == "postgresql":  # it would wait for ever, and the whole site with it
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {PATIENCE * 1000:.0f}")
    fresh = {"encrypted_key": _new_key()}
    return ReadLogHead.objects.select_for_update().get_or_create(pk=ONLY, defaults=fresh)


def _checked_head() -> ReadLogHead:
    """The locked head; one that somebody else wrote loses its mark for good.

    A new mark would hide what was done to it. The site goes on, and `verify` says what is wrong.
    """
    head, created = _locked_head()
    if created:
        head.mark = _mark(head)
    elif head.mark and not hmac.compare_digest(head.mark, _mark(head)):
        _log.error("The head of the read log was altered: run manage.py verify_read_log.")
        head.mark = ""
    return head


def _add(head: ReadLogHead, user: User, shown: Shown, address: str) -> Reading:
    now = timezone.now()
    row = Reading(
        number=head.number + 1,
        at=now,
        user_id=user.pk,
        username=user.get_username(),
        action=shown.action,
        location_id=shown.location_id,
        conversation_id=shown.conversation_id,
        object_id=shown.object_id,
        address=address[:45],
        previous=head.hash,
    )
    row.hash = _hash(_key(head), row.linked())
    _door().bulk_create([row])
    head.number, head.hash = row.number, row.hash
    if settings.READ_LOG_DAYS and (head.cut_looked is None or now - head.cut_looked > LOOKS):
        try:
            _cut(head, now)
        except Broken as broken:
            _log.error("The read log is not whole, so nothing of it is cut: %s", broken)
    _keep(head)
    return row


def _cut(head: ReadLogHead, now: datetime) -> int:
    """Take out the oldest rows that are too old, a few hundred at most."""
    before = now - timedelta(days=settings.READ_LOG_DAYS)
    head.cut_looked = now
    key, number, link = _key(head), head.cut_number, head.cut_hash
    rest = Reading.objects.filter(number__gt=number, number__lte=head.number)
    for row in rest.order_by("number")[:AT_ONCE]:
        if row.at >= before:
            break
        if problem := _problem(key, row, number, link):
            raise Broken(problem)
        number, link = row.number, row.hash
    old = models.Q(number__gt=head.cut_number) | models.Q(at__lt=before)
    gone, _kinds = _door().filter(old, number__lte=number).delete()
    head.cut_number, head.cut_hash = number, link
    return gone


def _door() -> models.QuerySet[Reading]:
    """The rows past their own refusal to be written to: the one way in, and the one way out."""
    return models.QuerySet(Reading)


def _keep(head: ReadLogHead) -> None:
    if head.mark:
        head.mark = _mark(head)
    head.save()


def _walk(head: ReadLogHead | None) -> Verdict:
    rows = Reading.objects.order_by("number")
    if head is None:
        problem = _("The head of the log is gone.") if rows.exists() else ""
        return Verdict(0, 0, "", problem)
    key, count, number, link = _key(head), 0, head.cut_number, head.cut_hash
    if not hmac.compare_digest(head.mark, _mark(head)):
        return Verdict(0, number, link, _("The head of the log was altered."))
    for row in _before_the_end(rows, head):
        if problem := _problem(key, row, number, link):
            return Verdict(count, number, link, problem)
        count, number, link = count + 1, row.number, row.hash
    return Verdict(count, number, link, _end_problem(head, number, link))


def _before_the_end(rows: models.QuerySet[Reading], head: ReadLogHead) -> Iterable[Reading]:
    # One statement, so that what is added or cut while it runs is not in it.
    return rows.filter(number__lte=head.number).iterator(chunk_size=1000)


def _problem(key: bytes, row: Reading, number: int, link: str) -> str:
    """What is wrong with a row after the row of that number and hash; "" for nothing."""
    if row.number <= number:
        return _("Row %(row)d stands before where the log begins; nothing proves it.") % {
            "row": row.number
        }
    if row.number > number + 1:
        return _gap(number + 1, row.number - 1)
    if not hmac.compare_digest(row.hash, _hash(key, row.linked())):
        return _("Row %(row)d was altered, or not written by this site.") % {"row": row.number}
    if row.previous != link:
        return _("Row %(row)d does not follow the row before it.") % {"row": row.number}
    return ""


def _end_problem(head: ReadLogHead, number: int, link: str) -> str:
    if number < head.number:
        return _gap(number + 1, head.number)
    if link != head.hash:
        return _("Row %(row)d is not the last one that was written.") % {"row": number}
    end = ReadLogHead.objects.filter(pk=ONLY).values("number")
    beyond = Reading.objects.filter(number__gt=models.Subquery(end)).order_by("number").first()
    if beyond is not None:
        return _("Row %(row)d was added past the end.") % {"row": beyond.number}
    return ""


def _gap(first: int, last: int) -> str:
    if first == last:
        return _("Row %(row)d is missing.") % {"row": first}
    return _("Rows %(first)d to %(last)d are missing.") % {"first": first, "last": last}


def _compared(verdict: Verdict, head: ReadLogHead | None, number: int, link: str) -> Verdict:
    found = Reading.objects.filter(number=number).values_list("hash", flat=True).first()
    if head and number == head.cut_number:
        found = head.cut_hash
    problem = ""
    if head and number < head.cut_number:
        problem = _("Row %(row)d has been cut for its age; take a later one.") % {"row": number}
    elif found != link:
        problem = _("Row %(row)d is not the one that was written then.") % {"row": number}
    return Verdict(verdict.rows, verdict.number, verdict.hash, problem)


def _cut_of(head: ReadLogHead | None) -> int:
    return head.cut_number if head else 0


def _new_key() -> str:
    return keys.encrypt(_OWNER, secrets.token_hex(32), _PURPOSE)


def _key(head: ReadLogHead) -> bytes:
    return bytes.fromhex(keys.decrypt(_OWNER, head.encrypted_key, _PURPOSE))


def _mark(head: ReadLogHead) -> str:
    return _hash(_key(head), head.marked())


def _hash(key: bytes, content: bytes) -> str:
    return hmac.new(key, content, hashlib.sha256).hexdigest()


def _line(row: Reading) -> str:
    """One line of JSON: ids alone, and what an anchor is made of."""
    about = {
        "number": row.number,
        "at": row.at.isoformat(),
        "user": row.user_id,
        "action": row.action,
        "location": row.location_id,
        "conversation": row.conversation_id,
        "object": row.object_id,
        "address": row.address,
        "hash": row.hash,
    }
    return json.dumps(about)
