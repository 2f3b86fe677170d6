"""Room in a spool that is full: what tells least goes first."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from webhook_alerts.outbox.batch import Item
from webhook_alerts.outbox.folder import Folder
from webhook_alerts.outbox.lines import locked, peek, read

ROOM = 0.8
"""To what part of its size the spool is brought back when it is full."""


def make_room(folder: Folder, limit: int) -> int:
    """Drop what tells least until what waits is within *limit* bytes again; how many alerts and repeats were lost.

    A count that a later one of the same alert replaces is no loss. Then go alerts, the oldest of the lowest level
    first, and at last the counts that remain.
    """
    size = folder.size()
    if size <= limit:
        return 0
    totals = _totals(folder)
    lost = 0
    rounds = [_is_replaced(totals), *map(_is_of_level, (10, 20, 30, 40, 50)), _is_count]
    for number, goes in enumerate(rounds):
        for path in folder.files():
            if size <= limit * ROOM:
                break
            dropped, size = _drop(folder, path, goes, size)
            lost += dropped if number else 0
    folder.lose(evicted=lost)
    return lost


def _totals(folder: Folder) -> dict[str, int]:
    """How far each alert's repeats are counted by what waits."""
    totals: dict[str, int] = {}
    for kind, value in (item for path in folder.files() for item in peek(path)):
        if kind == "repeat":
            totals[value["id"]] = max(value["total"], totals.get(value["id"], 0))
    return totals


def _drop(folder: Folder, path: Path, goes: Callable[[Item], bool], size: int) -> tuple[int, int]:
    """Take out of one file what *goes*; how much that was, and what the spool's *size* is then."""
    with locked(path, create=False) as handle:
        if handle is None:
            return 0, size
        found, _ = read(handle)
        rest = [item for item in found if not goes(item)]
        if len(rest) == len(found):
            return 0, size
        before = os.fstat(handle).st_size
        if rest:
            folder.keep(path, rest)
            after = path.stat().st_size
        else:
            path.unlink(missing_ok=True)
            after = 0
        lost = sum(int(value["count"]) if kind == "repeat" else 1 for kind, value in found if goes((kind, value)))
        return lost, size - before + after


def _is_of_level(level: int) -> Callable[[Item], bool]:
    return lambda item: item[0] == "alert" and int(item[1].get("level", 0)) // 10 * 10 <= level


def _is_count(item: Item) -> bool:
    return item[0] == "repeat"


def _is_replaced(totals: Mapping[str, int]) -> Callable[[Item], bool]:
    return lambda item: _is_count(item) and item[1]["total"] < totals.get(item[1]["id"], 0)
