"""The ways in which a shop fails, each raising the alert that a team would want of it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest

from shop import hostile
from shop.payments import Order, PaymentError, charge
from webhook_alerts import notify

logger = logging.getLogger("shop")

BURST = 1_000


def checkout(request: HttpRequest) -> None:
    """A handled exception: the view logs it and the customer sees a friendly page."""
    order = Order(4711, "ada@example.com", 12_990, "4111 1111 1111 1111")
    try:
        charge(order)
    except PaymentError:
        logger.exception(
            "Checkout of order %d failed",
            order.number,
            extra={"request": request, "amount_cents": order.amount, "card_number": order.card_number},
        )


def unhandled(request: HttpRequest) -> None:
    """An exception that nobody caught: Django logs it, with the request, and the handler makes an alert of it."""
    stock: dict[str, int] = {}
    stock["sku-0815"] -= 1


def low_stock(request: HttpRequest) -> None:
    """A plain warning."""
    logger.warning("Only %d left of %s", 2, "Blue Teapot", extra={"sku": "sku-0042"})


def slow_payment(request: HttpRequest) -> None:
    """A measurement above its threshold."""
    notify.performance("payment.duration", 4.2, threshold=1.5, unit="s", provider="payments.example")


def outage(request: HttpRequest) -> None:
    """Everything stands still: this one does not wait for company."""
    notify.critical("Payment provider is down: no order can be paid", provider="payments.example", orders_waiting=37)


def burst(request: HttpRequest) -> None:
    """A thousand times the same error: one alert that counts."""
    for number in range(BURST):
        logger.error("Stock of %s went below zero", f"sku-{number:04}")


def deploy(request: HttpRequest) -> None:
    """Good news."""
    notify.status("Release 2026.11 is live", commit="1f3870b", took_seconds=48)


def member(request: HttpRequest) -> None:
    """Something that people like to see."""
    notify.event("member_join", name="Grace", plan="yearly")


def strange_input(request: HttpRequest) -> None:
    """Text and values that would break a message, a limit or the sender."""
    notify.error(hostile.MESSAGE, **hostile.CONTEXT)


@dataclass(frozen=True)
class Failure:
    """One button of the shop."""

    slug: str
    title: str
    text: str
    call: str
    happen: Callable[[HttpRequest], None]
    icon: str = ""


FAILURES = {
    failure.slug: failure
    for failure in (
        Failure(
            "checkout",
            "Pay for an order",
            "The payment fails; the view logs the exception.",
            "logger.exception(…, extra={…})",
            checkout,
            "💳",
        ),
        Failure(
            "unhandled",
            "Open a broken page",
            "Nobody catches the exception; Django reports it.",
            "django.request",
            unhandled,
            "💥",
        ),
        Failure(
            "low-stock",
            "Buy the last but two",
            "A warning with a little context.",
            "logger.warning(…)",
            low_stock,
            "📦",
        ),
        Failure(
            "slow-payment", "Pay slowly", "4.2 s where 1.5 s are allowed.", "notify.performance(…)", slow_payment, "🐢"
        ),
        Failure(
            "outage",
            "Lose the provider",
            "Critical: sent at once, to errors and info.",
            "notify.critical(…)",
            outage,
            "🚨",
        ),
        Failure(
            "burst",
            "Sell out a thousand times",
            "1,000 equal errors make one message that counts.",
            "logger.error(…) × 1,000",
            burst,
            "🌊",
        ),
        Failure("deploy", "Deploy a release", "A status for everybody.", "notify.status(…)", deploy, "🚀"),
        Failure("member", "Join as a member", "An event for the members channel.", "notify.event(…)", member, "🎉"),
        Failure(
            "strange-input",
            "Send strange input",
            "50,000 characters, mentions, NULs, objects that raise.",
            "notify.error(…)",
            strange_input,
            "👾",
        ),
    )
}
