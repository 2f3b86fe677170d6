"""Slack: within every limit for any input, nothing pings, nothing is lost without a mark, every answer understood."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from tests.channels.chats import Backlog, Chat
from tests.channels.hostile import TRACE, alert, hostile
from tests.channels.schemas import validator
from webhook_alerts.alert import Alert, Kind, Level
from webhook_alerts.channels import registry
from webhook_alerts.channels.base import Response, Style, Verdict
from webhook_alerts.channels.slack import Slack
from webhook_alerts.testing.fake_slack import FakeSlack
from webhook_alerts.testing.fake_slack_rules import faults

CHANNEL = Slack()
URL = "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"
LINK = "https://shop.example/alerts/incident/abc?x=1&y=2"
STYLES = [
    Style(),
    Style(use_embeds=False),
    Style(mention="<!channel>", max_message_length=100, link=lambda alert: LINK),
    Style(include_stack_traces=False, use_embeds=False, mention="@here"),
]
OURS = re.compile(r"<!date\^\d+\^\{date_short_pretty\} \{time_secs\}\|[\d :-]+UTC>|<https?://[^|<>\s]+\|[^<>|]+>")
MENTIONS = {"<!here>", "<!channel>"}


def leaves(node: Any, key: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of *node* that has a type, with the key that it stands at."""
    if isinstance(node, dict):
        if isinstance(node.get("type"), str):
            yield key, node
        for name, child in node.items():
            yield from leaves(child, name)
    elif isinstance(node, list):
        for child in node:
            yield from leaves(child, key)


def marked_up(body: dict[str, Any]) -> list[str]:
    """The texts in which markup means something."""
    return [body["text"], *(leaf["text"] for _, leaf in leaves(body.get("blocks")) if leaf["type"] == "mrkdwn")]


def shown(body: dict[str, Any]) -> str:
    """All that can be read in the channel, entities read."""
    if "blocks" not in body:
        return html.unescape(body["text"])
    parts = []
    for _, leaf in leaves(body["blocks"]):
        if leaf["type"] == "mrkdwn":
            parts.append(html.unescape(leaf["text"]))
        elif isinstance(leaf.get("text"), str):
            parts.append(leaf["text"])
    return "\n".join(parts)


def calls_nobody(body: dict[str, Any]) -> None:
    """Markup holds what we put there, and entities; rich text holds nobody's name."""
    for text in marked_up(body):
        left = OURS.sub("", text)
        for mention in MENTIONS:
            left = left.removeprefix(mention)
        assert not re.search(r"[<>]", left), left
        assert re.fullmatch(r"(?:[^&]|&(?:amp|lt|gt);)*", left, re.DOTALL), left
    assert not {"user", "usergroup", "broadcast", "channel"} & {leaf["type"] for _, leaf in leaves(body)}


def fields_are_closed(body: dict[str, Any]) -> None:
    """A field is a name and a piece of code that nothing within ends."""
    for key, leaf in leaves(body.get("blocks")):
        if key == "fields":
            assert re.fullmatch(r"(\*[^*_~`\n]([^*~`\n]*[^*_~`\n])?\*|`[^`\n]+`)\n`[^`\n]+`", leaf["text"]), leaf[
                "text"
            ]


def fences_are_closed(text: str) -> None:
    """Fences open and close in turn, each alone on its line."""
    lines = [line for line in text.split("\n") if "```" in line]
    assert all(line == "```" for line in lines)
    assert len(lines) % 2 == 0


def check(some: list[Alert], style: Style) -> int:
    payload = CHANNEL.render(some, style)
    assert faults(payload.json) == []
    assert payload.json["text"].strip()
    assert len(payload.json["text"]) <= 4000
    assert 1 <= payload.count <= len(some)
    json.dumps(payload.json, ensure_ascii=False).encode("utf-8")  # no lone surrogate is left
    Block.parse_all(payload.json.get("blocks"))
    for block in Block.parse_all(payload.json.get("blocks")):
        block.to_dict()  # raises where the official models find a fault
    calls_nobody(payload.json)
    fields_are_closed(payload.json)
    if "blocks" not in payload.json:
        fences_are_closed(payload.json["text"])
    return payload.count


