"""A message as Microsoft Teams shows it: Adaptive Cards, from the body that was posted."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from django.utils.html import format_html
from django.utils.safestring import SafeString

from webhook_alerts.alert import JSON
from webhook_alerts.drawing import chat, marks
from webhook_alerts.drawing.chat import mapping, mappings, words

_Object = Mapping[str, JSON]
_PLAIN = re.compile(r"[^<*_\[\n]+")
_BANDS = frozenset({"accent", "good", "warning", "attention", "emphasis"})


def draw(body: _Object, files: Sequence[_Object], webhook: str) -> SafeString:
    """The cards of *body*."""
    cards = [mapping(each.get("content")) for each in mappings(body.get("attachments"))]
    return chat.message(webhook, [chat.card(_elements(card.get("body"))) for card in cards], files)


def markdown(source: str) -> SafeString:
    """What text blocks read of Markdown; rich text and code are shown as they are."""
    return marks.marked(source, _RULES, _PLAIN)


_RULES: Sequence[marks.Rule] = [
    (re.compile(r"<at>([^<]*)</at>"), lambda found: marks.called(found[1])),
    (re.compile(r"\*\*(?=\S)([^\n*]*[^\s*])\*\*"), lambda found: marks.around("strong", markdown(found[1]))),
    (re.compile(r"_(?=\S)([^_\n]*[^_\s])_"), lambda found: marks.around("em", markdown(found[1]))),
    (re.compile(r"\[([^\]\n]{1,300})\]\((https?://[^)\s]+)\)"), lambda found: marks.link(found[2], found[1])),
    (re.compile(r"\n\n"), lambda _found: SafeString("<br>")),
    (re.compile(r"\n"), lambda _found: SafeString(" ")),
]


def _elements(given: JSON) -> list[SafeString]:
    return [_element(each) for each in mappings(given)]


def _element(part: _Object) -> SafeString:
    drawing = _ELEMENTS.get(words(part.get("type")))
    if drawing:
        return drawing(part)
    fallback = mapping(part.get("fallback"))
    return _element(fallback) if fallback else chat.paragraph(f"({words(part.get('type'))})", kind="small")


def _rich(part: _Object) -> SafeString:
    runs = mappings(part.get("inlines"))
    first: _Object = runs[0] if runs else {}
    kind = "small" if first.get("size") == "Small" else "title" if first.get("size") == "Medium" else "text"
    return chat.paragraph(marks.joined([_run(each) for each in runs]), kind=kind)


def _run(given: _Object) -> SafeString:
    drawn = marks.text(words(given.get("text")))
    drawn = marks.around("code", drawn) if given.get("fontType") == "Monospace" else drawn
    return marks.around("strong", drawn) if given.get("weight") == "Bolder" else drawn


def _container(part: _Object) -> SafeString:
    style = words(part.get("style"))
    inside = marks.joined(_elements(part.get("items")))
    return format_html('<div class="wa-chat-band wa-band-{}">{}</div>', style if style in _BANDS else "none", inside)


def _facts(part: _Object) -> SafeString:
    found = mappings(part.get("facts"))
    return chat.facts(
        (marks.around("strong", markdown(words(each.get("title")))), markdown(words(each.get("value"))))
        for each in found
    )


def _actions(part: _Object) -> SafeString:
    found = mappings(part.get("actions"))
    return chat.buttons((words(each.get("title")), words(each.get("url"))) for each in found)


_ELEMENTS: Mapping[str, Callable[[_Object], SafeString]] = {
    "TextBlock": lambda part: chat.paragraph(markdown(words(part.get("text")))),
    "RichTextBlock": _rich,
    "CodeBlock": lambda part: marks.block(words(part.get("codeSnippet"))),
    "Container": _container,
    "FactSet": _facts,
    "ActionSet": _actions,
}
