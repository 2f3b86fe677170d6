"""What alerting platforms lose or record as sent on a plain HTTP error, every channel of ours delivers or shows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from tests.delivery.test_deliver import let_time_pass
from webhook_alerts.alert import Level
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.delivery.totals import totals
from webhook_alerts.models import Delivery, Message, Pause
from webhook_alerts.testing.fake_mail import FakeMail
from webhook_alerts.testing.services import EVERY
from webhook_alerts.testing.standin import Answer, Service

pytestmark = pytest.mark.django_db


OVER_HTTP = [service for service in EVERY if service is not FakeMail]
"""What mail servers answer is told in tests/delivery/test_email.py."""


@pytest.fixture(params=OVER_HTTP, ids=[service.name for service in OVER_HTTP])
def service(request, configure, memory: redis.Redis) -> Iterator[Service]:
    """Each stand-in in turn, as the webhook errors."""
    with request.param(limits=()) as stand_in:
        configure(WEBHOOKS={"errors": {"url": stand_in.url("errors"), "channel": stand_in.name, "rate": []}})
        yield stand_in


def the_one() -> tuple[str, int, int, list[str]]:
    """The state of what is owed, the attempts and deferrals that it cost, and how each request ended."""
    message = Message.objects.get()
    ended = list(message.attempt_log.order_by("started_at").values_list("outcome", flat=True))
    return Delivery.objects.get().state, message.attempts, message.deferrals, ended


def test_500_once_is_tried_again_and_arrives(service, owe):
    owe("down for a moment", level=Level.ERROR)
    service.script("errors", [Answer(500)])
    deliver("errors")
    assert the_one() == ("pending", 1, 0, ["retry"])
    let_time_pass()
    deliver("errors")
    assert the_one() == ("delivered", 1, 0, ["retry", "delivered"])


def test_429_once_is_waited_for_and_arrives(service, owe, memory):
    owe("slow down", level=Level.ERROR)
    service.script("errors", [Answer(429, {"Retry-After": "1"})])
    assert deliver("errors") == 1
    assert deliver("errors") == 0
    assert the_one() == ("pending", 0, 1, ["wait"])
    memory.flushdb()  # a second has gone by
    let_time_pass()
    deliver("errors")
    assert the_one() == ("delivered", 0, 1, ["wait", "delivered"])


def test_404_is_asked_once_and_never_recorded_as_sent(service, owe):
    owe("nobody there", level=Level.ERROR)
    service.delete("errors")
    assert deliver("errors") == 1
    let_time_pass()
    deliver("errors")
    assert len(service.requests("errors")) == 1
    state, _, _, ended = the_one()
    assert (state, ended) == (("pending", ["gone"]) if Pause.objects.exists() else ("failed", ["refused"]))
    sums = totals()["errors"]
    assert (sums["delivered"], sums["pending"] + sums["failed"]) == (0, 1)
