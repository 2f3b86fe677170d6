"""``settings.WEBHOOK_ALERTS``: what it may say, what becomes of it, and what is wrong with it."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from tests.configuration.cases import DISCORD, MISPLACED, PLAIN, TOKEN, WRONG, errors, webhooks
from tests.delivery.conftest import an_alert
from webhook_alerts.alert import Kind, Level
from webhook_alerts.channels.base import Window
from webhook_alerts.channels.discord import Discord
from webhook_alerts.conf import Config, Webhook, get_config, parse
from webhook_alerts.configuration.options import WEBHOOK_OPTIONS
from webhook_alerts.configuration.problems import Unreadable
from webhook_alerts.configuration.reader import KEYS

ALL_FOUR = dict.fromkeys(("errors", "info", "performance", "members"), DISCORD)


def read(raw: Any) -> Config:
    """The settings, of which nothing is wrong."""
    config = parse(raw)
    assert not config.problems
    return config


def the_webhook(**options: Any) -> Webhook:
    """The one webhook of the settings, made of *options*."""
    return read(errors(**options)).webhooks["errors"]


# What they say


@pytest.mark.parametrize(
    ("preset", "queue", "attempts", "flush", "rate"),
    [("production", 5000, 5, 10, 30), ("staging", 2000, 3, 5, 50), ("development", 1000, 3, 3, 100)],
)
def test_a_preset_sets_four_numbers(preset, queue, attempts, flush, rate):
    config = read({"PRESET": preset, **errors(url=PLAIN)})
    assert (config.queue_size, config.max_attempts, config.flush_interval) == (queue, attempts, flush)
    assert config.webhooks["errors"].rate == (Window(rate, 60.0),)


def test_without_a_preset_it_is_production():
    assert read({}) == read({"PRESET": "production"}) == Config()


def test_what_is_set_overrides_the_preset():
    config = read({"PRESET": "development", "QUEUE_SIZE": 77, "FLUSH_INTERVAL": 2})
    assert (config.queue_size, config.flush_interval, config.max_attempts) == (77, 2.0, 3)


@pytest.mark.parametrize(
    ("url", "channel"),
    [
        (DISCORD, "discord"),
        (DISCORD.replace("discord.com/api", "discordapp.com/api/v6"), "discord"),
        (DISCORD.replace("discord.com", "ptb.discord.com"), "discord"),
        (DISCORD.replace("discord.com", "discord.com.example.org"), "webhook"),
        (PLAIN, "webhook"),
    ],
)
def test_a_webhook_may_be_just_its_url_whose_channel_is_recognised(url, channel):
    config = read(webhooks(errors=url))
    assert config == read(webhooks(errors={"url": url}))
    assert (config.webhooks["errors"].url, config.webhooks["errors"].channel) == (url, channel)


def test_a_channel_may_be_anybodys_class():
    path = "webhook_alerts.channels.discord.Discord"
    webhook = the_webhook(url=DISCORD.replace("discord.com", "proxy.example.com"), channel=path)
    assert (webhook.channel, webhook.rate) == (path, Discord.default_rate)


@pytest.mark.parametrize("given", [None, "", {"url": ""}, {"url": None}, {"url": DISCORD, "enabled": False}, {}])
def test_a_webhook_without_a_url_or_switched_off_is_not_there_and_may_be_routed_to(given):
    config = read({**webhooks(errors=given, info=DISCORD), "ROUTES": {"error": ["errors"]}})
    assert list(config.webhooks) == ["info"]


def test_plain_http_is_for_this_machine_and_for_private_networks():
    for host in ("localhost", "127.0.0.1:8090", "[::1]"):
        assert the_webhook(url=f"http://{host}/hook").channel == "webhook"
    assert read({**errors(url="http://alerts.internal/hook"), "ALLOW_PRIVATE_NETWORKS": True}).webhooks


# Rates


@pytest.mark.parametrize(
    ("url", "rate", "windows"),
    [
        (PLAIN, "30/m", [(30, 60)]),
        (PLAIN, ["5/2s", "30/m"], [(5, 2), (30, 60)]),
        (PLAIN, ["30/m", "5/2s"], [(5, 2), (30, 60)]),
        (PLAIN, " 90 / 3 h ", [(90, 10_800)]),
        (PLAIN, ["60/m", "30/m"], [(30, 60)]),  # the tighter one says it all
        (PLAIN, [], []),
        (DISCORD, "10/m", [(5, 2), (10, 60)]),
        (DISCORD, "2/m", [(2, 60)]),
        (DISCORD, "1000/s", [(5, 2), (30, 60)]),
        (DISCORD, [], [(5, 2), (30, 60)]),
        (DISCORD.replace("https://discord.com", "http://127.0.0.1:8090"), [], []),  # a stand-in has no limit
    ],
)
def test_a_rate_is_one_window_or_several_and_only_tightens(url, rate, windows):
    channel = "webhook" if url == PLAIN else "discord"
    assert the_webhook(url=url, channel=channel, rate=rate).rate == tuple(Window(n, float(s)) for n, s in windows)


@given(
    preset=st.sampled_from(["production", "staging", "development"]),
    rate=st.lists(
        st.builds("{}/{}{}".format, st.integers(1, 999_999), st.integers(1, 99_999), st.sampled_from("smh")), max_size=8
    ),
)
def test_neither_preset_nor_rate_lifts_a_webhook_above_what_its_service_allows(preset, rate):
    windows = read({"PRESET": preset, **errors(rate=rate)}).webhooks["errors"].rate
    for limit in Discord.default_rate:
        assert any(window.limit <= limit.limit and window.seconds >= limit.seconds for window in windows)


@pytest.mark.parametrize("preset", ["production", "staging", "development"])
def test_a_preset_alone_does_not_lift_it_either(preset):
    assert read({"PRESET": preset, **errors()}).webhooks["errors"].rate == Discord.default_rate


# Routes

ROUTED = [
    (Level.CRITICAL, Kind.LOG, ("errors", "info")),
    (Level.ERROR, Kind.LOG, ("errors",)),
    (Level.ERROR, Kind.ERROR, ("errors",)),
    (Level.WARNING, Kind.LOG, ("errors",)),
    (Level.INFO, Kind.LOG, ("info",)),
    (Level.DEBUG, Kind.LOG, ()),
    (Level.WARNING, Kind.PERFORMANCE, ("performance",)),
    (Level.INFO, Kind.EVENT, ("members",)),
    (Level.CRITICAL, Kind.STATUS, ("info",)),
    (Level.INFO, Kind.ERROR, ("info",)),
]


@pytest.mark.parametrize(("level", "kind", "names"), ROUTED)
def test_default_routes(level, kind, names):
    assert read(webhooks(**ALL_FOUR)).route(an_alert(level=level, kind=kind)) == names


@pytest.mark.parametrize(
    ("configured", "level", "kind", "names"),
    [
        (["info"], Level.ERROR, Kind.LOG, ("info",)),
        (["errors"], Level.INFO, Kind.LOG, ("errors",)),
        (["errors"], Level.CRITICAL, Kind.LOG, ("errors",)),  # once, though two routes lead there
        (["info", "errors"], Level.WARNING, Kind.PERFORMANCE, ("errors",)),
        (["info", "members"], Level.WARNING, Kind.PERFORMANCE, ("info",)),
        (["errors", "info"], Level.INFO, Kind.EVENT, ("info",)),
        (["errors"], Level.INFO, Kind.EVENT, ("errors",)),
        (["chat"], Level.ERROR, Kind.LOG, ("chat",)),
        (["chat"], Level.DEBUG, Kind.LOG, ()),  # a route to nowhere has no stand-in
        ([], Level.CRITICAL, Kind.LOG, ()),
    ],
)
def test_what_is_not_configured_falls_back_to_the_nearest_that_is(configured, level, kind, names):
    config = read(webhooks(**dict.fromkeys(configured, DISCORD)))
    assert config.route(an_alert(level=level, kind=kind)) == names


def test_a_route_of_ones_own_replaces_the_default_one_and_no_other():
    config = read({**webhooks(**ALL_FOUR), "ROUTES": {"ERROR": ["info", "members", "info"], "critical": []}})
    assert config.route(an_alert()) == ("info", "members")
    assert config.route(an_alert(level=Level.CRITICAL)) == ()
    assert config.route(an_alert(level=Level.WARNING)) == ("errors",)


def test_an_alert_goes_where_it_asks_to_whatever_the_level_there_unless_that_is_not_there():
    config = read(webhooks(errors=DISCORD, info={"url": DISCORD, "min_level": "CRITICAL"}))
    assert config.route(an_alert(webhooks=("info", "nowhere"))) == ("info",)
    assert config.route(an_alert(webhooks=("nowhere",))) == ("errors",)


@pytest.mark.parametrize(
    ("level", "kind", "names"),
    [
        (Level.CRITICAL, Kind.LOG, ("errors", "info")),
        (Level.WARNING, Kind.LOG, ()),
        (Level.INFO, Kind.STATUS, ("info",)),
    ],
)
def test_min_level_keeps_back_what_comes_by_its_level(level, kind, names):
    least = {"url": DISCORD, "min_level": "error"}
    assert read(webhooks(errors=least, info=least)).route(an_alert(level=level, kind=kind)) == names


def test_a_route_to_a_webhook_that_is_not_there_stays_as_it_was():
    config = parse({**errors(), "ROUTES": {"error": ["nowhere"], "info": ["errors"]}})
    assert [problem.id for problem in config.problems] == ["E013"]
    assert (config.routes["error"], config.routes["info"]) == (("errors",), ("errors",))


def test_a_fallback_is_kept_only_where_it_leads_somewhere():
    to = {name: {"url": DISCORD, "fallback": fallback} for name, fallback in {"a": "b", "b": "c", "c": "off"}.items()}
    config = read(webhooks(**to, off={"enabled": False}))
    assert [webhook.fallback for webhook in config.webhooks.values()] == ["b", "c", ""]
    to["c"]["fallback"] = "b"
    circle = parse(webhooks(**to))
    assert [problem.id for problem in circle.problems] == ["E018", "E018"]
    assert [webhook.fallback for webhook in circle.webhooks.values()] == ["b", "", ""]


# What is wrong with them


@pytest.mark.parametrize(("check", "raw", "words"), WRONG, ids=[f"{case[0]} {case[2]}" for case in WRONG])
def test_what_is_wrong_has_an_id_and_a_hint_and_nothing_else_is_wrong(check, raw, words):
    (problem,) = parse(raw).problems
    assert problem.id == check
    assert words in f"{problem.message} {problem.hint}"
    assert problem.hint.endswith((".", "?"))


def test_what_is_wrong_stays_as_it_is_by_default_and_the_rest_is_kept():
    config = parse({"PRESET": "staging", "QUEUE_SIZE": 10**6000, "BACKOFF": "x", "DEDUP_WINDOW": 5, **errors(rate="?")})
    assert sorted(problem.id for problem in config.problems) == ["E003", "E009", "E019"]
    assert (config.queue_size, config.backoff, config.dedup_window) == (2000, 1.0, 5.0)
    assert config.webhooks["errors"].rate == Discord.default_rate


class Hostile:
    """An object that raises at every touch."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(TOKEN)

    __str__ = __repr__ = __eq__ = __hash__ = __len__ = lambda *_: 1 / 0


