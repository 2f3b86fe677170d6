"""The console and a file: what stands there, and what happens where nothing can be written."""

from __future__ import annotations

import errno
import json
import os
import pty
import re
import stat
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.channels.hostile import alert, hostile
from tests.channels.strategies import alerts
from tests.delivery.conftest import an_alert
from webhook_alerts import emergency
from webhook_alerts.alert import Alert, Kind, Level
from webhook_alerts.channels import registry
from webhook_alerts.channels.base import Access, Request, Style, Verdict
from webhook_alerts.channels.console import Console
from webhook_alerts.channels.file import File, path
from webhook_alerts.delivery.carriers import bounded, console, file
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.delivery.transport import TransportError
from webhook_alerts.models import Attempt, Delivery, Message
from webhook_alerts.outbox.spool import Spool
from webhook_alerts.testing.standin import Answer

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def written(name: Path, *some: Alert, style: Style = Style()) -> list[dict[str, Any]]:  # noqa: B008 - it is frozen
    """The lines of the file after *some* alerts were appended."""
    assert file.send(request(f"file://{name}", *some, style=style), timeout=5).status == 200
    return [json.loads(line) for line in name.read_bytes().splitlines()]


def request(url: str, *some: Alert, style: Style = Style()) -> Request:  # noqa: B008 - it is frozen
    channel = registry.get(registry.recognise(url) or "")
    return channel.request(Access(url), channel.render(some, style).json, (), 0)


def test_a_file_gets_a_line_for_each_alert_and_is_its_owners_alone(tmp_path):
    before = os.umask(0)
    try:
        one, two = written(tmp_path / "alerts.log", alert(message="one\ntwo", last_seen=1.8e9), alert(service="shop"))
    finally:
        os.umask(before)
    assert (one["time"], one["level"], one["message"]) == ("2027-01-15T08:00:00Z", "ERROR", "one\ntwo")
    assert two["service"] == "shop"
    assert stat.S_IMODE((tmp_path / "alerts.log").stat().st_mode) == 0o600


def test_a_rotated_file_is_left_and_a_new_one_begun(tmp_path):
    written(tmp_path / "alerts.log", alert(message="before"))
    (tmp_path / "alerts.log").rename(tmp_path / "alerts.log.1")
    assert [line["message"] for line in written(tmp_path / "alerts.log", alert(message="after"))] == ["after"]


def test_a_line_that_was_cut_spoils_no_other(tmp_path):
    (tmp_path / "alerts.log").write_bytes(b'{"message": "the disk was fu')
    file.send(request(f"file://{tmp_path}/alerts.log", alert(message="whole")), timeout=5)
    torn, whole = (tmp_path / "alerts.log").read_bytes().splitlines()
    assert torn == b'{"message": "the disk was fu'
    assert json.loads(whole)["message"] == "whole"


