"""A message as Mattermost and Rocket.Chat show it: text and attachments, from the body that was posted."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from django.utils.safestring import SafeString

from webhook_alerts.alert import JSON
from webhook_alerts.drawing import chat, marks
from webhook_alerts.drawing.chat import mappings, words

_PLAIN = re.compile(r"[^`*_\[@h]+")


def draw(body: Mapping[str, JSON], files: Sequence[Mapping[str, JSON]], webhook: str) -> SafeString:
    """*body*, by the name that it gives itself, or that of the *webhook*."""
    name = words(body.get("username")) or words(body.get("alias")) or webhook
    parts = [chat.paragraph(markdown(words(body.get("text")))), *map(_attachment, mappings(body.get("attachments")))]
    return chat.message(name, parts, files)


def markdown(source: str) -> SafeString:
    """The part of their Markdown that our messages hold."""
    return marks.marked(source, _RULES, _PLAIN)


_RULES: Sequence[marks.Rule] = [
    (re.compile(r"```(?:[\w+-]+\n)?\n?([\s\S]*?)\n?```\n?"), lambda found: marks.block(found[1])),
    (re.compile(r"`([^`\n]+)`"), lambda found: marks.around("code", marks.text(found[1]))),
    (re.compile(r"\*\*(?=\S)([^\n*]*[^\s*])\*\*"), lambda found: marks.around("strong", markdown(found[1]))),
    (re.compile(r"(?<!\w)_(?=\S)([^_\n]*[^_\s])_(?!\w)"), lambda found: marks.around("em", markdown(found[1]))),
    (re.compile(r"\[([^\]\n]{1,300})\]\((https?://[^)\s]+)\)"), lambda found: marks.link(found[2], found[1])),
    (re.compile(r"https?://[^\s\u200b]+"), lambda found: marks.link(found[0], found[0])),
    (re.compile(r"(?<![\w@])@[a-zA-Z][\w.-]*"), lambda found: marks.called(found[0])),
]


def _attachment(given: Mapping[str, JSON]) -> SafeString:
    title = marks.link(words(given.get("title_link")), words(given.get("title")))
    pairs = (
        (marks.around("strong", marks.text(words(each.get("title")))), markdown(str(each.get("value", ""))))
        for each in mappings(given.get("fields"))
    )
    parts = [
        chat.paragraph(marks.text(words(given.get("author_name"))), kind="small"),
        chat.paragraph(title, kind="title"),
        chat.paragraph(markdown(words(given.get("text")))),
        chat.facts(pairs),
        chat.paragraph(marks.text(words(given.get("footer"))), kind="small"),
    ]
    return chat.card(parts, words(given.get("color")))
