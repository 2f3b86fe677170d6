"""Making the digests that are due: each once, however many beats and workers there are."""

from __future__ import annotations

import zoneinfo
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError

from webhook_alerts import reasons
from webhook_alerts.channels import registry
from webhook_alerts.conf import Config, Webhook, get_config
from webhook_alerts.configuration.schedules import Schedule
from webhook_alerts.delivery import record
from webhook_alerts.delivery.draw import NotDrawnError, draw
from webhook_alerts.delivery.look import look, speaking_to
from webhook_alerts.delivery.nudge import nudge
from webhook_alerts.models import Message, Report
from webhook_alerts.reports import chart, contents
from webhook_alerts.reports.compose import compose

AFTER = timedelta(minutes=15)
"""How long after its period a digest is made: the tallies are complete by then."""


def send_due(now: datetime) -> int:
    """Owe every webhook the digests whose time has come at *now*; how many messages that made."""
    config = get_config()
    return sum(
        _send(webhook, schedule, now, config) for webhook in config.webhooks.values() for schedule in webhook.digests
    )


def _send(webhook: Webhook, schedule: Schedule, now: datetime, config: Config) -> bool:
    starts, ends = schedule.latest(now - AFTER, settings.TIME_ZONE)
    made = Report(webhook=webhook.name, period=schedule.period, starts_at=starts, ends_at=ends)
    if Report.objects.filter(webhook=made.webhook, period=made.period, starts_at=starts).exists():
        return False
    found = contents.read(webhook.name, starts, ends)
    try:
        with record.short():
            made.save(force_insert=True)
            if found.is_empty and not webhook.empty_digests:
                return False
            zone = zoneinfo.ZoneInfo(schedule.zone or settings.TIME_ZONE)
            span = starts.astimezone(zone), ends.astimezone(zone)
            with speaking_to(webhook):
                alert = compose(found, webhook.name, schedule.period, span, config)
                picture = chart.picture(webhook.name, span)
            channel = registry.get(webhook.channel)
            try:
                payload = draw(channel, [alert], look(webhook, config))
            except NotDrawnError:
                return False
            if picture:
                payload = channel.with_picture(payload, picture)
            files = [file.to_dict() for file in payload.files]
            made.message = Message.objects.create(
                webhook=webhook.name, body=payload.json, files=files, reason=reasons.DIGEST
            )
            made.save(update_fields=["message"])
    except IntegrityError:  # another worker was quicker
        return False
    nudge(webhook.name)
    return True
