"""Small pieces of HTML that the admin pages share; meaning is always in the text, colour only repeats it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from webhook_alerts.channels.text import clean

CLIP = 20_000
"""Characters of one text shown on a page; the rest stays in the database."""

EMPTY = "—"


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
    return badge("state", row.state, row.get_state_display(), title=row.reason)


def outcome(attempt: Any) -> SafeString:
    """How one request ended."""
    return badge("outcome", attempt.outcome, attempt.get_outcome_display())


def age(moment: datetime | None) -> SafeString | str:
    """How long ago, in its largest unit; the exact time when hovered over."""
    if moment is None:
        return EMPTY
    now = timezone.now()
    words = _("in %(time)s") % {"time": timesince(now, moment, depth=1)}
    if moment <= now:
        words = _("%(time)s ago") % {"time": timesince(moment, now, depth=1)}
    if abs((now - moment).total_seconds()) < 60:
        words = _("just now")
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), exact(moment), words)


def exact(moment: datetime | None) -> str:
    """A time to the second, in the current time zone."""
    return date_format(timezone.localtime(moment), "Y-m-d H:i:s") if moment else EMPTY


def times(occurrences: int) -> SafeString | str:
    """×57; nothing for what happened once."""
    return format_html('<span class="wa-count">×{}</span>', occurrences) if occurrences > 1 else ""


def clip(text: str, limit: int = CLIP) -> str:
    """At most *limit* characters, saying how many are left out."""
    text = clean(text)
    if len(text) <= limit:
        return text
    left_out = _("… %(count)d more characters") % {"count": len(text) - limit}
    return f"{text[:limit]}\n{left_out}"


def pre(text: str) -> SafeString | str:
    """A block of text exactly as it is, clipped."""
    return format_html('<pre class="wa-pre">{}</pre>', clip(text)) if text else EMPTY


def pretty(data: Any) -> SafeString | str:
    """JSON with one key a line, clipped."""
    return pre(json.dumps(data, indent=2, ensure_ascii=False, default=str)) if data else EMPTY


def first_line(text: str, limit: int = 120) -> str:
    """The beginning of *text*, on one line of at most *limit* characters."""
    line = " ".join(text[: limit * 4].split())
    return clean(line if len(line) <= limit else line[: limit - 1] + "…")
