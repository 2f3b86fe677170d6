"""Whatever else Apprise can reach, by its URLs: https://github.com/caronc/apprise/wiki. Needs the extra ``apprise``.

What is drawn here is not yet a message: only the library knows which markup a service takes and how much of it, so the
carrier asks that, and ``apprise_body`` makes of it what fits.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import ClassVar

from webhook_alerts.alert import JSON, Alert, Level
from webhook_alerts.channels import content, http_status
from webhook_alerts.channels.base import Channel, Outcome, Payload, Response, Style, Verdict, Window
from webhook_alerts.channels.moments import moment
from webhook_alerts.channels.text import cut_middle

TRACE = 32_000
"""Characters: as many as the longest body of a service has."""
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}://[^\x00-\x20\x7f]+")
_TYPES: Mapping[Level, str] = {
    Level.DEBUG: "info",
    Level.INFO: "info",
    Level.WARNING: "warning",
    Level.ERROR: "failure",
    Level.CRITICAL: "failure",
}


class Apprise(Channel):
    """One alert in full or up to ten as lines; ``"channel": "apprise"`` says that a URL is meant for it."""

    name: ClassVar[str] = "apprise"
    provider: ClassVar[str] = ""
    default_rate: ClassVar[tuple[Window, ...]] = ()
    max_alerts: ClassVar[int] = 10
    preview: ClassVar[str] = "webhook_alerts.drawing.apprise.draw"
    schemes: ClassVar[tuple[str, ...]] = ()
    carrier: ClassVar[str] = "webhook_alerts.delivery.carriers.apprise.send"
    asker: ClassVar[str] = "webhook_alerts.delivery.carriers.apprise.ask"
    is_inside: ClassVar[bool] = True

    def recognises(self, url: str) -> bool:  # noqa: ARG002
        """Never: its schemes are too many, and some are those of others."""
        return False

    def endpoint(self, url: str) -> str:
        """The URL as it is; whether it means something the library says when it is loaded."""
        if not _SCHEME.fullmatch(url):
            raise ValueError("an address for Apprise is one of its URLs, such as ntfy://topic")
        return url

    def render(self, alerts: Sequence[Alert], style: Style) -> Payload:
        """The parts of a message, for ``apprise_body.compose``."""
        taken = alerts[: self.max_alerts]
        gravest = max(taken, key=lambda alert: alert.level)
        over = all(alert.state == "resolved" for alert in taken)
        title = content.describe(taken[0], style).heading
        if len(taken) > 1:
            levels = Counter(alert.level for alert in taken)
            counts = [f"{levels[each]} {content.level(each, style)}" for each in reversed(Level) if levels[each]]
            title = f"{content.SIGNS[gravest.level]} {', '.join(counts)}"
        body: dict[str, JSON] = {
            "type": "success" if over else _TYPES[gravest.level],
            "title": title,
            "parts": [_part(alert, style) for alert in taken],
            "more": style.say("… and {n} more"),
        }
        return Payload(body, len(taken))

    def classify(self, response: Response) -> Outcome:
        """By the HTTP status that the library has told of, if it has told any; ``told`` holds its words."""
        told = response.headers.get("told", "")
        if "guessed" not in response.headers:
            found = http_status.classify(response)
            return Outcome(found.verdict, f"HTTP {response.status} (Apprise)", wait_s=found.wait_s)
        return Outcome(Verdict.RETRY, f"Apprise: {told or 'not sent'}"[:200], ambiguous=True)


def _part(alert: Alert, style: Style) -> dict[str, JSON]:
    told = content.describe(alert, style)
    trace = alert.stack_trace if style.include_stack_traces else ""
    when = f"{moment(alert.last_seen):%Y-%m-%d %H:%M:%S} UTC"
    return {
        "heading": told.heading,
        "note": told.note,
        "message": told.message,
        "facts": [[fact.name, fact.value] for fact in told.facts],
        "trace": content.cleaned(cut_middle(trace, TRACE, style.say), TRACE, style=style).strip("\n"),
        "foot": " · ".join(filter(None, (content.level(alert.level, style), when, told.origin))),
        "link": style.link(alert),
        "words": style.say("Open · acknowledge · silence"),
    }
