"""Settings: the only reader of ``settings.WEBHOOK_ALERTS``, giving one frozen ``Config``.

Nothing here raises over a wrong setting: the broken part falls back to its default and a ``Problem`` says so,
which the system checks report. A log call must survive any configuration.
"""

from __future__ import annotations

from typing import Any

from django.core.signals import setting_changed

from webhook_alerts.configuration.options import LEASE_S, REQUEST_DEADLINE_S, TASK_LIMIT_S
from webhook_alerts.configuration.problems import Problem
from webhook_alerts.configuration.reader import read
from webhook_alerts.configuration.surroundings import Surroundings, look_around
from webhook_alerts.configuration.values import Config, Webhook

__all__ = [
    "LEASE_S",
    "REQUEST_DEADLINE_S",
    "TASK_LIMIT_S",
    "Config",
    "Problem",
    "Webhook",
    "get_config",
    "parse",
]

_READ_FROM = frozenset({"WEBHOOK_ALERTS", "CELERY_BROKER_URL", "CACHES", "BASE_DIR"})
_current: Config | None = None


def get_config() -> Config:
    """The settings in force; read once, and again when they change."""
    global _current
    config = _current
    if config is None:
        config, final = _from_django()
        if final:
            _current = config
    return config


def parse(raw: object) -> Config:
    """Read *raw* as the value of ``settings.WEBHOOK_ALERTS``, without looking at a project's other settings."""
    return read(raw, Surroundings())


def _from_django() -> tuple[Config, bool]:
    """The settings, and whether they may be remembered.

    What is wrong before Django has loaded its apps may be right after it: a channel of the user's, for example, whose
    module cannot be imported yet.
    """
    from django.apps import apps
    from django.conf import settings

    try:
        raw: Any = getattr(settings, "WEBHOOK_ALERTS", {})
        surroundings = look_around(settings)
    except Exception as error:  # noqa: BLE001 - settings that cannot be imported are Django's to report, not a log call's
        problem = Problem("E001", f"Django's settings cannot be read: {type(error).__name__}", "Mend the settings.")
        return Config(problems=(problem,)), False
    config = read(raw, surroundings)
    return config, not config.problems or apps.models_ready


def _forget(*, setting: str, **_: Any) -> None:
    global _current
    if setting in _READ_FROM:
        _current = None


setting_changed.connect(_forget)
