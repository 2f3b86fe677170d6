"""Filters that stay fast at millions of rows: no DISTINCT, no COUNT, and ranges only on the primary key."""
# ruff: noqa: ARG002 - Django decides what its methods are given

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, ClassVar, Protocol

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from webhook_alerts.alert import uuid7
from webhook_alerts.conf import get_config


class _Page(Protocol):
    """The part of Django's ``ChangeList`` that a filter needs."""

    result_list: QuerySet[Any]
    paginator: Any
    list_per_page: int
    result_count: int

    def get_query_string(self, new_params: dict[str, Any] | None = None, remove: list[str] | None = None) -> str: ...


class WebhookFilter(admin.SimpleListFilter):
    """By webhook: the configured names, so that the rows need not be read to find them."""

    title = _("webhook")
    parameter_name = "webhook"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, str]]:
        """The names in ``settings.WEBHOOK_ALERTS["WEBHOOKS"]``."""
        return [(name, name) for name in get_config().webhooks]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows of the chosen webhook."""
        return queryset.filter(webhook=self.value()) if self.value() else queryset


class AlertWebhookFilter(WebhookFilter):
    """Alerts owed to one webhook."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The alerts with a delivery to the chosen webhook (there is at most one each)."""
        return queryset.filter(deliveries__webhook=self.value()) if self.value() else queryset


class _Since(admin.SimpleListFilter):
    """The last minutes, hours or days, read off the identifiers, which begin with the time (UUID version 7)."""

    title = _("time")
    parameter_name = "since"
    field: ClassVar[str]

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, Any]]:
        """Seconds, and how they are called."""
        return [
            ("900", _("Last 15 minutes")),
            ("3600", _("Last hour")),
            ("86400", _("Last 24 hours")),
            ("604800", _("Last 7 days")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows not older than the chosen time."""
        chosen = self.value()
        if chosen not in {key for key, _name in self.lookup_choices}:
            return queryset
        oldest = int((time.time() - int(chosen)) * 1000)
        return queryset.filter(**{f"{self.field}__gte": _first_of(oldest)})


class SinceFilter(_Since):
    """By the row's own identifier."""

    field = "pk"


class AlertSinceFilter(_Since):
    """By the alert's identifier."""

    field = "alert_id"


class OlderFilter(admin.SimpleListFilter):
    """Pages beyond the paginator's cap: "older than the last row here", which needs no offset."""

    title = _("position")
    parameter_name = "before"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, Any]]:
        """Never empty, so that Django shows the filter; ``choices`` draws the links."""
        return [("older", _("Older than this page"))]

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Back to the newest, and on from the last row of this page."""
        page: _Page = changelist
        yield {
            "selected": self.value() is None,
            "query_string": page.get_query_string(remove=[self.parameter_name, "p"]),
            "display": _("Newest"),
        }
        rows = list(page.result_list)
        if rows and page.result_count > page.list_per_page:
            yield {
                "selected": False,
                "query_string": page.get_query_string({self.parameter_name: str(rows[-1].pk)}, remove=["p"]),
                "display": _("Older than this page"),
            }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows before the given one; what is not an identifier shows everything."""
        value = self.value()
        if not value:
            return queryset
        model: type[Model] = queryset.model
        try:
            key = model._meta.pk.to_python(value)
        except ValidationError:
            return queryset
        return queryset.filter(pk__lt=key)


def _first_of(unix_ms: int) -> Any:
    """The smallest version 7 identifier of a millisecond."""
    made = uuid7(unix_ms)
    return type(made)(int=made.int >> 80 << 80)
