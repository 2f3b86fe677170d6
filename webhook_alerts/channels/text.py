"""Making any text fit and harmless: cleaning, escaping, cutting. Lengths in Unicode code points."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

_ZERO_WIDTH_SPACE = "\u200b"
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\U000e0000-\U000e007f]"
)
_MARKDOWN = re.compile(r"([\\*_~`|>\[\]()#<:@-])")
_EMPHASIS = re.compile(r"([\\*_~`|])")
_JOINER = "\u200d"
_FARTHEST = 32
"""Characters that a cut may move; what joins more of them is torn."""
_FLAGS = "".join(map(chr, range(0x1F1E6, 0x1F200)))
"""The letters of which two make a flag."""
_SKINS = ("\U0001f3fb", "\U0001f3ff")


def clean(text: str) -> str:
    """Drop what is not seen (controls, bidirectional overrides); lone surrogates become U+FFFD."""
    # Most texts and traces need nothing, and this is told in a tenth of the time.
    if text.isascii() and (text.isprintable() or text.replace("\n", "").isprintable()):
        return text
    return _UNSEEN.sub(_cleaned, text)


def _cleaned(unseen: re.Match[str]) -> str:
    return "\ufffd" if "\ud800" <= unseen[0] <= "\udfff" else ""


def escape_markdown(text: str) -> str:
    """*text* so that Discord shows it letter by letter: no emphasis, link, heading, spoiler or mention."""
    return text if text.isalnum() else _MARKDOWN.sub(r"\\\1", text)


def escape_emphasis(text: str) -> str:
    """*text* for a title, which knows emphasis, code and spoilers and no other markup."""
    return _EMPHASIS.sub(r"\\\1", text)


def escape_entities(text: str) -> str:
    """*text* without ``&``, ``<`` and ``>``, for markup in which only these begin something: Slack's, HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def code_block(text: str, language: str = "") -> str:
    """A fenced block that *text* cannot close: its runs of backticks are parted by zero-width spaces."""
    return f"```{language}\n{defuse(text)}\n```"


def defuse(text: str) -> str:
    """Part neighbouring backticks, so that no fence can form."""
    if "``" not in text:
        return text
    return text.replace("``", f"`{_ZERO_WIDTH_SPACE}`").replace("``", f"`{_ZERO_WIDTH_SPACE}`")


def cut_end(text: str, most: int) -> str:
    """The first of *text* within *most* characters, ending in … when something was left out."""
    if len(text) <= most:
        return text
    return text[: _boundary(text, most - 1)] + "…" if most > 0 else ""


def escaped(text: str, most: int, escape: Callable[[str], str]) -> str:
    """*text* as *escape* writes it, which may be longer, cut so that it has at most *most* characters."""
    found = escape(cut_end(text, most))
    while len(found) > most and len(text) > 1:
        text = cut_end(text, min(len(text) - 1, max(1, len(text) * most // len(found))))
        found = escape(text)
    return found


def cut_middle(text: str, most: int, say: Callable[[str], str] = str) -> str:
    """Head and tail of *text* within *most* characters, with a line between them that says how much is gone.

    The tail gets two thirds: a trace ends with what matters. *say* is ``Style.say``.
    """
    if len(text) <= most:
        return text
    gone = say("{n} characters cut")
    mark = _mark(gone, len(text))
    if most <= len(mark) + 20:
        return cut_end(text, most)
    room = most - len(mark)
    head = _boundary(text, room // 3)
    tail = len(text) - (room - head)
    farthest = min(len(text), tail + _FARTHEST)
    while tail < farthest and _joins(text, tail):
        tail += 1
    return text[:head] + _mark(gone, tail - head) + text[tail:]


def _mark(gone: str, count: int) -> str:
    return f"\n… [{gone.format(n=count)}] …\n"


def _boundary(text: str, at: int) -> int:
    """The nearest place not after *at* where *text* may be cut without tearing a grapheme."""
    lowest = max(0, at - _FARTHEST)
    while at > lowest and _joins(text, at):
        at -= 1
    return at


def _joins(text: str, at: int) -> bool:
    """Would a cut before ``text[at]`` tear it from what it belongs to?"""
    here, before = text[at], text[at - 1]
    if here.isascii() and before.isascii():
        return False
    return (
        _JOINER in {here, before}
        or unicodedata.category(here)[0] == "M"  # accents, vowels of Indic scripts, what makes an emoji of a sign
        or _SKINS[0] <= here <= _SKINS[1]
        or (here in _FLAGS and (at - len(text[:at].rstrip(_FLAGS))) % 2 == 1)
    )
