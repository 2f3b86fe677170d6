"""Every stand-in on one server: ``python -m webhook_alerts.testing.services --port 8090 --page FOLDER``."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Iterable
from pathlib import Path

from webhook_alerts.testing.fake_alertmanager import FakeAlertmanager
from webhook_alerts.testing.fake_discord import FakeDiscord
from webhook_alerts.testing.fake_google_chat import FakeGoogleChat
from webhook_alerts.testing.fake_mattermost import FakeMattermost
from webhook_alerts.testing.fake_opsgenie import FakeOpsgenie
from webhook_alerts.testing.fake_pagerduty import FakePagerDuty
from webhook_alerts.testing.fake_rocketchat import FakeRocketChat
from webhook_alerts.testing.fake_slack import FakeSlack
from webhook_alerts.testing.fake_teams import FakeTeams
from webhook_alerts.testing.fake_telegram import FakeTelegram
from webhook_alerts.testing.fake_webhook import FakeWebhook
from webhook_alerts.testing.standin import Service
from webhook_alerts.testing.standin_server import StandIn

EVERY: tuple[type[Service], ...] = (
    FakeAlertmanager,
    FakeDiscord,
    FakeGoogleChat,
    FakeMattermost,
    FakeOpsgenie,
    FakePagerDuty,
    FakeRocketChat,
    FakeSlack,
    FakeTeams,
    FakeTelegram,
    FakeWebhook,
)


def every(*, limits: Iterable[tuple[int, float]] | None = None) -> list[Service]:
    """One of each, with its own *limits* unless others are given."""
    return [service(limits=limits) for service in EVERY]


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--page", type=Path)
    options = parser.parse_args()
    with StandIn(every(), port=options.port, host=options.host, page=options.page):
        threading.Event().wait()


if __name__ == "__main__":
    main()
