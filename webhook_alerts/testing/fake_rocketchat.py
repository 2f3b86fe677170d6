"""A server that behaves like Rocket.Chat's incoming webhooks. https://docs.rocket.chat/docs/integrations."""

from __future__ import annotations

import math
import re
import time
from typing import Any, ClassVar

from webhook_alerts.testing.fake_rocketchat_rules import faults
from webhook_alerts.testing.standin import Answer, Entry, Places, Service, spelled, unspelled


class FakeRocketChat(Service):
    """A context manager: ``with FakeRocketChat() as rocketchat: ... rocketchat.url("errors")``.

    *may_impersonate*: has the user of the integrations the permission to send under another name?
    """

    name: ClassVar[str] = "rocketchat"
    route: ClassVar[re.Pattern[str]] = re.compile(
        r"/hooks/(?P<info>info/)?(?P<id>[A-Za-z0-9]{17})/(?P<token>[A-Za-z0-9]{48})/?"
    )
    usual_limits: ClassVar[tuple[tuple[int, float], ...]] = ((10, 60.0),)
    """``API_Enable_Rate_Limiter_Limit_Calls_Default`` in ``API_Enable_Rate_Limiter_Limit_Time_Default``."""

    def __init__(self, *, may_impersonate: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.may_impersonate = may_impersonate

    def path(self, name: str) -> str:
        """The token begins with the *name*."""
        return f"/hooks/StandInRocketChat/{spelled(name, 48)}"

    def webhook(self, match: re.Match[str]) -> str:
        """What the token begins with."""
        return unspelled(match["token"])

    def unknown(self) -> Answer:
        """Somebody removed it."""
        return _refusal(400, "Invalid integration id or token provided.")

    def respond(self, entry: Entry, match: re.Match[str]) -> Answer:
        """What Rocket.Chat would say to *entry*."""
        if match["info"]:
            return Answer(200, body={"success": True})
        places = self.limited(entry.webhook)
        headers = _told(places)
        if places.wait_s > 0:
            wait = f"You must wait {math.ceil(places.wait_s)} seconds before trying this endpoint again."
            said = f"Error, too many requests. Please slow down. {wait} [error-too-many-requests]"
            return _refusal(429, said, headers)
        if found := faults(entry.body):
            return _refusal(400, found[0], headers)
        if not self.may_impersonate and {"username", "icon_url"} & set(entry.body):
            return _refusal(400, "Not enough permission", headers)
        self.keep(entry, entry.body)
        return Answer(200, headers, {"success": True})


def _told(places: Places) -> dict[str, str]:
    reset_ms = int((time.time() + max(places.wait_s, places.reset_s)) * 1000)
    return {"X-RateLimit-Remaining": str(places.left), "X-RateLimit-Reset": str(reset_ms)}


def _refusal(status: int, error: str, headers: dict[str, str] | None = None) -> Answer:
    return Answer(status, headers or {}, {"success": False, "error": error})
