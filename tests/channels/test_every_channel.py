"""What holds for every channel of the registry, whichever there are."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.rendering import messages, takes_s
from tests.channels.hostile import alert, hostile
from webhook_alerts.alert import Alert, Kind, Level
from webhook_alerts.channels import registry
from webhook_alerts.channels.base import (
    Access,
    Channel,
    Outcome,
    Request,
    Response,
    Style,
    Verdict,
    Window,
    encode,
)
from webhook_alerts.configuration.webhooks import _unreadable
from webhook_alerts.delivery import transport
from webhook_alerts.testing import services
from webhook_alerts.testing.standin import Service

NAMES = [name for name in registry.names() if registry.is_built_in(name)]
SECRET = "S3cr3tT0ken"
HTTP = Channel.carrier
STYLES = [
    Style(),
    Style(use_embeds=False, include_stack_traces=False, mention="@everyone", username="Alerts"),
    Style(max_message_length=100, link=lambda each: "https://shop.example/alerts/incident/abc?x=1&y=2"),
]
WAITING = [
    *hostile(),
    *(alert(level=level, kind=kind, state=state, note="by ana", occurrences=57)
      for level in Level for kind in Kind for state in ("", "open", "acknowledged", "resolved", "flapping")),
]  # fmt: skip


def texts(node: Any) -> Iterator[str]:
    """Every text in *node*, keys included."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from texts(key)
            yield from texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts(value)
    elif isinstance(node, str):
        yield node


@pytest.fixture(params=NAMES)
def channel(request: pytest.FixtureRequest) -> Channel:
    return registry.get(request.param)


def check(channel: Channel, some: list[Alert], style: Style) -> int:
    """Draw *some*; how many were taken."""
    payload = channel.render(some, style)
    assert 1 <= payload.count <= min(len(some), channel.max_alerts)
    # What is stored and read again is sent to the byte as it was drawn.
    assert json.loads(json.dumps(payload.json, allow_nan=False)) == payload.json
    encode(payload.json).decode("utf-8")
    for text in texts([payload.json, [file.to_dict() for file in payload.files]]):
        text.encode("utf-8")  # no lone surrogate
        assert "\x00" not in text  # which PostgreSQL does not store
    return payload.count


@pytest.mark.parametrize("style", STYLES)
def test_hostile_alerts_of_every_kind_and_state_are_all_carried_as_plain_json(channel: Channel, style: Style) -> None:
    left, carried = WAITING, 0
    while left:
        count = check(channel, left[: channel.max_alerts], style)
        left, carried = left[count:], carried + count
    assert carried == len(WAITING)
    for each in hostile():
        assert check(channel, [each], style) == 1


def test_the_same_alerts_always_make_the_same_message(channel: Channel) -> None:
    some = WAITING[30:45]
    assert channel.render(some, Style()) == channel.render(some, Style())


@pytest.mark.parametrize("name", ["discord", "slack", "teams", "telegram", "mattermost", "rocketchat", "google_chat"])
def test_the_groups_of_a_digest_are_all_shown(name: str) -> None:
    groups = [
        f"{number * 17} × OperationalError: {'the server closed the connection ' * 3}"[:110] for number in range(8)
    ]
    digest = alert(
        kind=Kind.DIGEST, message="Daily digest", context={"By level": "8 × error", "Most often": "\n".join(groups)}
    )
    shown = "\n".join(texts(registry.get(name).render([digest], Style()).json)).replace("\u00a0", " ")
    assert [group for group in groups if group.strip() not in shown] == []


MENTIONS = ["@here", "@everyone", "<!channel>", "<@U012AB3CD>", "<@123456789012345678>", "ana@example.com", "@ana"]


@pytest.mark.parametrize("state", ["acknowledged", "resolved"])
def test_nobody_is_called_for_what_somebody_deals_with(channel: Channel, state: str) -> None:
    critical = [alert(level=Level.CRITICAL, state=state)]
    calm = channel.render(critical, Style())
    assert all(channel.render(critical, Style(mention=mention)) == calm for mention in MENTIONS)


