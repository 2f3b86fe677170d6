"""Which channels there are: ours by name, anybody's by dotted path."""

from __future__ import annotations

import functools
from importlib import import_module

from webhook_alerts.channels.base import Channel

_BUILT_IN = {
    "discord": "webhook_alerts.channels.discord.Discord",
    "slack": "webhook_alerts.channels.slack.Slack",
    "webhook": "webhook_alerts.channels.generic.Generic",
}


def names() -> list[str]:
    """The names that settings may use, without those of third parties."""
    return sorted(_BUILT_IN)


@functools.cache
def get(name: str) -> Channel:
    """The channel called *name*, or the one whose class stands at that dotted path.

    Raises ``LookupError`` naming the known channels.
    """
    path = _BUILT_IN.get(name, name)
    module, _, attribute = path.rpartition(".")
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError):
        raise LookupError(f"{name!r} is neither one of {', '.join(names())} nor the path of a Channel class") from None
    if not (isinstance(found, type) and issubclass(found, Channel)):
        raise LookupError(  # noqa: TRY004 - a name that leads nowhere, whatever it leads to
            f"{name!r} is no subclass of webhook_alerts.channels.base.Channel"
        )
    return found()


def recognise(url: str) -> str | None:
    """The name of the service that *url* belongs to, if it is one that is known by its address."""
    return next((name for name in _BUILT_IN if get(name).recognises(url)), None)
