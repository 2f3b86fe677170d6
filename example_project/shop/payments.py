"""The payment provider, on a bad day."""

from dataclasses import dataclass

from webhook_alerts.health import endpoint


class PaymentError(Exception):
    """The payment did not go through."""


class ProviderUnreachableError(PaymentError):
    """The provider did not answer."""


@dataclass(frozen=True)
class Order:
    """What a customer wants to pay for; amounts in cents."""

    number: int
    customer: str
    amount: int
    card_number: str


def charge(order: Order) -> None:
    """Take the money; today this always fails."""
    try:
        with endpoint("payments.example", slow_s=1.5):
            authorise(order)
    except ConnectionResetError as error:
        raise ProviderUnreachableError(f"no answer for order {order.number} ({order.amount / 100:.2f} EUR)") from error


def authorise(order: Order) -> None:
    """Ask the provider."""
    raise ConnectionResetError(104, f"connection reset by payments.example while authorising {order.number}")
