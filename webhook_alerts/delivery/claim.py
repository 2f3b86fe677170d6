"""Taking one message worth of work by compare-and-set, with a lease and a fencing token.

Two workers may look at the same rows; only one of them changes them. Every later write carries the token of its
claim, so that a worker whose lease ran out writes nothing. Time is the database's: workers' clocks differ.
"""

from __future__ import annotations

import logging
import uuid
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import cast

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Least, Now

from webhook_alerts import reasons
from webhook_alerts.alert import Level
from webhook_alerts.channels.base import Channel, File, Payload
from webhook_alerts.conf import LEASE_S, Config, Webhook, get_config
from webhook_alerts.delivery import digest, notice, record
from webhook_alerts.delivery.draw import NotDrawnError, draw
from webhook_alerts.delivery.look import look, speaking_to
from webhook_alerts.delivery.origins import Origin, of_alerts, of_message
from webhook_alerts.delivery.owed import PAGE, Fresh, due, fresh, is_quiet, page, sweep, wakes
from webhook_alerts.incidents.notes import with_notes
from webhook_alerts.models import Alert as AlertRow
from webhook_alerts.models import Attempt, Delivery, Message
from webhook_alerts.models.locking import in_order, locked
from webhook_alerts.silencing.keeping_back import keep_back

logger = logging.getLogger("webhook_alerts.delivery")
POISON = 3
"""Claims without an outcome after which a message is taken to kill its workers."""
MOST_PAGES = 20
"""Pages read in search of something that is to be told: where all is silenced, the task comes back for the rest."""


