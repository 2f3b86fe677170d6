"""Why an alert went where it went: route, repeats, silences, gate and requests, in sentences."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from webhook_alerts import models
from webhook_alerts.alert import Alert
from webhook_alerts.conf import Config, get_config
from webhook_alerts.configuration.routes import goes_by_level, route_key, stand_ins
from webhook_alerts.delivery import record
from webhook_alerts.delivery.gate import state_of
from webhook_alerts.drawing.moments import exact
from webhook_alerts.drawing.numbers import number
from webhook_alerts.incidents.notes import note
from webhook_alerts.models import Delivery, Incident, Message
from webhook_alerts.retelling import retell
from webhook_alerts.silencing import explain as silencing


@dataclass(frozen=True, slots=True)
class Explanation:
    """What was decided for one webhook; ``state`` is its delivery's, empty where nothing was owed."""

    webhook: str
    state: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """What holds for the alert everywhere, and what for each webhook."""

    alert: tuple[str, ...]
    webhooks: tuple[Explanation, ...]


def explain(row: models.Alert) -> Story:
    """The story of *row*, as far as the record and the settings of now can tell it.

    Settings may have changed since; a sentence says so where the record shows it.
    """
    config = get_config()
    owed = {item.webhook: item for item in row.deliveries.select_related("message").order_by("webhook")}
    alert = record.value_of([getattr(row, name) for name in record.COLUMNS])
    return Story(
        alert=(route(alert), *_repeats(row, config), *_incident(row)),
        webhooks=tuple(
            Explanation(name, item.state if item else "", (why, *_fate(row, name, item, config)))
            for name, why in chosen(alert, owed, config).items()
            for item in (owed.get(name),)
        ),
    )


# Pure: the settings and what is owed, in words


def route(alert: Alert) -> str:
    """Which route *alert* goes by, and why that one."""
    if goes_by_level(alert):
        return _("It goes by the route “%(route)s”, that of its level.") % {"route": route_key(alert)}
    return _("It goes by the route “%(route)s”, that of its kind.") % {"route": route_key(alert)}


def chosen(alert: Alert, owed: Collection[str], config: Config) -> dict[str, str]:
    """Why each webhook was chosen, or was not: those that are *owed* it first, then the others."""
    named = config.routes.get(route_key(alert), ())
    return {
        name: _owed(name, alert, named, config) if name in owed else _not_owed(name, alert, named, config)
        for name in dict.fromkeys((*owed, *config.configured))
    }


def _owed(name: str, alert: Alert, named: Collection[str], config: Config) -> str:
    key = route_key(alert)
    if name not in config.configured:
        return _("It was chosen when the alert came, and is not configured now: what is pending waits until it is.")
    if name in named:
        return _("The route “%(route)s” names it.") % {"route": key}
    replaced = [missing for missing in named if stand_ins([missing], config.configured) == [name]]
    if replaced:
        return _("The route “%(route)s” names “%(missing)s”, which is not configured; this is the nearest that is.") % {
            "route": key,
            "missing": "”, “".join(replaced),
        }
    if any(webhook.fallback == name for webhook in config.webhooks.values()):
        return _("It is the fallback of another webhook, or the caller asked for it by name.")
    return _("The caller asked for it by name, or the routes were others then.")


def _not_owed(name: str, alert: Alert, named: Collection[str], config: Config) -> str:
    key, webhook = route_key(alert), config.configured[name]
    if name not in stand_ins(named, config.configured):
        return _("The route “%(route)s” does not lead there, and the caller did not ask for it.") % {"route": key}
    if goes_by_level(alert) and alert.level < webhook.min_level:
        return _("Its min_level, %(least)s, keeps back what is less grave.") % {"least": webhook.min_level.name.lower()}
    return _("The route “%(route)s” leads there now; the caller asked for others, or it was another then.") % {
        "route": key
    }


# From the record


