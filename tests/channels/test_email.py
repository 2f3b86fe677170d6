"""E-mail: a subject of one line, a page of nothing but ours, nothing lost without a mark, every reply understood."""

from __future__ import annotations

import html
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.channels.chats import Backlog, Chat
from tests.channels.hostile import TEXTS, TRACE, alert
from webhook_alerts.alert import Alert, Kind, Level
from webhook_alerts.channels import mailto, registry
from webhook_alerts.channels.base import Access, Response, Style, Verdict
from webhook_alerts.channels.email import Email
from webhook_alerts.channels.text import clean

CHANNEL = Email()
GMAIL = 102_000
"""Bytes of a page beyond which Gmail shows a link instead of the rest."""
LINK = 'https://shop.example/alerts/incident/abc?x=1&y="2"'
STYLES = [
    Style(),
    Style(use_embeds=False, max_message_length=100),
    Style(link=lambda each: LINK, include_stack_traces=False, username="Shop\r\nBcc: x@y.z"),
]
TAGS = {"html", "head", "meta", "title", "style", "body", "div", "table", "tr", "td", "pre", "a", "br"}
ATTRIBUTES = {
    "charset", "name", "content", "class", "style", "role", "width", "cellpadding", "cellspacing", "align", "valign",
    "href",
}  # fmt: skip
VOID = {"meta", "br"}


