"""Deliveries: one alert owed to one webhook."""
# ruff: noqa: ARG002 - Django decides what its methods are given

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from webhook_alerts.admin import badges
from webhook_alerts.admin.filters import AlertSinceFilter, ChoiceFilter, Older, WebhookFilter
from webhook_alerts.admin.history import HistoryAdmin
from webhook_alerts.admin.resend import ResendMixin
from webhook_alerts.admin.timeline import attempts
from webhook_alerts.models import Alert, Delivery

SHOWN = (
    "alert__id",
    "alert__message",
    "alert__occurrences",
    "alert__kind",
    "alert__level",
    "alert__exception_type",
    "alert__logger",
)
OWN = ("id", "alert_id", "message_id", "webhook", "state", "level", "reason", "created_at", "delivered_at")


class DeliveryAdmin(ResendMixin, HistoryAdmin):
    """What is owed to whom, newest first."""

    list_display = ("state_badge", "level_badge", "title", "count", "age", "delivered")
    list_display_links = ("title",)
    list_filter = (("state", ChoiceFilter), WebhookFilter, ("level", ChoiceFilter), AlertSinceFilter, Older)
    change_form_template = "webhook_alerts/admin/delivery.html"

    def for_list(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """With the alert's message, without its trace and context."""
        return rows.select_related("alert").only(*OWN, *SHOWN)

    def by_alerts(self, rows: QuerySet[Any], alerts: QuerySet[Alert]) -> QuerySet[Any]:
        """The deliveries of *alerts*."""
        return rows.filter(alert__in=alerts.order_by().values("pk"))

    def by_id(self, rows: QuerySet[Any], identifier: UUID) -> QuerySet[Any]:
        """Those of an alert or of a message."""
        return rows.filter(alert=identifier) | rows.filter(message=identifier)

    def page(self, request: HttpRequest, row: Delivery) -> dict[str, Any]:
        """Where it stands, and what was requested for it."""
        facts = [
            (_("Webhook"), row.webhook),
            (_("Reason"), badges.reason(row)),
            (_("Owed since"), badges.exact(row.owed_since)),
            (_("Delivered"), badges.exact(row.delivered_at) if row.delivered_at else ""),
        ]
        return {
            "title": badges.title(row.alert),
            "state": badges.state(row),
            "level": badges.level(row),
            "facts": [(name, value) for name, value in facts if value],
            "attempts": attempts(row.message) if row.message else "",
        }

    def message_ids(self, rows: QuerySet[Any]) -> QuerySet[Any, Any]:
        """Each message once, though it may carry several of the rows."""
        return rows.filter(message__isnull=False).order_by().values_list("message_id", flat=True).distinct()

    @admin.display(description=_("state"))
    def state_badge(self, row: Delivery) -> SafeString:
        """Where it stands, and at which webhook."""
        return badges.two_lines(badges.state(row), row.webhook)

    @admin.display(description=_("level"))
    def level_badge(self, row: Delivery) -> SafeString:
        """Dot and word."""
        return badges.level(row)

    @admin.display(description=_("alert"))
    def title(self, row: Delivery) -> SafeString:
        """The alert's message, its beginning, and why the delivery stands where it does."""
        return badges.two_lines(badges.title(row.alert), badges.reason(row))

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
        return badges.age(row.delivered_at) if row.delivered_at else ""
