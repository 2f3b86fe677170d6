"""Telegram: within every limit for any input, tags kept whole, nothing pings, nothing is lost without a mark."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from tests.channels.chats import Backlog, Chat
from tests.channels.hostile import alert, hostile
from tests.channels.schemas import validator
from webhook_alerts.alert import Alert, Kind, Level
from webhook_alerts.channels import registry
from webhook_alerts.channels.base import Access, Outcome, Response, Style, Verdict, Window
from webhook_alerts.channels.content import calls
from webhook_alerts.channels.telegram import Telegram
from webhook_alerts.testing.fake_telegram import FakeTelegram
from webhook_alerts.testing.fake_telegram_rules import ENTITIES, Entity, Parsed, RefusedError, check, parse_html

CHANNEL = Telegram()
TOKEN = "bot123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw-"[:48]
ADDRESS = f"https://api.telegram.org/{TOKEN}/sendMessage"
URL = f"{ADDRESS}?chat_id=-1001234567890"
LINK = "https://shop.example/alerts/incident/abc?x=1&y=2"
STYLES = [
    Style(),
    Style(use_embeds=False),
    Style(mention="@ana_ops", max_message_length=100, link=lambda alert: LINK),
    Style(include_stack_traces=False, use_embeds=False, mention="tg://user?id=42"),
]


def parsed(body: dict[str, Any]) -> Parsed:
    """What is seen of a message, which Telegram would take."""
    seen = check({**body, "chat_id": 1})
    assert len(seen.entities) <= ENTITIES
    return seen


def shown(body: dict[str, Any]) -> str:
    return parsed(body).text.replace("\u200b", "")


def of_kind(body: dict[str, Any], kind: str) -> list[str]:
    seen = parsed(body)
    return [seen.text[each.start : each.end] for each in seen.entities if each.kind == kind]


def check_all(some: list[Alert], style: Style) -> int:
    payload = CHANNEL.render(some, style)
    seen = parsed(payload.json)
    assert 1 <= payload.count <= len(some)
    json.dumps(payload.json, ensure_ascii=False).encode("utf-8")  # no lone surrogate is left
    called = [seen.text[each.start : each.end] for each in seen.found()]
    asked = ["@ana_ops"] if calls(some[: payload.count]) and style.mention == "@ana_ops" else []
    assert called == asked
    links = {each.extra.replace("&amp;", "&") for each in seen.entities if each.kind == "text_link"}
    assert links <= {LINK, "tg://user?id=42"}
    return payload.count


CHAT = Chat(
    CHANNEL,
    STYLES,
    check_all,
    shown,
    sample="👩‍👩‍👧‍👦 مرحبا @channel </b> *_`~ 1.AA.shop.py /start #tag" * 5,
    marks={"\u200b": ""},
    fact=r"^(field \d+)(?:  |$)",
    backlog=Backlog(7, "&" * 300, 21),
    beyond=[
        {"text": "x" * 4097},
        {"text": "x" * 4096},  # a mention may stand in front
        {"text": "&amp;" * 4097},
        {"text": "<b>x</b>" * 101},
        {"text": " "},
    ],
)


def test_the_schema_takes_what_is_made() -> None:
    sent, changed = validator("telegram-sendMessage"), validator("telegram-editMessageText")
    left = hostile()
    for style in STYLES:
        bodies = [CHANNEL.render([each], style).json for each in left]
        bodies.append(CHANNEL.render(left, style).json)
        for body in bodies:
            request = CHANNEL.request(Access(f"{URL}&message_thread_id=7"), body, (), 0)
            assert [error.message[:200] for error in sent.iter_errors(request.json)] == []
            edited = CHANNEL.edit(Access(URL), "-1001234567890/4711", body)
            assert [error.message[:200] for error in changed.iter_errors(edited.json)] == []


@pytest.mark.parametrize(
    ("values", "title"),
    [
        ({"message": "boom"}, "🔴 boom"),
        ({"message": "boom", "level": Level.WARNING}, "🟡 boom"),
        ({"message": "", "level": Level.WARNING}, "🟡 Warning"),
        ({"kind": Kind.ERROR, "exception_type": "shop.PaymentError"}, "🔴 shop.PaymentError"),
        ({"kind": Kind.ERROR, "occurrences": 57}, "🔴 boom ×57"),
        ({"kind": Kind.PERFORMANCE, "details": {"metric": "checkout"}, "level": Level.WARNING}, "🟡 ⏱️ checkout"),
        ({"kind": Kind.EVENT, "details": {"event": "member_join"}, "level": Level.INFO}, "📌 member join"),
        ({"kind": Kind.STATUS, "details": {"status": "deployed"}, "level": Level.INFO}, "📣 deployed"),
        ({"kind": Kind.DIGEST, "message": "Daily digest", "level": Level.INFO}, "📊 Daily digest"),
        ({"state": "resolved"}, "✅ boom"),
        ({"state": "acknowledged"}, "👀 boom"),
        ({"state": "flapping"}, "🔁 boom"),
        ({"state": "open"}, "🔴 boom"),
    ],
)
def test_every_kind_and_state_has_its_heading(values: dict[str, Any], title: str) -> None:
    assert of_kind(CHANNEL.render([alert(**values)], Style()).json, "bold")[0] == title


def test_message_facts_trace_note_and_foot_stand_below_each_other() -> None:
    given_alert = alert(
        kind=Kind.ERROR, exception_type="ValueError", message="checkout <failed>", state="resolved",
        note="resolved by ana", context={"order": 4711, "lines": "a\nb"}, last_seen=1_800_000_000,
        stack_trace="Traceback:\nValueError: <no>", service="shop", environment="production", host="web-1",
    )  # fmt: skip
    assert CHANNEL.render([given_alert], Style()).json["text"] == (
        "<b>✅ ValueError: &lt;no&gt;</b>\n<i>resolved by ana</i>\n<code>checkout &lt;failed&gt;</code>\n"
        "<b>order</b>  <code>4711</code>\n<b>lines</b>\n<pre>a\nb</pre>\n"
        '<pre><code class="language-python">Traceback:\nValueError: &lt;no&gt;</code></pre>\n'
        "<i>ERROR · 2027-01-15 08:00:00 UTC · shop · production · web-1</i>"
    )


def test_performance_shows_value_threshold_and_ratio_and_nothing_that_is_not_known() -> None:
    details = {"metric": "checkout", "value": 4.2, "threshold": 2, "unit": "s", "ratio": 2.1}
    body = CHANNEL.render([alert(kind=Kind.PERFORMANCE, message="checkout: 4.2 s", details=details)], Style()).json
    assert of_kind(body, "code") == ["4.2 s", "2 s", "2.1×"]
    body = CHANNEL.render([alert(kind=Kind.PERFORMANCE, details={"value": None, "unit": None})], Style()).json
    assert "None" not in json.dumps(body)


def test_one_alert_has_a_button_and_of_several_each_has_a_link() -> None:
    style = Style(link=lambda each: LINK, say=str.upper)
    one = CHANNEL.render([alert()], style).json
    button = {"text": "OPEN · ACKNOWLEDGE · SILENCE", "url": LINK}
    assert one["reply_markup"] == {"inline_keyboard": [[button]]}
    assert "<a " not in one["text"]
    two = CHANNEL.render([alert(), alert()], style).json
    assert "reply_markup" not in two
    assert two["text"].count('<a href="https://shop.example/alerts/incident/abc?x=1&amp;y=2">OPEN · ') == 2


@pytest.mark.parametrize("link", ["http://localhost:8000/alerts/1/", "http://shop/alerts/1/"])
def test_a_link_that_telegram_refuses_is_shown_as_text(link: str) -> None:
    body = CHANNEL.render([alert()], Style(link=lambda each: link)).json
    assert "reply_markup" not in body
    assert of_kind(body, "code") == [link]


def test_what_is_no_more_than_an_info_makes_no_sound() -> None:
    quiet = [alert(level=Level.INFO), alert(level=Level.DEBUG)]
    assert CHANNEL.render(quiet, Style()).json["disable_notification"] is True
    assert "disable_notification" not in CHANNEL.render([*quiet, alert(level=Level.WARNING)], Style()).json


@pytest.mark.parametrize(
    ("mention", "written"),
    [("@ana_ops", "@ana_ops "), ("tg://user?id=42", '<a href="tg://user?id=42">🔔</a> ')],
)
@pytest.mark.parametrize("use_embeds", [True, False])
def test_only_a_critical_calls_and_only_whom_the_setting_names(mention: str, written: str, use_embeds: bool) -> None:
    style = Style(mention=mention, use_embeds=use_embeds)
    assert CHANNEL.render([alert(level=Level.CRITICAL)], style).json["text"].startswith(written)
    assert written not in CHANNEL.render([alert()], style).json["text"]


@pytest.mark.parametrize("unknown", ["<@&123456789012345678>", "ana", "@a b", '@ana">', "tg://user?id=x"])
def test_what_is_no_mention_of_telegrams_is_left_out(unknown: str) -> None:
    assert CHANNEL.render([alert(level=Level.CRITICAL)], Style(mention=unknown)).json["text"].startswith("<b>🚨")


def test_five_alerts_share_a_message_and_a_backlog_becomes_lines_by_level() -> None:
    assert CHANNEL.render([alert(message=f"number {i}") for i in range(9)], Style()).count == 5
    many = [alert(message=f"number {i} " + "x" * 300, last_seen=1_800_000_000) for i in range(40)]
    many += [alert(level=Level.INFO, message=f"number {i}", occurrences=3) for i in range(40, 60)]
    payload = CHANNEL.render(many, Style())
    assert payload.count == 50
    assert of_kind(payload.json, "bold") == ["🔴 40 × ERROR (UTC)", "🔵 10 × INFO (UTC)"]
    first, second = of_kind(payload.json, "pre")
    assert first.startswith("08:00:00 number 0 xxx")
    assert "×3 number 49" in second


def test_a_critical_in_front_of_a_backlog_is_told_in_full() -> None:
    many = [alert(level=Level.CRITICAL, message="down"), *(alert(message=f"number {i}") for i in range(40))]
    assert of_kind(CHANNEL.render(many, Style()).json, "bold")[0] == "🚨 down"


def test_a_users_text_is_used_and_a_failing_or_too_long_template_costs_nothing() -> None:
    def style(answer: Callable[[], Any]) -> Style:
        return Style(templates={"log": lambda given_alert, given_style: answer()})

    assert CHANNEL.render([alert()], style(lambda: {"text": "<u>own</u>"})).json["text"] == "<u>own</u>"
    assert CHANNEL.render([alert(), alert()], style(lambda: {"text": "y" * 3000})).count == 1
    assert of_kind(CHANNEL.render([alert()], style(lambda: {"title": "an embed"})).json, "bold")[0] == "🔴 boom"
    for wrong in (lambda: 1 / 0, lambda: {"text": "y" * 4097}, lambda: {"text": "<b>y</b>" * 99}, lambda: {"text": 1}):
        assert "the own template failed" in shown(CHANNEL.render([alert()], style(wrong)).json)


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        (URL, URL),
        (URL.replace("/sendMessage", ""), URL),
        (URL.replace("/sendMessage", "/"), URL),
        (f"{URL}&message_thread_id=7&parse_mode=Markdown", f"{URL}&message_thread_id=7"),
        (URL.replace("-1001234567890", "%40ops_alerts"), URL.replace("-1001234567890", "@ops_alerts")),
        (URL.replace(".org", ".org:443"), URL),
        (URL.replace("/sendMessage", "/test/sendMessage"), URL.replace("/sendMessage", "/test/sendMessage")),
    ],
)
def test_a_url_is_recognised_and_made_plain(url: str, endpoint: str) -> None:
    assert registry.recognise(url) == "telegram"
    assert CHANNEL.endpoint(url) == endpoint


def test_a_server_of_ones_own_is_kept_with_its_path() -> None:
    local = URL.replace("https://api.telegram.org", "http://bots.internal:8081/telegram")
    assert registry.recognise(local) is None
    assert CHANNEL.endpoint(local) == local
    assert CHANNEL.probe(local) == local.replace("sendMessage", "getChat")
    assert registry.recognise("https://api.telegram.org.evil.example/bot1:x") is None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda url: url.split("?")[0], "names no chat"),
        (lambda url: url.replace("-100", "SECRET"), "names no chat"),
        (lambda url: f"{url}&message_thread_id=SECRET", "topic of a group"),
        (lambda url: url.replace("bot1", "bot0"), "bot<token>"),
        (lambda url: url.replace("bot123456789:", "SECRET"), "bot<token>"),
        (lambda url: url.replace("sendMessage", "sendPhoto"), "bot<token>"),
    ],
)
def test_a_url_that_cannot_be_used_says_why_and_is_never_quoted(change: Callable[[str], str], why: str) -> None:
    assert registry.recognise(change(URL)) == "telegram"
    with pytest.raises(ValueError, match=re.escape(why)) as caught:
        CHANNEL.endpoint(change(URL))
    assert "SECRET" not in str(caught.value)
    assert TOKEN[-35:] not in str(caught.value)


def test_topics_of_a_group_share_its_rate_and_the_chats_of_a_bot_the_bots() -> None:
    group, topic, private = (
        CHANNEL.limits(url) for url in (URL, f"{URL}&message_thread_id=7", URL.replace("-1001234567890", "42"))
    )
    assert group == topic
    assert group.rate == (Window(1, 1.0), Window(20, 60.0))
    assert private.rate == (Window(1, 1.0),)
    assert group.place != private.place
    assert group.provider == private.provider == "telegram:123456789@api.telegram.org"
    assert CHANNEL.limits(URL.replace("bot1", "bot2")).provider != group.provider


def test_the_secret_and_the_chat_are_put_in_when_it_is_sent() -> None:
    body = CHANNEL.render([alert()], Style()).json
    assert not {"chat_id", "message_thread_id"} & set(body)
    request = CHANNEL.request(Access(f"{URL}&message_thread_id=7"), body, (), 0)
    assert request.url == ADDRESS
    assert (request.json["chat_id"], request.json["message_thread_id"]) == (-1001234567890, 7)
    assert CHANNEL.request(Access(URL, moved_to="-42"), body, (), 0).json["chat_id"] == -42
    named = URL.replace("-1001234567890", "@ops_alerts")
    assert CHANNEL.request(Access(named), body, (), 0).json["chat_id"] == "@ops_alerts"


def test_an_edit_goes_to_the_chat_where_the_message_stands_and_is_a_post() -> None:
    body = CHANNEL.render([alert(level=Level.INFO)], Style(link=lambda each: LINK)).json
    request = CHANNEL.edit(Access(URL, moved_to="-42"), "-7/4711", body)
    assert (request.method, request.url) == ("POST", ADDRESS.replace("sendMessage", "editMessageText"))
    assert (request.json["chat_id"], request.json["message_id"]) == (-7, 4711)
    assert "disable_notification" not in request.json
    assert request.json["reply_markup"] == body["reply_markup"]
    assert CHANNEL.edit(Access(URL), "4711", body).json["chat_id"] == -1001234567890


@pytest.mark.parametrize("text", ["<b>a &lt; b</b> & c", "<b>a &lt; b <i>& c", "a &lt; b & c</b><br/>"])
def test_what_telegram_cannot_read_is_sent_again_without_markup(text: str) -> None:
    body = {"text": text, "parse_mode": "HTML", "link_preview_options": {"is_disabled": True}}
    unreadable = Outcome(Verdict.REFUSED, "HTTP 400: Bad Request: can't parse entities: Unclosed start tag")
    plainer = CHANNEL.plainer(body, unreadable)
    assert plainer == {"text": "a < b & c", "link_preview_options": {"is_disabled": True}}
    assert CHANNEL.plainer(plainer, unreadable) is None
    assert CHANNEL.plainer(body, Outcome(Verdict.REFUSED, "HTTP 400: Bad Request: message is too long")) is None


def test_a_button_that_telegram_does_not_want_is_left_out() -> None:
    body = CHANNEL.render([alert()], Style(link=lambda each: LINK)).json
    plainer = CHANNEL.plainer(body, Outcome(Verdict.REFUSED, "HTTP 400: Bad Request: BUTTON_URL_INVALID"))
    assert plainer == {name: value for name, value in body.items() if name != "reply_markup"}


def answer(status: int, description: object = "", **parameters: object) -> Response:
    body = {"ok": status == 200, "error_code": status, "description": description, "parameters": parameters}
    return Response(status, {}, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("verdict", "status", "words"),
    [
        (Verdict.GONE, 400, "Bad Request: chat not found"),
        (Verdict.GONE, 400, "Bad Request: group chat was deactivated"),
        (Verdict.GONE, 400, "Bad Request: message thread not found"),
        (Verdict.GONE, 400, "Bad Request: TOPIC_CLOSED"),
        (Verdict.GONE, 400, "Bad Request: not enough rights to send text messages to the chat"),
        (Verdict.GONE, 400, "Bad Request: need administrator rights in the channel chat"),
        (Verdict.GONE, 401, "Unauthorized"),
        (Verdict.GONE, 403, "Forbidden: bot was blocked by the user"),
        (Verdict.GONE, 403, "Forbidden: bot was kicked from the supergroup chat"),
        (Verdict.GONE, 403, "Forbidden: user is deactivated"),
        (Verdict.GONE, 403, "Forbidden: bot is not a member of the channel chat"),
        (Verdict.GONE, 404, "Not Found"),
        (Verdict.REFUSED, 400, 'Bad Request: can\'t parse entities: Unsupported start tag "x" at byte offset 0'),
        (Verdict.REFUSED, 400, "Bad Request: message is too long"),
        (Verdict.REFUSED, 400, "Bad Request: message text is empty"),
        (Verdict.REFUSED, 400, "Bad Request: message to edit not found"),
        (Verdict.REFUSED, 413, "Request Entity Too Large"),
        (Verdict.DELIVERED, 400, "Bad Request: message is not modified: specified new message content"),
        (Verdict.RETRY, 500, "Internal Server Error: restart"),
        (Verdict.RETRY, 502, "Bad Gateway"),
    ],
)
def test_every_refusal_is_understood(verdict: Verdict, status: int, words: str) -> None:
    outcome = CHANNEL.classify(answer(status, words))
    assert (outcome.verdict, outcome.reason, outcome.wait_s) == (verdict, f"HTTP {status}: {words}", 0)


@pytest.mark.parametrize(
    ("response", "wait_s"),
    [
        (answer(429, "Too Many Requests: retry after 35", retry_after=35), 35),
        (answer(429, "Too Many Requests: retry after 999999", retry_after=999_999), 3600),
        (answer(429, "Too Many Requests", retry_after="soon"), 60),
        (answer(429, "Too Many Requests", retry_after=10**400), 3600),
        (Response(429, {"retry-after": "7"}, b""), 7),
        (Response(429, {}, b"<html>"), 60),
    ],
)
def test_being_asked_to_wait_is_understood(response: Response, wait_s: float) -> None:
    outcome = CHANNEL.classify(response)
    assert (outcome.verdict, outcome.wait_s, outcome.provider_wide) == (Verdict.WAIT, wait_s, False)


@pytest.mark.parametrize(
    ("body", "verdict", "message_id"),
    [
        ({"ok": True, "result": {"message_id": 7, "chat": {"id": -42}}}, Verdict.DELIVERED, "-42/7"),
        ({"ok": True, "result": {"message_id": 7}}, Verdict.DELIVERED, "7"),
        ({"ok": True, "result": True}, Verdict.DELIVERED, ""),
        ({"ok": True, "result": {"message_id": 10**400, "chat": {"id": True}}}, Verdict.DELIVERED, ""),
        ({"ok": False}, Verdict.RETRY, ""),
        ([], Verdict.RETRY, ""),
        ("<html>Sign in</html>", Verdict.RETRY, ""),
    ],
)
def test_only_telegrams_own_ok_is_delivered(body: object, verdict: Verdict, message_id: str) -> None:
    outcome = CHANNEL.classify(Response(200, {}, json.dumps(body).encode()))
    assert (outcome.verdict, outcome.message_id) == (verdict, message_id)


def test_a_group_that_moved_is_said_to_be_elsewhere() -> None:
    words = "Bad Request: group chat was upgraded to a supergroup chat"
    outcome = CHANNEL.classify(answer(400, words, migrate_to_chat_id=-1009876543210))
    assert (outcome.verdict, outcome.moved_to) == (Verdict.RETRY, "-1009876543210")
    assert CHANNEL.classify(answer(400, words, migrate_to_chat_id="../evil")).moved_to == ""


@given(st.integers(100, 599), st.binary(max_size=200) | st.sampled_from([b'{"ok":' * 5000, b'{"parameters": 1}']))
def test_any_answer_is_understood(status: int, body: bytes) -> None:
    outcome = CHANNEL.classify(Response(status, {}, body))
    assert 0 <= outcome.wait_s <= 3600
    assert len(outcome.reason) <= 255


@pytest.fixture
def telegram() -> Iterator[FakeTelegram]:
    """A stand-in that limits nothing."""
    with FakeTelegram(limits=()) as server:
        yield server


def post(telegram: FakeTelegram, body: Any, name: str = "errors") -> requests.Response:
    request = CHANNEL.request(Access(telegram.url(name)), body, (), 0)
    return requests.post(request.url, json=request.json, timeout=5)


def test_what_is_made_is_taken_over_http_and_can_be_changed(telegram: FakeTelegram) -> None:
    left = hostile()
    for style in STYLES:
        for body in (CHANNEL.render(left, style).json, CHANNEL.render(left[-1:], style).json):
            told = CHANNEL.classify(as_response(post(telegram, body)))
            assert told.verdict is Verdict.DELIVERED
            other = CHANNEL.render([alert(message="changed")], style).json
            for description in ("HTTP 200", "HTTP 400: Bad Request: message is not modified"):
                request = CHANNEL.edit(Access(telegram.url()), told.message_id, other)
                outcome = CHANNEL.classify(as_response(requests.post(request.url, json=request.json, timeout=5)))
                assert outcome.verdict is Verdict.DELIVERED
                assert outcome.reason.startswith(description)
            assert telegram.messages("errors")[-1]["text"] == other["text"]
    assert requests.get(CHANNEL.probe(telegram.url()), timeout=5).json()["ok"] is True


def as_response(taken: requests.Response) -> Response:
    return Response(taken.status_code, {name.lower(): value for name, value in taken.headers.items()}, taken.content)


@pytest.mark.parametrize(
    ("body", "description"),
    [
        ({"text": ""}, "message text is empty"),
        ({"text": " \n"}, "message text is empty"),
        ({"text": "<b></b>", "parse_mode": "HTML"}, "message text is empty"),
        ({"text": "x" * 4097}, "message is too long"),
        ({"text": "&amp;" * 4097, "parse_mode": "HTML"}, "message is too long"),
        ({"text": "<b>" + "&lt;" * 8200 + "</b>", "parse_mode": "HTML"}, "text is too long"),
        ({"text": "a <b", "parse_mode": "HTML"}, "can't parse entities: Unclosed start tag at byte offset 2"),
        ({"text": "é<x>", "parse_mode": "HTML"}, 'can\'t parse entities: Unsupported start tag "x" at byte offset 2'),
        ({"text": "</b>", "parse_mode": "HTML"}, "can't parse entities: Unexpected end tag at byte offset 0"),
        (
            {"text": "<b>x", "parse_mode": "HTML"},
            "can't parse entities: Can't find end tag corresponding to start tag b",
        ),
        (
            {"text": "<b><i>x</b>", "parse_mode": "HTML"},
            'can\'t parse entities: Unmatched end tag at byte offset 7, expected "</i>", found "</b>"',
        ),
        ({"text": "x", "parse_mode": "Ruby"}, "unsupported parse_mode"),
        (
            {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "y", "url": "http://localhost/"}]]}},
            "inline keyboard button URL 'http://localhost/' is invalid: Wrong HTTP URL",
        ),
    ],
)
def test_the_stand_in_refuses_what_telegram_refuses_in_its_words(
    telegram: FakeTelegram, body: dict[str, Any], description: str
) -> None:
    told = post(telegram, body)
    assert (told.status_code, told.json()["description"]) == (400, f"Bad Request: {description}")


def test_the_stand_in_draws_the_line_where_telegram_does() -> None:
    for text in ("x" * 4096, "😀" * 4096, "&amp;" * 4096, f" \n{'x' * 4096} "):
        assert check({"text": text, "parse_mode": "HTML"}).text
    assert ENTITIES == 100
    padding = "x" + "<b></b>" * 4681
    assert len(padding) == 32_768
    assert check({"text": padding, "parse_mode": "HTML"}).text == "x"
    with pytest.raises(RefusedError, match="text is too long"):
        check({"text": f"{padding}x", "parse_mode": "HTML"})


def test_the_stand_in_limits_a_chat_moves_a_group_and_forgets_a_revoked_bot() -> None:
    with FakeTelegram() as telegram:
        assert post(telegram, {"text": "x"}).status_code == 200
        told = post(telegram, {"text": "y"})
        assert (told.status_code, told.json()["parameters"]) == (429, {"retry_after": 1})
        assert post(telegram, {"text": "elsewhere"}, "info").status_code == 200
        there = telegram.migrate("info")
        assert post(telegram, {"text": "z"}, "info").json()["parameters"] == {"migrate_to_chat_id": there}
        telegram.delete("errors")
        assert post(telegram, {"text": "z"}).json()["description"] == "Unauthorized"
    assert [message["text"] for message in telegram.messages("errors")] == ["x"]


def test_the_stand_in_reads_markup_and_finds_what_telegram_would() -> None:
    seen = parse_html(
        '<b>a &amp; <i>b</i></b> <pre><code class="language-python">c</code></pre> <a href="http://d.e">f</a>'
    )
    assert seen.text == "a & b c f"
    assert sorted(seen.entities, key=lambda each: (each.start, -each.end)) == [
        Entity("bold", 0, 5), Entity("italic", 4, 5), Entity("pre", 6, 7, "python"), Entity("text_link", 8, 9, "http://d.e")
    ]  # fmt: skip
    loud = Parsed("@ana /start #tag $USD a@b.de http://x y.de shop.PaymentError 1.2.3 and/or")
    assert [loud.text[each.start : each.end] for each in loud.found()] == [
        "@ana", "/start", "#tag", "$USD", "a@b.de", "http://x", "y.de"
    ]  # fmt: skip
    with pytest.raises(RefusedError):
        parse_html("<b>")