TEXT = {"type": "mrkdwn", "text": "own"}
BEYOND = [
    [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}],
    [{"type": "section", "text": {**TEXT, "text": "x" * 3001}}],
    [{"type": "section", "fields": [TEXT] * 11}],
    [{"type": "section", "fields": [{**TEXT, "text": "x" * 2001}]}],
    [{"type": "section", "fields": []}],
    [{"type": "context", "elements": [TEXT] * 11}],
    [{"type": "context", "elements": [{**TEXT, "text": "x" * 3001}]}],
    [{"type": "context", "elements": []}],
    [{"type": "section", "text": {**TEXT, "text": "x" * 2999}}] * 5,
    [{"type": "divider"}] * 51,
]

CHAT = Chat(
    CHANNEL,
    STYLES,
    check,
    shown,
    sample="👩‍👩‍👧‍👦 مرحبا <!channel> *_`~" * 9,
    marks={"\u200b": "", "ˋ": "`"},
    fact=r"^\*?(field \d+)\*?$",
    backlog=Backlog(7, "\\" * 300, 21),
    beyond=[{"blocks": [*blocks]} for blocks in BEYOND],
)


def test_the_schema_takes_what_is_made() -> None:
    check_with = validator("slack-incoming-webhook")
    left = hostile()
    for style in STYLES:
        bodies = [CHANNEL.render([each], style).json for each in left]
        bodies.append(CHANNEL.render(left, style).json)
        for body in bodies:
            assert [error.message[:200] for error in check_with.iter_errors(body)] == []


def test_the_official_models_find_faults_at_all() -> None:
    with pytest.raises(Exception, match="150"):
        Block.parse_all([{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}])[0].to_dict()


def header(body: dict[str, Any]) -> str:
    return next(block["text"]["text"] for block in body["blocks"] if block["type"] == "header")


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
        ({"kind": Kind.EVENT, "message": "", "level": Level.INFO}, "📌 event"),
        ({"state": "resolved"}, "✅ boom"),
        ({"state": "acknowledged"}, "👀 boom"),
        ({"state": "flapping"}, "🔁 boom"),
        ({"state": "open"}, "🔴 boom"),
    ],
)
def test_every_kind_and_state_has_its_heading(values: dict[str, Any], title: str) -> None:
    assert header(CHANNEL.render([alert(**values)], Style()).json) == title


def test_what_has_become_of_it_is_said_in_words() -> None:
    body = CHANNEL.render([alert(state="resolved", note="resolved by *ana* <!here> after 2 h")], Style()).json
    note = body["blocks"][1]["elements"][0]
    assert note == {"type": "plain_text", "text": "resolved by *ana* <!here> after 2 h", "emoji": False}


def test_performance_shows_value_threshold_and_ratio_and_nothing_that_is_not_known() -> None:
    details = {"metric": "checkout", "value": 4.2, "threshold": 2, "unit": "s", "ratio": 2.1}
    body = CHANNEL.render([alert(kind=Kind.PERFORMANCE, message="checkout: 4.2 s", details=details)], Style()).json
    fields = [leaf["text"] for key, leaf in leaves(body["blocks"]) if key == "fields"]
    assert fields == ["*Value*\n`4.2 s`", "*Threshold*\n`2 s`", "*Ratio*\n`2.1×`"]
    body = CHANNEL.render([alert(kind=Kind.PERFORMANCE, details={"value": None, "unit": None})], Style()).json
    assert "None" not in json.dumps(body)


