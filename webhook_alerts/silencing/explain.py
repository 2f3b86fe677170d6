"""Why something was, or would be, kept back at a webhook: silences, inhibition and quiet hours, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils import timezone
from django.utils.translation import gettext as _

from webhook_alerts.alert import Level
from webhook_alerts.conf import Webhook, get_config
from webhook_alerts.drawing.moments import clock, with_zone
from webhook_alerts.matching import MatcherError, fit, labels_of
from webhook_alerts.models import Alert, Delivery, Silence
from webhook_alerts.retelling import retell
from webhook_alerts.silencing import keeping_back, quiet
from webhook_alerts.silencing.sample import matchers_of

MOST = 200
"""Silences that are looked through for the one that held when something was kept back, the latest."""


def explain(row: Alert, webhook: str) -> list[str]:
    """What kept the alert *row* back at *webhook*, holds it up now, or would keep the next of its kind back."""
    delivery = Delivery.objects.filter(alert=row, webhook=webhook).first()
    if delivery is not None and delivery.state == Delivery.State.SUPPRESSED:
        return list(_suppressed(row, delivery))
    is_waiting = delivery is not None and delivery.state == Delivery.State.PENDING and delivery.message_id is None
    return [*_now(row, webhook, is_waiting=is_waiting), *_quiet(row, get_config().webhooks.get(webhook), is_waiting)]


def _suppressed(row: Alert, delivery: Delivery) -> Iterator[str]:
    kind, _colon, words = delivery.reason.partition(": ")
    if kind == "inhibited":
        yield _("It was muted while the incident “%(title)s” was not resolved.") % {"title": words}
    if kind == "silenced":
        held = list(_held(row, delivery))
        yield from map(_about, held) if held else [_("It was silenced: %(reason)s.") % {"reason": words}]


def _held(row: Alert, delivery: Delivery) -> Iterator[Silence]:
    """The silences that fitted when it was kept back."""
    at, labels = delivery.settled_at or timezone.now(), labels_of(row, delivery.webhook)
    for silence in Silence.objects.filter(starts_at__lte=at, ends_at__gt=at)[:MOST]:
        try:
            if (silence.ended_at is None or silence.ended_at >= at) and fit(matchers_of(silence), labels):
                yield silence
        except MatcherError:  # of another release
            continue


def _about(silence: Silence) -> str:
    given = {
        "who": silence.created_by or _("somebody"),
        "reason": silence.reason,
        "until": clock(silence.ended_at or silence.ends_at),
        "matchers": ", ".join(map(str, matchers_of(silence))),
    }
    return _("It was silenced by %(who)s until %(until)s: “%(reason)s” (%(matchers)s).") % given


def _now(row: Alert, webhook: str, *, is_waiting: bool) -> Iterator[str]:
    why = keeping_back.why(row, webhook, get_config())
    if why is None:
        return
    if is_waiting:
        yield _("It is kept back at the next look: %(reason)s.") % {"reason": retell(why.reason)}
    else:
        yield _("The next of its kind would be kept back now: %(reason)s.") % {"reason": retell(why.reason)}


def _quiet(row: Alert, webhook: Webhook | None, is_waiting: bool) -> Iterator[str]:
    now = timezone.now()
    until = quiet.until(webhook, now) if webhook is not None and is_waiting and row.level < Level.CRITICAL else None
    if until is not None:
        yield _("It waits for the end of the quiet hours at %(time)s.") % {"time": with_zone(until)}
