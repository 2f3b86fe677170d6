"""What a person sees of Mattermost's and Rocket.Chat's messages on the stand-ins' page, in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests

from tests.channels.hostile import alert
from tests.example.test_standin_page import PAGE, chromium, seen
from webhook_alerts.alert import Alert, Kind, Level
from webhook_alerts.channels import registry
from webhook_alerts.channels.base import Style
from webhook_alerts.testing.fake_mattermost import FakeMattermost
from webhook_alerts.testing.fake_rocketchat import FakeRocketChat
from webhook_alerts.testing.standin import Service

__all__ = ["chromium"]
pytestmark = pytest.mark.slow
BOTH = [FakeMattermost, FakeRocketChat]


def send(service: Service, *alerts: Alert, style: Style = Style()) -> None:  # noqa: B008 - it is frozen
    post(service, registry.get(service.name).render(list(alerts), style).json)


def post(service: Service, body: Any) -> None:
    assert requests.post(service.url("errors"), json=body, timeout=5).status_code == 200


@pytest.mark.parametrize("kind", BOTH)
def test_an_alert_is_drawn_with_its_facts_and_its_trace(chromium: str, tmp_path: Path, kind: type[Service]) -> None:
    with kind(limits=(), page=PAGE) as service:
        send(
            service,
            alert(
                kind=Kind.ERROR, message="checkout failed", exception_type="ValueError", context={"order": 4711},
                stack_trace="Traceback:\nValueError: <no>", service="shop", state="resolved", note="resolved by ana",
            ),
            style=Style(link=lambda each: "https://shop.example/alerts/?a=1&b=2", username="Alerts"),
        )  # fmt: skip
        document = seen(chromium, service, tmp_path)
    assert '<span class="author">Alerts</span>' in document
    assert '<div class="by">resolved by ana</div>' in document
    anchor = '<a href="https://shop.example/alerts/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">'
    assert f"<h3>{anchor}✅ ValueError: &lt;\u200bno&gt;</a></h3>" in document
    assert '<div class="text"><code>checkout failed</code></div>' in document
    assert '<div class="short"><dt>order</dt><dd><code>4711</code></dd></div>' in document
    assert "<pre><code>Traceback:\nValueError: &lt;no&gt;</code></pre>" in document
    assert "--colour: #2ecc71" in document


def test_markup_and_calls_are_drawn_so_that_a_slip_would_be_seen(chromium: str, tmp_path: Path) -> None:
    with FakeMattermost(limits=(), page=PAGE) as mattermost:
        post(mattermost, {"text": "@here **b** _i_ a_b_c [x](https://e.example) https://f.example `c`"})
        send(mattermost, alert(level=Level.INFO))
        document = seen(chromium, mattermost, tmp_path)
    assert (
        '<span class="mention">@here</span> <strong>b</strong> <em>i</em> a_b_c <a href="https://e.example"' in document
    )
    assert ">https://f.example</a> <code>c</code>" in document
    assert '<span class="silent">🔕</span>' in document
