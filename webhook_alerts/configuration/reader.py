"""Reading the whole dict: every key by the module that knows it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from webhook_alerts.alert import Kind
from webhook_alerts.configuration.inhibit import read_inhibit
from webhook_alerts.configuration.options import DAYS, OPTIONS, read_options, refuse_unknown
from webhook_alerts.configuration.problems import Problem, Problems, at, nearest, shown, source
from webhook_alerts.configuration.redact import read_redact
from webhook_alerts.configuration.routes import read_routes
from webhook_alerts.configuration.surroundings import Surroundings, why_no_redis
from webhook_alerts.configuration.templates import read_templates
from webhook_alerts.configuration.values import Config
from webhook_alerts.configuration.webhooks import read_webhooks
from webhook_alerts.presets import PRESETS, RETENTION

KEYS = ("PRESET", "WEBHOOKS", "ROUTES", "REDIS_URL", "RETENTION", "REDACT", "TEMPLATES", "INHIBIT", *OPTIONS)
_WHERE = "WEBHOOK_ALERTS"


def read(raw: object, surroundings: Surroundings) -> Config:
    """The settings that *raw* gives; what is wrong is noted and stays as it is by default."""
    try:
        return _read(raw, surroundings)
    except Exception as error:  # noqa: BLE001 - a log call must survive settings that hold the strangest objects
        problem = Problem("E001", f"{_WHERE} cannot be read: {type(error).__name__}", "Use plain Python values in it.")
        return Config(redis_url=surroundings.redis_url, spool_dir=surroundings.spool_dir, problems=(problem,))


def _read(raw: object, surroundings: Surroundings) -> Config:
    problems = Problems()
    given: Mapping[Any, Any] = raw if isinstance(raw, Mapping) else {}
    if not isinstance(raw, Mapping):
        hint = 'Make it a dict: {"WEBHOOKS": {"errors": URL}}.'
        problems.say("E001", f"{_WHERE} must be a dict, not {type(raw).__name__}", hint)
    refuse_unknown(given, KEYS, _WHERE, problems)
    preset = _preset(given.get("PRESET", "production"), problems)
    base = PRESETS[preset]
    options = {key.lower(): value for key, value in read_options(given, OPTIONS, _WHERE, problems).items()}
    plain_http = options.get("allow_private_networks", False)
    declared = read_webhooks(given.get("WEBHOOKS", {}), base.rate, problems, plain_http=plain_http)
    values: dict[str, Any] = {
        "queue_size": base.queue_size,
        "max_attempts": base.max_attempts,
        "flush_interval": base.flush_interval,
        "spool_dir": surroundings.spool_dir,
        **options,
        "preset": preset,
        "redis_url": _redis_url(given.get("REDIS_URL", ""), problems) or surroundings.redis_url,
        "webhooks": MappingProxyType(declared.webhooks),
        "locked": MappingProxyType(declared.locked),
        "routes": MappingProxyType(read_routes(given.get("ROUTES", {}), declared.names, problems)),
        "retention": MappingProxyType(_retention(given.get("RETENTION", {}), problems)),
        "redact": read_redact(given.get("REDACT", {}), problems),
        "inhibit": read_inhibit(given.get("INHIBIT", []), problems),
        "templates": MappingProxyType(read_templates(given.get("TEMPLATES", {}), problems)),
    }
    return Config(**values, problems=tuple(problems))


def _preset(given: Any, problems: Problems) -> str:
    if isinstance(given, str) and given in PRESETS:
        return str(given)
    near = nearest(given, PRESETS) if isinstance(given, str) else ""
    hint = f"Did you mean {near!r}?" if near else f"Choose one of {', '.join(PRESETS)}."
    problems.say("E004", f"{at(_WHERE, 'PRESET')} is {shown(given)}, which is no preset", hint)
    return "production"


def _redis_url(given: Any, problems: Problems) -> str:
    """The URL that is given, or nothing where it is not there or wrong."""
    where = at(_WHERE, "REDIS_URL") + source(given)
    if not isinstance(given, str):
        problems.say("E003", f"{where} must be a text, not {type(given).__name__}", "Set it to redis://host:6379/0.")
        return ""
    wrong = why_no_redis(given) if given else ""
    if wrong:
        problems.say("E014", f"{where} is no Redis URL: {wrong}", "Write redis://host:6379/0.")
    return "" if wrong else str(given)


def _retention(given: Any, problems: Problems) -> dict[str, int]:
    where = at(_WHERE, "RETENTION")
    if not isinstance(given, Mapping):
        problems.say("E003", f"{where} must be a dict of days", 'Write {"delivered": 30}.')
        return dict(RETENTION)
    keys = (*RETENTION, *Kind)
    refuse_unknown(given, keys, where, problems)
    return {**RETENTION, **read_options(given, dict.fromkeys(keys, DAYS), where, problems)}
