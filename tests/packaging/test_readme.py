"""What the README, the pages of docs/ and .env.example say is so."""

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
from webhook_alerts.presets import PRESETS, ROUTES
from webhook_alerts.testing.outbox import override_alerts

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
SETTINGS = (ROOT / "docs" / "settings.md").read_text()
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
DISCORD = f"https://discord.com/api/webhooks/123456789012345678/{'t' * 68}"


def block(part: str) -> str:
    (found,) = (text for text in BLOCKS if part in text)
    return found


@pytest.mark.parametrize("names", [("errors", "info"), ("errors",), ()])
def test_the_settings_work_as_they_are_copied(monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...]) -> None:
    for name in ("errors", "info"):
        monkeypatch.delenv(f"WEBHOOK_{name.upper()}_URL", raising=False)
    for name in names:
        monkeypatch.setenv(f"WEBHOOK_{name.upper()}_URL", DISCORD)
    settings: dict[str, Any] = {"INSTALLED_APPS": []}
    exec(block("INSTALLED_APPS"), settings)
    config = conf.parse(settings["WEBHOOK_ALERTS"])
    assert config.problems == ()
    assert set(config.webhooks) == set(names)
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


def section(title: str) -> str:
    """What stands below that heading of docs/settings.md."""
    return SETTINGS.split(f"\n## {title}\n")[1].split("\n## ")[0]


def firsts(table: str, pattern: str) -> list[str]:
    """What the first column of the tables names."""
    rows = [row for row in table.splitlines() if row[:1] == "|"]
    return [name for row in rows for name in re.findall(f"`({pattern})`", row.split("|")[1])]


def test_the_tables_name_every_setting_once() -> None:
    assert sorted(firsts(section("Every key"), "[A-Z_]+")) == sorted(KEYS)


def test_every_option_of_a_webhook_is_named_once() -> None:
    options = {*WEBHOOK_OPTIONS, "url", "channel", "rate", "min_level", "quiet_hours"}
    assert sorted(firsts(section("Options of a webhook"), "[a-z_]+")) == sorted(options)


def test_the_defaults_are_those_of_the_code() -> None:
    config = conf.parse({})
    told: dict[str, float] = {}
    for row in section("Every key").splitlines():
        names = re.findall(r"`([A-Z_]+)`", row.split("|")[1]) if row.count("|") == 4 else []
        defaults = [getattr(config, name.lower()) for name in names]
        if defaults and all(type(default) in (int, float) for default in defaults):
            numbers = re.findall(r"\d[\d,]*(?!\d)", row.split("|")[3].replace(", ", " "))
            told.update(zip(names, (float(number.replace(",", "")) for number in numbers), strict=False))
    assert len(told) == 13
    assert told == {name: getattr(config, name.lower()) for name in told}


def test_the_presets_are_those_of_the_code() -> None:
    rows = [row.split("|")[2:-1] for row in section("Presets").splitlines() if row[:1] == "|"]
    names, _, *values = rows
    told = [[int(re.findall(r"\d+", cell)[0]) for cell in row] for row in values]
    presets = [PRESETS[name.strip()] for name in names]
    assert told == [
        [preset.queue_size for preset in presets],
        [preset.max_attempts for preset in presets],
        [preset.flush_interval for preset in presets],
        [preset.rate[0].limit for preset in presets],
    ]


def test_the_routes_are_those_of_the_code() -> None:
    told = {}
    for row in section("Routes").splitlines():
        cells = row.split("|")
        for what in re.findall(r"[A-Z]{4,}|(?<=notify\.)\w+", cells[1] if len(cells) == 4 else ""):
            told[what.lower()] = tuple(re.findall(r"`(\w+)`", cells[2]))
    assert told == ROUTES


LINKS = [(page.relative_to(ROOT), link) for page in PAGES for link in re.findall(r"\]\(([^):]+)\)", page.read_text())]


@pytest.mark.parametrize(("page", "link"), sorted(set(LINKS)))
def test_links_lead_somewhere(page: Path, link: str) -> None:
    path, _, anchor = link.partition("#")
    target = (ROOT / page).parent / path if path else ROOT / page
    assert target.exists()
    if anchor:
        headings = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE)
        assert anchor in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


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
