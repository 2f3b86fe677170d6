"""Google Chat: within every limit for any input, nothing pings or is lost without a mark, every answer understood."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.channels.chats import Backlog, Chat
from tests.channels.hostile import alert, hostile
from tests.channels.schemas import validator
from webhook_alerts.alert import Alert, Kind, Level
from webhook_alerts.channels import google_chat_text, registry
from webhook_alerts.channels.base import Access, Response, Style, Verdict, encode
from webhook_alerts.channels.google_chat import GoogleChat
from webhook_alerts.testing.fake_google_chat import FakeGoogleChat
from webhook_alerts.testing.fake_google_chat_rules import MESSAGE, faults

CHANNEL = GoogleChat()
URL = "https://chat.googleapis.com/v1/spaces/AAAAspace/messages?key=AIzaSECRETkey&token=SECRETtoken-_%3D"
LINK = "https://shop.example/alerts/incident/abc?x=1&y=2"
STYLES = [
    Style(),
    Style(use_embeds=False),
    Style(mention="@all", max_message_length=100, link=lambda alert: LINK),
    Style(include_stack_traces=False, use_embeds=False, mention="<users/123456789>"),
]
CODE = re.compile(r"```\n(?:(?!``)[\s\S])*?\n```(?=\n|$)|`[^`\n]+`")
OURS = re.compile(
    rf"<{re.escape(LINK)}\|Open · acknowledge · silence>|\*[A-Z0-9 ×]+\*|\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d UTC|^UTC",
    re.MULTILINE,
)


def is_code_or_ours(text: str) -> None:
    """What is no code is signs and a few words of ours; nothing anywhere calls somebody or leads elsewhere."""
    text = re.sub(r"^<users/(all|123456789)> ", "", text)
    assert not re.search(r"<(?:users/|https?:)", text.replace(f"<{LINK}|", ""), re.IGNORECASE)
    left = OURS.sub("", CODE.sub("", text))
    assert not re.search(r"[\w*~`<>]", left), left


def shown(body: dict[str, Any]) -> str:
    return str(body["text"])


def check(some: list[Alert], style: Style) -> int:
    payload = CHANNEL.render(some, style)
    assert faults(payload.json, {}, len(encode(payload.json))) == []
    assert 1 <= payload.count <= len(some)
    json.dumps(payload.json, ensure_ascii=False).encode("utf-8")  # no lone surrogate is left
    is_code_or_ours(payload.json["text"])
    assert len(some) > 1 or len(payload.json["text"]) <= 12_100  # ours: nobody reads more of one alert
    return payload.count


CHAT = Chat(
    CHANNEL,
    STYLES,
    check,
    shown,
    sample="👩‍👩‍👧‍👦 مرحبا <users/all> *_`~ <https://evil.example|x>" * 9,
    marks={"\u200b": "", "ˋ": "`"},
    fact=r"^(field \d+) ",
    backlog=Backlog(12, "😀" * 300, 60),
    beyond=[
        {"text": "x" * 32_001},
        {"text": "x" * 31_990},
        {"text": "é" * 16_001},
        {"text": '"' * 16_001},
        {"text": " "},
    ],
)


@settings(max_examples=60, deadline=None)
@given(st.text() | st.text(st.sampled_from('"\\\n\t`<é😀')) | st.just("<users/all>" * 9))
def test_bytes_are_counted_as_they_are_sent(text: str) -> None:
    assert google_chat_text.size(text) == len(encode({"text": text})) - len(encode({"text": ""}))
    whole = len(encode({"text": google_chat_text.block(text)})) - len(encode({"text": google_chat_text.block("")}))
    assert google_chat_text.block_size(text) == whole


def test_the_schema_takes_what_is_made() -> None:
    check_with = validator("google-chat-message")
    assert list(check_with.iter_errors({"text": 1, "thread": {"key": "x"}}))
    left = hostile()
    for style in STYLES:
        bodies = [CHANNEL.render([each], style).json for each in left[25:]]
        bodies.append(CHANNEL.render([alert(fingerprint="f")], style).json)
        bodies.append(CHANNEL.render(left, style).json)
        for body in bodies:
            assert [error.message[:200] for error in check_with.iter_errors(body)] == []


@pytest.mark.parametrize(
    ("values", "heading"),
    [
        ({"message": "boom"}, "🔴 *ERROR* `boom`"),
        ({"message": "", "level": Level.WARNING}, "🟡 *WARNING* `Warning`"),
        ({"kind": Kind.ERROR, "exception_type": "shop.PaymentError"}, "🔴 *ERROR* `shop.PaymentError`"),
        ({"kind": Kind.ERROR, "occurrences": 57}, "🔴 *ERROR* `boom ×57`"),
        (
            {"kind": Kind.PERFORMANCE, "details": {"metric": "checkout"}, "level": Level.WARNING},
            "🟡 ⏱️ *WARNING* `checkout`",
        ),
        ({"kind": Kind.EVENT, "details": {"event": "member_join"}, "level": Level.INFO}, "📌 *INFO* `member join`"),
        ({"kind": Kind.STATUS, "details": {"status": "deployed"}, "level": Level.INFO}, "📣 *INFO* `deployed`"),
        ({"kind": Kind.DIGEST, "message": "Daily digest", "level": Level.INFO}, "📊 *INFO* `Daily digest`"),
        ({"state": "resolved", "note": "resolved by *ana*"}, "✅ *ERROR* `boom`\n`resolved by *ana*`"),
        ({"state": "acknowledged"}, "👀 *ERROR* `boom`"),
        ({"state": "flapping"}, "🔁 *ERROR* `boom`"),
        ({"state": "open"}, "🔴 *ERROR* `boom`"),
    ],
)
def test_every_kind_and_state_has_its_heading(values: dict[str, Any], heading: str) -> None:
    assert CHANNEL.render([alert(**values)], Style()).json["text"].startswith(f"{heading}\n")


def test_an_alert_is_a_heading_a_line_that_links_its_text_and_its_facts_in_line() -> None:
    given_alert = alert(
        kind=Kind.ERROR,
        exception_type="ValueError",
        message="no such *coupon*",
        stack_trace="Traceback:\n  ValueError: no such *coupon*",
        context={"order_line_id": 4711, "query": "select 1\n  from x"},
        last_seen=1_800_000_000,
        service="shop",
        host="web-1",
    )
    body = CHANNEL.render([given_alert], Style(link=lambda each: LINK, say=str.upper)).json
    assert body == {
        "text": (
            "🔴 *ERROR* `ValueError`\n"
            f"2027-01-15 08:00:00 UTC · <{LINK}|OPEN · ACKNOWLEDGE · SILENCE> · `shop · web-1`\n"
            "```\nno such *coupon*\n\nTraceback:\n  ValueError: no such *coupon*\n```\n"
            "```\norder_line_id  4711\nquery          select 1\n                 from x\n```"
        ),
        "markupSyntax": "MARKUP_SYNTAX_CHAT",  # what is newly made in Chat would read it as Markdown
        "thread": {"threadKey": str(given_alert.id)},
    }


def test_performance_shows_value_threshold_and_ratio_and_nothing_that_is_not_known() -> None:
    details = {"metric": "checkout", "value": 4.2, "threshold": 2, "unit": "s", "ratio": 2.1}
    text = CHANNEL.render([alert(kind=Kind.PERFORMANCE, message="checkout: 4.2 s", details=details)], Style()).json[
        "text"
    ]
    assert "```\nValue      4.2 s\nThreshold  2 s\nRatio      2.1×\n```" in text
    text = CHANNEL.render([alert(kind=Kind.PERFORMANCE, details={"value": None, "unit": None})], Style()).json["text"]
    assert "None" not in text


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("@all", "<users/all>"),
        ("@here", "<users/all>"),
        ("<users/all>", "<users/all>"),
        (" <users/123456789012345678901> ", "<users/123456789012345678901>"),
    ],
)
@pytest.mark.parametrize("use_embeds", [True, False])
def test_only_a_critical_calls_and_only_whom_the_setting_names(asked: str, written: str, use_embeds: bool) -> None:
    style = Style(mention=asked, use_embeds=use_embeds)
    assert CHANNEL.render([alert(level=Level.CRITICAL)], style).json["text"].startswith(f"{written} 🚨")
    assert "<users/" not in CHANNEL.render([alert(message=written)], style).json["text"]
    hostile_alert = alert(level=Level.CRITICAL, message=f"{written} {written.upper()}", note=written, host=written)
    assert "<users/" not in CHANNEL.render([hostile_alert], Style(use_embeds=use_embeds)).json["text"].lower()


@pytest.mark.parametrize(
    "unknown", ["<!channel>", "ana", "<users/ana@example.com>", "<users/all> <users/1>", "users/all"]
)
def test_who_is_nobody_in_chat_is_left_out(unknown: str) -> None:
    text = CHANNEL.render([alert(level=Level.CRITICAL)], Style(mention=unknown)).json["text"]
    assert text.startswith("🚨")


def test_a_link_cannot_end_before_its_end() -> None:
    text = CHANNEL.render([alert()], Style(link=lambda each: "https://shop.example/a|b>c<d")).json["text"]
    assert "<https://shop.example/a%7Cb%3Ec%3Cd|Open · acknowledge · silence>" in text


def test_what_is_told_of_one_alert_stays_in_its_thread_and_several_begin_none() -> None:
    one, again = (CHANNEL.render([alert(message=text, fingerprint="f")], Style()).json for text in ("boom", "resolved"))
    other = CHANNEL.render([alert(fingerprint="g")], Style()).json
    assert one["thread"] == again["thread"] != other["thread"]
    assert "thread" not in CHANNEL.render([alert(fingerprint="f"), alert(fingerprint="g")], Style()).json
    news = CHANNEL.render([alert(kind=Kind.STATUS, fingerprint="f")], Style()).json
    assert news["thread"] != one["thread"]
    assert CHANNEL.request(Access(URL), one, [], 0).url == (
        f"{URL}&messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD"
    )
    assert CHANNEL.request(Access(URL), {"text": "x"}, [], 0).url == URL


def test_ten_alerts_share_a_message_and_a_backlog_becomes_lines_by_level() -> None:
    assert CHANNEL.render([alert(message=f"number {i}") for i in range(12)], Style()).count == 10
    many = [alert(message=f"number {i} " + "x" * 300, last_seen=1.8e9) for i in range(60)]
    many += [alert(level=Level.INFO, message=f"number {i}", occurrences=7, last_seen=1.8e9) for i in range(60, 120)]
    payload = CHANNEL.render(many, Style())
    assert payload.count == 100
    assert re.findall(r"^\S+ \*.*$", payload.json["text"], re.MULTILINE) == ["🔴 *60 × ERROR*", "🔵 *40 × INFO*"]
    assert all(f"\n08:00:00 number {i} " in payload.json["text"] for i in range(60))
    assert all(f"\n08:00:00 ×7 number {i}\n" in payload.json["text"] for i in range(60, 100))


def test_a_critical_in_front_of_a_backlog_is_shown_in_full() -> None:
    many = [alert(level=Level.CRITICAL, message="down"), *(alert(message=f"number {i}") for i in range(40))]
    payload = CHANNEL.render(many, Style())
    assert payload.json["text"].startswith("🚨 *CRITICAL* `down`")
    assert payload.count == 10


def test_a_users_text_is_used_and_a_failing_or_too_long_template_costs_nothing() -> None:
    def style(answer: Callable[[], Any]) -> Style:
        return Style(templates={"log": lambda given_alert, given_style: answer()})

    assert CHANNEL.render([alert()], style(lambda: {"text": "*own*"})).json["text"] == "*own*"
    assert CHANNEL.render([alert()], style(lambda: {"title": "x"})).json["text"].startswith("🔴 *ERROR* `boom`")
    for wrong in (
        lambda: 1 / 0,
        lambda: {"text": "é" * 10_000},
        lambda: {"text": " "},
        lambda: {"text": 1},
        lambda: None,
    ):
        text = CHANNEL.render([alert()], style(wrong)).json["text"]
        assert text.startswith("🔴 *ERROR* `boom`")
        assert "the own template failed" in text


@pytest.mark.parametrize(
    "url",
    [
        URL,
        URL.replace(".com", ".com:443"),
        URL.replace("/messages", "/messages/"),
        URL.replace("%3D", "="),
        f"{URL}&threadKey=x",
    ],
)
def test_a_webhooks_url_is_recognised_and_made_plain(url: str) -> None:
    assert registry.recognise(url) == "google_chat"
    assert CHANNEL.endpoint(url) == URL


def test_other_hosts_are_kept_and_the_space_is_what_is_counted() -> None:
    local = URL.replace("https://chat.googleapis.com", "http://127.0.0.1:8090")
    assert registry.recognise(local) is None
    assert CHANNEL.endpoint(local) == local
    assert registry.recognise("https://chat.googleapis.com.evil.example/v1/spaces/x/messages?key=x&token=x") is None
    space, place = CHANNEL.limits(URL).provider, CHANNEL.limits(URL).place
    assert (space, place) == ("google_chat:AAAAspace@chat.googleapis.com", URL)
    assert CHANNEL.limits(URL.replace("SECRETtoken", "other")).provider == space
    assert CHANNEL.limits(URL.replace("AAAAspace", "AAAAother")).provider != space


@pytest.mark.parametrize(
    "url",
    [
        URL.partition("&")[0],
        URL.partition("?")[0],
        URL.replace("/messages", ""),
        "https://chat.googleapis.com/v1/SECRET",
        "https://chat.googleapis.com/",
    ],
)
def test_a_url_that_cannot_be_used_says_why_and_is_never_quoted(url: str) -> None:
    assert registry.recognise(url) == "google_chat"
    with pytest.raises(ValueError, match=re.escape("/v1/spaces/<space>/messages?key=…&token=…")) as caught:
        CHANNEL.endpoint(url)
    assert not re.search("SECRET|AAAA", str(caught.value))


def answer(status: int, body: object = "", **headers: str) -> Response:
    raw = body if isinstance(body, str) else json.dumps(body)
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw.encode())


def error(code: int, word: str, reason: str = "") -> dict[str, Any]:
    details = {"details": [{"@type": "x"}, {"@type": "x", "reason": reason}]} if reason else {}
    return {"error": {"code": code, "message": "about SECRET", "status": word, **details}}


SENT = {"name": "spaces/AAAA/messages/x.y", "thread": {"name": "spaces/AAAA/threads/x"}}


@pytest.mark.parametrize(
    ("response", "verdict", "wait_s", "reason"),
    [
        (answer(200, SENT), Verdict.DELIVERED, 0, "HTTP 200"),
        (answer(200), Verdict.DELIVERED, 0, "HTTP 200"),
        # a proxy's own page
        (answer(200, "<html>Sign in</html>"), Verdict.RETRY, 0, "HTTP 200: not Chat's message"),
        (answer(200, "[]"), Verdict.RETRY, 0, "HTTP 200: not Chat's message"),
        (
            answer(400, error(400, "INVALID_ARGUMENT")),
            Verdict.REFUSED,
            0,
            "HTTP 400: INVALID_ARGUMENT: about SECRET",
        ),
        (
            answer(400, error(400, "INVALID_ARGUMENT", "API_KEY_INVALID")),
            Verdict.GONE,
            0,
            "HTTP 400: INVALID_ARGUMENT: API_KEY_INVALID",
        ),
        (
            answer(400, error(400, "FAILED_PRECONDITION")),
            Verdict.REFUSED,
            0,
            "HTTP 400: FAILED_PRECONDITION: about SECRET",
        ),
        (answer(400, "odd"), Verdict.REFUSED, 0, "HTTP 400"),
        (answer(401, error(401, "UNAUTHENTICATED")), Verdict.GONE, 0, "HTTP 401: UNAUTHENTICATED"),
        (answer(403, error(403, "PERMISSION_DENIED")), Verdict.GONE, 0, "HTTP 403: PERMISSION_DENIED"),
        (answer(403, error(403, "RESOURCE_EXHAUSTED")), Verdict.WAIT, 10, "HTTP 403: RESOURCE_EXHAUSTED"),
        (answer(404, error(404, "NOT_FOUND")), Verdict.GONE, 0, "HTTP 404: NOT_FOUND"),
        (answer(404, "<html>"), Verdict.GONE, 0, "HTTP 404"),
        (answer(409, error(409, "ABORTED")), Verdict.RETRY, 0, "HTTP 409: ABORTED"),
        (answer(413), Verdict.REFUSED, 0, "HTTP 413"),
        (answer(429, error(429, "RESOURCE_EXHAUSTED")), Verdict.WAIT, 10, "HTTP 429: RESOURCE_EXHAUSTED"),
        (answer(429, retry_after="30"), Verdict.WAIT, 30, "HTTP 429"),
        (answer(429, retry_after="999999"), Verdict.WAIT, 3600, "HTTP 429"),
        (answer(429, retry_after="0"), Verdict.WAIT, 10, "HTTP 429"),
        (answer(499, error(499, "CANCELLED")), Verdict.RETRY, 0, "HTTP 499: CANCELLED"),
        (answer(500, error(500, "INTERNAL")), Verdict.RETRY, 0, "HTTP 500: INTERNAL"),
        (answer(503, error(503, "UNAVAILABLE"), retry_after="120"), Verdict.RETRY, 120, "HTTP 503: UNAVAILABLE"),
        (answer(302), Verdict.RETRY, 0, "HTTP 302"),
        (answer(500, {"error": {"status": "odd words", "details": "none"}}), Verdict.RETRY, 0, "HTTP 500"),
        (answer(500, {"error": ["x"]}), Verdict.RETRY, 0, "HTTP 500"),
        (answer(500, '{"a":' * 5000), Verdict.RETRY, 0, "HTTP 500"),
    ],
)
def test_every_answer_is_understood(response: Response, verdict: Verdict, wait_s: float, reason: str) -> None:
    outcome = CHANNEL.classify(response)
    assert (outcome.verdict, outcome.wait_s, outcome.reason) == (verdict, wait_s, reason)
    assert outcome.provider_wide is (verdict is Verdict.WAIT)  # it is the space whose quota is spent
    assert outcome.message_id == ""  # nothing that was sent can be changed


@given(st.integers(100, 599), st.binary(max_size=200), st.dictionaries(st.just("retry-after"), st.text(max_size=20)))
def test_any_answer_is_understood(status: int, body: bytes, headers: dict[str, str]) -> None:
    outcome = CHANNEL.classify(Response(status, headers, body))
    assert 0 <= outcome.wait_s <= 3600
    assert len(outcome.reason) <= 150


@pytest.fixture
def chat() -> Iterator[FakeGoogleChat]:
    """A stand-in that limits nothing."""
    with FakeGoogleChat(limits=()) as server:
        yield server


def send(chat: FakeGoogleChat, body: dict[str, Any]) -> requests.Response:
    """As it is delivered."""
    request = CHANNEL.request(Access(chat.url("errors")), body, [], 0)
    return requests.post(request.url, data=encode(request.json), timeout=5)


def test_what_is_made_is_taken_over_http_and_threads_hold_together(chat: FakeGoogleChat) -> None:
    left = hostile()
    for style in STYLES:
        for body in (CHANNEL.render(left, style).json, CHANNEL.render(left[-1:], style).json):
            assert send(chat, body).status_code == 200
    first, again, other = (send(chat, CHANNEL.render([alert(fingerprint=each)], Style()).json) for each in "ffg")
    assert first.json()["thread"] == again.json()["thread"] != other.json()["thread"]
    assert [message["reply"] for message in chat.messages("errors")[-3:]] == [False, True, False]


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ([], "Invalid JSON"),
        ({}, "cannot be empty"),
        ({"text": " \n"}, "cannot be empty"),
        ({"text": 1}, "TYPE_STRING"),
        ({"content": "x"}, 'Unknown name "content"'),
        ({"text": "x" * MESSAGE}, "longer than 32000 bytes"),
        ({"text": "é" * 16_000}, "longer than 32000 bytes"),
        ({"text": "x", "thread": {"threadKey": "k" * 4001}}, "Invalid thread key"),
        ({"text": "x", "thread": "k"}, "message.thread"),
        ({"cardsV2": [{"card": {"sections": [{"widgets": [{}] * 101}]}}]}, "More than 100 widgets"),
    ],
)
def test_the_stand_in_refuses_what_chat_refuses(chat: FakeGoogleChat, body: Any, word: str) -> None:
    told = requests.post(chat.url("errors"), data=json.dumps(body, ensure_ascii=False).encode(), timeout=5)
    assert (told.status_code, told.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert word in told.json()["error"]["message"]
    assert chat.messages() == []


def test_the_stand_in_knows_its_key_its_tokens_and_what_was_deleted(chat: FakeGoogleChat) -> None:
    url = chat.url("errors")

    def post(at: str, **given_body: Any) -> tuple[int, str]:
        told = requests.post(at, json={"text": "x", **given_body}, timeout=5)
        return told.status_code, told.json().get("error", {}).get("status", "")

    assert post(url.replace("key=A", "key=B")) == (400, "INVALID_ARGUMENT")
    assert post(url.partition("&token")[0]) == (403, "PERMISSION_DENIED")
    assert post(f"{url}&messageReplyOption=odd") == (400, "INVALID_ARGUMENT")
    assert post(url) == (200, "")
    chat.delete("errors")
    assert post(url) == (404, "NOT_FOUND")


def test_the_stand_in_takes_one_message_a_second_in_a_space_whoever_sends_it() -> None:
    with FakeGoogleChat() as chat:
        one, two = (f"http://127.0.0.1:{chat.port}{chat.path('errors', token)}" for token in ("one", "two"))
        told = [requests.post(url, json={"text": "x"}, timeout=5) for url in (one, two, chat.url("info"))]
        assert [each.status_code for each in told] == [200, 429, 200]
        assert told[1].json()["error"]["status"] == "RESOURCE_EXHAUSTED"
        assert "Retry-After" not in told[1].headers
