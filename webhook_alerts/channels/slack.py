"""Slack's incoming webhooks.

Limits: https://docs.slack.dev/reference/block-kit/blocks and /messaging/sending-messages-using-incoming-webhooks (read
2026-11-20).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar
from urllib.parse import urlsplit

from webhook_alerts.alert import JSON, Alert, Level
from webhook_alerts.channels import content, http_status, retry_after, slack_blocks, slack_lines
from webhook_alerts.channels.base import Channel, Outcome, Payload, Response, Style, Verdict, Window
from webhook_alerts.channels.text import cut_end, escape_entities, escaped

TEXT = 3800
"""Slack takes 40,000 characters and splits what is longer than 4,000, which would open a fence that nobody closes."""
MOST_IN_FULL = 10
_LINE, _ESCAPED = 200, 700
"""Characters of a line of the text that a notification shows, as it is read and as it is sent."""
_LINES = 5

_HOST = re.compile(r"hooks\.slack(-gov)?\.com")
_PATH = re.compile(
    r"/services/(?P<team>T[A-Z0-9]{6,14})/(?P<hook>B[A-Z0-9]{6,14})/(?P<token>[A-Za-z0-9]{18,40})/?", re.ASCII
)
_MENTION = re.compile(r"<!(?:here|channel|everyone)>|<@[UW][A-Z0-9]{5,20}>|<!subteam\^S[A-Z0-9]{5,20}>", re.ASCII)
_SPOKEN = {"@here": "<!here>", "@channel": "<!channel>", "@everyone": "<!channel>"}
_WORD = re.compile(r"[a-z][a-z_]{1,63}", re.ASCII)

_GONE = frozenset({
    "action_prohibited", "channel_is_archived", "channel_not_found", "invalid_token", "no_active_hooks", "no_service",
    "no_service_id", "no_team", "posting_to_general_channel_denied", "team_disabled", "user_not_found",
})  # fmt: skip
"""What the webhook will always be told, whatever it sends; ``user_not_found`` too, for we name no addressee."""
_WITHOUT_HINT_S = 30.0


class Slack(Channel):
    """Block Kit in the message itself, up to ten alerts to a message, or lines where many wait.

    Not in attachments, whose colour bar would be pretty: Slack calls them legacy and secondary, and may hide what is in
    them. How grave an alert is says the sign that its header begins with.
    """

    name: ClassVar[str] = "slack"
    provider: ClassVar[str] = "slack"
    default_rate: ClassVar[tuple[Window, ...]] = (Window(1, 1.0),)
    """One message per second and webhook; https://docs.slack.dev/apis/web-api/rate-limits. It allows short bursts of
    more without saying how many, so none is counted on."""
    max_alerts: ClassVar[int] = slack_lines.MOST
    preview: ClassVar[str] = "webhook_alerts.drawing.slack.draw"

    def recognises(self, url: str) -> bool:
        """An address at Slack, GovSlack included, also of a kind that cannot be used: ``endpoint`` then says why."""
        return _HOST.fullmatch(urlsplit(url).hostname or "") is not None

    def endpoint(self, url: str) -> str:
        """The address itself. A host that is not Slack's, such as a proxy or a stand-in, is kept."""
        parts = urlsplit(url)
        if parts.path.startswith(("/workflows/", "/triggers/")):
            raise ValueError(
                "a Slack workflow takes only the variables that it declares, at ten requests a minute; alerts need an "
                "incoming webhook, whose URL is /services/T…/B…/…"
            )
        match = _PATH.fullmatch(parts.path)
        if match is None:
            raise ValueError("a Slack webhook URL ends in /services/T…/B…/<token>")
        host = parts.hostname or ""
        origin = f"https://{host}" if _HOST.fullmatch(host) else f"{parts.scheme}://{parts.netloc}"
        return f"{origin}/services/{match['team']}/{match['hook']}/{match['token']}"

    def render(self, alerts: Sequence[Alert], style: Style) -> Payload:
        """Blocks, or lines where many wait, or plain text; what is critical or has an own template gets its blocks."""
        payload: dict[str, JSON] = {"unfurl_links": False, "unfurl_media": False}
        if not style.use_embeds:
            payload["text"], count = slack_lines.plain(alerts[:MOST_IN_FULL], style, TEXT)
        else:
            many = len(alerts) >= slack_lines.FROM and alerts[0].level < Level.CRITICAL and not style.templates
            payload["blocks"], count = (
                slack_lines.draw(alerts, style) if many else _in_full(alerts[:MOST_IN_FULL], style)
            )
            payload["text"] = _told(alerts[:count], style)
        if content.calls(alerts[:count]) and (mention := _mention(style.mention)):
            payload["text"] = f"{mention} {payload['text']}"
            if "blocks" in payload:
                payload["blocks"].insert(0, slack_blocks.mention(mention))
        return Payload(payload, count)

    def classify(self, response: Response) -> Outcome:
        """Slack's word, which comes as plain text or in JSON, then the status.

        https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors
        """
        status = response.status
        word = _word(response.body)
        reason = f"HTTP {status}: {word}" if word and word != "ok" else f"HTTP {status}"
        if status == 429 or word in {"rate_limited", "ratelimited"}:
            wish = max(_wish(response.body), retry_after.number(response.headers, "retry-after") or 0.0)
            by_date = http_status.classify(response).wait_s if status == 429 else _WITHOUT_HINT_S
            return Outcome(Verdict.WAIT, reason, wait_s=wish or by_date)
        if word in _GONE:
            return Outcome(Verdict.GONE, reason)
        if 200 <= status < 300 and not _is_taken(response.body):
            # A proxy's page, or a refusal behind a 200: nothing says that it was posted.
            return Outcome(Verdict.RETRY, f"{reason}: not Slack's ok")
        found = http_status.classify(response)
        return Outcome(found.verdict, reason, wait_s=found.wait_s)


