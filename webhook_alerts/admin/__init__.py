"""The admin: what happened, to whom it was owed, what was sent and what came back; and what operators do about it."""

from django.contrib import admin

from webhook_alerts.admin.alerts import AlertAdmin
from webhook_alerts.admin.audit import ActAdmin
from webhook_alerts.admin.dashboard import DashboardAdmin
from webhook_alerts.admin.deliveries import DeliveryAdmin
from webhook_alerts.admin.incidents import IncidentAdmin
from webhook_alerts.admin.messages import MessageAdmin
from webhook_alerts.admin.overrides import RouteOverrideAdmin, WebhookOverrideAdmin
from webhook_alerts.admin.silences import SilenceAdmin
from webhook_alerts.admin.webhooks import WebhooksAdmin
from webhook_alerts.models import (
    Act,
    Alert,
    Delivery,
    Incident,
    Message,
    Pause,
    RouteOverride,
    Silence,
    Tally,
    WebhookOverride,
)

__all__ = [
    "ActAdmin",
    "AlertAdmin",
    "DashboardAdmin",
    "DeliveryAdmin",
    "IncidentAdmin",
    "MessageAdmin",
    "RouteOverrideAdmin",
    "SilenceAdmin",
    "WebhookOverrideAdmin",
    "WebhooksAdmin",
]

admin.site.register(Tally, DashboardAdmin)
admin.site.register(Incident, IncidentAdmin)
admin.site.register(Alert, AlertAdmin)
admin.site.register(Delivery, DeliveryAdmin)
admin.site.register(Message, MessageAdmin)
admin.site.register(Pause, WebhooksAdmin)
admin.site.register(Silence, SilenceAdmin)
admin.site.register(Act, ActAdmin)
admin.site.register(WebhookOverride, WebhookOverrideAdmin)
admin.site.register(RouteOverride, RouteOverrideAdmin)
