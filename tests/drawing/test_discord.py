"""A message as Discord shows it: its marks are drawn, and no text of an alert becomes markup."""

from __future__ import annotations

import re
import time

import pytest

from tests.channels.hostile import TRACE, alert
from webhook_alerts.alert import Kind, Level
from webhook_alerts.channels.base import Style
from webhook_alerts.channels.discord import Discord
from webhook_alerts.channels.generic import Generic
from webhook_alerts.drawing import discord
from webhook_alerts.drawing.markdown import marked
from webhook_alerts.drawing.previews import preview

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)> **bold** ```x``` [here](javascript:alert(1)) @everyone"


def drawn(*alerts, style: Style = Style()) -> str:  # noqa: B008 - it is frozen
    payload = Discord().render(list(alerts), style)
    files = [{"filename": each.filename, "content": each.content} for each in payload.files]
    found = preview(Discord(), payload.json, files, "errors")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("**bold** and *slanted*", "<strong>bold</strong> and <em>slanted</em>"),
        ("__under__ ~~gone~~", "<u>under</u> <s>gone</s>"),
        (r"\*\*not bold\*\*", "**not bold**"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("```py\nx = 1\n```after", "<pre><code>x = 1</code></pre>after"),
        ("`a **b**`", "<code>a **b**</code>"),
        ("``a ` b``", "<code>a ` b</code>"),
        ("**a `b` c**", "<strong>a <code>b</code> c</strong>"),
        ("a < b & c", "a &lt; b &amp; c"),
        ("<script>", "&lt;script&gt;"),
        ("[text](javascript:alert(1))", "[text](javascript:alert(1))"),
        (
            '[a "b"](https://shop.example/?a=1&b="2")',
            '<a href="https://shop.example/?a=1&amp;b=&quot;2&quot;" target="_blank" rel="noopener noreferrer">'
            "a &quot;b&quot;</a>",
        ),
        ("@everyone <@&12>", "@everyone &lt;@&amp;12&gt;"),
        ("<t:0:T>", '<time datetime="1970-01-01T00:00:00+00:00">18:00:00</time>'),
        ("<t:999999999999999>", "999999999999999"),
        ("", ""),
        ("\\", "\\"),
        ("**", "**"),
    ],
)
def test_marks_are_drawn_and_texts_are_texts(settings, source, expected):
    assert marked(source) == expected


def test_a_mention_that_calls_is_drawn_as_one():
    assert marked("@here", lambda mention: True) == '<span class="wa-mention">@here</span>'


def test_marks_stand_within_marks():
    assert marked("**a __b ~~c~~__**") == "<strong>a <u>b <s>c</s></u></strong>"


def test_six_thousand_characters_of_marks_are_read_in_no_time():
    began = time.thread_time()
    for source in ("*_~`[<@\\" * 750, "**a" * 2000, "``" * 3000, "[a](" * 1500, "<t:1" * 1500):
        marked(source)
    assert time.thread_time() - began < 5


def test_an_alert_is_drawn_with_fields_trace_and_footer():
    made = drawn(
        alert(
            kind=Kind.ERROR, message="checkout failed", exception_type="ValueError", context={"order": 4711},
            stack_trace='Traceback:\n  File "shop.py", line 1\nValueError: no', service="shop",
        )
    )  # fmt: skip
    assert "ValueError: no</div>" in made
    assert re.search(r'wa-field-name">order</div><div class="wa-text">4711<', made)
    assert "ValueError: no</code></pre>" in made
    assert 'fill="#e74c3c"' in made
    assert re.search(r'wa-footer">ERROR · shop', made)


def test_no_text_of_an_alert_becomes_markup():
    made = drawn(alert(message=HOSTILE, logger=HOSTILE, context={HOSTILE: HOSTILE}, service=HOSTILE))
    assert not re.search(r"<(script|img|iframe|strong)\b", made)
    assert "javascript:" not in " ".join(re.findall(r'href="([^"]*)"', made))
    assert "wa-mention" not in made
    assert "style=" not in made
    assert " on" not in " ".join(re.findall(r"<[^>]*>", made))


def test_who_is_called_shows_and_who_is_not_does_not():
    assert '<span class="wa-mention">@everyone</span>' in drawn(
        alert(message="down", level=Level.CRITICAL), style=Style(mention="@everyone")
    )
    body = {"content": "@everyone <@&12> <@34>", "allowed_mentions": {"parse": [], "roles": ["12"]}}
    assert re.findall(r'wa-mention">([^<]+)<', discord.draw(body, [], "errors")) == ["&lt;@&amp;12&gt;"]


def test_a_trace_that_did_not_fit_is_a_file_to_open():
    made = drawn(alert(kind=Kind.ERROR, exception_type="ValueError", stack_trace=TRACE))
    assert re.search(r"<summary>trace-1\.txt <small>[\d.]+.KB</small></summary>", made)
    assert "in step_200" in made


def test_a_button_a_picture_and_silence_are_drawn():
    style = Style(link=lambda each: "https://shop.example/?a=1&b=2")
    made = drawn(alert(level=Level.INFO), style=style)
    assert 'class="wa-button" href="https://shop.example/?a=1&amp;b=2"' in made
    assert "🔕" in made
    assert "🔕" not in drawn(alert(), style=style)
    files = [
        {"filename": "digest.png", "content": "UE5H", "media_type": "image/png"},
        {"filename": "evil.svg", "content": "<svg>", "media_type": "image/svg+xml"},
    ]
    made = discord.draw({"content": "x"}, files, "errors")
    assert '<img class="wa-picture" src="data:image/png;base64,UE5H" alt="digest.png">' in made
    assert made.count("<img") == 1


def test_fields_stand_three_abreast_and_long_ones_alone():
    context = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "long": "x" * 60}
    made = drawn(alert(message="boom", context=context))
    assert re.findall(r'class="wa-field (\w*)"><div class="wa-field-name">(\w+)<', made) == [
        ("third", "one"), ("third", "two"), ("third", "three"), ("half", "four"), ("half", "five"), ("", "long")
    ]  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        {"content": 5, "embeds": "no", "allowed_mentions": None},
        {"embeds": [5, {"color": "red", "fields": [None], "footer": 3, "timestamp": "soon", "url": "javascript:x"}]},
        {"embeds": [{"color": 2**40, "fields": {"a": 1}}], "username": ["x"]},
        {"components": [{"components": [None, {"url": "javascript:x", "label": 5}]}, 5], "flags": "loud"},
    ],
)
def test_a_body_of_another_shape_is_drawn_as_far_as_it_goes(body):
    made = discord.draw(body, [], "errors")
    assert "errors" in made
    assert "javascript" not in made


def test_what_cannot_be_drawn_is_left_to_the_json(monkeypatch, caplog):
    assert preview(Generic(), {"text": "hello"}, [], "errors") is None
    assert preview(Discord(), {}, [], "errors") is None
    monkeypatch.setattr(Discord, "preview", "no.such.function")
    assert preview(Discord(), {"content": "x"}, [], "errors") is None
    assert "preview of the channel discord failed" in caplog.text
