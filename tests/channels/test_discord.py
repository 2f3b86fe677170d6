"""Discord: within every limit for any input, and every answer understood."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.channels.hostile import TEXTS, TRACE, alert, hostile
from tests.channels.schemas import validator
from tests.channels.strategies import alerts
from webhook_alerts.alert import Alert, Kind, Level
from webhook_alerts.channels import registry
from webhook_alerts.channels.base import Access, File, Request, Response, Style, Verdict
from webhook_alerts.channels.discord import Discord
from webhook_alerts.channels.text import clean
from webhook_alerts.drawing.markdown import marked
from webhook_alerts.testing.fake_discord import FakeDiscord
from webhook_alerts.testing.fake_discord_rules import faults, is_empty

CHANNEL = Discord()
TOKEN = "T" * 68
URL = f"https://discord.com/api/webhooks/123456789012345678/{TOKEN}"
LINK = "https://shop.example/alerts/incident/abc?x=1&y=2"
STYLES = [
    Style(),
    Style(use_embeds=False),
    Style(mention="@everyone", username="Discord Clyde", max_message_length=100, link=lambda each: LINK),
]


def check(given_alerts: list[Alert], style: Style) -> int:
    payload = CHANNEL.render(given_alerts, style)
    assert faults(payload.json, [file.filename for file in payload.files]) == []
    assert not is_empty(payload.json, len(payload.files))
    assert 1 <= payload.count <= len(given_alerts)
    json.dumps(payload.json).encode()
    shown = json.dumps(payload.json, ensure_ascii=False)
    shown.encode("utf-8")  # no lone surrogate is left
    links = [embed["url"] for embed in payload.json.get("embeds", ()) if "url" in embed]
    assert len(set(links)) == len(links)  # else one would hide the others
    return payload.count


@settings(max_examples=60, deadline=None)
@given(st.lists(alerts, min_size=1, max_size=12), st.sampled_from(STYLES))
def test_any_alerts_are_within_every_limit(some: list[Alert], style: Style) -> None:
    check(some, style)


@pytest.mark.parametrize("style", STYLES)
def test_forty_hostile_alerts_are_all_carried(style: Style) -> None:
    left = hostile()
    while left:
        left = left[check(left, style) :]


def texts(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        node = [value for key, value in node.items() if key not in {"url", "timestamp", "footer"}]
    if isinstance(node, list):
        for value in node:
            yield from texts(value)
    elif isinstance(node, str):
        yield node


def shown(body: dict[str, Any]) -> str:
    """All that can be read in the channel, by a reader of Discord's markup that knows nothing of what renders."""
    parts = [body.get("content", "")]
    titles = []
    for embed in body.get("embeds", ()):
        titles.append(re.sub(r"\\([\\*_~`|])", r"\1", embed.get("title", "")))  # which may hold emphasis and no more
        parts.append(embed.get("description", ""))
        parts += [text for field in embed.get("fields", ()) for text in (field["name"], field["value"])]
    read = [html.unescape(re.sub(r"</?[a-z][^>]*>", "\n", marked(part, lambda mention: True))) for part in parts]
    return "\n".join(titles + read).replace("\u200b", "")


def is_what_we_meant(body: dict[str, Any]) -> None:
    """Of all marks only ours are left when the texts are read: code, our link, times, and in a plain line its level."""
    embeds = [{key: text for key, text in embed.items() if key != "title"} for embed in body.get("embeds", ())]
    for text in texts([body.get("content", ""), embeds]):  # a title calls nobody and holds no links
        tags = set(re.findall(r"<([a-z]+)", marked(text, lambda mention: True)))
        assert tags <= {"pre", "code", "a", "time", *({"strong"} if text == body.get("content") else ())}, text
        assert "wa-mention" not in marked(text, lambda mention: True)


