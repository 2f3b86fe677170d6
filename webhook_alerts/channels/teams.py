"""Microsoft Teams, by the webhooks of its Workflows.

A workflow takes a message, says 202, and posts the card afterwards; whether it could, the sender is never told. What
is sent is therefore far within every limit. Sources (read 2026-11-20):
https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using and
https://learn.microsoft.com/connectors/teams.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from webhook_alerts.alert import JSON, Alert, Level
from webhook_alerts.channels import content, http_status, teams_cards, teams_lines
from webhook_alerts.channels.base import Channel, Outcome, Payload, Response, Style, Verdict, Window

MOST_IN_FULL = 10

_WORKFLOW = re.compile(
    r"(?:/powerautomate/automations/direct(?:/cu/\d+)?)?/workflows/[0-9a-f]{32}/triggers/[^/]+/paths/invoke/?",
    re.ASCII | re.IGNORECASE,
)
_HOST = re.compile(r"[a-z0-9.-]+\.(?:logic\.azure|environment\.api\.powerplatform)\.com")
_RETIRED_HOST = re.compile(r"(?:[a-z0-9-]+\.)?webhook\.office\.com")
_OUTLOOK = re.compile(r"outlook\.office(?:365)?\.com")
_PERSON = re.compile(
    r"(?:(?P<name>[^<>@\n]{1,80}?) *<)?"
    r"(?P<id>[\w.%+'-]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,24}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"
    r"(?(name)>)",
    re.ASCII,
)
"""Teams calls people, by their user principal name or their object id, if need be after the name to show."""

_GONE = frozenset({
    "DirectApiRequestHasMoreThanOneAuthorization", "TriggerInputSchemaMismatch", "WorkflowNotFound",
    "WorkflowTriggerIsNotEnabled",
})  # fmt: skip
"""What a workflow says to any alert, for they all have one shape: it is off, gone, or takes something else."""
_CODE = re.compile(r"\w{1,80}", re.ASCII)
_TOLD = re.compile(rb"returned HTTP error (\d{3})")
"""How a 200 tells what went wrong further on; msteams-docs issue 1810."""


class Teams(Channel):
    """Adaptive Cards, up to ten alerts to a card, or lines where many wait."""

    name: ClassVar[str] = "teams"
    provider: ClassVar[str] = "teams"
    default_rate: ClassVar[tuple[Window, ...]] = (Window(4, 1.0), Window(25, 300.0))
    """25 posts in 300 s is what the Flow bot may do, https://learn.microsoft.com/connectors/teams (throttling limits);
    four a second was the limit of the connectors before it."""
    max_alerts: ClassVar[int] = teams_lines.MOST
    preview: ClassVar[str] = "webhook_alerts.drawing.teams.draw"

    def recognises(self, url: str) -> bool:
        """A workflow that is started by HTTP, wherever it runs, and the retired connectors: ``endpoint`` says so."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme == "https" and _WORKFLOW.fullmatch(parts.path):
            return True
        return _HOST.fullmatch(host) is not None or _is_retired(host, parts.path)

    def endpoint(self, url: str) -> str:
        """The address itself; its query holds the signature."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        if _is_retired(host, parts.path):
            raise ValueError(
                "the Office 365 connectors of Teams were retired in May 2026 and post nothing any more; make a webhook "
                "of the Workflows app (in the channel's menu: Workflows, then the template that sends webhook alerts "
                "to a channel) and use its URL"
            )
        if not _WORKFLOW.fullmatch(parts.path):
            raise ValueError("the URL of a Teams workflow has /workflows/<id>/triggers/manual/paths/invoke in its path")
        query = parse_qs(parts.query)
        if "sig" not in query:
            raise ValueError(
                "the URL has no signature (sig=…): let the workflow's trigger be started by anyone, then copy the URL "
                "again; one that only people of the organisation may start takes no webhook"
            )
        if "api-version" not in query:
            raise ValueError("the URL has no api-version=…, without which the workflow takes nothing")
        origin = f"https://{host}" if _HOST.fullmatch(host) else f"{parts.scheme}://{parts.netloc}"
        return f"{origin}{parts.path}?{parts.query}"

    def render(self, alerts: Sequence[Alert], style: Style) -> Payload:
        """One card: alerts in full, or lines where many wait; what is critical or has an own template is in full."""
        if not style.use_embeds:
            body, count = teams_lines.plain(alerts[:MOST_IN_FULL], style)
        elif len(alerts) >= teams_lines.FROM and alerts[0].level < Level.CRITICAL and not style.templates:
            body, count = teams_lines.draw(alerts, style)
        else:
            body, count = _in_full(alerts[:MOST_IN_FULL], style)
        shown: dict[str, JSON] = {"width": "Full"}
        person = _PERSON.fullmatch(style.mention.strip())
        if person and content.calls(alerts[:count]):
            name = person["name"] or person["id"]
            body.insert(0, teams_cards.mention(name))
            shown["entities"] = [teams_cards.mentioned(name, person["id"])]
        card = {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.5",
            "msteams": shown,
            "body": body,
        }
        content_type = "application/vnd.microsoft.card.adaptive"
        attachment = {"contentType": content_type, "contentUrl": None, "content": card}
        return Payload({"type": "message", "attachments": [attachment]}, count)

    def classify(self, response: Response) -> Outcome:
        """The workflow's code, then the status; a 2xx that speaks of an error is none.

        The codes are not documented as a list; they are those that Azure Logic Apps answer with.
        """
        code = _code(response.body)
        reason = f"HTTP {response.status}: {code}" if code else f"HTTP {response.status}"
        if code in _GONE and response.status != 429:
            return Outcome(Verdict.GONE, reason)
        if 200 <= response.status < 300:
            return _accepted(response, reason)
        found = http_status.classify(response)
        return Outcome(found.verdict, reason, wait_s=found.wait_s)


def _is_retired(host: str, path: str) -> bool:
    return _RETIRED_HOST.fullmatch(host) is not None or (
        _OUTLOOK.fullmatch(host) is not None and path.startswith("/webhook")
    )


def _in_full(alerts: Sequence[Alert], style: Style) -> tuple[list[dict[str, Any]], int]:
    """The elements of as many of *alerts*, from the front, as fit, and how many."""
    share = max(teams_cards.SHARE, teams_cards.ROOM // len(alerts))
    body: list[dict[str, Any]] = []
    left = teams_cards.ROOM
    for count, alert in enumerate(alerts):
        drawn = teams_cards.draw(alert, style, share)
        left -= teams_cards.weight(drawn)
        if body and left < 0:
            return body, count
        body += drawn
    return body, len(alerts)


def _accepted(response: Response, reason: str) -> Outcome:
    """What a 2xx means: nothing, the connectors' ``1`` or what a workflow's author lets it answer says yes."""
    if told := _TOLD.search(response.body):
        inner = http_status.classify(Response(int(told[1]), response.headers, b""))
        verdict = Verdict.RETRY if inner.verdict is Verdict.DELIVERED else inner.verdict
        return Outcome(verdict, f"{reason}: behind it HTTP {told[1].decode()}", wait_s=inner.wait_s)
    said = http_status.json_object(response.body)
    body = response.body.lstrip().lower()
    if said.get("error") or body.startswith(b"<") or (not said and b"error" in body):
        # A failure, or a proxy's page: nothing says that the workflow has taken it.
        return Outcome(Verdict.RETRY, f"{reason}: not a workflow's yes")
    return Outcome(Verdict.DELIVERED, reason)


def _code(body: bytes) -> str:
    """The code of the error that *body* tells; empty where it tells none."""
    error = http_status.json_object(body).get("error")
    code = error.get("code") if isinstance(error, Mapping) else error
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""
