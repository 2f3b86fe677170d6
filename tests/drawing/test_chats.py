"""Messages as the other chats show them: whole, in our tags alone, and whatever they say."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests.channels.hostile import TRACE, alert, hostile
from webhook_alerts.alert import Kind, Level
from webhook_alerts.channels import registry
from webhook_alerts.channels.base import Style
from webhook_alerts.drawing import attachments, google_chat, slack, teams, telegram
from webhook_alerts.drawing.previews import preview

CHATS = [
    "apprise", "discord", "email", "google_chat", "mattermost", "opsgenie", "pagerduty", "rocketchat", "slack", "teams",
    "telegram",
]  # fmt: skip
LINK = "https://shop.example/i/?a=1&b=2"
TAGS = "a|article|blockquote|br|code|dd|details|div|dl|dt|em|hr|img|pre|rect|s|small|span|strong|summary|svg|time|u"
PLAIN = 'class="[\\w -]*"|aria-hidden="true"|title="Sent without a notification"|datetime="[^"]*"'
LEADS = 'href="https?://[^"]*" target="_blank" rel="noopener noreferrer"|src="data:image/png;base64,[^"]*"|alt="[^"]*"'
SHAPE = 'width="100%"|height="100%"|fill="(#[0-9a-fA-F]{6}|currentColor)"'
OURS = re.compile(rf"</?({TAGS})( ({PLAIN}|{LEADS}|{SHAPE}))*/?>")
HOSTILE = '<script>alert(1)</script><img src=x onerror=alert(1)> [x](javascript:alert(1)) "><b style="a">'


def drawn(name: str, *alerts, style: Style | None = None) -> str:
    channel = registry.get(name)
    payload = channel.render(list(alerts), style or Style(link=lambda _each: LINK))
    found = preview(channel, payload.json, [each.to_dict() for each in payload.files], "errors")
    assert found is not None
    return found


def told(html: str) -> str:
    """What a reader sees of *html*."""
    return unescape(re.sub(r"<[^>]*>", "", html)).replace("\u200b", "").replace("\xa0", " ")


def test_what_people_read_is_drawn_and_what_programs_read_is_shown_as_json():
    assert sorted(name for name in registry.names() if registry.get(name).preview) == CHATS


@pytest.mark.parametrize("name", CHATS)
def test_an_alert_is_drawn_whole(name):
    made = drawn(
        name,
        alert(
            kind=Kind.ERROR, message="checkout failed", exception_type="ValueError", context={"order": 4711},
            stack_trace='Traceback:\n  File "shop.py", line 1\nValueError: no', service="shop",
        ),
    )  # fmt: skip
    seen = told(made)
    for words in ("ValueError", "checkout failed", "order", "4711", 'File "shop.py", line 1\nValueError: no', "shop"):
        assert words in seen
    assert "errors" in seen
    assert f'href="{LINK.replace("&", "&amp;")}"' in made or LINK in seen


@pytest.mark.parametrize("name", CHATS)
def test_no_text_becomes_markup_of_ours(name):
    evil = alert(message=HOSTILE, logger=HOSTILE, context={HOSTILE: HOSTILE}, service=HOSTILE, stack_trace=HOSTILE)
    trace = alert(kind=Kind.ERROR, exception_type="ValueError", stack_trace=TRACE, level=Level.INFO)
    for made in (drawn(name, evil), drawn(name, trace), *(drawn(name, each) for each in hostile())):
        assert OURS.sub("", made).count("<") == 0


@pytest.mark.parametrize(
    ("draw", "source", "expected"),
    [
        (slack.mrkdwn, "*bold* _slanted_ ~gone~", "<strong>bold</strong> <em>slanted</em> <s>gone</s>"),
        (slack.mrkdwn, "2*3*4 snake_case_name", "2*3*4 snake_case_name"),
        (slack.mrkdwn, "`a &lt;b&gt;`", "<code>a &lt;b&gt;</code>"),
        (slack.mrkdwn, "<!here> <@U1>", '<span class="wa-mention">@here</span> <span class="wa-mention">@U1</span>'),
        (slack.mrkdwn, "<javascript:x|y>", "&lt;javascript:x|y&gt;"),
        (
            slack.mrkdwn, "<!date^0^{time}|then>",
            '<time datetime="1970-01-01T00:00:00+00:00">1970-01-01 00:00:00</time>',
        ),
        (teams.markdown, "**a** _b_\n\nc", "<strong>a</strong> <em>b</em><br>c"),
        (teams.markdown, "<at>Ada</at> <b>", '<span class="wa-mention">Ada</span> &lt;b&gt;'),
        (google_chat.markup, "*a* <users/7>", '<strong>a</strong> <span class="wa-mention">@7</span>'),
        (google_chat.markup, "```\nx < 1\n```", "<pre><code>x &lt; 1</code></pre>"),
        (attachments.markdown, "**a** `b`", "<strong>a</strong> <code>b</code>"),
        (attachments.markdown, "to @ada", 'to <span class="wa-mention">@ada</span>'),
        (attachments.markdown, "[x](javascript:y)", "[x](javascript:y)"),
        (telegram.html, "<b>a <i>b</b> &lt;c&gt;", "<strong>a <em>b</em></strong> &lt;c&gt;"),
        (telegram.html, '<a href="javascript:x">y</a><script>z</script>', "yz"),
        (telegram.html, '<a href="tg://user?id=7">Ada</a>', '<span class="wa-mention">Ada</span>'),
    ],
)  # fmt: skip
def test_marks_are_drawn_and_texts_are_texts(settings, draw, source, expected):
    settings.TIME_ZONE = "UTC"
    assert draw(source) == expected


@pytest.mark.parametrize(
    ("name", "state", "expected"),
    [
        (
            "pagerduty",
            "",
            ["Triggered · critical", "checkout failed", "<dt><strong>source</strong></dt><dd>web-1</dd>"],
        ),
        ("pagerduty", "resolved", ["Resolved · critical"]),
        ("opsgenie", "", ["P1 · Open", "<code>critical</code> <code>log</code> <code>shop</code>", "shop · web-1"]),
        ("opsgenie", "acknowledged", ["P1 · Acknowledged"]),
        ("apprise", "", ["<dt><strong>order</strong></dt><dd>4711</dd>"]),
    ],
)
def test_an_incident_is_told_as_its_service_tells_it(name, state, expected):
    made = drawn(
        name,
        alert(
            message="checkout failed", level=Level.CRITICAL, service="shop", host="web-1", context={"order": 4711},
            state=state, state_since=1.0 if state else 0.0,
        ),
    )  # fmt: skip
    for words in expected:
        assert words in made


@pytest.mark.parametrize("name", CHATS)
@pytest.mark.parametrize(
    "body",
    [
        {"blocks": [5, {"type": "header"}, {"type": "rich_text", "elements": [{"elements": [{"style": 1}]}]}]},
        {"attachments": [{"color": "red", "fields": [None, {}], "content": {"body": [{"type": "Container"}, 7]}}]},
        {"text": 7, "parse_mode": "HTML", "reply_markup": {"inline_keyboard": [[{"url": "javascript:x"}], 3]}},
        {"embeds": "no", "subject": None},
        {"payload": {"severity": 7, "custom_details": {"exception": "no", "a": [1]}}, "links": [{"href": "x"}, 2]},
        {"description": 7, "tags": [None, "a"], "details": {"a": 1}, "priority": "P9", "action": []},
        {"parts": [{"facts": [1, ["a"], ["b", 2]], "link": "javascript:x"}, 3], "type": {}},
    ],
)
def test_a_body_of_another_shape_is_drawn_as_far_as_it_goes(name, body):
    assert preview(registry.get(name), body, [], "errors") is not None