def test_level_time_and_link_stand_above_all_that_may_be_long_and_the_origin_below() -> None:
    given_alert = alert(
        last_seen=1_800_000_000, service="shop", environment="production", host="web-1", stack_trace=TRACE, note="again"
    )
    blocks = CHANNEL.render([given_alert], Style(link=lambda each: LINK)).json["blocks"]
    assert [block["type"] for block in blocks] == ["header", "context", "rich_text", "context"]
    note, when = blocks[1]["elements"]
    assert note["text"] == "again"
    assert [origin["text"] for origin in blocks[-1]["elements"]] == ["shop · production · web-1"]
    assert when["text"] == (
        "*ERROR* · <!date^1800000000^{date_short_pretty} {time_secs}|2027-01-15 08:00:00 UTC> · "
        "<https://shop.example/alerts/incident/abc?x=1&amp;y=2|Open · acknowledge · silence>"
    )


@pytest.mark.parametrize(
    ("given_mention", "written"),
    [
        ("@here", "<!here>"),
        ("@channel", "<!channel>"),
        ("@everyone", "<!channel>"),
        ("<!channel>", "<!channel>"),
        ("<@U012AB3CD>", "<@U012AB3CD>"),
        ("<!subteam^S012AB3CD>", "<!subteam^S012AB3CD>"),
    ],
)
@pytest.mark.parametrize("use_embeds", [True, False])
def test_only_a_critical_calls_and_only_whom_the_setting_names(
    given_mention: str, written: str, use_embeds: bool
) -> None:
    style = Style(mention=given_mention, use_embeds=use_embeds)
    body = CHANNEL.render([alert(level=Level.CRITICAL)], style).json
    assert body["text"].startswith(written)
    assert not use_embeds or body["blocks"][0]["text"]["text"] == written
    assert written not in json.dumps(CHANNEL.render([alert(message=written)], style).json["text"])
    calls_nobody(CHANNEL.render([alert(level=Level.CRITICAL, message=written)], Style(use_embeds=use_embeds)).json)


@pytest.mark.parametrize("unknown", ["<@&123456789012345678>", "ana", "<!here", "<!here> <https://evil.example|x>"])
def test_what_is_no_mention_of_slacks_is_left_out(unknown: str) -> None:
    body = CHANNEL.render([alert(level=Level.CRITICAL)], Style(mention=unknown)).json
    calls_nobody(body)
    assert body["text"].startswith("🚨")


def test_ten_alerts_share_a_message_and_a_backlog_becomes_lines_by_level() -> None:
    assert CHANNEL.render([alert(message=f"number {i}") for i in range(12)], Style()).count == 10
    many = [alert(message=f"number {i} " + "x" * 300) for i in range(40)]
    many += [alert(level=Level.INFO, message=f"number {i}") for i in range(40, 60)]
    payload = CHANNEL.render(many, Style())
    assert payload.count == 50
    headers = [block["text"]["text"] for block in payload.json["blocks"] if block["type"] == "header"]
    assert headers == ["🔴 40 × ERROR", "🔵 10 × INFO"]
    assert all(f"number {i} " in shown(payload.json) + " " for i in range(40))
    assert "… and 45 more" in payload.json["text"]


def test_any_mix_of_small_alerts_has_fifty_blocks_with_a_mention_in_front() -> None:
    style = Style(mention="@here")
    bare = alert(level=Level.CRITICAL)
    middling = alert(level=Level.CRITICAL, context={"order": 1}, service="shop", stack_trace="x")
    rich = alert(level=Level.CRITICAL, context={"order": 1, "lines": "a\nb"}, service="shop", stack_trace="x")
    most = 0
    for few, some, last in product(range(4, 8), range(4), (bare, middling, rich)):
        body = CHANNEL.render([bare, *[rich] * few, *[middling] * some, last][-10:], style).json
        assert faults(body) == []
        most = max(most, len(body["blocks"]))
    assert 45 < most <= 50


def test_names_and_values_that_are_long_once_escaped_are_within_every_limit() -> None:
    check([alert(context={f"{number}{'&' * 98}": "&" * 40 for number in range(18)}, stack_trace=TRACE)], Style())


def test_a_link_cannot_end_before_its_end() -> None:
    body = CHANNEL.render([alert()], Style(link=lambda each: "https://shop.example/a|b>c&d")).json
    assert (
        "<https://shop.example/a%7Cb&gt;c&amp;d|Open · acknowledge · silence>"
        in body["blocks"][1]["elements"][0]["text"]
    )


