"""The record: alerts, incidents, what is owed to whom, the requests owed and made, and what operators did.

A row is the truth; a Celery message is only a nudge to look at it.
"""

from webhook_alerts.models.alerts import Alert, Repeat
from webhook_alerts.models.audit import Act
from webhook_alerts.models.deliveries import Attempt, Delivery, Message, Pause
from webhook_alerts.models.incidents import Incident
from webhook_alerts.models.overrides import RouteOverride, WebhookOverride
from webhook_alerts.models.reports import Report
from webhook_alerts.models.silences import Silence
from webhook_alerts.models.tallies import Tally

__all__ = [
    "Act",
    "Alert",
    "Attempt",
    "Delivery",
    "Incident",
    "Message",
    "Pause",
    "Repeat",
    "Report",
    "RouteOverride",
    "Silence",
    "Tally",
    "WebhookOverride",
]