@pytest.mark.parametrize("place", ["message", "stack_trace", "context", "note", "logger"])
@pytest.mark.parametrize("style", STYLES)
def test_no_hostile_text_is_lost_without_a_mark_and_none_becomes_markup(style: Style, place: str) -> None:
    for text in [*TEXTS, "👩‍👩‍👧‍👦 مرحبا @everyone <@&12> *_`~|[a](https://b.example) # -" * 9]:
        given_alert = alert(**{"message": "boom", place: {"k": text} if place == "context" else text})
        check([given_alert], style)
        body = CHANNEL.render([given_alert], style).json
        is_what_we_meant(body)
        if place in {"context", "logger"} and not style.use_embeds:
            continue  # plain text is for those who want no more than message and trace
        seen, wanted = (" ".join(each.replace("\u200b", "").split()) for each in (shown(body), clean(text)))
        if wanted not in seen:
            assert len(wanted) > min(250, style.max_message_length)
            assert "characters cut" in seen or "…" in seen


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(STYLES), st.text(st.sampled_from('"\\\n\t<>&`x😀\u0301\ud800'), min_size=1, max_size=30))
def test_a_trace_of_a_megabyte_keeps_its_cause(style: Style, unit: str) -> None:
    trace = (unit * (1_000_000 // len(unit))) + "\nValueError: the cause that must be kept"
    given_alert = alert(kind=Kind.ERROR, exception_type="ValueError", stack_trace=trace)
    check([given_alert], style)
    body = CHANNEL.render([given_alert], style).json
    assert "ValueError: the cause that must be kept" in shown(body)
    assert "characters cut" in shown(body)


def test_of_two_hundred_facts_those_that_are_not_shown_are_counted() -> None:
    context = {f"field {number}": f"value {number} " * (number % 20) for number in range(200)}
    body = CHANNEL.render([alert(context=context, stack_trace=TRACE)], Style()).json
    assert faults(body) == []
    names = {field["name"] for field in body["embeds"][0]["fields"] if field["name"].startswith("field ")}
    told = sum(int(number) for number in re.findall(r"(\d+) more in the record", shown(body)))
    marks = shown(body).count("more in the record")
    assert len(names) + told in {200, 200 + marks - 1}  # a mark that found no room is counted by the next
    assert len(names) >= 3


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


def test_a_malformed_url_says_why_and_is_never_quoted() -> None:
    for url, why in (
        ("https://discord.com/api/webhooks/1/SECRET", "webhooks/<id>/<token>"),
        (f"{URL}?thread_id=SECRET", "thread_id is a number"),
        (f"{URL}?thread_id=42&thread_name=SECRET", "takes one of them"),
    ):
        with pytest.raises(ValueError, match=why) as caught:
            CHANNEL.endpoint(url)
        assert "SECRET" not in str(caught.value)


def sent(url: str, *alerts: Alert, style: Style = Style()) -> Request:  # noqa: B008 - it is frozen
    payload = CHANNEL.render(list(alerts) or [alert()], style)
    return CHANNEL.request(Access(url), payload.json, payload.files, 0)


def test_a_thread_is_posted_to_by_its_id() -> None:
    request = sent(f"{URL}?thread_id=42")
    assert request.url.endswith(f"/v10/webhooks/123456789012345678/{TOKEN}?wait=true&thread_id=42")
    assert "thread_name" not in request.json


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("Alerts", "Alerts"),
        ("%20Shop%20%F0%9F%9A%A8%20", "Shop 🚨"),
        ("x" * 101, "x" * 99 + "…"),
        ("*", "🔴 a_b *c*"),
    ],
)
def test_in_a_forum_each_message_is_a_post_with_a_name(given: str, name: str) -> None:
    request = sent(f"{URL}?thread_name={given}", alert(message="a_b *c*"))
    assert request.json["thread_name"] == name
    assert request.url.endswith("?wait=true")
    assert CHANNEL.endpoint(f"{URL}?thread_name={given}") != CHANNEL.endpoint(
        URL
    )  # a pause of the one is not the other's


def test_a_post_may_be_named_by_plain_text_and_by_nothing() -> None:
    named = sent(f"{URL}?thread_name=*", alert(message="down"), style=Style(use_embeds=False)).json["thread_name"]
    assert named == "🔴 **ERROR** down"
    assert CHANNEL.request(Access(f"{URL}?thread_name=*"), {}, (), 0).json == {"thread_name": "Alerts"}


@pytest.mark.parametrize(
    ("url", "message", "query"),
    [
        (URL, "7/8", ""),
        (URL, "8", ""),
        (f"{URL}?thread_id=42", "42/8", "?thread_id=42"),
        (f"{URL}?thread_id=43", "42/8", "?thread_id=42"),  # where it was sent, whatever the URL says by now
        (f"{URL}?thread_name=Alerts", "8/8", "?thread_id=8"),
        (f"{URL}?thread_id=42", "8", "?thread_id=42"),
    ],
)
def test_a_message_is_changed_in_the_thread_that_it_stands_in(url: str, message: str, query: str) -> None:
    body = {"embeds": [], "allowed_mentions": {"parse": []}, "username": "x", "avatar_url": "y", "flags": 4096}
    request = CHANNEL.edit(Access(url), message, body)
    assert request.url == f"{CHANNEL.probe(URL)}/messages/8{query}"
    assert request.method == "PATCH"
    assert request.json == {"embeds": [], "allowed_mentions": {"parse": []}}  # else mentions would be read anew


