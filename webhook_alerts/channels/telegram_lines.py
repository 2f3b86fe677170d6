"""Many alerts in one Telegram message: a line each, grouped by level; and alerts as plain text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from webhook_alerts.alert import Alert
from webhook_alerts.channels import content
from webhook_alerts.channels.base import Style
from webhook_alerts.channels.telegram_html import ROOM, Marked, joined, preformatted, prose

FROM = 11
"""From this many waiting alerts on, which are more than two messages of five, each gets a line."""
MOST = 50
"""In one message: beyond this its lines get too short to say anything."""
_LINE = 160
_SHORTEST = 50
_GROUP = 40
"""Characters around a group: its heading."""
_TIME = len("12:03:05 \n")


def draw(alerts: Sequence[Alert], style: Style, room: int = ROOM) -> tuple[Marked, int]:
    """The lines, and how many of *alerts*, from the front, they show."""
    origin = content.origin(alerts[0])
    foot = [prose(origin, "i")] if origin else []
    left = room - sum(part.size for part in foot)
    most = min(_LINE, max(_SHORTEST, (left - 3 * _GROUP) // min(len(alerts), MOST) - _TIME))
    shown = 0
    parts: list[Marked] = []
    for level, group in groupby(alerts[:MOST], lambda alert: alert.level):
        left -= _GROUP
        lines: list[str] = []
        for alert in group:
            line = content.timed_line(alert, most, style)
            left -= len(line) + 1
            if left < 0:
                break
            lines.append(line)
        if lines:
            shown += len(lines)
            title = f"{content.SIGNS[level]} {len(lines)} × {content.level(level, style)} (UTC)"
            parts += [prose(title, "b"), preformatted("\n".join(lines))]
        if left < 0:
            break
    return joined([*parts, *foot]), shown


def plain(alerts: Sequence[Alert], style: Style, room: int = ROOM) -> tuple[Marked, int]:
    """*alerts* with no more than their level, message and trace, and how many of them, from the front, it shows."""
    texts: list[Marked] = []
    for alert in alerts:
        text = _plain(alert, style, room)
        if texts and text.size + 1 > room:
            break
        texts.append(text)
        room -= text.size + 1
        if room < 200:
            break
    return joined(texts), len(texts)


def _plain(alert: Alert, style: Style, room: int) -> Marked:
    times = f" ({content.times(alert, style)})" if alert.occurrences > 1 else ""
    head = [prose(f"{content.sign(alert)} {content.level(alert.level, style)}{times}", "b")]
    if note := content.cleaned(alert.note, content.NOTE, style=style).strip():
        head.append(prose(note, "i"))
    message = content.paragraph(alert, style)
    trace = alert.stack_trace if style.include_stack_traces else ""
    left = room - sum(part.size + 1 for part in head)
    text = content.cleaned(f"{message}\n{trace}" if trace else message, left, style=style)
    return joined([*head, preformatted(text.strip("\n") or "…")])