def _in_full(alerts: Sequence[Alert], style: Style) -> tuple[list[dict[str, Any]], int]:
    """The blocks of as many of *alerts*, from the front, as fit, and how many."""
    share = max(slack_blocks.SHARE, slack_blocks.ROOM // len(alerts))
    blocks: list[dict[str, Any]] = []
    left = slack_blocks.ROOM
    for count, alert in enumerate(alerts):
        drawn = slack_blocks.draw(alert, style, share)
        size = slack_blocks.size(drawn)
        if blocks and (size > left or len(blocks) + len(drawn) + 1 > slack_blocks.BLOCKS):
            return blocks, count
        if blocks:
            blocks.append({"type": "divider"})
        blocks += drawn
        left -= size
    return blocks, len(alerts)


def _told(alerts: Sequence[Alert], style: Style) -> str:
    """What a notification shows: a line for each of the first few."""
    lines = [
        f"{content.sign(alert)} {content.level(alert.level, style)} {content.line(alert, style)}"
        for alert in alerts[:_LINES]
    ]
    if len(alerts) > _LINES:
        lines.append(style.say("… and {n} more").format(n=style.number(len(alerts) - _LINES)))
    return "\n".join(escaped(cut_end(line, _LINE), _ESCAPED, escape_entities) for line in lines)


def _mention(given: str) -> str:
    """A mention in Slack's spelling; empty where it is none of Slack's."""
    wanted = given.strip()
    wanted = _SPOKEN.get(wanted, wanted)
    return wanted if _MENTION.fullmatch(wanted) else ""


def _word(body: bytes) -> str:
    """What Slack says in a word, be it in plain text or the ``error`` of a JSON answer; empty for anything else."""
    said = str(http_status.json_object(body).get("error") or body[:100].decode("utf-8", "replace")).strip()
    return said if _WORD.fullmatch(said) else ""


def _wish(body: bytes) -> float:
    given = http_status.json_object(body).get("retry_after")
    return (retry_after.within(given) or 0.0) if isinstance(given, (int, float)) else 0.0


def _is_taken(body: bytes) -> bool:
    """``ok``, or what servers that are spoken to like Slack answer: nothing, or JSON."""
    said = http_status.json_object(body)
    return body.strip() in {b"", b"ok"} or (bool(said) and said.get("ok") is not False and "error" not in said)
