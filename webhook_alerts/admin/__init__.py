"""The admin: what happened, to whom it was owed, what was sent and what came back. Nothing here can be edited."""

from django.contrib import admin

from webhook_alerts.admin.alerts import AlertAdmin
from webhook_alerts.admin.deliveries import DeliveryAdmin
from webhook_alerts.admin.messages import MessageAdmin
from webhook_alerts.models import Alert, Delivery, Message

__all__ = ["AlertAdmin", "DeliveryAdmin", "MessageAdmin"]

admin.site.register(Alert, AlertAdmin)
admin.site.register(Delivery, DeliveryAdmin)
admin.site.register(Message, MessageAdmin)
