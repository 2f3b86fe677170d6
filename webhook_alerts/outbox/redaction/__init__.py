"""Secrets leave no process: what is taken out of an alert before the broker, the spool or a webhook sees it."""

from __future__ import annotations

from functools import lru_cache

from webhook_alerts.conf import Config
from webhook_alerts.configuration.redact import Redact
from webhook_alerts.outbox.redaction.configured import secrets_of
from webhook_alerts.outbox.redaction.names import is_sensitive
from webhook_alerts.outbox.redaction.redactor import Redactor

__all__ = ["Redactor", "is_sensitive", "redactor_for"]

_last: tuple[Config | None, Redactor] = (None, Redactor())


@lru_cache(maxsize=4)
def _for(secrets: tuple[str, ...], more: Redact) -> Redactor:
    return Redactor(secrets, more.keys, more.patterns, more.function)


def redactor_for(config: Config) -> Redactor:
    """The redactor of the settings in force, which knows the URL, keys and headers of every configured webhook."""
    global _last
    known, redactor = _last
    if known is not config:
        redactor = _for(tuple(secrets_of(config)), config.redact)
        _last = (config, redactor)
    return redactor
