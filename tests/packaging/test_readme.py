"""What the README and .env.example say is so."""

from __future__ import annotations

import logging.config
import re
from pathlib import Path
from typing import Any

import environ
import pytest

from webhook_alerts import conf
from webhook_alerts.configuration.options import WEBHOOK_OPTIONS
from webhook_alerts.configuration.reader import KEYS
from webhook_alerts.env import webhook_alerts_from_env
from webhook_alerts.testing.outbox import override_alerts

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
DISCORD = f"https://discord.com/api/webhooks/123456789012345678/{'t' * 68}"


def block(part: str) -> str:
    (found,) = (text for text in BLOCKS if part in text)
    return found


def test_the_settings_work_as_they_are_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_ERRORS_URL", DISCORD)
    monkeypatch.setenv("WEBHOOK_INFO_URL", DISCORD)
    settings: dict[str, Any] = {"INSTALLED_APPS": []}
    exec(f"import os\n{block('INSTALLED_APPS')}", settings)
    config = conf.parse(settings["WEBHOOK_ALERTS"])
    assert config.problems == ()
    assert set(config.webhooks) == {"errors", "info"}
    handlers = logging.config.DictConfigurator(settings["LOGGING"])
    handler = handlers.configure_handler(dict(settings["LOGGING"]["handlers"]["alerts"]))
    assert handler.level == logging.WARNING


def test_the_settings_from_the_environment_work_as_they_are_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_ERRORS_URL", DISCORD)
    settings: dict[str, Any] = {}
    exec(block("webhook_alerts_from_env(env)"), settings)
    assert conf.parse(settings["WEBHOOK_ALERTS"]).webhooks["errors"].channel == "discord"


def test_the_calls_work_as_they_are_copied() -> None:
    with override_alerts() as alerts:
        calls = block("notify.critical").replace(", on_commit=True", "")
        exec(calls, {})
        assert len(alerts) == len(re.findall(r"^notify\.", calls, re.MULTILINE)) == 6


def test_the_table_names_every_setting() -> None:
    table = README.split("## Settings")[1].split("\n\\* for production")[0]
    named = {
        name for row in table.splitlines() if row[:1] == "|" for name in re.findall("`([A-Z_]+)`", row.split("|")[1])
    }
    assert named == set(KEYS)


def test_every_option_of_a_webhook_is_named() -> None:
    paragraph = README.split("A webhook's options:")[1].split("\n\n")[0]
    named = set(re.findall(r"`([a-z_]+)`", paragraph))
    assert {*WEBHOOK_OPTIONS, "url", "channel", "rate", "min_level"} <= named


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_links_lead_somewhere(target: str) -> None:
    assert (ROOT / target).exists()


def test_every_variable_of_the_example_environment_is_understood() -> None:
    lines = re.findall(r"^# ([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    given = {name: value or DISCORD for name, value in lines if name == "ENVIRONMENT" or name.startswith("WEBHOOK_")}
    assert len(given) > 15

    class Example(environ.Env):
        ENVIRON = given

    settings = webhook_alerts_from_env(Example())
    assert conf.parse(settings).problems == ()
    for name in given:
        without = {key: value for key, value in given.items() if key != name}
        Example.ENVIRON = without
        assert webhook_alerts_from_env(Example()) != settings, f"{name} changes nothing"
