"""The sums that must always agree: received = delivered + suppressed + pending + failed."""

from __future__ import annotations

from django.db.models import Count, Sum

from webhook_alerts.conf import get_config
from webhook_alerts.models import Delivery


def totals() -> dict[str, dict[str, int]]:
    """For each webhook, in occurrences: ``received``, ``delivered``, ``suppressed``, ``pending``, ``failed``.

    A repeat is received and suppressed: the alert that stands for it carries its count. What is being sent is
    pending still.
    """
    found = {name: _empty() for name in get_config().configured}
    rows = Delivery.objects.order_by().values_list("webhook", "state")
    for webhook, state, number, occurrences in rows.annotate(n=Count("pk"), o=Sum("alert__occurrences")):
        row = found.setdefault(webhook, _empty())
        row["pending" if state == Delivery.State.SENDING else state] += number
        row["suppressed"] += occurrences - number
        row["received"] += occurrences
    return found


def _empty() -> dict[str, int]:
    return dict.fromkeys(("received", "delivered", "suppressed", "pending", "failed"), 0)
