"""Request, alert and delivery keep one trace where the project traces; where it does not, nothing is loaded."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.utils import timezone
from opentelemetry import trace
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.instrumentation.urllib3 import URLLib3Instrumentor
from opentelemetry.sdk.trace import SpanProcessor
from opentelemetry.trace import SpanKind, StatusCode

from webhook_alerts import notify, tracing
from webhook_alerts.channels.base import Request
from webhook_alerts.delivery import transport
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.emergency import send_unrecorded
from webhook_alerts.handlers import WebhookAlertHandler
from webhook_alerts.intake.accept import accept
from webhook_alerts.models import Alert, Message
from webhook_alerts.outbox.spool import Spool
from webhook_alerts.testing.fake_discord import Answer


@pytest.fixture
def log():
    logger = logging.Logger("shop")
    logger.addHandler(WebhookAlertHandler())
    return logger


def raise_in_a_request(name: str, alerts_outbox) -> tuple[dict, str]:
    """An alert that was raised in a span of *name*, as its batch brings it; and the trace."""
    with trace.get_tracer("shop").start_as_current_span(name) as span:
        notify.error(f"raised in {name}")
    return alerts_outbox[-1].to_dict(), f"{span.get_span_context().trace_id:032x}"


def of(spans, name: str) -> list:
    return [span for span in spans.get_finished_spans() if span.name == name]


def trace_of(span) -> str:
    return f"{span.context.trace_id:032x}"


def test_an_alert_carries_the_span_that_it_was_raised_in(spans, alerts_outbox, log):
    with trace.get_tracer("shop").start_as_current_span("GET /checkout") as span:
        log.error("by a logger")
        notify.error("by a call")
    notify.error("outside of any")
    found = span.get_span_context()
    expected = f"00-{found.trace_id:032x}-{found.span_id:016x}-{found.trace_flags:02x}"
    assert [alert.traceparent for alert in alerts_outbox] == [expected, expected, ""]
    assert [alert.correlation_id for alert in alerts_outbox] == [f"{found.trace_id:032x}"] * 2 + [""]
    assert tracing.trace_id(expected) == f"{found.trace_id:032x}"


def test_request_acceptance_and_delivery_are_one_trace(spans, errors, discord, alerts_outbox):
    alert, trace_id = raise_in_a_request("GET /checkout", alerts_outbox)
    accept({"alerts": [alert]})
    assert Alert.objects.get().traceparent == alert["traceparent"]
    deliver("errors")
    assert [span.name for span in spans.get_finished_spans()] == ["GET /checkout", "alert accept", "POST"]
    request, accepted, posted = spans.get_finished_spans()
    assert {trace_of(span) for span in (request, accepted, posted)} == {trace_id}
    assert accepted.parent.span_id == posted.parent.span_id == request.context.span_id
    assert (accepted.kind, posted.kind) == (SpanKind.CONSUMER, SpanKind.CLIENT)
    assert dict(accepted.attributes) == {"webhook_alerts.alerts": 1, "webhook_alerts.stored": 1}
    assert dict(posted.attributes) == {
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "webhook_alerts.webhook": "errors",
        "webhook_alerts.channel": "discord",
        "webhook_alerts.attempt": 1,
        "webhook_alerts.alerts": 1,
        "webhook_alerts.outcome": "delivered",
    }
    assert posted.status.status_code is StatusCode.UNSET


def test_a_message_of_several_alerts_is_linked_to_the_traces_of_all(spans, errors, alerts_outbox):
    first, first_trace = raise_in_a_request("GET /a", alerts_outbox)
    second, second_trace = raise_in_a_request("GET /b", alerts_outbox)
    third = {**second, "id": str(first["id"])[:-4] + "beef", "message": "the same request again"}
    accept({"alerts": [first, second, third]})
    deliver("errors")
    for name in ("alert accept", "POST"):
        (span,) = of(spans, name)
        assert trace_of(span) == first_trace
        assert [f"{link.context.trace_id:032x}" for link in span.links] == [second_trace]


def test_the_worker_s_own_span_is_linked(spans, errors, alerts_outbox):
    alert, trace_id = raise_in_a_request("GET /a", alerts_outbox)
    with trace.get_tracer("celery").start_as_current_span("run task") as task:
        accept({"alerts": [alert]})
    (accepted,) = of(spans, "alert accept")
    assert trace_of(accepted) == trace_id
    assert [link.context.span_id for link in accepted.links] == [task.get_span_context().span_id]


def test_alerts_that_come_from_no_trace_stand_below_the_span_at_work(spans, errors, alerts_outbox):
    notify.error("from nowhere")
    with trace.get_tracer("celery").start_as_current_span("run task") as task:
        accept({"alerts": [alerts_outbox[0].to_dict()]})
    (accepted,) = of(spans, "alert accept")
    assert accepted.parent.span_id == task.get_span_context().span_id
    assert accepted.links == ()


def test_each_attempt_is_a_span_that_says_how_it_ended(spans, errors, discord, alerts_outbox):
    alert, trace_id = raise_in_a_request("GET /a", alerts_outbox)
    accept({"alerts": [alert]})
    discord.script("errors", [Answer(500), Answer(reset=True)])
    for _ in range(3):
        Message.objects.update(due_at=timezone.now() - timedelta(minutes=5))
        deliver("errors")
    posted = of(spans, "POST")
    assert {trace_of(span) for span in posted} == {trace_id}
    assert [span.attributes["webhook_alerts.attempt"] for span in posted] == [1, 2, 3]
    assert [span.attributes.get("http.response.status_code") for span in posted] == [500, None, 200]
    assert [span.status.description for span in posted] == ["HTTP 500", "connection_reset", None]
    assert posted[0].status.status_code is StatusCode.ERROR


def test_what_the_emergency_path_sends_is_in_the_trace_too(spans, errors, alerts_outbox, monkeypatch):
    monkeypatch.setattr("webhook_alerts.emergency._not_before", {})  # no test waits for the pause of another
    alert, trace_id = raise_in_a_request("GET /a", alerts_outbox)
    Spool(errors.spool_dir).write([("alert", alert)])
    assert send_unrecorded() == 1
    (posted,) = of(spans, "POST")
    assert trace_of(posted) == trace_id


def test_what_the_request_s_sampler_left_out_stays_left_out(spans, errors, alerts_outbox):
    alert, _ = raise_in_a_request("GET /a", alerts_outbox)
    accept({"alerts": [{**alert, "traceparent": alert["traceparent"][:-2] + "00"}]})
    deliver("errors")
    assert of(spans, "alert accept") == of(spans, "POST") == []


@pytest.fixture
def instrumented(provider) -> Iterator[None]:
    for instrumentor in (RequestsInstrumentor(), URLLib3Instrumentor()):
        instrumentor.instrument(tracer_provider=provider)
    yield
    for instrumentor in (RequestsInstrumentor(), URLLib3Instrumentor()):
        instrumentor.uninstrument()


def test_no_span_holds_the_webhook_s_address_not_even_under_instrumented_libraries(
    instrumented, spans, errors, discord, alerts_outbox
):
    import requests

    alert, _ = raise_in_a_request("GET /a", alerts_outbox)
    accept({"alerts": [alert]})
    deliver("errors")
    told = json.dumps([json.loads(span.to_json()) for span in spans.get_finished_spans()])
    assert len(of(spans, "POST")) == 1
    assert discord.url("errors").rpartition("/")[2] not in told
    requests.get(discord.url("errors"), timeout=5)  # what the project itself asks is traced as ever
    assert discord.url("errors").rpartition("/")[2] in spans.get_finished_spans()[-1].to_json()


def test_the_service_is_not_told_of_the_trace(instrumented, spans):
    heard: list[list[str]] = []

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append([name.lower() for name in self.headers])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Ear) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        with trace.get_tracer("shop").start_as_current_span("at work"):
            transport.send(Request(f"http://127.0.0.1:{server.server_port}/", {}), timeout=5)
    transport.close()
    assert len(heard) == 1
    assert "traceparent" not in heard[0]


@pytest.mark.parametrize("given", ["", "00-zz", "00-" + "0" * 32 + "-" + "1" * 16 + "-01", "x" * 55, 7, None])
def test_a_traceparent_that_is_none_changes_nothing(spans, errors, alerts_outbox, given):
    notify.error("it broke")
    assert accept({"alerts": [{**alerts_outbox[0].to_dict(), "traceparent": given}]}) == 1
    assert deliver("errors") == 1


def test_a_tracing_that_fails_stops_no_alert(provider, errors, alerts_outbox, discord):
    class Broken(SpanProcessor):
        def on_start(self, span, parent_context=None):
            raise RuntimeError

        def on_end(self, span):
            raise RuntimeError

    notify.error("it broke")
    provider.add_span_processor(Broken())
    accept({"alerts": [alerts_outbox[0].to_dict()]})
    assert deliver("errors") == 1
    assert len(discord.messages("errors")) == 1


def test_an_error_is_told_by_its_type_and_not_its_text(spans):
    with pytest.raises(ValueError, match="secret"), tracing.span("work", "CLIENT", (), {}):
        raise ValueError("a secret")
    (span,) = spans.get_finished_spans()
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "ValueError")
    assert "a secret" not in span.to_json()


def test_no_more_traces_are_linked_than_an_sdk_keeps(spans):
    given = [f"00-{number:032x}-{number:016x}-01" for number in range(1, 501)]
    with tracing.span("work", "CONSUMER", given, {}):
        pass
    (span,) = spans.get_finished_spans()
    assert len(span.links) == tracing.MOST_LINKS - 1
    assert span.dropped_links == 0


def test_without_an_sdk_nothing_is_traced_and_all_goes_on(errors, alerts_outbox):
    with trace.get_tracer("shop").start_as_current_span("GET /a"):
        notify.error("it broke")
    assert alerts_outbox[0].traceparent == ""
    accept({"alerts": [alerts_outbox[0].to_dict()]})
    assert deliver("errors") == 1


def test_nothing_of_ours_loads_opentelemetry():
    code = (
        "import celery, redis, sys; before = set(sys.modules)\n"  # redis-py loads what of it is installed
        "import django; django.setup()\n"
        "from webhook_alerts.testing.outbox import override_alerts\n"
        "from webhook_alerts import notify, tasks, middleware\n"
        "with override_alerts() as alerts: notify.error('x')\n"
        "assert [alert.message for alert in alerts] == ['x']\n"
        "print([name for name in set(sys.modules) - before if name.startswith(('opentelemetry', 'prometheus_client'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


SPANS = """
import os
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor
out = open(os.environ["TEST_SPANS"], "a", buffering=1)
line = lambda span: f"{span.name} {span.context.trace_id:032x}\\n"
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(out=out, formatter=line)))
trace.set_tracer_provider(provider)
"""


@pytest.mark.slow
def test_one_trace_goes_through_the_processes_of_a_project(make_project, discord, tmp_path, monkeypatch):
    (tmp_path / "traced_project.py").write_text(SPANS)
    seen = tmp_path / "spans"
    hook = {"errors": {"url": discord.url("errors"), "channel": "discord", "min_level": "WARNING"}}
    project = make_project(
        TEST_WEBHOOKS=json.dumps(hook),
        TEST_SPANS=str(seen),
        TEST_EXTRA_APPS="traced_project",
        PYTHONPATH=f"{tmp_path}:.",
    )
    project.worker()
    project.beat()
    project.run(
        "from opentelemetry import trace\nfrom webhook_alerts import notify\n"
        "with trace.get_tracer('shop').start_as_current_span('GET /checkout'): notify.critical('traced')\n"
        "assert notify.flush(20)"
    )

    def names_by_trace() -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for text in seen.read_text().splitlines() if seen.exists() else ():
            name, _, trace_id = text.rpartition(" ")
            found.setdefault(trace_id, set()).add(name)
        return found

    whole = {"GET /checkout", "alert accept", "POST"}
    project.wait_until(lambda: whole in names_by_trace().values(), what="one trace of request, acceptance and delivery")
