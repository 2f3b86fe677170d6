"""The dashboard: how everything stands, in one page that keeps itself up to date."""
# ruff: noqa: ARG002 - Django decides what its methods are given

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, ClassVar

from django.contrib.admin.exceptions import NotRegistered
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext as _gettext
from django.utils.translation import gettext_lazy as _

from webhook_alerts import overrides
from webhook_alerts.admin import badges, links
from webhook_alerts.admin.base import Base
from webhook_alerts.admin.history import HistoryAdmin
from webhook_alerts.drawing.moments import to_the_minute
from webhook_alerts.drawing.numbers import number
from webhook_alerts.drawing.sparkline import sparkline
from webhook_alerts.models import Delivery, Incident, Message, Pause
from webhook_alerts.operations.overview import RANGES, Busy, Line, Overview, overview
from webhook_alerts.reasons import CLASSES
from webhook_alerts.retelling import retell

PERMISSION = "webhook_alerts.view_dashboard"
DEFAULT = "24h"
_RANGES: Mapping[str, Any] = {"1h": _("Last hour"), "24h": _("Last 24 hours"), "7d": _("Last 7 days")}
STATES: Mapping[str, Any] = {
    "open": _("healthy"),
    "limited": _("limited"),
    "cooling_down": _("cooling down"),
    "breaker_open": _("breaker open"),
    "paused": _("paused"),
    "quiet": _("quiet hours"),
    "locked": _("locked"),
    "unknown": _("unknown"),
}
"""Where the gate of a webhook stands."""
_NAMES: Mapping[str, Any] = {
    "database": _("Database"),
    "redis": _("Redis"),
    "broker": _("Broker"),
    "workers": _("Workers"),
    "beat": _("Beat"),
    "webhooks": _("Webhooks"),
    "spool": _("Spool"),
    "endpoints": _("Endpoints"),
}


_STATUSES: Mapping[str, Any] = {
    "healthy": _("healthy"),
    "degraded": _("degraded"),
    "unhealthy": _("unhealthy"),
    "unknown": _("unknown"),
}


class DashboardAdmin(Base):
    """One page; the list of tallies is this."""

    class Media:
        css: ClassVar = {
            "all": [
                *HistoryAdmin.Media.css["all"],
                "webhook_alerts/vendor/uplot/uPlot.min.css",
                "webhook_alerts/dashboard.css",
            ]
        }
        js: ClassVar = ["webhook_alerts/vendor/uplot/uPlot.iife.min.js", "webhook_alerts/dashboard.js"]

    def get_urls(self) -> list[URLPattern]:
        """The page alone: tallies have no pages of their own."""
        view = self.admin_site.admin_view(self.changelist_view)
        return [path("", view, name="webhook_alerts_tally_changelist")]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may see the dashboard."""
        return bool(request.user.has_perm(PERMISSION))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """The index links to it for those."""
        return super().has_module_permission(request) or self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Beat makes tallies."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes them."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """They go by their age."""
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """How everything stands now; with ``?part`` the part of the page that changes, for its own script."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        overrides.refresh()
        chosen = request.GET.get("range", DEFAULT)
        found = overview(chosen if chosen in RANGES else DEFAULT, timezone.now())
        context = _drawn(found, lambda model: self._shows(request, model)) | {"ranges": _ranges(found.range)}
        if "part" in request.GET:
            response = TemplateResponse(request, "webhook_alerts/admin/dashboard_now.html", context)
        else:
            context |= {
                **self.admin_site.each_context(request),
                "title": capfirst(str(self.opts.verbose_name_plural)),
                "opts": self.opts,
                "media": self.media,
                **(extra_context or {}),
            }
            response = TemplateResponse(request, "webhook_alerts/admin/dashboard.html", context)
        response["Cache-Control"] = "no-store"
        return response

    def _shows(self, request: HttpRequest, model: type[Model]) -> bool:
        """Is there a list of *model*, for this user?"""
        try:
            return bool(self.admin_site.get_model_admin(model).has_view_permission(request))
        except NotRegistered:
            return False


def _ranges(chosen: str) -> list[tuple[str, Any, bool]]:
    return [(key, words, key == chosen) for key, words in _RANGES.items()]