def _repeats(row: models.Alert, config: Config) -> Iterator[str]:
    if row.occurrences > 1:
        yield ngettext(
            "%(count)s occurrence is counted on it, from %(first)s to %(last)s: repeats within %(window)g s of the "
            "first are folded.",
            "%(count)s occurrences are counted on it, from %(first)s to %(last)s: repeats within %(window)g s of the "
            "first are folded.",
            row.occurrences,
        ) % {
            "count": number(row.occurrences),
            "first": exact(row.first_seen),
            "last": exact(row.last_seen),
            "window": config.dedup_window,
        }


def _incident(row: models.Alert) -> Iterator[str]:
    found = Incident.objects.filter(pk=row.fingerprint).first() if row.fingerprint else None
    if found is None:
        return
    stands = note(found) or found.get_state_display()
    yield ngettext(
        "Its incident: %(stands)s; %(count)d message of this episode was let through.",
        "Its incident: %(stands)s; %(count)d messages of this episode were let through.",
        found.told,
    ) % {"stands": stands, "count": found.told}


def _fate(row: models.Alert, name: str, item: Delivery | None, config: Config) -> Iterator[str]:
    """What became of it at one webhook, and what holds it up now."""
    if item is None:
        return
    silent = silencing.explain(row, name)
    if item.state == Delivery.State.SUPPRESSED:
        if not silent:
            yield _("It was not sent: %(reason)s.") % {"reason": retell(item.reason).rstrip(".")}
    elif item.message is not None:
        yield from _sent(item, item.message)
    yield from silent
    if item.state in {Delivery.State.PENDING, Delivery.State.SENDING}:
        if item.message is None and not silent:
            yield _("No message carries it yet: the next flush makes one, within %(flush)g s.") % {
                "flush": config.flush_interval
            }
        if item.reason:
            yield _("Noted: %(reason)s.") % {"reason": retell(item.reason).rstrip(".")}
        if name in config.configured:
            yield _gate(name)


def _sent(item: Delivery, message: Message) -> Iterator[str]:
    others = message.deliveries.exclude(pk=item.pk).count()
    if others:
        text = ngettext("Its message carries %(n)d other alert.", "Its message carries %(n)d other alerts.", others)
        yield text % {"n": others}
    requests = message.attempt_log.filter(update=False)
    made = requests.count()
    if made:
        last = requests.latest("started_at")
        text = ngettext(
            "%(n)d request was made, at %(at)s: %(how)s.",
            "%(n)d requests were made, the last at %(at)s: %(how)s.",
            made,
        )
        how = " ".join(filter(None, (last.get_outcome_display(), retell(last.error) or _status(last.status_code))))
        yield text % {"n": made, "at": exact(last.started_at), "how": how}
    if item.state == Delivery.State.FAILED:
        yield _("It failed: %(reason)s.") % {"reason": retell(item.reason or message.reason).rstrip(".")}
    elif message.state == Message.State.PENDING:
        yield _("It is tried again at %(at)s at the earliest.") % {"at": exact(message.due_at)}


def _status(code: int | None) -> str:
    return f"(HTTP {code})" if code else ""


def _gate(name: str) -> str:
    """What the gate of a webhook says now."""
    seen = state_of(name)
    words = {
        "open": _("Its gate is open now."),
        "limited": _("Its rate is used up for %(wait)g s more."),
        "cooling_down": _("The service asked for patience: %(wait)g s more."),
        "breaker_open": _("It failed too often: the next request is tried in %(wait)g s."),
        "paused": _("It is paused: %(reason)s. Nothing is sent until somebody resumes it."),
        "quiet": _("It has quiet hours: %(reason)s."),
        "locked": _("It is locked: %(reason)s."),
    }
    text = words.get(seen["state"], _("Its gate cannot be asked: %(reason)s."))
    return text % {"wait": seen["wait_s"], "reason": retell(str(seen["reason"])).rstrip(".")}
