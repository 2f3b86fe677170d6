"""``demo --once``: let everything go wrong once, and see that all of it arrives and stands on record."""

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import requests
from shop.failures import BURST

from demo.plan import ALSO, Plan
from webhook_alerts.conf import get_config
from webhook_alerts.models import Delivery

PATIENCE_S = float(os.environ.get("SHOP_DEMO_PATIENCE", "60"))


@dataclass(frozen=True)
class Expected:
    """One alert at one webhook: the failure that raises it, a part of its text, and how often it must have happened.

    ``shown`` is how the channel writes that text, where it writes it differently.
    """

    slug: str
    webhook: str
    text: str
    occurrences: int = 1
    shown: str = ""


EXPECTED = (
    Expected("checkout", "errors", "Checkout of order 4711 failed"),
    Expected("unhandled", "errors", "Internal Server Error: /fail/unhandled/"),
    Expected("low-stock", "errors", "Only 2 left of Blue Teapot"),
    Expected("slow-payment", "performance", "payment.duration"),
    Expected("outage", "errors", "Payment provider is down"),
    Expected("outage", "info", "Payment provider is down"),
    Expected("burst", "errors", "went below zero", BURST),
    Expected("deploy", "info", "Release 2026.11 is live"),
    Expected("member", "members", "member_join", shown="member join"),
    Expected("strange-input", "errors", "@everyone"),
    *(Expected("checkout", name, "Checkout of order 4711 failed") for name in ALSO),
)


@dataclass(frozen=True)
class Arrival:
    """An expected alert that arrived, after how many seconds and in answer to which request."""

    expected: Expected
    level: str
    occurrences: int
    after_s: float
    status_code: int


def run(plan: Plan, say: Callable[[str], None], received: Callable[[str], list[dict[str, object]]] | None) -> bool:
    """Raise everything, wait and tell; ``False`` when something is missing. *received* asks the stand-in."""
    began = time.time()
    raise_all(plan)
    arrivals: dict[Expected, Arrival] = {}
    while len(arrivals) < len(EXPECTED) and time.time() < began + PATIENCE_S:
        time.sleep(0.2)
        for expected in EXPECTED:
            if expected not in arrivals and (arrival := look(expected, began, received)):
                arrivals[expected] = arrival
    for line in table(arrivals):
        say(line)
    return len(arrivals) == len(EXPECTED)


def raise_all(plan: Plan) -> None:
    """Press every button of the shop, as a browser does."""
    with requests.Session() as browser:
        browser.trust_env = False
        browser.get(plan.shop_url, timeout=10).raise_for_status()
        headers = {"X-CSRFToken": browser.cookies["csrftoken"]}
        for slug in dict.fromkeys(expected.slug for expected in EXPECTED):
            browser.post(f"{plan.shop_url}fail/{slug}/", headers=headers, timeout=30, allow_redirects=False)


def look(expected: Expected, began: float, received: Callable[[str], list[dict[str, object]]] | None) -> Arrival | None:
    """Is it on record as delivered, counted in full, and in the channel?"""
    configured = get_config().webhooks
    rows = Delivery.objects.filter(
        webhook__in=[expected.webhook] if expected.webhook in configured else configured,  # routes fall back
        state=Delivery.State.DELIVERED,
        alert__message__contains=expected.text,
        alert__first_seen__gte=datetime.fromtimestamp(began, UTC),
        alert__occurrences__gte=expected.occurrences,
    )
    row = rows.select_related("alert", "message").first()
    if row is None or row.message is None:
        return None
    if received is not None and (expected.shown or expected.text) not in json.dumps(
        received(expected.webhook), ensure_ascii=False
    ):
        return None
    attempt = row.message.attempt_log.order_by("-started_at").first()
    return Arrival(
        expected,
        row.alert.get_level_display(),
        row.alert.occurrences,
        time.time() - began,
        (attempt.status_code or 0) if attempt else 0,
    )


def table(arrivals: dict[Expected, Arrival]) -> Iterator[str]:
    """What arrived, line by line, and what did not."""
    yield f"{'raised':<14} {'level':<9} {'webhook':<12} {'times':>6} {'answer':>6} {'after':>7}  text"
    for expected in EXPECTED:
        if arrival := arrivals.get(expected):
            yield (
                f"{expected.slug:<14} {arrival.level:<9} {expected.webhook:<12} {arrival.occurrences:>6} "
                f"{arrival.status_code:>6} {arrival.after_s:>5.1f} s  {expected.text}"
            )
    for expected in EXPECTED:
        if expected not in arrivals:
            times = f" {expected.occurrences} times" if expected.occurrences > 1 else ""
            yield f"MISSING: {expected.slug} at {expected.webhook}{times} ({expected.text})"
