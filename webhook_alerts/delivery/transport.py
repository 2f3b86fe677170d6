"""One HTTP request, bounded in time and size whatever the other side does; its errors never name the URL."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import requests
import urllib3

import webhook_alerts
from webhook_alerts import tracing
from webhook_alerts.channels.base import Request, Response, encode
from webhook_alerts.delivery import deadline
from webhook_alerts.delivery.address import AddressRefusedError
from webhook_alerts.delivery.unlogged import unlogged

BODY_BYTES = 65_536
"""More of an answer is not read."""
CONNECT_S = 5.0
USER_AGENT = f"DiscordBot (webhook_alerts, {webhook_alerts.__version__})"
"""The form that Discord asks for; https://discord.com/developers/docs/reference#user-agent."""

_local = threading.local()


class TransportError(Exception):
    """There was no answer.

    ``reason`` is one of timeout_connect, timeout_read, dns_error, connection_refused, unreachable,
    connection_reset, tls_error, address_refused, invalid_request, or "unexpected" and a type; ``ambiguous`` when the
    request may have been taken all the same.
    """

    def __init__(self, reason: str, ambiguous: bool = False) -> None:
        super().__init__(reason, ambiguous)
        self.reason = reason
        self.ambiguous = ambiguous

    def __str__(self) -> str:
        return self.reason


def send(request: Request, *, timeout: float, allow_private: bool = False) -> Response:
    """Send *request* as JSON, or as multipart with its files, within *timeout* seconds from the first byte to the last.

    An address that is not public is refused, unless *allow_private*, or unless *url* names this machine and leads
    there. Resolving the name is the system's and not bounded. Raises ``TransportError`` and nothing else. A status
    that arrived counts, even when the rest of the answer did not.
    """
    return _request(request.method, request.url, timeout, allow_private, **_content(request))


def get(url: str, *, timeout: float, allow_private: bool = False) -> Response:
    """GET *url* under the same bounds. Raises ``TransportError``."""
    return _request("GET", url, timeout, allow_private)


def close() -> None:
    """Close the connections that this thread keeps for its next requests."""
    for session in getattr(_local, "sessions", {}).values():
        session.close()


def _request(method: str, url: str, timeout: float, allow_private: bool, **content: Any) -> Response:
    with tracing.hidden(), unlogged(), deadline.within(timeout, allow_private=allow_private) as limit:
        try:
            with _session(allow_private).request(
                method,
                url,
                timeout=(min(CONNECT_S, timeout), timeout),
                allow_redirects=False,
                stream=True,
                **content,
            ) as answer:
                headers = {name.lower(): value for name, value in answer.headers.items()}
                return Response(answer.status_code, headers, _read(answer))
        except Exception as error:  # noqa: BLE001
            # Not chained: the texts of such exceptions hold the URL, and a traceback would show them.
            raise _told(error, limit) from None


def _session(allow_private: bool) -> requests.Session:
    """This thread's own; a forked child must not use its parent's sockets.

    One of two: a connection that was kept where private addresses are allowed is for no other request.
    """
    if getattr(_local, "pid", None) != os.getpid():
        _local.sessions, _local.pid = {}, os.getpid()
    sessions: dict[bool, requests.Session] = _local.sessions
    if allow_private not in sessions:
        sessions[allow_private] = deadline.session(USER_AGENT)
    return sessions[allow_private]


def _content(request: Request) -> dict[str, Any]:
    encoded = encode(request.json)
    if not request.files:
        return {"data": encoded, "headers": {"Content-Type": "application/json", **request.headers}}
    parts: list[tuple[str, tuple[str | None, bytes, str]]] = [("payload_json", (None, encoded, "application/json"))]
    for number, file in enumerate(request.files):
        parts.append((f"files[{number}]", (file.filename, file.data, file.media_type)))
    return {"files": parts, "headers": dict(request.headers)}


def _read(answer: requests.Response) -> bytes:
    chunks: list[bytes] = []
    left = BODY_BYTES
    try:
        while left > 0 and (chunk := answer.raw.read(left, decode_content=False)):
            chunks.append(chunk)
            left -= len(chunk)
    except (urllib3.exceptions.HTTPError, OSError):
        pass  # what came before says what it says
    return b"".join(chunks)


def _told(error: Exception, limit: deadline.Deadline) -> TransportError:
    """What went wrong, by the types of its causes."""
    if limit.expired:
        return TransportError("timeout_read", True) if limit.connected else TransportError("timeout_connect")
    causes = list(_causes(error))
    for kinds, reason, ambiguous in _REASONS:
        if any(isinstance(cause, kinds) for cause in causes):
            return TransportError(reason, ambiguous)
    if isinstance(error, (requests.RequestException, urllib3.exceptions.HTTPError, ValueError)):
        return TransportError("invalid_request")
    return TransportError(f"unexpected {type(error).__name__}", limit.connected)


_REASONS: Sequence[tuple[tuple[type[BaseException], ...], str, bool]] = (
    ((AddressRefusedError,), "address_refused", False),
    ((urllib3.exceptions.NameResolutionError,), "dns_error", False),
    ((ConnectionRefusedError,), "connection_refused", False),
    ((urllib3.exceptions.NewConnectionError,), "unreachable", False),
    ((urllib3.exceptions.ConnectTimeoutError,), "timeout_connect", False),
    ((urllib3.exceptions.SSLError, requests.exceptions.SSLError), "tls_error", False),
    ((urllib3.exceptions.ReadTimeoutError, TimeoutError), "timeout_read", True),
    ((urllib3.exceptions.ProtocolError, ConnectionError), "connection_reset", True),
)
"""The first that fits tells the reason; a connection that was never made comes before one that broke."""


def _causes(error: BaseException) -> Iterator[BaseException]:
    pending: list[Any] = [error]
    seen: set[int] = set()
    while pending:
        found = pending.pop()
        if isinstance(found, BaseException) and id(found) not in seen:
            seen.add(id(found))
            yield found
            pending += [*found.args, getattr(found, "reason", None), found.__cause__, found.__context__]
