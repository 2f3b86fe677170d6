"""Telegram's Bot API. https://core.telegram.org/bots/api (10.1, read 2026-11-20)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit

from webhook_alerts.alert import JSON, Alert, Level
from webhook_alerts.channels import content, http_status, retry_after, telegram_lines
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
from webhook_alerts.channels.telegram_html import (
    ENTITIES,
    ROOM,
    TEXT,
    Marked,
    draw,
    invitation,
    joined,
    stripped,
    usable,
)
from webhook_alerts.channels.text import clean, cut_end

MOST_IN_FULL = 5
SHARE = 1300
"""Every alert of several gets at least so many characters."""

_HOST = "api.telegram.org"
_PATH = re.compile(
    r"(?P<prefix>(?:/[^/]+)*)/bot(?P<bot>[1-9]\d{3,18}):(?P<token>[A-Za-z0-9_-]{30,60})(?P<test>/test)?"
    r"(?:/sendMessage)?/?",
    re.ASCII,
)
_CHAT = re.compile(r"-?[1-9]\d{0,18}|@[A-Za-z]\w{3,31}", re.ASCII)
_MENTION = re.compile(r"(?P<name>@[A-Za-z]\w{3,31})|tg://user\?id=(?P<id>[1-9]\d{0,18})", re.ASCII)
_EDITABLE = ("text", "parse_mode", "link_preview_options", "reply_markup")
_REASON = 220
"""Characters of a reason, which has 255, and may end in words of ours."""
_UNCHANGED = "message is not modified"
_UNREADABLE = "can't parse entities"
_BUTTON = re.compile(r"button", re.IGNORECASE)

_GONE = (
    "chat not found", "chat_write_forbidden", "group chat was deactivated", "have no rights to send a message",
    "message thread not found", "need administrator rights", "not enough rights to send", "peer_id_invalid",
    "topic_closed", "topic_deleted",
)  # fmt: skip
"""What stays so until somebody changes the chat or the address, whatever is sent. Observed: no list is published."""


@dataclass(frozen=True, slots=True)
class _Address:
    """What a URL of the settings says; a ``token`` is secret, the number of its bot is not."""

    base: str
    bot: str
    token: str = field(repr=False)
    test: str
    chat: str
    topic: str

    @classmethod
    def of(cls, url: str) -> _Address:
        parts = urlsplit(url)
        match = _PATH.fullmatch(parts.path)
        if match is None:
            raise ValueError("a Telegram URL is https://api.telegram.org/bot<token>/sendMessage?chat_id=…")
        query = parse_qs(parts.query)
        chat, topic = query.get("chat_id", [""])[0].strip(), query.get("message_thread_id", [""])[0].strip()
        if not _CHAT.fullmatch(chat):
            raise ValueError("it names no chat: add ?chat_id= and its number, -100… for a group, or @ and its name")
        if topic and not (topic.isascii() and topic.isdigit()):
            raise ValueError("its message_thread_id, the topic of a group, is no number")
        origin = f"https://{_HOST}" if parts.hostname == _HOST else f"{parts.scheme}://{parts.netloc}"
        return cls(f"{origin}{match['prefix']}", match["bot"], match["token"], match["test"] or "", chat, topic)

    def method(self, name: str, **query: str) -> str:
        """The address of a method of the API."""
        told = urlencode({key: value for key, value in query.items() if value}, safe="@")
        return f"{self.base}/bot{self.bot}:{self.token}{self.test}/{name}{'?' if told else ''}{told}"


class Telegram(Channel):
    """HTML that Telegram reads: up to five alerts to a message, or lines where many wait; counters are edited.

    The address in the settings is that of ``sendMessage`` with ``chat_id``, and ``message_thread_id`` for a topic, in
    its query: https://core.telegram.org/bots/api#sendmessage.
    """

    name: ClassVar[str] = "telegram"
    provider: ClassVar[str] = "telegram"
    default_rate: ClassVar[tuple[Window, ...]] = (Window(1, 1.0), Window(20, 60.0))
    """One message a second and chat, twenty a minute and group; https://core.telegram.org/bots/faq#my-bot-is-hitting-limits."""
    provider_rate: ClassVar[tuple[Window, ...]] = (Window(25, 1.0),)
    """Below the documented 30 a second and bot."""
    max_alerts: ClassVar[int] = telegram_lines.MOST
    preview: ClassVar[str] = "webhook_alerts.drawing.telegram.draw"
    supports_edit: ClassVar[bool] = True
    can_move: ClassVar[bool] = True

    def recognises(self, url: str) -> bool:
        """An address at Telegram, also one that says no chat: ``endpoint`` then says what is missing."""
        return urlsplit(url).hostname == _HOST

    def endpoint(self, url: str) -> str:
        """The address with no more than chat and topic. A host that is not Telegram's, such as a Bot API server of

        one's own or a stand-in, is kept.
        """
        address = _Address.of(url)
        return address.method("sendMessage", chat_id=address.chat, message_thread_id=address.topic)

    def limits(self, url: str) -> Limits:
        """Topics of one group share its rate, chats of one bot the bot's; a private chat has no limit by the minute."""
        address = _Address.of(url)
        rate = self.default_rate if address.chat[0] in "-@" else self.default_rate[:1]
        provider = f"{self.provider}:{address.bot}@{urlsplit(address.base).netloc}"
        return Limits(rate, address.method("sendMessage", chat_id=address.chat), provider, self.provider_rate)

    def probe(self, url: str) -> str:
        """https://core.telegram.org/bots/api#getchat."""
        address = _Address.of(url)
        return address.method("getChat", chat_id=address.chat)

    def request(self, access: Access, body: dict[str, JSON], files: Sequence[File], at: int) -> Request:  # noqa: ARG002
        """To the chat, or to where it has moved."""
        address = _Address.of(access.url)
        sent = {**body, "chat_id": _chat(access.moved_to or address.chat)}
        if address.topic:
            sent["message_thread_id"] = int(address.topic)
        return Request(address.method("sendMessage"), sent, headers=access.headers)

    def render(self, alerts: Sequence[Alert], style: Style) -> Payload:
        """Alerts in full, or lines where many wait; what is critical or has an own template is told in full.

        What is no more than an INFO makes no sound.
        """
        if not style.use_embeds:
            text, count = telegram_lines.plain(alerts[:MOST_IN_FULL], style)
        elif len(alerts) >= telegram_lines.FROM and alerts[0].level < Level.CRITICAL and not style.templates:
            text, count = telegram_lines.draw(alerts, style)
        else:
            text, count = _in_full(alerts[:MOST_IN_FULL], style)
        called = _mention(style.mention) if content.calls(alerts[:count]) else ""
        body: dict[str, JSON] = {
            "text": called + text.html,
            "parse_mode": "HTML",
            "link_preview_options": {"is_disabled": True},
        }
        if all(alert.level <= Level.INFO for alert in alerts[:count]):
            body["disable_notification"] = True
        if count == 1 and (link := usable(style.link(alerts[0]))):
            body["reply_markup"] = {"inline_keyboard": [[{"text": invitation(style), "url": link}]]}
        return Payload(body, count)

    def edit(self, access: Access, message_id: str, body: dict[str, JSON]) -> Request:
        """https://core.telegram.org/bots/api#editmessagetext; in the chat where it was sent, wherever that is now."""
        address = _Address.of(access.url)
        chat, _, number = message_id.rpartition("/")
        changed = {key: body[key] for key in _EDITABLE if key in body}
        sent = {**changed, "chat_id": _chat(chat or address.chat), "message_id": int(number)}
        return Request(address.method("editMessageText"), sent, headers=access.headers)

    def plainer(self, body: dict[str, JSON], outcome: Outcome) -> dict[str, JSON] | None:
        """Without markup that Telegram cannot read, or a button that it does not want: an own template may have it."""
        if outcome.verdict is not Verdict.REFUSED:
            return None
        if _UNREADABLE in outcome.reason and "parse_mode" in body:
            rest = {key: value for key, value in body.items() if key != "parse_mode"}
            return {**rest, "text": cut_end(stripped(str(body["text"])), TEXT)}
        if _BUTTON.search(outcome.reason) and "reply_markup" in body:
            return {key: value for key, value in body.items() if key != "reply_markup"}
        return None

    def classify(self, response: Response) -> Outcome:
        """The status and Telegram's description; https://core.telegram.org/bots/api#making-requests."""
        body = http_status.json_object(response.body)
        status = response.status
        described = body.get("description")
        said = described if isinstance(described, str) else ""
        reason = cut_end(clean(f"HTTP {status}: {said}" if said else f"HTTP {status}"), _REASON)
        if 200 <= status < 300:
            return _taken(body, reason)
        parameters = body.get("parameters")
        told: Mapping[str, Any] = parameters if isinstance(parameters, dict) else {}
        if status == 429:
            return Outcome(Verdict.WAIT, reason, wait_s=_wish(response, told))
        if status == 400 and _CHAT.fullmatch(str(told.get("migrate_to_chat_id"))):
            return Outcome(Verdict.RETRY, reason, moved_to=str(told["migrate_to_chat_id"]))
        if status == 400 and _UNCHANGED in said:
            return Outcome(Verdict.DELIVERED, reason)
        if status == 400 and any(words in said.lower() for words in _GONE):
            return Outcome(Verdict.GONE, reason)
        found = http_status.classify(response)
        return Outcome(found.verdict, reason, wait_s=found.wait_s)


