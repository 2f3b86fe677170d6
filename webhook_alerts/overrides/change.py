"""Changing what holds: judged by the reader of the settings first, on record with who did it, followed everywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from django.db import IntegrityError, router, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from webhook_alerts import audit, conf
from webhook_alerts.alert import JSON
from webhook_alerts.configuration.overlay import Overlay, Part
from webhook_alerts.configuration.problems import Problem
from webhook_alerts.delivery.nudge import clear, nudge
from webhook_alerts.models import Act, RouteOverride, WebhookOverride
from webhook_alerts.overrides import current, sealing
from webhook_alerts.overrides.stored import part_of, stored

Row = TypeVar("Row", WebhookOverride, RouteOverride)


class RefusedError(Exception):
    """The change would not hold; nothing was changed. ``problems`` say why, in the words of the settings' reader."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = tuple(problems)


class MeanwhileError(Exception):
    """Somebody else has changed it since it was looked at; nothing was changed. ``by`` names them."""

    def __init__(self, by: str) -> None:
        super().__init__(by)
        self.by = by


def set_webhook(
    name: str, options: Mapping[str, JSON], *, url: str = "", actor: str = "", seen: datetime | None = None
) -> WebhookOverride:
    """Let *options*, and *url* where it is not empty, hold for the webhook *name*, which is added if it is new.

    *seen* is the ``changed_at`` of the row that the operator saw, ``None`` where there was none. Raises
    ``RefusedError``, ``MeanwhileError``, and ``SealError`` where *url* cannot be encrypted.
    """
    keys = conf.get_config().encryption_keys
    with transaction.atomic(using=router.db_for_write(WebhookOverride)):
        row = _locked(WebhookOverride, name, seen) or WebhookOverride(name=name)
        before = _seen(row)
        row.options = dict(options)
        _judge(replace(part_of(row, keys)[0], url=url) if url else part_of(row, keys)[0], keys)
        if url:
            row.sealed_url, row.url_hint = sealing.seal(url, keys), sealing.hint(url)
        _save(row, actor, is_new=seen is None)
        audit.note(
            Act.Verb.CONFIGURED,
            "webhook",
            name,
            actor=actor,
            before=before,
            after=_seen(row),
            new_address=bool(url),
        )
        _follow(name)
    return row


def judge_webhook(name: str, options: Mapping[str, JSON], url: str = "") -> None:
    """Would ``set_webhook`` take this? Raises ``RefusedError`` or ``SealError``, and changes nothing."""
    keys = conf.get_config().encryption_keys
    row = WebhookOverride.objects.filter(name=name).first() or WebhookOverride(name=name)
    row.options = dict(options)
    part, _problem = part_of(row, keys)
    _judge(replace(part, url=url) if url else part, keys)
    if url:
        sealing.seal(url, keys)


def judge_route(route: str, webhooks: Sequence[str]) -> None:
    """Would ``set_route`` take this? Raises ``RefusedError``, and changes nothing."""
    _judge(Part(route, webhooks=list(webhooks)), conf.get_config().encryption_keys)


def reset_webhook(name: str, *, actor: str = "", seen: datetime | None = None) -> None:
    """Go back to the settings for the webhook *name*; one that they do not have is gone, what it is owed stays.

    Raises ``RefusedError``, where a route or another webhook needs it, and ``MeanwhileError``.
    """
    with transaction.atomic(using=router.db_for_write(WebhookOverride)):
        row = _locked(WebhookOverride, name, seen)
        if row is None:
            return
        _judge_without(Part(name))
        before = _seen(row)
        row.delete()
        audit.note(Act.Verb.CONFIGURED, "webhook", name, actor=actor, before=before, after=None)
        _follow(name)


def set_route(route: str, webhooks: Sequence[str], *, actor: str = "", seen: datetime | None = None) -> RouteOverride:
    """Send alerts of *route* to *webhooks*. Raises ``RefusedError`` and ``MeanwhileError``."""
    with transaction.atomic(using=router.db_for_write(RouteOverride)):
        row = _locked(RouteOverride, route, seen) or RouteOverride(route=route, webhooks=None)
        before = row.webhooks
        row.webhooks = list(webhooks)
        _judge(Part(route, webhooks=row.webhooks), conf.get_config().encryption_keys)
        _save(row, actor, is_new=seen is None)
        audit.note(Act.Verb.CONFIGURED, "route", route, actor=actor, before=before, after=row.webhooks)
        _follow()
    return row


