"""Alerts of one fingerprint, as the one thing that an operator deals with."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from webhook_alerts.channels.text import clean
from webhook_alerts.models.alerts import Alert


class Incident(models.Model):
    """A group of alerts: open until somebody acknowledges or resolves it, or until it has been quiet for long.

    An episode lasts from one opening to the resolution. ``told`` counts its messages, the last of them let through
    at ``told_at``; ``hours`` holds the occurrences of the last days by hours since 1970; ``labels`` are those of the
    latest alert, for inhibition.
    """

    class State(models.TextChoices):
        """Where an incident stands."""

        OPEN = "open", _("open")
        ACKNOWLEDGED = "acknowledged", _("acknowledged")
        RESOLVED = "resolved", _("resolved")

    fingerprint = models.CharField(_("fingerprint"), max_length=64, primary_key=True)
    level = models.PositiveSmallIntegerField(_("level"), choices=Alert.Level.choices)
    kind = models.CharField(_("kind"), max_length=16, choices=Alert.Kind.choices)
    title = models.CharField(_("title"), max_length=255, blank=True)
    logger = models.CharField(_("logger"), max_length=255, blank=True)
    exception_type = models.CharField(_("exception type"), max_length=255, blank=True)
    labels = models.JSONField(_("labels"), default=dict, blank=True)
    count = models.PositiveBigIntegerField(_("occurrences"), default=0)
    hours = models.JSONField(_("occurrences by hour"), default=dict, blank=True)
    first_seen = models.DateTimeField(_("first seen"))
    last_seen = models.DateTimeField(_("last seen"))
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.OPEN)
    state_since = models.DateTimeField(_("in this state since"), default=timezone.now)
    state_by = models.CharField(_("brought there by"), max_length=150, blank=True)
    opened_at = models.DateTimeField(_("opened at"), default=timezone.now)
    reopened = models.PositiveIntegerField(_("times it came back"), default=0)
    reopenings = models.JSONField(_("latest reopenings"), default=list, blank=True, editable=False)
    flapping = models.BooleanField(_("flapping"), default=False)
    told = models.PositiveIntegerField(_("messages of this episode"), default=0)
    told_at = models.DateTimeField(_("last message let through at"), null=True)
    told_alert = models.UUIDField(_("alert told last"), null=True, editable=False)
    told_level = models.PositiveSmallIntegerField(_("gravest level told"), default=0, editable=False)

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        ordering: ClassVar = ["-last_seen"]
        permissions: ClassVar = [
            ("acknowledge_incident", _("Can acknowledge incidents")),
            ("resolve_incident", _("Can resolve and reopen incidents")),
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "-last_seen"], name="wa_incident_state"),
            models.Index(fields=["-last_seen"], name="wa_incident_seen"),
            models.Index(fields=["level", "-last_seen"], name="wa_incident_level"),
            models.Index(fields=["kind", "-last_seen"], name="wa_incident_kind"),
            models.Index(fields=["state_since"], name="wa_incident_flapping", condition=models.Q(flapping=True)),
        ]

    def __str__(self) -> str:
        return f"{self.get_level_display()}: {clean(self.title[:80])}"
