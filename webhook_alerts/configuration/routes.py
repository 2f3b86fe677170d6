"""Which webhooks an alert is owed to: the routes as they are written, and as they are followed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from webhook_alerts.alert import Alert, Kind
from webhook_alerts.configuration.problems import Problems, at, nearest, shown
from webhook_alerts.presets import NEAREST, ROUTES

_ROUTED_BY_KIND = frozenset({Kind.PERFORMANCE, Kind.EVENT, Kind.STATUS})
"""The other kinds go by level; the kind ERROR shares its name with a level and must not be taken for it."""


def route_key(alert: Alert) -> str:
    """The key of ``ROUTES`` that *alert* goes by."""
    return alert.kind.value if alert.kind in _ROUTED_BY_KIND else alert.level.name.lower()


def goes_by_level(alert: Alert) -> bool:
    """Is its level what decides where *alert* goes?"""
    return alert.kind not in _ROUTED_BY_KIND


def stand_ins(names: Iterable[str], configured: Collection[str]) -> list[str]:
    """*names*, each replaced by the nearest that is configured where it is not; nothing when none is."""
    found = []
    for name in names:
        candidates = (name, *NEAREST.get(name, ()), *configured)
        found += [next(each for each in candidates if each in configured)] if configured else []
    return list(dict.fromkeys(found))


def read_routes(given: Any, declared: Collection[str], problems: Problems) -> dict[str, tuple[str, ...]]:
    """The default routes, changed by *given*; a route that is wrong stays as it is by default.

    *declared* are the webhooks that the settings speak of, configured or not: a route to one whose URL is empty,
    as on a developer's machine, is right.
    """
    routes = dict(ROUTES)
    if not isinstance(given, Mapping):
        problems.say("E003", 'WEBHOOK_ALERTS["ROUTES"] must be a dict', 'Write {"error": ["errors"]}.')
        return routes
    for key, value in given.items():
        where = at('WEBHOOK_ALERTS["ROUTES"]', key)
        known = str(key).lower() if isinstance(key, str) else ""
        if known not in ROUTES:
            near = nearest(known, ROUTES)
            hint = f"Did you mean {near!r}?" if near else f"There are routes for {', '.join(ROUTES)}."
            problems.say("E012", f"{where} routes nothing", hint)
            continue
        names = _names(value, where, declared, problems)
        if names is not None:
            routes[known] = names
    return routes


def _names(value: Any, where: str, declared: Collection[str], problems: Problems) -> tuple[str, ...] | None:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
        problems.say("E003", f"{where} must be a list of webhook names", 'Write ["errors"], or [] for nowhere.')
        return None
    missing = next((name for name in names if name not in declared), None)
    if missing is None:
        return tuple(dict.fromkeys(names))
    near = nearest(missing, declared)
    hint = f"Did you mean {near!r}?" if near else "Add it to WEBHOOKS, or take it out of the route."
    problems.say("E013", f"{where} names the webhook {shown(missing)}, which is not there", hint)
    return None
