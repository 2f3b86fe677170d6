"""What docs/health.md shows is what there is."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client
from django.urls import resolve

from tests.health.conftest import TOKEN
from webhook_alerts.health import endpoints
from webhook_alerts.management.commands.alerts import Command

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "health.md").read_text()


def shape(value: Any, *, names: bool = False) -> Any:
    """The keys of an answer; names of workers, queues, webhooks and endpoints are anybody's."""
    if not isinstance(value, dict):
        return None
    free = {"workers", "queues", "webhooks", "endpoints"}
    if names:
        return [shape(next(iter(value.values()), None))]
    return {
        key: shape(each, names=key in free and "status" not in each) for key, each in value.items() if key != "reason"
    }


@pytest.mark.django_db(transaction=True)
def test_the_answer_has_the_keys_that_are_shown(site: Any, client: Client) -> None:
    endpoints.record("openai", 0.1, True)
    endpoints._scribe.close()
    (shown,) = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    told = client.get("/health/", HTTP_AUTHORIZATION=f"Bearer {TOKEN}").json()
    assert shape(told) == shape(json.loads(shown))


def probes() -> list[dict[str, Any]]:
    blocks = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    parts = [part for block in blocks for part in re.split(r"^# beat's$", block, flags=re.MULTILINE)]
    return [probe for part in parts for probe in yaml.safe_load(part).values()]


def test_the_pages_that_are_probed_are_there() -> None:
    paths = [probe["httpGet"]["path"].partition("?")[0] for probe in probes() if "httpGet" in probe]
    assert [resolve(path).url_name for path in paths] == ["health-live", "health-ready"]


@pytest.mark.parametrize("probe", [probe for probe in probes() if "exec" in probe], ids=str)
def test_the_commands_that_are_run_are_understood(probe: dict[str, Any]) -> None:
    words = shlex.split(" ".join(probe["exec"]["command"]).removeprefix("sh -c "))
    assert words[:3] == ["python", "manage.py", "alerts"]
    parsed = Command().create_parser("manage.py", "alerts").parse_args(words[3:])
    assert parsed.worker == "celery@$(hostname)" or parsed.beat


def test_the_commands_of_compose_are_understood() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    asked = [" ".join(services[name]["healthcheck"]["test"][1:]) for name in ("worker", "beat")]
    for text in asked:
        words = shlex.split(text.replace("$$", "$"))
        parsed = Command().create_parser("manage.py", "alerts").parse_args(words[3:])
        assert parsed.worker == "celery@$(hostname)" or parsed.beat
    assert "/health/ready/" in services["web"]["healthcheck"]["test"][-1]
