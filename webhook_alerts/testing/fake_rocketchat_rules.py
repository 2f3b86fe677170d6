"""What Rocket.Chat refuses, and whom it calls, checked without a line of the code that renders.

Source: ``validateMessage`` and ``processWebhookMessage`` of the server. Lengths in UTF-16 units, as JavaScript counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

TEXT = 5000
"""``Message_MaxAllowedSize``, which servers up to version 6 hold webhooks to."""
_TEXTS = (
    "color", "text", "author_name", "title", "thumb_url", "title_link", "author_link", "image_url", "button_alignment",
)  # fmt: skip
_LINKS = ("thumb_url", "author_link", "author_icon", "title_link", "image_url", "message_link")
_URL = re.compile(r"https?://\S+", re.IGNORECASE)
_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
_CALL = re.compile(r"(?<![\w@])@([\w.-]+)", re.ASCII)


def faults(body: Any) -> list[str]:
    """Everything that is wrong with a message's *body*, in Rocket.Chat's words."""
    if not isinstance(body, dict):
        return ["Match error: Expected object"]
    return [*_message(body)]


def called(body: dict[str, Any]) -> list[str]:
    """Whom *body* calls: names behind an @ in its text, outside of code."""
    return _CALL.findall(_CODE.sub(" ", body.get("text") or ""))


def _message(body: dict[str, Any]) -> Iterator[str]:
    for name in ("text", "username", "icon_url"):
        if not isinstance(body.get(name, ""), str):
            yield f"Match error: Expected string, got {type(body[name]).__name__} in field {name}"
            return
    if len(str(body.get("text", "")).encode("utf-16-le")) > 2 * TEXT:
        yield "error-message-size-exceeded"
    if body.get("icon_url") and not _URL.fullmatch(body["icon_url"]):
        yield "Invalid href value provided"
    for attachment in body.get("attachments") or ():
        yield from _attachment(attachment)


def _attachment(attachment: Any) -> Iterator[str]:
    if not isinstance(attachment, dict):
        yield "Match error: Expected object"
        return
    for name in _TEXTS:
        if not isinstance(attachment.get(name, ""), str):
            yield f"Match error: Expected string in field {name}"
            return
    if any(attachment.get(name) and not _URL.fullmatch(attachment[name]) for name in _LINKS):
        yield "Invalid href value provided"
    for field in attachment.get("fields") or ():
        if not isinstance(field.get("short", False), bool) or not isinstance(field.get("title"), str):
            yield "Match error: Expected boolean in field short"
        elif not field.get("value") or not field["title"]:
            yield "Invalid attachment field, title and value is required"
