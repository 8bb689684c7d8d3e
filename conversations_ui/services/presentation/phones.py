"""Telephone numbers as people read them."""

from __future__ import annotations

from functools import lru_cache

import phonenumbers


@lru_cache(maxsize=4096)
def readable(number: str, country: str = "") -> str:
    """`+1 312-555-0148`; what is no number, or belongs to no known country, stays as it is.

    `country` is the ISO code to read a number by that comes without its country's.
    """
    try:
        found = phonenumbers.parse(number, country.upper()[:2] or None)
    except phonenumbers.NumberParseException:
        return number
    if not phonenumbers.is_possible_number(found):
        return number
    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
