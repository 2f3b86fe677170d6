"""How an alert looks in Google Chat: a heading, a line with the link to its page, and two blocks of code.

The first is its message and trace, which may be longer than a screen, the second its facts.

Chat's markup has no escape (https://developers.google.com/workspace/chat/format-messages), so an alert's own texts
stand in code alone, where every letter is shown, and what would be a mention or a link anywhere is parted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from webhook_alerts.alert import Alert
from webhook_alerts.channels.base import Style
from webhook_alerts.channels.content import (
    Fact,
    cleaned,
    describe,
    left_out,
    level,
    own_template_failed,
    sign,
)
from webhook_alerts.channels.text import code_block

MESSAGE = 32_000
"""Bytes that Chat takes; https://developers.google.com/workspace/chat/limits."""
ROOM = 31_000
"""Bytes of all alerts, as JSON writes them; around them stand the thread's key and a mention."""
ALERT = 12_000
"""Of one alert: more is nothing that anybody reads in a chat."""
SHARE = 3000
"""Every alert of several gets at least so many bytes."""
_SURE_OF_TRACE = 4000
"""Facts and message leave a trace so many bytes, or two fifths of the room."""
_LONGEST_LINK = 512
_NAMES = 24
"""Characters of a fact's name, after which its value is no longer in line with the others."""
_ALIVE = re.compile(r"<(?=users/|https?:)", re.IGNORECASE)
_NO_BLOCK = len("```\n\n```")


def size(text: str) -> int:
    """Bytes of *text* within JSON."""
    return len(json.dumps(text, ensure_ascii=False).encode("utf-8", "replace")) - 2


def draw(alert: Alert, style: Style, room: int) -> str:
    """*alert* within *room* bytes."""
    own, failed = _own(alert, style, room)
    if own:
        return own
    told = describe(alert, style)
    title = told.heading.removeprefix(sign(alert)).strip()
    graded = f"{sign(alert)} *{level(alert.level, style)}* {span(title)}"
    found = " · ".join(filter(None, (_when(alert), _link(style.link(alert), style), span(told.origin))))
    head = "\n".join(filter(None, (graded, span(told.note), found)))
    left = room - size(f"{head}\n\n")
    trace = alert.stack_trace if style.include_stack_traces else ""
    facts = ""
    if style.use_embeds:
        kept_for_text = min(_SURE_OF_TRACE, left * 2 // 5) if trace or told.message else 0
        facts = _facts((*failed, *told.facts), left - kept_for_text, style)
    text = _texts(told.message, trace, left - size(facts), style)
    return "\n".join(filter(None, (head, text, facts)))


def span(text: str) -> str:
    """*text* as code within a line; empty where there is none."""
    shown = " ".join(text.replace("`", "ˋ").split())
    return f"`{parted(shown)}`" if shown else ""


def block(text: str) -> str:
    """*text* as lines of code that it cannot end."""
    return code_block(parted(text))


def parted(text: str) -> str:
    """*text* without what calls somebody, or leads somewhere, wherever it stands."""
    return _ALIVE.sub("<\u200b", text)


def block_size(text: str) -> int:
    """Bytes of *text* in a block, without what makes the block."""
    return size(block(text)) - _NO_BLOCK - 2  # two line breaks, which JSON writes with two signs each


def _texts(message: str, trace: str, left: int, style: Style) -> str:
    """The message, and the trace below it, which has what the message leaves, and half at the least."""
    left -= _NO_BLOCK + 8
    parts = []
    if message:
        parts.append(cleaned(message, left // 2 if trace else left, block_size, style) or "…")
        left -= block_size(parts[0])
    if trace:
        parts.append(cleaned(trace, left, block_size, style).strip("\n") or "…")
    return block("\n\n".join(parts)) if parts else ""


def _facts(facts: Sequence[Fact], room: int, style: Style) -> str:
    """As many of *facts*, from the front, as fit, a line for each, and a mark for the others."""
    width = min(_NAMES, max((len(fact.name) for fact in facts), default=0))
    room -= _NO_BLOCK + 4
    lines: list[str] = []
    for index, fact in enumerate(facts):
        line = _fact(fact, width)
        room -= block_size(line) + 2
        if room < 0:
            lines.append(_fact(left_out(facts[index:], style), width))
            break
        lines.append(line)
    return block("\n".join(lines)) if lines else ""


def _fact(fact: Fact, width: int) -> str:
    indented = fact.value.replace("\n", "\n" + " " * (width + 2))
    return f"{fact.name:<{width}}  {indented}"


def _when(alert: Alert) -> str:
    """Chat knows no time in the reader's zone."""
    return f"{datetime.fromtimestamp(int(alert.last_seen), UTC):%Y-%m-%d %H:%M:%S} UTC"


def _link(link: str, style: Style) -> str:
    if not 0 < len(link) <= _LONGEST_LINK:
        return ""
    address = link.replace("|", "%7C").replace(">", "%3E").replace("<", "%3C")
    label = style.say("Open · acknowledge · silence")
    return f"<{address}|{label}>"


def _own(alert: Alert, style: Style, room: int) -> tuple[str, list[Fact]]:
    """The ``text`` that a user's template gives, or a fact that says why it is not used."""
    template = style.templates.get(alert.kind.value)
    if template is None:
        return "", []
    try:
        text = template(alert, style).get("text")
        if text is None or _fits(text, room):
            return text or "", []
        why = style.say("its text is none, or too long for Google Chat")
    except Exception as error:  # noqa: BLE001 - a user's template must not cost the alert
        why = type(error).__name__
    return "", [own_template_failed(why, style)]


def _fits(text: Any, room: int) -> bool:
    return isinstance(text, str) and bool(text.strip()) and size(text) <= room
