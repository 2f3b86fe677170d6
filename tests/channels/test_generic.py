"""Our own schema: every body validates, is signed so that the reference library believes it, and is within its size."""

from __future__ import annotations

import base64
import importlib.util
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import time_machine
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.channels.hostile import TEXTS, TRACE, alert, fillings, full, hostile
from tests.channels.strategies import alerts
from webhook_alerts.alert import Alert, Kind, Level
from webhook_alerts.channels import registry, signing
from webhook_alerts.channels.base import Access, Request, Response, Style, Verdict, encode
from webhook_alerts.channels.generic import Generic
from webhook_alerts.channels.text import clean
from webhook_alerts.testing.fake_webhook import FakeWebhook

CHANNEL = Generic()
SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "docs" / "webhook-1.schema.json").read_text())
STYLES = [
    Style(),
    Style(max_message_length=100, link=lambda alert: "https://shop.example/alerts/i/abc"),
    Style(max_message_length=100_000, include_stack_traces=False),
]
NEW, OLD = (f"whsec_{base64.b64encode(bytes([byte]) * 32).decode()}" for byte in (1, 2))
ACCESS = Access("https://alerts.example.com/hook", (NEW,))


def closed(node: Any) -> Any:
    """The schema as strict as a test can be: no key that it does not name."""
    if isinstance(node, list):
        return [closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    found = {key: closed(item) for key, item in node.items()}
    return {**found, "additionalProperties": False} if isinstance(node.get("properties"), dict) else found


STRICT = Draft202012Validator(closed(SCHEMA), format_checker=Draft202012Validator.FORMAT_CHECKER)


def check(some: list[Alert], style: Style) -> dict[str, Any]:
    payload = CHANNEL.render(some, style)
    assert payload.count == min(len(some), 50)
    sent = json.loads(encode(payload.json), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert [error.message[:200] for error in STRICT.iter_errors(sent)] == []
    json.dumps(payload.json, ensure_ascii=False).encode("utf-8")  # no lone surrogate is left
    for each in sent["data"]["alerts"]:
        assert len(encode({"type": sent["type"], "timestamp": sent["timestamp"], "data": each})) <= 20_000
    return sent


def test_the_schema_is_one_and_finds_faults_at_all() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    body = CHANNEL.render([alert()], Style()).json
    body["data"]["alerts"][0]["level"] = 40
    body["data"]["alerts"][0]["process"] = "1"
    assert len(list(STRICT.iter_errors(body))) == 2


@settings(max_examples=80, deadline=None)
@given(st.lists(alerts, min_size=1, max_size=4), st.sampled_from(STYLES))
def test_any_alerts_are_told_as_the_schema_says_within_its_size(some: list[Alert], style: Style) -> None:
    check(some, style)


@pytest.mark.parametrize("style", STYLES)
def test_forty_hostile_alerts_are_told_too(style: Style) -> None:
    for each in [*hostile(), *map(full, fillings())]:
        check([each], style)
    check(hostile(), style)


def test_what_is_not_json_becomes_a_text_of_it() -> None:
    context = {"nan": float("nan"), "huge": 2**64, "long": [["x" * 100] * 50], "beyond": 10**5000, "n": 2**62}
    (told,) = check([alert(context=context)], Style())["data"]["alerts"]
    shown = told["context"]
    assert (shown["nan"], shown["huge"], shown["n"]) == ("nan", str(2**64), 2**62)
    assert shown["beyond"] == "an integer of 16610 bits"
    assert shown["long"].startswith('[["xxx')
    assert "characters cut" in shown["long"]


def test_keys_that_become_the_same_are_both_there_and_a_link_that_is_too_long_is_not() -> None:
    style = Style(link=lambda each: "https://shop.example/".ljust(513, "x"))
    (told,) = check([alert(context={"a": 1, "a\x00": 2})], style)["data"]["alerts"]
    assert (told["context"], told["url"]) == ({"a": 1, "a′": 2}, "")


@pytest.mark.parametrize("place", ["message", "stack_trace", "context", "note"])
def test_no_hostile_text_is_lost_without_a_mark(place: str) -> None:
    for text in TEXTS:
        given_alert = alert(**{"message": "boom", place: {"k": text} if place == "context" else text}, state="open")
        (told,) = check([given_alert], Style())["data"]["alerts"]
        seen = {
            "message": told["message"],
            "stack_trace": (told["exception"] or {"stack_trace": ""})["stack_trace"],
            "context": told["context"].get("k"),
            "note": told["incident"]["note"],
        }[place]
        assert seen == clean(text) or "characters cut" in seen or "…" in seen


def test_a_trace_of_a_megabyte_keeps_its_cause_and_two_hundred_facts_are_counted() -> None:
    context = {f"field {number}": f"value {number} " * 20 for number in range(200)}
    details = {f"detail {number}": "x" * 90 for number in range(200)}
    given_alert = alert(exception_type="ValueError", stack_trace=TRACE * 20, context=context, details=details)
    (told,) = check([given_alert], Style())["data"]["alerts"]
    assert told["exception"]["stack_trace"].endswith("ValueError: the cause that must be kept")
    assert len(told["exception"]["stack_trace"]) > 8_000
    assert len(told["context"]) + len(told["details"]) + told["omitted"] == 400
    assert len(told["context"]) > 10


def test_an_alert_has_every_key_and_nothing_of_ours() -> None:
    full = alert(
        kind=Kind.ERROR, message="no stock", exception_type="shop.OrderError", stack_trace="Traceback…", logger="shop",
        fingerprint="f1", occurrences=57, samples=("no stock: 4712",), module="orders", function="place", line=12,
        context={"order": 4711}, details={"a": 1}, request={"method": "POST", "path": "/buy", "user_id": 7,
        "ip": "::1"},
        correlation_id="c1", traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", service="shop",
        environment="production", release="1.2", host="web-1", process="123", webhooks=("errors",), dedup=False,
        first_seen=1_800_000_000.5, last_seen=1_800_000_060.25, state="acknowledged", state_since=1_800_000_120.0,
        note="acknowledged by ana",
    )  # fmt: skip
    body = check([full], STYLES[1])
    assert (body["type"], body["timestamp"]) == ("alert.created", "2027-01-15T08:02:00.000Z")
    assert body["data"]["version"] == 1
    assert body["data"]["alerts"] == [
        {
            "id": str(full.id),
            "fingerprint": "f1",
            "kind": "error",
            "level": "error",
            "message": "no stock",
            "exception": {"type": "shop.OrderError", "stack_trace": "Traceback…"},
            "occurrences": 57,
            "first_seen": "2027-01-15T08:00:00.500Z",
            "last_seen": "2027-01-15T08:01:00.250Z",
            "samples": ["no stock: 4712"],
            "logger": "shop",
            "location": {"module": "orders", "function": "place", "line": 12},
            "service": "shop",
            "environment": "production",
            "release": "1.2",
            "host": "web-1",
            "request": {"method": "POST", "path": "/buy", "user_id": "7", "ip": "::1"},
            "correlation_id": "c1",
            "trace_id": "0af7651916cd43dd8448eb211c80319c",
            "details": {"a": 1},
            "context": {"order": 4711},
            "omitted": 0,
            "incident": {
                "state": "acknowledged", "since": "2027-01-15T08:02:00.000Z", "note": "acknowledged by ana",
            },
            "url": "https://shop.example/alerts/i/abc",
        }
    ]  # fmt: skip
    (bare,) = check([alert()], Style())["data"]["alerts"]
    assert bare.keys() == body["data"]["alerts"][0].keys()
    assert (bare["exception"], bare["location"], bare["request"], bare["incident"]) == (None, None, None, None)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"kind": Kind.PERFORMANCE, "details": {"metric": "checkout", "value": 4.2, "threshold": 2}}, "performance"),
        ({"kind": Kind.EVENT, "details": {"event": "member_join"}, "level": Level.INFO}, "event"),
        ({"kind": Kind.STATUS, "details": {"status": "deployed"}, "level": Level.INFO}, "status"),
        ({"kind": Kind.DIGEST, "message": "Daily digest", "level": Level.INFO}, "digest"),
    ],
)
def test_every_kind_brings_its_details_and_news_are_called_by_their_id(values: dict[str, Any], said: str) -> None:
    given_alert = alert(**values, fingerprint="f")
    (told,) = check([given_alert], Style())["data"]["alerts"]
    assert (told["kind"], told["details"]) == (said, dict(given_alert.details))
    assert told["fingerprint"] == ("f" if said == "performance" else str(given_alert.id))


