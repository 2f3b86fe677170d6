"""What Mattermost refuses, and whom it calls, checked without a line of the code that renders.

Sources: https://developers.mattermost.com/integrate/webhooks/incoming, /integrate/reference/message-attachments, and
``HandleIncomingWebhook`` of the server. Lengths in code points.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

Fault = tuple[str, str]
"""The id of Mattermost's error, and what it is."""

TEXT = 16_383
PROPS = 800_000
FOOTER = 300
_CODE = re.compile(r"^(`{3,}|~{3,})[^\n]*\n.*?^\1[ \t]*$|`[^`\n]+`", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"<[a-z]+:[^|>]*\|([^>]*)>")
_CALL = re.compile(r"(?<![\w@])@([a-zA-Z][\w.-]*)", re.ASCII)


def faults(body: Any) -> list[Fault]:
    """Everything that is wrong with a message's *body*, the first what Mattermost would name."""
    if not isinstance(body, dict):
        return [("model.incoming_hook.parse_data.app_error", "no JSON object")]
    return [*_message(body)]


def called(body: dict[str, Any]) -> list[str]:
    """Whom *body* calls: names behind an @ in its texts, outside of code."""
    return [name for text in markdown(body) for name in _CALL.findall(_CODE.sub(" ", converted(text)))]


def markdown(body: dict[str, Any]) -> list[str]:
    """The texts in which Mattermost reads Markdown and calls."""
    texts = [body.get("text")]
    for attachment in body.get("attachments") or ():
        texts += [attachment.get("pretext"), attachment.get("text")]
        texts += [str(field.get("value")) for field in attachment.get("fields") or ()]
    return [text for text in texts if text]


def converted(text: str) -> str:
    """*text* after Slack's marks were made Mattermost's, which is done in code, too."""
    for mark, call in (("<!channel>", "@channel"), ("<!here>", "@here"), ("<!all>", "@all"), ("<!everyone>", "@all")):
        text = text.replace(mark, call)
    return _LINK.sub(r"[\1](link)", text)


def _message(body: dict[str, Any]) -> Iterator[Fault]:
    text, attachments = body.get("text", ""), body.get("attachments")
    wrong = {name for name in ("text", "username", "icon_url") if not isinstance(body.get(name, ""), str)}
    if wrong or not isinstance(attachments, (list, type(None))):
        yield "model.incoming_hook.parse_data.app_error", f"{wrong or 'attachments'}"
        return
    if not text and attachments is None:
        yield "web.incoming_webhook.text.app_error", "neither text nor attachments"
    for attachment in attachments or ():
        if not isinstance(attachment, dict) or not _is_whole(attachment):
            yield "model.incoming_hook.parse_data.app_error", "an attachment"
    if len(str(attachments)) > PROPS:
        yield "web.incoming_webhook.split_props_length.app_error", "attachments"


def _is_whole(attachment: dict[str, Any]) -> bool:
    fields = attachment.get("fields") or []
    texts = [value for name, value in attachment.items() if name not in {"fields", "actions"}]
    return (
        all(isinstance(text, str) for text in texts)
        and isinstance(fields, list)
        and all(isinstance(field, dict) and isinstance(field.get("short", False), bool) for field in fields)
    )
