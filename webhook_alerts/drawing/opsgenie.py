"""An alert as Opsgenie and Jira Service Management show it, from the body that was posted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from webhook_alerts.alert import JSON
from webhook_alerts.channels.opsgenie import ACTION
from webhook_alerts.drawing import chat, marks
from webhook_alerts.drawing.chat import mapping, words

_COLOURS: Mapping[str, str] = {"P1": "#c81e1e", "P2": "#d9480f", "P3": "#b7791f", "P4": "#2f855a", "P5": "#2b6cb0"}
_STATUS: Mapping[str, str] = {"create": "Open", "acknowledge": "Acknowledged", "close": "Closed"}


def draw(body: Mapping[str, JSON], files: Sequence[Mapping[str, JSON]], webhook: str) -> SafeString:
    """Priority, message, tags, description and details."""
    priority, found = words(body.get("priority")), body.get("tags")
    tags = found if isinstance(found, list) else []
    status = _STATUS.get(words(body.get(ACTION)), "")
    origin = (words(body.get("entity")), words(body.get("source")))
    link, text = _description(words(body.get("description")))
    parts = [
        chat.paragraph(" · ".join(filter(None, (priority, status))), kind="small"),
        chat.paragraph(marks.text(words(body.get("message"))), kind="title"),
        chat.paragraph(format_html_join(" ", "<code>{}</code>", ((words(each),) for each in tags))),
        chat.paragraph(marks.text(words(body.get("note")))),
        chat.paragraph(marks.link(link, link)) if link else SafeString(""),
        marks.block(text) if text else SafeString(""),
        chat.named((name, words(value)) for name, value in mapping(body.get("details")).items()),
        chat.paragraph(" · ".join(filter(None, origin)), kind="small"),
    ]
    return chat.message(webhook, [chat.card(parts, _COLOURS.get(priority, ""))], files)


def _description(whole: str) -> tuple[str, str]:
    """The link that a description begins with, if it does, and the rest."""
    first, _, rest = whole.partition("\n\n")
    return (first, rest) if first.startswith(("https://", "http://")) and " " not in first else ("", whole)
