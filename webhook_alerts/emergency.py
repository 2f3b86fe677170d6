"""When what we stand on is the thing that broke: grave alerts go out all the same, and the record follows.

With the broker away the process that raised an alert does the workers' job itself, on the same rows, so that nothing
is sent twice. With the database away whoever holds an alert sends it without a row and notes that beside the alert,
in the spool or in the memory of the process whose disk refuses; whoever stores it later finds the note.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import redis
from django.db import Error as DatabaseError
from django.db import connections

from webhook_alerts import overrides
from webhook_alerts.alert import Alert, Level, uuid7
from webhook_alerts.channels import registry
from webhook_alerts.channels.base import Outcome, Payload, Response, Verdict
from webhook_alerts.conf import Config, Webhook, get_config
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.delivery.draw import NotDrawnError, draw
from webhook_alerts.delivery.exchange import post
from webhook_alerts.delivery.gate import gate_for
from webhook_alerts.delivery.look import look
from webhook_alerts.delivery.owed import fresh, is_quiet
from webhook_alerts.intake.spooled import forget_what_is_stored, store, take_up
from webhook_alerts.metrics import counters
from webhook_alerts.models import Delivery
from webhook_alerts.outbox import noted, receipts
from webhook_alerts.outbox.batch import Item, items_of, notes_of
from webhook_alerts.outbox.spool import Spool
from webhook_alerts.shared_memory import PREFIX, client

logger = logging.getLogger("webhook_alerts.emergency")
AT_LEAST = Level.ERROR
"""What is grave enough: everything else waits until all is well again."""
PAUSE_S = 10.0
"""Between two messages of this process to one webhook, in seconds, where no shared limit can be asked."""
GONE_S = 600.0
"""How long a webhook that refuses for good is left alone, in seconds: a pause cannot be written down now."""

_not_before: dict[str, float] = {}


def rescue(refused: list[Item]) -> None:
    """The broker is away: store what waits and send what is grave of it, from this process.

    It waits in the spool, or in *refused*, which the disk did not take: what is stored goes from that list, and notes
    of what was sent join it. Blocks for as long as databases and webhooks take; to be called in a thread that may.
    """
    try:
        overrides.refresh()
        take_up()
        store(refused)
        grave = Delivery.objects.filter(fresh(), level__gte=AT_LEAST).order_by()
        configured = get_config().webhooks
        for name in set(grave.values_list("webhook", flat=True)) & set(configured):
            deliver(name, most=1, at_least=AT_LEAST)
    except DatabaseError as error:
        logger.warning("Neither the broker nor the database answers (%s)", type(error).__name__)
        send_unrecorded(refused)
    finally:
        counters.send()
        connections.close_all()


def keep(batch: dict[str, Any]) -> None:
    """The database is away: put *batch* on this machine's disk and send what is grave of it now.

    What comes again and was stored before is left alone, for it may have been sent. Raises ``OSError`` when the disk
    takes nothing either: the notes are in Redis then, and the batch stays with the process that published it.
    """
    if receipts.has_been_given(batch):
        return
    config = get_config()
    items = items_of(batch)
    try:
        Spool(config.spool_dir, config.spool_max_bytes).write(items)
    except OSError:
        known = len(items)
        send_unrecorded(items)
        noted.leave(items[known:])
        raise
    receipts.give(batch)
    send_unrecorded()


def with_notes(batch: dict[str, Any]) -> dict[str, Any]:
    """*batch* with the notes of what of it was sent: from this machine's disk, where a copy may lie, or without one."""
    notes = notes_of(_alerts_of(batch), [*Spool(get_config().spool_dir).notes(), *noted.left()])
    return {**batch, "sent": [*batch.get("sent", ()), *(value for _, value in notes)]} if notes else batch


def forget_notes(batch: dict[str, Any]) -> None:
    """*batch* is stored, with its notes: those that speak of nothing else are of no use any more."""
    if batch.get("sent"):
        stored = {value.get("id") for _, value in _alerts_of(batch)}
        noted.forget(note for note in noted.left() if stored.issuperset(note[1]["alerts"]))


def _alerts_of(batch: dict[str, Any]) -> list[Item]:
    return [("alert", value) for value in batch.get("alerts", ()) if isinstance(value, dict)]


def send_unrecorded(refused: list[Item] | None = None) -> int:
    """Send what is grave and was not sent yet, one message to each webhook; how many were sent.

    It waits in the spool, or in *refused*, which the disk did not take and to which notes are added.
    """
    config = get_config()
    spool = Spool(config.spool_dir)
    with suppress(OSError):  # where nothing can be removed, nothing is sent of it
        forget_what_is_stored(spool)
    return spool.amend(lambda items: _send_grave(items, config), refused)


