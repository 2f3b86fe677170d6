"""One request to a webhook and its answer, understood; nothing that comes out of here holds the webhook's address."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from webhook_alerts import tracing
from webhook_alerts.alert import JSON
from webhook_alerts.channels.base import Channel, File, Outcome, Response, Verdict
from webhook_alerts.conf import Webhook, get_config
from webhook_alerts.delivery import transport
from webhook_alerts.metrics import catalogue, counters

logger = logging.getLogger("webhook_alerts.delivery")
MARK = b"[redacted:webhook]"
_PART = re.compile(r"[^/?&=#:@]{16,}")
"""A part of an address that is long enough to be its secret."""


def post(
    webhook: Webhook,
    channel: Channel,
    body: dict[str, JSON],
    files: Sequence[File],
    *,
    traces: Sequence[str] = (),
    attempt: int = 1,
) -> tuple[Outcome, Response | None]:
    """POST *body* and understand the answer. Never raises.

    The request is a span of the trace that the first of *traces* names, linked to the others; *attempt* is the
    number of the message's tries, this one included.
    """
    told = {**_told(webhook, channel, "POST"), "webhook_alerts.attempt": attempt, "webhook_alerts.alerts": len(traces)}
    with tracing.span("POST", "CLIENT", traces, told) as tell:
        return _exchange(
            webhook,
            channel,
            lambda: transport.post(channel.endpoint(webhook.url), body, files, **_bounds(webhook)),
            tell,
        )


def patch(
    webhook: Webhook, channel: Channel, message_id: str, body: dict[str, JSON]
) -> tuple[Outcome, Response | None]:
    """Change a sent message into *body* and understand the answer. Never raises."""
    url, changed = channel.edit(webhook.url, message_id, body)
    with tracing.span("PATCH", "CLIENT", (), _told(webhook, channel, "PATCH")) as tell:
        return _exchange(webhook, channel, lambda: transport.patch(url, changed, **_bounds(webhook)), tell)


def without_address(body: bytes, url: str) -> bytes:
    """*body* of an answer without *url* and the long parts of it: proxies and frameworks quote what was asked."""
    for secret in (url, *sorted(_PART.findall(url.partition("://")[2]), key=len, reverse=True)):
        body = body.replace(secret.encode(), MARK)
    return body


def _bounds(webhook: Webhook) -> dict[str, Any]:
    return {"timeout": webhook.timeout, "allow_private": get_config().allow_private_networks}


def _told(webhook: Webhook, channel: Channel, method: str) -> dict[str, str | int]:
    """What a span says of a request; never its address. https://opentelemetry.io/docs/specs/semconv/http/http-spans/."""
    return {
        "http.request.method": method,
        "webhook_alerts.webhook": webhook.name,
        "webhook_alerts.channel": channel.name,
    }


def _exchange(
    webhook: Webhook, channel: Channel, send: Callable[[], Response], tell: tracing.Tell
) -> tuple[Outcome, Response | None]:
    outcome, response = _ask(webhook, channel, send)
    counters.add(catalogue.ATTEMPTS, webhook.name, outcome.verdict.value)
    status: dict[str, str | int] = {"http.response.status_code": response.status} if response else {}
    error = "" if outcome.verdict is Verdict.DELIVERED else outcome.reason
    tell({**status, "webhook_alerts.outcome": outcome.verdict.value}, error=error)
    return outcome, response


def _ask(webhook: Webhook, channel: Channel, send: Callable[[], Response]) -> tuple[Outcome, Response | None]:
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
