"""Templates of the user's, by dotted path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.module_loading import import_string

from webhook_alerts.alert import Kind
from webhook_alerts.channels.base import Template
from webhook_alerts.configuration.problems import Problems, at, nearest

WHERE = 'WEBHOOK_ALERTS["TEMPLATES"]'


def load_template(path: str) -> Template | None:
    """The callable at a dotted *path*, or ``None`` where there is none."""
    try:
        found = import_string(path)
    except Exception:  # noqa: BLE001 - the user's module may raise anything, and an alert must be drawn all the same
        return None
    return found if callable(found) else None


def read_templates(given: Any, problems: Problems) -> dict[str, str]:
    """The dotted paths by kind. They are imported when a message is drawn: reading settings must import nothing."""
    if not isinstance(given, Mapping):
        problems.say("E003", f"{WHERE} must be a dict", 'Write {"error": "shop.alerts.draw_error"}.')
        return {}
    found = {}
    kinds = [kind.value for kind in Kind]
    for kind, path in given.items():
        if kind not in kinds:
            near = nearest(str(kind), kinds)
            hint = f"Did you mean {near!r}?" if near else f"There are templates for {', '.join(kinds)}."
            problems.say("E016", f"{at(WHERE, kind)} is for no kind of alert", hint)
        elif not isinstance(path, str):
            problems.say("E003", f"{at(WHERE, kind)} must be a text", "Set it to the dotted path of a callable.")
        else:
            found[str(kind)] = path
    return found
