"""PagerDuty's Events API v2: an incident is triggered, acknowledged and resolved by its deduplication key.

https://developer.pagerduty.com/docs/events-api-v2-overview and /docs/send-alert-event (read 2026-11-21).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from webhook_alerts.alert import JSON, Alert, Level
from webhook_alerts.channels import alert_data, content, http_status
from webhook_alerts.channels.base import (
    Access,
    Channel,
    File,
    Outcome,
    Payload,
    Request,
    Response,
    Style,
    Verdict,
    Window,
)
from webhook_alerts.channels.bounded import moment, word
from webhook_alerts.channels.text import clean, cut_end

SUMMARY = 1024
"""Characters; the whole event may have 512 KB, of which an alert's data takes 20 kB at most."""
CLIENT = "webhook_alerts"

_HOST = re.compile(r"events(\.eu)?\.pagerduty\.com")
_PATH = "/v2/enqueue"
_KEY = re.compile(r"[A-Za-z0-9]{32}", re.ASCII)
_SEVERITY: Mapping[Level, str] = {
    Level.DEBUG: "info",
    Level.INFO: "info",
    Level.WARNING: "warning",
    Level.ERROR: "error",
    Level.CRITICAL: "critical",
}
_ACTION: Mapping[str, str] = {"open": "trigger", "acknowledged": "acknowledge", "resolved": "resolve"}
_PLACE = 255
"""Characters of what is shown of where it comes from."""
_WRONG_KEY = re.compile("routing[ _]key", re.IGNORECASE)
_WITHOUT_HINT_S = 30.0
"""https://developer.pagerduty.com/docs/events-api-rate-limits: "each request being 30 seconds apart"."""


class PagerDuty(Channel):
    """One alert to an event. What becomes of its incident here is told by another event of the same key."""

    name: ClassVar[str] = "pagerduty"
    provider: ClassVar[str] = "pagerduty"
    default_rate: ClassVar[tuple[Window, ...]] = (Window(120, 60.0),)
    """About 120 calls in any minute and integration key."""
    max_alerts: ClassVar[int] = 1
    preview: ClassVar[str] = "webhook_alerts.drawing.pagerduty.draw"
    supports_edit: ClassVar[bool] = True
    names_messages: ClassVar[bool] = False
    sums_up: ClassVar[bool] = False

    def recognises(self, url: str) -> bool:
        """An address of the events API, also one that lacks its key: ``endpoint`` then says so."""
        return _HOST.fullmatch(urlsplit(url).hostname or "") is not None

    def endpoint(self, url: str) -> str:
        """The address with its key. A host that is not PagerDuty's, such as a proxy or a stand-in, is kept."""
        parts = urlsplit(url)
        keys = parse_qs(parts.query).get("routing_key", [""])
        if parts.path.rstrip("/") != _PATH or not _KEY.fullmatch(keys[0]):
            raise ValueError(
                f"write {_PATH}?routing_key=… after the host, with the integration key (32 letters and digits) of an "
                "Events API v2 integration"
            )
        host = parts.hostname or ""
        origin = f"https://{host}" if _HOST.fullmatch(host) else f"{parts.scheme}://{parts.netloc}"
        return f"{origin}{_PATH}?routing_key={keys[0]}"

    def request(self, access: Access, body: dict[str, JSON], files: Sequence[File], at: int) -> Request:  # noqa: ARG002
        """The event with its key. What is told for the first time is triggered, though somebody deals with it already.

        Else an event that is told again because it has become graver would call nobody.
        """
        if body["event_action"] == "acknowledge":
            body = {**body, "event_action": "trigger"}
        return self._event(access, body)

    def edit(self, access: Access, message_id: str, body: dict[str, JSON]) -> Request:  # noqa: ARG002 - it has none
        """What the incident has become."""
        return self._event(access, body)

    def render(self, alerts: Sequence[Alert], style: Style) -> Payload:
        """The first of *alerts*, with all that is known of it in its details."""
        alert = alerts[0]
        body: dict[str, JSON] = {
            "event_action": _ACTION[content.standing(alert)],
            "dedup_key": content.key(alert),
            "client": CLIENT,
            "payload": {
                "summary": _summary(alert, style),
                "source": word(alert.host, _PLACE) or word(alert.service, _PLACE) or CLIENT,
                "severity": _SEVERITY[alert.level],
                "timestamp": moment(alert.last_seen),
                "component": word(alert.logger, _PLACE),
                "group": word(" ".join(filter(None, (alert.service, alert.environment))), _PLACE),
                "class": word(alert.exception_type, _PLACE) or alert.kind.value,
                "custom_details": {key: value for key, value in alert_data.tell(alert, style).items() if value},
            },
        }
        if link := style.link(alert):
            body |= {"client_url": link, "links": [{"href": link, "text": style.say("Open · acknowledge · silence")}]}
        return Payload(body, 1)

    def classify(self, response: Response) -> Outcome:
        """https://developer.pagerduty.com/docs/events-api-v2-overview#response-codes--retry-logic.

        A key that is not known, or of another kind of integration, is refused with 400, and will always be.
        """
        said = http_status.json_object(response.body)
        reason = _words(response.status, said)
        found = http_status.classify(response)
        if response.status == 429 and "retry-after" not in response.headers:
            return Outcome(Verdict.WAIT, reason, wait_s=_WITHOUT_HINT_S)
        if response.status == 400 and _WRONG_KEY.search(str(said.get("errors"))):
            return Outcome(Verdict.GONE, reason)
        if found.verdict is Verdict.DELIVERED and response.status != 202 and said.get("status") != "success":
            # A proxy's page: nothing says that the event was taken.
            return Outcome(Verdict.RETRY, f"{reason}: not PagerDuty's answer")
        return replace(found, reason=reason)

    def _event(self, access: Access, body: dict[str, JSON]) -> Request:
        if body["event_action"] != "trigger":
            body = {name: body[name] for name in ("event_action", "dedup_key")}
        url, _, query = self.endpoint(access.url).partition("?")
        return Request(url, {**body, "routing_key": query.partition("=")[2]}, headers=access.headers)


def _summary(alert: Alert, style: Style) -> str:
    """What is shown in lists and read out on the telephone, so without a sign."""
    times = f" {content.times(alert, style)}".rstrip()
    return cut_end(content.line(alert, style), SUMMARY - len(times)) + times


def _words(status: int, said: Mapping[str, Any]) -> str:
    """PagerDuty's own words: its message, and the first of what it finds wrong."""
    if 200 <= status < 300:
        return f"HTTP {status}"
    errors = said.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else ""
    parts = (f"HTTP {status}", *(each for each in (said.get("message"), first) if isinstance(each, str) and each))
    return cut_end(" ".join(clean(": ".join(parts)).split()), 255)
