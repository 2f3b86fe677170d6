"""One local HTTP server for any number of stand-ins, with a page that shows what they received."""

from __future__ import annotations

import base64
import json
import re
import socket
import struct
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message as MimeHead
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from webhook_alerts.testing.standin import Service

LONGEST_LEDGER = 500
"""The page is told of no more requests."""
_TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_POLICY = "default-src 'self'; img-src 'self' data:"


@dataclass(frozen=True, slots=True)
class Answer:
    """A scripted answer; a *body* that is no text is sent as JSON. ``delay`` in seconds; ``drip`` sends a byte of the

    body every so many seconds; ``reset`` closes the connection hard once the request was read; ``hang`` stays silent.
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
    """One request of the ledger: when (Unix seconds), to which webhook, what, and how it was answered.

    ``body`` is what its JSON says, ``None`` where it is none, ``raw`` the bytes that came; header names in lower case.
    """

    at: float
    webhook: str
    method: str
    path: str
    body: Any
    files: dict[str, str]
    status: int = 0
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes = b""


class StandIn:
    """A context manager: ``with StandIn(services.every(), page=...) as standin``. *page* is served at ``/``."""

    def __init__(
        self, services: Sequence[Service], *, port: int = 0, host: str = "127.0.0.1", page: Path | None = None
    ) -> None:
        self.services = services
        self.page = page
        self.stopping = threading.Event()
        self._server = ThreadingHTTPServer((host, port), type("Handler", (_Handler,), {"standin": self}))
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        for service in services:
            service.port = self.port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> StandIn:
        self._thread.start()
        for service in self.services:
            service.begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Answer nobody any more."""
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        for service in self.services:
            service.end()

    def messages(self, name: str | None = None) -> list[dict[str, Any]]:
        """The messages that stand in the channel of *name*, or in all, at whichever service, oldest first."""
        found = [message for service in self.services for message in service.messages(name)]
        return sorted(found, key=lambda message: message["at"])

    def told(self) -> dict[str, Any]:
        """What the page draws."""
        requests: list[dict[str, Any]] = [
            {
                "service": service.name,
                "webhook": entry.webhook,
                "method": entry.method,
                "at": entry.at,
                "status": entry.status,
            }
            for service in self.services
            for entry in list(service.ledger[-LONGEST_LEDGER:])
        ]
        requests.sort(key=lambda request: request["at"])
        return {"messages": self.messages(), "requests": requests[-LONGEST_LEDGER:]}


class _Handler(BaseHTTPRequestHandler):
    standin: StandIn
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # a kept connection would wait 40 ms for each body

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: the ledger tells."""

    def do_GET(self) -> None:
        if urlsplit(self.path).path == "/_ledger":
            self._write(200, {"Content-Type": "application/json"}, json.dumps(self.standin.told()).encode())
        elif not self._serve():
            self._page(urlsplit(self.path).path)

    def do_POST(self) -> None:
        if not self._serve():
            self._nowhere()

    def do_PATCH(self) -> None:
        self.do_POST()

    def do_PUT(self) -> None:
        self.do_POST()

    def do_DELETE(self) -> None:
        self.do_POST()

    def _serve(self) -> bool:
        """Answer as the service does whose path it is, if it is any's."""
        parts = urlsplit(self.path)
        for service in self.standin.services:
            if match := service.route.fullmatch(parts.path):
                break
        else:
            return False
        raw = self._read()
        body, files = self._parse(raw)
        entry = Entry(time.time(), service.webhook(match), self.command, parts.path, body, files)
        entry.query, entry.raw = dict(parse_qsl(parts.query, keep_blank_values=True)), raw
        entry.headers = {name.lower(): value for name, value in self.headers.items()}
        answer = service.answer(entry, match)
        entry.status = answer.status
        self._play(answer)
        return True

    def _read(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

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
                    files[part.get_filename() or "file"] = _shown(content, part.get_content_type())
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
            self.standin.stopping.wait(120)
            self.close_connection = True
            return
        if answer.delay:
            self.standin.stopping.wait(answer.delay)
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
                if drip and self.standin.stopping.wait(drip):
                    break
        except OSError:
            self.close_connection = True  # the client had enough

    def _nowhere(self) -> None:
        self._read()
        body = json.dumps({"message": "404: Not Found", "code": 0}).encode()
        self._write(404, {"Content-Type": "application/json"}, body)

    def _page(self, path: str) -> None:
        folder = self.standin.page
        name = path.lstrip("/") or "page.html"
        file = folder / name if folder and re.fullmatch(r"[\w-]+\.\w+", name) else None
        if file is None or not file.is_file():
            self._nowhere()
            return
        headers = {
            "Content-Type": _TYPES.get(file.suffix, "application/octet-stream"),
            "Content-Security-Policy": _POLICY,
            "Cache-Control": "no-store",
        }
        self._write(200, headers, file.read_bytes())


def _shown(content: bytes, kind: str) -> str:
    """A file as the page shows it: a picture as a data URL, anything else as its text."""
    if kind.startswith("image/"):
        return f"data:{kind};base64,{base64.b64encode(content).decode()}"
    return content.decode("utf-8", "replace")
