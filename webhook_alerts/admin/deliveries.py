"""Deliveries: one alert owed to one webhook."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from webhook_alerts.admin import badges
from webhook_alerts.admin.filters import AlertSinceFilter, OlderFilter, WebhookFilter
from webhook_alerts.admin.history import HistoryAdmin
from webhook_alerts.admin.resend import ResendMixin
from webhook_alerts.models import Alert, Delivery

FIELDS = ("state_badge", "webhook", "level_badge", "alert_link", "message_link", "reason", "created_at", "delivered_at")
SHOWN = ("alert__id", "alert__message", "alert__occurrences", "alert__kind", "alert__level")
OWN = ("id", "alert_id", "message_id", "webhook", "state", "level", "reason", "created_at", "delivered_at")


class DeliveryAdmin(ResendMixin, HistoryAdmin):
    """What is owed to whom, newest first."""

    list_display = ("state_badge", "webhook", "level_badge", "title", "count", "age", "delivered", "reason")
    list_display_links = ("state_badge", "title")
    list_filter = ("state", WebhookFilter, "level", AlertSinceFilter, OlderFilter)
    fields: ClassVar = FIELDS
    readonly_fields = FIELDS

    def for_list(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """With the alert's message, without its trace and context."""
        return rows.select_related("alert").only(*OWN, *SHOWN)

    def by_alerts(self, rows: QuerySet[Any], alerts: QuerySet[Alert]) -> QuerySet[Any]:
        """The deliveries of *alerts*."""
        return rows.filter(alert__in=alerts.order_by().values("pk"))

    def by_id(self, rows: QuerySet[Any], identifier: UUID) -> QuerySet[Any]:
        """Those of an alert or of a message."""
        return rows.filter(alert=identifier) | rows.filter(message=identifier)

    def message_ids(self, rows: QuerySet[Any]) -> QuerySet[Any, Any]:
        """Each message once, though it may carry several of the rows."""
        return rows.filter(message__isnull=False).order_by().values_list("message_id", flat=True).distinct()

    @admin.display(description=_("state"))
    def state_badge(self, row: Delivery) -> SafeString:
        """Dot and word."""
        return badges.state(row)

    @admin.display(description=_("level"))
    def level_badge(self, row: Delivery) -> SafeString:
        """Dot and word."""
        return badges.level(row)

    @admin.display(description=_("alert"))
    def title(self, row: Delivery) -> str:
        """The alert's message, its beginning."""
        return badges.first_line(row.alert.message) or str(row.alert.get_kind_display())

    @admin.display(description=_("times"))
    def count(self, row: Delivery) -> SafeString | str:
        """×57."""
        return badges.times(row.alert.occurrences)

    @admin.display(description=_("age"))
    def age(self, row: Delivery) -> SafeString | str:
        """Since it is owed."""
        return badges.age(row.created_at)

    @admin.display(description=_("delivered"))
    def delivered(self, row: Delivery) -> SafeString | str:
        """When it arrived."""
        return badges.age(row.delivered_at)

    @admin.display(description=_("alert"))
    def alert_link(self, row: Delivery) -> SafeString:
        """To the alert's page."""
        url = reverse("admin:webhook_alerts_alert_change", args=[row.alert_id])
        return format_html('<a href="{}">{}</a>', url, self.title(row))

    @admin.display(description=_("message"))
    def message_link(self, row: Delivery) -> SafeString | str:
        """To the message that carries it."""
        if row.message_id is None:
            return badges.EMPTY
        url = reverse("admin:webhook_alerts_message_change", args=[row.message_id])
        return format_html('<a href="{}">{}</a>', url, row.message_id)
