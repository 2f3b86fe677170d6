"""What ended is counted exactly, once its time is over, however often and however late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from webhook_alerts.models import Alert, Delivery, Tally
from webhook_alerts.tallies import buckets, count, read
from webhook_alerts.tasks import tally
from webhook_alerts.wiring import EVERY_S

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def minutes(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


def end(at: float, state: str = "delivered", *, took: float = 3, reason: str = "", level: int = 40, webhook="errors"):
    """A delivery that ended so many minutes after noon."""
    when = minutes(at)
    first = when - timedelta(seconds=took)
    alert = Alert.objects.create(level=level, kind="log", message="x", first_seen=first, last_seen=first)
    delivered = when if state == "delivered" else None
    Delivery.objects.create(
        alert=alert,
        webhook=webhook,
        level=level,
        state=state,
        reason=reason,
        delivered_at=delivered,
        settled_at=None if state == "pending" else when,
    )


def tallies(**only: object) -> dict[tuple[str, str, int, str], int]:
    rows = Tally.objects.filter(**only).exclude(measure="latency")
    return {(row.webhook, row.measure, row.level, row.label): row.count for row in rows}


def test_a_bucket_is_counted_when_its_time_is_over():
    end(1)
    end(2, level=50)
    end(3, "failed", reason="HTTP 503")
    end(4, "suppressed", reason="silenced: deploying (until 12:30)")
    end(4, "suppressed", reason="silenced: again (until 12:30)")
    end(4, "pending")
    end(4, webhook="info")
    assert count.count_due(minutes(5.5)) == 0
    assert count.count_due(minutes(6)) == 1
    assert tallies(start=NOON) == {
        ("errors", "delivered", 40, ""): 1,
        ("errors", "delivered", 50, ""): 1,
        ("errors", "failed", 40, "server_error"): 1,
        ("errors", "suppressed", 40, "silenced"): 2,
        ("info", "delivered", 40, ""): 1,
    }


def test_counting_again_changes_nothing_and_what_was_committed_late_is_counted():
    end(1)
    end(6)
    for _ in range(3):
        count.count_due(minutes(12))
    assert tallies() == {("errors", "delivered", 40, ""): 1}
    assert Tally.objects.filter(measure="delivered").count() == 2
    end(2)
    count.count_due(minutes(13))
    assert Tally.objects.get(measure="delivered", start=NOON).count == 2


def test_what_beat_missed_is_caught_up_but_history_is_not_read():
    end(-60 * 72)
    end(-60 * 47)
    end(-60 * 20)
    end(0)
    assert count.count_due(minutes(10)) == 3
    assert count.count_due(minutes(10)) == 1


def test_what_is_old_is_folded_into_hours_and_what_is_too_old_goes():
    for minute in (0, 7, 59, 61):
        end(minute)
    count.count_due(minutes(70))
    before = sum(Tally.objects.values_list("count", flat=True))
    count.count_due(NOON + timedelta(days=2, hours=1))
    assert set(Tally.objects.values_list("start", "seconds")) == {(NOON, 3600), (minutes(60), 300)}
    assert Tally.objects.get(start=NOON, measure="delivered").count == 3
    assert sum(Tally.objects.values_list("count", flat=True)) == before
    count.count_due(NOON + timedelta(days=3))
    assert Tally.objects.filter(seconds=300).count() == 0
    count.count_due(NOON + timedelta(days=401))
    assert not Tally.objects.exists()


def test_a_series_holds_what_is_counted_and_what_is_not_yet():
    end(-40)
    end(1)
    end(2, "failed", reason="expired")
    end(8, webhook="info")
    count.count_due(minutes(7))
    found = read.series(minutes(-51), minutes(9), 12)
    assert len(found.starts) == len(found.counts["delivered"]) == 12
    assert sum(found.counts["delivered"]) == 3
    assert (found.counts["delivered"][-1], found.counts["failed"][-2]) == (1, 1)
    assert found.starts[-1] == int(minutes(5).timestamp())
    assert sum(read.series(minutes(-60), minutes(9), 12, "info").counts["delivered"]) == 1
    assert read.by_webhook(minutes(-60), minutes(9))["errors"] == {"delivered": 2, "suppressed": 0, "failed": 1}
    assert read.reasons(minutes(-60), minutes(9), "failed") == {"expired": 1}


def test_percentiles_are_read_from_the_classes():
    for took in range(1, 101):
        end(1, took=took)
    end(2, took=100_000, webhook="slow")
    count.count_due(minutes(7))
    found = read.percentiles(NOON, minutes(9))
    for part, exact in zip(found["errors"], (50, 95, 99), strict=True):
        assert part == pytest.approx(exact, rel=0.2)
    assert found["slow"] == [86_400.0] * 3
    assert found[""][0] == pytest.approx(50, rel=0.2)
    assert "info" not in found


@pytest.mark.parametrize(
    ("counts", "part", "value"),
    [({}, 0.5, None), ({"1": 10}, 0.5, 0.75), ({"0.1": 1, "86400": 1}, 0.5, 0.1), ({"inf": 5}, 0.5, 86_400)],
)
def test_a_percentile_of_few(counts, part, value):
    assert buckets.percentile(counts, part) == (None if value is None else pytest.approx(value))


@pytest.mark.parametrize(("hours", "step"), [(1, 300), (24, 1800), (168, 12_600)])
def test_pieces_are_whole_buckets(hours, step):
    begin, length = buckets.pieces(NOON - timedelta(hours=hours), NOON, 48)
    assert length.total_seconds() == step if hours > 4 else 300
    assert begin.timestamp() % 300 == 0
    assert begin + length * 48 > NOON


def test_beat_counts():
    assert "webhook_alerts.tally" in EVERY_S
    end(1)
    Delivery.objects.update(settled_at=datetime.now(UTC) - timedelta(minutes=20))
    assert tally() == 1
