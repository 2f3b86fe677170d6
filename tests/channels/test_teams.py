"""Teams: within every limit for any input, nothing pings, nothing is lost without a mark, every answer understood."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.channels.chats import Backlog, Chat
from tests.channels.hostile import TRACE, alert, hostile
from tests.channels.schemas import validator
from webhook_alerts.alert import Alert, Kind, Level
from webhook_alerts.channels import registry, teams_cards
from webhook_alerts.channels.base import Response, Style, Verdict
from webhook_alerts.channels.teams import Teams
from webhook_alerts.testing.fake_teams import FakeTeams
from webhook_alerts.testing.fake_teams_rules import faults, found

CHANNEL = Teams()
FLOW = "0123456789abcdef" * 2
QUERY = "api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=SECRETsecretSECRETsecretSECRETsecretSECRETs"
URL = f"https://prod-12.westeurope.logic.azure.com/workflows/{FLOW}/triggers/manual/paths/invoke?{QUERY}"
NEWER = (
    "https://default0.ae.environment.api.powerplatform.com/powerautomate/automations/direct/workflows/"
    f"{FLOW}/triggers/manual/paths/invoke?{QUERY.replace('2016-06-01', '1')}"
)
UNIT = NEWER.replace("direct/", "direct/cu/07/")
LINK = "https://shop.example/alerts/incident/abc?x=1&y=2"
CARD_TYPE = "application/vnd.microsoft.card.adaptive"
BLOCK = {"type": "TextBlock", "text": "x"}
WHO = {"id": "x", "name": "x"}
WRITTEN = 20_000
"""Bytes of a message as a flow may write it at the dearest, JSON within JSON in ASCII. Teams posts 28,672 of what the
flow has made longer: a request of 24,453 bytes was too long already (msteams-docs issue 11274)."""
OPEN = {"type": "Action.OpenUrl", "title": "x", "url": "https://shop.example"}
STYLES = [
    Style(),
    Style(use_embeds=False),
    Style(mention="Ana <ana@example.com>", max_message_length=100, link=lambda alert: LINK),
    Style(include_stack_traces=False, use_embeds=False, mention="ana@example.com"),
]


def card(body: dict[str, Any]) -> dict[str, Any]:
    """The card of a message."""
    (attachment,) = body["attachments"]
    return dict(attachment["content"])


def shown(body: dict[str, Any]) -> str:
    """All that can be read where there are blocks of code."""
    lines = []
    for element in card(body)["body"]:
        for block in [*element.get("items", ()), element]:
            lines.append("".join(each["text"] for each in block.get("inlines", ())) or block.get("codeSnippet", ""))
    return "\n".join(lines).replace("\u00a0", " ")


def heading(body: dict[str, Any]) -> str:
    """The first bar."""
    return str(found(card(body)["body"], "TextRun")[0]["text"])


def calls_nobody(body: dict[str, Any]) -> None:
    """No text of an alert stands where Markdown or a mention is read."""
    assert found(card(body)["body"], "TextBlock") == []
    assert "entities" not in card(body)["msteams"]


def check(some: list[Alert], style: Style) -> int:
    payload = CHANNEL.render(some, style)
    assert faults(payload.json) == []
    assert 1 <= payload.count <= len(some)
    assert len(json.dumps(json.dumps(payload.json, separators=(",", ":")))) <= WRITTEN
    json.dumps(payload.json, ensure_ascii=False).encode("utf-8")  # no lone surrogate is left
    if not any(each.level >= Level.CRITICAL for each in some[: payload.count]) or not style.mention:
        calls_nobody(payload.json)
    return payload.count


CHAT = Chat(
    CHANNEL,
    STYLES,
    check,
    shown,
    sample="👩‍👩‍👧‍👦 مرحبا <at>Ana</at> *_`~ [x](https://evil.example)" * 9,
    fact=r"^(field \d+): ",
    backlog=Backlog(7, "😀" * 300, 21),
    beyond=[
        {"body": [BLOCK] * 401},
        {"body": [{"type": "TextBlock", "text": "x" * 20_000}]},
        {"body": [{"type": "TextBlock", "text": "é" * 4_000}]},
        {"body": [{"type": "TextBlock", "text": '"' * 5_500}]},
    ],
)


@settings(max_examples=60, deadline=None)
@given(st.text() | st.text(st.sampled_from('"\\\n\t<é😀')))
def test_the_weight_is_that_of_a_json_text_within_json_in_ascii(text: str) -> None:
    assert teams_cards.weight({"text": text}) == len(json.dumps(json.dumps({"text": text}, separators=(",", ":"))))
    assert teams_cards.length(text) == len(json.dumps(json.dumps(text))) - len(json.dumps(json.dumps("")))


def test_the_schema_takes_what_is_made() -> None:
    check_with = validator("teams-workflow-message", "teams-adaptive-card")
    assert list(check_with.iter_errors({"type": "message", "attachments": [{"contentType": "x", "content": {}}]}))
    left = hostile()
    bodies = [CHANNEL.render(left, style).json for style in STYLES]
    bodies += [CHANNEL.render([each], style).json for style in (STYLES[0], STYLES[2]) for each in left[30:]]
    bodies.append(CHANNEL.render([alert(message=f"number {number}") for number in range(40)], Style()).json)
    for body in bodies:
        assert [error.message[:200] for error in check_with.iter_errors(body)] == []


@pytest.mark.parametrize(
    ("values", "title", "style"),
    [
        ({"message": "boom"}, "🔴 boom", "attention"),
        ({"message": "boom", "level": Level.CRITICAL}, "🚨 boom", "attention"),
        ({"message": "boom", "level": Level.WARNING}, "🟡 boom", "warning"),
        ({"message": "", "level": Level.DEBUG}, "⚪ Debug", "emphasis"),
        ({"kind": Kind.ERROR, "exception_type": "shop.PaymentError"}, "🔴 shop.PaymentError", "attention"),
        ({"kind": Kind.ERROR, "occurrences": 57}, "🔴 boom ×57", "attention"),
        (
            {"kind": Kind.PERFORMANCE, "details": {"metric": "checkout"}, "level": Level.WARNING},
            "🟡 ⏱️ checkout",
            "warning",
        ),
        ({"kind": Kind.EVENT, "details": {"event": "member_join"}, "level": Level.INFO}, "📌 member join", "accent"),
        ({"kind": Kind.STATUS, "details": {"status": "deployed"}, "level": Level.INFO}, "📣 deployed", "accent"),
        ({"kind": Kind.DIGEST, "message": "Daily digest", "level": Level.INFO}, "📊 Daily digest", "accent"),
        ({"state": "resolved"}, "✅ boom", "good"),
        ({"state": "acknowledged"}, "👀 boom", "accent"),
        ({"state": "flapping"}, "🔁 boom", "attention"),
        ({"state": "open"}, "🔴 boom", "attention"),
    ],
)
def test_every_kind_and_state_has_its_heading_and_colour(values: dict[str, Any], title: str, style: str) -> None:
    body = CHANNEL.render([alert(**values)], Style()).json
    assert heading(body) == title
    assert card(body)["body"][0]["style"] == style


def test_an_alert_shows_its_note_message_trace_facts_foot_and_button() -> None:
    given_alert = alert(
        kind=Kind.ERROR,
        exception_type="ValueError",
        message="no such *coupon*",
        stack_trace="Traceback:\n  ValueError: no such *coupon*",
        context={"order_line_id": 4711, "query": "select 1\n  from x"},
        last_seen=1_800_000_000,
        service="shop",
        environment="production",
        host="web-1",
        state="acknowledged",
        note="acknowledged by ana",
    )
    band, message, trace, fact, name, lines, foot, button = card(
        CHANNEL.render([given_alert], Style(link=lambda each: LINK, say=str.upper)).json
    )["body"]
    assert [each["inlines"][0]["text"] for each in band["items"]] == ["👀 ValueError", "acknowledged by ana"]
    assert message["inlines"] == [{"type": "TextRun", "text": "no such *coupon*"}]
    assert (trace["codeSnippet"], trace["language"]) == (given_alert.stack_trace, "Python")
    assert trace["fallback"]["inlines"][0]["text"] == given_alert.stack_trace
    assert [each["text"] for each in fact["inlines"]] == ["order_line_id: ", "4711"]
    assert [each["text"] for each in name["inlines"]] == ["query: "]
    assert [each["text"] for each in lines["inlines"]] == ["select 1\n\u00a0 from x"]
    assert foot["inlines"][0]["text"] == "ERROR · 2027-01-15 08:00:00 UTC · shop · production · web-1"
    assert button["actions"] == [{"type": "Action.OpenUrl", "title": "OPEN · ACKNOWLEDGE · SILENCE", "url": LINK}]


def test_performance_shows_value_threshold_and_ratio_and_nothing_that_is_not_known() -> None:
    details = {"metric": "checkout", "value": 4.2, "threshold": 2, "unit": "s", "ratio": 2.1}
    body = CHANNEL.render([alert(kind=Kind.PERFORMANCE, message="checkout: 4.2 s", details=details)], Style()).json
    assert shown(body).splitlines()[2:-1] == ["Value: 4.2 s", "Threshold: 2 s", "Ratio: 2.1×"]
    body = CHANNEL.render([alert(kind=Kind.PERFORMANCE, details={"value": None, "unit": None})], Style()).json
    assert "None" not in json.dumps(body)


def test_where_there_are_no_code_blocks_the_end_of_the_trace_is_shown() -> None:
    body = CHANNEL.render([alert(kind=Kind.ERROR, stack_trace=TRACE)], Style()).json
    (code,) = found(card(body)["body"], "CodeBlock")
    (run,) = code["fallback"]["inlines"]
    assert run["text"].endswith("ValueError: the cause that must be kept")
    assert "characters cut" in run["text"]
    assert len(run["text"]) < 1000 < len(code["codeSnippet"])


@pytest.mark.parametrize(
    ("asked", "name", "identity"),
    [
        ("ana@example.com", "ana@example.com", "ana@example.com"),
        (" Ana Silva <ana.silva@example.com> ", "Ana Silva", "ana.silva@example.com"),
        ("On call <6f9619ff-8b86-d011-b42d-00c04fc964ff>", "On call", "6f9619ff-8b86-d011-b42d-00c04fc964ff"),
    ],
)
@pytest.mark.parametrize("use_embeds", [True, False])
def test_only_a_critical_calls_and_only_whom_the_setting_names(
    asked: str, name: str, identity: str, use_embeds: bool
) -> None:
    style = Style(mention=asked, use_embeds=use_embeds)
    body = CHANNEL.render([alert(level=Level.CRITICAL)], style).json
    assert faults(body) == []
    assert card(body)["body"][0] == {"type": "TextBlock", "text": f"<at>{name}</at>", "wrap": True}
    mentioned = {"id": identity, "name": name}
    assert card(body)["msteams"]["entities"] == [
        {"type": "mention", "text": f"<at>{name}</at>", "mentioned": mentioned}
    ]
    calls_nobody(CHANNEL.render([alert(message=f"<at>{name}</at>")], style).json)


@pytest.mark.parametrize("unknown", ["@here", "<!channel>", "<at>ana</at>", "Ana", "ana@example.com>", "<a@b.example"])
def test_who_is_nobody_in_teams_is_left_out(unknown: str) -> None:
    calls_nobody(CHANNEL.render([alert(level=Level.CRITICAL)], Style(mention=unknown)).json)


def test_ten_alerts_share_a_card_and_a_backlog_becomes_lines_by_level() -> None:
    assert CHANNEL.render([alert(message=f"number {i}") for i in range(12)], Style()).count == 10
    many = [alert(message=f"number {i} " + "x" * 300) for i in range(40)]
    many += [alert(level=Level.INFO, message=f"number {i}", occurrences=7) for i in range(40, 60)]
    payload = CHANNEL.render(many, Style())
    assert payload.count == 50
    bands = [each["items"][0]["inlines"][0]["text"] for each in found(card(payload.json)["body"], "Container")]
    assert bands == ["🔴 40 × ERROR", "🔵 10 × INFO"]
    assert all(f" number {i} " in shown(payload.json) for i in range(40))
    assert all(f" ×7 number {i}\n" in shown(payload.json) for i in range(40, 50))


def test_a_critical_in_front_of_a_backlog_is_shown_in_full() -> None:
    many = [alert(level=Level.CRITICAL, message="down"), *(alert(message=f"number {i}") for i in range(40))]
    payload = CHANNEL.render(many, Style())
    assert heading(payload.json) == "🚨 down"
    assert payload.count == 10


def test_a_users_elements_are_used_and_a_failing_or_too_long_template_costs_nothing() -> None:
    own = [{"type": "TextBlock", "text": "own"}]

    def style(answer: Callable[[], Any]) -> Style:
        return Style(templates={"log": lambda given_alert, given_style: answer()})

    assert card(CHANNEL.render([alert()], style(lambda: {"body": own})).json)["body"] == own
    assert heading(CHANNEL.render([alert()], style(lambda: {"title": "an embed"})).json) == "🔴 boom"
    for wrong in (
        lambda: 1 / 0,
        lambda: {"body": [{"type": "TextBlock", "text": "x" * 20_000}]},
        lambda: {"body": own * 21},
        lambda: {"body": [{"text": "own"}]},
        lambda: {"body": [{"type": "TextBlock", "text": object()}]},
        lambda: {"body": "own"},
    ):
        body = CHANNEL.render([alert()], style(wrong)).json
        assert heading(body) == "🔴 boom"
        assert "the own template failed" in shown(body)
        assert faults(body) == []


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        (URL, URL),
        (URL.replace(".com/", ".com:443/"), URL),
        (NEWER, NEWER),
        (UNIT.replace(".com/", ".com:443/"), UNIT),
        # a sovereign cloud, whose hosts are not documented
        (URL.replace("azure.com", "azure.example"), URL.replace("azure.com", "azure.example")),
    ],
)
def test_a_workflows_url_is_recognised_and_made_plain(url: str, plain: str) -> None:
    assert registry.recognise(url) == "teams"
    assert CHANNEL.endpoint(url) == plain


def test_other_hosts_are_kept_and_only_recognised_where_they_are_meant() -> None:
    local = URL.replace("https://prod-12.westeurope.logic.azure.com", "http://127.0.0.1:8090")
    assert registry.recognise(local) is None
    assert CHANNEL.endpoint(local) == local
    assert registry.recognise("https://prod-12.westeurope.logic.azure.com.evil.example/workflows/x") is None
    assert registry.recognise("https://webhook.office.com.evil.example/webhookb2/x") is None


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://shop.webhook.office.com/webhookb2/SECRET@SECRET/IncomingWebhook/SECRET/x", "retired in May 2026"),
        ("https://outlook.office.com/webhook/SECRET@SECRET/IncomingWebhook/SECRET/x", "retired in May 2026"),
        ("https://outlook.office365.com/webhookb2/SECRET", "Workflows"),
        (URL.partition("/triggers")[0] + "/SECRET", "/workflows/<id>/triggers/manual/paths/invoke"),
        (URL.partition("&sig")[0], "no signature"),
        (URL.replace("api-version=2016-06-01&", ""), "no api-version"),
    ],
)
def test_a_url_that_cannot_be_used_says_why_and_is_never_quoted(url: str, why: str) -> None:
    assert registry.recognise(url) == "teams"
    with pytest.raises(ValueError, match=re.escape(why)) as caught:
        CHANNEL.endpoint(url)
    assert not re.search(rf"SECRET|{FLOW}|westeurope|shop", str(caught.value))


def answer(status: int, body: object = "", **headers: str) -> Response:
    raw = body if isinstance(body, str) else json.dumps(body)
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw.encode())


def error(code: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": f"about {FLOW}"}}


BEHIND = "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error {} with ContextId x."


@pytest.mark.parametrize(
    ("response", "verdict", "wait_s", "reason"),
    [
        (answer(202), Verdict.DELIVERED, 0, "HTTP 202"),
        (answer(200), Verdict.DELIVERED, 0, "HTTP 200"),
        (answer(200, "1"), Verdict.DELIVERED, 0, "HTTP 200"),
        # what the author of a workflow lets it answer
        (answer(200, {"posted": True, "error": None}), Verdict.DELIVERED, 0, "HTTP 200"),
        # an error behind a 200 or a 202
        (answer(200, BEHIND.format(429)), Verdict.WAIT, 60, "HTTP 200: behind it HTTP 429"),
        (answer(200, BEHIND.format(429), retry_after="7"), Verdict.WAIT, 7, "HTTP 200: behind it HTTP 429"),
        (answer(200, BEHIND.format(413)), Verdict.REFUSED, 0, "HTTP 200: behind it HTTP 413"),
        (answer(200, BEHIND.format(404)), Verdict.GONE, 0, "HTTP 200: behind it HTTP 404"),
        (answer(200, BEHIND.format(500)), Verdict.RETRY, 0, "HTTP 200: behind it HTTP 500"),
        (answer(200, BEHIND.format(200)), Verdict.RETRY, 0, "HTTP 200: behind it HTTP 200"),
        (answer(202, error("WorkflowTriggerIsNotEnabled")), Verdict.GONE, 0, "HTTP 202: WorkflowTriggerIsNotEnabled"),
        (answer(202, error("Odd")), Verdict.RETRY, 0, "HTTP 202: Odd: not a workflow's yes"),
        (answer(202, {"error": {}}), Verdict.DELIVERED, 0, "HTTP 202"),
        (answer(200, "<html>Sign in</html>"), Verdict.RETRY, 0, "HTTP 200: not a workflow's yes"),
        (answer(200, "Summary or Text is required: Error"), Verdict.RETRY, 0, "HTTP 200: not a workflow's yes"),
        (answer(400, error("WorkflowTriggerIsNotEnabled")), Verdict.GONE, 0, "HTTP 400: WorkflowTriggerIsNotEnabled"),
        (answer(400, error("TriggerInputSchemaMismatch")), Verdict.GONE, 0, "HTTP 400: TriggerInputSchemaMismatch"),
        (answer(400, error("InvalidRequestContent")), Verdict.REFUSED, 0, "HTTP 400: InvalidRequestContent"),
        (answer(400, error("odd words, and a secret")), Verdict.REFUSED, 0, "HTTP 400"),
        (answer(400), Verdict.REFUSED, 0, "HTTP 400"),
        (
            answer(401, error("DirectApiAuthorizationRequired")),
            Verdict.GONE,
            0,
            "HTTP 401: DirectApiAuthorizationRequired",
        ),
        (answer(401, error("MisMatchingOAuthClaims")), Verdict.GONE, 0, "HTTP 401: MisMatchingOAuthClaims"),
        (answer(403), Verdict.GONE, 0, "HTTP 403"),
        (answer(404, error("WorkflowNotFound")), Verdict.GONE, 0, "HTTP 404: WorkflowNotFound"),
        (answer(410), Verdict.GONE, 0, "HTTP 410"),
        (answer(413), Verdict.REFUSED, 0, "HTTP 413"),
        (answer(429, retry_after="30"), Verdict.WAIT, 30, "HTTP 429"),
        (answer(429, retry_after="999999"), Verdict.WAIT, 3600, "HTTP 429"),
        (answer(429), Verdict.WAIT, 60, "HTTP 429"),
        (answer(429, error("WorkflowNotFound"), retry_after="soon"), Verdict.WAIT, 60, "HTTP 429: WorkflowNotFound"),
        (answer(502, error("NoResponse")), Verdict.RETRY, 0, "HTTP 502: NoResponse"),
        (answer(503, "<html>busy</html>", retry_after="120"), Verdict.RETRY, 120, "HTTP 503"),
        (answer(302), Verdict.RETRY, 0, "HTTP 302"),
        (answer(500, "{" * 5000), Verdict.RETRY, 0, "HTTP 500"),
        (answer(500, '{"a":' * 5000), Verdict.RETRY, 0, "HTTP 500"),
        (answer(200, '{"error'), Verdict.RETRY, 0, "HTTP 200: not a workflow's yes"),
    ],
)
def test_every_answer_is_understood(response: Response, verdict: Verdict, wait_s: float, reason: str) -> None:
    outcome = CHANNEL.classify(response)
    assert (outcome.verdict, outcome.wait_s, outcome.reason) == (verdict, wait_s, reason)


@given(st.integers(100, 599), st.binary(max_size=200), st.dictionaries(st.just("retry-after"), st.text(max_size=20)))
def test_any_answer_is_understood(status: int, body: bytes, headers: dict[str, str]) -> None:
    outcome = CHANNEL.classify(Response(status, headers, body))
    assert 0 <= outcome.wait_s <= 3600
    assert len(outcome.reason) <= 120


@pytest.fixture
def teams() -> Iterator[FakeTeams]:
    """A stand-in that limits nothing."""
    with FakeTeams(limits=()) as server:
        yield server


def post(teams: FakeTeams, body: Any, **headers: str) -> requests.Response:
    return requests.post(CHANNEL.endpoint(teams.url("errors")), json=body, headers=headers, timeout=5)


def test_what_is_made_is_posted_over_http(teams: FakeTeams) -> None:
    left = hostile()
    for style in STYLES:
        for body in (CHANNEL.render(left, style).json, CHANNEL.render(left[-1:], style).json):
            taken = post(teams, body)
            assert (taken.status_code, taken.content) == (202, b"")
    assert teams.failed == []
    assert len(teams.messages("errors")) == len(STYLES) * 2


def a_card(*body: dict[str, Any], **values: Any) -> dict[str, Any]:
    content = {"type": "AdaptiveCard", "version": "1.5", "body": list(body), **values}
    return {"type": "message", "attachments": [{"contentType": CARD_TYPE, "content": content}]}


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"text": "x"}, "attachments"),
        ({"type": "AdaptiveCard", "version": "1.5", "body": [BLOCK]}, "attachments"),
        ({"attachments": []}, "attachments"),
        ({"attachments": [{"contentType": "text/plain", "content": {}}]}, "contentType"),
        ({"attachments": [{"contentType": CARD_TYPE, "content": {"type": "MessageCard"}}]}, "no AdaptiveCard"),
        (a_card(BLOCK, version="1.6"), "version 1.6"),
        (a_card(BLOCK, colour="red"), "unknown ['colour']"),
        (a_card(), "no elements"),
        (a_card({"type": "Heading", "text": "x"}), "type Heading"),
        (a_card({"type": "TextBlock", "text": ""}), "text"),
        (a_card({"type": "TextBlock"}), "no text"),
        (a_card({**BLOCK, "color": "red"}), "color"),
        (a_card({"type": "Container", "items": []}), "items"),
        (a_card({"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": "x", "wrap": True}]}), "wrap"),
        (a_card({"type": "CodeBlock", "codeSnippet": "x", "language": "python"}), "language"),
        (a_card({"type": "CodeBlock", "codeSnippet": "x", "fallback": {"type": "Odd"}}), "type Odd"),
        (a_card({"type": "ActionSet", "actions": [OPEN] * 7}), "1 to 6 actions"),
        (a_card(BLOCK, actions=[{"type": "Action.Submit", "title": "x"}]), "Action.Submit"),
        (
            a_card(BLOCK, msteams={"entities": [{"type": "mention", "text": "<at>x</at>", "mentioned": WHO}]}),
            "block has",
        ),
        (a_card({**BLOCK, "text": "x" * 28_600}), "MessageSizeExceeded"),
        (a_card({**BLOCK, "text": '"' * 7_200}), "MessageSizeExceeded"),
        (a_card({**BLOCK, "text": "é" * 4_100}), "MessageSizeExceeded"),
    ],
)
def test_what_a_workflow_cannot_post_is_taken_with_202_and_not_shown(teams: FakeTeams, body: Any, fault: str) -> None:
    assert post(teams, body).status_code == 202
    assert teams.messages() == []
    assert fault in teams.failed[0][1][0]


def test_the_stand_in_draws_the_line_where_teams_does() -> None:
    def sized(size: int) -> dict[str, Any]:
        rest = len(json.dumps(json.dumps(card(a_card({**BLOCK, "text": ""})))))
        return a_card({**BLOCK, "text": "x" * (size - rest)})

    assert faults(sized(28_672)) == []
    assert "MessageSizeExceeded" in faults(sized(28_673))[0]
    assert faults(a_card({"type": "ActionSet", "actions": [OPEN] * 6})) == []
    called = {"type": "mention", "text": "<at>x</at>", "mentioned": WHO}
    for count, taken in ((20, True), (21, False)):
        body = a_card({**BLOCK, "text": "<at>x</at>"}, msteams={"entities": [called] * count})
        assert (faults(body) == []) is taken


def test_the_stand_in_shows_a_plain_card(teams: FakeTeams) -> None:
    body = a_card({**BLOCK, "text": "x" * 20_000}, actions=[OPEN], msteams={"width": "Full"})
    assert post(teams, body).headers["x-ms-workflow-run-id"]
    assert teams.failed == []
    assert teams.messages("errors")[0]["card"] == body["attachments"][0]["content"]


def test_the_stand_in_refuses_at_the_door_what_workflows_refuse(teams: FakeTeams) -> None:
    def code(found_answer: requests.Response) -> tuple[int, str]:
        return found_answer.status_code, found_answer.json()["error"]["code"]

    url = teams.url("errors")
    assert code(post(teams, [])) == (400, "TriggerInputSchemaMismatch")
    assert code(post(teams, {}, Authorization="x")) == (400, "DirectApiRequestHasMoreThanOneAuthorization")
    unsigned = requests.post(url.partition("&sig")[0], json={}, timeout=5)
    assert code(unsigned) == (401, "DirectApiAuthorizationRequired")
    assert code(requests.post(url.partition("?")[0], json={}, timeout=5)) == (400, "MissingApiVersionParameter")
    teams.delete("errors")
    assert code(post(teams, {})) == (404, "WorkflowNotFound")


def test_the_stand_in_posts_twenty_five_times_in_five_minutes() -> None:
    with FakeTeams() as teams:
        body = a_card(BLOCK)
        assert [post(teams, body).status_code for _ in range(26)] == [202] * 25 + [429]
        limited = post(teams, body)
        assert limited.content == b""
        assert 290 <= int(limited.headers["Retry-After"]) <= 300