def reset_route(route: str, *, actor: str = "", seen: datetime | None = None) -> None:
    """Go back to the settings for *route*. Raises ``RefusedError`` and ``MeanwhileError``."""
    with transaction.atomic(using=router.db_for_write(RouteOverride)):
        row = _locked(RouteOverride, route, seen)
        if row is None:
            return
        before = row.webhooks
        row.delete()
        audit.note(Act.Verb.CONFIGURED, "route", route, actor=actor, before=before, after=None)
        _follow()


def rotate_keys(actor: str = "") -> tuple[int, list[str]]:
    """Encrypt every address anew with the first key; how many, and the names of those that no key opens.

    Raises ``NoKeyError``.
    """
    keys = conf.get_config().encryption_keys
    done, left = 0, []
    for name in WebhookOverride.objects.exclude(sealed_url="").order_by("name").values_list("name", flat=True):
        with transaction.atomic(using=router.db_for_write(WebhookOverride)):
            row = WebhookOverride.objects.select_for_update().filter(name=name).first()
            if row is None or not row.sealed_url:
                continue
            try:
                row.sealed_url = sealing.reseal(row.sealed_url, keys)
            except sealing.NoKeyError:
                raise
            except sealing.SealError:
                left.append(name)
                continue
            row.save(update_fields=["sealed_url"])
            audit.note(Act.Verb.CONFIGURED, "webhook", name, actor=actor, resealed=True)
            done += 1
    current.announce()
    return done, left


def _locked(model: type[Row], key: str, seen: datetime | None) -> Row | None:
    """The row, locked, if it is as it was *seen*."""
    row = model._default_manager.select_for_update().filter(pk=key).first()
    if (row.changed_at if row else None) != seen:
        raise MeanwhileError(row.changed_by if row else "")
    return row


def _save(row: WebhookOverride | RouteOverride, actor: str, *, is_new: bool) -> None:
    row.changed_at, row.changed_by = timezone.now(), actor[:150]
    try:
        with transaction.atomic(using=router.db_for_write(type(row))):
            row.save(force_insert=is_new, force_update=not is_new)
    except IntegrityError:
        raise MeanwhileError("") from None


def _seen(row: WebhookOverride) -> dict[str, JSON] | None:
    """What the record may show of *row*."""
    return {**row.options, **({"address": row.url_hint} if row.url_hint else {})} if not row._state.adding else None


def _judge(part: Part, keys: Sequence[str]) -> None:
    """Would *part* hold among all others, and all others with it?"""
    overlay = stored(keys)
    others = tuple(other for other in overlay.parts if not _same(other, part))
    _compare(overlay, replace(overlay, parts=(*others, part)), part)


def _judge_without(part: Part) -> None:
    overlay = stored(conf.get_config().encryption_keys)
    _compare(overlay, replace(overlay, parts=tuple(other for other in overlay.parts if not _same(other, part))), part)


def _compare(before: Overlay, after: Overlay, part: Part) -> None:
    """Raise ``RefusedError`` when *part*, or one that holds *before*, would be left out *after*."""
    left_out = {(wrong.part.is_route, wrong.part.name) for wrong in conf.preview(before)[1]}
    for wrong in conf.preview(after)[1]:
        if _same(wrong.part, part):
            raise RefusedError(wrong.problems)
        if (wrong.part.is_route, wrong.part.name) not in left_out:
            raise RefusedError([_needed(wrong.part, wrong.problems[0])])


def _needed(other: Part, problem: Problem) -> Problem:
    what = _("the route %(name)s") if other.is_route else _("the webhook %(name)s")
    text = _("%(other)s would no longer hold: %(why)s") % {"other": what % {"name": other.name}, "why": problem.message}
    return Problem(problem.id, text, _("Change that first."))


def _same(one: Part, other: Part) -> bool:
    return (one.is_route, one.name) == (other.is_route, other.name)


def _follow(webhook: str = "") -> None:
    """Once committed: this process follows at once, the others within seconds; *webhook* is looked at anew."""

    def tell() -> None:
        current.announce()
        current.reload()
        if webhook in conf.get_config().webhooks:
            # A nudge may wait for a gate that is wider now.
            clear(webhook)
            nudge(webhook)

    transaction.on_commit(tell, using=router.db_for_write(WebhookOverride), robust=True)
