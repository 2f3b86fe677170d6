"""How an alert looks in Slack: a header, and below it how grave it is, when it was seen, and the link to its page.

Then its message and trace as rich text, which may be longer than a screen, its facts as fields, and its origin.

Rich and plain text are shown letter by letter and never mention anybody, so that nothing has to be escaped there. What
is markup (fields, the line below) holds an alert's own texts as code only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from webhook_alerts.alert import Alert
from webhook_alerts.channels.base import Style
from webhook_alerts.channels.content import Content, Fact, cleaned, describe, left_out, level, own_template_failed
from webhook_alerts.channels.text import cut_end, escape_entities

Block = dict[str, Any]

BLOCKS = 49
"""Slack takes 50; a mention may stand in front."""
HEADER = 150
SECTION = 3000
FIELDS = 10
FIELD = 2000
CONTEXT = 3000
ROOM = 12_000
"""Characters of all blocks as JSON. What is refused (``msg_blocks_too_long``) begins at about 13,200, which Slack does
not document; bolt-js issues 2509 and 2867."""
SHARE = 4000
"""Every alert of several gets at least so many of them."""
_OWN_BLOCKS = 20
_SHORT = 40
_LONGEST_LINK = 512
_SURE_OF_TRACE = 3000
"""Facts and message leave a trace so many characters, or two fifths of the room."""
_ESCAPED_BY_JSON = ("\n", '"', "\\", "\t")
_PLAIN_NAME = re.compile(r"[^\W_]+(?:(?:_|[ .,/()%+-]+)[^\W_]+)*[)%]?")
"""What a name may be to stand between asterisks: an underscore within a word marks nothing."""


def draw(alert: Alert, style: Style, room: int) -> list[Block]:
    """The blocks of *alert* within *room* characters of JSON."""
    own, failed = _own(alert, style, room)
    if own:
        return own
    told = describe(alert, style)
    link = style.link(alert)
    when = _when(alert, link if 0 < len(link) <= _LONGEST_LINK else "", style)
    head = [header(told.heading), *context(plain_text(told.note), when)]
    tail = context(plain_text(told.origin))
    left = room - size(head) - size(tail)
    trace = alert.stack_trace if style.include_stack_traces else ""
    kept_for_text = min(_SURE_OF_TRACE, left * 2 // 5) if trace or told.message else 0
    facts = _within((*failed, *told.facts), left - kept_for_text, style)
    drawn = [*_fields(facts), *_long(facts)]
    left -= size(drawn) + 200  # what holds the texts
    return [*head, *_texts(told, trace, left, style), *drawn, *tail]


def size(blocks: Sequence[Block]) -> int:
    """Characters of *blocks* as JSON."""
    return len(json.dumps(blocks, ensure_ascii=False)) if blocks else 0


def weight(text: str) -> int:
    """Characters of *text* within JSON."""
    return len(text) + sum(map(text.count, _ESCAPED_BY_JSON))


def mention(text: str) -> Block:
    """A line that calls somebody."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def rich(*elements: Mapping[str, Any]) -> Block:
    """Text that is shown letter by letter."""
    return {"type": "rich_text", "elements": list(elements)}


def line(text: str, *, bold: bool = False) -> Block:
    """A paragraph of rich text."""
    inline: dict[str, Any] = {"type": "text", "text": text}
    if bold:
        inline["style"] = {"bold": True}
    return {"type": "rich_text_section", "elements": [inline]}


def preformatted(text: str) -> Block:
    """A block of code; without a language, which Slack has only begun to take."""
    return {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]}


def header(text: str) -> Block:
    """Large text, of one line."""
    return {"type": "header", "text": {"type": "plain_text", "text": cut_end(text, HEADER), "emoji": False}}


