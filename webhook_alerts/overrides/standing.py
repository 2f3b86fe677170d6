"""What is set otherwise now, by whom, and what is wrong with it; never a secret."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning
from django.db import Error as DatabaseError
from django.db import router

from webhook_alerts import conf
from webhook_alerts.models import RouteOverride, WebhookOverride
from webhook_alerts.overrides.stored import stored


@dataclass(frozen=True, slots=True)
class Standing:
    """One row: a ``webhook`` or a ``route``, the keys that it sets, and who has changed it last."""

    kind: str
    name: str
    keys: tuple[str, ...]
    by: str
    at: datetime

    def __str__(self) -> str:
        what = f"{self.name} ({', '.join(self.keys)})" if self.keys else self.name
        return f"{self.kind} {what} by {self.by or 'somebody'}, {self.at:%Y-%m-%d %H:%M} UTC"


def standing() -> list[Standing]:
    """Every override, by name."""
    webhooks = [
        Standing("webhook", row.name, _keys(row), row.changed_by, row.changed_at)
        for row in WebhookOverride.objects.order_by("name")
    ]
    routes = [
        Standing("route", row.route, (), row.changed_by, row.changed_at)
        for row in RouteOverride.objects.order_by("route")
    ]
    return webhooks + routes


def _keys(row: WebhookOverride) -> tuple[str, ...]:
    options = row.options if isinstance(row.options, dict) else {}
    return (*sorted(options), *(["address"] if row.sealed_url else []))


def check_overrides(
    app_configs: Sequence[Any] | None = None,  # noqa: ARG001 - what Django gives to a check
    databases: Sequence[str] | None = None,
    **_: Any,
) -> list[CheckMessage]:
    """What is wrong with the rows of *databases*: addresses that no key opens are errors, ignored rows warnings."""
    if router.db_for_read(WebhookOverride) not in (databases or ()):
        return []
    try:
        config, _wrong = conf.preview(stored(conf.get_config().encryption_keys))
    except DatabaseError:  # before the first migration, for example
        return []
    return [
        (CheckWarning if problem.id.startswith("W") else Error)(
            problem.message, hint=problem.hint, id=f"webhook_alerts.{problem.id}"
        )
        for problem in config.override_problems
    ]
