"""What a person sees of Slack's messages on the stand-ins' page, in a real browser."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.channels.hostile import alert
from tests.example.test_standin_page import PAGE, chromium, seen
from webhook_alerts.alert import Alert, Kind, Level
from webhook_alerts.channels.base import Style
from webhook_alerts.channels.slack import Slack
from webhook_alerts.testing.fake_discord import FakeDiscord
from webhook_alerts.testing.fake_slack import FakeSlack
from webhook_alerts.testing.standin_server import StandIn

__all__ = ["chromium"]
pytestmark = pytest.mark.slow


def send(slack: FakeSlack, *alerts: Alert, style: Style = Style()) -> None:  # noqa: B008 - it is frozen
    post(slack, Slack().render(list(alerts), style).json)


def post(slack: FakeSlack, body: Any) -> None:
    assert requests.post(slack.url("errors"), json=body, timeout=5).text == "ok"


def test_an_alert_is_drawn_with_its_facts_its_trace_and_its_foot(chromium: str, tmp_path: Path) -> None:
    with FakeSlack(limits=(), page=PAGE) as slack:
        send(
            slack,
            alert(
                kind=Kind.ERROR,
                message="checkout failed",
                exception_type="ValueError",
                stack_trace='Traceback:\n  File "shop.py", line 1\nValueError: <no>',
                context={"order": 4711},
                service="shop",
                state="acknowledged",
                note="acknowledged by ana",
            ),
            style=Style(link=lambda each: "https://shop.example/alerts/?a=1&b=2"),
        )
        document = seen(chromium, slack, tmp_path)
    assert "<h3>👀 ValueError: &lt;no&gt;</h3>" in document
    assert '<div class="text">checkout failed</div>' in document
    assert "ValueError: &lt;no&gt;</code></pre>" in document
    assert "<strong>order</strong>\n<code>4711</code>" in document
    assert re.search(r"<strong>ERROR</strong> · <time datetime=\"20\d\d-", document)
    assert (
        '<a href="https://shop.example/alerts/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">Open' in document
    )
    assert '<span class="text">shop</span>' in document
    assert '<span class="text">acknowledged by ana</span>' in document


def test_a_mention_that_was_asked_for_shows(chromium: str, tmp_path: Path) -> None:
    with FakeSlack(limits=(), page=PAGE) as slack:
        send(slack, alert(message="down", level=Level.CRITICAL), style=Style(mention="@here"))
        assert '<span class="mention">@here</span>' in seen(chromium, slack, tmp_path)


def test_markup_and_the_bar_of_an_attachment_are_drawn(chromium: str, tmp_path: Path) -> None:
    with FakeSlack(limits=(), page=PAGE) as slack:
        post(slack, {"text": "a *b* _c_ ~d~ 2*3*4 <https://e.example|f> &lt;g&gt; `h *i*`"})
        post(slack, {"attachments": [{"color": "#e74c3c", "text": "old"}]})
        document = seen(chromium, slack, tmp_path)
    drawn = 'a <strong>b</strong> <em>c</em> <s>d</s> 2*3*4 <a href="https://e.example" target="_blank" rel='
    assert drawn in document
    assert ">f</a> &lt;g&gt; <code>h *i*</code>" in document
    assert "--colour: #e74c3c" in document


def test_code_keeps_no_mention_and_no_link_from_being_one(chromium: str, tmp_path: Path) -> None:
    with FakeSlack(limits=(), page=PAGE) as slack:
        post(slack, {"text": "`a <!here> &lt;!here&gt;`\n```\n<https://e.example|b> *c* &amp;lt;\n```"})
        document = seen(chromium, slack, tmp_path)
    assert '<code>a <span class="mention">@here</span> &lt;!here&gt;</code>' in document
    assert '<pre><code><a href="https://e.example"' in document
    assert ">b</a> *c* &amp;lt;</code></pre>" in document


def test_all_services_share_a_page_and_each_channel_names_its_own(chromium: str, tmp_path: Path) -> None:
    discord, slack = FakeDiscord(limits=()), FakeSlack(limits=())
    with StandIn([discord, slack], page=PAGE) as standin:
        assert requests.post(discord.url("members"), json={"content": "from discord"}, timeout=5).status_code == 204
        send(slack, alert(message="from slack"))
        everything = seen(chromium, standin, tmp_path, at="")
        own = seen(chromium, standin, tmp_path)
        beside = seen(chromium, standin, tmp_path, at="/side-by-side")
    columns = re.findall(r"<section><h3>(\w+)</h3><ol[^>]*>(.*?)</ol></section>", beside, re.DOTALL)
    assert [name for name, _ in columns] == ["Discord", "Slack"]
    assert ["from discord" in column for _, column in columns] == [True, False]
    assert ["from slack" in column for _, column in columns] == [False, True]
    assert re.search(r'href="#members"[^>]* data-service="Discord"', everything)
    assert re.search(r'href="#errors"[^>]* data-service="Slack"', everything)
    assert re.findall(r'<li class="message (\w+)">', everything) == ["discord", "slack"]
    assert '<main class="of-slack">' in own
    assert "from discord" not in own
