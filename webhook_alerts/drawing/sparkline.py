"""A small bar chart as inline SVG; its colour comes from the page (``currentColor``), its meaning is in its title."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

GAP = 0.25
"""The part of a bar's width that is left free."""


def hourly(hours: Mapping[str, int], now: float, last: int = 48) -> list[int]:
    """The counts of the *last* hours up to *now* (Unix seconds), oldest first, from counts by hours since 1970."""
    newest = int(now // 3600)
    return [int(hours.get(str(hour), 0)) for hour in range(newest - last + 1, newest + 1)]


def sparkline(values: Sequence[float], title: str, *, width: int = 120, height: int = 24) -> SafeString:
    """*values* as bars, the first at the left, drawn to the height of the largest; *width* and *height* in pixels.

    *title* is what a screen reader says and what is shown when hovered over. What is not zero is at least a pixel high.
    """
    step = width / max(1, len(values))
    largest = max(values, default=0)
    bars = format_html_join(
        "",
        '<rect x="{}" y="{}" width="{}" height="{}"/>',
        (
            (_short(index * step), _short(height - bar), _short(step * (1 - GAP)), _short(bar))
            for index, value in enumerate(values)
            if (bar := max(1.0, value / largest * (height - 1)) if value > 0 else 0.0)
        ),
    )
    return format_html(
        '<svg class="wa-spark" role="img" width="{w}" height="{h}" viewBox="0 0 {w} {h}" preserveAspectRatio="none">'
        '<title>{title}</title><path class="wa-spark-base" d="M0 {base}H{w}"/>{bars}</svg>',
        w=str(width), h=str(height), base=_short(height - 0.5), title=title, bars=bars,
    )  # fmt: skip


def _short(number: float) -> str:
    """At most two decimals, with a point in every language."""
    return f"{number:.2f}".rstrip("0").rstrip(".")
