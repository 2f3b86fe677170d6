"""One request to a webhook and its answer, understood; nothing that comes out of here holds the webhook's address."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from webhook_alerts.alert import JSON
from webhook_alerts.channels.base import Channel, File, Outcome, Response, Verdict
from webhook_alerts.conf import Webhook, get_config
from webhook_alerts.configuration.webhooks import is_loopback
from webhook_alerts.delivery import transport

logger = logging.getLogger("webhook_alerts.delivery")
MARK = b"[redacted:webhook]"
_PART = re.compile(r"[^/?&=#:@]{16,}")
"""A part of an address that is long enough to be its secret."""


def post(
    webhook: Webhook, channel: Channel, body: dict[str, JSON], files: Sequence[File]
) -> tuple[Outcome, Response | None]:
    """POST *body* and understand the answer. Never raises."""
    return _exchange(
        webhook, channel, lambda: transport.post(channel.endpoint(webhook.url), body, files, **_bounds(webhook))
    )


def patch(
    webhook: Webhook, channel: Channel, message_id: str, body: dict[str, JSON]
) -> tuple[Outcome, Response | None]:
    """Change a sent message into *body* and understand the answer. Never raises."""
    url, changed = channel.edit(webhook.url, message_id, body)
    return _exchange(webhook, channel, lambda: transport.patch(url, changed, **_bounds(webhook)))


def may_be_private(webhook: Webhook) -> bool:
    """May its address be one that is not public: by the settings, or because its URL names this machine literally?"""
    return get_config().allow_private_networks or is_loopback(webhook.url)


def without_address(body: bytes, url: str) -> bytes:
    """*body* of an answer without *url* and the long parts of it: proxies and frameworks quote what was asked."""
    for secret in (url, *sorted(_PART.findall(url.partition("://")[2]), key=len, reverse=True)):
        body = body.replace(secret.encode(), MARK)
    return body


def _bounds(webhook: Webhook) -> dict[str, Any]:
    return {"timeout": webhook.timeout, "allow_private": may_be_private(webhook)}


def _exchange(webhook: Webhook, channel: Channel, send: Callable[[], Response]) -> tuple[Outcome, Response | None]:
    try:
        response = send()
    except transport.TransportError as error:
        return Outcome(Verdict.RETRY, error.reason, ambiguous=error.ambiguous), None
    response = replace(response, body=without_address(response.body, webhook.url))
    try:
        return channel.classify(response), response
    except Exception as error:
        logger.exception("The channel %s cannot read an answer", channel.name)
        return Outcome(Verdict.RETRY, f"answer not understood: {type(error).__name__}", ambiguous=True), response
