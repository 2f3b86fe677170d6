"""The system checks: wrong settings stop a deployment, and nothing else."""

from __future__ import annotations

import re
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import celery
import pytest
import redis
from django.core.checks import CheckMessage, run_checks
from django.db import ConnectionHandler
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.test import override_settings

from tests.configuration.cases import DISCORD, MISPLACED, TOKEN, WRONG, errors
from tests.conftest import Project
from tests.servers import free_port
from webhook_alerts import checks, notify
from webhook_alerts.checks import ground
from webhook_alerts.outbox import broker
from webhook_alerts.testing.outbox import override_alerts

PACKAGE = Path(checks.__file__).parent.parent


def ours(**given: Any) -> list[CheckMessage]:
    """What ``check --deploy``, or ``check`` with ``deploy=False``, finds in the settings."""
    deploy = given.pop("deploy", True)
    with override_settings(WEBHOOK_ALERTS=given):
        found = run_checks(include_deployment_checks=deploy)
    return [message for message in found if str(message.id).startswith("webhook_alerts.")]


def ids(found: list[CheckMessage]) -> set[str]:
    """Their ids, without the app's label."""
    return {str(message.id).removeprefix("webhook_alerts.") for message in found}


@pytest.fixture
def sound(redis_url: str, tmp_path: Path) -> dict[str, Any]:
    """Settings of which nothing is wrong."""
    return {**errors(), "REDIS_URL": redis_url, "SPOOL_DIR": str(tmp_path / "spool")}


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections and says nothing, with a password."""
    with listening() as server:
        yield address(server)


def listening() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def address(server: socket.socket) -> str:
    return f"redis://:{TOKEN}@127.0.0.1:{server.getsockname()[1]}/0"


def test_sound_settings_pass(sound):
    assert ours(**sound) == []


@pytest.mark.parametrize(("check", "raw", "words"), WRONG, ids=[f"{case[0]} {case[2]}" for case in WRONG])
def test_each_problem_is_an_error_of_its_own_id(check, raw, words):
    with override_settings(WEBHOOK_ALERTS=raw):
        (found,) = checks.check_settings()
    assert (found.id, found.is_serious()) == (f"webhook_alerts.{check}", True)
    assert words in f"{found.msg} {found.hint}"


UNWRITABLE = {"below a file": "taken/spool", "a file": "taken", "no path": "\ud800"}


@pytest.mark.parametrize("below", UNWRITABLE.values(), ids=UNWRITABLE)
def test_a_spool_that_cannot_be_written(sound, tmp_path, below):
    (tmp_path / "taken").touch()
    (found,) = ours(**{**sound, "SPOOL_DIR": f"{tmp_path}/{below}"})
    assert (found.id, found.is_serious()) == ("webhook_alerts.E015", True)
    assert "name another directory" in found.hint


def test_a_spool_is_made_for_its_owner_alone(sound, tmp_path):
    ours(**sound)
    assert (tmp_path / "spool").stat().st_mode & 0o777 == 0o700
    assert list((tmp_path / "spool").iterdir()) == []


@pytest.mark.parametrize("path", ["no.such.template", "os.sep", "nodots"])
def test_a_template_that_cannot_be_imported(sound, path):
    (found,) = ours(**sound, TEMPLATES={"error": path, "log": "copy.copy"})
    assert (found.id, found.is_serious()) == ("webhook_alerts.E022", True)
    assert '"error"' in found.msg


@pytest.mark.parametrize(
    ("timer", "seconds"), [("REQUEST_DEADLINE_S", 14.0), ("LEASE_S", 15.0), ("LEASE_S", 120.0), ("TASK_LIMIT_S", 60.0)]
)
def test_timers_that_do_not_grow(sound, monkeypatch, timer, seconds):
    monkeypatch.setattr(ground, timer, seconds)
    (found,) = ours(**sound)
    assert (found.id, found.is_serious()) == ("webhook_alerts.E020", True)
    assert found.hint


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"visibility_timeout": 60}, {"E021"}),
        ({"visibility_timeout": 120}, {"E021"}),
        ({"visibility_timeout": "1h"}, {"E021"}),
        ({"visibility_timeout": 121}, set()),
        ({"socket_timeout": 1}, set()),
        ({}, set()),
        (None, set()),
    ],
)
def test_a_broker_that_gives_a_running_task_to_a_second_worker(sound, monkeypatch, options, found):
    monkeypatch.setitem(broker.app().conf, "broker_transport_options", options)
    assert ids(ours(**sound)) == found


class Slower:
    """Annotations may be objects, too."""

    def annotate(self, task: Any) -> dict[str, Any] | None:
        return {"time_limit": 4000} if task.name == "webhook_alerts.flush" else None


@pytest.mark.parametrize(
    ("annotations", "found"),
    [
        ({"*": {"time_limit": 3599}}, set()),
        ({"*": {"time_limit": 3600}}, {"E021"}),
        ({"webhook_alerts.deliver.errors": {"time_limit": 7200}}, {"E021"}),
        ({"webhook_alerts.accept": {"time_limit": None}}, {"E021"}),  # without any limit
        ([{"other.task": {"time_limit": 1}}, Slower()], {"E021"}),
        ({"other.task": {"time_limit": 7200}}, set()),
        ({"*": {"rate_limit": "10/s"}}, set()),
        ({"webhook_alerts.deliver.errors": {"time_limit": 60}}, {"E020"}),  # no longer than a claim
        (None, set()),
    ],
)
def test_annotations_of_the_project_that_change_the_limit_of_a_task(sound, monkeypatch, annotations, found):
    monkeypatch.setitem(broker.app().conf, "task_annotations", annotations)
    wrong = ours(**sound)
    assert ids(wrong) == found
    assert all("task_annotations" in message.hint for message in wrong)


def test_a_task_without_a_limit_of_its_own_has_the_projects(sound, monkeypatch):
    monkeypatch.setitem(broker.app().conf, "task_annotations", {"*": {"time_limit": None}})
    monkeypatch.setitem(broker.app().conf, "task_time_limit", 300)
    assert ours(**sound) == []


def test_the_release_of_celery_whose_worker_ends_with_redis(sound, monkeypatch):
    monkeypatch.setattr(celery, "__version__", "5.7.0")
    (found,) = ours(**sound)
    assert (found.id, found.is_serious(), "5.6.3" in found.hint) == ("webhook_alerts.W001", False, True)


def test_no_webhook_at_all(sound):
    (found,) = ours(**{**sound, "WEBHOOKS": {}})
    assert (found.id, found.is_serious(), "WEBHOOKS" in found.hint) == ("webhook_alerts.W002", False, True)


def test_a_redis_that_is_not_there_is_a_warning_without_its_password(sound):
    (found,) = ours(**{**sound, "REDIS_URL": f"redis://:{TOKEN}@127.0.0.1:{free_port()}/0"})
    assert (found.id, found.is_serious(), "REDIS_URL" in found.hint) == ("webhook_alerts.W003", False, True)
    assert TOKEN not in f"{found!r} {found}"


def test_a_redis_that_says_nothing_is_waited_for_about_a_second(sound, silent):
    began = time.monotonic()
    found = ours(**{**sound, "REDIS_URL": silent})
    assert 0.9 < time.monotonic() - began < 30  # without a bound of ours: for ever
    assert ids(found) == {"W003"}
    assert TOKEN not in repr(found)


def test_a_redis_that_refuses_the_password_is_the_same(sound, redis_url, memory):
    memory.acl_setuser("reader", enabled=True, passwords=[f"+{TOKEN}"], commands=["-ping"])
    try:
        (found,) = ours(**{**sound, "REDIS_URL": redis_url.replace("//", f"//reader:{TOKEN}x@")})
    finally:
        memory.acl_deluser("reader")
    assert found.id == "webhook_alerts.W003"
    assert TOKEN not in f"{found!r} {found}"


def test_redis_is_asked_only_before_a_deployment(sound):
    with listening() as server:
        assert ours(**{**sound, "REDIS_URL": address(server)}, deploy=False) == []
        server.setblocking(False)
        with pytest.raises(BlockingIOError):  # nobody has come
            server.accept()


def test_mail_that_nobody_gets_is_told_where_alerts_are_to_reach_somebody(sound, settings):
    mailed = {**sound, "WEBHOOKS": {"errors": "mailto:ops@example.com"}}
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.DEFAULT_FROM_EMAIL = "alerts@example.com"
    assert ids(ours(**mailed)) == set()
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    settings.DEFAULT_FROM_EMAIL = "webmaster@localhost"
    assert ids(ours(**mailed)) == {"W006", "W007"}
    assert ids(ours(**mailed, PRESET="development")) == set()
    mailed["WEBHOOKS"] = {"errors": "mailto:ops@example.com?from=alerts@example.com"}
    assert ids(ours(**mailed)) == {"W006"}
    assert ids(ours(**sound)) == set()


def test_a_file_in_a_directory_that_is_not_there_is_told(sound, tmp_path):
    in_a_file = {**sound, "WEBHOOKS": {"errors": f"file://{tmp_path}/logs/alerts.log"}}
    assert ids(ours(**in_a_file)) == {"W008"}
    (tmp_path / "logs").mkdir()
    assert ids(ours(**in_a_file)) == set()


@pytest.mark.parametrize(
    ("engine", "name", "options", "found"),
    [
        ("sqlite3", "db.sqlite3", {}, {"W009"}),
        ("sqlite3", "db.sqlite3", {"timeout": 20, "transaction_mode": "deferred"}, {"W009"}),
        ("sqlite3", "db.sqlite3", {"transaction_mode": "IMMEDIATE"}, set()),
        ("sqlite3", ":memory:", {}, set()),
        ("postgresql", "shop", {}, set()),
    ],
)
def test_an_sqlite_whose_writers_refuse_each_other_is_told(sound, monkeypatch, engine, name, options, found):
    databases = {"default": {"ENGINE": f"django.db.backends.{engine}", "NAME": name, "OPTIONS": options}}
    monkeypatch.setattr(ground, "connections", ConnectionHandler(databases))
    assert ids(ours(**sound, deploy=False)) == found


def test_a_database_that_locks_in_other_ways_is_refused_and_another_one_for_alerts_will_do(sound, monkeypatch):
    class MySQL(DatabaseWrapper):
        """By its name alone, so that no driver is needed."""

        vendor = "mysql"

    class Router:
        def db_for_write(self, model, **_):
            return "alerts" if model._meta.app_label == "webhook_alerts" else None

    monkeypatch.setitem(sys.modules, "django.db.backends.mysql.base", SimpleNamespace(DatabaseWrapper=MySQL))
    databases = {
        "default": {"ENGINE": "django.db.backends.mysql", "NAME": "shop"},
        "alerts": {"ENGINE": "django.db.backends.postgresql", "NAME": "alerts"},
    }
    monkeypatch.setattr(ground, "connections", ConnectionHandler(databases))
    (found,) = ours(**sound, deploy=False)
    assert found.id == "webhook_alerts.E037"
    assert all(name in found.msg for name in ("mysql", "PostgreSQL", "SQLite"))
    assert 'DATABASES["default"]' in found.hint
    with override_settings(DATABASE_ROUTERS=[Router()]):
        assert ids(ours(**sound, deploy=False)) == set()


def test_where_there_is_no_database_at_all_that_is_left_to_django(sound, monkeypatch):
    monkeypatch.setattr(ground, "connections", ConnectionHandler({}))
    assert ids(ours(**sound, deploy=False)) == set()


def test_the_extra_for_apprise_is_named_and_its_urls_are_tried_before_a_deployment(sound, monkeypatch):
    notified = {**sound, "WEBHOOKS": {"errors": {"url": f"nosuch://{TOKEN}", "channel": "apprise"}}}
    assert ids(ours(**notified, deploy=False)) == set()
    (found,) = ours(**notified)
    assert (found.id, TOKEN in found.msg) == ("webhook_alerts.E036", False)
    notified["WEBHOOKS"] = {"errors": {"url": "json://localhost", "channel": "apprise"}}
    assert ids(ours(**notified)) == set()
    monkeypatch.setitem(sys.modules, "apprise", None)
    (found,) = ours(**notified)
    assert (found.id, "django-webhook-alerts[apprise]" in found.hint) == ("webhook_alerts.E035", True)


def test_every_id_in_the_code_has_its_case_and_its_one_place():
    sources = [*(PACKAGE / "checks").glob("*.py"), *(PACKAGE / "configuration").glob("*.py"), PACKAGE / "conf.py"]
    written = set(re.findall(r'"(?:webhook_alerts\.)?([EW]\d{3})"', "".join(path.read_text() for path in sources)))
    surroundings = {
        "E015",
        "E020",
        "E021",
        "E022",
        "W001",
        "W002",
        "W003",
        "W004",
        "W005",
        "W006",
        "W007",
        "W008",
        "W009",
        "E035",
        "E036",
        "E037",
    }
    assert written == {case[0] for case in WRONG} | surroundings
    assert not {case[0] for case in WRONG} & surroundings


@pytest.mark.parametrize("raw", MISPLACED, ids=lambda raw: str(raw)[:50])
def test_no_check_shows_an_address_or_a_token(raw):
    with override_settings(WEBHOOK_ALERTS=raw):
        found = run_checks()
    assert ids(found) & {case[0] for case in WRONG}
    assert TOKEN not in "".join(f"{message} {message!r}" for message in found)


@pytest.mark.parametrize("raw", [{"WEBHOOKS": 5}, {"REDACT": 7}, {"DEDUP_WINDOW": "x"}, {"PRESET": []}, {"ROUTES": 1}])
def test_a_wrong_setting_does_not_break_a_call(raw):
    with override_alerts(**raw) as alerts:
        assert notify.error("it broke", password=TOKEN)
    (alert,) = alerts
    assert alert.message == "it broke"
    assert TOKEN not in repr(alert)


# The commands, as they are run

STOPS = [
    ("42", "E001"),
    (f"{{'WEBHOOKS': {{'errors': {DISCORD.replace('https', 'http')!r}}}}}", "E007"),
    ("{'QUEUE_SIZE': 'many'}", "E003"),
    ("{'PRESET': Hostile()}", "E004"),
]
SETTINGS = """
from tests.settings import *

