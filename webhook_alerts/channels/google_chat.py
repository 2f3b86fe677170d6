"""Google Chat's incoming webhooks.

Sources (read 2026-11-20): https://developers.google.com/workspace/chat/quickstart/webhooks and
https://developers.google.com/workspace/chat/limits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit

from webhook_alerts.alert import JSON, Alert, Level
from webhook_alerts.channels import content, google_chat_lines, google_chat_text, http_status
from webhook_alerts.channels.base import (
    Access,
    Channel,
    File,
    Limits,
    Outcome,
    Payload,
    Request,
    Response,
    Style,
    Verdict,
    Window,
)
from webhook_alerts.channels.text import clean, cut_end

MOST_IN_FULL = 10
SYNTAX = "MARKUP_SYNTAX_CHAT"
"""Said in every message, for what is newly made in Chat reads Markdown unless told otherwise;
https://developers.google.com/workspace/chat/format-messages#format-texts (read 2026-11-28)."""
_HOST = "chat.googleapis.com"
_PATH = re.compile(r"/v1/spaces/(?P<space>[A-Za-z0-9_-]{1,80})/messages/?", re.ASCII)
_MENTION = re.compile(r"<users/(?:all|[0-9]{5,30})>", re.ASCII)
_SPOKEN = frozenset({"@all", "@everyone", "@here", "@channel"})
_WORD = re.compile(r"[A-Z][A-Z_]{1,60}", re.ASCII)
_PASSING = frozenset({"ABORTED", "CANCELLED", "DEADLINE_EXCEEDED", "INTERNAL", "UNAVAILABLE", "UNKNOWN"})
"""Of the codes of google.rpc; https://cloud.google.com/apis/design/errors#handling_errors."""
_DEAD_KEY = frozenset({"API_KEY_INVALID", "API_KEY_EXPIRED", "API_KEY_SERVICE_BLOCKED"})
"""Reasons that come with 400, although no message would fare better."""
_WITHOUT_HINT_S = 10.0
"""Chat names no time; what is used up is the quota of a second or of a minute."""


