"""What a person sees of events that machines read, on the stand-ins' page, in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import requests

from tests.channels.hostile import alert
from tests.example.test_standin_page import HOSTILE, PAGE, chromium, seen, words
from webhook_alerts.alert import Kind
from webhook_alerts.channels import registry
from webhook_alerts.channels.base import Access, Style, encode
from webhook_alerts.testing.fake_alertmanager import FakeAlertmanager
from webhook_alerts.testing.fake_opsgenie import FakeOpsgenie
from webhook_alerts.testing.fake_pagerduty import FakePagerDuty
from webhook_alerts.testing.fake_webhook import FakeWebhook
from webhook_alerts.testing.standin import Service
from webhook_alerts.testing.standin_server import StandIn

__all__ = ["chromium"]
pytestmark = pytest.mark.slow
KEYS = tuple(f"whsec_{letters * 8}" for letters in ("QUJD", "REVG"))
STYLE = Style(link=lambda alert: "https://shop.example/i/?a=1&b=2")


def send(service: Service, name: str, **values: object) -> None:
    """Send an alert with hostile texts to the webhook *name* of *service*."""
    channel = registry.get(service.name)
    given = alert(
        kind=Kind.ERROR, message=f"{name}: {HOSTILE}", exception_type="ValueError", fingerprint="f", occurrences=57,
        stack_trace="Traceback:\nValueError: <no>", context={HOSTILE[:90]: {"order": 4711}}, **values,
    )  # fmt: skip
    payload = channel.render([given], STYLE)
    request = channel.request(Access(service.url(name), KEYS), payload.json, (), 1_800_000_000)
    headers = {"Content-Type": "application/json", **request.headers}
    told = requests.request(request.method, request.url, data=encode(request.json), headers=headers, timeout=5)
    assert told.status_code in {200, 202}, told.text


def test_events_are_drawn_and_no_text_becomes_markup(chromium: str, tmp_path: Path) -> None:
    kinds = (FakeWebhook, FakeAlertmanager, FakePagerDuty, FakeOpsgenie)
    services = [kind(limits=()) for kind in kinds]
    with StandIn(services, page=PAGE) as standin:
        for service in services:
            send(service, f"to-{service.name}", state="open", note="came back", state_since=1.8e9)
        document = seen(chromium, standin, tmp_path, at="").replace("\u200b", "")
    assert "<title>What the channels received</title>" in document
    assert "<img" not in document
    assert document.count("<script") == 1  # the page's own
    said = words(document)
    for service in services:
        assert re.search(rf'<li class="message {service.name}">', document)
        assert f"to-{service.name}: @everyone <script>document.title" in said
    assert document.count("ValueError: &lt;no&gt;</pre>") == len(services)
    assert document.count('href="https://shop.example/i/?a=1&amp;b=2"') == len(services)
    # webhook
    assert '<code class="type">alert.created</code><span class="signed">2 signatures</span>' in document
    assert '<article class="alert error"><h3><span class="level">error</span>ValueError</h3>' in document
    assert re.search(r"<dt>occurrences</dt>\s*<dd>×57</dd>", document)
    assert "open: came back" in document
    # alertmanager
    assert '<article class="firing error">' in document
    assert '<span class="status">firing</span><h3>ValueError</h3>' in document
    assert '<code>incident="f"</code>' in document
    # pagerduty
    assert '<article class="triggered">' in document
    assert '<span class="severity error">error</span>' in document
    assert '<div class="log">trigger</div>' in document
    # opsgenie
    assert '<article class="open P2">' in document
    assert '<span class="tag">error</span>' in document
    assert "⟦HTML⟧" not in document
