"""Who may see what: the one answer every view and every service asks for.

A grant gives a person (or a group) a sub-account, or only the conversations in it that are assigned
to given HighLevel users, and may withhold parts. Grants add up: a conversation is seen when one of
them covers it, and a part of it is withheld when all that cover it withhold it. An active superuser
is an administrator and sees everything.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, replace
from enum import Enum
from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from conversations_ui.accounts.models import Grant, Role, SubAccount, User


class Part(Enum):
    """What a grant can withhold."""

    COMMENTS = "comments"
    RECORDINGS = "recordings"
    CONTACT = "contact"


@dataclass(frozen=True, slots=True)
class Scope:
    """What one grant gives: conversations assigned to these people, or all when it names nobody."""

    assigned_to: frozenset[str] = frozenset()
    withheld: frozenset[Part] = frozenset()
    lead: bool = False

    @classmethod
    def of(cls, grant: Grant) -> Self:
        """The scope of a stored grant."""
        withheld = (part for part in Part if getattr(grant, f"withhold_{part.value}"))
        return cls(frozenset(grant.assigned_to), frozenset(withheld), grant.role == Role.LEAD)

    def covers(self, assigned_to: str) -> bool:
        """Whether it gives a conversation assigned to that user, \"\" for nobody."""
        return not self.assigned_to or assigned_to in self.assigned_to


@dataclass(frozen=True, slots=True)
class Access:
    """What somebody may see of a sub-account, or of the one conversation it was narrowed to."""

    scopes: tuple[Scope, ...] = ()
    is_administrator: bool = False
    conversation_id: str = ""  # all that it is about; empty for the sub-account
    strict: bool = False  # it depends, or depended, on whom a conversation is assigned to
    person: int | None = None  # whose it is, by their number; None is the product's own work

    @classmethod
    def of(cls, user: User, grants: Iterable[Grant]) -> Self:
        """What these grants add up to; everything for an administrator."""
        if user.is_superuser:
            return cls(EVERYTHING.scopes, is_administrator=True, person=user.pk)
        scopes = {Scope.of(grant) for grant in grants}
        whole = cls(tuple(scope for scope in scopes if not scope.assigned_to))
        more = tuple(scope for scope in scopes if scope.assigned_to and whole._lacks(scope))
        return cls((*whole.scopes, *more), strict=bool(more), person=user.pk)

    @property
    def depends(self) -> bool:
        """Whether it has to be known whom a conversation is assigned to."""
        return any(scope.assigned_to for scope in self.scopes)

    @property
    def assigned_to(self) -> frozenset[str]:
        """The users whose conversations are all there is to see; empty when there are others."""
        if not all(scope.assigned_to for scope in self.scopes):
            return frozenset()
        return frozenset().union(*(scope.assigned_to for scope in self.scopes))

    @property
    def withheld(self) -> frozenset[Part]:
        """The parts nobody grants; while that depends on the conversation, all that may be so."""
        parts = [scope.withheld for scope in self.scopes]
        if self.depends:
            return frozenset().union(*parts)
        return parts[0].intersection(*parts) if parts else frozenset(Part)

    @property
    def shows_contact(self) -> bool:
        """Whether there is more of the contact to see than a name."""
        return Part.CONTACT not in self.withheld

    @property
    def is_lead(self) -> bool:
        """Whether all that this is about may be exported, and its readers be seen.

        Somebody who leads only what is assigned to some users leads no sub-account, but does lead
        such a conversation, once the access is narrowed to it.
        """
        return self.is_administrator or any(
            scope.lead and not scope.assigned_to for scope in self.scopes
        )

    def at(self, conversation_id: str, assigned_to: str) -> Access | None:
        """The access to one conversation, by whom it is assigned to; None when there is none."""
        covering = tuple(
            replace(scope, assigned_to=frozenset())
            for scope in self.scopes
            if scope.covers(assigned_to)
        )
        if not covering or self.conversation_id not in ("", conversation_id):
            return None
        return replace(self, scopes=covering, conversation_id=conversation_id)

    def _lacks(self, scope: Scope) -> bool:
        """Whether a scope adds something to it."""
        more = self.withheld - scope.withheld or (scope.lead and not self.is_lead)
        return not self.scopes or bool(more)


EVERYTHING = Access((Scope(lead=True),), is_administrator=True)


def visible_to(user: User | AnonymousUser) -> QuerySet[SubAccount]:
    """List the sub-accounts a person may read something of, by name; opened for nobody yet."""
    if not isinstance(user, User) or not user.is_active:
        return SubAccount.objects.none()
    if user.is_superuser:
        return SubAccount.objects.all()
    return SubAccount.objects.filter(pk__in=_grants_of(user).values("sub_account"))


def all_opened(user: User | AnonymousUser) -> list[SubAccount]:
    """The same sub-accounts, each with what this person may see of it; two database queries."""
    accounts = list(visible_to(user))
    if not isinstance(user, User):
        return []
    grants: dict[int, list[Grant]] = {}
    for grant in _grants_of(user) if accounts else ():
        grants.setdefault(grant.sub_account_id, []).append(grant)
    return [opened(account, Access.of(user, grants.get(account.pk, ()))) for account in accounts]


def sub_account_or_404(user: User | AnonymousUser, location_id: str) -> SubAccount:
    """Find a sub-account by its location id, with what this person may see of it.

    One of which they may see nothing does not exist. One database query.
    """
    if not isinstance(user, User) or not user.is_active:
        raise Http404
    if user.is_superuser:
        account = get_object_or_404(SubAccount, location_id=location_id)
        return opened(account, Access.of(user, ()))
    grants = _grants_of(user).filter(sub_account__location_id=location_id)
    found = list(grants.select_related("sub_account"))
    if not found:
        raise Http404
    return opened(found[0].sub_account, Access.of(user, found))


def unattended(account: SubAccount) -> SubAccount:
    """The sub-account opened for the product's own work, which nobody gets to see as it is."""
    return opened(account, EVERYTHING)


def opened(account: SubAccount, access: Access) -> SubAccount:
    """The sub-account with this access, beside the one given."""
    found = copy(account)
    found.access = access
    return found


def _grants_of(user: User) -> QuerySet[Grant]:
    return Grant.objects.filter(Q(user=user) | Q(group__in=user.groups.all()))
