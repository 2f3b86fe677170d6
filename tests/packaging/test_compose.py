"""docker-compose.yml, by its structure: there may be no Docker engine where the tests run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, Any] = COMPOSE["services"]
RUNNING = sorted(set(SERVICES) - {"migrate"})


def test_all_parts_are_there() -> None:
    assert set(SERVICES) == {"postgres", "redis", "standin", "migrate", "web", "worker", "beat"}
    assert SERVICES["worker"]["deploy"]["replicas"] == 2
    assert "--appendonly yes" in SERVICES["redis"]["command"][-1]


@pytest.mark.parametrize("name", RUNNING)
def test_each_service_has_a_health_check(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert {"interval", "timeout", "retries"} <= set(check)


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_nothing_starts_before_what_it_needs(name: str) -> None:
    needs = SERVICES[name]["depends_on"]
    assert needs["postgres"]["condition"] == needs["redis"]["condition"] == "service_healthy"
    assert needs["migrate"]["condition"] == "service_completed_successfully"
    assert set(needs) <= set(SERVICES)


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_no_secret_stands_in_the_file(name: str) -> None:
    for key, value in SERVICES[name].get("environment", {}).items():
        if re.search("SECRET|PASSWORD|_URL", key) and key != "STANDIN_URL":
            assert re.search(r"\$\{\w+:\?", value) or "://standin:8090/" in value, key


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_volumes_are_declared_and_ports_stay_on_this_machine(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        assert volume.split(":")[0] in COMPOSE["volumes"]
    for port in SERVICES[name].get("ports", []):
        assert port.startswith("127.0.0.1:")


def test_the_secrets_that_it_asks_for_are_in_the_example_of_an_environment() -> None:
    example = (ROOT / ".env.example").read_text()
    asked = set(re.findall(r"\$\{(\w+):\?", TEXT))
    assert asked == {"SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD", "ADMIN_PASSWORD"}
    assert all(f"# {name}=\n" in example for name in asked)


def test_the_webhooks_of_the_stand_in_are_accepted_by_the_settings() -> None:
    from webhook_alerts.conf import parse

    urls = re.findall(r"WEBHOOK_(\w+)_URL:-([^}]+)\}", TEXT)
    webhooks = {name.lower(): {"url": url, "channel": "discord"} for name, url in urls}
    config = parse({"WEBHOOKS": webhooks, "ALLOW_PRIVATE_NETWORKS": True})
    assert config.problems == ()
    assert set(config.webhooks) == {"errors", "info", "performance", "members"}


def test_the_image_copies_what_is_there_and_does_not_run_as_root() -> None:
    lines = (ROOT / "example_project" / "Dockerfile").read_text().splitlines()
    for line in lines:
        if line.startswith("COPY "):
            *sources, _ = shlex.split(line)[1:]
            assert all((ROOT / source).exists() for source in sources), line
    assert "USER shop" in lines
