"""How an alert looks in Teams: a coloured heading, its message, its trace, its facts, its origin and a button.

All texts of an alert stand in runs of rich text and in code, which are shown letter by letter. Text blocks and fact
sets read Markdown, and each of Teams' clients has its own idea of how that is escaped (msteams-docs issue 5793).
Elements: https://adaptivecards.io/explorer and
https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format (``CodeBlock``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from webhook_alerts.alert import Alert, Level
from webhook_alerts.channels.base import Style
from webhook_alerts.channels.content import Content, Fact, cleaned, describe, left_out, level, own_template_failed

Element = dict[str, Any]

BODY = 20_000
"""Bytes of a whole message, as ``weight`` counts. Teams posts at most 28,672 of what the flow makes of the request:
one of 24,453 bytes became 28,897, was answered with 202, and never shown (msteams-docs issue 11274)."""
ROOM = 18_500
"""What of it is left for the alerts: around them stand the card and a mention."""
SHARE = 3000
"""Every alert of several gets at least so many bytes."""
FALLBACK = 900
"""Of a trace where there are no code blocks, in Teams' apps for phones."""
_SURE_OF_TRACE = 6000
"""Facts and message leave a trace so many bytes, or two fifths of the room."""
_LONGEST_LINK = 512
_OWN_ELEMENTS = 20

STYLES: Mapping[Level, str] = {
    Level.DEBUG: "emphasis",
    Level.INFO: "accent",
    Level.WARNING: "warning",
    Level.ERROR: "attention",
    Level.CRITICAL: "attention",
}
_STATE_STYLES: Mapping[str, str] = {"resolved": "good", "acknowledged": "accent"}
_SEVERAL_SPACES = re.compile(r" (?= )")
_QUOTES = 6
_to_json: Callable[[Any], str] = json.JSONEncoder(separators=(",", ":")).encode


def weight(thing: Any) -> int:
    """Bytes of *thing* at the dearest that a flow may write it: as a JSON text within JSON, in ASCII alone."""
    written = _to_json(thing)
    return len(written) + written.count('"') + written.count("\\") + 2


def length(text: str) -> int:
    """Bytes of *text* within such a JSON text."""
    return weight(text) - _QUOTES


