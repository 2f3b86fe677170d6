"""The broker, Redis or the database goes away: grave alerts arrive meanwhile, everything arrives in the end, once."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.conftest import Project
from tests.servers import Postgres, Redis
from webhook_alerts.shared_memory import FLUSHED
from webhook_alerts.testing.fake_discord import FakeDiscord

Make = Callable[..., Project]
pytestmark = pytest.mark.slow

TWO_HUNDRED = """
from webhook_alerts import notify
for number in range(200):
    notify.error(f"WHO {number}")
assert notify.flush(20)
"""
WAIT = "\nprint('ready', flush=True)\nimport sys; sys.stdin.read()"
# Celery's own warnings are alerts of this project, too.
STORED = "models.Alert.objects.filter(logger__in=['notify', 'shop']).count()"
RECORD = "list(models.Delivery.objects.filter(level=50).values_list('state', 'message__attempt_log__status_code'))"


def project_at(make_project: Make, server: Redis, discord: FakeDiscord, **env: str) -> Project:
    hook: dict[str, Any] = {"url": discord.url("errors"), "channel": "discord", "rate": []}
    return make_project(
        TEST_WEBHOOKS=json.dumps({"errors": hook}), REDIS_URL=server.url, TEST_BROKER_URL=server.url, **env
    )


def work(project: Project) -> None:
    """Start a worker and a beat, and wait until they flush."""
    project.worker()
    project.beat()
    with redis.Redis.from_url(project.env["REDIS_URL"]) as memory:
        project.wait_until(lambda: bool(memory.exists(FLUSHED)), what="a flush")


def break_disk(project: Project) -> None:
    """From now on the spool's disk takes nothing, not even from root."""
    spool = Path(project.env["TEST_SPOOL"])
    if spool.exists():
        spool.rename(spool.with_name("former"))
    spool.write_text("a file where the directory should be")


