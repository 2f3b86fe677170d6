"""The messages that have told of an incident: its new state is shown in them, or in one that follows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Now

from webhook_alerts import reasons
from webhook_alerts.channels import registry
from webhook_alerts.conf import Webhook, get_config
from webhook_alerts.delivery import record, update
from webhook_alerts.delivery.draw import NotDrawnError, draw
from webhook_alerts.delivery.look import look, speaking_to
from webhook_alerts.incidents.notes import SLACK, with_notes
from webhook_alerts.models import Delivery, Incident, Message

_REASONS: Mapping[str, str] = {
    Incident.State.RESOLVED: reasons.RESOLVED,
    Incident.State.ACKNOWLEDGED: reasons.TAKEN_IN_HAND,
}
"""Of a message that says it where the first cannot be changed."""


def show_state(*incidents: Incident) -> None:
    """Have the latest message of each episode, at each webhook, say where *incidents* stand: all at the same state.

    Where a service cannot edit, further messages say what the channel tells, as that it is resolved: as few as hold
    all of them. Nothing where nothing was told. To be called in the transaction that changes the state.
    """
    update.mark_now(*tell_state(*incidents))


def tell_state(*incidents: Incident) -> set[UUID]:
    """The same, but for the messages that can be edited: their ids, to be marked together with what else is."""
    changed: set[UUID] = set()
    owed: dict[str, list[Delivery]] = {}
    for incident in incidents:
        for webhook, delivery in _told(incident):
            channel = registry.get(webhook.channel)
            if channel.supports_edit and delivery.message_id:
                changed.add(delivery.message_id)
            elif incident.state in channel.told_states and delivery.state != Delivery.State.PENDING:
                owed.setdefault(webhook.name, []).append(delivery)
    for name, deliveries in owed.items():
        _tell(get_config().webhooks[name], deliveries, _REASONS[incidents[0].state])
    return changed


def _tell(webhook: Webhook, deliveries: Iterable[Delivery], reason: str) -> None:
    """Owe *webhook* what has become of the alerts of *deliveries*, the gravest first."""
    channel = registry.get(webhook.channel)
    # The trace stands in the message that told of it, and would hide the news below it.
    style = replace(look(webhook, get_config()), include_stack_traces=False)
    rows = Delivery.objects.filter(pk__in=[each.pk for each in deliveries]).order_by("-level", "id")
    with speaking_to(webhook):
        columns = rows.values_list(*(f"alert__{name}" for name in record.COLUMNS))
        alerts = with_notes([record.value_of(row) for row in columns])
    while alerts:
        try:
            payload = draw(channel, alerts[: min(webhook.batch_size, channel.max_alerts)], style)
        except NotDrawnError:
            return  # whoever acts on an incident is not to be kept from it
        files = [file.to_dict() for file in payload.files]
        Message.objects.create(webhook=webhook.name, body=payload.json, files=files, reason=reason, due_at=Now())
        alerts = alerts[max(1, payload.count) :]


def _told(incident: Incident) -> Iterator[tuple[Webhook, Delivery]]:
    """The delivery that told of this episode last, or is about to by a message that is drawn already, by webhook.

    Of what comes and goes, the one that told so.
    """
    told = Delivery.objects.filter(
        Q(alert__last_seen__gte=incident.opened_at - SLACK) | Q(alert=incident.told_alert),
        alert__fingerprint=incident.pk,
        state__in=[Delivery.State.DELIVERED, Delivery.State.SENDING, Delivery.State.PENDING],
        message__isnull=False,
    )
    for name, webhook in get_config().webhooks.items():
        latest = told.filter(webhook=name).order_by("-alert__last_seen", "-pk").only("message_id", "state").first()
        if latest is not None:
            yield webhook, latest
