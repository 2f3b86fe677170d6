"""A message for Apprise, before the library makes of it what the service behind it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.safestring import SafeString

from webhook_alerts.alert import JSON
from webhook_alerts.drawing import chat, marks
from webhook_alerts.drawing.chat import mappings, words

_COLOURS: Mapping[str, str] = {"failure": "#c81e1e", "warning": "#b7791f", "info": "#2b6cb0", "success": "#2f855a"}
"""By Apprise's kinds of notification; https://github.com/caronc/apprise/wiki/Development_API."""


def draw(body: Mapping[str, JSON], files: Sequence[Mapping[str, JSON]], webhook: str) -> SafeString:
    """The title over one alert in full, or over several in short."""
    given = mappings(body.get("parts"))
    title = marks.text(words(body.get("title")))
    several = [chat.paragraph(title, kind="title")] if len(given) > 1 else []
    drawn = [*several, *map(_in_short if several else _in_full, given)]
    return chat.message(webhook, [chat.card(drawn, _COLOURS.get(words(body.get("type")), ""))], files)


def _in_short(part: Mapping[str, JSON]) -> SafeString:
    said = ": ".join(filter(None, (words(part.get("heading")), " ".join(words(part.get("message")).split()))))
    return chat.paragraph(marks.text(said))


def _in_full(part: Mapping[str, JSON]) -> SafeString:
    pairs, trace = part.get("facts"), words(part.get("trace"))
    facts = [pair for pair in pairs if isinstance(pair, list) and len(pair) == 2] if isinstance(pairs, list) else []
    return marks.joined(
        [
            chat.paragraph(marks.text(words(part.get("heading"))), kind="title"),
            chat.paragraph(marks.text(words(part.get("note")))),
            chat.paragraph(marks.text(words(part.get("message")))),
            chat.named((words(name), words(value)) for name, value in facts),
            marks.block(trace) if trace else SafeString(""),
            chat.buttons([(words(part.get("words")), link)] if (link := words(part.get("link"))) else []),
            chat.paragraph(marks.text(words(part.get("foot"))), kind="small"),
        ]
    )
