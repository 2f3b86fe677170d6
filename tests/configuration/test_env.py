"""``WEBHOOK_ALERTS`` from the environment."""

from __future__ import annotations

from typing import Any

import environ
import pytest

from tests.configuration.cases import DISCORD, KEY, PLAIN, TOKEN
from webhook_alerts.channels.base import Window
from webhook_alerts.conf import Config, Webhook, parse
from webhook_alerts.configuration.options import OPTIONS, WEBHOOK_OPTIONS
from webhook_alerts.configuration.schedules import Schedule
from webhook_alerts.env import webhook_alerts_from_env


def from_env(**variables: str) -> dict[str, Any]:
    """What these variables, and no others, say."""
    env = environ.Env()
    env.ENVIRON = variables
    return webhook_alerts_from_env(env)


def read(**variables: str) -> Config:
    """The settings that these variables make, of which nothing is wrong."""
    config = parse(from_env(**variables))
    assert not config.problems
    return config


def errors(**variables: str) -> Webhook:
    """The webhook called errors, without a limit of its service's."""
    return read(WEBHOOK_ERRORS_URL=PLAIN, **variables).webhooks["errors"]


VARIABLES = [
    ("WEBHOOK_SERVICE", "shop", "service", "shop"),
    ("WEBHOOK_RELEASE", "1.2", "release", "1.2"),
    ("WEBHOOK_REDIS_URL", "redis://cache:6379/3", "redis_url", "redis://cache:6379/3"),
    ("WEBHOOK_PRESET", "staging", "preset", "staging"),
    ("ENVIRONMENT", "blue", "environment", "blue"),
    ("WEBHOOK_QUEUE_SIZE", "77", "queue_size", 77),
    ("MAX_QUEUE_SIZE", "77", "queue_size", 77),
    ("WEBHOOK_FLUSH_INTERVAL", "1.5", "flush_interval", 1.5),
    ("WEBHOOK_BATCH_TIMEOUT", "7", "flush_interval", 7.0),
    ("BATCH_INTERVAL", "7", "flush_interval", 7.0),
    ("WEBHOOK_DEDUP_WINDOW", "0", "dedup_window", 0.0),
    ("DEDUP_WINDOW", "1e3", "dedup_window", 1000.0),
    ("WEBHOOK_MAX_ATTEMPTS", "7", "max_attempts", 7),
    ("WEBHOOK_MAX_RETRIES", "7", "max_attempts", 7),
    ("MAX_RETRIES", "7", "max_attempts", 7),
    ("WEBHOOK_MAX_AGE", "3600", "max_age", 3600.0),
    ("WEBHOOK_BACKOFF", "0.5", "backoff", 0.5),
    ("WEBHOOK_BACKOFF_MAX", "32", "backoff_max", 32.0),
    ("WEBHOOK_BREAKER_FAILURES", "9", "breaker_failures", 9),
    ("WEBHOOK_BREAKER_COOLDOWN", "90", "breaker_cooldown", 90.0),
    ("EMERGENCY_COOLDOWN", "90", "breaker_cooldown", 90.0),
    ("WEBHOOK_SPOOL_DIR", "/var/spool/alerts", "spool_dir", "/var/spool/alerts"),
    ("WEBHOOK_SPOOL_MAX_BYTES", "5000000", "spool_max_bytes", 5_000_000),
    ("WEBHOOK_MASK_USER_IDS", "True", "mask_user_ids", True),
    ("WEBHOOK_INCLUDE_STACK_TRACES", "no", "include_stack_traces", False),
    ("WEBHOOK_MAX_MESSAGE_LENGTH", "500", "max_message_length", 500),
    ("WEBHOOK_USE_EMBEDS", "0", "use_embeds", False),
    ("WEBHOOK_ALLOW_PRIVATE_NETWORKS", "on", "allow_private_networks", True),
    ("WEBHOOK_ADMIN_BASE_CLASS", "shop.admin.Base", "admin_base_class", "shop.admin.Base"),
    ("WEBHOOK_BASE_URL", "https://shop.example/", "base_url", "https://shop.example"),
    ("WEBHOOK_LINK_MAX_AGE", "3600", "link_max_age", 3600.0),
    ("WEBHOOK_RESOLVE_AFTER", "0", "resolve_after", 0.0),
    ("WEBHOOK_REPEATS", "60, 3600", "repeats", (60.0, 3600.0)),
    ("WEBHOOK_IGNORE_LOGGERS", "a.b,c", "ignore_loggers", ("a.b", "c")),
    ("WEBHOOK_CORRELATION_HEADERS", "X-Trace,X-Id", "correlation_headers", ("X-Trace", "X-Id")),
    ("WEBHOOK_ENCRYPTION_KEYS", f"{'k' * 43}=,{'l' * 42}A=", "encryption_keys", (f"{'k' * 43}=", f"{'l' * 42}A=")),
    ("WEBHOOK_METRICS_TOKEN", "t" * 16, "metrics_token", "t" * 16),
    ("WEBHOOK_HEALTH_TOKEN", "h" * 16, "health_token", "h" * 16),
]
OF_A_WEBHOOK = [
    ("CHANNEL", "webhook", "channel", "webhook"),
    ("RATE", "5/2s,20/m", "rate", (Window(5, 2.0), Window(20, 60.0))),
    ("BATCH_SIZE", "10", "batch_size", 10),
    ("CONCURRENCY", "2", "concurrency", 2),
    ("MIN_LEVEL", "ERROR", "min_level", 40),
    ("MENTION", "@here", "mention", "@here"),
    ("USERNAME", "Shop", "username", "Shop"),
    ("AVATAR_URL", "https://example.com/a.png", "avatar_url", "https://example.com/a.png"),
    ("FALLBACK", "info", "fallback", "info"),
    ("LANGUAGE", "pt_BR", "language", "pt-br"),
    ("TIMEOUT", "2.5", "timeout", 2.5),
    ("DIGESTS", "hourly, daily 09:00", "digests", (Schedule("hourly"), Schedule("daily"))),
    ("EMPTY_DIGESTS", "on", "empty_digests", True),
    ("SIGNING_KEYS", f"{KEY}, {KEY[:-4]}REVG", "signing_keys", (KEY, f"{KEY[:-4]}REVG")),
    ("HEADERS", '{"Authorization": "Bearer a, b"}', "headers", (("Authorization", "Bearer a, b"),)),
]
TWO = {"WEBHOOK_ERRORS_URL": PLAIN, "WEBHOOK_INFO_URL": PLAIN}


