"""What a person sees of Google Chat's messages on the stand-ins' page, in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from tests.channels.hostile import alert
from tests.example.test_standin_page import PAGE, chromium, seen
from webhook_alerts.alert import Alert, Kind, Level
from webhook_alerts.channels.base import Access, Style, encode
from webhook_alerts.channels.google_chat import GoogleChat
from webhook_alerts.testing.fake_google_chat import FakeGoogleChat

__all__ = ["chromium"]
pytestmark = pytest.mark.slow


def send(chat: FakeGoogleChat, *alerts: Alert, style: Style = Style()) -> None:  # noqa: B008 - it is frozen
    channel = GoogleChat()
    request = channel.request(Access(chat.url("errors")), channel.render(list(alerts), style).json, [], 0)
    assert requests.post(request.url, data=encode(request.json), timeout=5).status_code == 200


def test_an_alert_is_drawn_with_its_blocks_its_link_and_its_thread(chromium: str, tmp_path: Path) -> None:
    with FakeGoogleChat(limits=(), page=PAGE) as chat:
        given_alert = alert(
            kind=Kind.ERROR,
            message="checkout failed",
            exception_type="ValueError",
            stack_trace='Traceback:\n  File "shop.py", line 1\nValueError: <no>',
            context={"order": 4711},
            service="shop",
            level=Level.CRITICAL,
            fingerprint="f",
        )
        style = Style(link=lambda each: "https://shop.example/alerts/?a=1&b=2", mention="@all")
        send(chat, given_alert, style=style)
        send(chat, given_alert)
        document = seen(chromium, chat, tmp_path)
    assert '<main class="of-google_chat">' in document
    assert (
        '<span class="mention">@all</span> 🚨 <strong>CRITICAL</strong> <code>ValueError: &lt;no&gt;</code>' in document
    )
    assert "ValueError: &lt;no&gt;</code></pre><pre><code>order  4711</code></pre>" in document
    assert (
        '<a href="https://shop.example/alerts/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">Open' in document
    )
    assert document.count("in the thread of this alert") == 1


def test_markup_is_drawn(chromium: str, tmp_path: Path) -> None:
    with FakeGoogleChat(limits=(), page=PAGE) as chat:
        text = "a *b* _c_ ~d~ 2*3*4 <https://e.example|f> `h *i*` `<users/all>`"
        assert requests.post(chat.url("errors"), json={"text": text}, timeout=5).status_code == 200
        document = seen(chromium, chat, tmp_path)
    assert 'a <strong>b</strong> <em>c</em> <s>d</s> 2*3*4 <a href="https://e.example" target="_blank" rel=' in document
    assert ">f</a> <code>h *i*</code> `<span" in document
    assert '<span class="mention">@all</span>' in document
