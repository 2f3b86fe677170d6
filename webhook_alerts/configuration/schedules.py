"""When a digest is due, as it is written in the settings: ``daily 09:00 Europe/Lisbon``."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOW_TO = '"hourly", "daily 09:00" or "weekly mon 09:00", with a time zone behind it if it is not the project\'s'
_FORM = re.compile(
    r"(?P<period>hourly|daily|weekly)(?: (?P<day>[a-z]{3}))?"
    r"(?: (?P<at>[0-2]?\d:[0-5]\d))?(?: (?P<zone>[A-Z][\w+/-]*))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Every hour, every day at a time, or every week on a day (0 is Monday) at a time of the zone, or the project's."""

    period: str
    at: time = time(9)
    day: int = 0
    zone: str = ""

    def latest(self, now: datetime, default_zone: str) -> tuple[datetime, datetime]:
        """When the last period that is over at *now* began, and when it ended.

        Days are the zone's: the one on which clocks change has 23 or 25 hours.
        """
        if self.period == "hourly":
            end = now.replace(minute=0, second=0, microsecond=0)
            return end - timedelta(hours=1), end
        zone = zoneinfo.ZoneInfo(self.zone or default_zone)
        today = now.astimezone(zone).date()
        last = today if self.period == "daily" else today - timedelta(days=(today.weekday() - self.day) % 7)
        length = timedelta(days=1 if self.period == "daily" else 7)
        if self._on(last, zone) > now:
            last -= length
        return self._on(last - length, zone), self._on(last, zone)

    def _on(self, day: date, zone: zoneinfo.ZoneInfo) -> datetime:
        return datetime.combine(day, self.at, zone)


def parse(text: str) -> Schedule:
    """*text* as a schedule. Raises ``ValueError`` saying what is wrong."""
    found = _FORM.fullmatch(" ".join(text.split()))
    if found is None:
        raise ValueError(f"write {HOW_TO}")
    period, day, at, zone = found["period"], found["day"], found["at"], found["zone"] or ""
    if (day is not None) != (period == "weekly") or (at is None) != (period == "hourly"):
        raise ValueError(f"write {HOW_TO}")
    if day is not None and day not in DAYS:
        raise ValueError(f"the day is one of {', '.join(DAYS)}")
    if zone and zone not in zoneinfo.available_timezones():
        raise ValueError("there is no such time zone")
    try:
        moment = time.fromisoformat(at.zfill(5)) if at else time(9)
    except ValueError:
        raise ValueError("the time is from 00:00 to 23:59") from None
    return Schedule(period, moment, DAYS.index(day) if day else 0, zone)


def parse_all(texts: Sequence[str]) -> tuple[Schedule, ...]:
    """Each of *texts*. Raises ``ValueError``."""
    return tuple(dict.fromkeys(parse(text) for text in texts))


def are_schedules(texts: Sequence[str]) -> bool:
    """Can all of *texts* be understood?"""
    try:
        parse_all(texts)
    except ValueError:
        return False
    return True
