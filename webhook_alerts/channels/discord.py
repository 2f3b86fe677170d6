"""Discord webhooks, API v10.

Limits: https://discord.com/developers/docs/resources/message and /resources/webhook (read 2026-11-20).
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit

from webhook_alerts.alert import JSON, Alert, Level
from webhook_alerts.channels import discord_embeds, discord_lines, http_status, retry_after, text
from webhook_alerts.channels.base import (
    Access,
    Channel,
    File,
    Outcome,
    Payload,
    Request,
    Response,
    Style,
    Verdict,
    Window,
)

CONTENT = 2000
EMBEDS = 10
EMBED_SUM = 6000
"""Over all embeds of a message: title, description, field names and values, footer, author."""
FILE_CHARACTERS = 200_000
"""Ours, far below the 10 MiB that Discord takes: a trace longer than this helps nobody."""

_PATH = re.compile(r"(?:/api)?(?:/v\d{1,2})?/webhooks/(?P<id>\d{17,20})/(?P<token>[A-Za-z0-9_.-]{60,100})/?", re.ASCII)
_HOST = re.compile(r"((ptb|canary)\.)?discord(app)?\.com")
_MENTION = re.compile(r"@everyone|@here|<@&(?P<role>\d{15,20})>|<@!?(?P<user>\d{15,20})>", re.ASCII)
_FORBIDDEN_NAME = re.compile("discord|clyde", re.IGNORECASE)

UNKNOWN_WEBHOOK = 10015
INVALID_TOKEN = 50027
_PATIENCE_S = {20016: 60.0, 20028: 60.0, 20029: 60.0, 40004: 300.0, 130000: 30.0, 400001: 300.0}
"""JSON codes of refusals that pass: slow mode, write limits, sends disabled, overloaded, uploads limited."""
_WITHOUT_HINT_S = 60.0


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
        return _HOST.fullmatch(urlsplit(url).hostname or "") is not None

    def endpoint(self, url: str) -> str:
        """The v10 address with ``wait=true``: v6, which people copy, counts ``Retry-After`` in milliseconds,

        and without ``wait`` a message that is not saved returns no error. A host that is not Discord's, such as
        a proxy or a stand-in, is kept.
        """
        parts = urlsplit(url)
        match = _PATH.fullmatch(parts.path)
        if match is None:
            raise ValueError("a Discord webhook URL ends in /api/webhooks/<id>/<token>")
        query = {"wait": "true"}
        if thread := parse_qs(parts.query).get("thread_id"):
            query["thread_id"] = thread[0]
        origin = "https://discord.com" if _HOST.fullmatch(parts.hostname or "") else f"{parts.scheme}://{parts.netloc}"
        return f"{origin}/api/v10/webhooks/{match['id']}/{match['token']}?{urlencode(query)}"

    def probe(self, url: str) -> str:
        """https://discord.com/developers/docs/resources/webhook#get-webhook-with-token."""
        return self.endpoint(url).split("?", 1)[0]

    def render(self, alerts: Sequence[Alert], style: Style) -> Payload:
        """Embeds, or lines where many wait, or plain text: as many alerts as 10 embeds and 6,000 characters take.

        What is critical always gets an embed of its own, and so does everything where the user has own templates.
        """
        payload: dict[str, JSON] = {"allowed_mentions": {"parse": []}}
        if name := _username(style.username):
            payload["username"] = name
        if style.avatar_url.startswith("https://") and len(style.avatar_url) <= 2048:
            payload["avatar_url"] = style.avatar_url
        count, files = (_embeds if style.use_embeds else _plain)(payload, alerts, style)
        if any(alert.level >= Level.CRITICAL for alert in alerts[:count]):
            _mention(payload, style.mention)
        return Payload(payload, count, tuple(files))

    def with_picture(self, payload: Payload, picture: File) -> Payload:
        """In the last embed; https://discord.com/developers/docs/reference#uploading-files."""
        if not payload.json.get("embeds"):
            return payload
        *others, last = payload.json["embeds"]
        last = {**last, "image": {"url": f"attachment://{picture.filename}"}}
        return replace(payload, json={**payload.json, "embeds": [*others, last]}, files=(*payload.files, picture))

    def edit(self, access: Access, message_id: str, body: dict[str, JSON]) -> Request:
        """https://discord.com/developers/docs/resources/webhook#edit-webhook-message; who wrote it cannot change."""
        origin, _, query = self.endpoint(access.url).partition("?")
        thread = [part for part in query.split("&") if part.startswith("thread_id=")]
        changed = {key: value for key, value in body.items() if key not in {"username", "avatar_url"}}
        url = f"{origin}/messages/{message_id}{'?' if thread else ''}{''.join(thread)}"
        return Request(url, changed, method="PATCH", headers=access.headers)

    def classify(self, response: Response) -> Outcome:  # noqa: PLR0911 - a table
        """Status first, then Discord's JSON code; https://discord.com/developers/docs/topics/opcodes-and-status-codes."""
        body = _json(response.body)
        status = response.status
        code = body.get("code") if isinstance(body.get("code"), int) else 0
        if 200 <= status < 300:
            return Outcome(
                Verdict.DELIVERED, f"HTTP {status}", wait_s=_spent(response), message_id=str(body.get("id", ""))[:128]
            )
        if status == 429:
            return _limited(response, body)
        if code in _PATIENCE_S:
            return Outcome(Verdict.RETRY, _words(status, body), wait_s=_PATIENCE_S[code])
        if status in {401, 410} or code in {UNKNOWN_WEBHOOK, INVALID_TOKEN} or (status == 403 and code != 40333):
            return Outcome(Verdict.GONE, _words(status, body))
        if status == 404 and not code:
            return Outcome(Verdict.GONE, _words(status, body))
        if 400 <= status < 500 and status not in http_status.TRANSIENT:
            return Outcome(Verdict.REFUSED, _words(status, body))
        return http_status.classify(response)


