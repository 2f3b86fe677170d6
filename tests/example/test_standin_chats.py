"""What no text can do on the stand-ins' page, whichever service's message it stands in, in a real browser."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.channels.hostile import alert
from tests.channels.test_every_channel import carried
from tests.example.test_standin_page import HOSTILE, PAGE, chromium, seen, words
from webhook_alerts.channels import registry
from webhook_alerts.channels.base import Access, Style
from webhook_alerts.testing.fake_google_chat import FakeGoogleChat
from webhook_alerts.testing.fake_mattermost import FakeMattermost
from webhook_alerts.testing.fake_slack import FakeSlack
from webhook_alerts.testing.fake_teams import FakeTeams
from webhook_alerts.testing.fake_telegram import FakeTelegram
from webhook_alerts.testing.standin import Service

__all__ = ["chromium"]
pytestmark = pytest.mark.slow


class Chat(NamedTuple):
    """A service, what it would take for markup, what of that is read, and the tags that would show a slip."""

    service: type[Service]
    markup: str
    read: str
    slips: Sequence[str]
    fact: int = 38
    """How many characters of it a fact holds."""


CHATS = [
    Chat(
        FakeSlack,
        "<!channel> <@U012AB3CD> *bold* _it_ <https://evil.example|x>",
        "<!channel> <@U012AB3CD> *bold* _it_",
        ["<strong>bold", "<em>", 'href="https://evil'],
    ),
    Chat(
        FakeTeams,
        "<at>Ana</at> _it_ [x](https://evil.example)",
        "<at>Ana</at> _it_ [x](https://evil.example)",
        ["<strong>", "<em>", 'href="https://evil'],
    ),
    Chat(
        FakeTelegram,
        '@somebody </code></pre><b>bold</b> <a href="https://evil.example">x</a> https://evil.example',
        "@somebody </code></pre><b>bold</b>",
        ["<strong>bold", '<a href="https://evil'],
    ),
    Chat(
        FakeGoogleChat,
        "<users/all> *bold* _it_ <https://evil.example|x>",
        "users/all> *bold* _it_",
        ["<strong>bold", "<em>", 'href="https://evil'],
    ),
    Chat(
        FakeMattermost,
        "@somebody `code` [x](https://evil.example) https://evil.example",
        "@somebody `code` [x](https://evil.example)",
        ["<strong>bold", '<a href="https://evil'],
        fact=29,
    ),
]


@pytest.mark.parametrize("use_embeds", [True, False])
@pytest.mark.parametrize("chat", CHATS, ids=lambda chat: chat.service.name)
def test_no_text_becomes_markup_or_calls_anybody(chromium: str, tmp_path: Path, chat: Chat, use_embeds: bool) -> None:
    hostile = f"{HOSTILE} {chat.markup}"
    channel = registry.get(chat.service.name)
    fact = f"{chat.markup} {HOSTILE}"
    some = [alert(message=hostile, context={fact[:90]: fact[: chat.fact], hostile[:90]: "x"}, note=hostile)]
    with chat.service(limits=(), page=PAGE) as service:
        body = channel.render(some, Style(use_embeds=use_embeds)).json
        carried(channel, channel.request(Access(service.url("errors")), body, (), 0))
        document = seen(chromium, service, tmp_path)
    assert "<title>What the channels received</title>" in document
    assert document.count("<script") == 1  # the page's own
    assert [slip for slip in ("<img", 'class="mention"', *chat.slips) if slip in document] == []
    assert chat.read in words(document)
