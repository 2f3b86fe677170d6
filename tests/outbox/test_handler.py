"""A log record becomes one complete alert, whatever is in it, and its caller never notices."""

import copy
import json
import logging
import logging.config
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory
from django.utils.functional import SimpleLazyObject

from webhook_alerts import outbox
from webhook_alerts.alert import Kind, Level
from webhook_alerts.outbox.guard import quiet
from webhook_alerts.testing import override_alerts


class Raises:
    def __repr__(self):
        raise RuntimeError("no repr for you")


def test_a_record_arrives_with_all_that_is_known_of_it(log, alerts_outbox):
    with override_alerts(ENVIRONMENT="prod", SERVICE="shop", RELEASE="1.2") as alerts:
        log.error("payment %s failed", 7, extra={"order": 12, "tags": ["a", {"b": 1.5}]})
    (alert,) = alerts
    assert (alert.level, alert.kind, alert.logger) == (Level.ERROR, Kind.ERROR, "shop")
    assert alert.message == "payment 7 failed"
    assert alert.context == {"order": 12, "tags": ["a", {"b": 1.5}]}
    assert (alert.module, alert.function) == ("test_handler", "test_a_record_arrives_with_all_that_is_known_of_it")
    assert alert.line > 0
    assert (alert.environment, alert.service, alert.release) == ("prod", "shop", "1.2")
    assert alert.host
    assert alert.process.startswith("MainProcess[")
    assert alert.first_seen == alert.last_seen > 0


@pytest.mark.parametrize(
    ("level", "kind"),
    [
        (logging.DEBUG, Kind.LOG),
        (logging.WARNING, Kind.LOG),
        (logging.ERROR, Kind.ERROR),
        (logging.CRITICAL, Kind.ERROR),
    ],
)
def test_the_level_decides_the_kind(log, alerts_outbox, level, kind):
    log.setLevel(logging.DEBUG)
    log.log(level, "x")
    assert [(alert.level, alert.kind) for alert in alerts_outbox] == [(level, kind)]


def test_dict_config_takes_a_level(alerts_outbox):
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "handlers": {"alerts": {"class": "webhook_alerts.handlers.WebhookAlertHandler", "level": "ERROR"}},
            "loggers": {"configured": {"handlers": ["alerts"], "propagate": False}},
        }
    )
    configured = logging.getLogger("configured")
    configured.warning("not this")
    configured.error("this")
    configured.handlers.clear()  # the doctor would find it there
    assert [alert.message for alert in alerts_outbox] == ["this"]


def test_a_filter_is_heard(log, alerts_outbox):
    handler = log.handlers[0]
    handler.addFilter(lambda record: "secret" not in record.msg)
    log.error("secret")
    log.error("open")
    assert [alert.message for alert in alerts_outbox] == ["open"]


def test_chained_exceptions_are_shown(log, alerts_outbox):
    try:
        try:
            raise KeyError("inner")
        except KeyError as error:
            raise ValueError("outer") from error
    except ValueError:
        log.exception("both")
    (alert,) = alerts_outbox
    assert alert.exception_type == "ValueError"
    assert "KeyError: 'inner'" in alert.stack_trace
    assert "direct cause" in alert.stack_trace
    assert alert.stack_trace.endswith("ValueError: outer")


def test_exception_groups_are_shown(log, alerts_outbox):
    try:
        raise ExceptionGroup("many", [ValueError("one"), TypeError("two")])
    except ExceptionGroup:
        log.exception("group")
    (alert,) = alerts_outbox
    assert alert.exception_type == "ExceptionGroup"
    assert "ValueError: one" in alert.stack_trace
    assert "TypeError: two" in alert.stack_trace


def test_an_endless_recursion_is_cut(log, alerts_outbox):
    def again(number):
        return again(number + 1)

    try:
        again(0)
    except RecursionError:
        log.exception("deep")
    (alert,) = alerts_outbox
    assert len(alert.stack_trace) <= 100_200
    assert "RecursionError" in alert.stack_trace


def test_an_exception_whose_text_raises_is_named(log, alerts_outbox):
    class Broken(Exception):
        def __str__(self):
            raise RuntimeError("no")

    try:
        raise Broken
    except Broken:
        log.exception("broken")
    assert "Broken" in alerts_outbox[0].stack_trace


