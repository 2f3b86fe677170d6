"""A mail's alerts as plain text, for those who read no HTML."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from webhook_alerts.alert import Alert
from webhook_alerts.channels import content
from webhook_alerts.channels.base import Style
from webhook_alerts.channels.content import Fact
from webhook_alerts.channels.email_parts import Part
from webhook_alerts.channels.moments import moment
from webhook_alerts.channels.text import cut_end

LINE = 200
"""Characters of an alert that is one line of many."""
_RULE = "-" * 72
_NARROW = 60
"""A value that is longer stands below its name."""


def in_full(parts: Sequence[Part], style: Style) -> str:
    """Each of *parts* below the other."""
    return f"\n{_RULE}\n\n".join(_section(part, style) for part in parts)


def lines(alerts: Sequence[Alert], style: Style) -> str:
    """A line for each of *alerts*, by level."""
    found = []
    for level, group in groupby(alerts, lambda alert: alert.level):
        told = [f"{clock(alert)}  {line(alert, style)}" for alert in group]
        found.append("\n".join([f"{content.SIGNS[level]} {len(told)} × {content.level(level, style)}", "", *told, ""]))
    return "\n".join([*found, content.origin(alerts[0])]).rstrip() + "\n"


def line(alert: Alert, style: Style) -> str:
    """*alert* in one line: what has become of it, how often it was seen, what it says."""
    said = content.STATE_SIGNS.get(alert.state, ""), content.times(alert, style), content.line(alert, style)
    return cut_end(" ".join(filter(None, said)), LINE)


def clock(alert: Alert) -> str:
    """When *alert* was seen last."""
    return f"{moment(alert.last_seen):%m-%d %H:%M:%S}"


def _section(part: Part, style: Style) -> str:
    rule = "=" * min(len(_RULE), len(part.heading) + 1)
    facts = "\n".join(map(_fact, part.facts))
    foot = "\n".join(filter(None, (f"{content.level(part.alert.level, style)} · {part.when}", part.origin)))
    words = style.say("Open · acknowledge · silence")
    link = f"{words}:\n{part.link}" if part.link else ""
    told = (f"{part.heading}\n{rule}", part.note, part.message, facts, part.trace, foot, link)
    return "\n\n".join(filter(None, told)) + "\n"


def _fact(fact: Fact) -> str:
    if "\n" not in fact.value and len(fact.value) <= _NARROW:
        return f"{fact.name}: {fact.value}"
    indented = fact.value.replace("\n", "\n    ")
    return f"{fact.name}:\n    {indented}"