@dataclass(frozen=True, slots=True)
class _Folded:
    """Alerts of one fingerprint, shown as one, and the ids of all of them."""

    alert: Alert
    ids: tuple[str, ...]


def _send_grave(items: Sequence[Item], config: Config) -> list[Item]:
    notes = []
    for name, alerts in _grave(items, config).items():
        webhook = config.webhooks[name]
        if _may_send(webhook) and (note := _send(webhook, _fold(alerts), config)) is not None:
            notes.append(("sent", note))
    return notes


def _grave(items: Iterable[Item], config: Config) -> dict[str, list[Alert]]:
    """The grave alerts that have not been sent, by webhook, the gravest first."""
    items = list(items)
    sent = {(str(key), value["webhook"]) for kind, value in items if kind == "sent" for key in value["alerts"]}
    owed: dict[str, list[Alert]] = {}
    for kind, value in items:
        if kind == "alert" and int(value.get("level", 0)) >= AT_LEAST:
            alert = Alert.from_dict(value)
            for name in config.route(alert):
                if name in config.webhooks and (str(alert.id), name) not in sent and _may_wake(name, alert, config):
                    sent.add((str(alert.id), name))  # a second copy of it may lie there
                    owed.setdefault(name, []).append(alert)
    return {name: sorted(alerts, key=lambda alert: -alert.level) for name, alerts in owed.items()}


def _may_wake(name: str, alert: Alert, config: Config) -> bool:
    """Is it no quiet hour of that webhook, or critical?"""
    return alert.level >= Level.CRITICAL or not is_quiet(config.webhooks[name])


def _fold(alerts: Iterable[Alert]) -> list[_Folded]:
    """One for each fingerprint, counting the others."""
    found: dict[str, _Folded] = {}
    for alert in alerts:
        key = alert.fingerprint or str(alert.id)
        before = found.get(key)
        if before is None:
            found[key] = _Folded(alert, (str(alert.id),))
            continue
        shown = replace(
            before.alert,
            occurrences=before.alert.occurrences + alert.occurrences,
            last_seen=max(before.alert.last_seen, alert.last_seen),
        )
        found[key] = _Folded(shown, (*before.ids, str(alert.id)))
    return list(found.values())


def _may_send(webhook: Webhook) -> bool:
    """At a pace of its own, shared with other processes where Redis answers, and by the gate."""
    if time.monotonic() < _not_before.get(webhook.name, 0.0):
        return False
    try:
        first = client().set(f"{PREFIX}emergency:{webhook.name}", 1, nx=True, px=int(PAUSE_S * 1000))
        return bool(first) and gate_for(webhook).acquire().allowed
    except (redis.RedisError, DatabaseError):
        return True  # without Redis the gate counts in the database


def _send(webhook: Webhook, folded: Sequence[_Folded], config: Config) -> dict[str, Any] | None:
    """POST one message; what is to be written down later, or nothing when it was not taken."""
    channel = registry.get(webhook.channel)
    try:
        payload = draw(channel, [each.alert for each in folded[: channel.max_alerts]], look(webhook, config))
    except NotDrawnError:  # which keeps no other webhook from being told, nor what was told from being noted
        _not_before[webhook.name] = time.monotonic() + GONE_S
        return None
    started = time.time()
    traces = [each.alert.traceparent for each in folded[: payload.count]]
    outcome, response = post(webhook, channel, payload.json, payload.files, traces=traces)
    pause_s = GONE_S if outcome.verdict is Verdict.GONE else max(PAUSE_S, outcome.wait_s)
    _not_before[webhook.name] = time.monotonic() + pause_s
    if outcome.verdict is not Verdict.DELIVERED:
        logger.warning("The emergency path could not reach %s: %s", webhook.name, outcome.reason)
        return None
    ids = [key for each in folded[: payload.count] for key in each.ids]
    return _note(webhook, ids, payload, outcome, response, started)


def _note(
    webhook: Webhook, ids: list[str], payload: Payload, outcome: Outcome, response: Response | None, started: float
) -> dict[str, Any]:
    return {
        "message": str(uuid7()),
        "webhook": webhook.name,
        "alerts": ids,
        "started_at": started,
        "duration_ms": int((time.time() - started) * 1000),
        "status_code": response.status if response else None,
        "provider_message_id": outcome.message_id[:128],
        "body": payload.json,
        "files": [file.to_dict() for file in payload.files],
    }
