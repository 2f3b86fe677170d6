"""The secrets of our own settings: known by their letters, whatever is written around them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from webhook_alerts.conf import Config, Webhook
from webhook_alerts.outbox.redaction.names import is_sensitive

_LONG = 16
"""Characters of what is taken for a secret: a value in an address, or a part of it if there is a digit in it."""
_PART = re.compile(rf"[^/?&=#:@,]{{{_LONG},}}")
_HERE = frozenset({"console", "file"})
"""Schemes of places on this machine, which are no secret."""


def secrets_of(config: Config) -> Iterator[str]:
    """Texts that no alert may hold; some more than once, some too short to be looked for."""
    yield from (config.metrics_token, config.health_token, *config.encryption_keys)
    for webhook in config.webhooks.values():
        if urlsplit(webhook.url).scheme not in _HERE:
            for secret in _in_address(webhook.url):
                # As it stands in another address, and in JSON.
                yield from (secret, quote(secret), quote(secret, safe=""), secret.replace("/", "\\/"))
        yield from webhook.signing_keys
        yield from _in_headers(webhook)


def _in_address(url: str) -> Iterator[str]:
    """All of it, and what of it stands in errors that name no host, or in a service's answers."""
    parts = urlsplit(url)
    yield url.split("://", 1)[-1]
    yield parts.password or ""
    # Some services take their key elsewhere than where the settings have it.
    yield from (value for _, value in parse_qsl(parts.query) if len(value) >= _LONG)
    # A host's name is said in every error of a connection; what has no dot is none, but a token of Apprise's.
    begin = parts.netloc.rpartition("@")[2].partition(":")[0]
    for part in _PART.findall(url.partition("://")[2]):
        if any(map(str.isdigit, part)) and not (part == begin and "." in begin):
            yield from (part, unquote(part))


def _in_headers(webhook: Webhook) -> Iterator[str]:
    for name, value in webhook.headers:
        # Others hold words, such as an environment's name, which alerts are full of.
        if is_sensitive(name) or (len(value) >= _LONG and any(map(str.isdigit, value))):
            yield from (value, *value.split())
