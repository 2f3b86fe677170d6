"""Alerts as the attachments of one message: in full, or a line each where many wait; and alerts as plain text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from webhook_alerts.alert import JSON, Alert, Level
from webhook_alerts.channels import content
from webhook_alerts.channels.attachments import COLOURS, ROOM, SHARE, Attachment, block, draw, heading, said, size
from webhook_alerts.channels.base import Style

MOST_IN_FULL = 10
FROM = 21
"""From this many waiting alerts on, which are more than two messages of ten, each gets a line."""
MOST = 50
"""In one message: beyond this its lines get too short to say anything."""
TEXT = 4500
"""Characters of a message without attachments, in UTF-16: Rocket.Chat takes 5,000 unless told otherwise
(``Message_MaxAllowedSize``), Mattermost 16,383."""
_LINE = 160


def body(alerts: Sequence[Alert], style: Style) -> tuple[dict[str, JSON], int]:
    """``attachments`` or ``text``, and how many of *alerts*, from the front, they show."""
    if not style.use_embeds:
        text, count = _plain_text(alerts[:MOST_IN_FULL], style)
        return {"text": text}, count
    many = len(alerts) >= FROM and alerts[0].level < Level.CRITICAL and not style.templates
    attachments, count = _lines(alerts[:MOST], style) if many else _in_full(alerts[:MOST_IN_FULL], style)
    return {"attachments": attachments}, count


def _in_full(alerts: Sequence[Alert], style: Style) -> tuple[list[Attachment], int]:
    share = max(SHARE, ROOM // len(alerts))
    shown: list[Attachment] = []
    left = ROOM
    for count, alert in enumerate(alerts):
        drawn = draw(alert, style, share)
        taken = size(drawn)
        if shown and taken > left:
            return shown, count
        shown += drawn
        left -= taken
    return shown, len(alerts)


def _lines(alerts: Sequence[Alert], style: Style) -> tuple[list[Attachment], int]:
    """An attachment for each level."""
    shown: list[Attachment] = []
    for level, group in groupby(alerts, lambda alert: alert.level):
        lines = [content.timed_line(alert, _LINE, style) for alert in group]
        title = f"{content.SIGNS[level]} {len(lines)} × {content.level(level, style)} (UTC)"
        shown.append({"color": COLOURS[level], "fallback": title, "title": title, "text": block("\n".join(lines))})
    if origin := content.origin(alerts[0]):
        shown[-1]["author_name"] = heading(origin)
    return shown, len(alerts)


def _plain_text(alerts: Sequence[Alert], style: Style) -> tuple[str, int]:
    texts: list[str] = []
    left = TEXT
    for alert in alerts:
        text = _plain(alert, style, left)
        if texts and _units(text) + 1 > left:
            break
        texts.append(text)
        left -= _units(text) + 1
        if left < 200:
            break
    return "\n".join(texts), len(texts)


def _plain(alert: Alert, style: Style, room: int) -> str:
    """A line, and one fence with the message and the trace."""
    times = f" ({content.times(alert, style)})" if alert.occurrences > 1 else ""
    head = f"{content.sign(alert)} {content.level(alert.level, style)}{times}"
    if note := " ".join(content.cleaned(alert.note, content.NOTE, style=style).split()):
        head += f" {said(note.replace('`', 'ˋ'))}"
    message = content.paragraph(alert, style)
    trace = alert.stack_trace if style.include_stack_traces else ""
    left = room - _units(head) - len("\n```\n\n```")
    text = content.cleaned(f"{message}\n{trace}" if trace else message, left, _fenced, style).strip("\n")
    return f"{head}\n{block(text or '…')}"


def _fenced(text: str) -> int:
    """UTF-16 units of *text* in a fence."""
    return _units(block(text)) - len("```\n\n```")


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
