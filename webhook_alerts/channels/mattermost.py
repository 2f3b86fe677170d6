"""Mattermost's incoming webhooks.

https://developers.mattermost.com/integrate/webhooks/incoming and /integrate/reference/message-attachments, and what the
server says, github.com/mattermost/mattermost ``server/channels/app/webhook.go`` (read 2026-11-21).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar
from urllib.parse import urlsplit

from webhook_alerts.alert import Alert, Level
from webhook_alerts.channels import attachment_lines, content, http_status
from webhook_alerts.channels.base import Channel, Outcome, Payload, Response, Style, Verdict, Window
from webhook_alerts.channels.text import clean, cut_end

USERNAME = 64
ICON = 1024

_PATH = re.compile(r"(?P<prefix>(?:/[^/]+)*?)/hooks/(?P<id>[a-z0-9]{26})/?", re.ASCII)
_MENTION = re.compile(r"@[a-z][a-z0-9._-]{1,63}", re.ASCII)
_SPOKEN = {"@everyone": "@all"}
_ID = re.compile(r"[a-z0-9_.]{3,100}", re.ASCII)
_GONE = frozenset({"web.incoming_webhook.disabled.app_error", "web.incoming_webhook.invalid.app_error"})
"""Beside what 403 and 404 say: incoming webhooks are switched off (which is a 501), this one is unknown (a 400)."""


class Mattermost(Channel):
    """Attachments, up to ten alerts to a message, or lines where many wait."""

    name: ClassVar[str] = "mattermost"
    provider: ClassVar[str] = ""
    default_rate: ClassVar[tuple[Window, ...]] = (Window(10, 1.0),)
    """Of a server that limits at all; https://docs.mattermost.com/configure/rate-limiting-configuration-settings.html."""
    max_alerts: ClassVar[int] = attachment_lines.MOST
    preview: ClassVar[str] = "webhook_alerts.drawing.attachments.draw"

    def recognises(self, url: str) -> bool:
        """An address of any host, whose path ends in ``/hooks/`` and 26 small letters and digits."""
        return urlsplit(url).scheme in self.schemes and _PATH.fullmatch(urlsplit(url).path) is not None

    def endpoint(self, url: str) -> str:
        """The address itself, without what does not belong there."""
        parts = urlsplit(url)
        match = _PATH.fullmatch(parts.path)
        if match is None:
            raise ValueError("a Mattermost webhook URL ends in /hooks/ and 26 small letters and digits")
        return f"{parts.scheme}://{parts.netloc}{match['prefix']}/hooks/{match['id']}"

    def render(self, alerts: Sequence[Alert], style: Style) -> Payload:
        """Attachments, or text; what is no graver than INFO notifies nobody."""
        body, count = attachment_lines.body(alerts, style)
        if name := cut_end(clean(style.username).strip(), USERNAME):
            body["username"] = name
        if style.avatar_url.startswith("https://") and len(style.avatar_url) <= ICON:
            body["icon_url"] = style.avatar_url
        if all(alert.level <= Level.INFO for alert in alerts[:count]):
            body["silent"] = True
        wanted = _SPOKEN.get(style.mention.strip(), style.mention.strip())
        if _MENTION.fullmatch(wanted) and content.calls(alerts[:count]):
            body["text"] = f"{wanted} {body.get('text', '')}".rstrip()
        return Payload(body, count)

    def classify(self, response: Response) -> Outcome:
        """Mattermost's id of the error, then the status."""
        status = response.status
        word = _word(response.body)
        reason = f"HTTP {status}: {word}" if word else f"HTTP {status}"
        if 200 <= status < 300 and response.body.strip() not in {b"ok", b""}:
            # A proxy's page: nothing says that it was posted.
            return Outcome(Verdict.RETRY, f"{reason}: not Mattermost's ok")
        if word in _GONE:
            return Outcome(Verdict.GONE, reason)
        found = http_status.classify(response)
        return Outcome(found.verdict, reason, wait_s=found.wait_s)


def _word(body: bytes) -> str:
    """The ``id`` of an error; empty for anything else."""
    said = http_status.json_object(body).get("id")
    return said if isinstance(said, str) and _ID.fullmatch(said) else ""
