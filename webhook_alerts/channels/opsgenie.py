"""Opsgenie, and what it has become: the operations of Jira Service Management, which take the same requests.

https://docs.opsgenie.com/docs/alert-api and /docs/response; https://developer.atlassian.com/cloud/jira/service-desk-ops/
rest/v2/api-group-integration-events (read 2026-11-21). That the latter takes an alias, too, stands in
https://jira.atlassian.com/browse/JSDCLOUD-14179. Opsgenie is no longer sold since 4 June 2025 and ends on 5 April 2027.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar
from urllib.parse import parse_qs, quote, urlsplit

from webhook_alerts.alert import JSON, Alert, Level
from webhook_alerts.channels import content, http_status, retry_after
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
from webhook_alerts.channels.bounded import word
from webhook_alerts.channels.text import clean, cut_end

MESSAGE, DESCRIPTION, DETAILS, NOTE = 130, 15_000, 8_000, 2_000
ENTITY, SOURCE, TAG = 512, 100, 50
"""Characters; https://support.atlassian.com/opsgenie/docs/alert-fields. A note may have 25,000, and needs few."""
ACTION = "action"
"""The key of a body that says what is to be done; it is taken out before the body is sent."""

_OPSGENIE = re.compile(r"api(\.eu)?\.opsgenie\.com")
_JIRA = "api.atlassian.com"
_PATH = re.compile(r"(?P<jira>/jsm/ops/integration)?/v2/alerts/?")
_KEY = re.compile(r"[A-Za-z0-9_-]{16,128}", re.ASCII)
_PRIORITY: Mapping[Level, str] = {
    Level.DEBUG: "P5",
    Level.INFO: "P5",
    Level.WARNING: "P3",
    Level.ERROR: "P2",
    Level.CRITICAL: "P1",
}
_ACTION: Mapping[str, str] = {"open": "create", "acknowledged": "acknowledge", "resolved": "close"}
_TAG_BEGINS = re.compile(r"<(?=[a-zA-Z/!?])")
_ZERO_WIDTH_SPACE = "\u200b"
_SURE_OF_TRACE = 10_000
"""A message leaves a trace so many characters of the description."""


class Opsgenie(Channel):
    """One alert to a request. What becomes of its incident here is told by its alias."""

    name: ClassVar[str] = "opsgenie"
    provider: ClassVar[str] = "opsgenie"
    default_rate: ClassVar[tuple[Window, ...]] = (Window(60, 60.0),)
    """Ours: what an account may send depends on its plan and its users. https://docs.opsgenie.com/docs/api-rate-limiting."""
    max_alerts: ClassVar[int] = 1
    preview: ClassVar[str] = "webhook_alerts.drawing.opsgenie.draw"
    supports_edit: ClassVar[bool] = True
    names_messages: ClassVar[bool] = False
    sums_up: ClassVar[bool] = False

    def recognises(self, url: str) -> bool:
        """An address of either API, also one that lacks its key: ``endpoint`` then says so."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        return _OPSGENIE.fullmatch(host) is not None or (host == _JIRA and parts.path.startswith("/jsm/ops/"))

    def endpoint(self, url: str) -> str:
        """The address with its key. A host that is of neither, such as a proxy or a stand-in, is kept."""
        parts = urlsplit(url)
        match = _PATH.fullmatch(parts.path)
        keys = parse_qs(parts.query).get("apiKey", [""])
        if match is None or not _KEY.fullmatch(keys[0]):
            raise ValueError(
                "write /v2/alerts?apiKey=… after Opsgenie's host, or /jsm/ops/integration/v2/alerts?apiKey=… after "
                "api.atlassian.com, with the key of an API integration"
            )
        host = parts.hostname or ""
        is_theirs = host == _JIRA or _OPSGENIE.fullmatch(host)
        origin = f"https://{host}" if is_theirs else f"{parts.scheme}://{parts.netloc}"
        return f"{origin}{match['jira'] or ''}/v2/alerts?apiKey={keys[0]}"

    def request(self, access: Access, body: dict[str, JSON], files: Sequence[File], at: int) -> Request:  # noqa: ARG002
        """The alert, its key in a header. What is told for the first time is created, though somebody deals with it.

        Else an alert that is told again because it has become graver would call nobody.
        """
        action = str(body[ACTION])
        return self._ask(access, "create" if action == "acknowledge" else action, body)

    def edit(self, access: Access, message_id: str, body: dict[str, JSON]) -> Request:  # noqa: ARG002 - it has none
        """What the incident has become."""
        return self._ask(access, str(body[ACTION]), body)

    def render(self, alerts: Sequence[Alert], style: Style) -> Payload:
        """The first of *alerts*: its message in a line, all of it in the description, its facts as details."""
        alert = alerts[0]
        told = content.describe(alert, style)
        body: dict[str, JSON] = {
            ACTION: _ACTION[content.standing(alert)],
            "alias": defuse(content.key(alert)),
            "message": _message(alert, style),
            "description": _description(alert, style),
            "details": _details(told.facts, style),
            "tags": _tags(alert),
            "entity": word(defuse(alert.service or alert.logger), ENTITY),
            "source": word(defuse(alert.host), SOURCE) or "webhook_alerts",
            "priority": _PRIORITY[alert.level],
            "note": _within(told.note, NOTE, style),
        }
        return Payload(body, 1)

    def classify(self, response: Response) -> Outcome:
        """https://docs.opsgenie.com/docs/response. 402 is an account whose plan has no alerts by an API."""
        reason = _words(response)
        found = http_status.classify(response)
        if response.status == 402:
            return Outcome(Verdict.GONE, reason)
        if found.verdict is Verdict.WAIT and "retry-after" not in response.headers:
            period = retry_after.number(response.headers, "x-ratelimit-period-in-sec")
            return Outcome(Verdict.WAIT, reason, wait_s=period or found.wait_s)
        is_theirs = response.status == 202 or "requestId" in http_status.json_object(response.body)
        if found.verdict is Verdict.DELIVERED and not is_theirs:
            # A proxy's page: nothing says that the alert was taken.
            return Outcome(Verdict.RETRY, f"{reason}: not Opsgenie's answer")
        return replace(found, reason=reason)

    def _ask(self, access: Access, action: str, body: Mapping[str, JSON]) -> Request:
        url, _, query = self.endpoint(access.url).partition("?")
        others = {name: value for name, value in access.headers.items() if name.lower() != "authorization"}
        headers = {**others, "Authorization": f"GenieKey {query.partition('=')[2]}"}
        if action == "create":
            told = {name: value for name, value in body.items() if value and name != ACTION}
        else:
            url = f"{url}/{quote(str(body['alias']), safe='')}/{action}?identifierType=alias"
            told = {name: body[name] for name in ("source", "note") if body[name]}
        return Request(url, told, headers=headers)


