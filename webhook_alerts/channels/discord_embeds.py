"""How an alert looks in Discord: an embed, and a line of plain text.

Every text is the alert's own and is therefore cleaned, escaped or fenced before it is placed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from webhook_alerts.alert import Alert, Level
from webhook_alerts.channels import content
from webhook_alerts.channels.base import Style
from webhook_alerts.channels.content import Fact
from webhook_alerts.channels.moments import moment
from webhook_alerts.channels.text import (
    clean,
    code_block,
    cut_end,
    cut_middle,
    defuse,
    escape_emphasis,
    escape_markdown,
)

Embed = dict[str, Any]

TITLE = 256
DESCRIPTION = 4096
FIELDS = 25
FIELD_NAME = 256
FIELD_VALUE = 1024
FOOTER = 2048
AUTHOR = 256

COLOURS: Mapping[Level, int] = {
    Level.DEBUG: 0x95A5A6,
    Level.INFO: 0x3498DB,
    Level.WARNING: 0xF1C40F,
    Level.ERROR: 0xE74C3C,
    Level.CRITICAL: 0xFF1F3D,
}
STATE_COLOURS: Mapping[str, int] = {"resolved": 0x2ECC71, "acknowledged": 0x5865F2}
BUTTON_LINK = 512
BUTTON_LABEL = 80
_LONGEST_LINK = 1024
"""Discord takes 2,048 characters; a longer one than this is none of ours."""
_FENCE = "```py\n\n```"
_LONG_VALUE = 40
_CALLS = re.compile("@(?=everyone|here)")
"""Parted before lengths are counted: the text may stand behind a mention that is meant, which opens the way for all."""
_SAID = ("exception_type", "message", "note", "stack_trace")
_SURE_OF_TRACE = 1500
"""Fields leave a trace so many characters; those of a user's template need not."""
_PLAIN_MESSAGE = 500
_PLAIN_LINE = 1200
_MARK = 60
"""Characters that are left for the mark of fields that do not fit, in any language."""


def draw(alert: Alert, style: Style, room: int, *, has_button: bool = False) -> tuple[Embed, bool]:
    """The embed of *alert* within *room* characters by Discord's counting, and whether its trace is whole.

    A line in it links to the alert's page unless the message *has_button*.
    """
    own, failed = _own(alert, style)
    embed = _of(alert, failed, style) if own is None else _with_state(own, alert)
    tail = ""
    if address := link(alert, style, _LONGEST_LINK):
        embed["url"] = address
        tail = "" if has_button else f"\n[{_link_label(style)}]({address})"
    whole = _add_trace(embed, alert, style, room, len(tail), _SURE_OF_TRACE if own is None else 0)
    return clamp(embed, room, tail, style), whole


def link(alert: Alert, style: Style, most: int) -> str:
    """The address of the page of *alert*, if it has one of at most *most* characters."""
    address = style.link(alert)
    return address if len(address) <= most and address.startswith(("https://", "http://")) else ""


def button(address: str, style: Style) -> dict[str, Any]:
    """A row with a button that leads to *address*, of at most ``BUTTON_LINK`` characters.

    https://discord.com/developers/docs/components/reference#button: style 5, the one that webhooks may have.
    """
    label = cut_end(_link_label(style), BUTTON_LABEL)
    return {"type": 1, "components": [{"type": 2, "style": 5, "label": label, "url": address}]}


def _link_label(style: Style) -> str:
    return style.say("Open · acknowledge · silence")


def size(embed: Mapping[str, Any]) -> int:
    """Characters that count towards 6,000: title, description, fields, footer and author, trimmed."""
    texts = [embed.get("title"), embed.get("description")]
    texts += [embed.get("footer", {}).get("text"), embed.get("author", {}).get("name")]
    return sum([len(text.strip()) for text in texts if text]) + _size_of_fields(embed)


def _size_of_fields(embed: Mapping[str, Any]) -> int:
    return sum([len(each["name"].strip()) + len(each["value"].strip()) for each in embed.get("fields", ())])


