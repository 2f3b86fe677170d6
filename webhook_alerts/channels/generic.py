"""Any endpoint that takes JSON: the alerts as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar
from urllib.parse import urlsplit

from webhook_alerts.alert import Alert
from webhook_alerts.channels import http_status
from webhook_alerts.channels.base import Channel, Outcome, Payload, Response, Style, Window


class Generic(Channel):
    """POSTs ``{"alerts": [...]}``; the keys are those of ``webhook_alerts.alert.Alert``."""

    name: ClassVar[str] = "webhook"
    provider: ClassVar[str] = ""
    default_rate: ClassVar[tuple[Window, ...]] = ()
    max_alerts: ClassVar[int] = 100

    def recognises(self, url: str) -> bool:  # noqa: ARG002
        """Never: it is the answer where no other channel recognises the URL."""
        return False

    def endpoint(self, url: str) -> str:
        """The URL as it is."""
        if not urlsplit(url).hostname:
            raise ValueError("the URL has no host")
        return url

    def render(self, alerts: Sequence[Alert], style: Style) -> Payload:
        """All alerts, their texts within ``style.max_message_length`` characters only where they are traces."""
        taken = alerts[: self.max_alerts]
        data = [alert.to_dict() for alert in taken]
        if not style.include_stack_traces:
            for item in data:
                item.pop("stack_trace", None)
        return Payload({"alerts": data}, len(taken))

    def classify(self, response: Response) -> Outcome:
        """By the HTTP status."""
        return http_status.classify(response)