@dataclass(frozen=True, slots=True)
class Owed:
    """What would be sent next: a message that exists, or the deliveries that a new one is to carry."""

    message: Message | None
    deliveries: Sequence[Fresh] = ()
    digest: bool = False

    @property
    def is_resend(self) -> bool:
        """Does an operator ask for it?"""
        return self.message is not None and self.message.resend


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that this worker may send until its lease ends, and the attempt that is on record for it.

    ``count`` deliveries were put into it just now; ``reread``: so many that the backlog is another. ``origins`` are
    those of all alerts that it carries.
    """

    message: Message
    attempt: Attempt
    origins: tuple[Origin, ...]
    count: int = 0
    reread: bool = False

    @property
    def files(self) -> list[File]:
        """What is attached."""
        return [File.from_dict(item) for item in self.message.files]


class Backlog:
    """What *webhook* owes, in the order in which it is to be sent, read a page at a time.

    Of what no message carries yet, only alerts of the level *at_least* or above, and in quiet hours critical ones.
    """

    def __init__(self, webhook: Webhook, channel: Channel, at_least: Level = Level.DEBUG) -> None:
        self.webhook = webhook
        self.channel = channel
        self.is_quiet = is_quiet(webhook)
        self.at_least = Level.CRITICAL if self.is_quiet else at_least
        self._page: deque[Fresh] = deque()
        self._seen_all = False
        self._digest: bool | None = None

    def next(self, *, only_resends: bool = False) -> Owed | None:
        """Resends, then messages that are due (again), then the gravest and oldest deliveries."""
        if only_resends or not self._page:
            message = self._due(only_resends=only_resends)
            if message is not None or only_resends:
                return Owed(message) if message else None
            self._read()
        most = min(self.webhook.batch_size, self.channel.max_alerts)
        rows = list(islice(self._page, most))
        if self._is_stale():
            rows = [row for row in rows if row.alert.level >= Level.CRITICAL]
            return Owed(None, rows[:1]) if rows else Owed(None, digest=True)
        if len(rows) < most and not self._seen_all:
            self._read()
            rows = list(islice(self._page, most))
        if not rows:
            return None
        single = next((number for number, row in enumerate(rows) if row.alone), len(rows))
        return Owed(None, rows[: single or 1])

    def taken(self, count: int) -> None:
        """The first *count* deliveries are in a message now."""
        for _ in range(count):
            self._page.popleft()

    def changed(self) -> None:
        """Somebody else has taken of it: read it again."""
        self._page.clear()

    def _is_stale(self) -> bool:
        """Is there so much, and so old, that it is to be summed up? Asked once for a page that is full."""
        if self._digest is None:
            self._digest = self.channel.sums_up and self.at_least < Level.ERROR and self._sums_up()
        return self._digest

    def _sums_up(self) -> bool:
        stale = digest.due(self.webhook, is_full=not self._seen_all)
        if stale is None:
            return False
        # What is not to be told now is not to be summed up either.
        kept_back = sweep(stale.rows, self.webhook.name, get_config())
        return not kept_back or digest.due(self.webhook, is_full=not self._seen_all) is not None

    def _due(self, *, only_resends: bool) -> Message | None:
        messages = Message.objects.filter(due(), webhook=self.webhook.name).order_by("-resend", "due_at")
        if self.is_quiet:
            messages = messages.filter(wakes())
        for message in messages.filter(resend=True) if only_resends else messages[: POISON + 1]:
            if message.claims < message.attempts + message.deferrals + POISON:
                return message
            _bury(message)
        return None

    def _read(self) -> None:
        owed = Delivery.objects.filter(fresh(), webhook=self.webhook.name, level__gte=self.at_least)
        kept: list[Fresh] = []
        for _ in range(MOST_PAGES):
            rows = page(owed.order_by("-level", "id"))
            kept = keep_back(rows, self.webhook.name, get_config())
            self._seen_all = len(rows) < PAGE
            if kept or self._seen_all:
                break
        self._page = deque(kept)
        self._digest = None


def take(owed: Owed, webhook: Webhook, channel: Channel, config: Config) -> Claim | None:
    """Claim what a ``Backlog`` showed; ``None`` when another worker was quicker, or nothing of it can be rendered."""
    if owed.message is not None:
        return _retake(owed.message)
    if owed.digest:
        return _take_digest(webhook, channel, config)
    payload = _render(owed.deliveries, webhook, channel, config)
    if payload is None:
        return None
    rows = owed.deliveries[: max(1, payload.count)]
    message = Message(
        webhook=webhook.name,
        state=Message.State.SENDING,
        body=payload.json,
        files=[file.to_dict() for file in payload.files],
        token=uuid.uuid4(),
        claims=1,
    )
    # Django's types know no expression as a model's initial value.
    message.lease_until = cast("None", _lease())
    with record.short():
        message.save(force_insert=True)
        has_counted_on = _has_counted_on(rows)
        free = Delivery.objects.filter(fresh(), pk__in=[row.pk for row in rows])
        if in_order(free).update(state=Delivery.State.SENDING, message=message) != len(rows):
            transaction.set_rollback(True, using=record.database())
            return None
        if has_counted_on:
            Message.objects.filter(pk=message.pk).update(update_due_at=Now())
        return Claim(message, _attempt(message), of_alerts(row.alert for row in rows), len(rows))


def _take_digest(webhook: Webhook, channel: Channel, config: Config) -> Claim | None:
    message = Message(webhook=webhook.name, state=Message.State.SENDING, token=uuid.uuid4(), claims=1, digest=True)
    message.lease_until = cast("None", _lease())
    try:
        with record.short():
            message.save(force_insert=True)
            if not digest.take(message, webhook, channel, config):
                transaction.set_rollback(True, using=record.database())
                return None
            return Claim(message, _attempt(message), of_message(message), reread=True)
    except NotDrawnError:
        digest.give_up(webhook)
        return None


def _has_counted_on(rows: Sequence[Fresh]) -> bool:
    """Were repeats counted since *rows* were read? Whoever counts from now on waits for this transaction, and sees it.

    To be asked before the deliveries are taken: whoever counts has the alerts first, too.
    """
    shown = {row.alert.id: row.alert.occurrences for row in rows}
    now = locked(AlertRow.objects.filter(pk__in=shown)).values_list("pk", "occurrences")
    return any(shown[key] != occurrences for key, occurrences in now)


def _retake(message: Message) -> Claim | None:
    token = uuid.uuid4()
    with record.short():
        taken = Message.objects.filter(due(), pk=message.pk, token=message.token).update(
            state=Message.State.SENDING,
            token=token,
            lease_until=_lease(),
            claims=Least(F("claims") + 1, Message.MOST_CLAIMS),
        )
        if not taken:
            return None
        message.token = token
        if not message.resend:
            Delivery.objects.filter(message=message, state=Delivery.State.PENDING).update(state=Delivery.State.SENDING)
        return Claim(message, _attempt(message), of_message(message))


def _attempt(message: Message) -> Attempt:
    return Attempt.objects.create(message=message, webhook=message.webhook, resend=message.resend)


def _render(rows: Sequence[Fresh], webhook: Webhook, channel: Channel, config: Config) -> Payload | None:
    """The message for *rows*. A channel of somebody else's may raise: then each alert is tried by itself."""
    with speaking_to(webhook):
        alerts = notice.retold(with_notes([row.alert for row in rows]))
    try:
        return draw(channel, alerts, look(webhook, config))
    except NotDrawnError as error:
        broken = Delivery.objects.filter(fresh(), pk__in=[row.pk for row in rows])
        if len(rows) > 1:
            with record.short():
                in_order(broken).update(alone=True)
        else:
            reason = (reasons.NOT_DRAWN % {"error": error})[:255]
            failed = broken.update(state=Delivery.State.FAILED, reason=reason, settled_at=Now())
            record.count_failed(webhook.name, reason, failed)
        return None


def _bury(message: Message) -> None:
    """End a message that was claimed again and again without an outcome."""
    reason = reasons.POISON
    with record.short():
        buried = Message.objects.filter(due(), pk=message.pk, token=message.token).update(
            state=message.before_resend or Message.State.FAILED,
            resend=False,
            before_resend="",
            token=None,
            lease_until=None,
            finished_at=Now(),
            reason=reason,
        )
        if buried and not message.resend:
            record.deliveries_failed(message, reason)
    logger.error("A message for %s is given up: %s", message.webhook, reason)


def _lease() -> object:
    return Now() + timedelta(seconds=LEASE_S)
