"""A channel of somebody else's raises over what it does not expect: that message is not made, and all else goes on."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from tests.delivery.conftest import an_alert
from tests.delivery.test_deliver import let_it_get_stale, states
from webhook_alerts.alert import Kind
from webhook_alerts.channels.discord import Discord
from webhook_alerts.channels.slack import Slack
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.incidents import state
from webhook_alerts.intake.accept import accept
from webhook_alerts.models import Attempt, Incident, Message, Report
from webhook_alerts.reports.send import send_due
from webhook_alerts.testing.fake_slack import FakeSlack

pytestmark = pytest.mark.django_db


class _Fragile:
    """It draws an alert that is open and was seen once, and nothing else."""

    def render(self, alerts, style):
        if any(each.occurrences > 1 or each.state == "resolved" or "By level" in each.context for each in alerts):
            raise KeyError("not expected")
        if any(each.kind is Kind.DIGEST for each in alerts):
            raise KeyError("not expected either")
        return super().render(alerts, style)


class FragileDiscord(_Fragile, Discord):
    """It can edit."""


class FragileSlack(_Fragile, Slack):
    """It cannot."""


@pytest.fixture
def fragile(configure, discord):
    name = f"{__name__}.{FragileDiscord.__name__}"
    about = {"url": discord.url("errors"), "channel": name, "rate": [], "digests": ["hourly"], "empty_digests": True}
    return configure(WEBHOOKS={"errors": about})


def test_a_count_that_cannot_be_drawn_is_given_up_at_once(fragile, owe, discord):
    owe("it broke", fingerprint="f")
    deliver("errors")
    state.resolve("f", "ana")
    Message.objects.update(update_due_at=Now() - timedelta(seconds=1))
    assert deliver("errors") == 0
    assert not Message.objects.exclude(update_due_at=None).exists()
    assert Attempt.objects.count() == len(discord.requests()) == 1


def test_who_resolves_an_incident_is_not_kept_from_it(configure):
    with FakeSlack(limits=()) as slack:
        name = f"{__name__}.{FragileSlack.__name__}"
        configure(WEBHOOKS={"errors": {"url": slack.url("errors"), "channel": name, "rate": []}})
        accept({"alerts": [an_alert("it broke", fingerprint="f").to_dict()]})
        assert deliver("errors") == 1
        assert state.resolve("f", "ana")
        assert Incident.objects.get().state == "resolved"
        assert deliver("errors") == 0


def test_what_cannot_be_summed_up_leaves_one_by_one(fragile, owe, discord):
    owe(*[f"error {number}" for number in range(110)])
    let_it_get_stale()
    while deliver("errors"):
        pass
    assert states() == {"delivered": 110}
    told = json.dumps(discord.messages())
    assert all(f"error {number}" in told for number in (0, 55, 109))


def test_a_digest_that_cannot_be_drawn_is_left_out_once(fragile, caplog):
    an_hour_later = timezone.now() + timedelta(hours=1, minutes=5)
    assert [send_due(an_hour_later) for _ in range(2)] == [0, 0]
    assert Report.objects.get().message is None
    assert caplog.text.count("The channel FragileDiscord cannot draw an alert") == 1
