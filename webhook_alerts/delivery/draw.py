"""Having a channel draw alerts. It may be somebody else's and raise: that costs one message, and nothing around it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from webhook_alerts.alert import Alert
from webhook_alerts.channels.base import Channel, Payload, Style

logger = logging.getLogger("webhook_alerts.delivery")


class NotDrawnError(Exception):
    """A channel failed to draw alerts; the name of what it raised. It has been logged."""


def draw(channel: Channel, alerts: Sequence[Alert], style: Style) -> Payload:
    """The message that *channel* makes of *alerts*. Raises ``NotDrawnError``."""
    try:
        return channel.render(alerts, style)
    except Exception as error:
        logger.exception("The channel %s cannot draw an alert", type(channel).__name__)
        raise NotDrawnError(type(error).__name__) from error
