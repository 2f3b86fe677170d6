"""What depends on something that is known to be broken is not told."""

from __future__ import annotations

import pytest

from tests.incidents.conftest import an_alert
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.incidents import state
from webhook_alerts.intake.accept import accept
from webhook_alerts.models import Delivery
from webhook_alerts.silencing import current

pytestmark = pytest.mark.django_db


@pytest.fixture
def rules(configure, discord):
    def set_to(*rules):
        hook = {"url": discord.url("errors"), "channel": "discord", "rate": []}
        return configure(WEBHOOKS={"errors": hook}, INHIBIT=list(rules))

    return set_to


def come(text: str, **values) -> str:
    """Some seconds later, an alert comes and is looked at; what becomes of it."""
    current.forget()
    alert = an_alert(text, fingerprint=text, **values)
    accept({"alerts": [alert.to_dict()]})
    deliver("errors")
    row = Delivery.objects.get(alert=alert.id)
    return f"{row.state} {row.reason}".strip()


DATABASE = {"source": ["logger = db"], "target": ["logger = shop"], "equal": ["context.region"]}


def test_a_source_mutes_its_dependants_with_equal_labels(rules):
    rules(DATABASE)
    assert come("down", logger="db", context={"region": "eu"}) == "delivered"
    assert come("no order", logger="shop.orders", context={"region": "eu"}) == "suppressed inhibited: down"
    assert come("no order there", logger="shop.orders", context={"region": "us"}) == "delivered"
    assert come("no region", logger="shop.orders") == "delivered"
    assert come("other", logger="blog", context={"region": "eu"}) == "delivered"


def test_what_neither_has_is_equal(rules):
    rules(DATABASE)
    come("down", logger="db")
    assert come("no order", logger="shop") == "suppressed inhibited: down"


def test_an_acknowledged_source_still_mutes_and_a_resolved_one_does_not(rules):
    rules(DATABASE)
    come("down", logger="db")
    state.acknowledge("down", "ana")
    assert come("a", logger="shop").startswith("suppressed")
    state.resolve("down", "ana")
    assert come("b", logger="shop") == "delivered"


def test_what_fits_both_sides_is_not_muted_by_its_like(rules):
    rules({"source": ["logger = db"], "target": ["level <= error"]})
    come("down", logger="db")
    assert come("down too", logger="db.replica") == "delivered"
    assert come("no order", logger="shop").startswith("suppressed")


def test_without_a_source_nothing_is_muted(rules):
    rules(DATABASE)
    assert come("no order", logger="shop") == "delivered"
