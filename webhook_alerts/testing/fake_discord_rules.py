"""What Discord refuses, checked without a line of the code that renders.

Sources: https://discord.com/developers/docs/resources/message and /resources/webhook. Lengths in code points.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Fault = tuple[str, str, str]
"""Path of the field, Discord's error code, its message."""

_EMBED_TEXTS = (("title", 256), ("description", 4096))


def faults(body: Any, file_count: int = 0) -> list[Fault]:
    """Everything that is wrong with a message's *body*; empty when Discord would take it."""
    if not isinstance(body, dict):
        return [("", "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")]
    return [
        *_message(body),
        *_embeds(body.get("embeds") or []),
        *_mentions(body.get("allowed_mentions")),
        *_files(body, file_count),
    ]


def is_empty(body: dict[str, Any], file_count: int) -> bool:
    """Has the message nothing to show (error 50006)?"""
    return not (str(body.get("content") or "").strip() or body.get("embeds") or file_count)


def _message(body: dict[str, Any]) -> Iterator[Fault]:
    content = body.get("content")
    if content is not None and not isinstance(content, str):
        yield "content", "STRING_TYPE_CONVERT", "Could not interpret as string."
    elif len((content or "").strip()) > 2000:
        yield _too_long("content", 2000)
    name = body.get("username")
    if name is not None:
        if not 1 <= len(name.strip()) <= 80:
            yield "username", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 80 in length."
        for word in ("discord", "clyde"):
            if word in name.lower():
                yield "username", "USERNAME_INVALID_CONTAINS", f'Username cannot contain "{word}"'
    if len(body.get("avatar_url") or "") > 2048:
        yield _too_long("avatar_url", 2048)


def _embeds(embeds: Any) -> Iterator[Fault]:
    if not isinstance(embeds, list):
        yield "embeds", "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType"
        return
    if len(embeds) > 10:
        yield "embeds", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length."
    total = 0
    for index, embed in enumerate(embeds):
        yield from _embed(embed, f"embeds.{index}")
        total += _size(embed)
    if total > 6000:
        yield "embeds", "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000"


def _embed(embed: Any, path: str) -> Iterator[Fault]:
    if not isinstance(embed, dict) or not embed:
        yield path, "BASE_TYPE_REQUIRED", "This field is required"
        return
    for name, most in _EMBED_TEXTS:
        if len(str(embed.get(name) or "").strip()) > most:
            yield _too_long(f"{path}.{name}", most)
    if len(str((embed.get("footer") or {}).get("text") or "").strip()) > 2048:
        yield _too_long(f"{path}.footer.text", 2048)
    if len(str((embed.get("author") or {}).get("name") or "").strip()) > 256:
        yield _too_long(f"{path}.author.name", 256)
    colour = embed.get("color", 0)
    if not isinstance(colour, int) or not 0 <= colour <= 0xFFFFFF:
        yield f"{path}.color", "NUMBER_TYPE_MAX", "int value should be less than or equal to 16777215."
    fields = embed.get("fields") or []
    if len(fields) > 25:
        yield f"{path}.fields", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length."
    for index, field in enumerate(fields):
        for name, most in (("name", 256), ("value", 1024)):
            text = str(field.get(name) or "").strip()
            if not text:
                yield f"{path}.fields.{index}.{name}", "BASE_TYPE_REQUIRED", "This field is required"
            elif len(text) > most:
                yield _too_long(f"{path}.fields.{index}.{name}", most)


def _size(embed: dict[str, Any]) -> int:
    texts = [embed.get("title"), embed.get("description")]
    texts += [(embed.get("footer") or {}).get("text"), (embed.get("author") or {}).get("name")]
    for field in embed.get("fields") or []:
        texts += [field.get("name"), field.get("value")]
    return sum(len(str(text).strip()) for text in texts if text)


def _mentions(allowed: Any) -> Iterator[Fault]:
    if not isinstance(allowed, dict):
        return
    parse = allowed.get("parse") or []
    for kind in parse:
        if kind not in {"users", "roles", "everyone"}:
            yield "allowed_mentions.parse", "BASE_TYPE_CHOICES", "Value must be one of ('users', 'roles', 'everyone')."
    for kind in ("users", "roles"):
        if allowed.get(kind) and kind in parse:
            yield (
                f"allowed_mentions.{kind}",
                "ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                f"parse:{kind} and {kind} are exclusive",
            )
        if len(allowed.get(kind) or []) > 100:
            yield f"allowed_mentions.{kind}", "BASE_TYPE_MAX_LENGTH", "Must be 100 or fewer in length."


def _files(body: dict[str, Any], file_count: int) -> Iterator[Fault]:
    if file_count > 10:
        yield "files", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length."
    for attachment in body.get("attachments") or []:
        if not 0 <= int(attachment.get("id", -1)) < file_count:
            yield "attachments", "ATTACHMENT_NOT_FOUND", "Attachment data cannot be found"


def _too_long(path: str, most: int) -> Fault:
    return path, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length."


def error_body(found: list[Fault]) -> dict[str, Any]:
    """Discord's answer to a malformed form: code 50035, the faults nested by path."""
    errors: dict[str, Any] = {}
    for path, code, message in found:
        node = errors
        for part in path.split(".") if path else []:
            node = node.setdefault(part, {})
        node.setdefault("_errors", []).append({"code": code, "message": message})
    return {"code": 50035, "message": "Invalid Form Body", "errors": errors}
