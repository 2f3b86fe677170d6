"""Time in pieces of five minutes, and times in classes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

BUCKET_S = 300
HOUR_S = 3600
BOUNDS_S: Sequence[float] = (
    0.1, 0.2, 0.5, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1200, 1800, 3600,
    7200, 14_400, 43_200, 86_400,
)  # fmt: skip
"""Upper bounds of the classes of latency, in seconds: a percentile read from them is off by less than its class."""
BEYOND = "inf"
"""The label of what took longer than the last of them."""


def floor(moment: datetime, seconds: int) -> datetime:
    """The beginning of the piece of so many *seconds* that *moment* lies in, counted from 1970."""
    return datetime.fromtimestamp(int(moment.timestamp()) // seconds * seconds, UTC)


def label(bound: float) -> str:
    """How a class is called: ``1.5``."""
    return f"{bound:g}"


def percentile(counts: Mapping[str, int], part: float) -> float | None:
    """The time, in seconds, that *part* of what is counted (0.95, say) did not exceed; ``None`` for nothing.

    Within its class it is taken to be spread evenly.
    """
    total = sum(counts.values())
    if not total:
        return None
    rank, seen, below = part * total, 0, 0.0
    for bound in BOUNDS_S:
        count = counts.get(label(bound), 0)
        if count and seen + count >= rank:
            return below + (bound - below) * max(0.0, rank - seen) / count
        seen, below = seen + count, bound
    return below


def pieces(since: datetime, until: datetime, count: int) -> tuple[datetime, timedelta]:
    """Where the first of *count* equal pieces up to *until* begins, not after *since*, and how long each is.

    A piece is a multiple of five minutes, so that each bucket lies in one.
    """
    step_s = max(BUCKET_S, -(-int((until - since).total_seconds()) // count // BUCKET_S) * BUCKET_S)
    end = floor(until, step_s) + timedelta(seconds=step_s)
    return end - timedelta(seconds=step_s) * count, timedelta(seconds=step_s)
