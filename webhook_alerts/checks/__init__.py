"""System checks: every wrong setting, by its own id and with what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register

from webhook_alerts.checks import ground, receivers
from webhook_alerts.conf import get_config


def register_checks() -> None:
    """Join Django's system checks."""
    register(check_settings, Tags.compatibility)
    register(check_surroundings, Tags.compatibility)
    register(ground.check_shared_memory, Tags.compatibility, deploy=True)
    register(receivers.check_apprise, Tags.compatibility, deploy=True)
    register(check_overrides, Tags.database)


def check_settings(app_configs: Sequence[Any] | None = None, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    """What was wrong when the settings were read."""
    return [Error(item.message, hint=item.hint, id=f"webhook_alerts.{item.id}") for item in get_config().problems]


def check_surroundings(app_configs: Sequence[Any] | None = None, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    """What the settings need around them."""
    config = get_config()
    return [*ground.found(config), *receivers.found(config)]


def check_overrides(
    app_configs: Sequence[Any] | None = None, databases: Sequence[str] | None = None, **options: Any
) -> list[CheckMessage]:
    """What is wrong with what operators have set; asked by ``migrate`` and ``check --database``."""
    from webhook_alerts.overrides import standing  # whose models are not loaded when this module is

    return standing.check_overrides(app_configs, databases, **options)
