"""What Google Chat refuses, checked without a line of the code that renders.

Sources: https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages and
https://developers.google.com/workspace/chat/limits. Lengths in bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

MESSAGE = 32_000
WIDGETS = 100
THREAD_KEY = 4000
OPTIONS = {"REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD", "REPLY_MESSAGE_OR_FAIL", "MESSAGE_REPLY_OPTION_UNSPECIFIED"}
SYNTAXES = {"MARKUP_SYNTAX_UNSPECIFIED", "MARKUP_SYNTAX_CHAT", "MARKUP_SYNTAX_MARKDOWN"}
_KNOWN = {"accessoryWidgets", "cardsV2", "fallbackText", "markupSyntax", "silent", "text", "thread"}
_THREAD = {"name", "threadKey"}


def faults(body: Any, query: Mapping[str, str], size: int) -> list[str]:
    """Everything that is wrong with a message of *size* bytes, the first what Chat would name."""
    if not isinstance(body, dict):
        return ["Invalid JSON payload received."]
    return [*_message(body, size), *_thread(body.get("thread"), query)]


def _message(body: Mapping[str, Any], size: int) -> Iterator[str]:
    yield from (
        f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.' for name in body.keys() - _KNOWN
    )
    text, cards = body.get("text"), body.get("cardsV2")
    if text is not None and not isinstance(text, str):
        yield "Invalid value at 'message.text' (TYPE_STRING)"
    elif not ((text or "").strip() or cards):
        yield "Message cannot be empty. Discarding empty create message request."
    if body.get("markupSyntax", "MARKUP_SYNTAX_CHAT") not in SYNTAXES:
        yield "Invalid value at 'message.markup_syntax'"
    if size > MESSAGE:
        yield f"Message is longer than {MESSAGE} bytes"
    for card in cards if isinstance(cards, list) else []:
        sections = card.get("card", {}).get("sections", [])
        if sum(len(section.get("widgets", ())) for section in sections) > WIDGETS:
            yield f"More than {WIDGETS} widgets"


def _thread(thread: Any, query: Mapping[str, str]) -> Iterator[str]:
    if query.get("messageReplyOption", "REPLY_MESSAGE_OR_FAIL") not in OPTIONS:
        yield "Invalid value at 'message_reply_option'"
    if thread is None:
        return
    if not isinstance(thread, dict) or set(thread) - _THREAD:
        yield "Invalid value at 'message.thread'"
    elif not 1 <= len(str(thread.get("threadKey", thread.get("name", ""))).encode()) <= THREAD_KEY:
        yield "Invalid thread key"