def _in_full(alerts: Sequence[Alert], style: Style) -> tuple[Marked, int]:
    """As many of *alerts*, from the front, as fit, and how many."""
    room, entities = ROOM, ENTITIES
    share = max(SHARE, room // len(alerts))
    shown: list[Marked] = []
    for alert in alerts:
        drawn = draw(alert, style, share, ENTITIES // len(alerts), link_inside=len(alerts) > 1)
        if shown and (drawn.size + 2 > room or drawn.entities > entities):
            break
        shown.append(drawn)
        room -= drawn.size + 2
        entities -= drawn.entities
    return joined(shown, "\n\n"), len(shown)


def _mention(given: str) -> str:
    """A call in Telegram's spelling, with a space behind it; empty where it is none of Telegram's."""
    match = _MENTION.fullmatch(given.strip())
    if match is None:
        return ""
    return f"{match['name']} " if match["name"] else f'<a href="tg://user?id={match["id"]}">🔔</a> '


def _chat(chat: str) -> int | str:
    return chat if chat.startswith("@") else int(chat)


def _taken(body: Mapping[str, Any], reason: str) -> Outcome:
    """Telegram's ``ok``, and where which message stands; a bare ``true`` is its answer to some edits."""
    if body.get("ok") is not True:
        # A proxy's page: nothing says that it was posted.
        return Outcome(Verdict.RETRY, f"{reason}: not Telegram's ok")
    result = body.get("result")
    message: Mapping[str, Any] = result if isinstance(result, dict) else {}
    chat, number = message.get("chat"), message.get("message_id")
    if not _is_number(number):
        return Outcome(Verdict.DELIVERED, reason)
    where = chat.get("id") if isinstance(chat, dict) else None
    return Outcome(Verdict.DELIVERED, reason, message_id=f"{where}/{number}" if _is_number(where) else str(number))


def _is_number(value: Any) -> bool:
    """Is it one that chats and messages may have?"""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 63


def _wish(response: Response, told: Mapping[str, Any]) -> float:
    given = told.get("retry_after")
    said = retry_after.within(given) if isinstance(given, (int, float)) else None
    return max(said or 0.0, retry_after.number(response.headers, "retry-after") or 0.0) or (
        http_status.classify(response).wait_s
    )
