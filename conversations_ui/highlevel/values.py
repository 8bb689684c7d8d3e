"""Tolerant readers of JSON: whatever stands in a field, they answer the wanted type or nothing."""

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

JsonObject = Mapping[str, object]

MAX_DEPTH = 64
# Seconds stay below this until the year 5138, milliseconds are above it since March 1973.
_FIRST_MILLISECOND = 1e11
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Inside these years a date can be moved to any time zone without leaving what datetime can hold.
_FIRST_YEAR, _LAST_YEAR = 1800, 2999
_LONGEST_NUMBER = 40
_LARGEST_ID = 10**30
_LARGEST_INTEGER = 2**63 - 1
_LONGEST_DURATION = 10**9
_SURROGATE = re.compile("[\ud800-\udfff]")
_UNREADABLE_ESCAPE = re.compile(r"\\u(?:d[89a-f]|0000)", re.IGNORECASE)


def parse(body: bytes) -> object:
    """The JSON value in an answer's body; ValueError for anything else, nesting bombs included.

    Strings in it can be encoded again: lone surrogates and NUL characters are gone.
    """
    text = body.decode("utf-8-sig")
    try:
        # NaN and the infinities are no JSON, yet an unknown number is no reason to lose a page.
        value: object = json.loads(text, parse_constant=lambda _: None)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if _deeper_than(value, MAX_DEPTH):
        raise ValueError("nested too deeply")
    return _readable(value) if _UNREADABLE_ESCAPE.search(text) else value


def _deeper_than(value: object, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [inner for outer in level for inner in _contents(outer) if _is_container(inner)]
        if not level:
            return False
    return True


def _contents(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _is_container(value: object) -> bool:
    return isinstance(value, (dict, list))


def _readable(value: object) -> object:
    if isinstance(value, str):
        return text(value)
    if isinstance(value, list):
        return [_readable(inner) for inner in value]
    if isinstance(value, dict):
        return {text(key): _readable(inner) for key, inner in value.items()}
    return value


def text(value: object) -> str:
    """A string that can be encoded and stored; "" for anything that is no string."""
    if not isinstance(value, str):
        return ""
    if value.isascii():
        return value.replace("\0", "")
    return _SURROGATE.sub("\ufffd", value.replace("\0", ""))


def ident(value: object) -> str:
    """An identifier: a string, or a whole number as its digits; "" for anything else."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST_ID:
        return str(value)
    return text(value)


def number(value: object) -> int | float | None:
    """A finite number, or the one a string spells; None for anything else, booleans included."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str):
        value = _spelled(value)
    return value if isinstance(value, (int, float)) and math.isfinite(value) else None


def _spelled(digits: str) -> int | float | None:
    if len(digits) > _LONGEST_NUMBER or "_" in digits:
        return None
    for kind in (int, float):
        try:
            return kind(digits)
        except ValueError:
            continue
    return None


def integer(value: object) -> int | None:
    """A whole number that fits 64 bits, fractions cut off; None for anything else."""
    found = number(value)
    return int(found) if found is not None and abs(found) <= _LARGEST_INTEGER else None


def duration(value: object) -> float | None:
    """Seconds, zero or more; None when unknown (null, negative, no number)."""
    found = number(value)
    return float(found) if found is not None and 0 <= found <= _LONGEST_DURATION else None


def flag(value: object) -> bool:
    """True for true, 1 and "true"; False for anything else."""
    return value is True or value == 1 or (isinstance(value, str) and value.lower() == "true")


def moment(value: object) -> datetime | None:
    """A moment in UTC from any encoding the API uses; None when it is none of them.

    Numbers (or strings of digits) are milliseconds or seconds since 1970, objects carry `seconds`
    and `nanoseconds` (or `_seconds`, `_nanoseconds`), strings are ISO 8601, UTC if without a zone.
    """
    if isinstance(value, dict):
        return _from_parts(value)
    found = number(value)
    if found is not None:
        in_milliseconds = abs(found) >= _FIRST_MILLISECOND
        return _since_epoch(0 if in_milliseconds else found, found if in_milliseconds else 0)
    return _from_iso(value) if isinstance(value, str) else None


def _from_parts(parts: JsonObject) -> datetime | None:
    for prefix in ("", "_"):
        seconds = number(parts.get(f"{prefix}seconds"))
        if seconds is not None:
            nanoseconds = number(parts.get(f"{prefix}nanoseconds")) or 0
            within = 0 <= nanoseconds < 10**9
            return _since_epoch(seconds, nanoseconds / 10**6 if within else 0)
    return None


def _since_epoch(seconds: float, milliseconds: float) -> datetime | None:
    try:
        return _in_range(_EPOCH + timedelta(seconds=seconds, milliseconds=milliseconds))
    except OverflowError:
        return None


def _from_iso(value: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(value.strip().upper())
        return _in_range(found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def _in_range(found: datetime) -> datetime | None:
    return found if _FIRST_YEAR <= found.year <= _LAST_YEAR else None


def mapping(value: object) -> JsonObject:
    """A JSON object, or an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> tuple[object, ...]:
    """The elements of a JSON array; a lone value counts as an array of one, null as none."""
    if isinstance(value, list):
        return tuple(value)
    return () if value is None else (value,)


def idents(value: object) -> tuple[str, ...]:
    """The identifiers (or other short strings) in an array, empty ones and repeats left out."""
    return tuple(dict.fromkeys(filter(None, map(ident, items(value)))))


def strings(value: object, *keys: str) -> tuple[str, ...]:
    """The strings in an array, repeats kept; an object in it counts as its first of `keys`."""
    found = (
        Fields(item).text(*keys) if isinstance(item, dict) else text(item) for item in items(value)
    )
    return tuple(filter(None, found))


def single(raw: object, wrapper: str) -> JsonObject | None:
    """The one object of an answer, `{"contact": {...}}` or flat; None when there is none.

    Every object of the API has an id; a flat one without is an answer of another kind.
    """
    outer = mapping(raw)
    inner = outer.get(wrapper)
    if isinstance(inner, dict):
        return inner
    return outer if "id" in outer else None


class Fields:
    """The fields of a JSON object, or of nothing; of several names the first filled one counts."""

    __slots__ = ("raw",)

    def __init__(self, raw: object) -> None:
        self.raw = mapping(raw)

    def text(self, *names: str) -> str:
        """A string, or ""."""
        return self._first(text, names)

    def ident(self, *names: str) -> str:
        """An identifier, or ""."""
        return self._first(ident, names)

    def integer(self, name: str) -> int | None:
        """A whole number, or None."""
        return integer(self.raw.get(name))

    def flag(self, name: str) -> bool:
        """True when the field says so."""
        return flag(self.raw.get(name))

    def moment(self, name: str) -> datetime | None:
        """A moment in UTC, or None."""
        return moment(self.raw.get(name))

    def mapping(self, name: str) -> JsonObject:
        """An object, or an empty one."""
        return mapping(self.raw.get(name))

    def idents(self, name: str) -> tuple[str, ...]:
        """Identifiers, or ()."""
        return idents(self.raw.get(name))

    def strings(self, name: str, *keys: str) -> tuple[str, ...]:
        """Strings, or ()."""
        return strings(self.raw.get(name), *keys)

    def _first(self, read: Callable[[object], str], names: tuple[str, ...]) -> str:
        for name in names:
            if found := read(self.raw.get(name)):
                return found
        return ""
