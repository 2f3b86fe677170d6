"""Any endpoint that takes JSON: alerts in a schema of our own, signed as Standard Webhooks 1.0.0 has it.

The schema is ``docs/webhook-1.schema.json``. https://github.com/standard-webhooks/standard-webhooks/
blob/main/spec/standard-webhooks.md (read 2026-11-20).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import ClassVar
from urllib.parse import urlsplit

from webhook_alerts.alert import JSON, Alert
from webhook_alerts.channels import alert_data, http_status, signing
from webhook_alerts.channels.base import Access, Channel, File, Outcome, Payload, Request, Response, Style, Window
from webhook_alerts.channels.bounded import moment

VERSION = 1
CREATED, UPDATED = "alert.created", "alert.updated"
MOST = 50
"""In one request, which thereby is within the megabyte that servers commonly take."""


class Generic(Channel):
    """POSTs ``{"type": …, "timestamp": …, "data": {"version": 1, "alerts": […]}}``.

    What has become of an alert is told by another request, of the type ``alert.updated``, with the same ids.
    """

    name: ClassVar[str] = "webhook"
    provider: ClassVar[str] = ""
    default_rate: ClassVar[tuple[Window, ...]] = ()
    max_alerts: ClassVar[int] = MOST
    supports_edit: ClassVar[bool] = True
    names_messages: ClassVar[bool] = False
    sums_up: ClassVar[bool] = False

    def recognises(self, url: str) -> bool:  # noqa: ARG002
        """Never: it is the answer where no other channel recognises the URL."""
        return False

    def endpoint(self, url: str) -> str:
        """The URL as it is."""
        if not urlsplit(url).hostname:
            raise ValueError("the URL has no host")
        return url

    def request(self, access: Access, body: dict[str, JSON], files: Sequence[File], at: int) -> Request:
        """With an id by which a receiver drops doubles, and signed where there is a key."""
        return signing.identified(super().request(access, body, files, at), access.keys, at)

    def edit(self, access: Access, message_id: str, body: dict[str, JSON]) -> Request:  # noqa: ARG002 - it has none
        """The same alerts as they are now."""
        return self.request(access, {**body, "type": UPDATED}, (), int(time.time()))

    def render(self, alerts: Sequence[Alert], style: Style) -> Payload:
        """Every alert as the schema says, each within ``alert_data.ALERT`` bytes with a mark of what is gone."""
        taken = alerts[: self.max_alerts]
        newest = max(max(alert.last_seen, alert.state_since) for alert in taken)
        told: dict[str, JSON] = {"version": VERSION, "alerts": [alert_data.tell(alert, style) for alert in taken]}
        return Payload({"type": CREATED, "timestamp": moment(newest), "data": told}, len(taken))

    def classify(self, response: Response) -> Outcome:
        """By the HTTP status."""
        return http_status.classify(response)