def _of(alert: Alert, failed: Sequence[Fact], style: Style) -> Embed:
    told = content.describe(alert, style)
    foot = filter(None, (content.level(alert.level, style), told.origin))
    embed: Embed = {
        "title": escape_emphasis(told.heading),
        "color": STATE_COLOURS.get(alert.state, COLOURS[alert.level]),
        "timestamp": moment(alert.last_seen).isoformat(timespec="milliseconds"),
        "fields": [_field(fact) for fact in (*failed, *told.facts)],
        "footer": {"text": " · ".join(foot)},
    }
    if told.note:
        embed["author"] = {"name": told.note}
    if told.message:
        embed["description"] = code_block(told.message)
    return embed


def _own(alert: Alert, style: Style) -> tuple[Embed | None, list[Fact]]:
    """The embed that a user's template gives, or a fact that says why it is not used."""
    template = style.templates.get(alert.kind.value)
    if template is None:
        return None, []
    try:
        if (embed := _read(template(alert, style))) is not None:
            return embed, []
        why = style.say("its color, url or timestamp is none that Discord takes")
    except Exception as error:  # noqa: BLE001 - a user's template must not cost the alert
        why = type(error).__name__
    return None, [content.own_template_failed(why, style)]


def _read(given: Mapping[str, Any]) -> Embed | None:
    """*given* as an embed of texts, which are cut later; ``None`` where a part is refused at any length."""
    colour, url, stamp = given.get("color", 0), given.get("url"), given.get("timestamp")
    is_sound = type(colour) is int and 0 <= colour <= 0xFFFFFF and (not url or _is_address(url, _LONGEST_LINK))
    if not is_sound or (stamp and not _is_moment(stamp)):
        return None
    embed: Embed = {name: given[name] for name in ("color", "url", "timestamp") if given.get(name)}
    embed |= {name: clean(str(given[name])) for name in ("title", "description") if given.get(name)}
    if footer := given.get("footer"):
        embed["footer"] = {"text": str(footer["text"])}
    embed["fields"] = [
        {"name": str(each["name"]), "value": clean(str(each["value"])), "inline": bool(each.get("inline", True))}
        for each in given.get("fields") or ()
    ]
    return embed


def _is_address(text: Any, most: int) -> bool:
    return isinstance(text, str) and len(text) <= most and text.startswith(("https://", "http://"))


def _is_moment(text: Any) -> bool:
    """Is it a time as ISO 8601 writes it? Raises ``ValueError`` where it is another text."""
    return isinstance(text, str) and datetime.fromisoformat(text) is not None


def _with_state(own: Embed, alert: Alert) -> Embed:
    """*own* with what has become of the alert's incident: by colour and sign, and in words."""
    if alert.state in STATE_COLOURS:
        own["color"] = STATE_COLOURS[alert.state]
    if alert.state in content.STATE_SIGNS:
        title = str(own.get("title", "")).removeprefix(content.SIGNS[alert.level]).lstrip()
        own["title"] = f"{content.STATE_SIGNS[alert.state]} {title}"
    if alert.note:
        own["author"] = {"name": cut_end(alert.note, content.NOTE)}
    return own


def plain(alert: Alert, style: Style, room: int) -> tuple[str, bool]:
    """*alert* as text within *room* characters, and whether its trace is whole; in it nobody can be called."""
    parted: dict[str, Any] = {name: _CALLS.sub("@\u200b", getattr(alert, name)) for name in _SAID}
    alert = replace(alert, **parted)
    times = f" ({content.times(alert, style)})" if alert.occurrences > 1 else ""
    note = escape_markdown(" ".join(clean(cut_end(alert.note, content.NOTE)).split()))
    state = f" · {note}" if note else ""
    head = f"{content.sign(alert)} **{content.level(alert.level, style)}**{times}{state} "
    message = escape_markdown(cut_end(" ".join(content.paragraph(alert, style).split()), _PLAIN_MESSAGE))
    line = head + cut_end(message, max(0, min(room, _PLAIN_LINE) - len(head)))
    if not style.include_stack_traces or not alert.stack_trace:
        return line, True
    left = room - len(line) - 1
    if left < 200:
        return line, False
    block, whole = _trace_block(alert.stack_trace, left, style)
    return f"{line}\n{block}", whole


