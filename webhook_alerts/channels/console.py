"""The terminal of the process that delivers: for people, while they develop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from webhook_alerts.alert import JSON, Alert
from webhook_alerts.channels import content, inside
from webhook_alerts.channels.base import Channel, Outcome, Payload, Response, Style, Window
from webhook_alerts.channels.content import Fact
from webhook_alerts.channels.moments import moment

TEXT = 20_000
"""Characters of a trace."""
_INDENT = "    "


class Console(Channel):
    """``console:``, which is the standard error stream, or ``console:stdout``."""

    name: ClassVar[str] = "console"
    provider: ClassVar[str] = ""
    default_rate: ClassVar[tuple[Window, ...]] = ()
    max_alerts: ClassVar[int] = 100
    schemes: ClassVar[tuple[str, ...]] = ("console",)
    carrier: ClassVar[str] = "webhook_alerts.delivery.carriers.console.send"
    is_inside: ClassVar[bool] = True

    def recognises(self, url: str) -> bool:
        """Whatever begins with ``console:``."""
        return url[:8].lower() == "console:"

    def endpoint(self, url: str) -> str:
        """The stream by its name."""
        stream = url.partition(":")[2] or "stderr"
        if stream not in {"stderr", "stdout"}:
            raise ValueError("an address of the console is console:, console:stderr or console:stdout")
        return f"console:{stream}"

    def render(self, alerts: Sequence[Alert], style: Style) -> Payload:
        """Each of *alerts* as a head, which may be coloured by its ``mood``, and what stands below it."""
        taken = alerts[: self.max_alerts]
        return Payload({"alerts": [_told(alert, style) for alert in taken]}, len(taken))

    def classify(self, response: Response) -> Outcome:
        """What the system said."""
        return inside.classify(response)


def _told(alert: Alert, style: Style) -> dict[str, JSON]:
    told = content.describe(alert, style)
    trace = alert.stack_trace if style.include_stack_traces else ""
    below = [
        told.note,
        told.message,
        *map(_fact, told.facts),
        content.cleaned(trace, TEXT, style=style).strip("\n"),
        told.origin,
        style.link(alert),
    ]
    time = f"{moment(alert.last_seen):%H:%M:%S}Z"
    return {
        "mood": alert.state if alert.state in content.STATE_SIGNS else alert.level.name,
        "head": f"{time} {content.level(alert.level, style):8} {told.heading}",
        "below": "\n".join(f"{_INDENT}{line}" for text in below if text for line in text.split("\n")),
    }


def _fact(fact: Fact) -> str:
    return f"{fact.name}: {fact.value}" if "\n" not in fact.value else f"{fact.name}:\n{fact.value}"
