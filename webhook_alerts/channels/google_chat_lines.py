"""Many alerts in one message of Google Chat: a line each, in a block for each level."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby, islice

from webhook_alerts.alert import Alert, Level
from webhook_alerts.channels import content
from webhook_alerts.channels.base import Style
from webhook_alerts.channels.google_chat_text import ROOM, block, block_size, size, span
from webhook_alerts.channels.text import cut_end

FROM = 21
"""From this many waiting alerts on, which are more than two messages of ten, each gets a line."""
MOST = 100
_LINE = 160
_GROUPS = 5
_GROUP = 80
"""Bytes around a group's lines."""


def draw(alerts: Sequence[Alert], style: Style) -> tuple[str, int]:
    """A text, and how many of *alerts*, from the front, it shows."""
    foot = " · ".join(filter(None, ("UTC", span(content.origin(alerts[0])))))
    left = ROOM - size(foot)
    shown = 0
    parts: list[str] = []
    for level, group in islice(groupby(alerts[:MOST], lambda alert: alert.level), _GROUPS):
        left -= _GROUP
        lines: list[str] = []
        for alert in group:
            line = _line(alert, style)
            left -= block_size(line) + 2
            if left < 0:
                break
            lines.append(line)
        if lines:
            shown += len(lines)
            parts += [_title(level, len(lines), style), block("\n".join(lines))]
        if left < 0:
            break
    return "\n".join([*parts, foot]), shown


def _title(level: Level, count: int, style: Style) -> str:
    return f"{content.SIGNS[level]} *{count} × {content.level(level, style)}*"


def _line(alert: Alert, style: Style) -> str:
    said = (
        f"{datetime.fromtimestamp(int(alert.last_seen), UTC):%H:%M:%S}",
        content.STATE_SIGNS.get(alert.state),
        content.times(alert, style),
        cut_end(content.line(alert, style), _LINE),
    )
    return " ".join(filter(None, said))
