"""An event as PagerDuty shows it: summary, severity, and the details as a table, from the body that was posted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from django.utils.safestring import SafeString

from webhook_alerts.alert import JSON
from webhook_alerts.drawing import chat, marks
from webhook_alerts.drawing.chat import mapping, mappings, words

_COLOURS: Mapping[str, str] = {"critical": "#c81e1e", "error": "#d9480f", "warning": "#b7791f", "info": "#2b6cb0"}
"""By severity; https://developer.pagerduty.com/docs/events-api-v2-overview knows these four."""
_STATUS: Mapping[str, str] = {"trigger": "Triggered", "acknowledge": "Acknowledged", "resolve": "Resolved"}


def draw(body: Mapping[str, JSON], files: Sequence[Mapping[str, JSON]], webhook: str) -> SafeString:
    """The alert that *body* is, in the words of PagerDuty's pages."""
    event = mapping(body.get("payload"))
    severity = words(event.get("severity"))
    status = _STATUS.get(words(body.get("event_action")), "")
    shown = [(name, words(event.get(name))) for name in ("source", "component", "class", "group")]
    trace, told = _details(mapping(event.get("custom_details")))
    parts = [
        chat.paragraph(" · ".join(filter(None, (status, severity, words(event.get("timestamp"))))), kind="small"),
        chat.paragraph(marks.text(words(event.get("summary"))), kind="title"),
        chat.named((name, value) for name, value in (*shown, *told) if value),
        marks.block(trace) if trace else SafeString(""),
        chat.buttons((words(each.get("text")), words(each.get("href"))) for each in mappings(body.get("links"))),
    ]
    return chat.message(webhook, [chat.card(parts, _COLOURS.get(severity, ""))], files)


def _details(given: Mapping[str, JSON]) -> tuple[str, list[tuple[str, str]]]:
    """A trace, to be read as lines, and all others of *given*, nested ones as JSON."""
    exception = mapping(given.get("exception"))
    trace = words(exception.get("stack_trace"))
    others = {**given, **({"exception": exception.get("type")} if trace else {})}
    return trace, [(name, _told(value)) for name, value in others.items() if value]


def _told(value: JSON) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
