"""The settings, read: frozen values that every room works with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType

from webhook_alerts.alert import Alert, Level
from webhook_alerts.channels.base import Style, Window, no_link
from webhook_alerts.configuration.inhibit import Inhibition
from webhook_alerts.configuration.options import REQUEST_DEADLINE_S
from webhook_alerts.configuration.problems import Problem
from webhook_alerts.configuration.quiet_hours import QuietHours
from webhook_alerts.configuration.redact import Redact
from webhook_alerts.configuration.routes import goes_by_level, route_key, stand_ins
from webhook_alerts.configuration.schedules import Schedule
from webhook_alerts.configuration.templates import load_template
from webhook_alerts.presets import PRESETS, REPEATS, RETENTION, ROUTES

LOCAL_REDIS = "redis://127.0.0.1:6379/0"


_NAMES = frozenset({"preset", "name", "channel", "fallback", "language", "webhooks", "routes", "retention"})
"""Texts that are one of those we know, or were found to be a name."""


class _Discreet:
    """A ``repr`` of numbers and names: an address or a password may stand by mistake wherever any text may."""

    __slots__ = ()

    def __repr__(self) -> str:
        values = {each.name: getattr(self, each.name) for each in fields(self) if each.repr}  # type: ignore[arg-type]
        shown = (f"{name}={value!r}" for name, value in values.items() if name in _NAMES or _is_plain(value))
        return f"{type(self).__name__}({', '.join(shown)})"


def _is_plain(value: object) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (bool, int, float, Window, Problem))


@dataclass(frozen=True, slots=True, repr=False)
class Webhook(_Discreet):
    """One place that alerts are sent to.

    ``url`` is a secret. ``rate`` holds the service's own limit and what the user set below it; empty means no limit.
    ``batch_size`` is in alerts, of which a service takes fewer where it must; ``concurrency`` in requests at a time,
    ``timeout`` in seconds, at most 15.
    ``min_level`` keeps back what is less grave, of the alerts that come by their level. ``fallback`` names the
    webhook that gets what could not be sent here. In its ``quiet_hours`` only what is critical is sent. Digests that
    are due and have nothing to say are sent only with ``empty_digests``. Our own words in its messages are in
    ``language``, a code such as ``pt-br``; empty: that of the project. ``signing_keys``, the current one first, and
    ``headers``, by name and value, go with its requests and are secrets.
    """

    name: str
    url: str = field(repr=False)
    channel: str
    rate: tuple[Window, ...] = ()
    batch_size: int = 100
    concurrency: int = 1
    min_level: Level = Level.DEBUG
    mention: str = ""
    username: str = ""
    avatar_url: str = ""
    fallback: str = ""
    timeout: float = REQUEST_DEADLINE_S
    enabled: bool = True
    quiet_hours: tuple[QuietHours, ...] = ()
    digests: tuple[Schedule, ...] = ()
    empty_digests: bool = False
    language: str = ""
    signing_keys: tuple[str, ...] = field(default=(), repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, repr=False)
class Config(_Discreet):
    """Every setting, read and checked. Times in seconds, sizes in alerts, lengths in characters, retention in days.

    ``webhooks`` holds those that alerts can be sent to: a webhook without a URL or with ``enabled`` off is not there.
    Those whose address cannot be decrypted are ``locked``: alerts are owed to them, and wait. ``added`` names the
    webhooks that only operators have configured, and ``override_problems`` says what is wrong with what they did.
    """

    preset: str = "production"
    environment: str = ""
    service: str = ""
    release: str = ""
    webhooks: Mapping[str, Webhook] = field(default_factory=dict)
    routes: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType(dict(ROUTES)))
    redis_url: str = field(default=LOCAL_REDIS, repr=False)
    queue_size: int = PRESETS["production"].queue_size
    flush_interval: float = PRESETS["production"].flush_interval
    dedup_window: float = 60.0
    max_attempts: int = PRESETS["production"].max_attempts
    max_age: float = 259_200.0
    backoff: float = 1.0
    backoff_max: float = 16.0
    breaker_failures: int = 5
    breaker_cooldown: float = 60.0
    spool_dir: str = ""
    spool_max_bytes: int = 100_000_000
    redact: Redact = field(default_factory=Redact)
    mask_user_ids: bool = False
    include_stack_traces: bool = True
    max_message_length: int = 4096
    use_embeds: bool = True
    retention: Mapping[str, int] = field(default_factory=lambda: MappingProxyType(dict(RETENTION)))
    allow_private_networks: bool = False
    admin_base_class: str = ""
    base_url: str = ""
    link_max_age: float = 604_800.0
    resolve_after: float = 3_600.0
    repeats: tuple[float, ...] = REPEATS
    inhibit: tuple[Inhibition, ...] = ()
    ignore_loggers: tuple[str, ...] = ("django.security.DisallowedHost",)
    correlation_headers: tuple[str, ...] = ("X-Request-ID", "X-Correlation-ID")
    metrics_token: str = field(default="", repr=False)
    health_token: str = field(default="", repr=False)
    encryption_keys: tuple[str, ...] = field(default=(), repr=False)
    templates: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    locked: Mapping[str, Webhook] = field(default_factory=dict)
    added: frozenset[str] = frozenset()
    override_problems: tuple[Problem, ...] = ()

    def style(self, webhook: Webhook, link: Callable[[Alert], str] = no_link) -> Style:
        """How messages of *webhook* look. A template that cannot be imported is left out (a check reports it)."""
        return Style(
            use_embeds=self.use_embeds,
            include_stack_traces=self.include_stack_traces,
            max_message_length=self.max_message_length,
            mention=webhook.mention,
            username=webhook.username,
            avatar_url=webhook.avatar_url,
            templates={kind: found for kind, path in self.templates.items() if (found := load_template(path))},
            link=link,
        )

    @property
    def configured(self) -> Mapping[str, Webhook]:
        """All that alerts may be owed to, those that are locked as well."""
        return {**self.webhooks, **self.locked}

    def route(self, alert: Alert) -> tuple[str, ...]:
        """The names of the webhooks that *alert* is owed to, each once.

        Those that it asks for, if one of them is there: nobody who names a webhook is second-guessed by its
        ``min_level``. Else those of its route, or the nearest to them that are configured; of these, an alert that
        goes by its level skips a webhook with a higher ``min_level``.
        """
        configured = self.configured
        asked = tuple(dict.fromkeys(name for name in alert.webhooks if name in configured))
        if asked:
            return asked
        names = stand_ins(self.routes.get(route_key(alert), ()), configured)
        if not goes_by_level(alert):
            return tuple(names)
        return tuple(name for name in names if alert.level >= configured[name].min_level)
