"""Messages: one HTTP request owed, the body as it was sent, and every attempt."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from webhook_alerts.admin import badges
from webhook_alerts.admin.filters import OlderFilter, SinceFilter, WebhookFilter
from webhook_alerts.admin.history import HistoryAdmin
from webhook_alerts.admin.resend import ResendMixin
from webhook_alerts.admin.timeline import attempts
from webhook_alerts.models import Alert, Delivery, Message

FIELDS = ("state_badge", "alerts", "attempt_log", "payload", "attached", "standing", "provider_message_id", "id")
OWN = ("id", "webhook", "state", "reason", "attempts", "deferrals", "due_at", "created_at", "finished_at")


class MessageAdmin(ResendMixin, HistoryAdmin):
    """What was sent, or is about to be, newest first."""

    list_display = ("state_badge", "webhook", "title", "attempts", "age", "due", "reason")
    list_display_links = ("state_badge", "title")
    list_filter = ("state", WebhookFilter, SinceFilter, OlderFilter)
    fields: ClassVar = FIELDS
    readonly_fields = FIELDS
    change_form_template = "webhook_alerts/admin/message_form.html"

    def for_list(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Without bodies; with the alerts' first words, in one more query for the page."""
        carried = Delivery.objects.select_related("alert").only("message_id", "alert__message", "alert__kind")
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

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page, with a button for those who may resend."""
        extra = {"may_resend": self.has_resend_permission(request), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, extra)

    @admin.display(description=_("state"))
    def state_badge(self, row: Message) -> SafeString:
        """Dot and word."""
        return badges.state(row)

    @admin.display(description=_("carries"))
    def title(self, row: Message) -> str:
        """The first alert, and how many more."""
        carried = list(row.deliveries.all())
        if not carried:
            return badges.EMPTY
        first = badges.first_line(carried[0].alert.message, 90) or str(carried[0].alert.get_kind_display())
        more = len(carried) - 1
        return f"{first} {ngettext('and %d more', 'and %d more', more) % more}" if more else first

    @admin.display(description=_("age"))
    def age(self, row: Message) -> SafeString | str:
        """Since it was made."""
        return badges.age(row.created_at)

    @admin.display(description=_("due"))
    def due(self, row: Message) -> SafeString | str:
        """When it is tried next, while it is pending."""
        return badges.age(row.due_at) if row.state == Message.State.PENDING else badges.EMPTY

    @admin.display(description=_("carries"))
    def alerts(self, row: Message) -> SafeString | str:
        """Links to the alerts in it."""
        links = (
            (
                badges.level(item.alert),
                reverse("admin:webhook_alerts_alert_change", args=[item.alert_id]),
                badges.first_line(item.alert.message) or item.alert.get_kind_display(),
                badges.times(item.alert.occurrences),
            )
            for item in row.deliveries.select_related("alert").order_by("pk")
        )
        return format_html_join("", '<div class="wa-line">{} <a href="{}">{}</a> {}</div>', links) or badges.EMPTY

    @admin.display(description=_("attempts"))
    def attempt_log(self, row: Message) -> SafeString:
        """Every request made for it."""
        return attempts(row)

    @admin.display(description=_("body as sent"))
    def payload(self, row: Message) -> SafeString | str:
        """The JSON that was posted."""
        return badges.pretty(row.body)

    @admin.display(description=_("attached files"))
    def attached(self, row: Message) -> SafeString | str:
        """Name and content of each."""
        return badges.pretty(row.files)

    @admin.display(description=_("standing"))
    def standing(self, row: Message) -> SafeString:
        """Times and counters that decide what happens next."""
        facts = [
            (_("webhook"), row.webhook),
            (_("created"), badges.exact(row.created_at)),
            (_("due"), badges.exact(row.due_at)),
            (_("finished"), badges.exact(row.finished_at)),
            (_("failed requests"), row.attempts),
            (_("asked to wait"), row.deferrals),
            (_("claims"), row.claims),
            (_("reason"), row.reason or badges.EMPTY),
        ]
        return format_html_join("", '<div class="wa-fact"><span>{}</span> {}</div>', facts)
