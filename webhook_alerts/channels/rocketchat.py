"""Rocket.Chat's incoming webhooks.

https://docs.rocket.chat/docs/integrations, and what the server says, github.com/RocketChat/Rocket.Chat
``apps/meteor/app/integrations/server/api/api.ts`` and ``app/lib/server/functions`` (read 2026-11-21).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from typing import ClassVar
from urllib.parse import urlsplit

from webhook_alerts.alert import JSON, Alert
from webhook_alerts.channels import attachment_lines, content, http_status, retry_after
from webhook_alerts.channels.base import Channel, Outcome, Payload, Response, Style, Verdict, Window
from webhook_alerts.channels.text import clean, cut_end

USERNAME = 64

_PATH = re.compile(
    r"(?P<prefix>(?:/[^/]+)*?)/hooks/(?P<way>[A-Za-z0-9]{17,32}(?:/[A-Za-z0-9.]{6,40})?/[A-Za-z0-9%_-]{20,100})/?",
    re.ASCII,
)
_MENTION = re.compile(r"@[A-Za-z0-9][A-Za-z0-9._-]{1,63}", re.ASCII)
_SPOKEN = {"@channel": "@all", "@everyone": "@all"}
_REASON = 220
"""Characters of a reason, which has 255, and may end in words of ours."""
_SECONDS = re.compile(r"(\d{1,6}) seconds")
_NOT_ALLOWED = "not enough permission"
_GONE = (
    "invalid integration id or token", "invalid-channel", "room_is_blocked", "room is readonly", "have been muted",
    "overriding destination channel is disabled", "service unavailable", "error-room-archived",
)  # fmt: skip
"""What stays so until somebody changes the integration or the room; ``service unavailable`` is one switched off."""


class RocketChat(Channel):
    """Attachments, up to ten alerts to a message, or lines where many wait."""

    name: ClassVar[str] = "rocketchat"
    provider: ClassVar[str] = ""
    default_rate: ClassVar[tuple[Window, ...]] = (Window(10, 60.0),)
    """What a server allows one address of its REST API unless told otherwise: ten calls a minute
    (``API_Enable_Rate_Limiter_Limit_Calls_Default``)."""
    max_alerts: ClassVar[int] = attachment_lines.MOST
    preview: ClassVar[str] = "webhook_alerts.drawing.attachments.draw"

    def recognises(self, url: str) -> bool:
        """An address of any host, whose path ends in ``/hooks/``, an id and a token."""
        return urlsplit(url).scheme in self.schemes and _PATH.fullmatch(urlsplit(url).path) is not None

    def endpoint(self, url: str) -> str:
        """The address itself, without what does not belong there."""
        base, way = _parts(url)
        return f"{base}/hooks/{way}"

    def probe(self, url: str) -> str:
        """An address of the integration's own that posts nothing."""
        base, way = _parts(url)
        return f"{base}/hooks/info/{way}"

    def render(self, alerts: Sequence[Alert], style: Style) -> Payload:
        """Attachments, or text, without previews of links."""
        body, count = attachment_lines.body(alerts, style)
        body["parseUrls"] = False
        for attachment in body.get("attachments", ()):
            attachment.setdefault("mrkdwn_in", ["text", "fields"])
        if name := cut_end(clean(style.username).strip(), USERNAME):
            body["username"] = name
        if style.avatar_url.startswith("https://") and len(style.avatar_url) <= 2048:
            body["icon_url"] = style.avatar_url
        wanted = _SPOKEN.get(style.mention.strip(), style.mention.strip())
        if _MENTION.fullmatch(wanted) and content.calls(alerts[:count]):
            body["text"] = f"{wanted} {body.get('text', '')}".rstrip()
        return Payload(body, count)

    def plainer(self, body: dict[str, JSON], outcome: Outcome) -> dict[str, JSON] | None:
        """Without name and picture, which only an integration may set whose user may impersonate others."""
        if outcome.verdict is not Verdict.REFUSED or _NOT_ALLOWED not in outcome.reason.lower():
            return None
        rest = {key: value for key, value in body.items() if key not in {"username", "icon_url"}}
        return rest if rest != body else None

    def classify(self, response: Response) -> Outcome:
        """Rocket.Chat's words, then the status."""
        body = http_status.json_object(response.body)
        status = response.status
        described = body.get("error")
        said = described if isinstance(described, str) else ""
        reason = cut_end(clean(f"HTTP {status}: {said}" if said else f"HTTP {status}"), _REASON)
        if status == 429 or "error-too-many-requests" in said:
            return Outcome(Verdict.WAIT, reason, wait_s=_wish(response, said))
        if body.get("success") is False and any(words in said.lower() for words in _GONE):
            return Outcome(Verdict.GONE, reason)
        if 200 <= status < 300:
            if body.get("success") is True:
                return Outcome(Verdict.DELIVERED, reason, wait_s=_spent(response))
            # A proxy's page, or a refusal behind a 200: nothing says that it was posted.
            return Outcome(Verdict.RETRY, f"{reason}: not Rocket.Chat's success")
        found = http_status.classify(response)
        return Outcome(found.verdict, reason, wait_s=found.wait_s)


def _parts(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    match = _PATH.fullmatch(parts.path)
    if match is None:
        raise ValueError("a Rocket.Chat webhook URL ends in /hooks/<id>/<token>")
    return f"{parts.scheme}://{parts.netloc}{match['prefix']}", match["way"]


def _wish(response: Response, said: str) -> float:
    """Seconds to wait, of which its sentence, its header or, behind a proxy, the usual one speaks."""
    sentence = _SECONDS.search(said)
    told = retry_after.within(float(sentence[1])) if sentence else None
    usual = http_status.classify(response).wait_s if response.status == 429 else 0.0
    return told or _until_reset(response) or usual or http_status.WITHOUT_HINT_S


def _spent(response: Response) -> float:
    """Seconds until the quota returns, when this answer used the last of it."""
    return _until_reset(response) if response.headers.get("x-ratelimit-remaining") == "0" else 0.0


def _until_reset(response: Response) -> float:
    """Seconds until ``X-RateLimit-Reset``, in milliseconds since 1970, by the clock of the server that says it."""
    try:
        reset_s = float(response.headers["x-ratelimit-reset"]) / 1000
        said_s = parsedate_to_datetime(response.headers["date"]).timestamp()
    except (KeyError, ValueError, TypeError, OverflowError):
        return 0.0
    return retry_after.within(reset_s - said_s) or 0.0
