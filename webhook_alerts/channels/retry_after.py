"""How long a service asks to be left alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

LONGEST_S = 3600.0
"""A longer wish is cut to an hour: by then one request may ask again."""


def parse(value: str | None, now: float) -> float | None:
    """Seconds to wait, from a ``Retry-After`` of seconds, of a fraction, or an HTTP date (RFC 9110, 10.2.3).

    *now* is in Unix seconds. ``None`` where there is no usable wish.
    """
    if value is None:
        return None
    text = value.strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - now
        except (ValueError, TypeError, OverflowError):
            return None
        seconds = max(0.0, seconds)
    return within(seconds)


def within(seconds: float) -> float | None:
    """*seconds* inside the bounds of what is believed: none below zero or not finite, an hour at most."""
    try:
        is_wish = math.isfinite(seconds) and seconds >= 0
    except OverflowError:  # an integer that is beyond every float
        is_wish = seconds > 0
    return min(seconds, LONGEST_S) if is_wish else None


def number(headers: Mapping[str, str], name: str) -> float | None:
    """The header *name* as a finite, non-negative number."""
    try:
        return within(float(headers[name]))
    except (KeyError, ValueError):
        return None