# Signatures


@pytest.mark.parametrize(
    ("secret", "message_id", "at", "body", "signature"),
    [
        # libraries/python/tests/test_webhooks.py, test_sign_function
        (
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
            b'{"test": 2432232314}', "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ),
        # libraries/rust/src/lib.rs, test_sign
        (
            "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1649367553,
            b'{"email":"test@example.com","username":"test_user"}', "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
        ),
        # svix-webhooks, server/svix-server/src/worker.rs, test_asymmetric_key_signing
        (
            "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==",
            "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}',
            "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==",
        ),
    ],
)  # fmt: skip
def test_the_published_vectors(secret: str, message_id: str, at: int, body: bytes, signature: str) -> None:
    assert signing.signature(secret, message_id, at, body) == signature


def signed(body: dict[str, Any], *keys: str, at: float | None = None) -> Request:
    return CHANNEL.request(Access(ACCESS.url, keys), body, (), int(time.time() if at is None else at))


def believes(key: str, request: Request) -> bool:
    """Does the reference library?"""
    try:
        Webhook(key).verify(encode(request.json), dict(request.headers))
    except WebhookVerificationError:
        return False
    return True


@settings(max_examples=40, deadline=None)
@given(alerts)
def test_the_reference_library_believes_what_we_sign(some: Alert) -> None:
    request = signed(CHANNEL.render([some], Style()).json, NEW)
    assert believes(NEW, request)
    assert not believes(OLD, request)


def test_with_two_keys_who_has_either_believes_it_and_without_any_there_is_no_signature() -> None:
    body = CHANNEL.render([alert()], Style()).json
    both = signed(body, NEW, OLD)
    assert believes(NEW, both)
    assert believes(OLD, both)
    assert both.headers["webhook-signature"].startswith(signed(body, NEW).headers["webhook-signature"] + " v1,")
    assert signed(body).headers.keys() == {"webhook-id", "webhook-timestamp"}


def test_with_a_key_of_our_own_who_has_its_public_half_believes_it_and_so_does_who_has_the_old_secret() -> None:
    private = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
    body = CHANNEL.render([alert()], Style()).json
    request = signed(body, "whsk_" + base64.b64encode(b"\x07" * 32).decode(), OLD)
    assert believes(OLD, request)
    head = request.headers
    version, _, given_signature = head["webhook-signature"].split(" ")[0].partition(",")
    assert version == "v1a"
    told = f"{head['webhook-id']}.{head['webhook-timestamp']}.".encode() + encode(body)
    private.public_key().verify(base64.b64decode(given_signature), told)
    with pytest.raises(InvalidSignature):
        private.public_key().verify(base64.b64decode(given_signature), told + b" ")


def test_a_key_of_our_own_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="needs the package cryptography"):
        signing.key_of("whsk_" + base64.b64encode(b"\x07" * 32).decode())


