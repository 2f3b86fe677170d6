"""The picture of a digest: what was delivered, kept back and failed over its period. Needs the extra ``charts``."""

from __future__ import annotations

import base64
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from webhook_alerts.channels.base import File
from webhook_alerts.models import Tally

BARS = 28
"""As many as can be told apart in a chat."""
_COLOURS: Mapping[str, str] = {"delivered": "#3ba55c", "suppressed": "#8e9297", "failed": "#ed4245"}


def picture(webhook: str, span: tuple[datetime, datetime]) -> File | None:
    """The PNG, 800 × 260 pixels, of what became of the deliveries to *webhook*; ``None`` without matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return None
    buffer = io.BytesIO()
    _draw(Figure(figsize=(8, 2.6), dpi=100, layout="constrained"), bars(webhook, span), span).savefig(buffer)
    return File("digest.png", base64.b64encode(buffer.getvalue()).decode(), "image/png")


def bars(webhook: str, span: tuple[datetime, datetime]) -> Mapping[str, Sequence[int]]:
    """By measure, how much fell into each of ``BARS`` equal parts of *span*."""
    starts, ends = span
    found: defaultdict[str, list[int]] = defaultdict(lambda: [0] * BARS)
    rows = Tally.objects.filter(webhook=webhook, start__gte=starts, start__lt=ends, measure__in=list(_COLOURS))
    for start, measure, count in rows.order_by().values_list("start", "measure", "count"):
        found[measure][int((start - starts) / (ends - starts) * BARS)] += count
    return found


def _draw(figure: Any, counts: Mapping[str, Sequence[int]], span: tuple[datetime, datetime]) -> Any:
    names = {"delivered": _("delivered"), "suppressed": _("kept back"), "failed": _("failed")}
    axes = figure.add_subplot()
    below = [0] * BARS
    for measure, colour in _COLOURS.items():
        heights = counts.get(measure, [0] * BARS)
        axes.bar(range(BARS), heights, bottom=below, color=colour, width=0.8, label=names[measure])
        below = [low + height for low, height in zip(below, heights, strict=True)]
    starts, ends = span
    ticks = range(0, BARS + 1, BARS // 4)
    form = "H:i" if (ends - starts).days <= 1 else "D d"
    axes.set_xticks([tick - 0.5 for tick in ticks])
    axes.set_xticklabels([date_format(starts + (ends - starts) * tick / BARS, form) for tick in ticks])
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper left", ncols=len(_COLOURS), frameon=False, fontsize=8)  # never over a bar
    return figure
