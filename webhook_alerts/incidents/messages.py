"""The messages that have told of an incident: its new state is shown in them, or in one that follows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.db.models import Q
from django.db.models.functions import Now

from webhook_alerts import reasons
from webhook_alerts.channels import registry
from webhook_alerts.conf import Webhook, get_config
from webhook_alerts.delivery import record, update
from webhook_alerts.delivery.look import look, speaking_to
from webhook_alerts.incidents.notes import SLACK, with_notes
from webhook_alerts.models import Delivery, Incident, Message

_REASONS: Mapping[str, str] = {
    Incident.State.RESOLVED: reasons.RESOLVED,
    Incident.State.ACKNOWLEDGED: reasons.TAKEN_IN_HAND,
}
"""Of a message that says it where the first cannot be changed."""


def show_state(incident: Incident) -> None:
    """Have the latest message of this episode, at each webhook, say where *incident* stands.

    Where a service cannot edit, one more message says what the channel tells, as that it is resolved; nothing where
    nothing was told. To be called in the transaction that changes the state.
    """
    for webhook, delivery in _told(incident):
        channel = registry.get(webhook.channel)
        if channel.supports_edit and delivery.message_id:
            update.mark_now(delivery.message_id)
        elif incident.state in channel.told_states and delivery.state != Delivery.State.PENDING:
            row = Delivery.objects.filter(pk=delivery.pk).values_list(*(f"alert__{name}" for name in record.COLUMNS))
            with speaking_to(webhook):
                alerts = with_notes([record.value_of(columns) for columns in row])
            payload = channel.render(alerts, look(webhook, get_config()))
            Message.objects.create(
                webhook=webhook.name,
                body=payload.json,
                files=[file.to_dict() for file in payload.files],
                reason=_REASONS[incident.state],
                due_at=Now(),
            )


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
