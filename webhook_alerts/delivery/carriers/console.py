"""Alerts on the terminal of this process, in colours where it is one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import partial

from webhook_alerts.alert import JSON
from webhook_alerts.channels.base import Request, Response
from webhook_alerts.delivery.carriers import bounded

_STREAMS: Mapping[str, int] = {"console:stdout": 1, "console:stderr": 2}
"""Their descriptors: what Python calls its streams may lead into logging, as it does in Celery's workers, and so back
to us."""
_COLOURS: Mapping[str, str] = {
    "DEBUG": "2",
    "INFO": "34",
    "WARNING": "33",
    "ERROR": "31",
    "CRITICAL": "1;97;41",
    "resolved": "32",
    "acknowledged": "35",
    "flapping": "33",
}
"""https://www.ecma-international.org/publications-and-standards/standards/ecma-48/, 8.3.117."""
_DIM = "2"


def send(request: Request, *, timeout: float, allow_private: bool = False) -> Response:  # noqa: ARG001
    """Write *request* to its stream. Raises ``TransportError`` after *timeout* seconds: its reader may have stopped."""
    return bounded.run(partial(_write, _STREAMS[request.url], request.json["alerts"]), timeout)


def _write(stream: int, alerts: Iterable[Mapping[str, JSON]]) -> Response:
    try:
        is_coloured = _knows_colours(stream)
        left = "".join(_drawn(alert, is_coloured) for alert in alerts).encode("utf-8", "replace")
        while left:
            left = left[os.write(stream, left) :]
    except OSError as error:
        return Response(503, {}, f"console: {error.strerror}".encode())
    return Response(200, {}, b"")


def _knows_colours(stream: int) -> bool:
    """Is it a terminal whose user wants some? https://no-color.org."""
    return os.isatty(stream) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _drawn(alert: Mapping[str, JSON], is_coloured: bool) -> str:
    head, below = alert["head"], alert["below"]
    if is_coloured:
        head = f"\x1b[{_COLOURS.get(alert['mood'], '0')}m{head}\x1b[0m"
        below = below and f"\x1b[{_DIM}m{below}\x1b[0m"
    return f"{head}\n{below}\n" if below else f"{head}\n"
