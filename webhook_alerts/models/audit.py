"""Who did what, and when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from webhook_alerts import alert

TARGETS: Mapping[str, Any] = {
    "incident": _("incident"),
    "silence": _("silence"),
    "message": _("message"),
    "webhook": _("webhook"),
    "route": _("route"),
}
"""What acts are done to."""


class Act(models.Model):
    """One thing that an operator did, or that was done by itself (``actor`` is empty); never changed, never a secret.

    ``target`` and ``target_id`` name what it was done to: incident, silence, message, webhook or route.
    """

    class Verb(models.TextChoices):
        """What was done."""

        ACKNOWLEDGED = "acknowledged", _("acknowledged")
        RESOLVED = "resolved", _("resolved")
        REOPENED = "reopened", _("reopened")
        CAME_BACK = "came back", _("came back")
        FLAPPING = "flapping", _("found flapping")
        SILENCED = "silenced", _("silenced")
        UNSILENCED = "unsilenced", _("ended the silence")
        RESENT = "resent", _("sent again")
        PAUSED = "paused", _("paused")
        RESUMED = "resumed", _("resumed")
        TESTED = "tested", _("sent a test")
        CONFIGURED = "configured", _("configured")

    id = models.UUIDField(primary_key=True, default=alert.uuid7, editable=False)
    at = models.DateTimeField(_("at"), default=timezone.now)
    actor = models.CharField(_("who"), max_length=150, blank=True)
    verb = models.CharField(_("what"), max_length=16, choices=Verb.choices)
    target = models.CharField(_("target"), max_length=16)
    target_id = models.CharField(_("target id"), max_length=64)
    details = models.JSONField(_("details"), default=dict, blank=True)

    class Meta:
        verbose_name = _("act")
        verbose_name_plural = _("audit trail")
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["target", "target_id", "-id"], name="wa_act_target"),
            models.Index(fields=["verb", "-id"], name="wa_act_verb"),
            models.Index(fields=["actor", "-id"], name="wa_act_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.actor or '—'}: {self.get_verb_display()} · {self.target_label} {self.target_id}"

    @property
    def target_label(self) -> str:
        """What sort of thing it was done to."""
        return str(TARGETS.get(self.target, self.target))
