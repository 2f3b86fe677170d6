"""``settings.WEBHOOK_ALERTS`` from the environment, by django-environ: what a twelve-factor project configures.

``WEBHOOK_<NAME>_URL`` makes a webhook. ``WEBHOOK_<OPTION>`` sets an option: one of webhooks for all of them, which
``WEBHOOK_<NAME>_<OPTION>`` overrides for one. ``ENVIRONMENT`` names the environment and chooses the preset.
A value that cannot be read is passed on marked, so that the system checks name its variable and importing settings
works.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import environ

from webhook_alerts.configuration.problems import Unreadable
from webhook_alerts.configuration.rates import parse_rate
from webhook_alerts.presets import PRESETS

_FALSE = ("false", "off", "n", "no", "0")


def _flag(text: str) -> bool:
    """A flag; django-environ takes every text that it does not know for False."""
    known = {**dict.fromkeys(environ.Env.BOOLEAN_TRUE_STRINGS, True), **dict.fromkeys(_FALSE, False)}
    if text.lower() not in known:
        raise ValueError
    return known[text.lower()]


def _number(text: str) -> float:
    """A number; django-environ reads 5 in "5 minutes" and 13 in "1e3"."""
    return float(text)


def _numbers(text: str) -> list[float]:
    """Numbers, separated by commas."""
    return [_number(part) for part in text.split(",") if part.strip()]


def _texts(text: str) -> list[str]:
    """Texts, separated by commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def _headers(text: str) -> dict[str, Any]:
    """Headers, as an object in JSON: their values may hold any separator."""
    try:
        found = json.loads(text)
    except RecursionError:
        found = None
    if not isinstance(found, dict):
        raise ValueError  # noqa: TRY004 - what cannot be read is a ValueError here
    return found


def _rates(text: str) -> list[str]:
    """Rates, separated by commas."""
    rates = [rate for rate in text.split(",") if rate]
    parse_rate(rates)
    return rates


_PRESET_OF = {**{name: name for name in PRESETS}, "prod": "production", "stage": "staging", "dev": "development"}

_OPTIONS: Mapping[str, Callable[[str], Any]] = {
    "SERVICE": str,
    "RELEASE": str,
    "REDIS_URL": str,
    "QUEUE_SIZE": int,
    "FLUSH_INTERVAL": _number,
    "DEDUP_WINDOW": _number,
    "MAX_ATTEMPTS": int,
    "MAX_AGE": _number,
    "BACKOFF": _number,
    "BACKOFF_MAX": _number,
    "BREAKER_FAILURES": int,
    "BREAKER_COOLDOWN": _number,
    "SPOOL_DIR": str,
    "SPOOL_MAX_BYTES": int,
    "MASK_USER_IDS": _flag,
    "INCLUDE_STACK_TRACES": _flag,
    "MAX_MESSAGE_LENGTH": int,
    "USE_EMBEDS": _flag,
    "ALLOW_PRIVATE_NETWORKS": _flag,
    "ADMIN_BASE_CLASS": str,
    "BASE_URL": str,
    "LINK_MAX_AGE": _number,
    "RESOLVE_AFTER": _number,
    "REPEATS": _numbers,
    "IGNORE_LOGGERS": list,
    "CORRELATION_HEADERS": list,
    "METRICS_TOKEN": str,
    "HEALTH_TOKEN": str,
    "ENCRYPTION_KEYS": list,
}
"""Keys of ``WEBHOOK_ALERTS``, and what they hold."""

_OTHER_NAMES: Mapping[str, tuple[str, ...]] = {
    "QUEUE_SIZE": ("MAX_QUEUE_SIZE",),
    "FLUSH_INTERVAL": ("WEBHOOK_BATCH_TIMEOUT", "BATCH_INTERVAL"),
    "MAX_ATTEMPTS": ("WEBHOOK_MAX_RETRIES", "MAX_RETRIES"),
    "BREAKER_COOLDOWN": ("EMERGENCY_COOLDOWN",),
    "DEDUP_WINDOW": ("DEDUP_WINDOW",),
}
"""Further names for the same, after ``WEBHOOK_<key>``; those without the prefix are older ones."""

