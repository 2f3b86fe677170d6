"""Delivering to one webhook: look, gate, claim, POST, outcome, again, until nothing is due or the gate closes."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace

from webhook_alerts.alert import Level
from webhook_alerts.channels import registry
from webhook_alerts.channels.base import Channel, Verdict
from webhook_alerts.conf import Config, Webhook, get_config
from webhook_alerts.delivery import claim as claims
from webhook_alerts.delivery import record, update
from webhook_alerts.delivery.exchange import edit, post
from webhook_alerts.delivery.finish import finish, note
from webhook_alerts.delivery.gate import Gate, Pass, gate_for
from webhook_alerts.delivery.nudge import Nudge, nudge
from webhook_alerts.delivery.owed import fresh, owes, sweep
from webhook_alerts.metrics import catalogue, counters
from webhook_alerts.models import Delivery, Message

logger = logging.getLogger("webhook_alerts.delivery")
MOST_MESSAGES = 20
MOST_S = 30.0
"""One task sends at most this many messages for this long, so that no webhook keeps a worker."""


@dataclass(slots=True)
class _Next:
    """Why a task ended, and when to come back, in seconds (``None``: nothing to come back for)."""

    made: int
    wait_s: float | None
    is_retry: bool = False


def deliver(
    name: str, slot: int = 0, token: str = "", *, most: int = MOST_MESSAGES, at_least: Level = Level.DEBUG
) -> int:
    """Send what is due to the webhook *name*; how many requests were made. *slot* and *token* are its nudge's.

    Stops after *most* messages; makes new ones only of alerts of the level *at_least* or above.
    """
    config = get_config()
    webhook = config.webhooks.get(name)
    if webhook is None:
        logger.warning("The webhook %s is not configured any more: what it is owed stays pending", name)
        return 0
    own = Nudge(name, slot, token)
    if token and not own.begin():
        return 0
    ended = _Drain(webhook, config, registry.get(webhook.channel), gate_for(webhook)).run(most, at_least)
    if not token:
        return ended.made
    if ended.wait_s is not None:
        own.again(ended.wait_s, replaceable=ended.is_retry)
        return ended.made
    own.end()
    # Whoever stored something while the slot was taken could not nudge.
    if not ended.is_retry and owes(name):
        nudge(name)
    return ended.made


@dataclass(frozen=True, slots=True)
class _Drain:
    webhook: Webhook
    config: Config
    channel: Channel
    gate: Gate

    def run(self, most: int, at_least: Level) -> _Next:
        ends = time.monotonic() + MOST_S
        made = 0
        retries: list[float] = []
        paused = self.gate.is_paused()
        backlog = claims.Backlog(self.webhook, self.channel, at_least)
        if paused or backlog.is_quiet:
            # What is held may be silenced meanwhile, and is not told later then.
            held = Delivery.objects.filter(fresh(), webhook=self.webhook.name)
            sweep(held, self.webhook.name, self.config)
        if paused:
            record.fall_back_while_paused(self.webhook)
        while made < most and time.monotonic() < ends:
            owed = backlog.next(only_resends=paused)
            stale = update.next_due(self.webhook) if owed is None and not paused else None
            if owed is None and stale is None:
                # Paused, or nothing but retries: no later look of this task's would find more.
                return _Next(made, min(retries, default=None), is_retry=paused or bool(retries))
            given = self.gate.acquire(resend=owed is not None and owed.is_resend)
            if not given.allowed:
                counters.add(catalogue.GATE_WAITS, self.webhook.name, given.reason)
                return _Next(made, given.wait_s)
            if owed is None:
                made += self._update(stale, given) if stale else 0
                continue
            claim = claims.take(owed, self.webhook, self.channel, self.config)
            if claim is None:
                self.gate.release(given)
                backlog.changed()
                continue
            if claim.reread:
                backlog.changed()
            backlog.taken(claim.count)
            made += 1
            wait_s, gone = self._send(claim, given)
            paused = paused or gone
            if wait_s is not None:
                retries.append(wait_s)
        return _Next(made, 0.0)

    def _update(self, message: Message, given: Pass) -> int:
        """Bring the counters of a sent message up to date; how many requests that took."""
        claimed = update.claim(message)
        payload = update.render(message, self.webhook, self.channel, self.config) if claimed else None
        if claimed is None or payload is None or not update.can_edit(message, self.channel):
            self.gate.release(given)
            if payload is not None:
                update.follow_up(message, payload)
            if claimed is not None:
                update.settle(message, claimed)
            return 0
        attempt = update.begin(message)
        started = time.monotonic()
        outcome, response = edit(self.webhook, self.channel, message.provider_message_id, payload.json)
        note(attempt, outcome, response, time.monotonic() - started)
        if outcome.verdict in {Verdict.REFUSED, Verdict.GONE}:
            if self.channel.names_messages:
                update.give_up(message, payload)
            # It may be the message alone that is gone, or its thread: what is sent next tells of the webhook.
            outcome = replace(outcome, verdict=Verdict.REFUSED)
        patience_s = update.patience_s(self.channel, self.config)
        update.settle(message, claimed, outcome, payload.json, patience_s)
        self.gate.report(given, outcome, status=response.status if response else 0)
        return 1

    def _send(self, claim: claims.Claim, given: Pass) -> tuple[float | None, bool]:
        """POST it; in how many seconds it is due again, and whether the webhook is gone for good."""
        resend = claim.message.resend
        started = time.monotonic()
        number = claim.message.attempts + claim.message.deferrals + 1
        traces = [origin.traceparent for origin in claim.origins]
        outcome, response = post(
            self.webhook, self.channel, claim.message.body, claim.files, traces=traces, attempt=number
        )
        took = time.monotonic() - started
        try:
            wait_s = finish(claim, outcome, response, took, self.config)
        finally:
            self.gate.report(given, outcome, resend=resend, status=response.status if response else 0)
        return wait_s, outcome.verdict is Verdict.GONE and not resend
