"""How an alert looks in Discord: one embed for each kind, and a line of plain text.

Every text is the alert's own and is therefore cleaned, escaped or fenced before it is placed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from webhook_alerts.alert import Alert, Kind, Level
from webhook_alerts.channels import content
from webhook_alerts.channels.base import Style
from webhook_alerts.channels.text import (
    clean,
    code_block,
    cut_end,
    cut_middle,
    defuse,
    escape_emphasis,
    escape_markdown,
)

TITLE = 256
DESCRIPTION = 4096
FIELDS = 25
FIELD_NAME = 256
FIELD_VALUE = 1024
FOOTER = 2048

COLOURS: Mapping[Level, int] = {
    Level.DEBUG: 0x95A5A6,
    Level.INFO: 0x3498DB,
    Level.WARNING: 0xF1C40F,
    Level.ERROR: 0xE74C3C,
    Level.CRITICAL: 0xFF1F3D,
}
SIGNS: Mapping[Level, str] = {
    Level.DEBUG: "⚪",
    Level.INFO: "🔵",
    Level.WARNING: "🟡",
    Level.ERROR: "🔴",
    Level.CRITICAL: "🚨",
}
STATE_COLOURS: Mapping[str, int] = {"resolved": 0x2ECC71, "acknowledged": 0x5865F2}
STATE_SIGNS: Mapping[str, str] = {"resolved": "✅", "acknowledged": "👀", "flapping": "🔁"}
"""What has become of an incident outweighs how grave it was."""
BUTTON_LINK = 512
BUTTON_LABEL = 80
_LONGEST_LINK = 1024
"""Discord takes 2,048 characters; a longer one than this is none of ours."""
_FENCE = "```py\n\n```"
_LONG_VALUE = 40
_CONTEXT_FIELDS = 18
_MARK = 60
"""Characters that are left for the mark of fields that do not fit, in any language."""


def draw(alert: Alert, style: Style, room: int, *, has_button: bool = False) -> tuple[dict[str, Any], bool]:
    """The embed of *alert* within *room* characters by Discord's counting, and whether its trace is whole.

    A line in it links to the alert's page unless the message *has_button*.
    """
    template = style.templates.get(alert.kind.value) or _TEMPLATES[alert.kind]
    try:
        embed = template(alert, style)
    except Exception as error:  # noqa: BLE001 - a user's template must not cost the alert
        embed = _TEMPLATES[alert.kind](alert, style)
        failed = content.own_template_failed(type(error).__name__, style)
        _field(embed, failed.name, failed.value, style, inline=False)
    _add_state(embed, alert, style)
    tail = ""
    if address := link(alert, style, _LONGEST_LINK):
        embed["url"] = address
        tail = "" if has_button else f"\n[{_link_label(style)}]({address})"
    whole = _add_trace(embed, alert, style, room, len(tail))
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


def sign(alert: Alert) -> str:
    """What *alert* is headed by: what has become of it, else how grave it is."""
    return STATE_SIGNS.get(alert.state, SIGNS[alert.level])


def _add_state(embed: dict[str, Any], alert: Alert, style: Style) -> None:
    """Say what has become of the alert's incident: by colour and sign, and in words."""
    if alert.state in STATE_COLOURS:
        embed["color"] = STATE_COLOURS[alert.state]
    if alert.state in STATE_SIGNS:
        title = str(embed.get("title", "")).removeprefix(SIGNS[alert.level]).lstrip()
        embed["title"] = f"{STATE_SIGNS[alert.state]} {title}"
    if note := _note(alert):
        embed.setdefault("fields", []).insert(0, {"name": style.say("State"), "value": note, "inline": False})


def _note(alert: Alert) -> str:
    return escape_markdown(" ".join(clean(cut_end(alert.note, 300)).split()))


