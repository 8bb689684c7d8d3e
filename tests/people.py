"""People of the tests, and what they are given to read."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group

from conversations_ui.accounts.models import Grant, SubAccount, User


def granted(who: User | Group, sub_account: SubAccount, **narrowing: Any) -> Grant:
    """Let a person or a group read a sub-account; `narrowing` are fields of the grant."""
    field = "user" if isinstance(who, User) else "group"
    return Grant.objects.create(sub_account=sub_account, **{field: who}, **narrowing)
