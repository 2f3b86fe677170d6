"""A server that behaves like Discord's webhooks, for tests, demos and trying settings out.

Strict in what it takes (``fake_discord_rules``), exact in its rate limits, scriptable in its failures, and with a
ledger of every request. ``python -m webhook_alerts.testing.fake_discord --port 8090`` runs it by itself.
"""

from __future__ import annotations

import argparse
import json
import re
import socket
import struct
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from email.message import Message as MimeHead
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from webhook_alerts.testing.fake_discord_rules import error_body, faults, is_empty

_ROUTE = re.compile(r"/api(?:/v(?P<version>\d+))?/webhooks/(?P<id>\d{17,20})/(?P<token>[\w.-]{60,100})(?P<rest>/.*)?")
_TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Answer:
    """A scripted answer. ``delay`` in seconds; ``drip`` sends a byte of the body every so many seconds;

    ``reset`` closes the connection hard once the request was read; ``hang`` stays silent.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    delay: float = 0.0
    drip: float = 0.0
    reset: bool = False
    hang: bool = False


@dataclass(slots=True)
class Entry:
    """One request of the ledger: when (Unix seconds), to which webhook, what, and how it was answered."""

    at: float
    webhook: str
    method: str
    path: str
    body: Any
    files: dict[str, str]
    status: int = 0


class FakeDiscord:
    """A context manager: ``with FakeDiscord() as discord: ... discord.url("errors")``.

    *limits* are pairs of requests and seconds for each webhook; empty switches them off. *page* is a directory
    whose files are served at ``/``.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        limits: Iterable[tuple[int, float]] = ((5, 2.0), (30, 60.0)),
        page: Path | None = None,
    ) -> None:
        self.limits = tuple(limits)
        self.page = page
        self.ledger: list[Entry] = []
        self._names: dict[str, str] = {}
        self._gone: set[str] = set()
        self._scripts: dict[str, deque[Answer]] = defaultdict(deque)
        self._sent: dict[str, deque[float]] = defaultdict(deque)
        self._messages: dict[str, dict[str, Any]] = {}
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        handler = type("Handler", (_Handler,), {"discord": self})
        self._server = ThreadingHTTPServer((host, port), handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> FakeDiscord:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Answer nobody any more."""
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def url(self, name: str = "errors") -> str:
        """The URL to configure for a webhook called *name*, unversioned as Discord's client copies it."""
        number = 10**17 + int.from_bytes(name.encode()[:6].ljust(6, b"\0"), "big")
        token = (re.sub(r"\W", "-", name) + "-").ljust(68, "x")
        self._names[str(number)] = name
        return f"http://127.0.0.1:{self.port}/api/webhooks/{number}/{token}"

    def script(self, name: str, answers: Iterable[Answer]) -> None:
        """The next requests to *name* are answered like this, in order; then it behaves again."""
        with self._lock:
            self._scripts[name].extend(answers)

    def delete(self, name: str) -> None:
        """The webhook is gone: 404, code 10015, for ever."""
        self._gone.add(name)

    def requests(self, name: str | None = None) -> list[Entry]:
        """Every POST so far, or those to *name*."""
        with self._lock:
            return [entry for entry in self.ledger if entry.method == "POST" and name in {None, entry.webhook}]

    def messages(self, name: str | None = None) -> list[dict[str, Any]]:
        """The messages that stand in the channel of *name*, or in all, oldest first."""
        with self._lock:
            return [message for message in self._messages.values() if name in {None, message["webhook"]}]

    def name_of(self, number: str, token: str) -> str:
        """The name that a URL was made for; a URL from elsewhere is called by its token's first word."""
        return self._names.get(number) or token.split("-", 1)[0]

    def limited(self, name: str) -> tuple[float, int, float]:
        """Take a place: seconds to wait (0 when there was one), places left, seconds until one returns."""
        now = time.monotonic()
        with self._lock:
            sent = self._sent[name]
            while sent and now - sent[0] > 120:
                sent.popleft()
            wait = 0.0
            for limit, seconds in self.limits:
                inside = [at for at in sent if now - at < seconds]
                if len(inside) >= limit:
                    wait = max(wait, inside[-limit] + seconds - now)
            if wait <= 0:
                sent.append(now)
            if not self.limits:
                return 0.0, 99, 0.0
            limit, seconds = self.limits[0]
            inside = [at for at in sent if now - at < seconds]
            return wait, max(0, limit - len(inside)), inside[0] + seconds - now if inside else 0.0

    def answer(self, entry: Entry, method: str, rest: str, wait: bool, version: str) -> Answer:
        """What Discord would say to *entry*."""
        with self._lock:
            self.ledger.append(entry)
            scripted = self._scripts[entry.webhook].popleft() if self._scripts[entry.webhook] else None
        if scripted is not None:
            return scripted
        if entry.webhook in self._gone:
            return Answer(404, body={"message": "Unknown Webhook", "code": 10015})
        if method == "GET" and not rest:
            return Answer(200, body={"type": 1, "name": entry.webhook, "id": "1"})
        pause, left, reset = self.limited(entry.webhook)
        if pause > 0:
            # Versions below 8 count in milliseconds, and that is what an unversioned URL gets.
            unit = 1 if version and int(version) >= 8 else 1000
            return Answer(
                429,
                {"Retry-After": str(int(pause * unit) + 1), "X-RateLimit-Scope": "user"},
                {"message": "You are being rate limited.", "retry_after": round(pause * unit, 3), "global": False},
            )
        headers = {
            "X-RateLimit-Limit": str(self.limits[0][0] if self.limits else 100),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset-After": f"{reset:.3f}",
        }
        return self._change(entry, method, rest, headers, wait=wait)

    def _change(self, entry: Entry, method: str, rest: str, headers: dict[str, str], *, wait: bool) -> Answer:
        message_id = rest.removeprefix("/messages/")
        if rest and message_id not in self._messages:
            return Answer(404, headers, {"message": "Unknown Message", "code": 10008})
        if method == "DELETE":
            self._messages.pop(message_id)
            return Answer(204, headers)
        if found := faults(entry.body, len(entry.files)):
            return Answer(400, headers, error_body(found))
        if method == "POST" and is_empty(entry.body, len(entry.files)):
            return Answer(400, headers, {"message": "Cannot send an empty message", "code": 50006})
        with self._lock:
            if method == "PATCH":
                self._messages[message_id].update(entry.body, edited_at=entry.at)
            else:
                message_id = str(10**17 + len(self.ledger))
                self._messages[message_id] = {
                    **entry.body,
                    "id": message_id,
                    "webhook": entry.webhook,
                    "at": entry.at,
                    "files": entry.files,
                }
            message = self._messages[message_id]
        return (
            Answer(200, headers, {"id": message_id, "channel_id": "1", "content": message.get("content", "")})
            if wait or method == "PATCH"
            else Answer(204, headers)
        )


class _Handler(BaseHTTPRequestHandler):
    discord: FakeDiscord
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: the ledger tells."""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/_ledger":
            self._json(Answer(200, body=self._told()))
        elif _ROUTE.fullmatch(path):
            self._serve("GET")
        else:
            self._page(path)

    def do_POST(self) -> None:
        self._serve("POST")

    def do_PATCH(self) -> None:
        self._serve("PATCH")

    def do_DELETE(self) -> None:
        self._serve("DELETE")

    def _told(self) -> dict[str, Any]:
        with self.discord._lock:
            return {
                "messages": self.discord.messages(),
                "requests": [
                    {name: value for name, value in asdict(entry).items() if name not in {"path", "body", "files"}}
                    for entry in self.discord.ledger[-500:]
                ],
            }

    def _serve(self, method: str) -> None:
        parts = urlsplit(self.path)
        match = _ROUTE.fullmatch(parts.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if match is None:
            self._json(Answer(404, body={"message": "404: Not Found", "code": 0}))
            return
        body, files = self._parse(raw)
        name = self.discord.name_of(match["id"], match["token"])
        entry = Entry(time.time(), name, method, parts.path, body, files)
        wait = parse_qs(parts.query).get("wait", [""])[0] in {"true", "True", "1"}
        if body is None and method in {"POST", "PATCH"}:
            answer = Answer(400, body={"message": "The request body contains invalid JSON.", "code": 50109})
        else:
            answer = self.discord.answer(entry, method, match["rest"] or "", wait, match["version"] or "")
        entry.status = answer.status
        self._play(answer)

    def _parse(self, raw: bytes) -> tuple[Any, dict[str, str]]:
        kind = self.headers.get("Content-Type", "")
        files: dict[str, str] = {}
        if kind.startswith("multipart/form-data"):
            head = f"Content-Type: {kind}\r\n\r\n".encode()
            parsed: MimeHead = BytesParser().parsebytes(head + raw)
            raw = b""
            for part in parsed.get_payload():
                assert isinstance(part, MimeHead)
                content = part.get_payload(decode=True)
                assert isinstance(content, bytes)
                if part.get_param("name", header="content-disposition") == "payload_json":
                    raw = content
                else:
                    files[part.get_filename() or "file"] = content.decode("utf-8", "replace")
        try:
            return (json.loads(raw) if raw else {}), files
        except ValueError:
            return None, files

    def _play(self, answer: Answer) -> None:
        if answer.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return
        if answer.hang:
            self.discord._stopping.wait(120)
            self.close_connection = True
            return
        if answer.delay:
            self.discord._stopping.wait(answer.delay)
        self._json(answer)

    def _json(self, answer: Answer) -> None:
        body = answer.body if isinstance(answer.body, (bytes, str)) else json.dumps(answer.body)
        data = body.encode("utf-8", "replace") if isinstance(body, str) else body
        data = b"" if answer.body is None else data
        self._write(answer.status, {"Content-Type": "application/json", **answer.headers}, data, answer.drip)

    def _write(self, status: int, headers: dict[str, str], data: bytes, drip: float = 0.0) -> None:
        try:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            for piece in [data] if not drip else [data[i : i + 1] for i in range(len(data))]:
                self.wfile.write(piece)
                if drip and self.discord._stopping.wait(drip):
                    break
        except OSError:
            self.close_connection = True  # the client had enough

    def _page(self, path: str) -> None:
        folder = self.discord.page
        name = path.lstrip("/") or "page.html"
        file = folder / name if folder and re.fullmatch(r"[\w-]+\.\w+", name) else None
        if file is None or not file.is_file():
            self._json(Answer(404, body={"message": "404: Not Found", "code": 0}))
            return
        headers = {
            "Content-Type": _TYPES.get(file.suffix, "application/octet-stream"),
            "Content-Security-Policy": "default-src 'self'",
            "Cache-Control": "no-store",
        }
        self._write(200, headers, file.read_bytes())


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--page", type=Path)
    options = parser.parse_args()
    with FakeDiscord(port=options.port, host=options.host, page=options.page):
        threading.Event().wait()


if __name__ == "__main__":
    main()
