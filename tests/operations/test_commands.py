"""``manage.py alerts``, as an operator and a script call it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import redis
from django.core.management import CommandError, call_command
from kombu import Connection

from tests.conftest import Project
from tests.delivery.mail_server import mail_server
from webhook_alerts.alert import Alert, Kind, Level, uuid7
from webhook_alerts.conf import Config
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.delivery.gate import gate_for
from webhook_alerts.handlers import WebhookAlertHandler
from webhook_alerts.intake.accept import accept
from webhook_alerts.models import Delivery, Message
from webhook_alerts.operations import doctor
from webhook_alerts.outbox.spool import Spool
from webhook_alerts.testing.fake_discord import Answer, FakeDiscord

Configure = Callable[..., Config]
pytestmark = pytest.mark.django_db(transaction=True)


def alerts(*arguments: str) -> str:
    """What the command prints."""
    out = StringIO()
    call_command("alerts", *arguments, stdout=out, no_color=True)
    return out.getvalue()


def data(*arguments: str) -> Any:
    return json.loads(alerts(*arguments, "--json"))


def item(message: str, **values: Any) -> dict[str, Any]:
    alert = Alert(
        id=uuid7(), level=Level.ERROR, kind=Kind.ERROR, message=message, first_seen=1.0, last_seen=2.0, **values
    )
    return alert.to_dict()


@pytest.fixture
def one(configure: Configure, discord: FakeDiscord) -> Config:
    """One webhook, at the stand-in."""
    return configure(WEBHOOKS={"errors": {"url": discord.url(), "channel": "discord", "rate": []}}, MAX_ATTEMPTS=1)


def fail_one(discord: FakeDiscord) -> Message:
    """A message that the service has refused once and for all."""
    discord.script("errors", [Answer(500)])
    accept({"alerts": [item("unlucky")]})
    deliver("errors")
    return Message.objects.get(state="failed")


def test_status_tells_the_sums_and_that_they_agree(one: Config, discord: FakeDiscord) -> None:
    accept({"alerts": [item("first", occurrences=3)]})
    deliver("errors")
    accept({"alerts": [item("second")]})
    found = data("status")
    row = found["webhooks"]["errors"]
    assert (row["received"], row["delivered"], row["suppressed"], row["pending"]) == (4, 1, 2, 1)
    assert row["gate"] == "open"
    assert row["oldest_pending_s"] >= 0
    assert found["conserved"] is True
    assert "4 received = 1 delivered + 2 suppressed + 1 pending + 0 failed" in alerts("status")


def test_status_says_what_waits_on_disk_and_that_redis_is_away(
    configure: Configure, discord: FakeDiscord, tmp_path: Path
) -> None:
    configure(WEBHOOKS={"errors": {"url": discord.url(), "channel": "discord"}}, REDIS_URL="redis://127.0.0.1:1/0")
    Spool(str(tmp_path / "spool")).write([("alert", item("kept")), ("alert", item("kept too"))])
    found = data("status")
    assert found["redis"] == {"answers": False, "error": "ConnectionError"}
    assert (found["spool"]["files"], found["spool"]["alerts"]) == (1, 2)
    assert found["webhooks"]["errors"]["gate"] == "unknown"


def test_replay_sends_again_what_failed(one: Config, discord: FakeDiscord) -> None:
    fail_one(discord)
    assert data("replay", "--webhook", "errors", "--since", "2h") == {"replayed": 1}
    deliver("errors")
    assert Delivery.objects.get().state == "delivered"
    assert data("replay") == {"replayed": 0}


def test_replay_by_id_takes_an_alert_or_a_message_and_leaves_the_rest(one: Config, discord: FakeDiscord) -> None:
    message = fail_one(discord)
    assert data("replay", "--id", str(uuid7())) == {"replayed": 0}
    assert data("replay", "--id", str(message.pk)) == {"replayed": 1}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("replay", "--since", "yesterday"), "yesterday"),
        (("replay", "--id", "17"), "17"),
        (("replay", "--webhook", "erors"), "erors"),
        (("test", "--webhook", "erors"), "errors"),
        (("resume", "nowhere"), "nowhere"),
    ],
)
def test_bad_input_is_named(one: Config, arguments: tuple[str, ...], named: str) -> None:
    with pytest.raises(CommandError, match=named):
        alerts(*arguments)


def test_resume_ends_a_pause(one: Config) -> None:
    gate_for("errors").pause("HTTP 404: Unknown Webhook")
    assert data("status")["webhooks"]["errors"]["gate"] == "paused"
    assert data("resume", "errors") == {"webhook": "errors", "was_paused": True}
    assert data("status")["webhooks"]["errors"]["gate"] == "open"


def test_spool_stores_what_waits_without_a_broker(one: Config, tmp_path: Path) -> None:
    Spool(str(tmp_path / "spool")).write([("alert", item("from disk"))])
    assert data("spool")["alerts"] == 1
    assert data("spool", "--replay")["replayed"] == 1
    assert Delivery.objects.get().alert.message == "from disk"
    assert data("spool")["alerts"] == 0


def test_doctor_names_everything_that_is_missing(one: Config, discord: FakeDiscord, tmp_path: Path) -> None:
    discord.delete("errors")
    Spool(str(tmp_path / "spool")).write([("alert", item("kept"))])
    with pytest.raises(CommandError) as error:
        alerts("doctor")
    assert {"spool", "workers", "beat", "webhook errors"} == set(str(error.value)[10:].split(", "))
    assert [entry.method for entry in discord.ledger] == ["GET"]  # it sends nothing


def test_doctor_asks_a_mail_server_without_sending(configure, settings) -> None:
    configure(WEBHOOKS={"oncall": "mailto:ops@example.com"})
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    with mail_server() as mailbox:
        settings.EMAIL_PORT = mailbox.port
        answers = [finding for finding in doctor.examine() if finding.name == "webhook oncall"]
    answers += [finding for finding in doctor.examine() if finding.name == "webhook oncall"]
    assert [(found.well, found.seen) for found in answers] == [
        (True, "answers, gate open"),
        (False, "cannot be reached: connection_refused"),
    ]
    assert not mailbox.received


@pytest.mark.parametrize("named", [None, "shop"])
def test_doctor_remarks_that_only_notify_is_used_and_calls_it_no_failure(one: Config, named: str | None) -> None:
    handler = WebhookAlertHandler()
    if named:
        logging.getLogger(named).addHandler(handler)
    try:
        (found,) = [finding for finding in doctor.examine() if finding.name == "logging"]
    finally:
        logging.getLogger(named or "shop").removeHandler(handler)
    assert found.well
    assert ("on: shop" if named else "logger.error does not") in found.seen
    assert named or "webhook_alerts.handlers.WebhookAlertHandler" in found.seen


def test_doctor_survives_a_broker_and_a_redis_that_are_away(make_project: Callable[..., Project]) -> None:
    nowhere = "redis://:hunter2@127.0.0.1:1/0"
    webhooks = json.dumps({"errors": "https://127.0.0.1:1/hook"})
    examined = make_project(TEST_WEBHOOKS=webhooks, TEST_BROKER_URL=nowhere, REDIS_URL=nowhere).manage(
        "alerts", "doctor"
    )
    assert examined.returncode == 1
    assert "FAIL broker: does not answer at redis://127.0.0.1:1/0" in examined.stdout
    assert "FAIL redis: does not answer" in examined.stdout
    assert "FAIL webhook errors: cannot be reached" in examined.stdout
    assert "hunter2" not in examined.stdout + examined.stderr


def test_where_migrate_was_forgotten_every_command_says_so_and_the_doctor_goes_on(
    make_project: Callable[..., Project],
) -> None:
    with FakeDiscord() as discord:
        hook = {"url": discord.url(), "channel": "discord"}
        project = make_project(is_migrated=False, TEST_WEBHOOKS=json.dumps({"errors": hook}))
        examined = project.manage("alerts", "doctor", "--json")
        others = {verb: project.manage("alerts", verb) for verb in ("status", "test", "replay")}
        assert not discord.requests(), "a trial whose end nobody would see is not begun"
    found = {finding["name"]: finding for finding in json.loads(examined.stdout)}
    assert examined.returncode == 1
    assert "0001_initial" in found["database"]["seen"]
    assert "manage.py migrate" in found["database"]["hint"]
    assert found["webhook errors"]["well"], "it was asked all the same"
    for verb, done in others.items():
        assert done.returncode == 2, verb
        assert "Run: manage.py migrate" in done.stderr


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://user:hunter2@cache:6380/3", "redis://cache:6380/3"),
        ("redis://:hunter2@a/0;redis://:hunter2@b/1", "redis://a/0"),
        ("rediss://:hunter2@cache/0?ssl_cert_reqs=none", "rediss://cache/0"),
        ("amqp://shop:hunter2@mq//", "amqp://mq/"),
        ("amqp://", "amqp://localhost/"),
        ("redis+socket:///run/hunter2.sock?virtual_host=2", "redis"),
    ],
)
def test_the_doctor_says_which_broker_was_asked_without_its_password(url: str, shown: str) -> None:
    assert doctor.address(Connection(url)) == shown


def test_the_doctor_says_what_each_webhook_is_taken_for(configure: Configure, discord: FakeDiscord) -> None:
    configure(WEBHOOKS={"errors": {"url": discord.url(), "channel": "discord"}, "info": discord.url("info")})
    (found,) = [finding for finding in doctor.examine() if finding.name == "settings"]
    assert found.seen == "sound; webhooks: errors (discord), info (webhook)"


@pytest.mark.slow
def test_a_trial_that_no_worker_takes_says_so(make_project: Callable[..., Project], discord: FakeDiscord) -> None:
    project = make_project(TEST_WEBHOOKS=json.dumps({"errors": {"url": discord.url(), "channel": "discord"}}))
    tried = project.manage("alerts", "test", "--timeout", "0.5")
    assert tried.returncode == 1
    assert "alerts doctor" in tried.stderr


@pytest.mark.slow
def test_with_all_running_the_trial_arrives_and_the_doctor_finds_nothing(
    make_project: Callable[..., Project], memory: redis.Redis
) -> None:
    with FakeDiscord() as discord:
        webhooks = {
            name: {"url": discord.url(name), "channel": "discord", "min_level": "WARNING"} for name in ("a", "b")
        }
        project = make_project(TEST_WEBHOOKS=json.dumps(webhooks))
        project.worker()
        project.beat()
        project.wait_until(lambda: memory.exists("webhook_alerts:flushed") == 1, what="a flush")
        tried = project.manage("alerts", "test", "--json")
        assert tried.returncode == 0, tried.stderr + project.logs()
        assert {(each["webhook"], each["arrived"]) for each in json.loads(tried.stdout)} == {("a", True), ("b", True)}
        examined = project.manage("alerts", "doctor")
        assert examined.returncode == 0, examined.stdout + examined.stderr
        assert len(discord.messages("b")) == 1
        discord.script("a", [Answer(400, body={"message": "Cannot send an empty message", "code": 50006})])
        refused = project.manage("alerts", "test", "--webhook", "a")
        assert refused.returncode == 1
        assert "a: failed" in refused.stdout
        assert "Cannot send an empty message" in refused.stdout, "what the service said is told"
