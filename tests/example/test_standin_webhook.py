"""What a person sees of a receiver's events on the stand-ins' page, in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import requests

from tests.channels.hostile import alert
from tests.example.test_standin_page import HOSTILE, PAGE, chromium, seen, words
from webhook_alerts.alert import Kind
from webhook_alerts.channels.base import Access, Style, encode
from webhook_alerts.channels.generic import Generic
from webhook_alerts.testing.fake_webhook import FakeWebhook

__all__ = ["chromium"]
pytestmark = pytest.mark.slow
KEYS = tuple(f"whsec_{letters * 8}" for letters in ("QUJD", "REVG"))


def test_an_event_is_drawn_with_its_alerts_and_no_text_becomes_markup(chromium: str, tmp_path: Path) -> None:
    given = alert(
        kind=Kind.ERROR, message=HOSTILE, exception_type="ValueError", stack_trace="Traceback:\nValueError: <no>",
        context={HOSTILE[:90]: {"order": 4711}}, occurrences=57, state="resolved", note="resolved by ana",
    )  # fmt: skip
    body = Generic().render([given], Style(link=lambda each: "https://shop.example/i/?a=1&b=2")).json
    with FakeWebhook(keys=KEYS[:1], limits=(), page=PAGE) as receiver:
        request = Generic().edit(Access(receiver.url("errors"), KEYS), "", body)
        headers = {"Content-Type": "application/json", **request.headers}
        assert requests.post(request.url, data=encode(request.json), headers=headers, timeout=5).status_code == 200
        document = seen(chromium, receiver, tmp_path)
    assert '<code class="type">alert.updated</code><span class="signed">2 signatures</span>' in document
    assert '<article class="alert error"><h3><span class="level">error</span>ValueError</h3>' in document
    assert re.search(r"<dt>occurrences</dt>\s*<dd>×57</dd>", document)
    assert "resolved: resolved by ana" in document
    assert "ValueError: &lt;no&gt;</pre>" in document
    assert 'href="https://shop.example/i/?a=1&amp;b=2"' in document
    assert "<title>What the channels received</title>" in document
    assert "<img" not in document
    assert document.count("<script") == 1  # the page's own
    assert "<script>document.title" in words(document)