class GoogleChat(Channel):
    """Texts, up to ten alerts to a message, or lines where many wait; what is told of one alert stays in its thread.

    No cards: they know no letters of one width, in which a trace wants to be read, and stand below a message's text.
    """

    name: ClassVar[str] = "google_chat"
    provider: ClassVar[str] = "google_chat"
    default_rate: ClassVar[tuple[Window, ...]] = (Window(1, 1.0), Window(60, 60.0))
    """Of a space, and so of one webhook at the most; https://developers.google.com/workspace/chat/limits."""
    provider_rate: ClassVar[tuple[Window, ...]] = default_rate
    max_alerts: ClassVar[int] = google_chat_lines.MOST
    preview: ClassVar[str] = "webhook_alerts.drawing.google_chat.draw"

    def recognises(self, url: str) -> bool:
        """An address of the Chat API, also one that was cut short: ``endpoint`` then says what is missing."""
        return urlsplit(url).hostname == _HOST

    def endpoint(self, url: str) -> str:
        """The address with its key and its token alone. A host that is not Google's, such as a stand-in, is kept."""
        parts = urlsplit(url)
        match = _PATH.fullmatch(parts.path)
        query = parse_qs(parts.query)
        if match is None or not {"key", "token"} <= query.keys():
            raise ValueError("a Google Chat webhook URL is /v1/spaces/<space>/messages?key=…&token=…")
        origin = f"https://{_HOST}" if parts.hostname == _HOST else f"{parts.scheme}://{parts.netloc}"
        secret = urlencode({"key": query["key"][0], "token": query["token"][0]})
        return f"{origin}/v1/spaces/{match['space']}/messages?{secret}"

    def limits(self, url: str) -> Limits:
        """The webhooks of a space share its rate."""
        address = self.endpoint(url)
        parts = urlsplit(address)
        space = f"{self.provider}:{parts.path.split('/')[3]}@{parts.netloc}"
        return Limits(self.default_rate, address, space, self.provider_rate)

    def request(self, access: Access, body: dict[str, JSON], files: Sequence[File], at: int) -> Request:
        """To the thread that *body* names, or into a new one where there is none yet."""
        made = super().request(access, body, files, at)
        if "thread" not in body:
            return made
        url = f"{made.url}&messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD"
        return Request(url, made.json, made.files, headers=made.headers)

    def render(self, alerts: Sequence[Alert], style: Style) -> Payload:
        """A text: alerts in full, or lines where many wait; what is critical or has an own template is in full."""
        many = len(alerts) >= google_chat_lines.FROM and alerts[0].level < Level.CRITICAL and not style.templates
        if many and style.use_embeds:
            text, count = google_chat_lines.draw(alerts, style)
        else:
            text, count = _in_full(alerts[:MOST_IN_FULL], style)
        if content.calls(alerts[:count]) and (mention := _mention(style.mention)):
            text = f"{mention} {text}"
        payload: dict[str, JSON] = {"text": text, "markupSyntax": SYNTAX}
        keys = {content.key(alert) for alert in alerts[:count]}
        if len(keys) == 1:
            payload["thread"] = {"threadKey": keys.pop()}
        return Payload(payload, count)

    def classify(self, response: Response) -> Outcome:
        """The status and the words of google.rpc; https://cloud.google.com/apis/design/errors#http_mapping."""
        word, why, said = _words(response.body)
        reason = ": ".join(filter(None, (f"HTTP {response.status}", word, why)))
        found = http_status.classify(response)
        if found.verdict is Verdict.WAIT or word == "RESOURCE_EXHAUSTED":
            hinted = "retry-after" in response.headers and found.wait_s
            return Outcome(Verdict.WAIT, reason, wait_s=hinted or _WITHOUT_HINT_S, provider_wide=True)
        if why in _DEAD_KEY:
            return Outcome(Verdict.GONE, reason)
        if word in _PASSING:
            return Outcome(Verdict.RETRY, reason, wait_s=found.wait_s)
        if (
            found.verdict is Verdict.DELIVERED
            and response.body.strip()
            and "name" not in http_status.json_object(response.body)
        ):
            # A proxy's page: nothing says that it was posted.
            return Outcome(Verdict.RETRY, f"{reason}: not Chat's message")
        if found.verdict is Verdict.REFUSED and said:
            reason = cut_end(clean(f"{reason}: {said}"), 255)  # what is wrong with this message only they say
        return Outcome(found.verdict, reason, wait_s=found.wait_s)


def _in_full(alerts: Sequence[Alert], style: Style) -> tuple[str, int]:
    """The text of as many of *alerts*, from the front, as fit, and how many."""
    share = min(google_chat_text.ALERT, max(google_chat_text.SHARE, google_chat_text.ROOM // len(alerts)))
    texts: list[str] = []
    left = google_chat_text.ROOM
    for alert in alerts:
        drawn = google_chat_text.draw(alert, style, share)
        left -= google_chat_text.size(f"\n\n{drawn}")
        if texts and left < 0:
            break
        texts.append(drawn)
    return "\n\n".join(texts), len(texts)


def _mention(given: str) -> str:
    """A mention in Chat's spelling; empty where it is none of Chat's."""
    wanted = "<users/all>" if given.strip() in _SPOKEN else given.strip()
    return wanted if _MENTION.fullmatch(wanted) else ""


def _words(body: bytes) -> tuple[str, str, str]:
    """The code of google.rpc, its reason, and Chat's own words, as far as *body* tells them."""
    error = http_status.json_object(body).get("error")
    if not isinstance(error, Mapping):
        return "", "", ""
    details = error.get("details")
    reasons = [each.get("reason") for each in details if isinstance(each, Mapping)] if isinstance(details, list) else []
    word, why = (
        text if isinstance(text, str) and _WORD.fullmatch(text) else ""
        for text in (error.get("status"), next(filter(None, reasons), ""))
    )
    message = error.get("message")
    return word, why, " ".join(message.split()) if isinstance(message, str) else ""
