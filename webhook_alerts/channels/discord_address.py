"""What the URL of a Discord webhook says: whose it is, and into which thread it posts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit

from webhook_alerts.channels.text import clean, cut_end

THREAD_NAME = 100
OWN_NAME = "*"
"""As ``thread_name``: each message is a post of its own, named as it is headed."""
_PATH = re.compile(r"(?:/api)?(?:/v\d{1,2})?/webhooks/(?P<id>\d{17,20})/(?P<token>[A-Za-z0-9_.-]{60,100})/?", re.ASCII)
_HOST = re.compile(r"((ptb|canary)\.)?discord(app)?\.com")
_ID = re.compile(r"\d{1,20}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Address:
    """Where the webhook is, and the thread that its URL names: by id, or by the name of a post to open in a forum."""

    base: str = field(repr=False)
    thread_id: str = ""
    thread_name: str = ""

    def url(self, path: str = "", **query: str) -> str:
        """The address of *path* below the webhook, with *query* and what of the thread belongs there."""
        asked = {**query, **({"thread_id": self.thread_id} if self.thread_id else {})}
        return f"{self.base}{path}{'?' if asked else ''}{urlencode(asked)}"


def is_discord(host: str) -> bool:
    """Is *host* one of Discord's own?"""
    return _HOST.fullmatch(host) is not None


def is_id(text: object) -> bool:
    """Is it a snowflake, as Discord numbers everything?"""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def read(url: str) -> Address:
    """The address at API v10: v6, which people copy, counts ``Retry-After`` in milliseconds.

    A host that is not Discord's, such as a proxy or a stand-in, is kept. Raises ``ValueError``, never quoting *url*.
    """
    parts = urlsplit(url)
    match = _PATH.fullmatch(parts.path)
    if match is None:
        raise ValueError("a Discord webhook URL ends in /api/webhooks/<id>/<token>")
    query = parse_qs(parts.query)
    thread_id, thread_name = _first(query, "thread_id"), clean(_first(query, "thread_name")).strip()
    if thread_id and not is_id(thread_id):
        raise ValueError("thread_id is a number: the id of a thread, as Discord copies it in developer mode")
    if thread_id and thread_name:
        raise ValueError("thread_id names a thread and thread_name opens a new one: a URL takes one of them")
    origin = "https://discord.com" if is_discord(parts.hostname or "") else f"{parts.scheme}://{parts.netloc}"
    base = f"{origin}/api/v10/webhooks/{match['id']}/{match['token']}"
    return Address(base, thread_id, cut_end(thread_name, THREAD_NAME))


def _first(query: Mapping[str, list[str]], name: str) -> str:
    return query.get(name, [""])[0]