def test_processes_that_write_at_once_tear_no_line(tmp_path):
    big = [alert(message=str(number) * 3000) for number in range(10)]
    asked = request(f"file://{tmp_path}/alerts.log", *big)
    threads = [threading.Thread(target=file.send, args=(asked,), kwargs={"timeout": 5}) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = (tmp_path / "alerts.log").read_bytes().splitlines()
    assert len(lines) == 80
    assert {json.loads(line)["message"][0] for line in lines} == set("0123456789")


@settings(max_examples=40, deadline=None)
@given(st.lists(alerts, min_size=1, max_size=5))
def test_any_alert_is_one_line_of_json_and_harmless_on_a_terminal(some: list[Alert]) -> None:
    for each in [*some, *hostile()[:3]]:
        (line,) = File().render([each], Style()).json["lines"]
        assert "\n" not in json.dumps(line)
        (told,) = Console().render([each], Style()).json["alerts"]
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", told["head"] + told["below"])
        assert "\n" not in told["head"]


@pytest.mark.parametrize(
    ("number", "status", "words"),
    [
        (errno.ENOSPC, 507, "No space left on device"),
        (errno.ENOENT, 503, "its directory is not there"),
        (errno.EISDIR, 503, "Is a directory"),
        (errno.EINVAL, 503, "it is no file"),
    ],
)
def test_what_cannot_be_written_is_tried_again_and_says_why_without_the_path(tmp_path, number, status, words):
    os.mkfifo(tmp_path / "pipe")
    names = {
        errno.ENOSPC: Path("/dev/full"),
        errno.ENOENT: tmp_path / "missing" / "secret.log",
        errno.EISDIR: tmp_path,
        errno.EINVAL: tmp_path / "pipe",
    }
    if number == errno.ENOSPC:
        answer = file._said(lambda: file._write(os.open(names[number], os.O_WRONLY), b"x"))
    else:
        answer = file.send(request(f"file://{names[number]}", alert()), timeout=5)
    assert (answer.status, answer.body.decode()) == (status, f"file: {words}")
    outcome = File().classify(answer)
    assert (outcome.verdict, outcome.reason) == (Verdict.RETRY, f"file: {words}")
    assert outcome.wait_s >= 30


@pytest.mark.parametrize("stream", ["stderr", "stdout"])
def test_people_read_the_console_and_no_codes_where_there_is_no_terminal(capfd, stream):
    some = alert(
        kind=Kind.ERROR,
        message="no such order\x1b[31m",
        exception_type="shop.errors.NotFound",
        stack_trace="Traceback:\n  File x",
        context={"order": 4711},
        last_seen=1.8e9,
        occurrences=57,
    )
    url = f"console:{stream}"
    assert console.send(request(url, some), timeout=5).status == 200
    said = getattr(capfd.readouterr(), stream.removeprefix("std"))
    assert said == (
        "08:00:00Z ERROR    🔴 shop.errors.NotFound ×57\n"
        "    no such order[31m\n    order: 4711\n    Traceback:\n      File x\n"
    )


@pytest.fixture
def terminal(monkeypatch) -> Iterator[int]:
    """A terminal in the place of standard error; the end that a person sits at."""
    person, program = pty.openpty()
    monkeypatch.setitem(console._STREAMS, "console:stderr", program)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    yield person
    os.close(person)
    os.close(program)


def test_a_terminal_gets_colours_unless_its_user_wants_none(terminal, monkeypatch):
    console.send(request("console:", alert(message="boom", level=Level.CRITICAL)), timeout=5)
    coloured = os.read(terminal, 4096).decode()
    assert coloured.startswith("\x1b[1;97;41m")
    monkeypatch.setenv("NO_COLOR", "1")
    console.send(request("console:", alert(message="boom", level=Level.CRITICAL)), timeout=5)
    assert "\x1b" not in os.read(terminal, 4096).decode()


def test_a_console_that_nobody_reads_holds_nobody_up(monkeypatch):
    reader, writer = os.pipe()
    monkeypatch.setitem(console._STREAMS, "console:stderr", writer)
    many = [alert(message="x" * 3000) for _ in range(100)]
    with pytest.raises(TransportError, match="timeout_read"):
        console.send(request("console:", *many), timeout=0.5)
    (writing,) = bounded.left()
    drain = threading.Thread(target=lambda: [None for _ in iter(lambda: os.read(reader, 65536), b"")])
    drain.start()
    writing.join(5)
    assert not bounded.left()
    os.close(writer)
    drain.join(5)
    os.close(reader)


@pytest.mark.parametrize(
    "wrong",
    ["file:", "file:alerts.log", "file://host/secret.log", "file:///", "file:///tmp/", "file:///a%00b", "console:tty"],
)
def test_a_malformed_address_is_refused(wrong: str) -> None:
    channel = registry.get(registry.recognise(wrong) or "")
    with pytest.raises(ValueError, match="an address of") as caught:
        channel.endpoint(wrong)
    assert "secret" not in str(caught.value)


def test_a_path_may_hold_anything_else():
    assert path("file:///var/log/my%20alerts.log") == "/var/log/my alerts.log"
    assert File().endpoint("FILE://localhost/a.log") == "file:///a.log"


@pytest.mark.django_db
def test_a_file_is_the_last_fallback_and_gets_what_is_grave_while_the_database_is_away(
    configure, owe, discord, tmp_path, monkeypatch
):
    monkeypatch.setattr(emergency, "_not_before", {})
    log = tmp_path / "alerts_fallback.log"
    config = configure(
        WEBHOOKS={
            "errors": {"url": discord.url("errors"), "channel": "discord", "rate": [], "fallback": "disk"},
            "disk": {"url": f"file://{log}", "rate": []},
        },
        ROUTES={"error": ["errors"], "critical": ["disk"]},
    )
    discord.script("errors", [Answer(400, {}, {"code": 50006, "message": "empty"})])
    owe("refused by Discord")
    deliver("errors")
    deliver("disk")
    Spool(config.spool_dir).write([("alert", an_alert("no database", level=Level.CRITICAL).to_dict())])
    assert emergency.send_unrecorded() == 1
    assert [json.loads(line)["message"] for line in log.read_text().splitlines()] == [
        "refused by Discord",
        "no database",
    ]
    assert set(Delivery.objects.values_list("webhook", "state")) == {("errors", "failed"), ("disk", "delivered")}


@pytest.mark.django_db
def test_a_file_gets_every_alert_after_an_outage_too(configure, owe, tmp_path):
    log = tmp_path / "alerts.log"
    configure(WEBHOOKS={"disk": {"url": f"file://{log}", "rate": []}}, ROUTES={"error": ["disk"]})
    owe(*[f"error {i}" for i in range(120)])
    Delivery.objects.update(owed_since=timezone.now() - timedelta(hours=1))
    deliver("disk")
    assert [json.loads(line)["message"] for line in log.read_text().splitlines()] == [f"error {i}" for i in range(120)]


@pytest.mark.django_db
def test_a_missing_directory_is_told_in_the_record_and_pauses_nothing(configure, owe, tmp_path):
    configure(WEBHOOKS={"disk": {"url": f"file://{tmp_path}/logs/alerts.log", "rate": []}}, ROUTES={"error": ["disk"]})
    owe("nowhere")
    deliver("disk")
    assert Attempt.objects.get().error == "file: its directory is not there"
    assert Message.objects.get().state == "pending"
