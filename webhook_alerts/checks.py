"""System checks: every wrong setting, by its own id and with what to do about it."""

from __future__ import annotations

import importlib.util
import math
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import celery
import redis
from celery.app.annotations import prepare, resolve_all
from django.conf import global_settings, settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register

from webhook_alerts.channels import file, mailto, registry
from webhook_alerts.conf import LEASE_S, REQUEST_DEADLINE_S, TASK_LIMIT_S, Config, get_config
from webhook_alerts.configuration.templates import load_template
from webhook_alerts.delivery.carriers import apprise
from webhook_alerts.delivery.nudge import task_name
from webhook_alerts.delivery.transport import TransportError
from webhook_alerts.outbox.broker import app
from webhook_alerts.shared_memory import client

_VISIBILITY_S = 3600
"""After how long Redis' transport hands a message to a second worker, where ``broker_transport_options`` is silent."""

_NOWHERE = ("console", "dummy", "filebased", "locmem")
"""Django's mail backends for development and tests."""


def register_checks() -> None:
    """Join Django's system checks."""
    register(check_settings, Tags.compatibility)
    register(check_surroundings, Tags.compatibility)
    register(check_shared_memory, Tags.compatibility, deploy=True)
    register(check_apprise, Tags.compatibility, deploy=True)
    register(check_overrides, Tags.database)


def check_settings(app_configs: Sequence[Any] | None = None, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    """What was wrong when the settings were read."""
    return [Error(item.message, hint=item.hint, id=f"webhook_alerts.{item.id}") for item in get_config().problems]


def check_surroundings(app_configs: Sequence[Any] | None = None, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    """What the settings need around them."""
    config = get_config()
    return [
        *_spool(config),
        *_templates(config),
        *_timers(config),
        *_celery(),
        *_nothing_configured(config),
        *_channels(config),
        *_mail(config),
        *_files(config),
        *_apprise(config),
    ]


def check_overrides(
    app_configs: Sequence[Any] | None = None, databases: Sequence[str] | None = None, **options: Any
) -> list[CheckMessage]:
    """What is wrong with what operators have set; asked by ``migrate`` and ``check --database``."""
    from webhook_alerts.overrides import standing  # whose models are not loaded when this module is

    return standing.check_overrides(app_configs, databases, **options)


def check_shared_memory(app_configs: Sequence[Any] | None = None, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Does Redis answer within a second?

    Asked by ``check --deploy`` alone: a second's wait is too much for every ``runserver`` and test run. A warning,
    because machines that build and migrate have no Redis, and because alerts go on without it.
    """
    try:
        client().ping()
    except (redis.RedisError, OSError, ValueError) as error:  # never its text: that may hold the password
        return [
            checks.Warning(
                f"Redis does not answer: {type(error).__name__}",
                hint='Start it, or mend WEBHOOK_ALERTS["REDIS_URL"]. Until then rates are counted in the database.',
                id="webhook_alerts.W003",
            )
        ]
    return []


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


def _spool(config: Config) -> list[CheckMessage]:
    folder = Path(config.spool_dir)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (OSError, ValueError) as error:  # ValueError: a text that no path can be made of
        why = getattr(error, "strerror", None) or type(error).__name__
        return [
            Error(
                f'WEBHOOK_ALERTS["SPOOL_DIR"] cannot be written: {why}',
                hint=f"Let the user {os.getuid()} write to {folder}, or name another directory.",
                id="webhook_alerts.E015",
            )
        ]
    return []


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


def _timers(config: Config) -> list[CheckMessage]:
    """A request ends before its claim, that before its task, and that before the broker gives it to a second worker."""
    found: list[CheckMessage] = []
    slowest = max((webhook.timeout for webhook in config.webhooks.values()), default=0.0)
    limits_s = _task_limits_s(config)
    shortest_s, longest_s = min(limits_s), max(limits_s)
    if not slowest <= REQUEST_DEADLINE_S < LEASE_S < shortest_s:
        found.append(
            Error(
                f"A webhook's timeout ({slowest:g} s), a request's deadline ({REQUEST_DEADLINE_S:g} s), the lease of "
                f"a message ({LEASE_S:g} s) and the limit of a task ({shortest_s:g} s) must grow in this order",
                hint=f"Set each webhook's timeout to at most {REQUEST_DEADLINE_S:g}, and leave the others as they are: "
                "no time_limit in Celery's task_annotations either.",
                id="webhook_alerts.E020",
            )
        )
    visible_s = (app().conf.broker_transport_options or {}).get("visibility_timeout", _VISIBILITY_S)
    if not isinstance(visible_s, (int, float)) or visible_s <= longest_s:
        found.append(
            Error(
                "Celery's broker_transport_options has a visibility_timeout within which a task may still be running",
                hint=f"Set it to more than {longest_s:g} seconds, or leave it out: an hour is usual."
                if longest_s == TASK_LIMIT_S
                else f"Take time_limit ({longest_s:g} s) out of Celery's task_annotations for webhook_alerts' tasks.",
                id="webhook_alerts.E021",
            )
        )
    return found


def _task_limits_s(config: Config) -> list[float]:
    """After how many seconds Celery ends each of our tasks: our own limit, or what the project annotates them with."""
    conf = app().conf
    annotations = prepare(conf.task_annotations)
    names = ("webhook_alerts.accept", "webhook_alerts.flush", *map(task_name, config.webhooks))
    found: list[float] = []
    for name in names:
        limit_s: Any = TASK_LIMIT_S
        annotated: Any
        for annotated in resolve_all(annotations, SimpleNamespace(name=name)):  # in this order, as Celery does
            limit_s = annotated.get("time_limit", limit_s)
        limit_s = conf.task_time_limit if limit_s is None else limit_s
        found.append(limit_s if isinstance(limit_s, (int, float)) else math.inf)
    return found


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
