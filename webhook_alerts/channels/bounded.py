"""JSON data for machines: cleaned, every number one that JSON knows, and within so many bytes of UTF-8."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from webhook_alerts.alert import JSON
from webhook_alerts.channels.content import cleaned
from webhook_alerts.channels.text import clean, cut_end

NAME = 100
"""Characters of a key."""
_DEPTH = 8
_INTEGER = 2**63
"""Beyond it a number is a text: many languages read no larger one."""


def size(value: JSON) -> int:
    """The bytes of *value* as it is sent."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))


def text(value: object, most: int) -> str:
    """*value* as a text whose JSON has *most* bytes or less, cut in the middle with a mark of what is gone."""
    given = str(value)
    found = cleaned(given, most, _inner)
    return found or ("…" if given and most >= 3 else "")


def word(value: object, most: int) -> str:
    """*value* as one line of at most *most* characters."""
    return " ".join(clean(cut_end(str(value), most)).split())


def moment(unix: float) -> str:
    """*unix* seconds as ISO 8601 in UTC: ``2026-11-20T12:00:00.123Z``."""
    return f"{datetime.fromtimestamp(unix, UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"


def fitting(values: Mapping[Any, Any], room: int, most: int) -> tuple[dict[str, JSON], int]:
    """The first pairs of *values* within *room* bytes, *most* for a value, and how many are left out."""
    kept: dict[str, JSON] = {}
    for index, (key, value) in enumerate(values.items()):
        name = word(key, NAME) or "-"
        while name in kept:
            name += "′"
        item = data(value, most)
        room -= size(name) + size(item) + 2
        if room < 0:
            return kept, len(values) - index
        kept[name] = item
    return kept, 0


def data(value: Any, most: int) -> JSON:
    """*value* within *most* bytes: as it is, or as the beginning and the end of its text."""
    found = text(value, most - 2) if isinstance(value, str) else plain(value)
    return found if isinstance(value, str) or size(found) <= most else text(json.dumps(found, ensure_ascii=False), most)


def plain(value: Any, depth: int = _DEPTH) -> JSON:
    """*value* as JSON data of at most so many levels, cleaned, at any length."""
    if isinstance(value, (Mapping, list, tuple)):
        return _container(value, depth - 1) if depth else "…"
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if -_INTEGER <= value < _INTEGER else _huge(value)
    if isinstance(value, float) and math.isfinite(value):
        return value
    return clean(str(value))


def _container(value: Any, depth: int) -> JSON:
    if isinstance(value, Mapping):
        return {clean(str(key)): plain(item, depth) for key, item in value.items()}
    return [plain(item, depth) for item in value]


def _huge(value: int) -> str:
    return str(value) if value.bit_length() < 4_000 else f"an integer of {value.bit_length()} bits"


def _inner(given: str) -> int:
    """The bytes of *given* within its quotes."""
    return size(given) - 2
