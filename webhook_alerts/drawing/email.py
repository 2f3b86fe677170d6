"""A mail as its text shows it, from the body that was sent: the page that goes with it has styles of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.safestring import SafeString

from webhook_alerts.alert import JSON
from webhook_alerts.drawing import chat, marks
from webhook_alerts.drawing.chat import words


def draw(body: Mapping[str, JSON], files: Sequence[Mapping[str, JSON]], webhook: str) -> SafeString:
    """Subject and text."""
    parts = [
        chat.paragraph(marks.text(words(body.get("subject"))), kind="title"),
        chat.paragraph(marks.text(words(body.get("text")))),
    ]
    return chat.message(words(body.get("name")) or webhook, parts, files)