class Page(HTMLParser):
    """What a page holds: its elements in order, whether they are closed, and the text between them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        assert tag in TAGS, tag
        for name, value in attrs:
            assert name in ATTRIBUTES, name
            assert name != "style" or not re.search(r"url\(|expression|@import", value)
        self.links += [value for name, value in attrs if name == "href"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        assert data == " picture "


def check(some: list[Alert], style: Style) -> int:
    payload = CHANNEL.render(some, style)
    body = payload.json
    assert 1 <= payload.count <= min(len(some), CHANNEL.max_alerts)
    json.dumps(body, ensure_ascii=False).encode("utf-8")  # no lone surrogate is left
    for header in (body["subject"], body.get("name", "-"), *body["headers"].values()):
        assert header.isprintable() or not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", header), header
        assert 0 < len(header) <= 200
        assert header == header.strip()
    assert body["text"].strip()
    assert "\x00" not in body["text"]
    assert ("html" in body) == style.use_embeds
    if style.use_embeds:
        assert len(body["html"].encode()) <= GMAIL
        page = Page(body["html"])
        assert not page.open
        assert set(page.links) <= {LINK}
    return payload.count


def shown(body: dict[str, Any]) -> str:
    """What is read where no HTML is."""
    return str(body["text"])


CHAT = Chat(CHANNEL, STYLES, check, shown, fact=r"^(field \d+):", backlog=Backlog(12, "&" * 9000, 90))


@pytest.mark.parametrize("place", ["message", "stack_trace", "context", "note"])
@pytest.mark.parametrize("style", STYLES)
def test_no_hostile_text_is_lost_without_a_mark(style: Style, place: str) -> None:
    for text in [*TEXTS, "👩‍👩‍👧‍👦 مرحبا <b>bold</b> &amp; </pre></td>" * 9]:
        one = alert(**{"message": "boom", place: {"k": text} if place == "context" else text})
        check([one], style)
        if place == "stack_trace" and not style.include_stack_traces:
            continue
        body = CHANNEL.render([one], style).json
        for shown in filter(None, (body["text"], "".join(Page(body["html"]).texts) if "html" in body else "")):
            seen, wanted = ("".join(each.split()) for each in (shown, clean(text)))
            assert wanted in seen or ("characterscut" in seen or "…" in seen), text[:40]


def test_a_long_trace_keeps_its_cause_in_the_mail_and_is_attached_whole() -> None:
    payload = CHANNEL.render([alert(exception_type="ValueError", stack_trace=TRACE * 20)], Style())
    for shown in (payload.json["text"], html.unescape(payload.json["html"])):
        assert "ValueError: the cause that must be kept" in shown
        assert "characters cut" in shown
    (file,) = payload.files
    assert "characters cut" in file.content  # a megabyte is more than anybody reads
    assert file.content.endswith("ValueError: the cause that must be kept")


@pytest.mark.parametrize(
    ("values", "subject"),
    [
        ({"message": "boom"}, "[🔴 ERROR] boom"),
        ({"message": "boom", "occurrences": 57}, "[🔴 ERROR ×57] boom"),
        ({"message": "boom", "state": "resolved", "occurrences": 57}, "[✅ resolved ×57] boom"),
        ({"message": "boom", "state": "acknowledged"}, "[👀 acknowledged] boom"),
        ({"message": "boom", "service": "shop", "environment": "production"}, "[🔴 ERROR] shop production: boom"),
        ({"message": "no\r\nBcc: all@example.com", "exception_type": "app.E"}, "[🔴 ERROR] E: no Bcc: all@example.com"),
        ({"message": "x", "service": "a\nSubject: b"}, "[🔴 ERROR] a Subject: b: x"),
        (
            {"kind": Kind.PERFORMANCE, "message": "took 3", "details": {"metric": "checkout.duration", "value": 3}},
            "[🔴 ⏱️ ERROR] checkout.duration",
        ),
        ({"kind": Kind.EVENT, "level": Level.INFO, "details": {"event": "member_join"}}, "[📌 INFO] member join"),
    ],
)
def test_a_subject_has_in_brackets_what_changes_and_outside_what_stays(values: dict[str, Any], subject: str) -> None:
    assert CHANNEL.render([alert(**values)], Style()).json["subject"] == subject


def test_many_alerts_have_a_subject_that_counts_them() -> None:
    some = [alert(message="grave", level=Level.CRITICAL), *[alert(message="boom")] * 3]
    body = CHANNEL.render(some, Style()).json
    assert body["subject"] == "[🚨 1 CRITICAL, 3 ERROR] grave … and 3 more"
    assert body["thread"] == ""
    assert body["headers"]["X-Alert-Level"] == "CRITICAL"


def test_a_thread_is_an_incident_of_a_service_in_an_environment() -> None:
    def thread(**values: Any) -> str:
        return CHANNEL.render([alert(**values)], Style()).json["thread"]

    assert thread(fingerprint="f", message="one") == thread(fingerprint="f", message="two", state="resolved") != ""
    assert len({thread(fingerprint=f, environment=e) for f in "fg" for e in ("staging", "production")}) == 4
    assert thread() == ""


def test_an_id_is_that_of_the_body_and_no_other_alert_has_it() -> None:
    def of(body: dict[str, Any]) -> str:
        return CHANNEL.request(Access("mailto:a@b.c"), body, (), 0).json["id"]

    same = alert(message="boom", first_seen=1.8e9, last_seen=1.8e9)
    first, again = (CHANNEL.render([same], Style()).json for _ in range(2))
    other = CHANNEL.render([alert(message="boom", first_seen=1.8e9, last_seen=1.8e9)], Style()).json
    assert of(first) == of(json.loads(json.dumps(again))) != of(other)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("mailto:ops@example.com", "mailto:ops@example.com"),
        ("MAILTO:?to=a@b.c", "mailto:a@b.c"),
        ("mailto:a@b.c,a@b.c,d%2Be@f.g?CC=h@i.j", "mailto:a@b.c,d+e@f.g?cc=h@i.j"),
        ("mailto:a@b.c?from=Shop%20%3Cs@b.c%3E&reply-to=r@b.c", "mailto:a@b.c?from=Shop%20%3Cs@b.c%3E&reply-to=r@b.c"),
        ("mailto:root@localhost", "mailto:root@localhost"),
        (f"mailto:secret@{'.'.join(['b' * 61] * 4)}", f"mailto:secret@{'.'.join(['b' * 61] * 4)}"),
    ],
)
def test_an_address_is_spelled_one_way(given: str, meant: str) -> None:
    assert registry.recognise(given) == "email"
    assert CHANNEL.endpoint(given) == meant == CHANNEL.endpoint(meant)


@pytest.mark.parametrize(
    "wrong",
    [
        "mailto:",
        "mailto:secret",
        "mailto:secret@",
        "mailto:a@b.c,secret",
        "mailto://secret@b.c",
        "mailto:a@b.c?subject=secret",
        "mailto:a@b.c?cc=a@b.c&cc=secret@b.c",
        "mailto:a%0d%0aBcc:secret@b.c",
        "mailto:a@b.c?from=secret@b.c%0d%0aBcc:d@e.f",
        "mailto:a@b.c?from=secret@b.c,d@e.f",
        "mailto:sécret@b.c",
        "mailto:a@b.c?from=A%0d%0aB%20%3Csecret@b.c%3E",
        "mailto:" + ",".join(f"secret{i}@b.c" for i in range(101)),
        f"mailto:secrets@{'.'.join(['b' * 61] * 4)}",
    ],
)
def test_a_malformed_address_is_refused_and_not_quoted(wrong: str) -> None:
    with pytest.raises(ValueError, match="mail") as caught:
        CHANNEL.endpoint(wrong)
    assert "secret" not in str(caught.value)


@given(st.text(max_size=60))
def test_any_address_gives_clean_recipients_or_none(text: str) -> None:
    try:
        boxes = mailto.parse(f"mailto:{text}@example.com?from={text}@example.com")
    except ValueError:
        return
    assert not re.search(r"[\s\x00-\x1f]", "".join(boxes.recipients))
    assert not re.search(r"[\r\n\x00]", boxes.sender)


@pytest.mark.parametrize(
    ("status", "headers", "verdict"),
    [
        (250, {}, Verdict.DELIVERED),
        (250, {"refused": "taken for 1 of 2 recipients"}, Verdict.DELIVERED),
        (421, {"stage": "connection"}, Verdict.RETRY),
        (450, {"stage": "recipients", "code": "4.2.0"}, Verdict.RETRY),
        (535, {"stage": "login"}, Verdict.RETRY),
        (550, {"stage": "sender"}, Verdict.RETRY),
        (550, {"stage": "recipients"}, Verdict.REFUSED),
        (550, {"stage": "recipients", "code": "5.7.1"}, Verdict.REFUSED),
        (550, {"stage": "recipients", "code": "5.1.1"}, Verdict.GONE),
        (554, {"stage": "message"}, Verdict.REFUSED),
        (554, {"stage": "connection"}, Verdict.RETRY),
        (503, {"stage": "backend"}, Verdict.RETRY),
        (502, {"stage": "extension"}, Verdict.RETRY),
    ],
)
def test_every_reply_is_understood(status: int, headers: dict[str, str], verdict: Verdict) -> None:
    outcome = CHANNEL.classify(Response(status, headers, b"said"))
    assert outcome.verdict is verdict
    assert (outcome.wait_s > 0) == (verdict is Verdict.RETRY)
