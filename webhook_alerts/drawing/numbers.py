"""Numbers as the language has them."""

from __future__ import annotations

from django.utils.formats import number_format


def number(value: float, decimals: int | None = None) -> str:
    """With separators; with so many *decimals*, or as many as it has."""
    return str(number_format(value, decimal_pos=decimals, use_l10n=True, force_grouping=True))
