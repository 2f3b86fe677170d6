"""When a digest is due: at a local time, also where clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest

from webhook_alerts.configuration.schedules import Schedule, parse, parse_all


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "schedule"),
    [
        ("hourly", Schedule("hourly")),
        ("daily 09:00", Schedule("daily")),
        ("daily 7:30 America/Sao_Paulo", Schedule("daily", time(7, 30), 0, "America/Sao_Paulo")),
        (" weekly  fri 18:05 UTC", Schedule("weekly", time(18, 5), 4, "UTC")),
    ],
)
def test_a_schedule_is_read_as_it_is_meant(text, schedule):
    assert parse(text) == schedule


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "write"),
        ("yearly", "write"),
        ("daily", "write"),
        ("daily 9", "write"),
        ("hourly 09:00", "write"),
        ("daily mon 09:00", "write"),
        ("weekly 09:00", "write"),
        ("weekly xyz 09:00", "the day is one of mon"),
        ("daily 25:00", "from 00:00 to 23:59"),
        ("daily 09:00 Mars/Base", "no such time zone"),
    ],
)
def test_what_cannot_be_read_says_why(text, why):
    with pytest.raises(ValueError, match=why):
        parse(text)


def test_the_same_twice_is_once():
    assert len(parse_all(["daily 09:00", "daily 9:00"])) == 1


@pytest.mark.parametrize(
    ("text", "now", "starts", "ends"),
    [
        ("hourly", "2026-11-21 10:15", "2026-11-21 09:00", "2026-11-21 10:00"),
        ("daily 09:00", "2026-11-21 09:00", "2026-11-20 09:00", "2026-11-21 09:00"),
        ("daily 09:00", "2026-11-21 08:59", "2026-11-19 09:00", "2026-11-20 09:00"),
        ("daily 09:00 America/Sao_Paulo", "2026-11-21 12:00", "2026-11-20 12:00", "2026-11-21 12:00"),
        ("weekly fri 09:00", "2026-11-21 10:00", "2026-11-13 09:00", "2026-11-20 09:00"),
        ("weekly sat 09:00", "2026-11-21 08:00", "2026-11-07 09:00", "2026-11-14 09:00"),
        # Clocks go forward on 29 March and back on 25 October: days of 23 and of 25 hours.
        ("daily 09:00 Europe/Lisbon", "2026-03-29 12:00", "2026-03-28 09:00", "2026-03-29 08:00"),
        ("daily 09:00 Europe/Lisbon", "2026-10-25 12:00", "2026-10-24 08:00", "2026-10-25 09:00"),
    ],
)
def test_the_last_period_that_is_over(text, now, starts, ends):
    found = parse(text).latest(at(now), "UTC")
    assert [moment.astimezone(UTC) for moment in found] == [at(starts), at(ends)]