@pytest.mark.parametrize(("variable", "text", "name", "value"), VARIABLES, ids=[row[0] for row in VARIABLES])
def test_a_variable_sets_its_option_and_nothing_else(variable, text, name, value):
    config, untouched = read(**{variable: text}), read()
    assert getattr(config, name) == value != getattr(untouched, name)
    assert type(getattr(config, name)) is type(value)
    assert not config.webhooks


@pytest.mark.parametrize(("option", "text", "name", "value"), OF_A_WEBHOOK, ids=[row[0] for row in OF_A_WEBHOOK])
def test_an_option_of_webhooks_is_for_all_or_for_one(option, text, name, value):
    if option != "FALLBACK":
        every = read(**TWO, **{f"WEBHOOK_{option}": text}).webhooks
        assert [getattr(webhook, name) for webhook in every.values()] == [value, value]
    one = read(**TWO, **{f"WEBHOOK_ERRORS_{option}": text}).webhooks
    assert getattr(one["errors"], name) == value
    assert one["info"] == read(**TWO).webhooks["info"]


def test_what_is_set_for_one_webhook_wins_over_what_is_for_all():
    assert errors(WEBHOOK_BATCH_SIZE="5", WEBHOOK_ERRORS_BATCH_SIZE="7").batch_size == 7
    assert errors(WEBHOOK_MAX_REQUESTS_PER_MINUTE="5", WEBHOOK_ERRORS_RATE="7/m").rate == (Window(7, 60.0),)


def test_a_webhook_may_be_switched_off():
    assert list(read(**TWO, WEBHOOK_INFO_ENABLED="off").webhooks) == ["errors"]


def test_every_setting_has_its_variable():
    assert {name.upper() for *_, name, _ in VARIABLES} == {*OPTIONS, "PRESET", "REDIS_URL"} - {"REDACT"}
    assert {name for *_, name, _ in OF_A_WEBHOOK} == {*WEBHOOK_OPTIONS, "channel", "rate", "min_level"} - {"enabled"}


@pytest.mark.parametrize(
    ("environment", "preset"),
    [
        ("production", "production"),
        ("Production", "production"),
        ("prod", "production"),
        ("staging", "staging"),
        ("stage", "staging"),
        ("development", "development"),
        ("dev", "development"),
        ("review-17", "production"),
    ],
)
def test_environment_chooses_the_preset(environment, preset):
    config = read(ENVIRONMENT=environment)
    assert (config.environment, config.preset) == (environment, preset)
    assert read(ENVIRONMENT=environment, WEBHOOK_PRESET="staging").preset == "staging"


