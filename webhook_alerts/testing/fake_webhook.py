"""A receiver as a user may write one: it verifies signatures, checks the body and drops what it has had before.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from webhook_alerts.testing.fake_webhook_rules import fault, refusal
from webhook_alerts.testing.standin import Answer, Entry, Service

MEGABYTE = 1_048_576
"""Bytes of a body: what nginx takes by default."""


class FakeWebhook(Service):
    """A context manager: ``with FakeWebhook(keys=["whsec_…"]) as webhook: ... webhook.url("errors")``.

    With *keys* it takes only what one of them has signed, within five minutes; without any, everything.
    """

    name: ClassVar[str] = "webhook"
    route: ClassVar[re.Pattern[str]] = re.compile(r"/receive/(?P<name>[\w-]{1,64})")

    def __init__(
        self,
        *,
        keys: Iterable[str] = (),
        port: int = 0,
        host: str = "127.0.0.1",
        limits: Iterable[tuple[int, float]] | None = None,
        page: Path | None = None,
    ) -> None:
        super().__init__(port=port, host=host, limits=limits, page=page)
        self.keys = tuple(keys)
        self._had: set[tuple[str, str]] = set()

    def path(self, name: str) -> str:
        """The name itself."""
        return f"/receive/{name}"

    def webhook(self, match: re.Match[str]) -> str:
        """The name."""
        return match["name"]

    def unknown(self) -> Answer:
        """It is wanted no more."""
        return _said(410, "gone")

    def respond(self, entry: Entry, match: re.Match[str]) -> Answer:  # noqa: ARG002 - the name says all
        """What such a receiver would say to *entry*."""
        if entry.method != "POST":
            return _said(405, "POST only")
        places = self.limited(entry.webhook)
        if places.wait_s > 0:
            return Answer(429, {"Retry-After": str(math.ceil(places.wait_s))}, {"error": "slow down"})
        return self._refused(entry) or self._taken(entry)

    def _refused(self, entry: Entry) -> Answer | None:
        if len(entry.raw) > MEGABYTE:
            return _said(413, "too large")
        if self.keys and (why := refusal(entry.headers, entry.raw, self.keys, entry.at)):
            return _said(401, why)
        why = fault(entry.body)
        return _said(400, why) if why else None

    def _taken(self, entry: Entry) -> Answer:
        had = (entry.webhook, entry.headers.get("webhook-id", ""))
        if had in self._had:
            return Answer(200, body={"status": "known"})
        if had[1]:
            self._had.add(had)
        self.keep(entry, {**entry.body, "signatures": len(entry.headers.get("webhook-signature", "").split())})
        return Answer(200, body={"status": "taken"})


def _said(status: int, why: str) -> Answer:
    body: Any = {"error": why}
    return Answer(status, body=body)
