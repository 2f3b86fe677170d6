"""Home, failures, admin, health."""

from django.contrib import admin
from django.urls import include, path

from shop import views

urlpatterns = [
    path("", views.home, name="home"),
    path("fail/<slug:slug>/", views.fail, name="fail"),
    path("admin/", admin.site.urls),
    path("", include("webhook_alerts.urls")),
]
