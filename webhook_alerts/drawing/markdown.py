"""The part of Discord's markup that our messages hold, as HTML. Every text is escaped; nothing else becomes markup."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from webhook_alerts.drawing import marks
from webhook_alerts.drawing.moments import exact

Mentions = Callable[[str], bool]
"""Does a mention, as it is written, really call anybody?"""
_PLAIN = re.compile(r"[^\\`*_~<@\[]+")
_Draw = Callable[[re.Match[str], Mentions], SafeString]


def nobody(_mention: str) -> bool:
    """What an embed calls."""
    return False


def marked(source: str, mentions: Mentions = nobody) -> SafeString:
    """*source* as Discord shows it; ``mentions`` says which mentions are drawn as such.

    No mark can stand within its like, so that marks within marks are five deep at the most.
    """
    return marks.marked(source, [(pattern, _given(draw, mentions)) for pattern, draw in _RULES], _PLAIN)


def _given(draw: _Draw, mentions: Mentions) -> Callable[[re.Match[str]], SafeString]:
    return lambda found: draw(found, mentions)


def moment(seconds: int, form: str = "") -> SafeString:
    """A time in Unix *seconds*, in the current time zone; what no calendar has stays a number."""
    try:
        then = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return marks.text(str(seconds))
    return format_html(
        '<time datetime="{}">{}</time>',
        then.isoformat(),
        date_format(timezone.localtime(then), form) if form else exact(then),
    )


def _around(tag: str) -> _Draw:
    def draw(found: re.Match[str], mentions: Mentions) -> SafeString:
        return marks.around(tag, marked(found[1], mentions))

    return draw


def _block(found: re.Match[str], _mentions: Mentions) -> SafeString:
    return marks.block(found[1])


def _code(found: re.Match[str], _mentions: Mentions) -> SafeString:
    return format_html("<code>{}</code>", found[1])


def _link(found: re.Match[str], mentions: Mentions) -> SafeString:
    return marks.link(found[2], marked(found[1], mentions))


def _mention(found: re.Match[str], mentions: Mentions) -> SafeString:
    return marks.called(found[0]) if mentions(found[0]) else marks.text(found[0])


_RULES: Sequence[tuple[re.Pattern[str], _Draw]] = [
    (re.compile(r"\\([\\*_~`|>\[\]()#<:@-])"), lambda found, _mentions: marks.text(found[1])),
    (re.compile(r"```(?:[\w+-]+\n)?\n?([\s\S]*?)\n?```\n?"), _block),
    (re.compile(r"``([\s\S]+?)``(?!`)"), _code),
    (re.compile(r"`([^`]+)`"), _code),
    (re.compile(r"\*\*([\s\S]+?)\*\*"), _around("strong")),
    (re.compile(r"\*([^*\s][^*]*)\*"), _around("em")),
    (re.compile(r"__([\s\S]+?)__"), _around("u")),
    (re.compile(r"~~([\s\S]+?)~~"), _around("s")),
    (re.compile(r"\[([^\]\n]+)\]\((https?://[^\s)]+)\)"), _link),
    (re.compile(r"<t:(\d{1,15})(?::[a-zA-Z])?>"), lambda found, _mentions: moment(int(found[1]), "H:i:s")),
    (re.compile(r"@everyone|@here|<@[&!]?\d+>"), _mention),
]
