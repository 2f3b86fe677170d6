"""Rows that are taken many at a time are taken in the order of their keys, so that no two tasks wait for each other.

Of different tables: alerts, repeats, incidents, deliveries that no message carries, messages, deliveries that one
carries, silences.
"""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)


def locked(rows: QuerySet[Row], *, skip_locked: bool = False) -> QuerySet[Row]:
    """*rows*, which are locked one after the other when they are read; to be read in a transaction.

    Not their keys: rows that refer to them can be written meanwhile. With *skip_locked* without those that somebody
    else holds. Databases that lock as a whole, as SQLite, lock no row.
    """
    return rows.order_by("pk").select_for_update(of=("self",), no_key=True, skip_locked=skip_locked)


def in_order(rows: QuerySet[Row]) -> QuerySet[Row]:
    """The same *rows* for one ``update``, which by itself takes them as it finds them; in a transaction."""
    return rows.model._default_manager.filter(pk__in=locked(rows).values("pk"))
