"""The test project as its own processes run it: everything is really sent, to the stand-in."""

import json
import os

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS as BASE_APPS

INSTALLED_APPS = [*BASE_APPS, *filter(None, os.environ.get("TEST_EXTRA_APPS", "").split(","))]
WEBHOOK_ALERTS = {
    "PRESET": "development",
    "ENVIRONMENT": "test",
    "SERVICE": "shop",
    "REDIS_URL": os.environ["REDIS_URL"],
    "SPOOL_DIR": os.environ["TEST_SPOOL"],
    "FLUSH_INTERVAL": 1,
    "MAX_ATTEMPTS": int(os.environ.get("TEST_MAX_ATTEMPTS", "3")),
    "DEDUP_WINDOW": float(os.environ.get("TEST_DEDUP_WINDOW", "60")),
    "HEALTH_TOKEN": os.environ.get("TEST_HEALTH_TOKEN", ""),
    "ENCRYPTION_KEYS": [key for key in os.environ.get("TEST_ENCRYPTION_KEYS", "").split(",") if key],
    "ALLOW_PRIVATE_NETWORKS": bool(os.environ.get("TEST_PRIVATE_NETWORKS")),
    "WEBHOOKS": json.loads(os.environ["TEST_WEBHOOKS"]),
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"timed": {"format": "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"}},
    "handlers": {
        "alerts": {"class": "webhook_alerts.handlers.WebhookAlertHandler"},
        # Celery says at INFO that it starts: alerts that no test but one expects among its own.
        "alerts_of_celery": {
            "class": "webhook_alerts.handlers.WebhookAlertHandler",
            "level": os.environ.get("TEST_CELERY_LEVEL", "WARNING"),
        },
        # What a test that fails prints of its workers; a storm of the project's own records is not among it.
        "console": {
            "class": "logging.StreamHandler",
            "level": "INFO",
            "formatter": "timed",
            "stream": "ext://sys.__stderr__",
        },
    },
    "root": {"handlers": ["alerts"], "level": "DEBUG"},
    "loggers": {
        "celery": {"handlers": ["alerts_of_celery", "console"], "propagate": False},
        "webhook_alerts": {"handlers": ["console"]},
    },
}
