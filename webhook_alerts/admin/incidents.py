"""Incidents: what an operator deals with, how often it happens, and what was done about it."""
# ruff: noqa: ARG002 - Django decides what its methods are given

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _gettext
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from webhook_alerts.admin import badges, links, timeline
from webhook_alerts.admin.filters import ChoiceFilter, IncidentStateFilter, OlderSeen, SeenFilter
from webhook_alerts.admin.history import HistoryAdmin
from webhook_alerts.admin.incident_acts import IncidentActs
from webhook_alerts.drawing.moments import elapsed
from webhook_alerts.drawing.numbers import number
from webhook_alerts.drawing.sparkline import hourly, sparkline
from webhook_alerts.models import Alert, Delivery, Incident, Message
from webhook_alerts.silencing import silence

LATEST = 20
"""Alerts on an incident's page; a link leads to all."""
SEARCHED = 20_000
"""Incidents whose titles a search reads, the latest first."""
HOURS = 48


class IncidentAdmin(IncidentActs, HistoryAdmin):
    """What is going on, latest first."""

    list_display = ("standing", "level_badge", "headline", "count_badge", "trend", "seen")
    list_display_links = ("headline",)
    list_filter = (IncidentStateFilter, ("level", ChoiceFilter), ("kind", ChoiceFilter), SeenFilter, OlderSeen)
    ordering: ClassVar[tuple[str, ...]] = ("-last_seen",)
    search_help_text = _("A fingerprint, an alert's id, or words of the title (looked for in the latest 20,000).")
    change_form_template = "webhook_alerts/admin/incident.html"

    def for_list(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Without what only inhibition compares."""
        return rows.defer("labels", "reopenings")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By exact fingerprint, else by the id of an alert, else by words in the latest titles."""
        term = search_term.strip().replace("\x00", "")
        if not term:
            return queryset, False
        if (same := queryset.filter(pk=term)).exists():
            return same, False
        try:
            of_alert = Alert.objects.filter(pk=UUID(term)).values("fingerprint")
        except ValueError:
            return _latest(queryset).filter(title__icontains=term), False
        return queryset.filter(pk__in=of_alert), False

    def page(self, request: HttpRequest, row: Incident) -> dict[str, Any]:
        """How it stands, what can be done, and what happened and was done."""
        alerts = list(_alerts(row))
        return {
            "title": row.title or row.get_kind_display(),
            "state": badges.incident(row),
            "level": badges.level(row),
            "kind": badges.kind(row),
            "times": badges.times(row.count),
            "spark": _spark(row, width=720, height=72),
            "trend": _in_words(row),
            "facts": _facts(row),
            "may": self.may(request, row),
            "silence_url": links.silence(request, row.pk),
            "alerts": [
                (alert, badges.exact(alert.last_seen), badges.title(alert), badges.times(alert.occurrences))
                for alert in alerts
            ],
            "alerts_url": links.alerts_of(row.pk),
            "sent": [
                (message, badges.state(message), badges.age(message.created_at), badges.reason(message))
                for message in _messages(alerts)
            ],
            "history": timeline.acts("incident", row.pk, row.first_seen),
        }

    @admin.display(description=_("state"))
    def standing(self, row: Incident) -> SafeString:
        """Where it stands, who has it in hand, and whether it has been there before."""
        return badges.two_lines(badges.incident(row), row.state_by, _returns(row))

    @admin.display(description=_("level"))
    def level_badge(self, row: Incident) -> SafeString:
        """Dot and word."""
        return badges.level(row)

    @admin.display(description=_("incident"))
    def headline(self, row: Incident) -> SafeString:
        """What it says, and below who said it."""
        text = badges.first_line(row.title) or row.get_kind_display()
        kind = row.exception_type.rpartition(".")[2]
        text = f"{kind}: {text}" if kind and kind not in text else text
        return badges.two_lines(text, row.get_kind_display(), badges.first_line(row.logger, 40))

    @admin.display(description=_("times"))
    def count_badge(self, row: Incident) -> str:
        """How often it happened, ever."""
        return number(row.count)

    @admin.display(description=_("last 48 hours"))
    def trend(self, row: Incident) -> SafeString:
        """Its occurrences by the hour."""
        return _spark(row)

    @admin.display(description=_("last seen"))
    def seen(self, row: Incident) -> SafeString:
        """When it happened last, and first."""
        first = _gettext("first %(when)s") % {"when": elapsed(row.first_seen)}
        return badges.two_lines(badges.age(row.last_seen), first)


def _latest(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Those of *rows* that are among the latest incidents."""
    moments = Incident.objects.order_by("-last_seen").values_list("last_seen", flat=True)
    oldest = moments[SEARCHED : SEARCHED + 1].first()
    return rows.filter(last_seen__gt=oldest) if oldest else rows


def _returns(row: Incident) -> str:
    if row.flapping:
        return _gettext("comes and goes")
    if not row.reopened:
        return ""
    return ngettext("came back once", "came back %(n)d times", row.reopened) % {"n": row.reopened}


def _spark(row: Incident, **size: int) -> SafeString:
    return sparkline(hourly(row.hours, time.time(), HOURS), _in_words(row), **size)


def _in_words(row: Incident) -> str:
    values = hourly(row.hours, time.time(), HOURS)
    return ngettext(
        "%(sum)s occurrence in the last 48 hours, at most %(most)s in an hour",
        "%(sum)s occurrences in the last 48 hours, at most %(most)s in an hour",
        sum(values),
    ) % {"sum": number(sum(values)), "most": number(max(values))}


def _alerts(row: Incident) -> QuerySet[Alert]:
    fields = ("id", "level", "kind", "logger", "message", "exception_type", "occurrences", "last_seen")
    return Alert.objects.filter(fingerprint=row.pk).order_by("-last_seen", "-pk").only(*fields)[:LATEST]


def _messages(alerts: Sequence[Alert]) -> QuerySet[Message]:
    """The latest messages that carry these *alerts*."""
    carried = Delivery.objects.filter(alert__in=[alert.pk for alert in alerts], message__isnull=False)
    found = Message.objects.filter(pk__in=carried.values("message")).order_by("-pk")
    return found.only("id", "webhook", "state", "reason", "created_at")[:LATEST]


def _facts(row: Incident) -> list[tuple[Any, Any]]:
    facts = [
        (_("In hand"), row.state_by if row.state == Incident.State.ACKNOWLEDGED else ""),
        (_("Silenced until"), badges.exact(silent) if (silent := silence.until(row.pk)) else ""),
        (_("In this state"), badges.age(row.state_since)),
        (_("Last seen"), badges.age(row.last_seen)),
        (_("First seen"), badges.age(row.first_seen)),
        (_("Occurrences"), number(row.count)),
        (_("Episode began"), badges.age(row.opened_at)),
        (_("Messages of this episode"), number(row.told)),
        (_("Returns"), _returns(row)),
        (_("Logger"), row.logger),
        (_("Exception"), row.exception_type),
        (_("Fingerprint"), row.pk),
    ]
    return [(name, value) for name, value in facts if value]
