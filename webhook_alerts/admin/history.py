"""What the three list pages have in common: read-only, fast, and found by id, fingerprint or words."""
# ruff: noqa: ARG002 - Django decides what its methods are given

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from webhook_alerts.admin.paginator import CappedPaginator
from webhook_alerts.models import Alert

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Model]
    List = ChangeList
else:
    Base = admin.ModelAdmin
    List = ChangeList

SEARCHED = 20_000
"""Alerts whose words a search reads, newest first: a bound on its time, since no index serves a substring."""


class HistoryList(List):
    """A list page that loads for its rows only what its columns show."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        """The rows, with ``for_list`` of the admin applied."""
        rows = super().get_queryset(request, exclude_parameters)
        return self.model_admin.for_list(rows)  # type: ignore[attr-defined,no-any-return]


class HistoryAdmin(Base):
    """History is looked at, never written."""

    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 50
    ordering = ("-pk",)
    sortable_by: ClassVar[tuple[str, ...]] = ()
    actions_on_bottom = False
    change_list_template = "webhook_alerts/admin/change_list.html"
    search_fields = ("pk",)
    search_help_text = _("An id or a fingerprint, or words of the message (looked for in the newest 20,000 alerts).")

    class Media:
        css: ClassVar = {"all": ["webhook_alerts/admin.css"]}

    def for_list(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """*rows* with what the list's columns need, and nothing that is large."""
        return rows

    def by_alerts(self, rows: QuerySet[Any], alerts: QuerySet[Alert]) -> QuerySet[Any]:
        """Those of *rows* that belong to *alerts*."""
        raise NotImplementedError

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Our list."""
        return HistoryList

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody adds to history."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody edits history."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """``alerts prune`` deletes, by the retention in the settings."""
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By exact id, else by exact fingerprint, else by words in the newest alerts."""
        term = search_term.strip().replace("\x00", "")
        if not term:
            return queryset, False
        try:
            return self.by_id(queryset, uuid.UUID(term)), False
        except ValueError:
            pass
        same = Alert.objects.filter(fingerprint=term)
        if same.exists():
            return self.by_alerts(queryset, same), False
        return self.by_alerts(queryset, _newest().filter(message__icontains=term)), False

    def by_id(self, rows: QuerySet[Any], identifier: uuid.UUID) -> QuerySet[Any]:
        """The row of that id, or those of the alert of that id."""
        return self.by_alerts(rows, Alert.objects.filter(pk=identifier))


def _newest() -> QuerySet[Alert]:
    """The newest ``SEARCHED`` alerts."""
    alerts = Alert.objects.order_by("-pk")
    oldest = alerts.values_list("pk", flat=True)[SEARCHED : SEARCHED + 1].first()
    return alerts.filter(pk__gt=oldest) if oldest else alerts
