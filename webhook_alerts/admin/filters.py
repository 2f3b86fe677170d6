"""Filters that stay fast at millions of rows: no DISTINCT, no COUNT, and ranges only on the primary key."""
# ruff: noqa: ARG002 - Django decides what its methods are given

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from webhook_alerts.admin.base import UNFOLD
from webhook_alerts.alert import uuid7
from webhook_alerts.conf import get_config
from webhook_alerts.models import Incident

TEMPLATE = "admin/filter.html" if UNFOLD else "webhook_alerts/admin/filter.html"


class Listed(admin.SimpleListFilter):
    """A filter that is drawn as one of a row of menus."""

    template = TEMPLATE


class ChoiceFilter(admin.ChoicesFieldListFilter):
    """By a field with choices, drawn likewise."""

    template = TEMPLATE


class WebhookFilter(Listed):
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


class _Since(Listed):
    """The last minutes, hours or days, read off the identifiers, which begin with the time (UUID version 7)."""

    title = _("time")
    parameter_name = "since"
    field: ClassVar[str] = "pk"

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


class Older(admin.SimpleListFilter):
    """Pages beyond the paginator's cap: "older than the last row here", which needs no offset; drawn below the list."""

    title = _("position")
    parameter_name = "before"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, Any]]:
        """Never empty, so that Django asks the filter for its rows."""
        return [("older", _("Older"))]

    def links(self, page: Any, rows: Sequence[Any]) -> tuple[str, str]:
        """The queries of the newest rows and of those after this page; empty where they are these, or are counted."""
        newest = page.get_query_string(remove=[self.parameter_name, "p"]) if self.value() else ""
        more = bool(rows) and getattr(page.paginator, "capped", False)
        older = page.get_query_string({self.parameter_name: self.position(rows[-1])}, remove=["p"]) if more else ""
        return newest, older

    def position(self, row: Any) -> str:
        """Where *row* stands, as a text."""
        return str(row.pk)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows before the given position; what is none shows everything."""
        value = self.value()
        if not value:
            return queryset
        model: type[Model] = queryset.model
        try:
            key = model._meta.pk.to_python(value)
        except ValidationError:
            return queryset
        return queryset.filter(pk__lt=key)


class OlderSeen(Older):
    """By when it was seen last, and by its key among equals."""

    def position(self, row: Any) -> str:
        """The time and the key."""
        return f"{row.last_seen.isoformat()} {row.pk}"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows before the given position; what is none shows everything."""
        seen, _space, key = (self.value() or "").partition(" ")
        try:
            moment = datetime.fromisoformat(seen)
        except ValueError:
            return queryset
        return queryset.filter(last_seen__lte=moment).exclude(last_seen=moment, pk__gte=key)


class SeenFilter(_Since):
    """By when it was seen last."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows seen within the chosen time."""
        chosen = self.value()
        if chosen not in {key for key, _name in self.lookup_choices}:
            return queryset
        return queryset.filter(last_seen__gte=timezone.now() - timedelta(seconds=int(chosen)))


class IncidentStateFilter(Listed):
    """By state; most of the time, what is not resolved is looked for."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, Any]]:
        """The states, after the two that somebody may still have to look at."""
        return [("unresolved", _("not resolved")), *Incident.State.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows in that state."""
        chosen = self.value()
        if chosen == "unresolved":
            return queryset.filter(state__in=[Incident.State.OPEN, Incident.State.ACKNOWLEDGED])
        return queryset.filter(state=chosen) if chosen in Incident.State.values else queryset


class ActorFilter(Listed):
    """By who did it: members of staff, so that the rows need not be read to find them."""

    title = _("who")
    parameter_name = "who"
    itself = "-"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, Any]]:
        """The names of at most 50 users, and what was done by itself."""
        users = get_user_model()
        name = users.USERNAME_FIELD
        names = users._default_manager.filter(is_staff=True).order_by(name).values_list(name, flat=True)[:50]
        return [(self.itself, _("by itself")), *((each, each) for each in names)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """What that user did."""
        chosen = self.value()
        return queryset.filter(actor="" if chosen == self.itself else chosen) if chosen else queryset


def _first_of(unix_ms: int) -> Any:
    """The smallest version 7 identifier of a millisecond."""
    made = uuid7(unix_ms)
    return type(made)(int=made.int >> 80 << 80)
