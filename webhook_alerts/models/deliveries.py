"""What is owed to whom, the requests owed, and the requests made."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from webhook_alerts import alert
from webhook_alerts.models.alerts import Alert


class Message(models.Model):
    """One HTTP request owed to a webhook: what is claimed, sent and retried as a whole.

    ``attempts`` counts the requests that failed on the service's side; waiting (a closed gate, 429) is counted
    in ``deferrals``, and every claim in ``claims``, so that a message that kills its worker shows. A write after
    the claim carries ``token``: a worker whose lease ran out hits no row.
    """

    MOST_CLAIMS: ClassVar = 32_767
    """What the column holds; a service that says "wait" for days gets there."""

    class State(models.TextChoices):
        """Where a message stands."""

        PENDING = "pending", _("pending")
        SENDING = "sending", _("sending")
        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("failed")

    id = models.UUIDField(primary_key=True, default=alert.uuid7, editable=False)
    webhook = models.CharField(_("webhook"), max_length=64)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.PENDING)
    body = models.JSONField(_("body"), default=dict)
    files = models.JSONField(_("files"), default=list, blank=True)
    due_at = models.DateTimeField(_("due at"), default=timezone.now)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    deferrals = models.PositiveIntegerField(_("deferrals"), default=0)
    claims = models.PositiveSmallIntegerField(_("claims"), default=0)
    token = models.UUIDField(_("claim token"), null=True, editable=False)
    lease_until = models.DateTimeField(_("lease until"), null=True, editable=False)
    update_due_at = models.DateTimeField(_("counter to be updated at"), null=True, editable=False)
    digest = models.BooleanField(_("digest"), default=False, help_text=_("Sums up what had become stale in an outage."))
    resend = models.BooleanField(_("resend"), default=False)
    before_resend = models.CharField(_("state before the resend"), max_length=16, blank=True, editable=False)
    provider_message_id = models.CharField(_("message id at the service"), max_length=128, blank=True)
    reason = models.CharField(_("reason"), max_length=255, blank=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering: ClassVar = ["-id"]
        permissions: ClassVar = [("resend_message", _("Can send messages again"))]
        indexes: ClassVar = [
            models.Index(
                fields=["webhook", "due_at"],
                name="wa_message_owed",
                condition=models.Q(state__in=["pending", "sending"]),
            ),
            models.Index(fields=["state", "-id"], name="wa_message_state"),
            models.Index(fields=["webhook", "-id"], name="wa_message_webhook"),
            models.Index(
                fields=["webhook", "update_due_at"],
                name="wa_message_update",
                condition=models.Q(update_due_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.webhook}: {self.get_state_display()}"


class Delivery(models.Model):
    """One alert owed to one webhook; unique, so that accepting an alert twice changes nothing.

    ``settled_at`` is when it was delivered, failed or suppressed; empty while it is owed.
    """

    class State(models.TextChoices):
        """Where a delivery stands; ``suppressed`` says why in ``reason``."""

        PENDING = "pending", _("pending")
        SENDING = "sending", _("sending")
        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("failed")
        SUPPRESSED = "suppressed", _("suppressed")

    id = models.BigAutoField(primary_key=True)
    alert = models.ForeignKey(
        # The index of the constraint below begins with it: one more would be written with every change of state.
        Alert,
        on_delete=models.CASCADE,
        related_name="deliveries",
        verbose_name=_("alert"),
        db_index=False,
    )
    webhook = models.CharField(_("webhook"), max_length=64)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.PENDING)
    level = models.PositiveSmallIntegerField(_("level"), choices=Alert.Level.choices)
    reason = models.CharField(_("reason"), max_length=255, blank=True)
    alone = models.BooleanField(_("alone"), default=False, help_text=_("Sent in a message of its own."))
    message = models.ForeignKey(
        Message, on_delete=models.SET_NULL, null=True, blank=True, related_name="deliveries", verbose_name=_("message")
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    owed_since = models.DateTimeField(_("owed since"), default=timezone.now)
    delivered_at = models.DateTimeField(_("delivered at"), null=True)
    settled_at = models.DateTimeField(_("settled at"), null=True, editable=False)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["alert", "webhook"], name="wa_one_delivery_per_webhook"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["webhook", "-level", "id"],
                name="wa_delivery_owed",
                condition=models.Q(state="pending", message__isnull=True),
            ),
            models.Index(fields=["state", "-id"], name="wa_delivery_state"),
            models.Index(fields=["level", "-id"], name="wa_delivery_level"),
            models.Index(fields=["webhook", "state"], name="wa_delivery_webhook"),
            models.Index(
                fields=["settled_at"], name="wa_delivery_settled", condition=models.Q(settled_at__isnull=False)
            ),
            models.Index(fields=["settled_at"], name="wa_delivery_failed", condition=models.Q(state="failed")),
            # What failed is often grave: two indexes that are read together would find all of it, to show fifty.
            models.Index(
                fields=["level", "-id", "webhook"], name="wa_delivery_failed_level", condition=models.Q(state="failed")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.webhook}: {self.get_state_display()}"


class Attempt(models.Model):
    """One HTTP request made: written before it goes out, finished after, so that a crash leaves evidence."""

    class Outcome(models.TextChoices):
        """How the request ended; ``started`` that outlives its lease means that the worker died."""

        STARTED = "started", _("started")
        DELIVERED = "delivered", _("delivered")
        RETRY = "retry", _("failed, to be tried again")
        WAIT = "wait", _("asked to wait")
        REFUSED = "refused", _("refused")
        GONE = "gone", _("webhook gone")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, related_name="attempt_log", verbose_name=_("message")
    )
    webhook = models.CharField(_("webhook"), max_length=64)
    started_at = models.DateTimeField(_("started at"), default=timezone.now)
    duration_ms = models.PositiveIntegerField(_("duration (ms)"), null=True)
    status_code = models.PositiveSmallIntegerField(_("status code"), null=True)
    outcome = models.CharField(_("outcome"), max_length=16, choices=Outcome.choices, default=Outcome.STARTED)
    error = models.CharField(_("error"), max_length=255, blank=True)
    response_excerpt = models.TextField(_("answer"), blank=True)
    resend = models.BooleanField(_("resend"), default=False)
    update = models.BooleanField(_("update of the counter"), default=False)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering: ClassVar = ["started_at"]
        indexes: ClassVar = [models.Index(fields=["webhook", "-started_at"], name="wa_attempt_rate")]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()} {self.status_code or ''}".strip()


class Pause(models.Model):
    """A webhook that nothing is sent to until somebody resumes it: it is gone, as the service said, or was paused.

    It stands in the database because Redis may forget, and knocking at a dead webhook gets an address banned.
    ``endpoint`` is a digest of the address: a new URL in the settings ends the pause by itself.
    """

    webhook = models.CharField(_("webhook"), max_length=64, primary_key=True)
    endpoint = models.CharField(_("digest of the address"), max_length=64, editable=False)
    reason = models.CharField(_("reason"), max_length=255, blank=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    paused_by = models.CharField(_("paused by"), max_length=150, blank=True)

    class Meta:
        verbose_name = _("webhook state")
        verbose_name_plural = _("webhook states")
        permissions: ClassVar = [
            ("pause_webhook", _("Can pause and resume webhooks")),
            ("test_webhook", _("Can send test alerts")),
            ("view_dashboard", _("Can see the dashboard")),
        ]

    def __str__(self) -> str:
        return f"{self.webhook}: {self.reason}"
