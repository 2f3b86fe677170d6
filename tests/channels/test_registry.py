"""Which channels there are: ours, and those that an installed package brings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from webhook_alerts.channels import registry
from webhook_alerts.channels.base import Access, Channel, Request, Verdict
from webhook_alerts.channels.generic import Generic
from webhook_alerts.conf import Webhook
from webhook_alerts.delivery.exchange import edit, post

DISCORD = f"https://discord.com/api/webhooks/123456789012345678/{'T' * 68}"
ROOT = Path(__file__).resolve().parents[2]
SOUND = """
from webhook_alerts.channels.generic import Generic

class Acme(Generic):
    name = "acme"

    def recognises(self, url):
        return url.startswith(("https://acme.example/", "https://discord.com/"))
"""
MODULES = {
    "acme_sound": SOUND,
    "acme_missing": "import no_such_library\n",
    "acme_exit": "raise SystemExit('bye')\n",
    "acme_abstract": "from webhook_alerts.channels.base import Channel\n\nclass Acme(Channel):\n    name = 'acme'\n",
    "acme_function": "def Acme():\n    return None\n",
    "acme_rate": f"{SOUND}\n    default_rate = '5/s'\n",
    "acme_raises": f"{SOUND}\n    def __init__(self):\n        raise ValueError('no')\n",
    "acme_claims": f"{SOUND}\n    def recognises(self, url):\n        raise ValueError(url)\n",
}
BROKEN = {
    "missing": "cannot be loaded: ModuleNotFoundError (no_such_library)",
    "exit": "cannot be loaded: SystemExit",
    "abstract": "lacks a usable classify, default_rate, endpoint, max_alerts, provider, recognises, render",
    "function": "is no subclass of webhook_alerts.channels.base.Channel",
    "rate": "lacks a usable default_rate",
    "raises": "cannot be loaded: ValueError",
}


def install(folder: Path, channels: dict[str, str]) -> None:
    """A distribution in *folder*, as pip leaves one, whose entry points are *channels*."""
    for name, source in MODULES.items():
        (folder / f"{name}.py").write_text(source)
    about = folder / "acme_alerts-1.2.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-alerts\nVersion: 1.2\n")
    lines = [f"{name} = {module}:Acme" for name, module in channels.items()]
    (about / "entry_points.txt").write_text("\n".join(["[webhook_alerts.channels]", *lines, ""]))


def told(folder: Path, webhooks: dict[str, Any], script: str) -> Any:
    """What *script* puts into ``found`` in a process of its own, which has *folder* on its path, and Django set up."""
    start = (
        "import json, sys\n"
        "from django.conf import settings\n"
        "import django\n"
        "settings.configure(INSTALLED_APPS=['django.contrib.contenttypes', 'django.contrib.auth', 'webhook_alerts'],\n"
        f"    BASE_DIR={str(folder)!r}, WEBHOOK_ALERTS={{'WEBHOOKS': {webhooks!r}}})\n"
        "django.setup()\n"
        "from webhook_alerts.channels import registry\n"
        "from webhook_alerts.conf import get_config\n"
        "def loaded(): return sorted(name for name in sys.modules if name.startswith('acme_'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"{start}{script}\nprint(json.dumps(found))"],
        capture_output=True, text=True, timeout=60, check=False, cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{folder}:{ROOT}"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_an_installed_package_joins_by_its_entry_points(tmp_path: Path) -> None:
    install(tmp_path, {"acme": "acme_sound", "discord": "acme_missing", "unused": "acme_missing"})
    webhooks = {
        "ours": DISCORD,
        "named": {"url": "https://other.example/", "channel": "acme"},
        "recognised": "https://acme.example/hook",
        "nobodys": "https://nobody.example/hook",
    }
    found = told(
        tmp_path,
        webhooks,
        "channels = {each.name: each.channel for each in get_config().webhooks.values()}\n"
        "found = registry.names(), channels, type(registry.get('acme')).__module__",
    )
    names, channels, module = found
    assert {"acme", "unused"} <= set(names)
    assert channels == {"ours": "discord", "named": "acme", "recognised": "acme", "nobodys": "webhook"}
    assert module == "acme_sound"


def test_a_package_is_loaded_by_what_needs_it_alone(tmp_path: Path) -> None:
    install(tmp_path, {"acme": "acme_sound"})
    script = "found = get_config().webhooks['ours'].channel, registry.names(), loaded()"
    channel, names, modules = told(tmp_path, {"ours": DISCORD}, script)
    assert channel == "discord"
    assert "acme" in names
    assert modules == []


def test_a_broken_package_says_so_and_harms_nothing(tmp_path: Path) -> None:
    install(tmp_path, {**{name: f"acme_{name}" for name in BROKEN}, "claims": "acme_claims"})
    named = {name: {"url": "https://other.example/SECRET", "channel": name} for name in BROKEN}
    found = told(
        tmp_path,
        {**named, "plain": "https://nobody.example/hook"},
        "import logging\n"
        "from webhook_alerts.checks import check_settings, check_surroundings\n"
        "from webhook_alerts.handlers import WebhookAlertHandler\n"
        "logging.getLogger('shop').addHandler(WebhookAlertHandler())\n"
        "logging.getLogger('shop').error('the site goes on')\n"
        "errors = [(each.id, each.msg) for each in check_settings()]\n"
        "warnings = [each.msg for each in check_surroundings() if each.id == 'webhook_alerts.W005']\n"
        "found = errors, warnings, {each.name: each.channel for each in get_config().webhooks.values()}",
    )
    errors, warnings, channels = found
    assert channels == {"plain": "webhook"}
    assert {check for check, _ in errors} == {"webhook_alerts.E008"}
    assert "SECRET" not in json.dumps(errors)
    for (name, wrong), (_, error), warning in zip(BROKEN.items(), errors, warnings, strict=True):
        said = f"the channel '{name}' of the package acme-alerts 1.2 {wrong}"
        assert error == f'WEBHOOK_ALERTS["WEBHOOKS"]["{name}"]["channel"] is \'{name}\', which cannot be used: {said}'
        assert warning == f"A webhook's address may be left unrecognised: {said}"


def test_what_is_neither_a_name_nor_a_path_is_told_with_the_names() -> None:
    with pytest.raises(LookupError, match=r"neither one of .*discord, .*slack"):
        registry.get("discrod")


class Failing(Generic):
    """Somebody's channel that fails when it is asked for a request."""

    supports_edit = True

    def request(self, access: Access, body: Any, files: Any, at: int) -> Request:
        raise KeyError(access.url)

    def edit(self, access: Access, message_id: str, body: Any) -> Request:
        raise KeyError(access.url)


class Carried(Generic):
    """One whose carrier is not there."""

    carrier = "no.such.carrier"


@pytest.mark.parametrize(
    ("channel", "verdict", "reason"),
    [
        (Failing(), Verdict.REFUSED, "no request could be made: KeyError"),
        (Carried(), Verdict.RETRY, "the carrier failed: ModuleNotFoundError"),
    ],
)
def test_a_channel_of_somebodys_that_fails_ends_as_an_outcome(
    channel: Channel, verdict: Verdict, reason: str, memory: Any
) -> None:
    webhook = Webhook(name="errors", url="https://acme.example/hook", channel="acme")
    outcomes = [post(webhook, channel, {"alerts": []}, ())[0]]
    if channel.supports_edit:
        outcomes.append(edit(webhook, channel, "1", {"alerts": []})[0])
    assert {(outcome.verdict, outcome.reason) for outcome in outcomes} == {(verdict, reason)}
