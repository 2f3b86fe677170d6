"""A channel of a user's own: a line of text, which cannot be changed once it is sent."""

from __future__ import annotations

from collections.abc import Sequence

from webhook_alerts.alert import Alert
from webhook_alerts.channels.base import Payload, Style
from webhook_alerts.channels.generic import Generic


class Plain(Generic):
    """One alert to a message."""

    max_alerts = 1
    supports_edit = False

    def render(self, alerts: Sequence[Alert], style: Style) -> Payload:
        return Payload({"content": f"{alerts[0].message} ×{alerts[0].occurrences}"}, 1)