def defuse(text: str) -> str:
    """*text* in which nothing is an HTML tag, which the pages of both services would draw: ``<module>`` stays read.

    It is cleaned before: what is not seen might part a tag's sign from its name.
    """
    return _TAG_BEGINS.sub(f"<{_ZERO_WIDTH_SPACE}", clean(text))


def _within(text: str, most: int, style: Style) -> str:
    """*text* cleaned, defused and cut in its middle."""
    return defuse(content.cleaned(text, most, _defused, style))


def _defused(text: str) -> int:
    return len(defuse(text))


def _message(alert: Alert, style: Style) -> str:
    """One line, which is read out on the telephone, so without a sign."""
    times = f" {content.times(alert, style)}".rstrip()
    return cut_end(defuse(content.line(alert, style)), MESSAGE - len(times)) + times


def _description(alert: Alert, style: Style) -> str:
    """Where it is dealt with, the message and the trace."""
    link = style.link(alert)
    head = f"{link}\n\n" if link else ""
    room = DESCRIPTION - len(head)
    trace = alert.stack_trace if style.include_stack_traces else ""
    message = _within(content.paragraph(alert, style), room - _SURE_OF_TRACE if trace else room, style)
    if not trace:
        return head + message
    return f"{head}{message}\n\n{_within(trace, room - len(message) - 2, style)}"


def _details(facts: Sequence[content.Fact], style: Style) -> dict[str, str]:
    """All of *facts*; where they are too long, each has the same share of the room."""
    is_short = sum(_defused(fact.name) + _defused(fact.value) + 1 for fact in facts) <= DETAILS
    kept: dict[str, str] = {}
    for fact in facts:
        name = defuse(fact.name)
        while name in kept:
            name += "′"
        kept[name] = defuse(fact.value) if is_short else _within(fact.value, DETAILS // len(facts) - len(name), style)
    return kept


def _tags(alert: Alert) -> list[str]:
    """What one may filter by."""
    found = (alert.level.name.lower(), alert.kind.value, alert.environment, alert.service)
    return list(dict.fromkeys(tag for each in found if (tag := word(defuse(each), TAG))))


def _words(response: Response) -> str:
    """Opsgenie's own words."""
    said = http_status.json_object(response.body).get("message")
    parts = (f"HTTP {response.status}", said if isinstance(said, str) and response.status >= 300 else "")
    return cut_end(" ".join(clean(": ".join(filter(None, parts))).split()), 255)
