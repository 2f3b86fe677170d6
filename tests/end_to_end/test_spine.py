"""From the call to the message and its record, with a real worker and beat."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.conftest import Project
from webhook_alerts.testing.fake_discord import Answer, FakeDiscord

Make = Callable[..., Project]

RAISE = """
import logging
log = logging.getLogger("shop.checkout")
try:
    {}["order"]
except KeyError:
    log.exception("checkout failed for %s", "order 7", extra={"order": 7})
from webhook_alerts import notify
notify.performance("payment_seconds", 4.2, threshold=2.0, unit="s")
notify.critical("the payment provider is down")
assert notify.flush(20)
"""

COUNT = """
from collections import Counter
from webhook_alerts.models import Delivery
import json
print(json.dumps(Counter(Delivery.objects.values_list("state", flat=True))))
"""


def webhooks(discord: FakeDiscord, *names: str, **options: object) -> str:
    return json.dumps({name: {"url": discord.url(name), "channel": "discord", **options} for name in names})


def databases() -> list[object]:
    return [pytest.param({}, id="sqlite"), pytest.param({"TEST_DATABASE": "postgres"}, id="postgres")]


@pytest.mark.slow
@pytest.mark.parametrize("database", databases())
def test_a_plain_worker_and_beat_deliver_what_was_logged_and_record_it(
    make_project: Make, database: dict[str, str], request: pytest.FixtureRequest
) -> None:
    if database:
        request.getfixturevalue("postgres_database")
    with FakeDiscord() as discord:
        # Celery says at INFO that it starts, and the handlers stand at DEBUG
        names = ("errors", "info", "performance")
        hooks = webhooks(discord, *names, min_level="WARNING")
        project = make_project(TEST_WEBHOOKS=hooks, TEST_CELERY_LEVEL="DEBUG", **database)
        project.worker()
        project.beat()
        project.run(RAISE)
        # errors: the log record and the critical; info: the critical; performance: its own
        project.wait_until(lambda: sum(len(m["embeds"]) for m in discord.messages()) == 4, what="four embeds")
        project.wait_until(lambda: json.loads(project.run(COUNT)) == {"delivered": 4}, what="four on record")
        texts = json.dumps(discord.messages("errors"))
        assert "KeyError" in texts
        assert "checkout failed for order 7" in texts
        assert "4.2 s" in json.dumps(discord.messages("performance"))
        # in the worker too: delivering raised nothing else
        assert {entry.status for entry in discord.requests()} == {200}
        assert sum(len(m["embeds"]) for m in discord.messages()) == 4


@pytest.mark.slow
def test_rabbitmq_as_the_broker(rabbitmq: str, make_project: Make) -> None:
    with FakeDiscord() as discord:
        project = make_project(TEST_WEBHOOKS=webhooks(discord, "errors"), TEST_BROKER_URL=rabbitmq)
        project.worker()
        project.beat()
        project.run("from webhook_alerts import notify\nnotify.error('over amqp')\nassert notify.flush(20)")
        project.wait_until(lambda: "over amqp" in json.dumps(discord.messages("errors")), what="the message")


@pytest.mark.slow
def test_a_failing_endpoint_is_tried_again_until_it_answers(make_project: Make) -> None:
    with FakeDiscord() as discord:
        discord.script("errors", [Answer(500), Answer(503), Answer(reset=True)])
        project = make_project(TEST_WEBHOOKS=webhooks(discord, "errors"), TEST_MAX_ATTEMPTS="5")
        project.worker()
        project.beat()
        project.run("from webhook_alerts import notify\nnotify.critical('again')\nassert notify.flush(20)")
        project.wait_until(lambda: len(discord.messages("errors")) == 1, what="the message after three failures")
        assert len(discord.requests("errors")) == 4


@pytest.mark.slow
def test_a_limited_webhook_holds_up_neither_another_nor_accept(make_project: Make) -> None:
    with FakeDiscord(limits=()) as discord:
        slow = {"url": discord.url("slow"), "channel": "discord", "rate": "1/m", "batch_size": 1}
        fast = {"url": discord.url("fast"), "channel": "discord"}
        project = make_project(TEST_WEBHOOKS=json.dumps({"slow": slow, "fast": fast}))
        project.run(
            "from webhook_alerts import notify\n"
            "slow = notify.using(webhook='slow', dedup=False)\n"
            "for i in range(1000): slow.error(f'limited {i}')\n"
            "assert notify.flush(20)"
        )
        project.worker()
        project.beat()
        project.wait_until(lambda: len(discord.messages("slow")) == 1, what="the first of the limited ones")
        project.run("from webhook_alerts import notify\nnotify.using(webhook='fast').error('quick')\nnotify.flush(20)")
        project.wait_until(lambda: len(discord.messages("fast")) == 1, what="the other webhook's message", timeout=20)
        assert len(discord.messages("slow")) == 1


@pytest.mark.slow
def test_an_endpoint_that_hangs_holds_up_no_other(make_project: Make) -> None:
    """Two processes in the pool, one webhook that never answers: it may hold one of them, never both."""
    with FakeDiscord(limits=()) as discord:
        discord.script("slow", [Answer(hang=True)] * 50)
        project = make_project(TEST_WEBHOOKS=webhooks(discord, "slow", "fast", rate=[], min_level="WARNING"))
        project.worker()
        project.beat()
        send = (
            "from webhook_alerts import notify\n"
            "notify.using(webhook='{0}', dedup=False).critical('{0}')\nnotify.flush(20)"
        )
        project.run("\n".join([send.format("slow")] * 5))
        project.wait_until(lambda: bool(discord.requests("slow")), what="the request that hangs")
        project.run(send.format("fast"))
        project.wait_until(lambda: len(discord.messages("fast")) == 1, what="the other webhook's message", timeout=10)
        assert len(discord.requests("slow")) == 1