WORDS = (
    "code", "message", "retry_after", "error", "errors", "ok", "id", "channel_id", "parameters", "description",
    "migrate_to_chat_id", "status", "_errors", "details", "result", "message_id", "error_code", "name",
    "success", "requestId", "dedup_key", "took", "global",
)  # fmt: skip
"""What services call the parts of their answers."""
ANSWERS = st.binary(max_size=300) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(WORDS), inner, max_size=5,
    ),
    max_leaves=12,
).map(lambda value: json.dumps(value).encode())  # fmt: skip
HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "x-ratelimit-reset-after", "x-ratelimit-remaining", "x-ratelimit-reset", "date"]),
    st.text(max_size=30) | st.floats().map(str) | st.integers().map(str) | st.just("Fri, 31 Dec 2099 23:59:59 GMT"),
)
CODES = st.sampled_from([200, 201, 202, 204, 302, 400, 401, 403, 404, 408, 410, 413, 429, 500, 503]) | st.integers(
    -9, 999
)
DEEP = [b'{"a":' * 9000, b"[" * 60_000, b'{"retry_after":1' + b"0" * 400 + b"}", b'{"code":1' + b"0" * 4400 + b"}"]


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=80, deadline=None)
@given(status=CODES, headers=HEADERS, body=ANSWERS | st.sampled_from(DEEP))
def test_any_answer_is_understood(name: str, status: int, headers: dict[str, str], body: bytes) -> None:
    outcome = registry.get(name).classify(Response(status, headers, body))
    assert 0 <= outcome.wait_s <= 3600
    assert outcome.reason
    assert len(outcome.reason) <= 255
    outcome.reason.encode("utf-8")
    assert len(outcome.message_id) <= 128


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("status", [200, 400, 404, 429, 500])
def test_a_reason_is_short_however_much_a_service_says(name: str, status: int) -> None:
    long = "\x00much\n" * 900
    for said in (long, [long], dict.fromkeys(WORDS, long), [dict.fromkeys(WORDS, long)]):
        body = json.dumps(dict.fromkeys(WORDS, said)).encode()
        outcome = registry.get(name).classify(Response(status, {"told": long}, body))
        assert 0 < len(outcome.reason) <= 255
        assert "\x00" not in outcome.reason


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=50, deadline=None)
@given(
    scheme=st.sampled_from([*Channel.schemes, "mailto", "file", "apprise", "console"]),
    host=st.sampled_from([
        "discord.com", "hooks.slack.com", "api.telegram.org", "chat.googleapis.com", "events.pagerduty.com",
        "api.opsgenie.com", "prod-1.westeurope.logic.azure.com", "x.webhook.office.com", "shop.example", "",
    ]),
    parts=st.lists(
        st.text(st.characters(codec="utf-8"), max_size=8)
        | st.sampled_from([SECRET, "services", "webhooks", "hooks", "v2", "enqueue", "api", "bot", "triggers"]),
        max_size=6,
    ),
    query=st.dictionaries(st.sampled_from(["sig", "thread_id", "chat_id", "key", "token", "x"]), st.text(max_size=9)),
)  # fmt: skip
def test_what_a_malformed_url_is_told_never_quotes_it(
    name: str, scheme: str, host: str, parts: list[str], query: dict[str, str]
) -> None:
    asked = "&".join(f"{key}={value}{SECRET}" for key, value in query.items())
    url = f"{scheme}://{SECRET}@{host}/{'/'.join([*parts, SECRET])}?{asked}#{SECRET}"
    for given_url in (url, url.replace("://", ":"), url.replace(f"{SECRET}@", "")):
        if _unreadable(given_url):
            continue  # told before any channel is asked
        channel = registry.get(name)
        assert channel.recognises(given_url) in {True, False}
        assert SECRET not in complaint(channel, given_url)


def complaint(channel: Channel, url: str) -> str:
    """What *channel* says against *url*, if anything."""
    try:
        return "" if channel.endpoint(url) else "no address"
    except ValueError as error:
        return str(error)


TOGETHER = {"discord": (50, 1.0), "telegram": (30, 1.0), "google_chat": (1, 1.0)}
"""Requests in so many seconds from one address, of one bot, to one space: https://discord.com/developers/docs/topics/
rate-limits, https://core.telegram.org/bots/faq, https://developers.google.com/workspace/chat/limits."""


def at_most(windows: Iterable[Window], seconds: float) -> float:
    """How many requests *windows* let through in *seconds*."""
    return min((each.limit * math.ceil(seconds / each.seconds) for each in windows), default=math.inf)


@pytest.mark.parametrize("service", services.EVERY, ids=lambda service: service.name)
def test_no_channel_sends_faster_than_its_service_allows_by_itself(service: type[Service]) -> None:
    channel = registry.get(service.name)
    for limit, seconds in service.usual_limits:
        assert at_most(channel.default_rate, seconds) <= limit
    if service.name in TOGETHER:
        limit, seconds = TOGETHER[service.name]
        assert at_most(channel.provider_rate, seconds) <= limit


@pytest.mark.parametrize("name", NAMES)
def test_every_service_that_is_reached_by_a_network_has_a_stand_in_whose_urls_are_its_own(name: str) -> None:
    channel = registry.get(name)
    found = [service(limits=()) for service in services.EVERY if service.name == name]
    assert len(found) == (channel.carrier == HTTP or name == "email")
    for service in found:
        url = service.url("errors")
        if name == "email":
            assert channel.endpoint(url) == url
            continue
        assert service.route.fullmatch(re.sub(r"\?.*", "", channel.endpoint(url)).partition(":0")[2])


@pytest.mark.parametrize(
    "service", [each for each in services.EVERY if each.name != "email"], ids=lambda service: service.name
)
def test_every_hostile_alert_is_taken_and_changed_over_http(service: type[Service]) -> None:
    channel = registry.get(service.name)
    with service(limits=()) as server:
        access = Access(server.url("errors"))
        left = WAITING[:80]
        while left:
            payload = channel.render(left[: channel.max_alerts], STYLES[2])
            outcome = carried(channel, channel.request(access, payload.json, payload.files, int(time.time())))
            left = left[payload.count :]
        assert server.requests("errors")
        if channel.supports_edit and outcome.message_id:
            body = channel.render([alert(occurrences=57)], Style()).json
            carried(channel, channel.edit(access, outcome.message_id, body))


def carried(channel: Channel, request: Request) -> Outcome:
    """What came of *request*, sent as a worker sends it."""
    outcome = channel.classify(transport.send(request, timeout=10, allow_private=True))
    assert outcome.verdict is Verdict.DELIVERED, outcome
    return outcome


@pytest.mark.parametrize("name", NAMES)
def test_the_benchmark_counts_the_messages_of_every_channel(name: str) -> None:
    channel = registry.get(name)
    assert 1 <= messages(channel, [alert(message=f"number {number}") for number in range(60)]) <= 60


@pytest.mark.parametrize(
    ("requests", "windows", "seconds"),
    [
        (1, [Window(1, 1.0)], 0),
        (20, [Window(1, 1.0)], 19),
        (20, [Window(5, 2.0), Window(30, 60.0)], 6),
        (31, [Window(5, 2.0), Window(30, 60.0)], 60),
        (1000, [], 0),
    ],
)
def test_the_time_that_limits_allow_is_reckoned(requests: int, windows: list[Window], seconds: float) -> None:
    assert takes_s(requests, windows) == seconds
