"""What our admin pages are made of: Django's ``ModelAdmin``, unfold's where it is installed, or the project's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib import admin
from django.core.checks import CheckMessage, Error, Tags, register
from django.utils.module_loading import import_string

from webhook_alerts.conf import get_config

UNFOLD = apps.is_installed("unfold")
"""Are the admin's templates those of django-unfold? It replaces them for every ``ModelAdmin``."""


def base_class() -> type[admin.ModelAdmin[Any]]:
    """The class that the settings name, or the one that goes with the project's templates."""
    return _find(get_config().admin_base_class) or (UNFOLD and _find("unfold.admin.ModelAdmin")) or admin.ModelAdmin


def _find(path: str) -> type[admin.ModelAdmin[Any]] | None:
    try:
        found = import_string(path) if path else None
    except ImportError:
        return None
    return found if isinstance(found, type) and issubclass(found, admin.ModelAdmin) else None


@register(Tags.admin)
def check_base_class(app_configs: Sequence[Any] | None = None, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Is what ``ADMIN_BASE_CLASS`` names there, and a ``ModelAdmin``?"""
    path = get_config().admin_base_class
    if not path or _find(path):
        return []
    return [
        Error(
            'WEBHOOK_ALERTS["ADMIN_BASE_CLASS"] cannot be imported, or is no ModelAdmin',
            hint="Set it to the dotted path of a class, as unfold.admin.ModelAdmin, or leave it out.",
            id="webhook_alerts.E032",
        )
    ]


if TYPE_CHECKING:
    Base = admin.ModelAdmin[Any]
else:
    Base = base_class()
