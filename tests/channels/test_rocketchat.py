"""Rocket.Chat: its addresses, its answers, its stand-in; what it shares with others is in ``test_attachments``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.channels.hostile import alert, hostile
from tests.channels.test_attachments import STYLES
from webhook_alerts.channels import registry
from webhook_alerts.channels.base import Outcome, Response, Style, Verdict
from webhook_alerts.channels.rocketchat import RocketChat
from webhook_alerts.testing.fake_rocketchat import FakeRocketChat
from webhook_alerts.testing.fake_rocketchat_rules import called

CHANNEL = RocketChat()
WAY = "D2oXe5wZEAKFYKds6/eQJ2dyMq6yPvAbNdx6uLjuiLJvQNSkSoWfQfi8kNwPQ6bsoc"
URL = f"https://chat.shop.example/hooks/{WAY}"
DATE = "Sat, 21 Nov 2026 09:00:00 GMT"
AT_MS = 1_795_251_600_000


@pytest.mark.parametrize(
    "url", [URL, f"{URL}/", f"{URL}?x=1", URL.replace("/hooks", "/sub/hooks"), URL.replace("Kds6/", "Kds6/rocket.cat/")]
)
def test_a_webhooks_url_is_recognised_at_any_host_and_made_plain(url: str) -> None:
    plain = url.rstrip("/").removesuffix("?x=1")
    assert registry.recognise(url) == "rocketchat"
    assert CHANNEL.endpoint(url) == plain
    assert CHANNEL.probe(url) == plain.replace("/hooks/", "/hooks/info/")


@pytest.mark.parametrize("path", ["/hooks/SECRET", "/hooks/D2oXe5wZEAKFYKds6/SECRET", "/", "/hooks/catch/123/SECRET"])
def test_a_url_that_cannot_be_used_says_why_and_is_never_quoted(path: str) -> None:
    assert registry.recognise(f"https://chat.shop.example{path}") is None
    with pytest.raises(ValueError, match="ends in /hooks/<id>/<token>") as caught:
        CHANNEL.endpoint(f"https://chat.shop.example{path}")
    assert "SECRET" not in str(caught.value)


def test_links_are_not_opened_and_fields_are_markdown_in_every_version() -> None:
    body = CHANNEL.render([alert()], Style()).json
    assert body["parseUrls"] is False
    assert [each["mrkdwn_in"] for each in body["attachments"]] == [["text", "fields"]]


def test_a_name_that_may_not_be_used_is_left_out() -> None:
    body = CHANNEL.render([alert()], Style(username="Alerts", avatar_url="https://shop.example/i.png")).json
    refused = Outcome(Verdict.REFUSED, "HTTP 400: Not enough permission")
    plainer = CHANNEL.plainer(body, refused)
    assert plainer == {name: value for name, value in body.items() if name not in {"username", "icon_url"}}
    assert CHANNEL.plainer(plainer, refused) is None
    assert CHANNEL.plainer(body, Outcome(Verdict.REFUSED, "HTTP 400: unknown-error")) is None


def answer(status: int, error: str = "", **headers: str) -> Response:
    body = {"success": not error, **({"error": error} if error else {})}
    return Response(
        status, {name.replace("_", "-"): value for name, value in headers.items()}, json.dumps(body).encode()
    )


@pytest.mark.parametrize(
    ("status", "error", "verdict"),
    [
        (400, "Invalid integration id or token provided.", Verdict.GONE),
        (404, "Invalid integration id or token provided.", Verdict.GONE),
        (400, "invalid-channel", Verdict.GONE),
        (400, "room_is_blocked", Verdict.GONE),
        (400, "You can't send messages because the room is readonly.", Verdict.GONE),
        (503, "Service Unavailable", Verdict.GONE),
        (401, "You must be logged in to do this.", Verdict.GONE),
        (400, "Not enough permission", Verdict.REFUSED),
        (400, "error-message-size-exceeded", Verdict.REFUSED),
        (400, "Invalid attachment field, title and value is required", Verdict.REFUSED),
        (400, "error-running-script", Verdict.REFUSED),
        (500, "Internal server error", Verdict.RETRY),
    ],
)
def test_every_error_is_understood_by_its_words(status: int, error: str, verdict: Verdict) -> None:
    outcome = CHANNEL.classify(answer(status, error))
    assert (outcome.verdict, outcome.reason) == (verdict, f"HTTP {status}: {error}")


@pytest.mark.parametrize(
    ("response", "verdict", "wait_s"),
    [
        (answer(200), Verdict.DELIVERED, 0),
        (answer(200, x_ratelimit_remaining="3", x_ratelimit_reset=str(AT_MS + 9000), date=DATE), Verdict.DELIVERED, 0),
        (answer(200, x_ratelimit_remaining="0", x_ratelimit_reset=str(AT_MS + 9000), date=DATE), Verdict.DELIVERED, 9),
        (answer(200, x_ratelimit_remaining="0", x_ratelimit_reset="soon", date=DATE), Verdict.DELIVERED, 0),
        (answer(200, x_ratelimit_remaining="0", x_ratelimit_reset=str(AT_MS), date="today"), Verdict.DELIVERED, 0),
        (answer(200, "unknown-error"), Verdict.RETRY, 0),
        (Response(200, {}, b"<html>Sign in</html>"), Verdict.RETRY, 0),
        (answer(429, "You must wait 42 seconds before trying again. [error-too-many-requests]"), Verdict.WAIT, 42),
        (answer(400, "You must wait 42 seconds before trying again. [error-too-many-requests]"), Verdict.WAIT, 42),
        (answer(429, "slow", x_ratelimit_reset=str(AT_MS + 9000), date=DATE), Verdict.WAIT, 9),
        (answer(429, "slow", retry_after="7"), Verdict.WAIT, 7),
        (Response(429, {}, b""), Verdict.WAIT, 60),
        (Response(503, {"retry-after": "5"}, b"<html>Service Unavailable"), Verdict.RETRY, 5),
    ],
)  # fmt: skip
def test_other_answers_are_understood(response: Response, verdict: Verdict, wait_s: float) -> None:
    outcome = CHANNEL.classify(response)
    assert (outcome.verdict, outcome.wait_s) == (verdict, wait_s)


@pytest.fixture
def rocketchat() -> Iterator[FakeRocketChat]:
    """A stand-in that limits nothing."""
    with FakeRocketChat(limits=()) as server:
        yield server


def post(rocketchat: FakeRocketChat, body: Any) -> requests.Response:
    return requests.post(CHANNEL.endpoint(rocketchat.url("errors")), json=body, timeout=5)


def test_what_is_made_is_taken_over_http(rocketchat: FakeRocketChat) -> None:
    for style in STYLES:
        for body in (CHANNEL.render(hostile(), style).json, CHANNEL.render(hostile()[-1:], style).json):
            assert post(rocketchat, body).json() == {"success": True}
    assert requests.get(CHANNEL.probe(rocketchat.url("errors")), timeout=5).json() == {"success": True}
    assert len(rocketchat.messages("errors")) == 2 * len(STYLES)
    assert registry.recognise(rocketchat.url("errors")) == "rocketchat"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ([], "Match error: Expected object"),
        ({"text": 1}, "Match error: Expected string, got int in field text"),
        ({"text": "😀" * 2501}, "error-message-size-exceeded"),
        ({"icon_url": "javascript:x"}, "Invalid href value provided"),
        ({"attachments": [{"title_link": "/alerts/"}]}, "Invalid href value provided"),
        (
            {"attachments": [{"fields": [{"title": "a", "value": ""}]}]},
            "Invalid attachment field, title and value is required",
        ),
        (
            {"attachments": [{"fields": [{"title": "a", "value": "b", "short": 1}]}]},
            "Match error: Expected boolean in field short",
        ),
    ],
)
def test_the_stand_in_refuses_what_rocketchat_refuses_in_its_words(
    rocketchat: FakeRocketChat, body: Any, error: str
) -> None:
    told = post(rocketchat, body)
    assert (told.status_code, told.json()) == (400, {"success": False, "error": error})


def test_the_stand_in_limits_the_rate_and_forgets_what_was_removed() -> None:
    with FakeRocketChat(limits=[(1, 5.0)]) as rocketchat:
        assert int(post(rocketchat, {"text": "x"}).headers["X-RateLimit-Remaining"]) == 0
        told = post(rocketchat, {"text": "y"})
        assert told.status_code == 429
        assert "You must wait 5 seconds" in told.json()["error"]
        rocketchat.delete("errors")
        assert "Invalid integration id" in post(rocketchat, {"text": "z"}).json()["error"]
    assert [message["text"] for message in rocketchat.messages("errors")] == ["x"]


def test_the_stand_in_knows_whom_a_text_would_call() -> None:
    assert called({"text": "@ana `@code` mail@shop.example\n```\n@fence\n```", "attachments": [{"text": "@x"}]}) == [
        "ana"
    ]
