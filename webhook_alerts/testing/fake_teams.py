"""A server that behaves like the webhooks of Teams' Workflows: it says 202, and posts, or fails to, afterwards.

https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
"""

from __future__ import annotations

import hashlib
import math
import re
from typing import Any, ClassVar
from urllib.parse import urlencode

from webhook_alerts.testing.fake_teams_rules import faults
from webhook_alerts.testing.standin import Answer, Entry, Service

_SIGNATURE = "stand-in-signature-of-forty-three-characters"


class FakeTeams(Service):
    """A context manager: ``with FakeTeams() as teams: ... teams.url("errors")``.

    ``failed`` tells of each run of a workflow that could not post what its trigger had taken with 202: the webhook and
    everything that was wrong. The sender is told nothing of it, as in Teams.
    """

    name: ClassVar[str] = "teams"
    route: ClassVar[re.Pattern[str]] = re.compile(
        r"/workflows/(?P<id>[0-9a-f]{32})/triggers/(?P<name>[A-Za-z0-9_-]+)/paths/invoke/?"
    )
    usual_limits: ClassVar[tuple[tuple[int, float], ...]] = ((25, 300.0),)
    """Posts of the Flow bot; https://learn.microsoft.com/connectors/teams."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.failed: list[tuple[str, list[str]]] = []

    def path(self, name: str) -> str:
        """The trigger, which Teams calls manual, has the *name*."""
        query = {"api-version": "2016-06-01", "sp": "/triggers/manual/run", "sv": "1.0", "sig": _SIGNATURE}
        workflow = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
        return f"/workflows/{workflow}/triggers/{name}/paths/invoke?{urlencode(query)}"

    def webhook(self, match: re.Match[str]) -> str:
        """What the trigger is called."""
        return match["name"]

    def unknown(self) -> Answer:
        """The workflow was deleted."""
        return _error(404, "WorkflowNotFound", "The workflow could not be found.")

    def respond(self, entry: Entry, match: re.Match[str]) -> Answer:  # noqa: ARG002 - the name says all
        """What the trigger would say to *entry*."""
        if refused := _at_the_door(entry):
            return refused
        places = self.limited(entry.webhook)
        if places.wait_s > 0:
            return Answer(429, {"Retry-After": str(math.ceil(places.wait_s))})
        if not isinstance(entry.body, dict):
            return _error(400, "TriggerInputSchemaMismatch", "The input body does not match the schema.")
        if found := faults(entry.body):
            self.failed.append((entry.webhook, found))
        else:
            for attachment in entry.body["attachments"]:
                self.keep(entry, {"card": attachment["content"]})
        return Answer(202, {"x-ms-workflow-run-id": f"0858{len(self.ledger):016d}"})


def _at_the_door(entry: Entry) -> Answer | None:
    """What keeps *entry* from starting the workflow, before its body is looked at."""
    if entry.method != "POST":
        return _error(404, "InvalidRequest", "The trigger takes POST alone.")
    if "api-version" not in entry.query:
        return _error(400, "MissingApiVersionParameter", "The api-version query parameter is required.")
    if "authorization" in entry.headers:
        return _error(400, "DirectApiRequestHasMoreThanOneAuthorization", "Only one scheme should be used.")
    if entry.query.get("sig") != _SIGNATURE:
        return _error(401, "DirectApiAuthorizationRequired", "The request must be authenticated by a signature.")
    return None


def _error(status: int, code: str, message: str) -> Answer:
    return Answer(status, body={"error": {"code": code, "message": message}})