def test_what_is_old_comes_from_the_future_or_was_changed_is_not_believed() -> None:
    body = CHANNEL.render([alert()], Style()).json
    now = int(time.time())
    with time_machine.travel(now, tick=False):
        answers = {off: believes(NEW, signed(body, NEW, at=now + off)) for off in (-301, -299, 299, 301)}
    assert answers == {-301: False, -299: True, 299: True, 301: False}
    request = signed(body, NEW)
    request.json["data"]["alerts"][0]["message"] = "another"
    assert not believes(NEW, request)


def test_the_id_is_that_of_the_body_through_every_retry_and_another_when_it_has_changed() -> None:
    first = alert(occurrences=1)
    body = CHANNEL.render([first], Style()).json
    stored = json.loads(json.dumps(dict(sorted(body.items(), reverse=True))))  # as a database may give it back
    retried = signed(stored, OLD, at=1)
    assert retried.headers["webhook-id"] == signed(body, NEW, at=2).headers["webhook-id"]
    changed = CHANNEL.edit(ACCESS, "", body)
    assert (changed.method, changed.json["type"], changed.url) == ("POST", "alert.updated", ACCESS.url)
    assert changed.headers["webhook-id"] != retried.headers["webhook-id"]
    assert believes(NEW, changed)
    assert body["type"] == "alert.created"


