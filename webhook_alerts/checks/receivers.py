"""Checks of who gets the alerts: webhooks, and what their channels need to draw and send."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import global_settings, settings
from django.core import checks
from django.core.checks import CheckMessage, Error

from webhook_alerts.channels import file, mailto, registry
from webhook_alerts.conf import Config, get_config
from webhook_alerts.configuration.templates import load_template
from webhook_alerts.delivery.carriers import apprise
from webhook_alerts.delivery.transport import TransportError

_NOWHERE = ("console", "dummy", "filebased", "locmem")
"""Django's mail backends for development and tests."""


def found(config: Config) -> list[CheckMessage]:
    """What is wrong with them, except with what takes long to ask."""
    return [
        *_templates(config),
        *_nothing_configured(config),
        *_channels(config),
        *_mail(config),
        *_files(config),
        *_apprise(config),
    ]


def check_apprise(app_configs: Sequence[Any] | None = None, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Does Apprise understand its URLs? Asked by ``check --deploy`` alone: to import it takes seconds."""
    found: list[CheckMessage] = []
    for name, webhook in get_config().webhooks.items():
        if webhook.channel != "apprise" or not _is_installed("apprise"):
            continue
        try:
            apprise.ask(webhook.url, timeout=10.0)
        except TransportError as error:
            found.append(
                Error(
                    f"The webhook {name} cannot be sent to: {error.reason}",
                    hint="Write it as https://github.com/caronc/apprise/wiki says, and install what its service needs.",
                    id="webhook_alerts.E036",
                )
            )
    return found


def _templates(config: Config) -> list[CheckMessage]:
    return [
        Error(
            f'WEBHOOK_ALERTS["TEMPLATES"]["{kind}"] cannot be imported, or is not callable',
            hint="Set it to the dotted path of a callable that takes an alert and its style.",
            id="webhook_alerts.E022",
        )
        for kind, path in config.templates.items()
        if load_template(path) is None
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


def _channels(config: Config) -> list[CheckMessage]:
    """Channels of other packages that cannot be used; asked where one of them may be missed."""
    if all(webhook.channel != "webhook" for webhook in config.webhooks.values()):
        return []
    return [
        checks.Warning(
            f"A webhook's address may be left unrecognised: {wrong}",
            hint="Update or remove that package.",
            id="webhook_alerts.W005",
        )
        for wrong in registry.broken()
    ]


def _mail(config: Config) -> list[CheckMessage]:
    """Mail that nobody gets, or that comes from nowhere, where alerts are to reach somebody."""
    if config.preset != "production" or all(webhook.channel != "email" for webhook in config.webhooks.values()):
        return []
    found: list[CheckMessage] = []
    backend = settings.EMAIL_BACKEND
    if backend in {f"django.core.mail.backends.{name}.EmailBackend" for name in _NOWHERE}:
        found.append(
            checks.Warning(
                f"Alerts are sent by mail, and EMAIL_BACKEND is Django's {backend.split('.')[-2]}, which sends nothing",
                hint="Set EMAIL_BACKEND, and EMAIL_HOST and its like, to what sends mail.",
                id="webhook_alerts.W006",
            )
        )
    if settings.DEFAULT_FROM_EMAIL == global_settings.DEFAULT_FROM_EMAIL and _has_no_sender(config):
        found.append(
            checks.Warning(
                "Alerts are sent by mail from webmaster@localhost, which many servers refuse",
                hint="Set DEFAULT_FROM_EMAIL, or add ?from=alerts@example.com to the webhook's URL.",
                id="webhook_alerts.W007",
            )
        )
    return found


def _has_no_sender(config: Config) -> bool:
    webhooks = [webhook for webhook in config.webhooks.values() if webhook.channel == "email"]
    return any(not mailto.parse(webhook.url).sender for webhook in webhooks)


def _files(config: Config) -> list[CheckMessage]:
    """A warning, for the machine that checks need not be the one that delivers."""
    missing = [name for name, each in config.webhooks.items() if each.channel == "file" and _is_lost(each.url)]
    return [
        checks.Warning(
            f"The file of the webhook {name} stands in a directory that is not there",
            hint="Make the directory, and let the user of the workers write to it.",
            id="webhook_alerts.W008",
        )
        for name in missing
    ]


def _is_lost(url: str) -> bool:
    return not Path(file.path(url)).parent.is_dir()


def _apprise(config: Config) -> list[CheckMessage]:
    names = [name for name, webhook in config.webhooks.items() if webhook.channel == "apprise"]
    if not names or _is_installed("apprise"):
        return []
    return [
        Error(
            f"Webhooks of the channel apprise cannot be sent to ({', '.join(names)}): the package is not installed",
            hint="Run: pip install 'django-webhook-alerts[apprise]'.",
            id="webhook_alerts.E035",
        )
    ]


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):  # something stands in for it
        return False
