"""What is not to be told for a while."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from webhook_alerts import alert


class Silence(models.Model):
    """Alerts that all ``matchers`` fit are not sent from ``starts_at`` to ``ends_at``, but counted in ``suppressed``.

    Never edited, only ended: a changed silence is a new one that ``replaces`` the old.
    """

    id = models.UUIDField(primary_key=True, default=alert.uuid7, editable=False)
    matchers = models.JSONField(_("matchers"), default=list)
    starts_at = models.DateTimeField(_("starts at"), default=timezone.now)
    ends_at = models.DateTimeField(_("ends at"))
    reason = models.CharField(_("reason"), max_length=255)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    created_by = models.CharField(_("created by"), max_length=150, blank=True)
    ended_at = models.DateTimeField(_("ended early at"), null=True, blank=True)
    ended_by = models.CharField(_("ended early by"), max_length=150, blank=True)
    replaces = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="replaced_by", verbose_name=_("replaces")
    )
    announce = models.BooleanField(_("announce"), default=False, help_text=_("Tell the webhooks that it was made."))
    remind_s = models.PositiveIntegerField(
        _("remind before its end (s)"), default=0, help_text=_("Seconds before its end at which it is told; 0: never.")
    )
    reminded_at = models.DateTimeField(_("reminded at"), null=True, editable=False)
    suppressed = models.PositiveBigIntegerField(_("suppressed"), default=0, editable=False)

    class Meta:
        verbose_name = _("silence")
        verbose_name_plural = _("silences")
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [models.Index(fields=["ends_at"], name="wa_silence_end")]

    def __str__(self) -> str:
        return self.reason
