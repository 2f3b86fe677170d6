"""Small pieces of HTML that the admin pages share; meaning is always in the text, colour only repeats it."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from webhook_alerts.channels.text import clean
from webhook_alerts.delivery.notice import LOGGER
from webhook_alerts.drawing import moments
from webhook_alerts.drawing.numbers import number
from webhook_alerts.models import Alert
from webhook_alerts.retelling import retell

CLIP = 20_000
"""Characters of one text shown on a page; the rest stays in the database."""

EMPTY = "—"
_BREAK = re.compile(r"(?<!\\)((?:\\\\)*)\\n")
"""A line break as JSON writes it; a backslash before it would be escaped itself."""

_SPOKEN = frozenset({Alert.Kind.EVENT, Alert.Kind.STATUS})
"""Kinds whose message is a name, such as ``member_join``."""


def badge(group: str, value: object, text: object, *, title: str = "") -> SafeString:
    """A dot and a word; *group* and *value* choose the colour (``webhook_alerts/admin.css``)."""
    return format_html(
        '<span class="wa-badge wa-{}-{}"{}><span class="wa-dot" aria-hidden="true"></span>{}</span>',
        group,
        value,
        format_html(' title="{}"', clean(title)) if title else "",
        text,
    )


def level(row: Any) -> SafeString:
    """The level of an alert or a delivery."""
    return badge("level", row.level, row.get_level_display())


def state(row: Any) -> SafeString:
    """Where a delivery or a message stands; why, when hovered over."""
    return badge("state", row.state, row.get_state_display(), title=retell(row.reason))


def reason(row: Any) -> str:
    """Why it stands there, on one line; empty where there is no reason."""
    return first_line(retell(row.reason))


def incident(row: Any) -> SafeString:
    """Where an incident stands, and who brought it there."""
    by = _("by %(who)s") % {"who": row.state_by} if row.state_by else ""
    return badge("incident", row.state, row.get_state_display(), title=by)


def kind(row: Any) -> SafeString:
    """What sort of thing happened, and that this is meant: one kind is called as a level is."""
    return format_html('<span class="wa-kind">{}</span>', _("kind: %(kind)s") % {"kind": row.get_kind_display()})


def outcome(attempt: Any) -> SafeString:
    """How one request ended."""
    return badge("outcome", attempt.outcome, attempt.get_outcome_display())


def age(moment: datetime | None) -> SafeString | str:
    """How long ago, in its largest unit; the exact time when hovered over."""
    if moment is None:
        return EMPTY
    said = moments.elapsed(moment)
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), exact(moment), said)


def exact(moment: datetime | None) -> str:
    """A time to the second, in the current time zone."""
    return moments.exact(moment) if moment else EMPTY


def times(occurrences: int) -> SafeString | str:
    """×57, ×1,000; nothing for what happened once."""
    return format_html('<span class="wa-count">×{}</span>', number(occurrences)) if occurrences > 1 else ""


def clip(text: str, limit: int = CLIP) -> str:
    """At most *limit* characters, saying how many are left out."""
    text = clean(text)
    if len(text) <= limit:
        return text
    left = len(text) - limit
    left_out = ngettext("… %(count)s more character", "… %(count)s more characters", left) % {"count": number(left)}
    return f"{text[:limit]}\n{left_out}"


def pre(text: str) -> SafeString | str:
    """A block of text exactly as it is, clipped."""
    return format_html('<pre class="wa-pre">{}</pre>', clip(text)) if text else EMPTY


def pretty(data: Any) -> SafeString | str:
    """JSON with one key a line, clipped; the lines of its texts stand as lines, for people and not for a parser."""
    return pre(_unfolded(json.dumps(data, indent=2, ensure_ascii=False, default=str))) if data else EMPTY


def _unfolded(document: str) -> str:
    """*document* with the line breaks that its texts hold, each line as far in as the text's own."""
    lines = []
    for line in document.split("\n"):
        indent = " " * (len(line) - len(line.lstrip()) + 2)
        lines.append(_BREAK.sub(lambda found, indent=indent: f"{found[1]}\n{indent}", line))  # type: ignore[misc]
    return "\n".join(lines)


def first_line(text: str, limit: int = 120) -> str:
    """The beginning of *text*, on one line of at most *limit* characters."""
    line = " ".join(text[: limit * 4].split())
    return clean(line if len(line) <= limit else line[: limit - 1] + "…")


def title(alert: Any) -> str:
    """What an alert says, in one line: its exception where the message does not name it; an event in words."""
    text = first_line(said(alert)) or str(alert.get_kind_display())
    if alert.kind in _SPOKEN:
        return text.replace("_", " ")
    kind = alert.exception_type.rpartition(".")[2]
    return f"{kind}: {text}" if kind and kind not in text else text


def said(alert: Any) -> str:
    """The message of an alert; what was raised about alerting itself is retold."""
    return retell(alert.message) if alert.logger == LOGGER else str(alert.message)


def two_lines(first: object, *second: object) -> SafeString:
    """*first*, and below it, less loud, what there is of *second*."""
    rest = [str(part) for part in second if part]
    if not rest:
        return format_html("{}", first)
    return format_html('{}<span class="wa-second">{}</span>', first, " · ".join(rest))
