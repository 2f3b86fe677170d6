"""What happened, and how often."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from webhook_alerts import alert
from webhook_alerts.channels.text import clean


class Alert(models.Model):
    """One thing that happened, as it was when the caller's process sent it off (redacted there)."""

    class Level(models.IntegerChoices):
        """``webhook_alerts.alert.Level``, for the database and the admin."""

        DEBUG = alert.Level.DEBUG.value, _("debug")
        INFO = alert.Level.INFO.value, _("info")
        WARNING = alert.Level.WARNING.value, _("warning")
        ERROR = alert.Level.ERROR.value, _("error")
        CRITICAL = alert.Level.CRITICAL.value, _("critical")

    class Kind(models.TextChoices):
        """``webhook_alerts.alert.Kind``, for the database and the admin."""

        LOG = alert.Kind.LOG.value, _("log")
        ERROR = alert.Kind.ERROR.value, _("error")
        PERFORMANCE = alert.Kind.PERFORMANCE.value, _("performance")
        EVENT = alert.Kind.EVENT.value, _("event")
        STATUS = alert.Kind.STATUS.value, _("status")
        DIGEST = alert.Kind.DIGEST.value, _("digest")

    id = models.UUIDField(primary_key=True, default=alert.uuid7, editable=False)
    level = models.PositiveSmallIntegerField(_("level"), choices=Level.choices)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    logger = models.CharField(_("logger"), max_length=255, blank=True)
    message = models.TextField(_("message"), blank=True)
    details = models.JSONField(_("details"), default=dict, blank=True)
    context = models.JSONField(_("context"), default=dict, blank=True)
    request = models.JSONField(_("request"), default=dict, blank=True)
    exception_type = models.CharField(_("exception type"), max_length=255, blank=True)
    stack_trace = models.TextField(_("stack trace"), blank=True)
    fingerprint = models.CharField(_("fingerprint"), max_length=64, blank=True)
    occurrences = models.PositiveIntegerField(_("occurrences"), default=1)
    samples = models.JSONField(_("samples"), default=list, blank=True)
    first_seen = models.DateTimeField(_("first seen"))
    last_seen = models.DateTimeField(_("last seen"))
    module = models.CharField(_("module"), max_length=255, blank=True)
    function = models.CharField(_("function"), max_length=255, blank=True)
    line = models.PositiveIntegerField(_("line"), default=0)
    correlation_id = models.CharField(_("correlation id"), max_length=128, blank=True)
    environment = models.CharField(_("environment"), max_length=64, blank=True)
    service = models.CharField(_("service"), max_length=128, blank=True)
    release = models.CharField(_("release"), max_length=128, blank=True)
    host = models.CharField(_("host"), max_length=255, blank=True)
    process = models.CharField(_("process"), max_length=255, blank=True)
    traceparent = models.CharField(_("trace"), max_length=55, blank=True, editable=False)
    received_at = models.DateTimeField(_("received at"), default=timezone.now)

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["level", "-id"], name="wa_alert_level"),
            models.Index(fields=["kind", "-id"], name="wa_alert_kind"),
            models.Index(fields=["fingerprint", "-last_seen"], name="wa_alert_fingerprint"),
        ]

    def __str__(self) -> str:
        return f"{self.get_level_display()}: {clean(self.message[:80])}"


class Repeat(models.Model):
    """How far the repeats that one process saw of its alert ``source`` are counted, and on which alert.

    ``total`` holds all occurrences that the process told of, the first included. ``alert`` is the source itself, or
    the one whose window it fell into; it is empty while the count has come and its alert has not.
    """

    source = models.UUIDField(primary_key=True, editable=False)
    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, null=True, related_name="repeats")
    total = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("repeat")
        verbose_name_plural = _("repeats")

    def __str__(self) -> str:
        return f"{self.source}: {self.total}"