@pytest.mark.parametrize(
    "settings_with",
    [lambda it: it, lambda it: {"PRESET": it}, lambda it: errors(url=it), lambda it: {"WEBHOOKS": it}],
    ids=["alone", "preset", "url", "webhooks"],
)
def test_hostile_objects_are_a_problem_and_no_exception(settings_with):
    assert parse(settings_with(Hostile())).problems


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just(DISCORD),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=8) | st.just(DISCORD), children, max_size=3)
    ),
    max_leaves=8,
)
NAMES = st.sampled_from(["errors", "info", "a", DISCORD])
WEBHOOK = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(WEBHOOK_OPTIONS, JSON),
        "url": st.sampled_from([DISCORD, PLAIN, "http://127.0.0.1/x"]) | JSON,
        "channel": st.sampled_from(["discord", "webhook"]) | JSON,
        "rate": JSON,
        "min_level": JSON,
        "fallback": NAMES,
    },
)
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(KEYS, JSON),
        "WEBHOOKS": st.dictionaries(NAMES, WEBHOOK | JSON, max_size=3) | JSON,
        "ROUTES": st.dictionaries(st.sampled_from(["error", "info"]), NAMES | st.lists(NAMES), max_size=2) | JSON,
        "RETENTION": st.dictionaries(st.sampled_from(["failed"]), JSON, max_size=1) | JSON,
    },
)


