"""A mail's alerts as HTML: one column, styles on the elements themselves, nothing that is loaded from elsewhere.

Mail programs drop much of CSS, so each element says how it looks in the light; a style sheet in the head, which most
know, turns that for dark screens. https://www.caniemail.com/features/css-at-media-prefers-color-scheme/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby

from webhook_alerts.alert import Alert, Level
from webhook_alerts.channels import content
from webhook_alerts.channels.base import Style
from webhook_alerts.channels.content import Fact
from webhook_alerts.channels.email_parts import Part
from webhook_alerts.channels.email_text import clock, line
from webhook_alerts.channels.text import cut_end, escape_entities

COLOURS: Mapping[Level, str] = {
    Level.DEBUG: "#6b7280",
    Level.INFO: "#2563eb",
    Level.WARNING: "#b45309",
    Level.ERROR: "#dc2626",
    Level.CRITICAL: "#9f1239",
}
STATE_COLOURS: Mapping[str, str] = {"resolved": "#15803d", "acknowledged": "#6d28d9"}
PICTURE = "<!-- picture -->"
"""Where a picture goes: no text of an alert can hold it, since texts are escaped."""
_FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_MONO = "font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace"
_TABLE = '<table role="presentation" width="100%" cellpadding="0" cellspacing="0"'
_BREAK = "word-break:break-word;overflow-wrap:anywhere"
_DARK = (
    "@media (prefers-color-scheme: dark){"
    ".page{background:#0f1115!important}"
    ".card{background:#1b1e25!important;border-right-color:#343945!important;"
    "border-bottom-color:#343945!important;border-left-color:#343945!important}"
    ".ink{color:#e8eaed!important}.dim{color:#a3a9b5!important}"
    ".code{background:#12151a!important;color:#d7dbe0!important;border-color:#343945!important}"
    ".row{border-color:#2b303a!important}"
    ".link{color:#8ab4f8!important}"
    "}"
)
_PREVIEW = 140


def in_full(parts: Sequence[Part], style: Style, subject: str) -> str:
    """A page with a card for each of *parts*."""
    preview = " · ".join(filter(None, (parts[0].note, parts[0].message or parts[0].origin)))
    return _page("".join(_card(part, style) for part in parts), subject, preview)


def lines(alerts: Sequence[Alert], style: Style, subject: str) -> str:
    """A page with a card for each level of *alerts*, and a line for each."""
    cards = [_group(level, list(group), style) for level, group in groupby(alerts, lambda alert: alert.level)]
    return _page("".join(cards) + _foot([content.origin(alerts[0])]), subject, content.line(alerts[0], style))


def weight(alert: Alert, style: Style) -> int:
    """Bytes of HTML that the line of *alert* takes."""
    return len(_line(alert, style).encode("utf-8", "replace"))


def with_picture(page: str, name: str, cid: str) -> str:
    """*page* that shows the attached picture *cid*; as it is where it has no place for one."""
    shown = (
        f'<img src="cid:{escape(cid)}" alt="{escape(name)}" width="592" style="display:block;width:100%;'
        'max-width:592px;height:auto;border-radius:6px;margin:16px 0 0">'
    )
    return page.replace(PICTURE, shown, 1)


def _page(cards: str, title: str, preview: str) -> str:
    said = escape_entities(cut_end(" ".join(preview.split()), _PREVIEW))
    return (
        '<!DOCTYPE html>\n<html><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">'
        f"<title>{escape_entities(title)}</title><style>:root{{color-scheme:light dark}}{_DARK}</style></head>"
        '<body class="page" style="margin:0;padding:0;background:#f3f4f6">'
        f'<div style="display:none;max-height:0;overflow:hidden">{said}</div>'
        f'{_TABLE} class="page" style="background:#f3f4f6"><tr><td align="center" style="padding:16px 8px">'
        f'{_TABLE} style="max-width:640px"><tr>'
        f'<td style="{_FONT};font-size:15px;line-height:1.5">{cards}</td></tr></table></td></tr></table>'
        "</body></html>\n"
    )


def _card(part: Part, style: Style) -> str:
    alert = part.alert
    colour = STATE_COLOURS.get(alert.state, COLOURS[alert.level])
    facts = "".join(map(_fact, part.facts))
    return _frame(
        colour,
        f'<div class="ink" style="font-size:19px;line-height:1.35;font-weight:600;color:#111827;{_BREAK}">'
        f"{escape_entities(part.heading)}</div>"
        + _note(part.note, colour)
        + _message(part.message)
        + PICTURE
        + (f'{_TABLE} style="margin:16px 0 0">{facts}</table>' if facts else "")
        + _code(part.trace)
        + _button(part.link, style.say("Open · acknowledge · silence"), colour)
        + _foot([f"{content.level(alert.level, style)} · {part.when}", part.origin]),
    )


def _frame(colour: str, inner: str) -> str:
    return (
        f'{_TABLE} class="card" style="background:#ffffff;'
        f"border:1px solid #e5e7eb;border-top:4px solid {colour};border-radius:8px;margin:0 0 16px;table-layout:fixed"
        f'"><tr><td style="padding:18px 20px">{inner}</td></tr></table>'
    )


def _note(text: str, colour: str) -> str:
    if not text:
        return ""
    shown = escape_entities(text)
    return f'<div class="ink" style="margin:6px 0 0;font-weight:600;color:{colour};{_BREAK}">{shown}</div>'


def _message(text: str) -> str:
    if not text:
        return ""
    style = f"margin:12px 0 0;color:#1f2937;white-space:pre-wrap;{_BREAK}"
    return f'<div class="ink" style="{style}">{escape_entities(text)}</div>'


def _fact(fact: Fact) -> str:
    return (
        f'<tr><td class="dim row" width="30%" valign="top" style="padding:6px 12px 6px 0;border-top:1px solid #eef0f3;'
        f'font-size:13px;color:#6b7280;{_BREAK}">{escape_entities(fact.name)}</td>'
        f'<td class="ink row" valign="top" style="padding:6px 0;border-top:1px solid #eef0f3;font-size:14px;'
        f'color:#1f2937;white-space:pre-wrap;{_BREAK}">{escape_entities(fact.value)}</td></tr>'
    )


def _code(text: str) -> str:
    if not text:
        return ""
    return (
        f'<pre class="code" style="margin:16px 0 0;padding:12px;background:#f6f8fa;border:1px solid #e5e7eb;'
        f"border-radius:6px;color:#1f2937;{_MONO};font-size:12px;line-height:1.45;white-space:pre-wrap;{_BREAK}"
        f'">{escape_entities(text)}</pre>'
    )


def _button(link: str, words: str, colour: str) -> str:
    if not link:
        return ""
    return (
        f'<div style="margin:18px 0 0"><a href="{escape(link)}" style="display:inline-block;padding:9px 16px;'
        f'border-radius:6px;background:{colour};color:#ffffff;font-weight:600;font-size:14px;text-decoration:none">'
        f"{escape_entities(words)}</a></div>"
    )


def _foot(said: Sequence[str]) -> str:
    shown = "<br>".join(escape_entities(text) for text in said if text)
    return f'<div class="dim" style="margin:16px 0 0;font-size:12px;color:#6b7280;{_BREAK}">{shown}</div>'


def _group(level: Level, alerts: Sequence[Alert], style: Style) -> str:
    title = f"{content.SIGNS[level]} {len(alerts)} × {content.level(level, style)}"
    rows = "".join(_line(alert, style) for alert in alerts)
    return _frame(
        COLOURS[level],
        '<div class="ink" style="font-size:17px;font-weight:600;color:#111827;margin:0 0 10px">'
        f"{escape_entities(title)}</div>"
        f"{_TABLE}>{rows}</table>",
    )


def _line(alert: Alert, style: Style) -> str:
    return (
        f'<tr><td class="dim row" width="104" valign="top" style="padding:5px 10px 5px 0;border-top:1px solid #eef0f3;'
        f'font-size:12px;line-height:20px;color:#6b7280;white-space:nowrap">{clock(alert)}</td>'
        f'<td class="ink row" valign="top" style="padding:5px 0;border-top:1px solid #eef0f3;font-size:14px;'
        f'line-height:20px;color:#1f2937;{_BREAK}">{escape_entities(line(alert, style))}</td></tr>'
    )
