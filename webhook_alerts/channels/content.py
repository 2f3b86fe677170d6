"""What a message says of an alert, before a service's vocabulary: a heading, a text, facts, a trace, an origin.

Texts are cleaned and within bounds, and not escaped: each service has its own way to show them letter by letter.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from webhook_alerts.alert import Alert, Kind, Level
from webhook_alerts.channels.base import Style
from webhook_alerts.channels.text import clean, cut_end, cut_middle

TITLE = 120
"""Characters of a heading; a longer first line stands below it as a whole."""
MESSAGE = 4000
FACTS = 18
"""So many pairs of the context are shown; the rest is in the record."""
NAME = 100
VALUE = 500
NOTE = 300
ORIGIN = 200

SIGNS: Mapping[Level, str] = {
    Level.DEBUG: "⚪",
    Level.INFO: "🔵",
    Level.WARNING: "🟡",
    Level.ERROR: "🔴",
    Level.CRITICAL: "🚨",
}
STATE_SIGNS: Mapping[str, str] = {"resolved": "✅", "acknowledged": "👀", "flapping": "🔁"}
"""What has become of an incident outweighs how grave it was."""
_KIND_SIGNS: Mapping[Kind, str] = {
    Kind.PERFORMANCE: "⏱️",
    Kind.EVENT: "📌",
    Kind.STATUS: "📣",
    Kind.DIGEST: "📊",
}
_SUBJECTS: Mapping[Kind, str] = {Kind.PERFORMANCE: "metric", Kind.EVENT: "event", Kind.STATUS: "status"}


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing known of an alert; a ``value`` may have several lines."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Content:
    """All that is shown of one alert but its trace, which is cut to what room is left.

    ``heading`` is one line that begins with a sign; ``message`` is empty where the heading says it already.
    """

    heading: str
    message: str
    facts: tuple[Fact, ...]
    note: str
    origin: str


def describe(alert: Alert, style: Style) -> Content:
    """What to show of *alert*. Pure, and never raises."""
    title, message = _head(alert, style)
    times = f" ×{alert.occurrences:,}" if alert.occurrences > 1 else ""
    return Content(
        heading=f"{sign(alert)} {title}{times}",
        message=message,
        facts=tuple(_facts(alert)),
        note=clean(cut_end(alert.note, NOTE)).strip(),
        origin=origin(alert),
    )


def sign(alert: Alert) -> str:
    """What *alert* is headed by: what has become of it, else how grave it is; kinds of their own have a second sign."""
    if alert.state in STATE_SIGNS:
        return STATE_SIGNS[alert.state]
    own = _KIND_SIGNS.get(alert.kind, "")
    if own and alert.level <= Level.INFO:
        return own
    return f"{SIGNS[alert.level]} {own}".rstrip()


def origin(alert: Alert) -> str:
    """Where *alert* comes from: service, environment, release and host."""
    parts = filter(None, (alert.service, alert.environment, alert.release, alert.host))
    return clean(cut_end(" · ".join(parts), ORIGIN)).strip()


def line(alert: Alert) -> str:
    """*alert* in one line without a sign: its exception and its message, else its kind."""
    kind = clean(cut_end(alert.exception_type, VALUE)).rpartition(".")[2].strip()
    text = " ".join(clean(cut_end(alert.message, VALUE)).split())
    return ": ".join(filter(None, (kind, text))) or alert.kind.value


def paragraph(alert: Alert, style: Style) -> str:
    """The exception and the whole message of *alert* without a sign, as far as *style* shows it; else its kind."""
    kind = " ".join(clean(cut_end(alert.exception_type, VALUE)).split())
    return ": ".join(filter(None, (kind, _message(alert, style)))) or alert.kind.value


def cleaned(text: str, most: int, size: Callable[[str], int] = len) -> str:
    """*text* cleaned and cut in the middle, so that its *size* is *most* or less; it says how much is gone."""
    target = most = max(0, most)
    found = clean(cut_middle(text, target))
    while size(found) > most:
        target = max(0, min(target - 1, target * most // size(found) - 8))
        found = clean(cut_middle(text, target))
    return found


def _message(alert: Alert, style: Style) -> str:
    return clean(cut_middle(alert.message, min(style.max_message_length, MESSAGE))).strip()


def _head(alert: Alert, style: Style) -> tuple[str, str]:
    """The title, and the text below it."""
    message = _message(alert, style)
    if alert.exception_type:
        exception = " ".join(clean(cut_end(alert.exception_type, TITLE)).split())
        if exception:
            return exception, message
    said = alert.details.get(_SUBJECTS.get(alert.kind, ""))
    if said is not None:
        spaced = str(said)[:VALUE].replace("_", " ") if alert.kind is Kind.EVENT else str(said)[:VALUE]
        subject = " ".join(clean(spaced).split())
        if any(map(str.isprintable, subject)):
            is_said = len(subject) <= TITLE and (alert.message == said or alert.details.get("value") is not None)
            return cut_end(subject, TITLE), "" if is_said else message
    if alert.kind is Kind.EVENT and "\n" not in message:
        message = message.replace("_", " ").strip()
    head, _, rest = message.partition("\n")
    title = cut_end(head.rstrip(), TITLE)
    if not any(map(str.isprintable, title)):
        return (alert.level.name.title() if alert.kind in {Kind.LOG, Kind.ERROR} else alert.kind.value), message
    return title, message if rest or len(head) > TITLE else ""


def _facts(alert: Alert) -> Iterator[Fact]:
    if alert.kind is Kind.PERFORMANCE:
        yield from _measured(alert.details)
    if alert.request.get("path"):
        yield _fact("Request", f"{alert.request.get('method', '')} {alert.request['path']}")
    if alert.request.get("user_id"):
        yield _fact("User", str(alert.request["user_id"]))
    if alert.logger:
        yield _fact("Logger", f"{alert.logger} · {alert.function}:{alert.line}" if alert.function else alert.logger)
    if alert.correlation_id:
        yield _fact("Correlation", alert.correlation_id)
    if alert.occurrences > 1 and alert.samples:
        yield _fact("Also seen", "\n".join(cut_end(sample, 120) for sample in alert.samples))
    for name, value in list(alert.context.items())[:FACTS]:
        yield _fact(str(name), value if isinstance(value, str) else _json(value))
    if len(alert.context) > FACTS:
        yield more(len(alert.context) - FACTS)


def more(count: int) -> Fact:
    """The mark of *count* facts that are not shown."""
    return Fact("…", f"{count} more in the record")


def _measured(details: Mapping[str, Any]) -> Iterator[Fact]:
    unit = f" {details.get('unit') or ''}".rstrip()
    for name in ("value", "threshold", "ratio"):
        if details.get(name) is not None:
            yield _fact(name.title(), f"{_number(details[name])}{'×' if name == 'ratio' else unit}")


def _fact(name: str, value: str) -> Fact:
    shown = " ".join(clean(cut_end(name, NAME)).split())
    return Fact(shown or "-", clean(cut_middle(value, VALUE)).strip() or "-")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _number(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    return f"{value:,.6g}" if isinstance(value, float) else f"{value:,}"
