"""Acknowledging, resolving and reopening: of chosen incidents in the list, of one on its page; never by GET."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from webhook_alerts.admin import links
from webhook_alerts.incidents import state
from webhook_alerts.models import Incident

MOST = 500
"""Incidents changed at once, at most: each has messages that are drawn anew."""
_DO: Mapping[str, Callable[[str, str], bool]] = {
    "acknowledge": state.acknowledge,
    "resolve": state.resolve,
    "reopen": state.reopen,
}
_PERMISSIONS: Mapping[str, str] = {
    "acknowledge": "webhook_alerts.acknowledge_incident",
    "resolve": "webhook_alerts.resolve_incident",
    "reopen": "webhook_alerts.resolve_incident",
}
_DONE: Mapping[str, Any] = {
    "acknowledge": gettext_lazy("Acknowledged: nothing more is sent of it unless it gets graver."),
    "resolve": gettext_lazy("Resolved. When it comes back it is told anew."),
    "reopen": gettext_lazy("Open again."),
}
_LEAVES_ALONE: Mapping[str, frozenset[str]] = {
    "acknowledge": frozenset({Incident.State.ACKNOWLEDGED, Incident.State.RESOLVED}),
    "resolve": frozenset({Incident.State.RESOLVED}),
    "reopen": frozenset({Incident.State.OPEN}),
}

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Any]
else:
    Base = object


class IncidentActs(Base):
    """The acts, for the admin of incidents."""

    actions = ("acknowledge_selected", "resolve_selected", "reopen_selected")

    def get_urls(self) -> list[URLPattern]:
        """With the address that the buttons of a page post to."""
        act = self.admin_site.admin_view(self.act)
        return [path("<path:object_id>/act/", act, name="webhook_alerts_incident_act"), *super().get_urls()]

    def may(self, request: HttpRequest, row: Incident) -> list[str]:
        """What this user can do to *row* as it stands."""
        return [act for act in _DO if _may(request, act) and row.state not in _LEAVES_ALONE[act]]

    def act(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Do what one button says, and go back to the page, which says what came of it."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        row = self.get_object(request, unquote(object_id))
        what = request.POST.get("act", "")
        if what not in _DO or not self.has_view_permission(request, row) or not _may(request, what):
            raise PermissionDenied
        if row is None:
            messages.error(request, _("There is no such incident any more: its record was pruned."))
            return HttpResponseRedirect("../../")
        if _DO[what](row.pk, request.user.get_username()):
            messages.success(request, _DONE[what])
        else:
            row.refresh_from_db()
            messages.warning(request, _("Nothing was changed: it is %(state)s already.") % {"state": _stands(row)})
        return HttpResponseRedirect(links.incident(row.pk))

    def has_acknowledge_permission(self, request: HttpRequest) -> bool:
        """May this user acknowledge?"""
        return _may(request, "acknowledge")

    def has_resolve_permission(self, request: HttpRequest) -> bool:
        """May this user resolve, and reopen?"""
        return _may(request, "resolve")

    @admin.action(description=gettext_lazy("Acknowledge"), permissions=["acknowledge"])
    def acknowledge_selected(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Take the chosen ones in hand."""
        self._all(request, rows, "acknowledge")

    @admin.action(description=gettext_lazy("Resolve"), permissions=["resolve"])
    def resolve_selected(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Say that the chosen ones are over."""
        self._all(request, rows, "resolve")

    @admin.action(description=gettext_lazy("Reopen"), permissions=["resolve"])
    def reopen_selected(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Take back that they are in hand, or over."""
        self._all(request, rows, "reopen")

    def _all(self, request: HttpRequest, rows: QuerySet[Any], what: str) -> None:
        keys = list(rows.values_list("pk", flat=True)[: MOST + 1])
        if len(keys) > MOST:
            text = _("At most %(count)d incidents can be changed at once; please choose fewer. Nothing was changed.")
            messages.error(request, text % {"count": MOST})
            return
        changed = sum(_DO[what](key, request.user.get_username()) for key in keys)
        left = len(keys) - changed
        if changed:
            text = ngettext("%(count)d incident was changed.", "%(count)d incidents were changed.", changed)
            messages.success(request, text % {"count": changed})
        if left:
            text = ngettext(
                "%(count)d incident was left alone: that was done before.",
                "%(count)d incidents were left alone: that was done before.",
                left,
            )
            messages.warning(request, text % {"count": left})


def _may(request: HttpRequest, what: str) -> bool:
    return bool(request.user.has_perm(_PERMISSIONS[what]))


def _stands(row: Incident) -> str:
    if not row.state_by:
        return str(row.get_state_display())
    return _("%(state)s by %(who)s") % {"state": row.get_state_display(), "who": row.state_by}
