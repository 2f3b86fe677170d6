"""Fixed forms of text in which a secret has its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from webhook_alerts.outbox.redaction.marks import SECRET

QUOTE = r"\\{0,8}[\"']"


class Form(NamedTuple):
    """What *pattern* finds holds a secret as its ``value``, if its ``name`` is a secret's or where it has none.

    It finds nothing in a text without *hint*.
    """

    hint: str
    pattern: re.Pattern[str]
    shown: str = SECRET


def take_forms(text: str, forms: Iterable[Form], is_sensitive: Callable[[str], bool]) -> str:
    """*text* without the secrets that stand in one of *forms*."""
    for hint, pattern, shown in forms:
        if hint in text:
            text = pattern.sub(lambda found, shown=shown: _without(found, shown, is_sensitive), text)  # type: ignore[misc]
    return text


def _without(found: re.Match[str], shown: str, is_sensitive: Callable[[str], bool]) -> str:
    names = found.groupdict().get("name")
    if names is not None and not any(map(is_sensitive, names.split(", "))):
        return found[0]
    start, end = (at - found.start() for at in found.span("value"))
    return found[0] if "[redacted:" in found["value"] else found[0][:start] + shown + found[0][end:]
