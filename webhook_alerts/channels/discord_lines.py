"""Many alerts in one Discord message: a line each, grouped by level, so that a backlog leaves in a few messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from webhook_alerts.alert import Alert, Level
from webhook_alerts.channels import content, discord_embeds
from webhook_alerts.channels.base import Style
from webhook_alerts.channels.text import escape_markdown, escaped

FROM = 21
"""From this many waiting alerts on, which are more than two messages of ten embeds, each gets a line."""
MOST = 50
"""In one message: beyond this its lines get too short to say anything."""
EMBEDS = 5
_LINE = 160
_SHORTEST = 60


def draw(alerts: Sequence[Alert], style: Style, room: int) -> tuple[list[dict[str, Any]], int]:
    """Embeds within *room* characters, and how many of *alerts*, from the front, they show."""
    groups: list[_Group] = []
    most = min(_LINE, max(_SHORTEST, room // (min(len(alerts), MOST) + 2)))
    left = room - 250  # the footer and the numbers in the titles
    shown = 0
    for alert in alerts[:MOST]:
        line = _line(alert, style, most)
        if not groups or not groups[-1].takes(alert, line):
            if len(groups) == EMBEDS or left < len(line) + _Group.HEAD:
                break
            groups.append(_Group(alert.level))
            left -= _Group.HEAD
        if left < len(line) + 1:
            break
        groups[-1].add(line)
        left -= len(line) + 1
        shown += 1
    embeds = [group.embed(style) for group in groups if group.lines]
    if embeds and (origin := content.origin(alerts[0])):
        embeds[-1]["footer"] = {"text": origin}
    return embeds, shown


def _line(alert: Alert, style: Style, most: int) -> str:
    times = f" **{content.times(alert, style)}**" if alert.occurrences > 1 else ""
    state = f"{content.STATE_SIGNS[alert.state]} " if alert.state in content.STATE_SIGNS else ""
    head = f"{state}<t:{int(alert.last_seen)}:T>{times} "
    return head + escaped(content.line(alert, style), most - len(head), escape_markdown)


class _Group:
    """One embed: alerts of one level."""

    HEAD = 40

    def __init__(self, level: Level) -> None:
        self.level = level
        self.lines: list[str] = []
        self.size = 0

    def takes(self, alert: Alert, line: str) -> bool:
        return alert.level == self.level and self.size + len(line) + 1 <= discord_embeds.DESCRIPTION

    def add(self, line: str) -> None:
        self.lines.append(line)
        self.size += len(line) + 1

    def embed(self, style: Style) -> dict[str, Any]:
        return {
            "title": f"{content.SIGNS[self.level]} {len(self.lines)} × {content.level(self.level, style)}",
            "description": "\n".join(self.lines),
            "color": discord_embeds.COLOURS[self.level],
        }
