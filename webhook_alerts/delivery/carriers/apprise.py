"""Messages by the library Apprise: without its pauses and tries, and without its log, which holds parts of URLs."""

from __future__ import annotations

import re
from functools import partial
from typing import Any
from urllib.parse import unquote

from webhook_alerts import tracing
from webhook_alerts.channels import apprise_body
from webhook_alerts.channels.base import Request, Response
from webhook_alerts.channels.text import cut_end
from webhook_alerts.delivery.carriers import bounded
from webhook_alerts.delivery.transport import TransportError
from webhook_alerts.delivery.unlogged import unlogged

_STATUS = re.compile(r"\berror=([45]\d\d)\b")
"""How its services tell of an HTTP status, in the words of a warning."""
_SECRET = re.compile(r"[^/?&=#:@,]{4,}")


def send(request: Request, *, timeout: float, allow_private: bool = False) -> Response:  # noqa: ARG001
    """Send *request*, once. Raises ``TransportError`` after *timeout* seconds, and where Apprise is not installed."""
    return bounded.run(partial(_send, request, timeout), timeout)


def ask(url: str, *, timeout: float) -> Response:
    """Does Apprise understand *url*? Asks nobody. Raises ``TransportError`` where it is not installed."""

    def understand() -> Response:
        with unlogged():
            _service(url, timeout)
        return Response(200, {}, b"")

    return bounded.run(understand, max(timeout, 10.0))  # importing it takes 2 s


class _Ear:
    """Hears what a service would log: the warnings are all that it says about why it failed."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warning(self, message: str, *args: Any, **_: Any) -> None:
        self.warnings.append(message % args if args else message)

    error = critical = exception = warning

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: None


def _send(request: Request, timeout: float) -> Response:
    with tracing.hidden(), unlogged():
        service, ear = _service(request.url, timeout), _Ear()
        service.logger = ear
        markup = service.resolve_format()
        is_titled = service.title_maxlen > 0
        sent = service.notify(
            title=cut_end(request.json["title"], service.title_maxlen) if is_titled else "",
            body=apprise_body.compose(request.json, markup.value, service.body_maxlen, is_titled=is_titled),
            notify_type=request.json["type"],
            body_format=markup,
        )
    if sent:
        return Response(200, {}, b"")
    said = " ".join(ear.warnings)
    status = _STATUS.search(said)
    told = cut_end(_without(request.url, said), 500)
    if status:
        return Response(int(status[1]), {}, told.encode("utf-8", "replace"))
    return Response(503, {"guessed": "yes", "told": told}, told.encode("utf-8", "replace"))


def _service(url: str, timeout: float) -> Any:
    """What Apprise sends by. Raises ``TransportError`` where it is not installed, or does not understand *url*."""
    try:
        import apprise
    except ImportError:
        raise TransportError("Apprise is not installed") from None
    asset = apprise.AppriseAsset(async_mode=False, secure_logging=True)
    try:
        found: Any = apprise.Apprise.instantiate(url, asset=asset)
    except Exception:  # noqa: BLE001 - a plugin's own, and its text may hold the URL
        found = None
    if found is None:
        raise TransportError("Apprise does not understand the URL")
    # It would sleep for up to 5.5 s between two messages; the gate keeps the rate.
    found.throttle = lambda *_, **__: None
    found.overflow_mode = apprise.OverflowMode.TRUNCATE
    found.socket_connect_timeout = min(found.socket_connect_timeout, timeout)
    found.socket_read_timeout = timeout
    return found


def _without(url: str, text: str) -> str:
    """*text* without the parts of *url*, as they stand there and as they are meant."""
    parts = _SECRET.findall(url.partition("://")[2])
    for part in sorted({*parts, *map(unquote, parts)}, key=len, reverse=True):
        text = text.replace(part, "…")
    return text
