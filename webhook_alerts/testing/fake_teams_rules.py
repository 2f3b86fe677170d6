"""What a Teams workflow cannot post, checked without a line of the code that renders.

Sources: https://adaptivecards.io/explorer (1.5), and for ``CodeBlock``, ``msteams`` and the lengths
https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format and
https://learn.microsoft.com/connectors/teams.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

MESSAGE = 28_672
"""Bytes of a message as the workflow writes it; msteams-docs issue 11274."""
CARD = "application/vnd.microsoft.card.adaptive"
ACTIONS = 6
MENTIONS = 20
_SPACINGS = {"None", "ExtraSmall", "Small", "Default", "Medium", "Large", "ExtraLarge", "Padding"}
_COLOURS = {"Default", "Dark", "Light", "Accent", "Good", "Warning", "Attention"}
_SIZES = {"Small", "Default", "Medium", "Large", "ExtraLarge"}
_STYLES = {"default", "emphasis", "accent", "good", "attention", "warning"}
_FONTS = {"Default", "Monospace"}
_WEIGHTS = {"Lighter", "Default", "Bolder"}
_LANGUAGES = {
    "Bash", "C", "Cpp", "CSharp", "Css", "Dos", "Go", "Graphql", "Html", "Java", "JavaScript", "Json", "ObjectiveC",
    "Perl", "Php", "PlainText", "PowerShell", "Python", "Sql", "TypeScript", "VbNet", "Verilog", "Vhdl", "Xml",
}  # fmt: skip

Check = Callable[[Any], bool]


def faults(body: Any) -> list[str]:
    """Everything for which a workflow made from the template would not post *body*, which its trigger has taken."""
    attachments = body.get("attachments") if isinstance(body, dict) else None
    if not isinstance(attachments, list) or not attachments:
        return ["attachments: the workflow goes through a list of cards, and there is none"]
    return [fault for index, each in enumerate(attachments) for fault in _attachment(each, f"attachments/{index}")]


def _attachment(attachment: Any, where: str) -> Iterator[str]:
    if not isinstance(attachment, dict) or attachment.get("contentType") != CARD:
        yield f"{where}: contentType is not {CARD}"
        return
    card = attachment.get("content")
    if not isinstance(card, dict) or card.get("type") != "AdaptiveCard":
        yield f"{where}: content is no AdaptiveCard"
        return
    size = len(json.dumps(json.dumps(card)))
    if size > MESSAGE:
        yield f"{where}: MessageSizeExceeded: {size} bytes, of {MESSAGE}"
    if not re.fullmatch(r"1\.[0-5]", str(card.get("version"))):
        yield f"{where}: version {card.get('version')}"
    unknown = set(card) - {"$schema", "type", "version", "body", "actions", "msteams", "fallbackText", "lang", "speak"}
    if unknown:
        yield f"{where}: unknown {sorted(unknown)}"
    yield from _elements(card.get("body"), f"{where}/body")
    if "actions" in card:
        yield from _actions(card["actions"], f"{where}/actions")
    yield from _teams(card, where)


def _teams(card: Mapping[str, Any], where: str) -> Iterator[str]:
    """What Teams has of its own: the width, and who is called. Each of the called stands in a text block."""
    own = card.get("msteams", {})
    if (
        not isinstance(own, dict)
        or own.get("width", "Full") not in {"full", "Full"}
        or set(own) - {"width", "entities"}
    ):
        yield f"{where}/msteams"
        return
    entities = own.get("entities", [])
    if len(entities) > MENTIONS:
        yield f"{where}/msteams: {len(entities)} mentions"
    blocks = " ".join(str(each.get("text")) for each in found(card.get("body"), "TextBlock"))
    for entity in entities:
        called = entity.get("mentioned", {})
        if entity.get("type") != "mention" or not called.get("id") or not called.get("name"):
            yield f"{where}/msteams: a mention without id or name"
        elif entity.get("text") not in blocks or not re.fullmatch("<at>[^<>]+</at>", entity["text"]):
            yield f"{where}/msteams: a mention that no text block has"


def found(node: Any, kind: str) -> list[dict[str, Any]]:
    """Every object of that type within *node*."""
    if isinstance(node, list):
        return [each for child in node for each in found(child, kind)]
    if not isinstance(node, dict):
        return []
    own = [node] if node.get("type") == kind else []
    return own + [each for child in node.values() for each in found(child, kind)]


def _elements(elements: Any, where: str) -> Iterator[str]:
    if not isinstance(elements, list) or not elements:
        yield f"{where}: no elements"
        return
    for index, element in enumerate(elements):
        yield from _element(element, f"{where}/{index}")


def _element(element: Any, where: str) -> Iterator[str]:
    rules = _ELEMENTS.get(str(element.get("type"))) if isinstance(element, dict) else None
    if rules is None:
        yield f"{where}: type {element.get('type') if isinstance(element, dict) else element}"
        return
    needed, optional = rules
    own = {name: value for name, value in element.items() if name not in {"type", "fallback"}}
    yield from (f"{where}: no {name}" for name in needed if name not in own)
    for name, value in own.items():
        check = needed.get(name) or optional.get(name) or _COMMON.get(name)
        if check is None or not check(value):
            yield f"{where}: {name}"
    if "items" in own:
        yield from _elements(own["items"], f"{where}/items")
    if "actions" in own:
        yield from _actions(own["actions"], f"{where}/actions")
    for index, inline in enumerate(own.get("inlines", ())):
        yield from _element(inline, f"{where}/inlines/{index}")
    if element.get("fallback", "drop") != "drop":
        yield from _element(element["fallback"], f"{where}/fallback")


def _actions(actions: Any, where: str) -> Iterator[str]:
    if not isinstance(actions, list) or not 1 <= len(actions) <= ACTIONS:
        yield f"{where}: 1 to {ACTIONS} actions"
        return
    for action in actions:
        # Submit and Execute want a bot, and nobody is there.
        if action.get("type") != "Action.OpenUrl" or not re.match(r"https?://\S+$", str(action.get("url"))):
            yield f"{where}: {action.get('type')}"
        if not str(action.get("title") or "").strip():
            yield f"{where}: title"


def _text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _list(value: Any) -> bool:
    return isinstance(value, list) and value != []


def _facts(value: Any) -> bool:
    return _list(value) and all(set(each) == {"title", "value"} for each in value)


_COMMON: Mapping[str, Check] = {"spacing": _SPACINGS.__contains__, "separator": _flag, "id": _text}
_LOOK: Mapping[str, Check] = {
    "size": _SIZES.__contains__,
    "weight": _WEIGHTS.__contains__,
    "color": _COLOURS.__contains__,
    "fontType": _FONTS.__contains__,
    "isSubtle": _flag,
}
_ELEMENTS: Mapping[str, tuple[Mapping[str, Check], Mapping[str, Check]]] = {
    "TextBlock": ({"text": _text}, {**_LOOK, "wrap": _flag, "style": {"default", "heading"}.__contains__}),
    "RichTextBlock": ({"inlines": _list}, {}),
    "TextRun": ({"text": _text}, {**_LOOK, "italic": _flag, "strikethrough": _flag, "highlight": _flag}),
    "CodeBlock": ({"codeSnippet": _text}, {"language": _LANGUAGES.__contains__}),
    "Container": ({"items": _list}, {"style": _STYLES.__contains__, "bleed": _flag}),
    "FactSet": ({"facts": _facts}, {}),
    "ActionSet": ({"actions": _list}, {}),
}
"""By type: what must be there, and what may."""
