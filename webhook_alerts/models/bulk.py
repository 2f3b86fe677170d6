"""Many new rows of one table, as ``bulk_create`` writes them, in less than half of its time.

Its time goes into asking every field about every value, and into statements as long as the values are many. What
stands in our columns is known: it is asked of a field only where a driver does not take it as it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Any

from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import DateTimeField, Field, Model
from django.db.models.constants import OnConflict

_TAKEN: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("CharField", "TextField"), str),
    **dict.fromkeys(("PositiveSmallIntegerField", "PositiveIntegerField", "PositiveBigIntegerField"), int),
    "BooleanField": bool,
}
"""What makes of a value of ours, an enumeration's member perhaps, what every driver takes."""


def insert(rows: Sequence[Model], *, ignore_conflicts: bool = False) -> None:
    """Write *rows*, all of one model, with one statement; keys that the database makes are not told back.

    No signals, no expressions as values. To be called in a transaction. Raises ``IntegrityError`` for a row that is
    there already; with *ignore_conflicts* that one stays as it is.
    """
    if not rows:
        return
    model = type(rows[0])
    connection = connections[router.db_for_write(model)]
    ops, quote = connection.ops, connection.ops.quote_name
    fields = [field for field in model._meta.concrete_fields if field is not model._meta.auto_field]
    columns = [quote(str(field.column)) for field in fields]
    on_conflict = OnConflict.IGNORE if ignore_conflicts else None
    into = f"{ops.insert_statement(on_conflict=on_conflict)} {quote(model._meta.db_table)} ({', '.join(columns)})"
    suffix = ops.on_conflict_suffix_sql(fields, on_conflict, (), ())
    values = [list(map(attrgetter(field.attname), rows)) for field in fields]
    with connection.cursor() as cursor:
        # Nothing but names of ours stands in a statement.
        if connection.vendor == "postgresql":
            types = (_type(field, connection) for field in fields)
            shape = ", ".join(map(" ".join, zip(columns, types, strict=True)))
            source = f"SELECT * FROM json_to_recordset(%s) AS given({shape})"  # noqa: S608
            cursor.execute(f"{into} {source} {suffix}", [_document(fields, values)])
        else:
            source = f"VALUES ({', '.join(['%s'] * len(fields))})"
            prepared = _prepared(fields, values, connection)
            cursor.executemany(f"{into} {source} {suffix}", list(zip(*prepared, strict=True)))


def _document(fields: Sequence[Field[Any, Any]], values: Iterable[Sequence[Any]]) -> str:
    """One parameter for all rows: what is neither of JSON's types nor in a column of JSON says itself as a text."""
    names = [field.column for field in fields]
    return json.dumps([dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)], default=str)


def _type(field: Field[Any, Any], connection: BaseDatabaseWrapper) -> str:
    """Without its length: what is too long is to be refused, not cut."""
    return str(field.db_type(connection)).partition("(")[0]


def _prepared(
    fields: Sequence[Field[Any, Any]], values: Sequence[Sequence[Any]], connection: BaseDatabaseWrapper
) -> list[list[Any]]:
    """The *values* of each column, as the driver takes them."""
    moments = _Moments(connection)
    return [
        list(map(_prepare(field, connection, moments), column)) for field, column in zip(fields, values, strict=True)
    ]


def _prepare(field: Field[Any, Any], connection: BaseDatabaseWrapper, moments: _Moments) -> Callable[[Any], Any]:
    if isinstance(field, DateTimeField):
        return moments.__getitem__
    taken = None if field.null else _TAKEN.get(field.get_internal_type())
    return taken or partial(field.get_db_prep_save, connection=connection)


class _Moments(dict[datetime | None, Any]):
    """What the driver takes for a time; the same one comes in many columns and rows."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        super().__init__({None: None})
        self._adapt = connection.ops.adapt_datetimefield_value

    def __missing__(self, moment: datetime) -> Any:
        self[moment] = found = self._adapt(moment)
        return found
