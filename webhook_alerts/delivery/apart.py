"""Taking a refused message apart, until only what the service refuses has failed.

Of an ordinary message each alert leaves by itself. Of a digest each title does that it showed, for one of these was
refused; what it did not show is summed up anew. So a refused title costs fewer than thirty requests, however long the
backlog is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Now

from webhook_alerts.channels import registry
from webhook_alerts.conf import Config
from webhook_alerts.delivery import digest
from webhook_alerts.delivery.draw import NotDrawnError
from webhook_alerts.models import Attempt, Delivery, Message

ONE_BY_ONE = 10
"""So many alerts of one title that was refused are tried by themselves; more of them fail together."""
IN_A_ROW = 20
"""After so many refusals in a row it is no title that the service refuses, and a digest fails as a whole."""


def take_apart(message: Message, config: Config) -> bool:
    """Owe what the refused *message* carries in smaller parts; ``False`` if there are none. In a transaction."""
    carried = Delivery.objects.filter(message=message).exclude(state=Delivery.State.DELIVERED)
    if not message.digest:
        return carried.count() > 1 and _one_by_one(carried)
    told = digest.read(carried)
    titles = digest.titles(told)
    if len(titles) <= 1:
        return len(told) <= ONE_BY_ONE and _one_by_one(carried)
    if _refuses_everything(message.webhook):
        return False
    shown = {title for title, _often in titles.most_common(digest.GROUPS)}
    parts: defaultdict[digest.Title | None, list[digest.Told]] = defaultdict(list)
    for row in told:
        parts[row.title if row.title in shown else None].append(row)
    for part in parts.values():
        _owe(part, message, config)
    return True


def _one_by_one(rows: QuerySet[Delivery]) -> bool:
    return rows.update(state=Delivery.State.PENDING, message=None, alone=True) > 0


def _owe(part: Sequence[digest.Told], message: Message, config: Config) -> None:
    """Sum up *part* of what *message* carries, or let so few leave as themselves."""
    rows = Delivery.objects.filter(pk__in=[row.pk for row in part])
    body = _body(part, message, config) if len(part) >= digest.HELD_FROM else None
    if body is None:
        _one_by_one(rows)
        return
    # As old as the whole: its alerts are to expire when they would have, and tell of the same quiet hours.
    smaller = Message.objects.create(
        webhook=message.webhook, digest=True, body=body, due_at=Now(), created_at=message.created_at
    )
    rows.update(state=Delivery.State.PENDING, message=smaller)


def _body(part: Sequence[digest.Told], message: Message, config: Config) -> dict[str, Any] | None:
    """The sum of *part*; ``None`` where its channel cannot draw it."""
    webhook = config.webhooks[message.webhook]
    span = digest.span_of(part, webhook, message.created_at)
    try:
        return digest.body(part, span, webhook, registry.get(webhook.channel), config)
    except NotDrawnError:
        return None


def _refuses_everything(webhook: str) -> bool:
    answered = Attempt.objects.filter(
        webhook=webhook, outcome__in=[Attempt.Outcome.DELIVERED, Attempt.Outcome.REFUSED], resend=False, update=False
    )
    last = answered.order_by("-started_at").values_list("outcome", flat=True)[:IN_A_ROW]
    return list(last) == [Attempt.Outcome.REFUSED.value] * IN_A_ROW
