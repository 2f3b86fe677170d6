"""From any Python value to text and JSON that every broker, database and service takes. Nothing here raises."""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

from webhook_alerts.alert import JSON

SCALARS: frozenset[type] = frozenset(
    {str, int, float, bool, type(None), UUID, datetime, date, time, timedelta, Decimal, bytes}
)
"""Exact types that cannot change after the call, so that a later thread may still render them."""

MAX_TEXT = 10_000
"""Characters of one value in the context."""
MAX_KEYS = 100
MAX_DEPTH = 6
MAX_NODES = 1_000
"""Values of one context, over all depths."""
SEAM = f"\x1e{secrets.token_hex(4)}\x1e"
"""Stands where a text was cut that is not redacted yet. Unknown to others, who might hide text behind one."""
_EDGE = 300
"""Characters at an edge of a cut that may go: what a secret and its name take together, or the rest of a line."""
_GAP = re.compile(r"[\s&;,]")


def clean(text: str) -> str:
    """*text* without what UTF-8, JSON or PostgreSQL refuse: NUL becomes U+2400, a lone surrogate U+FFFD."""
    if "\0" in text:
        text = text.replace("\0", "\u2400")
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def cut(text: str, limit: int, seam: str = SEAM) -> str:
    """At most *limit* characters and a mark of what is missing; head and tail are kept, the middle goes.

    What has not been redacted yet needs the *seam*: of a secret that is cut neither half may be known. The head ends
    where none is torn, and redaction takes away what stands behind the seam, having judged what comes after it.
    """
    if len(text) <= limit:
        return text
    head, tail = text[: limit * 2 // 3], text[-(limit // 3) :]
    gaps = [gap.start() for gap in _GAP.finditer(head, max(0, len(head) - _EDGE))]
    head = without_half_a_number(head[: gaps[-1]] if gaps else head)
    return f"{head}\n… [{len(text) - len(head) - len(tail)} characters cut] …\n{seam}{tail}"


def without_half_a_number(head: str) -> str:
    """*head* without the groups of digits at its end, which may be half of a card's number, but with its last word."""
    word = head.rstrip("0123456789- \t\r\n")
    rest = head[len(word) :]
    return word + (rest[: len(rest) - len(rest.lstrip("0123456789"))] if word[-1:].isalnum() else "")


def mended(text: str) -> str:
    """A redacted *text* without its seams, and without what stands behind them: the rest of a line or some words."""
    if SEAM not in text:
        return text
    first, *others = text.split(SEAM)
    return first + "".join(map(_beyond_edge, others))


def _beyond_edge(tail: str) -> str:
    edge = min(_EDGE, len(tail) // 2)
    line = tail.find("\n", 0, edge)
    if line >= 0:
        return tail[line + 1 :]
    gap = _GAP.search(tail, edge)
    return tail[gap.end() :] if gap else ""


def text_of(value: object, limit: int = MAX_TEXT) -> str:
    """``str(value)``, cleaned and cut, or a text that says that the value has none."""
    try:
        text = value if type(value) is str else str(value)
    except Exception as error:  # noqa: BLE001  # __str__ is the user's code
        return unrepresentable(value, error)
    return clean(cut(text, limit))


def repr_of(value: object, limit: int = MAX_TEXT) -> str:
    """``repr(value)``, cleaned and cut; for a model or a query set, a name that costs no query."""
    kind = type(value)
    try:
        meta = getattr(kind, "_meta", None)
        if meta is not None and hasattr(meta, "label"):
            return f"<{meta.label} pk={vars(value).get(meta.pk.attname)!r}>"
        if hasattr(kind, "_fetch_all") and hasattr(kind, "as_manager"):
            return f"<{kind.__name__} of {value.model._meta.label}>"  # type: ignore[attr-defined]
        text = repr(value)
    except Exception as error:  # noqa: BLE001  # __repr__ is the user's code
        return unrepresentable(value, error)
    return clean(cut(text, limit))


def unrepresentable(value: object, error: BaseException) -> str:
    """What stands for a value that raised when asked for its text."""
    return f"<unrepresentable {type(value).__name__}: raised {type(error).__name__}>"


def plain(value: object) -> JSON:
    """*value* as bounded JSON: 100 keys a mapping, 6 levels, 10,000 characters a text, 1,000 values in all."""
    return _Plain().value(value, 0)


class _Plain:
    """One conversion: what is left of its budget, and the containers that it is inside of."""

    def __init__(self) -> None:
        self.nodes = MAX_NODES
        self.inside: set[int] = set()

    def value(self, value: object, depth: int) -> JSON:
        kind = type(value)
        if kind is str:
            return clean(cut(value, MAX_TEXT))  # type: ignore[arg-type]
        if value is None or kind is bool:
            return value
        if kind is int:
            return value if -(2**63) <= value < 2**63 else self._big(value)  # type: ignore[operator,arg-type]
        if kind is float:
            return value if math.isfinite(value) else str(value)  # type: ignore[arg-type]
        if kind in SCALARS:
            return text_of(value if kind is not bytes else value[:MAX_TEXT])  # type: ignore[index]
        return self._container(value, kind, depth)

    def _big(self, value: int) -> str:
        return str(value) if value.bit_length() < 4_000 else f"<int of {value.bit_length()} bits>"

    def _container(self, value: Any, kind: type, depth: int) -> JSON:
        if not issubclass(kind, (Mapping, list, tuple, set, frozenset)):
            return text_of(value) if issubclass(kind, (str, BaseException)) else repr_of(value)
        self.nodes -= 1
        if id(value) in self.inside:
            return "<cycle>"
        if depth >= MAX_DEPTH or self.nodes <= 0:
            return f"<{kind.__name__} cut>"
        self.inside.add(id(value))
        try:
            if issubclass(kind, Mapping):
                return self._mapping(value, depth)
            return self._items(value, depth)
        except Exception as error:  # noqa: BLE001  # a subclass may raise while it is read
            return unrepresentable(value, error)
        finally:
            self.inside.discard(id(value))

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> JSON:
        result: dict[str, JSON] = {}
        for key, item in islice(value.items(), MAX_KEYS):
            self.nodes -= 1
            if self.nodes <= 0:
                break
            result[text_of(key, 200)] = self.value(item, depth + 1)
        if len(result) < len(value):
            result["…"] = f"{len(value) - len(result)} more"
        return result

    def _items(self, value: Iterable[Any], depth: int) -> JSON:
        result: list[JSON] = []
        for item in islice(value, MAX_KEYS):
            self.nodes -= 1
            if self.nodes <= 0:
                break
            result.append(self.value(item, depth + 1))
        if len(result) < (size := len(value)):  # type: ignore[arg-type]
            result.append(f"… {size - len(result)} more")
        return result
