"""Wrappers around the HTTP client's methods, made before or after ours; and what a test puts in their place."""

from __future__ import annotations

import functools
import http.client
import inspect

import pytest
import requests
import urllib3
from requests.adapters import HTTPAdapter

from webhook_alerts.channels.base import Request
from webhook_alerts.delivery import transport
from webhook_alerts.testing.fake_discord import FakeDiscord

CLASSES = [
    requests.Session, HTTPAdapter, urllib3.HTTPConnectionPool, urllib3.HTTPSConnectionPool,
    http.client.HTTPConnection, urllib3.connection.HTTPConnection, urllib3.connection.HTTPSConnection,
]  # fmt: skip


@pytest.fixture
def seen(monkeypatch):
    """What goes through any method of the client's classes, each wrapped twice, as by two monitors."""
    names: list[str] = []

    def wrapped(method):
        @functools.wraps(method)
        def tell(*args, **kwargs):
            names.append(method.__qualname__)
            return method(*args, **kwargs)

        return tell

    for each in CLASSES:
        for name, method in list(vars(each).items()):
            if inspect.isfunction(method):
                monkeypatch.setattr(each, name, wrapped(wrapped(method)))
    transport.close()  # no connection that was made before
    transport._local.__dict__.clear()
    yield names
    transport.close()
    transport._local.__dict__.clear()


def test_no_wrapper_sees_a_request_of_ours(seen):
    with FakeDiscord() as discord:
        sent = [transport.send(Request(discord.url("errors"), {"content": "x"}), timeout=5) for _ in range(2)]
        assert [answer.status for answer in sent] == [204, 204]
        assert set(seen) <= {"HTTPAdapter.__init__", "HTTPAdapter.init_poolmanager"}  # a session's own, not in use
        requests.post(discord.url("errors"), json={"content": "of the project"}, timeout=5)
    assert {"Session.send", "HTTPAdapter.send", "HTTPConnectionPool.urlopen", "HTTPConnection.putrequest"} <= set(seen)


def test_what_a_test_puts_in_a_method_s_place_counts(monkeypatch):
    answer = requests.Response()
    answer.status_code, answer.raw = 299, urllib3.HTTPResponse(b"")
    monkeypatch.setattr(requests.Session, "send", lambda self, request, **_: answer)
    assert transport.send(Request("http://127.0.0.1:9/x", {}), timeout=5).status == 299


@pytest.mark.parametrize("each", CLASSES)
def test_nothing_of_the_client_is_a_wrapper_by_itself(each):
    """Else that would be passed by, too."""
    methods = [(name, method) for name, method in vars(each).items() if inspect.isfunction(method)]
    assert [name for name, method in methods if hasattr(method, "__wrapped__")] == []
