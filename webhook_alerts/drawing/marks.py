"""Reading a service's markup: rules that are tried from the left, each of which draws what it matches as HTML."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], SafeString]]
AT_WORD = r"(?<![^\W_])"
"""Where a mark may begin that stands around words."""
PAST_WORD = r"(?![^\W_])"
"""Where it may end."""


def marked(source: str, rules: Sequence[Rule], plain: re.Pattern[str]) -> SafeString:
    """*source* by the first of *rules* that matches at each place; *plain* runs over what begins no mark.

    Every text is escaped; nothing becomes markup but by a rule. No rule may match marks of its own kind within its
    marks, so that the depth is bounded by their number.
    """
    drawn: list[SafeString] = []
    at = 0
    while at < len(source):
        for pattern, draw in rules:
            found = pattern.match(source, at)
            if found is not None and found.end() > at:
                drawn.append(draw(found))
                break
        else:
            found = plain.match(source, at)
            drawn.append(text(found[0] if found else source[at]))
        at = found.end() if found else at + 1
    return joined(drawn)


def text(value: object) -> SafeString:
    """*value* as text."""
    return format_html("{}", value)


def joined(parts: Sequence[SafeString]) -> SafeString:
    """*parts* after each other."""
    return format_html_join("", "{}", ((part,) for part in parts))


def around(tag: str, inside: SafeString) -> SafeString:
    """*inside* within a *tag* of ours."""
    return format_html("<{tag}>{}</{tag}>", inside, tag=SafeString(tag))


def block(value: str) -> SafeString:
    """Lines of code."""
    return format_html("<pre><code>{}</code></pre>", value)


def called(name: str) -> SafeString:
    """Somebody who is called."""
    return format_html('<span class="wa-mention">{}</span>', name)


def link(address: str, words: object) -> SafeString:
    """*words* that lead to *address*, where that is one of the web; else the words alone."""
    if not address.startswith(("https://", "http://")):
        return text(words)
    return format_html('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>', address, words)
