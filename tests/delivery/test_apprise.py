"""Through Apprise to a real server, with the library's own services."""

from __future__ import annotations

import json
import logging
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.channels.hostile import alert
from tests.delivery.test_transport import request_of, serve
from webhook_alerts.channels.apprise import Apprise
from webhook_alerts.channels.base import Access, Request, Style, Verdict
from webhook_alerts.conf import Config
from webhook_alerts.delivery.carriers import apprise, bounded
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.delivery.transport import TransportError
from webhook_alerts.models import Attempt, Delivery, Pause
from webhook_alerts.operations import doctor

pytest.importorskip("apprise")
SECRET = "Tk-s3cr3t-0123456789"


@contextmanager
def answering(*statuses: int) -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """A server that answers with *statuses* one after the other, the last for ever; its address, and what it got."""
    got: list[tuple[str, Any]] = []
    left = list(statuses)

    def answer(connection: socket.socket) -> None:
        head, _, body = request_of(connection).partition(b"\r\n\r\n")
        got.append((head.decode(), json.loads(body)))
        status = left.pop(0) if len(left) > 1 else left[0]
        connection.sendall(f"HTTP/1.1 {status} x\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}".encode())

    with serve(answer) as address:
        yield address.partition("/")[0], got


def request(url: str, *some: Any) -> Request:
    channel = Apprise()
    return channel.request(Access(url), channel.render(some or [alert(message="it broke")], Style()).json, (), 0)


def test_a_message_has_its_title_its_type_and_the_markup_that_the_service_prefers():
    with answering(200) as (host, got):
        some = alert(message="a <b> & c", context={"order": 4711}, exception_type="ValueError")
        for url in (f"json://{host}/{SECRET}", f"json://{host}/{SECRET}?format=html", f"ntfy://{host}/{SECRET}"):
            assert apprise.send(request(url, some), timeout=10).status == 200
    plain, html, ntfy = (body for _, body in got)
    assert (plain["title"], plain["type"]) == ("🔴 ValueError", "failure")
    assert "a <b> & c\n\norder: 4711" in plain["message"]
    assert "a &lt;b&gt; &amp; c" in html["message"]
    assert (ntfy["topic"], ntfy["title"]) == (SECRET, "🔴 ValueError")
    assert "order: 4711" in ntfy["message"]


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(404, Verdict.GONE), (401, Verdict.GONE), (400, Verdict.REFUSED), (429, Verdict.WAIT), (500, Verdict.RETRY)],
)
def test_a_status_that_it_tells_of_is_understood_and_it_asks_once(status, verdict):
    with answering(status) as (host, got):
        answer = apprise.send(request(f"json://{host}/{SECRET}?retry=3&wait=1"), timeout=10)
    assert (answer.status, Apprise().classify(answer).verdict, len(got)) == (status, verdict, 1)


def test_its_pauses_are_left_out():
    service = apprise._service(f"ntfy://{SECRET}", 5)
    bounded.run(lambda: [service.throttle(), service.throttle(wait=60)], 5)  # raises when that is over


def test_nothing_of_the_address_is_logged_or_told(caplog):
    logging.getLogger("apprise").setLevel(1)
    with caplog.at_level(1), answering(403) as (host, _):
        answer = apprise.send(request(f"json://me:{SECRET}@{host}/{SECRET}/?+X-Token={SECRET}"), timeout=10)
        with pytest.raises(TransportError) as caught:
            apprise.send(request(f"nosuch://{SECRET}"), timeout=10)
    assert SECRET not in caplog.text
    assert SECRET not in answer.body.decode()
    assert SECRET not in str(caught.value)
    logging.getLogger("apprise").warning("others are heard as before")
    assert "others are heard" in caplog.text


def test_a_part_of_the_address_that_is_written_by_its_numbers_is_not_told_either():
    def hangs_up(connection: socket.socket) -> None:
        request_of(connection)

    with serve(hangs_up) as address:
        host = address.partition("/")[0]
        answer = apprise.send(request(f"rocket://oper%61tor-9:{SECRET}@{host}/%23alerts"), timeout=10)
    assert "authenticating … on Rocket.Chat" in answer.body.decode()
    assert "operator-9" not in answer.body.decode()


def test_a_server_that_drips_holds_nobody_up():
    def drips(connection: socket.socket) -> None:
        request_of(connection)
        for byte in b"HTTP/1.1" + b" " * 40:
            connection.sendall(bytes([byte]))
            time.sleep(0.05)

    with serve(drips) as address:
        url = f"json://{address.partition('/')[0]}/{SECRET}"
        apprise.ask(url, timeout=5)  # it is imported now
        with pytest.raises(TransportError, match="timeout_read") as caught:
            apprise.send(request(url), timeout=1)
        for thread in bounded.left():
            thread.join(10)
    assert caught.value.ambiguous


@pytest.fixture
def through_apprise(configure, db) -> Callable[[str], Config]:
    def make(url: str) -> Config:
        return configure(WEBHOOKS={"errors": {"url": url, "channel": "apprise", "rate": []}})

    return make


def test_alerts_go_out_and_what_is_gone_is_paused(through_apprise, owe):
    with answering(200, 404) as (host, got):
        through_apprise(f"json://{host}/{SECRET}")
        owe(*[f"number {i}" for i in range(12)])
        assert deliver("errors") == 2
    assert got[0][1]["title"] == "🔴 10 ERROR"
    assert got[0][1]["message"].count("number") == 10
    assert list(Attempt.objects.order_by("started_at").values_list("outcome", "status_code")) == [
        ("delivered", 200),
        ("gone", 404),
    ]
    assert Pause.objects.get().reason == "HTTP 404 (Apprise)"
    assert Delivery.objects.filter(state="delivered").count() == 10


def test_a_url_that_it_does_not_understand_and_a_missing_package_are_said(through_apprise, owe, monkeypatch):
    through_apprise(f"nosuch://{SECRET}")
    owe("nowhere")
    deliver("errors")
    assert Attempt.objects.get().error == "Apprise does not understand the URL"
    (found,) = [finding for finding in doctor.examine() if finding.name == "webhook errors"]
    assert (found.well, found.seen) == (False, "cannot be reached: Apprise does not understand the URL")
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(TransportError, match="Apprise is not installed"):
        apprise.send(request(f"json://{SECRET}"), timeout=5)