def _embeds(payload: dict[str, JSON], alerts: Sequence[Alert], style: Style) -> tuple[int, list[File]]:
    if len(alerts) >= discord_lines.FROM and alerts[0].level < Level.CRITICAL and not style.templates:
        payload["embeds"], count = discord_lines.draw(alerts, style, EMBED_SUM)
        return count, []
    embeds: list[dict[str, Any]] = []
    files: list[File] = []
    room = EMBED_SUM
    for alert in alerts[:EMBEDS]:
        embed, whole = discord_embeds.draw(alert, style, EMBED_SUM)
        size = discord_embeds.size(embed)
        if embeds and size > room:
            break
        room -= size
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


def _mention(payload: dict[str, JSON], mention: str) -> None:
    match = _MENTION.fullmatch(mention.strip())
    if match is None:
        return
    payload["content"] = "\n".join(filter(None, [match[0], payload.get("content", "")]))
    if match["role"]:
        payload["allowed_mentions"] = {"parse": [], "roles": [match["role"]]}
    elif match["user"]:
        payload["allowed_mentions"] = {"parse": [], "users": [match["user"]]}
    elif "content" in payload and not payload.get("embeds"):
        payload["content"] = match[0] + payload["content"].removeprefix(match[0]).replace("@", "@\u200b")
        payload["allowed_mentions"] = {"parse": ["everyone"]}
    else:
        payload["allowed_mentions"] = {"parse": ["everyone"]}


def _username(name: str) -> str:
    """A name that Discord takes: not blank, at most 80 characters, neither "discord" nor "clyde" in it, not "here"."""
    legal = _FORBIDDEN_NAME.sub("alerts", text.clean(name).strip())[:80].strip()
    return "" if legal.lower() in {"here", "everyone"} else legal


def _limited(response: Response, body: dict[str, Any]) -> Outcome:
    scope = response.headers.get("x-ratelimit-scope", "")
    is_global = scope == "global" or body.get("global") is True or "x-ratelimit-global" in response.headers
    hint = body.get("retry_after")
    wishes = [
        retry_after.parse(response.headers.get("retry-after"), time.time()),
        retry_after.number(response.headers, "x-ratelimit-reset-after"),
        retry_after.within(hint) if isinstance(hint, (int, float)) else None,
    ]
    known = [wish for wish in wishes if wish is not None]
    if known:
        return Outcome(Verdict.WAIT, f"HTTP 429 {scope}".strip(), wait_s=max(known), provider_wide=is_global)
    # No hint at all is how the address itself is turned away (discord-api-docs issue 5810).
    return Outcome(Verdict.WAIT, "HTTP 429 without a hint", wait_s=_WITHOUT_HINT_S, provider_wide=True)


def _spent(response: Response) -> float:
    """Seconds until the quota returns, when this answer used the last of it."""
    if response.headers.get("x-ratelimit-remaining") != "0":
        return 0.0
    return retry_after.number(response.headers, "x-ratelimit-reset-after") or 0.0


def _json(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _words(status: int, body: dict[str, Any]) -> str:
    """Discord's own words: code, message and the first field that it names."""
    parts = [f"HTTP {status}"]
    if body.get("code"):
        parts.append(f"code {body['code']}")
    if isinstance(body.get("message"), str):
        parts.append(body["message"])
    if detail := _first_error(body.get("errors"), ""):
        parts.append(detail)
    return text.cut_end(text.clean(": ".join(parts)), 255)


def _first_error(node: Any, path: str) -> str:
    if not isinstance(node, dict):
        return ""
    errors = node.get("_errors")
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        return f"{path} {errors[0].get('message', '')}".strip()
    for key, child in node.items():
        if found := _first_error(child, f"{path}.{key}".lstrip(".")):
            return found
    return ""