def test_a_critical_in_front_of_a_backlog_gets_its_blocks() -> None:
    many = [alert(level=Level.CRITICAL, message="down"), *(alert(message=f"number {i}") for i in range(40))]
    payload = CHANNEL.render(many, Style())
    assert header(payload.json) == "🚨 down"
    assert payload.count == 10


def test_a_users_blocks_are_used_and_a_failing_or_too_long_template_costs_nothing() -> None:
    own = [{"type": "section", "text": {"type": "mrkdwn", "text": "own"}}]

    def style(answer: Callable[[], Any]) -> Style:
        return Style(templates={"log": lambda given_alert, given_style: answer()})

    assert CHANNEL.render([alert()], style(lambda: {"blocks": own})).json["blocks"] == own
    assert header(CHANNEL.render([alert()], style(lambda: {"title": "an embed"})).json) == "🔴 boom"
    for wrong in (
        lambda: 1 / 0,
        lambda: {"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]},
        lambda: {"blocks": own * 21},
        lambda: {"blocks": "own"},
    ):
        body = CHANNEL.render([alert()], style(wrong)).json
        assert header(body) == "🔴 boom"
        assert "the own template failed" in shown(body)
        assert faults(body) == []


@pytest.mark.parametrize("url", [URL, f"{URL}/", URL.replace(".com", ".com:443"), f"{URL}?x=1"])
def test_a_webhooks_url_is_recognised_and_made_plain(url: str) -> None:
    assert registry.recognise(url) == "slack"
    assert CHANNEL.endpoint(url) == URL


def test_govslack_and_other_hosts_are_kept() -> None:
    gov = URL.replace("hooks.slack.com", "hooks.slack-gov.com")
    assert registry.recognise(gov) == "slack"
    assert CHANNEL.endpoint(gov) == gov
    local = URL.replace("https://hooks.slack.com", "http://127.0.0.1:8090")
    assert registry.recognise(local) is None
    assert CHANNEL.endpoint(local) == local
    assert registry.recognise("https://hooks.slack.com.evil.example/services/T/B/x") is None


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/workflows/T00000000/A00000000/1/SECRET", "workflow takes only the variables"),
        ("/triggers/T00000000/1/SECRET", "workflow takes only the variables"),
        ("/services/T00000000/SECRET", "/services/T…/B…/<token>"),
        ("/", "/services/T…/B…/<token>"),
    ],
)
def test_a_url_that_cannot_be_used_says_why_and_is_never_quoted(path: str, why: str) -> None:
    url = f"https://hooks.slack.com{path}"
    assert registry.recognise(url) == "slack"
    with pytest.raises(ValueError, match=re.escape(why)) as caught:
        CHANNEL.endpoint(url)
    assert "SECRET" not in str(caught.value)


def answer(status: int, body: object = "", **headers: str) -> Response:
    raw = body if isinstance(body, str) else json.dumps(body)
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw.encode())


