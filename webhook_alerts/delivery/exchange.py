"""One request to a webhook and its answer, understood; nothing that comes out of here holds the webhook's address."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from django.utils.module_loading import import_string

from webhook_alerts import tracing
from webhook_alerts.alert import JSON
from webhook_alerts.channels import signing
from webhook_alerts.channels.base import Access, Channel, File, Outcome, Request, Response, Verdict
from webhook_alerts.channels.text import clean
from webhook_alerts.conf import Webhook, get_config
from webhook_alerts.delivery import moved, transport
from webhook_alerts.metrics import catalogue, counters

logger = logging.getLogger("webhook_alerts.delivery")
FURTHER = 2
"""So many more requests are made at once where a refusal says what would be taken."""
MARK = b"[redacted:webhook]"
_PART = re.compile(r"[^/?&=#:@]{16,}")
"""A part of an address that is long enough to be its secret."""
_SHORTEST = 8
"""Characters of a header's secret: what is shorter is a word, and may be all of an answer."""


class Carrier(Protocol):
    """What takes a request to where it belongs, within *timeout* seconds. Raises ``TransportError``."""

    def __call__(self, request: Request, /, *, timeout: float, allow_private: bool) -> Response:
        """What was answered."""


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
    told = {"webhook_alerts.attempt": attempt, "webhook_alerts.alerts": len(traces)}

    def ask(access: Access, shown: dict[str, JSON]) -> tuple[Outcome, Response | None]:
        try:
            request = channel.request(access, shown, files, int(time.time()))
        except Exception as error:  # noqa: BLE001 - the channel may be somebody else's
            return _unmade(error), None
        return _exchange(webhook, channel, access, request, traces, told)

    return _persuade(webhook, channel, body, ask)


def edit(webhook: Webhook, channel: Channel, message_id: str, body: dict[str, JSON]) -> tuple[Outcome, Response | None]:
    """Change a sent message into *body* and understand the answer. Never raises."""

    def ask(access: Access, shown: dict[str, JSON]) -> tuple[Outcome, Response | None]:
        try:
            request = channel.edit(access, message_id, shown)
        except Exception as error:  # noqa: BLE001 - the channel may be somebody else's
            return _unmade(error), None
        return _exchange(webhook, channel, access, request, (), {})

    outcome, response = _persuade(webhook, channel, body, ask)
    if outcome.moved_to:
        # What was sent before stays where it was, and can be changed no more.
        outcome = replace(outcome, verdict=Verdict.REFUSED)
    return outcome, response


def _persuade(
    webhook: Webhook,
    channel: Channel,
    body: dict[str, JSON],
    ask: Callable[[Access, dict[str, JSON]], tuple[Outcome, Response | None]],
) -> tuple[Outcome, Response | None]:
    """Ask, and ask again at once where a refusal says what would be taken: at another place, or in plainer form.

    At once, for nothing was shown yet, and with Redis away nobody would know of the other place at the next try.
    """
    access = _access(webhook, channel)
    outcome, response = ask(access, body)
    for _ in range(FURTHER):
        if outcome.moved_to and outcome.moved_to != access.moved_to:
            moved.remember(webhook, outcome.moved_to)
            access = replace(access, moved_to=outcome.moved_to)
        elif (plainer := _plainer(channel, body, outcome)) is not None:
            body = plainer
        else:
            break
        outcome, response = ask(access, body)
    return outcome, response


def _plainer(channel: Channel, body: dict[str, JSON], outcome: Outcome) -> dict[str, JSON] | None:
    try:
        return channel.plainer(body, outcome)
    except Exception:
        logger.exception("The channel %s cannot make a message plainer", channel.name)
        return None


def without_secrets(body: bytes, access: Access) -> bytes:
    """*body* of an answer without what *access* holds, and the long parts of it: servers quote what they were asked."""
    found = {access.url, *access.keys, *map(signing.bare, access.keys)}
    for text in tuple(found):
        found.update(_PART.findall(text.partition("://")[2] or text))
    for value in access.headers.values():
        found.update(part for part in (value, *value.split()) if len(part) >= _SHORTEST)
    for secret in sorted(filter(None, found), key=len, reverse=True):
        body = body.replace(secret.encode(), MARK)
    return body


def _access(webhook: Webhook, channel: Channel) -> Access:
    place = moved.place_of(webhook) if channel.can_move else ""
    return Access(webhook.url, webhook.signing_keys, dict(webhook.headers), place)


def _unmade(error: Exception) -> Outcome:
    # Not its text, which may quote the address.
    return Outcome(Verdict.REFUSED, f"no request could be made: {type(error).__name__}")


def _exchange(
    webhook: Webhook,
    channel: Channel,
    access: Access,
    request: Request,
    traces: Sequence[str],
    told: Mapping[str, str | int],
) -> tuple[Outcome, Response | None]:
    # Never its address; https://opentelemetry.io/docs/specs/semconv/http/http-spans/.
    attributes = {
        "http.request.method": request.method,
        "webhook_alerts.webhook": webhook.name,
        "webhook_alerts.channel": channel.name,
        **told,
    }
    with tracing.span(request.method, "CLIENT", traces, attributes) as tell:
        outcome, response = _ask(webhook, channel, access, request)
        counters.add(catalogue.ATTEMPTS, webhook.name, outcome.verdict.value)
        status: dict[str, str | int] = {"http.response.status_code": response.status} if response else {}
        error = "" if outcome.verdict is Verdict.DELIVERED else outcome.reason
        tell({**status, "webhook_alerts.outcome": outcome.verdict.value}, error=error)
        return outcome, response


def _ask(webhook: Webhook, channel: Channel, access: Access, request: Request) -> tuple[Outcome, Response | None]:
    try:
        carry: Carrier = import_string(channel.carrier)
        response = carry(request, timeout=webhook.timeout, allow_private=get_config().allow_private_networks)
    except transport.TransportError as error:
        return Outcome(Verdict.RETRY, error.reason, ambiguous=error.ambiguous), None
    except Exception as error:  # noqa: BLE001 - the carrier may be somebody else's
        return Outcome(Verdict.RETRY, f"the carrier failed: {type(error).__name__}", ambiguous=True), None
    response = replace(response, body=without_secrets(response.body, access))
    try:
        outcome = channel.classify(response)
        # One line, which is logged and printed: what a service says could forge others, or steer a terminal.
        return replace(outcome, reason=" ".join(clean(outcome.reason).split())), response
    except Exception as error:
        logger.exception("The channel %s cannot read an answer", channel.name)
        return Outcome(Verdict.RETRY, f"answer not understood: {type(error).__name__}", ambiguous=True), response
