"""Opsgenie and Jira Service Management: within their limits for any input, the key only in the header, no HTML."""

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
from tests.channels.strategies import alerts
from webhook_alerts.alert import Alert, Kind, Level
from webhook_alerts.channels import registry
from webhook_alerts.channels.base import Access, Request, Response, Style, Verdict, encode
from webhook_alerts.channels.opsgenie import Opsgenie
from webhook_alerts.channels.text import clean
from webhook_alerts.testing.fake_opsgenie import FakeOpsgenie
from webhook_alerts.testing.fake_opsgenie_rules import faults

CHANNEL = Opsgenie()
KEY = "0a1b2c3d-4e5f-6789-abcd-ef0123456789"
URL = f"https://api.opsgenie.com/v2/alerts?apiKey={KEY}"
JIRA = f"https://api.atlassian.com/jsm/ops/integration/v2/alerts?apiKey={KEY}"
LINK = "https://shop.example/alerts/i/abc"
STYLES = [
    Style(),
    Style(max_message_length=100, link=lambda alert: LINK),
    Style(max_message_length=100_000, include_stack_traces=False),
]
SINCE = 1_800_000_000.0
TAG = re.compile(r"<[a-zA-Z/!?]")


def ask(some: Alert, style: Style = STYLES[0], *, edit: bool = False, url: str = URL) -> Request:
    payload = CHANNEL.render([some, alert()], style)
    assert payload.count == 1
    assert KEY not in json.dumps(payload.json)
    access = Access(url)
    return CHANNEL.edit(access, "", payload.json) if edit else CHANNEL.request(access, payload.json, (), 1)


def action(request: Request) -> str:
    return request.url.partition("?")[0].rpartition("/")[2].replace("alerts", "create")


def check(some: Alert, style: Style = STYLES[0]) -> dict[str, Any]:
    for edit in (False, True):
        request = ask(some, style, edit=edit)
        assert faults(request.json, action(request)) == []
        raw = json.dumps(request.json, ensure_ascii=False)
        raw.encode("utf-8")  # no lone surrogate is left
        assert not TAG.search(raw)
    return ask(some, style).json


@settings(max_examples=60, deadline=None)
@given(alerts, st.sampled_from(STYLES), st.sampled_from([0.0, SINCE]))
def test_any_alert_is_within_every_limit_and_holds_no_html(some: Alert, style: Style, since: float) -> None:
    check(dataclasses.replace(some, state_since=since), style)


@settings(max_examples=40, deadline=None)
@given(st.text(st.sampled_from("<a/!?>é😀\u0301\n &;"), max_size=400), st.sampled_from(STYLES))
def test_markup_of_any_kind_is_read_and_not_drawn(text: str, style: Style) -> None:
    texts = {"message": text * 50, "stack_trace": text * 60, "note": text, "host": text, "fingerprint": text[:64]}
    body = check(alert(context={text[:99]: text, "b": text}, service=text, **texts), style)
    assert len(body["description"]) <= 15_000


def test_what_is_not_seen_hides_no_tag() -> None:
    check(alert(host="<\x1f?", service="<\u202eb>", message="<\x00i>", context={"<\x7f!": "<\ufeff/"}), STYLES[0])


@pytest.mark.parametrize("style", STYLES)
def test_forty_hostile_alerts_are_told_too(style: Style) -> None:
    for each in hostile():
        check(each, style)
    for text in fillings():
        check(full(text), style)


def test_no_hostile_text_is_lost_without_a_mark() -> None:
    for text in [*TEXTS, "<module> & <b>bold</b> &lt;"]:
        body = check(alert(message=text, context={"k": text}))
        wanted = clean(text).strip()
        for seen in (body["description"], body["details"]["k"]):
            shown = re.sub("<\u200b(?=[a-zA-Z/!?])", "<", seen)
            assert shown.strip() in {wanted, "log", "-"} or "characters cut" in shown or "…" in shown


def test_a_trace_of_a_megabyte_keeps_its_cause_and_its_module() -> None:
    trace = f'  File "shop.py", line 1, in <module>\n{TRACE * 20}'
    body = check(alert(kind=Kind.ERROR, message="boom", exception_type="ValueError", stack_trace=trace), STYLES[1])
    assert body["description"].startswith(f"{LINK}\n\nValueError: the cause that must be kept\nboom\n\n")
    assert body["description"].endswith("ValueError: the cause that must be kept")
    assert "in <\u200bmodule>" in body["description"]
    assert len(body["description"]) > 14_000


