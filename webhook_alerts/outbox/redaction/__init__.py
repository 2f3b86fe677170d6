"""Secrets leave no process: what is taken out of an alert before the broker, the spool or a webhook sees it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from webhook_alerts.conf import Config, Webhook
from webhook_alerts.configuration.redact import Redact
from webhook_alerts.outbox.redaction.names import is_sensitive
from webhook_alerts.outbox.redaction.redactor import Redactor

__all__ = ["Redactor", "is_sensitive", "redactor_for"]

_LONG = 16
"""Characters of a value that, with a digit in it, is taken for a secret whatever its name."""


@lru_cache(maxsize=4)
def _for(secrets: tuple[str, ...], more: Redact) -> Redactor:
    return Redactor(secrets, more.keys, more.patterns, more.function)


def redactor_for(config: Config) -> Redactor:
    """The redactor of the settings in force, which knows the URL, keys and headers of every configured webhook."""
    secrets = (secret for webhook in config.webhooks.values() for secret in _secrets(webhook))
    return _for(tuple(secrets), config.redact)


def _secrets(webhook: Webhook) -> Iterator[str]:
    yield webhook.url.split("://", 1)[-1]
    yield from webhook.signing_keys
    for name, value in webhook.headers:
        # Others hold words, such as an environment's name, which alerts are full of.
        if is_sensitive(name) or (len(value) >= _LONG and any(map(str.isdigit, value))):
            yield from (value, *value.split())
