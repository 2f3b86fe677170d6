"""What Django shows of the settings where a view fails: on its debug page, and in mails to ``ADMINS``."""

from __future__ import annotations

import pytest
from django.test import RequestFactory, override_settings
from django.views.debug import ExceptionReporter, get_default_exception_reporter_filter

SECRET = "Zk9q3vXw7" * 4


@pytest.fixture(autouse=True)
def _afresh():
    get_default_exception_reporter_filter.cache_clear()
    yield
    get_default_exception_reporter_filter.cache_clear()


def shown() -> str:
    request = RequestFactory().get("/")
    request.META |= {"WEBHOOK_ERRORS_URL": f"https://hooks.example/{SECRET}", "ERROR_HOOK": SECRET}
    try:
        raise ValueError("the view failed")
    except ValueError as error:
        reporter = ExceptionReporter(request, type(error), error, error.__traceback__)
    return reporter.get_traceback_text() + reporter.get_traceback_html()


@override_settings(
    DEBUG=True,
    WEBHOOK_ALERTS={
        "SERVICE": "shop",
        "WEBHOOKS": {"errors": {"url": f"https://hooks.example/{SECRET}"}, "info": f"https://hooks.example/{SECRET}"},
        "REDIS_URL": f"redis://:{SECRET}@cache/0",
    },
    CELERY_BROKER_URL=f"redis://:{SECRET}@cache/1",
)
def test_its_filter_hides_the_addresses_and_shows_the_rest():
    assert SECRET in shown()  # Django's own
    with override_settings(DEFAULT_EXCEPTION_REPORTER_FILTER="webhook_alerts.debug.ReporterFilter"):
        get_default_exception_reporter_filter.cache_clear()
        told = shown()
    assert SECRET not in told
    assert "the view failed" in told
    assert "'SERVICE': 'shop'" in told
