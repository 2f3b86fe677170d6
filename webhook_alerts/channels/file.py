"""A file of this machine: a line of JSON for each alert, for machines to read and for when all else fails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar
from urllib.parse import unquote, urlsplit

from webhook_alerts.alert import JSON, Alert
from webhook_alerts.channels import inside
from webhook_alerts.channels.base import Channel, Outcome, Payload, Response, Style, Window
from webhook_alerts.channels.bounded import plain
from webhook_alerts.channels.moments import moment
from webhook_alerts.channels.text import cut_middle

TEXT = 100_000
"""Characters of a message, and of a trace."""


class File(Channel):
    """``file:///var/log/alerts.log``. A line has the keys of ``webhook_alerts.alert.Alert``, ``time`` and ``level``."""

    name: ClassVar[str] = "file"
    provider: ClassVar[str] = ""
    default_rate: ClassVar[tuple[Window, ...]] = ()
    max_alerts: ClassVar[int] = 100
    sums_up: ClassVar[bool] = False
    schemes: ClassVar[tuple[str, ...]] = ("file",)
    carrier: ClassVar[str] = "webhook_alerts.delivery.carriers.file.send"
    asker: ClassVar[str] = "webhook_alerts.delivery.carriers.file.ask"
    is_inside: ClassVar[bool] = True

    def recognises(self, url: str) -> bool:
        """Whatever begins with ``file:``."""
        return url[:5].lower() == "file:"

    def endpoint(self, url: str) -> str:
        """The address of the ``path`` in it."""
        return f"file://{path(url)}"

    def render(self, alerts: Sequence[Alert], style: Style) -> Payload:
        """A line for each of *alerts*."""
        taken = alerts[: self.max_alerts]
        return Payload({"lines": [_line(alert, style) for alert in taken]}, len(taken))

    def classify(self, response: Response) -> Outcome:
        """What the system said."""
        return inside.classify(response)


def path(url: str) -> str:
    """The absolute path in *url*; RFC 8089. Raises ``ValueError`` on a malformed one, never quoting it."""
    parts = urlsplit(url)
    found = unquote(parts.path)
    is_usual = parts.scheme == "file" and parts.netloc in {"", "localhost"} and not (parts.query or parts.fragment)
    if not is_usual or not found.startswith("/") or found.endswith("/") or "\0" in found:
        raise ValueError("an address of a file is file:///var/log/alerts.log: three slashes, and the path of a file")
    return found


def _line(alert: Alert, style: Style) -> dict[str, JSON]:
    data = {**alert.to_dict(), "level": alert.level.name, "message": cut_middle(alert.message, TEXT, style.say)}
    trace = data.pop("stack_trace", "")
    if trace and style.include_stack_traces:
        data["stack_trace"] = cut_middle(trace, TEXT, style.say)
    return {"time": f"{moment(alert.last_seen):%Y-%m-%dT%H:%M:%SZ}", **plain(data)}
