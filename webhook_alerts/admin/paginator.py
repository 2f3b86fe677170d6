"""Counting without counting: a list of millions of rows is counted up to a cap, and says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

if TYPE_CHECKING:
    Base = Paginator[Any]
else:
    Base = Paginator

CAP = 5_000
"""Rows counted at the very most; ``COUNT(*)`` over 2 million rows took 1.3 s, this 3.5 ms."""


class CappedPaginator(Base):
    """Pages over the first ``CAP`` rows; older ones are reached by the "older" link, which needs no offset.

    ``in_order``: count them in the order of the list, by whose indexes what is rare is found. What belongs to others
    that were searched for is counted from there instead, in any order.
    """

    in_order = True

    @cached_property
    def _seen(self) -> int:
        rows = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        return (rows if self.in_order else rows.order_by()).values("pk")[: CAP + 1].count()

    @property
    def capped(self) -> bool:
        """Are there more rows than were counted?"""
        return self._seen > CAP

    @cached_property
    def count(self) -> int:
        """The number of rows, at most ``CAP``."""
        return min(self._seen, CAP)