@pytest.mark.parametrize(
    ("message", "args", "expected"),
    [
        ("%d", ("x",), "arguments do not fit: TypeError"),
        ("%s %s", ("only one",), "arguments do not fit: TypeError"),
        ("nothing to fill", (1, 2), "arguments do not fit"),
        ("%(missing)s", ({"a": 1},), "arguments do not fit: KeyError"),
        ("%s", (Raises(),), "unrepresentable Raises: raised RuntimeError"),
        (Raises(), (), "unrepresentable Raises: raised RuntimeError"),
    ],
)
def test_a_message_that_cannot_be_formatted_says_so(log, alerts_outbox, message, args, expected):
    log.error(message, *args)
    assert expected in alerts_outbox[0].message


def test_hostile_values_are_made_harmless(log, alerts_outbox):
    cyclic: dict = {}
    cyclic["self"] = cyclic
    log.error(
        "bad \ud800 text \0",
        extra={
            "cyclic": cyclic, "raises": Raises(), "nan": float("nan"), "huge": 10**6000, "bytes": b"\xff\0",
            "deep": [[[[[[[[1]]]]]]]], "long": "x" * 50_000, "many": {str(n): n for n in range(500)},
            "set": {1}, "key": {Raises(): 1, None: 2}, "lone": "\udfff",
        },
    )  # fmt: skip
    (alert,) = alerts_outbox
    assert alert.message == "bad \ufffd text \u2400"
    text = json.dumps(alert.to_dict(), allow_nan=False, ensure_ascii=False)
    assert "\0" not in text
    assert len(text.encode()) < 200_000
    assert alert.context["raises"] == "<unrepresentable Raises: raised RuntimeError>"
    assert alert.context["cyclic"] == {"self": "<cycle>"}
    assert len(alert.context["many"]) == 101


def test_a_message_of_ten_megabytes_is_cut(log, alerts_outbox):
    log.error("start " + "x " * 5_000_000 + "end")
    message = alerts_outbox[0].message
    assert len(message) < 65_000
    assert message.startswith("start")
    assert message.endswith("end")
    assert "characters cut" in message


def test_the_record_stays_as_it_was_for_the_next_handler(log, alerts_outbox):
    seen = []

    class After(logging.Handler):
        def emit(self, record):
            seen.append(record)

    class Before(logging.Handler):
        def emit(self, record):
            seen.append(copy.copy(record.__dict__))

    log.handlers.insert(0, Before())
    log.addHandler(After())
    log.error("%s", {"a": 1}, extra={"x": [1]}, exc_info=ValueError("y"))
    before, after = seen
    assert after.__dict__ == before


def test_arguments_that_change_later_are_shown_as_they_were(log, alerts_outbox):
    basket = ["apple"]
    log.error("basket %s", basket, extra={"basket": basket})
    basket.append("pear")
    assert alerts_outbox[0].message == "basket ['apple']"
    assert alerts_outbox[0].context["basket"] == ["apple"]


def test_options_travel_in_extra(log, alerts_outbox):
    for number in range(2):
        log.error("one %s", number, extra={"alert": {"webhook": "ops", "fingerprint": "mine", "dedup": False}})
    assert len(alerts_outbox) == 2
    assert {(alert.webhooks, alert.fingerprint, alert.dedup) for alert in alerts_outbox} == {(("ops",), "mine", False)}
    assert alerts_outbox[0].context == {}


