"""What a person sees of Teams' cards on the stand-ins' page, in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests

from tests.channels.hostile import alert
from tests.example.test_standin_page import PAGE, chromium, seen
from webhook_alerts.alert import Alert, Kind, Level
from webhook_alerts.channels.base import Style
from webhook_alerts.channels.teams import Teams
from webhook_alerts.testing.fake_teams import FakeTeams

__all__ = ["chromium"]
pytestmark = pytest.mark.slow


def send(teams: FakeTeams, *alerts: Alert, style: Style = Style()) -> None:  # noqa: B008 - it is frozen
    post(teams, Teams().render(list(alerts), style).json)


def post(teams: FakeTeams, body: Any) -> None:
    assert requests.post(teams.url("errors"), json=body, timeout=5).status_code == 202
    assert teams.failed == []


def test_an_alert_is_drawn_with_its_facts_its_trace_and_its_button(chromium: str, tmp_path: Path) -> None:
    with FakeTeams(limits=(), page=PAGE) as teams:
        given_alert = alert(
            kind=Kind.ERROR,
            message="checkout failed",
            exception_type="ValueError",
            stack_trace='Traceback:\n  File "shop.py", line 1\nValueError: <no>',
            context={"order": 4711},
            service="shop",
            state="acknowledged",
            note="acknowledged by ana",
            level=Level.CRITICAL,
        )
        style = Style(link=lambda each: "https://shop.example/alerts/?a=1&b=2", mention="Ana <ana@example.com>")
        send(teams, given_alert, style=style)
        send(teams, alert(message="down", level=Level.CRITICAL), style=style)
        document = seen(chromium, teams, tmp_path)
    assert '<main class="of-teams">' in document
    assert '<span class="mention">Ana</span>' in document
    assert '<div class="container accent bleed">' in document
    assert '<span class="size-medium weight-bolder">👀 ValueError: &lt;no&gt;</span>' in document
    assert '<div class="text"><span>checkout failed</span></div>' in document
    assert "ValueError: &lt;no&gt;</code></pre>" in document
    assert '<span class="weight-bolder">order: </span><span>4711</span>' in document
    assert 'href="https://shop.example/alerts/?a=1&amp;b=2"' in document
    assert "UTC · shop</span>" in document


def test_the_markdown_of_text_blocks_and_fact_sets_is_drawn(chromium: str, tmp_path: Path) -> None:
    body = [
        {"type": "TextBlock", "text": "a **b** _c_ 2*3*4 [d](https://e.example)\n\nf", "color": "Attention"},
        {"type": "FactSet", "facts": [{"title": "order", "value": "**4711**"}]},
    ]
    card = {"type": "AdaptiveCard", "version": "1.5", "body": body}
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    with FakeTeams(limits=(), page=PAGE) as teams:
        post(teams, {"type": "message", "attachments": [attachment]})
        document = seen(chromium, teams, tmp_path)
    assert (
        '<div class="text color-attention">a <strong>b</strong> <em>c</em> 2*3*4 <a href="https://e.example"'
        in document
    )
    assert ">d</a><br>f</div>" in document
    assert "<dt>order</dt><dd><strong>4711</strong></dd>" in document
