"""A server that behaves like PagerDuty's Events API v2: it keeps an alert for each deduplication key.

https://developer.pagerduty.com/docs/events-api-v2-overview
"""

from __future__ import annotations

import re
from typing import Any, ClassVar
from urllib.parse import quote

from webhook_alerts.testing.fake_pagerduty_rules import EVENT_BYTES, faults
from webhook_alerts.testing.standin import Answer, Entry, Service

_FILL = "Z"
_STATUS = {"trigger": "triggered", "acknowledge": "acknowledged", "resolve": "resolved"}


class FakePagerDuty(Service):
    """A context manager: ``with FakePagerDuty() as pagerduty: ... pagerduty.url("errors")``."""

    name: ClassVar[str] = "pagerduty"
    route: ClassVar[re.Pattern[str]] = re.compile(r"/v2/enqueue")
    usual_limits: ClassVar[tuple[tuple[int, float], ...]] = ((120, 60.0),)
    """https://developer.pagerduty.com/docs/events-api-rate-limits."""

    def path(self, name: str) -> str:
        """The key begins with the *name*, whose signs are written by their numbers, and is filled up."""
        word = "".join(sign if sign.isalnum() and sign != _FILL else f"{_FILL}{ord(sign):02x}" for sign in name)
        return f"/v2/enqueue?routing_key={quote(word.ljust(32, _FILL))}"

    def webhook(self, match: re.Match[str]) -> str:  # noqa: ARG002 - every key has the same path
        """Unknown before the body is read."""
        return ""

    def answer(self, entry: Entry, match: re.Match[str]) -> Answer:
        """As that of any service, to the webhook whose key the body holds."""
        key = entry.body.get("routing_key") if isinstance(entry.body, dict) else ""
        word = key.rstrip(_FILL) if isinstance(key, str) else ""
        entry.webhook = re.sub(rf"{_FILL}([0-9a-f]{{2}})", lambda found: chr(int(found[1], 16)), word)
        return super().answer(entry, match)

    def unknown(self) -> Answer:
        """The integration was removed."""
        return _invalid(["Invalid routing key"])

    def respond(self, entry: Entry, match: re.Match[str]) -> Answer:  # noqa: ARG002 - the body says all
        """What PagerDuty would say to *entry*."""
        if entry.method != "POST":
            return Answer(404, body={"status": "not found"})
        if len(entry.raw) > EVENT_BYTES:
            return Answer(413, body={"status": "invalid event", "message": "Event exceeds 512 KB"})
        if found := faults(entry.body):
            return _invalid(found)
        if self.limited(entry.webhook).wait_s > 0:
            return Answer(429, body={"status": "throttled", "message": "Request Limit Exceeded"})
        self._apply(entry, entry.body)
        answer = {"status": "success", "message": "Event processed", "dedup_key": entry.body.get("dedup_key", "none")}
        return Answer(202, body=answer)

    def _apply(self, entry: Entry, event: dict[str, Any]) -> None:
        """Open an alert, or change the one that is open; what is not open is neither acknowledged nor resolved."""
        action, key = event["event_action"], event.get("dedup_key")
        still_open = [each for each in self.messages(entry.webhook) if each["status"] != "resolved"]
        alert = next((each for each in still_open if each["dedup_key"] == key), None)
        if alert is not None:
            if not (action == "trigger" and alert["status"] == "acknowledged"):
                alert["status"] = _STATUS[action]
            alert["log"].append(action)
        elif action == "trigger":
            shown = {name: value for name, value in event.items() if name not in {"routing_key", "event_action"}}
            self.keep(entry, {"dedup_key": key, **shown, "status": "triggered", "log": ["trigger"]})


def _invalid(errors: list[str]) -> Answer:
    return Answer(400, body={"status": "invalid event", "message": "Event object is invalid", "errors": errors})