def _drawn(found: Overview, shows: Callable[[type[Model]], bool]) -> dict[str, Any]:
    """*found* as the template shows it, with links to the lists that *shows* says the user may see."""
    beat = found.details("beat").get("last_flush_s")
    return {
        "is_empty": found.is_empty,
        "at": badges.exact(found.at),
        "status": badges.badge("health", found.status.value, _STATUSES[found.status.value]),
        "wrong": [(_NAMES.get(name, name), retell(reason)) for name, reason in found.wrong if reason],
        "range": found.range,
        "lines": [_line(line) | _links(line.name, shows) for line in found.lines],
        "latencies": [(name, seconds(value)) for name, value in _parts(found.latencies)],
        "chart": {
            **asdict(found.series),
            "language": get_language(),
            # Where a zone has no name, the browser shows its own.
            "zone": getattr(timezone.get_current_timezone(), "key", None),
            "names": {
                "delivered": _gettext("delivered"),
                "suppressed": _gettext("kept back"),
                "failed": _gettext("failed"),
                "time": _gettext("time"),
            },
        },
        "table": _table(found),
        "incidents": [_incident(busy) for busy in found.incidents],
        "incidents_url": links.listed("incident", state="unresolved") if shows(Incident) else "",
        "workers": [
            (name, badges.badge("health", *_alive(told["alive"])), seconds(told["age_s"]))
            for name, told in found.details("workers").get("workers", {}).items()
        ],
        "beat": seconds(beat) if beat is not None else badges.EMPTY,
        "queues": found.details("broker").get("queues", {}).items(),
        "spool": found.details("spool").get("alerts", 0),
        "failed_why": [(_spoken(name), number(count)) for name, count in found.failed_why.items()],
        "suppressed_why": [(_spoken(name), number(count)) for name, count in found.suppressed_why.items()],
    }


def _alive(alive: bool) -> tuple[str, str]:
    return ("healthy", _gettext("alive")) if alive else ("unhealthy", _gettext("silent"))


def _line(line: Line) -> dict[str, Any]:
    words = STATES.get(line.state, line.state)
    title = _gettext("%(name)s: delivered over time") % {"name": line.name}
    return {
        "name": line.name,
        "state": badges.badge("gate", line.state, words, title=retell(line.reason)),
        "wait": seconds(line.wait_s) if line.wait_s >= 1 else "",
        "pending": number(line.pending),
        "oldest": badges.age(line.oldest) if line.oldest else "",
        "delivered": number(line.delivered),
        "suppressed": number(line.suppressed),
        "failed": number(line.failed),
        "has_failed": bool(line.failed),
        "spark": sparkline(line.trend, title),
        "latencies": [seconds(value) for value in line.latencies],
    }


def _links(name: str, shows: Callable[[type[Model]], bool]) -> dict[str, str]:
    """Where a webhook is dealt with, and what it is owed and could not be sent."""
    return {
        "url": f"{links.listed('pause')}#webhook-{name}" if shows(Pause) else "",
        "pending_url": links.listed("delivery", webhook=name, state__exact="pending") if shows(Delivery) else "",
        "failed_url": links.listed("message", webhook=name, state__exact="failed") if shows(Message) else "",
    }


def _incident(busy: Busy) -> dict[str, Any]:
    row = busy.incident
    title = _gettext("%(count)s times in the last 48 hours") % {"count": number(busy.count)}
    return {
        "url": links.incident(row.pk),
        "title": badges.first_line(row.title) or row.pk,
        "level": badges.level(row),
        "state": badges.incident(row),
        "count": number(busy.count),
        "spark": sparkline(busy.hours, title),
        "seen": badges.age(row.last_seen),
    }


def _parts(latencies: Any) -> list[tuple[str, float | None]]:
    return list(zip(("P50", "P95", "P99"), latencies, strict=True))


def _spoken(name: str) -> str:
    """The class of a reason, as it is said."""
    return str(CLASSES.get(name, name))


def _table(found: Overview) -> list[tuple[Any, ...]]:
    """The chart's numbers, the latest first, for who cannot see it."""
    times = [to_the_minute(datetime.fromtimestamp(start, UTC)) for start in found.series.starts]
    rows = zip(times, *(found.series.counts[name] for name in ("delivered", "suppressed", "failed")), strict=True)
    return [(row[0], *map(number, row[1:])) for row in reversed(list(rows)) if any(row[1:])]


def seconds(value: float | None) -> str:
    """A time in its fitting unit: 0.4 s, 12 s, 3 min, 2 h."""
    if value is None:
        return badges.EMPTY
    if value < 10:
        return _gettext("%(n)s s") % {"n": number(value, 1)}
    if value < 120:
        return _gettext("%(n)s s") % {"n": number(value, 0)}
    if value < 7200:
        return _gettext("%(n)s min") % {"n": number(value / 60, 0)}
    return _gettext("%(n)s h") % {"n": number(value / 3600, 0)}
