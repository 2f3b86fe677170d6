"""Discord webhooks, API v10.

Limits: https://discord.com/developers/docs/resources/message and /resources/webhook (read 2026-11-20).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import urlsplit

from webhook_alerts.alert import JSON, Alert, Level
from webhook_alerts.channels import content, discord_address, discord_answers, discord_embeds, discord_lines, text
from webhook_alerts.channels.base import Access, Channel, File, Outcome, Payload, Request, Response, Style, Window

CONTENT = 2000
EMBEDS = 10
EMBED_SUM = 6000
"""Over all embeds of a message: title, description, field names and values, footer, author."""
FILE_CHARACTERS = 200_000
"""Ours, far below the 10 MiB that Discord takes: a trace longer than this helps nobody."""

_MENTION = re.compile(r"@everyone|@here|<@&(?P<role>\d{15,20})>|<@!?(?P<user>\d{15,20})>", re.ASCII)
_FORBIDDEN_NAME = re.compile("discord|clyde", re.IGNORECASE)

SILENT = 1 << 12
"""https://discord.com/developers/docs/resources/message#message-object-message-flags: shown without a notification."""
_NEW_ONLY = frozenset({"username", "avatar_url", "flags"})
"""What a message has for good once it is posted."""
_EMPHASIS = re.compile(r"\\([\\*_~`|])")


class Discord(Channel):
    """Embeds, ten to a message; https://discord.com/developers/docs/resources/webhook#execute-webhook."""

    name: ClassVar[str] = "discord"
    provider: ClassVar[str] = "discord"
    default_rate: ClassVar[tuple[Window, ...]] = (Window(5, 2.0), Window(30, 60.0))
    """Observed, not documented: discord-api-docs issues 367, 1454 and 4043."""
    provider_rate: ClassVar[tuple[Window, ...]] = (Window(40, 1.0),)
    """Below the documented 50 requests per second and address."""
    max_alerts: ClassVar[int] = discord_lines.MOST
    preview: ClassVar[str] = "webhook_alerts.drawing.discord.draw"
    supports_edit: ClassVar[bool] = True

    def recognises(self, url: str) -> bool:
        """An address at Discord, also one that was cut short: ``endpoint`` then says what is missing."""
        return discord_address.is_discord(urlsplit(url).hostname or "")

    def endpoint(self, url: str) -> str:
        """The v10 address with ``wait=true``: without it a message that is not saved returns no error.

        A ``thread_name`` stands in it too, for whatever posts elsewhere is another address; ``request`` moves it.
        """
        address = discord_address.read(url)
        named = {"thread_name": address.thread_name} if address.thread_name else {}
        return address.url(wait="true", **named)

    def probe(self, url: str) -> str:
        """https://discord.com/developers/docs/resources/webhook#get-webhook-with-token."""
        return discord_address.read(url).base

    def request(self, access: Access, body: dict[str, JSON], files: Sequence[File], at: int) -> Request:  # noqa: ARG002
        """POST it, with its buttons, and in a forum as a new post where the URL names one."""
        address = discord_address.read(access.url)
        if address.thread_name:
            body = {**body, "thread_name": _thread_name(address.thread_name, body)}
        return Request(address.url(wait="true", **_buttons(body)), body, tuple(files), headers=access.headers)

    def render(self, alerts: Sequence[Alert], style: Style) -> Payload:
        """Embeds, or lines where many wait, or plain text: as many alerts as 10 embeds and 6,000 characters take.

        What is critical always gets an embed of its own, and so does everything where the user has own templates. What
        is no graver than INFO notifies nobody. One alert alone links by a button, several by a line in each.
        """
        payload: dict[str, JSON] = {"allowed_mentions": {"parse": []}}
        if name := _username(style.username):
            payload["username"] = name
        if style.avatar_url.startswith("https://") and len(style.avatar_url) <= 2048:
            payload["avatar_url"] = style.avatar_url
        count, files = (_embeds if style.use_embeds else _plain)(payload, alerts, style)
        if content.calls(alerts[:count]):
            _mention(payload, style.mention)
        if all(alert.level <= Level.INFO for alert in alerts[:count]):
            payload["flags"] = SILENT
        if len(alerts) == 1 and (link := _button_link(alerts[0], style)):
            payload["components"] = [discord_embeds.button(link, style)]
        return Payload(payload, count, tuple(files))

    def with_picture(self, payload: Payload, picture: File) -> Payload:
        """In the last embed, or below the text; https://discord.com/developers/docs/reference#uploading-files."""
        files = (*payload.files, picture)
        if not payload.json.get("embeds"):
            return replace(payload, files=files)
        *others, last = payload.json["embeds"]
        last = {**last, "image": {"url": f"attachment://{picture.filename}"}}
        return replace(payload, json={**payload.json, "embeds": [*others, last]}, files=files)

    def edit(self, access: Access, message_id: str, body: dict[str, JSON]) -> Request:
        """https://discord.com/developers/docs/resources/webhook#edit-webhook-message; who wrote it cannot change."""
        address = discord_address.read(access.url)
        channel, _, own = message_id.rpartition("/")
        if channel and (address.thread_id or address.thread_name):
            address = replace(address, thread_id=channel)  # a thread is a channel, and the URL may name another by now
        changed = {key: value for key, value in body.items() if key not in _NEW_ONLY}
        url = address.url(f"/messages/{own}", **_buttons(body))
        return Request(url, changed, method="PATCH", headers=access.headers)

    def classify(self, response: Response) -> Outcome:
        """By ``discord_answers``."""
        return discord_answers.classify(response)


