"""The options of a webhook as an operator reads and types them, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webhook_alerts.alert import JSON, Level
from webhook_alerts.channels.base import Window
from webhook_alerts.conf import get_config
from webhook_alerts.configuration.values import Webhook
from webhook_alerts.overrides.stored import declared_in_settings
from webhook_alerts.presets import PRESETS

_UNITS = ((3600, "h"), (60, "m"), (1, "s"))
_DEFAULTS = Webhook(name="", url="", channel="")
TEXTS = ("channel", "mention", "username", "avatar_url", "fallback", "language")
NUMBERS = ("batch_size", "concurrency", "timeout")
OPTIONS = ("enabled", "rate", "min_level", *NUMBERS, *TEXTS)
"""What can be changed, by its key in the settings."""


def in_settings(name: str) -> dict[str, str]:
    """What the settings say of the webhook *name*, or what holds by default, as texts."""
    given = declared_in_settings().get(name)
    options = given if isinstance(given, Mapping) else {}
    return as_texts({**_defaults(), **{key: options[key] for key in OPTIONS if key in options}})


def as_texts(options: Mapping[str, Any]) -> dict[str, str]:
    """*options* as they are shown; those that this page does not know are left out."""
    return {key: _text(key, options[key]) for key in OPTIONS if key in options}


def changed(texts: Mapping[str, str], name: str) -> dict[str, JSON]:
    """The options that differ from those of the settings, as the settings' reader takes them.

    An empty number means the settings' own. What is no number stays a text, for the reader to say so.
    """
    settings = in_settings(name)
    return {
        key: _value(key, text)
        for key, text in texts.items()
        if text != settings[key] and not (text == "" and key in NUMBERS)
    }


def _defaults() -> dict[str, Any]:
    preset = PRESETS[get_config().preset]
    return {**{key: getattr(_DEFAULTS, key) for key in OPTIONS}, "rate": [_rate(window) for window in preset.rate]}


def _rate(window: Window) -> str:
    """``30/m``, ``5/2s``."""
    size, unit = next((size, unit) for size, unit in _UNITS if window.seconds % size == 0)
    count = int(window.seconds // size)
    return f"{window.limit}/{'' if count == 1 else count}{unit}"


def _text(key: str, value: Any) -> str:
    if key == "enabled":
        return "on" if value else ""
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    if key == "min_level" and isinstance(value, int) and value in set(Level):
        return Level(value).name
    return f"{value:g}" if isinstance(value, float) else str(value).upper() if key == "min_level" else str(value)


def _value(key: str, text: str) -> JSON:
    if key == "enabled":
        return bool(text)
    if key == "rate":
        return [part.strip() for part in text.split(",") if part.strip()]
    if key in NUMBERS:
        try:
            return float(text) if key == "timeout" else int(text)
        except ValueError:
            return text
    return text
