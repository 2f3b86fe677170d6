"""From rows to requests at Telegram's stand-in, and back: counters are edited, groups move, Redis may be away."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from webhook_alerts.alert import Level
from webhook_alerts.conf import Config
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.delivery.gate import gate_for
from webhook_alerts.models import Alert, Attempt, Delivery, Message, Pause
from webhook_alerts.shared_memory import client
from webhook_alerts.testing.fake_telegram import FakeTelegram
from webhook_alerts.testing.standin import Answer

pytestmark = pytest.mark.django_db


@pytest.fixture
def telegram() -> Iterator[FakeTelegram]:
    with FakeTelegram(limits=()) as server:
        yield server


def webhook(telegram: FakeTelegram, **options: object) -> dict[str, Any]:
    return {"errors": {"url": telegram.url("errors"), "channel": "telegram", "rate": [], **options}}


@pytest.fixture
def errors(configure, telegram, db) -> Config:
    return configure(WEBHOOKS=webhook(telegram, mention="@ana_ops"))


def states() -> dict[str, int]:
    return dict(Counter(Delivery.objects.values_list("state", flat=True)))


def test_alerts_go_out_the_gravest_first_and_no_row_holds_chat_or_token(errors, owe, telegram):
    owe(*[f"number {i}" for i in range(4)])
    owe("the gravest @somebody", level=Level.CRITICAL)
    assert deliver("errors") == 1
    (sent,) = telegram.messages("errors")
    assert sent["chat_id"] == telegram.chat("errors")
    assert sent["text"].startswith("@ana_ops <b>🚨 the gravest @\u200bsomebody</b>")
    kept = json.dumps([Message.objects.get().body, [*Attempt.objects.values_list("response_excerpt", flat=True)]])
    assert "errorsZZZ" not in kept
    assert "chat_id" not in Message.objects.get().body
    assert states() == {"delivered": 5}
    assert set(Attempt.objects.values_list("outcome", "status_code")) == {("delivered", 200)}


def test_a_counter_is_brought_up_to_date_in_the_message_itself(errors, owe, telegram):
    (stored,) = owe("again and again")
    deliver("errors")
    Alert.objects.filter(pk=stored.id).update(occurrences=57)
    Message.objects.update(update_due_at=timezone.now() - timedelta(seconds=1))
    assert deliver("errors") == 1
    (shown,) = telegram.messages("errors")
    assert "<b>🔴 again and again ×57</b>" in shown["text"]
    assert [entry.path.rpartition("/")[2] for entry in telegram.requests("errors")] == [
        "sendMessage",
        "editMessageText",
    ]


def test_a_group_that_moved_is_written_to_at_once_and_from_then_on(errors, owe, telegram):
    owe("before")
    deliver("errors")
    there = telegram.migrate("errors")
    owe("during")
    assert deliver("errors") == 1
    owe("after")
    assert deliver("errors") == 1
    assert [message["chat_id"] for message in telegram.messages("errors")] == [telegram.chat("errors"), there, there]
    assert [entry.status for entry in telegram.requests("errors")] == [200, 400, 200, 200]
    assert states() == {"delivered": 3}
    assert [*Message.objects.values_list("attempts", flat=True)] == [0, 0, 0]


def test_the_count_of_what_was_sent_before_a_group_moved_follows_in_the_new_one(errors, owe, telegram):
    (stored,) = owe("before")
    deliver("errors")
    there = telegram.migrate("errors")
    Alert.objects.filter(pk=stored.id).update(occurrences=57)
    Message.objects.update(update_due_at=timezone.now() - timedelta(seconds=1))
    deliver("errors")
    deliver("errors")
    first, following = telegram.messages("errors")
    assert "×57" not in first["text"]
    assert (following["chat_id"], "🔴 before ×57" in following["text"]) == (there, True)
    assert not Message.objects.exclude(update_due_at=None).exists()


def test_a_move_is_told_again_to_a_redis_that_forgot_and_without_one(configure, owe, telegram, own_redis):
    there = telegram.migrate("errors")
    configure(WEBHOOKS=webhook(telegram), REDIS_URL=own_redis.url)
    for message, forget in (("first", client().flushdb), ("second", own_redis.kill), ("third", own_redis.kill)):
        owe(message)
        assert deliver("errors") == 1
        forget()
    assert [message["chat_id"] for message in telegram.messages("errors")] == [there] * 3
    assert [entry.status for entry in telegram.requests("errors")] == [400, 200] * 3
    assert states() == {"delivered": 3}


def test_markup_that_telegram_cannot_read_is_sent_again_as_plain_text(errors, owe, telegram):
    owe("a <b> in it")
    said = {"ok": False, "error_code": 400, "description": "Bad Request: can't parse entities: Unclosed start tag"}
    telegram.script("errors", [Answer(400, body=said)])
    assert deliver("errors") == 1
    (sent,) = telegram.messages("errors")
    assert "parse_mode" not in sent
    assert sent["text"].startswith("🔴 a <b> in it\n")
    assert states() == {"delivered": 1}


def test_being_asked_to_wait_costs_no_attempt_and_holds_every_topic_of_the_group(configure, owe, telegram, db):
    topic = f"{telegram.url('errors')}&message_thread_id=7"
    configure(
        WEBHOOKS=webhook(telegram) | {"info": {"url": topic, "channel": "telegram", "rate": []}},
    )
    owe("patience")
    limited = {"ok": False, "error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": 30}}
    telegram.script("errors", [Answer(429, body=limited)])
    assert deliver("errors") == 1
    message = Message.objects.get()
    assert (message.state, message.attempts, message.deferrals) == ("pending", 0, 1)
    assert gate_for("errors").state()["state"] == "cooling_down"
    assert gate_for("info").state()["state"] == "cooling_down"


def test_its_own_rate_is_kept_so_that_the_strict_stand_in_refuses_nothing(configure, owe, db):
    with FakeTelegram() as telegram:
        configure(WEBHOOKS={"errors": {"url": telegram.url("errors"), "channel": "telegram"}})
        owe(*[f"number {i}" for i in range(8)])
        assert deliver("errors") == 1
        assert gate_for("errors").acquire().reason == "limited"
        assert [entry.status for entry in telegram.requests("errors")] == [200]


def test_a_bot_that_was_thrown_out_is_asked_once_and_paused_until_it_is_resumed(errors, owe, telegram):
    owe(*[f"kept {i}" for i in range(8)])
    said = {"ok": False, "error_code": 403, "description": "Forbidden: bot was kicked from the supergroup chat"}
    telegram.script("errors", [Answer(403, body=said)])
    assert deliver("errors") == 1
    assert deliver("errors") == 0
    assert states() == {"pending": 8}
    assert Pause.objects.get().reason == "HTTP 403: Forbidden: bot was kicked from the supergroup chat"
    gate_for("errors").resume()
    deliver("errors")
    assert states() == {"delivered": 8}
