"""The id of a request: taken, made or adopted, told in the response, and on every alert."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import re
import uuid

import asgi_correlation_id
import django_guid
import pytest
import structlog
from django.test import AsyncClient, Client, override_settings
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from webhook_alerts import correlation, notify
from webhook_alerts.correlation import CorrelationIdFilter
from webhook_alerts.handlers import WebhookAlertHandler

pytestmark = pytest.mark.urls("tests.correlation.urls")
OURS = "webhook_alerts.middleware.CorrelationIdMiddleware"
NEW = re.compile(r"[0-9a-f]{32}")


@pytest.fixture(autouse=True)
def middleware(settings):
    settings.MIDDLEWARE = [OURS]


@pytest.fixture
def handler():
    logger, ours = logging.getLogger("django.request"), WebhookAlertHandler()
    logger.addHandler(ours)
    yield
    logger.removeHandler(ours)


@pytest.mark.parametrize("header", ["X-Request-ID", "X-Correlation-ID"])
def test_an_id_that_comes_with_the_request_is_taken_and_told_in_the_same_header(alerts_outbox, header):
    answer = Client().get("/alert/", headers={header: "req-0042_a.b:c"})
    assert answer.headers[header] == answer.content.decode() == "req-0042_a.b:c"
    assert [alert.correlation_id for alert in alerts_outbox] == ["req-0042_a.b:c"]


BAD = [
    "short",
    "x" * 129,
    "with a space",
    "<script>alert(1)</script>",
    "@everyone @everyone",
    "naïve-request",
    "a\x0bbcdefgh",
    "",
]


@pytest.mark.parametrize("given", BAD)
def test_an_id_that_is_none_is_replaced(alerts_outbox, given):
    answer = Client().get("/alert/", headers={"X-Request-ID": given})
    told = answer.headers["X-Request-ID"]
    assert NEW.fullmatch(told)
    assert alerts_outbox[0].correlation_id == told


@pytest.mark.parametrize("given", ["8letters", "x" * 128])
def test_the_bounds_of_what_is_taken(given):
    assert Client().get("/alert/", headers={"X-Request-ID": given}).headers["X-Request-ID"] == given


def test_the_second_header_counts_where_the_first_is_bad():
    answer = Client().get("/alert/", headers={"X-Request-ID": "bad!", "X-Correlation-ID": "the-good-one"})
    assert answer.headers["X-Correlation-ID"] == "the-good-one"


def test_the_headers_are_the_project_s_to_choose(settings):
    settings.WEBHOOK_ALERTS = {"CORRELATION_HEADERS": ["X-Amzn-Trace"]}
    answer = Client().get("/alert/", headers={"X-Amzn-Trace": "from-the-balancer", "X-Request-ID": "from-a-stranger"})
    assert answer.headers["X-Amzn-Trace"] == "from-the-balancer"
    assert "X-Request-ID" not in answer.headers


def test_each_request_has_its_own_and_leaves_nothing_behind(alerts_outbox):
    ids = [Client().get(f"/alert/?n={n}").headers["X-Request-ID"] for n in range(3)]
    assert len(set(ids)) == 3
    assert correlation.current() == ""
    notify.error("after the requests")
    assert alerts_outbox[-1].correlation_id == ""


def test_a_header_of_the_view_s_own_stays():
    assert Client().get("/own/").headers["X-Request-ID"] == "set by the view"


def test_what_django_logs_of_an_error_and_of_a_missing_page_carries_the_id(handler, alerts_outbox):
    client = Client(raise_request_exception=False)
    broken = client.get("/broken/")
    assert broken.status_code == 500
    missing = client.get("/no/such/page/")
    assert [alert.correlation_id for alert in alerts_outbox] == [
        broken.headers["X-Request-ID"],
        missing.headers["X-Request-ID"],
    ]


@pytest.mark.django_db  # closing the answer asks the connection that another test has opened
def test_a_body_that_is_streamed_still_has_the_id(alerts_outbox):
    answer = Client().get("/stream/")
    assert b"".join(answer.streaming_content) == b"x"
    answer.close()
    assert alerts_outbox[0].correlation_id == answer.headers["X-Request-ID"]
    assert correlation.current() == ""


def test_async_requests_at_once_keep_theirs_apart(alerts_outbox):
    async def ask(number: int):
        return await AsyncClient().get(f"/async/?n={number}", headers={"X-Request-ID": f"request-{number}"})

    async def ask_all():
        return await asyncio.gather(*(asyncio.create_task(ask(number)) for number in range(8)))

    answers = asyncio.run(ask_all())
    for number, answer in enumerate(answers):
        assert answer.content.decode() == answer.headers["X-Request-ID"] == f"request-{number}"
    found = {alert.context["n"]: alert.correlation_id for alert in alerts_outbox}
    assert found == {str(number): f"request-{number}" for number in range(8)}


def test_a_sync_view_under_async_has_it_too(alerts_outbox):
    async def ask():
        return await AsyncClient().get("/alert/", headers={"X-Request-ID": "request-async"})

    assert asyncio.run(ask()).content == b"request-async"
    assert alerts_outbox[0].correlation_id == "request-async"


def test_structlog_s_is_adopted(alerts_outbox):
    with structlog.contextvars.bound_contextvars(request_id="bound-by-structlog"):
        assert Client().get("/alert/").headers["X-Request-ID"] == "bound-by-structlog"
    assert alerts_outbox[0].correlation_id == "bound-by-structlog"


@pytest.fixture
def with_django_guid(settings):
    with override_settings(INSTALLED_APPS=[*settings.INSTALLED_APPS, "django_guid"]):
        yield
    django_guid.clear_guid()


def test_django_guid_s_is_adopted(with_django_guid, alerts_outbox, settings):
    settings.MIDDLEWARE = ["django_guid.middleware.guid_middleware", OURS]
    given = uuid.uuid4().hex
    answer = Client().get("/alert/", headers={"Correlation-ID": given})
    assert answer.headers["X-Request-ID"] == answer.headers["Correlation-ID"] == given
    assert alerts_outbox[0].correlation_id == given


def test_without_our_middleware_django_guid_s_is_on_the_alerts(with_django_guid, alerts_outbox, settings):
    settings.MIDDLEWARE = ["django_guid.middleware.guid_middleware"]
    answer = Client().get("/alert/")
    assert alerts_outbox[0].correlation_id == answer.headers["Correlation-ID"]


def test_asgi_correlation_id_s_is_adopted(alerts_outbox):
    def work():
        asgi_correlation_id.correlation_id.set("set-by-asgi-correlation-id")
        notify.error("raised")

    contextvars.copy_context().run(work)
    assert alerts_outbox[0].correlation_id == "set-by-asgi-correlation-id"


def test_the_trace_is_adopted(alerts_outbox):
    with TracerProvider().get_tracer("shop").start_as_current_span("GET /"):
        told = Client().get("/alert/").headers["X-Request-ID"]
        assert told == f"{trace.get_current_span().get_span_context().trace_id:032x}"
    assert alerts_outbox[0].correlation_id == told


def test_ours_goes_before_the_others_and_what_a_record_says_before_all(alerts_outbox):
    log = logging.Logger("shop")
    log.addHandler(WebhookAlertHandler())

    def work():
        asgi_correlation_id.correlation_id.set("asgi")
        correlation.begin("ours")
        with structlog.contextvars.bound_contextvars(request_id="structlog"):
            log.error("one")
            log.error("two", extra={"correlation_id": "the record's"})
            notify.error("three", correlation_id="the call's")
            correlation.begin("")
            log.error("four")
            log.error("five", extra={"request_id": uuid.UUID(int=7)})

    contextvars.copy_context().run(work)
    found = [alert.correlation_id for alert in alerts_outbox]
    assert found == ["ours", "the record's", "the call's", "structlog", str(uuid.UUID(int=7))]


def test_a_value_that_is_no_id_is_passed_over(alerts_outbox):
    guid: contextvars.ContextVar[object] = contextvars.ContextVar("guid")

    def work():
        guid.set(object())
        with structlog.contextvars.bound_contextvars(request_id=None, correlation_id="y" * 500):
            notify.error("raised")

    contextvars.copy_context().run(work)
    assert alerts_outbox[0].correlation_id == "y" * 128


def test_a_filter_gives_it_to_the_records_of_other_handlers():
    record = logging.makeLogRecord({"msg": "x"})

    def work():
        correlation.begin("ours-1234")
        return CorrelationIdFilter().filter(record)

    assert contextvars.copy_context().run(work) is True
    assert logging.Formatter("%(correlation_id)s %(message)s").format(record) == "ours-1234 x"
    given = logging.makeLogRecord({"msg": "x", "correlation_id": "its own"})
    assert CorrelationIdFilter().filter(given)
    assert given.correlation_id == "its own"
