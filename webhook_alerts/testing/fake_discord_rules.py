"""What Discord refuses, checked without a line of the code that renders.

Sources: https://discord.com/developers/docs/resources/message and /resources/webhook. Lengths in code points.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

Fault = tuple[str, str, str]
"""Path of the field, Discord's error code, its message."""

_EMBED_TEXTS = (("title", 256), ("description", 4096))
_ISO_8601 = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$")

_CALL = re.compile(r"(?P<all>@everyone|@here)|<@&(?P<role>\d+)>|<@!?(?P<user>\d+)>", re.ASCII)
FILE_BYTES = 10 * 1024 * 1024
REQUEST_BYTES = 25 * 1024 * 1024
_SUPPRESS_EMBEDS, _SILENT, _COMPONENTS_V2 = 1 << 2, 1 << 12, 1 << 15
_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif")


def faults(body: Any, files: Collection[str] = (), *, is_edit: bool = False) -> list[Fault]:
    """Everything that is wrong with a message's *body*, sent with *files* of these names; empty when it is taken."""
    if not isinstance(body, dict):
        return [("", "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")]
    return [
        *_message(body),
        *_embeds(body.get("embeds") or []),
        *_mentions(body.get("allowed_mentions")),
        *_files(body, files),
        *_pictures(body.get("embeds") or [], files),
        *_flags(body, is_edit=is_edit),
        *_components(body.get("components") or []),
    ]


def is_empty(body: dict[str, Any], file_count: int) -> bool:
    """Has the message nothing to show (error 50006)?"""
    return not (str(body.get("content") or "").strip() or body.get("embeds") or body.get("components") or file_count)


def is_too_large(raw: bytes, files: Iterable[str]) -> bool:
    """Is the request, or one of its files, beyond what Discord takes (error 40005)?"""
    return len(raw) > REQUEST_BYTES or any(len(content.encode()) > FILE_BYTES for content in files)


def shown(body: Mapping[str, Any], *, with_components: bool) -> dict[str, Any]:
    """What of *body* is seen: components of a webhook without an app only where they are asked for, and of embeds

    with one ``url`` the first.
    """
    seen = {key: value for key, value in body.items() if key != "components" or with_components}
    addresses: set[str] = set()
    kept = []
    for embed in body.get("embeds") or []:
        if embed.get("url") not in addresses:
            kept.append(embed)
        if embed.get("url"):
            addresses.add(embed["url"])
    return {**seen, "embeds": kept} if "embeds" in body else seen


def called(body: Mapping[str, Any]) -> list[str]:
    """Whom *body* calls: what its content says and ``allowed_mentions`` lets through; of a webhook, people by default.

    https://discord.com/developers/docs/resources/message#allowed-mentions-object; embeds call nobody.
    """
    allowed = body.get("allowed_mentions") or {"parse": ["users"]}
    parse = allowed.get("parse") or []
    return [
        found[0]
        for found in _CALL.finditer(str(body.get("content") or ""))
        if (found["all"] and "everyone" in parse)
        or (found["user"] and ("users" in parse or found["user"] in allowed.get("users", ())))
        or (found["role"] and ("roles" in parse or found["role"] in allowed.get("roles", ())))
    ]


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
        if name.strip().lower() in {"here", "everyone"}:
            yield "username", "USERNAME_INVALID", f"Username cannot be {name.strip()}"
    thread = body.get("thread_name")
    if thread is not None and not 1 <= len(str(thread).strip()) <= 100:
        yield "thread_name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length."
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
    yield from _address_and_time(embed, path)
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


def _address_and_time(embed: dict[str, Any], path: str) -> Iterator[Fault]:
    url, stamp = str(embed.get("url") or ""), embed.get("timestamp")
    if len(url) > 2048:
        yield _too_long(f"{path}.url", 2048)
    if url and not url.startswith(("http://", "https://")):
        yield f"{path}.url", "URL_TYPE_INVALID_SCHEME", "Scheme must be one of ('http', 'https')."
    if stamp and not (isinstance(stamp, str) and _ISO_8601.match(stamp)):
        yield f"{path}.timestamp", "DATE_TIME_TYPE_PARSE", f"Could not parse {stamp}. Should be ISO8601."


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


def _files(body: dict[str, Any], files: Collection[str]) -> Iterator[Fault]:
    if len(files) > 10:
        yield "files", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length."
    for name in files:
        if not 1 <= len(name) <= 1024:
            yield "files", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 1024 in length."
    for attachment in body.get("attachments") or []:
        if not 0 <= int(attachment.get("id", -1)) < len(files):
            yield "attachments", "ATTACHMENT_NOT_FOUND", "Attachment data cannot be found"


def _pictures(embeds: Any, files: Collection[str]) -> Iterator[Fault]:
    for index, embed in enumerate(embeds):
        address = str((embed.get("image") or {}).get("url") or "") if isinstance(embed, dict) else ""
        scheme, _, name = address.partition("://")
        if scheme == "attachment" and (name not in files or not name.lower().endswith(_PICTURES)):
            yield f"embeds.{index}.image.url", "ATTACHMENT_NOT_FOUND", f"Referenced attachment {name} not found"


def _flags(body: dict[str, Any], *, is_edit: bool) -> Iterator[Fault]:
    flags = body.get("flags") or 0
    allowed = _SUPPRESS_EMBEDS | _COMPONENTS_V2 | (0 if is_edit else _SILENT)
    if not isinstance(flags, int) or flags & ~allowed:
        yield "flags", "BASE_TYPE_CHOICES", "Only some flags may be set here."
    elif flags & _COMPONENTS_V2 and {"content", "embeds"} & body.keys():
        yield "flags", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", "content and embeds exclude this flag."


def _components(rows: Any) -> Iterator[Fault]:
    """What a webhook that belongs to no app may have: up to five rows of up to five buttons that are links."""
    if not isinstance(rows, list) or len(rows) > 5:
        yield "components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length."
        return
    for index, row in enumerate(rows):
        buttons = row.get("components") if isinstance(row, dict) and row.get("type") == 1 else None
        if not isinstance(buttons, list) or not 1 <= len(buttons) <= 5:
            yield f"components.{index}", "COMPONENT_LAYOUT_INVALID", "The specified layout is invalid."
            continue
        for number, button in enumerate(buttons):
            yield from _button(button, f"components.{index}.components.{number}")


def _button(button: Any, path: str) -> Iterator[Fault]:
    if not isinstance(button, dict) or button.get("type") != 2 or button.get("style") != 5 or "custom_id" in button:
        yield path, "COMPONENT_TYPE_INVALID", "Only links may be used here."
        return
    if not 1 <= len(str(button.get("label") or "").strip()) <= 80:
        yield f"{path}.label", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 80 in length."
    address = str(button.get("url") or "")
    if len(address) > 512:
        yield _too_long(f"{path}.url", 512)
    if not re.fullmatch(r"(?:https?|discord)://[^\s/?#]+\S*", address):
        yield f"{path}.url", "URL_TYPE_INVALID_URL", "Not a well formed URL."


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
