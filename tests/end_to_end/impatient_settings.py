"""The test project over a Redis that hands tasks out again after two seconds, which the check refuses."""

from tests.live_settings import *  # noqa: F403
from tests.live_settings import LOGGING

CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 2,
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
}
CELERY_IMPORTS = ["tests.end_to_end.user_task"]
# Who works and has taken one more task takes no copy of it: that goes to another worker.
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# What the worker itself logs would be tasks, too, and keep its processes busy.
for _handler in ("alerts", "alerts_of_celery"):
    LOGGING["handlers"][_handler]["level"] = "ERROR"
SILENCED_SYSTEM_CHECKS = ["webhook_alerts.E021"]
