"""What the pages are made of: the class that is named, unfold's, or Django's."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.contrib import admin

from tests.conftest import ROOT
from webhook_alerts.admin.base import base_class, check_base_class

UNDER_UNFOLD = """
import django
django.setup()
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from unfold.admin import ModelAdmin
from webhook_alerts import audit, models
from tests.admin.conftest import history

call_command("migrate", verbosity=0)
(message,) = history(1)
incident = models.Incident.objects.create(
    fingerprint="f1", level=40, kind="log", title="it broke",
    first_seen=message.created_at, last_seen=message.created_at)
audit.note("paused", "webhook", "errors", actor="ana")
client = Client()
client.force_login(User.objects.create_superuser("ana"))
for model, made in admin.site._registry.items():
    if model._meta.app_label != "webhook_alerts":
        continue
    assert isinstance(made, ModelAdmin), model
    address = f"/admin/webhook_alerts/{model._meta.model_name}/"
    for path in (address, *(f"{address}{row.pk}/change/" for row in model.objects.all()[:1])):
        answer = client.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        assert b"unfold/css/styles.css" in answer.content, path
        print(path)
chosen = {"action": "resend_selected", "_selected_action": str(message.pk)}
asked = client.post("/admin/webhook_alerts/message/", chosen)
assert b"1 message will be sent once more" in asked.content
"""


@pytest.mark.django_db
def test_every_page_opens_under_unfold(tmp_path):
    pytest.importorskip("unfold")
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.admin.unfold_settings",
        "TEST_SQLITE": str(tmp_path / "unfold.sqlite3"),
        "TEST_DATABASE": "sqlite",
    }
    done = subprocess.run(
        [sys.executable, "-c", UNDER_UNFOLD],
        env=env,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    for name in ("incident", "alert", "delivery", "message", "act"):
        assert f"/admin/webhook_alerts/{name}/" in done.stdout
        assert f"/admin/webhook_alerts/{name}/\n/admin/webhook_alerts/{name}/" in done.stdout


class OfTheProject(admin.ModelAdmin):
    """A class such as a project has."""


def test_the_class_that_is_named_is_taken(configure):
    configure(ADMIN_BASE_CLASS="tests.admin.test_base.OfTheProject")
    assert base_class() is OfTheProject
    assert check_base_class() == []


def test_without_a_name_it_is_that_of_django(configure):
    configure()
    assert base_class() is admin.ModelAdmin
    assert check_base_class() == []


@pytest.mark.parametrize("path", ["no.such.Class", "nodots", "os.path", "django.contrib.admin.AdminSite"])
def test_a_name_that_leads_nowhere_is_said_and_harmless(configure, path):
    configure(ADMIN_BASE_CLASS=path)
    (found,) = check_base_class()
    assert (found.id, found.is_serious()) == ("webhook_alerts.E032", True)
    assert "unfold.admin.ModelAdmin" in found.hint
    assert base_class() is admin.ModelAdmin
