"""A server that behaves like Telegram's Bot API, as far as sending and editing texts goes.

https://core.telegram.org/bots/api; one of its own can be run as well: https://github.com/tdlib/telegram-bot-api.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Mapping
from typing import Any, ClassVar

from webhook_alerts.testing.fake_telegram_rules import RefusedError, check
from webhook_alerts.testing.standin import Answer, Entry, Service

_FILL = "Z"
_UNCHANGED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content "
    "and reply markup of the message"
)
_CONTENT = ("text", "parse_mode", "reply_markup")


class FakeTelegram(Service):
    """A context manager: ``with FakeTelegram() as telegram: ... telegram.url("errors")``."""

    name: ClassVar[str] = "telegram"
    route: ClassVar[re.Pattern[str]] = re.compile(r"/bot(?P<id>\d+):(?P<token>[\w-]{30,60})/(?P<method>\w+)")
    usual_limits: ClassVar[tuple[tuple[int, float], ...]] = ((1, 1.0), (20, 60.0))
    """Of one chat; https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._moved: dict[str, int] = {}

    def path(self, name: str) -> str:
        """A bot whose token begins with the *name*, and a group of its own."""
        return f"/bot4242424242:{name.ljust(35, _FILL)}/sendMessage?chat_id={self.chat(name)}"

    def webhook(self, match: re.Match[str]) -> str:
        """What the token begins with."""
        return match["token"].rstrip(_FILL)

    def chat(self, name: str) -> int:
        """The number of the group that a webhook called *name* writes to."""
        return -(10**12) - zlib.crc32(name.encode())

    def migrate(self, name: str) -> int:
        """The group becomes a supergroup; the number of that."""
        self._moved[str(self.chat(name))] = self.chat(f"{name}, super")
        return self._moved[str(self.chat(name))]

    def unknown(self) -> Answer:
        """The token was revoked."""
        return _refusal(401, "Unauthorized")

    def respond(self, entry: Entry, match: re.Match[str]) -> Answer:
        """What Telegram would say to *entry*."""
        method = _METHODS.get(match["method"].lower())
        if method is None:
            return _refusal(404, "Not Found")
        body = {**entry.query, **(entry.body if isinstance(entry.body, dict) else {})}
        chat = str(body.get("chat_id") or "")
        if not chat:
            return _refusal(400, "Bad Request: chat_id is empty")
        if chat in self._moved:
            said = "Bad Request: group chat was upgraded to a supergroup chat"
            return _refusal(400, said, migrate_to_chat_id=self._moved[chat])
        try:
            return method(self, entry, body, chat)
        except RefusedError as refused:
            return _refusal(400, f"Bad Request: {refused}")

    def send(self, entry: Entry, body: Mapping[str, Any], chat: str) -> Answer:
        """https://core.telegram.org/bots/api#sendmessage."""
        places = self.limited(chat)
        if places.wait_s > 0:
            seconds = math.ceil(places.wait_s)
            answer = _refusal(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
            answer.headers["Retry-After"] = str(seconds)
            return answer
        check(body)
        return _message(self.keep(entry, body), chat)

    def change(self, entry: Entry, body: Mapping[str, Any], chat: str) -> Answer:
        """https://core.telegram.org/bots/api#editmessagetext."""
        with self._lock:
            message = self._messages.get(str(body.get("message_id")))
            if message is None or str(message["chat_id"]) != chat:
                raise RefusedError("message to edit not found")
            check(body)
            shown = {name: body[name] for name in _CONTENT if name in body}
            if shown == {name: message[name] for name in _CONTENT if name in message}:
                raise RefusedError(_UNCHANGED)
            for name in _CONTENT:
                message.pop(name, None)
            message.update(shown, edited_at=entry.at)
        return _message(message, chat)

    def look(self, entry: Entry, body: Mapping[str, Any], chat: str) -> Answer:  # noqa: ARG002 - as the others
        """https://core.telegram.org/bots/api#getchat."""
        return Answer(body={"ok": True, "result": {"id": _number(chat), "type": "group", "title": entry.webhook}})


_METHODS = {"sendmessage": FakeTelegram.send, "editmessagetext": FakeTelegram.change, "getchat": FakeTelegram.look}
"""By their names, which Telegram takes in any case."""


def _message(message: Mapping[str, Any], chat: str) -> Answer:
    result = {"message_id": int(message["id"]), "chat": {"id": _number(chat), "type": "group"}}
    return Answer(body={"ok": True, "result": {**result, "date": int(message["at"]), "text": message["text"]}})


def _number(chat: str) -> int:
    return int(chat) if chat.lstrip("-").isdigit() else -1


def _refusal(status: int, description: str, **parameters: int) -> Answer:
    body: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
    if parameters:
        body["parameters"] = parameters
    return Answer(status, body=body)
