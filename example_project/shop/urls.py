"""Home, failures, admin."""

from django.contrib import admin
from django.urls import path

from shop import views

urlpatterns = [
    path("", views.home, name="home"),
    path("fail/<slug:slug>/", views.fail, name="fail"),
    path("healthy/", views.healthy, name="healthy"),
    path("admin/", admin.site.urls),
]
