"""Many alerts in one card: a line each, grouped by level; and alerts as text without anything around it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby, islice

from webhook_alerts.alert import Alert, Level
from webhook_alerts.channels import content
from webhook_alerts.channels.base import Style
from webhook_alerts.channels.teams_cards import (
    ROOM,
    STYLES,
    Element,
    band,
    length,
    paragraph,
    preformatted,
    run,
    spaced,
    weight,
)
from webhook_alerts.channels.text import cut_end

FROM = 21
"""From this many waiting alerts on, which are more than two cards of ten, each gets a line."""
MOST = 50
"""In one card: beyond this its lines get too short to say anything."""
_LINE = 150
_GROUPS = 5
_LEAST = 200
"""Bytes below which there is no use in another alert."""


def draw(alerts: Sequence[Alert], style: Style) -> tuple[list[Element], int]:
    """Elements, and how many of *alerts*, from the front, they show."""
    foot = _foot(alerts[0])
    left = ROOM - weight(foot)
    shown = 0
    body: list[Element] = []
    for level, group in islice(groupby(alerts[:MOST], lambda alert: alert.level), _GROUPS):
        left -= weight(_title(level, MOST, style))
        lines: list[Element] = []
        for alert in group:
            line = _line(alert, style)
            left -= weight(line)
            if left < 0:
                break
            lines.append(line)
        if lines:
            shown += len(lines)
            body += [_title(level, len(lines), style), *lines]
        if left < 0:
            break
    return [*body, *foot], shown


def plain(alerts: Sequence[Alert], style: Style) -> tuple[list[Element], int]:
    """*alerts* as paragraphs within the room of a card, and how many of them, from the front, they are."""
    body: list[Element] = []
    left = ROOM
    for count, alert in enumerate(alerts):
        drawn = _plain(alert, style, left)
        left -= weight(drawn)
        if body and left < 0:
            return body, count
        body += drawn
        if left < _LEAST:
            return body, count + 1
    return body, len(alerts)


def _title(level: Level, count: int, style: Style) -> Element:
    title = run(f"{content.SIGNS[level]} {count} × {content.level(level, style)}", weight="Bolder", size="Medium")
    return band(STYLES[level], paragraph(title))


def _line(alert: Alert, style: Style) -> Element:
    seen = f"{datetime.fromtimestamp(int(alert.last_seen), UTC):%H:%M:%S} "
    said = (
        content.STATE_SIGNS.get(alert.state),
        content.times(alert, style),
        cut_end(content.line(alert, style), _LINE),
    )
    text = " ".join(filter(None, said))
    return paragraph(run(seen, isSubtle=True), run(text), spacing="None")


def _foot(alert: Alert) -> list[Element]:
    said = " · ".join(filter(None, ("UTC", content.origin(alert))))
    return [paragraph(run(said, size="Small", isSubtle=True))]


def _plain(alert: Alert, style: Style, room: int) -> list[Element]:
    graded = f"{content.sign(alert)} {content.level(alert.level, style)} {content.times(alert, style)}".rstrip()
    note = [run(f" {content.cleaned(alert.note, content.NOTE, style=style)}")] if alert.note else []
    head = paragraph(run(graded, weight="Bolder"), *note)
    message = content.paragraph(alert, style)
    trace = alert.stack_trace if style.include_stack_traces else ""
    text = f"{message}\n{trace}" if trace else message
    left = room - weight([head]) - 150
    text = content.cleaned(text, left, lambda each: length(spaced(each)), style)
    return [head, preformatted(text or "…", spacing="Small")]
