"""The digests that were made."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from webhook_alerts.models.deliveries import Message


class Report(models.Model):
    """The digest of one webhook over one period; unique, so that two beats make one.

    Without a message there was nothing to say.
    """

    id = models.BigAutoField(primary_key=True)
    webhook = models.CharField(_("webhook"), max_length=64)
    period = models.CharField(_("period"), max_length=16)
    starts_at = models.DateTimeField(_("starts at"))
    ends_at = models.DateTimeField(_("ends at"))
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    message = models.ForeignKey(Message, on_delete=models.SET_NULL, null=True, verbose_name=_("message"))

    class Meta:
        verbose_name = _("digest")
        verbose_name_plural = _("digests")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["webhook", "period", "starts_at"], name="wa_one_report"),
        ]

    def __str__(self) -> str:
        return f"{self.webhook} {self.period} {self.starts_at:%Y-%m-%d %H:%M}"
