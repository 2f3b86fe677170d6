"""A server that behaves like Slack's incoming webhooks: it answers in plain text, and says in a word what is wrong.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, ClassVar
from urllib.parse import parse_qs

from webhook_alerts.testing.fake_slack_rules import TEXT, faults
from webhook_alerts.testing.standin import Answer, Entry, Service

_FILL = "Z"


class FakeSlack(Service):
    """A context manager: ``with FakeSlack() as slack: ... slack.url("errors")``."""

    name: ClassVar[str] = "slack"
    route: ClassVar[re.Pattern[str]] = re.compile(
        r"/services/(?P<team>T[A-Z0-9]{6,14})/(?P<id>B[A-Z0-9]{6,14})/(?P<token>[A-Za-z0-9]{18,40})/?"
    )
    usual_limits: ClassVar[tuple[tuple[int, float], ...]] = ((1, 1.0),)
    """https://docs.slack.dev/apis/web-api/rate-limits; the short bursts that it allows have no number there."""

    def path(self, name: str) -> str:
        """The token begins with the *name*, whose signs are written by their numbers, and is filled up."""
        word = "".join(sign if sign.isalnum() and sign != _FILL else f"{_FILL}{ord(sign):02x}" for sign in name)
        return f"/services/T0STANDIN/B0STANDIN/{word.ljust(24, _FILL)}"

    def webhook(self, match: re.Match[str]) -> str:
        """What the token begins with."""
        word = match["token"].rstrip(_FILL)
        return re.sub(rf"{_FILL}([0-9a-f]{{2}})", lambda found: chr(int(found[1], 16)), word)

    def unknown(self) -> Answer:
        """The app was removed, or the webhook revoked."""
        return _text(404, "no_service")

    def respond(self, entry: Entry, match: re.Match[str]) -> Answer:  # noqa: ARG002 - the name says all
        """What Slack would say to *entry*."""
        if entry.method != "POST":
            return _text(400, "invalid_payload")
        places = self.limited(entry.webhook)
        if places.wait_s > 0:
            seconds = math.ceil(places.wait_s)
            body = {"retry_after": seconds, "ok": False, "error": "rate_limited"}
            return Answer(429, {"Retry-After": str(seconds)}, body)
        body = _body(entry)
        if found := faults(body):
            return _text(400, found[0][0])
        # What is longer than this is cut, and nothing is said.
        self.keep(entry, {**body, "text": body["text"][:TEXT]} if "text" in body else body)
        return _text(200, "ok")


def _body(entry: Entry) -> Any:
    """JSON, or a form whose field ``payload`` holds it."""
    if not entry.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return entry.body
    try:
        return json.loads(parse_qs(entry.raw.decode())["payload"][0])
    except (ValueError, KeyError):
        return None


def _text(status: int, word: str) -> Answer:
    return Answer(status, {"Content-Type": "text/html"}, word)