def size(embed: Mapping[str, Any]) -> int:
    """Characters that count towards 6,000: title, description, fields, footer and author, trimmed."""
    texts = [embed.get("title"), embed.get("description")]
    texts += [embed.get("footer", {}).get("text"), embed.get("author", {}).get("name")]
    for field in embed.get("fields", ()):
        texts += [field["name"], field["value"]]
    return sum(len(text.strip()) for text in texts if text)


def log(alert: Alert, style: Style) -> dict[str, Any]:
    """A log record without an exception."""
    message = _text(alert.message, style)
    head, _, rest = message.partition("\n")
    title = escape_emphasis(cut_end(head, 200)) or content.level(alert.level, style).capitalize()
    return _frame(alert, f"{SIGNS[alert.level]} {title}", code_block(message) if rest or len(head) > 200 else "", style)


def error(alert: Alert, style: Style) -> dict[str, Any]:
    """An alert at ERROR or above, headed by its exception where it has one."""
    if not alert.exception_type:
        return log(alert, style)
    message = _text(alert.message, style)
    title = f"{SIGNS[alert.level]} {escape_emphasis(clean(alert.exception_type))}"
    return _frame(alert, title, code_block(message) if message else "", style)


def performance(alert: Alert, style: Style) -> dict[str, Any]:
    """A measured value against its threshold."""
    embed = _frame(alert, f"⏱️ {_subject(alert, style, 'metric')}", "", style)
    for at, (name, value) in enumerate(content.measures(alert.details, style)):
        _field(embed, name, value, style, at=at)
    return embed


def event(alert: Alert, style: Style) -> dict[str, Any]:
    """Something that happened in the business: a member joined."""
    return _frame(alert, f"📌 {_subject(alert, style, 'event', spaces='_')}", "", style)


def status(alert: Alert, style: Style) -> dict[str, Any]:
    """The state of the service: deployed, starting, draining."""
    return _frame(alert, f"📣 {_subject(alert, style, 'status')}", "", style)


def _subject(alert: Alert, style: Style, name: str, *, spaces: str = " ") -> str:
    """What an alert is about: the detail of that *name*, else its message, else its kind; *spaces* become such."""
    for text in (alert.details.get(name), alert.message):
        said = clean(cut_end(str(text), TITLE)).replace(spaces, " ").strip() if text is not None else ""
        if any(map(str.isprintable, said)):
            return escape_emphasis(said)
    return content.kind(alert, style)


def digest(alert: Alert, style: Style) -> dict[str, Any]:
    """What an hour, a day or a week has brought."""
    return _frame(alert, f"📊 {escape_emphasis(cut_end(clean(alert.message), 200))}", "", style)


_TEMPLATES: Mapping[Kind, Callable[[Alert, Style], dict[str, Any]]] = {
    Kind.LOG: log,
    Kind.ERROR: error,
    Kind.PERFORMANCE: performance,
    Kind.EVENT: event,
    Kind.STATUS: status,
    Kind.DIGEST: digest,
}


def plain(alert: Alert, style: Style, room: int) -> tuple[str, bool]:
    """*alert* as text within *room* characters, and whether its trace is whole."""
    times = f" ({content.times(alert, style)})" if alert.occurrences > 1 else ""
    note = _note(alert)
    state = f" · {note}" if note else ""
    head = f"{sign(alert)} **{content.level(alert.level, style)}**{times}{state} "
    message = escape_markdown(cut_end(" ".join(_text(alert.message, style).split()), 500))
    line = head + cut_end(message, max(0, min(room, 1200) - len(head)))
    if not style.include_stack_traces or not alert.stack_trace:
        return line, True
    left = room - len(line) - 1
    if left < 200:
        return line, False
    block, whole = _trace_block(alert.stack_trace, left, style)
    return f"{line}\n{block}", whole


def clamp(embed: Mapping[str, Any], room: int, tail: str, style: Style) -> dict[str, Any]:
    """*embed* with every part within its own limit and their sum within *room*; blank parts are left out.

    *tail* ends the description, whatever is cut.
    """
    kept: dict[str, Any] = {key: embed[key] for key in ("url", "color", "timestamp") if key in embed}
    left = room - len(tail)
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
            rest = content.more(len(fields) - index, style)
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