@pytest.mark.parametrize(
    ("response", "verdict", "wait_s", "reason"),
    [
        (answer(200, "ok"), Verdict.DELIVERED, 0, "HTTP 200"),
        (answer(200), Verdict.DELIVERED, 0, "HTTP 200"),
        # a server that takes Slack's format
        (answer(200, {"success": True}), Verdict.DELIVERED, 0, "HTTP 200"),
        # a proxy's own page, or a refusal behind a 200
        (answer(200, "<html>Sign in</html>"), Verdict.RETRY, 0, "HTTP 200: not Slack's ok"),
        (answer(200, {"ok": False, "error": "fatal_error"}), Verdict.RETRY, 0, "HTTP 200: fatal_error: not Slack's ok"),
        (answer(400, "invalid_payload"), Verdict.REFUSED, 0, "HTTP 400: invalid_payload"),
        (answer(400, "invalid_blocks\n"), Verdict.REFUSED, 0, "HTTP 400: invalid_blocks"),
        (answer(400, "no_text"), Verdict.REFUSED, 0, "HTTP 400: no_text"),
        (answer(400, "too_many_attachments"), Verdict.REFUSED, 0, "HTTP 400: too_many_attachments"),
        (answer(400, "user_not_found"), Verdict.GONE, 0, "HTTP 400: user_not_found"),
        (answer(403, "action_prohibited"), Verdict.GONE, 0, "HTTP 403: action_prohibited"),
        (answer(403, "invalid_token"), Verdict.GONE, 0, "HTTP 403: invalid_token"),
        (answer(404, "channel_not_found"), Verdict.GONE, 0, "HTTP 404: channel_not_found"),
        (answer(404, "no_service"), Verdict.GONE, 0, "HTTP 404: no_service"),
        (answer(404, "no_team"), Verdict.GONE, 0, "HTTP 404: no_team"),
        (answer(410, "channel_is_archived"), Verdict.GONE, 0, "HTTP 410: channel_is_archived"),
        # whose statuses Slack does not document
        *(
            (answer(status, word), Verdict.GONE, 0, f"HTTP {status}: {word}")
            for status in (400, 403, 404)
            for word in ("no_active_hooks", "no_service_id", "posting_to_general_channel_denied", "team_disabled")
        ),
        (answer(400, "invalid_blocks_format"), Verdict.REFUSED, 0, "HTTP 400: invalid_blocks_format"),
        (answer(400, "invalid_attachments"), Verdict.REFUSED, 0, "HTTP 400: invalid_attachments"),
        (answer(429, retry_after="30"), Verdict.WAIT, 30, "HTTP 429"),
        (
            answer(429, {"retry_after": 1, "ok": False, "error": "rate_limited"}, retry_after="1"),
            Verdict.WAIT,
            1,
            "HTTP 429: rate_limited",
        ),
        (answer(429, {"retry_after": 7.5}), Verdict.WAIT, 7.5, "HTTP 429"),
        (answer(429, {"retry_after": 10**400}), Verdict.WAIT, 3600, "HTTP 429"),
        (answer(429, "", retry_after="999999"), Verdict.WAIT, 3600, "HTTP 429"),
        (answer(429), Verdict.WAIT, 60, "HTTP 429"),
        (answer(429, retry_after="soon"), Verdict.WAIT, 60, "HTTP 429"),
        (answer(500, "rollup_error"), Verdict.RETRY, 0, "HTTP 500: rollup_error"),
        (answer(503, "<html>busy T0/B0/secret</html>", retry_after="120"), Verdict.RETRY, 120, "HTTP 503"),
        (answer(302), Verdict.RETRY, 0, "HTTP 302"),
        (answer(408), Verdict.RETRY, 0, "HTTP 408"),
        (answer(500, "{" * 5000), Verdict.RETRY, 0, "HTTP 500"),
        (answer(500, '{"a":' * 5000), Verdict.RETRY, 0, "HTTP 500"),
        (answer(500, "[1, 2"), Verdict.RETRY, 0, "HTTP 500"),
    ],
)
def test_every_answer_is_understood(response: Response, verdict: Verdict, wait_s: float, reason: str) -> None:
    outcome = CHANNEL.classify(response)
    assert (outcome.verdict, outcome.wait_s, outcome.reason) == (verdict, wait_s, reason)


@given(st.integers(100, 599), st.binary(max_size=200), st.dictionaries(st.just("retry-after"), st.text(max_size=20)))
def test_any_answer_is_understood(status: int, body: bytes, headers: dict[str, str]) -> None:
    outcome = CHANNEL.classify(Response(status, headers, body))
    assert 0 <= outcome.wait_s <= 3600
    assert len(outcome.reason) <= 100


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    """A stand-in that limits nothing."""
    with FakeSlack(limits=()) as server:
        yield server


def post(slack: FakeSlack, body: Any) -> requests.Response:
    return requests.post(CHANNEL.endpoint(slack.url("errors")), json=body, timeout=5)


