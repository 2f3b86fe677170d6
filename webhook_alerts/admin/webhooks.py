"""The webhooks: how each stands, and buttons that pause it, resume it, or send it a test; never by GET."""
# ruff: noqa: ARG002 - Django decides what its methods are given

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.utils import quote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from webhook_alerts import audit, overrides, reasons
from webhook_alerts.admin import badges, links
from webhook_alerts.admin.base import Base
from webhook_alerts.admin.dashboard import STATES, seconds
from webhook_alerts.admin.history import HistoryAdmin
from webhook_alerts.conf import get_config
from webhook_alerts.delivery.gate import gate_for
from webhook_alerts.delivery.resume import resume
from webhook_alerts.drawing.numbers import number
from webhook_alerts.models import Act
from webhook_alerts.operations import trial
from webhook_alerts.operations.webhooks import COUNTED, Standing, standings
from webhook_alerts.retelling import retell

TRIAL_S = 3.0
"""Seconds that the page waits for a test to arrive; after them it says where to look."""
TWICE_S = 10
"""A second test of one webhook within so many seconds is a double click."""
_PERMISSIONS: Mapping[str, str] = {
    "pause": "webhook_alerts.pause_webhook",
    "resume": "webhook_alerts.pause_webhook",
    "test": "webhook_alerts.test_webhook",
}


class WebhooksAdmin(Base):
    """One page for all webhooks, and the acts on them; the list of pauses is this."""

    class Media:
        css: ClassVar = HistoryAdmin.Media.css

    def get_urls(self) -> list[URLPattern]:
        """The page, and where its buttons post to; pauses have no pages of their own."""
        view = self.admin_site.admin_view
        return [
            path("", view(self.changelist_view), name="webhook_alerts_pause_changelist"),
            path("<str:name>/<str:what>/", view(self.act), name="webhook_alerts_webhook_act"),
        ]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may do something here may look."""
        return super().has_view_permission(request, obj) or any(map(request.user.has_perm, _PERMISSIONS.values()))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """The index links to it for those."""
        return super().has_module_permission(request) or self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Pauses are made by their button."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """And never changed."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """They end by their button."""
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """How every webhook stands now."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        overrides.refresh()
        context = {
            **self.admin_site.each_context(request),
            "title": capfirst(str(self.opts.verbose_name_plural)),
            "opts": self.opts,
            "media": self.media,
            "webhooks": [_drawn(each) for each in standings()],
            "may_pause": request.user.has_perm(_PERMISSIONS["pause"]),
            "may_test": request.user.has_perm(_PERMISSIONS["test"]),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "webhook_alerts/admin/webhooks.html", context)

    def act(self, request: HttpRequest, name: str, what: str) -> HttpResponse:
        """Do what one button says, and go back to the page, which says what came of it."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if what not in _PERMISSIONS or not request.user.has_perm(_PERMISSIONS[what]):
            raise PermissionDenied
        overrides.refresh()
        if name in get_config().locked:
            text = _("“%(name)s” is locked: %(why)s. Nothing was changed.")
            messages.error(request, text % {"name": name, "why": retell(reasons.LOCKED)})
        elif name not in get_config().webhooks:
            text = _("There is no webhook “%(name)s”: it is not configured any more. Nothing was changed.")
            messages.error(request, text % {"name": name})
        else:
            _DO[what](request, name)
        return HttpResponseRedirect(links.listed("pause"))


def _pause(request: HttpRequest, name: str) -> None:
    reason = " ".join(request.POST.get("reason", "").split())
    if not reason:
        messages.error(request, _("Say why “%(name)s” is to be paused. Nothing was changed.") % {"name": name})
    elif gate_for(name).hold(reason, request.user.get_username()):
        messages.success(request, _("“%(name)s” is paused: its alerts wait until it is resumed.") % {"name": name})
    else:
        messages.warning(request, _("Nothing was changed: “%(name)s” is paused already.") % {"name": name})


def _resume(request: HttpRequest, name: str) -> None:
    if gate_for(name).state()["state"] == "open":
        messages.warning(request, _("Nothing was changed: “%(name)s” is open already.") % {"name": name})
        return
    resume(name, request.user.get_username())
    messages.success(request, _("“%(name)s” is sent to again.") % {"name": name})


def _test(request: HttpRequest, name: str) -> None:
    just = timezone.now() - timedelta(seconds=TWICE_S)
    if any(act.verb == Act.Verb.TESTED and act.at > just for act in audit.of("webhook", name)):
        messages.warning(request, _("A test was sent to “%(name)s” just now; this one was not.") % {"name": name})
        return
    audit.note(Act.Verb.TESTED, "webhook", name, actor=request.user.get_username())
    (ended,) = trial.run([name], get_config().service, TRIAL_S)
    if ended.arrived:
        text = _("The test arrived at “%(name)s” after %(time)s.")
        messages.success(request, text % {"name": name, "time": seconds(ended.after_s)})
        return
    url = links.listed("alert", q=str(ended.alert_id))
    text = _("A test is on its way to “{name}” ({state}). <a href='{url}'>See how it fares</a>.")
    messages.warning(request, format_html(text, name=name, state=retell(ended.reason) or ended.state, url=url))


_DO: Mapping[str, Callable[[HttpRequest, str], None]] = {"pause": _pause, "resume": _resume, "test": _test}


def _drawn(each: Standing) -> dict[str, Any]:
    capped = "+" if each.pending >= COUNTED else ""
    return {
        "webhook": each,
        "reason": retell(each.reason),
        "gate": badges.badge("gate", each.gate, STATES.get(each.gate, each.gate)),
        "wait": _("for %(time)s") % {"time": seconds(each.wait_s)} if each.wait_s else "",
        "pending": f"{number(each.pending)}{capped}",
        "oldest": badges.age(each.oldest) if each.oldest else "",
        "last": badges.age(each.last.started_at) if each.last else "",
        "outcome": badges.outcome(each.last) if each.last else "",
        "delivered": badges.age(each.delivered_at),
        "paused": badges.age(each.pause.created_at) if each.pause else "",
        "messages_url": links.listed("message", webhook=each.name),
        "settings_url": _settings_url(each.name),
    }


def _settings_url(name: str) -> str:
    """Where this webhook is changed without a deploy; empty where the project has no such page."""
    try:
        return reverse("admin:webhook_alerts_webhookoverride_change", args=[quote(name)])
    except NoReverseMatch:
        return ""
