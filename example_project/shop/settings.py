"""The shop's settings, as a project that uses webhook_alerts would write them."""

from pathlib import Path

import environ
from django.core.management.utils import get_random_secret_key

from webhook_alerts.env import webhook_alerts_from_env
from webhook_alerts.presets import ROUTES

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
env.read_env(BASE_DIR.parent / ".env")

DATA = Path(env("SHOP_DATA", default=str(BASE_DIR / "var")))
DATA.mkdir(parents=True, exist_ok=True)

# Without one in the environment, sessions end with the process: fine for trying things out.
SECRET_KEY = env("SECRET_KEY", default="") or get_random_secret_key()
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "webhook_alerts",
    "shop",
]

MIDDLEWARE = [
    "webhook_alerts.middleware.CorrelationIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]

ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"
STATIC_URL = "/static/"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{DATA / 'shop.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Several processes write: readers do not wait for a writer (WAL), and writers queue up instead of failing.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }

REDIS_URL = env("REDIS_URL", default="redis://127.0.0.1:6379/0")
CELERY_BROKER_URL = env("CELERY_BROKER_URL", default=REDIS_URL)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# LOGGING below holds in the workers too.
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

EMAIL_HOST = env("EMAIL_HOST", default="localhost")
EMAIL_PORT = env.int("EMAIL_PORT", default=25)
DEFAULT_FROM_EMAIL = "Shop <alerts@shop.example>"

# Where the page of the local stand-ins is, if there is one.
STANDIN_URL = env("STANDIN_URL", default="")

# Webhooks that get everything besides the usual ones: the demo compares services.
ALSO_TELL = env.list("SHOP_ALSO_TELL", default=[])

WEBHOOK_ALERTS = {
    "PRESET": "development",
    "ENVIRONMENT": "development",
    "SERVICE": "shop",
    "RELEASE": "2026.11",
    "REDIS_URL": REDIS_URL,
    "SPOOL_DIR": str(DATA / "spool"),
    "ROUTES": {what: [*names, *ALSO_TELL] for what, names in ROUTES.items() if names and ALSO_TELL},
    # WEBHOOK_ERRORS_URL, WEBHOOK_INFO_URL, … and every option of the environment win over the defaults above.
    **webhook_alerts_from_env(env),
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line"},
        "alerts": {"class": "webhook_alerts.handlers.WebhookAlertHandler", "level": "WARNING"},
    },
    "root": {"handlers": ["console", "alerts"], "level": "INFO"},
    # A page that is not there is no alert; a view that fails is.
    "loggers": {"django.request": {"level": "ERROR"}},
}
