"""May a request go out now, and if not, when? Shared by all workers through Redis.

One Lua round-trip answers from the webhook's exact sliding windows, the provider's, the cooldowns that the service
asked for and the circuit breaker. A request occupies its windows until its answer is in, so that slow ones cannot
arrive closer together than they left. A pause stands in the database; with Redis away the rate is counted there too.
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from dataclasses import dataclass
from importlib import resources
from typing import Any

import redis
from django.utils import timezone

from webhook_alerts import reasons
from webhook_alerts.channels import registry
from webhook_alerts.channels.base import Outcome, Verdict, Window
from webhook_alerts.conf import REQUEST_DEADLINE_S, Config, Webhook, get_config
from webhook_alerts.delivery import gate_fallback, pause
from webhook_alerts.shared_memory import PREFIX, client
from webhook_alerts.silencing import quiet

logger = logging.getLogger("webhook_alerts.delivery")
BREAKER_LONGEST_S = 900.0
"""The breaker's rest doubles up to this."""
MARGIN_S = 0.05
"""Added to every window, for the difference of two clocks over that time."""
UNDER_WAY_S = REQUEST_DEADLINE_S + 5
"""A request that nobody reported back is over after this."""
INVALID = frozenset({401, 403, 404, 429})
"""What Discord calls invalid requests, and 404: 10,000 of them in 10 minutes, and it bans the address for a day.
https://discord.com/developers/docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans."""
MOST_INVALID = 500
INVALID_S = 600.0
"""After so many in so long nothing more is sent to the provider until that time is over."""
_SCRIPT = resources.files("webhook_alerts.delivery").joinpath("gate.lua").read_text(encoding="utf-8")
_HEALTH = {Verdict.DELIVERED: "ok", Verdict.RETRY: "failed"}


@dataclass(frozen=True, slots=True)
class Pass:
    """The gate's answer: go now, or come back in ``wait_s`` seconds because of ``reason``."""

    allowed: bool
    wait_s: float = 0.0
    reason: str = ""
    ticket: str = ""


