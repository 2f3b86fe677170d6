"""The rows, read: every override becomes a part that is laid over the settings."""

from __future__ import annotations

from collections.abc import Sequence

from webhook_alerts.conf import raw_settings
from webhook_alerts.configuration.overlay import Overlay, Part
from webhook_alerts.configuration.problems import Problem
from webhook_alerts.configuration.webhooks import Locked
from webhook_alerts.models import RouteOverride, WebhookOverride
from webhook_alerts.overrides.sealing import NoKeyError, SealError, unseal


def stored(keys: Sequence[str]) -> Overlay:
    """What the database says now, in two queries. An address that no key opens is locked, and a problem says so."""
    parts: list[Part] = []
    problems: list[Problem] = []
    for row in WebhookOverride.objects.order_by("name"):
        part, problem = part_of(row, keys)
        parts.append(part)
        problems += [problem] if problem else []
    for name, webhooks in RouteOverride.objects.order_by("route").values_list("route", "webhooks"):
        parts.append(Part(name, webhooks=webhooks if isinstance(webhooks, list) else [str(webhooks)]))
    return Overlay(tuple(parts), tuple(problems))


def part_of(row: WebhookOverride, keys: Sequence[str]) -> tuple[Part, Problem | None]:
    """What *row* sets otherwise, and what keeps its address from being read."""
    options = row.options if isinstance(row.options, dict) else {"options": row.options}
    if not row.sealed_url:
        return Part(row.name, options), None
    try:
        return Part(row.name, options, unseal(row.sealed_url, keys)), None
    except SealError as error:
        what = f"The address of the webhook {row.name} ({row.url_hint}) cannot be decrypted, its alerts wait: {error}"
        check = "E027" if isinstance(error, NoKeyError) else "E028"
        return Part(row.name, options, Locked()), Problem(check, what, error.hint)


def declared_in_settings() -> dict[str, object]:
    """The webhooks that the project's settings speak of, as they stand there. Their addresses are secrets."""
    given = raw_settings().get("WEBHOOKS")
    return {name: value for name, value in given.items() if isinstance(name, str)} if isinstance(given, dict) else {}