def test_two_hundred_facts_are_all_told_or_counted() -> None:
    details = check(alert(context={f"field {number}": "x" * 600 for number in range(200)}))["details"]
    assert len([name for name in details if name.startswith("field ")]) == 18
    assert details["…"] == "182 more in the record"
    assert all("characters cut" in details[f"field {number}"] for number in range(18))
    assert check(alert(context={"a": 1, "a\x00": 2}))["details"] == {"a": "1", "a′": "2"}


def test_an_alert_says_what_where_how_grave_and_leads_to_its_page() -> None:
    given_alert = alert(
        kind=Kind.ERROR, message="card declined", exception_type="shop.PaymentError", logger="shop.orders",
        fingerprint="f1", occurrences=57, service="shop", environment="production", host="web-1",
        context={"order": 4711}, level=Level.CRITICAL, stack_trace="Traceback…", state="open", note="came back",
    )  # fmt: skip
    assert check(given_alert, STYLES[1]) == {
        "alias": "f1",
        "message": "PaymentError: card declined ×57",
        "description": f"{LINK}\n\nshop.PaymentError: card declined\n\nTraceback…",
        "details": {"Logger": "shop.orders", "order": "4711"},
        "tags": ["critical", "error", "production", "shop"],
        "entity": "shop",
        "source": "web-1",
        "priority": "P1",
        "note": "came back",
    }
    assert check(alert()).keys() == {"alias", "message", "description", "tags", "source", "priority"}


@pytest.mark.parametrize(
    ("level", "priority"),
    [
        (Level.DEBUG, "P5"),
        (Level.INFO, "P5"),
        (Level.WARNING, "P3"),
        (Level.ERROR, "P2"),
        (Level.CRITICAL, "P1"),
    ],
)
def test_every_level_has_its_priority(level: Level, priority: str) -> None:
    assert check(alert(level=level))["priority"] == priority


@pytest.mark.parametrize(
    ("values", "message", "details"),
    [
        ({"kind": Kind.PERFORMANCE, "details": {"value": 4.2, "unit": "s"}}, "boom", {"Value": "4.2 s"}),
        ({"kind": Kind.EVENT, "message": ""}, "event", {}),
        ({"kind": Kind.STATUS, "message": "deployed"}, "deployed", {}),
        ({"kind": Kind.DIGEST, "message": "Daily digest"}, "Daily digest", {}),
        ({"message": "x" * 500, "occurrences": 1000}, "x" * 122 + "… ×1,000", {}),
    ],
)  # fmt: skip
def test_every_kind_has_its_message(values: dict[str, Any], message: str, details: dict[str, str]) -> None:
    body = check(alert(**values))
    assert (body["message"], body.get("details", {})) == (message, details)


