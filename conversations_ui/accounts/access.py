"""Who may see which sub-account: the one answer every view asks for."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404

from conversations_ui.accounts.models import SubAccount, User


def visible_to(user: User | AnonymousUser) -> QuerySet[SubAccount]:
    """List the sub-accounts a person may read, by name; a superuser reads all."""
    if not isinstance(user, User) or not user.is_active:
        return SubAccount.objects.none()
    if user.is_superuser:
        return SubAccount.objects.all()
    granted = Q(users=user) | Q(groups__in=user.groups.all())
    return SubAccount.objects.filter(granted).distinct()


def sub_account_or_404(user: User | AnonymousUser, location_id: str) -> SubAccount:
    """Find a sub-account by its location id; one not granted does not exist."""
    return get_object_or_404(visible_to(user), location_id=location_id)
