"""Attachments, as Mattermost and Rocket.Chat take them: nobody is called, nothing is lost without a mark."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.channels.chats import Chat
from tests.channels.hostile import alert
from webhook_alerts.alert import Alert, Kind, Level
from webhook_alerts.channels.base import Channel, Style
from webhook_alerts.channels.content import calls
from webhook_alerts.channels.mattermost import Mattermost
from webhook_alerts.channels.rocketchat import RocketChat
from webhook_alerts.testing import fake_mattermost_rules, fake_rocketchat_rules

MATTERMOST, ROCKETCHAT = Mattermost(), RocketChat()
BOTH = [MATTERMOST, ROCKETCHAT]
RULES: dict[Channel, Any] = {MATTERMOST: fake_mattermost_rules, ROCKETCHAT: fake_rocketchat_rules}
LINK = "https://shop.example/alerts/incident/abc?x=1&y=2"
STYLES = [
    Style(),
    Style(use_embeds=False),
    Style(mention="@channel", max_message_length=100, link=lambda alert: LINK, username="Alerts"),
    Style(include_stack_traces=False, use_embeds=False, mention="@here", avatar_url="https://shop.example/icon.png"),
]
CODE = re.compile(r"^```[^\n`]*\n.*?\n```$|`[^`\n]+`", re.DOTALL | re.MULTILINE)
OURS = re.compile(r"\*\*[^\W_]+(?:(?:_|[ .,/()%+-]+)[^\W_]+)*[)%]?\*\*|…|\n")


def shown(body: dict[str, Any]) -> str:
    """All that can be read in the channel."""
    parts = [body.get("text", "")]
    for each in body.get("attachments", ()):
        parts += [each.get("author_name", ""), each.get("title", ""), each.get("text", "")]
        parts += [part for field in each.get("fields", ()) for part in (field["title"], field["value"])]
    return "\n".join(parts).replace("\u200b", "").replace("ˋ", "`")


def is_code(text: str) -> bool:
    """Is all of a Markdown text code, but for what is ours?"""
    return not OURS.sub("", CODE.sub("", text)).strip()


def check(channel: Channel, some: list[Alert], style: Style) -> int:
    payload = channel.render(some, style)
    body = payload.json
    assert RULES[channel].faults(body) == []
    assert 1 <= payload.count <= len(some)
    json.dumps(body, ensure_ascii=False).encode("utf-8")  # no lone surrogate is left
    asked = calls(some[: payload.count]) and style.mention
    assert all(is_code(text) for each in body.get("attachments", ()) for text in [each.get("text", "")])
    assert all(is_code(field["value"]) for each in body.get("attachments", ()) for field in each.get("fields", ()))
    assert len(RULES[channel].called(body)) == bool(asked)
    plain = [
        each.get(name, "") for each in body.get("attachments", ()) for name in ("title", "author_name", "fallback")
    ]
    assert not any(re.search("<[^\\s\u200b]|\\]\\(|@[^\\s\u200b]", text) for text in plain)
    texts = fake_mattermost_rules.markdown(body)
    assert [fake_mattermost_rules.converted(text) for text in texts] == texts  # nothing of Slack's marks is left
    assert len(body.get("text", "")) <= 5000
    assert len(json.dumps(body, ensure_ascii=False)) <= 17_000  # ours: neither server has a limit that a reader has not
    return payload.count


CHATS = [
    Chat(
        channel,
        STYLES,
        partial(check, channel),
        shown,
        sample="👩‍👩‍👧‍👦 @channel **b** ```x``` <!channel> <https://e.example|f> :-)" * 4,
        marks={"\u200b": ""},
        beyond=[
            {"attachments": [{"text": "x" * 24_000}]},
            {"attachments": [{"text": "x"}] * 21},
            {"attachments": [{"fields": [{"title": "a", "value": ""}]}]},
        ],
        fact=r"^(?:\*\*)?(field \d+)(?:\*\*)?$",
    )
    for channel in BOTH
]


def test_an_alert_is_a_heading_that_links_its_facts_its_foot_and_its_trace() -> None:
    given_alert = alert(
        kind=Kind.ERROR, exception_type="ValueError", message="checkout <failed>", state="resolved", occurrences=57,
        note="resolved by ana", context={"order": 4711, "lines": "a\nb", "odd@name": "x"}, last_seen=1_800_000_000,
        stack_trace="Traceback:\nValueError: no", service="shop", environment="production",
    )  # fmt: skip
    main, trace = MATTERMOST.render([given_alert], Style(link=lambda each: LINK)).json["attachments"]
    assert main == {
        "color": "#2ecc71",
        "fallback": "✅ ERROR ValueError: no · checkout <\u200bfailed>",
        "author_name": "resolved by ana",
        "title": "✅ ValueError: no ×57",
        "title_link": LINK,
        "text": "`checkout <failed>`\n**lines**\n```\na\nb\n```",
        "fields": [
            {"title": "order", "value": "`4711`", "short": True},
            {"title": "`odd@name`", "value": "`x`", "short": True},
            {"title": "ERROR", "value": "`2027-01-15 08:00:00 UTC · shop · production`", "short": False},
        ],
    }
    assert trace == {"color": "#2ecc71", "text": "```python\nTraceback:\nValueError: no\n```"}


@pytest.mark.parametrize(
    ("values", "title"),
    [
        ({"message": "boom", "level": Level.WARNING}, "🟡 boom"),
        ({"kind": Kind.ERROR, "exception_type": "shop.PaymentError"}, "🔴 shop.PaymentError"),
        ({"kind": Kind.PERFORMANCE, "details": {"metric": "checkout"}, "level": Level.WARNING}, "🟡 ⏱️ checkout"),
        ({"kind": Kind.EVENT, "details": {"event": "member_join"}, "level": Level.INFO}, "📌 member join"),
        ({"kind": Kind.STATUS, "details": {"status": "deployed"}, "level": Level.INFO}, "📣 deployed"),
        ({"kind": Kind.DIGEST, "message": "Daily digest", "level": Level.INFO}, "📊 Daily digest"),
        ({"state": "acknowledged"}, "👀 boom"),
        ({"state": "flapping"}, "🔁 boom"),
        (
            {"message": "[x](https://e.example) <!here> @ana"},
            "🔴 [x]\u200b(https://e.example) <\u200b!here> @\u200bana",
        ),
    ],
)
def test_every_kind_and_state_has_its_heading(values: dict[str, Any], title: str) -> None:
    assert ROCKETCHAT.render([alert(**values)], Style()).json["attachments"][0]["title"] == title


def test_performance_shows_value_threshold_and_ratio_and_nothing_that_is_not_known() -> None:
    details = {"metric": "checkout", "value": 4.2, "threshold": 2, "unit": "s", "ratio": 2.1}
    body = MATTERMOST.render([alert(kind=Kind.PERFORMANCE, message="checkout: 4.2 s", details=details)], Style()).json
    fields = [(field["title"], field["value"]) for field in body["attachments"][0]["fields"]]
    assert fields[:3] == [("Value", "`4.2 s`"), ("Threshold", "`2 s`"), ("Ratio", "`2.1×`")]
    body = MATTERMOST.render([alert(kind=Kind.PERFORMANCE, details={"value": None, "unit": None})], Style()).json
    assert "None" not in json.dumps(body)


def test_ten_alerts_share_a_message_and_a_backlog_becomes_lines_by_level() -> None:
    assert MATTERMOST.render([alert(message=f"number {i}") for i in range(12)], Style()).count == 10
    many = [alert(message=f"number {i} " + "x" * 300, last_seen=1_800_000_000) for i in range(40)]
    many += [alert(level=Level.INFO, message=f"number {i}", occurrences=3, service="shop") for i in range(40, 60)]
    payload = MATTERMOST.render(many, Style())
    assert payload.count == 50
    errors, infos = payload.json["attachments"]
    assert [errors["title"], infos["title"]] == ["🔴 40 × ERROR (UTC)", "🔵 10 × INFO (UTC)"]
    assert errors["text"].startswith("```\n08:00:00 number 0 xxx")
    assert "×3 number 49" in infos["text"]
    critical = [alert(level=Level.CRITICAL, message="down"), *many]
    assert MATTERMOST.render(critical, Style()).json["attachments"][0]["title"] == "🚨 down"


@pytest.mark.parametrize(
    ("channel", "mention", "written"),
    [
        (MATTERMOST, "@channel", "@channel"),
        (MATTERMOST, "@everyone", "@all"),
        (MATTERMOST, "@ana.silva", "@ana.silva"),
        (ROCKETCHAT, "@here", "@here"),
        (ROCKETCHAT, "@channel", "@all"),
        (ROCKETCHAT, "@everyone", "@all"),
    ],
)
def test_only_a_critical_calls_and_only_whom_the_setting_names(channel: Channel, mention: str, written: str) -> None:
    for use_embeds in (True, False):
        style = Style(mention=mention, use_embeds=use_embeds)
        called = channel.render([alert(level=Level.CRITICAL)], style).json
        assert called["text"].split()[0] == written
        assert written not in channel.render([alert()], style).json.get("text", "")


@pytest.mark.parametrize("unknown", ["<!channel>", "ana", "@a b", "@ana\n@all", "@"])
def test_what_is_no_mention_of_theirs_is_left_out(unknown: str) -> None:
    for channel in BOTH:
        assert "text" not in channel.render([alert(level=Level.CRITICAL)], Style(mention=unknown)).json


def test_a_users_attachments_are_used_and_a_failing_or_too_long_template_costs_nothing() -> None:
    def style(answer: Callable[[], Any]) -> Style:
        return Style(templates={"log": lambda given_alert, given_style: answer()})

    own = [{"title": "own", "fields": [{"title": "a", "value": "b"}]}]
    assert MATTERMOST.render([alert()], style(lambda: {"attachments": own})).json["attachments"] == own
    body = MATTERMOST.render([alert()], style(lambda: {"title": "an embed"})).json
    assert body["attachments"][0]["title"] == "🔴 boom"
    for wrong in (
        lambda: 1 / 0,
        lambda: {"attachments": "own"},
        lambda: {"attachments": own * 21},
        lambda: {"attachments": [{"text": "x" * 12_000}]},
        lambda: {"attachments": [{"fields": [{"title": "", "value": "b"}]}]},
    ):
        assert "the own template failed" in shown(MATTERMOST.render([alert()], style(wrong)).json)
