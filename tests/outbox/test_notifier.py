"""``notify``: every method gives an id at once and an alert of its kind."""

import uuid
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from django.db import transaction

from webhook_alerts import __all__, notify
from webhook_alerts.alert import Kind, Level
from webhook_alerts.testing import override_alerts


def test_the_face_of_the_package():
    assert __all__ == ["__version__", "notify"]


@pytest.mark.parametrize("name", ["debug", "info", "warning", "error", "critical"])
def test_each_level_has_a_method(alerts_outbox, name):
    identity = getattr(notify, name)("stock is low", product="tea", name="Ana", level=3, message="own")
    (alert,) = alerts_outbox
    assert isinstance(identity, uuid.UUID)
    assert alert.id == identity
    assert alert.level == Level[name.upper()]
    assert alert.message == "stock is low"
    assert alert.context == {"product": "tea", "name": "Ana", "level": 3, "message": "own"}
    assert alert.module == __name__
    assert alert.function == "test_each_level_has_a_method"


def test_the_first_arguments_may_be_given_by_their_names(alerts_outbox):
    notify.error(message="stock is low", product="tea")
    notify.performance(metric="checkout", value=3, threshold=1.0)
    notify.event(kind="member_join", name="Ana")
    notify.status(status="deployed")
    assert [alert.message for alert in alerts_outbox] == [
        "stock is low", "checkout: 3, 3.0× its threshold of 1", "member_join", "deployed",
    ]  # fmt: skip
    assert [alert.context for alert in alerts_outbox] == [{"product": "tea"}, {}, {"name": "Ana"}, {}]
    with pytest.raises(TypeError, match="'message'"):
        notify.error(product="tea")


class Unfloatable:
    def __float__(self):
        raise RuntimeError

    def __str__(self):
        return "four"


@pytest.mark.parametrize(
    ("value", "threshold", "level", "details"),
    [
        (Decimal("4.2"), 2.0, Level.ERROR, (4.2, 2.0, 2.1)),
        (3, Decimal("1.5"), Level.ERROR, (3, 1.5, 2.0)),
        (Fraction(3, 2), 1, Level.WARNING, (1.5, 1, 1.5)),
        (timedelta(milliseconds=2500), timedelta(seconds=2), Level.WARNING, (2.5, 2.0, 1.25)),
        ("4.2", 2, Level.ERROR, (4.2, 2, 2.1)),
        (10**17, 10**17, Level.WARNING, (1e17, 1e17, 1.0)),
        # What is no number is told as it is, and never raises into the caller.
        (None, 1, Level.WARNING, ("None", "1", "nan")),
        (1, None, Level.WARNING, ("1", "None", "nan")),
        ("soon", 0, Level.WARNING, ("soon", "0", "nan")),
        (10**400, "1", Level.WARNING, (str(10**400), "1", "nan")),
        (float("nan"), 1, Level.WARNING, ("nan", "1", "nan")),
        (float("inf"), float("inf"), Level.WARNING, ("inf", "inf", "nan")),
        (Unfloatable(), 1, Level.WARNING, ("four", "1", "nan")),
    ],
)
def test_whatever_is_measured_is_told(alerts_outbox, value, threshold, level, details):
    notify.performance("price", value, threshold=threshold)
    (alert,) = alerts_outbox
    assert alert.level == level
    assert (alert.details["value"], alert.details["threshold"], alert.details["ratio"]) == details


@pytest.mark.parametrize("thing", [None, 5, ["a"]])
def test_events_status_and_fingerprints_that_are_no_texts_become_some(alerts_outbox, thing):
    notify.event(thing)
    notify.status(thing)
    notify.using(fingerprint=thing or 0).error("x")
    assert [alert.message for alert in alerts_outbox] == [str(thing), str(thing), "x"]
    assert alerts_outbox[-1].fingerprint == str(thing) or thing is None


