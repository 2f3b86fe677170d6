"""Why deliveries and messages stand where they stand: the sentences that rows hold, and how their classes are called.

A reason begins with its class where something was suppressed: ``silenced: …``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from webhook_alerts.retelling import keep, keep_many

ACKNOWLEDGED = keep("repeat: acknowledged by %(who)s")
FLAPPING = keep("repeat: it comes and goes")
TOLD_IN_HOURS = keep("repeat: told again in %(count)d hours")
SILENCED = keep("silenced: %(reason)s (until %(time)s)")
INHIBITED = keep("inhibited: %(title)s")
EXPIRED = keep("expired: it could not be sent in time")
POISON = keep("poison: its workers ended again and again before an answer")
NOT_DRAWN = keep("cannot be drawn: %(error)s")
PAUSED = keep("paused; owed to %(fallback)s too")
TAKEN_APART = keep("taken apart: %(why)s")
LOCKED = keep("its address cannot be decrypted: its alerts wait")
AMBIGUOUS = keep("%(why)s (it may have arrived)")
FOLLOW_UP = keep("follow-up: the counts when the window closed")
RESOLVED = keep("resolved")
TAKEN_IN_HAND = keep("acknowledged")
DIGEST = keep("digest")
UNRECORDED = keep("sent by the emergency path; recorded afterwards")
QUIET = keep("quiet until %(time)s: only what is critical is sent")
NO_REDIS = keep("Redis is away: %(error)s")
SILENCE_REPLACED = keep("replaced by %(id)s")
OF_NO_ALERT = frozenset({FOLLOW_UP, RESOLVED, TAKEN_IN_HAND, DIGEST})
"""What a message is for that carries no alert: it keeps that reason, for nothing else on record says it."""


def told_in_minutes(number: int) -> str:
    """Of a repeat that is told again in so many minutes."""
    return _told_in_minutes(number) % {"count": number}


def _told_in_minutes(number: int) -> str:
    return keep_many("repeat: told again in %(count)d minute", "repeat: told again in %(count)d minutes", number)


_told_in_minutes(1)  # so that a process knows the sentence that has never said it

CLASSES: Mapping[str, Any] = {
    "refused": _("refused"),
    "server_error": _("server error"),
    "timeout": _("timeout"),
    "unreachable": _("unreachable"),
    "expired": _("expired"),
    "poison": _("poison"),
    "not_drawn": _("could not be drawn"),
    "other": _("other"),
    "repeat": _("told before"),
    "silenced": _("silenced"),
    "inhibited": _("muted by another"),
}
"""What failed or was suppressed is counted by these."""
