"""Form widgets that look like the admin's others, in stock pages and in django-unfold's."""

from __future__ import annotations

from django import forms
from django.utils.module_loading import import_string

from webhook_alerts.admin.base import UNFOLD


def widget(name: str, plain: type[forms.Widget], **attrs: object) -> forms.Widget:
    """unfold's widget of that *name*, or the *plain* one where it is not installed."""
    kind: type[forms.Widget] = import_string(f"unfold.widgets.Unfold{name}Widget") if UNFOLD else plain
    return kind(attrs=attrs)
