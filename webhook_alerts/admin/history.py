"""What the pages of the record have in common: read-only, fast, and found by id, fingerprint or words."""
# ruff: noqa: ARG002 - Django decides what its methods are given

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from webhook_alerts import overrides
from webhook_alerts.admin.base import UNFOLD, Base
from webhook_alerts.admin.filters import Older
from webhook_alerts.admin.paginator import CappedPaginator
from webhook_alerts.models import Alert

SEARCHED = 20_000
"""Alerts whose words a search reads, newest first: a bound on its time, since no index serves a substring."""


class HistoryList(ChangeList):
    """A list page that loads for its rows only what its columns show."""

    newest_link = ""
    older_link = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = capfirst(str(self.opts.verbose_name_plural))

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        """The rows, with ``for_list`` of the admin applied."""
        rows = super().get_queryset(request, exclude_parameters)
        return self.model_admin.for_list(rows)  # type: ignore[attr-defined,no-any-return]

    def get_results(self, request: HttpRequest) -> None:
        """The page, with what the admin attaches to its rows, and the links to older and newer ones."""
        super().get_results(request)
        if not self.query and not self.has_active_filters:
            # Django offers "Show all" wherever it does not know the sum of all rows.
            self.full_result_count = self.result_count
        rows = list(self.result_list)
        self.model_admin.attach(rows)  # type: ignore[attr-defined]
        self.result_list = rows
        position = next((spec for spec in self.filter_specs if isinstance(spec, Older)), None)
        if position is not None:
            self.filter_specs = [spec for spec in self.filter_specs if spec is not position]
            self.newest_link, self.older_link = position.links(self, rows)


class HistoryAdmin(Base):
    """History is looked at, never written."""

    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 50
    ordering: ClassVar[tuple[str, ...]] = ("-pk",)
    sortable_by: ClassVar[tuple[str, ...]] = ()
    actions_on_bottom = False
    empty_value_display = ""
    empty_text: Any = ""
    """What the list says when it is empty; else how alerts come there."""
    change_list_template = f"webhook_alerts/admin/{'list' if UNFOLD else 'list_with_filters'}.html"
    change_form_template = "webhook_alerts/admin/page.html"
    search_fields: ClassVar[tuple[str, ...]] = ("pk",)
    search_help_text = _("An id or a fingerprint, or words of the message (looked for in the newest 20,000 alerts).")

    class Media:
        css: ClassVar = {"all": ["webhook_alerts/admin.css", f"webhook_alerts/{'unfold' if UNFOLD else 'stock'}.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows, shown under what operators have set by now."""
        overrides.refresh()
        return super().get_queryset(request)

    def get_paginator(self, request: HttpRequest, *args: Any, **kwargs: Any) -> CappedPaginator:
        """Ours, which counts according to what is asked for."""
        pages: CappedPaginator = super().get_paginator(request, *args, **kwargs)  # type: ignore[assignment]
        pages.in_order = not request.GET.get(SEARCH_VAR)
        return pages

    def for_list(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """*rows* with what the list's columns need, and nothing that is large."""
        return rows

    def attach(self, rows: Sequence[Any]) -> None:
        """Give the rows of one page what no join serves."""

    def page(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What the template of one row's page is given beside ``row``; ``title`` is its heading."""
        return {}

    def by_alerts(self, rows: QuerySet[Any], alerts: QuerySet[Alert]) -> QuerySet[Any]:
        """Those of *rows* that belong to *alerts*."""
        raise NotImplementedError

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Our list."""
        return HistoryList

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page of one row, drawn by our template instead of a form."""
        row = kwargs.get("obj")
        context |= {"row": row, "subtitle": None, **self.page(request, row)}
        return super().render_change_form(request, context, *args, **kwargs)

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
