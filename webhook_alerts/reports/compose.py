"""A digest as an alert that every channel can draw."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from webhook_alerts import models
from webhook_alerts.alert import Alert, Kind, Level, uuid7
from webhook_alerts.conf import Config
from webhook_alerts.drawing import moments
from webhook_alerts.drawing.numbers import number
from webhook_alerts.reasons import CLASSES
from webhook_alerts.reports.contents import Contents

_TITLES: Mapping[str, Any] = {
    "hourly": gettext_lazy("Hourly digest"),
    "daily": gettext_lazy("Daily digest"),
    "weekly": gettext_lazy("Weekly digest"),
}
_LINE = 90


def compose(contents: Contents, webhook: str, period: str, span: tuple[datetime, datetime], config: Config) -> Alert:
    """What *contents* says of *webhook*, over *span*, whose times are shown in the zone that they are in."""
    starts, ends = span
    return Alert(
        id=uuid7(),
        level=Level.INFO,
        kind=Kind.DIGEST,
        message=_("%(title)s of %(webhook)s: %(alerts)s, %(trend)s")
        % {
            "title": _TITLES[period],
            "webhook": webhook,
            "alerts": _alerts(contents.total),
            "trend": _trend(contents.total, sum(contents.delivered_before.values())),
        },
        first_seen=starts.timestamp(),
        last_seen=ends.timestamp(),
        context={name: text for name, text in _parts(contents, span) if text},
        environment=config.environment,
        service=config.service,
    )


def _parts(contents: Contents, span: tuple[datetime, datetime]) -> list[tuple[str, str]]:
    return [
        (_("Period"), moments.period(*span)),
        (_("By level"), _levels(contents)),
        (_("New groups"), number(contents.new_groups) if contents.new_groups else ""),
        (_("Most often"), "\n".join(_group(group.count, group.title, group.is_new) for group in contents.groups)),
        (_("Not delivered"), _reasons(contents.failed)),
        (_("Kept back"), _reasons(contents.suppressed)),
        (_("Slowest"), "\n".join(f"{_duration(took)} {_line(text)}" for took, text in contents.slowest)),
    ]


def _levels(contents: Contents) -> str:
    shown = []
    for level in reversed(Level):
        now, before = contents.delivered.get(level, 0), contents.delivered_before.get(level, 0)
        if now or before:
            shown.append(_("%(level)s: %(now)s (before: %(before)s)") % {
                "level": models.Alert.Level(level).label, "now": number(now), "before": number(before)
            })  # fmt: skip
    return "\n".join(shown)


def _group(count: int, title: str, is_new: bool) -> str:
    text = _("%(count)s × %(title)s (new)") if is_new else "%(count)s × %(title)s"
    return text % {"count": number(count), "title": _line(title)}


def _reasons(counts: Mapping[str, int]) -> str:
    return "\n".join(f"{number(count)} × {CLASSES.get(label or 'other', label)}" for label, count in counts.items())


def _alerts(count: int) -> str:
    return ngettext("%(n)s alert", "%(n)s alerts", count) % {"n": number(count)}


def _trend(now: int, before: int) -> str:
    if not before:
        return _("none in the period before") if now else _("as in the period before")
    change = round((now - before) * 100 / before)
    if not change:
        return _("as many as before")
    return (_("%(n)d %% more than before") if change > 0 else _("%(n)d %% fewer than before")) % {"n": abs(change)}


def _duration(seconds: float) -> str:
    if seconds < 120:
        return _("%(n)d s") % {"n": round(seconds)}
    return _("%(n)d min") % {"n": round(seconds / 60)}


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LINE else line[: _LINE - 1] + "…"