@pytest.mark.parametrize(
    ("values", "first", "then"),
    [
        ({}, "create", "create"),
        ({"state": "open", "state_since": SINCE}, "create", "create"),
        ({"state": "flapping", "state_since": SINCE}, "create", "create"),
        # it is told although somebody deals with it: because it is graver than what he knows
        ({"state": "acknowledged", "state_since": SINCE}, "create", "acknowledge"),
        ({"state": "resolved", "state_since": SINCE}, "close", "close"),
        # its incident has come back since: closing this one would close that
        ({"state": "resolved"}, "create", "create"),
    ],
)
def test_what_becomes_of_an_incident_is_told_by_its_alias(values: dict[str, Any], first: str, then: str) -> None:
    some = alert(fingerprint="a/b c", note="by ana", **values)
    assert action(ask(some)) == first
    changed = ask(some, edit=True)
    assert (changed.method, action(changed)) == ("POST", then)
    if then != "create":
        assert changed.url == f"https://api.opsgenie.com/v2/alerts/a%2Fb%20c/{then}?identifierType=alias"
        assert changed.json == {"source": "webhook_alerts", "note": "by ana"}


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        (URL, URL),
        (URL.replace("alerts?", "alerts/?x=1&"), URL),
        (URL.replace("api.", "api.eu."), URL.replace("api.", "api.eu.")),
        (JIRA, JIRA),
        (JIRA.replace("https://", "http://"), JIRA),
        (JIRA.replace("https://api.atlassian.com", "http://127.0.0.1:8090"), f"http://127.0.0.1:8090{JIRA[25:]}"),
    ],
)
def test_the_key_of_the_url_goes_into_the_header_and_nowhere_else(url: str, endpoint: str) -> None:
    assert (registry.recognise(url) == "opsgenie") is ("127.0.0.1" not in url)
    assert CHANNEL.endpoint(url) == endpoint
    access = Access(url, headers={"authorization": "Bearer other", "X-Team": "shop"})
    request = CHANNEL.request(access, CHANNEL.render([alert()], Style()).json, (), 1)
    assert request.url == endpoint.partition("?")[0]
    assert request.headers == {"Authorization": f"GenieKey {KEY}", "X-Team": "shop"}
    assert KEY.encode() not in encode(request.json)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.opsgenie.com/v2/alerts",
        "https://api.opsgenie.com/v2/alerts?apiKey=SECRET",
        f"https://api.opsgenie.com/v1/json/alert?apiKey={KEY}",
        f"https://api.atlassian.com/jsm/ops/api/1/v1/alerts?apiKey={KEY}",
    ],
)
def test_a_url_that_cannot_be_used_says_why_and_is_never_quoted(url: str) -> None:
    assert registry.recognise(url) == "opsgenie"
    with pytest.raises(ValueError, match=re.escape("/v2/alerts?apiKey=…")) as caught:
        CHANNEL.endpoint(url)
    assert "SECRET" not in str(caught.value)
    assert KEY not in str(caught.value)


def test_other_addresses_of_atlassian_are_not_taken_for_it() -> None:
    assert registry.recognise("https://api.atlassian.com/ex/jira/1/rest/api/3/issue") is None
    assert registry.recognise("https://api.opsgenie.com.evil.example/v2/alerts") is None


def answer(status: int, body: object = "", **headers: str) -> Response:
    raw = body if isinstance(body, str) else json.dumps(body)
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw.encode())


TAKEN = {"result": "Request will be processed", "took": 0.3, "requestId": "43a29c5c-3dbf-4fa4-9c26-f4f71023e120"}
NO_KEY = {"message": "Could not authenticate", "took": 0.0, "requestId": "1"}


@pytest.mark.parametrize(
    ("response", "verdict", "wait_s", "reason"),
    [
        (answer(202, TAKEN), Verdict.DELIVERED, 0, "HTTP 202"),
        (answer(202), Verdict.DELIVERED, 0, "HTTP 202"),
        (answer(200, TAKEN), Verdict.DELIVERED, 0, "HTTP 200"),
        (answer(200, "<html>Sign in</html>"), Verdict.RETRY, 0, "HTTP 200: not Opsgenie's answer"),
        (answer(400, {"message": "Request body is not processable"}), Verdict.REFUSED, 0,
         "HTTP 400: Request body is not processable"),
        (answer(401, NO_KEY), Verdict.GONE, 0, "HTTP 401: Could not authenticate"),
        (answer(402), Verdict.GONE, 0, "HTTP 402"),
        (answer(403, {"message": "Not allowed", "code": 40301}), Verdict.GONE, 0, "HTTP 403: Not allowed"),
        (answer(404), Verdict.GONE, 0, "HTTP 404"),
        (answer(422, {"message": "Too long."}), Verdict.REFUSED, 0, "HTTP 422: Too long."),
        (answer(429, {"message": "slow"}), Verdict.WAIT, 60, "HTTP 429: slow"),
        (answer(429, x_ratelimit_period_in_sec="10"), Verdict.WAIT, 10, "HTTP 429"),
        (answer(429, retry_after="90", x_ratelimit_period_in_sec="10"), Verdict.WAIT, 90, "HTTP 429"),
        (answer(429, x_ratelimit_period_in_sec="soon"), Verdict.WAIT, 60, "HTTP 429"),
        (answer(500), Verdict.RETRY, 0, "HTTP 500"),
        (answer(503, retry_after="120"), Verdict.RETRY, 120, "HTTP 503"),
        (answer(302), Verdict.RETRY, 0, "HTTP 302"),
        (answer(500, '{"a":' * 5000), Verdict.RETRY, 0, "HTTP 500"),
        (answer(422, {"message": 5}), Verdict.REFUSED, 0, "HTTP 422"),
    ],
)  # fmt: skip
def test_every_answer_is_understood(response: Response, verdict: Verdict, wait_s: float, reason: str) -> None:
    outcome = CHANNEL.classify(response)
    assert (outcome.verdict, outcome.wait_s, outcome.reason) == (verdict, wait_s, reason)
    assert outcome.message_id == ""


