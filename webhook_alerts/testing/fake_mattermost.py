"""A server that behaves like Mattermost's incoming webhooks. https://developers.mattermost.com/integrate/webhooks/incoming."""

from __future__ import annotations

import json
import math
import re
from typing import Any, ClassVar
from urllib.parse import parse_qs

from webhook_alerts.testing.fake_mattermost_rules import faults
from webhook_alerts.testing.standin import Answer, Entry, Service, spelled, unspelled


class FakeMattermost(Service):
    """A context manager: ``with FakeMattermost() as mattermost: ... mattermost.url("errors")``."""

    name: ClassVar[str] = "mattermost"
    route: ClassVar[re.Pattern[str]] = re.compile(r"/hooks/(?P<id>[a-z0-9]{26})/?")
    usual_limits: ClassVar[tuple[tuple[int, float], ...]] = ((100, 10.0),)
    """Ten a second, and a hundred at once; https://docs.mattermost.com/configure/rate-limiting-configuration-settings.html."""

    def path(self, name: str) -> str:
        """The id begins with the *name*."""
        return f"/hooks/{spelled(name, 26)}"

    def webhook(self, match: re.Match[str]) -> str:
        """What the id begins with."""
        return unspelled(match["id"])

    def unknown(self) -> Answer:
        """Somebody removed it."""
        return _refusal(400, "web.incoming_webhook.invalid.app_error", "Invalid webhook.")

    def respond(self, entry: Entry, match: re.Match[str]) -> Answer:  # noqa: ARG002 - the name says all
        """What Mattermost would say to *entry*."""
        if entry.method != "POST":
            return _refusal(404, "api.context.404.app_error", "Sorry, we could not find the page.")
        places = self.limited(entry.webhook)
        if places.wait_s > 0:
            seconds = str(math.ceil(places.wait_s))
            headers = {"Retry-After": seconds, "X-RateLimit-Reset": seconds, "Content-Type": "text/plain"}
            return Answer(429, headers, "limit exceeded")
        body = _body(entry)
        if found := faults(body):
            return _refusal(400, *found[0])
        self.keep(entry, body)
        return Answer(200, {"Content-Type": "text/plain"}, "ok")


def _body(entry: Entry) -> Any:
    """JSON, or a form whose field ``payload`` holds it."""
    if not entry.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return entry.body
    try:
        return json.loads(parse_qs(entry.raw.decode())["payload"][0])
    except (ValueError, KeyError):
        return None


def _refusal(status: int, identity: str, message: str) -> Answer:
    told = {"id": identity, "message": message, "detailed_error": "", "request_id": "x" * 26, "status_code": status}
    return Answer(status, body=told)