class Hostile:
    __str__ = __repr__ = __eq__ = __hash__ = None

CELERY_BROKER_TRANSPORT_OPTIONS = {options}
WEBHOOK_ALERTS = {alerts}
LOGGING = {{
    "version": 1,
    "handlers": {{"alerts": {{"class": "webhook_alerts.handlers.WebhookAlertHandler"}}}},
    "root": {{"handlers": ["alerts"]}},
}}
"""


@pytest.fixture
def project(tmp_path: Path, memory: redis.Redis) -> Callable[..., Project]:
    """Make a project whose settings say this, in Python."""

    def make(alerts: str, options: str = "{}") -> Project:
        (tmp_path / "odd_settings.py").write_text(SETTINGS.format(alerts=alerts, options=options))
        env = {"DJANGO_SETTINGS_MODULE": "odd_settings", "TEST_SQLITE": str(tmp_path / "odd.sqlite3")}
        made = Project(tmp_path, env)
        made.env["PYTHONPATH"] += f":{tmp_path}"
        return made

    return make


@pytest.mark.parametrize(("alerts", "check"), STOPS)
@pytest.mark.parametrize("command", ["check", "migrate"])
def test_a_wrong_setting_stops_a_command_and_names_itself(project, command, alerts, check):
    done = project(alerts).manage(command)
    assert done.returncode == 1
    assert f"(webhook_alerts.{check})" in done.stderr
    assert "HINT:" in done.stderr
    assert TOKEN not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "Applying" not in done.stdout


def test_a_wrong_timer_of_the_project_stops_it_too(project):
    done = project("{}", "{'visibility_timeout': 30}").manage("check")
    assert (done.returncode, "(webhook_alerts.E021)" in done.stderr) == (1, True)


@pytest.mark.parametrize(("alerts", "check"), STOPS)
def test_a_wrong_setting_breaks_neither_an_import_nor_a_log_call(project, alerts, check):
    code = "import logging, webhook_alerts.tasks, webhook_alerts.admin\nlogging.error('it broke')\nprint('alive')"
    assert project(alerts).run(code) == "alive\n"
