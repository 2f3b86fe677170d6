"""System checks: every wrong setting, by its own id and with what to do about it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import celery
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register

from webhook_alerts.conf import Config, get_config


def register_checks() -> None:
    """Join Django's system checks."""
    register(check_settings, Tags.compatibility)
    register(check_surroundings, Tags.compatibility)


def check_settings(app_configs: Sequence[Any] | None = None, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    """What was wrong when the settings were read."""
    return [Error(item.message, hint=item.hint, id=f"webhook_alerts.{item.id}") for item in get_config().problems]


def check_surroundings(app_configs: Sequence[Any] | None = None, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    """What the settings need around them."""
    config = get_config()
    return [*_spool(config), *_celery(), *_nothing_configured(config)]


def _spool(config: Config) -> list[CheckMessage]:
    folder = Path(config.spool_dir)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return [
            Error(
                f'WEBHOOK_ALERTS["SPOOL_DIR"] cannot be written: {error.strerror}',
                hint=f"Let the user {os.getuid()} write to {folder}, or name another directory.",
                id="webhook_alerts.E015",
            )
        ]
    return []


def _celery() -> list[CheckMessage]:
    if celery.__version__ != "5.7.0":
        return []
    return [
        checks.Warning(
            "Celery 5.7.0 is installed: its worker ends when Redis restarts under unacknowledged messages",
            hint="Install celery 5.6.3.",
            id="webhook_alerts.W001",
        )
    ]


def _nothing_configured(config: Config) -> list[CheckMessage]:
    if config.webhooks:
        return []
    return [
        checks.Warning(
            "No webhook is configured: alerts are recorded and sent nowhere",
            hint='Set WEBHOOK_ALERTS["WEBHOOKS"] to {"errors": URL}.',
            id="webhook_alerts.W002",
        )
    ]
