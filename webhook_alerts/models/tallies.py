"""How much ended how, by time: what charts and digests read, so that they need not read history."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class Tally(models.Model):
    """``count`` deliveries to ``webhook`` ended within ``seconds`` from ``start``.

    ``label`` is the reason for what failed or was suppressed, and for ``latency`` the upper bound, in seconds, of the
    time from call to delivery. Counted once from the deliveries, when its time is over.
    """

    class Measure(models.TextChoices):
        """What is counted."""

        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("failed")
        SUPPRESSED = "suppressed", _("suppressed")
        LATENCY = "latency", _("latency")

    id = models.BigAutoField(primary_key=True)
    start = models.DateTimeField(_("start"))
    seconds = models.PositiveIntegerField(_("seconds"))
    webhook = models.CharField(_("webhook"), max_length=64)
    measure = models.CharField(_("measure"), max_length=16, choices=Measure.choices)
    level = models.PositiveSmallIntegerField(_("level"), default=0)
    label = models.CharField(_("label"), max_length=64, blank=True)
    count = models.PositiveBigIntegerField(_("count"), default=0)

    class Meta:
        verbose_name = _("tally")
        verbose_name_plural = _("dashboard")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["start", "seconds", "webhook", "measure", "level", "label"], name="wa_one_tally"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d %H:%M} {self.webhook} {self.measure} {self.label}: {self.count}"