@given(JSON | SETTINGS)
def test_no_settings_whatever_make_it_raise_or_tell_a_secret(raw):
    config = parse(raw)
    for problem in config.problems:
        assert re.fullmatch(r"E0\d\d", problem.id)
        assert problem.hint
        assert TOKEN not in f"{problem.message}{problem.hint}"
    for level, kind, _ in ROUTED:
        assert set(config.route(an_alert(level=level, kind=kind))) <= set(config.webhooks)


@pytest.mark.parametrize("raw", [errors(), *MISPLACED], ids=lambda raw: str(raw)[:50])
def test_no_message_hint_or_repr_shows_an_address_or_a_token(raw):
    config = parse(raw)
    assert TOKEN not in repr(config)
    assert TOKEN not in "".join(f"{problem.message}{problem.hint}" for problem in config.problems)
    assert config.problems or raw == errors()


@pytest.mark.parametrize("secret", [TOKEN, DISCORD, f"https://ana:{TOKEN}@shop.example/x", f"redis://:{TOKEN}@r/0"])
def test_no_option_that_takes_a_text_shows_it_in_the_repr(secret):
    """Of every key, those of later days among them; as a text, in a list and in a dict."""
    for value in (secret, [secret], {"error": secret}, {"keys": [secret], "patterns": [secret]}):
        for key in KEYS:
            assert TOKEN not in repr(parse({key: value}))
        for key in ("channel", *WEBHOOK_OPTIONS):
            assert TOKEN not in repr(parse(errors(**{key: value})))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("hunter2", "a text of 7 characters"),
        ("AKIA2A2A2A2A2A2A2A2A", "a text of 20 characters"),
        ("0a1b2c3d4e5f67890a1b2c3d4e5f6789", "a text of 32 characters"),
        ("1234567890", "a text of 10 characters"),
        ("ana@example.com", "a text of 15 characters"),
        ("aLongWordOfLettersAlone", "a text of 23 characters"),
        ("no.such.Channel", "'no.such.Channel'"),
        ("discrod", "'discrod'"),
        ("my channel 2", "'my channel 2'"),
        ("", "''"),
    ],
)
def test_a_wrong_value_is_shown_only_where_it_looks_like_no_secret(value, words):
    (problem,) = parse({"PRESET": value}).problems
    assert f"is {words}, which is no preset" in problem.message


