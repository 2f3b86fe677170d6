"""The webhooks: their URL, the service behind it, their rate, and who stands in for whom."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from webhook_alerts.alert import Level
from webhook_alerts.channels import registry
from webhook_alerts.channels.base import Channel, Window
from webhook_alerts.configuration.options import WEBHOOK_OPTIONS, read_options, refuse_unknown
from webhook_alerts.configuration.problems import Problems, at, nearest, shown, source
from webhook_alerts.configuration.quiet_hours import read_quiet_hours
from webhook_alerts.configuration.rates import parse_rate, tightest
from webhook_alerts.configuration.values import Webhook

WHERE = 'WEBHOOK_ALERTS["WEBHOOKS"]'
_KEYS = ("url", "channel", "rate", "min_level", "quiet_hours", *WEBHOOK_OPTIONS)
_NAME = re.compile(r"[a-z0-9_-]{1,64}")
_HOW_TO_RATE = 'Write "30/m", ["5/2s", "30/m"], or [] for no limit but the service\'s own.'


class Locked(str):
    """The address of a webhook that is there, but cannot be decrypted."""

    __slots__ = ()


class Declared(NamedTuple):
    """The webhooks that can be sent to, those whose address is ``Locked``, and the names of all that are spoken of."""

    webhooks: dict[str, Webhook]
    locked: dict[str, Webhook]
    names: frozenset[str]


def read_webhooks(given: Any, preset_rate: tuple[Window, ...], problems: Problems, *, plain_http: bool) -> Declared:
    """What *given* says."""
    if not isinstance(given, Mapping):
        problems.say("E003", f"{WHERE} must be a dict", 'Write {"errors": URL, "info": URL}.')
        return Declared({}, {}, frozenset())
    reader = _Reader(preset_rate, problems, plain_http)
    found: dict[str, Webhook] = {}
    for name, value in given.items():
        where = at(WHERE, name)
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            problems.say("E005", f"{where} has a bad name", "Use up to 64 of a-z, 0-9, _ and -.")
        elif isinstance(value, (str, Mapping)):
            webhook = reader.read(name, {"url": value} if isinstance(value, str) else value, where)
            found.update({name: webhook} if webhook else {})
        elif value is not None:
            problems.say("E003", f"{where} must be a URL or a dict", 'Write {"url": URL, "rate": "30/m"}.')
    # A bad name may be an address that stands in the wrong place: no hint may offer it, no route may hold it.
    declared = frozenset(name for name in given if isinstance(name, str) and _NAME.fullmatch(name))
    locked = {name: webhook for name, webhook in found.items() if isinstance(webhook.url, Locked)}
    usable = {name: webhook for name, webhook in found.items() if name not in locked}
    return Declared(_with_sound_fallbacks(usable, declared, problems), locked, declared)


def is_loopback(url: str) -> bool:
    """Does *url* name this machine: a stand-in, a benchmark, a test?"""
    try:
        return is_this_machine(urlsplit(url).hostname or "")
    except ValueError:
        return False


def is_this_machine(host: str) -> bool:
    """Is *host* this machine by its letters: ``localhost``, or an address of the loopback?"""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _Reader:
    def __init__(self, preset_rate: tuple[Window, ...], problems: Problems, plain_http: bool) -> None:
        self.preset_rate = preset_rate
        self.problems = problems
        self.plain_http = plain_http

    def read(self, name: str, given: Mapping[Any, Any], where: str) -> Webhook | None:
        """One webhook, or ``None`` where it is off or has no usable address."""
        refuse_unknown(given, _KEYS, where, self.problems)
        options = read_options(given, WEBHOOK_OPTIONS, where, self.problems)
        min_level = self._level(given.get("min_level", Level.DEBUG), where)
        options["quiet_hours"] = read_quiet_hours(given.get("quiet_hours", ()), where, self.problems)
        url = given.get("url")
        if isinstance(url, Locked) and options.get("enabled") is not False:
            return Webhook(name=name, url=url, channel="", min_level=min_level, **options)
        if url is None or url == "" or options.get("enabled") is False:
            return None
        channel = self._channel(url, given.get("channel", ""), where) if self._is_address(url, where) else None
        if channel is None:
            return None
        name_of_channel, service = channel
        rate = self._rate(given, service, url, where)
        return Webhook(name=name, url=str(url), channel=name_of_channel, rate=rate, min_level=min_level, **options)

    def _is_address(self, url: Any, where: str) -> bool:
        where = at(where, "url") + source(url)
        if not isinstance(url, str):
            self.problems.say("E003", f"{where} must be a text, not {type(url).__name__}", "Set it to a URL.")
        elif wrong := _unreadable(url):
            self.problems.say("E006", f"{where} is malformed: {wrong}", "Copy the whole address from the service.")
        else:
            return True
        return False

    def _may_be_called(self, url: str, service: Channel, where: str) -> bool:
        if wrong := _misdirected(url, service):
            self.problems.say("E006", f"{where} is malformed: {wrong}", "Copy the whole address from the service.")
        elif url.lower().startswith("http:") and not (is_loopback(url) or self.plain_http):
            self.problems.say(
                "E007",
                f"{where} does not use https, so that everybody on the way can read the alerts and the address",
                'Use https://. Within a network of your own, set WEBHOOK_ALERTS["ALLOW_PRIVATE_NETWORKS"] to True.',
            )
        else:
            return True
        return False

    def _channel(self, url: str, given: Any, where: str) -> tuple[str, Channel] | None:
        where_url, where = at(where, "url"), at(where, "channel")
        if not isinstance(given, str):
            self.problems.say("E003", f"{where} must be a text", "Set it to the name of a channel.")
            return None
        name = given or registry.recognise(url) or "webhook"
        try:
            service = registry.get(name)
        except registry.UnusableError as error:
            hint = "Update or remove that package, or name another channel."
            self.problems.say("E008", f"{where} is {shown(name)}, which cannot be used: {error}", hint)
            return None
        except Exception as error:  # noqa: BLE001 - the user's module may raise anything on import
            near = nearest(name, registry.names())
            known = f"Choose one of {', '.join(registry.names())}, or the dotted path of a Channel class."
            why = "" if isinstance(error, LookupError) else f" (importing it raised {type(error).__name__})"
            hint = f"Did you mean {near!r}? {known}" if near else known
            self.problems.say("E008", f"{where} is {shown(name)}, which is no channel{why}", hint)
            return None
        if not self._may_be_called(url, service, where_url + source(url)):
            return None
        try:
            service.endpoint(url)
            service.limits(url)
        except Exception as error:  # noqa: BLE001 - the user's channel may raise anything, quoting the URL
            said = isinstance(error, ValueError) and registry.is_built_in(name)
            why = str(error) if said else type(error).__name__
            self.problems.say(
                "E006", f"{where_url} is malformed: {why}", f"Copy the whole address of the {shown(name)} webhook."
            )
            return None
        return name, service

    def _rate(self, given: Mapping[Any, Any], service: Channel, url: str, where: str) -> tuple[Window, ...]:
        """The tighter of the service's limit and the user's, else the preset's.

        An explicit ``[]`` is no limit of the user's own. The service's stays, but for an address on this machine:
        a stand-in or a benchmark really has none.
        """
        own = self.preset_rate
        if "rate" in given:
            try:
                own = parse_rate(given["rate"])
            except ValueError as error:
                self.problems.say("E009", f"{at(where, 'rate')}{source(given['rate'])}: {error}", _HOW_TO_RATE)
            else:
                if not own and is_loopback(url):
                    return ()
        return tightest((*service.limits(url).rate, *own))

    def _level(self, given: Any, where: str) -> Level:
        if isinstance(given, str) and given.upper() in Level.__members__:
            return Level[given.upper()]
        if isinstance(given, int) and not isinstance(given, bool) and given in set(Level):
            return Level(given)
        hint = f"Choose one of {', '.join(Level.__members__)}."
        self.problems.say("E010", f"{at(where, 'min_level')} is {shown(given)}, which is no level", hint)
        return Level.DEBUG


def _unreadable(url: str) -> str:
    """What keeps *url* from being read as an address, or nothing; never quoting it."""
    if re.search(r"[\s\x00-\x1f\x7f\ud800-\udfff]", url):
        return "it holds a space, a line break or another character that no URL has"
    try:
        parts = urlsplit(url)
        port = parts.port if parts.scheme in {"http", "https"} else None  # a colon means other things elsewhere
    except ValueError:
        return "its host or port cannot be read"
    return "its port is 0" if port == 0 else ""


def _misdirected(url: str, service: Channel) -> str:
    """What keeps *url* from leading to *service*, or nothing; never quoting it."""
    parts = urlsplit(url)
    if service.schemes and parts.scheme not in service.schemes:
        begins = f"{service.schemes[0]}://" if "https" in service.schemes else f"{service.schemes[0]}:"
        return f"it does not begin with {begins}"
    if parts.scheme in {"http", "https"} and not parts.hostname:
        return "it names no host"
    return ""


def _with_sound_fallbacks(
    webhooks: dict[str, Webhook], declared: frozenset[str], problems: Problems
) -> dict[str, Webhook]:
    """*webhooks* without the fallbacks that lead nowhere or in a circle."""
    unsound = set()
    for name, webhook in webhooks.items():
        where = at(at(WHERE, name), "fallback")
        if not webhook.fallback:
            continue
        if webhook.fallback not in declared:
            others = sorted(declared - {name})
            near = nearest(webhook.fallback, others)
            hint = f"Did you mean {near!r}?" if near else f"Name one of {', '.join(others) or 'the webhooks you add'}."
            problems.say("E011", f"{where} is {shown(webhook.fallback)}, which is not there", hint)
            unsound.add(name)
        elif circle := _circle(name, webhooks):
            hint = "Let one of them have no fallback: what fails there ends as failed, and can be replayed."
            problems.say("E018", f"{where} leads in a circle: {' → '.join(circle)}", hint)
            unsound.add(name)
    gone = {name for name, webhook in webhooks.items() if webhook.fallback not in webhooks}
    return {name: replace(each, fallback="") if name in unsound | gone else each for name, each in webhooks.items()}


def _circle(start: str, webhooks: Mapping[str, Webhook]) -> list[str]:
    """The way from *start* back to it, or nothing."""
    path = [start]
    while (following := webhooks[path[-1]].fallback) in webhooks:
        if following == start:
            return [*path, start]
        if following in path:
            return []
        path.append(following)
    return []
