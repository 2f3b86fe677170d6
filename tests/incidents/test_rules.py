"""The decisions: what belongs to an incident, when it is told again, and when it flaps."""

from __future__ import annotations

import pytest

from tests.incidents.conftest import an_alert
from webhook_alerts.alert import Kind, Level
from webhook_alerts.incidents import rules
from webhook_alerts.presets import REPEATS

HOUR = 3600


@pytest.mark.parametrize(
    ("values", "belongs"),
    [
        ({}, True),
        ({"level": Level.WARNING}, True),
        ({"level": Level.CRITICAL, "kind": Kind.ERROR}, True),
        ({"kind": Kind.PERFORMANCE, "level": Level.WARNING}, True),
        ({"level": Level.INFO}, False),
        ({"kind": Kind.EVENT}, False),
        ({"kind": Kind.STATUS}, False),
        ({"fingerprint": ""}, False),
    ],
)
def test_what_an_operator_deals_with_is_an_incident_and_news_is_not(values, belongs):
    assert rules.has_incident(an_alert(**values)) is belongs


def test_the_messages_of_what_goes_on_become_rarer():
    waits = [rules.repeat_wait_s(told, REPEATS) for told in range(10)]
    assert waits == [0, 0, 0, 300, HOUR, 4 * HOUR, 24 * HOUR, 168 * HOUR, 168 * HOUR, 168 * HOUR]
    assert rules.repeat_wait_s(1, REPEATS, settled=True) == 168 * HOUR
    assert rules.repeat_wait_s(5, ()) == 0


@pytest.mark.parametrize(
    ("reopenings", "flapping"),
    [([], False), ([1000, 2000], False), ([1000, 2000, 2999], True), ([0, 1000, 2000], True), ([-2000, 1000], False)],
)
def test_three_returns_within_the_window_are_flapping(reopenings, flapping):
    assert rules.flaps(reopenings, now=3000.0, window_s=3600.0) is flapping


def test_hours_are_kept_for_a_week_and_a_day_and_come_in_any_order():
    hours = rules.add_hour({}, 1_000 * HOUR, 3)
    hours = rules.add_hour(hours, 1_000 * HOUR + 59, 2)
    hours = rules.add_hour(hours, 999 * HOUR, 1)
    assert hours == {"1000": 5, "999": 1}
    assert rules.add_hour(hours, 800 * HOUR, 7) == hours  # too old to be shown
    assert rules.add_hour(hours, 1_192 * HOUR - 1, 1) == {"1000": 5, "1191": 1}


def test_labels_say_where_an_alert_comes_from_and_hold_no_structures():
    alert = an_alert(logger="shop.pay", host="web1", context={"order": 17, "cart": {"a": 1}, "note": "x" * 500})
    found = rules.labels(alert)
    assert found["level"] == "error"
    assert found["kind"] == "log"
    assert (found["logger"], found["host"], found["context.order"]) == ("shop.pay", "web1", "17")
    assert "context.cart" not in found
    assert "module" not in found
    assert len(found["context.note"]) == 100
