"""What the pages of webhooks and routes show: what holds, where it comes from, and what was changed when."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from webhook_alerts.admin import badges
from webhook_alerts.conf import get_config
from webhook_alerts.configuration.problems import Problem
from webhook_alerts.configuration.routes import stand_ins
from webhook_alerts.models import Act, RouteOverride, WebhookOverride
from webhook_alerts.overrides import sealing, texts
from webhook_alerts.overrides.stored import declared_in_settings


def webhooks(url: Callable[[str], str]) -> list[Mapping[str, Any]]:
    """Every webhook of the settings or of a row, with the *url* of its page."""
    rows = {row.name: row for row in WebhookOverride.objects.all()}
    names = dict.fromkeys([*declared_in_settings(), *sorted(rows)])
    return [_webhook(rows.get(name) or WebhookOverride(name=name), url(name)) for name in names]


def routes(url: Callable[[str], str]) -> list[Mapping[str, Any]]:
    """Every route, with the *url* of its page."""
    rows = {row.route: row for row in RouteOverride.objects.all()}
    return [
        {
            "name": name,
            "url": url(name),
            "webhooks": _goes_to(chosen),
            "origin": _origin(rows.get(name) or RouteOverride(route=name), added=False),
        }
        for name, chosen in get_config().routes.items()
    ]


def webhook_facts(row: WebhookOverride) -> list[tuple[str, str]]:
    """What holds for one webhook."""
    shown = _webhook(row, "")
    now = {**texts.in_settings(row.name), **texts.as_texts(row.options)}
    return [
        (_("State"), shown["state"]),
        (_("Address"), shown["address"]),
        (_("Channel"), shown["channel"]),
        (_("Rate"), now["rate"] or _("the service's own limit")),
        (_("Least level"), now["min_level"]),
        (_("Origin"), shown["origin"]),
    ]


def route_facts(row: RouteOverride) -> list[tuple[str, str]]:
    """What holds for one route."""
    chosen = get_config().routes.get(row.route, ())
    return [(_("Goes to"), _goes_to(chosen)), (_("Origin"), _origin(row, added=False))]


def problems(target: str = "", name: str = "") -> list[str]:
    """What is wrong with what is set here, with all of it or with one *target* of that *name*."""
    return [
        f"{problem.message}. {problem.hint}"
        for problem in get_config().override_problems
        if not target or _is_about(problem, target, name)
    ]


def history(acts: Iterable[Act]) -> list[tuple[Act, Any, str]]:
    """The acts on one webhook or route, with when they were done and what they changed."""
    return [(act, badges.age(act.at), changes_of(act.details)) for act in acts]


def _webhook(row: WebhookOverride, url: str) -> dict[str, Any]:
    config = get_config()
    found = config.configured.get(row.name)
    now = {**texts.in_settings(row.name), **texts.as_texts(row.options)}
    if row.name in config.locked:
        state = badges.badge("gate", "locked", _("locked: its address cannot be decrypted"))
    elif found:
        state = badges.badge("gate", "open", _("on"))
    else:
        state = badges.badge("gate", "off", _("off") if not now["enabled"] else _("not configured"))
    return {
        "name": row.name,
        "url": url,
        "state": state,
        "address": row.url_hint or hint_of_settings(row.name) or badges.EMPTY,
        "channel": (found.channel if found else now["channel"]) or badges.EMPTY,
        "rate": now["rate"] or _("the service's own limit"),
        "min_level": now["min_level"],
        "origin": _origin(row, added=row.name not in declared_in_settings()),
    }


def hint_of_settings(name: str) -> str:
    """Host and last characters of the address in the settings, if it is one."""
    given = declared_in_settings().get(name)
    url = given.get("url") if isinstance(given, Mapping) else given
    return sealing.hint(url) if isinstance(url, str) and url.startswith("http") else ""


def _goes_to(names: tuple[str, ...]) -> str:
    """Where a route leads, and who stands in for what is not configured."""
    configured = get_config().configured
    missing = [name for name in names if name not in configured]
    words = ", ".join(names) or _("nowhere")
    if not missing:
        return words
    values = {
        "names": words,
        "missing": ", ".join(missing),
        "others": ", ".join(stand_ins(names, configured)) or _("nobody"),
    }
    return _("%(names)s (%(missing)s: not configured, so to %(others)s)") % values


def _origin(row: WebhookOverride | RouteOverride, *, added: bool) -> str:
    """From the settings, or by whom it was changed or added, and what of it."""
    if row._state.adding:
        return _("from the settings")
    keys = [*row.options, *(["address"] if row.sealed_url else [])] if isinstance(row, WebhookOverride) else []
    values = {"who": row.changed_by or _("somebody"), "keys": ", ".join(keys)}
    if added:
        return _("added here, last changed by %(who)s") % values
    return (_("changed by %(who)s: %(keys)s") if keys else _("changed by %(who)s")) % values


def _is_about(problem: Problem, target: str, name: str) -> bool:
    return f" {target} {name} " in problem.message


def changes_of(details: Mapping[str, Any]) -> str:
    """What one act has changed: ``rate: 30/m → 10/m``."""
    if details.get("resealed"):
        return _("encrypted with another key")
    if "after" not in details:
        return ", ".join(f"{value}" for value in details.values() if value not in ("", None))
    before, after = details.get("before"), details["after"]
    if after is None:
        return _("back to the settings")
    if not isinstance(after, Mapping):
        return f"{_shown(before)} → {_shown(after)}"
    added = [_("first change here")] if before is None else []
    before = before or {}
    changes = added + [
        f"{key}: {_shown(before.get(key))} → {_shown(after.get(key))}"
        for key in dict.fromkeys([*before, *after])
        if before.get(key) != after.get(key)
    ]
    if details.get("new_address") and before.get("address") == after.get("address"):
        changes.append(_("the address was entered again"))
    return "; ".join(changes) or _("nothing was changed")


def _shown(value: Any) -> str:
    if value is None:
        return _("as in the settings")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(map(str, value)) or _("none")
    return str(value) or _("empty")
