"""Real workers and beats, and what happens to alerts when they end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from webhook_alerts.testing.fake_discord import Answer

pytestmark = pytest.mark.slow
SEND = "from webhook_alerts import notify\nnotify.{}('{}')\nassert notify.flush(20)"


def hooks(discord, *names: str) -> str:
    return json.dumps({name: {"url": discord.url(name), "channel": "discord", "rate": []} for name in names})


def survivors(discord) -> int:
    """How many messages carry the alert; the workers' own log records are alerts of this project too."""
    return sum("survives" in json.dumps(message["embeds"]) for message in discord.messages("errors"))


def kill(process: subprocess.Popen[bytes]) -> None:
    """``kill -9`` a worker and its pool, as a machine that loses power would."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    for pid in (process.pid, *map(int, children)):
        os.kill(pid, signal.SIGKILL)
    process.wait(10)


def test_a_worker_killed_while_sending_loses_no_alert(make_project, discord, memory):
    discord.script("errors", [Answer(hang=True)])
    project = make_project(TEST_WEBHOOKS=hooks(discord, "errors"))
    worker = project.worker()
    project.run(SEND.format("critical", "survives"))
    project.wait_until(lambda: len(discord.requests("errors")) == 1, what="the request that never ends")
    kill(worker)
    assert project.run("from webhook_alerts.models import Message\nprint(Message.objects.get().state)") == "sending\n"
    project.run(
        "from django.utils import timezone\nfrom webhook_alerts.models import Message\n"
        "Message.objects.update(lease_until=timezone.now())"
    )
    memory.delete("webhook_alerts:nudge:errors:0")  # it lives as long as the lease
    project.worker()
    project.beat()
    project.wait_until(lambda: survivors(discord) == 1, what="the message of the second worker")
    told = project.run(
        "from webhook_alerts.models import Message\n"
        "owed = Message.objects.get(claims=2)\n"
        "print(owed.state, list(owed.attempt_log.values_list('outcome', flat=True)))"
    )
    assert told == "delivered ['started', 'delivered']\n"
    assert survivors(discord) == 1


def test_the_database_scheduler_of_django_celery_beat_runs_the_flush(make_project, discord):
    project = make_project(TEST_WEBHOOKS=hooks(discord, "errors"), TEST_EXTRA_APPS="django_celery_beat")
    project.worker()
    project.beat("--scheduler", "django_celery_beat.schedulers:DatabaseScheduler")
    project.run(SEND.format("error", "only the flush sends this"))
    project.wait_until(lambda: len(discord.messages("errors")) == 1, what="the flushed message")
    entries = (
        "from django_celery_beat.models import PeriodicTask as P\nprint(list(P.objects.values_list('name', 'queue')))"
    )
    assert "('webhook_alerts.flush', 'alerts')" in project.run(entries)


def test_a_worker_for_one_queue_leaves_the_others_alone(make_project, discord):
    project = make_project(TEST_WEBHOOKS=hooks(discord, "errors", "info"))
    project.worker("-Q", "alerts,alerts.errors", "-n", "one@%h")
    project.run(
        SEND.format("critical", "for errors") + "\nnotify.using(webhook='info').critical('for info')\nnotify.flush(20)"
    )
    project.wait_until(lambda: len(discord.messages("errors")) == 1, what="the message of the chosen queue")
    assert discord.messages("info") == []
    project.worker("-n", "all@%h")
    project.wait_until(lambda: bool(discord.messages("info")), what="the message of the other queue")
