"""What the user adds to what is redacted."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.module_loading import import_string

from webhook_alerts.configuration.options import refuse_unknown
from webhook_alerts.configuration.problems import Problems, at, shown

WHERE = 'WEBHOOK_ALERTS["REDACT"]'
_KEYS = ("keys", "patterns", "function")
_KIND = re.compile(r"[a-z][a-z0-9 _-]{0,31}")


@dataclass(frozen=True, slots=True)
class Redact:
    """Further names of keys that hold secrets, patterns by kind, and a function from text to text."""

    keys: tuple[str, ...] = ()
    patterns: tuple[tuple[str, re.Pattern[str]], ...] = ()
    function: Callable[[str], str] | None = field(default=None, hash=False)  # which need not be hashable


def read_redact(given: Any, problems: Problems) -> Redact:
    """The additions that *given* names; what is wrong with them is noted.

    A function that cannot be had fails for every text: what it was to hide is not to be shown in its absence.
    """
    if not isinstance(given, Mapping):
        problems.say("E003", f"{WHERE} must be a dict", 'Write {"keys": ["cpf"], "patterns": {"order": r"ORD-\\d+"}}.')
        return Redact()
    refuse_unknown(given, _KEYS, WHERE, problems)
    return Redact(
        _keys(given.get("keys", ()), problems),
        tuple(_patterns(given.get("patterns", ()), problems)),
        _function(given["function"], problems) if given.get("function") else None,
    )


def _keys(given: Any, problems: Problems) -> tuple[str, ...]:
    if isinstance(given, (list, tuple, set, frozenset)) and all(
        isinstance(key, str) and re.search("[A-Za-z0-9]", key) for key in given
    ):
        return tuple(given)
    problems.say("E003", f"{at(WHERE, 'keys')} must be a list of names", 'Write ["cpf", "employee number"].')
    return ()


def _patterns(given: Any, problems: Problems) -> list[tuple[str, re.Pattern[str]]]:
    where = at(WHERE, "patterns")
    if isinstance(given, (list, tuple)):
        given = [("pattern", pattern, at(where, number)) for number, pattern in enumerate(given)]
    elif isinstance(given, Mapping):
        given = [(kind, pattern, at(where, kind)) for kind, pattern in given.items()]
    else:
        problems.say("E003", f"{where} must be a list, or a dict by kind", 'Write {"order": r"ORD-\\d+"}.')
        return []
    found = []
    for kind, pattern, place in given:
        if wrong := _wrong(kind, pattern):
            problems.say("E023", f"{place} {wrong}", 'Write a regular expression as text: {"order": r"ORD-\\d+"}.')
        else:
            found.append((kind, re.compile(pattern)))
    return found


def _wrong(kind: object, pattern: object) -> str:
    """What keeps *pattern* from being used, or nothing; never quoting it, for it may be a secret itself."""
    if not isinstance(kind, str) or not _KIND.fullmatch(kind):
        return "is not named with up to 32 of a-z, 0-9, space, _ and -"
    if not isinstance(pattern, str):
        return f"must be a text, not {type(pattern).__name__}"
    try:
        return "matches the empty text, and so everywhere" if re.compile(pattern).search("") else ""
    except (re.error, OverflowError, RecursionError) as error:
        return f"is no regular expression: {getattr(error, 'msg', type(error).__name__)}"


def _function(given: Any, problems: Problems) -> Callable[[str], str]:
    found: Any = None
    why = "is not the dotted path of a callable"
    try:
        found = import_string(given)
    except Exception as error:  # noqa: BLE001 - the user's module may raise anything on import
        why = f"cannot be imported: {type(error).__name__}"
    if callable(found):
        return found  # type: ignore[no-any-return]
    problems.say(
        "E024",
        f"{at(WHERE, 'function')} is {shown(given)}, which {why}",
        "Set it to the dotted path of a function that takes a text and returns one. "
        "Until then every text is replaced by [redacted:failed].",
    )
    return _missing


def _missing(text: str) -> str:  # noqa: ARG001
    raise LookupError(f"{WHERE} names a function that cannot be imported")
