"""Mattermost: its addresses, its answers, its stand-in; what it shares with others is in ``test_attachments``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.channels.hostile import alert, hostile
from tests.channels.schemas import validator
from tests.channels.test_attachments import STYLES
from webhook_alerts.alert import Level
from webhook_alerts.channels import registry
from webhook_alerts.channels.base import Response, Style, Verdict
from webhook_alerts.channels.mattermost import Mattermost
from webhook_alerts.testing.fake_mattermost import FakeMattermost
from webhook_alerts.testing.fake_mattermost_rules import called

CHANNEL = Mattermost()
URL = "https://chat.shop.example/hooks/ucw5qjw86jgeum77o1uw8197jr"


@pytest.mark.parametrize("url", [URL, f"{URL}/", f"{URL}?x=1", URL.replace("/hooks", "/sub/hooks")])
def test_a_webhooks_url_is_recognised_at_any_host_and_made_plain(url: str) -> None:
    assert registry.recognise(url) == "mattermost"
    assert CHANNEL.endpoint(url) == url.rstrip("/").removesuffix("?x=1")


@pytest.mark.parametrize("path", ["/hooks/SECRET", "/hooks/", "/", "/hooks/ucw5qjw86jgeum77o1uw8197jr/SECRET"])
def test_a_url_that_cannot_be_used_says_why_and_is_never_quoted(path: str) -> None:
    assert registry.recognise(f"https://chat.shop.example{path}") != "mattermost"
    with pytest.raises(ValueError, match="ends in /hooks/ and 26") as caught:
        CHANNEL.endpoint(f"https://chat.shop.example{path}")
    assert "SECRET" not in str(caught.value)


def test_the_schema_takes_what_is_made() -> None:
    check_with = validator("mattermost-incoming-webhook")
    for style in STYLES:
        bodies = [CHANNEL.render([each], style).json for each in hostile()] + [CHANNEL.render(hostile(), style).json]
        for body in bodies:
            assert [error.message[:200] for error in check_with.iter_errors(body)] == []


def test_what_is_no_graver_than_info_is_silent_and_a_name_that_is_too_long_is_cut() -> None:
    assert CHANNEL.render([alert(level=Level.INFO)], Style()).json["silent"] is True
    body = CHANNEL.render([alert()], Style(username="n" * 99, avatar_url="http://shop.example/icon.png")).json
    assert (len(body["username"]), "icon_url" in body, "silent" in body) == (64, False, False)


def error(identity: str, status: int) -> bytes:
    return json.dumps({"id": identity, "message": "Said in words.", "status_code": status}).encode()


@pytest.mark.parametrize(
    ("status", "identity", "verdict"),
    [
        (400, "web.incoming_webhook.invalid.app_error", Verdict.GONE),
        (501, "web.incoming_webhook.disabled.app_error", Verdict.GONE),
        (403, "web.incoming_webhook.channel_locked.app_error", Verdict.GONE),
        (403, "web.incoming_webhook.permissions.app_error", Verdict.GONE),
        (403, "web.incoming_webhook.user.app_error", Verdict.GONE),
        (404, "app.channel.get.existing.app_error", Verdict.GONE),
        (400, "web.incoming_webhook.text.app_error", Verdict.REFUSED),
        (400, "web.incoming_webhook.parse.app_error", Verdict.REFUSED),
        (400, "web.incoming_webhook.split_props_length.app_error", Verdict.REFUSED),
        (500, "app.channel.get.find.app_error", Verdict.RETRY),
    ],
)
def test_every_error_is_understood_by_its_id(status: int, identity: str, verdict: Verdict) -> None:
    outcome = CHANNEL.classify(Response(status, {}, error(identity, status)))
    assert (outcome.verdict, outcome.reason) == (verdict, f"HTTP {status}: {identity}")


@pytest.mark.parametrize(
    ("response", "verdict", "wait_s", "reason"),
    [
        (Response(200, {}, b"ok"), Verdict.DELIVERED, 0, "HTTP 200"),
        (Response(200, {}, b""), Verdict.DELIVERED, 0, "HTTP 200"),
        (Response(200, {}, b"<html>Sign in</html>"), Verdict.RETRY, 0, "HTTP 200: not Mattermost's ok"),
        (Response(429, {"retry-after": "7"}, b"limit exceeded\n"), Verdict.WAIT, 7, "HTTP 429"),
        (Response(429, {}, b""), Verdict.WAIT, 60, "HTTP 429"),
        (Response(502, {}, b"<html>"), Verdict.RETRY, 0, "HTTP 502"),
        (Response(501, {}, b'{"id": 7}'), Verdict.RETRY, 0, "HTTP 501"),
        (Response(400, {}, b'{"id": "what else? /hooks/SECRET"}'), Verdict.REFUSED, 0, "HTTP 400"),
    ],
)
def test_other_answers_are_understood(response: Response, verdict: Verdict, wait_s: float, reason: str) -> None:
    outcome = CHANNEL.classify(response)
    assert (outcome.verdict, outcome.wait_s, outcome.reason) == (verdict, wait_s, reason)


@pytest.fixture
def mattermost() -> Iterator[FakeMattermost]:
    """A stand-in that limits nothing."""
    with FakeMattermost(limits=()) as server:
        yield server


def post(mattermost: FakeMattermost, body: Any) -> requests.Response:
    return requests.post(CHANNEL.endpoint(mattermost.url("errors")), json=body, timeout=5)


def test_what_is_made_is_taken_over_http(mattermost: FakeMattermost) -> None:
    for style in STYLES:
        for body in (CHANNEL.render(hostile(), style).json, CHANNEL.render(hostile()[-1:], style).json):
            taken = post(mattermost, body)
            assert (taken.status_code, taken.text) == (200, "ok")
    assert registry.recognise(mattermost.url("errors")) == "mattermost"


@pytest.mark.parametrize(
    ("body", "identity"),
    [
        ({}, "web.incoming_webhook.text.app_error"),
        ([], "model.incoming_hook.parse_data.app_error"),
        ({"text": 1}, "model.incoming_hook.parse_data.app_error"),
        ({"attachments": {}}, "model.incoming_hook.parse_data.app_error"),
        ({"attachments": [{"title": 1}]}, "model.incoming_hook.parse_data.app_error"),
        ({"attachments": [{"fields": [{"title": "a", "short": "yes"}]}]}, "model.incoming_hook.parse_data.app_error"),
        ({"attachments": [{"text": "x" * 800_001}]}, "web.incoming_webhook.split_props_length.app_error"),
    ],
)
def test_the_stand_in_refuses_what_mattermost_refuses_in_its_words(
    mattermost: FakeMattermost, body: Any, identity: str
) -> None:
    told = post(mattermost, body)
    assert (told.status_code, told.json()["id"]) == (400, identity)


def test_the_stand_in_takes_forms_limits_the_rate_and_forgets_what_was_removed() -> None:
    with FakeMattermost(limits=[(1, 5.0)]) as mattermost:
        form = requests.post(mattermost.url("errors"), data={"payload": '{"text": "x"}'}, timeout=5)
        assert (form.status_code, form.text) == (200, "ok")
        told = post(mattermost, {"text": "y"})
        assert (told.status_code, told.headers["Retry-After"], told.text) == (429, "5", "limit exceeded")
        mattermost.delete("errors")
        assert CHANNEL.classify(Response(400, {}, post(mattermost, {"text": "z"}).content)).verdict is Verdict.GONE
    assert [message["text"] for message in mattermost.messages("errors")] == ["x"]


def test_the_stand_in_knows_whom_a_text_would_call() -> None:
    said = "@ana `@code` mail@shop.example\n```\n@fence <!channel>\n```\n<!here> <https://e.example|@link>"
    assert called({"text": said, "attachments": [{"title": "@title", "fields": [{"value": "@field"}]}]}) == [
        "ana", "here", "link", "field"
    ]  # fmt: skip