def _text(message: str, style: Style) -> str:
    return clean(cut_middle(message, min(style.max_message_length, DESCRIPTION - 100), style.say)).strip()


def _frame(alert: Alert, title: str, description: str, style: Style) -> dict[str, Any]:
    times = f" {content.times(alert, style)}".rstrip()
    embed: dict[str, Any] = {
        "title": cut_end(title, TITLE - len(times)) + times,
        "color": COLOURS[alert.level],
        "timestamp": datetime.fromtimestamp(alert.last_seen, UTC).isoformat(timespec="milliseconds"),
        "fields": [],
    }
    if description:
        embed["description"] = description
    _origin(embed, alert, style)
    _context(embed, alert.context, style)
    if said := footer(alert):
        embed["footer"] = {"text": said}
    return embed


def footer(alert: Alert) -> str:
    """Where an alert comes from."""
    return " · ".join(filter(None, [alert.service, alert.environment, alert.release, alert.host]))


def _origin(embed: dict[str, Any], alert: Alert, style: Style) -> None:
    if alert.request.get("path"):
        _field(embed, style.say("Request"), f"{alert.request.get('method', '')} {alert.request['path']}".strip(), style)
    if alert.request.get("user_id"):
        _field(embed, style.say("User"), str(alert.request["user_id"]), style)
    if alert.logger:
        place = f"{alert.logger} · {alert.function}:{alert.line}" if alert.function else alert.logger
        _field(embed, style.say("Logger"), place, style)
    if alert.correlation_id:
        _field(embed, style.say("Correlation"), alert.correlation_id, style)
    if alert.occurrences > 1 and alert.samples:
        samples = "\n".join(cut_end(clean(sample), 120) for sample in alert.samples)
        _field(embed, style.say("Also seen"), samples, style, inline=False)


def _context(embed: dict[str, Any], context: Mapping[str, Any], style: Style) -> None:
    for name, value in list(context.items())[:_CONTEXT_FIELDS]:
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        _field(embed, str(name), shown, style)
    if len(context) > _CONTEXT_FIELDS:
        rest = content.more(len(context) - _CONTEXT_FIELDS, style)
        _field(embed, rest.name, rest.value, style, inline=False)


def _field(
    embed: dict[str, Any], name: str, value: str, style: Style, *, inline: bool | None = None, at: int | None = None
) -> None:
    """Add a field whose value is shown letter by letter."""
    shown = clean(cut_middle(value, 500, style.say)).strip()
    short = len(shown) <= _LONG_VALUE and "\n" not in shown
    text = (escape_markdown(shown) if short else code_block(shown)) if shown else "-"
    field = {
        "name": escape_markdown(cut_end(clean(name).strip(), 100)) or "-",
        "value": text,
        "inline": short if inline is None else inline,
    }
    fields = embed.setdefault("fields", [])
    fields.insert(len(fields) if at is None else at, field)


def _add_trace(embed: dict[str, Any], alert: Alert, style: Style, room: int, tail: int) -> bool:
    """Put the trace below the message, cut in the middle to what is left but for *tail* characters.

    Says whether all of it stands there.
    """
    if not style.include_stack_traces or not alert.stack_trace:
        return True
    message = str(embed.get("description", ""))
    left = min(DESCRIPTION - len(message), room - size(embed)) - tail - 1
    if left < 100:
        return False
    block, whole = _trace_block(alert.stack_trace, left, style)
    embed["description"] = f"{message}\n{block}".strip()
    return whole


def _trace_block(trace: str, room: int, style: Style) -> tuple[str, bool]:
    """A fenced block within *room* characters, and whether all of *trace* stands in it."""
    shown = content.cleaned(trace, room - len(_FENCE), lambda text: len(defuse(text)), style)
    return code_block(shown, "py"), len(shown) == len(trace) or shown == clean(trace)
