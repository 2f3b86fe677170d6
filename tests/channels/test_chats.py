"""What holds for every chat: within its limits for any input, nobody is called, nothing is lost without a mark."""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.channels.chats import Chat
from tests.channels.hostile import TEXTS, TRACE, alert, fillings, full, hostile
from tests.channels.strategies import alerts
from tests.channels.test_attachments import CHATS as WITH_ATTACHMENTS
from tests.channels.test_discord import CHAT as DISCORD
from tests.channels.test_email import CHAT as EMAIL
from tests.channels.test_google_chat import CHAT as GOOGLE_CHAT
from tests.channels.test_slack import CHAT as SLACK
from tests.channels.test_teams import CHAT as TEAMS
from tests.channels.test_telegram import CHAT as TELEGRAM
from webhook_alerts.alert import Alert, Kind, Level
from webhook_alerts.channels.base import Style
from webhook_alerts.channels.text import clean

CHATS = [SLACK, TEAMS, TELEGRAM, GOOGLE_CHAT, *WITH_ATTACHMENTS]
EVERY = [*CHATS, DISCORD, EMAIL]
CAUSE = "ValueError: the cause that must be kept"


def each_of(chats: list[Chat]) -> pytest.MarkDecorator:
    """The test runs for each chat."""
    return pytest.mark.parametrize("chat", chats, ids=lambda chat: chat.channel.name)


def each_style_of(chats: list[Chat]) -> pytest.MarkDecorator:
    """The test runs for each style of each chat."""
    return pytest.mark.parametrize(
        ("chat", "style"),
        [
            pytest.param(chat, style, id=f"{chat.channel.name}-style{number}")
            for chat in chats
            for number, style in enumerate(chat.styles)
        ],
    )


@each_of(EVERY)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_alerts_are_within_every_limit_and_call_nobody(chat: Chat, data: st.DataObject) -> None:
    some = data.draw(st.lists(alerts, min_size=1, max_size=12))
    chat.check(some, data.draw(st.sampled_from(chat.styles)))


@each_of([chat for chat in EVERY if chat.backlog])
@settings(max_examples=50, deadline=None)
@given(
    some=st.lists(st.builds(alert, message=st.text(max_size=80), level=st.sampled_from(Level)), min_size=1, max_size=9)
)
def test_any_backlog_is_within_every_limit(chat: Chat, some: list[Alert]) -> None:
    assert chat.backlog
    repeated, filler, fillers = chat.backlog
    many = sorted(some * repeated, key=lambda each: -each.level) + [alert(message=filler)] * fillers
    while many:
        many = many[chat.check(many, Style()) :]


@each_style_of(EVERY)
def test_forty_hostile_alerts_are_all_carried(chat: Chat, style: Style) -> None:
    for waiting, at_once in ((hostile(), 40), (hostile(), 15), (hostile() * 2, 80)):
        left = waiting
        while left:
            left = left[chat.check(left[:at_once], style) :]


@each_of(EVERY)
def test_what_fills_a_message_to_the_brim_is_within_every_limit(chat: Chat) -> None:
    for number, text in enumerate(fillings()):
        style = chat.styles[number % len(chat.styles)]
        grave, waiting = full(text, level=Level.CRITICAL), full(text)
        backlog = [full(text, level=level) for level in reversed(Level) if level < Level.CRITICAL for _ in range(15)]
        for some in ([grave], [grave, *[waiting] * 9], backlog):
            chat.check(some, style)
        chat.check([waiting] * 3, chat.styles[0])


@each_of([chat for chat in EVERY if chat.beyond])
def test_what_a_template_gives_beyond_a_limit_costs_nothing(chat: Chat) -> None:
    for own in chat.beyond:
        templates = {"log": lambda each, style, own=own: deepcopy(own)}
        chat.check([alert()] * 3, Style(templates=templates))
        chat.check([alert(level=Level.CRITICAL)], replace(chat.styles[2], templates=templates))


@pytest.mark.parametrize("place", ["message", "stack_trace", "context", "note"])
@each_style_of(CHATS)
def test_no_hostile_text_is_lost_without_a_mark(chat: Chat, style: Style, place: str) -> None:
    for text in [*TEXTS, chat.sample]:
        given_alert = alert(**{"message": "boom", place: {"k": text} if place == "context" else text})
        chat.check([given_alert], style)
        if place == "stack_trace" and not style.include_stack_traces:
            continue
        if place == "context" and not style.use_embeds:
            continue  # plain text is for those who want no more than message and trace
        body = chat.channel.render([given_alert], style).json
        seen, wanted = chat.read(chat.shown(body)), chat.read(clean(text))
        if len(wanted.strip()) > min(250, style.max_message_length):
            assert wanted in seen or "characters cut" in seen or "…" in seen
        else:
            assert " ".join(wanted.split()) in " ".join(seen.split())


@each_of([*CHATS, DISCORD])
@settings(max_examples=25, deadline=None)
@given(data=st.data(), unit=st.text(st.sampled_from('"\\\n\t<>&`x😀\u0301\ud800'), min_size=1, max_size=30))
def test_a_trace_of_a_megabyte_keeps_its_cause(chat: Chat, data: st.DataObject, unit: str) -> None:
    style = data.draw(st.sampled_from(chat.styles))
    trace = unit * (1_000_000 // len(unit)) + f"\n{CAUSE}"
    some = [alert(kind=Kind.ERROR, exception_type="ValueError", stack_trace=trace)]
    chat.check(some, style)
    seen = chat.shown(chat.channel.render(some, style).json)
    if style.include_stack_traces:
        assert seen.count(CAUSE) >= 2  # in the heading, and at the end of the trace
        assert "characters cut" in seen


@each_of(EVERY)
@pytest.mark.parametrize("trace", ["", TRACE])
def test_a_long_message_keeps_its_end_as_well(chat: Chat, trace: str) -> None:
    for unit in ("word ", "😀", "&", '\n"\\'):
        some = [alert(message=unit * (12_000 // len(unit)) + " and so it ended", stack_trace=trace)]
        chat.check(some, Style())
        seen = chat.shown(chat.channel.render(some, Style()).json)
        assert "characters cut" in seen
        assert "and so it ended" in seen


@each_of(EVERY)
@pytest.mark.parametrize("between", [" ", "\n"])
def test_a_long_fact_keeps_its_end_as_well(chat: Chat, between: str) -> None:
    some = [alert(context={"query": f"select column,{between}" * 200 + "from the end"})]
    chat.check(some, Style())
    seen = chat.shown(chat.channel.render(some, Style()).json)
    assert "characters cut" in seen
    assert "from the end" in seen


@each_of(EVERY)
@pytest.mark.parametrize("longest", [20, 60])
def test_of_two_hundred_facts_those_that_are_not_shown_are_counted(chat: Chat, longest: int) -> None:
    context = {f"field {number}": f"value {number} " * (longest - number % 20) for number in range(200)}
    for waiting in (1, 10):
        some = [alert(context=context, stack_trace=TRACE)] * waiting
        shown = chat.check(some, Style())
        seen = chat.shown(chat.channel.render(some, Style()).json)
        names = re.findall(chat.fact, seen, re.MULTILINE)
        told = sum(int(number) for number in re.findall(r"(\d+) more in the record", seen))
        assert len(names) + told == 200 * shown
        assert len(names) >= 3 or waiting > 1
        assert seen.count(CAUSE) == shown