@pytest.mark.parametrize("form", ["true", "exception", "triple", "method"])
def test_an_exception_comes_in_every_form(alerts_outbox, form):
    try:
        raise ValueError("no stock")
    except ValueError as error:
        given = {"true": True, "exception": error, "triple": (ValueError, error, error.__traceback__)}
        if form == "method":
            notify.exception("failed")
        else:
            notify.error("failed", exc_info=given[form])
    (alert,) = alerts_outbox
    assert alert.exception_type == "ValueError"
    assert alert.kind is Kind.ERROR
    assert alert.stack_trace.endswith("ValueError: no stock")


@pytest.mark.parametrize(
    ("value", "level"),
    [(0.5, Level.INFO), (1.0, Level.WARNING), (1.9, Level.WARNING), (2, Level.ERROR), (5, Level.CRITICAL)],
)
def test_performance_is_as_grave_as_its_ratio(alerts_outbox, value, level):
    notify.performance("checkout", value, threshold=1.0, unit="s", view="cart")
    (alert,) = alerts_outbox
    assert (alert.kind, alert.level) == (Kind.PERFORMANCE, level)
    assert alert.details == {"metric": "checkout", "value": value, "threshold": 1.0, "unit": "s", "ratio": value}
    assert alert.context == {"view": "cart"}
    assert alert.function == "test_performance_is_as_grave_as_its_ratio"


def test_a_threshold_of_zero_divides_nothing(alerts_outbox):
    notify.performance("errors", 3, threshold=0)
    assert alerts_outbox[0].level == Level.WARNING


def test_events_and_status_carry_what_they_are(alerts_outbox):
    notify.event("member_join", name="Ana")
    notify.status("deployed", version="1.2")
    event, status = alerts_outbox
    assert (event.kind, event.details, event.context) == (Kind.EVENT, {"event": "member_join"}, {"name": "Ana"})
    assert (status.kind, status.details, status.context) == (Kind.STATUS, {"status": "deployed"}, {"version": "1.2"})


def test_two_members_are_two_events_and_one_twice_is_one(alerts_outbox):
    for name in ("Ana", "Bo", "Ana"):
        notify.event("member_join", name=name)
    assert [(alert.context["name"], alert.occurrences) for alert in alerts_outbox] == [("Ana", 2), ("Bo", 1)]


def test_a_repeat_has_the_id_of_its_alert(alerts_outbox):
    assert notify.error("same") == notify.error("same")
    assert [alert.occurrences for alert in alerts_outbox] == [2]


def test_options(alerts_outbox):
    asking = notify.using(webhook=["ops", "team"], fingerprint="disk", dedup=False)
    first, second = asking.error("a"), asking.warning("b")
    assert first != second
    assert {(alert.webhooks, alert.fingerprint) for alert in alerts_outbox} == {(("ops", "team"), "disk")}


@pytest.mark.django_db(transaction=True)
def test_on_commit_waits_for_the_commit_and_a_rollback_sends_nothing(alerts_outbox):
    with transaction.atomic():
        kept = notify.using(on_commit=True).info("paid")
        assert alerts_outbox == []
    with transaction.atomic():
        notify.using(on_commit=True).info("not paid")
        transaction.set_rollback(True)
    assert [alert.id for alert in alerts_outbox] == [kept]


def test_the_request_is_no_context(alerts_outbox, rf):
    notify.error("x", request=rf.get("/cart/"), order=1)
    (alert,) = alerts_outbox
    assert alert.request["path"] == "/cart/"
    assert alert.context == {"order": 1}


def test_nothing_is_sent_under_a_test_runner_unless_asked():
    with override_alerts() as outer:
        notify.error("kept")
        with override_alerts() as inner:
            notify.error("kept")
    assert [len(outer), len(inner)] == [1, 1]
    assert notify.flush(1.0)


def test_override_alerts_decorates(alerts_outbox):
    @override_alerts(SERVICE="decorated")
    def work():
        notify.error("inside")

    work()
    assert alerts_outbox == []