def test_the_headers_of_the_settings_go_along_and_nothing_secret_is_in_the_body() -> None:
    access = Access(f"{ACCESS.url}?token=SECRET", (NEW,), {"Authorization": "Bearer SECRET"})
    request = CHANNEL.request(access, CHANNEL.render([alert()], Style()).json, (), 1)
    assert request.headers["Authorization"] == "Bearer SECRET"
    assert request.url == access.url
    assert b"SECRET" not in encode(request.json)
    assert NEW[6:].encode() not in encode(request.json)


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("hunter2hunter2hunter2hunter2", "does not begin with whsec_"),
        ("whpk_" + "A" * 32, r"does not begin with whsec_ \(or whsk_\)"),
        ("whsk_" + "A" * 40, "30 bytes, not for 32 or 64"),
        ("whsk_not base 64 at all!", "whsk_ is no base 64"),
        ("whsec_not base 64 at all!", "no base 64"),
        ("whsec_" + "A" * 31 + "é", "no base 64"),
        ("whsec_" + base64.b64encode(b"x" * 23).decode(), "23 bytes"),
        ("whsec_" + base64.b64encode(b"x" * 65).decode(), "65 bytes"),
        ("whsec_", "0 bytes"),
    ],
)
def test_a_key_that_cannot_sign_says_why_and_is_never_quoted(secret: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as caught:
        signing.key_of(secret)
    assert secret[6:12] not in str(caught.value) or len(secret) < 12


def test_a_key_may_lack_its_padding() -> None:
    assert signing.key_of(NEW.rstrip("=")) == signing.key_of(NEW) == b"\x01" * 32


# The answers


@pytest.mark.parametrize(
    ("status", "headers", "verdict", "wait_s"),
    [
        (200, {}, Verdict.DELIVERED, 0),
        (202, {}, Verdict.DELIVERED, 0),
        (204, {}, Verdict.DELIVERED, 0),
        (301, {}, Verdict.RETRY, 0),
        (400, {}, Verdict.REFUSED, 0),
        (401, {}, Verdict.GONE, 0),
        (404, {}, Verdict.GONE, 0),
        (408, {}, Verdict.RETRY, 0),
        (425, {}, Verdict.RETRY, 0),
        (410, {}, Verdict.GONE, 0),
        (413, {}, Verdict.REFUSED, 0),
        (422, {}, Verdict.REFUSED, 0),
        (429, {"retry-after": "30"}, Verdict.WAIT, 30),
        (429, {}, Verdict.WAIT, 60),
        (500, {}, Verdict.RETRY, 0),
        (502, {}, Verdict.RETRY, 0),
        (503, {"retry-after": "120"}, Verdict.RETRY, 120),
        (504, {"retry-after": "soon"}, Verdict.RETRY, 0),
    ],
)
def test_an_answer_is_understood_by_its_status(
    status: int, headers: dict[str, str], verdict: Verdict, wait_s: float
) -> None:
    outcome = CHANNEL.classify(Response(status, headers, b"\xff{"))
    assert (outcome.verdict, outcome.wait_s, outcome.reason) == (verdict, wait_s, f"HTTP {status}")


def test_no_address_is_taken_for_it_and_one_without_a_host_is_refused() -> None:
    assert registry.recognise(ACCESS.url) is None
    with pytest.raises(ValueError, match="no host"):
        CHANNEL.endpoint("https:///SECRET")


# Over HTTP


@pytest.fixture
def receiver() -> Iterator[FakeWebhook]:
    with FakeWebhook(keys=[NEW], limits=()) as server:
        yield server


def post(request: Request, url: str) -> requests.Response:
    headers = {"Content-Type": "application/json", **request.headers}
    return requests.post(url, data=encode(request.json), headers=headers, timeout=5)


def test_what_is_made_is_taken_over_http_once(receiver: FakeWebhook) -> None:
    request = signed(CHANNEL.render(hostile(), Style()).json, OLD, NEW)
    answers = [post(request, receiver.url("errors")).json()["status"] for _ in range(2)]
    assert answers == ["taken", "known"]
    (kept,) = receiver.messages("errors")
    assert (kept["type"], len(kept["data"]["alerts"]), kept["signatures"]) == ("alert.created", 40, 2)


@pytest.mark.parametrize(
    ("change", "status", "why"),
    [
        (lambda body: signed(body, OLD), 401, "no signature is of a known key"),
        (signed, 401, "a header is missing"),
        (lambda body: signed(body, NEW, at=1), 401, "the timestamp is too far from now"),
        (lambda body: signed({**body, "type": "ping"}, NEW), 400, "of no type that is known"),
        (lambda body: signed({**body, "timestamp": "today"}, NEW), 400, "timestamp"),
        (lambda body: signed({**body, "data": {"version": 2}}, NEW), 400, "of no version that is known"),
        (lambda body: signed({**body, "data": {"version": 1, "alerts": []}}, NEW), 400, "no alerts"),
        (lambda body: signed({**body, "data": {"version": 1, "alerts": [{}]}}, NEW), 400, "alerts: id"),
        (lambda body: signed({**body, "x": "x" * 2**20}, NEW), 413, "too large"),
    ],
)
def test_the_stand_in_refuses_what_a_careful_receiver_refuses(
    receiver: FakeWebhook, change: Any, status: int, why: str
) -> None:
    told = post(change(CHANNEL.render([alert()], Style()).json), receiver.url())
    assert (told.status_code, told.json()["error"]) == (status, why)
    assert receiver.messages() == []


def test_the_stand_in_limits_where_it_is_told_to_and_says_when_it_is_gone() -> None:
    with FakeWebhook(limits=[(1, 60.0)]) as receiver:
        request = signed(CHANNEL.render([alert()], Style()).json)
        assert post(request, receiver.url()).status_code == 200
        told = post(request, receiver.url())
        assert (told.status_code, 55 <= int(told.headers["Retry-After"]) <= 60) == (429, True)
        receiver.delete("errors")
        assert post(request, receiver.url()).status_code == 410
