"""Settings of the benchmark project; where things are comes from the environment of the run."""

import os

SECRET_KEY = "only-for-benchmarks"
USE_TZ = True
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "webhook_alerts",
    "benchmarks.project",
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
if os.environ["BENCH_DATABASE"].startswith("postgres:"):
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": os.environ["BENCH_DATABASE"].removeprefix("postgres:"),
            "USER": os.environ.get("PGUSER", "postgres"),
            "HOST": os.environ.get("PGHOST", "127.0.0.1"),
            "PORT": os.environ.get("PGPORT", "5432"),
            "CONN_MAX_AGE": None,
        }
    }
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.environ["BENCH_DATABASE"],
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            },
        }
    }
CELERY_BROKER_URL = os.environ["BENCH_REDIS"]
SINK = os.environ["BENCH_SINK"]
WEBHOOK_ALERTS = {
    "PRESET": "production",
    "REDIS_URL": os.environ["BENCH_REDIS"],
    "QUEUE_SIZE": 100_000,
    "WEBHOOKS": {"errors": {"url": SINK, "channel": "discord", "rate": []}},
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"alerts": {"class": "webhook_alerts.handlers.WebhookAlertHandler", "level": "WARNING"}},
    "loggers": {"bench": {"handlers": ["alerts"], "level": "INFO"}},
}
