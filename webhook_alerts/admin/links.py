"""Addresses within the admin, and whom they are shown to."""

from __future__ import annotations

from django.contrib.admin.utils import quote
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from webhook_alerts.models import Act

_TARGETS = {"incident": "incident", "message": "message", "silence": "silence"}
"""What acts are done to, and the model whose page shows it."""


def listed(model: str, **filters: str) -> str:
    """The list of a *model*, filtered."""
    return reverse(f"admin:webhook_alerts_{model}_changelist", query=filters or None)


def alerts_of(fingerprint: str) -> str:
    """The list of all alerts of one fingerprint."""
    return listed("alert", q=fingerprint)


def incident(fingerprint: str) -> str:
    """The page of the incident of that fingerprint."""
    return reverse("admin:webhook_alerts_incident_change", args=[quote(fingerprint)])


def silence(request: HttpRequest, fingerprint: str) -> str:
    """The form that silences one fingerprint; empty for who may not, and where there is none."""
    if not fingerprint or not request.user.has_perm("webhook_alerts.add_silence"):
        return ""
    try:
        return reverse("admin:webhook_alerts_silence_add", query={"fingerprint": fingerprint})
    except NoReverseMatch:
        return ""


def target(act: Act) -> str:
    """The page of what *act* was done to; empty where there is none."""
    model = _TARGETS.get(act.target)
    try:
        if model:
            return reverse(f"admin:webhook_alerts_{model}_change", args=[quote(act.target_id)])
        if act.target == "webhook":
            return f"{listed('pause')}#webhook-{act.target_id}"
    except NoReverseMatch:
        pass
    return ""