@pytest.mark.parametrize("use_embeds", [True, False])
def test_what_is_no_graver_than_info_notifies_nobody(use_embeds: bool) -> None:
    style = Style(use_embeds=use_embeds)
    quiet = [alert(level=Level.INFO), alert(level=Level.DEBUG)]
    assert CHANNEL.render(quiet, style).json["flags"] == 4096
    assert "flags" not in CHANNEL.render([*quiet, alert(level=Level.WARNING)], style).json
    assert "flags" not in CHANNEL.render([alert(level=Level.CRITICAL)], style).json


@pytest.mark.parametrize("use_embeds", [True, False])
def test_one_alert_links_by_a_button_that_is_asked_for(use_embeds: bool) -> None:
    style = Style(use_embeds=use_embeds, link=lambda each: LINK)
    request = sent(URL, alert(), style=style)
    assert request.json["components"][0]["components"][0]["url"] == LINK
    assert request.url.endswith("?wait=true&with_components=true")
    assert CHANNEL.edit(Access(URL), "1/2", request.json).url.endswith("/messages/2?with_components=true")
    assert "components" not in sent(URL, alert()).json


def test_several_alerts_link_by_a_line_in_each_and_none_hides_another() -> None:
    body = CHANNEL.render([alert(), alert()], Style(link=lambda each: LINK)).json
    assert "components" not in body
    assert all(embed["description"].endswith(f"]({LINK})") for embed in body["embeds"])
    assert [embed.get("url") for embed in body["embeds"]] == [LINK, None]


@pytest.mark.parametrize("link", ["https://x.example/" + "y" * 600, "https://x.example/" + "y" * 1100, "/relative", ""])
def test_a_link_that_a_button_cannot_hold_stands_in_the_text_or_nowhere(link: str) -> None:
    body = CHANNEL.render([alert()], Style(link=lambda each: link)).json
    assert "components" not in body
    assert (link in body["embeds"][0].get("description", "")) is (600 < len(link) < 1024 or not link)
    assert faults(body) == []


def test_fields_that_do_not_fit_leave_a_mark() -> None:
    context = {f"field {i}": "v" * 400 for i in range(18)}
    fields = CHANNEL.render([alert(context=context)], Style()).json["embeds"][0]["fields"]
    assert fields[-1]["name"] == "…"
    assert fields[-1]["value"] == f"{18 - len(fields) + 1} more in the record"


def test_a_picture_goes_along_in_the_embed_or_below_the_text() -> None:
    picture = File("digest.png", base64.b64encode(b"PNG").decode(), "image/png")
    payload = CHANNEL.with_picture(CHANNEL.render([alert(kind=Kind.DIGEST)], Style()), picture)
    assert payload.json["embeds"][-1]["image"] == {"url": "attachment://digest.png"}
    assert faults(payload.json, ["digest.png"]) == []
    assert CHANNEL.with_picture(CHANNEL.render([alert()], Style(use_embeds=False)), picture).files == (picture,)


