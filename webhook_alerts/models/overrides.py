"""Settings that operators change while everything runs, over those of the project."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class WebhookOverride(models.Model):
    """What is set otherwise for one webhook, or a whole webhook that the project's settings do not have.

    ``options`` holds keys of ``WEBHOOK_ALERTS["WEBHOOKS"][name]``; its address is a secret and stands encrypted in
    ``sealed_url``, of which ``url_hint`` shows host and last four characters.
    """

    name = models.CharField(_("name"), max_length=64, primary_key=True)
    options = models.JSONField(_("options"), default=dict, blank=True)
    sealed_url = models.TextField(_("encrypted address"), blank=True, editable=False)
    url_hint = models.CharField(_("address"), max_length=255, blank=True, editable=False)
    changed_at = models.DateTimeField(_("changed at"), default=timezone.now)
    changed_by = models.CharField(_("changed by"), max_length=150, blank=True)

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")

    def __str__(self) -> str:
        return self.name


class RouteOverride(models.Model):
    """Where alerts of one route go instead of where the project's settings send them."""

    route = models.CharField(_("route"), max_length=16, primary_key=True)
    webhooks = models.JSONField(_("webhooks"), default=list, blank=True)
    changed_at = models.DateTimeField(_("changed at"), default=timezone.now)
    changed_by = models.CharField(_("changed by"), max_length=150, blank=True)

    class Meta:
        verbose_name = _("route")
        verbose_name_plural = _("routes")

    def __str__(self) -> str:
        return self.route
