"""Secrets leave no process: what is taken out of an alert before the broker, the spool or a webhook sees it."""

from __future__ import annotations

from functools import lru_cache

from webhook_alerts.conf import Config
from webhook_alerts.configuration.redact import Redact
from webhook_alerts.outbox.redaction.names import is_sensitive
from webhook_alerts.outbox.redaction.redactor import Redactor

__all__ = ["Redactor", "is_sensitive", "redactor_for"]


@lru_cache(maxsize=4)
def _for(urls: tuple[str, ...], more: Redact) -> Redactor:
    return Redactor(tuple(url.split("://", 1)[-1] for url in urls), more.keys, more.patterns, more.function)


def redactor_for(config: Config) -> Redactor:
    """The redactor of the settings in force, which knows every configured webhook's URL."""
    return _for(tuple(webhook.url for webhook in config.webhooks.values()), config.redact)
