"""Discord: within every limit for any input, and every answer understood."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
import requests

from tests.channels.chats import Chat
from tests.channels.hostile import TEXTS, TRACE, alert, hostile
from tests.channels.schemas import validator
from webhook_alerts.alert import Alert, Kind, Level
from webhook_alerts.channels import registry
from webhook_alerts.channels.base import Access, File, Request, Response, Style, Verdict
from webhook_alerts.channels.content import calls
from webhook_alerts.channels.discord import Discord
from webhook_alerts.channels.text import clean
from webhook_alerts.drawing.markdown import marked
from webhook_alerts.testing.fake_discord import FakeDiscord
from webhook_alerts.testing.fake_discord_rules import called, faults, is_empty, is_too_large

CHANNEL = Discord()
TOKEN = "T" * 68
URL = f"https://discord.com/api/webhooks/123456789012345678/{TOKEN}"
LINK = "https://shop.example/alerts/incident/abc?x=1&y=2"
STYLES = [
    Style(),
    Style(
        use_embeds=False, mention="<@&123456789012345678>", username="n" * 99, avatar_url=f"https://x.y/{'z' * 2048}"
    ),
    Style(mention="@everyone", username="Discord Clyde", max_message_length=100, link=lambda each: LINK),
]


ALLOWED: dict[str, dict[str, list[str]]] = {
    "": {"parse": []},
    "@everyone": {"parse": ["everyone"]},
    "<@&123456789012345678>": {"parse": [], "roles": ["123456789012345678"]},
    "<@123456789012345678>": {"parse": [], "users": ["123456789012345678"]},
}


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
    asked = style.mention if calls(given_alerts[: payload.count]) else ""
    assert called(payload.json) == [asked] * bool(asked)
    assert payload.json["allowed_mentions"] == ALLOWED[asked]
    assert not is_too_large(json.dumps(payload.json).encode(), [file.content for file in payload.files])
    return payload.count


def texts(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        node = [value for key, value in node.items() if key not in {"url", "timestamp", "footer", "author"}]
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
        titles.append(embed.get("author", {}).get("name", ""))  # in which nothing is markup
        titles.append(re.sub(r"\\([\\*_~`|])", r"\1", embed.get("title", "")))  # which may hold emphasis and no more
        parts.append(embed.get("description", ""))
        parts += [text for field in embed.get("fields", ()) for text in (field["name"], field["value"])]
    read = [html.unescape(re.sub(r"</?[a-z][^>]*>", "\n", marked(part, lambda mention: True))) for part in parts]
    return "\n".join(titles + read).replace("\u200b", "")


def embed(**parts: Any) -> dict[str, Any]:
    """What a template gives, with a title unless *parts* have another."""
    return {"title": "own", **parts}


CHAT = Chat(
    CHANNEL,
    STYLES,
    check,
    shown,
    fact=r"^(field \d+)$",
    beyond=[
        embed(title="x" * 257),
        embed(description="x" * 4097),
        embed(description="```\n" + "x" * 4097 + "\n```"),
        embed(footer={"text": "x" * 2049}),
        embed(url="https://x.example/" + "x" * 2048),
        embed(fields=[{"name": "n", "value": "v"}] * 26),
        embed(fields=[{"name": "n" * 257, "value": "v"}, {"name": "n", "value": "v" * 1025}]),
        embed(fields=[{"name": "n", "value": "```\n" + "v" * 1024 + "\n```"}]),
        embed(fields=[{"name": " ", "value": "\n"}]),
        embed(fields=[{"name": "n" * 90, "value": "v" * 900}] * 9),
        embed(
            description="x" * 4096, fields=[{"name": "n" * 256, "value": "v" * 1024}] * 25, footer={"text": "f" * 2048}
        ),
    ],
)


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


@pytest.mark.parametrize("name", ["here", " Everyone ", "Discord", "Clyde's", "n" * 81, " \x00 ", "\ud800", "@here"])
def test_any_name_is_one_that_discord_takes(name: str) -> None:
    check([alert()], Style(username=name))


def test_two_embeds_take_six_thousand_characters_to_the_last_of_them() -> None:
    longest = 0
    for length in range(1750, 1900):
        some = [alert(message="x" * 3900), alert(message="x" * length)]
        if check(some, Style()) == 2:
            embeds = CHANNEL.render(some, Style()).json["embeds"]
            longest = sum(len(each["title"] + each["description"] + each["footer"]["text"]) for each in embeds)
    assert longest == 6000


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


@pytest.mark.parametrize("use_embeds", [True, False])
def test_a_trace_that_nobody_could_read_goes_along_with_its_middle_cut(use_embeds: bool) -> None:
    some = [alert(stack_trace=TRACE * 20)]
    (file,) = CHANNEL.render(some, Style(use_embeds=use_embeds)).files
    assert 150_000 < len(file.content) <= 200_000  # ours, far below what Discord takes
    assert "characters cut" in file.content
    assert file.content.endswith("ValueError: the cause that must be kept")


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


@pytest.mark.parametrize("mention", [mention for mention in ALLOWED if mention])
@pytest.mark.parametrize("use_embeds", [True, False])
def test_a_mention_calls_whom_it_names_and_no_other_of_that_kind(mention: str, use_embeds: bool) -> None:
    others = "<@876543210987654321> <@!876543210987654321> <@&876543210987654321> @here"
    some = [alert(level=Level.CRITICAL, message=others, exception_type=others, stack_trace=others)] * 3
    check(some, Style(mention=mention, use_embeds=use_embeds))


@pytest.mark.parametrize("mention", ["@here", "@everyone", "<@&123456789012345678>"])
def test_plain_text_full_of_calls_fits_behind_a_mention_and_calls_nobody_else(mention: str) -> None:
    style = Style(use_embeds=False, mention=mention)
    for text in ("@" * 6000, "@everyone" * 900, "`@here`\n" * 900):
        critical = alert(level=Level.CRITICAL, kind=Kind.ERROR, message=text, stack_trace=text, exception_type=text)
        body = CHANNEL.render([critical] * 3, style).json
        assert faults(body) == []
        assert re.findall("@everyone|@here", body["content"].removeprefix(mention)) == []


@pytest.mark.parametrize("kind", [Kind.STATUS, Kind.EVENT, Kind.LOG, Kind.DIGEST])
def test_what_is_too_long_for_a_heading_stands_below_it(kind: Kind) -> None:
    said = "Deploy of 2026.11 failed: " + "the migration waits for a lock, " * 12 + "and was ended"
    details = {kind.value: said} if kind in {Kind.STATUS, Kind.EVENT} else {}
    embed = CHANNEL.render([alert(kind=kind, message=said, details=details)], Style()).json["embeds"][0]
    assert embed["title"].endswith("…")
    assert said in embed["description"]


def test_what_became_of_it_stands_above_and_how_grave_it_is_below_in_a_word() -> None:
    resolved = alert(kind=Kind.ERROR, stack_trace=TRACE, state="resolved", note="resolved by *ana*", service="shop")
    embed = CHANNEL.render([resolved], Style()).json["embeds"][0]
    assert embed["author"] == {"name": "resolved by *ana*"}
    assert embed["footer"] == {"text": "ERROR · shop"}
    assert embed["title"].startswith("✅ ")


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
    assert embed["title"].rpartition(" ")[2] == kind.value


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
    "given",
    [
        None,
        "text",
        [{"title": "x"}],
        {"title": "x", "color": "#e74c3c"},
        {"title": "x", "color": -1},
        {"title": "x", "url": "javascript:alert(1)"},
        {"title": "x", "timestamp": "yesterday"},
        {"title": "x", "timestamp": datetime(2026, 11, 28)},  # noqa: DTZ001 - as somebody may write it
        {"title": "x", "footer": "text"},
        {"title": "x", "fields": "text"},
        {"title": "x", "fields": [{"value": "without a name"}]},
    ],
)
def test_an_embed_of_a_template_that_discord_would_refuse_costs_nothing(given: Any) -> None:
    payload = CHANNEL.render([alert()], Style(templates={"log": lambda each, style: given}))
    assert faults(payload.json) == []
    embed = payload.json["embeds"][0]
    assert embed["title"] == "🔴 boom"
    assert embed["fields"][0]["value"].startswith(("the own template failed", "```\nthe own template failed"))


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


def test_fields_of_any_length_are_shown_or_counted() -> None:
    for length in range(300, 420):
        body = CHANNEL.render([alert(context={f"field {number}": "v" * length for number in range(18)})], Style()).json
        seen = shown(body)
        told = sum(map(int, re.findall(r"(\d+) more in the record", seen)))
        assert len(re.findall(r"^field \d+$", seen, re.MULTILINE)) + told == 18


def test_a_field_that_is_too_long_once_it_is_code_keeps_its_end() -> None:
    body = CHANNEL.render([alert(context={"query": "``\n" * 300 + "-- the end"})], Style()).json
    (field,) = body["embeds"][0]["fields"]
    assert len(field["value"]) <= 1024
    assert "characters cut" in field["value"]
    assert field["value"].endswith("-- the end\n```")


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
        *(
            (Response(200, {}, page), Verdict.RETRY, 0, False)  # of a proxy, or a refusal behind a 200
            for page in (b"<html>sign in</html>", b"{}", b'{"code":50006,"message":"Cannot send an empty message"}')
        ),
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
        ({"embeds": [{"title": "x", "url": "javascript:alert(1)"}]}, (), False),
        ({"embeds": [{"title": "x", "timestamp": "yesterday"}]}, (), False),
        ({"embeds": [{"title": "x", "color": 1 << 24}]}, (), False),
        ({"content": "x", "attachments": [{"id": 0}]}, (), False),
    ],
)
def test_the_stand_in_refuses_what_discord_refuses(body: dict[str, Any], files: list[str], is_edit: bool) -> None:
    assert len(faults(body, files, is_edit=is_edit)) == 1


@pytest.mark.parametrize(
    ("most", "body"),
    [
        (2000, lambda count: {"content": "x" * count}),
        (80, lambda count: {"content": "x", "username": "n" * count}),
        (2048, lambda count: {"content": "x", "avatar_url": "u" * count}),
        (10, lambda count: {"embeds": [{"title": "x"}] * count}),
        (256, lambda count: {"embeds": [{"title": "x" * count}]}),
        (4096, lambda count: {"embeds": [{"description": "x" * count}]}),
        (2048, lambda count: {"embeds": [{"footer": {"text": "x" * count}}]}),
        (256, lambda count: {"embeds": [{"author": {"name": "x" * count}}]}),
        (25, lambda count: {"embeds": [{"fields": [{"name": "n", "value": "v"}] * count}]}),
        (256, lambda count: {"embeds": [{"fields": [{"name": "n" * count, "value": "v"}]}]}),
        (1024, lambda count: {"embeds": [{"fields": [{"name": "n", "value": "v" * count}]}]}),
        (6000, lambda count: {"embeds": [{"description": "x" * 4000}, {"description": "x" * (count - 4000)}]}),
        (100, lambda count: {"content": "x", "thread_name": "x" * count}),
        (80, lambda count: row(label="x" * count)),
        (512, lambda count: row(url="https://x.example/".ljust(count, "y"))),
    ],
)
def test_the_stand_in_draws_the_line_where_discord_does(most: int, body: Callable[[int], dict[str, Any]]) -> None:
    assert faults(body(most)) == []
    assert len(faults(body(most + 1))) == 1


def test_the_stand_in_knows_who_is_called() -> None:
    everybody = "@everyone @here <@1> <@!2> <@&3>"
    assert called({"content": everybody}) == ["<@1>", "<@!2>"]
    for allowed, names in (
        ({"parse": []}, []),
        ({"parse": ["everyone"]}, ["@everyone", "@here"]),
        ({"parse": ["roles"], "users": ["2"]}, ["<@!2>", "<@&3>"]),
        ({"roles": ["3"]}, ["<@&3>"]),
    ):
        assert called({"content": everybody, "allowed_mentions": allowed}) == names
    assert called({"embeds": [{"description": everybody}]}) == []


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
