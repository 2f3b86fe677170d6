"""What of an alert goes into a mail: its texts cut to their room, before they become HTML and plain text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from webhook_alerts.alert import Alert
from webhook_alerts.channels.base import Style
from webhook_alerts.channels.content import Fact, cleaned, describe, left_out
from webhook_alerts.channels.moments import moment
from webhook_alerts.channels.text import clean, escape_entities

ROOM = 88_000
"""Bytes of HTML for all alerts of a mail: Gmail shows no more than 102 kB of one, and a link to the rest."""
_MARKUP = 2_500
"""Bytes of HTML around the texts of one alert, at the most."""
_FACT = 260
"""Bytes of HTML around a fact."""
TRACE = 12_000
"""Bytes of a trace that are shown; a longer one is attached as well."""
_LONGEST_LINK = 2_000


@dataclass(frozen=True, slots=True)
class Part:
    """One alert of a mail. ``is_whole`` says that nothing of the trace was cut; ``link`` may be empty."""

    alert: Alert
    heading: str
    message: str
    facts: tuple[Fact, ...]
    trace: str
    is_whole: bool
    note: str
    origin: str
    when: str
    link: str


def part(alert: Alert, style: Style, room: int) -> Part:
    """*alert* so that it takes at most *room* bytes as HTML, the last 2,500 of which are kept for markup."""
    told = describe(alert, style)
    link = style.link(alert)
    link = link if len(link) <= _LONGEST_LINK else ""
    trace = alert.stack_trace if style.include_stack_traces else ""
    left = room - _MARKUP - sum(map(weight, (told.heading, told.note, told.origin, link)))
    facts = _within(told.facts, left // 2, style)
    left -= sum(weight(fact.name) + weight(fact.value) + _FACT for fact in facts)
    message = cleaned(told.message, left // 2 if trace else left, weight, style)
    shown = cleaned(trace, min(TRACE, left - weight(message)), weight, style).strip("\n")
    return Part(
        alert=alert,
        heading=told.heading,
        message=message,
        facts=tuple(facts),
        trace=shown,
        is_whole=len(shown) >= len(clean(trace).strip("\n")),
        note=told.note,
        origin=told.origin,
        when=_span(alert),
        link=link,
    )


def weight(text: str) -> int:
    """Bytes of *text* within HTML."""
    return len(escape_entities(text).encode("utf-8", "replace"))


def _within(facts: Sequence[Fact], room: int, style: Style) -> list[Fact]:
    """As many of *facts*, from the front, as fit, and a mark for the others."""
    kept: list[Fact] = []
    for fact in facts:
        room -= weight(fact.name) + weight(fact.value) + _FACT
        if room < 0:
            return [*kept, left_out(facts[len(kept) :], style)]
        kept.append(fact)
    return kept


def _span(alert: Alert) -> str:
    """When it was seen last, and first where it came again."""
    first, last = moment(alert.first_seen), moment(alert.last_seen)
    said = f"{last:%Y-%m-%d %H:%M:%S} UTC"
    if alert.occurrences == 1 or f"{first:%Y-%m-%d %H:%M:%S}" == f"{last:%Y-%m-%d %H:%M:%S}":
        return said
    return f"{first:%Y-%m-%d %H:%M:%S} – {f'{last:%H:%M:%S} UTC' if first.date() == last.date() else said}"
