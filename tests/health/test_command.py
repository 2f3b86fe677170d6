"""``manage.py alerts health``, as a container or an operator calls it."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
import redis
from django.core.management import CommandError, call_command

from tests.health.conftest import beats
from webhook_alerts.conf import Config
from webhook_alerts.delivery.gate import gate_for
from webhook_alerts.shared_memory import FLUSHED

NOWHERE = "redis://127.0.0.1:1/0"
pytestmark = pytest.mark.django_db(transaction=True)


def health(*arguments: str) -> str:
    out = StringIO()
    call_command("alerts", "health", *arguments, stdout=out, no_color=True)
    return out.getvalue()


def test_what_is_not_well_is_said_and_degraded_is_no_failure(site: Config) -> None:
    gate_for("errors").pause("HTTP 404: Unknown Webhook")
    lines = health().splitlines()
    assert "database: healthy" in lines
    assert "webhooks: degraded: Nothing is sent to errors (paused)." in lines
    assert "pending: 0" in lines
    assert json.loads(health("--json"))["status"] == "degraded"


def test_unhealthy_is_a_failure_that_names_what_is(configure: Callable[..., Config]) -> None:
    configure(REDIS_URL=NOWHERE)
    with pytest.raises(CommandError, match=r"^Unhealthy: redis$") as error:
        health()
    assert error.value.returncode == 1


def test_one_worker_and_beat_may_be_asked_for_alone(site: Config, memory: redis.Redis) -> None:
    assert health("--worker", "celery@one", "--beat").splitlines() == ["worker celery@one: healthy", "beat: healthy"]
    with pytest.raises(CommandError, match="worker celery@two"):
        health("--worker", "celery@two")
    memory.set(FLUSHED, memory.time()[0] - 1000)
    with pytest.raises(CommandError, match=r"^Unhealthy: beat$"):
        health("--beat")
    memory.delete(FLUSHED)
    with pytest.raises(CommandError, match=r"^Unhealthy: beat$"):
        health("--beat")


def test_a_name_that_no_worker_has_is_answered_with_those_there_are(site: Config) -> None:
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("alerts", "health", "--worker", "celery@two", "--json", stdout=out)
    (found,) = json.loads(out.getvalue())["services"].values()
    assert found["reason"] == "No worker of this name was heard of within the last hour; there are: celery@one."


@pytest.mark.parametrize("asked", [("--worker", "celery@one"), ("--beat",)])
def test_what_cannot_be_told_is_no_failure(configure: Callable[..., Config], asked: tuple[str, ...]) -> None:
    configure(REDIS_URL=NOWHERE)
    assert json.loads(health(*asked, "--json"))["status"] == "unknown"


def test_beat_is_not_blamed_for_dead_workers(site: Config, memory: redis.Redis) -> None:
    memory.delete(FLUSHED, "webhook_alerts:workers")
    assert "beat: unknown" in health("--beat")
    beats(memory, "alerts")
    with pytest.raises(CommandError):
        health("--beat")


def test_the_sentences_are_in_the_language_of_the_site(site: Config, settings: Any) -> None:
    """Whoever asks first in another language does not settle it for all."""
    from django.utils import translation

    from webhook_alerts.health import report

    settings.LANGUAGE_CODE = "pt-br"
    with translation.override("de"):
        seen: list[str | None] = []
        report._probes.append(report.Probe("language", lambda: report.Finding(reason=str(translation.get_language()))))
        try:
            seen.append(report.current().findings["language"].reason)
        finally:
            report._probes.pop()
    assert seen == ["pt-br"]
