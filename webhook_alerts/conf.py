"""Settings: the only reader of ``settings.WEBHOOK_ALERTS``, giving one frozen ``Config``.

Nothing here raises over a wrong setting: the broken part falls back to its default and a ``Problem`` says so,
which the system checks report. A log call must survive any configuration. What operators have set otherwise is laid
over the settings by ``webhook_alerts.overrides``, in processes that may ask the database; ``get_config`` never does.
"""

from __future__ import annotations

from typing import Any

from django.core.signals import setting_changed

from webhook_alerts.configuration.options import LEASE_S, REQUEST_DEADLINE_S, TASK_LIMIT_S
from webhook_alerts.configuration.overlay import NOTHING, Overlay, Wrong, read_over
from webhook_alerts.configuration.problems import Problem
from webhook_alerts.configuration.reader import read
from webhook_alerts.configuration.surroundings import Surroundings, look_around
from webhook_alerts.configuration.values import Config, Webhook

__all__ = [
    "LEASE_S",
    "NOTHING",
    "REQUEST_DEADLINE_S",
    "TASK_LIMIT_S",
    "Config",
    "Problem",
    "Webhook",
    "get_config",
    "lay_over",
    "parse",
    "preview",
]

_READ_FROM = frozenset({"WEBHOOK_ALERTS", "CELERY_BROKER_URL", "CACHES", "BASE_DIR"})
_current: Config | None = None
_overlay = NOTHING


def get_config() -> Config:
    """The settings in force, what is laid over them included; read once, and again when they change."""
    global _current
    config = _current
    if config is None:
        overlay = _overlay
        config, _, final = _from_django(overlay)
        if final and overlay is _overlay:
            _current = config
    return config


def lay_over(overlay: Overlay) -> None:
    """Let *overlay* hold over the settings in this process, from now on."""
    global _current, _overlay
    if overlay != _overlay:
        config, _, final = _from_django(overlay)
        _overlay, _current = overlay, config if final else None


def preview(overlay: Overlay) -> tuple[Config, tuple[Wrong, ...]]:
    """What would be in force under *overlay*, and the parts of it that would be left out; changes nothing."""
    return _from_django(overlay)[:2]


def raw_settings() -> dict[Any, Any]:
    """``settings.WEBHOOK_ALERTS`` as the project wrote it, where it is a dict."""
    from django.conf import settings

    given = getattr(settings, "WEBHOOK_ALERTS", {})
    return dict(given) if isinstance(given, dict) else {}


def parse(raw: object) -> Config:
    """Read *raw* as the value of ``settings.WEBHOOK_ALERTS``, without looking at a project's other settings."""
    return read(raw, Surroundings())


def _from_django(overlay: Overlay) -> tuple[Config, tuple[Wrong, ...], bool]:
    """The settings under *overlay*, what of it was left out, and whether they may be remembered.

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
        return Config(problems=(problem,)), (), False
    config, wrong = read_over(raw, overlay, surroundings)
    return config, wrong, not config.problems or apps.models_ready


def _forget(*, setting: str, **_: Any) -> None:
    global _current
    if setting in _READ_FROM:
        _current = None


setting_changed.connect(_forget)
