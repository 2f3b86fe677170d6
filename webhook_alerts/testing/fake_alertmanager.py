"""A receiver of Alertmanager's webhooks: it keeps one alert for each fingerprint, firing or resolved.

https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
"""

from __future__ import annotations

import math
import re
from typing import Any, ClassVar

from webhook_alerts.testing.fake_alertmanager_rules import fault
from webhook_alerts.testing.standin import Answer, Entry, Service


class FakeAlertmanager(Service):
    """A context manager: ``with FakeAlertmanager() as receiver: ... receiver.url("errors")``."""

    name: ClassVar[str] = "alertmanager"
    route: ClassVar[re.Pattern[str]] = re.compile(r"/alertmanager/(?P<name>[\w-]{1,64})")

    def path(self, name: str) -> str:
        """The name itself."""
        return f"/alertmanager/{name}"

    def webhook(self, match: re.Match[str]) -> str:
        """The name."""
        return match["name"]

    def unknown(self) -> Answer:
        """There is no such receiver."""
        return _said(404, "not found")

    def respond(self, entry: Entry, match: re.Match[str]) -> Answer:  # noqa: ARG002 - the name says all
        """What such a receiver would say to *entry*."""
        if entry.method != "POST":
            return _said(405, "method not allowed")
        places = self.limited(entry.webhook)
        if places.wait_s > 0:
            return Answer(429, {"Retry-After": str(math.ceil(places.wait_s))}, "slow down")
        if why := fault(entry.body):
            return _said(400, why)
        for alert in entry.body["alerts"]:
            self._show(entry, alert)
        return Answer(200, body={})

    def _show(self, entry: Entry, alert: dict[str, Any]) -> None:
        """An alert that stands there changes, another is added."""
        for message in self.messages(entry.webhook):
            if message["fingerprint"] == alert["fingerprint"]:
                message.update(alert)
                return
        self.keep(entry, alert)


def _said(status: int, why: str) -> Answer:
    return Answer(status, {"Content-Type": "text/plain; charset=utf-8"}, why)
