"""Alerts: what happened, why it went where it went, and what became of it at every webhook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _gettext
from django.utils.translation import gettext_lazy as _

from webhook_alerts.admin import badges, links, timeline
from webhook_alerts.admin.filters import AlertWebhookFilter, ChoiceFilter, Older, SinceFilter
from webhook_alerts.admin.history import HistoryAdmin
from webhook_alerts.admin.resend import ResendMixin
from webhook_alerts.drawing.numbers import number
from webhook_alerts.models import Alert, Delivery, Incident
from webhook_alerts.operations.explain import explain

SHOWN = (
    "id", "level", "kind", "logger", "message", "exception_type", "fingerprint", "occurrences", "last_seen",
    "received_at",
)  # fmt: skip
NAMED = 3
"""Webhooks in the same state that the list names; of more it says how many."""


class AlertAdmin(ResendMixin, HistoryAdmin):
    """What happened, newest first."""

    list_display = ("level_badge", "headline", "count", "webhooks", "age", "incident")
    list_display_links = ("headline",)
    list_filter = (("level", ChoiceFilter), ("kind", ChoiceFilter), AlertWebhookFilter, SinceFilter, Older)
    change_form_template = "webhook_alerts/admin/alert.html"

    def for_list(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Without traces and context; with the deliveries, in one more query for the page."""
        owed = Delivery.objects.only("id", "alert_id", "webhook", "state", "reason").order_by("webhook")
        return rows.only(*SHOWN).prefetch_related(Prefetch("deliveries", owed))

    def attach(self, rows: Sequence[Any]) -> None:
        """Their incidents, in one query for the page."""
        wanted = {row.fingerprint for row in rows if row.fingerprint}
        found = Incident.objects.only("fingerprint", "state", "state_by").in_bulk(wanted) if wanted else {}
        for row in rows:
            row.of_incident = found.get(row.fingerprint)

    def by_alerts(self, rows: QuerySet[Any], alerts: QuerySet[Alert]) -> QuerySet[Any]:
        """The alerts themselves."""
        return rows.filter(pk__in=alerts.order_by().values("pk"))

    def message_ids(self, rows: QuerySet[Any]) -> QuerySet[Any, Any]:
        """Each message once, that carries any of the rows."""
        carried = Delivery.objects.filter(alert__in=rows.order_by().values("pk"), message__isnull=False)
        return carried.order_by().values_list("message_id", flat=True).distinct()

    def page(self, request: HttpRequest, row: Alert) -> dict[str, Any]:
        """What happened, in sections."""
        found = Incident.objects.filter(pk=row.fingerprint).first() if row.fingerprint else None
        data = [
            (_("Context"), badges.pretty(row.context) if row.context else ""),
            (_("Details"), badges.pretty(row.details) if row.details else ""),
            (_("Request"), badges.pretty(row.request) if row.request else ""),
            (_("Other messages of its repeats"), badges.pre("\n".join(str(sample) for sample in row.samples))),
        ]
        return {
            "title": badges.title(row),
            "level": badges.level(row),
            "kind": badges.kind(row),
            "times": badges.times(row.occurrences),
            "age": badges.age(row.last_seen),
            "first": badges.exact(row.first_seen),
            "last": badges.exact(row.last_seen),
            "incident": found,
            "incident_badge": badges.incident(found) if found else "",
            "incident_url": links.incident(row.fingerprint) if found else "",
            "text": "" if _is_title(row) else badges.pre(badges.said(row)),
            "deliveries": timeline.deliveries(row),
            "story": explain(row),
            "trace": badges.pre(row.stack_trace) if row.stack_trace else "",
            "data": [(name, drawn) for name, drawn in data if drawn and drawn != badges.EMPTY],
            "origin": self._origin(row),
            "may_resend": self.has_resend_permission(request) and row.deliveries.filter(message__isnull=False).exists(),
            "silence_url": links.silence(request, row.fingerprint),
        }

    def _origin(self, row: Alert) -> list[tuple[Any, Any]]:
        place = f"{row.module}.{row.function}:{row.line}" if row.function else row.module
        same = format_html('<a href="{}">{}</a>', links.alerts_of(row.fingerprint), row.fingerprint)
        facts = [
            (_("Logger"), row.logger),
            (_("Raised in"), place),
            (_("Service"), row.service),
            (_("Environment"), row.environment),
            (_("Release"), row.release),
            (_("Host"), row.host),
            (_("Process"), row.process),
            (_("Fingerprint"), same if row.fingerprint else ""),
            (_("Correlation id"), row.correlation_id),
            (_("Received"), badges.exact(row.received_at)),
            (_("Id"), row.pk),
        ]
        return [(name, value) for name, value in facts if value]

    @admin.display(description=_("level"))
    def level_badge(self, row: Alert) -> SafeString:
        """Dot and word."""
        return badges.level(row)

    @admin.display(description=_("alert"))
    def headline(self, row: Alert) -> SafeString:
        """What it says, and below who said it."""
        return badges.two_lines(badges.title(row), row.get_kind_display(), badges.first_line(row.logger, 40))

    @admin.display(description=_("times"))
    def count(self, row: Alert) -> SafeString | str:
        """×57."""
        return badges.times(row.occurrences)

    @admin.display(description=_("webhooks"))
    def webhooks(self, row: Alert) -> SafeString | str:
        """Each webhook with its state; where more than ``NAMED`` are in the same, their number."""
        owed: dict[str, list[Any]] = {}
        for item in row.deliveries.all():
            owed.setdefault(item.state, []).append(item)
        shown = [badge for its in sorted(owed.values(), key=len) for badge in _owed(its)]
        shown = shown or [badges.badge("state", "none", _("no route"))]
        return format_html_join(" ", "{}", ((badge,) for badge in shown))

    @admin.display(description=_("last seen"))
    def age(self, row: Alert) -> SafeString | str:
        """How long ago."""
        return badges.age(row.last_seen)

    @admin.display(description=_("incident"))
    def incident(self, row: Any) -> SafeString | str:
        """Where its incident stands, and who has it in hand."""
        found = row.of_incident
        if found is None:
            return ""
        return format_html(
            '<a class="wa-plain-link" href="{}">{}</a>',
            links.incident(row.fingerprint),
            badges.two_lines(badges.incident(found), found.state_by),
        )


def _owed(items: Sequence[Any]) -> list[SafeString]:
    """Deliveries in the same state."""
    state, words = items[0].state, items[0].get_state_display()
    if len(items) <= NAMED:
        return [badges.badge("state", state, f"{item.webhook}: {words}", title=badges.reason(item)) for item in items]
    text = _gettext("%(count)s webhooks: %(state)s") % {"count": number(len(items)), "state": words}
    return [badges.badge("state", state, text, title=", ".join(item.webhook for item in items))]


def _is_title(row: Alert) -> bool:
    """Does the page's title say the whole message?"""
    return badges.title(row).endswith(badges.said(row))
