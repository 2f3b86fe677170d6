"""A body of plain text, Markdown or HTML within the length that a service takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from webhook_alerts.alert import JSON
from webhook_alerts.channels.content import cleaned
from webhook_alerts.channels.text import code_block, cut_end, escape_entities, escape_markdown

_LINE = 200
"""Characters of an alert that is one of several."""
_SENSE = 60
"""A trace that is cut to less says nothing."""


@dataclass(frozen=True, slots=True)
class _Markup:
    plain: Callable[[str], str]
    strong: Callable[[str], str]
    code: Callable[[str], str]
    link: Callable[[str, str], str]
    line: str
    paragraph: str


_MARKUPS: Mapping[str, _Markup] = {
    "text": _Markup(str, str, str, lambda words, url: f"{words}: {url}", "\n", "\n\n"),
    "markdown": _Markup(
        escape_markdown,
        lambda text: f"**{escape_markdown(text)}**",
        code_block,
        lambda words, url: f"[{escape_markdown(words)}](<{url}>)",
        "  \n",
        "\n\n",
    ),
    "html": _Markup(
        lambda text: escape_entities(text).replace("\n", "<br/>"),
        lambda text: f"<b>{escape_entities(text)}</b>",
        lambda text: f"<pre>{escape_entities(text)}</pre>",
        lambda words, url: f'<a href="{escape(url)}">{escape_entities(words)}</a>',
        "<br/>",
        "<br/>",
    ),
}


def compose(body: Mapping[str, JSON], markup: str, most: int, *, is_titled: bool) -> str:
    """What the channel drew as *body*, within *most* characters; without its title where that stands apart."""
    parts = body["parts"]
    signs = _MARKUPS[markup]
    if len(parts) > 1:
        title = "" if is_titled else body["title"]
        return _lines(title, parts, body["more"], signs, most)
    return _in_full(parts[0], signs, most, is_titled=is_titled) or _fitting(parts[0]["heading"], most, signs.plain)


def _in_full(part: Mapping[str, JSON], signs: _Markup, most: int, *, is_titled: bool) -> str:
    """The parts that say most first, each in what the others leave."""
    left = most
    found: dict[str, str] = {}

    def put(name: str, text: str, room: int, draw: Callable[[str], str]) -> None:
        nonlocal left
        drawn = _fitting(text, min(room, left - len(signs.paragraph)), draw) if text else ""
        if drawn:
            found[name] = drawn
            left -= len(drawn) + len(signs.paragraph)

    put("heading", "" if is_titled else part["heading"], most // 2, signs.strong)
    put("note", part["note"], left // 2, signs.strong)
    put("message", part["message"], left // 2 if part["trace"] or part["facts"] else left, signs.plain)
    link = signs.link(part["words"], part["link"]) if part["link"] else ""
    if len(link) <= left // 3:
        put("link", link, left, str)
    if len(part["foot"]) <= left // 3:
        put("foot", part["foot"], left, signs.plain)
    facts = _facts(part["facts"], signs, left // 2 if part["trace"] else left)
    put("facts", facts, left, str)
    if left > _SENSE:
        put("trace", part["trace"], left, signs.code)
    order = ("heading", "note", "message", "facts", "trace", "foot", "link")
    return signs.paragraph.join(found[name] for name in order if name in found)


def _facts(facts: Sequence[Sequence[str]], signs: _Markup, room: int) -> str:
    """As many as fit, and … where that is not all."""
    lines: list[str] = []
    for name, value in facts:
        line = f"{signs.strong(name)}: {signs.plain(value)}"
        if len(line) + len(signs.line) * 2 + 1 > room:
            lines.append("…")
            break
        lines.append(line)
        room -= len(line) + len(signs.line)
    return signs.line.join(lines)


def _lines(title: str, parts: Sequence[Mapping[str, JSON]], more: str, signs: _Markup, most: int) -> str:
    """A line for each that fits, and how many there are beside them."""
    kept_for_more = len(signs.plain(more.format(n=len(parts)))) + len(signs.line)
    lines = [_fitting(title, most // 3, signs.strong)] if title else []
    left = most - kept_for_more - sum(len(line) + len(signs.line) for line in lines)
    for count, part in enumerate(parts):
        said = ": ".join(filter(None, (part["heading"], " ".join(part["message"].split()))))
        room = min(_LINE, max(_SENSE, left // (len(parts) - count) - len(signs.line)))
        line = _fitting(said, room, signs.plain)
        if len(line) + len(signs.line) > left:
            lines.append(signs.plain(more.format(n=len(parts) - count)))
            break
        lines.append(line)
        left -= len(line) + len(signs.line)
    return signs.line.join(lines)


def _fitting(text: str, room: int, draw: Callable[[str], str]) -> str:
    """*text* as drawn, cut so that it takes *room* at most; empty where nothing would be left of it."""
    if len(draw(text)) <= room:
        return draw(text)
    target = room - len(draw(""))
    if target <= 1:
        return ""
    cut = cut_end if target < _SENSE else cleaned
    while target > 1 and len(draw(cut(text, target))) > room:
        target -= max(1, (len(draw(cut(text, target))) - room) // 2)
    return draw(cut(text, target)) if len(draw(cut(text, target))) <= room else ""
