"""What Telegram refuses, checked without a line of the code that renders, and what it finds in a text by itself.

Sources: https://core.telegram.org/bots/api (#html-style, #sendmessage) and what its open servers say, github.com/tdlib.
Lengths in code points, after markup is read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

TEXT = 4096
RAW_BYTES = 32_768
ENTITIES = 100
_TAGS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler", "span": "spoiler",
    "a": "text_link", "code": "code", "pre": "pre", "blockquote": "blockquote",
}  # fmt: skip
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_TOKEN = re.compile(r"<(/?)([^\s>]*)([^>]*)>|&(?:(\w{2,4})|#(\d{1,7})|#x([0-9a-fA-F]{1,6}));")
_HREF = re.compile(r"\shref=(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))")
_LANGUAGE = re.compile(r"\sclass=[\"']language-([^\"']+)[\"']")
_FOUND = {
    "mention": re.compile(r"(?<!\w)@(\w{2,32})(?!\w)", re.ASCII),
    "bot_command": re.compile(r"(?<![\w/<>@])/\w{1,64}(?:@\w{3,32})?(?![\w/<>])", re.ASCII),
    "hashtag": re.compile(r"(?<!\w)#(?=\w*[^\W\d])\w{1,256}"),
    "cashtag": re.compile(r"(?<![\w$])\$[A-Z]{1,8}(?![\w$])"),
    "email": re.compile(r"\w[\w.+-]*@[\w-]+(?:\.[\w-]+)*\.[a-zA-Z]{2,8}\b", re.ASCII),
    "url": re.compile(
        r"(?:\w+://[^\s\u200b]+|(?<![\w.@-])(?:[\w-]+\.)+(?:[^\W\d_A-Z]{2,8}|[A-Z]{2,8}|xn--\w+)(?![\w-]|\.\w))"
    ),
}
_BUTTON_URL = re.compile(r"(?:https?://)?[^/?#\s:]+\.[^/?#\s:]+(?::\d+)?(?:[/?#]\S*)?|tg://\S+", re.IGNORECASE)


class RefusedError(Exception):
    """Telegram's words."""


@dataclass(slots=True)
class Entity:
    """A piece of markup over the characters from ``start`` to ``end``; ``extra`` is an address or a language."""

    kind: str
    start: int
    end: int = 0
    extra: str = ""


@dataclass(slots=True)
class Parsed:
    """A text as it is seen."""

    text: str = ""
    entities: list[Entity] = field(default_factory=list)

    def found(self) -> list[Entity]:
        """What Telegram marks of its own accord: names, commands, tags, addresses; never in code or in a link."""
        closed = [entity for entity in self.entities if entity.kind in {"code", "pre", "text_link"}]
        return [
            Entity(kind, match.start(), match.end())
            for kind, pattern in _FOUND.items()
            for match in pattern.finditer(self.text)
            if not any(each.start < match.end() and match.start() < each.end for each in closed)
        ]


def parse_html(source: str) -> Parsed:
    """*source* as Telegram reads it. Raises ``RefusedError``."""
    parsed = Parsed()
    opened: list[tuple[str, Entity]] = []
    pieces: list[str] = []
    size = at = 0

    def put(piece: str) -> None:
        nonlocal size
        pieces.append(piece)
        size += len(piece)

    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None:
            if source[at] == "<":
                raise RefusedError(f"can't parse entities: Unclosed start tag at byte offset {_offset(source, at)}")
            rest = re.search(r"[<&]", source[at + 1 :])
            end = at + 1 + rest.start() if rest else len(source)
            put(source[at:end])
            at = end
            continue
        if source[at] == "&":
            put(_NAMED.get(match[4], match[0]) if match[4] else chr(int(match[5] or match[6], 10 if match[5] else 16)))
        elif match[1]:
            _close(parsed, opened, match, size, _offset(source, at))
        else:
            opened.append(_open(match, size, _offset(source, at)))
        at = match.end()
    if opened:
        raise RefusedError(f"can't parse entities: Can't find end tag corresponding to start tag {opened[-1][0]}")
    parsed.text = "".join(pieces)
    return parsed


def _open(match: re.Match[str], size: int, offset: int) -> tuple[str, Entity]:
    tag = match[2].lower()
    if tag not in _TAGS or (tag == "span" and 'class="tg-spoiler"' not in match[3]):
        raise RefusedError(f'can\'t parse entities: Unsupported start tag "{tag}" at byte offset {offset}')
    extra = _HREF.search(match[3]) if tag == "a" else _LANGUAGE.search(match[3]) if tag == "code" else None
    return tag, Entity(_TAGS[tag], size, extra=next(filter(None, extra.groups()), "") if extra else "")


def _close(parsed: Parsed, opened: list[tuple[str, Entity]], match: re.Match[str], size: int, offset: int) -> None:
    if not opened:
        raise RefusedError(f"can't parse entities: Unexpected end tag at byte offset {offset}")
    tag, entity = opened.pop()
    if match[2] and match[2] != tag:
        raise RefusedError(
            f"can't parse entities: Unmatched end tag at byte offset {offset}, "
            f'expected "</{tag}>", found "</{match[2]}>"'
        )
    entity.end = size
    inside = next((each for each in parsed.entities if each.kind == "code" and each.start == entity.start), None)
    if tag == "pre" and inside and inside.end == size:
        parsed.entities.remove(inside)
        entity.extra = inside.extra
    if entity.end > entity.start and (tag != "a" or entity.extra):
        parsed.entities.append(entity)


def _offset(source: str, at: int) -> int:
    return len(source[:at].encode("utf-8", "replace"))


def parse(body: dict[str, Any]) -> Parsed:
    """The text of a message's *body*. Raises ``RefusedError``."""
    source = body.get("text")
    if not isinstance(source, str) or not source:
        raise RefusedError("message text is empty")
    if any("\ud800" <= sign <= "\udfff" for sign in source):
        raise RefusedError("strings must be encoded in UTF-8")
    if len(source.encode()) > RAW_BYTES:
        raise RefusedError("text is too long")
    mode = str(body.get("parse_mode") or "").lower()
    if mode not in {"", "html"}:
        raise RefusedError("unsupported parse_mode")
    parsed = parse_html(source) if mode else Parsed(source)
    if not any(sign.isprintable() and not sign.isspace() for sign in parsed.text):
        raise RefusedError("message text is empty")
    if len(parsed.text.strip()) > TEXT:
        raise RefusedError("message is too long")
    return parsed


def check(body: Any) -> Parsed:
    """All of a message's *body* but its chat. Raises ``RefusedError``."""
    if not isinstance(body, dict):
        raise RefusedError("can't parse JSON object")
    parsed = parse(body)
    markup = body.get("reply_markup")
    rows = markup.get("inline_keyboard", []) if isinstance(markup, dict) else []
    for row in rows:
        for button in row:
            if not str(button.get("text") or "").strip():
                raise RefusedError("text buttons are unallowed in the inline keyboard")
            if not _BUTTON_URL.fullmatch(str(button.get("url") or "")):
                raise RefusedError(f"inline keyboard button URL '{button.get('url')}' is invalid: Wrong HTTP URL")
    return parsed
