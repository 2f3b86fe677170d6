"""A server that behaves like Google Chat's incoming webhooks.

https://developers.google.com/workspace/chat/quickstart/webhooks
"""

from __future__ import annotations

import re
from typing import Any, ClassVar
from urllib.parse import urlencode

from webhook_alerts.testing.fake_google_chat_rules import faults
from webhook_alerts.testing.standin import Answer, Entry, Service

_KEY = "AIzaStandInStandInStandInStandInStandIn"
_TOKEN = "stand-in-token-"  # noqa: S105 - it opens nothing


class FakeGoogleChat(Service):
    """A context manager: ``with FakeGoogleChat() as chat: ... chat.url("errors")``.

    Each space is called like its webhook. Its limit is that of the space, whichever *token* stands in the URL.
    """

    name: ClassVar[str] = "google_chat"
    route: ClassVar[re.Pattern[str]] = re.compile(r"/v1/spaces/(?P<space>[A-Za-z0-9_-]+)/messages/?")
    usual_limits: ClassVar[tuple[tuple[int, float], ...]] = ((1, 1.0), (60, 60.0))
    """https://developers.google.com/workspace/chat/limits."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._threads: dict[tuple[str, str], str] = {}

    def path(self, name: str, hook: str = "one") -> str:
        """The space has the *name*; a space may have several webhooks, each with a token, that of *hook*."""
        return f"/v1/spaces/{name}/messages?{urlencode({'key': _KEY, 'token': _TOKEN + hook})}"

    def webhook(self, match: re.Match[str]) -> str:
        """What the space is called."""
        return match["space"]

    def unknown(self) -> Answer:
        """The space or the webhook was deleted."""
        return _error(404, "NOT_FOUND", "Requested entity was not found.")

    def respond(self, entry: Entry, match: re.Match[str]) -> Answer:
        """What Chat would say to *entry*."""
        if entry.query.get("key") != _KEY:
            details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]
            return _error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", details)
        if entry.method != "POST" or not entry.query.get("token", "").startswith(_TOKEN):
            return _error(403, "PERMISSION_DENIED", "The caller does not have permission")
        if self.limited(entry.webhook).wait_s > 0:
            return _error(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota).")
        if found := faults(entry.body, entry.query, len(entry.raw)):
            return _error(400, "INVALID_ARGUMENT", found[0])
        thread, is_reply = self._thread(entry)
        kept = self.keep(entry, {**entry.body, "reply": is_reply})
        space = f"spaces/{match['space']}"
        return Answer(
            200, body={"name": f"{space}/messages/{kept['id']}", "thread": {"name": f"{space}/threads/{thread}"}}
        )

    def _thread(self, entry: Entry) -> tuple[str, bool]:
        """The thread that a message goes to, and whether that was there. Without the option each begins its own."""
        key = entry.body.get("thread", {}).get("threadKey", "")
        known = self._threads.get((entry.webhook, key)) if "messageReplyOption" in entry.query else None
        thread = known or f"thread{len(self.ledger)}"
        self._threads[entry.webhook, key or thread] = thread
        return thread, known is not None


def _error(status: int, word: str, message: str, details: list[dict[str, str]] | None = None) -> Answer:
    error = {"code": status, "message": message, "status": word}
    return Answer(status, body={"error": {**error, "details": details} if details else error})