def clamp(embed: Mapping[str, Any], room: int, tail: str, style: Style) -> Embed:
    """*embed* with every part within its own limit and their sum within *room*; blank parts are left out.

    *tail* ends the description, whatever is cut.
    """
    kept: Embed = {key: embed[key] for key in ("url", "color", "timestamp") if key in embed}
    left = room - len(tail)
    if author := cut_end(clean(str(embed.get("author", {}).get("name", ""))).strip(), min(AUTHOR, left)):
        kept["author"] = {"name": author}
        left -= len(author)
    if title := cut_end(clean(str(embed.get("title", ""))).strip(), min(TITLE, left)):
        kept["title"] = title
        left -= len(title)
    footer = cut_end(clean(str(embed.get("footer", {}).get("text", ""))).strip(), min(FOOTER, 200))
    left -= len(footer)
    description = str(embed.get("description", "")).strip()
    most = min(DESCRIPTION - len(tail), left)
    if len(description) > most:
        description = _cut_block(description, most, style)
    if description or tail:
        kept["description"] = f"{description}{tail}".lstrip()
        left -= len(description)
    fields = _within(embed.get("fields", ()), left, style)
    if fields:
        kept["fields"] = fields
    if footer:
        kept["footer"] = {"text": footer}
    if not (kept.keys() & {"title", "description", "fields"}):
        kept["title"] = style.say("(empty alert)")
    return kept


def _within(fields: Sequence[Mapping[str, Any]], left: int, style: Style) -> list[dict[str, Any]]:
    """As many of *fields*, from the front, as *left* characters hold, and a mark for the others."""
    kept: list[dict[str, Any]] = []
    for index, field in enumerate(fields):
        name = cut_end(clean(str(field["name"])).strip(), FIELD_NAME) or "-"
        value = str(field["value"]).strip() or "-"
        value = value if len(value) <= FIELD_VALUE else _cut_block(value, FIELD_VALUE, style)
        is_last = index == len(fields) - 1
        left -= len(name) + len(value)
        if left < (0 if is_last else _MARK) or len(kept) == FIELDS - (0 if is_last else 1):
            rest = content.more(sum(each.get("count", 1) for each in fields[index:]), style)
            if left + len(name) + len(value) >= len(rest.name) + len(rest.value):
                kept.append({"name": rest.name, "value": rest.value, "inline": False})
            break
        kept.append({"name": name, "value": value, "inline": bool(field.get("inline", True))})
    return kept


def _cut_block(text: str, most: int, style: Style) -> str:
    """Cut a text that may be one fenced block so that its fence still closes."""
    if text.startswith("```") and text.endswith("\n```"):
        first, _, inner = text.partition("\n")
        return f"{first}\n{cut_middle(inner[:-4], max(0, most - len(first) - 5), style.say)}\n```"
    return cut_end(text, most)


def _field(fact: Fact) -> dict[str, Any]:
    """*fact* letter by letter; short ones beside each other."""
    is_short = len(fact.value) <= _LONG_VALUE and "\n" not in fact.value
    value = escape_markdown(fact.value) if is_short else code_block(fact.value)
    return {"name": escape_markdown(fact.name), "value": value, "inline": is_short, "count": fact.count}


def _add_trace(embed: Embed, alert: Alert, style: Style, room: int, tail: int, sure: int) -> bool:
    """Put the trace below the message, cut in the middle to what is left but for *tail* characters.

    Beside fields, which are cut later, it has at least *sure* characters. Says whether all of it stands there.
    """
    if not style.include_stack_traces or not alert.stack_trace:
        return True
    message = str(embed.get("description", ""))
    left = room - size(embed)
    beside_fields = left + _size_of_fields(embed)
    left = min(DESCRIPTION - len(message), max(left, min(sure, beside_fields))) - tail - 1
    if left < 100:
        return False
    block, whole = _trace_block(alert.stack_trace, left, style)
    embed["description"] = f"{message}\n{block}".strip()
    return whole


def _trace_block(trace: str, room: int, style: Style) -> tuple[str, bool]:
    """A fenced block within *room* characters, and whether all of *trace* stands in it."""
    shown = content.cleaned(trace, room - len(_FENCE), lambda text: len(defuse(text)), style)
    return code_block(shown, "py"), len(shown) == len(trace) or shown == clean(trace)
