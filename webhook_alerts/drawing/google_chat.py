"""A message as Google Chat shows it: text in its markup, from the body that was posted."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from django.utils.safestring import SafeString

from webhook_alerts.alert import JSON
from webhook_alerts.drawing import chat, marks
from webhook_alerts.drawing.chat import words

_PLAIN = re.compile(r"[^`*_~<]+")


def draw(body: Mapping[str, JSON], files: Sequence[Mapping[str, JSON]], webhook: str) -> SafeString:
    """The text of *body*."""
    return chat.message(webhook, [chat.paragraph(markup(words(body.get("text"))))], files)


def markup(source: str) -> SafeString:
    """A text in Google Chat's own markup."""
    return marks.marked(source, _RULES, _PLAIN)


def _pair(sign: str, tag: str) -> marks.Rule:
    sign = re.escape(sign)
    pattern = rf"{marks.AT_WORD}{sign}(?=\S)([^{sign}\n]*[^\s{sign}]){sign}{marks.PAST_WORD}"
    return re.compile(pattern), lambda found: marks.around(tag, markup(found[1]))


_RULES: Sequence[marks.Rule] = [
    (re.compile(r"```\n?([\s\S]*?)\n?```\n?"), lambda found: marks.block(found[1])),
    (re.compile(r"<users/(\w+)>"), lambda found: marks.called(f"@{found[1]}")),
    (re.compile(r"<(https?://[^|>\s]+)(?:\|([^>]*))?>"), lambda found: marks.link(found[1], found[2] or found[1])),
    (re.compile(r"`([^`\n]+)`"), lambda found: marks.around("code", marks.text(found[1]))),
    _pair("*", "strong"),
    _pair("_", "em"),
    _pair("~", "s"),
]
