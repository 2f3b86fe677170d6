"""What operators have set otherwise, laid over the settings and read by the same reader.

So nothing that is laid over can give what the settings could not. A part that is wrong is left out as a whole, and a
problem says why; the others hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from webhook_alerts.channels import registry
from webhook_alerts.configuration.problems import Problem
from webhook_alerts.configuration.reader import read
from webhook_alerts.configuration.surroundings import Surroundings
from webhook_alerts.configuration.values import Config
from webhook_alerts.configuration.webhooks import Locked, is_loopback


@dataclass(frozen=True, slots=True)
class Part:
    """What is set otherwise for one webhook (``options`` of it, its ``url`` among them), or for one route.

    ``url`` is a secret, or ``Locked``; empty where the settings' own holds.
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    url: str = field(default="", repr=False)
    webhooks: Sequence[str] | None = None

    @property
    def is_route(self) -> bool:
        """Is it a route, not a webhook?"""
        return self.webhooks is not None

    def over(self, raw: Mapping[Any, Any]) -> dict[Any, Any]:
        """*raw*, the value of ``settings.WEBHOOK_ALERTS``, with this part in it."""
        key = "ROUTES" if self.is_route else "WEBHOOKS"
        given = raw.get(key)
        below = dict(given) if isinstance(given, Mapping) else {}
        if self.is_route:
            # The settings may spell a route in capitals, and the last one that is read would hold.
            below = {name: value for name, value in below.items() if str(name).lower() != self.name}
            return {**raw, key: {**below, self.name: self.webhooks}}
        before = below.get(self.name)
        webhook = {"url": before} if isinstance(before, str) else dict(before) if isinstance(before, Mapping) else {}
        webhook |= self.options
        if self.url_is_given:
            if not _is_same_place(self.url, webhook.get("url")):
                webhook.pop("headers", None)
            webhook["url"] = self.url
        return {**raw, key: {**below, self.name: webhook}}

    @property
    def url_is_given(self) -> bool:
        """Does it bring an address of its own, be it one that cannot be read?"""
        return bool(self.url) or isinstance(self.url, Locked)


@dataclass(frozen=True, slots=True)
class Overlay:
    """All parts, and what was wrong with those that could not even be read."""

    parts: tuple[Part, ...] = ()
    problems: tuple[Problem, ...] = ()


NOTHING = Overlay()


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why a part is left out, in the reader's own words."""

    part: Part
    problems: tuple[Problem, ...]


def read_over(raw: object, overlay: Overlay, surroundings: Surroundings) -> tuple[Config, tuple[Wrong, ...]]:
    """The settings that *raw* gives under *overlay*, and the parts of it that were left out."""
    settings = read(raw, surroundings)
    if not overlay.parts or not isinstance(raw, Mapping):
        return replace(settings, override_problems=overlay.problems), ()
    taken, config = dict(raw), settings
    left = list(overlay.parts)
    wrong: dict[str, Wrong] = {}
    # A part may name a webhook that another one adds: as long as one more fits, the others may fit, too.
    while fitting := [part for part in left if _fits(part, taken, config, surroundings, wrong)]:
        together = taken
        for part in fitting:
            together = part.over(together)
        candidate = read(together, surroundings)
        if _new(candidate, config):  # each fits alone, but not with another
            fitting = fitting[:1]
            together = fitting[0].over(taken)
            candidate = read(together, surroundings)
        taken, config = together, candidate
        left = [part for part in left if part not in fitting]
    ignored = tuple(wrong[f"{part.is_route} {part.name}"] for part in left)
    added = frozenset(config.webhooks.keys() - settings.webhooks.keys())
    problems = (*overlay.problems, *(_told(one) for one in ignored))
    return replace(config, problems=settings.problems, override_problems=problems, added=added), ignored


def _fits(
    part: Part, raw: Mapping[Any, Any], config: Config, surroundings: Surroundings, wrong: dict[str, Wrong]
) -> bool:
    """Does *part* bring no problem that *config* does not have? What it brings is put into *wrong*."""
    candidate = read(part.over(raw), surroundings)
    found = _refused(part, config) or _new(candidate, config) or _reaching_inside(part, candidate)
    if found:
        wrong[f"{part.is_route} {part.name}"] = Wrong(part, tuple(found))
    return not found


def _refused(part: Part, config: Config) -> list[Problem]:
    """What settings may say and an operator may not."""
    webhook = f'WEBHOOK_ALERTS["WEBHOOKS"]["{part.name}"]'
    where = f'{webhook}["url"]'
    if "url" in part.options:
        return [Problem("E006", f"{where} stands in clear among the options", "Enter the address as such, anew.")]
    for key, check in (("signing_keys", "E033"), ("headers", "E034")):
        if key in part.options:
            return [
                Problem(check, f'{webhook}["{key}"] stands in clear among the options', "Put it into the settings.")
            ]
    if is_loopback(part.url) and not config.allow_private_networks:
        hint = 'Put it into the settings, or set WEBHOOK_ALERTS["ALLOW_PRIVATE_NETWORKS"] to True.'
        return [Problem("E006", f"{where} names this machine, which only the settings may", hint)]
    return []


def _is_same_place(url: str, before: object) -> bool:
    """Do both lead to the same server? Headers of the settings hold its credentials, which no other may see."""
    found = _server(url)
    return found is not None and isinstance(before, str) and found == _server(before)


def _server(url: str) -> tuple[str, str | None, int | None] | None:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        return None
    return parts.scheme, parts.hostname, port


def _reaching_inside(part: Part, candidate: Config) -> list[Problem]:
    """What only settings may name, since it is not called but opened: a file, a terminal."""
    webhook = None if part.is_route else candidate.webhooks.get(part.name)
    named = part.url_is_given or "channel" in part.options
    if webhook is None or not named or not registry.get(webhook.channel).is_inside:
        return []
    message = (
        f'WEBHOOK_ALERTS["WEBHOOKS"]["{part.name}"] is of the channel {webhook.channel}, which only settings may name'
    )
    return [Problem("E006", message, "Put its address into the settings.")]


def _new(candidate: Config, config: Config) -> list[Problem]:
    known = {(problem.id, problem.message) for problem in config.problems}
    return [problem for problem in candidate.problems if (problem.id, problem.message) not in known]


def _told(wrong: Wrong) -> Problem:
    what = "route" if wrong.part.is_route else "webhook"
    first = wrong.problems[0]
    return Problem("W004", f"What is set for the {what} {wrong.part.name} is ignored: {first.message}", first.hint)