@given(st.integers(100, 599), st.binary(max_size=200), st.dictionaries(st.just("x-ratelimit-period-in-sec"), st.text()))
def test_any_answer_is_understood(status: int, body: bytes, headers: dict[str, str]) -> None:
    outcome = CHANNEL.classify(Response(status, headers, body))
    assert 0 <= outcome.wait_s <= 3600
    assert len(outcome.reason) <= 300


@pytest.fixture
def opsgenie() -> Iterator[FakeOpsgenie]:
    with FakeOpsgenie(limits=()) as server:
        yield server


def post(request: Request) -> requests.Response:
    headers = {"Content-Type": "application/json", **request.headers}
    return requests.post(request.url, data=encode(request.json), headers=headers, timeout=5)


@pytest.mark.parametrize("prefix", ["", "/jsm/ops/integration"])
def test_an_incident_runs_its_course_over_http(opsgenie: FakeOpsgenie, prefix: str) -> None:
    url = opsgenie.url("on-call").replace("/v2", f"{prefix}/v2")

    def tell(*, edit: bool = True, **values: Any) -> None:
        told = post(ask(alert(fingerprint="f g", state_since=SINCE, note="by ana", **values), edit=edit, url=url))
        assert (told.status_code, told.json()["result"]) == (202, "Request will be processed")

    def seen() -> list[tuple[str, int]]:
        return [(message["status"], message["count"]) for message in opsgenie.messages("on-call")]

    tell(state="resolved")  # nothing is open
    assert seen() == []
    tell(edit=False)
    tell(edit=False, occurrences=57)
    tell(state="acknowledged")
    assert seen() == [("acknowledged", 2)]
    tell(state="resolved")
    tell(edit=False)
    assert seen() == [("closed", 2), ("open", 1)]
    assert opsgenie.messages()[0]["log"] == ["create", "create", "acknowledge: by ana", "close: by ana"]
    assert {entry.webhook for entry in opsgenie.requests()} == {"on-call"}


def test_what_is_made_of_hostile_alerts_is_taken_over_http(opsgenie: FakeOpsgenie) -> None:
    assert {post(ask(each, url=opsgenie.url())).status_code for each in hostile()} == {202}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"message": ""}, "Message can not be empty."),
        ({"message": "x" * 131}, "message is longer than 130"),
        ({"alias": 5}, "alias is no text"),
        ({"description": "x" * 15_001}, "description is longer"),
        ({"details": {"a": 1}}, "details are no texts"),
        ({"details": {"a": "x" * 8_000}}, "details are longer"),
        ({"tags": ["x" * 51]}, "tags are no more"),
        ({"tags": ["x"] * 21}, "tags are no more"),
        ({"priority": "P6"}, "priority is none"),
        ({"action": "create"}, "action is not known"),
    ],
)
def test_the_stand_in_refuses_what_opsgenie_refuses(opsgenie: FakeOpsgenie, change: dict[str, Any], words: str) -> None:
    request = ask(alert(), url=opsgenie.url())
    told = post(dataclasses.replace(request, json={**request.json, **change}))
    assert told.status_code == 422
    assert words in told.json()["message"]


def test_the_stand_in_knows_a_key_by_its_header_alone_limits_the_rate_and_forgets_what_was_removed() -> None:
    with FakeOpsgenie(limits=[(1, 60.0)]) as opsgenie:
        request = ask(alert(), url=opsgenie.url())
        assert post(dataclasses.replace(request, url=opsgenie.url())).status_code == 401
        assert post(dataclasses.replace(request, headers={})).status_code == 401
        closing = ask(alert(state="resolved", state_since=SINCE), url=opsgenie.url())
        assert post(dataclasses.replace(closing, url=closing.url.partition("?")[0])).status_code == 422
        assert post(request).status_code == 202
        told = post(request)
        assert (told.status_code, told.headers["X-RateLimit-Period-In-Sec"]) == (429, "60")
        opsgenie.delete("errors")
        assert post(request).json()["message"] == "Could not authenticate"
