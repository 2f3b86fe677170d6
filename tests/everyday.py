"""What is done all day over the record of ``tests.history``: pages that operators open, and what workers and beat do.

None of it may cost more because the history is long.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from tests.history import AGAIN, NOISY
from webhook_alerts.alert import Alert as Value
from webhook_alerts.alert import Kind, Level, uuid7
from webhook_alerts.channels import registry
from webhook_alerts.channels.base import Outcome, Verdict
from webhook_alerts.conf import get_config
from webhook_alerts.delivery import claim, gate_fallback, update
from webhook_alerts.delivery.finish import finish
from webhook_alerts.delivery.flush import flush
from webhook_alerts.delivery.owed import fresh, owes, sweep
from webhook_alerts.delivery.resend import resend
from webhook_alerts.health import services
from webhook_alerts.incidents import state
from webhook_alerts.intake.accept import accept
from webhook_alerts.metrics import readings
from webhook_alerts.models import Act, Alert, Delivery, Incident, Message, Silence
from webhook_alerts.operations.prune import prune
from webhook_alerts.presets import RETENTION
from webhook_alerts.reports import contents
from webhook_alerts.tallies.count import count_due

WEBHOOK = "errors"
ACCEPTED = 40
"""Alerts in the batch that is accepted."""


def options(url: str) -> dict[str, Any]:
    """``WEBHOOK_ALERTS`` for the webhooks of the history, at *url*, and one that nothing was ever sent to."""
    webhook = {"url": url, "channel": "discord", "rate": []}
    return {"WEBHOOKS": {WEBHOOK: {**webhook, "fallback": "info"}, "info": webhook, "status": webhook}}


_NAMES = {
    "incident": "incidents",
    "alert": "alerts",
    "delivery": "deliveries",
    "message": "messages",
    "act": "audit trail",
    "silence": "silences",
    "pause": "webhook states",
    "webhookoverride": "webhooks",
}
"""Our lists, by their models."""


# What operators look at


def pages() -> Iterator[tuple[str, str]]:
    """What is looked at, and its address, with the rows of the database that this process has."""
    for model, words in _NAMES.items():
        yield words, _list(model)
    for span in ("1h", "24h", "7d"):
        yield f"dashboard, {span}", _list("tally", range=span)
    yield from _filters()
    yield from _searches()
    yield from _changes()


def _filters() -> Iterator[tuple[str, str]]:
    for model, chosen in (
        ("incident", {"state": "unresolved"}),
        ("incident", {"level__exact": 40, "since": 604_800}),
        ("incident", {"kind__exact": "performance"}),
        ("alert", {"level__exact": 50}),
        ("alert", {"level__exact": 10}),
        ("alert", {"kind__exact": "performance"}),
        ("alert", {"kind__exact": "event"}),
        ("alert", {"webhook": "info"}),
        ("alert", {"webhook": "info", "since": 86_400}),
        ("alert", {"webhook": "status"}),
        ("delivery", {"state__exact": "failed"}),
        ("delivery", {"state__exact": "sending"}),
        ("delivery", {"webhook": "info"}),
        ("delivery", {"webhook": "status"}),
        ("delivery", {"state__exact": "failed", "level__exact": 50}),
        ("delivery", {"webhook": "info", "state__exact": "failed", "level__exact": 50}),
        ("delivery", {"level__exact": 10}),
        ("message", {"state__exact": "failed"}),
        ("message", {"webhook": "info"}),
        ("message", {"webhook": "status"}),
        ("message", {"webhook": "info", "state__exact": "pending"}),
        ("act", {"verb__exact": "acknowledged"}),
        ("act", {"verb__exact": "paused"}),
        ("act", {"who": "ben"}),
    ):
        words = ", ".join(f"{key.removesuffix('__exact')} {value}" for key, value in chosen.items())
        yield f"{_NAMES[model]} of {words}", _list(model, **chosen)
    for model, rows in (("alert", Alert.objects), ("delivery", Delivery.objects), ("message", Message.objects)):
        yield f"{_NAMES[model]}, older", _list(model, before=_one(rows.order_by("pk")[500:]).pk)
        yield f"{_NAMES[model]}, page 100", _list(model, p=100)


def _searches() -> Iterator[tuple[str, str]]:
    alert, message = _middle(), _one(Message.objects.order_by("-pk")[60:])
    for model in ("alert", "delivery", "message"):
        yield f"{_NAMES[model]} by id", _list(model, q=alert.pk)
        yield f"{_NAMES[model]} by fingerprint", _list(model, q=alert.fingerprint)
        yield f"{_NAMES[model]} by a frequent fingerprint", _list(model, q=NOISY)
        yield f"{_NAMES[model]} by words", _list(model, q="did not answer")
        yield f"{_NAMES[model]} by words of none", _list(model, q="no such words")
    yield "messages by their id", _list("message", q=message.pk)
    yield "incidents by fingerprint", _list("incident", q=alert.fingerprint)
    yield "incidents by an alert's id", _list("incident", q=alert.pk)
    yield "incidents by words", _list("incident", q="no such words")
    yield "audit trail by fingerprint", _list("act", q=alert.fingerprint)
    yield "audit trail by name", _list("act", q="ana")


def _changes() -> Iterator[tuple[str, str]]:
    alert = _middle()
    for model, key in (
        ("incident", alert.fingerprint),
        ("incident", NOISY),
        ("alert", alert.pk),
        ("delivery", alert.deliveries.all()[0].pk),
        ("message", alert.deliveries.all()[0].message_id),
        ("act", _one(Act.objects.all()).pk),
        ("silence", _one(Silence.objects.all()).pk),
    ):
        name = f"one {model}" if key != NOISY else "a frequent incident"
        yield name, reverse(f"admin:webhook_alerts_{model}_change", args=[key])


def _list(model: str, **query: object) -> str:
    return reverse(f"admin:webhook_alerts_{model}_changelist", query={key: str(value) for key, value in query.items()})


def _middle() -> Alert:
    """An alert that was delivered, of the 500 or so oldest."""
    rows = Alert.objects.order_by("pk").exclude(fingerprint=NOISY).filter(deliveries__message__isnull=False)
    return _one(rows[500:])


def _one(rows: QuerySet[Any]) -> Any:
    return rows[:1].get()


# What workers and beat do


def _accept() -> int:
    """A batch of alerts of known incidents and of new ones, and counts of what was stored before."""
    known = list(Incident.objects.order_by("-last_seen").values_list("pk", flat=True)[: ACCEPTED // 2])
    now = time.time()
    alerts = [
        Value(
            id=uuid7(),
            level=Level.ERROR,
            kind=Kind.LOG,
            message=f"it broke {n}",
            first_seen=now,
            last_seen=now,
            fingerprint=fingerprint,
        )
        for n, fingerprint in enumerate([*known, *(f"new {n}" for n in range(ACCEPTED - len(known)))])
    ]
    sources = Alert.objects.filter(repeats__isnull=False).order_by("-pk").values_list("pk", flat=True)[:20]
    told = [{"id": str(source), "total": 1_000, "last_seen": now} for source in sources]
    return accept({"alerts": [alert.to_dict() for alert in alerts], "repeats": told})


def _deliver(outcome: Outcome) -> int:
    """Claim what is due again and some of what is new, and record one *outcome* for all."""
    config = get_config()
    webhook = config.webhooks[WEBHOOK]
    channel = registry.get(webhook.channel)
    backlog = claim.Backlog(webhook, channel)
    for made in range(AGAIN + 3):
        owed = backlog.next()
        claimed = claim.take(owed, webhook, channel, config) if owed else None
        assert claimed, made
        backlog.taken(claimed.count)
        finish(claimed, outcome, None, 0.1, config)
    return AGAIN + 3


def _update() -> None:
    config = get_config()
    webhook = config.webhooks[WEBHOOK]
    message = update.next_due(webhook)
    assert message
    claimed = update.claim(message)
    assert claimed
    update.render(message, webhook, registry.get(webhook.channel), config)
    update.settle(message, claimed)
    shown = list(message.deliveries.values_list("alert_id", flat=True))
    update.mark(shown)
    update.mark(shown[:1], shown[1:], [message.pk])


def _sweep() -> int:
    """Looked through what is held, as in quiet hours; two silences hold."""
    return sweep(Delivery.objects.filter(fresh(), webhook=WEBHOOK), WEBHOOK, get_config())


def _count_the_rate() -> float:
    webhook = get_config().webhooks[WEBHOOK]
    channel = registry.get(webhook.channel)
    return gate_fallback.wait_s(webhook, channel.provider, [*channel.default_rate, *channel.provider_rate])


def _prune() -> dict[str, int]:
    """Let go of the thousand oldest deliveries, whatever else is kept."""
    settled = Delivery.objects.filter(settled_at__isnull=False).order_by("settled_at")
    oldest = settled.values_list("settled_at", flat=True)[1_000:1_001].get()
    return prune(RETENTION, oldest + timedelta(days=RETENTION["delivered"]))


def _digest() -> contents.Contents:
    now = timezone.now()
    return contents.read(WEBHOOK, now - timedelta(hours=1), now)


def _tally() -> int:
    """Counted when the latest bucket's time is over; the two before it are counted again."""
    latest = Delivery.objects.filter(settled_at__isnull=False).latest("settled_at").settled_at
    return count_due(latest + timedelta(minutes=6))


def _resolve() -> int:
    return state.resolve_quiet(timezone.now() + timedelta(hours=1))


def _resend() -> int:
    failed = Message.objects.filter(state=Message.State.FAILED).order_by("-pk")
    return resend(failed.values_list("pk", flat=True)[:20])


WORK: Mapping[str, Callable[[], object]] = {
    "accept": _accept,
    "claim and record": partial(_deliver, Outcome(Verdict.DELIVERED, "", message_id="1")),
    "claim and fail": partial(_deliver, Outcome(Verdict.REFUSED, "HTTP 400")),
    "update counters": _update,
    "flush": flush,
    "sweep": _sweep,
    "look for more": partial(owes, WEBHOOK),
    "count the rate": _count_the_rate,
    "prune": _prune,
    "tally": _tally,
    "resolve what is quiet": _resolve,
    "acknowledge": partial(state.acknowledge, NOISY, "ana"),
    "send again": _resend,
    "digest": _digest,
    "health": services.figures,
    "metrics": readings.record,
}
"""What is done, by its name; to be rolled back."""
