"""The handler under the libraries people log with: loguru, structlog, and the context variables they keep."""

import contextvars
import logging

import django_guid
import loguru
import pytest
import structlog

from webhook_alerts.handlers import WebhookAlertHandler


@pytest.fixture
def guru():
    logger = loguru.logger
    logger.remove()
    number = logger.add(WebhookAlertHandler(), level="INFO")
    yield logger
    logger.remove(number)


def test_loguru_gives_the_bare_message_and_what_was_bound(guru, alerts_outbox):
    guru.bind(order=7, name="Ana").warning("low {}", "tea")
    (alert,) = alerts_outbox
    assert (alert.level, alert.message) == (30, "low tea")
    assert alert.context == {"order": 7, "name": "Ana"}
    assert (alert.logger, alert.function) == (
        __name__,
        "test_loguru_gives_the_bare_message_and_what_was_bound",
    )


def test_loguru_keeps_the_exception(guru, alerts_outbox):
    try:
        raise KeyError("tea")
    except KeyError:
        guru.exception("gone")
    (alert,) = alerts_outbox
    assert alert.exception_type == "KeyError"
    assert alert.stack_trace.endswith("KeyError: 'tea'")


def test_loguru_through_its_own_record_keeps_both(log, alerts_outbox):
    """loguru may hand a logging.Handler a record of its making, with the bound values under ``extra``."""
    log.error("text", extra={"extra": {"order": 7}}, exc_info=ValueError("x"))
    (alert,) = alerts_outbox
    assert alert.context == {"order": 7}
    assert alert.exception_type == "ValueError"


@pytest.fixture
def processors(request):
    shop, handler = logging.getLogger("shop"), WebhookAlertHandler()
    shop.addHandler(handler)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(),
            *request.param,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    yield
    shop.removeHandler(handler)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


FINAL = {
    "wrap_for_formatter": [structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    "render_to_log_kwargs": [structlog.stdlib.render_to_log_kwargs],
    "render_to_log_args_and_kwargs": [structlog.stdlib.render_to_log_args_and_kwargs],
}


@pytest.mark.parametrize("processors", FINAL.values(), ids=FINAL, indirect=True)
def test_structlog_gives_event_context_and_exception(processors, alerts_outbox):
    try:
        raise ValueError("no card")
    except ValueError:
        structlog.get_logger("shop").bind(order=7).exception("payment failed", basket=["tea"])
    (alert,) = alerts_outbox
    assert (alert.message, alert.level, alert.exception_type) == ("payment failed", 40, "ValueError")
    assert alert.context["order"] == 7
    assert alert.context["basket"] == ["tea"]
    assert alert.stack_trace.endswith("ValueError: no card")


@pytest.mark.parametrize("processors", [FINAL["wrap_for_formatter"]], indirect=True)
def test_structlog_groups_by_event(processors, alerts_outbox):
    for number in range(3):
        structlog.get_logger("shop").error("payment failed", order=number)
    assert [alert.occurrences for alert in alerts_outbox] == [3]


@pytest.mark.parametrize(
    "processors",
    [[structlog.processors.format_exc_info, *FINAL["wrap_for_formatter"]]],
    indirect=True,
)
def test_a_trace_that_structlog_rendered_is_the_stack_trace(processors, alerts_outbox):
    try:
        raise ValueError("no card")
    except ValueError:
        structlog.get_logger("shop").exception("payment failed")
    (alert,) = alerts_outbox
    assert alert.stack_trace.endswith("ValueError: no card")
    assert "exception" not in alert.context


def test_a_correlation_id_is_adopted_from_the_context(log, alerts_outbox):
    with structlog.contextvars.bound_contextvars(request_id="req-1"):
        log.error("bound by structlog")

    def work():
        django_guid.set_guid("0af7651916cd43dd")
        log.error("as django-guid keeps it")

    contextvars.copy_context().run(work)
    log.error("by a filter", extra={"correlation_id": "c-9"})
    assert [alert.correlation_id for alert in alerts_outbox] == ["req-1", "0af7651916cd43dd", "c-9"]


def test_the_handler_works_below_a_queue_listener(alerts_outbox):
    record = logging.makeLogRecord({"name": "q", "levelno": 40, "msg": "from elsewhere", "exc_text": "Traceback: x"})
    WebhookAlertHandler().handle(record)
    assert alerts_outbox[0].stack_trace == "Traceback: x"
