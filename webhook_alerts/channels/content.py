"""What a message says of an alert, before a service's vocabulary: a heading, a text, facts, a trace, an origin.

Texts are cleaned and within bounds, and not escaped: each service has its own way to show them letter by letter.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from webhook_alerts.alert import Alert, Kind, Level
from webhook_alerts.channels.base import Style
from webhook_alerts.channels.moments import moment
from webhook_alerts.channels.text import clean, cut_end, cut_middle

TITLE = 120
"""Characters of a heading; a longer first line stands below it as a whole."""
MESSAGE = 4000
FACTS = 18
"""So many pairs of the context are shown; the rest is in the record."""
NAME = 100
VALUE = 500
LINES = 950
"""Characters of a value of several lines, as a digest has them: in its fence within a field of Discord's."""
NOTE = 300
ORIGIN = 200
CAUSE = 100
"""Characters of what an exception says, in one line with the message."""
FINGERPRINT = 64
_LOOKED_AT = 20_000
"""Of a trace, from its end: what an exception says begins there, or is nothing for a heading."""

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
_json = json.JSONEncoder(ensure_ascii=False, default=str).encode
"""``json.dumps`` makes an encoder for each call."""
PLAIN = Style()
"""English, as far as nobody says otherwise."""
_NEWS = frozenset({Kind.EVENT, Kind.STATUS, Kind.DIGEST})
_SUBJECTS: Mapping[Kind, str] = {Kind.PERFORMANCE: "metric", Kind.EVENT: "event", Kind.STATUS: "status"}


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing known of an alert, or what stands for ``count`` of them; a ``value`` may have several lines."""

    name: str
    value: str
    count: int = 1


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
    return Content(
        heading=f"{sign(alert)} {title} {times(alert, style)}".rstrip(),
        message=message,
        facts=tuple(_facts(alert, style)),
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


def times(alert: Alert, style: Style) -> str:
    """How often *alert* occurred, as ×57; empty for once."""
    return f"×{style.number(alert.occurrences)}" if alert.occurrences > 1 else ""


def level(grade: Level, style: Style) -> str:
    """The name of *grade* in capitals; its translation is that of ``models.Alert.Level``."""
    return style.say(grade.name.lower()).upper()


def kind(alert: Alert, style: Style) -> str:
    """The name of the kind of *alert*; its translation is that of ``models.Alert.Kind``."""
    return style.say(alert.kind.value)


def calls(alerts: Iterable[Alert]) -> bool:
    """Is somebody to be called: is any of *alerts* critical, and nobody dealing with it yet?"""
    return any(alert.level >= Level.CRITICAL and alert.state in {"", "open"} for alert in alerts)


def origin(alert: Alert) -> str:
    """Where *alert* comes from: service, environment, release and host."""
    parts = filter(None, (alert.service, alert.environment, alert.release, alert.host))
    return clean(cut_end(" · ".join(parts), ORIGIN)).strip()


def key(alert: Alert) -> str:
    """What a service that keeps incidents itself is to call that of *alert*, in at most 64 characters.

    Its fingerprint, as it is stored, so that repeats fall together. News have no incident: each is called by its id.
    """
    given = " ".join(clean(alert.fingerprint).split())
    if not given or alert.kind in _NEWS:
        return str(alert.id)
    return (
        given if len(given) <= FINGERPRINT else hashlib.sha256(alert.fingerprint.encode("utf-8", "replace")).hexdigest()
    )


def standing(alert: Alert) -> str:
    """Where the incident of *alert* stands for such a service: ``open``, ``acknowledged`` or ``resolved``.

    What comes and goes is open, and so is what has come back since, whatever became of this alert.
    """
    is_over = alert.state in {"acknowledged", "resolved"} and alert.state_since > 0
    return alert.state if is_over else "open"


def cause(alert: Alert) -> str:
    """What the exception of *alert* says, which its trace ends with, in one line; empty where its message says it.

    ``logger.exception`` and Django's own "Internal Server Error: /checkout/" do not.
    """
    trace = f"\n{alert.stack_trace[-_LOOKED_AT:]}"
    # The last line that begins with its name: of a chain the exceptions before it may have the same.
    _, found, rest = trace.rpartition(f"\n{alert.exception_type}")
    if not alert.exception_type or not found or not rest.startswith(": "):
        return ""
    said = " ".join(clean(cut_end(rest[2:].partition("\n")[0], VALUE)).split())
    return "" if said in " ".join(alert.message.split()) else said


def line(alert: Alert, style: Style = PLAIN) -> str:
    """*alert* in one line without a sign: its exception, what that says, and its message; else its kind."""
    exception = clean(cut_end(alert.exception_type, VALUE)).rpartition(".")[2].strip()
    text = " ".join(clean(cut_end(alert.message, VALUE)).split())
    if exception and (said := cause(alert)):
        return " · ".join(filter(None, (f"{exception}: {cut_end(said, CAUSE)}", text)))
    return ": ".join(filter(None, (exception, text))) or kind(alert, style)


def timed_line(alert: Alert, most: int, style: Style) -> str:
    """*alert* in one line behind the time when it was seen last (UTC): what became of it, how often, and ``line``.

    What stands behind the time has at most *most* characters.
    """
    said = (STATE_SIGNS.get(alert.state, ""), times(alert, style), line(alert, style))
    return f"{moment(alert.last_seen):%H:%M:%S} {cut_end(' '.join(filter(None, said)), most)}"


def paragraph(alert: Alert, style: Style) -> str:
    """The exception and the whole message of *alert* without a sign, as far as *style* shows it; else its kind."""
    exception = " ".join(clean(cut_end(alert.exception_type, VALUE)).split())
    if exception and (said := cause(alert)):
        return "\n".join(filter(None, (f"{exception}: {said}", _message(alert, style))))
    return ": ".join(filter(None, (exception, _message(alert, style)))) or kind(alert, style)


def cleaned(text: str, most: int, size: Callable[[str], int] = len, style: Style = PLAIN) -> str:
    """*text* cleaned and cut in the middle, so that its *size* is *most* or less; it says how much is gone."""
    target = most = max(0, most)
    found = clean(cut_middle(text, target, style.say))
    while size(found) > most:
        target = max(0, min(target - 1, target * most // size(found) - 8))
        found = clean(cut_middle(text, target, style.say))
    return found


def _message(alert: Alert, style: Style) -> str:
    return clean(cut_middle(alert.message, min(style.max_message_length, MESSAGE), style.say)).strip()


def _head(alert: Alert, style: Style) -> tuple[str, str]:
    """The title, and the text below it."""
    message = _message(alert, style)
    if alert.exception_type:
        exception = " ".join(clean(cut_end(alert.exception_type, TITLE)).split())
        if exception:
            return cut_end(": ".join(filter(None, (exception, cause(alert)))), TITLE), message
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
        is_graded = alert.kind in {Kind.LOG, Kind.ERROR}
        return (level(alert.level, style).capitalize() if is_graded else kind(alert, style)), message
    return title, message if rest or len(head) > TITLE else ""


def _facts(alert: Alert, style: Style) -> Iterator[Fact]:
    if alert.kind is Kind.PERFORMANCE:
        yield from _measured(alert.details, style)
    if alert.request.get("path"):
        yield _fact(style.say("Request"), f"{alert.request.get('method', '')} {alert.request['path']}", style)
    if alert.request.get("user_id"):
        yield _fact(style.say("User"), str(alert.request["user_id"]), style)
    if alert.logger:
        place = f"{alert.logger} · {alert.function}:{alert.line}" if alert.function else alert.logger
        yield _fact(style.say("Logger"), place, style)
    if alert.correlation_id:
        yield _fact(style.say("Correlation"), alert.correlation_id, style)
    if alert.occurrences > 1 and alert.samples:
        yield _fact(style.say("Also seen"), "\n".join(cut_end(sample, 120) for sample in alert.samples), style)
    for name, value in list(alert.context.items())[:FACTS]:
        shown = " ".join(clean(cut_end(str(name), NAME)).split())
        yield _fact(shown or "-", value if isinstance(value, str) else _json(value), style)
    if len(alert.context) > FACTS:
        yield more(len(alert.context) - FACTS, style)


def more(count: int, style: Style = PLAIN) -> Fact:
    """The mark of *count* facts that are not shown."""
    return Fact("…", style.say("{n} more in the record").format(n=style.number(count)), count)


def left_out(facts: Iterable[Fact], style: Style) -> Fact:
    """The mark of *facts* that found no room; the last of them may be such a mark."""
    return more(sum(fact.count for fact in facts), style)


def own_template_failed(why: str, style: Style) -> Fact:
    """What takes the place of what a user's template should have drawn."""
    text = style.say("the own template failed: {why}").format(why=why)
    return Fact(style.say("Template"), clean(cut_end(text, NAME)))


def measures(details: Mapping[str, Any], style: Style) -> Iterator[tuple[str, str]]:
    """What was measured: a name and a value for each number that is known."""
    unit = f" {details.get('unit') or ''}".rstrip()
    names = {"value": style.say("Value"), "threshold": style.say("Threshold"), "ratio": style.say("Ratio")}
    for key, name in names.items():
        if details.get(key) is not None:
            yield name, f"{_number(details[key], style)}{'×' if key == 'ratio' else unit}"


def _measured(details: Mapping[str, Any], style: Style) -> Iterator[Fact]:
    return (_fact(name, value, style) for name, value in measures(details, style))


def _fact(name: str, value: str, style: Style) -> Fact:
    """A fact; *name* is clean."""
    most = LINES if "\n" in value else VALUE
    return Fact(name, clean(cut_middle(value, most, style.say)).strip() or "-")


def _number(value: Any, style: Style) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    return style.number(value)