def test_what_is_made_is_taken_over_http(slack: FakeSlack) -> None:
    left = hostile()
    for style in STYLES:
        for body in (CHANNEL.render(left, style).json, CHANNEL.render(left[-1:], style).json):
            taken = post(slack, body)
            assert (taken.status_code, taken.text) == (200, "ok")
    assert [entry.status for entry in slack.requests("errors")] == [200] * len(STYLES) * 2


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ({}, 400, "no_text"),
        ([], 400, "invalid_payload"),
        ({"text": " "}, 400, "no_text"),
        ({"text": 1}, 400, "invalid_payload"),
        ({"text": "x", "blocks": {}}, 400, "invalid_blocks_format"),
        ({"blocks": [{"type": "divider"}] * 51}, 400, "invalid_blocks"),
        ({"blocks": [{"type": "embed"}]}, 400, "invalid_blocks"),
        ({"blocks": [{"type": "section"}]}, 400, "invalid_blocks"),
        ({"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}]}, 400, "invalid_blocks"),
        ({"blocks": [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}]}, 400, "invalid_blocks"),
        ({"blocks": [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x"}] * 11}]}, 400, "invalid_blocks"),
        ({"blocks": [{"type": "context", "elements": []}]}, 400, "invalid_blocks"),
        ({"blocks": [{"type": "rich_text", "elements": [{"type": "rich_text_section"}]}]}, 400, "invalid_blocks"),
        (
            {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3000}}] * 5},
            400,
            "msg_blocks_too_long",
        ),
        ({"text": "x", "attachments": [{}] * 101}, 400, "too_many_attachments"),
        ({"text": "x"}, 200, "ok"),
    ],
)
def test_the_stand_in_refuses_what_slack_refuses_in_its_words(
    slack: FakeSlack, body: Any, status: int, word: str
) -> None:
    told = post(slack, body)
    assert (told.status_code, told.text) == (status, word)


@pytest.mark.parametrize(
    ("most", "block"),
    [
        (150, lambda count: {"type": "header", "text": {"type": "plain_text", "text": "x" * count}}),
        (3000, lambda count: {"type": "section", "text": {**TEXT, "text": "x" * count}}),
        (10, lambda count: {"type": "section", "fields": [TEXT] * count}),
        (2000, lambda count: {"type": "section", "fields": [{**TEXT, "text": "x" * count}]}),
        (10, lambda count: {"type": "context", "elements": [TEXT] * count}),
        (3000, lambda count: {"type": "context", "elements": [{**TEXT, "text": "x" * count}]}),
    ],
)
def test_the_stand_in_draws_the_line_where_slack_does(most: int, block: Callable[[int], dict[str, Any]]) -> None:
    assert faults({"blocks": [block(most)]}) == []
    assert [word for word, _ in faults({"blocks": [block(most + 1)]})] == ["invalid_blocks"]


def test_the_stand_in_takes_fifty_blocks_of_thirteen_thousand_characters() -> None:
    assert faults({"blocks": [{"type": "divider"}] * 50}) == []

    def sized(size: int) -> list[dict[str, Any]]:
        text = {"type": "text", "text": ""}
        blocks = [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [text]}]}]
        text["text"] = "x" * (size - len(json.dumps(blocks)))
        return blocks

    assert faults({"blocks": sized(13_200)}) == []
    assert [word for word, _ in faults({"blocks": sized(13_201)})] == ["msg_blocks_too_long"]


def test_the_stand_in_takes_forms_limits_the_rate_and_forgets_what_was_removed() -> None:
    with FakeSlack() as slack:
        form = requests.post(slack.url("errors"), data={"payload": '{"text": "x"}'}, timeout=5)
        assert (form.status_code, form.text) == (200, "ok")
        told = post(slack, {"text": "y"})
        assert (told.status_code, told.headers["Retry-After"], told.json()["error"]) == (429, "1", "rate_limited")
        slack.delete("errors")
        assert post(slack, {"text": "z"}).text == "no_service"
    assert [message["text"] for message in slack.messages("errors")] == ["x"]
