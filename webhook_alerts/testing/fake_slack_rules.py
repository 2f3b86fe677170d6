"""What Slack refuses, checked without a line of the code that renders.

Sources: https://docs.slack.dev/reference/block-kit/blocks and /messaging/sending-messages-using-incoming-webhooks.
Lengths in code points, of texts as they are sent (escaped).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Fault = tuple[str, str]
"""Slack's word for it, and where and what it is: Slack itself says no more than the word."""

TEXT = 40_000
BLOCKS = 50
ALL_BLOCKS = 13_200
"""Observed, not documented: bolt-js issues 2509 and 2867."""
_RICH = {"rich_text_section", "rich_text_preformatted", "rich_text_quote"}
_INLINE: Mapping[str, Mapping[str, type]] = {
    "text": {"text": str},
    "link": {"url": str},
    "emoji": {"name": str},
    "user": {"user_id": str},
    "usergroup": {"usergroup_id": str},
    "broadcast": {"range": str},
    "date": {"timestamp": int, "format": str},
    "channel": {"channel_id": str},
    "color": {"value": str},
}


def faults(body: Any) -> list[Fault]:
    """Everything that is wrong with a message's *body*, the first what Slack would name."""
    if not isinstance(body, dict):
        return [("invalid_payload", "the body is no JSON object")]
    return [*_message(body)]


def _message(body: dict[str, Any]) -> Iterator[Fault]:
    text, blocks, attachments = body.get("text"), body.get("blocks"), body.get("attachments")
    if text is not None and not isinstance(text, str):
        yield "invalid_payload", "text is no text"
    elif not ((text or "").strip() or blocks or attachments):
        yield "no_text", "nothing to show"
    if attachments is not None:
        yield from _attachments(attachments)
    if blocks is not None:
        yield from _blocks(blocks, "blocks")


def _attachments(attachments: Any) -> Iterator[Fault]:
    if not isinstance(attachments, list):
        yield "invalid_attachments", "attachments is no list"
        return
    if len(attachments) > 100:
        yield "too_many_attachments", f"{len(attachments)} attachments"
    for index, attachment in enumerate(attachments):
        if "blocks" in attachment:
            yield from _blocks(attachment["blocks"], f"attachments/{index}/blocks")


def _blocks(blocks: Any, where: str) -> Iterator[Fault]:
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        yield "invalid_blocks_format", f"{where} is no list of objects"
        return
    if not 1 <= len(blocks) <= BLOCKS:
        yield "invalid_blocks", f"{where}: {len(blocks)} blocks"
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(set(ids)) < len(ids) or any(not 1 <= len(str(each)) <= 255 for each in ids):
        yield "invalid_blocks", f"{where}: block_id"
    for index, block in enumerate(blocks):
        check = _KINDS.get(str(block.get("type")))
        if check is None:
            yield "invalid_blocks", f"{where}/{index}: type {block.get('type')}"
        else:
            yield from (("invalid_blocks", f"{where}/{index}/{fault}") for fault in check(block))
    if len(json.dumps(blocks, ensure_ascii=False)) > ALL_BLOCKS:
        yield "msg_blocks_too_long", where


def _text(value: Any, most: int, kinds: tuple[str, ...] = ("mrkdwn", "plain_text")) -> Iterator[str]:
    if not isinstance(value, dict) or value.get("type") not in kinds:
        yield f"text is not one of {kinds}"
        return
    if not isinstance(value.get("text"), str) or not 1 <= len(value["text"]) <= most:
        yield f"text of {len(str(value.get('text') or ''))} characters, of {most}"
    own = {"emoji": bool} if value["type"] == "plain_text" else {"verbatim": bool}
    for name, given in value.items():
        if name not in {"type", "text"} and not (name in own and isinstance(given, own[name])):
            yield f"text has {name}"


def _header(block: Mapping[str, Any]) -> Iterator[str]:
    yield from _text(block.get("text"), 150, ("plain_text",))


def _section(block: Mapping[str, Any]) -> Iterator[str]:
    if "text" in block:
        yield from _text(block["text"], 3000)
    elif "fields" not in block:
        yield "neither text nor fields"
    fields = block.get("fields", [{"type": "mrkdwn", "text": "-"}])
    if not isinstance(fields, list) or not 1 <= len(fields) <= 10:
        yield "fields"
        return
    for field in fields:
        yield from _text(field, 2000)


def _context(block: Mapping[str, Any]) -> Iterator[str]:
    elements = block.get("elements")
    if not isinstance(elements, list) or not 1 <= len(elements) <= 10:
        yield "elements"
        return
    for element in elements:
        if element.get("type") != "image":
            yield from _text(element, 3000)


def _actions(block: Mapping[str, Any]) -> Iterator[str]:
    elements = block.get("elements")
    if not isinstance(elements, list) or not 1 <= len(elements) <= 25:
        yield "elements"
        return
    for element in elements:
        if element.get("type") == "button":
            yield from _text(element.get("text"), 75, ("plain_text",))
            if len(element.get("url", "")) > 3000:
                yield "url"


def _image(block: Mapping[str, Any]) -> Iterator[str]:
    if not 1 <= len(str(block.get("alt_text") or "")) <= 2000:
        yield "alt_text"
    if not re.match(r"https?://", str(block.get("image_url"))) or len(block["image_url"]) > 3000:
        yield "image_url"


def _markdown(block: Mapping[str, Any]) -> Iterator[str]:
    if not 1 <= len(str(block.get("text") or "")) <= 12_000:
        yield "text"


def _rich_text(block: Mapping[str, Any]) -> Iterator[str]:
    elements = block.get("elements")
    if not isinstance(elements, list) or not elements:
        yield "elements"
        return
    for element in elements:
        if element.get("type") == "rich_text_list":
            yield from _rich_text({"elements": element.get("elements")})
        elif element.get("type") not in _RICH or not isinstance(element.get("elements"), list):
            yield f"element {element.get('type')}"
        else:
            yield from (fault for inline in element["elements"] for fault in _inline(inline))


def _inline(inline: Any) -> Iterator[str]:
    wanted = _INLINE.get(str(inline.get("type"))) if isinstance(inline, dict) else None
    if wanted is None:
        yield f"inline {inline}"
        return
    for name, kind in wanted.items():
        if not isinstance(inline.get(name), kind) or inline[name] == "":
            yield f"{inline['type']} without {name}"


def _nothing(block: Mapping[str, Any]) -> Iterator[str]:  # noqa: ARG001 - as the others
    return iter(())


_KINDS: Mapping[str, Callable[[Mapping[str, Any]], Iterator[str]]] = {
    "actions": _actions,
    "context": _context,
    "divider": _nothing,
    "header": _header,
    "image": _image,
    "markdown": _markdown,
    "rich_text": _rich_text,
    "section": _section,
}