class Gate:
    """The gate of one webhook. Two names for one place share it, whichever project they stand in."""

    def __init__(self, webhook: Webhook, config: Config) -> None:
        self.webhook = webhook
        self.config = config
        limits = registry.get(webhook.channel).limits(webhook.url)
        self.provider_rate = limits.provider_rate if webhook.rate else ()
        self.provider = limits.provider
        own, provider = f"{PREFIX}gate:{_digest(limits.place)}", f"{PREFIX}provider:{limits.provider or webhook.name}"
        self.keys = [f"{own}:log", f"{own}:state", f"{provider}:log", f"{provider}:state"]

    def acquire(self, *, resend: bool = False) -> Pass:
        """Take one place in every window, if all have one and nothing else keeps the gate closed.

        A resend is an operator's single try: neither breaker nor pause holds it, rate and cooldown do.
        """
        ticket = uuid.uuid4().hex
        try:
            return self._ask("acquire", ticket, resend=resend)
        except redis.RedisError as error:
            logger.warning("Redis is away (%s): the rate is counted from the attempts on record", type(error).__name__)
            wait_s = gate_fallback.wait_s(self.webhook, self.provider, self.provider_rate)
            return Pass(allowed=wait_s <= 0, wait_s=wait_s, reason="limited" if wait_s > 0 else "")

    def release(self, given: Pass) -> None:
        """Give back the place of a pass that was not used."""
        if given.ticket:
            self._tell("release", given.ticket)

    def report(self, given: Pass, outcome: Outcome, *, resend: bool = False, status: int = 0) -> None:
        """Learn from an answer: cooldowns from any, the breaker from failures and successes, a pause from the end.

        A refused message says nothing of the webhook's health; nor does a resend, whatever comes of it. An HTTP
        *status* that the provider counts against an address is counted here too, over all of its webhooks.
        """
        health = "neutral" if resend else _HEALTH.get(outcome.verdict, "neutral")
        config = self.config
        self._tell(
            "report",
            given.ticket,
            health,
            _us(outcome.wait_s),
            int(outcome.provider_wide),
            config.breaker_failures,
            _us(config.breaker_cooldown),
            _us(max(BREAKER_LONGEST_S, config.breaker_cooldown)),
            int(bool(self.provider) and status in INVALID),
            MOST_INVALID,
            _us(INVALID_S),
        )
        if outcome.verdict is Verdict.GONE and not resend:
            self.pause(outcome.reason)

    def pause(self, reason: str) -> None:
        """Send nothing until somebody resumes, or the address in the settings changes: the service says it is gone."""
        pause.begin(self.webhook.name, endpoint_digest(self.webhook), reason)

    def hold(self, reason: str, actor: str) -> bool:
        """Pause because *actor* says so; did that change anything?"""
        return pause.order(self.webhook.name, endpoint_digest(self.webhook), reason, actor)

    def resume(self, actor: str = "") -> bool:
        """End a pause, a cooldown and an open breaker; was there a pause? The rate stays what it is."""
        try:
            client().delete(self.keys[1])
        except redis.RedisError as error:
            logger.warning("Redis is away (%s): it may still hold a cooldown", type(error).__name__)
        return pause.end(self.webhook.name, actor)

    def is_paused(self) -> bool:
        """Is nothing to be sent until somebody resumes?"""
        return pause.reason(self.webhook.name, endpoint_digest(self.webhook)) is not None

    def state(self) -> dict[str, Any]:
        """Where the gate stands.

        ``state`` is open, limited, cooling_down, breaker_open, paused, quiet (hours in which only what is critical
        is sent) or unknown (Redis is away); ``wait_s`` in seconds; ``reason`` the service's words, for a pause.
        """
        held = pause.reason(self.webhook.name, endpoint_digest(self.webhook))
        if held is not None:
            return {"state": "paused", "wait_s": 0.0, "reason": held}
        now = timezone.now()
        if quiet_until := quiet.until(self.webhook, now):
            wait_s = (quiet_until - now).total_seconds()
            reason = reasons.QUIET % {"time": quiet.clock(quiet_until, now)}
            return {"state": "quiet", "wait_s": round(wait_s, 1), "reason": reason}
        try:
            seen = self.look()
        except redis.RedisError as error:
            return {"state": "unknown", "wait_s": 0.0, "reason": reasons.NO_REDIS % {"error": type(error).__name__}}
        return {"state": "open" if seen.allowed else seen.reason, "wait_s": round(seen.wait_s, 1), "reason": ""}

    def look(self) -> Pass:
        """What ``acquire`` would answer, but for a pause; takes no place. Raises ``redis.RedisError``."""
        return self._ask("look", "", resend=False)

    def _ask(self, what: str, ticket: str, *, resend: bool) -> Pass:
        rate = self.webhook.rate
        windows = [part for window in (*rate, *self.provider_rate) for part in _window(window)]
        allowed, wait, reason = client().register_script(_SCRIPT)(
            self.keys,
            [what, ticket, int(resend), _us(UNDER_WAY_S), len(rate), len(self.provider_rate), *windows],
        )
        if int(allowed) < 0:
            self._seed()
            return self._ask(what, ticket, resend=resend)
        return Pass(bool(allowed), max(int(wait) / 1e6, 0.0), reason.decode(), ticket)

    def _seed(self) -> None:
        """Tell a Redis that knows nothing of this webhook what it was sent, so that a restart makes no burst."""
        longest_s = max(window.seconds for window in self.webhook.rate)
        ages = gate_fallback.ages_s(self.webhook, longest_s)
        client().register_script(_SCRIPT)(self.keys, ["seed", "", _us(longest_s), *map(_us, ages)])

    def _tell(self, *args: str | int) -> None:
        try:
            client().register_script(_SCRIPT)(self.keys, list(args))
        except redis.RedisError as error:
            logger.warning("Redis is away (%s): the gate of %s learns nothing", type(error).__name__, self.webhook.name)


def gate_for(webhook: str | Webhook) -> Gate:
    """The gate of a configured webhook. Raises ``KeyError`` for an unknown name."""
    config = get_config()
    return Gate(config.webhooks[webhook] if isinstance(webhook, str) else webhook, config)


def state_of(name: str) -> dict[str, Any]:
    """Where the gate of a configured webhook stands, as ``Gate.state`` tells it.

    ``state`` is ``locked`` where its address cannot be decrypted. Raises ``KeyError`` for an unknown name.
    """
    if name in get_config().locked:
        return {"state": "locked", "wait_s": 0.0, "reason": reasons.LOCKED}
    return gate_for(name).state()


def endpoint_digest(webhook: Webhook) -> str:
    """What stands for a webhook's address where its URL, a secret, must not: 32 hexadecimal digits."""
    return _digest(registry.get(webhook.channel).endpoint(webhook.url))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()[:32]


def _window(window: Window) -> tuple[int, int]:
    return window.limit, _us(window.seconds + MARGIN_S)


def _us(seconds: float) -> int:
    return int(seconds * 1e6)
