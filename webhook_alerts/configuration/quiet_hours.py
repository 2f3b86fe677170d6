"""Hours in which a webhook is left alone, as they are written in the settings."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from webhook_alerts.configuration.problems import Problems, at, shown
from webhook_alerts.configuration.schedules import DAYS

HOW_TO = 'Write {"from": "22:00", "to": "07:00"}, and "timezone" and "days" (["mon", …]) as you need them.'
_KEYS = ("from", "to", "timezone", "days")
_DAY = 24 * 60
_WEEK = 7 * _DAY


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one time of the zone to another, over midnight unless that is later, on days that begin so (0: Monday)."""

    begin: time
    end: time
    zone: str = ""
    days: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)

    def tz(self, default_zone: str) -> zoneinfo.ZoneInfo:
        """The time zone that its times are in."""
        return zoneinfo.ZoneInfo(self.zone or default_zone)

    def spans(self, since: datetime, until: datetime, default_zone: str) -> Iterator[tuple[datetime, datetime]]:
        """Those that may touch the time between the two, in UTC, the earliest first.

        A wall clock's time that does not come in the night in which clocks go forward counts as an hour later; of one
        that comes twice, the first counts.
        """
        zone = self.tz(default_zone)
        day, last = since.astimezone(zone).date() - timedelta(days=1), until.astimezone(zone).date()
        while day <= last:
            if day.weekday() in self.days:
                over = day if self.begin < self.end else day + timedelta(days=1)
                begin, end = datetime.combine(day, self.begin, zone), datetime.combine(over, self.end, zone)
                yield begin.astimezone(UTC), end.astimezone(UTC)
            day += timedelta(days=1)

    def minutes(self) -> Iterator[int]:
        """The minutes of the week that are quiet, from Monday's midnight on."""
        begin, end = (moment.hour * 60 + moment.minute for moment in (self.begin, self.end))
        length = end - begin if begin < end else end - begin + _DAY
        for day in self.days:
            yield from ((day * _DAY + begin + minute) % _WEEK for minute in range(length))


def read_quiet_hours(given: Any, where: str, problems: Problems) -> tuple[QuietHours, ...]:
    """*given*, a dict or a list of them; what is wrong is noted, and nothing is quiet then."""
    where = at(where, "quiet_hours")
    items = [given] if isinstance(given, Mapping) else given
    if not isinstance(items, (list, tuple)) or not all(isinstance(item, Mapping) for item in items):
        problems.say("E025", f"{where} must be a dict or a list of dicts", HOW_TO)
        return ()
    try:
        found = tuple(_read(item) for item in items)
    except ValueError as error:
        problems.say("E025", f"{where}: {error}", HOW_TO)
        return ()
    if _is_always(found):
        hint = 'Leave some time out. To be told of what is critical alone, set "min_level" to "CRITICAL".'
        problems.say("E025", f"{where} cover the whole week: what waits for their end would wait for ever", hint)
        return ()
    return found


def _is_always(hours: Iterable[QuietHours]) -> bool:
    return len({minute for each in hours for minute in each.minutes()}) == _WEEK


def _read(item: Mapping[Any, Any]) -> QuietHours:
    for key in item:
        if key not in _KEYS:
            raise ValueError(f"there is no {shown(key)}, only {', '.join(_KEYS)}")
    begin = _time(item, "from")
    is_midnight = item.get("to") == "24:00"
    end = time() if is_midnight else _time(item, "to")
    if begin == end and not is_midnight:
        raise ValueError("it ends when it begins")
    zone = item.get("timezone", "")
    if not isinstance(zone, str) or (zone and zone not in zoneinfo.available_timezones()):
        raise ValueError(f"{shown(zone)} is no time zone")
    return QuietHours(begin, end, zone, _days(item.get("days", DAYS)))


def _time(item: Mapping[Any, Any], key: str) -> time:
    given = item.get(key)
    if isinstance(given, str) and len(given) <= 5:
        try:
            return time.fromisoformat(given.zfill(5))
        except ValueError:
            pass
    raise ValueError(f'"{key}" must be a time such as "22:00", not {shown(given)}')


def _days(given: Any) -> tuple[int, ...]:
    if isinstance(given, Sequence) and not isinstance(given, str) and given and all(day in DAYS for day in given):
        return tuple(sorted({DAYS.index(day) for day in given}))
    raise ValueError(f'"days" must be a list of {", ".join(DAYS)}')
