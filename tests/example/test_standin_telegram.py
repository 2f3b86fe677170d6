"""What a person sees of Telegram's messages on the stand-ins' page, in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests

from tests.channels.hostile import alert
from tests.example.test_standin_page import PAGE, chromium, seen
from webhook_alerts.alert import Alert, Kind, Level
from webhook_alerts.channels.base import Access, Style
from webhook_alerts.channels.telegram import Telegram
from webhook_alerts.testing.fake_telegram import FakeTelegram

__all__ = ["chromium"]
pytestmark = pytest.mark.slow
LINK = "https://shop.example/alerts/?a=1&b=2"


def send(telegram: FakeTelegram, *alerts: Alert, style: Style = Style()) -> None:  # noqa: B008 - it is frozen
    post(telegram, Telegram().render(list(alerts), style).json)


def post(telegram: FakeTelegram, body: Any) -> None:
    request = Telegram().request(Access(telegram.url("errors")), body, (), 0)
    assert requests.post(request.url, json=request.json, timeout=5).json()["ok"]


def test_an_alert_is_drawn_with_its_facts_its_trace_and_its_button(chromium: str, tmp_path: Path) -> None:
    with FakeTelegram(limits=(), page=PAGE) as telegram:
        send(
            telegram,
            alert(
                kind=Kind.ERROR, message="checkout failed", exception_type="ValueError", context={"order": 4711},
                stack_trace="Traceback:\nValueError: <no>", service="shop", state="resolved", note="resolved by ana",
            ),
            style=Style(link=lambda each: LINK),
        )  # fmt: skip
        send(telegram, alert(level=Level.INFO), alert(level=Level.INFO), style=Style(link=lambda each: LINK))
        document = seen(chromium, telegram, tmp_path)
    assert (
        "<strong>✅ ValueError: &lt;no&gt;</strong>\n<em>resolved by ana</em>\n<code>checkout failed</code>" in document
    )
    assert "<strong>order</strong>  <code>4711</code>" in document
    assert "<pre><code>Traceback:\nValueError: &lt;no&gt;</code></pre>" in document
    anchor = '<a href="https://shop.example/alerts/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">Open'
    assert f'<div class="buttons">{anchor}' in document
    assert document.count(anchor) == 3
    assert document.count('class="silent"') == 1


def test_what_telegram_finds_by_itself_is_drawn_so_that_a_slip_would_be_seen(chromium: str, tmp_path: Path) -> None:
    with FakeTelegram(limits=(), page=PAGE) as telegram:
        post(telegram, {"text": "@ana_ops see https://e.example <b>"})
        send(telegram, alert(level=Level.CRITICAL), style=Style(mention="tg://user?id=42"))
        document = seen(chromium, telegram, tmp_path)
    assert '<span class="mention">@ana_ops</span> see <a href="https://e.example"' in document
    assert "&lt;b&gt;" in document
    assert '<span class="mention">🔔</span> <strong>🚨 boom</strong>' in document
