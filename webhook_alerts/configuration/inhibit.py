"""Which alerts mute which others, as it is written in the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import override

from webhook_alerts.configuration.problems import Problems, shown
from webhook_alerts.matching import CONTEXT, FIELDS, Matcher, MatcherError, read

WHERE = 'WEBHOOK_ALERTS["INHIBIT"]'
HOW_TO = 'Write [{"source": ["logger = db"], "target": ["level <= error"], "equal": ["service"]}].'
LABELS = tuple(name for name in FIELDS if name not in {"fingerprint", "message", "webhook"})
"""What of an incident and an alert may be equal."""
_KEYS = ("source", "target", "equal")


@dataclass(frozen=True, slots=True)
class Inhibition:
    """While an unresolved incident fits ``source``, alerts that fit ``target`` with the same ``equal`` are not told."""

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...] = ()


def read_inhibit(given: Any, problems: Problems) -> tuple[Inhibition, ...]:
    """*given*, a list of dicts; a rule that is wrong is noted and left out."""
    if not isinstance(given, (list, tuple)):
        problems.say("E026", f"{WHERE} must be a list of dicts", HOW_TO)
        return ()
    found = []
    for number, rule in enumerate(given):
        try:
            found.append(_read(rule if isinstance(rule, Mapping) else {}))
        except ValueError as error:
            problems.say("E026", f"{WHERE}[{number}]: {error}", HOW_TO)
    return tuple(found)


def _read(rule: Mapping[Any, Any]) -> Inhibition:
    for key in rule:
        if key not in _KEYS:
            raise ValueError(f"there is no {shown(key)}, only {', '.join(_KEYS)}")
    if "source" not in rule or "target" not in rule:
        raise ValueError("it must be a dict with a source and a target")
    source, target = _side(rule, "source"), _side(rule, "target")
    if any(matcher.field == "webhook" for matcher in source):
        raise ValueError("source names a webhook; an incident is at none, so name one in target alone")
    return Inhibition(source, target, _equal(rule.get("equal", [])))


def _side(rule: Mapping[Any, Any], key: str) -> tuple[Matcher, ...]:
    try:
        with override(None):  # what checks say is in English
            return read(rule[key])
    except MatcherError as error:
        raise ValueError(f"{key}: {error.discreet}") from None


def _equal(given: Any) -> tuple[str, ...]:
    if isinstance(given, (list, tuple)) and all(isinstance(name, str) and _is_label(name) for name in given):
        return tuple(given)
    raise ValueError(f"equal must be a list of {', '.join(LABELS)} or context.<key>")


def _is_label(name: str) -> bool:
    return name in LABELS or (name.startswith(CONTEXT) and len(name) > len(CONTEXT))