def _texts(told: Content, trace: str, left: int, style: Style) -> list[Block]:
    """The message and the trace; where both are, the trace has what the message leaves, and half at the least."""
    elements = []
    if told.message:
        message = cleaned(told.message, left // 2 if trace else left, weight, style) or "…"
        elements.append(preformatted(message) if "\n" in message else line(message))
        left -= weight(message) + 100
    if trace:
        elements.append(preformatted(cleaned(trace, left, weight, style).strip("\n") or "…"))
    return [rich(*elements)] if elements else []


def _within(facts: Sequence[Fact], room: int, style: Style) -> list[Fact]:
    """As many of *facts*, from the front, as fit, and a mark for the others."""
    kept: list[Fact] = []
    for index, fact in enumerate(facts):
        room -= weight(fact.value) + weight(fact.name) + _escaping(fact) + 160
        if room < 0 or index >= 2 * FIELDS + 4:
            return [*kept, left_out(facts[index:], style)]
        kept.append(fact)
    return kept


def _escaping(fact: Fact) -> int:
    return 4 * sum(fact.value.count(sign) + fact.name.count(sign) for sign in "&<>") if _is_short(fact) else 0


def _is_short(fact: Fact) -> bool:
    return len(fact.value) <= _SHORT and "\n" not in fact.value and "`" not in fact.value


def _fields(facts: Sequence[Fact]) -> list[Block]:
    """Short facts, two abreast."""
    fields = [_field(fact) for fact in facts if _is_short(fact)]
    return [{"type": "section", "fields": fields[at : at + FIELDS]} for at in range(0, len(fields), FIELDS)]


def _field(fact: Fact) -> Block:
    name = escape_entities(fact.name)
    name = f"*{name}*" if _PLAIN_NAME.fullmatch(fact.name) or fact.name == "…" else f"`{name.replace('`', 'ˋ')}`"
    return {"type": "mrkdwn", "text": f"{name}\n`{escape_entities(fact.value)}`", "verbatim": True}


def _long(facts: Sequence[Fact]) -> list[Block]:
    """Facts of several lines, below each other."""
    elements = [
        element
        for fact in facts
        if not _is_short(fact)
        for element in (line(fact.name, bold=True), preformatted(fact.value))
    ]
    return [rich(*elements)] if elements else []


def context(*elements: Mapping[str, Any] | None) -> list[Block]:
    """Small text; no block where there is none."""
    found = [element for element in elements if element]
    return [{"type": "context", "elements": found}] if found else []


def plain_text(text: str) -> Mapping[str, Any] | None:
    """*text*, if there is any, letter by letter."""
    return {"type": "plain_text", "text": text, "emoji": False} if text else None


def _when(alert: Alert, link: str, style: Style) -> Mapping[str, Any]:
    """How grave it is, when it was seen last, in the reader's own time zone, and where it is dealt with.

    A link, no button: Slack tells the app of every press of one, and warns where nobody listens.
    """
    seconds = int(alert.last_seen)
    known = f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
    text = f"*{level(alert.level, style)}* · <!date^{seconds}^{{date_short_pretty}} {{time_secs}}|{known}>"
    if link:
        label = escape_entities(style.say("Open · acknowledge · silence"))
        text += f" · <{escape_entities(link).replace('|', '%7C')}|{label}>"
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _own(alert: Alert, style: Style, room: int) -> tuple[list[Block], list[Fact]]:
    """The ``blocks`` that a user's template gives, or a fact that says why they are not used."""
    template = style.templates.get(alert.kind.value)
    if template is None:
        return [], []
    try:
        blocks = template(alert, style).get("blocks")
        if blocks is None or _fits(blocks, room):
            return blocks or [], []
        why = style.say("its blocks are beyond a limit of Slack's")
    except Exception as error:  # noqa: BLE001 - a user's template must not cost the alert
        why = type(error).__name__
    return [], [own_template_failed(why, style)]


def _fits(blocks: Any, room: int) -> bool:
    """Are *blocks* within the limits that Slack checks first?"""
    return (
        isinstance(blocks, list)
        and 1 <= len(blocks) <= _OWN_BLOCKS
        and size(blocks) <= room
        and all(map(_is_within, blocks))
    )


def _is_within(block: Block) -> bool:
    most = {"header": HEADER, "section": SECTION}.get(block["type"], ROOM)
    text = block.get("text", {"text": "-"})
    fields = block.get("fields", [{"text": "-"}])
    elements = block.get("elements", ["-"])
    small = [each["text"] for each in elements if "text" in each] if block["type"] == "context" else []
    return (
        1 <= len(text["text"] if isinstance(text, dict) else text) <= most
        and 1 <= len(fields) <= FIELDS
        and all(1 <= len(field["text"]) <= FIELD for field in fields)
        and 1 <= len(elements) <= (FIELDS if block["type"] == "context" else ROOM)
        and all(1 <= len(text) <= CONTEXT for text in small)
    )
