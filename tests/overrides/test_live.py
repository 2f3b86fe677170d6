"""Real workers, prefork, on Redis and on RabbitMQ: they follow what operators set without being restarted."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.conftest import Project
from tests.overrides.conftest import KEY
from webhook_alerts.testing.fake_discord import FakeDiscord

pytestmark = pytest.mark.slow
RAISE = "from webhook_alerts import notify\nnotify.using(dedup=False, webhook={!r}).{}({!r})\nassert notify.flush(20)"
IN_ADMIN = """
from django.contrib.auth.models import User
from django.test import Client
from django.test.utils import setup_test_environment
from django.urls import reverse
setup_test_environment()
user = User.objects.filter(username="ana").first() or User.objects.create_superuser("ana")
client = Client()
client.force_login(user)
def post(page, *keys, **changed):
    url = reverse("admin:webhook_alerts_" + page, args=keys)
    form = client.get(url).context["adminform"].form
    shown = dict((bound.html_name, bound.value()) for bound in form)
    data = dict((key, value) for key, value in (shown | changed).items() if value not in (None, False))
    answer = client.post(url, data)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
"""


@pytest.fixture(params=["redis", "rabbitmq"])
def shop(
    request: pytest.FixtureRequest,
    make_project: Callable[..., Project],
    discord: FakeDiscord,
) -> Project:
    """A project with one webhook, its worker and its beat, on either broker."""
    hooks = {"errors": {"url": discord.url("errors"), "channel": "discord", "rate": []}}
    env = {"TEST_WEBHOOKS": json.dumps(hooks), "TEST_ENCRYPTION_KEYS": KEY, "TEST_PRIVATE_NETWORKS": "1"}
    if request.param == "rabbitmq":
        env["TEST_BROKER_URL"] = request.getfixturevalue("rabbitmq")
    project = make_project(**env)
    project.worker("-E")
    project.beat()
    project.run(RAISE.format("errors", "error", "they run"))
    project.wait_until(lambda: bool(texts(discord, "errors", "they run")), what="the first message")
    return project


def in_admin(project: Project, code: str) -> None:
    """Do what an operator does, by the admin's own views."""
    project.run(f"{IN_ADMIN}\n{code}")


def texts(discord: FakeDiscord, channel: str, part: str) -> list[Any]:
    """The messages that hold *part*."""
    return [message for message in discord.messages(channel) if part in json.dumps(message)]


def add(discord: FakeDiscord, name: str = "ops", **options: str) -> str:
    """The code that adds a webhook."""
    given = {"name": name, "address": discord.url(name), "channel": "discord", "rate": "", **options}
    return f"post('webhookoverride_add', **{given!r})"


def test_a_webhook_is_added_changed_and_deleted_under_a_running_worker(
    shop: Project, discord: FakeDiscord, memory: redis.Redis
) -> None:
    in_admin(shop, add(discord) + "\npost('routeoverride_change', 'error', webhooks=['ops'])")
    began = time.monotonic()
    shop.run(RAISE.format((), "error", "for the new one"))
    shop.wait_until(lambda: bool(texts(discord, "ops", "for the new one")), what="the message at the new webhook")
    assert time.monotonic() - began < 20
    assert not texts(discord, "errors", "for the new one")

    in_admin(shop, "post('webhookoverride_change', 'ops', rate='2/h')")
    shop.wait_until(lambda: gate(shop, "ops") == "limited" or _spend(shop), what="the new rate", timeout=60)
    sent = len(discord.requests("ops"))
    shop.run(RAISE.format("ops", "critical", "held by the rate"))
    shop.wait_until(lambda: pending(shop, "ops") > 0, what="a delivery that waits")
    assert len(discord.requests("ops")) == sent

    in_admin(shop, "post('webhookoverride_change', 'ops', rate='')")
    shop.wait_until(lambda: bool(texts(discord, "ops", "held by the rate")), what="what the rate had held")

    in_admin(shop, RESET)
    before = len(discord.requests("ops"))
    shop.run(
        "from webhook_alerts.models import *\nfrom django.utils import timezone\n"
        "one = Alert.objects.create(level=40, kind='log', message='left over', first_seen=timezone.now(), "
        "last_seen=timezone.now())\nDelivery.objects.create(alert=one, webhook='ops', level=40)"
    )
    shop.run(RAISE.format((), "critical", "goes to errors again"))
    shop.wait_until(lambda: bool(texts(discord, "errors", "goes to errors again")), what="the settings' own route")
    flushes = float(memory.get("webhook_alerts:flushed") or 0)
    shop.wait_until(
        lambda: float(memory.get("webhook_alerts:flushed") or 0) > flushes + 2, what="two more rounds of beat"
    )
    assert len(discord.requests("ops")) == before
    assert pending(shop, "ops") == 1


