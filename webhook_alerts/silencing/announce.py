"""Saying at the webhooks that a silence was made, ends soon, or was ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils import timezone

from webhook_alerts.alert import Level
from webhook_alerts.conf import get_config
from webhook_alerts.delivery import notice
from webhook_alerts.matching import fit, to_text
from webhook_alerts.models import Silence
from webhook_alerts.retelling import keep
from webhook_alerts.silencing.sample import matchers_of, newest_that_fit

_MADE_FOR_LATER = keep("%(who)s has silenced alerts from %(start)s until %(end)s: %(reason)s")
_MADE = keep("%(who)s has silenced alerts until %(end)s: %(reason)s")
_ENDS = keep("The silence of %(who)s ends at %(end)s: %(reason)s")
_ENDED = keep("%(by)s has ended the silence of %(who)s: %(reason)s")
_SOMEBODY = keep("somebody")
_SILENT = keep("Silent")


def made(silence: Silence) -> None:
    """That there is one, by whom and why."""
    if silence.starts_at > timezone.now():
        _tell(silence, _MADE_FOR_LATER)
    else:
        _tell(silence, _MADE)


def ends(silence: Silence) -> None:
    """That it ends soon."""
    _tell(silence, _ENDS)


def ended(silence: Silence) -> None:
    """That it was ended before its time."""
    _tell(silence, _ENDED)


def clock(moment: datetime) -> str:
    """The time of *moment* in the project's time zone, with its day where that is not today."""
    local = timezone.localtime(moment, timezone.get_default_timezone())
    today = timezone.localtime(timezone=timezone.get_default_timezone()).date()
    return f"{local:%H:%M}" if local.date() == today else f"{local:%Y-%m-%d %H:%M}"


def concerned(silence: Silence) -> list[str]:
    """The webhooks that *silence* keeps something from: those that its matchers name, or that get what it fits.

    All, where nothing among the newest alerts shows which.
    """
    matchers = matchers_of(silence)
    named = [matcher for matcher in matchers if matcher.field == "webhook"]
    webhooks = [name for name in get_config().webhooks if fit(named, {"webhook": name})]
    owed = newest_that_fit(matchers).webhooks
    return [name for name in webhooks if name in owed] or webhooks


def _tell(silence: Silence, text: str) -> None:
    words: Mapping[str, str] = {
        "who": silence.created_by or _SOMEBODY,
        "by": silence.ended_by or _SOMEBODY,
        "start": clock(silence.starts_at),
        "end": clock(silence.ends_at),
        "reason": silence.reason,
    }
    notice.post(text % words, Level.INFO, concerned(silence), **{_SILENT: to_text(matchers_of(silence))})