def test_webhooks_are_called_as_their_variables_are():
    config = read(
        WEBHOOK_ERRORS_URL=DISCORD,
        WEBHOOK_ON_CALL_URL=f" {PLAIN} ",
        WEBHOOK_INFO_URL="",
        WEBHOOK_AVATAR_URL="https://example.com/a.png",
        WEBHOOK_ERRORS_AVATAR_URL="https://example.com/b.png",
        WEBHOOK_REDIS_URL="redis://cache:6379/0",
        OTHER_URL=PLAIN,
    )
    assert {name: webhook.url for name, webhook in config.webhooks.items()} == {"errors": DISCORD, "on_call": PLAIN}


def test_the_older_names_of_webhooks_give_way_to_the_newer():
    config = read(ERROR_HOOK=DISCORD, INFO_HOOK=DISCORD, WEBHOOK_ERRORS_URL=PLAIN)
    assert {name: webhook.url for name, webhook in config.webhooks.items()} == {"errors": PLAIN, "info": DISCORD}


@pytest.mark.parametrize(
    ("variables", "window"),
    [
        ({"WEBHOOK_MAX_REQUESTS_PER_MINUTE": "20"}, Window(20, 60.0)),
        ({"WEBHOOK_MAX_REQUESTS_PER_MINUTE": "20", "RATE_LIMIT_WINDOW": "90"}, Window(20, 90.0)),
        ({"RATE_LIMIT_WINDOW": "90"}, Window(30, 90.0)),
        ({"RATE_LIMIT_WINDOW": "90", "ENVIRONMENT": "staging"}, Window(50, 90.0)),
        ({"RATE_LIMIT_WINDOW": "90", "WEBHOOK_PRESET": "development"}, Window(100, 90.0)),
        ({}, Window(30, 60.0)),
    ],
)
def test_requests_per_minute_and_the_older_window(variables, window):
    assert errors(**variables).rate == (window,)


@pytest.mark.parametrize(
    ("newer", "older", "name"),
    [
        ("WEBHOOK_QUEUE_SIZE", "MAX_QUEUE_SIZE", "queue_size"),
        ("WEBHOOK_FLUSH_INTERVAL", "BATCH_INTERVAL", "flush_interval"),
        ("WEBHOOK_MAX_ATTEMPTS", "MAX_RETRIES", "max_attempts"),
        ("WEBHOOK_BREAKER_COOLDOWN", "EMERGENCY_COOLDOWN", "breaker_cooldown"),
        ("WEBHOOK_DEDUP_WINDOW", "DEDUP_WINDOW", "dedup_window"),
    ],
)
def test_a_newer_name_wins_over_an_older(newer, older, name):
    assert getattr(read(**{older: "11", newer: "22"}), name) == 22
    assert getattr(read(**{older: "11", newer: ""}), name) == 11


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("WEBHOOK_QUEUE_SIZE", "many"),
        ("MAX_QUEUE_SIZE", "5000.5"),
        ("WEBHOOK_FLUSH_INTERVAL", "5 minutes"),
        ("BATCH_INTERVAL", "5m"),
        ("WEBHOOK_MASK_USER_IDS", "treu"),
        ("WEBHOOK_USE_EMBEDS", "perhaps"),
        ("WEBHOOK_BATCH_SIZE", "dozen"),
        ("WEBHOOK_ERRORS_TIMEOUT", "2s"),
        ("WEBHOOK_ERRORS_ENABLED", "nope"),
        ("WEBHOOK_RATE", "often"),
        ("WEBHOOK_ERRORS_RATE", "5/2s,often"),
        ("WEBHOOK_MAX_REQUESTS_PER_MINUTE", "thirty"),
        ("RATE_LIMIT_WINDOW", "1min"),
        ("MAX_RETRIES", TOKEN),
        ("WEBHOOK_HEADERS", f"Authorization: Bearer {TOKEN}"),
        ("WEBHOOK_ERRORS_HEADERS", f'["{TOKEN}"]'),
        ("WEBHOOK_ERRORS_HEADERS", "[" * 100_000),
    ],
)
def test_what_cannot_be_read_is_a_problem_that_names_the_variable_and_not_its_text(variable, text):
    config = parse(from_env(WEBHOOK_ERRORS_URL=PLAIN, **{variable: text}))
    (problem,) = config.problems
    assert f"environment variable {variable})" in problem.message
    assert text not in f"{problem.message}{problem.hint}{config!r}"
    assert "errors" in config.webhooks


def test_a_readable_value_out_of_bounds_is_a_problem_too():
    assert [problem.id for problem in parse(from_env(MAX_QUEUE_SIZE="1")).problems] == ["E019"]


def test_nothing_in_the_environment_is_nothing_in_the_settings():
    assert from_env() == from_env(PATH="/bin", WEBHOOK_ERRORS_URL=" ", WEBHOOK_BATCH_SIZE="5") == {}
