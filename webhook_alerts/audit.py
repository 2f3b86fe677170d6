"""Writing down what operators do, and what is done by itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from webhook_alerts.alert import JSON
from webhook_alerts.models import Act


def note(verb: str, target: str, target_id: object, *, actor: str = "", **details: JSON) -> None:
    """*actor*, a user's name, did *verb* (an ``Act.Verb``) to a *target*; to be called in the act's transaction.

    ``actor`` is empty for what is done by itself. *details* must hold no secret.
    """
    note_all(verb, target, [target_id], actor=actor, **details)


def note_all(verb: str, target: str, target_ids: Iterable[object], *, actor: str = "", **details: JSON) -> None:
    """One act on many targets at once, each with a row of its own."""
    Act.objects.bulk_create(
        [
            Act(actor=actor[:150], verb=verb, target=target, target_id=str(target_id)[:64], details=details)
            for target_id in target_ids
        ]
    )


def of(target: str, target_id: object) -> list[Any]:
    """What was done to one thing, the latest first."""
    return list(Act.objects.filter(target=target, target_id=str(target_id)[:64]).order_by("-id")[:100])
