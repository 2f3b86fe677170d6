"""The audit row that the hand-written task leaves."""

from django.db import models


class SentLog(models.Model):
    """One alert that was sent."""

    level = models.CharField(max_length=16)
    message = models.TextField()
    status_code = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "project"

    def __str__(self) -> str:
        return self.message
