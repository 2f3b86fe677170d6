"""Laying parts over the settings: the same reader judges them, and what is wrong is left out whole."""

from __future__ import annotations

from typing import Any

import pytest

from webhook_alerts.alert import Alert, Kind, Level, uuid7
from webhook_alerts.channels.base import Window
from webhook_alerts.configuration.overlay import Overlay, Part, read_over
from webhook_alerts.configuration.problems import Problem
from webhook_alerts.configuration.reader import read
from webhook_alerts.configuration.surroundings import Surroundings
from webhook_alerts.configuration.values import Config
from webhook_alerts.configuration.webhooks import Locked

URL = "https://example.com/hook"
RAW = {"WEBHOOKS": {"errors": {"url": URL, "rate": "30/m", "mention": "@here"}, "info": URL}}


def over(*parts: Part, raw: Any = RAW) -> Config:
    return read_over(raw, Overlay(parts), Surroundings())[0]


def alert(level: Level = Level.ERROR, **options: Any) -> Alert:
    return Alert(id=uuid7(), level=level, kind=Kind.LOG, message="m", first_seen=0.0, last_seen=0.0, **options)


def test_options_hold_over_those_of_the_settings_and_the_others_stay():
    config = over(Part("errors", {"rate": ["10/m"], "min_level": "ERROR"}))
    webhook = config.webhooks["errors"]
    assert (webhook.rate, webhook.min_level, webhook.mention) == ((Window(10, 60.0),), Level.ERROR, "@here")
    assert config.webhooks["info"] == read(RAW, Surroundings()).webhooks["info"]
    assert (config.override_problems, config.added) == ((), frozenset())


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("https://example.com/another/hook", (("Authorization", "Bearer x"),)),
        ("https://EXAMPLE.com/hook", (("Authorization", "Bearer x"),)),
        ("https://example.org/hook", ()),
        ("https://example.com:8443/hook", ()),
        ("https://example.com@example.org/hook", ()),
    ],
)
def test_credentials_of_the_settings_go_to_no_server_but_theirs(url, headers):
    raw = {"WEBHOOKS": {"errors": {"url": URL, "headers": {"Authorization": "Bearer x"}, "channel": "webhook"}}}
    config = over(Part("errors", url=url), raw=raw)
    assert (config.webhooks["errors"].url, config.webhooks["errors"].headers) == (url, headers)
    assert config.override_problems == ()


def test_nothing_that_was_given_is_changed():
    before = repr(RAW)
    over(Part("errors", {"rate": []}), Part("error", webhooks=["info"]))
    assert repr(RAW) == before