def _embeds(payload: dict[str, JSON], alerts: Sequence[Alert], style: Style) -> tuple[int, list[File]]:
    if len(alerts) >= discord_lines.FROM and alerts[0].level < Level.CRITICAL and not style.templates:
        payload["embeds"], count = discord_lines.draw(alerts, style, EMBED_SUM)
        return count, []
    embeds: list[dict[str, Any]] = []
    files: list[File] = []
    room = EMBED_SUM
    has_button = len(alerts) == 1 and _button_link(alerts[0], style) != ""
    for alert in alerts[:EMBEDS]:
        embed, whole = discord_embeds.draw(alert, style, EMBED_SUM, has_button=has_button)
        size = discord_embeds.size(embed) if len(alerts) > 1 else 0  # one alone fits
        if embeds and size > room:
            break
        room -= size
        if embed.get("url") in {other.get("url") for other in embeds}:
            embed.pop("url", None)  # of embeds with one address Discord shows the first alone
        embeds.append(embed)
        if not whole and style.include_stack_traces and alert.stack_trace:
            files.append(_trace_file(alert, style, len(files)))
    payload["embeds"] = embeds
    return len(embeds), files


def _plain(payload: dict[str, JSON], alerts: Sequence[Alert], style: Style) -> tuple[int, list[File]]:
    lines: list[str] = []
    files: list[File] = []
    room = CONTENT - 64  # a mention may stand in front
    for alert in alerts[:EMBEDS]:
        line, whole = discord_embeds.plain(alert, style, room)
        if lines and len(line) + 1 > room:
            break
        lines.append(line)
        room -= len(line) + 1
        if not whole and style.include_stack_traces and alert.stack_trace:
            files.append(_trace_file(alert, style, len(files)))
        if room < 80:
            break
    payload["content"] = "\n".join(lines)
    return len(lines), files


def _trace_file(alert: Alert, style: Style, index: int) -> File:
    trace = text.clean(alert.stack_trace)
    return File(f"trace-{index + 1}.txt", text.cut_middle(trace, FILE_CHARACTERS, style.say))


def _button_link(alert: Alert, style: Style) -> str:
    return discord_embeds.link(alert, style, discord_embeds.BUTTON_LINK)


def _buttons(body: Mapping[str, JSON]) -> dict[str, str]:
    """What has Discord show the components of a webhook that belongs to no app."""
    return {"with_components": "true"} if "components" in body else {}


def _thread_name(wanted: str, body: Mapping[str, JSON]) -> str:
    """The name of the post that *body* opens, within 100 characters."""
    if wanted != discord_address.OWN_NAME:
        return wanted
    embeds = body.get("embeds") or [{}]
    heading = str(embeds[0].get("title") or body.get("content") or "").strip().partition("\n")[0]
    return text.cut_end(_EMPHASIS.sub(r"\1", heading), discord_address.THREAD_NAME) or "Alerts"


def _mention(payload: dict[str, JSON], mention: str) -> None:
    match = _MENTION.fullmatch(mention.strip())
    if match is None:
        return
    payload["content"] = "\n".join(filter(None, [match[0], payload.get("content", "")]))
    if match["role"]:
        payload["allowed_mentions"] = {"parse": [], "roles": [match["role"]]}
    elif match["user"]:
        payload["allowed_mentions"] = {"parse": [], "users": [match["user"]]}
    else:
        payload["allowed_mentions"] = {"parse": ["everyone"]}


def _username(name: str) -> str:
    """A name that Discord takes: not blank, at most 80 characters, neither "discord" nor "clyde" in it, not "here"."""
    legal = _FORBIDDEN_NAME.sub("alerts", text.clean(name).strip())[:80].strip()
    return "" if legal.lower() in {"here", "everyone"} else legal
