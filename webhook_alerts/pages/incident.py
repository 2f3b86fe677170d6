"""The page that a message links to: what happened, and one button each to acknowledge, resolve or silence it.

Looking at it changes nothing: chats fetch links to preview them. What changes something is a form of its own, by
somebody who is logged in and may.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import global_settings, settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_deny
from django.views.decorators.http import require_http_methods

from webhook_alerts import audit, overrides
from webhook_alerts.conf import get_config
from webhook_alerts.drawing.moments import elapsed, exact
from webhook_alerts.drawing.sparkline import hourly, sparkline
from webhook_alerts.incidents import links, state
from webhook_alerts.models import Incident
from webhook_alerts.silencing import silence

SILENCES: Mapping[int, Any] = {
    3_600: gettext_lazy("1 hour"),
    14_400: gettext_lazy("4 hours"),
    86_400: gettext_lazy("1 day"),
    604_800: gettext_lazy("1 week"),
}
"""For how many seconds one can silence from here."""
_PERMISSIONS: Mapping[str, str] = {
    "acknowledge": "webhook_alerts.acknowledge_incident",
    "resolve": "webhook_alerts.resolve_incident",
    "reopen": "webhook_alerts.resolve_incident",
    "silence": "webhook_alerts.add_silence",
}
_DONE: Mapping[str, Any] = {
    "acknowledge": gettext_lazy("Acknowledged: nothing more is sent unless it gets graver."),
    "resolve": gettext_lazy("Resolved."),
    "reopen": gettext_lazy("Open again."),
    "silence": gettext_lazy("Silenced."),
    "nothing": gettext_lazy("Nothing was changed: somebody was quicker."),
    "silent": gettext_lazy("Nothing was changed: it is silent for as long already."),
}


@never_cache
@xframe_options_deny
@require_http_methods(["GET", "HEAD", "POST"])
def incident(request: HttpRequest, token: str) -> HttpResponse:
    """Show the incident that *token* stands for, or do to it what is posted."""
    overrides.refresh()
    try:
        link = links.read(token, get_config().link_max_age)
    except links.LinkExpiredError:
        return _sorry(request, 410, _("This link has expired. The incident can still be found in the admin."))
    except links.LinkError:
        return _sorry(request, 404, _("This link is not one of ours, or was cut short. Follow it from the message."))
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path(), _login_url())
    return _of(request, link.fingerprint)


def _of(request: HttpRequest, fingerprint: str) -> HttpResponse:
    """The page for somebody who is logged in."""
    if not request.user.has_perm("webhook_alerts.view_incident"):
        return _sorry(request, 403, _("Your account may not see incidents. Ask an administrator for the permission."))
    row = Incident.objects.filter(pk=fingerprint).first()
    if row is None:
        return _sorry(request, 404, _("There is no such incident any more: its record was pruned."))
    if request.method == "POST":
        return _act(request, row, request.POST.get("act", ""))
    return _show(request, row)


def _act(request: HttpRequest, row: Incident, act: str) -> HttpResponse:
    doing = _ACTS.get(act)
    if doing is None:
        return _show(request, row, _("Choose one of the buttons."), status=400)
    if not request.user.has_perm(_PERMISSIONS[act]):
        return _show(request, row, _("Your account may not do that. Nothing was changed."), status=403)
    try:
        changed = doing(request, row)
    except ValueError as error:
        return _show(request, row, str(error), status=400)
    unchanged = "silent" if act == "silence" else "nothing"
    return HttpResponseRedirect(f"{request.path}?done={act if changed else unchanged}")


def _silence(request: HttpRequest, row: Incident) -> bool:
    seconds = request.POST.get("seconds", "")
    if not seconds.isascii() or not seconds.isdigit() or int(seconds) not in SILENCES:
        raise ValueError(_("Choose for how long it is to be silent. Nothing was changed."))
    reason = request.POST.get("reason", "").strip() or _("from the message")
    return silence.for_incident(row.pk, int(seconds), reason, request.user.get_username()) is not None


_ACTS: Mapping[str, Callable[[HttpRequest, Incident], bool]] = {
    "acknowledge": lambda request, row: state.acknowledge(row.pk, request.user.get_username()),
    "resolve": lambda request, row: state.resolve(row.pk, request.user.get_username()),
    "reopen": lambda request, row: state.reopen(row.pk, request.user.get_username()),
    "silence": _silence,
}


def _show(request: HttpRequest, row: Incident, problem: str = "", status: int = 200) -> HttpResponse:
    may = {act: request.user.has_perm(permission) for act, permission in _PERMISSIONS.items()}
    context = {
        "incident": row,
        "first_seen": exact(row.first_seen),
        "last_seen": elapsed(row.last_seen),
        "may": may,
        "silences": SILENCES.items(),
        "silenced_until": exact(silent) if (silent := silence.until(row.pk)) else "",
        "spark": sparkline(hourly(row.hours, time.time()), _("Occurrences in the last 48 hours"), width=320, height=48),
        "acts": [(act, exact(act.at)) for act in audit.of("incident", row.pk)[:10]],
        "problem": problem,
        "done": "" if problem else _DONE.get(request.GET.get("done", ""), ""),
        "admin_url": _admin_url(row),
    }
    return _page(request, "incident", context, status)


def _sorry(request: HttpRequest, status: int, sentence: str) -> HttpResponse:
    return _page(request, "sorry", {"sentence": sentence}, status)


def _page(request: HttpRequest, name: str, context: dict[str, Any], status: int) -> HttpResponse:
    response = render(request, f"webhook_alerts/pages/{name}.html", context, status=status)
    # The address is half a key: no other site and no index is told of it.
    response["Referrer-Policy"] = "same-origin"
    response["X-Robots-Tag"] = "noindex"
    return response


def _login_url() -> str:
    """Where the project logs people in: its own page if it names one, else the admin's."""
    try:
        admins = reverse("admin:login")
    except NoReverseMatch:
        return str(settings.LOGIN_URL)
    return admins if settings.LOGIN_URL == global_settings.LOGIN_URL else str(settings.LOGIN_URL)


def _admin_url(row: Incident) -> str:
    try:
        return reverse("admin:webhook_alerts_incident_change", args=[row.pk])
    except NoReverseMatch:
        return ""
