"""Every stand-in on one server, to try alerts out without an account.

``python -m webhook_alerts.testing.services`` prints a URL for each service, to be configured with its ``channel``.
What they received is at ``/_ledger`` as JSON, and drawn by the page in ``--page FOLDER``, if that is given.
"""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Iterable
from pathlib import Path

from webhook_alerts.testing.fake_alertmanager import FakeAlertmanager
from webhook_alerts.testing.fake_discord import FakeDiscord
from webhook_alerts.testing.fake_google_chat import FakeGoogleChat
from webhook_alerts.testing.fake_mail import FakeMail
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
    FakeMail,
    FakeMattermost,
    FakeOpsgenie,
    FakePagerDuty,
    FakeRocketChat,
    FakeSlack,
    FakeTeams,
    FakeTelegram,
    FakeWebhook,
)


def every(*, limits: Iterable[tuple[int, float]] | None = None, smtp_port: int = 0) -> list[Service]:
    """One of each, with its own *limits* unless others are given; mails come to *smtp_port*, 0 is any."""
    made = [service(limits=limits) for service in EVERY]
    for service in made:
        if isinstance(service, FakeMail):
            service.smtp_port = smtp_port
    return made


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8090, help="8090 unless said otherwise; 0: any that is free")
    parser.add_argument("--smtp-port", type=int, default=0, help="where mails come to; any that is free unless said")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on, 127.0.0.1 unless said otherwise")
    parser.add_argument("--page", type=Path, help="a folder whose files are served at /")
    options = parser.parse_args()
    for ending in (signal.SIGINT, signal.SIGTERM):  # also where a shell in the background has them ignored
        signal.signal(ending, signal.default_int_handler)
    services = every(smtp_port=options.smtp_port)
    with StandIn(services, port=options.port, host=options.host, page=options.page) as standin:
        print(told(standin), flush=True)  # noqa: T201 - a command of its own
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("Stopped.")  # noqa: T201


def told(standin: StandIn) -> str:
    """What to configure, and where to look."""
    webhooks = [f"{service.name:<14}{service.url()}" for service in standin.services]
    ports = [str(service.smtp_port) for service in standin.services if isinstance(service, FakeMail)]
    seen = f"http://127.0.0.1:{standin.port}/{'' if standin.page else '_ledger'}"
    return "\n".join(
        [
            "A URL for each service; name the service as the webhook's channel, as in",
            '"errors": {"url": "http://127.0.0.1:…", "channel": "discord"}',
            "",
            *webhooks,
            "",
            f'For mails also EMAIL_HOST = "127.0.0.1", EMAIL_PORT = {", ".join(ports)}',
            f"What they have received: {seen}",
            "Ctrl-C ends it.",
        ]
    )


if __name__ == "__main__":
    main()
