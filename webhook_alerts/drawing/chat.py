"""A message as a chat shows it: the parts that the services have in common, in the colours of the page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from webhook_alerts.alert import JSON
from webhook_alerts.drawing import marks

_PICTURE = re.compile(r"image/(png|jpeg|gif|webp)")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


def message(
    name: str, parts: Iterable[SafeString], files: Sequence[Mapping[str, JSON]] = (), *, is_silent: bool = False
) -> SafeString:
    """What somebody called *name* has written, with its *files*."""
    context = {
        "name": name,
        "letter": name[:1].upper(),
        "parts": list(parts),
        "files": [file(each) for each in files],
        "is_silent": is_silent,
    }
    return SafeString(render_to_string("webhook_alerts/previews/chat.html", context))


def file(given: Mapping[str, JSON]) -> dict[str, str]:
    """A text, or a picture as the address that shows it."""
    media_type, content = words(given.get("media_type")), words(given.get("content"))
    picture = f"data:{media_type};base64,{content}" if _PICTURE.fullmatch(media_type) else ""
    return {"name": words(given.get("filename")), "content": content, "picture": picture}


def paragraph(inside: object, *, kind: str = "text") -> SafeString:
    """Text whose lines stand as they are; as a *kind*: ``text``, ``title`` or ``small``."""
    return format_html('<div class="wa-chat-{}">{}</div>', kind, inside) if inside else SafeString("")


def facts(pairs: Iterable[tuple[object, object]]) -> SafeString:
    """Names with their values, side by side where there is room."""
    drawn = format_html_join("", "<div><dt>{}</dt><dd>{}</dd></div>", pairs)
    return format_html('<dl class="wa-chat-facts">{}</dl>', drawn) if drawn else SafeString("")


def named(pairs: Iterable[tuple[str, str]]) -> SafeString:
    """Texts with their names."""
    return facts((marks.around("strong", marks.text(name)), marks.text(value)) for name, value in pairs)


def buttons(found: Iterable[tuple[str, str]]) -> SafeString:
    """Words with the addresses that they lead to."""
    drawn = [marks.link(address, label) for label, address in found]
    return format_html('<div class="wa-chat-buttons">{}</div>', marks.joined(drawn)) if drawn else SafeString("")


def card(parts: Iterable[SafeString], colour: str = "") -> SafeString:
    """*parts* behind a bar of a *colour*, such as ``#c81e1e``. A policy without styles allows a fill."""
    fill = colour if _COLOUR.fullmatch(colour) else "currentColor"
    return format_html(
        '<article class="wa-chat-card"><svg class="wa-chat-bar" aria-hidden="true">'
        '<rect width="100%" height="100%" fill="{}"/></svg>{}</article>',
        fill, marks.joined(list(parts)),
    )  # fmt: skip


def words(value: JSON) -> str:
    """*value*, if it is a text."""
    return value if isinstance(value, str) else ""


def mapping(value: JSON) -> Mapping[str, JSON]:
    """*value*, if it is an object."""
    return value if isinstance(value, Mapping) else {}


def mappings(value: JSON) -> list[Mapping[str, JSON]]:
    """The objects of a list."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