_OF_A_WEBHOOK: Mapping[str, Callable[[str], Any]] = {
    "CHANNEL": str,
    "RATE": _rates,
    "BATCH_SIZE": int,
    "CONCURRENCY": int,
    "MIN_LEVEL": str,
    "MENTION": str,
    "USERNAME": str,
    "AVATAR_URL": str,
    "FALLBACK": str,
    "LANGUAGE": str,
    "TIMEOUT": _number,
    "ENABLED": _flag,
    "DIGESTS": _texts,
    "EMPTY_DIGESTS": _flag,
    "SIGNING_KEYS": _texts,
    "HEADERS": _headers,
}
_OLDER_URLS: Mapping[str, str] = {"ERROR_HOOK": "errors", "INFO_HOOK": "info"}
_URL = re.compile(r"WEBHOOK_([A-Z0-9_]+)_URL")
_NO_WEBHOOK = re.compile(r"BASE|REDIS|(\w+_)?AVATAR")
"""``WEBHOOK_BASE_URL``, ``WEBHOOK_REDIS_URL`` and ``WEBHOOK_AVATAR_URL`` are options, not webhooks."""


def webhook_alerts_from_env(env: environ.Env) -> dict[str, Any]:
    """What *env* says about alerts, as ``settings.WEBHOOK_ALERTS`` wants it; only what is set is in it."""
    found: dict[str, Any] = {}
    if environment := _get(env, "ENVIRONMENT", str):
        found["ENVIRONMENT"] = environment
        if preset := _PRESET_OF.get(environment.lower()):
            found["PRESET"] = preset
    if preset := _get(env, "WEBHOOK_PRESET", str):
        found["PRESET"] = preset
    for key, kind in _OPTIONS.items():
        names = (f"WEBHOOK_{key}", *_OTHER_NAMES.get(key, ()))
        value = next((value for name in names if (value := _get(env, name, kind)) is not None), None)
        if value is not None:
            found[key] = value
    if webhooks := _webhooks(env, found.get("PRESET", "production")):
        found["WEBHOOKS"] = webhooks
    return found


def _webhooks(env: environ.Env, preset: str) -> dict[str, dict[str, Any]]:
    urls = {name: url for older, name in _OLDER_URLS.items() if (url := _get(env, older, str))}
    for variable in sorted(env.ENVIRON):
        match = _URL.fullmatch(variable)
        if match and not _NO_WEBHOOK.fullmatch(match[1]) and (url := _get(env, variable, str)):
            urls[match[1].lower()] = url
    rate = _rate(env, preset)
    return {
        name: {"url": url, **rate, **_of_a_webhook(env, ""), **_of_a_webhook(env, f"{name.upper()}_")}
        for name, url in urls.items()
    }


def _of_a_webhook(env: environ.Env, prefix: str) -> dict[str, Any]:
    values = {key.lower(): _get(env, f"WEBHOOK_{prefix}{key}", kind) for key, kind in _OF_A_WEBHOOK.items()}
    return {key: value for key, value in values.items() if value is not None}


def _rate(env: environ.Env, preset: str) -> dict[str, Any]:
    """``WEBHOOK_MAX_REQUESTS_PER_MINUTE``, over ``RATE_LIMIT_WINDOW`` seconds where that older name is set.

    Where only the window is set, it is for as many requests as the *preset* has in a minute.
    """
    given = [_get(env, name, int) for name in ("WEBHOOK_MAX_REQUESTS_PER_MINUTE", "RATE_LIMIT_WINDOW")]
    for value in given:
        if isinstance(value, Unreadable):
            return {"rate": value}
    requests, seconds = given
    if requests is None and seconds is None:
        return {}
    if requests is None:
        requests = PRESETS.get(preset, PRESETS["production"]).rate[0].limit
    return {"rate": f"{requests}/{60 if seconds is None else seconds}s"}


def _get(env: environ.Env, name: str, kind: Callable[[str], Any]) -> Any:
    """The value of a variable, or ``None`` when it is not set or empty; ``Unreadable`` where it is no *kind*."""
    text = str(env.ENVIRON.get(name, "")).strip()
    if not text:
        return None
    try:
        return env.parse_value(text, kind)
    except ValueError:
        return Unreadable(text, name)
