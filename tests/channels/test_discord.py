"""Discord: within every limit for any input, and every answer understood."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.channels.hostile import TRACE, alert, hostile
from tests.channels.strategies import alerts
from webhook_alerts.alert import Alert, Kind, Level
from webhook_alerts.channels import registry
from webhook_alerts.channels.base import Response, Style, Verdict
from webhook_alerts.channels.discord import Discord
from webhook_alerts.testing.fake_discord_rules import faults, is_empty

CHANNEL = Discord()
TOKEN = "T" * 68
STYLES = [
    Style(),
    Style(use_embeds=False),
    Style(mention="@everyone", username="Discord Clyde", max_message_length=100),
]


def check(given_alerts: list[Alert], style: Style) -> int:
    payload = CHANNEL.render(given_alerts, style)
    assert faults(payload.json, len(payload.files)) == []
    assert not is_empty(payload.json, len(payload.files))
    assert 1 <= payload.count <= len(given_alerts)
    json.dumps(payload.json).encode()
    shown = json.dumps(payload.json, ensure_ascii=False)
    shown.encode("utf-8")  # no lone surrogate is left
    return payload.count


@settings(max_examples=150, deadline=None)
@given(st.lists(alerts, min_size=1, max_size=12), st.sampled_from(STYLES))
def test_any_alerts_are_within_every_limit(some: list[Alert], style: Style) -> None:
    check(some, style)


@pytest.mark.parametrize("style", STYLES)
def test_forty_hostile_alerts_are_all_carried(style: Style) -> None:
    left = hostile()
    while left:
        left = left[check(left, style) :]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("note", ["\ud800", " \n", "*" * 10_000, "@everyone"])
def test_any_note_on_an_incident_fits(note: str, style: Style) -> None:
    assert check([alert(note=note, state="acknowledged")] * 3, style) == 3


def test_a_long_trace_keeps_its_cause_and_goes_along_whole_as_a_file() -> None:
    payload = CHANNEL.render([alert(kind=Kind.ERROR, exception_type="ValueError", stack_trace=TRACE)], Style())
    description = payload.json["embeds"][0]["description"]
    assert "ValueError: the cause that must be kept" in description
    assert "characters cut" in description
    assert payload.files[0].content == TRACE


def test_no_text_leaves_its_code_block() -> None:
    payload = CHANNEL.render([alert(message="a\n```\n# free\n```", stack_trace="```py\nx\n```")], Style())
    description = payload.json["embeds"][0]["description"]
    assert description.count("```") == 4


def test_only_a_critical_pings_and_only_where_asked() -> None:
    style = Style(mention="@everyone")
    assert CHANNEL.render([alert(message="@everyone")], style).json["allowed_mentions"] == {"parse": []}
    assert "content" not in CHANNEL.render([alert()], style).json
    payload = CHANNEL.render([alert(level=Level.CRITICAL)], style).json
    assert payload["content"] == "@everyone"
    assert payload["allowed_mentions"] == {"parse": ["everyone"]}
    assert CHANNEL.render([alert(level=Level.CRITICAL)], Style()).json["allowed_mentions"] == {"parse": []}


@pytest.mark.parametrize("kind", [Kind.LOG, Kind.ERROR])
def test_an_error_without_an_exception_is_headed_by_its_message(kind: Kind) -> None:
    assert CHANNEL.render([alert(kind=kind)], Style()).json["embeds"][0]["title"] == "🔴 boom"


def test_performance_shows_value_threshold_and_ratio() -> None:
    details = {"metric": "checkout", "value": 4.2, "threshold": 2, "unit": "s", "ratio": 2.1}
    embed = CHANNEL.render([alert(kind=Kind.PERFORMANCE, details=details)], Style()).json["embeds"][0]
    assert [field["value"] for field in embed["fields"][:3]] == ["4.2 s", "2 s", "2.1×"]


@pytest.mark.parametrize("kind", [Kind.PERFORMANCE, Kind.EVENT, Kind.STATUS])
@pytest.mark.parametrize("details", [{}, {"metric": None, "event": None, "status": None, "value": None, "unit": None}])
def test_what_is_not_known_is_not_drawn(kind: Kind, details: dict[str, Any]) -> None:
    given_alert = alert(kind=kind, details=details, message="checkout is slow")
    embed = CHANNEL.render([given_alert], Style()).json["embeds"][0]
    assert embed["title"].endswith(" checkout is slow")
    assert "None" not in json.dumps(embed)
    assert not {"Value", "Threshold", "Ratio"} & {field["name"] for field in embed.get("fields", ())}


def test_of_a_measurement_without_a_threshold_the_value_is_drawn() -> None:
    details = {"metric": "checkout", "value": 0, "unit": "s"}
    embed = CHANNEL.render([alert(kind=Kind.PERFORMANCE, details=details)], Style()).json["embeds"][0]
    assert embed["fields"][0] == {"name": "Value", "value": "0 s", "inline": True}
    assert "None" not in json.dumps(embed)


@pytest.mark.parametrize(
    ("kind", "name", "blank"),
    [
        *((Kind.EVENT, "event", blank) for blank in ("", " \n ", "\u200b", "_")),
        *((Kind.STATUS, "status", blank) for blank in ("", " \n ", "\u200b")),
        *((Kind.PERFORMANCE, "metric", blank) for blank in ("", " \n ", "\u200b")),
    ],
)
def test_an_alert_that_says_nothing_is_headed_by_its_kind(kind: Kind, name: str, blank: str) -> None:
    given_alert = alert(kind=kind, message=blank, details={name: blank})
    embed = CHANNEL.render([given_alert], Style()).json["embeds"][0]
    assert embed["title"].split(" ", 1)[1] == kind.value


def test_a_users_template_is_used_and_a_raising_one_costs_nothing() -> None:
    def own(given_alert: Alert, style: Style) -> dict[str, Any]:
        return {"title": "own", "color": 1}

    def broken(given_alert: Alert, style: Style) -> dict[str, Any]:
        raise RuntimeError("no")

    assert CHANNEL.render([alert()], Style(templates={"log": own})).json["embeds"][0]["title"] == "own"
    embed = CHANNEL.render([alert()], Style(templates={"log": broken})).json["embeds"][0]
    assert "boom" in embed["title"]
    assert any("RuntimeError" in field["value"] for field in embed["fields"])


@pytest.mark.parametrize(
    "url",
    [
        f"https://discord.com/api/webhooks/123456789012345678/{TOKEN}",  # what people copy: v6
        f"https://discordapp.com/api/v6/webhooks/123456789012345678/{TOKEN}/",
        f"https://ptb.discord.com/api/v9/webhooks/123456789012345678/{TOKEN}?wait=false",
    ],
)
def test_every_url_becomes_v10_with_wait(url: str) -> None:
    assert registry.recognise(url) == "discord"
    assert CHANNEL.endpoint(url) == f"https://discord.com/api/v10/webhooks/123456789012345678/{TOKEN}?wait=true"


def test_a_thread_is_kept_and_a_malformed_url_is_never_quoted() -> None:
    url = f"https://discord.com/api/webhooks/123456789012345678/{TOKEN}?thread_id=42"
    assert CHANNEL.endpoint(url).endswith("?wait=true&thread_id=42")
    with pytest.raises(ValueError, match="webhooks/<id>/<token>") as caught:
        CHANNEL.endpoint("https://discord.com/api/webhooks/1/SECRET")
    assert "SECRET" not in str(caught.value)


def answer(status: int, body: object = None, **headers: str) -> Response:
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode() if body is not None else b""
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw)


@pytest.mark.parametrize(
    ("response", "verdict", "wait_s", "provider_wide"),
    [
        (answer(200, {"id": "1"}), Verdict.DELIVERED, 0, False),
        (answer(204), Verdict.DELIVERED, 0, False),
        # the answer that used the last of the quota closes the gate by itself
        (
            answer(200, {"id": "1"}, x_ratelimit_remaining="0", x_ratelimit_reset_after="1.5"),
            Verdict.DELIVERED,
            1.5,
            False,
        ),
        (answer(429, {"retry_after": 64.57, "global": False}, retry_after="65"), Verdict.WAIT, 65, False),
        (answer(429, {"retry_after": 0.376, "global": True}), Verdict.WAIT, 0.376, True),
        # Cloudflare: HTML, or a bare line, and no hint
        (answer(429, "error code: 1015"), Verdict.WAIT, 60, True),
        (answer(429, "<html>", retry_after="99999999999"), Verdict.WAIT, 3600, False),
        (answer(400, {"code": 50035, "message": "Invalid Form Body"}), Verdict.REFUSED, 0, False),
        (answer(400, {"code": 20016, "message": "slow mode"}), Verdict.RETRY, 60, False),
        (answer(401, {"code": 50027, "message": "Invalid Webhook Token"}), Verdict.GONE, 0, False),
        (answer(404, {"code": 10015, "message": "Unknown Webhook"}), Verdict.GONE, 0, False),
        (answer(403, {"code": 50013, "message": "Missing Permissions"}), Verdict.GONE, 0, False),
        (answer(403, {"code": 40333, "message": "user agent"}), Verdict.REFUSED, 0, False),
        (answer(413, {"code": 40005}), Verdict.REFUSED, 0, False),
        (answer(408), Verdict.RETRY, 0, False),
        (answer(500), Verdict.RETRY, 0, False),
        (answer(503, "busy", retry_after="120"), Verdict.RETRY, 120, False),
        (answer(302), Verdict.RETRY, 0, False),
        (answer(500, "[1, 2"), Verdict.RETRY, 0, False),
    ],
)
def test_every_answer_is_understood(response: Response, verdict: Verdict, wait_s: float, provider_wide: bool) -> None:
    outcome = CHANNEL.classify(response)
    assert (outcome.verdict, outcome.wait_s, outcome.provider_wide) == (verdict, wait_s, provider_wide)


def test_a_refusal_is_told_in_discords_own_words() -> None:
    body = {
        "code": 50035,
        "message": "Invalid Form Body",
        "errors": {
            "embeds": {"0": {"title": {"_errors": [{"code": "X", "message": "Must be 256 or fewer in length."}]}}}
        },
    }
    reason = CHANNEL.classify(answer(400, body)).reason
    assert reason == "HTTP 400: code 50035: Invalid Form Body: embeds.0.title Must be 256 or fewer in length."
