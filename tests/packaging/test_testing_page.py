"""What docs/testing.md says is so."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

from webhook_alerts import notify
from webhook_alerts.testing import services
from webhook_alerts.testing.outbox import Captured

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "testing.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def run(part: str, **given: Any) -> dict[str, Any]:
    """The names that the block which holds *part* leaves."""
    (found,) = (text for text in BLOCKS if part in text)
    names = dict(given)
    exec(found, names)
    return names


def test_the_outbox_holds_what_a_view_raised(alerts_outbox: Captured) -> None:
    class Client:
        def post(self, *_: Any) -> None:
            notify.error("Payment failed", order=4711)

    run("alerts_outbox")["test_a_declined_card_raises_an_alert"](Client(), alerts_outbox)


def test_settings_may_be_others_for_a_while() -> None:
    run("override_alerts", notify=notify)


def test_a_channel_is_tried_against_a_stand_in() -> None:
    run("FakeSlack")["test_slack_is_busy_and_then_shows_it"]()


def test_every_stand_in_is_named() -> None:
    named = {getattr(import_module(f"webhook_alerts.testing.{module}"), name)
             for module, name in re.findall(r"\| `(fake_\w+)\.(\w+)", PAGE)}  # fmt: skip
    assert named == set(services.EVERY)
