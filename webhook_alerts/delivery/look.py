"""How the messages of a webhook look, with links to the pages of this site."""

from __future__ import annotations

from functools import partial

from webhook_alerts.channels.base import Style
from webhook_alerts.conf import Config, Webhook
from webhook_alerts.incidents.links import link


def look(webhook: Webhook, config: Config) -> Style:
    """The style of *webhook*, whose alerts link to where they are dealt with."""
    return config.style(webhook, partial(link, config=config))