def test_the_schemas_take_what_is_made() -> None:
    new, changed = (
        validator("discord-execute-webhook.strict", "discord-execute-webhook"),
        validator("discord-edit-webhook-message"),
    )
    left = hostile()
    for style in STYLES:
        bodies = [CHANNEL.render([each], style).json for each in left] + [CHANNEL.render(left, style).json]
        for body in bodies:
            made = CHANNEL.request(Access(f"{URL}?thread_name=*"), body, (), 0).json
            assert [error.message[:200] for error in new.iter_errors(made)] == []
            edited = CHANNEL.edit(Access(URL), "1/2", body).json
            assert [error.message[:200] for error in changed.iter_errors(edited)] == []


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
        (answer(403, {"code": 40333, "message": "user agent"}), Verdict.GONE, 0, False),
        (answer(403, "<html>Sorry, you have been blocked</html>"), Verdict.WAIT, 60, True),
        (answer(404, {"code": 10003, "message": "Unknown Channel"}), Verdict.GONE, 0, False),
        (answer(404, {"code": 10008, "message": "Unknown Message"}), Verdict.REFUSED, 0, False),
        (answer(404, {"code": 0, "message": "404: Not Found"}), Verdict.GONE, 0, False),
        (answer(405, {"code": 0, "message": "405: Method Not Allowed"}), Verdict.REFUSED, 0, False),
        (answer(400, {"code": 50006, "message": "empty"}), Verdict.REFUSED, 0, False),
        (answer(400, {"code": 50109, "message": "invalid JSON"}), Verdict.REFUSED, 0, False),
        (answer(400, {"code": 200000, "message": "AutoMod"}), Verdict.REFUSED, 0, False),
        (answer(400, {"code": 240000, "message": "harmful link"}), Verdict.REFUSED, 0, False),
        *(
            (answer(400, {"code": code}), Verdict.GONE, 0, False)
            for code in (50083, 160005, 220001, 220002, 220003, 220004)
        ),
        *((answer(400, {"code": code}), Verdict.RETRY, 60, False) for code in (20028, 20029)),
        *((answer(400, {"code": code}), Verdict.RETRY, 300, False) for code in (40004, 160006, 400001)),
        (answer(503, {"code": 130000}), Verdict.RETRY, 30, False),
        # sometimes a malformed token is told like this (discord-api-docs issue 2925)
        (answer(500, {"code": 50027}), Verdict.GONE, 0, False),
        # of one old message, not of the webhook
        (answer(429, {"code": 30046, "retry_after": 900.0}), Verdict.REFUSED, 0, False),
        (answer(429, {"code": 0, "message": "You are being blocked from accessing our API"}), Verdict.WAIT, 60, True),
        (answer(429, {"retry_after": 10**400}), Verdict.WAIT, 3600, False),
        (
            answer(429, {"retry_after": 1.5}, x_ratelimit_reset_after="2.5", x_ratelimit_scope="shared"),
            Verdict.WAIT,
            2.5,
            False,
        ),
        (answer(500, '{"a":' * 5000), Verdict.RETRY, 0, False),
        (answer(410), Verdict.GONE, 0, False),
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


@pytest.mark.parametrize(
    ("code", "hint"), [(220001, "?thread_name=*"), (220003, "take thread_name out"), (160005, "unlock")]
)
def test_an_operator_is_told_what_to_do_about_a_thread(code: int, hint: str) -> None:
    reason = CHANNEL.classify(answer(400, {"code": code, "message": "Discord's own words"})).reason
    assert reason.startswith(f"HTTP 400: code {code}: Discord's own words: ")
    assert hint in reason


@pytest.mark.parametrize(
    ("body", "message_id"),
    [
        ({"id": "12", "channel_id": "34"}, "34/12"),
        ({"id": "12"}, "12"),
        ({"id": "../../x", "channel_id": "34"}, ""),
        ({"id": 12}, ""),
        ([], ""),
    ],
)
def test_a_message_is_known_by_its_channel_and_its_id(body: Any, message_id: str) -> None:
    assert CHANNEL.classify(answer(200, body)).message_id == message_id


@pytest.fixture
def discord() -> Iterator[FakeDiscord]:
    """A stand-in that limits nothing."""
    with FakeDiscord(limits=()) as server:
        yield server


def carry(request: Request) -> requests.Response:
    """Send *request* as the transport does."""
    if not request.files:
        return requests.request(request.method, request.url, json=request.json, timeout=5)
    parts = {"payload_json": (None, json.dumps(request.json), "application/json")}
    parts |= {f"files[{n}]": (file.filename, file.data, file.media_type) for n, file in enumerate(request.files)}
    return requests.request(request.method, request.url, files=parts, timeout=5)


def test_what_is_made_is_taken_over_http_with_its_files_and_changed(discord: FakeDiscord) -> None:
    left = hostile()
    for style in STYLES:
        for some in (left, left[-8:-7], left[-1:]):
            assert carry(sent(discord.url("errors"), *some, style=style)).status_code == 200
    answered = carry(sent(discord.url("errors"), alert(kind=Kind.ERROR, exception_type="E", stack_trace=TRACE)))
    (named,) = discord.messages("errors")[-1]["files"].items()
    assert named == ("trace-1.txt", TRACE)
    message_id = CHANNEL.classify(Response(200, {}, answered.content)).message_id
    body = CHANNEL.render([alert(message="again", occurrences=57, level=Level.INFO)], STYLES[2]).json
    assert carry(CHANNEL.edit(Access(discord.url("errors")), message_id, body)).status_code == 200
    assert "×57" in discord.messages("errors")[-1]["embeds"][0]["title"]


