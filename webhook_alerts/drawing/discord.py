"""A message as Discord shows it: content, embeds and files, from the body that was posted."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from webhook_alerts.alert import JSON
from webhook_alerts.channels.discord import SILENT
from webhook_alerts.drawing.chat import file, mapping, mappings, words
from webhook_alerts.drawing.markdown import Mentions, marked, moment

_EVERYBODY = {"parse": ["everyone", "users", "roles"]}
"""Whom a body calls that does not say otherwise."""
_WIDTHS = ("", "half", "third")


def draw(body: Mapping[str, JSON], files: Sequence[Mapping[str, JSON]], webhook: str) -> SafeString:
    """*body* with its *files*, by the name that it gives itself, or that of the *webhook*."""
    name = words(body.get("username")) or webhook
    context = {
        "name": name,
        "letter": name[:1].upper(),
        "content": marked(words(body.get("content")), _mentions(mapping(body.get("allowed_mentions", _EVERYBODY)))),
        "embeds": [_embed(embed) for embed in mappings(body.get("embeds"))],
        "files": [file(each) for each in files],
        "buttons": [button for row in mappings(body.get("components")) for button in _buttons(row)],
        "is_silent": isinstance(flags := body.get("flags"), int) and bool(flags & SILENT),
    }
    return SafeString(render_to_string("webhook_alerts/previews/discord.html", context))


def _buttons(row: Mapping[str, JSON]) -> list[dict[str, str]]:
    found = [{"label": words(each.get("label")), "link": _link(each)} for each in mappings(row.get("components"))]
    return [each for each in found if each["link"]]


def _link(given: Mapping[str, JSON]) -> str:
    return url if (url := words(given.get("url"))).startswith(("https://", "http://")) else ""


def _embed(embed: Mapping[str, JSON]) -> dict[str, Any]:
    colour = embed.get("color")
    return {
        "colour": f"#{colour:06x}" if isinstance(colour, int) and 0 <= colour <= 0xFFFFFF else "#1e1f22",
        "author": words(mapping(embed.get("author")).get("name")),
        "title": marked(words(embed.get("title"))),
        "link": _link(embed),
        "description": marked(words(embed.get("description"))),
        "fields": _fields(mappings(embed.get("fields"))),
        "footer": words(mapping(embed.get("footer")).get("text")),
        "time": _time(embed.get("timestamp")),
    }


def _fields(fields: Sequence[Mapping[str, JSON]]) -> list[dict[str, Any]]:
    """Up to three inline fields share a row, as in Discord."""
    drawn: list[dict[str, Any]] = []
    for inline, group in groupby(fields, lambda field: bool(field.get("inline"))):
        run = list(group)
        step = 3 if inline else 1
        for first in range(0, len(run), step):
            row = run[first : first + step]
            drawn += [
                {
                    "width": _WIDTHS[len(row) - 1],
                    "name": marked(words(field.get("name"))),
                    "value": marked(words(field.get("value"))),
                }
                for field in row
            ]
    return drawn


def _mentions(allowed: Mapping[str, JSON]) -> Mentions:
    def calls(mention: str) -> bool:
        parse = allowed.get("parse") or ()
        found = re.search(r"\d+", mention)
        if found is None:
            return "everyone" in parse
        kind = "roles" if mention.startswith("<@&") else "users"
        return kind in parse or found[0] in (allowed.get(kind) or ())

    return calls


def _time(stamp: JSON) -> SafeString | str:
    try:
        return moment(int(datetime.fromisoformat(words(stamp)).timestamp()))
    except ValueError:
        return ""