class TestRequest:
    def test_a_request_is_summed_up(self, log, alerts_outbox):
        request = RequestFactory().post("/checkout/?card=4111", REMOTE_ADDR="10.1.2.3")
        request._cached_user = SimpleNamespace(pk=42)
        log.error("x", extra={"request": request})
        (alert,) = alerts_outbox
        assert alert.request == {"path": "/checkout/", "method": "POST", "ip": "10.1.2.3", "user_id": 42}
        assert alert.context == {}

    def test_no_query_is_made_for_the_user(self, log, alerts_outbox):
        def load():
            raise AssertionError("the user was loaded")

        request = RequestFactory().get("/")
        request.user = SimpleLazyObject(load)
        log.error("x", extra={"request": request})
        assert "user_id" not in alerts_outbox[0].request

    def test_nobody_has_no_id(self, log, alerts_outbox):
        request = RequestFactory().get("/")
        request.user = AnonymousUser()
        log.error("x", extra={"request": request})
        assert "user_id" not in alerts_outbox[0].request

    def test_user_ids_can_be_masked_and_stay_telling(self, log):
        with override_alerts(MASK_USER_IDS=True, DEDUP_WINDOW=0) as alerts:
            for user in (42, 42, 43):
                request = RequestFactory().get("/")
                request._cached_user = SimpleNamespace(pk=user)
                log.error("x", extra={"request": request, "alert": {"dedup": False}})
        first, again, other = (alert.request["user_id"] for alert in alerts)
        assert first == again != other
        assert "42" not in first

    def test_what_is_no_request_is_left_out(self, log, alerts_outbox):
        log.error("x", extra={"request": object()})
        assert alerts_outbox[0].request == {}


class TestRepeats:
    def test_repeats_add_to_the_first(self, log, alerts_outbox):
        for number in range(5):
            log.error("payment %s failed", number)
        (alert,) = alerts_outbox
        assert alert.occurrences == 5
        assert alert.samples == ("payment 1 failed", "payment 2 failed", "payment 3 failed")
        assert alert.last_seen > alert.first_seen

    @pytest.mark.parametrize("other", ["template", "logger", "level", "exception", "line"])
    def test_what_differs_is_an_alert_of_its_own(self, log, alerts_outbox, other):
        def fail(kind=ValueError):
            raise kind("x")

        def fail_elsewhere():
            raise ValueError("x")

        for second in (False, True):
            logger = logging.Logger("shop.basket") if second and other == "logger" else log
            logger.handlers = log.handlers
            try:
                if second and other == "line":
                    fail_elsewhere()
                fail(KeyError if second and other == "exception" else ValueError)
            except (ValueError, KeyError):
                logger.log(
                    logging.CRITICAL if second and other == "level" else logging.ERROR,
                    "other" if second and other == "template" else "same",
                    exc_info=True,
                )
        assert len(alerts_outbox) == 2
        assert len({alert.fingerprint for alert in alerts_outbox}) == 2

    def test_a_window_of_nothing_folds_nothing(self, log):
        with override_alerts(DEDUP_WINDOW=0) as alerts:
            log.error("x")
            log.error("x")
        assert len(alerts) == 2


class TestIgnored:
    def test_our_own_work_raises_no_alert(self, log, alerts_outbox):
        before = outbox.stats().ignored.get("own work", 0)
        with quiet():
            log.error("from a delivery")
        assert alerts_outbox == []
        assert outbox.stats().ignored["own work"] == before + 1

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("webhook_alerts.delivery", "anything"),
            ("django.security.DisallowedHost", "Invalid HTTP_HOST header"),
            ("django.server", "- Broken pipe from ('127.0.0.1', 1)"),
            ("celery.app.trace", "Task webhook_alerts.accept[1] succeeded"),
        ],
    )
    def test_noise_is_counted_only(self, log, alerts_outbox, name, message):
        before = sum(outbox.stats().ignored.values())
        record = logging.LogRecord(name, logging.ERROR, "f.py", 1, message, (), None)
        log.handlers[0].handle(record)
        assert alerts_outbox == []
        assert sum(outbox.stats().ignored.values()) == before + 1

    def test_other_tasks_are_not_noise(self, log, alerts_outbox):
        args = {"name": "shop.charge", "id": "1"}
        record = logging.LogRecord("celery.app.trace", 40, "f.py", 1, "Task %(name)s raised", (args,), None)
        log.handlers[0].handle(record)
        assert [alert.message for alert in alerts_outbox] == ["Task shop.charge raised"]

    def test_settings_choose(self, log):
        with override_alerts(IGNORE_LOGGERS=["shop"]) as alerts:
            log.error("x")
        assert alerts == []


def test_nothing_of_ours_reaches_the_caller(log, alerts_outbox):
    class Hostile(dict):
        def __getitem__(self, key):
            raise RuntimeError("hostile")

        def items(self):
            raise RuntimeError("hostile")

    log.error("%(a)s", Hostile(a=1), extra={"x": Hostile(a=1), "alert": Hostile(a=1), "request": Hostile()})
    assert len(alerts_outbox) == 1
