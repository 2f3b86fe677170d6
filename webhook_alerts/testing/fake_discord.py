"""A server that behaves like Discord's webhooks, for tests, demos and trying settings out.

``python -m webhook_alerts.testing.services --port 8090`` runs it beside all others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from webhook_alerts.testing.fake_discord_rules import error_body, faults, is_empty, is_too_large, shown
from webhook_alerts.testing.standin import Answer, Entry, Service

__all__ = ["Answer", "Entry", "FakeDiscord"]

_TRUE = frozenset({"true", "True", "1"})


class FakeDiscord(Service):
    """A context manager: ``with FakeDiscord() as discord: ... discord.url("errors")``.

    A webhook whose name begins with ``forum`` posts to a forum; ``open_thread`` makes a thread in a text channel.
    """

    name: ClassVar[str] = "discord"
    route: ClassVar[re.Pattern[str]] = re.compile(
        r"/api(?:/v(?P<version>\d+))?/webhooks/(?P<id>\d{17,20})/(?P<token>[\w.-]{60,100})(?P<rest>/.*)?"
    )
    usual_limits: ClassVar[tuple[tuple[int, float], ...]] = ((5, 2.0), (30, 60.0))
    CHANNEL: ClassVar[str] = "100000000000000001"
    """Of what stands in no thread."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._threads: dict[str, str] = {}

    def path(self, name: str) -> str:
        """Unversioned, as Discord's client copies it; the token begins with the *name*."""
        number = 10**17 + int.from_bytes(name.encode()[:6].ljust(6, b"\0"), "big")
        return f"/api/webhooks/{number}/{(re.sub(r'[^A-Za-z0-9_]', '.', name) + '-').ljust(68, 'x')}"

    def webhook(self, match: re.Match[str]) -> str:
        """The token's first word."""
        return match["token"].split("-", 1)[0].replace(".", "-")

    def open_thread(self, name: str) -> str:
        """The id of a new thread called *name*."""
        with self._lock:
            identity = str(2 * 10**17 + len(self._threads))
            self._threads[identity] = name
            return identity

    def unknown(self) -> Answer:
        """Code 10015."""
        return _refusal(404, 10015, "Unknown Webhook")

    def respond(self, entry: Entry, match: re.Match[str]) -> Answer:
        """What Discord would say to *entry*."""
        rest = match["rest"] or ""
        if is_too_large(entry.raw, entry.files.values()):
            return _refusal(413, 40005, "Request entity too large")
        if entry.body is None and entry.method in {"POST", "PATCH"}:
            return _refusal(400, 50109, "The request body contains invalid JSON.")
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
        answer = self._change(entry, rest.removeprefix("/messages/"))
        answer.headers.update(
            {
                "X-RateLimit-Limit": str(self.limits[0][0] if self.limits else 100),
                "X-RateLimit-Remaining": str(places.left),
                "X-RateLimit-Reset-After": f"{places.reset_s:.3f}",
            }
        )
        return answer

    def _change(self, entry: Entry, message_id: str) -> Answer:
        thread = entry.query.get("thread_id", "")
        before = self._messages.get(message_id)
        if refused := self._refused(entry, message_id, before, thread):
            return refused
        if entry.method == "DELETE":
            self._messages.pop(message_id)
            return Answer(204)
        body = shown(entry.body, with_components=entry.query.get("with_components") in _TRUE)
        with self._lock:
            if before is None:
                message = self._post(entry, body, thread)
            else:
                message = before
                message.update(body, edited_at=entry.at)
        if before is None and entry.query.get("wait") not in _TRUE:
            return Answer(204)
        channel = message["thread"] or self.CHANNEL
        return Answer(200, body={"id": message["id"], "channel_id": channel, "content": message.get("content", "")})

    def _refused(self, entry: Entry, message_id: str, before: Mapping[str, Any] | None, thread: str) -> Answer | None:
        if message_id and (before is None or before["thread"] != thread):
            return _refusal(404, 10008, "Unknown Message")
        if entry.method == "DELETE":
            return None
        if found := faults(entry.body, entry.files, is_edit=before is not None):
            return Answer(400, body=error_body(found))
        if before is None and is_empty(entry.body, len(entry.files)):
            return _refusal(400, 50006, "Cannot send an empty message")
        return self._misplaced(entry, thread) if before is None else None

    def _post(self, entry: Entry, body: dict[str, Any], thread: str) -> dict[str, Any]:
        message = self.keep(entry, {**body, "thread": thread, "thread_name": self._threads.get(thread, "")})
        if opened := body.get("thread_name"):
            # A post has the id of the message that opens it.
            self._threads[message["id"]] = opened
            message.update(thread=message["id"], thread_name=opened)
        return message

    def _misplaced(self, entry: Entry, thread: str) -> Answer | None:
        """What Discord says where a message is to go to a thread that it cannot go to."""
        name = entry.body.get("thread_name")
        is_forum = entry.webhook.startswith("forum")
        if thread and name:
            return _refusal(
                400, 220002, "Webhooks posted to forum channels cannot have both a thread_name and thread_id"
            )
        if thread and thread not in self._threads:
            return _refusal(404, 10003, "Unknown Channel")
        if is_forum and not (thread or name):
            return _refusal(400, 220001, "Webhooks posted to forum channels must have a thread_name or thread_id")
        if name and not is_forum:
            return _refusal(400, 220003, "Webhooks can only create threads in forum channels")
        return None


def _refusal(status: int, code: int, message: str) -> Answer:
    return Answer(status, body={"message": message, "code": code})
