"""Moving every stored secret under the newest of `TOKEN_KEYS`, while the site is in use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import models, transaction

from conversations_ui.accounts import keys
from conversations_ui.accounts.factors import SEALED

NAMES = ("encrypted_", "sealed_")  # how the names of columns begin that hold what `keys` encrypts


@dataclass(slots=True)
class Count:
    """How many rows there are of each kind; `unreadable` names those that no key opens."""

    current: int = 0
    older: int = 0
    unreadable: list[str] = field(default_factory=list)


class _Unreadable(Exception):
    pass


def rotate() -> Count:
    """Encrypt anew what is under an older key. It may be broken off and run again at any time."""
    return _counted(_rotated)


def check() -> Count:
    """The same count, and nothing is changed."""
    return _counted(_looked_at)


def _counted(treat: Callable[[models.Model], bool]) -> Count:
    count = Count()
    for model in _models():
        for pk in model._default_manager.order_by("pk").values_list("pk", flat=True):
            try:
                older = _treated(model, pk, treat)
            except _Unreadable:
                count.unreadable.append(f"{model._meta.label_lower} {pk}")
                continue
            count.older += older is True
            count.current += older is False
    return count


def _treated(
    model: type[models.Model], pk: object, treat: Callable[[models.Model], bool]
) -> bool | None:
    """Whether a row is under an older key; None for one that holds nothing, or is gone.

    Locked, so that tokens that are just being refreshed are waited for and never overwritten.
    """
    with transaction.atomic():
        row = model._default_manager.select_for_update().filter(pk=pk).first()
        if row is None or not any(True for _ in _secrets(row)):
            return None
        return treat(row)


def _looked_at(row: models.Model) -> bool:
    sealed = list(_secrets(row))
    if any(keys.rotated(one) is None for one in sealed):
        raise _Unreadable
    return not all(map(keys.is_current, sealed))


def _rotated(row: models.Model) -> bool:
    if not _looked_at(row):
        return False
    names = _fields(type(row))
    for name in names:
        setattr(row, name, _changed(getattr(row, name), _prefix(row)))
    row.save(update_fields=names)
    return True


def _models() -> Iterator[type[models.Model]]:
    """All that hold secrets."""
    return (model for model in apps.get_models() if _fields(model))


def _fields(model: type[models.Model]) -> list[str]:
    if model is Authenticator:
        return ["data"]
    fields = model._meta.concrete_fields
    return [field.name for field in fields if field.name.startswith(NAMES)]


def _prefix(row: models.Model) -> str:
    return SEALED if isinstance(row, Authenticator) else ""


def _secrets(row: models.Model) -> Iterator[str]:
    for name in _fields(type(row)):
        yield from _found(getattr(row, name), _prefix(row))


def _found(value: Any, prefix: str) -> Iterator[str]:
    """What is sealed in a value, whatever its shape."""
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _found(each, prefix)
    elif isinstance(value, str) and value and value.startswith(prefix):
        yield value.removeprefix(prefix)


def _changed(value: Any, prefix: str) -> Any:
    """The same value with what is sealed in it under the first key."""
    if isinstance(value, dict):
        return {name: _changed(each, prefix) for name, each in value.items()}
    if isinstance(value, list):
        return [_changed(each, prefix) for each in value]
    if isinstance(value, str) and value and value.startswith(prefix):
        anew = keys.rotated(value.removeprefix(prefix))
        if anew is None:
            raise _Unreadable
        return prefix + anew
    return value
