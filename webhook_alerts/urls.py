"""The pages outside of the admin: ``path("", include("webhook_alerts.urls"))`` in a project's ``urls.py``."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from webhook_alerts.metrics.views import metrics
from webhook_alerts.pages.incident import incident

app_name = "webhook_alerts"
urlpatterns: list[URLPattern | URLResolver] = [
    path("alerts/i/<str:token>/", incident, name="incident"),
    path("health/", include("webhook_alerts.health.urls")),
    path("metrics/", metrics, name="metrics"),
]
