"""How a message looks at its service: each channel names the function that draws its bodies."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence

from django.utils.module_loading import import_string
from django.utils.safestring import SafeString

from webhook_alerts.alert import JSON
from webhook_alerts.channels.base import Channel

logger = logging.getLogger("webhook_alerts.drawing")
Preview = Callable[[Mapping[str, JSON], Sequence[Mapping[str, JSON]], str], SafeString]
"""Draws a body with its files (``filename`` and ``content`` each) and the webhook's name; no script, no style."""


def preview(
    channel: Channel, body: Mapping[str, JSON], files: Sequence[Mapping[str, JSON]], webhook: str
) -> SafeString | None:
    """*body* as the service of *channel* shows it; ``None`` where nobody can draw that."""
    if not channel.preview or not body:
        return None
    try:
        drawing: Preview = import_string(channel.preview)
        return drawing(body, files, webhook)
    except Exception:  # a page about a message must open, whoever draws it
        logger.exception("The preview of the channel %s failed", channel.name)
        return None