def ready(process: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def said(discord: FakeDiscord, text: str) -> int:
    """How many messages carry *text*."""
    return sum(text in json.dumps(message) for message in discord.messages("errors"))


def test_a_broker_that_forgets_everything_loses_no_alert(
    make_project: Make, own_redis: Redis, discord: FakeDiscord
) -> None:
    """No worker is up: 200 alerts of a process that lives on, 200 of one that ends, all only in Redis' memory."""
    project = project_at(make_project, own_redis, discord)
    ready(project.start(TWO_HUNDRED.replace("WHO", "alive") + WAIT))
    project.run(TWO_HUNDRED.replace("WHO", "gone"))
    own_redis.kill()
    own_redis.start()
    project.worker()
    project.beat()
    project.wait_until(lambda: project.ask(STORED) == 400, what="400 alerts on record")


def test_a_black_holed_broker_delays_alerts_and_loses_none(
    make_project: Make, own_redis: Redis, discord: FakeDiscord
) -> None:
    project = project_at(make_project, own_redis, discord)
    own_redis.freeze()
    project.run(
        "import logging\nfor number in range(500): logging.getLogger('shop').error(f'number {number}')", timeout=20
    )
    own_redis.thaw()
    project.worker()
    project.beat()
    project.wait_until(lambda: project.ask(STORED) == 500, what="500 alerts on record")


def test_without_a_broker_what_is_critical_arrives_and_stands_on_record_at_once(
    make_project: Make, own_redis: Redis, discord: FakeDiscord
) -> None:
    project = project_at(make_project, own_redis, discord)
    own_redis.kill()
    ready(
        project.start(
            "from webhook_alerts import notify\n"
            "notify.critical('Redis is dead')\nnotify.info('who cares')\nnotify.flush(1)" + WAIT
        )
    )
    project.wait_until(lambda: said(discord, "Redis is dead") == 1, what="the critical alert", timeout=30)
    project.wait_until(lambda: project.ask(RECORD) == [["delivered", 200]], what="its record")
    own_redis.start()
    project.worker()
    project.beat()
    project.wait_until(lambda: said(discord, "who cares") == 1, what="the rest")
    assert said(discord, "Redis is dead") == 1


def test_what_the_broker_had_taken_when_it_died_arrives_too(
    make_project: Make, own_redis: Redis, discord: FakeDiscord
) -> None:
    """No worker is up, and nothing more is raised that would notice."""
    project = project_at(make_project, own_redis, discord)
    ready(
        project.start(
            "from webhook_alerts import notify\nnotify.critical('just before')\nassert notify.flush(10)" + WAIT
        )
    )
    own_redis.kill()
    project.wait_until(lambda: said(discord, "just before") == 1, what="the critical alert", timeout=30)
    own_redis.start()
    work(project)
    assert project.ask(RECORD) == [["delivered", 200]]
    assert said(discord, "just before") == 1


def test_without_a_database_what_is_critical_arrives_and_its_record_is_completed_later(
    make_project: Make, own_redis: Redis, own_postgres: Postgres, discord: FakeDiscord
) -> None:
    project = project_at(make_project, own_redis, discord, TEST_DATABASE="postgres")
    work(project)
    own_postgres.stop()
    project.run(
        "from webhook_alerts import notify\n"
        "for number in range(3): notify.critical(f'dead {number}')\n"
        "assert notify.flush(20)"
    )
    project.wait_until(lambda: said(discord, "dead 0") == 1, what="the critical alert", timeout=30)
    own_postgres.start()
    project.wait_until(lambda: project.ask(RECORD) == [["delivered", 200]] * 3, what="the completed record")
    project.run("from webhook_alerts import notify\nnotify.critical('all is well')\nassert notify.flush(20)")
    project.wait_until(lambda: said(discord, "all is well") == 1, what="the next alert")
    assert [said(discord, f"dead {number}") for number in range(3)] == [1, 1, 1]


def test_with_broker_and_database_away_what_is_critical_still_arrives_once(
    make_project: Make, own_redis: Redis, own_postgres: Postgres, discord: FakeDiscord
) -> None:
    project = project_at(make_project, own_redis, discord, TEST_DATABASE="postgres")
    own_postgres.stop()
    own_redis.kill()
    ready(project.start("from webhook_alerts import notify\nnotify.critical('all is dead')\nnotify.flush(1)" + WAIT))
    project.wait_until(lambda: said(discord, "all is dead") == 1, what="the critical alert", timeout=30)
    own_postgres.start()
    own_redis.start()
    project.worker()
    project.beat()
    project.wait_until(lambda: project.ask(RECORD) == [["delivered", 200]], what="the completed record")
    assert said(discord, "all is dead") == 1


def test_without_a_broker_and_a_disk_what_is_critical_arrives_and_everything_stands_on_record_at_once(
    make_project: Make, own_redis: Redis, discord: FakeDiscord
) -> None:
    project = project_at(make_project, own_redis, discord)
    own_redis.kill()
    break_disk(project)
    ready(
        project.start(
            "from webhook_alerts import notify\n"
            "notify.critical('Redis is dead')\nnotify.info('who cares')\nnotify.flush(1)" + WAIT
        )
    )
    project.wait_until(lambda: project.ask(RECORD) == [["delivered", 200]], what="the record", timeout=30)
    assert project.ask(STORED) == 2
    own_redis.start()
    project.worker()
    project.beat()
    project.wait_until(lambda: said(discord, "who cares") == 1, what="the rest")
    assert said(discord, "Redis is dead") == 1


def test_with_broker_database_and_disk_away_what_is_critical_still_arrives_once(
    make_project: Make, own_redis: Redis, own_postgres: Postgres, discord: FakeDiscord
) -> None:
    project = project_at(make_project, own_redis, discord, TEST_DATABASE="postgres")
    own_postgres.stop()
    own_redis.kill()
    break_disk(project)
    ready(
        project.start(
            "from webhook_alerts import notify\n"
            "notify.info('who cares')\n"
            "for number in range(3): notify.critical(f'dead {number}')\nnotify.flush(1)" + WAIT
        )
    )
    project.wait_until(lambda: said(discord, "dead 0") == 1, what="the critical alerts", timeout=30)
    own_postgres.start()
    own_redis.start()
    project.worker()
    project.beat()
    project.wait_until(lambda: project.ask(RECORD) == [["delivered", 200]] * 3, what="the completed record")
    project.wait_until(lambda: said(discord, "who cares") == 1, what="the rest")
    assert [said(discord, f"dead {number}") for number in range(3)] == [1, 1, 1]
    assert project.ask("models.Message.objects.filter(deliveries__level=50).distinct().count()") == 1


def test_a_process_that_ends_with_broker_database_and_disk_away_tells_what_is_critical_and_says_what_is_lost(
    make_project: Make, own_redis: Redis, own_postgres: Postgres, discord: FakeDiscord
) -> None:
    project = project_at(make_project, own_redis, discord, TEST_DATABASE="postgres")
    own_postgres.stop()
    own_redis.kill()
    break_disk(project)
    told = project.run(
        "import atexit\n"
        "from webhook_alerts import notify, outbox\n"
        "def check():\n"
        "    outbox.close()\n"
        "    stats = outbox.stats()\n"
        "    print(stats.dropped, stats.unrecorded, stats.pending)\n"
        "atexit.register(check)\n"
        "notify.critical('the last word')\nnotify.info('who cares')",
        timeout=20,
    )
    assert said(discord, "the last word") == 1
    assert told.split() == ["1", "1", "0"]
    own_postgres.start()


def test_without_a_database_and_a_disk_what_is_critical_arrives_once_and_its_record_is_completed_later(
    make_project: Make, own_redis: Redis, own_postgres: Postgres, discord: FakeDiscord
) -> None:
    project = project_at(make_project, own_redis, discord, TEST_DATABASE="postgres")
    work(project)
    own_postgres.stop()
    break_disk(project)
    ready(
        project.start(
            "from webhook_alerts import notify\nfrom webhook_alerts.outbox import held\nheld.PATIENCE_S = 2\n"
            "for number in range(3): notify.critical(f'dead {number}')\nassert notify.flush(20)" + WAIT
        )
    )
    project.wait_until(lambda: said(discord, "dead 0") == 1, what="the critical alert", timeout=30)
    own_postgres.start()
    project.wait_until(lambda: project.ask(RECORD) == [["delivered", 200]] * 3, what="the completed record")
    assert [said(discord, f"dead {number}") for number in range(3)] == [1, 1, 1]
