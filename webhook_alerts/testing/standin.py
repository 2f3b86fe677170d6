"""What every stand-in for a service has in common, so that each is one small module with that service's rules.

A stand-in is strict in what it takes, exact in its rate limits, scriptable in its failures, and keeps a ledger of every
request. Alone it has a server of its own, ``with FakeDiscord() as discord``; together they share one, on different
paths: ``with StandIn(services.every())`` (``webhook_alerts.testing.standin_server``).

How to add one:

1. Here, ``fake_<service>.py``: a subclass of ``Service`` with its ``name``, its ``route`` (a pattern of paths, unlike
   any other's), its ``usual_limits``, ``path`` (that of a webhook's URL, from its name), ``webhook`` (the name, from
   a match of the route), ``respond`` (what the service says to a request: refuse in its own words, else ``keep`` the
   message) and ``unknown`` (what it says of a webhook that was deleted). What it refuses goes into
   ``fake_<service>_rules.py``, written from the service's documentation and without a line of what renders.
2. Name its class in ``services.EVERY``.
3. In the example project's ``standin/``: ``<service>.js`` with ``draw(message)``, which gives the nodes that a person
   would see, its line in ``services.js``, and ``<service>.css``, whose every rule begins with ``.<service>``, linked by
   ``page.html``.
4. Its tests: the channel's, over HTTP, in ``tests/channels/``; the drawing in ``tests/example/``. A chat is named in
   the ``test_chats.py`` and ``test_standin_chats.py`` there too.
"""

from __future__ import annotations

import abc
import re
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

from webhook_alerts.testing.standin_server import Answer, Entry, StandIn

__all__ = ["Answer", "Entry", "Places", "Service", "spelled", "unspelled"]

_FILL = "z"
REMEMBERED_S = 120.0
"""No limit looks further back, in seconds."""


@dataclass(frozen=True, slots=True)
class Places:
    """What a limit says: seconds to wait (0: a place was taken), places left, seconds until one returns."""

    wait_s: float
    left: int
    reset_s: float


class Service(abc.ABC):
    """One service's webhooks.

    *limits* are pairs of requests and seconds for each webhook; empty switches them off. *port*, *host* and *page* are
    those of its own server, where it has one; *page* is a directory whose files are served at ``/``.
    """

    name: ClassVar[str]
    """As the channel is called."""
    route: ClassVar[re.Pattern[str]]
    """The paths that are its own."""
    usual_limits: ClassVar[tuple[tuple[int, float], ...]] = ()

    def __init__(
        self,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        limits: Iterable[tuple[int, float]] | None = None,
        page: Path | None = None,
    ) -> None:
        self.limits = self.usual_limits if limits is None else tuple(limits)
        self.ledger: list[Entry] = []
        self.port = port
        self._host = host
        self._page = page
        self._server: StandIn | None = None
        self._gone: set[str] = set()
        self._scripts: dict[str, deque[Answer]] = defaultdict(deque)
        self._sent: dict[str, deque[float]] = defaultdict(deque)
        self._messages: dict[str, dict[str, Any]] = {}
        self._lock = threading.RLock()

    def __enter__(self) -> Self:
        self._server = StandIn([self], port=self.port, host=self._host, page=self._page)
        self._server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Answer nobody any more; for a service that has a server of its own."""
        if self._server is not None:
            self._server.stop()

    def begin(self) -> None:  # noqa: B027 - most have HTTP alone
        """Its server answers from now on: time for what a service has besides HTTP."""

    def end(self) -> None:  # noqa: B027
        """Its server has stopped."""

    def url(self, name: str = "errors") -> str:
        """The URL to configure for a webhook called *name*."""
        return f"http://127.0.0.1:{self.port}{self.path(name)}"

    def script(self, name: str, answers: Iterable[Answer]) -> None:
        """The next requests to *name* are answered like this, in order; then it behaves again."""
        with self._lock:
            self._scripts[name].extend(answers)

    def delete(self, name: str) -> None:
        """The webhook is gone for ever."""
        self._gone.add(name)

    def requests(self, name: str | None = None) -> list[Entry]:
        """Every POST so far, or those to *name*."""
        with self._lock:
            return [entry for entry in self.ledger if entry.method == "POST" and name in {None, entry.webhook}]

    def messages(self, name: str | None = None) -> list[dict[str, Any]]:
        """The messages that stand in the channel of *name*, or in all, oldest first."""
        with self._lock:
            return [message for message in self._messages.values() if name in {None, message["webhook"]}]

    def answer(self, entry: Entry, match: re.Match[str]) -> Answer:
        """What is said to *entry*, whose path is *match*: what was scripted, else what the service says."""
        with self._lock:
            self.ledger.append(entry)
            scripted = self._scripts[entry.webhook].popleft() if self._scripts[entry.webhook] else None
        if scripted is not None:
            return scripted
        return self.unknown() if entry.webhook in self._gone else self.respond(entry, match)

    def limited(self, name: str) -> Places:
        """Take a place in every limit of the webhook *name*."""
        now = time.monotonic()
        with self._lock:
            sent = self._sent[name]
            while sent and now - sent[0] > REMEMBERED_S:
                sent.popleft()
            wait = 0.0
            for limit, seconds in self.limits:
                inside = [at for at in sent if now - at < seconds]
                if len(inside) >= limit:
                    wait = max(wait, inside[-limit] + seconds - now)
            if wait <= 0:
                sent.append(now)
            if not self.limits:
                return Places(0.0, 99, 0.0)
            limit, seconds = self.limits[0]
            inside = [at for at in sent if now - at < seconds]
            return Places(wait, max(0, limit - len(inside)), inside[0] + seconds - now if inside else 0.0)

    def keep(self, entry: Entry, shown: Mapping[str, Any]) -> dict[str, Any]:
        """Put a message that shows *shown* into the channel; it as it stands there, with its ``id``."""
        with self._lock:
            message = {
                **shown,
                "id": str(10**17 + len(self.ledger)),
                "service": self.name,
                "webhook": entry.webhook,
                "at": entry.at,
                "files": entry.files,
            }
            self._messages[message["id"]] = message
            return message

    @abc.abstractmethod
    def path(self, name: str) -> str:
        """The path, and the query, of the URL of a webhook called *name*."""

    @abc.abstractmethod
    def webhook(self, match: re.Match[str]) -> str:
        """The name of the webhook that a path belongs to, also where its URL was made in another process."""

    @abc.abstractmethod
    def respond(self, entry: Entry, match: re.Match[str]) -> Answer:
        """What the service says to *entry*, be it good or bad."""

    @abc.abstractmethod
    def unknown(self) -> Answer:
        """What it says of a webhook that is no more."""


def spelled(name: str, length: int) -> str:
    """*name* as small letters and digits, filled up to *length*: for an address whose secret has no other signs."""
    word = "".join(
        sign if sign.isascii() and sign.isalnum() and sign != _FILL else f"{_FILL}{ord(sign):02x}" for sign in name
    )
    return word.ljust(length, _FILL)


def unspelled(word: str) -> str:
    """The name that ``spelled`` made *word* of."""
    return re.sub(rf"{_FILL}([0-9a-f]{{2}})", lambda found: chr(int(found[1], 16)), word.rstrip(_FILL))