def test_a_forum_takes_posts_that_are_changed_within_their_thread(discord: FakeDiscord) -> None:
    url = f"{discord.url('forum')}?thread_name=*"
    answered = carry(sent(url, alert(message="down")))
    told = answered.json()
    assert told["channel_id"] == told["id"]
    assert discord.messages("forum")[0]["thread_name"] == "🔴 down"
    message_id = CHANNEL.classify(Response(200, {}, answered.content)).message_id
    change = CHANNEL.edit(Access(url), message_id, CHANNEL.render([alert(message="up")], Style()).json)
    assert carry(change).status_code == 200
    outside = replace(change, url=change.url.partition("?")[0])
    assert carry(outside).json()["code"] == 10008


@pytest.mark.parametrize(
    ("webhook", "query", "name", "code"),
    [
        ("forum", "", "", 220001),
        ("forum", "thread_id=1", "post", 220002),
        ("errors", "", "post", 220003),
        ("errors", "thread_id=999", "", 10003),
    ],
)
def test_the_stand_in_knows_where_threads_may_be(
    discord: FakeDiscord, webhook: str, query: str, name: str, code: int
) -> None:
    body = {"content": "x", **({"thread_name": name} if name else {})}
    assert requests.post(f"{discord.url(webhook)}?{query}", json=body, timeout=5).json()["code"] == code


def test_the_stand_in_posts_into_a_thread_that_is_there(discord: FakeDiscord) -> None:
    thread = discord.open_thread("incidents")
    request = sent(f"{discord.url('errors')}?thread_id={thread}")
    assert carry(request).json()["channel_id"] == thread
    assert discord.messages("errors")[0]["thread_name"] == "incidents"


BUTTON = {"type": 2, "style": 5, "label": "Open", "url": "https://x.example/"}


def row(**changes: Any) -> dict[str, Any]:
    return {"content": "x", "components": [{"type": 1, "components": [{**BUTTON, **changes}]}]}


@pytest.mark.parametrize(
    ("body", "files", "is_edit"),
    [
        (row(style=1, custom_id="a"), (), False),
        (row(url="https://x.example/" + "y" * 500), (), False),
        (row(url="no address"), (), False),
        (row(label="x" * 81), (), False),
        ({"content": "x", "components": [{"type": 1, "components": [BUTTON] * 6}]}, (), False),
        ({"content": "x", "components": [{"type": 1, "components": [BUTTON]}] * 6}, (), False),
        ({"content": "x", "components": [BUTTON]}, (), False),
        ({"content": "x", "flags": 1}, (), False),
        ({"content": "x", "flags": 4096}, (), True),
        ({"content": "x", "flags": 32768}, (), False),
        ({"content": "x", "thread_name": " "}, (), False),
        ({"content": "x", "thread_name": "y" * 101}, (), False),
        ({"content": "x", "username": "here"}, (), False),
        ({"content": "x"}, [f"{n}.txt" for n in range(11)], False),
        ({"embeds": [{"image": {"url": "attachment://a.png"}}]}, ["b.png"], False),
        ({"embeds": [{"image": {"url": "attachment://a.txt"}}]}, ["a.txt"], False),
        ({"embeds": [{"title": "x", "description": "y" * 3000}] * 2}, (), False),
        ({"embeds": [{"fields": [{"name": "x", "value": "  "}]}]}, (), False),
        ({"content": "x", "attachments": [{"id": 0}]}, (), False),
    ],
)
def test_the_stand_in_refuses_what_discord_refuses(body: dict[str, Any], files: list[str], is_edit: bool) -> None:
    assert len(faults(body, files, is_edit=is_edit)) == 1


def test_the_stand_in_shows_components_where_asked_and_of_equal_links_the_first(discord: FakeDiscord) -> None:
    body = {**row(), "embeds": [{"title": "a", "url": LINK}, {"title": "b", "url": LINK}, {"title": "c"}]}
    for query in ("", "?with_components=true"):
        assert requests.post(f"{discord.url('errors')}{query}", json=body, timeout=5).status_code == 204
    without, with_components = discord.messages("errors")
    assert "components" not in without
    assert with_components["components"] == body["components"]
    assert [embed["title"] for embed in without["embeds"]] == ["a", "c"]


def test_the_stand_in_refuses_a_file_that_is_too_large(discord: FakeDiscord) -> None:
    file = File("trace.txt", "x" * (10 * 1024 * 1024 + 1))
    told = carry(Request(CHANNEL.endpoint(discord.url("errors")), {"content": "x"}, (file,)))
    assert (told.status_code, told.json()["code"]) == (413, 40005)
