"""What the admin's tests share: users, rows, and the one webhook of the delivery tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from tests.delivery.conftest import errors, owe
from webhook_alerts import overrides
from webhook_alerts.models import Alert, Attempt, Delivery, Message

__all__ = ["errors", "owe"]
VIEW = ("view_alert", "view_delivery", "view_message")


@pytest.fixture
def browse(db: None) -> Callable[..., Client]:
    """A browser of a member of staff who has these permissions."""

    def log_in(*permissions: str, **values: bool) -> Client:
        user = User.objects.create_user(f"user{User.objects.count()}", is_staff=True, **values)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client = Client()
        client.force_login(user)
        return client

    return log_in


@pytest.fixture
def viewer(browse: Callable[..., Client]) -> Client:
    """Somebody who may look at everything."""
    return browse(*VIEW)


@pytest.fixture
def operator(browse: Callable[..., Client]) -> Client:
    """Somebody who may look, and send again."""
    return browse(*VIEW, "resend_message")


def history(count: int, text: str = "it broke", **alert: object) -> list[Message]:
    """So many alerts, each failed at the webhook called errors by one request, with *text* wherever a text goes."""
    now = timezone.now()
    values = {
        **dict.fromkeys(("logger", "message", "exception_type", "stack_trace", "module", "function"), text),
        **dict.fromkeys(("correlation_id", "environment", "service", "release", "host", "process"), text),
        **{name: {text: text} for name in ("details", "context", "request")},
        **{"samples": [text], "fingerprint": "f1", "occurrences": 3, **alert},
    }
    made = []
    for _ in range(count):
        row = Alert.objects.create(level=40, kind="log", first_seen=now, last_seen=now, **values)
        message = Message.objects.create(
            webhook="errors", state="failed", body={"content": text}, files=[{text: text}], reason=text, attempts=1
        )
        Delivery.objects.create(alert=row, webhook="errors", level=40, state="failed", reason=text, message=message)
        Attempt.objects.create(
            message=message, webhook="errors", status_code=400, outcome="refused", error=text, response_excerpt=text
        )
        made.append(message)
    return made


@pytest.fixture(autouse=True)
def followed(db: None) -> None:
    """What operators have set is known already, so that no test's first page asks for it."""
    overrides.refresh()