def test_the_password_of_redis_is_not_shown():
    config = read({"REDIS_URL": f"redis://:{TOKEN}@redis:6379/0"})
    assert TOKEN in config.redis_url
    assert TOKEN not in repr(config)


# Reading Django's settings


def test_override_settings_takes_effect_and_ends():
    before = get_config()
    with override_settings(WEBHOOK_ALERTS={"QUEUE_SIZE": 77}):
        assert get_config().queue_size == 77
    assert get_config() == before
    assert get_config() is get_config()


@pytest.mark.parametrize(
    ("surroundings", "redis_url"),
    [
        ({"CELERY_BROKER_URL": "redis://broker:6379/1"}, "redis://broker:6379/1"),
        ({"CELERY_BROKER_URL": "redis://one:6379/1;redis://two:6379/1"}, "redis://one:6379/1"),
        ({"CELERY_BROKER_URL": "amqp://broker"}, "redis://cache:6379/2"),
        ({"CELERY_BROKER_URL": None, "CACHES": {}}, "redis://127.0.0.1:6379/0"),
    ],
)
def test_redis_is_the_one_that_the_project_has_unless_the_settings_name_one(surroundings, redis_url):
    caches = {"default": {"BACKEND": "x", "LOCATION": ["redis://cache:6379/2"]}}
    with override_settings(**{"WEBHOOK_ALERTS": {}, "CACHES": caches, **surroundings}):
        assert get_config().redis_url == redis_url
        with override_settings(WEBHOOK_ALERTS={"REDIS_URL": "redis://own:6379/3"}):
            assert get_config().redis_url == "redis://own:6379/3"


def test_two_projects_do_not_share_a_spool():
    folders = set()
    for project in ("/srv/shop", "/srv/blog"):
        with override_settings(WEBHOOK_ALERTS={}, BASE_DIR=project):
            folders.add(get_config().spool_dir)
    assert len(folders) == 2


def test_the_settings_may_be_copied_even_where_a_variable_could_not_be_read():
    copied = copy.deepcopy({"QUEUE_SIZE": Unreadable("many", "MAX_QUEUE_SIZE")})
    assert "MAX_QUEUE_SIZE" in parse(copied).problems[0].message