RESET = """
from webhook_alerts.models import RouteOverride, WebhookOverride
def seen(row):
    return {"post": "yes", "seen": row.changed_at.isoformat()}
for page, row in (("routeoverride", RouteOverride.objects.get()), ("webhookoverride", WebhookOverride.objects.get())):
    answer = client.post(reverse(f"admin:webhook_alerts_{page}_delete", args=[row.pk]), seen(row))
    assert answer.status_code == 302
assert not WebhookOverride.objects.exists() and not RouteOverride.objects.exists()
"""


def _spend(shop: Project) -> bool:
    """Use up what the rate lets through."""
    shop.run(RAISE.format("ops", "critical", "one more"))
    return False


def gate(shop: Project, name: str) -> str:
    """What ``alerts status`` says of its gate."""
    return str(json.loads(shop.manage("alerts", "status", "--json").stdout)["webhooks"][name]["gate"])


def pending(shop: Project, name: str) -> int:
    """How many deliveries wait."""
    return int(shop.ask(f"models.Delivery.objects.filter(webhook={name!r}, state='pending').count()"))


def test_celerys_own_limit_follows_the_rate(shop: Project, discord: FakeDiscord) -> None:
    in_admin(shop, "post('webhookoverride_change', 'errors', rate='1/s')")  # of Discord's own, 5/2s is the fastest
    shop.run(RAISE.format("errors", "critical", "makes its worker look"))

    def limit() -> str:
        code = (
            "import json\nfrom tests.celery_app import app\n"
            "found = app.control.inspect(timeout=2).registered('rate_limit') or {}\n"
            "print([text for tasks in found.values() for text in tasks if 'deliver.errors' in text])"
        )
        return shop.run(code)

    shop.wait_until(lambda: "rate_limit=3/s" in limit(), what="the limit of the running worker", timeout=60)


def test_the_address_is_in_clear_nowhere(
    shop: Project, discord: FakeDiscord, memory: redis.Redis, tmp_path: Path
) -> None:
    in_admin(shop, add(discord) + "\npost('routeoverride_change', 'error', webhooks=['ops'])")
    secret = discord.url("ops").rsplit("/", 1)[1]
    assert len(secret) > 20
    shop.run(RAISE.format((), "error", "for the new one"))
    shop.wait_until(lambda: bool(texts(discord, "ops", "for the new one")), what="the message")
    pages = in_pages(shop)
    assert "ops" in pages
    said = "".join(shop.manage("alerts", *verb).stdout for verb in (["status"], ["status", "--json"], ["doctor"]))
    assert "ops" in said
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("live.sqlite3*"))
    dumped = b"".join(repr(memory.dump(key)).encode() for key in memory.scan_iter("*"))
    for where, text in {
        "pages": pages.encode(), "commands": said.encode(), "database": stored, "redis": dumped,
        "logs": b"".join(path.read_bytes() for path in tmp_path.glob("celery-*.log")),
    }.items():  # fmt: skip
        assert secret.encode() not in text, where
    assert re.search(rb"gAAAA[\w=-]{50}", stored)


def in_pages(shop: Project) -> str:
    """What the admin shows of all this."""
    return shop.run(
        IN_ADMIN
        + (
            "pages = ['webhookoverride_changelist', 'routeoverride_changelist', 'act_changelist', 'pause_changelist']\n"
            "texts = [client.get(reverse(f'admin:webhook_alerts_{page}')).content.decode() for page in pages]\n"
            "one = reverse('admin:webhook_alerts_webhookoverride_change', args=['ops'])\n"
            "texts += [client.get(one).content.decode()]\n"
            "print(''.join(texts))"
        )
    )
