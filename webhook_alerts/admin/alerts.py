"""Alerts: what happened, and what became of it at every webhook."""
# ruff: noqa: ARG002 - Django decides what its methods are given

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from webhook_alerts.admin import badges, timeline
from webhook_alerts.admin.filters import AlertWebhookFilter, OlderFilter, SinceFilter
from webhook_alerts.admin.history import HistoryAdmin
from webhook_alerts.models import Alert, Delivery

SHOWN = ("id", "level", "kind", "logger", "message", "exception_type", "occurrences", "last_seen", "received_at")


class AlertAdmin(HistoryAdmin):
    """What happened, newest first."""

    list_display = ("level_badge", "title", "count", "webhooks", "age", "source")
    list_display_links = ("title",)
    list_filter = ("level", "kind", AlertWebhookFilter, SinceFilter, OlderFilter)
    fieldsets: ClassVar = (
        (None, {"fields": ("summary", "text")}),
        (_("Deliveries"), {"fields": ("timeline",)}),
        (_("Stack trace"), {"fields": ("trace",)}),
        (_("Data"), {"fields": ("pretty_context", "pretty_details", "pretty_request", "other_messages")}),
        (
            _("Where it came from"),
            {
                "fields": (
                    ("logger", "place"),
                    ("service", "environment", "release"),
                    ("host", "process"),
                    ("fingerprint_link", "correlation_id"),
                    "id",
                )
            },
        ),
    )

    def for_list(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Without traces and context; with the deliveries, in one more query for the page."""
        owed = Delivery.objects.only("id", "alert_id", "webhook", "state", "reason").order_by("webhook")
        return rows.only(*SHOWN).prefetch_related(Prefetch("deliveries", owed))

    def by_alerts(self, rows: QuerySet[Any], alerts: QuerySet[Alert]) -> QuerySet[Any]:
        """The alerts themselves."""
        return rows.filter(pk__in=alerts.order_by().values("pk"))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Without the sections that this alert has nothing for."""
        sections = super().get_fieldsets(request, obj)
        if obj is not None and not obj.stack_trace:
            return [section for section in sections if "trace" not in section[1]["fields"]]
        return sections

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """All that is shown, for Django resolves methods only here."""
        names: list[str] = []
        for _title, section in self.fieldsets:
            for name in section["fields"]:
                names.extend((name,) if isinstance(name, str) else name)
        return names

    @admin.display(description=_("level"))
    def level_badge(self, row: Alert) -> SafeString:
        """Dot and word."""
        return badges.level(row)

    @admin.display(description=_("alert"))
    def title(self, row: Alert) -> str:
        """The message's beginning, after the exception's type."""
        text = badges.first_line(row.message) or row.get_kind_display()
        return f"{row.exception_type}: {text}" if row.exception_type and row.exception_type not in text else text

    @admin.display(description=_("times"))
    def count(self, row: Alert) -> SafeString | str:
        """×57."""
        return badges.times(row.occurrences)

    @admin.display(description=_("webhooks"))
    def webhooks(self, row: Alert) -> SafeString | str:
        """Each webhook with its state."""
        owed = [
            (badges.badge("state", item.state, f"{item.webhook}: {item.get_state_display()}", title=item.reason),)
            for item in row.deliveries.all()
        ]
        return format_html_join(" ", "{}", owed) or badges.badge("state", "none", _("no route"))

    @admin.display(description=_("last seen"))
    def age(self, row: Alert) -> SafeString | str:
        """How long ago."""
        return badges.age(row.last_seen)

    @admin.display(description=_("source"))
    def source(self, row: Alert) -> str:
        """The logger, or the kind where no logger spoke."""
        return badges.first_line(row.logger or str(row.get_kind_display()), 40)

    @admin.display(description=_("summary"))
    def summary(self, row: Alert) -> SafeString:
        """Level, kind, how often and when."""
        return SafeString(
            render_to_string(
                "webhook_alerts/admin/summary.html",
                {
                    "alert": row,
                    "level": badges.level(row),
                    "times": badges.times(row.occurrences),
                    "age": badges.age(row.last_seen),
                    "first": badges.exact(row.first_seen),
                    "last": badges.exact(row.last_seen),
                },
            )
        )

    @admin.display(description=_("message"))
    def text(self, row: Alert) -> SafeString | str:
        """The whole message."""
        return badges.pre(row.message)

    @admin.display(description=_("stack trace"))
    def trace(self, row: Alert) -> SafeString | str:
        """As Python prints it."""
        return badges.pre(row.stack_trace)

    @admin.display(description=_("context"))
    def pretty_context(self, row: Alert) -> SafeString | str:
        """What the caller gave."""
        return badges.pretty(row.context)

    @admin.display(description=_("details"))
    def pretty_details(self, row: Alert) -> SafeString | str:
        """What its kind carries."""
        return badges.pretty(row.details)

    @admin.display(description=_("request"))
    def pretty_request(self, row: Alert) -> SafeString | str:
        """The HTTP request that it happened in."""
        return badges.pretty(row.request)

    @admin.display(description=_("other messages of this group"))
    def other_messages(self, row: Alert) -> SafeString | str:
        """The samples of repeats that differed."""
        return badges.pre("\n".join(str(sample) for sample in row.samples))

    @admin.display(description=_("raised in"))
    def place(self, row: Alert) -> str:
        """Module, function and line."""
        if not row.module:
            return badges.EMPTY
        return f"{row.module}.{row.function}:{row.line}" if row.function else row.module

    @admin.display(description=_("fingerprint"))
    def fingerprint_link(self, row: Alert) -> SafeString | str:
        """A link to all alerts of the same group."""
        if not row.fingerprint:
            return badges.EMPTY
        url = reverse("admin:webhook_alerts_alert_changelist", query={"q": row.fingerprint})
        return format_html('<a href="{}">{}</a>', url, row.fingerprint)

    @admin.display(description=_("what became of it"))
    def timeline(self, row: Alert) -> SafeString:
        """Each delivery, its message, and every request made for it."""
        return timeline.deliveries(row)
