"""Many alerts in one Slack message: a line each, grouped by level; and alerts as plain text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, islice
from typing import Any

from webhook_alerts.alert import Alert
from webhook_alerts.channels import content
from webhook_alerts.channels.base import Style
from webhook_alerts.channels.slack_blocks import ROOM, context, header, plain_text, rich, weight
from webhook_alerts.channels.text import code_block, cut_end, escape_entities

FROM = 21
"""From this many waiting alerts on, which are more than two messages of ten, each gets a line."""
MOST = 50
"""In one message: beyond this its lines get too short to say anything."""
_LINE = 160
_SHORTEST = 60
_OVERHEAD = 150
"""Characters of JSON around a line, and its time."""
_GROUP = 400
"""Around a group: its header."""
_GROUPS = 5


def draw(alerts: Sequence[Alert], style: Style) -> tuple[list[dict[str, Any]], int]:
    """Blocks, and how many of *alerts*, from the front, they show."""
    most = min(_LINE, max(_SHORTEST, (ROOM - _GROUPS * _GROUP) // min(len(alerts), MOST) - _OVERHEAD))
    left = ROOM
    shown = 0
    blocks: list[dict[str, Any]] = []
    for level, group in islice(groupby(alerts[:MOST], lambda alert: alert.level), _GROUPS):
        left -= _GROUP
        elements: list[dict[str, Any]] = []
        for alert in group:
            text = _line(alert, most, style)
            left -= weight(text) + _OVERHEAD
            if left < 0:
                break
            elements += [_time(alert), {"type": "text", "text": text}]
        if elements:
            shown += len(elements) // 2
            title = f"{content.SIGNS[level]} {len(elements) // 2} × {content.level(level, style)}"
            blocks += [header(title), rich({"type": "rich_text_section", "elements": elements})]
        if left < 0:
            break
    if said := content.origin(alerts[0]):
        blocks += context(plain_text(said))
    return blocks, shown


def plain(alerts: Sequence[Alert], style: Style, room: int) -> tuple[str, int]:
    """*alerts* as one text within *room* characters, and how many of them, from the front, it shows."""
    texts: list[str] = []
    for alert in alerts:
        text = _plain(alert, style, room)
        if texts and len(text) + 1 > room:
            break
        texts.append(text)
        room -= len(text) + 1
        if room < 200:
            break
    return "\n".join(texts), len(texts)


def _line(alert: Alert, most: int, style: Style) -> str:
    state = f"{content.STATE_SIGNS[alert.state]} " if alert.state in content.STATE_SIGNS else ""
    times = f"{content.times(alert, style)} ".lstrip()
    return f"  {state}{times}{cut_end(content.line(alert, style), most)}\n"


def _time(alert: Alert) -> dict[str, Any]:
    return {"type": "date", "timestamp": int(alert.last_seen), "format": "{time_secs}"}


def _plain(alert: Alert, style: Style, room: int) -> str:
    """A line, and one fence with the message and the trace, where letters stay what they are."""
    times = f" ({content.times(alert, style)})" if alert.occurrences > 1 else ""
    note = _code(content.cleaned(alert.note, content.NOTE, style=style)) if alert.note else ""
    head = " ".join(filter(None, [f"{content.sign(alert)} *{content.level(alert.level, style)}*{times}", note]))
    message = content.paragraph(alert, style)
    trace = alert.stack_trace if style.include_stack_traces else ""
    left = room - len(head) - len("\n```\n\n```") - 1
    text = content.cleaned(f"{message}\n{trace}" if trace else message, left, _fenced, style)
    return f"{head}\n{code_block(escape_entities(text))}"


def _fenced(text: str) -> int:
    """Characters of *text* in a fence: entities escaped, backticks parted."""
    return len(code_block(escape_entities(text))) - len("```\n\n```")


def _code(text: str) -> str:
    return f"`{escape_entities(' '.join(text.split())).replace('`', 'ˋ')}`"
