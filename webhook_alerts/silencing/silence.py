"""Silences: made, ended, replaced; never edited, so that their history stays true."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from webhook_alerts import audit, reasons
from webhook_alerts.alert import uuid7
from webhook_alerts.conf import get_config
from webhook_alerts.delivery import record
from webhook_alerts.matching import Matcher, checked, to_text
from webhook_alerts.models import Act, Incident, Silence
from webhook_alerts.silencing import announce, current
from webhook_alerts.silencing.current import active
from webhook_alerts.silencing.sample import matchers_of

__all__ = ["active", "count", "create", "end", "for_incident", "matchers_of", "remind", "until", "why"]
TWICE = timedelta(seconds=10)
"""An incident that is silent for so much less than is wanted is silent enough: somebody has clicked twice."""
LONGEST = timedelta(days=366)


class SilenceError(ValueError):
    """The silence makes no sense; the text says why, ``field`` which part of it, and nothing was changed."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


def create(
    matchers: Sequence[Matcher],
    ends_at: datetime,
    reason: str,
    actor: str,
    *,
    starts_at: datetime | None = None,
    announced: bool = False,
    remind_s: int = 0,
    replaces: Silence | None = None,
    key: UUID | None = None,
) -> Silence:
    """Tell nothing of what all *matchers* fit, from *starts_at* (now) until *ends_at*.

    *announced*: say so to the webhooks; *remind_s* seconds before its end, if not 0, it is said that it ends. What it
    *replaces* ends. *key* becomes its id: the same twice, as by a double click, makes one. Raises ``SilenceError``,
    and ``MatcherError`` for matchers that fit every alert.
    """
    now = timezone.now()
    for error in wrong(matchers, ends_at, reason, starts_at=starts_at or now, remind_s=remind_s):
        raise error
    data = [matcher.to_dict() for matcher in checked(matchers)]
    with record.short():
        silence, is_new = Silence.objects.get_or_create(
            pk=key or uuid7(),
            defaults={
                "matchers": data,
                "starts_at": max(starts_at or now, now),
                "ends_at": ends_at,
                "reason": _one_line(reason),
                "created_by": actor[:150],
                "replaces": replaces,
                "announce": announced,
                "remind_s": remind_s,
            },
        )
        if is_new:
            if replaces is not None:
                _end(replaces, actor, by=silence)
            _note(silence)
            if announced:
                announce.made(silence)
    current.forget()
    return silence


def wrong(
    matchers: Sequence[Matcher],
    ends_at: datetime,
    reason: str,
    *,
    starts_at: datetime,
    remind_s: int = 0,
) -> Iterator[SilenceError]:
    """What makes no sense of a silence that somebody wants."""
    if ends_at <= starts_at:
        yield SilenceError("ends_at", _("The silence ends before it starts. Choose a later end. Nothing was changed."))
    elif ends_at <= timezone.now():
        yield SilenceError("ends_at", _("The silence ends in the past. Choose a later end. Nothing was changed."))
    elif ends_at - starts_at > LONGEST:
        yield SilenceError("ends_at", _("A silence lasts a year at the most. Choose an earlier end."))
    elif remind_s and timedelta(seconds=remind_s) >= ends_at - starts_at:
        yield SilenceError("remind_s", _("The reminder comes before the silence begins. Choose a shorter time."))
    if not _one_line(reason):
        yield SilenceError("reason", _("Say why, for those who find it later. Nothing was changed."))
    known = list(get_config().configured)
    for matcher in matchers:
        if (matcher.field, matcher.op) == ("webhook", "=") and matcher.value not in known:
            text = _("There is no webhook “%(name)s”; there are %(known)s. Nothing was changed.")
            yield SilenceError("matchers", text % {"name": matcher.value[:64], "known": ", ".join(known) or _("none")})


def end(silence: Silence, actor: str) -> bool:
    """End *silence* now; did that change anything?"""
    with record.short():
        ended = _end(silence, actor)
        if ended and silence.announce:
            silence.refresh_from_db()
            announce.ended(silence)
    current.forget()
    return ended


def _end(silence: Silence, actor: str, by: Silence | None = None) -> bool:
    now = timezone.now()
    running = Silence.objects.filter(pk=silence.pk, ended_at=None, ends_at__gt=now)
    if not running.update(ended_at=now, ended_by=actor[:150]):
        return False
    details = {"reason": reasons.SILENCE_REPLACED % {"id": by.pk}} if by else {}
    audit.note(Act.Verb.UNSILENCED, "silence", silence.pk, actor=actor, **details)
    return True


def for_incident(fingerprint: str, duration_s: float, reason: str, actor: str) -> Silence | None:
    """Silence one incident for so many seconds; ``None`` where it is silent for as long anyway.

    Raises ``SilenceError``.
    """
    with record.short():
        # Of two clicks at once, the second waits here and finds what the first has made.
        list(Incident.objects.select_for_update().filter(pk=fingerprint).values_list("pk"))
        ends_at = timezone.now() + timedelta(seconds=duration_s)
        already = until(fingerprint)
        if already is not None and already >= ends_at - TWICE:
            return None
        return create((Matcher("fingerprint", "=", fingerprint),), ends_at, reason, actor)


def until(fingerprint: str) -> datetime | None:
    """When the last of the silences ends that are for this incident alone."""
    data = [Matcher("fingerprint", "=", fingerprint).to_dict()]
    return active().filter(matchers=data).order_by("-ends_at").values_list("ends_at", flat=True).first()


def why(silence: Silence) -> str:
    """The sentence for the rows, beginning with the class that suppressed deliveries are counted by."""
    return reasons.SILENCED % {"reason": silence.reason[:180], "time": announce.clock(silence.ends_at)}


def remind(now: datetime) -> int:
    """Say of the silences that end soon that they do, each once; how many. For the beat."""
    due = active(now).filter(~Q(remind_s=0), reminded_at=None)
    soon = [silence for silence in due if silence.ends_at - timedelta(seconds=silence.remind_s) <= now]
    told = 0
    for silence in soon:
        with record.short():
            if Silence.objects.filter(pk=silence.pk, reminded_at=None, ended_at=None).update(reminded_at=now):
                announce.ends(silence)
                told += 1
    return told


def count(silence: Silence, number: int) -> None:
    """*silence* has kept back *number* more deliveries."""
    Silence.objects.filter(pk=silence.pk).update(suppressed=F("suppressed") + number)


def _note(silence: Silence) -> None:
    audit.note(
        Act.Verb.SILENCED,
        "silence",
        silence.pk,
        actor=silence.created_by,
        matchers=to_text(matchers_of(silence)),
        until=silence.ends_at.isoformat(),
        reason=silence.reason,
    )


def _one_line(reason: str) -> str:
    return " ".join(reason.replace("\x00", "").split())[:255]
