"""A server that behaves like Discord's webhooks, for tests, demos and trying settings out.

``python -m webhook_alerts.testing.services --port 8090`` runs it beside all others.
"""

from __future__ import annotations

import re
from typing import ClassVar

from webhook_alerts.testing.fake_discord_rules import error_body, faults, is_empty
from webhook_alerts.testing.standin import Answer, Entry, Service

__all__ = ["Answer", "Entry", "FakeDiscord"]


class FakeDiscord(Service):
    """A context manager: ``with FakeDiscord() as discord: ... discord.url("errors")``."""

    name: ClassVar[str] = "discord"
    route: ClassVar[re.Pattern[str]] = re.compile(
        r"/api(?:/v(?P<version>\d+))?/webhooks/(?P<id>\d{17,20})/(?P<token>[\w.-]{60,100})(?P<rest>/.*)?"
    )
    usual_limits: ClassVar[tuple[tuple[int, float], ...]] = ((5, 2.0), (30, 60.0))

    def path(self, name: str) -> str:
        """Unversioned, as Discord's client copies it; the token begins with the *name*."""
        number = 10**17 + int.from_bytes(name.encode()[:6].ljust(6, b"\0"), "big")
        return f"/api/webhooks/{number}/{(re.sub(r'[^A-Za-z0-9_]', '.', name) + '-').ljust(68, 'x')}"

    def webhook(self, match: re.Match[str]) -> str:
        """The token's first word."""
        return match["token"].split("-", 1)[0].replace(".", "-")

    def unknown(self) -> Answer:
        """Code 10015."""
        return Answer(404, body={"message": "Unknown Webhook", "code": 10015})

    def respond(self, entry: Entry, match: re.Match[str]) -> Answer:
        """What Discord would say to *entry*."""
        rest = match["rest"] or ""
        if entry.body is None and entry.method in {"POST", "PATCH"}:
            return Answer(400, body={"message": "The request body contains invalid JSON.", "code": 50109})
        if entry.method == "GET" and not rest:
            return Answer(200, body={"type": 1, "name": entry.webhook, "id": "1"})
        places = self.limited(entry.webhook)
        if places.wait_s > 0:
            # Versions below 8 count in milliseconds, and that is what an unversioned URL gets.
            unit = 1 if match["version"] and int(match["version"]) >= 8 else 1000
            pause = places.wait_s * unit
            return Answer(
                429,
                {"Retry-After": str(int(pause) + 1), "X-RateLimit-Scope": "user"},
                {"message": "You are being rate limited.", "retry_after": round(pause, 3), "global": False},
            )
        headers = {
            "X-RateLimit-Limit": str(self.limits[0][0] if self.limits else 100),
            "X-RateLimit-Remaining": str(places.left),
            "X-RateLimit-Reset-After": f"{places.reset_s:.3f}",
        }
        return self._change(entry, rest, headers)

    def _change(self, entry: Entry, rest: str, headers: dict[str, str]) -> Answer:
        message_id = rest.removeprefix("/messages/")
        if rest and message_id not in self._messages:
            return Answer(404, headers, {"message": "Unknown Message", "code": 10008})
        if entry.method == "DELETE":
            self._messages.pop(message_id)
            return Answer(204, headers)
        if found := faults(entry.body, len(entry.files)):
            return Answer(400, headers, error_body(found))
        if entry.method == "POST" and is_empty(entry.body, len(entry.files)):
            return Answer(400, headers, {"message": "Cannot send an empty message", "code": 50006})
        with self._lock:
            if entry.method == "PATCH":
                message = self._messages[message_id]
                message.update(entry.body, edited_at=entry.at)
            else:
                message = self.keep(entry, entry.body)
        if entry.method == "PATCH" or entry.query.get("wait") in {"true", "True", "1"}:
            told = {"id": message["id"], "channel_id": "1", "content": message.get("content", "")}
            return Answer(200, headers, told)
        return Answer(204, headers)
