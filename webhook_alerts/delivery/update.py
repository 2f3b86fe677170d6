"""Bringing the counters of sent messages up to date: by editing where the service can, else by one follow-up.

Whoever counts repeats marks the messages that show their alerts; the mark stands in the row, so that no update is
lost with a worker.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Case, Max, Q, QuerySet, When
from django.db.models.functions import Now

from webhook_alerts import reasons
from webhook_alerts.channels.base import Channel, Outcome, Payload, Verdict
from webhook_alerts.conf import LEASE_S, Config, Webhook, get_config
from webhook_alerts.delivery import notice, record
from webhook_alerts.delivery.draw import NotDrawnError, draw
from webhook_alerts.delivery.look import look, speaking_to
from webhook_alerts.incidents.notes import with_notes
from webhook_alerts.models import Alert as AlertRow
from webhook_alerts.models import Attempt, Delivery, Message
from webhook_alerts.models.locking import in_order, locked

GATHER_S = 5.0
"""How long further repeats are waited for before a message is changed, in seconds."""
GATHER_REPEATS_S = 60.0
"""The same for repeats that are not told, which are nothing new, in seconds."""
GIVE_UP_S = 3_600.0
"""A message that could not be brought up to date for so many seconds stays as it is."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """An update that this worker may make *until* then, and how often each alert had been counted at its beginning."""

    until: datetime | None
    counts: Mapping[UUID, int]


def mark(counted: Collection[UUID], told_before: Collection[UUID] = (), changed: Collection[UUID] = ()) -> None:
    """The messages that show these alerts are to be brought up to date, for their counts have changed.

    The incidents of *told_before* go on without being told again: theirs are to say how often, now and then. What the
    messages *changed* show has changed in another way, as ``mark_now`` says. All in one statement, so in one order.
    """
    shown: Any = _showing([*counted, *told_before])
    if changed:
        shown = {*changed, *shown.values_list("message", flat=True)}
    names_none, counts = Q(provider_message_id=""), Q(pk__in=_showing(counted))
    stale = Q(update_due_at=None) & (counts | ~names_none) if told_before else Q(update_due_at=None)
    due_at = Case(
        When(Q(pk__in=changed), then=_now()),
        # Not sent yet, or sent by a service that names no message: once, when the window is over.
        When(names_none, then=Now() + timedelta(seconds=get_config().dedup_window + GATHER_S)),
        When(counts, then=Now() + timedelta(seconds=GATHER_S)),
        default=Now() + timedelta(seconds=GATHER_REPEATS_S),
    )
    in_order(Message.objects.filter(stale | Q(pk__in=changed), pk__in=shown)).update(update_due_at=due_at)


def _showing(alerts: Collection[UUID]) -> QuerySet[Delivery, Any]:
    return Delivery.objects.filter(alert__in=alerts, message__isnull=False).order_by().values("message")


def mark_now(*messages: UUID) -> None:
    """What *messages* show has changed in another way: they are brought up to date at the next look after they left."""
    in_order(Message.objects.filter(pk__in=messages)).update(update_due_at=_now())


def _now() -> Any:
    # A sum, for what SQLite writes for the bare time is not equal to the same time read and given back to it.
    return Now() - timedelta(milliseconds=1)


def due() -> Q:
    """Messages whose counters are to be brought up to date now."""
    return Q(state=Message.State.DELIVERED, update_due_at__lte=Now())


def next_due(webhook: Webhook) -> Message | None:
    """The message that has waited longest."""
    return Message.objects.filter(due(), webhook=webhook.name).order_by("update_due_at").first()


def claim(message: Message) -> Claimed | None:
    """Take the update, for as long as a lease; what to hand back to ``settle``, or ``None``: another worker has it."""
    with record.short():
        ours = _of(message)
        if not ours.filter(update_due_at=message.update_due_at).update(
            update_due_at=Now() + timedelta(seconds=LEASE_S)
        ):
            return None
        until = ours.values_list("update_due_at", flat=True).get()
    shown = AlertRow.objects.filter(deliveries__message=message)
    return Claimed(until, dict(shown.values_list("pk", "occurrences")))


def render(message: Message, webhook: Webhook, channel: Channel, config: Config) -> Payload | None:
    """The message as it should be now; ``None`` when it need not or cannot change."""
    rows = message.deliveries.order_by("-level", "id").values_list(*(f"alert__{name}" for name in record.COLUMNS))
    with speaking_to(webhook):
        alerts = notice.retold(with_notes([record.value_of(row) for row in rows]))
    if not alerts or message.digest:
        return None
    if not channel.supports_edit:
        # That an incident is resolved, and how often it was seen, a message of its own has said.
        alerts = [alert for alert in alerts if alert.occurrences > 1 and alert.state != "resolved"]
    if not alerts:
        return None
    try:
        payload = draw(channel, alerts, look(webhook, config))
    except NotDrawnError:
        return None  # what was sent stays as it is
    whole = payload.count == len(alerts) or not channel.supports_edit
    return payload if whole and payload.json != message.body else None


def can_edit(message: Message, channel: Channel) -> bool:
    """Can *message* be changed, or has its service refused to, or never named it?"""
    return channel.supports_edit and (bool(message.provider_message_id) or not channel.names_messages)


def follow_up(message: Message, payload: Payload) -> None:
    """Owe the service one more message with the counts, since the first cannot be changed."""
    files: Sequence[Any] = [file.to_dict() for file in payload.files]
    Message.objects.create(
        webhook=message.webhook, body=payload.json, files=files, reason=reasons.FOLLOW_UP, due_at=Now()
    )


def give_up(message: Message, payload: Payload) -> None:
    """Say what is new in a message of its own: the service refuses to change the one that was sent, now and later."""
    _of(message).update(provider_message_id="")
    follow_up(message, payload)


def begin(message: Message) -> Attempt:
    """Put the request on record before it goes out."""
    return Attempt.objects.create(message=message, webhook=message.webhook, update=True)


def patience_s(channel: Channel, config: Config) -> float:
    """For how long a change is tried, in seconds from its first try; who keeps incidents itself must hear."""
    return GIVE_UP_S if channel.names_messages else config.max_age


def settle(
    message: Message,
    claimed: Claimed,
    outcome: Outcome | None = None,
    body: dict[str, Any] | None = None,
    patience_s: float = GIVE_UP_S,
) -> None:
    """The update is over, or to be tried again; a mark that was set meanwhile stays, and what was counted is marked."""
    with record.short():
        # Whoever counts just now waits for this transaction, and marks the message after it.
        alerts = locked(AlertRow.objects.filter(pk__in=claimed.counts))
        has_counted_on = dict(alerts.values_list("pk", "occurrences")) != claimed.counts
        if outcome is not None and outcome.verdict is Verdict.DELIVERED and body is not None:
            _of(message).update(body=body)
        ours = _of(message).filter(update_due_at=claimed.until)
        if outcome is not None and outcome.verdict in {Verdict.RETRY, Verdict.WAIT}:
            again = Now() + timedelta(seconds=max(GATHER_S, outcome.wait_s))
            if _is_hopeful(message, patience_s) and ours.update(update_due_at=again):
                return
        ours.update(update_due_at=Now() + timedelta(seconds=GATHER_S) if has_counted_on else None)


def _is_hopeful(message: Message, patience_s: float) -> bool:
    """Was the first try since an update arrived not longer ago than *patience_s*?"""
    tries = Attempt.objects.filter(message=message, update=True)
    arrived = tries.filter(outcome=Attempt.Outcome.DELIVERED).aggregate(at=Max("started_at"))["at"]
    failed = tries.filter(started_at__gt=arrived) if arrived else tries
    return not failed.filter(started_at__lt=Now() - timedelta(seconds=patience_s)).exists()


def _of(message: Message) -> QuerySet[Message]:
    return Message.objects.filter(pk=message.pk)
