"""The audit trail: who did what, to what, and when."""
# ruff: noqa: ARG002 - Django decides what its methods are given

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from webhook_alerts.admin import badges, links, override_rows
from webhook_alerts.admin.filters import ActorFilter, ChoiceFilter, Older, SinceFilter
from webhook_alerts.admin.history import HistoryAdmin
from webhook_alerts.models import Act
from webhook_alerts.retelling import retell

_KEYS: Mapping[str, Any] = {
    "matchers": _("matchers"),
    "quiet_s": _("quiet before (s)"),
    "reason": _("reason"),
    "until": _("until"),
    "was_paused": _("was paused"),
}
"""How what belongs to an act is called."""


class ActAdmin(HistoryAdmin):
    """What was done, latest first."""

    list_display = ("who", "verb_badge", "aim", "told", "age")
    list_display_links = ("verb_badge",)
    list_filter = (("verb", ChoiceFilter), ActorFilter, SinceFilter, Older)
    search_help_text = _("The id, fingerprint or name of what it was done to, or the name of who did it.")
    empty_text = _("Nobody has done anything yet: who acknowledges, silences, resends, pauses or changes stands here.")
    change_form_template = "webhook_alerts/admin/act.html"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By what it was done to, exactly, or by who did it."""
        term = search_term.strip().replace("\x00", "")
        if not term:
            return queryset, False
        same = queryset.filter(target__in=["incident", "silence", "message", "webhook", "route"], target_id=term)
        return (same if same.exists() else queryset.filter(actor=term)), False

    def page(self, request: HttpRequest, row: Act) -> dict[str, Any]:
        """One act, whole."""
        return {
            "title": f"{self.who(row)}: {row.get_verb_display()}",
            "facts": [
                (_("Who"), self.who(row)),
                (_("What"), row.get_verb_display()),
                (_("Target"), self.aim(row)),
                (_("When"), badges.exact(row.at)),
            ],
            "details": badges.pretty(row.details) if row.details else "",
        }

    @admin.display(description=_("who"))
    def who(self, row: Act) -> str:
        """The user's name."""
        return row.actor or str(_("by itself"))

    @admin.display(description=_("what"))
    def verb_badge(self, row: Act) -> str:
        """What was done."""
        return str(row.get_verb_display())

    @admin.display(description=_("target"))
    def aim(self, row: Act) -> SafeString:
        """What it was done to, and the way there."""
        address = links.target(row)
        name = format_html("{} <code>{}</code>", row.target_label, row.target_id)
        return format_html('<a href="{}">{}</a>', address, name) if address else name

    @admin.display(description=_("details"))
    def told(self, row: Act) -> str:
        """What belongs to it, on one line; of what was configured, what has changed."""
        if "after" in row.details or "resealed" in row.details:
            return badges.first_line(override_rows.changes_of(row.details), 240)
        told = ", ".join(f"{_KEYS.get(key, key)}: {_value(value)}" for key, value in row.details.items())
        return badges.first_line(told) or badges.EMPTY

    @admin.display(description=_("when"))
    def age(self, row: Act) -> SafeString | str:
        """How long ago."""
        return badges.age(row.at)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    return retell(value) if isinstance(value, str) else str(value)
