"""Messages: one HTTP request owed, as the channel draws it and as it was sent, and every attempt."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from webhook_alerts.admin import badges
from webhook_alerts.admin.filters import ChoiceFilter, Older, SinceFilter, WebhookFilter
from webhook_alerts.admin.history import HistoryAdmin
from webhook_alerts.admin.resend import ResendMixin
from webhook_alerts.admin.timeline import acts, attempts
from webhook_alerts.channels import registry
from webhook_alerts.conf import get_config
from webhook_alerts.delivery.resend import settled
from webhook_alerts.drawing.numbers import number
from webhook_alerts.drawing.previews import preview
from webhook_alerts.models import Alert, Delivery, Message

OWN = ("id", "webhook", "state", "reason", "attempts", "deferrals", "due_at", "created_at", "finished_at")
CARRIED = 100
"""Alerts of one message on its page."""


class MessageAdmin(ResendMixin, HistoryAdmin):
    """What was sent, or is about to be, newest first."""

    list_display = ("state_badge", "headline", "failures", "age", "due")
    list_display_links = ("headline",)
    list_filter = (("state", ChoiceFilter), WebhookFilter, SinceFilter, Older)
    change_form_template = "webhook_alerts/admin/message.html"

    def for_list(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Without bodies; with the alerts' first words, in one more query for the page."""
        fields = ("message_id", "alert__message", "alert__kind", "alert__exception_type", "alert__logger")
        carried = Delivery.objects.select_related("alert").only(*fields)
        return rows.only(*OWN).prefetch_related(Prefetch("deliveries", carried.order_by("pk")))

    def by_alerts(self, rows: QuerySet[Any], alerts: QuerySet[Alert]) -> QuerySet[Any]:
        """The messages that carry *alerts*."""
        carried = Delivery.objects.filter(alert__in=alerts.order_by().values("pk"), message__isnull=False)
        return rows.filter(pk__in=carried.order_by().values("message"))

    def by_id(self, rows: QuerySet[Any], identifier: UUID) -> QuerySet[Any]:
        """That message, or those of that alert."""
        found = rows.filter(pk=identifier)
        return found if found.exists() else super().by_id(rows, identifier)

    def message_ids(self, rows: QuerySet[Any]) -> QuerySet[Any, Any]:
        """The rows themselves."""
        return rows.order_by().values_list("pk", flat=True)

    def page(self, request: HttpRequest, row: Message) -> dict[str, Any]:
        """How it looks, what it carries, and how it fared."""
        carried = row.deliveries.select_related("alert").order_by("pk")
        return {
            "title": gettext("Message to %(webhook)s") % {"webhook": row.webhook},
            "state": badges.state(row),
            "reason": badges.reason(row),
            "age": badges.age(row.created_at),
            "preview": _preview(row),
            "carried": [_carried(item.alert) for item in carried[:CARRIED]],
            "attempts": attempts(row),
            "body": badges.pretty(row.body),
            "files": [(item.get("filename", ""), badges.pre(str(item.get("content", "")))) for item in _files(row)],
            "facts": _facts(row),
            "acts": acts("message", row.pk),
            "may_resend": self.has_resend_permission(request) and settled(Message.objects.filter(pk=row.pk)).exists(),
        }

    @admin.display(description=_("state"))
    def state_badge(self, row: Message) -> SafeString:
        """Where it stands, and at which webhook."""
        return badges.two_lines(badges.state(row), row.webhook)

    @admin.display(description=_("carries"))
    def headline(self, row: Message) -> SafeString:
        """The first alert, and how many more; below it why it stands where it does."""
        carried = list(row.deliveries.all())
        if not carried:
            return badges.two_lines(badges.reason(row) or badges.EMPTY)
        first, more = badges.title(carried[0].alert), len(carried) - 1
        text = ngettext("%(first)s and %(n)d more", "%(first)s and %(n)d more", more) % {"first": first, "n": more}
        return badges.two_lines(text if more else first, badges.reason(row))

    @admin.display(description=_("failed requests"))
    def failures(self, row: Message) -> str:
        """How many; nothing where none failed."""
        return number(row.attempts) if row.attempts else ""

    @admin.display(description=_("age"))
    def age(self, row: Message) -> SafeString | str:
        """Since it was made."""
        return badges.age(row.created_at)

    @admin.display(description=_("due"))
    def due(self, row: Message) -> SafeString | str:
        """When it is tried next, while it is pending."""
        return badges.age(row.due_at) if row.state == Message.State.PENDING else ""


def _carried(alert: Alert) -> tuple[Any, ...]:
    return badges.level(alert), alert.pk, badges.title(alert), badges.times(alert.occurrences)


def _preview(row: Message) -> SafeString | None:
    webhook = get_config().webhooks.get(row.webhook)
    return preview(registry.get(webhook.channel), row.body, _files(row), row.webhook) if webhook else None


def _files(row: Message) -> list[dict[str, Any]]:
    """What is attached, as far as it can be read."""
    return [item for item in row.files if isinstance(item, dict)]


def _facts(row: Message) -> list[tuple[Any, Any]]:
    """Times and counters that decide what happens next."""
    pending = row.state == Message.State.PENDING
    facts = [
        (_("Webhook"), row.webhook),
        (_("Reason"), badges.reason(row)),
        (_("Created"), badges.exact(row.created_at)),
        (_("Due"), badges.exact(row.due_at) if pending else ""),
        (_("Finished"), badges.exact(row.finished_at) if row.finished_at else ""),
        (_("Failed requests"), row.attempts),
        (_("Asked to wait"), row.deferrals),
        (_("Claims"), row.claims),
        (_("Id at the service"), row.provider_message_id),
        (_("Id"), row.pk),
    ]
    return [(name, value) for name, value in facts if value or value == 0]
