"""PagerDuty: within its limits for any input, the key only where it belongs, every answer understood."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.channels.hostile import TEXTS, TRACE, alert, fillings, full, hostile
from tests.channels.schemas import validator
from tests.channels.strategies import alerts
from webhook_alerts.alert import Alert, Kind, Level
from webhook_alerts.channels import registry
from webhook_alerts.channels.base import Access, Request, Response, Style, Verdict, encode
from webhook_alerts.channels.pagerduty import PagerDuty
from webhook_alerts.channels.text import clean
from webhook_alerts.testing.fake_pagerduty import FakePagerDuty
from webhook_alerts.testing.fake_pagerduty_rules import faults

CHANNEL = PagerDuty()
KEY = "R0123456789abcdefghijklmnopqrstu"
URL = f"https://events.pagerduty.com/v2/enqueue?routing_key={KEY}"
LINK = "https://shop.example/alerts/i/abc"
STYLES = [
    Style(),
    Style(max_message_length=100, link=lambda alert: LINK),
    Style(max_message_length=100_000, include_stack_traces=False),
]
SINCE = 1_800_000_000.0


def event(some: Alert, style: Style = STYLES[0], *, edit: bool = False, url: str = URL) -> Request:
    payload = CHANNEL.render([some, alert()], style)
    assert payload.count == 1
    assert KEY not in json.dumps(payload.json)
    access = Access(url)
    return CHANNEL.edit(access, "", payload.json) if edit else CHANNEL.request(access, payload.json, (), 1)


def check(some: Alert, style: Style) -> dict[str, Any]:
    for edit in (False, True):
        request = event(some, style, edit=edit)
        assert faults(request.json) == []
        assert len(encode(request.json)) <= 30_000  # of 512 KB
        json.dumps(request.json, ensure_ascii=False).encode("utf-8")  # no lone surrogate is left
    return event(some, style).json


@settings(max_examples=60, deadline=None)
@given(alerts, st.sampled_from(STYLES), st.sampled_from([0.0, SINCE]))
def test_any_alert_is_within_every_limit(some: Alert, style: Style, since: float) -> None:
    check(dataclasses.replace(some, state_since=since), style)


@pytest.mark.parametrize("style", STYLES)
def test_forty_hostile_alerts_are_told_too(style: Style) -> None:
    for each in hostile():
        check(each, style)
    for text in fillings():
        check(full(text), style)


def test_the_schema_takes_what_is_made() -> None:
    check_with = validator("pagerduty-events-v2-enqueue.strict")
    for each in hostile():
        for state in ("open", "acknowledged", "resolved"):
            for edit in (False, True):
                made = event(dataclasses.replace(each, state=state, state_since=SINCE), STYLES[1], edit=edit).json
                assert [error.message[:200] for error in check_with.iter_errors(made)] == []


def test_no_hostile_text_is_lost_without_a_mark() -> None:
    for text in TEXTS:
        details = check(alert(message=text, context={"k": text}), Style())["payload"]["custom_details"]
        for seen in (details.get("message", ""), details["context"]["k"]):
            assert seen == clean(text) or "characters cut" in seen or "…" in seen


def test_a_trace_of_a_megabyte_keeps_its_cause() -> None:
    details = check(alert(kind=Kind.ERROR, stack_trace=TRACE * 20), Style())["payload"]["custom_details"]
    assert details["exception"]["stack_trace"].endswith("ValueError: the cause that must be kept")


def test_an_event_says_what_where_how_grave_and_leads_to_its_page() -> None:
    given_alert = alert(
        kind=Kind.ERROR, message="card declined", exception_type="shop.PaymentError", logger="shop.orders",
        fingerprint="f1", occurrences=57, service="shop", environment="production", host="web-1",
        context={"order": 4711}, last_seen=1_800_000_060.0, stack_trace="Traceback…",
    )  # fmt: skip
    body = check(given_alert, STYLES[1])
    details = body["payload"].pop("custom_details")
    assert body == {
        "routing_key": KEY,
        "event_action": "trigger",
        "dedup_key": "f1",
        "client": "webhook_alerts",
        "client_url": LINK,
        "links": [{"href": LINK, "text": "Open · acknowledge · silence"}],
        "payload": {
            "summary": "PaymentError: card declined ×57",
            "source": "web-1",
            "severity": "error",
            "timestamp": "2027-01-15T08:01:00.000Z",
            "component": "shop.orders",
            "group": "shop production",
            "class": "shop.PaymentError",
        },
    }
    assert (details["message"], details["occurrences"], details["context"]) == ("card declined", 57, {"order": 4711})
    assert details["exception"] == {"type": "shop.PaymentError", "stack_trace": "Traceback…"}
    assert not {"request", "incident", "correlation_id"} & details.keys()  # nothing is said of what is not known


@pytest.mark.parametrize(
    ("level", "severity"),
    [
        (Level.DEBUG, "info"),
        (Level.INFO, "info"),
        (Level.WARNING, "warning"),
        (Level.ERROR, "error"),
        (Level.CRITICAL, "critical"),
    ],
)
def test_every_level_has_its_severity(level: Level, severity: str) -> None:
    assert check(alert(level=level), Style())["payload"]["severity"] == severity


@pytest.mark.parametrize(
    ("values", "summary", "kind"),
    [
        ({"kind": Kind.PERFORMANCE, "message": "checkout: 4.2 s"}, "checkout: 4.2 s", "performance"),
        ({"kind": Kind.EVENT, "message": ""}, "event", "event"),
        ({"kind": Kind.STATUS, "message": "deployed"}, "deployed", "status"),
        ({"kind": Kind.DIGEST, "message": "Daily digest"}, "Daily digest", "digest"),
        ({"message": "x" * 5000}, "x" * 499 + "…", "log"),
    ],
)
def test_every_kind_has_its_summary(values: dict[str, Any], summary: str, kind: str) -> None:
    payload = check(alert(**values), Style())["payload"]
    assert (payload["summary"], payload["class"], payload["source"]) == (summary, kind, "webhook_alerts")


@pytest.mark.parametrize(
    ("values", "first", "then"),
    [
        ({}, "trigger", "trigger"),
        ({"state": "open", "state_since": SINCE}, "trigger", "trigger"),
        ({"state": "flapping", "state_since": SINCE}, "trigger", "trigger"),
        # it is told although somebody deals with it: because it is graver than what he knows
        ({"state": "acknowledged", "state_since": SINCE}, "trigger", "acknowledge"),
        # over before it was told: nothing is open there, and nobody is called
        ({"state": "resolved", "state_since": SINCE}, "resolve", "resolve"),
        # its incident has come back since: resolving this one would resolve that
        ({"state": "resolved"}, "trigger", "trigger"),
    ],
)
def test_what_becomes_of_an_incident_is_told_by_its_key(values: dict[str, Any], first: str, then: str) -> None:
    some = alert(fingerprint="f", **values)
    assert event(some).json["event_action"] == first
    changed = event(some, edit=True)
    assert (changed.method, changed.json["event_action"], changed.json["dedup_key"]) == ("POST", then, "f")
    if then != "trigger":
        assert changed.json == {"routing_key": KEY, "event_action": then, "dedup_key": "f"}


def test_repeats_share_a_key_and_news_have_their_own() -> None:
    assert event(alert(fingerprint="f")).json["dedup_key"] == "f"
    long = event(alert(fingerprint="f" * 300)).json["dedup_key"]
    assert (len(long), long) == (64, event(alert(fingerprint="f" * 300)).json["dedup_key"])
    for kind in (Kind.EVENT, Kind.STATUS, Kind.DIGEST):
        some = alert(kind=kind, fingerprint="f")
        assert event(some).json["dedup_key"] == str(some.id)


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        (URL, URL),
        (URL.replace("enqueue?", "enqueue/?x=1&"), URL),
        (URL.replace("events.", "events.eu."), URL.replace("events.", "events.eu.")),
        (URL.replace("https://", "http://"), URL),
        (URL.replace("https://events.pagerduty.com", "http://127.0.0.1:8090"), f"http://127.0.0.1:8090{URL[28:]}"),
    ],
)
def test_the_key_of_the_url_goes_into_the_body_and_nowhere_else(url: str, endpoint: str) -> None:
    assert (registry.recognise(url) == "pagerduty") is ("pagerduty.com" in url)
    assert CHANNEL.endpoint(url) == endpoint
    request = event(alert(), url=url)
    assert request.url == endpoint.partition("?")[0]
    assert request.json["routing_key"] == KEY


@pytest.mark.parametrize(
    "path",
    [
        "/v2/enqueue",
        "/v2/enqueue?routing_key=SECRET",
        f"/v2/enqueue?routing_key={KEY}é",
        f"/integration/{KEY}/enqueue",
        f"/generic/2010-04-15/create_event.json?routing_key={KEY}",
        "/",
    ],
)
def test_a_url_that_cannot_be_used_says_why_and_is_never_quoted(path: str) -> None:
    url = f"https://events.pagerduty.com{path}"
    assert registry.recognise(url) == "pagerduty"
    with pytest.raises(ValueError, match=re.escape("/v2/enqueue?routing_key=…")) as caught:
        CHANNEL.endpoint(url)
    assert "SECRET" not in str(caught.value)
    assert KEY not in str(caught.value)


def answer(status: int, body: object = "", **headers: str) -> Response:
    raw = body if isinstance(body, str) else json.dumps(body)
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw.encode())


def invalid(*errors: str) -> dict[str, Any]:
    return {"status": "invalid event", "message": "Event object is invalid", "errors": [*errors]}


TAKEN = {"status": "success", "message": "Event processed", "dedup_key": "f"}


@pytest.mark.parametrize(
    ("response", "verdict", "wait_s", "reason"),
    [
        (answer(202, TAKEN), Verdict.DELIVERED, 0, "HTTP 202"),
        (answer(202), Verdict.DELIVERED, 0, "HTTP 202"),
        (answer(200, TAKEN), Verdict.DELIVERED, 0, "HTTP 200"),
        (answer(200, "<html>Sign in</html>"), Verdict.RETRY, 0, "HTTP 200: not PagerDuty's answer"),
        (
            answer(400, invalid("'payload.summary' is missing or blank")),
            Verdict.REFUSED,
            0,
            "HTTP 400: Event object is invalid: 'payload.summary' is missing or blank",
        ),
        (
            answer(400, invalid("Invalid routing key")),
            Verdict.GONE,
            0,
            "HTTP 400: Event object is invalid: Invalid routing key",
        ),
        (
            answer(400, invalid("Length of 'routing_key' is incorrect (should be 32 characters)")),
            Verdict.GONE,
            0,
            "HTTP 400: Event object is invalid: Length of 'routing_key' is incorrect (should be 32 characters)",
        ),
        (answer(400, "nonsense"), Verdict.REFUSED, 0, "HTTP 400"),
        (answer(400, {"errors": {"a": 1}, "message": 5}), Verdict.REFUSED, 0, "HTTP 400"),
        (answer(403), Verdict.GONE, 0, "HTTP 403"),
        (answer(413), Verdict.REFUSED, 0, "HTTP 413"),
        (answer(429), Verdict.WAIT, 30, "HTTP 429"),
        (answer(429, retry_after="90"), Verdict.WAIT, 90, "HTTP 429"),
        (answer(429, retry_after="soon"), Verdict.WAIT, 60, "HTTP 429"),
        (answer(500), Verdict.RETRY, 0, "HTTP 500"),
        (answer(503, retry_after="120"), Verdict.RETRY, 120, "HTTP 503"),
        (answer(302), Verdict.RETRY, 0, "HTTP 302"),
        (answer(500, "{" * 5000), Verdict.RETRY, 0, "HTTP 500"),
        (answer(500, '{"a":' * 5000), Verdict.RETRY, 0, "HTTP 500"),
    ],
)
def test_every_answer_is_understood(response: Response, verdict: Verdict, wait_s: float, reason: str) -> None:
    outcome = CHANNEL.classify(response)
    assert (outcome.verdict, outcome.wait_s, outcome.reason) == (verdict, wait_s, reason)
    assert outcome.message_id == ""


@given(
    st.integers(100, 599), st.binary(max_size=200) | st.builds(lambda x: json.dumps({"errors": x}).encode(), st.text())
)
def test_any_answer_is_understood(status: int, body: bytes) -> None:
    outcome = CHANNEL.classify(Response(status, {}, body))
    assert 0 <= outcome.wait_s <= 3600
    assert len(outcome.reason) <= 300


@pytest.fixture
def pagerduty() -> Iterator[FakePagerDuty]:
    with FakePagerDuty(limits=()) as server:
        yield server


def post(request: Request) -> requests.Response:
    return requests.post(request.url, data=encode(request.json), timeout=5)


def test_an_incident_runs_its_course_over_http(pagerduty: FakePagerDuty) -> None:
    def tell(*, edit: bool = True, **values: Any) -> None:
        given_alert = alert(fingerprint="f", state_since=SINCE, **values)
        told = post(event(given_alert, edit=edit, url=pagerduty.url("on-call")))
        assert (told.status_code, told.json()["status"], told.json()["dedup_key"]) == (202, "success", "f")

    def seen() -> list[tuple[str, list[str]]]:
        return [(message["status"], message["log"]) for message in pagerduty.messages("on-call")]

    tell(state="resolved")  # nothing is open
    assert seen() == []
    tell(edit=False)
    tell(edit=False, occurrences=57)
    assert seen() == [("triggered", ["trigger", "trigger"])]
    tell(state="acknowledged")
    tell(edit=False)
    assert seen() == [("acknowledged", ["trigger", "trigger", "acknowledge", "trigger"])]
    tell(state="resolved")
    tell(edit=False)
    assert [status for status, _ in seen()] == ["resolved", "triggered"]
    assert {entry.webhook for entry in pagerduty.requests()} == {"on-call"}


def test_what_is_made_of_hostile_alerts_is_taken_over_http(pagerduty: FakePagerDuty) -> None:
    assert {post(event(each, url=pagerduty.url())).status_code for each in hostile()} == {202}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"routing_key": "short"}, "Length of 'routing_key'"),
        ({"routing_key": "é" * 32}, "non-alphanumeric"),
        ({"routing_key": 5}, "'routing_key' is missing"),
        ({"event_action": "open"}, "'event_action' is invalid"),
        ({"dedup_key": "x" * 256}, "'dedup_key' is too long"),
        ({"payload": None}, "'payload' is missing"),
        ({"payload": {"summary": "x" * 1025, "source": "x", "severity": "info"}}, "maximum is 1024"),
        ({"payload": {"summary": " ", "source": "x", "severity": "info"}}, "'payload.summary' is missing"),
        ({"payload": {"summary": "x", "source": "", "severity": "info"}}, "'payload.source' is missing"),
        ({"payload": {"summary": "x", "source": "x", "severity": "fatal"}}, "'payload.severity' is invalid"),
        ({"links": [{"text": "x"}]}, "'links' have no href"),
        ({"more": 1}, "'more' is not known"),
    ],
)
def test_the_stand_in_refuses_what_pagerduty_refuses(
    pagerduty: FakePagerDuty, change: dict[str, Any], words: str
) -> None:
    request = event(alert(), url=pagerduty.url())
    told = requests.post(request.url, json={**request.json, **change}, timeout=5)
    assert told.status_code == 400
    assert words in told.json()["errors"][0]


def test_the_stand_in_limits_the_rate_and_the_size_and_forgets_what_was_removed() -> None:
    with FakePagerDuty(limits=[(1, 60.0)]) as pagerduty:
        request = event(alert(), url=pagerduty.url())
        assert [post(request).status_code for _ in range(2)] == [202, 429]
        big = dataclasses.replace(request, json={**request.json, "client": "x" * 600_000})
        assert post(big).status_code == 413
        pagerduty.delete("errors")
        assert post(request).json()["errors"] == ["Invalid routing key"]
