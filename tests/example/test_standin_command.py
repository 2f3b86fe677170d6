"""``python -m webhook_alerts.testing.services``, as a newcomer without an account runs it."""

from __future__ import annotations

import re
import signal
import smtplib
import subprocess
import sys
from urllib.request import urlopen

import pytest

from webhook_alerts import conf
from webhook_alerts.testing.services import EVERY


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_every_url_that_it_prints_can_be_configured_as_it_says_and_it_ends_when_asked(ending: signal.Signals) -> None:
    command = [sys.executable, "-m", "webhook_alerts.testing.services", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        said = "".join(iter(process.stdout.readline, "Ctrl-C ends it.\n"))
        webhooks = {
            name: {"url": url, "channel": name}
            for name, url in re.findall(r"^(\w+) +((?:http|mailto):\S+)$", said, re.MULTILINE)
        }
        config = conf.parse({"WEBHOOKS": webhooks})
        with smtplib.SMTP("127.0.0.1", int(re.findall(r"EMAIL_PORT = (\d+)", said)[0]), timeout=5) as mails:
            assert mails.noop()[0] == 250
        ledger = re.findall(r"received: (\S+)", said)[0]
        with urlopen(ledger) as answer:
            assert b'"messages": []' in answer.read()
        process.send_signal(ending)
        assert process.stdout.read() == "Stopped.\n"
    assert process.returncode == 0
    assert config.problems == ()
    assert {webhook.channel for webhook in config.webhooks.values()} == {service.name for service in EVERY}
