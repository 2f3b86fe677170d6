"""Which channels there are: ours by name, those of installed packages by entry point, anybody's by dotted path."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from webhook_alerts.channels.base import Channel, Window

GROUP = "webhook_alerts.channels"
"""The entry points by which a package brings channels: the name is the channel's, the object its class."""

_BUILT_IN = {
    "alertmanager": "webhook_alerts.channels.alertmanager.Alertmanager",
    "apprise": "webhook_alerts.channels.apprise.Apprise",
    "console": "webhook_alerts.channels.console.Console",
    "discord": "webhook_alerts.channels.discord.Discord",
    "email": "webhook_alerts.channels.email.Email",
    "file": "webhook_alerts.channels.file.File",
    "google_chat": "webhook_alerts.channels.google_chat.GoogleChat",
    "mattermost": "webhook_alerts.channels.mattermost.Mattermost",
    "opsgenie": "webhook_alerts.channels.opsgenie.Opsgenie",
    "pagerduty": "webhook_alerts.channels.pagerduty.PagerDuty",
    "rocketchat": "webhook_alerts.channels.rocketchat.RocketChat",
    "slack": "webhook_alerts.channels.slack.Slack",
    "teams": "webhook_alerts.channels.teams.Teams",
    "telegram": "webhook_alerts.channels.telegram.Telegram",
    "webhook": "webhook_alerts.channels.generic.Generic",
}
_NEEDED: Mapping[str, Callable[[Any], bool]] = {
    "name": lambda given: isinstance(given, str) and bool(given),
    "provider": lambda given: isinstance(given, str),
    "default_rate": lambda given: isinstance(given, tuple) and all(isinstance(each, Window) for each in given),
    "max_alerts": lambda given: isinstance(given, int) and given > 0,
}
"""What every channel's class says of itself and no base can, and how to tell that it does."""


class UnusableError(LookupError):
    """A channel that an installed package brings, and that cannot be used: whose it is and why, without a secret."""


def names() -> list[str]:
    """The names that settings may use: ours and those of installed packages, of which none is loaded for it."""
    return sorted({*_BUILT_IN, *_installed()})


def is_built_in(name: str) -> bool:
    """Is it one of ours, whose errors quote no address?"""
    return name in _BUILT_IN


@functools.cache
def get(name: str) -> Channel:
    """The channel called *name*, or the one whose class stands at that dotted path; loaded when it is first asked for.

    Raises ``LookupError`` naming the known channels, as ``UnusableError`` where a package brings a broken one.
    """
    entry = None if is_built_in(name) else _installed().get(name)
    if entry is not None:
        return _load(entry)
    path = _BUILT_IN.get(name, name)
    module, _, attribute = path.rpartition(".")
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError):
        raise LookupError(f"{name!r} is neither one of {', '.join(names())} nor the path of a Channel class") from None
    if wrong := _no_channel(found):
        raise LookupError(f"{name!r} {wrong}")
    channel: Channel = found()
    return channel


def recognise(url: str) -> str | None:
    """The name of the service that *url* belongs to, if it is one that is known by its address; ours come first."""
    ours = next((name for name in _BUILT_IN if get(name).recognises(url)), None)
    return ours or next((name for name in _installed() if _claims(name, url)), None)


def broken() -> list[str]:
    """What is wrong with the channels of installed packages, one sentence for each that cannot be used."""
    found = []
    for name in _installed():
        try:
            get(name)
        except UnusableError as error:
            found.append(str(error))
    return found


@functools.cache
def _installed() -> Mapping[str, EntryPoint]:
    """The entry points of installed packages by name; what is found first wins, and nothing wins over ours."""
    found: dict[str, EntryPoint] = {}
    for entry in entry_points(group=GROUP):
        if not is_built_in(entry.name):
            found.setdefault(entry.name, entry)
    return found


def _load(entry: EntryPoint) -> Channel:
    """The channel behind *entry*. Raises ``UnusableError``, whatever that package does."""
    package = f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.value
    try:
        found = entry.load()
        wrong = _no_channel(found)
        channel: Channel | None = None if wrong else found()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - importing a module of somebody's may raise anything
        missing = f" ({error.name})" if isinstance(error, ModuleNotFoundError) and error.name else ""
        wrong, channel = f"cannot be loaded: {type(error).__name__}{missing}", None
    if channel is None:
        raise UnusableError(f"the channel {entry.name!r} of the package {package} {wrong}")
    return channel


def _no_channel(found: object) -> str:
    """What keeps *found* from being a channel's class, or nothing."""
    if not (isinstance(found, type) and issubclass(found, Channel)):
        return "is no subclass of webhook_alerts.channels.base.Channel"
    wrong = {name for name, is_said in _NEEDED.items() if not is_said(getattr(found, name, None))}
    missing = sorted(wrong | found.__abstractmethods__)
    return f"lacks a usable {', '.join(missing)}" if missing else ""


def _claims(name: str, url: str) -> bool:
    """Does the channel of an installed package say that *url* is its own? A broken one says nothing."""
    try:
        return bool(get(name).recognises(url))
    except Exception:  # noqa: BLE001 - it is somebody else's; ``broken`` tells of it
        return False