def test_a_webhook_and_its_route_are_added_whatever_their_order():
    parts = [Part("error", webhooks=["ops"]), Part("ops", url=URL, options={"fallback": "zeta"}), Part("zeta", url=URL)]
    config = over(*parts)
    assert config.added == {"ops", "zeta"}
    assert config.webhooks["ops"].fallback == "zeta"
    assert config.route(alert()) == ("ops",)
    assert config.override_problems == ()


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (Part("errors", {"rate": ["many"]}), "is no rate"),
        (Part("errors", {"batch_size": 0}), "out of bounds"),
        (Part("errors", {"no_such": 1}), "unknown key"),
        (Part("errors", {"fallback": "nobody"}), "which is not there"),
        (Part("errors", {"url": "https://example.com/other"}), "stands in clear"),
        (Part("errors", {"headers": {"X-Key": "x"}}), '["headers"] stands in clear'),
        (Part("errors", {"signing_keys": []}), '["signing_keys"] stands in clear'),
        (Part("ops", url="http://example.com/x"), "does not use https"),
        (Part("ops", url="https://127.0.0.1/x"), "names this machine"),
        (Part("ops", url="http://localhost:9200/x"), "names this machine"),
        (Part("ops", url="file:///etc/cron.d/x"), "which only settings may name"),
        (Part("ops", url="json://10.0.0.1", options={"channel": "apprise"}), "which only settings may name"),
        (Part("ops", url="console:"), "which only settings may name"),
        (Part("Bad Name", url=URL), "has a bad name"),
        (Part("error", webhooks=["nobody"]), "which is not there"),
        (Part("nothing", webhooks=["info"]), "routes nothing"),
        (Part("errors", {"options": "no dict"}), "unknown key"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_part_that_is_wrong_is_left_out_and_the_others_hold(part, words):
    config, wrong = read_over(RAW, Overlay((part, Part("info", {"rate": ["7/m"]}))), Surroundings())
    assert [one.part for one in wrong] == [part]
    assert words in wrong[0].problems[0].message
    (problem,) = config.override_problems
    assert (problem.id, words in problem.message) == ("W004", True)
    assert config.problems == ()
    assert config.webhooks["info"].rate == (Window(7, 60.0),)
    assert config.webhooks["errors"] == read(RAW, Surroundings()).webhooks["errors"]
    assert "ops" not in config.webhooks


def test_this_machine_may_be_named_where_private_networks_are_allowed():
    assert "ops" in over(Part("ops", url="http://127.0.0.1:1/x"), raw={**RAW, "ALLOW_PRIVATE_NETWORKS": True}).webhooks


def test_a_file_may_not_be_named_even_there_but_one_of_the_settings_may_be_changed():
    raw = {**RAW, "ALLOW_PRIVATE_NETWORKS": True, "WEBHOOKS": {**RAW["WEBHOOKS"], "disk": "file:///var/log/alerts.log"}}
    config = over(Part("ops", url="file:///etc/cron.d/x"), Part("disk", {"rate": ["7/m"]}), raw=raw)
    assert "ops" not in config.webhooks
    assert config.webhooks["disk"].rate == (Window(7, 60.0),)


def test_a_circle_of_two_parts_keeps_the_first():
    config, wrong = read_over(
        RAW, Overlay((Part("errors", {"fallback": "info"}), Part("info", {"fallback": "errors"}))), Surroundings()
    )
    assert [one.part.name for one in wrong] == ["info"]
    assert config.webhooks["errors"].fallback == "info"


def test_a_webhook_that_is_off_gets_nothing_and_another_stands_in():
    config = over(Part("errors", {"enabled": False}))
    assert list(config.webhooks) == ["info"]
    assert config.route(alert()) == ("info",)


def test_alerts_are_owed_to_a_locked_webhook_which_nothing_is_sent_to():
    config = over(Part("ops", {"min_level": "ERROR"}, url=Locked()), Part("error", webhooks=["ops"]))
    assert "ops" not in config.webhooks
    assert list(config.locked) == ["ops"]
    assert config.route(alert()) == ("ops",)
    assert config.route(alert(webhooks=("ops",))) == ("ops",)


def test_a_locked_webhook_that_is_off_is_owed_nothing():
    config = over(Part("ops", {"enabled": False}, url=Locked()), Part("error", webhooks=["ops"]))
    assert not config.locked
    assert config.route(alert()) == ("errors",)


def test_what_is_wrong_with_the_settings_stays_theirs():
    raw = {**RAW, "QUEUE_SIZE": 1}
    config = over(Part("errors", {"rate": ["10/m"]}), raw=raw)
    assert [problem.id for problem in config.problems] == ["E019"]
    assert config.override_problems == ()
    assert config.webhooks["errors"].rate == (Window(10, 60.0),)


def test_settings_that_are_no_dict_are_as_they_were():
    assert over(Part("ops", url=URL), raw=42).webhooks == {}


def test_a_route_in_capitals_is_the_same_route():
    assert over(Part("error", webhooks=["info"]), raw={**RAW, "ROUTES": {"ERROR": ["errors"]}}).routes["error"] == (
        "info",
    )


def test_problems_of_rows_that_cannot_be_read_are_told():
    problem = Problem("E028", "m", "h")
    config, _ = read_over(RAW, Overlay(problems=(problem,)), Surroundings())
    assert config.override_problems == (problem,)


def test_no_secret_shows():
    assert "example.com" not in repr(Part("ops", url=URL))
