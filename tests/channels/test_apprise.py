"""Apprise's bodies: within any length, in any of its markups, nothing lost without a mark."""

from __future__ import annotations

import html
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.channels.hostile import TEXTS, TRACE, alert, full, hostile
from tests.channels.strategies import alerts
from webhook_alerts.alert import Alert, Level
from webhook_alerts.channels.apprise import Apprise
from webhook_alerts.channels.apprise_body import compose
from webhook_alerts.channels.base import Response, Style, Verdict
from webhook_alerts.channels.text import clean
from webhook_alerts.drawing.markdown import marked

CHANNEL = Apprise()
LINKED = Style(link=lambda each: 'https://shop.example/alerts/abc?x=1&y="2"')
LENGTHS = [140, 1000, 2000, 32_768]
MARKUPS = ["text", "markdown", "html"]


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        assert tag in {"b", "br", "pre", "a"}
        self.open += [] if tag == "br" else [tag]
        self.links += [value for _, value in attrs]

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        assert (tag, attrs) == ("br", [])

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def check(some: list[Alert], style: Style, markup: str, most: int, is_titled: bool) -> str:
    payload = CHANNEL.render(some, style)
    assert payload.count == min(len(some), 10)
    body = json.loads(json.dumps(payload.json))
    found = compose(body, markup, most, is_titled=is_titled)
    assert 0 < len(found) <= most
    found.encode("utf-8")
    if markup == "html":
        assert set(Tags(found).links) <= {style.link(some[0])}
    if markup == "markdown":
        assert found.count("```") % 2 == 0
        drawn = marked(found)
        assert set(re.findall("<([a-z]+)", drawn)) <= {"strong", "pre", "code", "a", "br"}
        assert set(re.findall('href="([^"]*)"', drawn)) <= {html.escape(style.link(some[0]))}
        assert "<strong>loud" not in drawn
    return found


@settings(max_examples=40, deadline=None)
@given(
    st.lists(alerts, min_size=1, max_size=12),
    st.sampled_from([Style(), LINKED]),
    st.sampled_from(MARKUPS),
    st.sampled_from(LENGTHS),
    st.booleans(),
)
def test_any_alerts_fit_into_any_service(
    some: list[Alert], style: Style, markup: str, most: int, is_titled: bool
) -> None:
    check(some, style, markup, most, is_titled)


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("markdown", "**loud** *it* __u__ ~~s~~ ||hidden|| [x](https://evil.example) <@1>"),
        ("html", '<b>loud</b> <i>it</i> <a href="https://evil.example">x</a> &lt;u&gt;'),
    ],
)
def test_no_text_becomes_markup(markup: str, text: str) -> None:
    for some in ([full(text)], [full(f"{text}\n")], [alert(message=text)] * 3):
        for most in (200, 1000, 9000):
            shown = check(some, LINKED, markup, most, False)
            assert markup != "html" or "<b>loud" not in shown


@pytest.mark.parametrize("markup", MARKUPS)
def test_no_hostile_text_is_lost_without_a_mark(markup: str) -> None:
    for one in hostile():
        check([one], LINKED, markup, 1000, True)
    for text in TEXTS:
        for most in LENGTHS[1:]:
            shown = check([alert(message=text)], Style(), markup, most, False)
            seen = html.unescape(re.sub(r"<[^>]+>", "", shown)) if markup == "html" else shown
            seen = re.sub(r"\\(.)", r"\1", seen) if markup == "markdown" and "\\" not in text else seen
            wanted = "".join(clean(text).split())
            assert wanted in "".join(seen.split()) or "…" in seen or "\\" in text, (markup, text[:40])


@pytest.mark.parametrize("markup", MARKUPS)
@pytest.mark.parametrize("trace", [TRACE, TRACE * 20])
def test_the_cause_at_the_end_of_a_trace_is_kept(markup: str, trace: str) -> None:
    one = alert(exception_type="TypeError", stack_trace=trace, context={"order": 4711})
    shown = check([one], LINKED, markup, 1000, True)
    assert "ValueError: the cause that must be kept" in shown
    assert "characters cut" in shown
    assert "4711" in shown
    assert "shop.example/alerts/abc" in shown


@pytest.mark.parametrize("markup", MARKUPS)
def test_facts_that_find_no_room_leave_a_mark(markup: str) -> None:
    one = alert(context={f"field {number}": "v" * 90 for number in range(18)})
    shown = check([one], Style(), markup, 1000, True)
    assert 3 < shown.count("field ") < 18
    assert "…" in shown


def test_several_are_lines_and_what_does_not_fit_is_counted() -> None:
    some = [alert(message=f"number {i} " + "x" * 90) for i in range(9)]
    shown = check(some, Style(), "text", 320, True)
    assert "number 0" in shown
    assert re.search(r"… and \d more$", shown)
    assert len(check(some, Style(), "text", 32_768, True).split("\n")) == 9


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"level": Level.DEBUG}, "info"),
        ({"level": Level.INFO}, "info"),
        ({"level": Level.WARNING}, "warning"),
        ({"level": Level.ERROR}, "failure"),
        ({"level": Level.CRITICAL}, "failure"),
        ({"level": Level.CRITICAL, "state": "resolved"}, "success"),
    ],
)
def test_the_type_of_a_notification_is_its_level_or_that_it_is_over(values: dict[str, Any], kind: str) -> None:
    assert CHANNEL.render([alert(**values)], Style()).json["type"] == kind


@pytest.mark.parametrize("url", ["ntfy://topic", "json://user:pass@host:99999/x", "tgram://123:abc/-100"])
def test_any_url_with_a_scheme_is_taken(url: str) -> None:
    assert CHANNEL.endpoint(url) == url


@pytest.mark.parametrize("url", ["secret", "://secret", "ntfy:secret", "ntfy://a secret"])
def test_what_is_no_url_is_refused_and_not_quoted(url: str) -> None:
    with pytest.raises(ValueError, match="Apprise") as caught:
        CHANNEL.endpoint(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (Response(200, {}, b""), Verdict.DELIVERED),
        (Response(404, {}, b""), Verdict.GONE),
        (Response(400, {}, b""), Verdict.REFUSED),
        (Response(429, {}, b""), Verdict.WAIT),
        (Response(500, {}, b""), Verdict.RETRY),
        (Response(503, {"guessed": "yes", "told": "no connection"}, b""), Verdict.RETRY),
        (Response(404, {"guessed": "yes", "told": "x" * 999}, b""), Verdict.RETRY),
    ],
)
def test_every_answer_is_understood(response: Response, verdict: Verdict) -> None:
    outcome = CHANNEL.classify(response)
    assert outcome.verdict is verdict
    assert outcome.ambiguous is ("guessed" in response.headers)
    assert len(outcome.reason) <= 255