def draw(alert: Alert, style: Style, room: int) -> list[Element]:
    """The elements of *alert* within *room* bytes."""
    own, failed = _own(alert, style, room)
    if own:
        return own
    told = describe(alert, style)
    head = _heading(alert, told)
    tail = [_foot(alert, told.origin, style), *_link(style.link(alert), style)]
    left = room - weight(head) - weight(tail)
    trace = alert.stack_trace if style.include_stack_traces else ""
    kept_for_text = min(_SURE_OF_TRACE, left * 2 // 5) if trace or told.message else 0
    facts = _facts((*failed, *told.facts), left - kept_for_text, style)
    return [head, *_texts(told.message, trace, left - weight(facts), style), *facts, *tail]


def run(text: str, **look: Any) -> Element:
    """A piece of text that is shown letter by letter."""
    return {"type": "TextRun", "text": text, **look}


def paragraph(*runs: Element, **look: Any) -> Element:
    """Runs after each other."""
    return {"type": "RichTextBlock", "inlines": list(runs), **look}


def preformatted(text: str, **look: Any) -> Element:
    """Lines of text in letters of one width, indented as they are."""
    return paragraph(run(spaced(text), fontType="Monospace"), **look)


def spaced(text: str) -> str:
    """*text* with spaces that do not fall together."""
    return _SEVERAL_SPACES.sub("\u00a0", text.replace("\t", "    "))


def band(style: str, *items: Element) -> Element:
    """A coloured bar from edge to edge."""
    return {"type": "Container", "style": style, "bleed": True, "items": list(items)}


def mention(name: str) -> Element:
    """A line that calls somebody; with ``mentioned`` among the card's entities."""
    return {"type": "TextBlock", "text": f"<at>{name}</at>", "wrap": True}


def mentioned(name: str, identity: str) -> Element:
    """Who is called: *identity* is a user principal name or an object id of Entra."""
    return {"type": "mention", "text": f"<at>{name}</at>", "mentioned": {"id": identity, "name": name}}


def _heading(alert: Alert, told: Content) -> Element:
    heading = paragraph(run(told.heading, weight="Bolder", size="Medium"))
    note = [paragraph(run(told.note), spacing="Small")] if told.note else []
    return band(_STATE_STYLES.get(alert.state, STYLES[alert.level]), heading, *note)


def _texts(message: str, trace: str, left: int, style: Style) -> list[Element]:
    """The message and the trace; where both are, the trace has what the message leaves, and half at the least."""
    elements = []
    if message:
        text = cleaned(message, (left // 2 if trace else left) - 150, _length_spaced, style) or "…"
        elements.append(preformatted(text) if "\n" in text else paragraph(run(text)))
        left -= weight(elements)
    if trace:
        least = cleaned(trace, min(FALLBACK, left // 4), length, style).strip("\n") or "…"
        fallback = paragraph(run(least, fontType="Monospace"))
        left -= weight(fallback) + 150
        snippet = cleaned(trace, left, length, style).strip("\n") or "…"
        elements.append({"type": "CodeBlock", "codeSnippet": snippet, "language": "Python", "fallback": fallback})
    return elements


def _length_spaced(text: str) -> int:
    return length(spaced(text))


def _facts(facts: Sequence[Fact], room: int, style: Style) -> list[Element]:
    """As many of *facts*, from the front, as fit, and a mark for the others."""
    drawn: list[Element] = []
    for index, fact in enumerate(facts):
        spacing = "Small" if drawn else "Default"
        elements = _fact(fact, spacing)
        room -= weight(elements)
        if room < 0:
            return [*drawn, *_fact(left_out(facts[index:], style), spacing)]
        drawn += elements
    return drawn


def _fact(fact: Fact, spacing: str) -> list[Element]:
    """A line of name and value; a value of several lines below its name."""
    name = run(f"{fact.name}: ", weight="Bolder")
    if "\n" in fact.value:
        return [paragraph(name, spacing=spacing), preformatted(fact.value, spacing="None")]
    return [paragraph(name, run(spaced(fact.value)), spacing=spacing)]


def _foot(alert: Alert, origin: str, style: Style) -> Element:
    """How grave it is, when it was seen last, and where it comes from. Teams knows no time in the reader's zone."""
    seen = f"{datetime.fromtimestamp(int(alert.last_seen), UTC):%Y-%m-%d %H:%M:%S} UTC"
    said = " · ".join(filter(None, (level(alert.level, style), seen, origin)))
    return paragraph(run(said, size="Small", isSubtle=True))


def _link(link: str, style: Style) -> list[Element]:
    if not 0 < len(link) <= _LONGEST_LINK:
        return []
    title = style.say("Open · acknowledge · silence")
    return [{"type": "ActionSet", "actions": [{"type": "Action.OpenUrl", "title": title, "url": link}]}]


def _own(alert: Alert, style: Style, room: int) -> tuple[list[Element], list[Fact]]:
    """The ``body`` that a user's template gives, or a fact that says why it is not used."""
    template = style.templates.get(alert.kind.value)
    if template is None:
        return [], []
    try:
        body = template(alert, style).get("body")
        if body is None or _fits(body, room):
            return body or [], []
        why = style.say("its body is no list of elements, or too long for Teams")
    except Exception as error:  # noqa: BLE001 - a user's template must not cost the alert
        why = type(error).__name__
    return [], [own_template_failed(why, style)]


def _fits(body: Any, room: int) -> bool:
    return (
        isinstance(body, list)
        and 1 <= len(body) <= _OWN_ELEMENTS
        and all(isinstance(element, dict) and isinstance(element.get("type"), str) for element in body)
        and weight(body) <= room
    )
