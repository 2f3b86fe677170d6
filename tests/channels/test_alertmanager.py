"""Alertmanager's format: what its own types take, one group for each incident, firing until it is resolved."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.channels.hostile import TEXTS, TRACE, alert, fillings, full, hostile
from tests.channels.strategies import alerts
from webhook_alerts.alert import Alert, Kind, Level
from webhook_alerts.channels import registry
from webhook_alerts.channels.alertmanager import Alertmanager
from webhook_alerts.channels.base import Access, Style, encode
from webhook_alerts.channels.text import clean
from webhook_alerts.testing.fake_alertmanager import FakeAlertmanager
from webhook_alerts.testing.fake_alertmanager_rules import fault

CHANNEL = Alertmanager()
URL = "https://alerts.example.com/alertmanager"
STYLES = [
    Style(),
    Style(max_message_length=100, link=lambda alert: "https://shop.example/alerts/i/abc"),
    Style(max_message_length=100_000, include_stack_traces=False),
]
SIZE = 55_000
"""Bytes: everything stands in a body twice."""


def check(given_alert: Alert, style: Style) -> dict[str, Any]:
    payload = CHANNEL.render([given_alert, alert()], style)
    assert payload.count == 1
    raw = encode(payload.json)
    assert len(raw) <= SIZE
    body = json.loads(raw)
    assert fault(body) == ""
    json.dumps(payload.json, ensure_ascii=False).encode("utf-8")  # no lone surrogate is left
    return body


@settings(max_examples=80, deadline=None)
@given(alerts, st.sampled_from(STYLES), st.sampled_from([0.0, 1.8e9]))
def test_any_alert_is_told_as_alertmanager_does(some: Alert, style: Style, since: float) -> None:
    check(dataclasses.replace(some, state_since=since), style)


@pytest.mark.parametrize("style", STYLES)
def test_forty_hostile_alerts_are_told_too(style: Style) -> None:
    for each in hostile():
        check(each, style)
    for text in fillings():
        check(full(text), style)
        check(full(text, details={f"{number} {text}": text for number in range(18)}), style)


@pytest.mark.parametrize(
    ("place", "annotation"),
    [("message", "description"), ("stack_trace", "stack_trace"), ("context", "context_k"), ("note", "state")],
)
def test_no_hostile_text_is_lost_without_a_mark(place: str, annotation: str) -> None:
    for text in TEXTS:
        given_alert = alert(**{"message": "boom", place: {"k": text} if place == "context" else text}, state="")
        seen = check(given_alert, Style())["alerts"][0]["annotations"].get(annotation, "")
        assert seen == clean(text) or "characters cut" in seen or "…" in seen


def test_a_trace_of_a_megabyte_keeps_its_cause_and_two_hundred_facts_are_counted() -> None:
    context = {f"field {number}": f"value {number} " * 9 for number in range(200)}
    told = check(alert(stack_trace=TRACE * 20, context=context), Style())["commonAnnotations"]
    assert told["stack_trace"].endswith("ValueError: the cause that must be kept")
    assert "characters cut" in told["stack_trace"]
    assert sum(name.startswith("context_") for name in told) + int(told["omitted"]) == 200


def test_a_firing_alert_has_labels_that_stay_and_annotations_that_may_change() -> None:
    given_alert = alert(
        kind=Kind.ERROR, message="card declined", exception_type="shop.PaymentError", logger="shop.orders",
        fingerprint="f1", occurrences=57, service="shop", environment="production", release="1.2", host="web-1",
        context={"order id": 4711, "order-id": 'x "y"'}, request={"method": "POST", "path": "/buy"},
        first_seen=1_800_000_000.5, last_seen=1_800_000_060.0, stack_trace="Traceback…",
    )  # fmt: skip
    body = check(given_alert, STYLES[1])
    labels = {
        "alertname": "PaymentError", "severity": "error", "kind": "error", "incident": "f1", "logger": "shop.orders",
        "service": "shop", "environment": "production", "instance": "web-1",
    }  # fmt: skip
    annotations = {
        "summary": "PaymentError: card declined", "description": "card declined", "stack_trace": "Traceback…",
        "occurrences": "57", "release": "1.2", "request": "POST /buy", "context_order_id": "4711",
        "context_order_id_": 'x "y"',
    }  # fmt: skip
    assert body == {
        "version": "4",
        "groupKey": '{}:{incident="f1"}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "webhook_alerts",
        "groupLabels": {"incident": "f1"},
        "commonLabels": labels,
        "commonAnnotations": annotations,
        "externalURL": "https://shop.example",
        "alerts": [
            {
                "status": "firing",
                "labels": labels,
                "annotations": annotations,
                "startsAt": "2027-01-15T08:00:00.500Z",
                "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": "https://shop.example/alerts/i/abc",
                "fingerprint": hashlib.sha256(b"f1").hexdigest()[:16],
            }
        ],
    }


@pytest.mark.parametrize(
    ("values", "status", "ends"),
    [
        ({"state": "resolved", "state_since": 1_800_000_000.0}, "resolved", "2027-01-15T08:00:00.000Z"),
        ({"state": "acknowledged", "state_since": 1_800_000_000.0}, "firing", "0001-01-01T00:00:00Z"),
        ({"state": "flapping", "state_since": 1_800_000_000.0}, "firing", "0001-01-01T00:00:00Z"),
        ({"state": "open"}, "firing", "0001-01-01T00:00:00Z"),
        ({}, "firing", "0001-01-01T00:00:00Z"),
        # its incident has come back since: resolving this one would resolve that
        ({"state": "resolved"}, "firing", "0001-01-01T00:00:00Z"),
    ],
)
def test_it_fires_until_its_incident_is_resolved(values: dict[str, Any], status: str, ends: str) -> None:
    body = check(alert(**values), Style())
    assert (body["status"], body["alerts"][0]["status"], body["alerts"][0]["endsAt"]) == (status, status, ends)


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"kind": Kind.PERFORMANCE, "details": {"metric": "checkout"}}, "checkout"),
        ({"kind": Kind.EVENT, "details": {"event": "member_join"}}, "member_join"),
        ({"kind": Kind.STATUS, "details": {"status": "deployed"}}, "deployed"),
        ({"kind": Kind.DIGEST}, "digest"),
        ({"logger": "shop"}, "shop"),
        ({"exception_type": "\x00"}, "log"),
        ({}, "log"),
    ],
)
def test_every_kind_has_its_name(values: dict[str, Any], name: str) -> None:
    assert check(alert(**values), Style())["commonLabels"]["alertname"] == name


def test_repeats_are_the_same_alert_and_news_are_not() -> None:
    def fingerprint(**values: Any) -> str:
        return check(alert(**values), Style())["alerts"][0]["fingerprint"]

    assert fingerprint(fingerprint="f") == fingerprint(fingerprint="f", message="another", level=Level.WARNING)
    assert fingerprint(fingerprint="f") != fingerprint(fingerprint="g")
    news = {"kind": Kind.STATUS, "details": {"status": "deployed"}, "fingerprint": "f"}
    assert fingerprint(**news) != fingerprint(**news)


def test_it_is_chosen_by_name_and_its_requests_are_signed_too() -> None:
    assert registry.recognise(URL) is None
    assert isinstance(registry.get("alertmanager"), Alertmanager)
    body = CHANNEL.render([alert()], Style()).json
    access = Access(URL, (f"whsec_{'QUJD' * 8}",), {"Authorization": "Bearer x"})
    first, second = CHANNEL.request(access, body, (), 1), CHANNEL.edit(access, "", body)
    assert (second.method, second.url, second.json) == ("POST", URL, body)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert "webhook-signature" in second.headers
    assert second.headers["Authorization"] == "Bearer x"


@pytest.fixture
def receiver() -> Iterator[FakeAlertmanager]:
    with FakeAlertmanager(limits=()) as server:
        yield server


def test_what_is_made_is_taken_over_http_and_changes_the_alert_that_stands_there(receiver: FakeAlertmanager) -> None:
    for values in ({}, {"state": "resolved", "state_since": 1.8e9}):
        body = CHANNEL.render([alert(fingerprint="f", **values)], Style()).json
        assert requests.post(receiver.url(), json=body, timeout=5).status_code == 200
    (message,) = receiver.messages("errors")
    assert message["status"] == "resolved"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"version": "3"}, "version"),
        ({"status": "resolved"}, "status"),
        ({"groupKey": "f"}, "alerts or groupKey"),
        ({"truncatedAlerts": "0"}, "truncatedAlerts"),
        ({"more": 1}, "more: unknown"),
        ({"commonLabels": {"a": "b"}}, "commonLabels that are not common"),
        ({"groupLabels": {"a": "b"}}, "groupLabels that are none of its labels"),
        ({"alerts": [1]}, "alerts: no object"),
    ],
)
def test_the_stand_in_refuses_what_no_alertmanager_sends(
    receiver: FakeAlertmanager, change: dict[str, Any], why: str
) -> None:
    body = {**CHANNEL.render([alert()], Style()).json, **change}
    told = requests.post(receiver.url(), json=body, timeout=5)
    assert (told.status_code, told.text) == (400, why)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"labels": {"alertname": "x", "a-b": "c"}}, "alerts: a-b"),
        ({"labels": {"alertname": "x", "a": 1}}, "alerts: a"),
        ({"labels": {"a": "b"}}, "alerts: labels without alertname"),
        ({"startsAt": "today"}, "alerts: a time"),
        ({"endsAt": "2027-01-15T08:00:00Z"}, "alerts: endsAt"),
        ({"fingerprint": "f"}, "alerts: fingerprint"),
    ],
)
def test_the_stand_in_looks_into_the_alerts(change: dict[str, Any], why: str) -> None:
    body = CHANNEL.render([alert()], Style()).json
    body = {
        **body,
        "commonLabels": {},
        "commonAnnotations": {},
        "groupLabels": {},
        "alerts": [body["alerts"][0] | change],
    }
    assert fault(body) == why
