"""A server that behaves like Opsgenie's alert API, and like that of Jira Service Management: one alert for each alias.

https://docs.opsgenie.com/docs/alert-api
"""

from __future__ import annotations

import re
from typing import Any, ClassVar
from urllib.parse import unquote

from webhook_alerts.testing.fake_opsgenie_rules import faults
from webhook_alerts.testing.standin import Answer, Entry, Service

_FILL = "Z"
_STATUS = {"acknowledge": "acknowledged", "close": "closed"}


class FakeOpsgenie(Service):
    """A context manager: ``with FakeOpsgenie() as opsgenie: ... opsgenie.url("errors")``."""

    name: ClassVar[str] = "opsgenie"
    route: ClassVar[re.Pattern[str]] = re.compile(
        r"(?:/jsm/ops/integration)?/v2/alerts(?:/(?P<alias>[^/]+)/(?P<action>close|acknowledge))?"
    )
    usual_limits: ClassVar[tuple[tuple[int, float], ...]] = ((60, 60.0),)
    """No number is documented: https://docs.opsgenie.com/docs/api-rate-limiting."""

    def path(self, name: str) -> str:
        """The key begins with the *name*, whose signs are written by their numbers, and is filled up."""
        word = "".join(sign if sign.isalnum() and sign != _FILL else f"{_FILL}{ord(sign):02x}" for sign in name)
        return f"/v2/alerts?apiKey={word.ljust(36, _FILL)}"

    def webhook(self, match: re.Match[str]) -> str:  # noqa: ARG002 - every key has the same path
        """Unknown before the headers are read."""
        return ""

    def answer(self, entry: Entry, match: re.Match[str]) -> Answer:
        """As that of any service, to the webhook whose key the header holds."""
        word = entry.headers.get("authorization", "").removeprefix("GenieKey ").rstrip(_FILL)
        entry.webhook = re.sub(rf"{_FILL}([0-9a-f]{{2}})", lambda found: chr(int(found[1], 16)), word)
        return super().answer(entry, match)

    def unknown(self) -> Answer:
        """The integration was removed."""
        return _said(401, "Could not authenticate")

    def respond(self, entry: Entry, match: re.Match[str]) -> Answer:
        """What Opsgenie would say to *entry*."""
        if not re.fullmatch(r"GenieKey [\w-]{16,}", entry.headers.get("authorization", "")) or "apiKey" in entry.query:
            return self.unknown()
        if entry.method != "POST":
            return _said(405, "Method not allowed")
        action = match["action"] or "create"
        if action != "create" and entry.query.get("identifierType") != "alias":
            return _said(422, "Alert identifier is not valid")
        if found := faults(entry.body, action):
            return _said(422, found[0])
        if self.limited(entry.webhook).wait_s > 0:
            headers = {"X-RateLimit-State": "THROTTLED", "X-RateLimit-Period-In-Sec": "60"}
            return Answer(429, headers, {"message": "You are making too many requests!"})
        self._apply(entry, action, unquote(match["alias"] or ""))
        answer = {"result": "Request will be processed", "took": 0.01, "requestId": str(len(self.ledger))}
        return Answer(202, body=answer)

    def _apply(self, entry: Entry, action: str, alias: str) -> None:
        """Open an alert, count on the one that is open, or change it; nobody is told that there is none."""
        body: dict[str, Any] = entry.body
        wanted = body.get("alias") if action == "create" else alias
        still_open = [each for each in self.messages(entry.webhook) if each["status"] != "closed"]
        alert = next((each for each in still_open if each["alias"] == wanted), None)
        if alert is None:
            if action == "create":
                self.keep(entry, {"alias": wanted, **body, "status": "open", "count": 1, "log": ["create"]})
            return
        alert["log"].append(action if action == "create" or not body.get("note") else f"{action}: {body['note']}")
        if action == "create":
            alert["count"] += 1
        else:
            alert["status"] = _STATUS[action]


def _said(status: int, message: str) -> Answer:
    return Answer(status, body={"message": message, "took": 0.01, "requestId": "0"})
